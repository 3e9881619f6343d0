//! Who is measured, behind one door. Not here: how often and how long. Invariant: one request of every contestant is one lasting change that its
//! client has the final answer of.

mod anvil;
mod coffer;
mod etcd;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::Failure;
use crate::process::Process;

/// A contestant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// This node, the only validator.
    Coffer1,
    /// Four validators of four organisations.
    Coffer4,
    /// Foundry's development node: one process, nothing on a disk.
    Anvil,
    /// Three etcd nodes.
    Etcd3,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Coffer1, Self::Anvil, Self::Coffer4, Self::Etcd3];

    pub fn name(self) -> &'static str {
        match self {
            Self::Coffer1 => "coffer-1",
            Self::Coffer4 => "coffer-4",
            Self::Anvil => "anvil",
            Self::Etcd3 => "etcd-3",
        }
    }
}

/// Where the programs are.
pub struct Programs {
    pub coffer: PathBuf,
    pub anvil: PathBuf,
    pub etcd: PathBuf,
    /// The example token.
    pub token: PathBuf,
}

impl Programs {
    /// What a contestant's program says of its version.
    pub fn version(&self, kind: Kind) -> Option<String> {
        let program = match kind {
            Kind::Coffer1 | Kind::Coffer4 => &self.coffer,
            Kind::Anvil => &self.anvil,
            Kind::Etcd3 => &self.etcd,
        };
        let output = Command::new(program).arg("--version").output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Some(text.lines().next()?.rsplit(' ').next()?.to_owned())
    }
}

/// What a contestant tells of itself.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Blocks so far.
    pub blocks: f64,
    /// Bytes that its nodes sent each other so far.
    pub wire: f64,
    /// Its own counters, added up over its nodes.
    pub counters: BTreeMap<String, f64>,
}

/// A running contestant.
pub enum Contestant {
    Coffer(coffer::Network),
    Anvil(anvil::Anvil),
    Etcd(etcd::Cluster),
}

impl Contestant {
    pub async fn start(kind: Kind, programs: &Programs, folder: &Path, most: usize) -> Result<Self, Failure> {
        std::fs::create_dir_all(folder)?;
        Ok(match kind {
            Kind::Coffer1 => Self::Coffer(coffer::Network::start(programs, folder, 1).await?),
            Kind::Coffer4 => Self::Coffer(coffer::Network::start(programs, folder, 4).await?),
            Kind::Anvil => Self::Anvil(anvil::Anvil::start(programs, folder, most).await?),
            Kind::Etcd3 => Self::Etcd(etcd::Cluster::start(programs, folder, 3).await?),
        })
    }

    /// Connections of their own for so many clients, spread over the nodes.
    pub async fn connect(&self, count: usize) -> Result<Vec<Sender>, Failure> {
        let mut senders = Vec::new();
        for n in 0..count {
            senders.push(match self {
                Self::Coffer(network) => Sender::Coffer(network.connect(n).await?),
                Self::Anvil(anvil) => Sender::Anvil(anvil.connect(n).await?),
                Self::Etcd(cluster) => Sender::Etcd(cluster.connect(n).await?),
            });
        }
        Ok(senders)
    }

    fn processes(&self) -> &[Process] {
        match self {
            Self::Coffer(network) => &network.processes,
            Self::Anvil(anvil) => std::slice::from_ref(&anvil.process),
            Self::Etcd(cluster) => &cluster.processes,
        }
    }

    /// Processor time and bytes to disks of all its processes so far.
    pub fn usage(&self) -> Result<(f64, f64), Failure> {
        let mut sum = (0.0, 0.0);
        for process in self.processes() {
            let (time, bytes) = process.usage()?;
            sum = (sum.0 + time, sum.1 + bytes);
        }
        Ok(sum)
    }

    pub async fn told(&self) -> Result<Told, Failure> {
        match self {
            Self::Coffer(network) => network.told().await,
            Self::Anvil(anvil) => anvil.told().await,
            Self::Etcd(_) => Ok(Told::default()),
        }
    }

    /// How many requests took effect, as it keeps them.
    pub async fn effects(&self) -> Result<u64, Failure> {
        match self {
            Self::Coffer(network) => network.effects().await,
            Self::Anvil(anvil) => anvil.effects().await,
            Self::Etcd(cluster) => cluster.effects().await,
        }
    }

    /// Blocks that a new node fetched, checked and executed, and the time it took; `None` of one that has no followers.
    pub async fn catch_up(&mut self, programs: &Programs) -> Result<Option<(u64, Duration)>, Failure> {
        match self {
            Self::Coffer(network) => network.catch_up(programs).await.map(Some),
            Self::Anvil(_) | Self::Etcd(_) => Ok(None),
        }
    }
}

/// A client with a connection of its own.
pub enum Sender {
    Coffer(coffer::Sender),
    Anvil(anvil::Sender),
    Etcd(etcd::Sender),
}

impl Sender {
    /// One request; returns when it is final.
    pub async fn send(&mut self) -> Result<(), Failure> {
        match self {
            Self::Coffer(sender) => sender.send().await,
            Self::Anvil(sender) => sender.send().await,
            Self::Etcd(sender) => sender.send().await,
        }
    }
}
