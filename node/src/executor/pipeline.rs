//! Private execution, off the path of agreement: one pipeline for each private state that has work. A reader goes through the chain and finds whom each block names; workers execute, one
//! block of one private state at a time, and what they made is committed together. Not here: which blocks there are, whose turn it is (`schedule`). Invariants: a private state
//! that is held, fails or is slow holds nobody else; what came of a block never depends on when it was executed.

mod follow;
mod hand;
mod holds;
mod ordered;
mod schedule;

pub use follow::{follow, workers};
pub use holds::{Hold, Holds, Reason};
pub use ordered::{Sources, executed_calls};

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use coffer_abi::{Gas, Hash, Height};
use coffer_chain::{Block, Kind, Psi, Void};
use coffer_runtime::BlockContext;

use super::Executor;
use super::lane::tenant_lane;
use crate::metrics;
use crate::pool::Waiters;
use crate::privacy::acknowledged::{Acknowledged, OwnOutcome};
use crate::privacy::opening::Missing;
use crate::privacy::payloads::{self, Payloads};
use crate::privacy::resident::Residents;
use crate::privacy::transfer::{self, Transfers};
use crate::privacy::voids::{Executing, Voids};
use crate::privacy::wanted::{Want, Wanted};
use crate::quota::Quotas;
use crate::state::{self, BlockId, PrivateCommit, State};
use ordered::{Markers, Ordered, named, ordered};
use schedule::{Job, KEPT, Position, Schedule};

/// How long a private state waits before its next attempt after this node failed; the last one again and again.
const PAUSES: [Duration; 6] = [
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(4),
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_secs(60),
];

/// Blocks that are read at a time.
const READ_AT_ONCE: usize = 64;

/// Blocks that are read before a node answers: some seconds' worth.
const READ_AT_START: u64 = 10_000;

