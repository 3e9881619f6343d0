//! The command line: one file per command group. Not here: what a command does to a node. Invariant: a failure ends with a sentence on the
//! error output and a code that is not zero; nothing but results goes to the standard output.

mod backup;
mod budget;
mod compile_code;
mod contract;
mod db;
mod dev;
mod init;
mod membership;
mod network;
mod print;
mod privacy;
mod programme;
mod proof;
mod recover;
mod run;
mod serve;
mod system;
mod tenant;
mod testnet;
mod vote;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use coffer_runtime::trace::printable;
use print::note;

/// A permissioned ledger node that runs WebAssembly contracts over one public chain and many private states.
#[derive(Debug, Parser)]
#[command(name = "coffer", version, propagate_version = true, after_help = EXAMPLES, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  coffer dev                             a node with two tenants and test accounts, fresh data
  coffer dev --data ./data --seed 7      the same on a folder that stays, with fixed keys and clock
  coffer contract build contracts/examples/token
  coffer contract deploy token.wasm --private --psi PS1 --from alice";

#[derive(Debug, Subcommand)]
enum Command {
    /// Start a development node: one validator, two tenants, test accounts, curl lines to paste
    Dev(dev::DevArgs),
    /// Make the folder of a node: on a new chain, or on one that is there
    Init(init::InitArgs),
    /// Run a node on a folder that `coffer init` made
    Run(run::RunArgs),
    /// Make a network of several nodes on this machine, with scripts that start and stop it
    Testnet(testnet::TestnetArgs),
    /// Show the nodes a node talks to and those that want to join, the network as the chain has it, and change what is one's own of that
    Network(network::NetworkArgs),
    /// Build, check, deploy and call contracts
    Contract(contract::ContractArgs),
    /// Bring whole budgets from a file into a programme, and into files
    Budget(budget::BudgetArgs),
    /// Make programmes of budgets in a private state, and list them
    Programme(programme::ProgrammeArgs),
    /// Void what a private state cannot execute
    Privacy(privacy::PrivacyArgs),
    /// List, add, suspend, close the tenants of a node, and rotate their keys
    Tenant(tenant::TenantArgs),
    /// Ask for proofs of what a state holds, and check them without a node
    Proof(proof::ProofArgs),
    /// Check a proof without a node, and show what it proves: `coffer proof verify`
    Verify(proof::VerifyArgs),
    /// Look at the data of a node that does not run, check them, prune and compact them, carry states away
    Db(db::DbArgs),
    /// Write what a node needs to be the same again elsewhere into one sealed file, while it runs
    Backup(backup::BackupArgs),
    /// Put a backup back into a new data folder
    Restore(backup::RestoreArgs),
    /// Go on with a chain that decides nothing any more because organisations are lost for good
    Recover(recover::RecoverArgs),
    #[command(name = crate::compile::COMMAND, hide = true)]
    CompileCode(compile_code::CompileCodeArgs),
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    // Cargo starts this program in place of rustc during `contract build`; its words are rustc's then.
    let done = if contract::rustc::is_wrapper() { contract::rustc::run() } else { command() };
    match done {
        Ok(code) => code,
        Err(error) => {
            // What others wrote, in files and answers, must not move this terminal's cursor.
            let lines: Vec<_> = told(&error).lines().map(|line| printable(line).into_owned()).collect();
            note!("error: {}", lines.join("\n"));
            ExitCode::FAILURE
        }
    }
}

/// An error with its causes; a cause that the text before it has told already is not told again.
fn told(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

fn command() -> anyhow::Result<ExitCode> {
    match Cli::parse().command {
        Command::Dev(args) => dev::run(args),
        Command::Init(args) => init::run(args),
        Command::Run(args) => run::run(args),
        Command::Testnet(args) => testnet::run(args),
        Command::Contract(args) => contract::run(args),
        Command::Budget(args) => budget::run(args),
        Command::Programme(args) => programme::run(args),
        Command::Privacy(args) => privacy::run(args),
        Command::Tenant(args) => tenant::run(args),
        Command::Proof(args) => proof::run(args),
        Command::Verify(args) => proof::run_verify(&args),
        Command::Network(args) => network::run(args),
        Command::Db(args) => db::run(args),
        Command::Backup(args) => backup::run_backup(args),
        Command::Restore(args) => backup::run_restore(args),
        Command::Recover(args) => recover::run(args),
        Command::CompileCode(args) => Ok(compile_code::run(&args)),
    }
}
