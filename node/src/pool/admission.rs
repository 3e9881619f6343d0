//! What a transaction must satisfy to wait for a block here, whoever brings it. Invariant: junk is what is junk on every node; what a node
//! with an older or newer head may see otherwise is not held against anybody.

use coffer_abi::{Hash, Height};
use coffer_chain::rules::{NotIncludable, check_limits, check_window};
use coffer_chain::tx::TxError;
use coffer_chain::{CheckedTx, Parameters, Transaction};

use crate::metrics;

/// Why a transaction that came from elsewhere is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAdmitted {
    /// It can be in no block of this chain.
    #[error(transparent)]
    Junk(#[from] TxError),
    /// It can not be in the next block.
    #[error(transparent)]
    Window(#[from] NotIncludable),
    /// It is in a block already.
    #[error("the transaction is in the chain already")]
    Included,
}

/// The checks.
pub struct Admission {
    /// The chain.
    pub chain_id: Hash,
    /// What the next block keeps; `None` if that cannot be read now, and then it is left to that block.
    pub parameters: Box<dyn Fn() -> Option<Parameters> + Send + Sync>,
    /// Height of the next block.
    pub next: Box<dyn Fn() -> Height + Send + Sync>,
    /// True if a transaction is in the chain already.
    pub included: Box<dyn Fn(&CheckedTx) -> bool + Send + Sync>,
}

impl Admission {
    /// Decodes and checks a transaction. Takes the time of checking a signature.
    ///
    /// # Errors
    /// [`NotAdmitted`].
    pub fn check(&self, bytes: &[u8]) -> Result<CheckedTx, NotAdmitted> {
        let tx = self.recall(bytes)?;
        check_window(tx.body().valid_until, (self.next)())?;
        (self.parameters)().map_or(Ok(()), |now| check_limits(tx.transaction(), &now))?;
        Ok(tx)
    }

    /// The same for what was taken in before: that the next block cannot have it yet, or not at all, is no reason against it.
    ///
    /// # Errors
    /// [`NotAdmitted`].
    pub fn recall(&self, bytes: &[u8]) -> Result<CheckedTx, NotAdmitted> {
        let check = || Transaction::decode_bounded(bytes)?.check(&self.chain_id);
        let tx = metrics::ADMISSION.time(check)?;
        if let Err(expired @ NotIncludable::Expired { .. }) = check_window(tx.body().valid_until, (self.next)()) {
            return Err(expired.into());
        }
        if (self.included)(&tx) { Err(NotAdmitted::Included) } else { Ok(tx) }
    }
}
