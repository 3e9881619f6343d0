//! `coffer contract`: from source to a call. One file per command. Not here: what the node does with a request. Invariant: a command that
//! talks to a node sends nothing before its arguments are understood completely.

mod artifact;
mod build;
pub(super) mod rustc;
mod check;
mod inspect;
pub(super) mod remote;
mod flags;
mod recipients;
mod deploy;
pub(super) mod call;
mod upgrade;
mod authority;
mod consent;
mod trace;

use std::process::ExitCode;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  coffer contract build contracts/examples/token
  coffer contract check token.wasm
  coffer contract deploy token.wasm --private --psi PS1 --from alice --name Gold --symbol G --decimals 2 --supply 1000
  coffer contract call 0xID transfer --private --psi PS1 --to 0xBOB --amount 5
  coffer contract query 0xID balance_of --psi PS1 --account 0xBOB
  coffer contract replay 0xTX --twin token.twin.wasm
  coffer contract upgrade 0xID token.wasm --dry-run
  coffer contract call 0xID transfer --help          the flags of that method"
)]
pub(super) struct ContractArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build a contract with plain cargo, reproducibly, and check it
    Build(build::BuildArgs),
    /// Say whether a module satisfies the rules for contracts, and how much of each limit it uses
    Check(check::CheckArgs),
    /// Show what a module says of itself: methods, types, events, errors, storage
    Inspect(inspect::InspectArgs),
    /// Make a contract on a node; flags for `init` come from the module
    #[command(disable_help_flag = true)]
    Deploy(RawArgs),
    /// Call a method that may write; flags come from the contract
    #[command(disable_help_flag = true)]
    Call(RawArgs),
    /// Run a view; flags come from the contract
    #[command(disable_help_flag = true)]
    Query(RawArgs),
    /// Try a method and show what it does, call by call; nothing is written
    #[command(disable_help_flag = true)]
    Trace(RawArgs),
    /// Execute a transaction again and show what it did, call by call
    Replay(trace::ReplayArgs),
    /// Give a contract new code; flags for `migrate` come from the module
    #[command(disable_help_flag = true)]
    Upgrade(RawArgs),
    /// Show or change who may give a contract new code
    Authority(authority::AuthorityArgs),
    /// Sign an account's consent to a change of a contract
    #[command(disable_help_flag = true)]
    Consent(RawArgs),
}

/// Words that can be understood only after a contract's spec was read.
#[derive(Debug, Args)]
struct RawArgs {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    words: Vec<String>,
}

pub(super) fn run(args: ContractArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Build(args) => build::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Deploy(args) => deploy::run(args.words),
        Command::Call(args) => call::run(call::Kind::Call, args.words),
        Command::Query(args) => call::run(call::Kind::Query, args.words),
        Command::Trace(args) => call::run(call::Kind::Trace, args.words),
        Command::Replay(args) => trace::replay(&args),
        Command::Upgrade(args) => upgrade::run(args.words),
        Command::Authority(args) => authority::run(args),
        Command::Consent(args) => consent::run(args.words),
    }
}
