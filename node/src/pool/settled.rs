//! Who waits for what comes of a transaction. Invariant: a waiter is told at most once.

use std::sync::Arc;

use coffer_abi::{Hash, Height};
use coffer_chain::Receipt;
use tokio::sync::oneshot;

use super::board::Board;

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
pub struct Waiters(Board<Settled>);

impl Waiters {
    /// Registers for a transaction. Register before submitting, so that nothing is missed. The channel is closed without a word when
    /// the node stops.
    pub fn register(&self, tx: Hash) -> oneshot::Receiver<Settled> {
        self.0.register(tx)
    }

    /// Tells everyone who waits for the receipt's transaction.
    pub fn settle(&self, height: Height, index: u32, receipt: &Receipt) {
        self.0.tell(&receipt.tx, || Settled { height, index, receipt: Arc::new(receipt.clone()) });
    }
}
