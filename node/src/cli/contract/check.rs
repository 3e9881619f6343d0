//! `coffer contract check`. Invariant: it ends with a failure exactly if a node would refuse the module.

#![expect(clippy::print_stdout, reason = "the command line talks to a person")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::artifact::Module;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coffer contract check token.wasm
  coffer contract check token.wasm --json | jq .report.limits
  coffer contract check token.wasm --json | jq .refused.hint")]
pub(super) struct CheckArgs {
    /// The module
    file: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    let module = Module::open(&args.file).inspect_err(|error| {
        if let Some(refused) = Module::refused(&args.file, error).filter(|_| args.json) {
            println!("{refused}");
        }
    })?;
    if args.json {
        println!("{}", module.json(&args.file));
    } else {
        print!("{}", module.text(&args.file));
    }
    Ok(ExitCode::SUCCESS)
}
