//! `coffer dev`: a development node in the foreground. Not here: how a node works (`node`). Invariant: Ctrl-C stops it in order; without
//! `--data` nothing stays behind.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde_json::json;

use crate::cli::serve::{Screen, log_to_errors, serve};
use crate::config::Config;
use crate::node::Node;

/// The page with the first steps; its lines are what the screen shows, so the two cannot drift apart.
const README: &str = include_str!("../../../README.md");
/// Address in the lines of the README.
const README_ADDR: &str = "127.0.0.1:8545";

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coffer dev
  coffer dev --rpc 127.0.0.1:0 --json | head -1     any free port; the first line says which
  coffer dev --data ./data                          restart it and everything is still there")]
pub(super) struct DevArgs {
    /// Data folder; made if it is not there, kept at the end. Without it: a fresh one that is removed at the end
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where to listen; port 0 takes any free port
    #[arg(long, value_name = "ADDR")]
    rpc: Option<SocketAddr>,
    /// Fixes keys, ids, salts and clock: two nodes fed the same calls make the same chain
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Settings in TOML; options given here win
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print one line of JSON when ready, and nothing else
    #[arg(long)]
    json: bool,
    /// What to log to the error output: error, warn, info, debug, or per module
    #[arg(long, value_name = "FILTER", env = "COFFER_LOG", default_value = "warn,coffer=info")]
    log: String,
}

pub(super) fn run(args: DevArgs) -> anyhow::Result<ExitCode> {
    log_to_errors(&args.log)?;
    let mut temporary = None;
    let mut config = Config::dev(PathBuf::new());
    if let Some(file) = &args.config {
        config = config.with_file(file)?;
    }
    if let Some(data) = args.data {
        config.data = data;
    } else if config.data.as_os_str().is_empty() {
        let folder = tempfile::Builder::new().prefix("coffer-dev-").tempdir();
        let folder = folder.context("cannot make a temporary data folder; name one with --data DIR")?;
        config.data = folder.path().to_owned();
        temporary = Some(folder);
    }
    config.rpc.listen = args.rpc.unwrap_or(config.rpc.listen);
    config.seed = args.seed;
    config.system = super::system::contracts()?;
    let data = config.data.clone();
    let tenants: Vec<String> = config.tenants.iter().map(ToString::to_string).collect();
    let screen = if args.json { Screen::Json } else { Screen::Text };
    let done = serve(config, screen, |node| match screen {
        Screen::Json => ready_json(node, &tenants, &data).to_string(),
        Screen::Text => ready_text(node, &tenants, &data, temporary.is_some()),
    });
    if let Some(folder) = temporary {
        folder.close().context("cannot remove the temporary data folder")?;
    }
    done
}

/// What programs read when a node is ready.
pub(super) fn ready_json(node: &Node, tenants: &[String], data: &Path) -> serde_json::Value {
    let accounts = node.accounts().iter().map(|a| (a.name.clone(), a.id.to_string().into()));
    json!({
        "rpc": format!("http://{}", node.addr()),
        "node": node.key().to_string(),
        "network": node.network().status().listening.first().map(ToString::to_string),
        "chainId": node.chain_id().to_string(),
        "data": data,
        "tenants": tenants,
        "accounts": accounts.collect::<serde_json::Map<_, _>>(),
    })
}

fn ready_text(node: &Node, tenants: &[String], data: &Path, temporary: bool) -> String {
    let addr = node.addr();
    let stays = if temporary { " (removed at the end; keep it with --data DIR)" } else { "" };
    let width = node.accounts().iter().map(|a| a.name.len()).max().unwrap_or(0);
    let accounts: String = node.accounts().iter().map(|a| format!("  {:width$}  {}\n", a.name, a.id)).collect();
    format!(
        "Coffer {version}, development node. Not for production: its keys lie beside its data.\n\n\
         chain     {chain}\n\
         data      {data}{stays}\n\
         tenants   {tenants}   (name one with ?PSI=NAME; without it: private)\n\n\
         Accounts\n{accounts}\n\
         Paste into a second terminal, in the folder of the Coffer repository:\n\n{steps}\n\
         Coffer is ready on http://{addr}   (Ctrl-C ends it)",
        version = env!("CARGO_PKG_VERSION"),
        chain = node.chain_id(),
        data = data.display(),
        tenants = tenants.join(", "),
        steps = first_steps(&addr.to_string()),
    )
}

/// The shell lines of the README, for a node that listens at `addr`.
fn first_steps(addr: &str) -> String {
    let lines = README.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap_or_default();
    lines.replace(README_ADDR, addr)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_screen_shows_the_lines_of_the_readme_with_the_nodes_own_address() {
        let steps = first_steps("127.0.0.1:4711");
        assert!(steps.contains("http://127.0.0.1:4711/?PSI=$1") && !steps.contains(README_ADDR));
        for part in ["contract_deploy", "transfer", "balance_of", "contract_events", "PS2", "psi_trieRoot"] {
            assert!(steps.contains(part), "{part}");
        }
    }
}
