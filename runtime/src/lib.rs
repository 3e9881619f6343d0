//! Deterministic execution of one WebAssembly contract call against a state view. It knows no network, disk, clock, block production
//! or private state: whoever calls it brings the state, the block context and the gas limit, and applies the changes.
//! Invariant: same code hash + same call + same state = same outcome, gas and changes, on every machine, backend and engine version.
#![cfg_attr(not(feature = "engine"), allow(dead_code, reason = "what only the engine calls stays where its rules are"))]

pub mod error;
pub mod call;
pub mod state;
#[cfg(feature = "engine")]
pub mod world;
pub mod validate;
pub mod meter;
mod admit;
pub mod host;
#[cfg(feature = "engine")]
pub mod engine;
#[cfg(feature = "engine")]
pub mod codes;
#[cfg(feature = "engine")]
mod instance;
pub mod spec;
pub mod trace;

pub use admit::{Admitted, admit};
pub use call::{Asked, BlockContext, Call, Created, Executed};
#[cfg(feature = "engine")]
pub use engine::{Backend, Code, Config, Purpose, QueryError, Runtime};
pub use error::{CodeError, Fault};
pub use host::STACK_LIMIT;
pub use state::{AllChanges, Changes, MemoryState, ScanEntry, StateRead, created_id};
pub use validate::{Caps, Interface, Report, Violation, validate};
#[cfg(feature = "engine")]
pub use world::{MemoryWorld, World};
