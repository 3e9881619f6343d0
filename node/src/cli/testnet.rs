//! `coffer testnet`: a network of several nodes on this machine, as files: keys, settings, one genesis, and scripts that start and stop it. Not here: running it.
//! Invariant: the folder is there as a whole or not at all, and one that is there is never changed.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::json;

use super::init::{SETTINGS, Settings, settings, write_new};
use crate::cli::print::{note, say};
use crate::config::Config;
use crate::node::{Founder, begin};

/// Nodes of the largest network: more would not fit one machine.
const MAX_NODES: u16 = 64;
/// Private states of each node.
const TENANTS: [&str; 2] = ["PS1", "PS2"];
/// Accounts of each node.
const ACCOUNTS: [&str; 4] = ["alice", "bob", "carol", "dave"];
/// Data folder of a node, beside its settings.
const DATA: &str = "data";
const START: &str = include_str!("testnet/start.sh");
const STOP: &str = include_str!("testnet/stop.sh");
/// What stands in the start script for this program.
const PROGRAM: &str = "@PROGRAM@";

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coffer testnet 4 ./net
  ./net/start.sh                 starts the nodes that do not run, and prints their URLs
  ./net/stop.sh

For tests on one machine: the keys lie beside the data, and every node keeps accounts of the same names, but with keys of its own.")]
pub(super) struct TestnetArgs {
    /// Nodes, each the validator of an organisation of its own: 1 to 64
    #[arg(value_parser = clap::value_parser!(u16).range(1..=i64::from(MAX_NODES)))]
    nodes: u16,
    /// Folder to make; it must not be there
    dir: PathBuf,
    /// Node i listens for other nodes on this port plus i
    #[arg(long, value_name = "PORT", default_value_t = 19545)]
    base_port: u16,
    /// Node i listens for requests on this port plus i; 0 takes any free port at each start
    #[arg(long, value_name = "PORT", default_value_t = 18545)]
    rpc_port: u16,
    /// Where others reach a node, if that is not where it listens: host:port, once for each node in their order
    #[arg(long = "address", value_name = "HOST:PORT")]
    addresses: Vec<String>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: TestnetArgs) -> anyhow::Result<ExitCode> {
    let TestnetArgs { nodes, dir, base_port, rpc_port, addresses, json } = args;
    if fs::symlink_metadata(&dir).is_ok() {
        bail!("{} is there already; remove it, or name another folder", dir.display());
    }
    for (name, base) in [("--rpc-port", rpc_port), ("--base-port", base_port)] {
        if base.checked_add(nodes).is_none() {
            bail!("{name} {base} leaves no room for the ports of {nodes} nodes; give a lower one");
        }
    }
    if rpc_port != 0 && rpc_port.abs_diff(base_port) < nodes {
        bail!("--rpc-port {rpc_port} and --base-port {base_port} overlap for {nodes} nodes; keep them {nodes} apart");
    }
    if !addresses.is_empty() && addresses.len() != usize::from(nodes) {
        let given = addresses.len();
        bail!("--address is given {given} times for {nodes} nodes; give it once for each node, or not at all");
    }
    let ports = Ports { rpc: rpc_port, network: base_port };
    let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    let whole = tempfile::Builder::new().prefix(".coffer-testnet-").tempdir_in(parent);
    let whole = whole.with_context(|| format!("cannot make a folder in {}", parent.display()))?;
    let dir = std::path::absolute(&dir).unwrap_or(dir);
    let chain = fill(whole.path(), &dir, &(1..=nodes).collect::<Vec<_>>(), ports, &addresses)?;
    let made = whole.keep();
    if let Err(error) = fs::rename(&made, &dir) {
        let _ = fs::remove_dir_all(&made);
        return Err(error).with_context(|| format!("cannot make {}", dir.display()));
    }
    if json {
        say!("{}", json!({ "chainId": chain, "dir": dir, "nodes": nodes }));
    } else {
        say!("chain: {chain}");
        say!("nodes: {nodes}");
        note!("start them with: {}", dir.join("start.sh").display());
    }
    Ok(ExitCode::SUCCESS)
}

/// What the ports of the nodes count from.
#[derive(Clone, Copy)]
struct Ports {
    /// For requests; 0 for any.
    rpc: u16,
    /// For other nodes.
    network: u16,
}

/// Makes the whole network in a folder that is to become `dir`; gives its chain.
fn fill(folder: &Path, dir: &Path, nodes: &[u16], ports: Ports, addresses: &[String]) -> anyhow::Result<String> {
    let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let address = |i: u16| {
        let given = addresses.get(usize::from(i - 1));
        given.cloned().unwrap_or_else(|| local(ports.network + i).to_string())
    };
    let founder = |i: u16| Founder {
        data: folder.join(name(i)).join(DATA),
        organisation: format!("Org{i}"),
        addresses: vec![address(i)],
    };
    let founders: Vec<_> = nodes.iter().map(|i| founder(*i)).collect();
    let tenants = TENANTS.iter().filter_map(|name| name.parse().ok()).collect();
    let config = Config {
        system: super::system::contracts()?,
        tenants,
        accounts: ACCOUNTS.map(String::from).into(),
        test_network: true,
        ..Config::node(PathBuf::new())
    };
    let prepared = begin(&config, &founders)?;
    let peers: Vec<_> = nodes.iter().zip(&prepared).map(|(i, one)| (one.node, address(*i))).collect();
    for (&i, own) in nodes.iter().zip(&prepared) {
        let others: Vec<_> = peers.iter().filter(|(key, _)| *key != own.node).cloned().collect();
        let text = settings(&Settings {
            data: &dir.join(name(i)).join(DATA),
            rpc: &local(if ports.rpc == 0 { 0 } else { ports.rpc + i }).to_string(),
            listen: Some(local(ports.network + i)),
            test_network: true,
            tenants: &TENANTS,
            accounts: &ACCOUNTS,
            peers: &others,
        });
        write_new(&folder.join(name(i)).join(SETTINGS), &text, 0o600)?;
    }
    let program = std::env::current_exe().context("cannot tell where this program is")?;
    // As a shell reads it, whatever is in it.
    let quoted = format!("'{}'", program.to_string_lossy().replace('\'', r"'\''"));
    write_new(&folder.join("start.sh"), &START.replace(PROGRAM, &quoted), 0o700)?;
    write_new(&folder.join("stop.sh"), STOP, 0o700)?;
    Ok(prepared.first().map_or_else(String::new, |first| first.chain_id.to_string()))
}

fn name(i: u16) -> String {
    format!("node-{i}")
}
