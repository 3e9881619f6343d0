//! `coffer backup` and `coffer restore`: a node in one sealed file. Not here: what is in it (`node`). Invariant: nothing that is there is written over.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::print::{note, say};
use crate::config::Config;
use crate::node::{BackedUp, backup, restore};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coffer backup ./node.backup --data /var/lib/coffer              beside the node that runs
  coffer backup ./keys.backup --data ./node --without-chain       small: keys, tenants, payloads, voids

The file is sealed with the secret of the node's key store, from COFFER_KEY_SECRET: keep that apart from it.
It has what the chain cannot give back, and the block log unless --without-chain says otherwise; then `restore` needs other nodes to take the chain from,
and a private state that was taken over from an export is lost. Settings are not in it.")]
pub(super) struct BackupArgs {
    /// File to write
    file: PathBuf,
    /// Data folder of the node, which may run
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The settings that the node runs with
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Leave the block log out
    #[arg(long)]
    without_chain: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coffer restore ./node.backup --data /var/lib/coffer

Stop the node that the backup is of for good first: two nodes with one key are one that says two things. A validator that is put back follows the others until it is past all that it may
have signed, and votes then.")]
pub(super) struct RestoreArgs {
    /// The backup
    file: PathBuf,
    /// Data folder to make
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run_backup(args: BackupArgs) -> anyhow::Result<ExitCode> {
    let BackupArgs { file, data, config, without_chain, json } = args;
    // A folder with its secret beside it is of a node for tests.
    let mut settings = Config::dev(PathBuf::new());
    if let Some(path) = &config {
        settings = settings.with_file(path)?;
    }
    settings.data = data;
    let done = backup(&settings, &file, !without_chain, &mut progress)?;
    tell(json, &done, &format!("written to {}", file.display()));
    Ok(ExitCode::SUCCESS)
}

pub(super) fn run_restore(args: RestoreArgs) -> anyhow::Result<ExitCode> {
    let RestoreArgs { file, data, json } = args;
    let done = restore(&file, &data, &mut progress)?;
    tell(json, &done, &format!("put back into {}", data.display()));
    if !done.about.has_chain && !json {
        note!("The chain is not in it: the node takes it from others at its start.");
    }
    Ok(ExitCode::SUCCESS)
}

fn progress(name: &str, bytes: u64) {
    note!("{name} ({} MB so far)", bytes >> 20);
}

fn tell(as_json: bool, done: &BackedUp, what: &str) {
    let BackedUp { about, files, bytes } = done;
    if as_json {
        let json = json!({
            "node": about.node.to_string(), "chainId": about.chain_id.to_string(), "time": about.time.0, "chain": about.has_chain,
            "files": files, "bytes": bytes,
        });
        say!("{json}");
        return;
    }
    let chain = if about.has_chain { "with its chain" } else { "without its chain" };
    say!("node {} {chain}, {files} files, {bytes} bytes, {what}", about.node);
}
