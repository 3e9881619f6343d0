//! `coffer run`: a node in the foreground, on a folder that `coffer init` made. Not here: how a node works (`node`). Invariant: nothing is made anew that
//! others know already: neither keys nor a genesis.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;

use crate::cli::serve::{Screen, log_to_errors, serve};
use crate::config::Config;
use crate::consensus::engine::Mark;
use crate::network::Status;
use crate::node::{Node, check_prepared};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coffer run --config /etc/coffer/coffer.toml
  coffer run --config node1/coffer.toml --data node1 --json | head -1
  coffer run --config node9/coffer.toml --snapshot              joins a long chain by its state")]
pub(super) struct RunArgs {
    /// Settings in TOML; options given here win
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Data folder that `coffer init` made; that of the settings if left out
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where to listen for requests; port 0 takes any free port
    #[arg(long, value_name = "ADDR")]
    rpc: Option<SocketAddr>,
    /// Vote above this round, though this node lost what it said (its log of the engine, or its record of the last signed round) and follows without voting
    ///
    /// A node that could say something else than before must not vote, so it waits until the others are past it. Where they cannot go on
    /// without its vote, nobody ever is. Give the height that is being decided and the highest round any of the others is in (`coffer network status` on
    /// each of them). While the option is needed the node counts as one that may fail: do not give it to two nodes at once.
    #[arg(long, value_name = "HEIGHT:ROUND")]
    vote_above: Option<Mark>,
    /// Begin with the public state of other nodes, not with the genesis, if the folder holds no block yet
    #[arg(long)]
    snapshot: bool,
    /// Print one line of JSON when ready, and nothing else
    #[arg(long)]
    json: bool,
    /// What to log to the error output: error, warn, info, debug, or per module
    #[arg(long, value_name = "FILTER", env = "COFFER_LOG", default_value = "warn,coffer=info")]
    log: String,
}

pub(super) fn run(args: RunArgs) -> anyhow::Result<ExitCode> {
    log_to_errors(&args.log)?;
    let mut config = Config::node(PathBuf::new()).with_file(&args.config)?;
    if let Some(data) = args.data {
        config.data = data;
    }
    if config.data.as_os_str().is_empty() {
        bail!("{} names no data folder; add `data = \"DIR\"` to it, or give --data DIR", args.config.display());
    }
    config.vote_above = args.vote_above;
    config.rpc.listen = args.rpc.unwrap_or(config.rpc.listen);
    config.snapshot |= args.snapshot;
    if let Some(offence) = config.check_snapshot() {
        bail!("{offence}");
    }
    check_prepared(&config)?;
    let data = config.data.clone();
    let tenants: Vec<String> = config.tenants.iter().map(ToString::to_string).collect();
    let screen = if args.json { Screen::Json } else { Screen::Text };
    serve(config, screen, |node| match screen {
        Screen::Json => super::dev::ready_json(node, &tenants, &data).to_string(),
        Screen::Text => ready_text(node, &tenants, &data.display().to_string()),
    })
}

fn ready_text(node: &Node, tenants: &[String], data: &str) -> String {
    let tenants = if tenants.is_empty() { "none".to_owned() } else { tenants.join(", ") };
    format!(
        "Coffer {version}\n\nnode      {key}\nchain     {chain}\ndata      {data}\ntenants   {tenants}\npeers     {peers}\n\n\
         Coffer is ready on http://{addr}   (Ctrl-C ends it)",
        version = env!("CARGO_PKG_VERSION"),
        key = node.key(),
        chain = node.chain_id(),
        peers = peers(&node.network().status()),
        addr = node.addr(),
    )
}

/// Where other nodes find this one, as far as it knows.
fn peers(status: &Status) -> String {
    let listening: Vec<_> = status.listening.iter().map(super::network::listens).collect();
    match (&status.external, listening.is_empty()) {
        (_, true) => "listens nowhere; it dials the nodes it knows".into(),
        (Some(external), false) => format!("listens on {}; others reach it at {external}", listening.join(", ")),
        (None, false) => format!("listens on {}; {}", listening.join(", "), super::network::NO_EXTERNAL),
    }
}
