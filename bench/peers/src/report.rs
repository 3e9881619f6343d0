//! The tables and the JSON. Invariant: both say the same.

use std::fmt::{self, Write};

use serde_json::{Map, Value, json};

use crate::goals::{floor_of, goals};
use crate::machine::Machine;
use crate::measure::{Figures, Plan, Stat};
use crate::peer::Kind;
use crate::work::{CROSSINGS, Loop, Work};

const FLOOR: Kind = Kind::BareOptimised;

/// For people.
pub fn tables(plan: &Plan, figures: &Figures, machine: &Machine) -> Result<String, fmt::Error> {
    let mut out = String::new();
    writeln!(out, "{}", machine.line())?;
    writeln!(
        out,
        "{} rounds, all in turn. Figures are processor time: median [least]. Ratios are medians of the rounds' own.\n",
        plan.rounds
    )?;

    writeln!(out, "Token transfer: 2 reads, 2 writes, 1 event, fresh instance")?;
    writeln!(
        out,
        "  {:<38} {:>20} {:>10} {:>8} {:>14} {:>14}",
        "", "one", "calls/s", "x floor", "ours opt. is x", "ours base. is x"
    )?;
    for kind in rows(plan, figures, Work::Transfer) {
        let Some(cpu) = figures.cpu(kind, Work::Transfer) else { continue };
        let ratio = |other| times(figures.ratio(kind, other, Work::Transfer));
        let (floor, optimised, baseline) = (ratio(FLOOR), ratio(Kind::OursOptimised), ratio(Kind::OursBaseline));
        let rate = 1e9 / cpu.median;
        writeln!(
            out,
            "  {:<38} {:>20} {rate:>10.0} {floor:>8} {optimised:>14} {baseline:>14}",
            kind.title(),
            span(cpu)
        )?;
    }

    let plain = |out: &mut String, title: &str, work: Work| -> fmt::Result {
        writeln!(out, "\n{title}\n  {:<38} {:>20} {:>8} {:>16}", "", "one", "x floor", "x same compiler")?;
        for kind in rows(plan, figures, work) {
            let Some(cpu) = figures.cpu(kind, work) else { continue };
            let floor = times(figures.ratio(kind, FLOOR, work));
            let own = floor_of(kind).map_or(String::new(), |floor| times(figures.ratio(kind, floor, work)));
            let row = format!("  {:<38} {:>20} {floor:>8} {own:>16}", kind.title(), span(cpu));
            writeln!(out, "{}", row.trim_end())?;
        }
        Ok(())
    };
    plain(&mut out, "Set-up and reset: a fresh instance that only answers", Work::Answer)?;
    plain(&mut out, "Sieve, loads and stores; the floor is un-metered Cranelift", Work::Loop(Loop::Sieve))?;
    plain(&mut out, "SHA-256, arithmetic", Work::Loop(Loop::Hash))?;
    plain(&mut out, "Recursion, calls", Work::Loop(Loop::Recursion))?;

    writeln!(out, "\nA host crossing (block_height)")?;
    for kind in rows(plan, figures, Work::Crossing) {
        let Some(all) = figures.difference(kind, Work::Crossing, Work::NoCrossing) else { continue };
        let each = |nanoseconds| nanoseconds / f64::from(CROSSINGS);
        writeln!(out, "  {:<38} {:>12.1} ns [{:.1}]", kind.title(), each(all.median), each(all.least))?;
    }

    for (title, work) in [
        ("Validation of the large module; ours instruments it too", Work::Check),
        ("Validation, compilation, load and a first call of the large module", Work::Cold),
        ("Load of the large module from compiled code, and a first call", Work::Warm),
    ] {
        writeln!(out, "\n{title}\n  {:<38} {:>20} {:>20}", "", "processor", "clock")?;
        for kind in rows(plan, figures, work) {
            let (Some(cpu), Some(wall)) = (figures.cpu(kind, work), figures.wall(kind, work)) else { continue };
            writeln!(out, "  {:<38} {:>20} {:>20}", kind.title(), span(cpu), span(wall))?;
        }
    }

    writeln!(out, "\nTransfers on 2 threads, calls a second by the clock, and what that is of 1 thread")?;
    writeln!(out, "  {:<38} {:>10} {:>10} {:>9} {:>22}", "", "1 thread", "2 threads", "scaling", "by processor time")?;
    for kind in rows(plan, figures, Work::TransferOn(2)) {
        let rate =
            |threads| figures.wall(kind, Work::TransferOn(threads)).map(|stat| f64::from(threads) * 1e9 / stat.median);
        let (Some(one), Some(two), Some((wall, cpu))) = (rate(1), rate(2), figures.scaling(kind)) else { continue };
        writeln!(out, "  {:<38} {one:>10.0} {two:>10.0} {wall:>8.2}x {cpu:>21.2}x", kind.title())?;
    }

    writeln!(out, "\nGoals")?;
    for goal in goals(figures) {
        let met = if goal.met { "met" } else { "MISSED" };
        writeln!(out, "  {:<78} {:>9.2} {:<2} (goal {:>5.2}) {met}", goal.what, goal.measured, goal.unit, goal.goal)?;
    }
    Ok(out)
}

