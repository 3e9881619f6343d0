//! The rounds: in each, every worker does every work once, in turn, so that what else goes on in the machine hits all alike.
//! Invariant: only one worker works at a time.

use std::collections::HashMap;

use crate::Failure;
use crate::peer::Kind;
use crate::work::{Sample, Work};
use crate::worker::Worker;

/// How long and what.
pub struct Plan {
    pub rounds: usize,
    /// Rounds of work of a second and more.
    pub long_rounds: usize,
    /// Nanoseconds one measurement should take.
    pub target: f64,
    pub kinds: Vec<Kind>,
    pub works: Vec<Work>,
}

/// One sample a round, each for one unit of work.
#[derive(Default)]
pub struct Figures {
    samples: HashMap<(Kind, Work), Vec<Sample>>,
    /// What each worker says of itself.
    pub facts: Vec<(Kind, serde_json::Value)>,
}

/// Over the rounds.
#[derive(Clone, Copy, Debug)]
pub struct Stat {
    pub median: f64,
    pub least: f64,
}

impl Plan {
    pub fn run(&self) -> Result<Figures, Failure> {
        let mut figures = Figures::default();
        let mut workers = Vec::new();
        for kind in &self.kinds {
            eprintln!("starting {}", kind.name());
            let worker = Worker::start(*kind)?;
            figures.facts.push((*kind, worker.facts.clone()));
            workers.push(worker);
        }
        eprintln!("finding out how much fits into a round");
        let mut units = HashMap::new();
        for worker in &mut workers {
            for work in &self.works {
                if let Some(n) = self.units(worker, *work)? {
                    units.insert((worker.kind, *work), n);
                }
            }
        }
        for round in 0..self.rounds {
            eprintln!("round {} of {}", round + 1, self.rounds);
            for work in self.works.iter().filter(|work| !work.is_long() || round < self.long_rounds) {
                for turn in 0..workers.len() {
                    let at = (turn + round) % workers.len();
                    let worker = &mut workers[at];
                    let key = (worker.kind, *work);
                    if let Some(n) = units.get(&key)
                        && let Some(sample) = worker.measure(*work, *n)?
                    {
                        figures.samples.entry(key).or_default().push(sample);
                    }
                }
            }
        }
        Ok(figures)
    }

    /// Units of work that take about the target; `None` if the runtime lacks it. Warms up on the way.
    fn units(&self, worker: &mut Worker, work: Work) -> Result<Option<u64>, Failure> {
        let mut n = 1;
        loop {
            let Some(each) = worker.measure(work, n)? else { return Ok(None) };
            let all = each.wall * n as f64;
            if work.is_long() || all >= self.target / 4.0 {
                return Ok(Some(((self.target / each.wall).round() as u64).max(1)));
            }
            n *= 4;
        }
    }
}

impl Figures {
    pub fn samples(&self, kind: Kind, work: Work) -> &[Sample] {
        self.samples.get(&(kind, work)).map_or(&[], Vec::as_slice)
    }

    /// Of what one round says.
    pub fn stat(&self, kind: Kind, work: Work, of: impl Fn(&Sample) -> f64) -> Option<Stat> {
        Stat::of(self.samples(kind, work).iter().map(of).collect())
    }

    pub fn cpu(&self, kind: Kind, work: Work) -> Option<Stat> {
        self.stat(kind, work, |sample| sample.cpu)
    }

    pub fn wall(&self, kind: Kind, work: Work) -> Option<Stat> {
        self.stat(kind, work, |sample| sample.wall)
    }

    /// Median over the rounds of how many times the processor time of `other` the work took.
    pub fn ratio(&self, kind: Kind, other: Kind, work: Work) -> Option<f64> {
        let pairs = self.samples(kind, work).iter().zip(self.samples(other, work));
        Stat::of(pairs.map(|(one, other)| one.cpu / other.cpu).collect()).map(|stat| stat.median)
    }

    /// The difference of two works of one runtime, round by round.
    pub fn difference(&self, kind: Kind, more: Work, less: Work) -> Option<Stat> {
        let pairs = self.samples(kind, more).iter().zip(self.samples(kind, less));
        Stat::of(pairs.map(|(more, less)| more.cpu - less.cpu).collect())
    }

    /// How many times as much two threads do as one, by the clock and by processor time a transfer (as if the cores were free).
    pub fn scaling(&self, kind: Kind) -> Option<(f64, f64)> {
        let rounds = self.scaling_by_round(kind);
        let wall = Stat::of(rounds.iter().map(|(wall, _)| *wall).collect())?;
        let cpu = Stat::of(rounds.iter().map(|(_, cpu)| *cpu).collect())?;
        Some((wall.median, cpu.median))
    }

    /// The scaling of one runtime as a share of that of another.
    pub fn scaling_share(&self, kind: Kind, other: Kind) -> Option<(f64, f64)> {
        let (one, other) = (self.scaling_by_round(kind), self.scaling_by_round(other));
        let pairs: Vec<_> = one.iter().zip(&other).map(|(one, other)| (one.0 / other.0, one.1 / other.1)).collect();
        let wall = Stat::of(pairs.iter().map(|(wall, _)| *wall).collect())?;
        let cpu = Stat::of(pairs.iter().map(|(_, cpu)| *cpu).collect())?;
        Some((wall.median, cpu.median))
    }

    fn scaling_by_round(&self, kind: Kind) -> Vec<(f64, f64)> {
        let pairs = self.samples(kind, Work::TransferOn(1)).iter().zip(self.samples(kind, Work::TransferOn(2)));
        pairs.map(|(one, two)| (2.0 * one.wall / two.wall, 2.0 * one.cpu / two.cpu)).collect()
    }
}

impl Stat {
    pub fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let least = *values.first()?;
        Some(Self { median: values[values.len() / 2], least })
    }
}
