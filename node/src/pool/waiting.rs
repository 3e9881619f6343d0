//! What is told to whoever waits for a transaction to come to this node at all. Not here: what comes of it then (`settled`).

use coffer_abi::Height;
use coffer_chain::{CheckedTx, Kind, TxBody};

/// A transaction that waits for a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The last block it can be in.
    pub valid_until: Height,
    /// What was signed, if it is a marker: its slots say whose it is.
    pub marker: Option<Box<TxBody>>,
}

impl From<&CheckedTx> for Waiting {
    fn from(tx: &CheckedTx) -> Self {
        let body = tx.body();
        let marker = matches!(body.kind, Kind::Marker(_)).then(|| Box::new(body.clone()));
        Self { valid_until: body.valid_until, marker }
    }
}
