//! Who may run now: as many transactions as the engine has memory slots; others wait their turn. A full pool is never an error. A
//! transaction that calls from contract to contract needs room for the instances under way at once, and takes it whole at its first
//! nested call; who has it waits for nothing more, so waiting always ends.
//! Invariant: a slot taken is given back when its guard is dropped, also when the call panics.

use std::cell::OnceCell;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use wasmtime::Engine;

use crate::error::Fault;

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

/// What a transaction may use of an engine while it runs.
pub(crate) struct Room<'a> {
    engine: Option<&'a Engine>,
    max_pages: u32,
    deep: Option<&'a Slots>,
    outermost: OnceCell<()>,
    nested: OnceCell<Slot<'a>>,
}

impl<'a> Room<'a> {
    /// Room for one instance, and from `deep` for those below it.
    pub(super) fn new(engine: &'a Engine, max_pages: u32, deep: &'a Slots) -> Self {
        let (engine, deep) = (Some(engine), Some(deep));
        Self { engine, max_pages, deep, outermost: OnceCell::new(), nested: OnceCell::new() }
    }

    /// Room in which nothing can run.
    #[cfg(test)]
    pub(crate) fn closed() -> Self {
        Self { engine: None, max_pages: 0, deep: None, outermost: OnceCell::new(), nested: OnceCell::new() }
    }

    /// The engine and the bound on memory, in pages, for one more instance. Waits while too many transactions nest their calls.
    ///
    /// # Errors
    /// When there is no engine.
    pub(crate) fn instance(&self) -> Result<(Engine, u32), Fault> {
        let (Some(engine), Some(deep)) = (self.engine, self.deep) else {
            return Err(Fault::Engine("nothing can run here".into()));
        };
        if self.outermost.set(()).is_err() {
            self.nested.get_or_init(|| deep.take());
        }
        Ok((engine.clone(), self.max_pages))
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
