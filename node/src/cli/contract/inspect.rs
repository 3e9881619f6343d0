//! `coffer contract inspect`. Invariant: it shows what the module says, whether or not a node would accept the module.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use coffer_api::contract::SpecView;
use coffer_runtime::spec;

use super::artifact::read;

use crate::cli::print::{say, say_as_it_is};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coffer contract inspect token.wasm
  coffer contract inspect token.wasm --json | jq '.methods[].name'
  coffer contract inspect token.wasm --save token.spec       for import_contract! of a contract that calls it")]
pub(super) struct InspectArgs {
    /// The module
    file: PathBuf,
    /// Print JSON, as `contract_spec` gives it
    #[arg(long)]
    json: bool,
    /// Write the spec's bytes to this file too: all that another contract needs to call this one
    #[arg(long, value_name = "SPEC")]
    save: Option<PathBuf>,
}

pub(super) fn run(args: &InspectArgs) -> anyhow::Result<ExitCode> {
    let bytes = read(&args.file)?;
    let spec = spec::read(&bytes).with_context(|| format!("{} has no spec that can be read", args.file.display()))?;
    if let Some(path) = &args.save {
        std::fs::write(path, spec.to_section()).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if args.json {
        say!("{}", serde_json::to_string_pretty(&SpecView::from(&spec))?);
    } else {
        say_as_it_is!("{}", spec::text::text(&spec));
    }
    Ok(ExitCode::SUCCESS)
}
