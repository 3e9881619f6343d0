//! Records that were read or written lately, in the clear and those of tries decoded, so that a block finds most of what it touches in
//! memory. Shared by all states. Not here: what is not written yet (`waiting`), which readers ask first.
//! Invariant: a record here is the one the database shows; the bytes held are bounded.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use foldhash::fast::RandomState;

use super::batch::Content;
use super::columns::Key;
use super::waiting::Place;

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
    places: HashMap<Place, usize, RandomState>,
    ring: Vec<Held>,
    hand: usize,
    bytes: usize,
    /// How often something was set.
    sets: u64,
}

/// What was not held when it was asked for, and when that was.
pub(super) struct Absent(u64);

struct Held {
    place: Place,
    content: Content,
    is_used: bool,
}

impl Cache {
    /// Holds `limit` bytes at most.
    pub fn new(limit: usize) -> Self {
        Self { parts: std::array::from_fn(|_| Mutex::default()), limit: limit / PARTS }
    }

    /// The record under a key, if it is held.
    pub fn get(&self, key: &Key) -> Result<Content, Absent> {
        let mut part = self.part(key);
        let Some(at) = part.places.get(&Place(*key)).copied() else { return Err(Absent(part.sets)) };
        let held = &mut part.ring[at];
        held.is_used = true;
        Ok(held.content.clone())
    }

    /// Holds a record that was read from the database after it was found absent. One that was set since may be newer; then nothing is
    /// held.
    pub fn hold(&self, key: &Key, content: Content, absent: Absent) {
        let mut part = self.part(key);
        if part.sets == absent.0 {
            part.remove(key);
            part.insert(key, content, self.limit);
        }
    }

    /// Holds what now stands under a key; `None` if nothing does. ORDER: when the database shows it, and before those who read stop finding
    /// it elsewhere.
    pub fn set(&self, key: &Key, content: Option<Content>) {
        let mut part = self.part(key);
        part.sets += 1;
        part.remove(key);
        if let Some(content) = content {
            part.insert(key, content, self.limit);
        }
    }

    fn part(&self, key: &Key) -> MutexGuard<'_, Part> {
        // Any but the first eight bytes, which place the key within its part.
        self.parts[usize::from(key[31]) % PARTS].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn weight(content: &Content) -> usize {
    ENTRY + content.len()
}

impl Part {
    fn insert(&mut self, key: &Key, content: Content, limit: usize) {
        self.bytes += weight(&content);
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
        self.ring.push(Held { place: Place(*key), content, is_used: false });
    }

    fn remove(&mut self, key: &Key) {
        let Some(at) = self.places.remove(&Place(*key)) else { return };
        let removed = self.ring.swap_remove(at);
        self.bytes -= weight(&removed.content);
        if let Some(moved) = self.ring.get(at) {
            self.places.insert(moved.place, at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(n: u32) -> Content {
        Content::Bytes(n.to_le_bytes().to_vec().into())
    }

    fn key(n: u32) -> Key {
        *blake3::hash(&n.to_be_bytes()).as_bytes()
    }

    fn held(cache: &Cache, n: u32) -> Option<Vec<u8>> {
        cache.get(&key(n)).ok().map(|content| content.to_vec())
    }

    #[test]
    fn what_is_held_is_bounded_and_what_is_used_stays() {
        let cache = Cache::new(PARTS * 40 * weight(&record(0)));
        let hot: Vec<u32> = (0..20).collect();
        for n in 0..50_000 {
            cache.set(&key(n), Some(record(n)));
            for hot in hot.iter().filter(|hot| **hot < n) {
                assert_eq!(held(&cache, *hot), Some(record(*hot).to_vec()), "{hot} after {n}");
            }
        }
        for part in &cache.parts {
            let part = part.lock().unwrap();
            assert!(part.bytes <= cache.limit && part.bytes == part.ring.len() * weight(&record(0)));
            assert_eq!(part.places.len(), part.ring.len());
            assert!(part.ring.iter().enumerate().all(|(at, held)| part.places[&held.place] == at));
        }
        assert_eq!(held(&cache, 30_000), None);
    }

    #[test]
    fn a_record_that_was_set_again_or_removed_is_not_the_old_one() {
        let cache = Cache::new(1 << 20);
        cache.set(&key(1), Some(record(1)));
        cache.set(&key(1), Some(record(2)));
        assert_eq!(held(&cache, 1), Some(record(2).to_vec()));
        cache.set(&key(1), None);
        assert_eq!(held(&cache, 1), None);
    }

    #[test]
    fn what_was_read_before_something_newer_was_set_is_not_held() {
        let cache = Cache::new(1 << 20);
        let Err(absent) = cache.get(&key(1)) else { panic!() };
        cache.hold(&key(1), record(1), absent);
        assert_eq!(held(&cache, 1), Some(record(1).to_vec()));
        let Err(absent) = cache.get(&key(2)) else { panic!() };
        cache.set(&key(2), Some(record(3)));
        cache.set(&key(2), None);
        cache.hold(&key(2), record(2), absent);
        assert_eq!(held(&cache, 2), None);
    }
}
