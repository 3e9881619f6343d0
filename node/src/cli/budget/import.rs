//! `coffer budget import`. Invariants: nothing is written before the whole file is found good; the same file a second time changes nothing; an import
//! that ended in its middle goes on where it was.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::carry::Carrier;
use super::check::{self, Known};
use super::file::File;
use super::link::{Link, Part};
use super::parse;
use super::plan::{Own, Plan, Planner};
use super::problem::Problems;
use super::progress::Progress;
use super::{Programme, blocking};
use crate::cli::print::{note, say};
use coffer_runtime::trace::printable;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coffer budget import programme.json --programme health --psi PS1 --from alice --dry-run
  coffer budget import programme.json --programme health --psi PS1 --from alice
  jq … other.json | coffer budget import - --programme health --psi PS1 --from alice --json

The whole file is checked before anything is written. Import it again after it was broken off, or after a correction: what is there
already stays. The form of the file: `coffer budget schema`, docs/BUDGET.md.")]
pub(super) struct ImportArgs {
    /// The file, at most 256 MiB; `-` for the standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Check everything and say what would be done, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Change what is there and differs, where a command can
    #[arg(long)]
    update: bool,
    #[command(flatten)]
    programme: Programme,
}

/// Runs the command.
pub(super) fn run(args: &ImportArgs) -> anyhow::Result<ExitCode> {
    let text = parse::load(&args.file)?;
    let (file, problems) = parse::read(&text);
    drop(text);
    blocking(import(args, &file, problems))
}

async fn import(args: &ImportArgs, file: &File, mut problems: Problems) -> anyhow::Result<ExitCode> {
    let link = args.programme.open().await?;
    let currencies: Vec<String> = link.view(Part::Budget, "currencies", json!({})).await?;
    let currencies: BTreeSet<String> = currencies.into_iter().collect();
    let roles = roles(&link, file).await?;
    let known = Known { catalogue: &link.catalogue, currencies: &currencies, roles: &roles };
    check::check(file, &known, &mut problems);
    if !problems.is_empty() {
        return Ok(refused(args, &problems));
    }
    let planner = Planner { link: &link, file, known: &known, update: args.update, is_in: RefCell::default() };
    let (plan, problems) = planner.plan().await?;
    if !problems.is_empty() {
        return Ok(refused(args, &problems));
    }
    let counts = Counts::of(&plan);
    if args.dry_run {
        told(args, &counts, "to be ", &Problems::default(), None);
        return Ok(ExitCode::SUCCESS);
    }
    let carry = async |plan: &Plan, rows: usize| {
        let progress = Progress::of(rows);
        let carrier = Carrier { link: &link, file, progress: &progress, problems: RefCell::default() };
        let done = carrier.carry(plan).await;
        let (took, problems) = (progress.end(), carrier.problems.into_inner());
        done.map(|()| (took, problems, progress.skipped()))
    };
    let (mut took, mut problems, mut skipped) = carry(&plan, counts.to_do).await?;
    if problems.to_string().contains(THERE) {
        // Of an import that was killed, whose last calls came into blocks after this one had looked.
        let (rest, unplanned) = planner.plan().await?;
        if unplanned.is_empty() {
            let more;
            (more, problems, skipped) = carry(&rest, Counts::of(&rest).to_do).await?;
            took += more;
        }
    }
    told(args, &counts, "", &problems, Some(took));
    if problems.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let skipped = match skipped {
        0 => String::new(),
        rows => format!(", {rows} rows that rest on them not tried"),
    };
    note!("error: {} refused{skipped}; correct them and import the file again", problems.count());
    list(&problems);
    Ok(ExitCode::FAILURE)
}

/// What a contract answers to who makes what is there.
const THERE: &str = "AlreadyExists";

