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

/// What a host function's halt means.
pub(super) fn of_halt(halt: Halt) -> Result<Ended, Fault> {
    match halt {
        Halt::Trap(kind) => Ok(Ended::Stopped(Status::Trapped(kind))),
        Halt::Panic(text) => Ok(Ended::Stopped(Status::Panicked(text))),
        Halt::OutOfGas => Ok(Ended::Stopped(Status::OutOfGas)),
        Halt::Fault(fault) => Err(fault),
    }
}

/// Reads the end of a call that no host function ended off what wasmtime returned and the counters.
pub(super) fn of(result: wasmtime::Result<()>, left: &Left) -> Result<Ended, Fault> {
    let stopped = |status| Ok(Ended::Stopped(status));
    let Err(error) = result else {
        // The last blocks of a method are paid when it returns: gas is looked at where code can repeat itself, and here.
        return if left.gas < 0 { stopped(Status::OutOfGas) } else { Ok(Ended::Returned) };
    };
    match error.downcast_ref::<Trap>() {
        // Gas is looked at late, so a call may trap in some other way after it had none left.
        Some(trap) if left.gas < 0 && kind(*trap).is_some() => stopped(Status::OutOfGas),
        Some(Trap::UnreachableCodeReached) if left.stack < 0 => stopped(Status::Trapped(TrapKind::StackExhausted)),
        // Only engines of queries have a clock that raises it.
        Some(Trap::Interrupt) => Err(Fault::Deadline),
        Some(trap) => match kind(*trap) {
            Some(kind) => stopped(Status::Trapped(kind)),
            None => Err(Fault::engine(error)),
        },
        None => Err(Fault::engine(error)),
    }
}

/// True if what the call used is not known: an access outside of memory can come from any load or store, and the code does not write
/// the count back before each of them. Such a call costs all it was given.
pub(super) fn loses_gas(ended: &Ended) -> bool {
    matches!(ended, Ended::Stopped(Status::Trapped(TrapKind::MemoryOutOfBounds)))
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
        assert!(of(Err(Trap::StackOverflow.into()), &left).is_err());
        assert!(matches!(of(Err(Trap::Interrupt.into()), &left), Err(Fault::Deadline)));
        assert!(of(Err(wasmtime::Error::msg("out of something")), &left).is_err());
        assert!(of_halt(Halt::Fault(Fault::State("disk".into()))).is_err());
    }

    #[test]
    fn counters_below_zero_explain_an_unreachable() {
        let ended = |gas, stack| match of(Err(Trap::UnreachableCodeReached.into()), &Left { gas, stack }) {
            Ok(Ended::Stopped(status)) => status,
            other => panic!("{other:?}"),
        };
        assert_eq!(ended(-1, 5), Status::OutOfGas);
        assert_eq!(ended(-1, -1), Status::OutOfGas);
        assert_eq!(ended(0, -1), Status::Trapped(TrapKind::StackExhausted));
        assert_eq!(ended(0, 0), Status::Trapped(TrapKind::Unreachable));
        let late = of(Err(Trap::IntegerDivisionByZero.into()), &Left { gas: -1, stack: 5 });
        assert!(matches!(late, Ok(Ended::Stopped(Status::OutOfGas))));
        assert!(of(Err(Trap::StackOverflow.into()), &Left { gas: -1, stack: 5 }).is_err());
        assert!(matches!(of(Ok(()), &Left { gas: -1, stack: 5 }), Ok(Ended::Stopped(Status::OutOfGas))));
        assert!(matches!(of(Ok(()), &Left { gas: 0, stack: 5 }), Ok(Ended::Returned)));
    }
}
