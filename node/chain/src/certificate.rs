//! Who decides blocks, and the proof that they did. Invariant: a certificate is checked without executing anything, against the
//! validator set whose hash the block's header names.

use alloc::vec::Vec;

use coffer_abi::{AccountId, Decode, Encode, Hash, Height};
use parity_scale_codec::{Error as ScaleError, Input};

use crate::hash::{Domain, hash_of};
use crate::sign::{Signature, SigningKey, verify};

/// A node that votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Validator {
    /// Its node key.
    pub key: AccountId,
    /// Its share of its organisation's voting power.
    pub power: u64,
}

/// Voting power of one organisation, split over its validating nodes.
pub const POWER_PER_ORGANISATION: u64 = 1 << 32;

/// Those who decide a block, in the order of their keys.
#[derive(Clone, Debug, PartialEq, Eq, Encode)]
pub struct ValidatorSet {
    validators: Vec<Validator>,
}

impl Decode for ValidatorSet {
    fn decode<I: Input>(input: &mut I) -> Result<Self, ScaleError> {
        let validators = Vec::<Validator>::decode(input)?;
        // Another order comes out as other bytes, which the reader of the whole refuses.
        Self::new(validators)
            .ok_or_else(|| "a validator set has members, each once, with power that fits 63 bits".into())
    }
}

impl ValidatorSet {
    /// A set from its members in any order.
    ///
    /// Returns `None` if a key stands twice, a power is 0, the set is empty, or the powers do not fit into 63 bits together.
    pub fn new(mut validators: Vec<Validator>) -> Option<Self> {
        validators.sort_by_key(|v| v.key);
        let unique = validators.windows(2).all(|pair| pair[0].key != pair[1].key);
        let total = validators.iter().try_fold(0u64, |sum, v| sum.checked_add(v.power))?;
        let ok = unique && total <= i64::MAX as u64 && !validators.is_empty() && validators.iter().all(|v| v.power > 0);
        ok.then_some(Self { validators })
    }

    /// The members in the order of their keys.
    pub fn validators(&self) -> &[Validator] {
        &self.validators
    }

    /// Hash that headers carry.
    pub fn hash(&self) -> Hash {
        hash_of(Domain::Validators, self)
    }

    /// Power of a key; 0 if it is not a member.
    pub fn power(&self, key: &AccountId) -> u64 {
        self.validators.iter().find(|v| v.key == *key).map_or(0, |v| v.power)
    }

    fn total(&self) -> u64 {
        self.validators.iter().map(|v| v.power).sum()
    }
}

/// Proof that a block was decided: signatures of more than two thirds of the voting power.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Certificate {
    /// Height of the block.
    pub height: Height,
    /// Round of the vote that decided it.
    pub round: u32,
    /// Hash of the block.
    pub block: Hash,
    /// Signatures in the order of the signers' keys.
    pub signatures: Vec<(AccountId, Signature)>,
}

/// Why a certificate proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// It is for another block.
    #[error("the certificate is for block {0}")]
    OtherBlock(Hash),
    /// A signer stands twice, out of order, or is not in the set.
    #[error("{0} is not a validator of this height, or signs twice")]
    Signer(AccountId),
    /// A signature does not hold.
    #[error("the signature of {0} does not hold")]
    Signature(AccountId),
    /// Not more than two thirds.
    #[error("{signed} of {total} voting power signed; more than two thirds are needed")]
    Power {
        /// Power that signed.
        signed: u64,
        /// Power of the whole set.
        total: u64,
    },
}

/// What a vote for a block signs.
pub(crate) fn vote_hash(height: Height, round: u32, block: &Hash) -> Hash {
    hash_of(Domain::Vote, &(height, round, block))
}

/// One validator's signature for a block.
pub fn vote(key: &SigningKey, chain_id: &Hash, height: Height, round: u32, block: &Hash) -> (AccountId, Signature) {
    (key.account(), key.sign(Domain::Vote, chain_id, &vote_hash(height, round, block)))
}

impl Certificate {
    /// Checks that it proves the decision for `block` at `height`.
    ///
    /// # Errors
    /// The first [`CertificateError`] found.
    pub fn verify(
        &self,
        chain_id: &Hash,
        height: Height,
        block: &Hash,
        set: &ValidatorSet,
    ) -> Result<(), CertificateError> {
        self.verify_with(chain_id, height, block, set, |_, _| false)
    }

