//! `coffer init`: the folder of a node that `coffer run` can start, on a new chain or on one that is there. Not here: what is in the files (`node`). Invariant: run
//! again it says the same, or refuses; it replaces nothing.

use std::fs::Permissions;
use std::io::{ErrorKind, Write};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use coffer_abi::AccountId;
use serde_json::json;

use crate::cli::print::{note, say};
use crate::config::Config;
use crate::network::Address;
use crate::node::{Founder, KEY_SECRET, Prepared, begin, join};

/// Name of the settings in a node's folder.
pub(super) const SETTINGS: &str = "coffer.toml";
/// Where a node listens for requests if nothing else is said.
const RPC: &str = "127.0.0.1:8545";

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coffer init --data ./ministry --org Ministry --listen 0.0.0.0:9545 --address node1.ministry.example:9545
  coffer init --data ./bank --genesis ./ministry/genesis --listen 0.0.0.0:9545
  coffer run --config ./ministry/coffer.toml

The environment variable COFFER_KEY_SECRET holds the secret that opens the key store, here and at each `coffer run`: choose one, for instance with `openssl rand -hex 32`, and keep it.

Without --genesis a new chain begins, with this node as its first validator. With it the folder is for a node of that chain: once it
is approved there (`coffer network approve`), it follows.")]
pub(super) struct InitArgs {
    /// Data folder; made if it is not there
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Name of the organisation that begins the chain: 1 to 48 letters, digits, `_`, `-` and `.`
    #[arg(long, value_name = "NAME", required_unless_present = "genesis")]
    org: Option<String>,
    /// Genesis of the chain that the node is to be on: the file `genesis` of any of its nodes
    #[arg(long, value_name = "FILE")]
    genesis: Option<PathBuf>,
    /// Where to listen for other nodes
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Where others reach it, as host:port; may be repeated
    #[arg(long = "address", value_name = "HOST:PORT")]
    addresses: Vec<String>,
    /// For tests alone: without a secret in COFFER_KEY_SECRET one is made, which lies beside the keys
    #[arg(long)]
    test_network: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: InitArgs) -> anyhow::Result<ExitCode> {
    let InitArgs { data, org, genesis, listen, addresses, test_network, json } = args;
    check_addresses(&addresses)?;
    let is_told = !addresses.is_empty();
    let mut config = Config { test_network, ..Config::node(data.clone()) };
    let prepared = match (&genesis, org) {
        (Some(genesis), _) => join(&config, genesis)?,
        (None, org) => {
            config.system = super::system::contracts()?;
            let founder = Founder { data: data.clone(), organisation: org.unwrap_or_default(), addresses };
            begin(&config, &[founder])?.pop().context("no node was prepared")?
        }
    };
    let file = data.join(SETTINGS);
    let folder = std::path::absolute(&data).unwrap_or_else(|_| data.clone());
    let text =
        settings(&Settings { data: &folder, rpc: RPC, listen, test_network, tenants: &[], accounts: &[], peers: &[] });
    let is_new = write_new(&file, &text, 0o600)?;
    tell(&prepared, &data, &file, json);
    if !is_new && !json {
        note!("{} was there and stays as it is", file.display());
    }
    if test_network && !json {
        note!("for tests alone: without a secret in {KEY_SECRET} the key store opens with one that lies beside it");
    }
    if genesis.is_none() && listen.is_some() && !is_told && !json {
        note!(
            "others are told no address of this node, so they wait for it to dial them; name one with --address HOST:PORT"
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Refuses addresses under which nobody reaches this node.
pub(super) fn check_addresses(addresses: &[String]) -> anyhow::Result<()> {
    for text in addresses {
        text.parse::<Address>().with_context(|| format!("--address {text}"))?;
    }
    Ok(())
}

fn tell(prepared: &Prepared, data: &Path, file: &Path, json: bool) {
    let Prepared { node, organisation, chain_id, organisations } = prepared;
    if json {
        let told = json!({
            "node": node.to_string(), "organisationKey": organisation.to_string(), "chainId": chain_id.to_string(),
            "data": data, "settings": file,
        });
        say!("{told}");
        return;
    }
    let names: Vec<_> = organisations.iter().map(|organisation| organisation.name.as_str()).collect();
    say!("node: {node}");
    say!("organisation key: {organisation}");
    say!("chain: {chain_id}");
    say!("began with: {}", if names.is_empty() { "no organisations".to_owned() } else { names.join(", ") });
    say!("settings: {}", file.display());
    if !organisations.iter().any(|one| one.nodes.iter().any(|first| first.key == *node)) {
        note!("the node is let in once its organisation approves it: coffer network approve {node}");
    }
    note!("start it with: coffer run --config {}", file.display());
}

/// What stands in the settings of a node.
pub(super) struct Settings<'a> {
    pub data: &'a Path,
    pub rpc: &'a str,
    pub listen: Option<SocketAddr>,
    /// Whether the node is for tests, its secret beside its keys.
    pub test_network: bool,
    pub tenants: &'a [&'a str],
    pub accounts: &'a [&'a str],
    /// Nodes that it knows before the chain tells of them.
    pub peers: &'a [(AccountId, String)],
}

