//! The way from the validators of the genesis to those of a later block, without the blocks in between. Not here: one block by itself
//! (`block`). Invariant: every step was decided by more than two thirds of the power of the set that the step before named, or, behind a recovery
//! that the client accepted, of the set which that names.

use alloc::vec::Vec;

use coffer_abi::{Hash, Height};
use coffer_chain::{Header, Recovery};

use crate::block::{ProvenBlock, TrustedBlock};
use crate::invalid::Invalid;

/// Whom a client believes, as far as it has come from the genesis on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    chain_id: Hash,
    validators: Hash,
    height: Height,
    recoveries: Vec<Recovery>,
}

impl Way {
    /// At the genesis: the chain, and the hash of its first validator set.
    pub fn new(chain_id: Hash, validators: Hash) -> Self {
        Self { chain_id, validators, height: Height(0), recoveries: Vec::new() }
    }

    /// The same over recoveries of that chain that the client accepts, in any order: nothing on the way proves them. What it believes of
    /// them is who decides the next block; the block behind one is a step of the way.
    #[must_use]
    pub fn over(mut self, recoveries: impl IntoIterator<Item = Recovery>) -> Self {
        let chain_id = self.chain_id;
        self.recoveries.extend(recoveries.into_iter().filter(|recovery| recovery.chain_id == chain_id));
        self.recoveries.sort_by_key(|recovery| recovery.height);
        self
    }

    /// Goes on past a **handover**: a block after which another validator set decides.
    ///
    /// # Errors
    /// [`Invalid`]; the way stays where it is.
    pub fn pass(&mut self, handover: &ProvenBlock) -> Result<(), Invalid> {
        let header = &handover.header;
        let (trusted, is_recovered) = self.before(header)?;
        if header.next_validators == header.validators && !is_recovered {
            return Err(Invalid::Way(header.height));
        }
        handover.verify(&trusted)?;
        (self.validators, self.height) = (header.next_validators, header.height);
        Ok(())
    }

    /// Checks a block behind the way; gives its hash.
    ///
    /// # Errors
    /// [`Invalid`].
    pub fn verify(&self, block: &ProvenBlock) -> Result<Hash, Invalid> {
        block.verify(&self.before(&block.header)?.0)
    }

    /// Who decides a block behind the way, and whether it is the first one behind a recovery.
    fn before(&self, header: &Header) -> Result<(TrustedBlock, bool), Invalid> {
        if header.height <= self.height {
            return Err(Invalid::Way(header.height));
        }
        let next = self.recoveries.iter().find(|recovery| recovery.height >= self.height);
        let Some(recovery) = next.filter(|recovery| recovery.height < header.height) else {
            return Ok((self.trusted(), false));
        };
        if recovery.height.next() != Some(header.height) || recovery.block != header.parent {
            return Err(Invalid::Recovery(recovery.height));
        }
        Ok((TrustedBlock::Validators { chain_id: self.chain_id, validators: recovery.validators }, true))
    }

    /// What the way leads to.
    pub fn trusted(&self) -> TrustedBlock {
        TrustedBlock::Validators { chain_id: self.chain_id, validators: self.validators }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use coffer_abi::{AccountId, Gas, Time};
    use coffer_chain::certificate::vote;
    use coffer_chain::{Certificate, SigningKey, Validator, ValidatorSet};

    use super::*;

    const CHAIN: Hash = Hash([1; 32]);

    fn key(i: u8) -> SigningKey {
        SigningKey::from_seed(&[i; 32])
    }

    fn set(keys: &[u8]) -> ValidatorSet {
        ValidatorSet::new(keys.iter().map(|i| Validator { key: key(*i).account(), power: 1 }).collect()).unwrap()
    }

    /// A block that some of a set decided.
    fn block(height: u64, parent: Hash, deciding: &ValidatorSet, next: &ValidatorSet, by: &[u8]) -> ProvenBlock {
        let header = Header {
            version: 1,
            chain_id: CHAIN,
            height: Height(height),
            parent,
            proposer: AccountId([0; 32]),
            time: Time(0),
            transactions_root: Hash::ZERO,
            receipts_root: Hash::ZERO,
            state_root: Hash::ZERO,
            gas_used: Gas(0),
            validators: deciding.hash(),
            next_validators: next.hash(),
        };
        let hash = header.hash();
        let mut signatures: Vec<_> = by.iter().map(|i| vote(&key(*i), &CHAIN, Height(height), 0, &hash)).collect();
        signatures.sort_by_key(|signature| signature.0);
        let certificate = Certificate { height: Height(height), round: 0, block: hash, signatures };
        ProvenBlock::new(header, deciding.clone(), certificate)
    }

    /// Behind block 4 the first of two goes on alone.
    fn recovery(block: Hash) -> Recovery {
        let (lost, validators) = (vec!["B".into()], set(&[1]).hash());
        Recovery { chain_id: CHAIN, height: Height(4), block, round: 0, lost, validators }
    }

    #[test]
    fn the_way_leads_over_a_recovery_that_is_accepted_and_over_no_other() {
        let (both, one) = (set(&[1, 2]), set(&[1]));
        let fourth = block(4, Hash([4; 32]), &both, &both, &[1, 2]);
        let parent = fourth.header.hash();
        let (step, later) = (block(5, parent, &one, &one, &[1]), block(9, Hash([8; 32]), &one, &one, &[1]));
        let start = || Way::new(CHAIN, both.hash());

        let mut way = start().over([recovery(parent)]);
        assert!(way.verify(&fourth).is_ok(), "blocks before it are decided as ever");
        assert_eq!(way.verify(&later), Err(Invalid::Recovery(Height(4))), "the first block behind it is a step");
        assert!(way.verify(&step).is_ok());
        way.pass(&step).unwrap();
        assert!(way.verify(&later).is_ok());
        assert_eq!(way.pass(&later), Err(Invalid::Way(Height(9))), "it hands nothing over");

        assert_eq!(start().pass(&step), Err(Invalid::Way(Height(5))), "nobody accepted one");
        assert_eq!(start().verify(&step), Err(Invalid::OtherValidators(one.hash())));
        let mut elsewhere = start().over([recovery(Hash([7; 32]))]);
        assert_eq!(elsewhere.pass(&step), Err(Invalid::Recovery(Height(4))));
        let of_another_chain = Recovery { chain_id: Hash([9; 32]), ..recovery(parent) };
        assert!(start().over([of_another_chain]).pass(&step).is_err());
        let mut by_the_lost = block(5, parent, &one, &one, &[2]);
        assert!(start().over([recovery(parent)]).pass(&by_the_lost).is_err());
        by_the_lost = block(5, parent, &both, &one, &[1, 2]);
        let told = start().over([recovery(parent)]).pass(&by_the_lost);
        assert_eq!(told, Err(Invalid::OtherValidators(both.hash())), "what the old set decided there counts no more");
    }
}
