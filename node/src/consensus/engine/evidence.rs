//! What the engine shows of itself: where it is, what it refused, who said two things at once. Not here: what is done about it.
//! Invariant: bounded, whatever others do; a proof that is shown is on the disk.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use arc_malachitebft_app_channel::app::types::MisbehaviorEvidence;
use arc_malachitebft_core_types::{NilOrVal, Proposal as _, Round, Vote as _, VoteType};
use coffer_abi::{AccountId, Decode, Encode, Hash, Height, codec};
use coffer_chain::Signature;

use super::context::{BlockHash, Coffer};
use crate::durable::write_whole;

/// Name of the file of proofs in a data folder.
pub const FILE: &str = "equivocations";
/// Proofs that are kept; older ones go.
const KEPT: usize = 256;
/// Bytes of one in the file at most.
const PROOF: u64 = 512;

/// What a validator said twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Statement {
    /// It proposed.
    Proposal,
    /// It voted that it could decide.
    Prevote,
    /// It voted to decide.
    Precommit,
}

/// Proof that a validator said two different things in one round: both bear its signature.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
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
    /// Where proofs are kept; nowhere of a node without a folder.
    file: Option<PathBuf>,
}

impl Shown {
    /// With the proofs that were kept in a data folder.
    ///
    /// # Errors
    /// What the file system says, and a file that holds something else.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let path = folder.join(FILE);
        let mut kept = VecDeque::new();
        match std::fs::metadata(&path) {
            Ok(found) if found.len() <= KEPT as u64 * PROOF => {
                let read = codec::decode::<Vec<Equivocation>>(&std::fs::read(&path)?);
                kept.extend(read.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?);
            }
            Ok(_) => return Err(io::Error::new(io::ErrorKind::InvalidData, "it is too long")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(Self { inner: Mutex::new((Agreement::default(), kept)), file: Some(path) })
    }

    /// How it is doing.
    pub fn agreement(&self) -> Agreement {
        self.lock().0.clone()
    }

    /// True if the node waits with its height until there is something to decide.
    pub fn is_idle(&self) -> bool {
        self.lock().0.is_idle
    }

    /// Proofs against validators, the oldest first; the last 256.
    pub fn equivocations(&self) -> Vec<Equivocation> {
        self.lock().1.iter().cloned().collect()
    }

    pub(super) fn update(&self, change: impl FnOnce(&mut Agreement)) {
        change(&mut self.lock().0);
    }

    /// Keeps proofs, and shows them. May block.
    pub(super) fn keep(&self, found: Vec<Equivocation>) {
        let mut inner = self.lock();
        for found in found {
            let Equivocation { validator, height, round, statement, .. } = &found;
            tracing::warn!(%validator, %height, round, ?statement, "a validator said two things in one round");
            if inner.1.len() == KEPT {
                inner.1.pop_front();
            }
            inner.1.push_back(found);
        }
        let Some(path) = &self.file else { return };
        // Under the lock: what is shown is what stands there.
        let bytes = inner.1.iter().cloned().collect::<Vec<_>>().encode();
        if let Err(error) = write_whole(path, &bytes) {
            tracing::error!(%error, path = %path.display(), "a proof against a validator could not be written; a restart forgets it");
        }
    }

    fn lock(&self) -> MutexGuard<'_, (Agreement, VecDeque<Equivocation>)> {
        // Every change is whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the engine found, as proofs.
pub(super) fn equivocations(evidence: &MisbehaviorEvidence<Coffer>) -> Vec<Equivocation> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn proof(n: u64) -> Equivocation {
        let said = [(Some(Hash([1; 32])), Signature([2; 64])), (None, Signature([3; 64]))];
        Equivocation { validator: AccountId([4; 32]), height: Height(n), round: 5, statement: Statement::Prevote, said }
    }

    #[test]
    fn proofs_survive_a_restart_and_the_oldest_go() {
        let folder = tempfile::tempdir().unwrap();
        let shown = Shown::open(folder.path()).unwrap();
        shown.keep(vec![proof(0), proof(1)]);
        assert_eq!(Shown::open(folder.path()).unwrap().equivocations(), [proof(0), proof(1)]);
        shown.keep((2..=KEPT as u64).map(proof).collect());
        let kept = Shown::open(folder.path()).unwrap().equivocations();
        assert_eq!(kept, shown.equivocations());
        assert_eq!((kept.len(), &kept[0], &kept[KEPT - 1]), (KEPT, &proof(1), &proof(KEPT as u64)));
    }

    #[test]
    fn a_file_of_something_else_is_told() {
        let folder = tempfile::tempdir().unwrap();
        for bytes in [vec![7; 100], vec![0; KEPT * PROOF as usize + 1]] {
            std::fs::write(folder.path().join(FILE), bytes).unwrap();
            assert_eq!(Shown::open(folder.path()).unwrap_err().kind(), io::ErrorKind::InvalidData);
        }
    }
}
