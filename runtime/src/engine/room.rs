//! What one transaction may use of the engines while it runs: one instance, and at its first nested call, taken whole, room for those below
//! it. Who has that room waits for nothing more, so waiting always ends. Not here: who may run at all (`slots`).
//! Invariant: no more instances are alive than the pools have slots for, and a pool is never asked while it is full.

use std::cell::{Cell, OnceCell};

use super::Purpose;
use super::clock::Watch;
use super::code::{Code, Ready};
use super::slots::{Lane, Slot, Slots};
use crate::error::Fault;

/// Room for the instances of one transaction.
pub(crate) struct Room<'a> {
    purpose: Purpose,
    lane: Lane,
    max_pages: u32,
    deep: Option<&'a Slots>,
    watch: Option<Watch>,
    entered: Cell<bool>,
    nested: OnceCell<Slot>,
}

/// Room for one instance.
pub(crate) struct Seat<'c> {
    /// The code, on its engine.
    pub(crate) ready: &'c Ready,
    /// What it runs for.
    pub(crate) purpose: Purpose,
    /// Pages its memory may have.
    pub(crate) max_pages: u32,
    /// Ticks until it is stopped, if it has a limit of time.
    pub(crate) ticks: Option<u64>,
}

impl<'a> Room<'a> {
    /// Room for one instance, and from `deep` for those below it; all of them end when `watch` says so.
    pub(super) fn new(purpose: Purpose, lane: Lane, max_pages: u32, deep: &'a Slots, watch: Option<Watch>) -> Self {
        let (entered, nested) = (Cell::new(false), OnceCell::new());
        Self { purpose, lane, max_pages, deep: Some(deep), watch, entered, nested }
    }

    /// Room in which nothing can run.
    #[cfg(test)]
    pub(crate) fn closed() -> Self {
        let (entered, nested) = (Cell::new(false), OnceCell::new());
        let (purpose, lane) = (Purpose::Execute, Lane::default());
        Self { purpose, lane, max_pages: 0, deep: None, watch: None, entered, nested }
    }

    /// Room for one more instance of `code`, which is compiled if it is not yet. Waits while too many transactions nest their calls.
    ///
    /// # Errors
    /// When the code cannot be compiled, the time is up, or nothing can run here.
    pub(crate) fn seat<'c>(&self, code: &'c Code) -> Result<Seat<'c>, Fault> {
        let Some(deep) = self.deep else {
            return Err(Fault::Engine("nothing can run here".into()));
        };
        let ready = code.ready(self.purpose, self.lane)?;
        if self.entered.replace(true) && self.nested.get().is_none() {
            let slot = match &self.watch {
                None => deep.take(self.lane),
                Some(watch) => deep.take_within(self.lane, || watch.patience()).ok_or(Fault::Deadline)?,
            };
            // Empty, as it was a moment ago on this one thread.
            let _ = self.nested.set(slot);
        }
        Ok(Seat {
            ready,
            purpose: self.purpose,
            max_pages: self.max_pages,
            ticks: self.watch.as_ref().map(Watch::left),
        })
    }
}
