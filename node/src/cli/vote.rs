//! `coffer network vote` and what belongs to it: what organisations decide together. Not here: what a change does and how many votes it takes (the network contract).
//! Invariant: a vote is for exactly what is shown; one for an open proposal is for what the chain has under its number.

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use coffer_abi::AccountId;
use coffer_api::chain::HeadParams;
use coffer_api::contract::{Called, QueryParams};
use coffer_api::membership::{Change, NetworkParameters, ParametersParams, Proposal, ProposalsParams, ProtocolVersion};
use coffer_api::network::StatusParams;
use coffer_api::types::{Args as CallArgs, Number, Text};
use coffer_chain::network;
use coffer_runtime::trace::printable;
use serde_json::{Map, Value, json};

use super::contract::remote::{Remote, show};
use super::membership::{AccessArg, Signed, access_word};
use crate::cli::print::{note, say};
use crate::network::Address;

#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  coffer network vote join Bank --key 0xORGKEY --first-node 0xNODE=node1.bank.example:9545
  coffer network vote suspend Bank
  coffer network vote access Bank managed
  coffer network vote parameters --max-block-gas 3000000000
  coffer network vote protocol 2 --in 500
  coffer network vote for 7                              as `coffer network proposals` shows it

The first vote proposes. An organisation has at most 4 open proposals of its own; they end after 30 days."
)]
pub(super) struct VoteArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Let an organisation join, with its nodes as followers
    Join {
        /// Its name: 1 to 48 letters, digits, `_`, `-` and `.`
        name: String,
        /// Its organisation key, as `coffer init` prints it
        #[arg(long)]
        key: AccountId,
        /// What its nodes may do at most
        #[arg(long, value_enum, default_value_t = AccessArg::Trusted)]
        access: AccessArg,
        /// A first node of it and where it listens; may be repeated
        #[arg(long = "first-node", value_name = "KEY[=HOST:PORT]", value_parser = node)]
        nodes: Vec<(AccountId, Vec<String>)>,
        #[command(flatten)]
        signed: Signed,
    },
    /// Take an organisation's rights until it is resumed: its nodes are cut off
    Suspend {
        /// Its name
        name: String,
        #[command(flatten)]
        signed: Signed,
    },
    /// Give a suspended organisation its rights again
    Resume {
        /// Its name
        name: String,
        #[command(flatten)]
        signed: Signed,
    },
    /// Give an organisation another access
    Access {
        /// Its name
        name: String,
        /// What its nodes may do at most
        #[arg(value_enum)]
        access: AccessArg,
        #[command(flatten)]
        signed: Signed,
    },
    /// Change parameters of the chain, from the next block on; what is not given stays
    Parameters {
        #[command(flatten)]
        changed: Changed,
        #[command(flatten)]
        signed: Signed,
    },
    /// Change the version of the protocol at a height
    Protocol {
        /// The version: the one after that in force
        #[arg(id = "protocol", value_name = "VERSION")]
        version: u16,
        /// Its first height: 10 to 1,000,000 blocks ahead
        #[arg(long, conflicts_with = "blocks", required_unless_present = "blocks")]
        height: Option<u64>,
        /// The same as blocks from now; the others then vote `for` the proposal
        #[arg(long = "in", value_name = "BLOCKS")]
        blocks: Option<u64>,
        #[command(flatten)]
        signed: Signed,
    },
    /// Vote for an open proposal
    For {
        /// Its number
        number: u64,
        #[command(flatten)]
        signed: Signed,
    },
}

/// New parameters.
#[derive(Debug, Args)]
struct Changed {
    /// Gas one transaction may use
    #[arg(long, value_name = "GAS")]
    max_tx_gas: Option<u64>,
    /// Gas of one block: a transaction may ask for what those before it left
    #[arg(long, value_name = "GAS")]
    max_block_gas: Option<u64>,
    /// Bytes of one transaction
    #[arg(long, value_name = "BYTES")]
    max_tx_bytes: Option<u32>,
    /// Bytes of the transactions of one block
    #[arg(long, value_name = "BYTES")]
    max_block_bytes: Option<u32>,
    /// Milliseconds after a block from which on the next one may be empty, if something ended by its time since; 0: never
    #[arg(long, value_name = "MILLISECONDS")]
    tick_ms: Option<u32>,
}

