//! Who waits for a transaction to come to this node at all. Not here: what comes of it then (`settled`). Invariant: a waiter is told at most once; one
//! that went away costs nothing.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use coffer_abi::{Hash, Height};
use coffer_chain::{CheckedTx, Kind};
use tokio::sync::oneshot;

/// A transaction that waits for a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The last block it can be in.
    pub valid_until: Height,
    /// What it names, if it is a marker.
    pub payload: Option<Hash>,
}

impl From<&CheckedTx> for Waiting {
    fn from(tx: &CheckedTx) -> Self {
        let body = tx.body();
        let payload = match &body.kind {
            Kind::Marker { payload } => Some(*payload),
            _ => None,
        };
        Self { valid_until: body.valid_until, payload }
    }
}

/// Those who wait.
#[derive(Default)]
pub(super) struct Arrivals {
    waiting: Mutex<HashMap<Hash, Vec<oneshot::Sender<Waiting>>>>,
}

impl Arrivals {
    /// Registers for a transaction.
    pub fn register(&self, tx: Hash) -> oneshot::Receiver<Waiting> {
        let (sender, receiver) = oneshot::channel();
        let mut waiting = self.lock();
        // Those who are gone leave no entry behind, so the map is bounded by the subscriptions there are.
        waiting.retain(|_, senders| senders.iter().any(|sender| !sender.is_closed()));
        waiting.entry(tx).or_default().push(sender);
        receiver
    }

    /// Tells everyone who waits for that transaction.
    pub fn tell(&self, id: &Hash, arrived: Waiting) {
        for sender in self.lock().remove(id).unwrap_or_default() {
            // Who is gone needs no word.
            let _ = sender.send(arrived);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Hash, Vec<oneshot::Sender<Waiting>>>> {
        // Entries are whole or absent.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_who_waits_is_told_once_and_nobody_else() {
        let arrivals = Arrivals::default();
        let (mut a, mut b) = (arrivals.register(Hash([1; 32])), arrivals.register(Hash([1; 32])));
        let mut c = arrivals.register(Hash([2; 32]));
        let arrived = Waiting { valid_until: Height(9), payload: None };
        arrivals.tell(&Hash([1; 32]), arrived);
        arrivals.tell(&Hash([1; 32]), Waiting { valid_until: Height(10), ..arrived });
        assert_eq!((a.try_recv(), b.try_recv()), (Ok(arrived), Ok(arrived)));
        assert!(c.try_recv().is_err());
    }

    #[test]
    fn a_waiter_that_went_away_leaves_nothing() {
        let arrivals = Arrivals::default();
        drop(arrivals.register(Hash([1; 32])));
        let _kept = arrivals.register(Hash([2; 32]));
        assert_eq!(arrivals.lock().len(), 1);
    }
}
