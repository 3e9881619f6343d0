//! `coffer contract upgrade`. Invariant: a module that a node would refuse is not sent, and a dry run sends nothing that stays.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, FromArgMatches};
use coffer_abi::ContractId;
use coffer_api::contract::{SpecMethod, SpecView};
use coffer_api::tx::TxStatus;
use coffer_api::types::{Account, Base64, Number, Text};
use coffer_api::upgrade::{CheckUpgradeParams, UpgradeCheck, UpgradeParams};
use coffer_chain::Consent;

use super::artifact::Module;
use super::call::account;
use super::flags;
use super::remote::{self, Remote};

const NAME: &str = "coffer contract upgrade";
const ABOUT: &str = "Give a contract new code, and wait for its block";
const EXAMPLES: &str = "\
Examples:
  coffer contract upgrade 0xID counter.wasm --dry-run        what would happen; nothing changes
  coffer contract upgrade 0xID counter.wasm --private --psi PS1 --from alice
  coffer contract upgrade 0xID counter.wasm --factor 10      with an argument of its migrate
  coffer contract upgrade 0xID counter.wasm --consent 0xBOBS the consent of another party, made with `contract consent`
  coffer contract check counter.wasm --upgrade-of old.wasm   compare the storage of two modules, without a node

A flag of the contract that has the name of one of the command's own is written --arg-NAME.";

#[derive(Debug, Args)]
struct Static {
    /// The contract
    #[arg(value_name = "ID")]
    contract: ContractId,
    /// The new module
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Say what would happen, on the node's newest state; nothing is kept
    #[arg(long)]
    dry_run: bool,
    /// A consent that another party made with `contract consent`; may stand several times
    #[arg(long, value_name = "0xHEX")]
    consent: Vec<Consent>,
    /// Who acts: an account of the node by name, or an id
    #[arg(long, value_name = "ACCOUNT", value_parser = account)]
    from: Option<Account>,
    /// Gas it may use
    #[arg(long, value_name = "GAS")]
    gas_limit: Option<u64>,
    /// The contract is in the private state, not in the public one
    #[arg(long)]
    private: bool,
    #[command(flatten)]
    remote: Remote,
}

pub(super) fn run(words: Vec<String>) -> anyhow::Result<ExitCode> {
    let module = early_module(&words)?;
    let migrate = module.as_ref().and_then(migrate_of);
    // After the struct, whose own comment would otherwise stand in the help.
    let command = Static::augment_args(clap::Command::new(NAME)).about(ABOUT).after_help(EXAMPLES);
    let command = flags::add(command.no_binary_name(true).bin_name(NAME), migrate.as_ref());
    let matches = command.get_matches_from(words);
    let args = flags::read(&matches, migrate.as_ref())?;
    let Static { contract, file, dry_run, consent, from, gas_limit, private, remote } =
        Static::from_arg_matches(&matches)?;
    let wasm = Base64(match module {
        Some(module) => module.bytes,
        None => Module::open(&file)?.bytes,
    });
    let consents = Some(consent.into_iter().map(Text).collect());
    let (contract, args, gas_limit) = (Text(contract), Some(args), gas_limit.map(Number));
    if dry_run {
        let params = CheckUpgradeParams { contract, wasm, args, consents, from, gas_limit };
        return show_check(&remote.request(&params)?, remote.json);
    }
    let (revision, private) = (None, Some(private.into()));
    let params = UpgradeParams { contract, wasm, args, consents, revision, private, from, gas_limit };
    let upgraded = remote.request(&params)?;
    let mut lines = vec![("code", upgraded.code_hash.0.to_string()), ("revision", upgraded.revision.to_string())];
    lines.push(("result", remote::plain(&upgraded.result)));
    lines.extend(upgraded.events.iter().map(|e| ("event", format!("{} {}", e.name, e.data))));
    lines.push(("transaction", upgraded.tx.0.to_string()));
    lines.push(("height", upgraded.height.to_string()));
    lines.push(("gas used", upgraded.gas_used.to_string()));
    remote::show(&upgraded, remote.json, &lines)?;
    Ok(ExitCode::SUCCESS)
}

/// Ends with a failure if the upgrade would.
fn show_check(check: &UpgradeCheck, json: bool) -> anyhow::Result<ExitCode> {
    let ok = check.status == TxStatus::Ok && check.missing.is_empty();
    let mut lines = vec![("code", check.code_hash.0.to_string()), ("revision", check.revision.to_string())];
    lines.extend(check.differences.iter().map(|difference| ("differs", difference.clone())));
    if !check.differences.is_empty() {
        let covered = if check.migrates { "yes: the new module answers for what differs" } else { "no" };
        lines.push(("migrate", covered.into()));
    }
    lines.extend(check.missing.iter().map(|m| ("missing consent", format!("{} ({})", m.account.0, m.reason))));
    match check.error.is_null() {
        true => lines.push(("result", remote::plain(&check.result))),
        false => lines.push(("would fail", check.error.to_string())),
    }
    lines.push(("storage entries changed", check.changes.to_string()));
    lines.push(("gas used", check.gas_used.to_string()));
    remote::show(check, json, &lines)?;
    Ok(if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The module behind the contract among the words, before the rest can be understood.
pub(super) fn early_module(words: &[String]) -> anyhow::Result<Option<Module>> {
    let file = flags::early_positionals(words).get(1).map(PathBuf::from);
    match file.map(|file| Module::open(&file)).transpose() {
        Ok(module) => Ok(module),
        Err(_) if flags::wants_help(words) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What a module says of its `migrate`.
pub(super) fn migrate_of(module: &Module) -> Option<SpecMethod> {
    let spec = module.spec.as_ref().ok()?;
    SpecView::from(spec).methods.into_iter().find(|m| m.kind == "migrate")
}
