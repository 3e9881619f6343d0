//! What a validator signs while a block is being agreed on. Not here: rounds, locks, counting. Invariant: a precommit for a block signs
//! exactly what a certificate shows, so that the votes that decide a block are its certificate; all other ballots are signed in domains of
//! their own and prove nothing of a decision.

use coffer_abi::{AccountId, Hash, Height};

use crate::certificate::vote_hash;
use crate::hash::{Domain, hash_of};
use crate::sign::{Signature, SigningKey, verify};

/// One statement of one validator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ballot {
    /// "I propose this block."
    Proposal {
        /// Height of the block.
        height: Height,
        /// Round it is proposed in.
        round: u32,
        /// An earlier round in which more than two thirds prevoted for it.
        valid_round: Option<u32>,
        /// Hash of the block.
        block: Hash,
    },
    /// "This is the block I propose": a signature under its bytes, which travel apart from the proposal.
    Body {
        /// Height of the block.
        height: Height,
        /// Round it is proposed in.
        round: u32,
        /// An earlier round in which more than two thirds prevoted for it.
        valid_round: Option<u32>,
        /// Hash of the block, whose header vouches for the rest.
        block: Hash,
    },
    /// "I could decide this block", or none.
    Prevote {
        /// Height that is voted on.
        height: Height,
        /// Round of the vote.
        round: u32,
        /// Hash of the block; `None` is a vote against what was proposed.
        block: Option<Hash>,
    },
    /// "I decide this block, if enough others do", or none in this round.
    Precommit {
        /// Height that is voted on.
        height: Height,
        /// Round of the vote.
        round: u32,
        /// Hash of the block; `None` lets the round pass.
        block: Option<Hash>,
    },
}

impl Ballot {
    fn signed(&self) -> (Domain, Hash) {
        match *self {
            Self::Proposal { height, round, valid_round, block } => {
                (Domain::Proposal, hash_of(Domain::Proposal, &(height, round, valid_round, block)))
            }
            Self::Body { height, round, valid_round, block } => {
                (Domain::ProposalBody, hash_of(Domain::ProposalBody, &(height, round, valid_round, block)))
            }
            Self::Prevote { height, round, block } => {
                (Domain::Prevote, hash_of(Domain::Prevote, &(height, round, block)))
            }
            Self::Precommit { height, round, block: Some(block) } => (Domain::Vote, vote_hash(height, round, &block)),
            Self::Precommit { height, round, block: None } => {
                (Domain::NilVote, hash_of(Domain::NilVote, &(height, round)))
            }
        }
    }

    /// Signs it for one chain.
    pub fn sign(&self, key: &SigningKey, chain_id: &Hash) -> Signature {
        let (domain, what) = self.signed();
        key.sign(domain, chain_id, &what)
    }

    /// True if `signature` is `account`'s over it, for that chain.
    pub fn verify(&self, account: &AccountId, chain_id: &Hash, signature: &Signature) -> bool {
        let (domain, what) = self.signed();
        verify(account, domain, chain_id, &what, signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::vote;

    const HEIGHT: Height = Height(5);

    fn all() -> [Ballot; 8] {
        let block = Hash([7; 32]);
        [
            Ballot::Proposal { height: HEIGHT, round: 1, valid_round: None, block },
            Ballot::Proposal { height: HEIGHT, round: 1, valid_round: Some(0), block },
            Ballot::Prevote { height: HEIGHT, round: 1, block: Some(block) },
            Ballot::Prevote { height: HEIGHT, round: 1, block: None },
            Ballot::Precommit { height: HEIGHT, round: 1, block: Some(block) },
            Ballot::Precommit { height: HEIGHT, round: 1, block: None },
            Ballot::Precommit { height: HEIGHT, round: 2, block: None },
            Ballot::Precommit { height: Height(6), round: 1, block: None },
        ]
    }

    #[test]
    fn a_precommit_for_a_block_is_the_vote_of_a_certificate() {
        let (key, chain, block) = (SigningKey::from_seed(&[1; 32]), Hash([2; 32]), Hash([7; 32]));
        let ballot = Ballot::Precommit { height: HEIGHT, round: 1, block: Some(block) };
        assert_eq!((key.account(), ballot.sign(&key, &chain)), vote(&key, &chain, HEIGHT, 1, &block));
    }

    #[test]
    fn no_ballot_passes_for_another_or_on_another_chain() {
        let (key, chain) = (SigningKey::from_seed(&[1; 32]), Hash([2; 32]));
        for (at, ballot) in all().iter().enumerate() {
            let signature = ballot.sign(&key, &chain);
            for (other, claimed) in all().iter().enumerate() {
                assert_eq!(
                    claimed.verify(&key.account(), &chain, &signature),
                    at == other,
                    "{ballot:?} as {claimed:?}"
                );
            }
            assert!(!ballot.verify(&key.account(), &Hash([3; 32]), &signature));
        }
    }
}
