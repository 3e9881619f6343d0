//! How far a node is that catches up: by a state, or block by block. Not here: catching up. Invariant: shown, never decided by.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use coffer_abi::Height;

use crate::state::Position;

/// Time over which a rate is taken.
const SPAN: Duration = Duration::from_secs(10);

/// How fast a count grows, over the last ten seconds.
#[derive(Clone, Debug, Default)]
pub struct Rate {
    counts: VecDeque<(Instant, u64)>,
}

impl Rate {
    /// Takes note of a count.
    pub fn note(&mut self, now: Instant, count: u64) {
        while self.counts.len() > 1 && self.counts.get(1).is_some_and(|(at, _)| now.duration_since(*at) >= SPAN) {
            self.counts.pop_front();
        }
        // Many within a moment are as good as one.
        let is_more = self.counts.len() > 1;
        match self.counts.back_mut() {
            Some((at, last)) if is_more && now.duration_since(*at) < SPAN / 100 => *last = count,
            _ => self.counts.push_back((now, count)),
        }
    }

    /// How much it grew a second; 0 while that is not known.
    pub fn per_second(&self) -> f64 {
        let (Some((first, from)), Some((last, to))) = (self.counts.front(), self.counts.back()) else { return 0.0 };
        let seconds = last.duration_since(*first).as_secs_f64();
        if seconds > 0.0 { to.saturating_sub(*from) as f64 / seconds } else { 0.0 }
    }
}

/// A public state that is being fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// Height of the block it is of; 0 until one was found.
    pub height: Height,
    /// Chunks that are here, of this run of the node.
    pub chunks: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Bytes a second.
    pub bytes_per_second: f64,
    /// Seconds that are left, as far as can be told from how far it is.
    pub seconds_left: Option<f64>,
}

/// What is known of a fetched state. Cheap to read at any time.
#[derive(Debug, Default)]
pub struct Progress {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    shown: Snapshot,
    rate: Rate,
    begun: Option<(Instant, f64)>,
}

impl Progress {
    /// How far it is.
    pub fn snapshot(&self) -> Snapshot {
        self.lock().shown
    }

    /// A state is fetched from a position on.
    pub(super) fn begin(&self, height: Height, from: Option<Position>) {
        let mut inner = self.lock();
        let now = Instant::now();
        *inner = Inner { begun: Some((now, done(from))), ..Inner::default() };
        inner.shown.height = height;
        inner.rate.note(now, 0);
    }

    /// A chunk came; the next one begins there.
    pub(super) fn chunk(&self, bytes: usize, next: Option<Position>) {
        let (now, mut inner) = (Instant::now(), self.lock());
        inner.shown.chunks += 1;
        inner.shown.bytes += bytes as u64;
        let total = inner.shown.bytes;
        inner.rate.note(now, total);
        inner.shown.bytes_per_second = inner.rate.per_second();
        let (Some((begun, before)), done) = (inner.begun, done(next)) else { return };
        let seconds = now.duration_since(begun).as_secs_f64();
        inner.shown.seconds_left = (done > before).then(|| seconds * (1.0 - done) / (done - before));
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every change is whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The part of a state that stands before a position, from 0 to 1. Paths are hashes, so they lie evenly; of a contract that is large among few it
/// tells too little.
fn done(next: Option<Position>) -> f64 {
    let part = |path: &[u8; 32]| {
        let first = path.first_chunk::<4>().map_or(0, |bytes| u32::from_be_bytes(*bytes));
        f64::from(first) / f64::from(u32::MAX)
    };
    next.map_or(1.0, |next| {
        let contract = part(&next.contract);
        // Where the next contract stands is not known; on average it is as far away as those before were from each other.
        contract + (1.0 - contract) * part(&next.slot) * contract.min(1.0 - contract)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_that_of_the_last_ten_seconds() {
        let (begun, mut rate) = (Instant::now(), Rate::default());
        assert_eq!(rate.per_second(), 0.0);
        let at = |seconds| begun + Duration::from_secs(seconds);
        for (second, count) in [(0, 0), (1, 100), (2, 200)] {
            rate.note(at(second), count);
        }
        assert_eq!(rate.per_second(), 100.0);
        // Nothing came for a long while.
        rate.note(at(40), 200);
        rate.note(at(50), 200);
        assert_eq!(rate.per_second(), 0.0);
        rate.note(at(60), 300);
        assert_eq!(rate.per_second(), 10.0);
    }

    #[test]
    fn what_is_left_follows_from_how_far_it_is() {
        let path = |first: u8| {
            let mut path = [0; 32];
            path[0] = first;
            path
        };
        assert_eq!((done(Some(Position::default())), done(None)), (0.0, 1.0));
        let steps = [(0x40, 0), (0x40, 0x80), (0x80, 0), (0xf0, 0), (0xf0, 0xf0)];
        let parts: Vec<f64> = steps
            .iter()
            .map(|(contract, slot)| done(Some(Position { contract: path(*contract), slot: path(*slot) })))
            .collect();
        assert!(parts.is_sorted() && parts.iter().all(|part| (0.0..1.0).contains(part)), "{parts:?}");
        let progress = Progress::default();
        progress.begin(Height(7), Some(Position::default()));
        progress.chunk(1_000, Some(Position { contract: path(0x80), slot: path(0) }));
        let shown = progress.snapshot();
        assert_eq!((shown.height, shown.chunks, shown.bytes), (Height(7), 1, 1_000));
        assert!(shown.seconds_left.is_some());
    }
}