/// Why private execution cannot go on. Where it is about the node as a whole the node must stop; at the next start it goes on where it was.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The state failed.
    #[error(transparent)]
    State(#[from] state::Error),
    /// What members hand over could not be read or written.
    #[error(transparent)]
    Transfers(#[from] transfer::Error),
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
pub struct PipelineParts {
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
    /// What is waited for, for those who fetch it.
    pub wanted: Arc<Wanted>,
    /// What is never executed.
    pub voids: Arc<Voids>,
    /// Which private states wait, for those who ask.
    pub holds: Arc<Holds>,
    /// What parties tell each other.
    pub acknowledged: Arc<Acknowledged>,
    /// What members hand over.
    pub transfers: Arc<Transfers>,
    /// What tenants take, which is told of what was executed and asked nothing.
    pub quotas: Arc<Quotas>,
}

/// The pipelines of a node.
pub struct Pipelines {
    /// The state.
    pub state: State,
    /// Sealed payloads.
    pub payloads: Arc<Payloads>,
    executor: Arc<Executor>,
    residents: Arc<Residents>,
    waiters: Arc<Waiters>,
    wanted: Arc<Wanted>,
    voids: Arc<Voids>,
    holds: Arc<Holds>,
    acknowledged: Arc<Acknowledged>,
    transfers: Arc<Transfers>,
    quotas: Arc<Quotas>,
    /// ORDER: before the locks of the state.
    schedule: Mutex<Schedule>,
    /// The last block that somebody worked on: others of it usually follow.
    recent: Mutex<Option<Arc<Block>>>,
    markers: Markers,
}

/// What a block did to a private state, before it is committed. Nothing of the block can be voided any more.
pub(crate) struct Executed {
    commit: PrivateCommit,
    executing: Executing,
    /// Of calls of several parties.
    outcomes: Vec<OwnOutcome>,
}

impl Pipelines {
    /// Pipelines that begin where the state is sealed.
    pub fn new(parts: PipelineParts) -> Self {
        let PipelineParts { state, executor, payloads, residents, waiters, wanted, voids, holds, .. } = parts;
        let (acknowledged, transfers, quotas) = (parts.acknowledged, parts.transfers, parts.quotas);
        let schedule = Mutex::new(Schedule::new(state.private_read()));
        let recent = Mutex::default();
        Self {
            state,
            payloads,
            executor,
            residents,
            waiters,
            wanted,
            voids,
            holds,
            acknowledged,
            transfers,
            quotas,
            schedule,
            recent,
            markers: Markers::default(),
        }
    }

    /// What parties tell each other.
    pub fn acknowledged(&self) -> &Arc<Acknowledged> {
        &self.acknowledged
    }

    /// What members hand over.
    pub fn transfers(&self) -> &Transfers {
        &self.transfers
    }

    /// Who waits.
    pub fn holds(&self) -> &Holds {
        &self.holds
    }

    /// What is waited for.
    pub fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    /// Reads the blocks that a former run left behind, for the start of a node: who asks it then finds the heads of private states that are done where the chain is. Of very many
    /// blocks some are left for [`follow()`], and all that is to be executed.
    ///
    /// # Errors
    /// [`PipelineError`]: the node cannot start.
    pub fn begin(&self) -> Result<(), PipelineError> {
        let last = self.schedule().read().0.saturating_add(READ_AT_START);
        while self.schedule().read().0 < last && self.read()? {}
        Ok(())
    }

    /// Does all that can be done now, on the caller's thread, and gives the height up to which the chain was read. A running node has [`follow()`].
    ///
    /// # Errors
    /// [`PipelineError`]: the node cannot go on.
    pub fn catch_up(&self) -> Result<Height, PipelineError> {
        self.look_for_arrivals();
        loop {
            while self.read()? {}
            let mut executed = Vec::new();
            let (mut is_idle, round) = (true, self.schedule().count());
            // A round: whoever shares a block shares a sync.
            while executed.len() < round.max(1)
                && let Some(job) = self.next()
            {
                is_idle = false;
                executed.extend(self.execute(job)?);
            }
            self.commit(executed)?;
            if is_idle {
                return Ok(self.schedule().read());
            }
        }
    }

    /// Reads the next blocks and finds whom they name; `true` if there are more.
    pub(crate) fn read(&self) -> Result<bool, PipelineError> {
        let head = self.state.head().height;
        for _ in 0..READ_AT_ONCE {
            let Some(height) = self.schedule().read().next().filter(|next| *next <= head) else { break };
            let block = self.block(height)?;
            let mut named = named((&self.state, &self.residents, &self.markers), &block)?;
            named.retain(|psi, _| self.has_to_execute(psi, height));
            let mut schedule = self.schedule();
            // Somebody else may have read it meanwhile.
            if schedule.read().next() == Some(height) {
                self.state.private_named(height, named.keys())?;
                schedule.add(height, named);
            }
            drop(schedule);
            self.look_for_voids(&block);
        }
        self.state.seal_private()?;
        Ok(self.schedule().read() < head)
    }

    /// False if the private state did so in a former run, or cannot be used.
    fn has_to_execute(&self, psi: &Psi, height: Height) -> bool {
        match self.state.private(psi) {
            Ok(_) => self.state.private_head(psi) < height,
            Err(error) => {
                tracing::error!(psi = %psi, height = %height, %error, "a private state takes no calls");
                false
            }
        }
    }

    /// Lets go on whoever waits where a block brings a void of its party.
    fn look_for_voids(&self, block: &Block) {
        for tx in &block.transactions {
            if matches!(tx.body.kind, Kind::Void(_))
                && let Some(psi) = self.residents.of_party(&tx.body.sender)
            {
                self.schedule().release(&psi);
            }
        }
    }

    /// Lets go on whoever waits for a payload that is here now.
    fn look_for_arrivals(&self) {
        for want in self.wanted.all() {
            if self.has_come(&want) {
                self.schedule().release(&want.psi);
            }
        }
    }

    /// True if there may be more of what a private state waits for than when it began to wait.
    fn has_come(&self, want: &Want) -> bool {
        match want.what {
            Missing::Payload => self.payloads.contains(&want.payload),
            // That a key or a transfer has come is seen by trying.
            Missing::ContentKey | Missing::Transfer => true,
            Missing::Agreement => false,
        }
    }

    /// What is next in turn. Whoever takes it executes it.
    pub(crate) fn next(&self) -> Option<Job> {
        self.schedule().next()
    }

    /// Does a job, and gives what is to be committed of it. What goes wrong for one private state is that one's trouble.
    pub(crate) fn execute(&self, job: Job) -> Result<Option<Executed>, PipelineError> {
        let psi = job.psi().clone();
        let run = || match &job {
            Job::Block { psi, height, positions } => self.execute_block(psi, *height, positions),
            Job::Look { psi, from } => self.look(psi, *from).map(|()| None),
        };
        let height = match &job {
            Job::Block { height, .. } => *height,
            Job::Look { from, .. } => *from,
        };
        // All that is locked inside stays whole, or fails the state as a whole, which is asked for below.
        let done = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<&str>().map(ToString::to_string);
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            Err(PipelineError::Panicked(text.unwrap_or_else(|| "no text".into())))
        });
        match done {
            Ok(executed) => Ok(executed),
            Err(error) => self.fail(&psi, height, error).map(|()| None),
        }
    }

    fn execute_block(
        &self,
        psi: &Psi,
        height: Height,
        positions: &[Position],
    ) -> Result<Option<Executed>, PipelineError> {
        if self.state.private_head(psi) >= height {
            self.done(psi, height);
            return Ok(None);
        }
        let block = self.block(height)?;
        // ORDER: before it is asked what is voided.
        let executing = self.voids.execute(psi, height);
        let (transfers, payloads) = (self.transfers.count(), self.payloads.count());
        let calls = match ordered((self.sources(), &self.markers), &block, psi, positions, |party, void| {
            self.voids.is_signed(party, void)
        })? {
            Ordered::Calls(calls) => calls,
            Ordered::Missing(marker, missing, want) => {
                drop(executing);
                self.hold(psi, Hold { height, reason: Reason::Missing(marker, missing) });
                self.wanted.want(Want::clone(&want));
                // It may have come before anybody knew that it is waited for.
                let has_come = match missing {
                    Missing::Payload => self.payloads.contains(&want.payload),
                    Missing::Transfer => self.transfers.count() != transfers,
                    Missing::ContentKey => self.payloads.count() != payloads,
                    Missing::Agreement => false,
                };
                if has_come {
                    self.schedule().release(psi);
                }
                return self.look_again(psi, &block, positions, marker).map(|()| None);
            }
            Ordered::Voided(marker) => {
                drop(executing);
                self.wanted.have(psi);
                self.hold(psi, Hold { height, reason: Reason::Voided(marker) });
                return self.look_again(psi, &block, positions, marker).map(|()| None);
            }
        };
        if calls.is_empty() {
            // As if no block named it.
            self.done(psi, height);
            self.state.seal_private()?;
            return Ok(None);
        }
        let header = &block.header;
        let (view, public) = (self.state.private(psi)?, self.state.public_at(height)?);
        let context = BlockContext { height, time: header.time, chain_id: header.chain_id };
        let run = || self.executor.run_private(tenant_lane(psi), &view, &public, context, &calls);
        let run = metrics::PRIVATE_EXECUTION.time(run)?;
        metrics::PRIVATE_CALLS.add(calls.len() as u64);
        self.hand_over(psi, height, &calls, &run)?;
        let outcomes = self.outcomes(psi, height, &calls, &run);
        let receipts = calls.iter().map(|call| call.index).zip(run.receipts).collect();
        let commit = PrivateCommit { psi: psi.clone(), height, writes: run.writes, receipts };
        Ok(Some(Executed { commit, executing, outcomes }))
    }

    /// Lets a private state go on if the void came before anybody knew that it is waited for.
    fn look_again(&self, psi: &Psi, block: &Block, positions: &[Position], marker: Hash) -> Result<(), PipelineError> {
        let chain = self.state.public();
        for position in positions {
            let tx = block.transactions.get(position.index as usize);
            if tx.is_some_and(|tx| tx.body.id() == marker) {
                let void = Void { height: position.height, marker, place: position.place };
                if chain.voided(&position.party, &void)?.is_some() {
                    self.schedule().release(psi);
                }
            }
        }
        Ok(())
    }

    /// Finds the next blocks that name a private state again, from one on.
    fn look(&self, psi: &Psi, from: Height) -> Result<(), PipelineError> {
        let read = self.schedule().read();
        let (mut found, mut upto) = (Vec::new(), from);
        for height in (from.0..=read.0).take(READ_AT_ONCE).map(Height) {
            let block = self.block(height)?;
            let positions =
                named((&self.state, &self.residents, &self.markers), &block)?.remove(psi).unwrap_or_default();
            if !found.is_empty() && found.len() + positions.len() > KEPT {
                break;
            }
            if self.has_to_execute(psi, height) {
                found.extend(positions);
            }
            upto = height;
        }
        let mut schedule = self.schedule();
        let head = schedule.found(psi, found, upto);
        self.state.private_done(psi, head);
        drop(schedule);
        self.state.seal_private()?;
        Ok(())
    }

    /// Commits what was executed, with one sync, and tells those who wait for it.
    pub(crate) fn commit(&self, executed: Vec<Executed>) -> Result<(), PipelineError> {
        if executed.is_empty() {
            return Ok(());
        }
        let (mut commits, mut rest) = (Vec::new(), Vec::new());
        for Executed { commit, executing, outcomes } in executed {
            rest.push((commit.psi.clone(), commit.height, commit.receipts.clone(), (executing, outcomes)));
            commits.push(commit);
        }
        let mut told = Vec::new();
        for ((psi, height, receipts, (executing, outcomes)), committed) in
            rest.into_iter().zip(self.state.commit_privates(commits))
        {
            let gas = receipts.iter().fold(0u64, |gas, (_, receipt)| gas.saturating_add(receipt.gas_used.0));
            self.schedule().took(&psi, Gas(gas));
            match committed {
                Ok(_) => {
                    self.done(&psi, height);
                    self.acknowledged.executed(&psi, outcomes);
                    told.extend(receipts.into_iter().map(|(index, receipt)| (psi.clone(), height, index, receipt)));
                }
                Err(error) => self.fail(&psi, height, error.into())?,
            }
            // ORDER: behind the head, so that what is executed is never voided.
            drop(executing);
        }
        self.state.seal_private()?;
        // ORDER: who is told of a receipt finds the head of its private state there, and the trie sealed if nobody else is behind.
        for (psi, height, index, receipt) in &told {
            self.quotas.executed(psi, &receipt.tx, receipt.gas_used);
            self.waiters.settle_for(psi, *height, *index, receipt);
        }
        Ok(())
    }

    /// A private state is done with a block.
    fn done(&self, psi: &Psi, height: Height) {
        let mut schedule = self.schedule();
        let head = schedule.done(psi, height);
        self.state.private_done(psi, head);
        drop(schedule);
        self.wanted.have(psi);
        if self.holds.clear(psi) {
            tracing::info!(psi = %psi, height = %height, "a private state goes on");
        }
    }

    /// A private state waits at a block.
    fn hold(&self, psi: &Psi, hold: Hold) {
        self.schedule().hold(psi);
        if self.holds.put(psi, hold) {
            tracing::warn!(psi = %psi, %hold, "a private state is held");
        }
    }

    /// This node failed for one private state, which tries again later: a shortage of the moment, a bug or damage of its records must stop nobody else.
    ///
    /// # Errors
    /// The error itself if the state as a whole has failed.
    fn fail(&self, psi: &Psi, height: Height, error: PipelineError) -> Result<(), PipelineError> {
        if self.state.failure().is_some() {
            return Err(error);
        }
        tracing::error!(psi = %psi, height = %height, %error, "private execution failed for one private state and is tried again");
        let pause = |failures: usize| PAUSES[failures.min(PAUSES.len() - 1)];
        self.schedule().fail(psi, |failures| Instant::now() + pause(failures));
        self.wanted.have(psi);
        self.holds.put(psi, Hold { height, reason: Reason::Failing });
        Ok(())
    }

    fn block(&self, height: Height) -> Result<Arc<Block>, PipelineError> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(block) = recent.as_ref().filter(|block| block.header.height == height) {
            return Ok(Arc::clone(block));
        }
        let stored = self.state.block(BlockId::Height(height))?.ok_or(PipelineError::NoBlock(height))?;
        let block = Arc::new(stored.block);
        *recent = Some(Arc::clone(&block));
        Ok(block)
    }

    fn schedule(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
