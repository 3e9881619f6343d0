//! The way of new changes into log, memory and database: whoever comes while a sync is under way waits for the next
//! one, and all who wait share it. Not here: what a change comes to (`commit`).
//! Invariant: changes are published in the order in which they stand in the log, each after the sync that covers it;
//! after an error nothing more is accepted.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::Inner;
use super::columns::{FORMAT, Kind, Meta, StateRecord};
use super::commit::Moment;
use super::db::Batch;
use super::error::Error;
use super::history::Layer;
use super::log::FrameKind;
use super::one::OneState;
use crate::metrics;

/// What a change to one state leaves, besides its log frame.
pub(super) struct Outcome {
    pub one: Arc<OneState>,
    pub batch: Batch,
    pub layer: Option<Arc<Layer>>,
    pub standing: StateRecord,
    /// Views below it need not be served any more.
    pub floor: u64,
}

impl Outcome {
    /// With the record of where the state stands then.
    pub fn new(
        one: &Arc<OneState>,
        mut batch: Batch,
        layer: Option<Arc<Layer>>,
        standing: StateRecord,
        floor: u64,
    ) -> Self {
        batch.put(&one.scope, Kind::State, &[], &standing);
        Self { one: Arc::clone(one), batch, layer, standing, floor }
    }
}

/// A new change with its log frame.
pub(super) struct Entry {
    pub kind: FrameKind,
    pub payload: Vec<u8>,
    pub outcome: Outcome,
}

/// Those who wait for a sync.
#[derive(Default)]
pub(super) struct Group {
    queue: Mutex<Queue>,
    turned: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<Entry>,
    /// Entries ever queued, and of those the ones that last.
    queued: u64,
    lasting: u64,
    /// One of those who wait writes for all.
    is_led: bool,
}

impl Group {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// The one way of new changes into log and database: when it returns, they last and readers see them. Each
    /// caller holds the `changing` of the states it changes.
    pub(super) fn store(&self, entries: Vec<Entry>) -> Result<(), Error> {
        if entries.is_empty() {
            return Ok(());
        }
        self.db.wait_for_room();
        self.check_failed()?;
        let mut queue = self.group.queue();
        queue.queued += entries.len() as u64;
        queue.waiting.extend(entries);
        let last = queue.queued;
        while queue.lasting < last {
            self.check_failed()?;
            if queue.is_led {
                queue = self.group.turned.wait(queue).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            queue.is_led = true;
            let (group, upto) = (std::mem::take(&mut queue.waiting), queue.queued);
            drop(queue);
            let lead = Lead(self);
            let written = self.write(group).inspect_err(|error| self.fail(error));
            if written.is_ok() {
                self.group.queue().lasting = upto;
            }
            drop(lead);
            written?;
            queue = self.group.queue();
        }
        Ok(())
    }

    /// Appends a group to the log with one sync, then publishes it.
    fn write(&self, group: Vec<Entry>) -> Result<(), Error> {
        self.moment(Moment::BeforeLog)?;
        let frames: Vec<_> = group.iter().map(|entry| (entry.kind, &entry.payload[..])).collect();
        let append = || self.log.lock().unwrap_or_else(PoisonError::into_inner).append(&frames);
        let ends = metrics::BLOCK_LOG.time(append)?;
        self.moment(Moment::Logged)?;
        match ends.last() {
            Some(end) => self.publish(group.into_iter().map(|entry| entry.outcome), *end),
            None => Ok(()),
        }
    }

    /// Makes changes that stand in the log up to `end` visible, all at once, and queues them for the database. In the order of the
    /// log, each of another state: who changes one holds its `changing`.
    pub(super) fn publish(&self, outcomes: impl IntoIterator<Item = Outcome>, end: u64) -> Result<(), Error> {
        let (mut all, mut changed) = (Batch::default(), Vec::new());
        for Outcome { one, batch, layer, standing, floor } in outcomes {
            all.append(batch);
            // ORDER: readers know what is about to be overwritten before it is.
            for height in one.history.publish(layer, floor) {
                all.remove(&one.scope, Kind::Undo, &[&height.to_le_bytes()]);
            }
            changed.push((one, standing));
        }
        let meta = Meta { format: FORMAT, chain_id: self.chain_id, log_offset: end };
        all.put(&self.public.scope, Kind::Meta, &[], &meta);
        self.moment(Moment::Published)?;
        let pages: Vec<_> =
            changed.iter().map(|(one, _)| one.pages.write().unwrap_or_else(PoisonError::into_inner)).collect();
        self.db.commit(all)?;
        drop(pages);
        self.moment(Moment::Stored)?;
        for (one, standing) in changed {
            one.set_standing(standing);
        }
        Ok(())
    }
}

/// Who writes for all. However that ends, another one may go on.
struct Lead<'a>(&'a Inner);

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail(&Error::Failed("a commit panicked".into()));
        }
        self.0.group.queue().is_led = false;
        self.0.group.turned.notify_all();
    }
}
