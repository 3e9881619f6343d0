//! Private execution, off the path of agreement: follows the chain block by block, opens the payloads of markers that name tenants of this
//! node, executes them in their private states and commits; a private state that is named without its payload is held. Not here: which blocks there are.
//! Invariant: only tenants that a block names cost anything; a held private state holds nobody else.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use coffer_abi::{Hash, Height};
use coffer_chain::{Block, Psi};
use coffer_runtime::{BlockContext, Fault};
use tokio::sync::watch;

use super::lane::tenant_lane;
use super::{Executor, Parties, PrivateCall};
use crate::pool::Waiters;
use crate::privacy::opening::{Missing, Opening, openings};
use crate::privacy::payloads::{self, Payloads};
use crate::privacy::resident::Residents;
use crate::state::{self, BlockId, PrivateCommit, State};

/// How long private execution waits before it asks a compiler that failed again.
const COMPILER_PAUSES: [Duration; 4] =
    [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(4), Duration::from_secs(10)];

/// Why private execution cannot go on. The node must stop; at the next start it goes on where it was.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The state failed.
    #[error(transparent)]
    State(#[from] state::Error),
    /// The payload store failed.
    #[error(transparent)]
    Payloads(#[from] payloads::Error),
    /// Executing failed.
    #[error(transparent)]
    Execution(#[from] super::Error),
    /// A block below the head is not there.
    #[error("block {0} is not in the state")]
    NoBlock(Height),
    /// A bug.
    #[error("private execution panicked: {0}")]
    Panicked(String),
}

/// What private execution works with.
pub struct Pipelines {
    /// The state.
    pub state: State,
    /// Execution.
    pub executor: Arc<Executor>,
    /// Sealed payloads.
    pub payloads: Arc<Payloads>,
    /// Tenants and their secrets.
    pub residents: Arc<Residents>,
    /// Those who wait for a private receipt.
    pub waiters: Arc<Waiters>,
}

/// Follows the chain from behind block `done` until `stop` turns true; a block that was begun is finished first.
///
/// # Errors
/// [`PipelineError`]: the node cannot go on.
pub async fn follow(
    pipelines: Pipelines,
    mut done: Height,
    mut stop: watch::Receiver<bool>,
) -> Result<(), PipelineError> {
    let pipelines = Arc::new(pipelines);
    let mut heads = pipelines.state.watch();
    loop {
        let head = heads.borrow_and_update().height;
        while let Some(next) = done.next().filter(|next| *next <= head) {
            if *stop.borrow() {
                return Ok(());
            }
            let step = Arc::clone(&pipelines);
            let run = tokio::task::spawn_blocking(move || step.run(next)).await;
            run.map_err(|panicked| PipelineError::Panicked(panicked.to_string()))??;
            done = next;
        }
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
            changed = heads.changed() => if changed.is_err() { return Ok(()) },
        }
    }
}

impl Pipelines {
    /// Executes what a former run left undone, up to the head, and returns its height. For the start of a node: who asks it then finds
    /// every private state where the chain is.
    ///
    /// # Errors
    /// [`PipelineError`]: the node cannot start.
    pub fn catch_up(&self) -> Result<Height, PipelineError> {
        // Counted here and not asked of the state: while a private state is held, the state counts no block as finished.
        let mut done = self.state.private_finished();
        while let Some(next) = done.next().filter(|next| *next <= self.state.head().height) {
            self.run(next)?;
            done = next;
        }
        Ok(done)
    }

    /// Executes the private calls of one block for every tenant it names.
    fn run(&self, height: Height) -> Result<(), PipelineError> {
        let stored = self.state.block(BlockId::Height(height))?.ok_or(PipelineError::NoBlock(height))?;
        let mut commits = Vec::new();
        for (psi, ordered) in ordered_calls(&self.state, &self.payloads, &self.residents, &stored.block)? {
            if let Some((marker, missing)) = ordered.missing {
                self.hold(&psi, height, marker, missing)?;
                continue;
            }
            match self.run_patiently(&psi, &stored.block, &ordered.calls) {
                Err(PipelineError::State(error @ state::Error::Held { .. })) => tell_held(&psi, height, &error),
                done => commits.extend(done?),
            }
        }
        let mut receipts = Vec::new();
        let committing: Vec<_> = commits.iter().map(|commit| (commit.psi.clone(), commit.receipts.clone())).collect();
        // All of them share one sync.
        for ((psi, settled), committed) in committing.into_iter().zip(self.state.commit_privates(commits)) {
            match committed {
                Ok(_) => receipts.extend(settled),
                Err(error @ state::Error::Held { .. }) => tell_held(&psi, height, &error),
                Err(error) => return Err(error.into()),
            }
        }
        self.state.finish_private(height)?;
        // ORDER: who is told of a receipt finds the trie of private states sealed at its height.
        for (index, receipt) in &receipts {
            self.waiters.settle(height, *index, receipt);
        }
        Ok(())
    }

    /// Holds a private state at a block that names it with a call that this node cannot read. What was done with that block is done.
    fn hold(&self, psi: &Psi, height: Height, marker: Hash, missing: Missing) -> Result<(), PipelineError> {
        if self.state.private_head(psi) >= height {
            return Ok(());
        }
        let reason = format!(
            "block {height} orders a call for it by marker {marker}, but {missing}; restore the payload store and start the node again"
        );
        let error = self.state.hold_private(psi, reason)?;
        tell_held(psi, height, &error);
        Ok(())
    }

    /// Tries again, on its own thread, when the compiler failed: that may be a shortage of the moment, and one tenant's code must not stop the node for it.
    #[expect(clippy::disallowed_methods, reason = "a blocking thread that has nothing else to do")]
    fn run_patiently(
        &self,
        psi: &Psi,
        block: &Block,
        calls: &[PrivateCall],
    ) -> Result<Option<PrivateCommit>, PipelineError> {
        let mut pauses = COMPILER_PAUSES.into_iter();
        loop {
            match (self.run_one(psi, block, calls), pauses.next()) {
                (Err(PipelineError::Execution(super::Error::Fault(fault @ Fault::Compiler(_)))), Some(pause)) => {
                    tracing::error!(psi = %psi, height = %block.header.height, %fault, ?pause, "private execution waits for the compiler");
                    thread::sleep(pause);
                }
                (done, _) => return done,
            }
        }
    }

    /// What a block does to a private state; `None` if that state is done with it.
    fn run_one(&self, psi: &Psi, block: &Block, calls: &[PrivateCall]) -> Result<Option<PrivateCommit>, PipelineError> {
        let header = &block.header;
        if self.state.private_head(psi) >= header.height {
            return Ok(None);
        }
        let view = self.state.private(psi)?;
        let context = BlockContext { height: header.height, time: header.time, chain_id: header.chain_id };
        let public = self.state.public_at(header.height)?;
        let run = self.executor.run_private(tenant_lane(psi), &view, &public, context, calls)?;
        let receipts = calls.iter().map(|call| call.index).zip(run.receipts).collect();
        Ok(Some(PrivateCommit { psi: psi.clone(), height: header.height, writes: run.writes, receipts }))
    }
}

fn tell_held(psi: &Psi, height: Height, error: &state::Error) {
    tracing::error!(psi = %psi, height = %height, %error, "private state is held; it takes no calls");
}

/// What a block orders for one private state.
#[derive(Debug, Default)]
pub struct Ordered {
    /// The calls, opened, in the order of their markers.
    pub calls: Vec<PrivateCall>,
    /// The first marker's transaction whose call cannot be read here, though this node serves its party. Nothing of the block may be executed then.
    pub missing: Option<(Hash, Missing)>,
}

/// What a block orders for tenants of this node, by where parties are served after that block.
///
/// # Errors
/// When the payload store or the public state of that height cannot be read.
pub fn ordered_calls(
    state: &State,
    payloads: &Payloads,
    residents: &Residents,
    block: &Block,
) -> Result<BTreeMap<Psi, Ordered>, PipelineError> {
    let directory = Parties::new(state, residents, block.header.height);
    let mut found: BTreeMap<Psi, Ordered> = BTreeMap::new();
    for (index, tx) in (0..).zip(&block.transactions) {
        let opened: Result<_, PipelineError> = openings(payloads, residents, &directory, &tx.body);
        for (psi, opening) in opened? {
            let (ordered, marker) = (found.entry(psi).or_default(), tx.body.id());
            let call = match opening {
                Opening::Call(call) => Some(*call),
                Opening::Unreadable => None,
                Opening::Missing(missing) => {
                    ordered.missing.get_or_insert((marker, missing));
                    continue;
                }
            };
            ordered.calls.push(PrivateCall { marker, index, call });
        }
    }
    Ok(found)
}
