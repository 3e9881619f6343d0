//! The engines: from an uploaded module to code that runs, and one call of it. They know no state but the one handed to a call.
//! Where things are: `config` what a runtime is made with, `settings` the one wasmtime configuration, `machine` the engines made with it,
//! `compile` and `cache` the seams to a compiler and a store of compiled code, `loader` what goes through both, `code` what a module
//! becomes, `slots` who may run now, `room` what a transaction may use, `clock` the limit of time on queries.
//! Invariant: what comes out of `execute` does not depend on the backend, only its speed does; executing and asking share nothing that a
//! contract can use up.

mod cache;
mod clock;
mod code;
mod compile;
mod config;
mod flights;
mod loader;
mod machine;
mod room;
mod settings;
mod slots;

pub use cache::{CodeCache, CodeKey, NoCache};
pub use code::Code;
pub use compile::{CompileError, CompileRequest, Compiler, InProcess, Target, compile};
pub use config::{Backend, Config, Purpose, Share, Tuning};
pub(crate) use flights::Flights;
pub use loader::LoadStats;
pub(crate) use room::{Room, Seat};
pub use slots::{Lane, Slot, Slots, Turn};

use std::sync::Arc;
use std::time::Duration;

use coffer_abi::export::MethodKind;

use crate::call::{Call, Executed};
use crate::error::{CodeError, Fault};
use crate::host::Session;
use crate::instance::{self, Scoped};
use crate::trace::CallTrace;
use crate::world::World;
use clock::{Clock, Watch};
use loader::Loader;
use machine::Machines;

/// Bytes of native stack a call may need: the engine's own 8 MiB and room for host functions and the state below them.
const STACK_NEEDED: usize = settings::MAX_WASM_STACK + 2 * 1024 * 1024;
/// Bytes of a stack made for a call whose thread has less than [`STACK_NEEDED`] left.
const STACK_MADE: usize = 16 * 1024 * 1024;

/// Why a query has no outcome.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// It ran for longer than queries may on this node; another node may have answered.
    #[error("the query took longer than {0:?}")]
    TooSlow(Duration),
    /// This node failed.
    #[error(transparent)]
    Fault(Fault),
}

/// Prepares modules, executes calls, answers queries. Cheap to clone; clones share the engines and their slots.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let runtime = coffer_runtime::Runtime::new(coffer_runtime::Config::default())?;
/// let refused = runtime.prepare(b"not WebAssembly");
/// assert!(refused.is_err());
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Runtime {
    inner: Arc<Inner>,
    lane: Lane,
}

struct Inner {
    config: Config,
    loader: Arc<Loader>,
    clock: Clock,
    execute: Waiting,
    query: Waiting,
}

/// The slots of one purpose.
struct Waiting {
    slots: Slots,
    deep: Slots,
}

impl Waiting {
    fn new(share: Share) -> Self {
        let Share { slots, lane_slots, deep } = share;
        // A lane may nest as much as all may: who nests has waited for its turn before.
        Self { slots: Slots::new(slots, lane_slots), deep: Slots::new(deep, deep) }
    }
}

impl Runtime {
    /// A runtime that compiles in this process and keeps no compiled code but in memory.
    ///
    /// # Errors
    /// [`Fault::Engine`] when this machine cannot give what the configuration asks for, such as address space.
    pub fn new(config: Config) -> Result<Self, Fault> {
        Self::with(config, Arc::new(InProcess), Arc::new(NoCache))
    }

    /// A runtime with this compiler and this store of compiled code.
    ///
    /// # Errors
    /// [`Fault::Engine`] when this machine cannot give what the configuration asks for, such as address space.
    pub fn with(config: Config, compiler: Arc<dyn Compiler>, cache: Arc<dyn CodeCache>) -> Result<Self, Fault> {
        let machines = Arc::new(Machines::new(config.clone()));
        // The one that every node needs; the others are made when first used.
        machines.get(Purpose::Execute, config.backend)?;
        let clock = Clock::new(&machines, config.query_limit);
        let [execute, query] = [Purpose::Execute, Purpose::Query].map(|purpose| Waiting::new(config.share(purpose)));
        let loader = Arc::new(Loader::new(machines, compiler, cache));
        Ok(Self { inner: Arc::new(Inner { config, loader, clock, execute, query }), lane: Lane::default() })
    }

    /// The same runtime for work of another lane: its calls and compilations wait in that lane's turn.
    pub fn in_lane(&self, lane: Lane) -> Self {
        Self { inner: Arc::clone(&self.inner), lane }
    }

    /// What it was made with.
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// Who may run now, to wait for a turn in a task or to bound a lane.
    pub fn slots(&self, purpose: Purpose) -> &Slots {
        &self.waiting(purpose).slots
    }

    /// What loading code has come to.
    pub fn stats(&self) -> LoadStats {
        self.inner.loader.stats()
    }

    /// Validates and instruments a module; it is compiled when it first runs. Takes up to tens of milliseconds.
    ///
    /// # Errors
    /// [`CodeError::Refused`] names the rule the module breaks, alike on every node; [`CodeError::Fault`] is this node's trouble.
    pub fn read(&self, wasm: &[u8]) -> Result<Code, CodeError> {
        Code::read(&self.inner.loader, &self.inner.config, wasm)
    }

