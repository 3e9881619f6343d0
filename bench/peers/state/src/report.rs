//! The tables and the JSON. Invariant: both say the same.

use std::fmt::{self, Write};

use serde_json::{Value, json};

use crate::goals::goals;
use crate::machine::Machine;
use crate::measure::{Figures, Stage, Stages, Stat};
use crate::peer::Kind;

/// For people.
pub fn tables(plan: &[Stage], stages: &Stages, idle: &[(u32, f64)], machine: &Machine) -> Result<String, fmt::Error> {
    let mut out = String::new();
    writeln!(out, "{}", machine.line())?;
    for stage in plan {
        let Some(figures) = stages.get(stage.name) else { continue };
        writeln!(out, "\n{}", title(stage))?;
        blocks(&mut out, figures_of(stage, figures))?;
        rest(&mut out, stage, figures_of(stage, figures))?;
    }
    for (tenants, bytes) in idle {
        writeln!(out, "\nA tenant that never did anything takes {bytes:.0} bytes on the disk, one of {tenants}")?;
    }
    writeln!(out, "\nGoals")?;
    for goal in goals(stages, idle) {
        let met = if goal.met { "met" } else { "MISSED" };
        let spread = goal.spread.map_or(String::new(), |(least, most)| format!("[{least:.2} to {most:.2}]"));
        let (what, measured, unit) = (&goal.what, goal.measured, goal.unit);
        writeln!(out, "  {what:<64} {measured:>8.2} {unit} {spread:<18} (goal {:>4}) {met}", goal.goal)?;
    }
    Ok(out)
}

fn title(stage: &Stage) -> String {
    let shape = stage.shape;
    let changes = shape.touched * shape.changes;
    let what = match shape.tries {
        1 => format!("One trie of {} keys, blocks of {changes} changes", shape.keys),
        tries => {
            format!("{tries} tries of {} keys, blocks of {changes} changes in {} of them", shape.keys, shape.touched)
        }
    };
    format!("{what}; {} rounds of {} blocks, all in turn; median [least to most]", stage.rounds, stage.blocks)
}

fn figures_of<'a>(
    stage: &'a Stage,
    figures: &'a std::collections::BTreeMap<&'static str, Figures>,
) -> Vec<(Kind, &'a Figures)> {
    stage.kinds.iter().filter_map(|kind| Some((*kind, figures.get(kind.name())?))).collect()
}

fn blocks(out: &mut String, rows: Vec<(Kind, &Figures)>) -> fmt::Result {
    let find = |wanted| rows.iter().find(|(kind, _)| *kind == wanted).map(|(_, figures)| *figures);
    let (ours, floor) = (find(Kind::Coffer), find(Kind::Flat));
    writeln!(
        out,
        "  {:<27} {:>26} {:>8} {:>9} {:>11} {:>8} {:>9} {:>7} {:>8} {:>9}",
        "",
        "on the disk after, ms",
        "x floor",
        "x coffer",
        "sustained",
        "x floor",
        "x coffer",
        "all in",
        "CPU, ms",
        "MB written"
    )?;
    for (kind, figures) in &rows {
        let (Some(block), Some(sustained)) = (figures.block(), figures.sustained()) else { continue };
        let ratio = |of: fn(&Figures) -> Vec<f64>, other: Option<&Figures>| {
            let stat = other.and_then(|other| Stat::ratio(&of(figures), &of(other)));
            stat.map_or("-".into(), |stat| format!("{:.2}", stat.median))
        };
        writeln!(
            out,
            "  {:<27} {:>26} {:>8} {:>9} {:>11.1} {:>8} {:>9} {:>7.1} {:>8.1} {:>9.2}",
            kind.title(),
            format!("{:.1} [{:.1} to {:.1}]", block.median, block.least, block.most),
            ratio(Figures::block_by_turn, floor),
            ratio(Figures::block_by_turn, ours),
            sustained.median,
            ratio(Figures::sustained_by_turn, floor),
            ratio(Figures::sustained_by_turn, ours),
            figures.all_in(),
            figures.by_block(|turn| turn.cpu, 0.0),
            figures.by_block(|turn| turn.written, figures.closed.written) / 1e6,
        )?;
    }
    Ok(())
}

fn rest(out: &mut String, stage: &Stage, rows: Vec<(Kind, &Figures)>) -> fmt::Result {
    writeln!(
        out,
        "  {:<27} {:>11} {:>10} {:>9} {:>9} {:>9} {:>12} {:>8} {:>8} {:>7} {:>6}",
        "",
        "read, ns",
        "absent",
        "proofs/s",
        "checks/s",
        "bytes",
        "recovery, ms",
        "disk MB",
        "mem. MB",
        "fill s",
        "roots"
    )?;
    for (kind, figures) in rows {
        let median = |values: Vec<f64>| Stat::of(values).map(|stat| stat.median);
        let show = |value: Option<f64>| value.map_or("-".into(), |value| format!("{value:.0}"));
        let read = |of: fn(&crate::worker::Reads) -> f64| show(median(figures.reads.iter().map(of).collect()));
        let proof = |of: fn(&crate::peer::Proofs) -> f64| show(median(figures.proofs.iter().map(of).collect()));
        let recovery = match Stat::of(figures.recoveries.iter().copied()) {
            Some(stat) => format!("{:.0} [{:.0}]", stat.median, stat.most),
            None => "-".into(),
        };
        let roots = if figures.checked.roots { "anew" } else { "-" };
        writeln!(
            out,
            "  {:<27} {:>11} {:>10} {:>9} {:>9} {:>9} {:>12} {:>8.0} {:>8.0} {:>7.1} {roots:>6}",
            kind.title(),
            read(|reads| reads.present),
            read(|reads| reads.absent),
            proof(|proofs| 1e6 / proofs.make_us),
            proof(|proofs| 1e6 / proofs.check_us),
            proof(|proofs| proofs.bytes),
            recovery,
            figures.disk / 1e6,
            figures.checked.memory / 1e6,
            figures.filled / 1e3,
        )?;
    }
    let kills = stage.kills;
    if kills > 0 {
        writeln!(out, "  recovery: opening after a kill in the middle of a block, median [most] of {kills}")?;
    }
    Ok(())
}

/// For programs: every sample.
pub fn json(plan: &[Stage], stages: &Stages, idle: &[(u32, f64)], machine: &Machine) -> Value {
    json!({
        "machine": machine,
        "plan": plan,
        "stages": stages,
        "idle_tenant_bytes": idle,
        "goals": goals(stages, idle),
    })
}
