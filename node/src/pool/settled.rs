//! Who waits for what comes of a transaction. Invariant: a waiter is told at most once; one that went away costs nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use coffer_abi::{Hash, Height};
use coffer_chain::Receipt;
use tokio::sync::oneshot;

/// What came of a transaction.
#[derive(Clone, Debug)]
pub struct Settled {
    /// Height of its block.
    pub height: Height,
    /// Its position in the block, from 0.
    pub index: u32,
    /// Its receipt: public, or private for a waiter on the private side.
    pub receipt: Arc<Receipt>,
}

/// The waiters of one side, public or private.
#[derive(Default)]
pub struct Waiters {
    waiting: Mutex<HashMap<Hash, Vec<oneshot::Sender<Settled>>>>,
}

impl Waiters {
    /// Registers for a transaction. Register before submitting, so that nothing is missed. The channel is closed without a word when
    /// the node stops or the transaction expires.
    pub fn register(&self, tx: Hash) -> oneshot::Receiver<Settled> {
        let (sender, receiver) = oneshot::channel();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        // Those whose callers are gone leave no entry behind, so the map is bounded by the requests under way.
        waiting.retain(|_, senders| senders.iter().any(|s| !s.is_closed()));
        waiting.entry(tx).or_default().push(sender);
        receiver
    }

    /// Tells everyone who waits for the receipt's transaction.
    pub fn settle(&self, height: Height, index: u32, receipt: &Receipt) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(senders) = waiting.remove(&receipt.tx) else {
            return;
        };
        let settled = Settled { height, index, receipt: Arc::new(receipt.clone()) };
        for sender in senders {
            // The caller may have gone away; the receipt is in the state all the same.
            let _ = sender.send(settled.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use coffer_abi::{Gas, Status};

    use super::*;

    fn receipt(tx: u8) -> Receipt {
        let status = Status::Ok(vec![]);
        Receipt { tx: Hash([tx; 32]), status, gas_used: Gas(1), contract: None, events: vec![] }
    }

    #[test]
    fn everyone_who_waits_is_told_and_nobody_else() {
        let waiters = Waiters::default();
        let (mut a, mut b) = (waiters.register(Hash([1; 32])), waiters.register(Hash([1; 32])));
        let mut c = waiters.register(Hash([2; 32]));
        waiters.settle(Height(3), 4, &receipt(1));
        let told = a.try_recv().unwrap();
        assert_eq!((told.height, told.index), (Height(3), 4));
        assert_eq!(*b.try_recv().unwrap().receipt, receipt(1));
        assert!(c.try_recv().is_err());
    }

    #[test]
    fn a_waiter_that_went_away_leaves_nothing() {
        let waiters = Waiters::default();
        drop(waiters.register(Hash([1; 32])));
        let _kept = waiters.register(Hash([2; 32]));
        assert_eq!(waiters.waiting.lock().unwrap().len(), 1);
    }
}
