//! `coffer privacy`: voiding a private transaction. Not here: sending private calls (`coffer contract call`). Invariant: what cannot be taken back is done only when its words say so.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use coffer_abi::Hash;
use coffer_api::types::Text;
use coffer_api::void::VoidParams;

use super::contract::remote::{Remote, show};

#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  coffer privacy void 0xMARKER --psi PS1          never execute what this marker orders"
)]
pub(super) struct PrivacyArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Sign that the private state never executes what a marker orders for it. It cannot be taken back
    Void(VoidArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coffer privacy void 0xMARKER --psi PS1
  coffer privacy void 0xMARKER --psi PS1 --json | jq -r .height

For a private state that is held at a marker whose payload is lost for good; `psi_status` shows the marker. The other parties execute it
all the same. Asked again, the void is sent again.")]
struct VoidArgs {
    /// The marker's transaction
    marker: Hash,
    #[command(flatten)]
    remote: Remote,
}

/// Does what was asked.
pub(super) fn run(args: PrivacyArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Void(VoidArgs { marker, remote }) => {
            let done = remote.request(&VoidParams { tx: Text(marker) })?;
            let lines = [
                ("void", done.tx.0.to_string()),
                ("block", done.height.to_string()),
                ("marker's block", done.marker_height.to_string()),
                ("status", serde_json::to_value(done.status)?.as_str().unwrap_or_default().to_owned()),
            ];
            show(&done, remote.json, &lines)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
