//! The host's side of one call, in plain Rust: what each host function does, without Wasm, gas or pointers. The instance puts it
//! behind the imports of a module, the test harness behind native code. Never here: `wasmtime`.
//! Invariant: a function's effect depends only on the call, the state and the functions called before it.

mod frame;
mod scan;
mod storage;
mod text;

pub use frame::{Ended, Frame};

use coffer_abi::TrapKind;

use crate::error::Fault;

/// Lines of the debug log that are kept; those after them are dropped, which no contract can notice.
pub const MAX_LOG_LINES: usize = 1_024;

/// Why a call cannot go on.
#[derive(Debug)]
pub enum Halt {
    /// A rule of the host was broken; an outcome.
    Trap(TrapKind),
    /// The contract panicked with this text; an outcome.
    Panic(String),
    /// The gas ran out in a host function; raised by whoever counts gas, never by [`Frame`].
    OutOfGas,
    /// This node failed; never an outcome.
    Fault(Fault),
}

impl From<Fault> for Halt {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<TrapKind> for Halt {
    fn from(kind: TrapKind) -> Self {
        Self::Trap(kind)
    }
}
