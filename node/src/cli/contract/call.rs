//! `coffer contract call` and `coffer contract query`. Invariant: flags are those of the contract as it is on the node.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, FromArgMatches};
use coffer_abi::ContractId;
use coffer_api::contract::{CallParams, QueryParams, SpecMethod, SpecParams, SpecView};
use coffer_api::debug::TraceCallParams;
use coffer_api::types::{Account, Number, Text};

use super::flags;
use super::recipients::To;
use super::remote::{self, Remote};
use super::trace::{self, Twins};

/// Which of the two commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// May write.
    Call,
    /// Reads only.
    Query,
    /// Either, without effect, to see what it does.
    Trace,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Query => "query",
            Self::Trace => "trace",
        }
    }

    /// True if it takes methods of that kind in a spec.
    fn takes(self, kind: &str) -> bool {
        match self {
            Self::Call => kind == "call",
            Self::Query => kind == "view",
            Self::Trace => kind == "call" || kind == "view",
        }
    }

    /// Kind of method in a spec.
    fn of_method(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Query => "view",
            Self::Trace => "method",
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::Call => "Call a method that may write, and wait for its block",
            Self::Query => "Run a view; nothing is written",
            Self::Trace => "Try a method and show what it does, call by call; nothing is written",
        }
    }

    fn examples(self) -> &'static str {
        match self {
            Self::Call => {
                "Examples:
  coffer contract call 0xID transfer --private --psi PS1 --from alice --to 0xBOB --amount 5
  coffer contract call 0xID transfer --help                  the flags of that method
  coffer contract call 0xID transfer --args '{\"to\":\"0xBOB\",\"amount\":\"5\"}' --json

A flag of the contract that has the name of one of the command's own is written --arg-NAME."
            }
            Self::Trace => {
                "Examples:
  coffer contract trace 0xID transfer --psi PS1 --from alice --to 0xBOB --amount 5
  coffer contract trace 0xID transfer --to 0xBOB --amount 5 --twin token.twin.wasm     with lines of Rust
  coffer contract trace 0xID balance_of --account 0xBOB --height 5 --json

`coffer contract build --twin` makes a twin. A flag of the contract that has the name of one of the command's own is written --arg-NAME."
            }
            Self::Query => {
                "Examples:
  coffer contract query 0xID balance_of --psi PS1 --account 0xBOB
  coffer contract query 0xID balance_of --help               the flags of that view
  coffer contract query 0xID total_supply --height 5 --json

A flag of the contract that has the name of one of the command's own is written --arg-NAME."
            }
        }
    }
}

#[derive(Debug, Args)]
struct Static {
    /// The contract
    #[arg(value_name = "ID")]
    contract: ContractId,
    /// The method
    #[arg(value_name = "METHOD")]
    method: String,
    /// Who acts: an account of the node by name, or an id
    #[arg(long, value_name = "ACCOUNT", value_parser = account)]
    from: Option<Account>,
    /// Gas it may use
    #[arg(long, value_name = "GAS")]
    gas_limit: Option<u64>,
    #[command(flatten)]
    remote: Remote,
}

/// What only a call has.
#[derive(Debug, Args)]
struct CallOnly {
    #[command(flatten)]
    to: To,
}

/// What only a query has.
#[derive(Debug, Args)]
struct QueryOnly {
    /// The state after the block of this height; the newest if left out
    #[arg(long, value_name = "HEIGHT")]
    height: Option<u64>,
}

/// What only a trace has.
#[derive(Debug, Args)]
struct TraceOnly {
    #[command(flatten)]
    twins: Twins,
    /// On the state after the block of this height; the newest if left out
    #[arg(long, value_name = "HEIGHT")]
    height: Option<u64>,
}

pub(in crate::cli) fn account(text: &str) -> Result<Account, String> {
    text.parse()
}

