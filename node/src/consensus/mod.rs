//! Agreement on the next block. The engine talks to the ledger through [`App`] alone; it knows neither state nor execution, and the ledger
//! knows nothing of rounds and votes. Invariant: a block is executed before it is voted for, and only a decided block is committed.

pub mod engine;
mod ledger;

pub use ledger::Ledger;

use std::time::Duration;

use coffer_abi::{AccountId, Hash, Height};
use coffer_chain::certificate::CertificateError;
use coffer_chain::rules::InvalidBlock;
use coffer_chain::{Block, Certificate, Recovery, Signature, ValidatorSet};

use crate::{executor, state};

/// Why a block is executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is proposed: its time must not lie ahead of this node's clock.
    Proposed,
    /// It is decided, whatever this node's clock says.
    Decided,
}

/// What an engine asks of the ledger, in this order for each height: `propose` (only the proposer), `execute`, `decide`, `commit`. These four
/// are called by one engine task at a time; all of them on a blocking thread. All but `propose` must come to the same answer on every node.
pub trait App: Send + Sync {
    /// The last committed block.
    fn head(&self) -> state::Head;

    /// Height of the first block that [`App::decided`] has; at least 1.
    fn first(&self) -> Height;

    /// A committed block with its proof; `None` if this node does not have it.
    ///
    /// # Errors
    /// [`Failure`]: this node cannot go on.
    fn decided(&self, height: Height) -> Result<Option<(Block, Certificate)>, Failure>;

    /// True if something waits that can be in the next block. Forgets what waits and is in the chain already.
    ///
    /// # Errors
    /// [`Failure`]: this node cannot go on.
    fn has_work(&self) -> Result<bool, Failure>;

    /// How long it is, by this node's clock, until the next block may be empty: a tick. `None` if it may never be, as things are.
    ///
    /// # Errors
    /// [`Failure`]: this node cannot go on.
    fn tick_in(&self) -> Result<Option<Duration>, Failure>;

    /// Builds a block on the head from waiting transactions, executed, or an empty one if it is time for that; `None` when there is nothing to make one for.
    ///
    /// # Errors
    /// [`Failure`]: this node cannot go on.
    fn propose(&self) -> Result<Option<Block>, Failure>;

    /// Checks what can be checked of a block before it is its turn, so that [`App::execute`] need not. Any thread may call it, at the same time as the four.
    fn check_ahead(&self, block: &Block);

    /// Checks and executes a block on the head, and keeps the result for `commit`.
    ///
    /// # Errors
    /// [`Rejected::Invalid`]: vote against it. [`Rejected::Failed`]: this node cannot go on.
    fn execute(&self, block: &Block, standing: Standing) -> Result<(), Rejected>;

    /// Checks the proof that an executed block was decided, and keeps it for `commit`. `is_known` tells of a signature in it that it was found to be its signer's
    /// precommit for that block in that round.
    ///
    /// # Errors
    /// [`Rejected::NotDecided`] or [`Rejected::Unknown`] when the block was not executed here.
    fn decide(
        &self,
        certificate: Certificate,
        is_known: &dyn Fn(&AccountId, &Signature) -> bool,
    ) -> Result<(), Rejected>;

    /// Commits the decided block durably, atomically, and returns its height. Not cancel safe: once begun it finishes.
    ///
    /// # Errors
    /// [`Failure`]: this node cannot go on; at the next start the block is there or it is not.
    fn commit(&self, block: &Hash) -> Result<Height, Failure>;

    /// Who decides the block at a height: of every block that is kept, and of the next one. Any thread may ask at any time.
    ///
    /// # Errors
    /// [`Failure::State`]: beyond the next block, before the first block this node has, or it cannot read.
    fn validators(&self, height: Height) -> Result<ValidatorSet, Failure>;

    /// The recovery that was accepted behind the head.
    fn recovery(&self) -> Option<Recovery>;
}

/// This node cannot go on. It must stop; nothing half-done is left.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Executing failed, which says nothing about the block.
    #[error(transparent)]
    Execution(#[from] executor::Error),
    /// The state failed.
    #[error(transparent)]
    State(#[from] state::Error),
    /// The next block is of a version of the protocol that this program does not have.
    #[error(transparent)]
    Version(#[from] executor::UnknownVersion),
    /// The engine asked for something out of order.
    #[error("block {0} was not executed and decided before it was to be committed")]
    OutOfOrder(Hash),
    /// The node's own proposal was refused by its own rules.
    #[error("this node refused its own proposal: {0}")]
    OwnProposal(String),
}

/// Why a proposal gets no vote, or a decision is not believed.
#[derive(Debug, thiserror::Error)]
pub enum Rejected {
    /// It breaks a rule.
    #[error(transparent)]
    Invalid(#[from] InvalidBlock),
    /// A transaction of it is in the chain already.
    #[error("transaction {0} is in the chain already")]
    Replayed(Hash),
    /// With what those before it used, a transaction of it may use more gas than a block has.
    #[error("transaction {0} may use more gas than those before it leave of the block's")]
    TooMuchGas(Hash),
    /// Executing it gives something else than its header says.
    #[error("executing the block gives another {0} than its header says")]
    Differs(&'static str),
    /// The certificate proves nothing.
    #[error(transparent)]
    NotDecided(#[from] CertificateError),
    /// Not executed here.
    #[error("block {0} was not executed on this node")]
    Unknown(Hash),
    /// Trouble of this node, not of the block.
    #[error(transparent)]
    Failed(#[from] Failure),
}
