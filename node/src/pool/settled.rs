//! Who waits for what comes of a transaction. Invariant: a waiter is told at most once.

use std::sync::Arc;

use coffer_abi::{Hash, Height};
use coffer_chain::{Psi, Receipt};
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

    /// Registers for what comes of a marker in one private state.
    pub fn register_for(&self, psi: &Psi, marker: Hash) -> oneshot::Receiver<Settled> {
        self.0.register(of(psi, &marker))
    }

    /// Tells everyone who waits for what comes of the receipt's marker in that private state. Others that the marker names are told by themselves.
    pub fn settle_for(&self, psi: &Psi, height: Height, index: u32, receipt: &Receipt) {
        self.0.tell(&of(psi, &receipt.tx), || Settled { height, index, receipt: Arc::new(receipt.clone()) });
    }

    /// Tells everyone who waits for the receipt's transaction.
    pub fn settle(&self, height: Height, index: u32, receipt: &Receipt) {
        self.0.tell(&receipt.tx, || Settled { height, index, receipt: Arc::new(receipt.clone()) });
    }
}

/// Under what a marker is waited for in one private state.
fn of(psi: &Psi, marker: &Hash) -> Hash {
    Hash(*blake3::keyed_hash(&marker.0, psi.as_str().as_bytes()).as_bytes())
}

#[cfg(test)]
mod tests {
    use coffer_abi::{Gas, Status};

    use super::*;

    #[test]
    fn what_comes_of_a_marker_in_one_private_state_is_told_to_who_waits_for_that_one() {
        let (one, two): (Psi, Psi) = ("PS1".parse().unwrap(), "PS2".parse().unwrap());
        let (tx, waiters) = (Hash([1; 32]), Waiters::default());
        let (mut ones, mut twos) = (waiters.register_for(&one, tx), waiters.register_for(&two, tx));
        let receipt = Receipt { tx, status: Status::OutOfGas, gas_used: Gas(7), contract: None, events: Vec::new() };
        waiters.settle_for(&two, Height(3), 0, &receipt);
        assert_eq!(*twos.try_recv().unwrap().receipt, receipt);
        assert!(ones.try_recv().is_err());
        waiters.settle_for(&one, Height(3), 0, &receipt);
        assert_eq!(ones.try_recv().unwrap().height, Height(3));
    }
}
