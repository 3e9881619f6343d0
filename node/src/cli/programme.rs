//! `coffer programme`: making programmes in a private state and listing them. Not here: what is done in one (`coffer contract call`).
//! Invariant: a command that made a programme, asked again, shows the same one.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use coffer_abi::Hash;
use coffer_api::programme::{DeployParams, ListParams, Programme};
use coffer_api::types::{Account, Number, Text};
use coffer_runtime::trace::printable;

use super::contract::remote::{Remote, show};
use crate::cli::print::{note, say};

#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  coffer programme deploy health --psi PS1 --from alice --organisation Ministry --user ada
  coffer programme deploy health --psi PS1 --organisation Ministry --user ada --party Ministry --party Bank --json
  coffer programme list --psi PS1
  coffer contract call 0xBUDGET project_create --help          what is done in one"
)]
pub(super) struct ProgrammeArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a permission and a budget contract in the private state, linked with each other
    Deploy(DeployArgs),
    /// List the programmes of the private state
    List(ListArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coffer programme deploy health --psi PS1 --from alice --organisation Ministry --user ada
  coffer programme deploy roads --psi PS1 --organisation Ministry --user ada --account bob --party Ministry --party Bank

Asked again with the same words, it shows the programme that is there.")]
struct DeployArgs {
    /// Name of the programme, one of its own in the private state
    name: String,
    /// Organisation of the first administrator
    #[arg(long, value_name = "ORGANISATION")]
    organisation: String,
    /// Id of the first administrator in the organisation
    #[arg(long, value_name = "ID")]
    user: String,
    /// What the first administrator signs with; who acts if left out
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<Account>,
    /// Commitment to what the first administrator is called
    #[arg(long, value_name = "0xHEX")]
    display: Option<Hash>,
    /// An organisation of the programme, with a voice when something closed is to be opened again; the administrator's if there is none
    #[arg(long = "party", value_name = "ORGANISATION")]
    parties: Vec<String>,
    /// Who acts: an account of the node by name, or an id
    #[arg(long, value_name = "ACCOUNT")]
    from: Option<Account>,
    /// Gas it may use
    #[arg(long, value_name = "GAS")]
    gas_limit: Option<u64>,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coffer programme list --psi PS1
  coffer programme list --psi PS1 --json | jq -r '.items[].budget'")]
struct ListArgs {
    /// Programmes behind this name
    #[arg(long, value_name = "NAME")]
    after: Option<String>,
    /// At most so many, 50 at once
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    #[command(flatten)]
    remote: Remote,
}

pub(super) fn run(args: ProgrammeArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Deploy(args) => deploy(args),
        Command::List(args) => list(args),
    }
}

fn deploy(args: DeployArgs) -> anyhow::Result<ExitCode> {
    let DeployArgs { name, organisation, user, account, display, parties, from, gas_limit, remote } = args;
    let params = DeployParams {
        name,
        organisation,
        user,
        account,
        display: display.map(Text),
        parties: (!parties.is_empty()).then_some(parties),
        from,
        gas_limit: gas_limit.map(Number),
    };
    let made = remote.request(&params)?;
    show(&made, remote.json, &lines(&made))?;
    Ok(ExitCode::SUCCESS)
}

fn list(args: ListArgs) -> anyhow::Result<ExitCode> {
    let ListArgs { after, limit, remote } = args;
    let page = remote.request(&ListParams { after, limit: limit.map(Number) })?;
    if remote.json {
        say!("{}", serde_json::to_string(&page)?);
        return Ok(ExitCode::SUCCESS);
    }
    if page.items.is_empty() {
        note!("no programmes; make one with `coffer programme deploy`");
    }
    for programme in &page.items {
        for (name, value) in lines(programme) {
            say!("{name}: {}", printable(&value));
        }
    }
    if let Some(next) = &page.next {
        note!("there are more: --after {}", printable(next));
    }
    Ok(ExitCode::SUCCESS)
}

fn lines(programme: &Programme) -> Vec<(&'static str, String)> {
    let mut lines = vec![
        ("programme", programme.name.clone()),
        ("permission", programme.permission.0.to_string()),
        ("budget", programme.budget.0.to_string()),
        ("deployer", programme.deployer.0.to_string()),
        ("height", programme.height.to_string()),
    ];
    if !programme.genuine {
        lines.push(("not genuine", "its contracts have other code than the chain came with".into()));
    }
    lines
}
