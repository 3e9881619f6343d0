//! Tables and JSON. Invariant: no figure is made here that is not in the JSON, or follows from those there.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::goals::{goals, name};
use crate::machine::Machine;
use crate::measure::{All, Figures, Plan};

/// For people, in the form of docs/PERFORMANCE.md.
pub fn tables(plan: &Plan, all: &All, machine: &Machine) -> String {
    let mut text = format!("{}\n", machine.line());
    let _ = writeln!(text, "{} rounds of {:.1} s each\n", plan.rounds, plan.part.as_secs_f64());
    text += "| | load | a second | [least to most] | p50, ms | p99 | most | CPU, ms each | client's | disk, bytes each | wire, bytes each | blocks/s | in a block |\n";
    text += "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n";
    for (kind, measured) in all {
        for (load, f) in &measured.loads {
            let each = |sum: f64| sum / f.requests;
            let (least, most) = f.rates.iter().fold((f64::MAX, 0.0_f64), |(a, b), r| (a.min(*r), b.max(*r)));
            let _ = writeln!(
                text,
                "| {} | {} | {:.0} | [{least:.0} to {most:.0}] | {:.2} | {:.2} | {:.0} | {:.3} | {:.3} | {:.0} | {:.0} | {:.1} | {:.1} |",
                kind.name(),
                name(*load),
                f.rate(),
                f.p50,
                f.p99,
                f.most,
                each(f.processor),
                each(f.client),
                each(f.disk_bytes),
                each(f.wire_bytes),
                f.blocks / f.seconds,
                f.requests / f.blocks.max(1.0),
            );
        }
    }
    for (kind, measured) in all {
        let _ = measured.loads.iter().try_for_each(|(load, f)| shares(&mut text, kind.name(), &name(*load), f));
        if let Some((blocks, seconds)) = measured.catch_up {
            let rate = blocks as f64 / seconds;
            let _ =
                writeln!(text, "\ncatch-up of {}: {blocks} blocks in {seconds:.2} s, {rate:.0} a second", kind.name());
        }
    }
    text += "\nGoals:\n";
    for goal in goals(all) {
        let verdict = if goal.met { "met" } else { "missed" };
        let _ = writeln!(text, "- {}: {:.2} {} for {}: {verdict}", goal.what, goal.measured, goal.unit, goal.goal);
    }
    text
}

/// Where the time of a block went, of those that count it: seconds of the counters over those of the clock and over the blocks.
fn shares(text: &mut String, kind: &str, load: &str, f: &Figures) -> std::fmt::Result {
    let times: Vec<_> = f.counters.iter().filter(|(name, _)| name.ends_with("_seconds_sum")).collect();
    if times.is_empty() {
        return Ok(());
    }
    writeln!(text, "\n{kind}, {load}: time of all nodes together, each second and each block")?;
    for (name, value) in times {
        let name = name.trim_start_matches("coffer_").trim_end_matches("_seconds_sum");
        let count = f.counters.get(&format!("coffer_{name}_seconds_count")).copied().unwrap_or_default();
        let (each, blocks) = (value / f.seconds * 100.0, f.blocks.max(1.0));
        writeln!(
            text,
            "- {name}: {each:.1} %, {:.3} ms and {:.2} times a block",
            value * 1_000.0 / blocks,
            count / blocks
        )?;
    }
    Ok(())
}

/// All of it, for programs.
pub fn json(plan: &Plan, all: &All, machine: &Machine) -> Value {
    let contestants: serde_json::Map<_, _> = all
        .iter()
        .map(|(kind, measured)| {
            let loads: serde_json::Map<_, _> = measured.loads.iter().map(|(load, f)| (name(*load), json!(f))).collect();
            (kind.name().to_owned(), json!({"loads": loads, "catchUp": measured.catch_up}))
        })
        .collect();
    json!({
        "machine": machine, "rounds": plan.rounds, "part": plan.part.as_secs_f64(), "contestants": contestants, "goals": goals(all),
    })
}
