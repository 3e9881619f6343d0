//! The ledger behind [`App`]: builds, executes, checks and commits public blocks. Not here: private execution, which follows the chain on
//! its own. Invariant: what is committed was executed here and agrees with its header in every root.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use coffer_abi::{AccountId, Hash, Height, Time};
use coffer_chain::block::{receipts_root, transactions_root};
use coffer_chain::{
    Block, BlockRules, Certificate, CheckedTx, Genesis, Header, Parameters, Recovery, Signature, Transaction,
    ValidatorSet, rules,
};
use coffer_runtime::BlockContext;

use super::{App, Failure, Rejected, Standing};
use crate::executor::{BlockError, BlockRun, Executor, Known, Versions};
use crate::metrics;
use crate::pool::{Pool, Waiters};
use crate::sources::Sources;
use crate::state::{BlockCommit, BlockId, Head, State, View};

/// Transactions that are known from a check ahead; when there are more, all are forgotten.
const MAX_AHEAD: usize = 16_384;

/// What the ledger works with.
pub struct Ledger {
    /// The start of the chain.
    pub genesis: Genesis,
    /// This node's key.
    pub proposer: AccountId,
    /// The state.
    pub state: State,
    /// Execution.
    pub executor: Arc<Executor>,
    /// Waiting transactions.
    pub pool: Arc<Pool>,
    /// Those who wait for a public receipt.
    pub waiters: Arc<Waiters>,
    /// Time.
    pub sources: Arc<Sources>,
    /// The versions of the protocol that this node can execute.
    pub known: Known,
    /// Height of the version that was warned of.
    warned: AtomicU64,
    executed: Mutex<HashMap<Hash, Executed>>,
    /// Transactions of blocks that were checked ahead, by their ids.
    ahead: Mutex<HashMap<Hash, CheckedTx>>,
}

struct Executed {
    block: Block,
    run: BlockRun,
    certificate: Option<Certificate>,
}

impl Ledger {
    /// A ledger with nothing executed yet.
    pub fn new(
        genesis: Genesis,
        proposer: AccountId,
        state: State,
        executor: Arc<Executor>,
        pool: Arc<Pool>,
        waiters: Arc<Waiters>,
        sources: Arc<Sources>,
    ) -> Self {
        let (known, warned) = (Known::of_program(), AtomicU64::new(0));
        let (executed, ahead) = (Mutex::default(), Mutex::default());
        Self { genesis, proposer, state, executor, pool, waiters, sources, known, warned, executed, ahead }
    }

    /// The rules of the block behind a view.
    fn rules(&self, view: &View) -> Result<BlockRules, Failure> {
        self.known.meaning(self.executor.versions(view)?.next)?;
        Ok(self.executor.rules(view)?)
    }

    /// The same of a block without transactions, which rests on what ends after its parent.
    fn rules_of_empty(&self, view: &View, parent: Time) -> Result<BlockRules, Failure> {
        Ok(BlockRules { next_end: view.next_end(parent)?, ..self.rules(view)? })
    }

    /// How long it is until the block behind one of time `parent` may be empty.
    fn until_tick(&self, parent: Time, rules: &BlockRules) -> Option<Duration> {
        rules::tick_time(parent, rules).and_then(|from| self.sources.until(from))
    }

    /// Checks that this node can go on behind its head; warns once of a version ahead that it does not have.
    ///
    /// # Errors
    /// [`Failure::Version`]: only a newer program can. [`Failure::State`].
    pub fn look_ahead(&self) -> Result<(), Failure> {
        let Versions { next, coming } = self.executor.versions(&self.state.public())?;
        self.known.meaning(next)?;
        if let Some(coming) = coming
            && let Err(error) = self.known.meaning(coming)
            && self.warned.swap(coming.since.0, Ordering::Relaxed) != coming.since.0
        {
            tracing::warn!(version = coming.version, height = %coming.since, "this node will stop before that height: {error}");
        }
        Ok(())
    }

    /// The header that follows from what executing transactions on the parent gave.
    fn header(
        &self,
        parent: &Header,
        view: &View,
        (rules, context): (&BlockRules, BlockContext),
        txs: &[CheckedTx],
        run: &BlockRun,
    ) -> Result<Header, Failure> {
        let validators = rules.recovery.as_ref().map_or(parent.next_validators, |recovery| recovery.validators);
        let next_validators = run.writes.validators().map_or(validators, |set| set.hash());
        let signed: Vec<Hash> = txs.iter().map(CheckedTx::signed_hash).collect();
        Ok(Header {
            version: rules.version,
            chain_id: parent.chain_id,
            height: context.height,
            parent: parent.hash(),
            proposer: self.proposer,
            time: context.time,
            transactions_root: transactions_root(&signed),
            receipts_root: receipts_root(&run.receipts),
            state_root: view.root_after(&run.writes)?,
            gas_used: run.gas_used,
            validators,
            next_validators,
        })
    }

