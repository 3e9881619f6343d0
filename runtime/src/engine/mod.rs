//! The engine: from an uploaded module to code that runs, and one call of it. It knows no state but the one handed to a call.
//! Where things are: `settings` the one wasmtime configuration, `code` what a prepared module is, `slots` who may run now.
//! Invariant: what comes out of `execute` does not depend on the backend, only its speed does.

mod code;
mod settings;
mod slots;

pub use code::Code;
pub(crate) use slots::Room;

use std::sync::Arc;

use coffer_abi::limits::MAX_DEPTH;
use wasmtime::{Engine, Linker};

use crate::call::{Call, Executed};
use crate::error::{CodeError, Fault};
use crate::host::Session;
use crate::instance::{self, Invocation, Scoped};
use crate::meter::Schedule;
use crate::state::World;
use crate::validate::Caps;
use slots::Slots;

/// Bytes of native stack a call may need: the engine's own 8 MiB and room for host functions and the state below them.
const STACK_NEEDED: usize = settings::MAX_WASM_STACK + 2 * 1024 * 1024;
/// Bytes of a stack made for a call whose thread has less than [`STACK_NEEDED`] left.
const STACK_MADE: usize = 16 * 1024 * 1024;

/// Which compiler makes native code. A local choice: outcomes and gas are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// One pass, compiles fast and in linear time.
    #[default]
    Winch,
    /// Optimising: slower to compile, faster loops.
    Cranelift,
}

/// What a [`Runtime`] is made with.
#[derive(Clone, Debug)]
pub struct Config {
    /// The compiler; local to this node.
    pub backend: Backend,
    /// Calls that run at the same time; more of them wait. Local to this node. Each slot reserves 4 GiB of address space (no memory)
    /// and keeps up to 2 MiB of memory from one call to the next.
    pub slots: u32,
    /// Transactions that call from contract to contract at the same time; each of them reserves 15 slots more.
    pub deep: u32,
    /// How large a module may be; a chain parameter.
    pub caps: Caps,
    /// What computation costs; a chain parameter.
    pub schedule: Schedule,
}

impl Default for Config {
    fn default() -> Self {
        Self { backend: Backend::default(), slots: 64, deep: 4, caps: Caps::default(), schedule: Schedule::default() }
    }
}

/// Prepares modules and executes calls. Cheap to clone; clones share the engine and its slots.
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
}

struct Inner {
    config: Config,
    engine: Engine,
    linker: Linker<Invocation>,
    slots: Slots,
    deep: Slots,
}

/// Instances below the outermost one of a transaction.
const NESTED: u32 = MAX_DEPTH as u32 - 1;

impl Runtime {
    /// An engine with its pool of memory slots.
    ///
    /// # Errors
    /// [`Fault::Engine`] when this machine cannot give what the configuration asks for, such as address space.
    pub fn new(config: Config) -> Result<Self, Fault> {
        let engine = Engine::new(&settings::settings(&config)).map_err(Fault::engine)?;
        let linker = instance::linker(&engine)?;
        let (slots, deep) = (Slots::new(config.slots), Slots::new(config.deep));
        Ok(Self { inner: Arc::new(Inner { config, engine, linker, slots, deep }) })
    }

    /// What it was made with.
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// Validates, instruments and compiles a module. Takes milliseconds to seconds of CPU time, so not on a thread that serves others.
    ///
    /// # Errors
    /// [`CodeError::Refused`] names the rule the module breaks, alike on every node; [`CodeError::Fault`] is this node's trouble.
    pub fn prepare(&self, wasm: &[u8]) -> Result<Code, CodeError> {
        let Inner { config, engine, linker, .. } = &*self.inner;
        Code::prepare(engine, linker, config, wasm)
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
        let Inner { config, engine, slots, deep, .. } = &*self.inner;
        let session = Session::new(Scoped, call, config.schedule.clone());
        let _slot = slots.take();
        let room = Room::new(engine, config.caps.max_pages, deep);
        stacker::maybe_grow(STACK_NEEDED, STACK_MADE, || instance::enter(world, &room, || session.execute(code, call)))
    }
}

/// The wasmtime configuration of a [`Runtime`] made with `config`, so that tests with modules and stores of their own run on the very
/// same settings.
#[doc(hidden)]
pub fn wasmtime_settings(config: &Config) -> wasmtime::Config {
    settings::settings(config)
}

impl Fault {
    /// A failure of the engine, with its whole chain of causes: it goes to the operator, never into an outcome.
    pub(crate) fn engine(error: wasmtime::Error) -> Self {
        Self::Engine(format!("{error:#}"))
    }
}

#[cfg(test)]
mod tests;
