//! Recovering a chain at a node that does not run: proposing, signing and accepting statements. Not here: what holds (`coffer_chain::recovery`, the state), files (`recoveries`). Invariants: nobody
//! signs or accepts what is behind its own chain or below a round it spoke in; nothing is changed unless all of it was checked that this node can check.

use std::path::{Path, PathBuf};

use coffer_abi::{AccountId, Hash, Height};
use coffer_chain::hash::Domain;
use coffer_chain::recovery::{MAX_ROUND, RecoveryError, Survivors};
use coffer_chain::{Recovery, SignedRecovery};

use super::{StartError, StoppedNode, recoveries};
use crate::consensus::engine::{self, Mark};
use crate::organisation::{KeyError, KeyHolder, KeyStore};
use crate::state::{self, Folder, State};

/// Why a statement is not made, signed or accepted. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// The data folder.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The state, and what it says of the statement.
    #[error(transparent)]
    State(#[from] state::Error),
    /// The statement by itself.
    #[error(transparent)]
    Statement(#[from] RecoveryError),
    /// The record of the last signed round.
    #[error(transparent)]
    Record(#[from] engine::Error),
    /// The key store.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The statement is not for what follows this node's head.
    #[error("the statement is for what follows block {height}, and this node has blocks up to {head}: {}", whats_next(*.height, *.head))]
    NotHead {
        /// Height that it is for.
        height: Height,
        /// Where this node is.
        head: Height,
    },
    /// This node spoke in a later round.
    #[error(
        "this node spoke in round {spoke} of height {height}, and the statement says {said}: propose it again with --round {spoke}, and have it signed anew"
    )]
    Round {
        /// The height.
        height: u64,
        /// The round.
        spoke: u32,
        /// What the statement says.
        said: u32,
    },
    /// This node spoke at a height that it lacks the block before of.
    #[error("this node spoke at height {spoke}, so block {} was decided, which it lost: a recovery behind block {head} would undo it. Get the blocks from a node that is left first", spoke - 1)]
    Beyond {
        /// Height it spoke at.
        spoke: u64,
        /// Its head.
        head: Height,
    },
    /// The organisation key in this folder is none of those that sign.
    #[error(
        "the organisation key of this folder, {0}, is not that of an organisation that is left: sign at the node where `coffer init` made the organisation's key"
    )]
    NotLeft(AccountId),
}

fn whats_next(height: Height, head: Height) -> &'static str {
    if head < height {
        "start it, so that it gets the others from a node that is left, or sign at that one"
    } else {
        "propose the recovery anew at this node, which has the longer chain"
    }
}

/// What accepting a statement came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It was checked as a whole.
    Checked,
    /// The node is not at its block yet, and checks the rest there.
    Ahead,
    /// This node's chain went on with it already.
    Past,
}

/// A statement with who is to sign it.
#[derive(Debug)]
pub struct Standing {
    /// The statement with its signatures.
    pub signed: SignedRecovery,
    /// Who is left.
    pub survivors: Survivors,
}

impl StoppedNode {
    /// A statement for what follows this node's head, unsigned. Without a round it is that in which this node spoke last.
    ///
    /// # Errors
    /// [`RecoverError`].
    pub fn propose_recovery(self, mut lost: Vec<String>, round: Option<u32>) -> Result<Standing, RecoverError> {
        lost.sort();
        lost.dedup();
        let (path, _, state) = self.opened()?;
        let head = state.head();
        let survivors = state.survivors(&lost)?;
        let spoke = spoke(&path, head.height)?;
        let round = round.unwrap_or(spoke);
        above(head.height, spoke, round)?;
        let (chain_id, height, block) = (state.chain_id(), head.height, head.hash);
        let statement = Recovery { chain_id, height, block, round, lost, validators: survivors.set.hash() };
        statement.check()?;
        Ok(Standing { signed: SignedRecovery { statement, signatures: Vec::new() }, survivors })
    }

