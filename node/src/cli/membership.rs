//! `coffer network`, its commands for the network as the chain has it, and what one's own organisation or node changes of it. Not here: what a change does (the network contract).
//! Invariant: a change is a transaction that the key it needs has signed; what is shown is what the chain says.

use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use coffer_abi::AccountId;
use coffer_api::chain::HeadParams;
use coffer_api::contract::{CallParams, Called};
use coffer_api::membership::{Access, NodesParams, OrganisationsParams, Role, ValidatorsParams};
use coffer_api::party::PartiesParams;
use coffer_api::types::{Account, Args as CallArgs, Number, Text};
use coffer_chain::network;
use coffer_runtime::trace::printable;
use serde_json::{Map, Value, json};

use super::contract::remote::{Remote, show};
use super::vote;
use crate::cli::print::{note, say};
use crate::organisation::key_store::{NODE, ORGANISATION};

/// Blocks from the newest one on in which an activation may be executed.
const WINDOW: u64 = 2;

/// Commands of `coffer network` for what the chain says of it.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the nodes of the network
    Nodes(ListArgs),
    /// List the organisations of the network
    Organisations(ListArgs),
    /// List the parties of private transactions
    Parties(PartiesArgs),
    /// List who decides a block
    Validators(ValidatorsArgs),
    /// Let a node of one's own organisation in, or give it another access
    Approve(ApproveArgs),
    /// Say that one's own organisation does not want a node
    Decline(NodeArgs),
    /// Remove a node of one's own organisation
    Remove(NodeArgs),
    /// Make the node that is asked a validator, from the next block on
    Activate(ActivateArgs),
    /// Remove the node that is asked from the network, signed by itself: its organisation cannot approve its key again
    Leave(ActivateArgs),
    /// Vote for what organisations decide together, or propose it
    Vote(vote::VoteArgs),
    /// List what is voted on
    Proposals(ProposalsArgs),
    /// Take back the own organisation's vote for a proposal
    Withdraw(vote::WithdrawArgs),
    /// Show the parameters of the chain
    Parameters(Remote),
    /// Make a validator a follower, from the next block on; `--from node` lets the node that is asked sign for itself
    Deactivate(NodeArgs),
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Entries behind this one: a node's key, or an organisation's name
    #[arg(long, value_name = "ENTRY")]
    after: Option<String>,
    /// At most so many, 100 at once
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Debug, Args)]
pub(super) struct PartiesArgs {
    /// Of this organisation alone
    #[arg(long, value_name = "NAME", conflicts_with = "served_by")]
    organisation: Option<String>,
    /// Served by this node alone
    #[arg(long, value_name = "KEY")]
    served_by: Option<AccountId>,
    /// Parties behind this one
    #[arg(long, value_name = "PARTY")]
    after: Option<AccountId>,
    /// At most so many, 100 at once
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Debug, Args)]
pub(super) struct ProposalsArgs {
    /// Proposals behind this number
    #[arg(long, value_name = "NUMBER")]
    after: Option<u64>,
    /// At most so many, 100 at once
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Debug, Args)]
pub(super) struct ValidatorsArgs {
    /// Height of the block; the next one if left out
    #[arg(long)]
    height: Option<u64>,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum AccessArg {
    /// It may become a validator
    Trusted,
    /// It follows
    Managed,
}

#[derive(Debug, Args)]
pub(super) struct ApproveArgs {
    /// The node's key, as its `coffer init` prints it
    node: AccountId,
    /// What it may do at most
    #[arg(long, value_enum, default_value_t = AccessArg::Trusted)]
    access: AccessArg,
    /// Where it listens, as host:port; may be repeated
    #[arg(long = "address", value_name = "HOST:PORT")]
    addresses: Vec<String>,
    #[command(flatten)]
    signed: Signed,
}

#[derive(Debug, Args)]
pub(super) struct NodeArgs {
    /// The node's key
    node: AccountId,
    #[command(flatten)]
    signed: Signed,
}

#[derive(Debug, Args)]
pub(super) struct ActivateArgs {
    #[command(flatten)]
    remote: Remote,
}

impl AccessArg {
    /// As the contract has it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Trusted => "Trusted",
            Self::Managed => "Managed",
        }
    }
}

/// Who signs, and where.
#[derive(Debug, Args)]
pub(super) struct Signed {
    /// Who acts: `organisation` (the key of the organisation of the node that is asked) if left out, `node`, or another account
    #[arg(long, value_name = "ACCOUNT")]
    from: Option<Account>,
    #[command(flatten)]
    remote: Remote,
}

pub(super) fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Nodes(args) => nodes(args)?,
        Command::Organisations(args) => organisations(args)?,
        Command::Parties(args) => parties(args)?,
        Command::Validators(args) => validators(&args)?,
        Command::Approve(args) => approve(args)?,
        Command::Decline(args) => args.signed.call("decline", json!({ "node": args.node.to_string() }))?,
        Command::Remove(args) => args.signed.call("remove", json!({ "node": args.node.to_string() }))?,
        Command::Activate(args) => activate(&args.remote)?,
        Command::Leave(args) => call(&args.remote, "leave", json!({}), Account::Name(NODE.into()))?,
        Command::Vote(args) => vote::vote(args)?,
        Command::Proposals(args) => vote::proposals(args.after, args.limit, &args.remote)?,
        Command::Withdraw(args) => vote::withdraw(args)?,
        Command::Parameters(remote) => vote::parameters(&remote)?,
        Command::Deactivate(args) => args.signed.call("deactivate", json!({ "node": args.node.to_string() }))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn nodes(args: ListArgs) -> anyhow::Result<()> {
    let ListArgs { after, limit, remote } = args;
    let after = after.map(|after| after.parse::<AccountId>()).transpose();
    let after = after.map_err(|error| anyhow::anyhow!("--after is the key of a node: {error}"))?.map(Text);
    let page = remote.request(&NodesParams { after, limit: limit.map(Number) })?;
    if remote.json {
        say!("{}", serde_json::to_string(&page)?);
        return Ok(());
    }
    for node in &page.items {
        let role = match node.role {
            Role::Follower => "follower",
            Role::Validator => "validator",
        };
        let (access, addresses) = (access_word(node.access), node.addresses.join(" "));
        say!("{} {} {access} {role} {}", node.node.0, printable(&node.organisation), printable(&addresses));
    }
    if let Some(next) = page.next {
        note!("there are more: --after {}", next.0);
    }
    Ok(())
}

