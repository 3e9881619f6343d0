//! `coffer run`: a node in the foreground, on a folder that `coffer init` made. Not here: how a node works (`node`). Invariant: nothing is made anew that
//! others know already: neither keys nor a genesis.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;

use crate::cli::serve::{Screen, log_to_errors, serve};
use crate::config::Config;
use crate::node::{Node, check_prepared};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coffer run --config /etc/coffer/coffer.toml
  coffer run --config node1/coffer.toml --data node1 --json | head -1")]
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
    config.rpc.listen = args.rpc.unwrap_or(config.rpc.listen);
    check_prepared(&config.data)?;
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
        "Coffer {version}\n\nnode      {key}\nchain     {chain}\ndata      {data}\ntenants   {tenants}\n\n\
         Coffer is ready on http://{addr}   (Ctrl-C ends it)",
        version = env!("CARGO_PKG_VERSION"),
        key = node.key(),
        chain = node.chain_id(),
        addr = node.addr(),
    )
}