    /// Adds the signature of this folder's organisation.
    ///
    /// # Errors
    /// [`RecoverError`].
    pub fn sign_recovery(self, mut signed: SignedRecovery) -> Result<Standing, RecoverError> {
        let (path, keys, state) = self.opened()?;
        let (height, head) = (signed.statement.height, state.head().height);
        if height != head {
            signed.check(&state.chain_id())?;
            return Err(RecoverError::NotHead { height, head });
        }
        whole_or_missing(state.check_recovery(&signed))?;
        above(head, spoke(&path, head)?, signed.statement.round)?;
        let survivors = state.survivors(&signed.statement.lost)?;
        let key = keys.organisation_key();
        if !survivors.organisations.contains_key(&key) {
            return Err(RecoverError::NotLeft(key));
        }
        let id = signed.statement.id();
        signed.add(key, keys.sign(&key, Domain::RecoverySignature, &state.chain_id(), &id)?);
        Ok(Standing { signed, survivors })
    }

    /// Puts a statement among those that this node goes by.
    ///
    /// # Errors
    /// [`RecoverError`].
    pub fn accept_recovery(self, signed: SignedRecovery) -> Result<Accepted, RecoverError> {
        let (chain_id, path) = (self.chain_id(), self.path().to_owned());
        signed.check(&chain_id)?;
        let height = signed.statement.height;
        if !self.has_chain() {
            return ahead(&path, &chain_id, signed);
        }
        // The lock goes with the state, which stays until all is written.
        let state = match self.opened() {
            Ok((_, _, state)) => state,
            // A node that is to begin with the state of others has no block until it is there.
            Err(RecoverError::State(state::Error::Asked(_) | state::Error::Unfinished(_))) => {
                let _lock = Folder::open(&path)?;
                return ahead(&path, &chain_id, signed);
            }
            Err(other) => return Err(other),
        };
        let head = state.head().height;
        state.check_recovery(&signed)?;
        if height > head {
            return ahead(&path, &chain_id, signed);
        }
        if height == head {
            above(head, spoke(&path, head)?, signed.statement.round)?;
        }
        recoveries::add(&path, &chain_id, signed)?;
        Ok(if height == head { Accepted::Checked } else { Accepted::Past })
    }

    /// The statements that this node goes by.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn recoveries(&self) -> Result<Vec<SignedRecovery>, StartError> {
        recoveries::accepted(self.path(), &self.chain_id())
    }

    fn opened(self) -> Result<(PathBuf, KeyStore, State), RecoverError> {
        let path = self.path().to_owned();
        let (keys, state) = self.keys_and_state()?;
        Ok((path, keys, state))
    }
}

/// Puts a statement of a later block there, which only the node itself can check as a whole, when it has that block.
fn ahead(folder: &Path, chain_id: &Hash, signed: SignedRecovery) -> Result<Accepted, RecoverError> {
    if signed.signatures.is_empty() {
        return Err(RecoveryError::Missing("any organisation".into()).into());
    }
    recoveries::add(folder, chain_id, signed)?;
    Ok(Accepted::Ahead)
}

/// That signatures are missing is no fault of what is to be signed.
fn whole_or_missing(checked: Result<(), state::Error>) -> Result<(), state::Error> {
    match checked {
        Err(state::Error::Recovery { why: RecoveryError::Missing(_), .. }) => Ok(()),
        other => other,
    }
}

/// The last round in which this node spoke at the height behind its head; 0 if it did not.
fn spoke(folder: &Path, head: Height) -> Result<u32, RecoverError> {
    let next = head.0.saturating_add(1);
    match engine::last_signed(folder)? {
        Some(Mark { height, .. }) if height > next => Err(RecoverError::Beyond { spoke: height, head }),
        Some(Mark { height, round }) if height == next => Ok(round),
        _ => Ok(0),
    }
}

fn above(head: Height, spoke: u32, said: u32) -> Result<(), RecoverError> {
    if said > MAX_ROUND {
        return Err(RecoveryError::Form("the round is above 100000").into());
    }
    if spoke > said {
        return Err(RecoverError::Round { height: head.0.saturating_add(1), spoke, said });
    }
    Ok(())
}