fn organisations(args: ListArgs) -> anyhow::Result<()> {
    let ListArgs { after, limit, remote } = args;
    let page = remote.request(&OrganisationsParams { after, limit: limit.map(Number) })?;
    if remote.json {
        say!("{}", serde_json::to_string(&page)?);
        return Ok(());
    }
    for one in &page.items {
        let state = if one.suspended { "suspended" } else { "active" };
        say!("{} {} {state}, {} nodes, key {}", printable(&one.name), access_word(one.access), one.nodes, one.key.0);
    }
    if let Some(next) = page.next {
        note!("there are more: --after {}", printable(&next));
    }
    Ok(())
}

fn parties(args: PartiesArgs) -> anyhow::Result<()> {
    let PartiesArgs { organisation, served_by, after, limit, remote } = args;
    let (node, after, limit) = (served_by.map(Text), after.map(Text), limit.map(Number));
    let page = remote.request(&PartiesParams { organisation, node, after, limit })?;
    if remote.json {
        say!("{}", serde_json::to_string(&page)?);
        return Ok(());
    }
    for one in &page.items {
        let state = if one.retired { ", retired" } else { "" };
        let (organisation, key) = (printable(&one.organisation), one.encryption_key.0);
        say!("{} {organisation} at {}, key {key} of epoch {}{state}", one.party.0, one.node.0, one.epoch);
        if let Some(before) = &one.before {
            let (node, key) = (before.node.0, before.encryption_key.0);
            say!("  before: at {node}, key {key} of epoch {}, good until block {}", before.epoch, before.until);
        }
    }
    if let Some(next) = page.next {
        note!("there are more: --after {}", next.0);
    }
    Ok(())
}

pub(super) fn access_word(access: Access) -> &'static str {
    match access {
        Access::Trusted => "trusted",
        Access::Managed => "managed",
    }
}

fn validators(args: &ValidatorsArgs) -> anyhow::Result<()> {
    let set = args.remote.request(&ValidatorsParams { height: args.height.map(Number) })?;
    if args.remote.json {
        say!("{}", serde_json::to_string(&set)?);
        return Ok(());
    }
    let total: u64 = set.validators.iter().map(|validator| validator.power).sum();
    for validator in &set.validators {
        say!("{} {}", validator.node.0, share(validator.power, total));
    }
    note!("of block {}; set {}", set.height, set.hash.0);
    Ok(())
}

/// A part of all voting power, to a hundredth of a percent.
fn share(power: u64, total: u64) -> String {
    let hundredths = u128::from(power) * 10_000 / u128::from(total.max(1));
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

fn approve(args: ApproveArgs) -> anyhow::Result<()> {
    super::init::check_addresses(&args.addresses)?;
    let given = json!({ "node": args.node.to_string(), "access": args.access.word(), "addresses": args.addresses });
    args.signed.call("approve", given)
}

fn activate(remote: &Remote) -> anyhow::Result<()> {
    // Signed for the next blocks only: a node that is behind cannot become a validator.
    let until = remote.request(&HeadParams {})?.height + WINDOW;
    call(remote, "activate", json!({ "until": until.to_string() }), Account::Name(NODE.into()))
}

impl Signed {
    pub(super) fn call(self, method: &str, args: Value) -> anyhow::Result<()> {
        call(&self.remote, method, args, self.from())
    }

    /// The same, for whoever shows what came of it.
    pub(super) fn send(&self, method: &str, args: Value) -> anyhow::Result<Called> {
        send(&self.remote, method, args, self.from())
    }

    pub(super) fn remote(&self) -> &Remote {
        &self.remote
    }

    fn from(&self) -> Account {
        self.from.clone().unwrap_or_else(|| Account::Name(ORGANISATION.into()))
    }
}

/// Calls the network contract and shows what came of it.
fn call(remote: &Remote, method: &str, args: Value, from: Account) -> anyhow::Result<()> {
    let called = send(remote, method, args, from)?;
    let mut lines = vec![("transaction", called.tx.0.to_string()), ("height", called.height.to_string())];
    lines.extend(called.events.iter().map(|event| ("event", format!("{} {}", event.name, event.data))));
    show(&called, remote.json, &lines)
}

fn send(remote: &Remote, method: &str, args: Value, from: Account) -> anyhow::Result<Called> {
    let args = match args {
        Value::Object(args) => args,
        _ => Map::new(),
    };
    let params = CallParams {
        contract: Text(network::contract()),
        method: method.into(),
        args: Some(CallArgs(args)),
        private: Some(false.into()),
        from: Some(from),
        gas_limit: None,
    };
    remote.request(&params)
}
