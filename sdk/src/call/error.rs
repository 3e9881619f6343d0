//! Why a call of another contract gave no value. Invariant: with each of these, nothing that the callee wrote or told is left.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use coffer_abi::{Refused, TrapKind};

/// Why a call of another contract gave no value. `E` is the error type of the method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError<E> {
    /// The callee returned an error of its own.
    Failed(E),
    /// The callee panicked; carries its text.
    Panicked(String),
    /// The callee used up the gas it was given.
    OutOfGas,
    /// The callee broke a rule of Wasm or of the host.
    Trapped(TrapKind),
    /// Nothing ran.
    Refused(Refused),
    /// The callee answered with something else than the interface says: it is another contract than its caller takes it for.
    BadReply,
}

/// A contract error whose type the caller does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawError {
    /// Index of the error's variant.
    pub code: u32,
    /// Encoding of the whole error.
    pub data: Vec<u8>,
}

impl<E> CallError<E> {
    /// The same with what `change` makes of the callee's own error.
    pub fn map<F>(self, change: impl FnOnce(E) -> F) -> CallError<F> {
        self.and_then(|error| CallError::Failed(change(error)))
    }

    pub(super) fn and_then<F>(self, change: impl FnOnce(E) -> CallError<F>) -> CallError<F> {
        match self {
            Self::Failed(error) => change(error),
            Self::Panicked(text) => CallError::Panicked(text),
            Self::OutOfGas => CallError::OutOfGas,
            Self::Trapped(kind) => CallError::Trapped(kind),
            Self::Refused(reason) => CallError::Refused(reason),
            Self::BadReply => CallError::BadReply,
        }
    }
}

impl<E: fmt::Debug> fmt::Display for CallError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => write!(f, "the called contract failed: {error:?}"),
            Self::Panicked(text) => write!(f, "the called contract panicked: {text}"),
            Self::OutOfGas => f.write_str("the called contract ran out of gas"),
            Self::Trapped(kind) => write!(f, "the called contract trapped: {kind}"),
            Self::Refused(reason) => write!(f, "the call was refused: {reason}"),
            Self::BadReply => f.write_str("the called contract's answer is not what its interface says"),
        }
    }
}

impl<E: fmt::Debug> core::error::Error for CallError<E> {}
