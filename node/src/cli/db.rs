//! `coffer db`: looking at the data of a node that does not run, and keeping them in order. Not here: what a command does to
//! the data (`state`). Invariant: progress goes to the error output, results to the standard output; damage ends with code 1.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use coffer_abi::{Hash, Height};
use coffer_chain::Psi;
use serde_json::{Value, json};

use crate::cli::print::{note, say};
use crate::config::Config;
use crate::node::StoppedNode;
use crate::state::{self, Error, Expected, Exported, Folder, LOG_FOLDER, Stats};

#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  coffer db stats --data ./ledger
  coffer db verify --data ./ledger --config coffer.toml && echo whole
  coffer db prune --data ./ledger --keep 16
  coffer db compact --data ./ledger
  coffer db migrate --data ./ledger --dry-run
  coffer db export --data ./ledger --psi PS1 --out ./ps1
  coffer db check ./ps1 --height 7 --root 0xROOT
  coffer db import --data ./other --config other.toml --psi PS1 ./ps1 --height 7 --root 0xROOT
  coffer db import --data ./anew --public ./public --height 7 --root 0xROOT

Stop the node first. All private states whose keys are in its data folder are read; an import makes keys for new tenants of --config."
)]
pub(super) struct DbArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Count what is stored: records and bytes of each column, contracts and values of each state, heights that can be read
    Stats(Stopped),
    /// Check everything that is stored: log, blocks, tries, values, keys, modules, roots of older heights
    Verify(Stopped),
    /// Forget older heights than the last ones
    Prune(PruneArgs),
    /// Write the database anew, without the room that removed records left
    Compact(Stopped),
    /// Bring the data of an older format to this program's; goes on where it was broken off
    Migrate(MigrateArgs),
    /// Write a state into a folder, in chunks that prove themselves; goes on where it was broken off
    Export(ExportArgs),
    /// Check an export, without a node
    Check(CheckArgs),
    /// Take a state over from an export; goes on where it was broken off
    Import(ImportArgs),
}

#[derive(Debug, Args)]
struct Stopped {
    /// Data folder of a node that does not run
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The settings that the node runs with
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct MigrateArgs {
    /// Say what would be done, and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    node: Stopped,
}

#[derive(Debug, Args)]
struct PruneArgs {
    /// Heights below the head to keep; at least 1
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    keep: u64,
    /// Forget every height that an archive kept, too
    #[arg(long)]
    forget_archive: bool,
    #[command(flatten)]
    node: Stopped,
}

#[derive(Debug, Args)]
struct ExportArgs {
    /// The public state
    #[arg(long, required_unless_present = "psi", conflicts_with = "psi")]
    public: bool,
    /// This private state. Its export shows everything in it: it is for its parties only
    #[arg(long)]
    psi: Option<Psi>,
    /// Height of the block; the newest if left out
    #[arg(long)]
    height: Option<u64>,
    /// Folder to write; made if it is not there
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    #[command(flatten)]
    node: Stopped,
}

#[derive(Debug, Args)]
struct CheckArgs {
    /// The export
    folder: PathBuf,
    /// The root it must have
    #[arg(long)]
    root: Option<Hash>,
    /// Height of the block that the root was told for
    #[arg(long)]
    height: Option<u64>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct ImportArgs {
    /// The export
    folder: PathBuf,
    /// The public state: the chain begins with the block it was taken after. The data folder has the genesis and the keys of the
    /// node, but no chain
    #[arg(long, required_unless_present = "psi", conflicts_with = "psi")]
    public: bool,
    /// Private state of this node that takes it; nothing may have been written to it
    #[arg(long)]
    psi: Option<Psi>,
    /// The root it must have, as its parties know it (`psi_root`), or as a block says that is trusted
    #[arg(long)]
    root: Hash,
    /// Height of the block that the root was told for
    #[arg(long)]
    height: u64,
    #[command(flatten)]
    node: Stopped,
}

impl Stopped {
    fn open(&self) -> anyhow::Result<StoppedNode> {
        Ok(StoppedNode::open(&self.config()?)?)
    }

