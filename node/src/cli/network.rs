//! `coffer network`: the nodes a node talks to, and those that want to. Not here: the network as the chain has it, and letting a node in (`membership`).
//! Invariant: reads only.

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use coffer_api::membership::ProtocolVersion;
use coffer_api::network::{
    AgreementStatus, EquivocationInfo, EquivocationsParams, JoinRequestInfo, JoinRequestsParams, NetworkStatus,
    PeerInfo, PeerState, PeersParams, Said, SnapshotStatus, StatementKind, StatusParams, SyncStatus,
};
use coffer_runtime::trace::printable;

use super::contract::remote::{Remote, show};
use super::membership;
use crate::cli::print::{note, say};
use crate::sources::now;

#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  coffer network status
  coffer network peers --url http://127.0.0.1:8545
  coffer network requests --json | jq -r '.[].node'
  coffer network nodes
  coffer network parties --organisation Ministry
  coffer network approve 0xNODE --address node2.ministry.example:9545
  coffer network activate --url http://127.0.0.1:8546          that node becomes a validator"
)]
pub(super) struct NetworkArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show this node's key, where it listens, and how many nodes it talks to
    Status(Remote),
    /// List the nodes that may connect, and how each stands
    Peers(Remote),
    /// List the strangers that want to join
    Requests(Remote),
    /// List the proofs against validators that said two things in one round
    Equivocations(Remote),
    #[command(flatten)]
    Membership(membership::Command),
}

pub(super) fn run(args: NetworkArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Status(remote) => status(&remote),
        Command::Peers(remote) => peers(&remote),
        Command::Requests(remote) => requests(&remote),
        Command::Equivocations(remote) => equivocations(&remote),
        Command::Membership(command) => membership::run(command),
    }
}

fn status(remote: &Remote) -> anyhow::Result<ExitCode> {
    let status = remote.request(&StatusParams {})?;
    let listening: Vec<_> =
        status.listening.iter().map(|text| text.parse().map_or_else(|_| text.clone(), |addr| listens(&addr))).collect();
    let listening = if listening.is_empty() { "nowhere".into() } else { listening.join(", ") };
    let lines = [
        ("node", status.node.0.to_string()),
        ("chain", status.chain_id.0.to_string()),
        ("listening", listening),
        ("external", status.external.clone().unwrap_or_else(|| NO_EXTERNAL.into())),
        ("connected", format!("{} of {}", status.connected, status.known)),
        ("blocks", blocks(&status.sync)),
        ("state", status.sync.snapshot.as_ref().map_or_else(|| "here".into(), fetched)),
        ("agreement", status.agreement.as_ref().map_or_else(|| "not yet".into(), agreed)),
        ("join requests", status.join_requests.to_string()),
        ("refused dials", status.refused_dials.to_string()),
        ("messages dropped", status.dropped_messages.to_string()),
        ("messages rejected", status.rejected_messages.to_string()),
        ("messages unsent", status.unsent_messages.to_string()),
        ("nodes cut", status.cuts.to_string()),
        ("protocol", protocol(&status)),
    ];
    show(&status, remote.json, &lines)?;
    if let Some(warning) = status.warning.as_ref().filter(|_| !remote.json) {
        note!("warning: {}", printable(warning));
    }
    if !status.enabled && !remote.json {
        note!("this node was started without a network; give it `[network]` with `listen` or `peers`");
    }
    Ok(ExitCode::SUCCESS)
}

fn agreed(agreement: &AgreementStatus) -> String {
    let AgreementStatus { height, round, idle, voting, refused, last_refusal } = agreement;
    let height = height.map_or_else(|| "not begun".into(), |height| format!("block {height}, round {round}"));
    let does = match (idle, voting) {
        (true, _) => "idle",
        (false, true) => "voting",
        (false, false) => "following",
    };
    let why = last_refusal.as_ref().map(|why| format!(", the last because {}", printable(why))).unwrap_or_default();
    format!("{height}, {does}; {refused} proposals refused{why}")
}

fn equivocations(remote: &Remote) -> anyhow::Result<ExitCode> {
    let found = remote.request(&EquivocationsParams {})?;
    if remote.json {
        say!("{}", serde_json::to_string(&found)?);
        return Ok(ExitCode::SUCCESS);
    }
    if found.is_empty() {
        note!("no validator said two things in one round, as far as this node saw");
        return Ok(ExitCode::SUCCESS);
    }
    let row = |one: &EquivocationInfo| {
        let statement = match one.statement {
            StatementKind::Proposal => "proposal",
            StatementKind::Prevote => "prevote",
            StatementKind::Precommit => "precommit",
        };
        let block = |said: &Said| said.block.as_ref().map_or_else(|| "no block".into(), |block| block.0.to_string());
        let blocks: Vec<String> = one.said.iter().map(block).collect();
        vec![
            one.validator.0.to_string(),
            one.height.to_string(),
            one.round.to_string(),
            statement.into(),
            blocks.join(" and "),
        ]
    };
    table(&["VALIDATOR", "HEIGHT", "ROUND", "SAID", "FOR"], found.iter().map(row).collect());
    Ok(ExitCode::SUCCESS)
}

/// What is said in place of an address that the settings do not give.
pub(super) const NO_EXTERNAL: &str =
    "no address of its own is set; others use those that the chain and their settings name";

