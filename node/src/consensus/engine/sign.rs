//! Signs and checks what validators say. Not here: what may leave the node (`bridge`). Invariant: a signature is of one chain, height and round,
//! and none is made in a round that this node may have spoken in before it lost what it said.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_malachitebft_core_types::{Proposal as _, Round, SignedMessage, ValidatorProof, Vote as _, VoteExtensionScope};
use arc_malachitebft_signing::{Error, Signer, VerificationResult, Verifier};
use async_trait::async_trait;
use coffer_abi::{AccountId, Hash};
use coffer_chain::{Ballot, Certificate, Signature, SigningKey};

use super::context::{Address, At, Coffer, Part, Proposal, Signed, Vote};
use super::last_signed::Mark;
use crate::metrics;

/// Signatures that are remembered; when there are more, all are forgotten.
const REMEMBERED: usize = 2_048;

/// Ballots of one chain whose signatures hold, as this node found or made them: a vote comes alone and again in certificates.
#[derive(Default)]
pub(super) struct Checked(Mutex<HashSet<(Ballot, AccountId, [u8; 64])>>);

impl Checked {
    /// True if a signature was found to hold.
    pub fn knows(&self, ballot: &Ballot, by: &AccountId, signature: &Signature) -> bool {
        self.lock().contains(&(*ballot, *by, signature.0))
    }

    /// True if a signature of a certificate was found to hold.
    pub fn knows_of(&self, certificate: &Certificate, by: &AccountId, signature: &Signature) -> bool {
        let Certificate { height, round, block, .. } = *certificate;
        self.knows(&Ballot::Precommit { height, round, block: Some(block) }, by, signature)
    }

    fn note(&self, ballot: Ballot, by: AccountId, signature: &Signature) {
        let mut checked = self.lock();
        if checked.len() >= REMEMBERED {
            checked.clear();
        }
        checked.insert((ballot, by, signature.0));
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<(Ballot, AccountId, [u8; 64])>> {
        // Entries are whole or absent.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Signs with the node's key.
#[derive(Clone)]
pub(super) struct Pen {
    pub key: Arc<SigningKey>,
    pub chain_id: Hash,
    /// Told of what it signs.
    pub checked: Arc<Checked>,
    /// The last round this node may have spoken in before; it signs above it.
    pub above: Option<Mark>,
}

impl Pen {
    /// True if this node may speak in a round.
    pub fn may_speak(&self, height: At, round: Round) -> bool {
        round.as_u32().is_some_and(|round| self.above < Some(Mark { height: height.0, round }))
    }

    /// The engine stops if it gets no signature, so below its mark it gets one that is none, and [`Pen::may_speak`] keeps that in the node.
    fn sign(&self, height: At, round: Round, ballot: Option<Ballot>) -> Result<Signed, Error> {
        let ballot = ballot.ok_or_else(|| Error::from_source("nothing is signed in no round"))?;
        if !self.may_speak(height, round) {
            return Ok(Signed([0; 64]));
        }
        let signature = metrics::BALLOTS.time(|| ballot.sign(&self.key, &self.chain_id));
        self.checked.note(ballot, self.key.account(), &signature);
        Ok(Signed(signature.0))
    }

    /// Signs a body as its proposer.
    pub fn sign_body(&self, part: &mut Part, block: Hash) -> Result<(), Error> {
        part.signature = self.sign(part.height, part.round, part.ballot(block))?;
        Ok(())
    }
}

/// True if somebody has signed a ballot of a chain.
fn holds(ballot: Option<Ballot>, by: &Address, chain_id: &Hash, signature: &Signed) -> bool {
    let verify = |ballot: Ballot| ballot.verify(&by.account(), chain_id, &signature.signature());
    ballot.is_some_and(|ballot| metrics::BALLOTS.time(|| verify(ballot)))
}

/// True if the proposer that a body names has signed it.
pub(super) fn is_signed(part: &Part, block: Hash, chain_id: &Hash) -> bool {
    holds(part.ballot(block), &part.proposer, chain_id, &part.signature)
}

#[async_trait]
impl Signer<Coffer> for Pen {
    async fn sign_vote(&self, vote: Vote) -> Result<SignedMessage<Coffer, Vote>, Error> {
        let signature = self.sign(vote.height(), vote.round(), vote.ballot())?;
        Ok(SignedMessage::new(vote, signature))
    }

    async fn sign_proposal(&self, proposal: Proposal) -> Result<SignedMessage<Coffer, Proposal>, Error> {
        let signature = self.sign(proposal.height(), proposal.round(), proposal.ballot())?;
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

/// Checks signatures of one chain, each once.
pub(super) struct Checker {
    pub chain_id: Hash,
    pub checked: Arc<Checked>,
}

impl Checker {
    fn check(&self, ballot: Option<Ballot>, by: &Address, signature: &Signed) -> VerificationResult {
        let Some(ballot) = ballot else { return VerificationResult::Invalid };
        let (account, known) = (by.account(), signature.signature());
        if self.checked.knows(&ballot, &account, &known) {
            return VerificationResult::Valid;
        }
        let is_held = holds(Some(ballot), by, &self.chain_id, signature);
        if is_held {
            self.checked.note(ballot, account, &known);
        }
        VerificationResult::from_bool(is_held)
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
