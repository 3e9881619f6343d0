//! `coffer contract consent`: an account of the node signs its consent to one change of a contract. Invariant: nothing is sent to the chain.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::ensure;
use clap::{Args, FromArgMatches};
use coffer_abi::ContractId;
use coffer_api::types::{Account, Base64, Number, Text};
use coffer_api::upgrade::ConsentParams;

use super::authority::NewAuthority;
use super::call::account;
use super::flags;
use super::remote::{self, Remote};
use super::upgrade::{early_module, migrate_of};

const NAME: &str = "coffer contract consent";
const ABOUT: &str =
    "Sign an account's consent to a change of a contract; whoever makes the change adds it with --consent";
const EXAMPLES: &str = "\
Examples:
  coffer contract consent 0xID counter.wasm --from bob       to new code
  coffer contract consent 0xID counter.wasm --from bob --factor 10
  coffer contract consent 0xID --parties alice,carol --from bob
  coffer contract consent 0xID --renounce --from bob

The consent holds for the contract as it is now: any change of its code or authority ends it.";

#[derive(Debug, Args)]
struct Static {
    /// The contract
    #[arg(value_name = "ID")]
    contract: ContractId,
    /// The new module, for a consent to new code
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    new: NewAuthority,
    /// Last height of a block in which it counts; 1,000 blocks ahead if left out
    #[arg(long, value_name = "HEIGHT")]
    valid_until: Option<u64>,
    /// Who consents: an account of the node by name, or an id
    #[arg(long, value_name = "ACCOUNT", value_parser = account)]
    from: Option<Account>,
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
    let Static { contract, new, valid_until, from, remote, .. } = Static::from_arg_matches(&matches)?;
    let authority = new.named();
    ensure!(
        module.is_some() != authority.is_some(),
        "consent to new code with FILE, or to another authority with --set, --parties or --renounce; to one of them at a time"
    );
    // Arguments belong to new code; a consent to an authority has none.
    let args = module.is_some().then_some(args);
    let wasm = module.map(|module| Base64(module.bytes));
    let valid_until = valid_until.map(Number);
    let params = ConsentParams { contract: Text(contract), wasm, args, authority, valid_until, from };
    let given = remote.request(&params)?;
    let lines = [
        ("consent", given.consent.0.to_string()),
        ("of", given.party.0.to_string()),
        ("revision", given.revision.to_string()),
        ("valid until height", given.valid_until.to_string()),
    ];
    remote::show(&given, remote.json, &lines)?;
    Ok(ExitCode::SUCCESS)
}
