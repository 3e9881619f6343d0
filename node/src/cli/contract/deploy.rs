//! `coffer contract deploy`. Invariant: a module that a node would refuse is not sent.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, FromArgMatches};
use coffer_abi::Hash;
use coffer_api::contract::{DeployParams, SpecMethod, SpecView};
use coffer_api::types::{Account, Base64, Number, Text};
use coffer_api::upgrade::Authority;

use super::artifact::Module;
use super::authority::in_one_word;
use super::call::account;
use super::flags;
use super::recipients::To;
use super::remote::{self, Remote};

const NAME: &str = "coffer contract deploy";
const ABOUT: &str = "Make a contract on a node, and wait for its block";
const EXAMPLES: &str = "\
Examples:
  coffer contract deploy counter.wasm --start 5
  coffer contract deploy token.wasm --private --psi PS1 --from alice --name Gold --symbol G --decimals 2 --supply 1000
  coffer contract deploy token.wasm --help                   the flags of its init

A flag of the contract that has the name of one of the command's own is written --arg-NAME.";

#[derive(Debug, Args)]
struct Static {
    /// The module
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Who acts: an account of the node by name, or an id
    #[arg(long, value_name = "ACCOUNT", value_parser = account)]
    from: Option<Account>,
    /// Gas it may use
    #[arg(long, value_name = "GAS")]
    gas_limit: Option<u64>,
    #[command(flatten)]
    to: To,
    /// 32 bytes as hex that make ids differ; random if left out
    #[arg(long, value_name = "0xHEX")]
    salt: Option<Hash>,
    /// Who may upgrade it: an account, several with commas between them that must all consent, or none; who acts if left out
    #[arg(long, value_name = "ACCOUNT", value_parser = in_one_word)]
    authority: Option<Authority>,
    #[command(flatten)]
    remote: Remote,
}

pub(super) fn run(words: Vec<String>) -> anyhow::Result<ExitCode> {
    let file = flags::early_positionals(&words).first().map(PathBuf::from);
    let module = match file.map(|file| Module::open(&file)).transpose() {
        Ok(module) => module,
        Err(_) if flags::wants_help(&words) => None,
        Err(error) => return Err(error),
    };
    let init = module.as_ref().and_then(init_of);
    // After the struct, whose own comment would otherwise stand in the help.
    let command = Static::augment_args(clap::Command::new(NAME)).about(ABOUT).after_help(EXAMPLES);
    let command = flags::add(command.no_binary_name(true).bin_name(NAME), init.as_ref());
    let matches = command.get_matches_from(words);
    let args = flags::read(&matches, init.as_ref())?;
    let Static { file, from, gas_limit, to, salt, authority, remote } = Static::from_arg_matches(&matches)?;
    let bytes = match module {
        Some(module) => module.bytes,
        None => Module::open(&file)?.bytes,
    };
    let params = DeployParams {
        wasm: Base64(bytes),
        init: Some(args),
        salt: salt.map(Text),
        private: Some(to.private()),
        from,
        authority,
        gas_limit: gas_limit.map(Number),
    };
    let deployed = remote.request(&params)?;
    let lines = [
        ("contract", deployed.contract.0.to_string()),
        ("transaction", deployed.tx.0.to_string()),
        ("height", deployed.height.to_string()),
        ("gas used", deployed.gas_used.to_string()),
    ];
    remote::show(&deployed, remote.json, &lines)?;
    Ok(ExitCode::SUCCESS)
}

fn init_of(module: &Module) -> Option<SpecMethod> {
    let spec = module.spec.as_ref().ok()?;
    SpecView::from(spec).methods.into_iter().find(|m| m.kind == "init")
}