    /// Validates, instruments and compiles a module. Takes milliseconds to seconds of CPU time, so not on a thread that serves others.
    ///
    /// # Errors
    /// [`CodeError::Refused`] names the rule the module breaks, alike on every node; [`CodeError::Fault`] is this node's trouble.
    pub fn prepare(&self, wasm: &[u8]) -> Result<Code, CodeError> {
        let code = self.read(wasm)?;
        self.compile(&code, Purpose::Execute)?;
        Ok(code)
    }

    /// Compiles code for a purpose, if it is not yet.
    ///
    /// # Errors
    /// [`Fault::Compiler`]: this node cannot compile it.
    pub fn compile(&self, code: &Code, purpose: Purpose) -> Result<(), Fault> {
        code.ready(purpose, self.lane).map(|_| ())
    }

    /// Executes one call, and the calls it makes in turn, each in an instance of its own, and returns what came of it; nothing is written
    /// anywhere. Waits while all slots are in use. Runs on the caller's thread; on one with less than 10 MiB of stack left it makes a
    /// larger stack first, which costs some microseconds, so threads that only execute are best given 16 MiB.
    ///
    /// A deployment without arguments of a contract without `init` succeeds with an empty result.
    ///
    /// # Errors
    /// [`Fault`]: this node could not execute the call; what other nodes computed is unknown.
    pub fn execute(&self, code: &Code, call: &Call<'_>, world: &dyn World) -> Result<Executed, Fault> {
        let _slot = self.inner.execute.slots.take(self.lane);
        self.run(Purpose::Execute, None, code, call, world)
    }

    /// Runs a view, whatever kind of method `call` says, bounded by gas and by [`Config::query_limit`]. Waits while all slots of queries
    /// are in use; the time it waits does not count. In a task, wait for the slot with [`Runtime::slots`] and use
    /// [`Runtime::query_in`].
    ///
    /// # Errors
    /// [`QueryError::TooSlow`] when the time is up, which is no outcome; [`QueryError::Fault`] when this node failed.
    pub fn query(&self, code: &Code, call: &Call<'_>, world: &dyn World) -> Result<Executed, QueryError> {
        let slot = self.inner.query.slots.take(self.lane);
        self.query_in(slot, code, call, world)
    }

    /// The same in a slot of [`Purpose::Query`] that was waited for before.
    ///
    /// # Errors
    /// As [`Runtime::query`].
    pub fn query_in(
        &self,
        slot: Slot,
        code: &Code,
        call: &Call<'_>,
        world: &dyn World,
    ) -> Result<Executed, QueryError> {
        let _slot = slot;
        let call = Call { kind: MethodKind::View, ..call.clone() };
        // Compiling is not the query's doing and has a limit of its own.
        self.compile(code, Purpose::Query).map_err(QueryError::Fault)?;
        let watch = self.inner.clock.watch().map_err(QueryError::Fault)?;
        self.run(Purpose::Query, Some(watch), code, &call, world).map_err(|fault| match fault {
            Fault::Deadline => QueryError::TooSlow(self.inner.config.query_limit),
            fault => QueryError::Fault(fault),
        })
    }

    /// Executes one call as [`Runtime::execute`] does, and tells what it did on the way. Lines need a runtime with
    /// [`Tuning::backtraces`], and [`CallTrace::locate`] afterwards. There is no trace of a call of which nothing ran.
    ///
    /// # Errors
    /// As [`Runtime::execute`].
    pub fn trace(
        &self,
        code: &Code,
        call: &Call<'_>,
        world: &dyn World,
    ) -> Result<(Executed, Option<CallTrace>), Fault> {
        let _slot = self.inner.execute.slots.take(self.lane);
        self.session(Purpose::Execute, None, call, world, |session| session.trace(code, call))
    }

    fn run(
        &self,
        purpose: Purpose,
        watch: Option<Watch>,
        code: &Code,
        call: &Call<'_>,
        world: &dyn World,
    ) -> Result<Executed, Fault> {
        self.session(purpose, watch, call, world, |session| session.execute(code, call))
    }

    /// Does something with the session of a call, with its world around it and stack enough below it.
    fn session<R>(
        &self,
        purpose: Purpose,
        watch: Option<Watch>,
        call: &Call<'_>,
        world: &dyn World,
        work: impl FnOnce(Session<Scoped>) -> R,
    ) -> R {
        let config = &self.inner.config;
        let session = Session::new(Scoped, call, config.schedule.clone());
        let room = Room::new(purpose, self.lane, config.caps.max_pages, &self.waiting(purpose).deep, watch);
        stacker::maybe_grow(STACK_NEEDED, STACK_MADE, || instance::enter(world, &room, || work(session)))
    }

    fn waiting(&self, purpose: Purpose) -> &Waiting {
        match purpose {
            Purpose::Execute => &self.inner.execute,
            Purpose::Query => &self.inner.query,
        }
    }
}

/// The wasmtime configuration of a [`Runtime`] made with `config`, so that tests with modules and stores of their own run on the very
/// same settings.
#[doc(hidden)]
pub fn wasmtime_settings(config: &Config) -> wasmtime::Config {
    let target = Target { purpose: Purpose::Execute, backend: config.backend, tuning: config.tuning };
    settings::settings(config, &target)
}

impl Fault {
    /// A failure of the engine, with its whole chain of causes: it goes to the operator, never into an outcome.
    pub(crate) fn engine(error: wasmtime::Error) -> Self {
        Self::Engine(format!("{error:#}"))
    }
}

#[cfg(test)]
mod tests;