/// Where a node listens. A wildcard is told as what it is: nobody can dial it.
pub(super) fn listens(addr: &SocketAddr) -> String {
    if addr.ip().is_unspecified() {
        format!("port {} of all addresses of this machine", addr.port())
    } else {
        addr.to_string()
    }
}

fn blocks(sync: &SyncStatus) -> String {
    let SyncStatus { head, target, blocks_per_second, seconds_left, .. } = sync;
    match target.filter(|target| target > head) {
        None => format!("{head}"),
        Some(target) => format!("{head} of {target}, {blocks_per_second} a second, {}", left(*seconds_left)),
    }
}

fn fetched(snapshot: &SnapshotStatus) -> String {
    let SnapshotStatus { height, chunks, bytes, bytes_per_second, seconds_left } = snapshot;
    match height {
        None => "waiting for a node that gives it".into(),
        Some(height) => format!(
            "of block {height}: {chunks} chunks, {bytes} bytes, {bytes_per_second} a second, {}",
            left(*seconds_left)
        ),
    }
}

fn left(seconds: Option<u64>) -> String {
    seconds.map_or_else(|| "nobody knows how long".into(), |seconds| format!("about {} left", span(seconds * 1_000)))
}

fn protocol(status: &NetworkStatus) -> String {
    let version = status.protocol.map_or_else(|| "not known yet".into(), |version| format!("version {version}"));
    let now = format!("{version}, this program has up to {}", status.newest_protocol);
    match status.coming_protocol {
        Some(ProtocolVersion { version, height }) => format!("{now}; version {version} from block {height} on"),
        None => now,
    }
}

fn peers(remote: &Remote) -> anyhow::Result<ExitCode> {
    let peers = remote.request(&PeersParams {})?;
    if remote.json {
        say!("{}", serde_json::to_string(&peers)?);
        return Ok(ExitCode::SUCCESS);
    }
    if peers.is_empty() {
        note!("this node knows no other node; name one in its configuration with `[[network.peers]]`");
        return Ok(ExitCode::SUCCESS);
    }
    let header = ["NODE", "STATE", "SCORE", "ADDRESS", "FOR", "RECEIVED", "SENT", "PROGRAM"];
    let clock = now().0;
    table(&header, peers.iter().map(|peer| row(peer, clock)).collect());
    for (peer, reason) in peers.iter().filter_map(|peer| Some((peer, peer.reason.as_ref()?))) {
        note!("{}: {}", peer.node.0, printable(reason));
    }
    if peers.iter().any(|peer| peer.state == PeerState::AwaitingApproval) {
        note!(
            "a node that awaits approval refuses this one: its operators find the key of this node with `coffer network requests`"
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn row(peer: &PeerInfo, clock: u64) -> Vec<String> {
    let state = match peer.state {
        PeerState::Connected => "connected",
        PeerState::Waiting => "waiting",
        PeerState::NoAddress => "no address",
        PeerState::AwaitingApproval => "awaiting approval",
        PeerState::Unreachable => "unreachable",
        PeerState::OtherChain => "other chain",
        PeerState::Mute => "mute",
        PeerState::Cut => "cut",
    };
    let mut row = vec![peer.node.0.to_string(), state.into(), peer.score.to_string()];
    match &peer.connection {
        Some(connection) => {
            let arrow = if connection.outbound { "to" } else { "from" };
            row.extend([
                format!("{arrow} {}", connection.address),
                span(clock.saturating_sub(connection.since)),
                connection.received.to_string(),
                connection.sent.to_string(),
                connection.program.clone(),
            ]);
        }
        None => row.extend([peer.addresses.join(", "), "-".into(), "-".into(), "-".into(), "-".into()]),
    }
    row
}

fn requests(remote: &Remote) -> anyhow::Result<ExitCode> {
    let requests = remote.request(&JoinRequestsParams {})?;
    if remote.json {
        say!("{}", serde_json::to_string(&requests)?);
        return Ok(ExitCode::SUCCESS);
    }
    if requests.is_empty() {
        note!("nobody asked this node to join");
        return Ok(ExitCode::SUCCESS);
    }
    let clock = now().0;
    let row = |request: &JoinRequestInfo| {
        let ago = |time: u64| format!("{} ago", span(clock.saturating_sub(time)));
        let JoinRequestInfo { node, address, first, last, attempts } = request;
        vec![node.0.to_string(), address.clone(), ago(*first), ago(*last), attempts.to_string()]
    };
    table(&["NODE", "FROM", "FIRST", "LAST", "DIALS"], requests.iter().map(row).collect());
    Ok(ExitCode::SUCCESS)
}

/// Lines of columns that are as wide as their widest entry.
fn table(header: &[&str], mut rows: Vec<Vec<String>>) {
    rows.insert(0, header.iter().map(ToString::to_string).collect());
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..header.len()).map(|column| width(column).unwrap_or(0)).collect();
    for row in &rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{:width$}", printable(cell)));
        say!("{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}

/// Milliseconds as people say them.
fn span(milliseconds: u64) -> String {
    match milliseconds / 1_000 {
        seconds @ 0..=119 => format!("{seconds} s"),
        seconds @ 120..=7_199 => format!("{} min", seconds / 60),
        seconds @ 7_200..=172_799 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_as_people_say_them() {
        let told: Vec<String> = [0, 119_999, 120_000, 7_200_000, 172_800_000].map(span).into();
        assert_eq!(told, ["0 s", "119 s", "2 min", "2 h", "2 days"]);
    }
}
