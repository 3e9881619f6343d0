//! What a runtime is made with: which compilers, how much at the same time, how long. Not here: what the engines are told (`settings`).
//! Invariant: but for caps and schedule nothing here changes what comes of a call.

use std::time::Duration;

use coffer_abi::limits::MAX_DEPTH;

use crate::meter::Schedule;
use crate::validate::Caps;

/// Instances below the outermost one of a transaction.
pub(super) const NESTED: u32 = MAX_DEPTH as u32 - 1;

/// Which compiler makes native code. A local choice: outcomes and gas are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Backend {
    /// One pass, compiles fast and in linear time.
    #[default]
    Winch,
    /// Optimising: slower to compile, faster loops.
    Cranelift,
}

/// What code is run for. Each purpose has engines, slots and pools of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// What the chain ordered: bounded by gas alone, because every node must end alike.
    Execute,
    /// What somebody asks: bounded by gas and by time, because only this node answers.
    Query,
}

/// Switches of the engine that change its speed and nothing else. All are on but in tests, which show that they change nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tuning {
    /// A fresh memory maps the module's data copy-on-write instead of copying it.
    pub copy_on_write: bool,
    /// Memory comes from a pool instead of from the system at each call.
    pub pooling: bool,
    /// A module is compiled on all cores.
    pub parallel: bool,
    /// Off but in a runtime for traces: traps and host calls tell where in the code they are, which makes them several times as dear.
    pub backtraces: bool,
}

impl Default for Tuning {
    fn default() -> Self {
        Self { copy_on_write: true, pooling: true, parallel: true, backtraces: false }
    }
}

/// How much may run at the same time for one purpose. What is more waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Transactions. Each slot reserves 4 GiB of address space (no memory) for each compiler in use, and keeps up to 2 MiB of memory from
    /// one call to the next.
    pub slots: u32,
    /// Of these, how many one lane may have.
    pub lane_slots: u32,
    /// Transactions that call from contract to contract; each of them reserves 15 slots more.
    pub deep: u32,
}

/// What a [`Runtime`](super::Runtime) is made with.
#[derive(Clone, Debug)]
pub struct Config {
    /// The compiler that code starts with; local to this node.
    pub backend: Backend,
    /// Calls that run at the same time; more of them wait. Local to this node. Each slot reserves 4 GiB of address space (no memory)
    /// for each compiler in use, and keeps up to 2 MiB of memory from one call to the next.
    pub slots: u32,
    /// How many of the slots one lane may have; local to this node.
    pub lane_slots: u32,
    /// Transactions that call from contract to contract at the same time; each of them reserves 15 slots more.
    pub deep: u32,
    /// The same for queries.
    pub queries: Share,
    /// How long a query may run; local to this node.
    pub query_limit: Duration,
    /// Switches of the engine; local to this node.
    pub tuning: Tuning,
    /// How large a module may be; a chain parameter.
    pub caps: Caps,
    /// What computation costs; a chain parameter.
    pub schedule: Schedule,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            backend: Backend::default(),
            slots: 64,
            lane_slots: 32,
            deep: 4,
            queries: Share { slots: 16, lane_slots: 8, deep: 2 },
            query_limit: Duration::from_secs(2),
            tuning: Tuning::default(),
            caps: Caps::default(),
            schedule: Schedule::default(),
        }
    }
}

impl Config {
    pub(super) fn share(&self, purpose: Purpose) -> Share {
        match purpose {
            Purpose::Execute => Share { slots: self.slots, lane_slots: self.lane_slots, deep: self.deep },
            Purpose::Query => self.queries,
        }
    }
}
