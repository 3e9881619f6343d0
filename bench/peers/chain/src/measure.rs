//! The order of the measurements, and their figures. Not here: what a request is (`peer`), how requests are sent (`load`).
//! Invariant: only one contestant works at a time; each is warmed up before each part, and what it answered is counted in the end.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use crate::Failure;
use crate::load;
use crate::peer::{Contestant, Kind, Programs};
use crate::process::own_time;

/// Before each part, not counted.
const WARM_UP: Duration = Duration::from_secs(2);
/// Clients of an open loop: as many requests may be under way.
const OPEN_CLIENTS: usize = 200;
/// Rate of the open loop, of what the contestant did in the closed loop with the most under way.
const OPEN_SHARE: f64 = 0.5;

/// What is measured.
pub struct Plan {
    pub kinds: Vec<Kind>,
    /// Length of one part.
    pub part: Duration,
    pub rounds: u32,
    /// Requests under way in the closed loops.
    pub in_flight: Vec<usize>,
    pub folder: PathBuf,
    pub programs: Programs,
}

/// A way to send.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Load {
    /// So many under way.
    Closed(usize),
    /// At a rate.
    Open,
}

/// What one contestant did under one load, over all rounds.
#[derive(Clone, Default, Serialize)]
pub struct Figures {
    /// Requests a second in each round.
    pub rates: Vec<f64>,
    /// Of the open loop.
    pub asked_rate: f64,
    pub seconds: f64,
    pub requests: f64,
    /// Milliseconds: half of the requests took at most this, 99 of a hundred, all.
    pub p50: f64,
    pub p99: f64,
    pub most: f64,
    /// Processor time of the contestant and of the client, milliseconds.
    pub processor: f64,
    pub client: f64,
    pub disk_bytes: f64,
    pub wire_bytes: f64,
    pub blocks: f64,
    pub counters: BTreeMap<String, f64>,
    #[serde(skip)]
    taken: Vec<u32>,
}

impl Figures {
    /// Requests a second over all rounds.
    pub fn rate(&self) -> f64 {
        self.requests / self.seconds.max(f64::MIN_POSITIVE)
    }
}

/// All of one contestant.
#[derive(Default)]
pub struct Measured {
    pub loads: BTreeMap<Load, Figures>,
    /// Blocks a new node took over, and the seconds it took.
    pub catch_up: Option<(u64, f64)>,
}

pub type All = BTreeMap<Kind, Measured>;

struct Running {
    kind: Kind,
    contestant: Contestant,
    measured: Measured,
    /// Requests that were answered.
    answered: u64,
}

impl Plan {
    pub async fn run(&self) -> Result<All, Failure> {
        let folder = tempfile::Builder::new().prefix("peers-chain-").tempdir_in(&self.folder)?;
        let most = self.in_flight.iter().copied().max().unwrap_or(1).max(OPEN_CLIENTS);
        let mut running = Vec::new();
        for kind in &self.kinds {
            let home = folder.path().join(kind.name());
            let contestant = Contestant::start(*kind, &self.programs, &home, most).await?;
            running.push(Running { kind: *kind, contestant, measured: Measured::default(), answered: 0 });
        }
        let closed = self.in_flight.iter().copied().map(Load::Closed);
        for round in 0..self.rounds as usize {
            for load in closed.clone().chain([Load::Open]) {
                for turn in 0..running.len() {
                    let at = (turn + round) % running.len();
                    running[at].measure(load, self.part).await?;
                }
            }
            eprintln!("round {} of {}", round + 1, self.rounds);
        }
        let mut all = All::new();
        for mut one in running {
            let effects = one.contestant.effects().await?;
            if effects != one.answered {
                let (name, answered) = (one.kind.name(), one.answered);
                return Err(format!("{name} answered {answered} requests, and {effects} took effect").into());
            }
            let caught_up = one.contestant.catch_up(&self.programs).await?;
            one.measured.catch_up = caught_up.map(|(blocks, took)| (blocks, took.as_secs_f64()));
            one.measured.loads.values_mut().for_each(Figures::sum_up);
            all.insert(one.kind, one.measured);
        }
        Ok(all)
    }
}

impl Running {
    async fn measure(&mut self, load: Load, length: Duration) -> Result<(), Failure> {
        let count = if let Load::Closed(count) = load { count } else { OPEN_CLIENTS };
        let rate = self.measured.loads.values().map(Figures::rate).fold(0.0, f64::max) * OPEN_SHARE;
        let senders = self.contestant.connect(count).await?;
        let (warmed, senders) = match load {
            Load::Closed(_) => load::closed(senders, WARM_UP).await?,
            Load::Open => load::open(senders, rate, WARM_UP).await?,
        };
        let (usage, told, client) = (self.contestant.usage()?, self.contestant.told().await?, own_time()?);
        let (outcome, _) = match load {
            Load::Closed(_) => load::closed(senders, length).await?,
            Load::Open => load::open(senders, rate, length).await?,
        };
        let client = own_time()? - client;
        let (usage_after, told_after) = (self.contestant.usage()?, self.contestant.told().await?);
        self.answered += (warmed.taken.len() + outcome.taken.len()) as u64;
        let figures = self.measured.loads.entry(load).or_default();
        let (requests, seconds) = (outcome.taken.len() as f64, outcome.lasted.as_secs_f64());
        figures.rates.push(requests / seconds);
        figures.asked_rate = rate;
        figures.requests += requests;
        figures.seconds += seconds;
        figures.processor += usage_after.0 - usage.0;
        figures.client += client;
        figures.disk_bytes += usage_after.1 - usage.1;
        figures.wire_bytes += told_after.wire - told.wire;
        figures.blocks += told_after.blocks - told.blocks;
        for (name, value) in told_after.counters {
            let before = told.counters.get(&name).copied().unwrap_or_default();
            *figures.counters.entry(name).or_default() += value - before;
        }
        figures.taken.extend(outcome.taken);
        Ok(())
    }
}

impl Figures {
    fn sum_up(&mut self) {
        self.taken.sort_unstable();
        let at = |share: f64| {
            let last = self.taken.len().saturating_sub(1);
            let index = (last as f64 * share).round() as usize;
            self.taken.get(index).map_or(0.0, |micros| f64::from(*micros) / 1_000.0)
        };
        (self.p50, self.p99, self.most) = (at(0.5), at(0.99), at(1.0));
    }
}
