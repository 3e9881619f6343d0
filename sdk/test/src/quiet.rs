//! Keeps what is part of a test's work out of its output: a contract's panic is an outcome, and the failures of a search for the smallest one are
//! steps. Not here: panics of the test itself. Invariant: outside of [`in_contract`] and [`searching`] panics are told as ever.

use std::cell::Cell;
use std::panic;
use std::sync::Once;

thread_local! {
    static QUIET: Cell<usize> = const { Cell::new(0) };
}

static HOOK: Once = Once::new();

/// Counts down also when what is counted unwinds.
struct Counted;

impl Drop for Counted {
    fn drop(&mut self) {
        QUIET.set(QUIET.get().saturating_sub(1));
    }
}

fn quietly<R>(work: impl FnOnce() -> R) -> R {
    HOOK.call_once(|| {
        let told = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if QUIET.get() == 0 {
                told(info);
            }
        }));
    });
    QUIET.set(QUIET.get() + 1);
    let _counted = Counted;
    work()
}

/// Runs native code of a contract.
pub(crate) fn in_contract<R>(work: impl FnOnce() -> R) -> R {
    quietly(work)
}

/// Runs a body that may fail as one of many.
pub(crate) fn searching<R>(work: impl FnOnce() -> R) -> R {
    quietly(work)
}
