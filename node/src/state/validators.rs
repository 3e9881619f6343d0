//! Who decides the block of a height: validator sets, each kept once under its hash, as headers name them. Not here: how a set comes to be
//! (the network contract), what certificates are worth (`coffer_chain`). Invariant: of every block that is kept, and of the next one, the set
//! is kept too.

use std::sync::{Arc, PoisonError};

use coffer_abi::{Hash, Height, codec};
use coffer_chain::{Header, ValidatorSet, network};
use coffer_proof::ProvenBlock;

use super::columns::{Kind, StoredBlock};
use super::db::Batch;
use super::error::{Error, REBUILD};
use super::slot::slot;
use super::{BlockId, Inner, State, StateWrites};

/// The head block as the next one needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tip {
    hash: Hash,
    /// Its header.
    pub header: Header,
    /// Who decides the next block.
    pub next: ValidatorSet,
}

impl State {
    /// The head block, without what is in it; from memory but for the first time.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::Database`].
    pub fn tip(&self) -> Result<Arc<Tip>, Error> {
        let hash = self.head().hash;
        let known = || self.inner.tip.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tip) = known().as_ref().filter(|tip| tip.hash == hash) {
            return Ok(Arc::clone(tip));
        }
        let stored = self.block(BlockId::Hash(hash))?;
        let header =
            stored.ok_or_else(|| Error::Damaged(format!("the head block {hash} is missing; {REBUILD}")))?.block.header;
        let next = match self.inner.recovery_after(header.height) {
            Some(accepted) => self.recovered(accepted, &header)?,
            None => self.validator_set(&header.next_validators)?,
        };
        let tip = Arc::new(Tip { hash, header, next });
        *known() = Some(Arc::clone(&tip));
        Ok(tip)
    }

    /// Who decides the block at `height`: of every block that is kept, and of the next one.
    ///
    /// # Errors
    /// [`Error::Future`] beyond the next block, [`Error::Pruned`] before the first block this node has; [`Error::Database`], [`Error::Damaged`].
    pub fn validators(&self, height: Height) -> Result<ValidatorSet, Error> {
        let tip = self.tip()?;
        let head = tip.header.height;
        if head.next() == Some(height) {
            return Ok(tip.next.clone());
        }
        if height > head {
            return Err(Error::Future { height, head });
        }
        let stored = self.block(BlockId::Height(height))?;
        let stored = stored.ok_or_else(|| Error::Damaged(format!("block {height} is missing")))?;
        self.validator_set(&stored.block.header.validators)
    }

    /// The validator set of a hash that a header of this chain names.
    ///
    /// # Errors
    /// [`Error::Damaged`] if it is not here, [`Error::Database`].
    pub fn validator_set(&self, hash: &Hash) -> Result<ValidatorSet, Error> {
        self.inner.stored_validators(hash)?.ok_or_else(|| missing(hash))
    }
}

impl StateWrites {
    /// The validator set that these writes put on record as that which decides the block at `height` after a recovery.
    fn recovered(&self, height: Height) -> Option<ValidatorSet> {
        let value = self.slots.get(&network::contract())?.get(&network::recovery_key(height))?.as_deref()?;
        ValidatorSet::new(codec::decode::<network::RecoveryRecord>(value).ok()?.validators)
    }

    /// The validator set that the network contract has after these writes; `None` if they leave it as it is.
    pub fn validators(&self) -> Option<ValidatorSet> {
        let value = self.slots.get(&network::contract())?.get(&network::validators_key())?.as_deref()?;
        let set = network::read_validators(value);
        if set.is_none() {
            tracing::error!("the network contract keeps no validator set; the one before stays");
        }
        set
    }
}

impl Inner {
    pub(super) fn stored_validators(&self, hash: &Hash) -> Result<Option<ValidatorSet>, Error> {
        self.records(&self.public).get(Kind::Validators, &[hash.as_ref()])
    }

    /// Adds the sets that a block brings: the first one, the one it was decided by after a recovery, and one that follows from what it wrote. The latter two make it a handover.
    pub(super) fn put_validators(
        &self,
        batch: &mut Batch,
        stored: &StoredBlock,
        writes: &StateWrites,
    ) -> Result<(), Error> {
        let header = &stored.block.header;
        if header.height == Height(0) {
            self.put_validator_set(batch, &self.validators);
        }
        let recovered = writes.recovered(header.height).filter(|set| set.hash() == header.validators);
        if let Some(set) = &recovered {
            self.put_validator_set(batch, set);
        }
        if header.next_validators != header.validators {
            self.put_validator_set(batch, &Self::next_of(header, writes)?);
        } else if recovered.is_none() {
            return Ok(());
        }
        let deciding = match recovered {
            Some(set) => set,
            None => self.stored_validators(&header.validators)?.ok_or_else(|| missing(&header.validators))?,
        };
        self.put_handover(batch, ProvenBlock::new(header.clone(), deciding, stored.certificate.clone()))
    }

    /// The set that a block names next, of what it wrote.
    fn next_of(header: &Header, writes: &StateWrites) -> Result<ValidatorSet, Error> {
        let set = writes.validators().filter(|set| set.hash() == header.next_validators);
        set.ok_or_else(|| {
            let (height, hash) = (header.height, header.next_validators);
            Error::NotNext(format!("block {height} names the next validator set {hash}, which it did not write"))
        })
    }

    pub(super) fn put_validator_set(&self, batch: &mut Batch, set: &ValidatorSet) {
        batch.put(&self.public.scope, Kind::Validators, &[set.hash().as_ref()], set);
    }

    /// Keeps the set that decides the next block, which after an import stands in the imported state alone.
    pub(super) fn keep_next_validators(&self) -> Result<(), Error> {
        let head = self.head.borrow().hash;
        let stored = self.records(&self.public).get::<StoredBlock>(Kind::Block, &[head.as_ref()])?;
        let header = stored.ok_or_else(|| Error::Damaged(format!("the head block {head} is missing; {REBUILD}")))?;
        let next = header.block.header.next_validators;
        if self.stored_validators(&next)?.is_some() {
            return Ok(());
        }
        let value = slot(self.records(&self.public), &network::contract(), &network::validators_key())?;
        let set = value.and_then(|value| network::read_validators(&value)).filter(|set| set.hash() == next);
        let mut batch = Batch::default();
        self.put_validator_set(&mut batch, &set.ok_or_else(|| missing(&next))?);
        self.db.commit(batch)
    }
}

fn missing(hash: &Hash) -> Error {
    Error::Damaged(format!("the validator set {hash} is missing; {REBUILD}"))
}
