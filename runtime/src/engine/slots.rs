//! Who may run now: as many calls as the engine has memory slots; others wait their turn. A full pool is never an error.
//! Invariant: a slot taken is given back when its guard is dropped, also when the call panics.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The free slots of one engine.
pub(super) struct Slots {
    free: Mutex<u32>,
    freed: Condvar,
}

/// One slot in use.
pub(super) struct Slot<'a>(&'a Slots);

impl Slots {
    /// `count` free slots; at least one.
    pub(super) fn new(count: u32) -> Self {
        Self { free: Mutex::new(count.max(1)), freed: Condvar::new() }
    }

    /// Takes a slot; blocks the thread while there is none.
    pub(super) fn take(&self) -> Slot<'_> {
        let mut free = self.lock();
        while *free == 0 {
            free = self.freed.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        Slot(self)
    }

    fn lock(&self) -> MutexGuard<'_, u32> {
        // A number cannot be left half changed, so a poisoned lock is as good as any.
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        *self.0.lock() += 1;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_comes_back_when_its_call_panics() {
        let slots = Slots::new(1);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _slot = slots.take();
            std::panic::resume_unwind(Box::new(()));
        }));
        assert!(panicked.is_err());
        drop(slots.take());
    }
}
