//! What the runtime is held to, as ratios and times of the same run. Invariant: a goal is met or missed by a figure that is in the
//! report.

use serde::Serialize;

use crate::measure::Figures;
use crate::peer::Kind;
use crate::work::{CROSSINGS, Loop, Work};

/// One goal and how far we are.
#[derive(Serialize)]
pub struct Goal {
    pub what: String,
    pub measured: f64,
    pub goal: f64,
    pub unit: &'static str,
    pub met: bool,
}

const FLOOR: Kind = Kind::BareOptimised;

/// All goals there are figures for.
pub fn goals(figures: &Figures) -> Vec<Goal> {
    let mut goals = Vec::new();
    let mut at_most = |what: String, measured: Option<f64>, goal, unit| {
        goals.extend(measured.map(|measured| Goal { what, measured, goal, unit, met: measured <= goal }));
    };
    for (ours, tier) in TIERS {
        let micros = |work| figures.cpu(ours, work).map(|stat| stat.median / 1e3);
        at_most(format!("a transfer, {tier}"), micros(Work::Transfer), 6.0, "us");
        at_most(format!("a transfer against the floor, {tier}"), figures.ratio(ours, FLOOR, Work::Transfer), 1.5, "x");
        // The floor is Cranelift's; beside it what metering and host cost on the same compiler.
        if let Some(floor) = floor_of(ours).filter(|floor| *floor != FLOOR) {
            let ratio = figures.ratio(ours, floor, Work::Transfer);
            at_most(format!("the same against bare wasmtime with the same compiler, {tier}"), ratio, 1.5, "x");
        }
        at_most(format!("set-up and reset, {tier}"), micros(Work::Answer), 4.0, "us");
        let crossing = figures.difference(ours, Work::Crossing, Work::NoCrossing);
        at_most(
            format!("a host crossing, {tier}"),
            crossing.map(|stat| stat.median / f64::from(CROSSINGS)),
            15.0,
            "ns",
        );
    }
    for which in [Loop::Sieve, Loop::Hash, Loop::Recursion] {
        let ratio = figures.ratio(Kind::OursOptimised, FLOOR, Work::Loop(which));
        at_most(format!("{which:?} once tiered up, against un-metered Cranelift"), ratio, 1.4, "x");
    }
    let mut at_least = |what: String, measured: Option<f64>, goal| {
        goals.extend(measured.map(|measured| Goal { what, measured, goal, unit: "x", met: measured >= goal }));
    };
    for (ours, tier) in TIERS {
        for (peer, times) in [(Kind::Cosmwasm, 12.0), (Kind::Soroban, 4.0)] {
            let ratio = figures.ratio(peer, ours, Work::Transfer);
            at_least(format!("transfers a second against {}, {tier}", peer.title()), ratio, times);
        }
        let share = floor_of(ours).and_then(|floor| figures.scaling_share(ours, floor));
        at_least(
            format!("scaling to 2 threads against the floor's, by the clock, {tier}"),
            share.map(|both| both.0),
            0.95,
        );
        at_least(format!("the same by processor time, {tier}"), share.map(|both| both.1), 0.95);
    }
    goals
}

/// Bare wasmtime with the compiler of one of our tiers; none for what is not ours.
pub fn floor_of(ours: Kind) -> Option<Kind> {
    match ours {
        Kind::OursBaseline => Some(Kind::BareBaseline),
        Kind::OursOptimised => Some(Kind::BareOptimised),
        _ => None,
    }
}

const TIERS: [(Kind, &str); 2] = [(Kind::OursOptimised, "optimised"), (Kind::OursBaseline, "baseline")];
