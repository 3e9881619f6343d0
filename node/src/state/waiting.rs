//! Changes that are acknowledged but not in the database yet: readers find them here first, and one writer takes them
//! all at once. Not here: the database.
//! Invariant: a change is visible from the moment it is added until the database shows it.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use foldhash::fast::RandomState;

use super::batch::{Batch, Change};
use super::columns::Key;

/// How long changes wait for others to be written with.
const COLLECT: Duration = Duration::from_secs(5);

/// A key of the database in a table: keys are hashes, of which a part tells them apart. The tables' hasher is seeded, for
/// anyone can look for keys of the public state that begin alike.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(pub Key);

impl Hash for Place {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let mut part = [0; 8];
        part.copy_from_slice(&self.0[..8]);
        state.write_u64(u64::from_le_bytes(part));
    }
}

/// The last change of each record.
pub(super) type Changes = HashMap<Place, Change, RandomState>;

/// What waits.
pub(super) struct Waiting {
    /// Bytes that are written without waiting for more, and that wait at most while others are being written.
    full: usize,
    tables: RwLock<Tables>,
    gate: Mutex<Gate>,
    turned: Condvar,
}

#[derive(Default)]
struct Tables {
    collecting: Changes,
    writing: Arc<Changes>,
}

#[derive(Default)]
struct Gate {
    /// Of the changes collecting.
    bytes: usize,
    is_writing: bool,
    /// Someone waits until everything is written.
    is_urgent: bool,
    is_stopped: bool,
}

impl Waiting {
    pub fn new(full: usize) -> Self {
        Self { full, tables: RwLock::default(), gate: Mutex::default(), turned: Condvar::new() }
    }

    /// Calls `read` with the change of a record that waits, if one does.
    pub fn read<T>(&self, key: &Key, read: impl FnOnce(&Change) -> T) -> Option<T> {
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        let change = tables.collecting.get(&Place(*key)).or_else(|| tables.writing.get(&Place(*key)));
        change.map(read)
    }

    /// Adds changes, visible at once and together.
    pub fn add(&self, batch: Batch) {
        let (mut more, mut less) = (0, 0);
        let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        tables.collecting.reserve(batch.0.len());
        for (key, change) in batch.0 {
            more += change.weight();
            if let Some(before) = tables.collecting.insert(Place(key), change) {
                less += before.weight();
            }
        }
        // ORDER: under the tables' lock, so that the writer never takes changes whose bytes are not counted yet.
        let mut gate = self.gate();
        let before = gate.bytes;
        gate.bytes = (before + more).saturating_sub(less);
        if before == 0 || gate.bytes >= self.full {
            self.turned.notify_all();
        }
    }

    /// Waits until there is room for another change.
    pub fn wait_for_room(&self) {
        let gate = self.turned.wait_while(self.gate(), |gate| gate.bytes >= self.full && !gate.is_stopped);
        drop(gate.unwrap_or_else(PoisonError::into_inner));
    }

    /// Waits until everything added so far was written, or the writer stopped.
    pub fn settle(&self) {
        let mut gate = self.gate();
        gate.is_urgent = true;
        self.turned.notify_all();
        let left = |gate: &mut Gate| (gate.bytes > 0 || gate.is_writing) && !gate.is_stopped;
        let mut gate = self.turned.wait_while(gate, left).unwrap_or_else(PoisonError::into_inner);
        gate.is_urgent = false;
    }

    /// Makes the writer finish, and everyone else wait no longer.
    pub fn stop(&self) {
        self.gate().is_stopped = true;
        self.turned.notify_all();
    }

    /// For the writer: the next changes to write; waits for them. `None` once stopped and nothing is left.
    pub fn take(&self) -> Option<Arc<Changes>> {
        let has_none = |gate: &mut Gate| gate.bytes == 0 && !gate.is_stopped;
        let gate = self.turned.wait_while(self.gate(), has_none).unwrap_or_else(PoisonError::into_inner);
        let may_wait = |gate: &mut Gate| gate.bytes < self.full && !gate.is_stopped && !gate.is_urgent;
        let waited = self.turned.wait_timeout_while(gate, COLLECT, may_wait);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        if tables.collecting.is_empty() {
            return None;
        }
        tables.writing = Arc::new(std::mem::take(&mut tables.collecting));
        let mut gate = self.gate();
        gate.bytes = 0;
        gate.is_writing = true;
        self.turned.notify_all();
        Some(Arc::clone(&tables.writing))
    }

    /// For the writer: the database shows what was taken last.
    pub fn written(&self) {
        let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        // Taken out here and freed behind the lock: it can be large.
        let written = std::mem::take(&mut tables.writing);
        self.gate().is_writing = false;
        self.turned.notify_all();
        drop(tables);
        drop(written);
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::batch::Content;
    use super::super::columns::Kind;
    use super::super::scope::Scope;
    use super::*;

    const FULL: usize = 1 << 20;

    fn batch(n: u8, text: &'static str) -> Batch {
        let mut batch = Batch::default();
        batch.push(
            &Arc::new(Scope::public()),
            Kind::Code,
            [n; 32],
            Some(Content::Bytes(Bytes::from_static(text.as_bytes()))),
        );
        batch
    }

    fn seen(waiting: &Waiting, n: u8) -> Option<Vec<u8>> {
        waiting.read(&[n; 32], |change| change.stored(&[n; 32]).unwrap().unwrap().to_vec())
    }

    #[test]
    fn a_change_is_seen_until_it_is_written_and_the_last_one_wins() {
        let waiting = Waiting::new(FULL);
        waiting.add(batch(1, "first"));
        waiting.add(batch(1, "second"));
        assert_eq!(seen(&waiting, 1).unwrap(), b"second");
        waiting.stop();
        let taken = waiting.take().unwrap();
        assert_eq!((taken.len(), seen(&waiting, 1).unwrap()), (1, b"second".to_vec()));
        waiting.add(batch(1, "third"));
        assert_eq!(seen(&waiting, 1).unwrap(), b"third");
        waiting.written();
        assert_eq!(seen(&waiting, 1).unwrap(), b"third");
        assert!(waiting.take().is_some());
        waiting.written();
        assert_eq!(seen(&waiting, 1), None);
        assert!(waiting.take().is_none());
    }

    #[test]
    fn who_waits_for_room_goes_on_when_the_writer_takes_or_stops() {
        for stopped in [false, true] {
            let waiting = Waiting::new(FULL);
            let mut large = Batch::default();
            let content = Content::Bytes(vec![0; FULL].into());
            large.push(&Arc::new(Scope::public()), Kind::Code, [1; 32], Some(content));
            waiting.add(large);
            std::thread::scope(|scope| {
                let waiter = scope.spawn(|| waiting.wait_for_room());
                assert!(!waiter.is_finished());
                if stopped {
                    waiting.stop()
                } else {
                    drop(waiting.take())
                }
                waiter.join().unwrap();
            });
        }
    }
}