#[derive(Debug, Args)]
pub(super) struct WithdrawArgs {
    /// Number of the proposal
    number: u64,
    #[command(flatten)]
    signed: Signed,
}

/// A node as `KEY` or `KEY=HOST:PORT`.
fn node(text: &str) -> Result<(AccountId, Vec<String>), String> {
    let (key, address) = text.split_once('=').map_or((text, None), |(key, address)| (key, Some(address)));
    let key = key.parse().map_err(|error| format!("{key:?} is no node key: {error}"))?;
    if let Some(text) = address {
        text.parse::<Address>().map_err(|error| format!("{text}: {error}"))?;
    }
    Ok((key, address.map(str::to_owned).into_iter().collect()))
}

pub(super) fn vote(args: VoteArgs) -> anyhow::Result<()> {
    let (change, signed) = match args.what {
        What::Join { name, key, access, nodes, signed } => (join(&name, &key, access, &nodes), signed),
        What::Suspend { name, signed } => (json!({ "Suspend": { "organisation": name } }), signed),
        What::Resume { name, signed } => (json!({ "Resume": { "organisation": name } }), signed),
        What::Access { name, access, signed } => {
            (json!({ "Access": { "organisation": name, "access": access.word() } }), signed)
        }
        What::Parameters { changed, signed } => {
            (json!({ "Parameters": { "parameters": changed.onto(signed.remote())? } }), signed)
        }
        What::Protocol { version, height, blocks, signed } => {
            (protocol(version, height, blocks.unwrap_or_default(), signed.remote())?, signed)
        }
        What::For { number, signed } => (proposed(signed.remote(), number)?, signed),
    };
    let called = signed.send("vote", json!({ "change": change }))?;
    tell(&called, signed.remote().json)
}

fn join(name: &str, key: &AccountId, access: AccessArg, nodes: &[(AccountId, Vec<String>)]) -> Value {
    let node = |(key, addresses): &(AccountId, Vec<String>)| json!({ "key": key.to_string(), "access": access.word(), "addresses": addresses, "role": "Follower" });
    let nodes: Vec<Value> = nodes.iter().map(node).collect();
    let organisation = json!({ "name": name, "key": key.to_string(), "access": access.word(), "nodes": nodes });
    json!({ "Join": { "organisation": organisation } })
}

/// A version at a height, or so many blocks from now.
fn protocol(version: u16, height: Option<u64>, blocks: u64, remote: &Remote) -> anyhow::Result<Value> {
    let newest = remote.request(&StatusParams {})?.newest_protocol;
    if version > newest {
        bail!(
            "the node that is asked has version {newest} of the protocol at most, and would stop: install a newer coffer there first"
        );
    }
    let height = match height {
        Some(height) => height,
        None => remote.request(&HeadParams {})?.height.saturating_add(1).saturating_add(blocks),
    };
    Ok(json!({ "Protocol": { "version": version, "height": height.to_string() } }))
}

/// The change under a number, as the contract takes it.
fn proposed(remote: &Remote, number: u64) -> anyhow::Result<Value> {
    let args = Map::from_iter([("number".to_owned(), json!(number.to_string()))]);
    let params = QueryParams {
        contract: Text(network::contract()),
        method: "proposal".into(),
        args: Some(CallArgs(args)),
        from: None,
        gas_limit: None,
        height: None,
    };
    let found = remote.request(&params)?.result;
    let change = found.get("change").filter(|change| !change.is_null());
    change.cloned().with_context(|| format!("there is no proposal {number}; `coffer network proposals` shows them"))
}

impl Changed {
    /// All parameters with these changes.
    fn onto(self, remote: &Remote) -> anyhow::Result<Value> {
        let Self { max_tx_gas, max_block_gas, max_tx_bytes, max_block_bytes, tick_ms } = self;
        if (max_tx_gas, max_block_gas, max_tx_bytes, max_block_bytes, tick_ms) == (None, None, None, None, None) {
            bail!("no parameter is given; name what is to change, such as --max-block-gas 3000000000");
        }
        let now = remote.request(&ParametersParams {})?;
        Ok(json!({
            "max_tx_gas": max_tx_gas.unwrap_or(now.max_tx_gas).to_string(),
            "max_block_gas": max_block_gas.unwrap_or(now.max_block_gas).to_string(),
            "max_tx_bytes": max_tx_bytes.unwrap_or(now.max_tx_bytes),
            "max_block_bytes": max_block_bytes.unwrap_or(now.max_block_bytes),
            "tick_ms": tick_ms.unwrap_or(now.tick_ms),
        }))
    }
}