/// For programs: every sample, in nanoseconds.
pub fn json(plan: &Plan, figures: &Figures, machine: &Machine) -> Value {
    let mut runtimes = Map::new();
    for (kind, facts) in &figures.facts {
        let mut works = Map::new();
        for work in &plan.works {
            let samples = figures.samples(*kind, *work);
            if let (Some(cpu), Some(wall)) = (figures.cpu(*kind, *work), figures.wall(*kind, *work)) {
                works.insert(
                    name(*work),
                    json!({
                        "cpu_ns": { "median": cpu.median, "least": cpu.least },
                        "wall_ns": { "median": wall.median, "least": wall.least },
                        "times_floor": figures.ratio(*kind, FLOOR, *work),
                        "times_ours_optimised": figures.ratio(*kind, Kind::OursOptimised, *work),
                        "times_ours_baseline": figures.ratio(*kind, Kind::OursBaseline, *work),
                        "samples": samples,
                    }),
                );
            }
        }
        let crossing = figures.difference(*kind, Work::Crossing, Work::NoCrossing);
        runtimes.insert(
            kind.name().into(),
            json!({
                "title": kind.title(),
                "facts": facts,
                "work": works,
                "crossing_ns": crossing.map(|stat| stat.median / f64::from(CROSSINGS)),
                "scaling": figures.scaling(*kind).map(|(wall, cpu)| json!({ "wall": wall, "cpu": cpu })),
            }),
        );
    }
    json!({
        "machine": machine,
        "rounds": plan.rounds,
        "long_rounds": plan.long_rounds,
        "runtimes": runtimes,
        "goals": goals(figures),
    })
}

/// The runtimes that have figures for a work, in the order they were asked for.
fn rows(plan: &Plan, figures: &Figures, work: Work) -> impl Iterator<Item = Kind> {
    plan.kinds.iter().copied().filter(move |kind| !figures.samples(*kind, work).is_empty())
}

fn name(work: Work) -> String {
    match work {
        Work::TransferOn(threads) => format!("transfer_on_{threads}"),
        Work::Loop(which) => format!("loop_{which:?}").to_lowercase(),
        Work::NoCrossing => "no_crossing".into(),
        other => format!("{other:?}").to_lowercase(),
    }
}

fn times(ratio: Option<f64>) -> String {
    ratio.map_or("-".into(), |ratio| format!("{ratio:.2}"))
}

/// Median and least of some nanoseconds in the unit that fits.
fn span(stat: Stat) -> String {
    let (divisor, unit) = match stat.median {
        ..1e6 => (1e3, "us"),
        _ => (1e6, "ms"),
    };
    format!("{:.2} {unit} [{:.2}]", stat.median / divisor, stat.least / divisor)
}
