//! What the engine shows of itself: where it is, what it refused, who said two things at once. Not here: what is done about it.
//! Invariant: bounded, whatever others do.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use arc_malachitebft_app_channel::app::types::MisbehaviorEvidence;
use arc_malachitebft_core_types::{NilOrVal, Proposal as _, Round, Vote as _, VoteType};
use coffer_abi::{AccountId, Hash, Height};
use coffer_chain::Signature;

use super::context::{BlockHash, Coffer};

/// Proofs that are kept; older ones go.
const KEPT: usize = 256;

/// What a validator said twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statement {
    /// It proposed.
    Proposal,
    /// It voted that it could decide.
    Prevote,
    /// It voted to decide.
    Precommit,
}

/// Proof that a validator said two different things in one round: both bear its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Equivocation {
    /// The validator.
    pub validator: AccountId,
    /// Height of both.
    pub height: Height,
    /// Round of both.
    pub round: u32,
    /// What it did twice.
    pub statement: Statement,
    /// The block it spoke for, or none, and its signature; both times.
    pub said: [(Option<Hash>, Signature); 2],
}

/// How the engine is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// The height that is being decided; `None` before the first.
    pub height: Option<Height>,
    /// Its round; above 0 it took more than one try.
    pub round: u32,
    /// The highest head that a connected peer told; `None` while none has.
    pub target: Option<Height>,
    /// True if the node waits with this height until there is something to decide.
    pub is_idle: bool,
    /// True if this node has a vote at this height and uses it.
    pub is_voting: bool,
    /// Proposals that were voted against since the start.
    pub refused: u64,
    /// Why the last of them was.
    pub last_refusal: Option<String>,
}

/// What is shown of a running engine. Cheap to read at any time.
#[derive(Debug, Default)]
pub struct Shown {
    inner: Mutex<(Agreement, VecDeque<Equivocation>)>,
}

impl Shown {
    /// How it is doing.
    pub fn agreement(&self) -> Agreement {
        self.lock().0.clone()
    }

    /// True if the node waits with its height until there is something to decide.
    pub fn is_idle(&self) -> bool {
        self.lock().0.is_idle
    }

    /// Proofs against validators, the oldest first; the last 256 since the start.
    pub fn equivocations(&self) -> Vec<Equivocation> {
        self.lock().1.iter().cloned().collect()
    }

    pub(super) fn update(&self, change: impl FnOnce(&mut Agreement)) {
        change(&mut self.lock().0);
    }

    pub(super) fn record(&self, evidence: &MisbehaviorEvidence<Coffer>) {
        for found in equivocations(evidence) {
            let Equivocation { validator, height, round, statement, .. } = &found;
            tracing::warn!(%validator, %height, round, ?statement, "a validator said two things in one round");
            let mut inner = self.lock();
            if inner.1.len() == KEPT {
                inner.1.pop_front();
            }
            inner.1.push_back(found);
        }
    }

    fn lock(&self) -> MutexGuard<'_, (Agreement, VecDeque<Equivocation>)> {
        // Every change is whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn equivocations(evidence: &MisbehaviorEvidence<Coffer>) -> Vec<Equivocation> {
    let round = |round: Round| round.as_u32().unwrap_or(u32::MAX);
    let block = |block: &BlockHash| Some(Hash(block.0));
    let voted = |value: &NilOrVal<BlockHash>| match value {
        NilOrVal::Nil => None,
        NilOrVal::Val(value) => block(value),
    };
    let votes = evidence.votes.iter().flat_map(|(validator, pairs)| pairs.iter().map(move |pair| (validator, pair)));
    let votes = votes.map(|(validator, (first, second))| Equivocation {
        validator: validator.account(),
        height: Height(first.height().0),
        round: round(first.round()),
        statement: match first.vote_type() {
            VoteType::Prevote => Statement::Prevote,
            VoteType::Precommit => Statement::Precommit,
        },
        said: [first, second].map(|vote| (voted(vote.value()), vote.signature.signature())),
    });
    let proposals =
        evidence.proposals.iter().flat_map(|(validator, pairs)| pairs.iter().map(move |pair| (validator, pair)));
    let proposals = proposals.map(|(validator, (first, second))| Equivocation {
        validator: validator.account(),
        height: Height(first.height().0),
        round: round(first.round()),
        statement: Statement::Proposal,
        said: [first, second].map(|proposal| (block(proposal.value()), proposal.signature.signature())),
    });
    votes.chain(proposals).collect()
}
