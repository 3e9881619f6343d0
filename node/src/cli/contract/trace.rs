//! `coffer contract replay` and how a trace looks. Not here: tracing, which the node does. Invariant: a twin explains only code that is
//! its own, byte for byte.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use coffer_abi::Hash;
use coffer_api::debug::{TraceTransactionParams, Traced, TracedCall, TracedEffect, TracedLine, TracedSpot, TracedStep};
use coffer_api::tx::TxStatus;
use coffer_api::types::Text;
use coffer_runtime::trace::{Line, MAX_TWIN, Twin, printable};
use serde_json::Value;

use super::remote::Remote;

use crate::cli::print::{note, say, say_as_it_is};

/// Characters of a value that are shown to people.
const SHOWN: usize = 100;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coffer contract replay 0xTX --psi PS1
  coffer contract replay 0xTX --twin token.twin.wasm --twin splitter.twin.wasm     with lines of Rust
  coffer contract replay 0xTX --json

`coffer contract build --twin` makes a twin.")]
pub(super) struct ReplayArgs {
    /// The transaction; of a private one its marker
    #[arg(value_name = "TX")]
    tx: Hash,
    #[command(flatten)]
    twins: Twins,
    #[command(flatten)]
    remote: Remote,
}

/// Modules with the names and lines that a release strips.
#[derive(Debug, Args)]
pub(super) struct Twins {
    /// A debug twin of a contract in the trace, for names and lines of Rust; as often as there are contracts
    #[arg(long = "twin", value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Twins {
    /// Reads the files.
    pub(super) fn read(&self) -> anyhow::Result<Vec<(PathBuf, Vec<u8>)>> {
        let read = |path: &PathBuf| {
            let mut bytes = Vec::new();
            // One byte more than a twin may have, so that a larger file is told and not read.
            let file = std::fs::File::open(path).map(|file| file.take(MAX_TWIN as u64 + 1));
            file.and_then(|mut file| file.read_to_end(&mut bytes))
                .with_context(|| format!("cannot read {}", path.display()))?;
            Ok((path.clone(), bytes))
        };
        self.files.iter().map(read).collect()
    }
}

pub(super) fn replay(args: &ReplayArgs) -> anyhow::Result<ExitCode> {
    let twins = args.twins.read()?;
    let traced = args.remote.request(&TraceTransactionParams { tx: Text(args.tx) })?;
    show(traced, &twins, args.remote.json)?;
    Ok(ExitCode::SUCCESS)
}

/// Shows a trace, with lines from these twins.
pub(super) fn show(mut traced: Traced, files: &[(PathBuf, Vec<u8>)], json: bool) -> anyhow::Result<()> {
    let mut twins = BTreeMap::new();
    for (path, bytes) in files {
        let twin = Twin::open(bytes).with_context(|| path.display().to_string())?;
        twins.insert(*twin.section(), (path, twin, false));
    }
    if let Some(call) = &mut traced.call {
        locate(call, &mut twins);
    }
    for (path, ..) in twins.values().filter(|(.., used)| !used) {
        note!(
            "{} is no twin of a contract in this trace: build it from the same source, with the same toolchain and command",
            path.display()
        );
    }
    if json {
        say!("{}", serde_json::to_string(&traced)?);
        return Ok(());
    }
    match &traced.call {
        Some(call) => say_as_it_is!("{}", text(call, 0)),
        None if traced.status == TxStatus::Ok => {
            say!("nothing ran here: it is a marker of a private call that is not this private state's");
        }
        None => say!("nothing ran: {}", word(traced.status)),
    }
    say!("gas used: {}", traced.gas_used);
    say!("height: {}", traced.height);
    if !traced.agrees {
        note!("The receipt says otherwise: what the transaction read is not all kept any more.");
    }
    Ok(())
}

type Found<'a, 'f> = BTreeMap<Hash, (&'f PathBuf, Twin<'a>, bool)>;

fn locate(call: &mut TracedCall, twins: &mut Found<'_, '_>) {
    if let Some((_, twin, used)) = twins.get_mut(&call.code_section.0) {
        *used = true;
        let spots = call.steps.iter_mut().flat_map(|step| &mut step.at);
        for spot in call.ended_at.iter_mut().chain(spots) {
            let lines = spot.offset.map(|offset| twin.at(offset)).unwrap_or_default();
            spot.lines =
                lines.into_iter().map(|Line { function, file, line }| TracedLine { function, file, line }).collect();
        }
    }
    for nested in call.steps.iter_mut().filter_map(|step| step.call.as_mut()) {
        locate(nested, twins);
    }
}