    /// Waiting transactions that can be in a block at `height`. Those that are in the chain already are forgotten.
    fn includable(&self, view: &View, height: Height, parameters: &Parameters) -> Result<Vec<CheckedTx>, Failure> {
        let mut txs = Vec::new();
        let mut known = Vec::new();
        for tx in self.pool.candidates(height, parameters) {
            if self.executor.is_included(view, &tx)? {
                known.push(tx.id());
            } else {
                txs.push(tx);
            }
        }
        if !known.is_empty() {
            self.pool.remove(&known, view.height());
        }
        Ok(txs)
    }

    fn ahead(&self) -> MutexGuard<'_, HashMap<Hash, CheckedTx>> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn executed(&self) -> MutexGuard<'_, HashMap<Hash, Executed>> {
        // Entries are whole or absent, so a panic under the lock leaves nothing half-done.
        self.executed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App for Ledger {
    fn head(&self) -> Head {
        self.state.head()
    }

    fn first(&self) -> Height {
        // Genesis is decided by nobody.
        self.state.first().max(Height(1))
    }

    fn decided(&self, height: Height) -> Result<Option<(Block, Certificate)>, Failure> {
        if height < self.first() || height > self.state.head().height {
            return Ok(None);
        }
        let stored = self.state.block(BlockId::Height(height))?;
        Ok(stored.map(|stored| (stored.block, stored.certificate)))
    }

    fn has_work(&self) -> Result<bool, Failure> {
        let view = self.state.public();
        match view.height().next() {
            Some(height) => Ok(!self.includable(&view, height, &self.rules(&view)?.parameters)?.is_empty()),
            None => Ok(false),
        }
    }

    fn tick_in(&self) -> Result<Option<Duration>, Failure> {
        let (view, parent) = (self.state.public(), self.state.head().time);
        Ok(self.until_tick(parent, &self.rules_of_empty(&view, parent)?))
    }

    fn propose(&self) -> Result<Option<Block>, Failure> {
        let tip = self.state.tip()?;
        let parent = &tip.header;
        let Some(height) = parent.height.next() else {
            return Ok(None);
        };
        let view = self.state.public();
        let rules = self.rules(&view)?;
        let mut txs = self.includable(&view, height, &rules.parameters)?;
        if txs.is_empty() {
            let rules = self.rules_of_empty(&view, parent.time)?;
            if self.until_tick(parent.time, &rules) != Some(Duration::ZERO) {
                return Ok(None);
            }
        }
        let time = self.sources.block_time(parent.time, height);
        let context = BlockContext { height, time, chain_id: parent.chain_id };
        let (header, run) = metrics::BLOCK_EXECUTION.time(|| {
            let filled = self.executor.fill_block(&view, context, &txs, rules.parameters.max_block_gas);
            let run = filled.map_err(|error| match error {
                BlockError::Failed(error) => Failure::Execution(error),
                BlockError::Replayed(_) | BlockError::TooMuchGas(_) => Failure::OwnProposal(error.to_string()),
            })?;
            txs.truncate(run.receipts.len());
            let header = self.header(parent, &view, (&rules, context), &txs, &run)?;
            Ok::<_, Failure>((header, run))
        })?;
        let transactions = txs.into_iter().map(CheckedTx::into_transaction).collect();
        let block = Block { header, transactions };
        self.executed().insert(block.header.hash(), Executed { block: block.clone(), run, certificate: None });
        Ok(Some(block))
    }

    fn check_ahead(&self, block: &Block) {
        let chain_id = self.genesis.chain_id();
        // What does not hold shows when the block is executed.
        let checked: Vec<_> = block
            .transactions
            .iter()
            .filter_map(|tx| tx.clone().check(&chain_id).ok())
            .map(|tx| (tx.id(), tx))
            .collect();
        let mut ahead = self.ahead();
        if ahead.len() >= MAX_AHEAD {
            ahead.clear();
        }
        ahead.extend(checked);
    }

    fn execute(&self, block: &Block, standing: Standing) -> Result<(), Rejected> {
        let hash = block.header.hash();
        let tip = self.state.tip().map_err(Failure::from)?;
        let parent = &tip.header;
        let latest = match standing {
            Standing::Proposed => self.sources.latest_block_time(),
            Standing::Decided => u64::MAX,
        };
        let view = self.state.public();
        let is_empty = block.transactions.is_empty();
        let rules = if is_empty { self.rules_of_empty(&view, parent.time)? } else { self.rules(&view)? };
        let known = |tx: &Transaction| {
            let ahead = self.ahead();
            let known = (!ahead.is_empty()).then(|| ahead.get(&tx.body.id())).flatten();
            known.filter(|known| known.transaction() == tx).cloned().or_else(|| self.pool.checked(tx))
        };
        let check = || rules::check_block(block, parent, &tip.next, &rules, latest, known);
        let txs = metrics::BLOCK_RULES.time(check)?;
        if self.executed().get(&hash).is_some_and(|executed| executed.block == *block) {
            return Ok(());
        }
        let Header { height, time, chain_id, .. } = block.header;
        let context = BlockContext { height, time, chain_id };
        let (expected, run) = metrics::BLOCK_EXECUTION.time(|| {
            let executed = self.executor.run_block(&view, context, &txs, rules.parameters.max_block_gas);
            let run = executed.map_err(|error| match error {
                BlockError::Replayed(tx) => Rejected::Replayed(tx),
                BlockError::TooMuchGas(tx) => Rejected::TooMuchGas(tx),
                BlockError::Failed(error) => Failure::Execution(error).into(),
            })?;
            let expected = self.header(parent, &view, (&rules, context), &txs, &run)?;
            Ok::<_, Rejected>((expected, run))
        })?;
        let differs = [
            ("receipts root", expected.receipts_root != block.header.receipts_root),
            ("state root", expected.state_root != block.header.state_root),
            ("gas", expected.gas_used != block.header.gas_used),
            ("next validator set", expected.next_validators != block.header.next_validators),
        ];
        if let Some((what, _)) = differs.into_iter().find(|(_, differs)| *differs) {
            return Err(Rejected::Differs(what));
        }
        self.executed().insert(hash, Executed { block: block.clone(), run, certificate: None });
        Ok(())
    }

    fn decide(
        &self,
        certificate: Certificate,
        is_known: &dyn Fn(&AccountId, &Signature) -> bool,
    ) -> Result<(), Rejected> {
        let mut executed = self.executed();
        let hash = certificate.block;
        let entry = executed.get_mut(&hash).ok_or(Rejected::Unknown(hash))?;
        let header = &entry.block.header;
        // `execute` has compared the header's set with this one.
        let validators = self.state.validators(header.height).map_err(Failure::from)?;
        let verify = || certificate.verify_with(&header.chain_id, header.height, &hash, &validators, is_known);
        metrics::CERTIFICATE.time(verify)?;
        entry.certificate = Some(certificate);
        Ok(())
    }

    fn commit(&self, hash: &Hash) -> Result<Height, Failure> {
        let entry = self.executed().remove(hash).ok_or(Failure::OutOfOrder(*hash))?;
        let certificate = entry.certificate.ok_or(Failure::OutOfOrder(*hash))?;
        let height = entry.block.header.height;
        let receipts = entry.run.receipts;
        let commit =
            BlockCommit { block: entry.block, certificate, receipts: receipts.clone(), writes: entry.run.writes };
        metrics::BLOCK_COMMIT.time(|| self.state.commit_block(commit))?;
        // Other proposals of this height can never be committed.
        self.executed().clear();
        let ids: Vec<Hash> = receipts.iter().map(|receipt| receipt.tx).collect();
        let mut ahead = self.ahead();
        ids.iter().for_each(|id| drop(ahead.remove(id)));
        drop(ahead);
        let expired = self.pool.remove(&ids, height);
        if expired > 0 {
            tracing::warn!(expired, height = %height, "transactions expired in the pool");
        }
        for (index, receipt) in (0..).zip(&receipts) {
            self.waiters.settle(height, index, receipt);
        }
        tracing::info!(height = %height, hash = %hash, transactions = ids.len(), "block committed");
        // The last one of what this program knows ends it; the block is there.
        self.look_ahead()?;
        Ok(height)
    }

    fn validators(&self, height: Height) -> Result<ValidatorSet, Failure> {
        Ok(self.state.validators(height)?)
    }

    fn recovery(&self) -> Option<Recovery> {
        self.state.public().recovery().cloned()
    }
}
