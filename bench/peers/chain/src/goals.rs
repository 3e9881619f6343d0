//! What the chain is held to, as ratios of the same run where a peer is named. Invariant: a goal is met or missed by a figure that is in the report.

use serde::Serialize;

use crate::measure::{All, Figures, Load};
use crate::peer::Kind;

/// One goal and how far we are.
#[derive(Serialize)]
pub struct Goal {
    pub what: String,
    pub measured: f64,
    pub goal: f64,
    pub unit: &'static str,
    pub met: bool,
}

/// All goals there are figures for.
pub fn goals(all: &All) -> Vec<Goal> {
    let mut goals = Vec::new();
    let loads: Vec<Load> = all.values().next().map(|one| one.loads.keys().copied().collect()).unwrap_or_default();
    let find = |kind: Kind, load: &Load| all.get(&kind)?.loads.get(load);
    for load in loads.iter().filter(|load| **load != Load::Open) {
        let Load::Closed(count) = load else { continue };
        let ratio = |one: Option<&Figures>, other: Option<&Figures>| Some(one?.rate() / other?.rate());
        let at_least = |what: &str, measured: Option<f64>, goal| {
            let what = format!("{what}, {count} in flight");
            measured.map(|measured| Goal { what, measured, goal, unit: "x", met: measured >= goal })
        };
        let (one, four) = (find(Kind::Coffer1, load), find(Kind::Coffer4, load));
        goals.extend(at_least("a single node's transfers against anvil's", ratio(one, find(Kind::Anvil, load)), 10.0));
        goals.extend(at_least(
            "four validators' transfers against etcd's writes",
            ratio(four, find(Kind::Etcd3, load)),
            1.0,
        ));
    }
    let slowest = loads.iter().filter_map(|load| Some((load, find(Kind::Coffer4, load)?.p50)));
    goals.extend(slowest.map(|(load, p50)| Goal {
        what: format!("submit to final with four validators, median, {}", name(*load)),
        measured: p50,
        goal: 60.0,
        unit: "ms",
        met: p50 < 60.0,
    }));
    for kind in [Kind::Coffer1, Kind::Coffer4] {
        let Some(one) = all.get(&kind) else { continue };
        let Some((blocks, seconds)) = one.catch_up else { continue };
        let live = one.loads.values().map(|figures| figures.blocks / figures.seconds).fold(0.0, f64::max);
        let measured = blocks as f64 / seconds / live;
        let what = format!("catch-up against the fastest live blocks of {}", kind.name());
        goals.push(Goal { what, measured, goal: 10.0, unit: "x", met: measured >= 10.0 });
    }
    goals
}

/// A load as tables show it.
pub fn name(load: Load) -> String {
    match load {
        Load::Closed(count) => format!("{count} in flight"),
        Load::Open => "half that rate".into(),
    }
}
