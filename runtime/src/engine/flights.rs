//! One piece of work per key at a time: who asks for what somebody is making already waits and gets the same result. Not here: keeping
//! results. Invariant: a flight ends when its work does, also when that panics; then the next who waits begins anew.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Work under way, by key.
pub(crate) struct Flights<K, V> {
    under_way: Mutex<HashMap<K, Arc<Flight<V>>>>,
}

struct Flight<V> {
    stage: Mutex<Stage<V>>,
    landed: Condvar,
}

enum Stage<V> {
    Flying,
    Landed(V),
    /// The work panicked.
    Lost,
}

impl<K, V> Default for Flights<K, V> {
    fn default() -> Self {
        Self { under_way: Mutex::default() }
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Flights<K, V> {
    /// Does `work`, unless another thread does it for this key: then waits for its result.
    pub(crate) fn join(&self, key: &K, mut work: impl FnMut() -> V) -> V {
        loop {
            let (flight, is_mine) = {
                let mut under_way = lock(&self.under_way);
                match under_way.get(key) {
                    Some(flight) => (Arc::clone(flight), false),
                    None => {
                        let flight = Arc::new(Flight { stage: Mutex::new(Stage::Flying), landed: Condvar::new() });
                        under_way.insert(key.clone(), Arc::clone(&flight));
                        (flight, true)
                    }
                }
            };
            if is_mine {
                let mut pilot = Pilot { flights: self, key, flight: &flight, result: None };
                let value = work();
                pilot.result = Some(value.clone());
                return value;
            }
            let mut stage = lock(&flight.stage);
            while matches!(*stage, Stage::Flying) {
                stage = flight.landed.wait(stage).unwrap_or_else(PoisonError::into_inner);
            }
            if let Stage::Landed(value) = &*stage {
                return value.clone();
            }
        }
    }
}

/// Ends a flight, however its work ends.
struct Pilot<'a, K: Eq + Hash, V> {
    flights: &'a Flights<K, V>,
    key: &'a K,
    flight: &'a Flight<V>,
    result: Option<V>,
}

impl<K: Eq + Hash, V> Drop for Pilot<'_, K, V> {
    fn drop(&mut self) {
        // ORDER: off the list first, so that who comes after the end begins anew.
        lock(&self.flights.under_way).remove(self.key);
        *lock(&self.flight.stage) = self.result.take().map_or(Stage::Lost, Stage::Landed);
        self.flight.landed.notify_all();
    }
}

/// Nothing that can panic runs under these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn all_who_ask_during_the_work_get_its_one_result() {
        const THREADS: usize = 8;
        let flights = Flights::<u8, u32>::default();
        let (worked, begun, all) = (AtomicU32::new(0), Barrier::new(2), Barrier::new(THREADS));
        std::thread::scope(|scope| {
            let first = scope.spawn(|| {
                flights.join(&1, || {
                    begun.wait();
                    // The others are on their way; the work ends only when each of them holds the flight.
                    while Arc::strong_count(lock(&flights.under_way).get(&1).expect("the flight")) < THREADS + 2 {
                        std::thread::yield_now();
                    }
                    worked.fetch_add(1, Ordering::SeqCst)
                })
            });
            begun.wait();
            let others: Vec<_> = (0..THREADS)
                .map(|_| {
                    scope.spawn(|| {
                        all.wait();
                        flights.join(&1, || worked.fetch_add(1, Ordering::SeqCst))
                    })
                })
                .collect();
            assert_eq!(first.join().expect("the first"), 0);
            assert!(others.into_iter().all(|other| other.join().expect("another") == 0));
        });
        assert_eq!(worked.load(Ordering::SeqCst), 1);
        assert_eq!(flights.join(&1, || 7), 7, "afterwards the work is done again");
    }

    #[test]
    fn after_a_panic_the_next_does_the_work() {
        let flights = Flights::<u8, u32>::default();
        let begun = Barrier::new(2);
        std::thread::scope(|scope| {
            let first = scope.spawn(|| {
                flights.join(&1, || {
                    begun.wait();
                    while Arc::strong_count(lock(&flights.under_way).get(&1).expect("the flight")) < 3 {
                        std::thread::yield_now();
                    }
                    std::panic::resume_unwind(Box::new(()))
                })
            });
            begun.wait();
            assert_eq!(flights.join(&1, || 5), 5);
            assert!(first.join().is_err());
        });
    }
}
