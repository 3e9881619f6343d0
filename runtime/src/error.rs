//! What can go wrong outside of a contract's own outcome. A trap is an outcome (`coffer_abi::Status`) and becomes a receipt; a
//! [`Fault`] is this node's own trouble: nothing is committed and the node stops or holds the state. One never becomes the other.

#[cfg(feature = "engine")]
use crate::engine::CompileError;
use crate::validate::Violation;

/// This node could not execute; other nodes may have. Never retried blindly, never turned into a receipt.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Fault {
    /// The state could not be read.
    #[error("the state could not be read: {0}")]
    State(String),
    /// The engine refused what the validator accepted, or its own stack or memory ran out.
    #[error("the WebAssembly engine failed: {0}")]
    Engine(String),
    /// The instrumented module lacks something the pass always adds.
    #[error("the instrumented module is broken: {0}")]
    Instrumentation(String),
    /// A module that the validator accepted could not be compiled.
    #[cfg(feature = "engine")]
    #[error(transparent)]
    Compiler(CompileError),
    /// A query ran for longer than it may. Nothing that the chain ordered ends like this.
    #[error("the query took longer than it may")]
    Deadline,
}

/// Why a module cannot be used as a contract.
#[derive(Debug, thiserror::Error)]
pub enum CodeError {
    /// It breaks a rule; permanent, the same on every node.
    #[error("the module is refused: {0}")]
    Refused(#[from] Violation),
    /// Trouble of this node, not of the module.
    #[error(transparent)]
    Fault(#[from] Fault),
}