/// Settings as a file.
pub(super) fn settings(settings: &Settings<'_>) -> String {
    let Settings { data, rpc, listen, test_network, tenants, accounts, peers } = settings;
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let mut text = format!(
        "# Settings of a node; docs/OPERATIONS.md has all of them.\ndata = {}\n",
        quoted(&data.to_string_lossy())
    );
    if *test_network {
        text.push_str("# The key store opens with a secret that lies beside it. Remove this line for anything but tests.\ntest_network = true\n");
    }
    if !accounts.is_empty() {
        let names: Vec<_> = accounts.iter().map(|name| quoted(name)).collect();
        text.push_str(&format!("accounts = [{}]\n", names.join(", ")));
    }
    text.push_str(&format!("\n[rpc]\nlisten = {}\n", quoted(rpc)));
    if let Some(listen) = listen {
        text.push_str(&format!("\n[network]\nlisten = {}\n", quoted(&listen.to_string())));
        for (key, address) in *peers {
            let (key, address) = (quoted(&key.to_string()), quoted(address));
            text.push_str(&format!("\n[[network.peers]]\nkey = {key}\naddresses = [{address}]\n"));
        }
    }
    for tenant in *tenants {
        text.push_str(&format!("\n[[tenants]]\npsi = {}\n", quoted(tenant)));
    }
    text
}

/// Writes a file that is not there yet, whole or not at all; `false` if it is there.
pub(super) fn write_new(path: &Path, text: &str, mode: u32) -> anyhow::Result<bool> {
    let written = || {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = tempfile::Builder::new().permissions(Permissions::from_mode(mode)).tempfile_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(path) {
            Ok(_) => Ok(true),
            Err(there) if there.error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(failed) => Err(failed.error),
        }
    };
    written().with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_are_what_a_node_reads() {
        let folder = tempfile::tempdir().unwrap();
        let odd = folder.path().join("a \"quoted\" folder");
        let text = settings(&Settings {
            data: &odd,
            rpc: "127.0.0.1:1234",
            listen: None,
            test_network: true,
            tenants: &["PS1", "PS2"],
            accounts: &["alice"],
            peers: &[],
        });
        let file = folder.path().join(SETTINGS);
        assert!(write_new(&file, &text, 0o600).unwrap());
        assert!(!write_new(&file, "other", 0o600).unwrap(), "what is there stays");
        let config = Config::node(PathBuf::new()).with_file(&file).unwrap();
        assert_eq!((config.data, config.rpc.listen.port(), config.test_network), (odd, 1234, true));
        assert_eq!((config.tenants.len(), config.accounts), (2, vec!["alice".to_owned()]));
    }
}