/// Roles of the file, and those of the chain that it does not define.
async fn roles(link: &Link, file: &File) -> anyhow::Result<BTreeMap<String, Vec<usize>>> {
    let worded = |words: Vec<String>| words.iter().filter_map(|word| link.catalogue.worded(word)).collect();
    let mut roles: BTreeMap<String, Vec<usize>> =
        link.roles().await?.into_iter().map(|role| (role.role, worded(role.intents))).collect();
    for role in &file.roles {
        // A name that is none is told when the file is checked.
        roles.insert(role.role.to_string(), link.catalogue.read(&role.intents).unwrap_or_default());
    }
    Ok(roles)
}

fn refused(args: &ImportArgs, problems: &Problems) -> ExitCode {
    if args.programme.json() {
        say!("{}", json!({ "written": false, "problems": problems.kept(), "more": problems.more() }));
    }
    let rows = if problems.count() == 1 { "1 problem".to_owned() } else { format!("{} problems", problems.count()) };
    note!("error: nothing was written: {rows}");
    list(problems);
    ExitCode::FAILURE
}

/// Each problem on a line of its own; what others wrote into the file must not move this terminal's cursor.
fn list(problems: &Problems) {
    problems.to_string().lines().for_each(|line| note!("  {}", printable(line)));
}

/// What an import does, by kinds of rows.
#[derive(Debug, Default)]
struct Counts {
    /// Rows with something to do.
    to_do: usize,
    /// Kind, rows that are new, rows that are changed, rows that stay.
    kinds: Vec<(&'static str, [usize; 3])>,
}

impl Counts {
    fn of(plan: &Plan) -> Self {
        let subprojects = || plan.projects.iter().flat_map(|project| &project.subprojects);
        let own = |own: &Own| (own.create, !own.is_done());
        let rows = [
            ("roles", count(plan.roles.iter().map(|define| (*define, *define)))),
            ("users", count(plan.users.iter().map(|user| (user.create, user.disable || !user.rights.is_empty())))),
            (
                "groups",
                count(
                    plan.groups
                        .iter()
                        .map(|group| (group.create, !group.members.is_empty() || !group.rights.is_empty())),
                ),
            ),
            ("projects", count(plan.projects.iter().map(|project| own(&project.own)))),
            ("subprojects", count(subprojects().map(|subproject| own(&subproject.own)))),
            ("items", count(subprojects().flat_map(|subproject| &subproject.items).map(own))),
        ];
        Self { to_do: rows.iter().map(|(_, [new, changed, _])| new + changed).sum(), kinds: rows.into() }
    }
}

/// Counts rows that are new, changed, and unchanged.
fn count(rows: impl Iterator<Item = (bool, bool)>) -> [usize; 3] {
    rows.fold([0; 3], |[new, changed, same], row| match row {
        (true, _) => [new + 1, changed, same],
        (_, true) => [new, changed + 1, same],
        _ => [new, changed, same + 1],
    })
}

fn told(args: &ImportArgs, counts: &Counts, to_be: &str, problems: &Problems, took: Option<Duration>) {
    if args.programme.json() {
        let kinds: serde_json::Map<String, Value> = counts
            .kinds
            .iter()
            .map(|(kind, [new, changed, same])| {
                ((*kind).into(), json!({ "created": new, "changed": changed, "unchanged": same }))
            })
            .collect();
        say!(
            "{}",
            json!({
                "written": took.is_some(), "rows": kinds, "milliseconds": took.map(|took| took.as_millis() as u64),
                "problems": problems.kept(), "more": problems.more(),
            })
        );
        return;
    }
    for (kind, [new, changed, same]) in counts.kinds.iter().filter(|(_, rows)| *rows != [0; 3]) {
        say!("{kind}: {new} {to_be}created, {changed} {to_be}changed, {same} unchanged");
    }
    if let Some(took) = took {
        let millis = took.as_millis().max(1);
        say!("{} rows in {}.{} s", counts.to_do, millis / 1_000, millis % 1_000 / 100);
    }
}
