//! What the state is held to, as ratios of the same run. Invariant: a goal is met or missed by a figure that is in the report.

use serde::Serialize;

use crate::measure::{Figures, Stages, Stat};

/// One goal and how far we are.
#[derive(Serialize)]
pub struct Goal {
    pub what: String,
    pub measured: f64,
    /// Least and most over the rounds.
    pub spread: Option<(f64, f64)>,
    pub goal: f64,
    pub unit: &'static str,
    pub met: bool,
}

/// All goals there are figures for.
pub fn goals(stages: &Stages, idle: &[(u32, f64)]) -> Vec<Goal> {
    let find = |stage: &str, name: &str| stages.get(stage).and_then(|figures| figures.get(name));
    let mut goals = Vec::new();
    let mut add = |what: &str, measured: Option<Stat>, goal, at_most| {
        goals.extend(measured.map(|stat| Goal {
            what: what.into(),
            measured: stat.median,
            spread: Some((stat.least, stat.most)),
            goal,
            unit: "x",
            met: if at_most { stat.median <= goal } else { stat.median >= goal },
        }));
    };
    let turns = |one: Option<&Figures>, other: Option<&Figures>, of: fn(&Figures) -> Vec<f64>| {
        Stat::ratio(&of(one?), &of(other?))
    };
    let (coffer, nomt, flat) = (find("large", "coffer"), find("large", "nomt"), find("large", "flat"));
    for (how, of) in
        [("", Figures::block_by_turn as fn(&Figures) -> Vec<f64>), (", sustained", Figures::sustained_by_turn)]
    {
        add(&format!("a block, times as fast as NOMT{how}"), turns(nomt, coffer, of), 2.0, false);
        add(&format!("a block against the durable floor{how}"), turns(coffer, flat, of), 3.0, true);
        for (name, title) in [("jmt-parity", "jmt on parity-db"), ("jmt-rocks", "jmt on RocksDB")] {
            let ratio = turns(find("small", name), find("small", "coffer"), of);
            add(&format!("a block on small tries, times as fast as {title}{how}"), ratio, 5.0, false);
        }
        let growth = turns(find("huge", "coffer"), coffer, of);
        add(&format!("a block with ten times as many keys{how}"), growth, 1.5, true);
    }
    let all_in = |one: Option<&Figures>, other: Option<&Figures>| Stat::of([one?.all_in() / other?.all_in()]);
    add("a block, times as fast as NOMT, all in", all_in(nomt, coffer), 2.0, false);
    add("a block against the durable floor, all in", all_in(coffer, flat), 3.0, true);
    let reads = |one: Option<&Figures>| Some(one?.reads.iter().map(|reads| reads.present).collect::<Vec<_>>());
    let ratio = reads(coffer).zip(reads(flat)).and_then(|(one, other)| Stat::ratio(&one, &other));
    add("a point read against plain parity-db", ratio, 1.3, true);
    goals.extend(idle.iter().map(|(tenants, bytes)| Goal {
        what: format!("an idle tenant of {tenants} on the disk"),
        measured: *bytes,
        spread: None,
        goal: 1024.0,
        unit: "B",
        met: *bytes < 1024.0,
    }));
    goals
}