    fn config(&self) -> anyhow::Result<Config> {
        let mut config = Config::dev(PathBuf::new());
        if let Some(file) = &self.config {
            config = config.with_file(file)?;
        }
        config.data = self.data.clone();
        Ok(config)
    }

    fn tell(&self, json: &Value, text: impl FnOnce() -> String) {
        tell(self.json, json, text);
    }
}

fn tell(as_json: bool, json: &Value, text: impl FnOnce() -> String) {
    if as_json { say!("{json}") } else { say!("{}", text()) }
}

fn progress(what: &str, count: u64) {
    if count == 0 { note!("{what} …") } else { note!("{what}: {count}") }
}

/// Runs the command.
pub(super) fn run(args: DbArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Stats(node) => stats(&node)?,
        Command::Verify(node) => return verify(&node),
        Command::Prune(args) => prune(&args)?,
        Command::Compact(node) => compact(&node)?,
        Command::Migrate(args) => migrate(&args)?,
        Command::Export(args) => {
            let state = args.node.open()?.state()?;
            let done = state.export(args.psi.as_ref(), args.height.map(Height), &args.out, &mut progress)?;
            exported(args.node.json, &done, "written to", &args.out);
        }
        Command::Check(args) => {
            let expected = Expected { height: args.height.map(Height), root: args.root };
            let done = state::check_export(&args.folder, expected, &mut progress)?;
            exported(args.json, &done, "whole in", &args.folder);
            if args.root.is_none() || args.height.is_none() {
                note!(
                    "Checked only that it agrees with itself: ask a node that you trust for the root at that height, and give both."
                );
            }
        }
        Command::Import(args) => {
            let expected = Expected { height: Some(Height(args.height)), root: Some(args.root) };
            let done = match &args.psi {
                Some(psi) => {
                    let config = args.node.config()?;
                    let state = StoppedNode::open(&config)?.state_with(&config.tenants)?;
                    state.import_folder(psi, &args.folder, expected, &mut progress)?
                }
                None => {
                    let node = StoppedNode::empty(&args.node.config()?)?;
                    node.begin_from(&args.folder, expected, &mut progress)?
                }
            };
            let taken = args.psi.as_ref().map_or("taken over".into(), |psi| format!("taken over as `{psi}`"));
            exported(args.node.json, &done, &format!("{taken} from"), &args.folder);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn exported(as_json: bool, done: &Exported, what: &str, folder: &Path) {
    let Exported { psi, height, root, chunks, bytes, codes } = done;
    let json = json!({
        "psi": psi.as_ref().map(Psi::as_str), "height": height.0, "root": root.to_string(), "chunks": chunks, "bytes": bytes, "codes": codes,
    });
    tell(as_json, &json, || {
        let name = psi.as_ref().map_or("the public state".into(), |psi| format!("private state `{psi}`"));
        let parts = format!("{chunks} chunks, {bytes} bytes, {codes} modules");
        format!("{name} after block {height} {what} {}: {parts}\nroot {root}", folder.display())
    });
}

fn stats(node: &Stopped) -> anyhow::Result<()> {
    let opened = node.open()?;
    let folder = opened.path().to_owned();
    let stats = opened.state()?.stats(&mut progress)?;
    let (log, database) = (state::bytes_of(&folder.join(LOG_FOLDER))?, state::bytes_of(&folder.join("db"))?);
    let Stats { head, private_finished, columns, states } = &stats;
    let columns_json = columns.iter().map(|c| json!({ "name": c.name, "records": c.records, "bytes": c.bytes }));
    let states_json = states.iter().map(|s| {
        json!({
            "psi": s.psi.as_ref().map(Psi::as_str), "height": s.height, "oldest": s.oldest,
            "archivedSince": s.archived_since, "contracts": s.contracts, "values": s.values, "ordered": s.ordered,
            "bytes": s.bytes,
        })
    });
    let json = json!({
        "head": head, "privateFinished": private_finished, "logBytes": log, "databaseBytes": database,
        "columns": columns_json.collect::<Vec<_>>(), "states": states_json.collect::<Vec<_>>(),
    });
    node.tell(&json, || {
        let mut text = format!(
            "head {head}, private states done up to {private_finished}\nblock log {log} bytes, database {database} bytes\n\n\
             column        records           bytes\n"
        );
        for c in columns {
            text += &format!("{:<10} {:>10} {:>15}\n", c.name, c.records, c.bytes);
        }
        text += "\nstate            contracts     values    ordered           bytes   readable from   archived since\n";
        for s in states {
            let name = s.psi.as_ref().map_or("public", Psi::as_str);
            let since = s.archived_since.map_or("-".into(), |since| since.to_string());
            let counts = format!("{:>10} {:>10} {:>10} {:>15}", s.contracts, s.values, s.ordered, s.bytes);
            text += &format!("{name:<15} {counts} {:>15} {since:>16}\n", s.oldest);
        }
        text.trim_end().to_owned()
    });
    Ok(())
}

fn verify(node: &Stopped) -> anyhow::Result<ExitCode> {
    let checked = match node.open()?.state() {
        Ok(state) => state.verify(&mut progress)?,
        // So damaged that it does not even open: that is the finding.
        Err(error @ (Error::Damaged(_) | Error::RootMismatch { .. })) => {
            state::Checked { damages: 1, findings: vec![error.to_string()], ..state::Checked::default() }
        }
        Err(error) => return Err(error.into()),
    };
    let json = json!({
        "frames": checked.frames, "blocks": checked.blocks, "trieRecords": checked.trie_records,
        "contracts": checked.contracts, "values": checked.values, "modules": checked.codes, "heights": checked.heights,
        "damages": checked.damages, "findings": checked.findings,
    });
    node.tell(&json, || {
        let mut text: String = checked.findings.iter().map(|finding| format!("damaged: {finding}\n")).collect();
        let (frames, blocks, records) = (checked.frames, checked.blocks, checked.trie_records);
        let (contracts, values, codes) = (checked.contracts, checked.values, checked.codes);
        text += &format!(
            "checked {frames} log frames, {blocks} blocks, {records} trie records, {contracts} contracts, {values} values, \
             {codes} modules, {} older roots: {} damages",
            checked.heights, checked.damages
        );
        text
    });
    Ok(if checked.damages == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn prune(args: &PruneArgs) -> anyhow::Result<()> {
    let node = args.node.open()?;
    let state = if args.forget_archive { node.without_archive()? } else { node.state()? };
    let removed = state.prune(args.keep, &mut progress)?;
    drop(state);
    state::forget_archive(args.node.open()?.folder())?;
    let json = json!({ "keep": args.keep, "removed": removed });
    args.node.tell(&json, || {
        format!(
            "{removed} older heights forgotten; the last {} are kept. `coffer db compact` gives the room back",
            args.keep
        )
    });
    Ok(())
}

fn migrate(args: &MigrateArgs) -> anyhow::Result<()> {
    let folder = Folder::of(&args.node.data)?;
    let done = if args.dry_run { state::migration(&folder)? } else { state::migrate(&folder, &mut progress)? };
    let state::Migration { found, format, steps, room, free } = &done;
    let told = steps.iter().map(|step| json!({ "from": step.from, "to": step.from + 1, "what": step.what }));
    let changed = !args.dry_run && !steps.is_empty();
    let json = json!({
        "found": found, "format": format, "steps": told.collect::<Vec<_>>(), "roomBytes": room, "freeBytes": free, "changed": changed,
    });
    args.node.tell(&json, || match steps.len() {
        0 => format!("the data have format {found}, which is this program's: nothing to do"),
        _ if changed => format!("the data had format {found} and have format {format} now"),
        _ => {
            let steps = steps.iter().map(|step| format!("{} to {}: {}\n", step.from, step.from + 1, step.what));
            let steps: String = steps.collect();
            format!("format {steps}at most {room} bytes of the disk, of {free} that are free; nothing was changed")
        }
    });
    Ok(())
}

fn compact(node: &Stopped) -> anyhow::Result<()> {
    let opened = node.open()?;
    let state::Compacted { before, after, records } = state::compact(opened.folder(), &mut progress)?;
    let json = json!({ "before": before, "after": after, "records": records });
    node.tell(&json, || format!("{records} records written anew: {before} bytes before, {after} after"));
    Ok(())
}
