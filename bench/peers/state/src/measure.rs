//! The stages: each contestant fills a state, then all take turns with the same blocks, reads and proofs, then each is killed and found
//! again. Invariant: only one works at a time, and each starts on a disk that has nothing left to write.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::Failure;
use crate::peer::{Kind, Proofs};
use crate::work::Shape;
use crate::worker::{Checked, Closed, Reads, Turn, Worker};

/// Free space on the disk that is never used.
const SPARE: u64 = 15 << 30;

/// One size of state and what is done with it.
#[derive(Clone, Serialize)]
pub struct Stage {
    pub name: &'static str,
    pub shape: Shape,
    pub kinds: Vec<Kind>,
    pub rounds: u32,
    /// Blocks in a turn.
    pub blocks: u32,
    pub reads: usize,
    pub proofs: usize,
    pub kills: u32,
}

/// What one contestant did in a stage.
#[derive(Clone, Serialize)]
pub struct Figures {
    /// Milliseconds to fill the state.
    pub filled: f64,
    pub turns: Vec<Turn>,
    pub reads: Vec<Reads>,
    pub proofs: Vec<Proofs>,
    /// Milliseconds to open after each kill.
    pub recoveries: Vec<f64>,
    /// Bytes on the disk after the last turn, log included.
    pub disk: f64,
    pub closed: Closed,
    pub checked: Checked,
}

pub type Stages = BTreeMap<&'static str, BTreeMap<&'static str, Figures>>;

/// Over the rounds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Stat {
    pub median: f64,
    pub least: f64,
    pub most: f64,
}

struct Contestant {
    kind: Kind,
    folder: PathBuf,
    worker: Worker,
    figures: Figures,
}

impl Stage {
    pub fn run(&self, folder: &Path) -> Result<BTreeMap<&'static str, Figures>, Failure> {
        let mut all = Vec::new();
        for kind in &self.kinds {
            all.push(self.fill(*kind, &folder.join(kind.name()))?);
        }
        for round in 0..self.rounds {
            eprintln!("{}: round {} of {}", self.name, round + 1, self.rounds);
            for turn in 0..all.len() {
                let at = (turn + round as usize) % all.len();
                let done = all[at].worker.turn(self.blocks)?;
                all[at].figures.turns.push(done);
            }
            for turn in 0..all.len() {
                let at = (turn + round as usize) % all.len();
                let Contestant { worker, figures, .. } = &mut all[at];
                if self.reads > 0 {
                    figures.reads.push(worker.read(self.reads / self.rounds as usize)?);
                }
                if self.proofs > 0 {
                    figures.proofs.extend(worker.prove(self.proofs / self.rounds as usize)?);
                }
            }
        }
        let mut figures = BTreeMap::new();
        let mut roots = BTreeMap::new();
        for one in all {
            if let Some(root) = one.figures.turns.last().and_then(|turn| turn.root) {
                roots.insert(one.kind.name(), root);
            }
            figures.insert(one.kind.name(), self.finish(one)?);
        }
        match (roots.get("jmt-parity"), roots.get("jmt-rocks")) {
            (Some(one), Some(other)) if one != other => Err("jmt has two roots for the same contents".into()),
            _ => Ok(figures),
        }
    }

    fn fill(&self, kind: Kind, folder: &Path) -> Result<Contestant, Failure> {
        eprintln!("{}: filling {}", self.name, kind.name());
        std::fs::create_dir_all(folder)?;
        check_space(folder)?;
        let mut worker = Worker::start(kind, folder, self.shape)?;
        worker.open()?;
        let begun = Instant::now();
        worker.fill()?;
        let filled = begun.elapsed().as_secs_f64() * 1e3;
        let figures = Figures {
            filled,
            turns: Vec::new(),
            reads: Vec::new(),
            proofs: Vec::new(),
            recoveries: Vec::new(),
            disk: 0.0,
            closed: Closed { milliseconds: 0.0, written: 0.0 },
            checked: Checked { roots: false, memory: 0.0 },
        };
        Ok(Contestant { kind, folder: folder.to_owned(), worker, figures })
    }

    /// Checks a contestant, kills it as often as asked, and removes what it left.
    fn finish(&self, one: Contestant) -> Result<Figures, Failure> {
        let Contestant { kind, folder, mut worker, mut figures } = one;
        eprintln!("{}: checking {}", self.name, kind.name());
        figures.closed = worker.close()?;
        figures.disk = disk_use(&folder)?;
        figures.checked = worker.check()?;
        let mut blocks = self.rounds * self.blocks;
        for kill in 0..self.kills {
            eprintln!("{}: killing {}", self.name, kind.name());
            blocks += worker.kill_after(self.blocks, Duration::from_millis(u64::from(17 + 41 * kill)))?;
            worker = Worker::start(kind, &folder, self.shape)?;
            let found = worker.recover(blocks)?;
            blocks = found.blocks;
            figures.recoveries.push(found.milliseconds);
        }
        drop(worker);
        std::fs::remove_dir_all(&folder)?;
        Ok(figures)
    }
}

