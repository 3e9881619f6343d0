//! Signs and checks what validators say. Not here: what may leave the node (`bridge`). Invariant: a signature is of one chain, height and round.

use std::sync::Arc;

use arc_malachitebft_core_types::{SignedMessage, ValidatorProof, VoteExtensionScope};
use arc_malachitebft_signing::{Error, Signer, VerificationResult, Verifier};
use async_trait::async_trait;
use coffer_abi::Hash;
use coffer_chain::{Ballot, SigningKey};

use super::context::{Address, Coffer, Proposal, Signed, Vote};

/// Signs with the node's key.
pub(super) struct Pen {
    pub key: Arc<SigningKey>,
    pub chain_id: Hash,
}

impl Pen {
    fn sign(&self, ballot: Option<Ballot>) -> Result<Signed, Error> {
        let ballot = ballot.ok_or_else(|| Error::from_source("nothing is signed in no round"))?;
        Ok(Signed(ballot.sign(&self.key, &self.chain_id).0))
    }
}

#[async_trait]
impl Signer<Coffer> for Pen {
    async fn sign_vote(&self, vote: Vote) -> Result<SignedMessage<Coffer, Vote>, Error> {
        let signature = self.sign(vote.ballot())?;
        Ok(SignedMessage::new(vote, signature))
    }

    async fn sign_proposal(&self, proposal: Proposal) -> Result<SignedMessage<Coffer, Proposal>, Error> {
        let signature = self.sign(proposal.ballot())?;
        Ok(SignedMessage::new(proposal, signature))
    }

    async fn sign_vote_extension(
        &self,
        _: VoteExtensionScope<Coffer>,
        (): (),
    ) -> Result<SignedMessage<Coffer, ()>, Error> {
        Err(Error::from_source("votes have no extensions on this chain"))
    }

    async fn sign_validator_proof(&self, _: Vec<u8>, _: Vec<u8>) -> Result<ValidatorProof<Coffer>, Error> {
        Err(Error::from_source("a connection proves the node's key; nothing else is signed for it"))
    }
}

/// Checks signatures of one chain.
pub(super) struct Checker {
    pub chain_id: Hash,
}

impl Checker {
    fn check(&self, ballot: Option<Ballot>, by: &Address, signature: &Signed) -> VerificationResult {
        let holds = |ballot: Ballot| ballot.verify(&by.account(), &self.chain_id, &signature.signature());
        VerificationResult::from_bool(ballot.is_some_and(holds))
    }
}

#[async_trait]
impl Verifier<Coffer> for Checker {
    async fn verify_signed_vote(
        &self,
        vote: &Vote,
        signature: &Signed,
        by: &Address,
    ) -> Result<VerificationResult, Error> {
        Ok(self.check(vote.ballot(), by, signature))
    }

    async fn verify_signed_proposal(
        &self,
        proposal: &Proposal,
        signature: &Signed,
        by: &Address,
    ) -> Result<VerificationResult, Error> {
        Ok(self.check(proposal.ballot(), by, signature))
    }

    async fn verify_signed_vote_extension(
        &self,
        _: &VoteExtensionScope<Coffer>,
        (): &(),
        _: &Signed,
        _: &Address,
    ) -> Result<VerificationResult, Error> {
        Ok(VerificationResult::Invalid)
    }

    async fn verify_validator_proof(&self, _: &ValidatorProof<Coffer>) -> Result<VerificationResult, Error> {
        Ok(VerificationResult::Invalid)
    }
}
