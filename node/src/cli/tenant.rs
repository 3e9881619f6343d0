//! `coffer tenant`: the tenants of a node, for its operator. Not here: what a tenant sees of itself (`coffer contract`, `coffer privacy`). Invariant: what cannot be taken back is done only when its words say so.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use coffer_api::limits::TenantLimits;
use coffer_api::tenant::{
    CloseParams, CreateParams, GetParams, ListParams, ResumeParams, RotateParams, SetAccountsParams, SetLimitsParams,
    SuspendParams, TenantChange, TenantInfo, TenantState,
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
  coffer tenant limits PS3 --gas-per-second 500000000 --pending 100
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
    /// Say what one may take of the node; those that are not named stay as they are
    Limits(LimitsArgs),
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

/// A number, or `default` for what the node's settings say.
#[derive(Clone, Copy, Debug)]
struct Asked(Option<u64>);

impl std::str::FromStr for Asked {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "default" {
            return Ok(Self(None));
        }
        text.parse().map(|number| Self(Some(number))).map_err(|_| "give a number, or `default`".into())
    }
}

#[derive(Debug, Args)]
struct LimitsArgs {
    /// The tenant's private state
    name: String,
    /// Gas of its queries, preparations and calls; `default` for what the node's settings say, here and below
    #[arg(long, value_name = "N")]
    gas_per_second: Option<Asked>,
    /// Requests
    #[arg(long, value_name = "N")]
    requests_per_second: Option<Asked>,
    /// Requests that are not answered yet
    #[arg(long, value_name = "N")]
    concurrent: Option<Asked>,
    /// Subscriptions on all connections
    #[arg(long, value_name = "N")]
    subscriptions: Option<Asked>,
    /// Transactions that are neither executed nor expired
    #[arg(long, value_name = "N")]
    pending: Option<Asked>,
    /// Sealed bytes of the private calls it sends
    #[arg(long, value_name = "BYTES")]
    payload_bytes_per_day: Option<Asked>,
    /// Bytes in its private state
    #[arg(long, value_name = "BYTES")]
    storage_bytes: Option<Asked>,
    #[command(flatten)]
    remote: Remote,
}

impl LimitsArgs {
    /// These over those of before; `None` if none is named.
    fn over(&self, mut limits: TenantLimits) -> Option<TenantLimits> {
        let mut is_named = false;
        for (asked, limit) in [
            (self.gas_per_second, &mut limits.gas_per_second),
            (self.requests_per_second, &mut limits.requests_per_second),
            (self.concurrent, &mut limits.concurrent),
            (self.subscriptions, &mut limits.subscriptions),
            (self.pending, &mut limits.pending),
            (self.payload_bytes_per_day, &mut limits.payload_bytes_per_day),
            (self.storage_bytes, &mut limits.storage_bytes),
        ] {
            if let Some(Asked(number)) = asked {
                (*limit, is_named) = (number, true);
            }
        }
        is_named.then_some(limits)
    }
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
        Command::Limits(args) => {
            let found = args.remote.request(&GetParams { psi: args.name.clone() })?;
            let limits = args.over(found.tenant.limits);
            let limits = limits.ok_or_else(|| anyhow::anyhow!("name a limit, such as --gas-per-second 500000000"))?;
            shown(&args.remote.request(&SetLimitsParams { psi: args.name.clone(), limits })?, &args.remote)?;
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
    let TenantInfo { psi, party, state, since, joined, epoch, accounts, limits, head, lag, held } = tenant;
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
        ("limits", limited(limits)),
        ("done with", format!("block {head}, {lag} behind")),
        ("waits for", held.as_deref().map_or_else(|| "nothing".into(), |held| printable(held).to_string())),
    ]
}

fn changed(change: &TenantChange) -> String {
    let TenantChange { height, state, epoch, accounts, limits } = change;
    let what = [
        state.map(|state| word(state).to_owned()),
        epoch.map(|epoch| format!("key of epoch {epoch}")),
        accounts.as_ref().map(|accounts| format!("{} accounts", accounts.len())),
        limits.as_ref().map(|limits| format!("limits {}", limited(limits))),
    ];
    let what: Vec<_> = what.into_iter().flatten().collect();
    format!("after block {height}: {}", what.join(", "))
}

fn limited(limits: &TenantLimits) -> String {
    let named = [
        ("gas a second", limits.gas_per_second),
        ("requests a second", limits.requests_per_second),
        ("requests at once", limits.concurrent),
        ("subscriptions", limits.subscriptions),
        ("transactions waiting", limits.pending),
        ("payload bytes a day", limits.payload_bytes_per_day),
        ("bytes stored", limits.storage_bytes),
    ];
    let named: Vec<_> = named.iter().filter_map(|(what, number)| Some(format!("{} {what}", (*number)?))).collect();
    if named.is_empty() { "as the configuration says".into() } else { named.join(", ") }
}

fn word(state: TenantState) -> &'static str {
    match state {
        TenantState::Active => "active",
        TenantState::Suspended => "suspended",
        TenantState::Closed => "closed",
    }
}
