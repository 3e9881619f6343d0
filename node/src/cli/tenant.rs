//! `coffer tenant`: the tenants of a node, for its operator. Not here: what a tenant sees of itself (`coffer contract`, `coffer privacy`). Invariant: what cannot be taken back is done only when its words say so.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use coffer_api::tenant::{
    CloseParams, CreateParams, GetParams, ListParams, ResumeParams, RotateParams, SetAccountsParams, SuspendParams,
    TenantChange, TenantInfo, TenantState,
};
use coffer_api::types::{Account, Number};
use coffer_runtime::trace::printable;

use super::contract::remote::{Remote, show};
use super::print::{note, say};

#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  coffer tenant list
  coffer tenant create \"Ministry of Works\" --account carol
  coffer tenant suspend PS3                        and later: coffer tenant resume PS3
  coffer tenant rotate PS3                         another encryption key for its party"
)]
pub(super) struct TenantArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the tenants of the node that is asked
    List(ListArgs),
    /// Show one, with what was changed of it and when
    Show(OneArgs),
    /// Add one, from the next block on, without a restart
    Create(AccountsArgs),
    /// Say which accounts of the node act for one
    Accounts(AccountsArgs),
    /// Neither read for one nor take its calls until it is resumed; its private state goes on with the chain
    Suspend(OneArgs),
    /// Resume one that is suspended
    Resume(OneArgs),
    /// Suspend one for good, and retire its party on the chain. It cannot be taken back
    Close(OneArgs),
    /// Give the party of one another encryption key, which the node publishes
    Rotate(OneArgs),
}

#[derive(Debug, Args)]
struct ListArgs {
    /// Tenants behind this one
    #[arg(long, value_name = "NAME")]
    after: Option<String>,
    /// At most so many, 100 at once
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Debug, Args)]
struct OneArgs {
    /// The tenant's private state
    name: String,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Debug, Args)]
struct AccountsArgs {
    /// The tenant's private state: 1 to 64 bytes, without `/` and control characters
    name: String,
    /// An account of the node that acts for it; may be repeated. All of them if none is named
    #[arg(long = "account", value_name = "ACCOUNT")]
    accounts: Vec<Account>,
    #[command(flatten)]
    remote: Remote,
}

/// Does what was asked.
pub(super) fn run(args: TenantArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::List(args) => list(args)?,
        Command::Show(OneArgs { name: psi, remote }) => {
            let found = remote.request(&GetParams { psi })?;
            let changes: Vec<_> = found.changes.iter().map(|change| ("change", changed(change))).collect();
            show(&found, remote.json, &[lines(&found.tenant), changes].concat())?;
        }
        Command::Create(AccountsArgs { name: psi, accounts, remote }) => {
            let accounts = (!accounts.is_empty()).then_some(accounts);
            let made = remote.request(&CreateParams { psi, accounts })?;
            shown(&made, &remote)?;
            if !remote.json {
                note!(
                    "Its keys stand in the node's file `tenants`: back it up. Its party is on the chain in a few blocks."
                );
            }
        }
        Command::Accounts(AccountsArgs { name, accounts, remote }) => {
            anyhow::ensure!(
                !accounts.is_empty(),
                "name the accounts that act for {name:?}: --account NAME, as often as needed"
            );
            shown(&remote.request(&SetAccountsParams { psi: name, accounts })?, &remote)?;
        }
        Command::Suspend(OneArgs { name: psi, remote }) => shown(&remote.request(&SuspendParams { psi })?, &remote)?,
        Command::Resume(OneArgs { name: psi, remote }) => shown(&remote.request(&ResumeParams { psi })?, &remote)?,
        Command::Close(OneArgs { name: psi, remote }) => shown(&remote.request(&CloseParams { psi })?, &remote)?,
        Command::Rotate(OneArgs { name: psi, remote }) => shown(&remote.request(&RotateParams { psi })?, &remote)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list(ListArgs { after, limit, remote }: ListArgs) -> anyhow::Result<()> {
    let page = remote.request(&ListParams { after, limit: limit.map(Number) })?;
    if remote.json {
        say!("{}", serde_json::to_string(&page)?);
        return Ok(());
    }
    for tenant in &page.items {
        let TenantInfo { psi, party, state, head, lag, held, .. } = tenant;
        let waits = held.as_ref().map_or_else(String::new, |reason| format!(" held: {}", printable(reason)));
        say!("{} {} {} block {head} lag {lag}{waits}", printable(psi), party.0, word(*state));
    }
    if let Some(next) = &page.next {
        note!("There are more: --after {next:?}");
    }
    Ok(())
}

fn shown(tenant: &TenantInfo, remote: &Remote) -> anyhow::Result<()> {
    show(tenant, remote.json, &lines(tenant))
}

fn lines(tenant: &TenantInfo) -> Vec<(&'static str, String)> {
    let TenantInfo { psi, party, state, since, joined, epoch, accounts, head, lag, held } = tenant;
    let accounts = accounts.as_ref().map_or("as the configuration says".into(), |accounts| {
        accounts.iter().map(|account| account.0.to_string()).collect::<Vec<_>>().join(" ")
    });
    vec![
        ("tenant", printable(psi).to_string()),
        ("party", party.0.to_string()),
        ("state", format!("{} since block {since}", word(*state))),
        ("from block", joined.to_string()),
        ("key", format!("epoch {epoch}")),
        ("accounts", accounts),
        ("done with", format!("block {head}, {lag} behind")),
        ("waits for", held.as_deref().map_or_else(|| "nothing".into(), |held| printable(held).to_string())),
    ]
}

fn changed(change: &TenantChange) -> String {
    let TenantChange { height, state, epoch, accounts } = change;
    let what = [
        state.map(|state| word(state).to_owned()),
        epoch.map(|epoch| format!("key of epoch {epoch}")),
        accounts.as_ref().map(|accounts| format!("{} accounts", accounts.len())),
    ];
    let what: Vec<_> = what.into_iter().flatten().collect();
    format!("after block {height}: {}", what.join(", "))
}

fn word(state: TenantState) -> &'static str {
    match state {
        TenantState::Active => "active",
        TenantState::Suspended => "suspended",
        TenantState::Closed => "closed",
    }
}
