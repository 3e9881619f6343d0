//! `coffer contract check`. Invariant: it ends with a failure exactly if a node would refuse the module, or the upgrade to it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use coffer_abi::export::MethodKind;
use coffer_runtime::spec::{self, layout};
use serde_json::json;

use super::artifact::{Module, read};

use crate::cli::print::{say, say_as_it_is};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coffer contract check token.wasm
  coffer contract check token.wasm --json | jq .report.limits
  coffer contract check token.wasm --json | jq .refused.hint
  coffer contract check new.wasm --upgrade-of old.wasm       does the new module read what the old one stored?")]
pub(super) struct CheckArgs {
    /// The module
    file: PathBuf,
    /// Compare what it stores with what this older module of the same contract stores
    #[arg(long, value_name = "OLD")]
    upgrade_of: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    let module = Module::open(&args.file).inspect_err(|error| {
        if let Some(refused) = Module::refused(&args.file, error).filter(|_| args.json) {
            say!("{refused}");
        }
    })?;
    let upgrade = args.upgrade_of.as_deref().map(|old| Upgrade::of(old, &module)).transpose()?;
    if args.json {
        let mut shown = module.json(&args.file);
        if let Some(upgrade) = &upgrade {
            shown["upgrade"] = json!({ "differences": upgrade.differences, "migrates": upgrade.migrates });
        }
        say!("{shown}");
    } else {
        say_as_it_is!("{}", module.text(&args.file));
        upgrade.iter().for_each(Upgrade::print);
    }
    Ok(if upgrade.is_none_or(|upgrade| upgrade.is_allowed()) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A module in place of an older one.
struct Upgrade {
    differences: Vec<String>,
    migrates: bool,
}

impl Upgrade {
    fn of(old: &Path, new: &Module) -> anyhow::Result<Self> {
        let old = spec::read(&read(old)?).ok();
        let differences = layout::compare(old.as_ref(), new.spec.as_ref().ok());
        Ok(Self {
            differences: differences.iter().map(ToString::to_string).collect(),
            migrates: new.report.exports.iter().any(|(kind, _)| *kind == MethodKind::Migrate),
        })
    }

    fn is_allowed(&self) -> bool {
        self.migrates || self.differences.is_empty()
    }

    fn print(&self) {
        for difference in &self.differences {
            say!("differs: {difference}");
        }
        say!(
            "upgrade: {}",
            match (self.differences.is_empty(), self.migrates) {
                (true, _) => "ok, it reads all that the old module stored",
                (false, true) => "ok, its migrate answers for what differs",
                (false, false) => "refused; write a `migrate` that brings the old storage into the new form",
            }
        );
    }
}