impl Figures {
    /// Milliseconds until a block is on the disk, over all blocks.
    pub fn block(&self) -> Option<Stat> {
        Stat::of(self.turns.iter().flat_map(|turn| turn.blocks.iter().copied()))
    }

    /// The same by turns.
    pub fn block_by_turn(&self) -> Vec<f64> {
        self.turns.iter().filter_map(|turn| Stat::of(turn.blocks.iter().copied())).map(|stat| stat.median).collect()
    }

    /// Milliseconds a block takes when one follows the other and all that was put off is done.
    pub fn sustained(&self) -> Option<Stat> {
        Stat::of(self.sustained_by_turn())
    }

    pub fn sustained_by_turn(&self) -> Vec<f64> {
        let each = |turn: &Turn| (turn.blocks.iter().sum::<f64>() + turn.left) / turn.blocks.len() as f64;
        self.turns.iter().map(each).collect()
    }

    /// The mean of all blocks, with a part of what was put off until the end.
    pub fn by_block(&self, of: impl Fn(&Turn) -> f64, put_off: f64) -> f64 {
        let blocks: usize = self.turns.iter().map(|turn| turn.blocks.len()).sum();
        (self.turns.iter().map(of).sum::<f64>() + put_off) / blocks as f64
    }

    /// Milliseconds a block took, all in: with what was put off until the state was closed.
    pub fn all_in(&self) -> f64 {
        self.by_block(|turn| turn.blocks.iter().sum::<f64>() + turn.left, self.closed.milliseconds)
    }
}

impl Stat {
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<_> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let (least, most) = (*values.first()?, *values.last()?);
        Some(Self { median: values[values.len() / 2], least, most })
    }

    /// How many times the second, round by round.
    pub fn ratio(one: &[f64], other: &[f64]) -> Option<Self> {
        Self::of(one.iter().zip(other).map(|(one, other)| one / other))
    }
}

/// Bytes that a tenant that never did anything takes on the disk: of a node with so many, less one with none, each.
pub fn idle_tenant(folder: &Path, tenants: &[u32]) -> Result<Vec<(u32, f64)>, Failure> {
    let (mut none, mut each) = (0.0, Vec::new());
    for tenants in [&[0], tenants].concat() {
        let folder = folder.join(format!("idle-{tenants}"));
        let mut command = std::process::Command::new(std::env::current_exe()?);
        let done = command.args(["--idle", &tenants.to_string()]).arg(&folder).status()?;
        if !done.success() {
            return Err("the node with idle tenants failed".into());
        }
        let bytes = disk_use(&folder)?;
        match tenants {
            0 => none = bytes,
            _ => each.push((tenants, (bytes - none).max(0.0) / f64::from(tenants))),
        }
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(each)
}

/// Bytes that the files of a folder take on the disk.
fn disk_use(folder: &Path) -> Result<f64, Failure> {
    use std::os::unix::fs::MetadataExt as _;
    let mut bytes = 0.0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        bytes += if meta.is_dir() { disk_use(&entry.path())? } else { meta.blocks() as f64 * 512.0 };
    }
    Ok(bytes)
}

fn check_space(folder: &Path) -> Result<(), Failure> {
    let disk = rustix::fs::statvfs(folder)?;
    let free = disk.f_bavail * disk.f_frsize;
    if free < SPARE {
        return Err(format!("{} has {} GB free, which is too little", folder.display(), free >> 30).into());
    }
    Ok(())
}
