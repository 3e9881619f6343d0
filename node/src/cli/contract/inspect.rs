//! `coffer contract inspect`. Invariant: it shows what the module says, whether or not a node would accept the module.

#![expect(clippy::print_stdout, reason = "the command line talks to a person")]

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use coffer_api::contract::SpecView;
use coffer_runtime::spec;

use super::artifact::read;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coffer contract inspect token.wasm
  coffer contract inspect token.wasm --json | jq '.methods[].name'")]
pub(super) struct InspectArgs {
    /// The module
    file: PathBuf,
    /// Print JSON, as `contract_spec` gives it
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &InspectArgs) -> anyhow::Result<ExitCode> {
    let bytes = read(&args.file)?;
    let spec = spec::read(&bytes).with_context(|| format!("{} has no spec that can be read", args.file.display()))?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&SpecView::from(&spec))?);
    } else {
        print!("{}", spec::text::text(&spec));
    }
    Ok(ExitCode::SUCCESS)
}
