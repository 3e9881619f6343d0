//! `coffer privacy propose`, `accept`, `extend`, `remove`, `history`: parties join and leave private contracts. Not here: what a change does (the node). Invariant: what a party accepts is shown to it.

use anyhow::Context;
use clap::Args;
use coffer_abi::{AccountId, ContractId};
use coffer_api::extension::{AcceptParams, ChangeKind, ExtendParams, MembersChanged, ProposalParams, RemoveParams};
use coffer_api::members::{ContractMembers, PartiesParams};
use coffer_api::types::{Account, Base64, Number, Text};
use coffer_chain::Consent;
use serde_json::json;

use crate::cli::contract::call::account;
use crate::cli::contract::remote::{Remote, show};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coffer privacy propose 0xCONTRACT --party 0xPARTY --psi PS1              it is to join
  coffer privacy propose 0xONE 0xTWO --party 0xPARTY --remove --psi PS1    it is to leave both
  coffer privacy propose 0xCONTRACT --party 0xPARTY --psi PS1 --json | jq -r .proposal

Nothing is sent. Give the proposal to the parties that are asked: each of them runs `coffer privacy accept`.")]
pub(super) struct ProposeArgs {
    /// The contracts, which must have the same members
    #[arg(value_name = "CONTRACT", required = true)]
    contracts: Vec<ContractId>,
    /// The party that joins, or leaves
    #[arg(long, value_name = "PARTY")]
    party: AccountId,
    /// It leaves
    #[arg(long)]
    remove: bool,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coffer privacy accept AAVV... --psi PS2
  coffer privacy accept AAVV... --psi PS2 --valid-until 9000 --json | jq -r .consent

Shows what the party of the private state consents to. Nothing is sent: give the consent to who proposed it.")]
pub(super) struct AcceptArgs {
    /// The proposal, as `coffer privacy propose` prints it
    proposal: String,
    /// Last height of a block in which the consent counts; 1,000 blocks from now if left out
    #[arg(long, value_name = "HEIGHT")]
    valid_until: Option<u64>,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coffer privacy extend 0xCONTRACT --party 0xPARTY --consent 0xITS --psi PS1
  coffer privacy extend 0xONE 0xTWO --party 0xPARTY --consent 0xITS --consent 0xBOBS --psi PS1 --from alice")]
pub(super) struct ExtendArgs {
    #[command(flatten)]
    change: ChangeArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coffer privacy remove 0xCONTRACT --party 0xPARTY --psi PS1
  coffer privacy remove 0xONE 0xTWO --party 0xPARTY --consent 0xBOBS --psi PS1

Who leaves keeps the contracts as they are at that moment, and gets nothing of them from then on.")]
pub(super) struct RemoveArgs {
    #[command(flatten)]
    change: ChangeArgs,
}

#[derive(Debug, Args)]
struct ChangeArgs {
    /// The contracts, as in the proposal
    #[arg(value_name = "CONTRACT", required = true)]
    contracts: Vec<ContractId>,
    /// The party that joins, or leaves
    #[arg(long, value_name = "PARTY")]
    party: AccountId,
    /// A consent that a party gave with `coffer privacy accept`; may stand several times
    #[arg(long, value_name = "0xHEX")]
    consent: Vec<Consent>,
    /// Who acts: an account of the node by name, or an id
    #[arg(long, value_name = "ACCOUNT", value_parser = account)]
    from: Option<Account>,
    /// Gas it may use
    #[arg(long, value_name = "GAS")]
    gas_limit: Option<u64>,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coffer privacy history 0xCONTRACT --psi PS1
  coffer privacy history 0xCONTRACT --psi PS1 --json | jq '.[-1].members'")]
pub(super) struct HistoryArgs {
    /// The contract
    contract: ContractId,
    #[command(flatten)]
    remote: Remote,
}

fn ids(list: &[Text<AccountId>]) -> String {
    list.iter().map(|party| party.0.to_string()).collect::<Vec<_>>().join(" ")
}

fn word(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Extend => "joins",
        ChangeKind::Remove => "leaves",
    }
}

/// Who does what, and the contracts with the members that they have afterwards.
fn lines(kind: ChangeKind, party: &Text<AccountId>, contracts: &[ContractMembers]) -> Vec<(&'static str, String)> {
    let mut lines = vec![(word(kind), party.0.to_string())];
    for of in contracts {
        lines.push(("contract", format!("{} flag {} version {}", of.contract.0, of.flag, of.version)));
    }
    if let Some(first) = contracts.first() {
        lines.push(("members then", ids(&first.members)));
        if !first.mandatory.is_empty() {
            lines.push(("mandatory then", ids(&first.mandatory)));
        }
    }
    lines
}

pub(super) fn propose(args: ProposeArgs) -> anyhow::Result<()> {
    let ProposeArgs { contracts, party, remove, remote } = args;
    let contracts = contracts.into_iter().map(Text).collect();
    let found = remote.request(&ProposalParams { contracts, party: Text(party), remove: Some(remove) })?;
    let mut lines = lines(found.kind, &found.party, &found.contracts);
    lines.push(("asked", if found.asked.is_empty() { "nobody".into() } else { ids(&found.asked) }));
    lines.push(("proposal", json!(found.proposal).as_str().unwrap_or_default().to_owned()));
    show(&found, remote.json, &lines)
}

pub(super) fn accept(args: AcceptArgs) -> anyhow::Result<()> {
    let AcceptArgs { proposal, valid_until, remote } = args;
    let proposal: Base64 = serde_json::from_value(json!(proposal)).context("PROPOSAL")?;
    let done = remote.request(&AcceptParams { proposal, valid_until: valid_until.map(Number) })?;
    let mut lines = lines(done.kind, &done.party, &done.contracts);
    lines.push(("consent of", done.by.0.to_string()));
    lines.push(("valid until", done.valid_until.to_string()));
    lines.push(("consent", done.consent.0.to_string()));
    show(&done, remote.json, &lines)
}

pub(super) fn extend(args: ExtendArgs) -> anyhow::Result<()> {
    let ChangeArgs { contracts, party, consent, from, gas_limit, remote } = args.change;
    let contracts = contracts.into_iter().map(Text).collect();
    let consents = Some(consent.into_iter().map(Text).collect());
    let (party, gas_limit) = (Text(party), gas_limit.map(Number));
    let done = remote.request(&ExtendParams { contracts, party, consents, from, gas_limit })?;
    changed(&done, &remote)
}

pub(super) fn remove(args: RemoveArgs) -> anyhow::Result<()> {
    let ChangeArgs { contracts, party, consent, from, gas_limit, remote } = args.change;
    let contracts = contracts.into_iter().map(Text).collect();
    let consents = Some(consent.into_iter().map(Text).collect());
    let (party, gas_limit) = (Text(party), gas_limit.map(Number));
    let done = remote.request(&RemoveParams { contracts, party, consents, from, gas_limit })?;
    changed(&done, &remote)
}

fn changed(done: &MembersChanged, remote: &Remote) -> anyhow::Result<()> {
    let mut all = vec![("transaction", done.tx.0.to_string()), ("block", done.height.to_string())];
    all.extend(lines(done.kind, &done.party, &done.contracts));
    all.push(("gas used", done.gas_used.to_string()));
    show(done, remote.json, &all)
}

pub(super) fn history(args: HistoryArgs) -> anyhow::Result<()> {
    let HistoryArgs { contract, remote } = args;
    let found = remote.request(&PartiesParams { contract: Text(contract) })?;
    let mut lines = Vec::new();
    for set in &found {
        let came = match &set.change {
            Some(change) => format!(", {} {}", change.party.0, word(change.kind)),
            None => String::new(),
        };
        lines.push(("version", format!("{} from block {}{came}", set.version, set.since)));
        lines.push(("members", ids(&set.members)));
    }
    show(&found, remote.json, &lines)
}