pub(super) fn run(kind: Kind, words: Vec<String>) -> anyhow::Result<ExitCode> {
    let method = match find_method(kind, &words) {
        Ok(method) => method,
        // Help answers without a node too, then without the contract's own flags.
        Err(_) if flags::wants_help(&words) => None,
        Err(error) => return Err(error),
    };
    let name = format!("coffer contract {}", kind.name());
    let command = Static::augment_args(clap::Command::new(name.clone()));
    let command = match kind {
        Kind::Call => CallOnly::augment_args(command),
        Kind::Query => QueryOnly::augment_args(command),
        Kind::Trace => TraceOnly::augment_args(command),
    };
    // After the structs, whose own comments would otherwise stand in the help.
    let command = command.about(kind.about()).after_help(kind.examples()).no_binary_name(true).bin_name(name);
    let command = flags::add(command, method.as_ref());
    let matches = command.get_matches_from(words);
    let args = flags::read(&matches, method.as_ref())?;
    let Static { contract, method, from, gas_limit, remote } = Static::from_arg_matches(&matches)?;
    let (contract, gas_limit, args) = (Text(contract), gas_limit.map(Number), Some(args));
    match kind {
        Kind::Call => {
            let private = Some(CallOnly::from_arg_matches(&matches)?.to.private());
            let params = CallParams { contract, method, args, private, from, gas_limit };
            let called = remote.request(&params)?;
            let mut lines = vec![("result", remote::plain(&called.result))];
            lines.extend(called.events.iter().map(|e| ("event", format!("{} {}", e.name, e.data))));
            lines.push(("transaction", called.tx.0.to_string()));
            lines.push(("height", called.height.to_string()));
            lines.push(("gas used", called.gas_used.to_string()));
            remote::show(&called, remote.json, &lines)?;
        }
        Kind::Query => {
            let height = QueryOnly::from_arg_matches(&matches)?.height.map(Number);
            let params = QueryParams { contract, method, args, from, gas_limit, height };
            let queried = remote.request(&params)?;
            let lines = [("result", remote::plain(&queried.result)), ("gas used", queried.gas_used.to_string())];
            remote::show(&queried, remote.json, &lines)?;
        }
        Kind::Trace => {
            let TraceOnly { twins, height } = TraceOnly::from_arg_matches(&matches)?;
            let twins = twins.read()?;
            let params = TraceCallParams { contract, method, args, from, gas_limit, height: height.map(Number) };
            trace::show(remote.request(&params)?, &twins, remote.json)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The method that the words name, as the contract on the node describes it; `None` if they name none yet.
fn find_method(kind: Kind, words: &[String]) -> anyhow::Result<Option<SpecMethod>> {
    let &[contract, name, ..] = flags::early_positionals(words).as_slice() else { return Ok(None) };
    let contract: ContractId = contract.parse().with_context(|| format!("{contract:?} is no contract id"))?;
    let remote = remote::early(words)?;
    let spec = remote.request(&SpecParams { contract: Text(contract), height: None })?.spec;
    choose(kind, spec, name).map(Some)
}

fn choose(kind: Kind, spec: SpecView, name: &str) -> anyhow::Result<SpecMethod> {
    let names: Vec<&str> = spec.methods.iter().filter(|m| kind.takes(&m.kind)).map(|m| m.name.as_str()).collect();
    match spec.methods.iter().find(|m| m.name == name) {
        Some(method) if kind.takes(&method.kind) => Ok(method.clone()),
        Some(method) if method.kind == "view" => bail!("`{name}` is a view: use `coffer contract query`"),
        Some(method) if method.kind == "call" => bail!("`{name}` is a call: use `coffer contract call`"),
        _ => {
            let near = coffer_api::table::nearest(name, names.iter().copied());
            let guess = near.map(|n| format!("; did you mean `{n}`?")).unwrap_or_default();
            bail!("{} has no {} `{name}`{guess} It has: {}", spec.name, kind.of_method(), names.join(", "))
        }
    }
}