fn text(call: &TracedCall, depth: usize) -> String {
    let indent = " ".repeat(2 * depth);
    let public = if call.public { "public " } else { "" };
    let name = if call.kind == call.method { call.kind.clone() } else { format!("{} {}", call.kind, call.method) };
    let mut text = format!(
        "{indent}{name} {} of {public}{}, {} gas of {}: {}\n",
        brief(&call.args),
        short(&call.contract.0.to_string()),
        call.gas_used,
        call.gas_limit,
        outcome(call)
    );
    for step in &call.steps {
        text += &format!("{indent}  {}\n", line_of(step));
        if let Some(nested) = &step.call {
            text += &self::text(nested, depth + 2);
        }
    }
    if call.left_out > 0 {
        text += &format!("{indent}  and {} host calls that are not shown\n", call.left_out);
    }
    for line in call.ended_at.iter().flat_map(|spot| &spot.lines) {
        text += &format!("{indent}  at {}\n", place(line));
    }
    text
}

fn line_of(step: &TracedStep) -> String {
    let effect = match &step.effect {
        None => String::new(),
        Some(TracedEffect::Read { field: name, key, value }) => {
            format!("  {} = {}", slot(name.as_deref(), key), brief(value))
        }
        Some(TracedEffect::Change { field: name, key, before, after }) => {
            format!("  {}: {} -> {}", slot(name.as_deref(), key), brief(before), brief(after))
        }
        Some(TracedEffect::Event { name, data }) => format!("  {} {}", printable(name), brief(data)),
        Some(TracedEffect::Log { line }) => format!("  {}", printable(line)),
    };
    let at = own_line(&step.at).map(|line| format!("  at {}", place(line))).unwrap_or_default();
    format!("{:<16} {:>8} gas{effect}{at}", step.host, step.gas)
}

/// A storage key as a person reads it: the field and, in maps, the key within it.
fn slot(field: Option<&str>, key: &str) -> String {
    // `0x`, a byte for the kind, one for the length, and the name.
    let within = field.and_then(|name| Some((name, key.get(2 + 2 * (2 + name.len())..)?)));
    match within {
        Some((name, "")) => name.into(),
        Some((name, key)) => format!("{name}[0x{}]", cut(key)),
        None => cut(key),
    }
}

/// The innermost line of the contract's own source.
fn own_line(spots: &[TracedSpot]) -> Option<&TracedLine> {
    let mut lines = spots.iter().flat_map(|spot| &spot.lines);
    let own = |line: &&TracedLine| {
        let TracedLine { function, file, line } = (*line).clone();
        Line { function, file, line }.is_own()
    };
    lines.clone().find(own).or_else(|| lines.next())
}

fn place(line: &TracedLine) -> String {
    match (&line.file, line.line) {
        (Some(file), Some(number)) => format!("{} ({}:{number})", printable(&line.function), printable(file)),
        _ => printable(&line.function).into_owned(),
    }
}

fn outcome(call: &TracedCall) -> String {
    match call.status {
        TxStatus::Ok if call.result.is_null() => "ok".into(),
        TxStatus::Ok => format!("ok {}", brief(&call.result)),
        status => {
            let why =
                ["error", "message", "reason", "trap"].iter().map(|key| &call.error[key]).find(|why| !why.is_null());
            format!("{} {}", word(status), why.map(brief).unwrap_or_default())
        }
    }
}

fn word(status: TxStatus) -> &'static str {
    match status {
        TxStatus::Ok => "ok",
        TxStatus::Failed => "the contract's error",
        TxStatus::Panicked => "panicked",
        TxStatus::OutOfGas => "out of gas",
        TxStatus::Trapped => "trapped",
        TxStatus::Refused => "refused",
    }
}

/// A value in one line. JSON keeps control characters out of the terminal.
fn brief(value: &Value) -> String {
    if value.is_null() { "nothing".into() } else { cut(&printable(&value.to_string())) }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}..", &text[..end]),
        None => text.into(),
    }
}

fn short(id: &str) -> String {
    id.chars().take(14).collect::<String>() + ".."
}
