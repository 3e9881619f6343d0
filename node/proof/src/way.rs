//! The way from the validators of the genesis to those of a later block, without the blocks in between. Not here: one block by itself
//! (`block`). Invariant: every step was decided by more than two thirds of the power of the set that the step before named.

use coffer_abi::{Hash, Height};

use crate::block::{ProvenBlock, TrustedBlock};
use crate::invalid::Invalid;

/// Whom a client believes, as far as it has come from the genesis on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    chain_id: Hash,
    validators: Hash,
    height: Height,
}

impl Way {
    /// At the genesis: the chain, and the hash of its first validator set.
    pub fn new(chain_id: Hash, validators: Hash) -> Self {
        Self { chain_id, validators, height: Height(0) }
    }

    /// Goes on past a **handover**: a block after which another validator set decides.
    ///
    /// # Errors
    /// [`Invalid`]; the way stays where it is.
    pub fn pass(&mut self, handover: &ProvenBlock) -> Result<(), Invalid> {
        let header = &handover.header;
        if header.height <= self.height || header.next_validators == header.validators {
            return Err(Invalid::Way(header.height));
        }
        handover.verify(&self.trusted())?;
        (self.validators, self.height) = (header.next_validators, header.height);
        Ok(())
    }

    /// Checks a block behind the way; gives its hash.
    ///
    /// # Errors
    /// [`Invalid`].
    pub fn verify(&self, block: &ProvenBlock) -> Result<Hash, Invalid> {
        if block.header.height <= self.height {
            return Err(Invalid::Way(block.header.height));
        }
        block.verify(&self.trusted())
    }

    /// What the way leads to.
    pub fn trusted(&self) -> TrustedBlock {
        TrustedBlock::Validators { chain_id: self.chain_id, validators: self.validators }
    }
}