    /// The same for who has checked some of the signatures already: `is_known` says of a signature that it is the signer's precommit for this block, in the
    /// certificate's round.
    ///
    /// # Errors
    /// As [`Certificate::verify`].
    pub fn verify_with(
        &self,
        chain_id: &Hash,
        height: Height,
        block: &Hash,
        set: &ValidatorSet,
        is_known: impl Fn(&AccountId, &Signature) -> bool,
    ) -> Result<(), CertificateError> {
        if self.block != *block || self.height != height {
            return Err(CertificateError::OtherBlock(self.block));
        }
        let what = vote_hash(self.height, self.round, block);
        let mut signed = 0u64;
        let mut last = None;
        for (key, signature) in &self.signatures {
            let power = set.power(key);
            if power == 0 || last.is_some_and(|last| last >= key) {
                return Err(CertificateError::Signer(*key));
            }
            if !is_known(key, signature) && !verify(key, Domain::Vote, chain_id, &what, signature) {
                return Err(CertificateError::Signature(*key));
            }
            last = Some(key);
            signed = signed.saturating_add(power);
        }
        let total = set.total();
        if u128::from(signed) * 3 > u128::from(total) * 2 {
            Ok(())
        } else {
            Err(CertificateError::Power { signed, total })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(n: u8) -> Vec<SigningKey> {
        (1..=n).map(|i| SigningKey::from_seed(&[i; 32])).collect()
    }

    fn set(keys: &[SigningKey]) -> ValidatorSet {
        ValidatorSet::new(keys.iter().map(|k| Validator { key: k.account(), power: 1 }).collect()).unwrap()
    }

    fn certificate(keys: &[SigningKey], chain: &Hash, block: &Hash) -> Certificate {
        let mut signatures: Vec<_> = keys.iter().map(|k| vote(k, chain, Height(1), 0, block)).collect();
        signatures.sort_by_key(|s| s.0);
        Certificate { height: Height(1), round: 0, block: *block, signatures }
    }

    #[test]
    fn more_than_two_thirds_decide() {
        let (chain, block) = (Hash([1; 32]), Hash([2; 32]));
        let keys = keys(4);
        let set = set(&keys);
        assert_eq!(certificate(&keys[..3], &chain, &block).verify(&chain, Height(1), &block, &set), Ok(()));
        let two = certificate(&keys[..2], &chain, &block).verify(&chain, Height(1), &block, &set);
        assert_eq!(two, Err(CertificateError::Power { signed: 2, total: 4 }));
    }

    #[test]
    fn a_signer_counts_once_and_only_with_its_own_signature() {
        let (chain, block) = (Hash([1; 32]), Hash([2; 32]));
        let keys = keys(4);
        let set = set(&keys[..3]);
        let good = certificate(&keys[..3], &chain, &block);
        let mut twice = good.clone();
        twice.signatures[1] = twice.signatures[0];
        assert!(matches!(twice.verify(&chain, Height(1), &block, &set), Err(CertificateError::Signer(_))));
        let stranger = certificate(&keys, &chain, &block);
        assert!(matches!(stranger.verify(&chain, Height(1), &block, &set), Err(CertificateError::Signer(_))));
        let mut forged = good.clone();
        forged.signatures[0].1 = forged.signatures[1].1;
        assert!(matches!(forged.verify(&chain, Height(1), &block, &set), Err(CertificateError::Signature(_))));
        assert!(matches!(good.verify(&chain, Height(2), &block, &set), Err(CertificateError::OtherBlock(_))));
        assert!(good.verify(&Hash([9; 32]), Height(1), &block, &set).is_err());
    }

    #[test]
    fn a_known_signature_counts_unchecked_and_only_where_its_signer_may() {
        let (chain, block) = (Hash([1; 32]), Hash([2; 32]));
        let keys = keys(4);
        let set = set(&keys);
        let mut forged = certificate(&keys[..3], &chain, &block);
        let (signer, lie) = (forged.signatures[0].0, Signature([9; 64]));
        forged.signatures[0].1 = lie;
        let check = |certificate: &Certificate, is_known: &dyn Fn(&AccountId, &Signature) -> bool| {
            certificate.verify_with(&chain, Height(1), &block, &set, is_known)
        };
        assert_eq!(check(&forged, &|_, _| false), Err(CertificateError::Signature(signer)));
        assert_eq!(check(&forged, &|by, it| *by == signer && *it == lie), Ok(()));
        let few = certificate(&keys[..2], &chain, &block);
        assert!(matches!(check(&few, &|_, _| true), Err(CertificateError::Power { .. })));
        let twice = Certificate { signatures: vec![few.signatures[0]; 3], ..few };
        assert!(matches!(check(&twice, &|_, _| true), Err(CertificateError::Signer(_))));
    }

    #[test]
    fn a_set_has_unique_members_with_power() {
        let v = |i: u8, power| Validator { key: AccountId([i; 32]), power };
        assert!(ValidatorSet::new(vec![]).is_none());
        assert!(ValidatorSet::new(vec![v(1, 1), v(1, 2)]).is_none());
        assert!(ValidatorSet::new(vec![v(1, 0)]).is_none());
        assert!(ValidatorSet::new(vec![v(1, u64::MAX), v(2, 1)]).is_none());
        let (a, b) = (ValidatorSet::new(vec![v(2, 1), v(1, 1)]), ValidatorSet::new(vec![v(1, 1), v(2, 1)]));
        assert_eq!(a, b);
    }
}
