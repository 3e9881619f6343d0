//! Trie records that were read or written lately, decoded, so that a block finds most of what it touches in memory.
//! Shared by all states. Not here: what is not written yet (`waiting`), which readers ask first.
//! Invariant: a record here is the one the database shows; the bytes held are bounded.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use coffer_chain::trie::Record;

use super::columns::Key;
use super::waiting::Place;

/// Bytes of records held at most.
const LIMIT: usize = 64 * 1024 * 1024;
/// Parts with a lock each.
const PARTS: usize = 16;
/// What a record takes beside its bytes, about.
const ENTRY: usize = 128;

/// The records held.
pub(super) struct Cache {
    parts: [Mutex<Part>; PARTS],
    limit: usize,
}

/// One part: a clock. The hand passes over what was used since it came by last, and drops what was not; so what one
/// busy state reads once does not push out what others use again and again.
#[derive(Default)]
struct Part {
    places: HashMap<Place, usize>,
    ring: Vec<Held>,
    hand: usize,
    bytes: usize,
}

struct Held {
    place: Place,
    record: Arc<Record>,
    is_used: bool,
}

impl Default for Cache {
    fn default() -> Self {
        Self::new(LIMIT)
    }
}

impl Cache {
    fn new(limit: usize) -> Self {
        Self { parts: std::array::from_fn(|_| Mutex::default()), limit: limit / PARTS }
    }

    /// The record under a key, if it is held.
    pub fn get(&self, key: &Key) -> Option<Arc<Record>> {
        let mut part = self.part(key);
        let at = *part.places.get(&Place(*key))?;
        let held = &mut part.ring[at];
        held.is_used = true;
        Some(Arc::clone(&held.record))
    }

    /// Holds what now stands under a key; `None` if nothing does.
    pub fn set(&self, key: &Key, record: Option<Arc<Record>>) {
        let mut part = self.part(key);
        part.remove(key);
        if let Some(record) = record {
            part.insert(key, record, self.limit);
        }
    }

    fn part(&self, key: &Key) -> MutexGuard<'_, Part> {
        // Any but the first eight bytes, which place the key within its part.
        self.parts[usize::from(key[31]) % PARTS].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn weight(record: &Record) -> usize {
    ENTRY + record.encoded_len()
}

impl Part {
    fn insert(&mut self, key: &Key, record: Arc<Record>, limit: usize) {
        self.bytes += weight(&record);
        while self.bytes > limit && !self.ring.is_empty() {
            self.hand %= self.ring.len();
            if std::mem::take(&mut self.ring[self.hand].is_used) {
                self.hand += 1;
            } else {
                let oldest = self.ring[self.hand].place;
                self.remove(&oldest.0);
            }
        }
        self.places.insert(Place(*key), self.ring.len());
        self.ring.push(Held { place: Place(*key), record, is_used: false });
    }

    fn remove(&mut self, key: &Key) {
        let Some(at) = self.places.remove(&Place(*key)) else { return };
        let removed = self.ring.swap_remove(at);
        self.bytes -= weight(&removed.record);
        if let Some(moved) = self.ring.get(at) {
            self.places.insert(moved.place, at);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use coffer_chain::trie::RecordKey;

    use super::*;

    /// A bucket with one leaf.
    fn record(n: u32) -> Arc<Record> {
        let bytes = [&[0][..], blake3::hash(&n.to_le_bytes()).as_bytes(), &[1; 32]].concat();
        Arc::new(Record::decode::<Infallible>(&RecordKey::ROOT, &bytes).unwrap())
    }

    fn key(n: u32) -> Key {
        *blake3::hash(&n.to_be_bytes()).as_bytes()
    }

    #[test]
    fn what_is_held_is_bounded_and_what_is_used_stays() {
        let cache = Cache::new(PARTS * 40 * weight(&record(0)));
        let hot: Vec<u32> = (0..20).collect();
        for n in 0..50_000 {
            cache.set(&key(n), Some(record(n)));
            for hot in hot.iter().filter(|hot| **hot < n) {
                assert_eq!(cache.get(&key(*hot)), Some(record(*hot)), "{hot} after {n}");
            }
        }
        for part in &cache.parts {
            let part = part.lock().unwrap();
            assert!(part.bytes <= cache.limit && part.bytes == part.ring.len() * weight(&record(0)));
            assert_eq!(part.places.len(), part.ring.len());
            assert!(part.ring.iter().enumerate().all(|(at, held)| part.places[&held.place] == at));
        }
        assert_eq!(cache.get(&key(30_000)), None);
    }

    #[test]
    fn a_record_that_was_set_again_or_removed_is_not_the_old_one() {
        let cache = Cache::default();
        cache.set(&key(1), Some(record(1)));
        cache.set(&key(1), Some(record(2)));
        assert_eq!(cache.get(&key(1)), Some(record(2)));
        cache.set(&key(1), None);
        assert_eq!(cache.get(&key(1)), None);
    }
}
