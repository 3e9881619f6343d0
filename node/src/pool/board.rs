//! Who waits for a word on which transaction. Not here: what there is to say. Invariant: a waiter is told at most once; those that went away
//! never make up more than half of what is kept, and a few.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use coffer_abi::Hash;
use tokio::sync::oneshot;

/// Waiters that are kept before it is looked whether they are still there.
const FEW: usize = 64;

/// Those who wait for a word of one kind.
pub(super) struct Board<T>(Mutex<Waiting<T>>);

struct Waiting<T> {
    by_transaction: HashMap<Hash, Vec<oneshot::Sender<T>>>,
    /// How many there are, those that went away included.
    count: usize,
    /// With how many it is looked who is gone.
    swept_at: usize,
}

impl<T> Default for Board<T> {
    fn default() -> Self {
        Self(Mutex::new(Waiting { by_transaction: HashMap::new(), count: 0, swept_at: FEW }))
    }
}

impl<T: Clone> Board<T> {
    /// Registers for a transaction.
    pub fn register(&self, tx: Hash) -> oneshot::Receiver<T> {
        let (sender, receiver) = oneshot::channel();
        let mut waiting = self.lock();
        waiting.by_transaction.entry(tx).or_default().push(sender);
        waiting.count += 1;
        if waiting.count >= waiting.swept_at {
            waiting.sweep();
        }
        receiver
    }

    /// Tells everyone who waits for that transaction; what there is to say is made only if somebody does.
    pub fn tell(&self, tx: &Hash, what: impl FnOnce() -> T) {
        let told = {
            let mut waiting = self.lock();
            let Some(told) = waiting.by_transaction.remove(tx) else { return };
            waiting.count = waiting.count.saturating_sub(told.len());
            told
        };
        let what = what();
        for sender in told {
            // Who is gone needs no word.
            let _ = sender.send(what.clone());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<T>> {
        // A panic under the lock can only miscount, and counts are made anew.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Waiting<T> {
    fn sweep(&mut self) {
        self.by_transaction.retain(|_, senders| {
            senders.retain(|sender| !sender.is_closed());
            !senders.is_empty()
        });
        self.count = self.by_transaction.values().map(Vec::len).sum();
        self.swept_at = 2 * self.count + FEW;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TX: Hash = Hash([1; 32]);

    #[test]
    fn everyone_who_waits_is_told_once_and_nobody_else() {
        let board = Board::default();
        let (mut a, mut b) = (board.register(TX), board.register(TX));
        let mut c = board.register(Hash([2; 32]));
        board.tell(&TX, || 7);
        board.tell(&TX, || 8);
        assert_eq!((a.try_recv(), b.try_recv()), (Ok(7), Ok(7)));
        assert!(c.try_recv().is_err());
        board.tell(&Hash([3; 32]), || panic!("nobody waits for it"));
    }

    #[test]
    fn waiters_that_went_away_are_forgotten_and_those_that_stay_are_not() {
        let board = Board::default();
        let mut kept: Vec<_> = (0..=200).map(|n| board.register(Hash([n; 32]))).collect();
        for _ in 0..10_000 {
            drop(board.register(TX));
        }
        let (count, held) = {
            let waiting = board.lock();
            (waiting.count, waiting.by_transaction.values().map(Vec::len).sum::<usize>())
        };
        assert_eq!(count, held);
        assert!(count <= 2 * 201 + FEW, "{count}");
        for n in 0..=200 {
            board.tell(&Hash([n; 32]), || n);
        }
        let told: Vec<u8> = kept.iter_mut().map(|waiter| waiter.try_recv().unwrap()).collect();
        assert_eq!(told, (0..=200).collect::<Vec<_>>());
        assert_eq!(board.lock().count, 0);
    }
}
