//! `coffer budget`: whole programmes from a file and into files, through the JSON-RPC of a node like any client. Not here: single commands on a budget,
//! which `coffer contract call` gives. Invariant: what the contracts would not do for the account is not done here either.

mod text;
mod decimal;
mod file;
mod problem;
mod parse;
mod resource;
mod rights;
mod link;
mod answer;
mod look;
mod check;
mod compare;
mod command;
mod plan;
mod progress;
mod carry;
mod import;
mod export;
mod written;
mod sheets;

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use coffer_abi::ContractId;
use coffer_api::programme::ListParams;
use coffer_api::types::Account;

use self::link::Link;
use super::contract::remote::{Remote, told};
use super::print::say;

#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  coffer budget import programme.json --programme health --psi PS1 --from alice --dry-run
  coffer budget export --programme health --psi PS1 --from alice --out programme.json
  coffer budget export --programme health --psi PS1 --from alice --format csv --out ./sheets
  coffer budget schema > coffer-budget.schema.json"
)]
pub(super) struct BudgetArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Bring users, groups, rights, projects, subprojects and workflow items of a file into a programme
    Import(import::ImportArgs),
    /// Write what an account may see of a programme into a file, or into sheets
    Export(export::ExportArgs),
    /// Print the JSON Schema of the file
    Schema,
}

/// Which programme, and as whom.
#[derive(Debug, Args)]
struct Programme {
    /// The programme by its name, as `coffer programme list` shows it
    #[arg(long, value_name = "NAME", required_unless_present = "budget", conflicts_with = "budget")]
    programme: Option<String>,
    /// The budget contract of a programme that was deployed by hand
    #[arg(long, value_name = "ID")]
    budget: Option<ContractId>,
    /// Who acts: an account of the node by name, or an id
    #[arg(long, value_name = "ACCOUNT", value_parser = super::contract::call::account)]
    from: Account,
    /// Requests at the same time
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=256))]
    in_flight: u16,
    #[command(flatten)]
    remote: Remote,
}

impl Programme {
    async fn open(&self) -> anyhow::Result<Link> {
        let budget = self.contract().await?;
        Link::open(&self.remote, budget, self.from.clone(), self.in_flight.into()).await
    }

    /// The budget contract.
    async fn contract(&self) -> anyhow::Result<ContractId> {
        let Some(name) = &self.programme else { return self.budget.context("no programme; name one with --programme") };
        let client = self.remote.client()?;
        let mut after = None;
        loop {
            let page = client.request(&ListParams { after, limit: None }).await.map_err(told)?;
            if let Some(found) = page.items.iter().find(|programme| programme.name == *name) {
                if !found.genuine {
                    let id = found.budget.0;
                    bail!(
                        "the contracts of programme {name:?} have other code than the chain came with; if that is meant, say --budget {id}"
                    );
                }
                return Ok(found.budget.0);
            }
            after = page.next;
            if after.is_none() {
                bail!("no programme is named {name:?} here; `coffer programme list` shows those of the private state");
            }
        }
    }

    fn json(&self) -> bool {
        self.remote.json
    }
}

/// Runs the command.
pub(super) fn run(args: BudgetArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Import(args) => import::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Schema => {
            say!("{}", serde_json::to_string_pretty(&schemars::schema_for!(file::File))?);
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Waits for what is done over the network.
fn blocking(work: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("the asynchronous runtime does not start")?.block_on(work)
}
