//! What the end of a call means: an outcome all nodes share, or a fault of this one.
//! Invariant: what is not known for certain to be the contract's doing is a fault.

use coffer_abi::{Status, TrapKind};
use wasmtime::Trap;

use crate::error::Fault;
use crate::host::{Ended, Halt};

/// Gas and logical stack left when the code stopped; below zero means it ran out.
pub(super) struct Left {
    pub(super) gas: i64,
    pub(super) stack: i32,
}

/// Reads the end of a call off what wasmtime returned, what a host function left behind, and the counters.
pub(super) fn of(result: wasmtime::Result<()>, halt: Option<Halt>, left: &Left) -> Result<Ended, Fault> {
    let stopped = |status| Ok(Ended::Stopped(status));
    match halt {
        Some(Halt::Trap(kind)) => return stopped(Status::Trapped(kind)),
        Some(Halt::Panic(text)) => return stopped(Status::Panicked(text)),
        Some(Halt::OutOfGas) => return stopped(Status::OutOfGas),
        Some(Halt::Fault(fault)) => return Err(fault),
        None => {}
    }
    let Err(error) = result else { return Ok(Ended::Returned) };
    match error.downcast_ref::<Trap>() {
        Some(Trap::UnreachableCodeReached) if left.gas < 0 => stopped(Status::OutOfGas),
        Some(Trap::UnreachableCodeReached) if left.stack < 0 => stopped(Status::Trapped(TrapKind::StackExhausted)),
        Some(trap) => match kind(*trap) {
            Some(kind) => stopped(Status::Trapped(kind)),
            None => Err(Fault::engine(error)),
        },
        None => Err(Fault::engine(error)),
    }
}

/// The kind of a trap that allowed code can raise, or `None` for one that must not happen: the engine's own stack above all.
fn kind(trap: Trap) -> Option<TrapKind> {
    match trap {
        Trap::UnreachableCodeReached => Some(TrapKind::Unreachable),
        Trap::MemoryOutOfBounds => Some(TrapKind::MemoryOutOfBounds),
        Trap::TableOutOfBounds => Some(TrapKind::TableOutOfBounds),
        Trap::IndirectCallToNull => Some(TrapKind::IndirectCallToNull),
        Trap::BadSignature => Some(TrapKind::BadSignature),
        Trap::IntegerOverflow => Some(TrapKind::IntegerOverflow),
        Trap::IntegerDivisionByZero => Some(TrapKind::DivisionByZero),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engines_own_stack_and_unknown_errors_are_faults() {
        let left = Left { gas: 5, stack: 5 };
        assert!(of(Err(Trap::StackOverflow.into()), None, &left).is_err());
        assert!(of(Err(Trap::Interrupt.into()), None, &left).is_err());
        assert!(of(Err(wasmtime::Error::msg("out of something")), None, &left).is_err());
        assert!(
            of(Err(Trap::UnreachableCodeReached.into()), Some(Halt::Fault(Fault::State("disk".into()))), &left)
                .is_err()
        );
    }

    #[test]
    fn counters_below_zero_explain_an_unreachable() {
        let ended = |gas, stack| match of(Err(Trap::UnreachableCodeReached.into()), None, &Left { gas, stack }) {
            Ok(Ended::Stopped(status)) => status,
            other => panic!("{other:?}"),
        };
        assert_eq!(ended(-1, 5), Status::OutOfGas);
        assert_eq!(ended(-1, -1), Status::OutOfGas);
        assert_eq!(ended(0, -1), Status::Trapped(TrapKind::StackExhausted));
        assert_eq!(ended(0, 0), Status::Trapped(TrapKind::Unreachable));
    }
}