/// Shows what came of a vote.
fn tell(called: &Called, json: bool) -> anyhow::Result<()> {
    let cast = called.events.iter().find(|event| event.name == "VoteCast").map(|event| &event.data);
    let number = |name: &str| cast.map_or_else(String::new, |cast| plain(&cast[name]));
    let is_done = called.result == Value::Bool(true);
    let lines = [
        ("proposal", number("proposal")),
        ("votes", format!("{} of {} needed", number("votes"), number("needed"))),
        ("decided", if is_done { "yes" } else { "not yet" }.to_owned()),
        ("transaction", called.tx.0.to_string()),
        ("height", called.height.to_string()),
    ];
    show(called, json, &lines)?;
    if !is_done && !json {
        note!("the others vote with: coffer network vote for {}", number("proposal"));
    }
    Ok(())
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

pub(super) fn withdraw(args: WithdrawArgs) -> anyhow::Result<()> {
    args.signed.call("withdraw", json!({ "proposal": args.number.to_string() }))
}

pub(super) fn parameters(remote: &Remote) -> anyhow::Result<()> {
    let now = remote.request(&ParametersParams {})?;
    let NetworkParameters { max_tx_gas, max_block_gas, max_tx_bytes, max_block_bytes, tick_ms } = now;
    let lines = [
        ("gas of a transaction", max_tx_gas.to_string()),
        ("gas of a block", max_block_gas.to_string()),
        ("bytes of a transaction", max_tx_bytes.to_string()),
        ("bytes of a block", max_block_bytes.to_string()),
        ("milliseconds to an empty block", tick_ms.to_string()),
    ];
    show(&now, remote.json, &lines)
}

pub(super) fn proposals(after: Option<u64>, limit: Option<u64>, remote: &Remote) -> anyhow::Result<()> {
    let page = remote.request(&ProposalsParams { after: after.map(Number), limit: limit.map(Number) })?;
    if remote.json {
        say!("{}", serde_json::to_string(&page)?);
        return Ok(());
    }
    if page.items.is_empty() && page.next.is_none() {
        note!("nothing is voted on");
    }
    for Proposal { number, change, by, votes, since, .. } in &page.items {
        let (what, votes) = (told(change), votes.join(", "));
        say!(
            "{number}: {} (by {}, since block {since}; votes: {})",
            printable(&what),
            printable(by),
            printable(&votes)
        );
    }
    if let Some(next) = page.next {
        note!("there are more: --after {next}");
    }
    Ok(())
}

fn told(change: &Change) -> String {
    match change {
        Change::Join(new) => {
            let nodes = new.nodes.iter().map(|node| format!(", node {} {}", node.node.0, node.addresses.join(" ")));
            let nodes: String = nodes.collect();
            format!("{} joins with {} access, key {}{nodes}", new.name, access_word(new.access), new.key.0)
        }
        Change::Suspend(name) => format!("{name} is suspended"),
        Change::Resume(name) => format!("{name} is resumed"),
        Change::Access(new) => format!("{} has {} access", new.organisation, access_word(new.access)),
        Change::Parameters(NetworkParameters { max_tx_gas, max_block_gas, max_tx_bytes, max_block_bytes, tick_ms }) => {
            format!(
                "parameters: gas of a transaction {max_tx_gas}, of a block {max_block_gas}; bytes of a transaction {max_tx_bytes}, of a block {max_block_bytes}; \
                 milliseconds to an empty block {tick_ms}"
            )
        }
        Change::Protocol(ProtocolVersion { version, height }) => {
            format!("version {version} of the protocol from block {height} on")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_given_with_its_address_or_without() {
        let key = AccountId([7; 32]);
        assert_eq!(node(&key.to_string()), Ok((key, vec![])));
        assert_eq!(node(&format!("{key}=a.example:1")), Ok((key, vec!["a.example:1".to_owned()])));
        assert!(node("0x12=a:1").unwrap_err().contains("no node key"));
    }

    #[test]
    fn a_change_is_told_in_one_line() {
        assert_eq!(told(&Change::Suspend("Bank".into())), "Bank is suspended");
        let change = Change::Protocol(ProtocolVersion { version: 2, height: 90 });
        assert_eq!(told(&change), "version 2 of the protocol from block 90 on");
    }
}
