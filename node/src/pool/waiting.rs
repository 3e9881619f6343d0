//! What is told to whoever waits for a transaction to come to this node at all. Not here: what comes of it then (`settled`).

use coffer_abi::{Hash, Height};
use coffer_chain::{CheckedTx, Kind};

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
