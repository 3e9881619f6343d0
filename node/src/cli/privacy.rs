//! `coffer privacy`: voiding a private transaction, who private contracts are for, and changing that. Not here: sending private calls (`coffer contract call`). Invariant: what cannot be taken back is done only when its words say so.

mod members;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use coffer_abi::{AccountId, ContractId, Hash};
use coffer_api::members::{ListParams, MetadataParams};
use coffer_api::psi::{TxStanding, TxStatusParams};
use coffer_api::types::{Number, Text};
use coffer_api::void::VoidParams;

use super::contract::remote::{Remote, show};

#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  coffer privacy list --psi PS1                   the private contracts with their flags
  coffer privacy show 0xCONTRACT --psi PS1        who a private contract is for
  coffer privacy status 0xTX --psi PS1            how a private call ended at each of its parties
  coffer privacy history 0xCONTRACT --psi PS1     who was a member of it when
  coffer privacy propose 0xCONTRACT --party 0xPARTY --psi PS1     how a party would join, and who must accept that
  coffer privacy void 0xMARKER --psi PS1          never execute what this marker orders"
)]
pub(super) struct PrivacyArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Sign that the private state never executes what a marker orders for it. It cannot be taken back
    Void(VoidArgs),
    /// How a private call ended at each of its parties
    Status(StatusArgs),
    /// Who a private contract is for, and what calls that touch it must name
    Show(ShowArgs),
    /// The contracts of the private state with their flags
    List(ListArgs),
    /// The members that a private contract has had
    History(members::HistoryArgs),
    /// What a party that joins or leaves changes, and who must accept it; nothing is sent
    Propose(members::ProposeArgs),
    /// Consent, as the party of the private state, to what another one proposes; nothing is sent
    Accept(members::AcceptArgs),
    /// Let a party join private contracts
    Extend(members::ExtendArgs),
    /// Let a party leave private contracts
    Remove(members::RemoveArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coffer privacy show 0xCONTRACT --psi PS1
  coffer privacy show 0xCONTRACT --psi PS1 --json | jq -r .members[]")]
struct ShowArgs {
    /// The contract
    contract: ContractId,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coffer privacy status 0xTX --psi PS1
  coffer privacy status 0xTX --psi PS1 --json | jq -r '.parties[] | select(.status != \"ok\").party'

A party that differs began with the same contents as here and ended with others: one of the two is wrong.")]
struct StatusArgs {
    /// The transaction that the call was answered with
    tx: Hash,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coffer privacy list --psi PS1
  coffer privacy list --psi PS1 --after 0xCONTRACT --limit 10 --json")]
struct ListArgs {
    /// Begin behind this contract, the last one of the page before
    #[arg(long, value_name = "CONTRACT")]
    after: Option<ContractId>,
    /// Contracts to show, at most 100
    #[arg(long, value_name = "NUMBER")]
    limit: Option<u64>,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coffer privacy void 0xMARKER --psi PS1
  coffer privacy void 0xMARKER --psi PS1 --json | jq -r .height

For a private state that is held at a marker whose payload is lost for good; `psi_status` shows the marker. The other parties execute it
all the same. Asked again, the void is sent again.")]
struct VoidArgs {
    /// The marker's transaction
    marker: Hash,
    #[command(flatten)]
    remote: Remote,
}

/// Does what was asked.
pub(super) fn run(args: PrivacyArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Void(VoidArgs { marker, remote }) => {
            let done = remote.request(&VoidParams { tx: Text(marker) })?;
            let lines = [
                ("void", done.tx.0.to_string()),
                ("block", done.height.to_string()),
                ("marker's block", done.marker_height.to_string()),
                ("status", serde_json::to_value(done.status)?.as_str().unwrap_or_default().to_owned()),
            ];
            show(&done, remote.json, &lines)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Status(StatusArgs { tx, remote }) => {
            let found = remote.request(&TxStatusParams { tx: Text(tx) })?;
            let word = |status: TxStanding| -> anyhow::Result<String> {
                Ok(serde_json::to_value(status)?.as_str().unwrap_or_default().to_owned())
            };
            let mut lines = vec![
                ("transaction", found.tx.0.to_string()),
                ("block", found.height.to_string()),
                ("here", word(found.status)?),
            ];
            for party in &found.parties {
                let drifted = if party.same_before == Some(false) { ", upon other contents" } else { "" };
                lines.push(("party", format!("{} {}{drifted}", party.party.0, word(party.status)?)));
            }
            show(&found, remote.json, &lines)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Show(ShowArgs { contract, remote }) => {
            let found = remote.request(&MetadataParams { contract: Text(contract) })?;
            let ids =
                |list: &[Text<AccountId>]| list.iter().map(|party| party.0.to_string()).collect::<Vec<_>>().join(" ");
            let lines = [
                ("contract", found.contract.0.to_string()),
                ("flag", found.flag.to_string()),
                ("version", found.version.to_string()),
                ("members", ids(&found.members)),
                ("mandatory", ids(&found.mandatory)),
                ("since block", found.since.to_string()),
            ];
            show(&found, remote.json, &lines)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::List(ListArgs { after, limit, remote }) => {
            let found = remote.request(&ListParams { after: after.map(Text), limit: limit.map(Number) })?;
            let contracts = found
                .items
                .iter()
                .map(|item| ("contract", format!("{} flag {} version {}", item.contract.0, item.flag, item.version)));
            let next = found.next.iter().map(|next| ("next", next.0.to_string()));
            show(&found, remote.json, &contracts.chain(next).collect::<Vec<_>>())?;
            Ok(ExitCode::SUCCESS)
        }
        Command::History(args) => members::history(args).map(|()| ExitCode::SUCCESS),
        Command::Propose(args) => members::propose(args).map(|()| ExitCode::SUCCESS),
        Command::Accept(args) => members::accept(args).map(|()| ExitCode::SUCCESS),
        Command::Extend(args) => members::extend(args).map(|()| ExitCode::SUCCESS),
        Command::Remove(args) => members::remove(args).map(|()| ExitCode::SUCCESS),
    }
}
