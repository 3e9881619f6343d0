//! The block a proof ends at, and why it is to be believed. Not here: what its state holds.
//! Invariant: a header is trusted by its own hash, or by a certificate of the validator set whose hash is trusted.

use alloc::vec::Vec;

use coffer_abi::codec::{Decode, Encode};
use coffer_abi::{AccountId, Hash};
use coffer_chain::{Certificate, Header, Signature, ValidatorSet};

use crate::invalid::Invalid;

/// A header, and the votes that decided it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ProvenBlock {
    /// The header; its hash is the block's.
    pub header: Header,
    /// The votes; block 0 has none.
    pub votes: Option<Votes>,
}

/// What of a certificate the header does not say.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Votes {
    /// Who may vote on the block.
    pub validators: ValidatorSet,
    /// Round of the vote that decided it.
    pub round: u32,
    /// Signatures in the order of the signers' keys.
    pub signatures: Vec<(AccountId, Signature)>,
}

/// What makes a client believe in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrustedBlock {
    /// This very block; votes are not looked at.
    Block(Hash),
    /// Any block of a chain that a validator set decided.
    Validators {
        /// The chain.
        chain_id: Hash,
        /// Hash of the set. The first one follows from the genesis, each header names the next.
        validators: Hash,
    },
}

impl ProvenBlock {
    /// A block with the certificate it was decided by; without signatures there are no votes.
    pub fn new(header: Header, validators: ValidatorSet, certificate: Certificate) -> Self {
        let Certificate { round, signatures, .. } = certificate;
        let votes = (!signatures.is_empty()).then_some(Votes { validators, round, signatures });
        Self { header, votes }
    }

    /// Checks that the block is one to be trusted; gives its hash.
    ///
    /// # Errors
    /// [`Invalid`].
    pub fn verify(&self, trusted: &TrustedBlock) -> Result<Hash, Invalid> {
        let header = &self.header;
        let hash = header.hash();
        match trusted {
            TrustedBlock::Block(block) if *block == hash => Ok(hash),
            TrustedBlock::Block(_) => Err(Invalid::OtherBlock(hash)),
            TrustedBlock::Validators { chain_id, validators } => {
                if header.chain_id != *chain_id {
                    return Err(Invalid::OtherChain(header.chain_id));
                }
                let votes = self.votes.as_ref().ok_or(Invalid::NoCertificate)?;
                let set = votes.validators.hash();
                if set != *validators || header.validators != set {
                    return Err(Invalid::OtherValidators(header.validators));
                }
                let (round, signatures) = (votes.round, votes.signatures.clone());
                let certificate = Certificate { height: header.height, round, block: hash, signatures };
                let decided = certificate.verify(chain_id, header.height, &hash, &votes.validators);
                decided.map(|()| hash).map_err(Invalid::Certificate)
            }
        }
    }
}
