//! Executing again to see what happened: a transaction of a block on the state before it, or a call that nobody ordered. Runs on an
//! executor of its own, whose engine keeps backtraces; it is made when first used. Invariant: what is traced ends as it ended untraced, as
//! far as the state it reads is still there; nothing is written.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use coffer_abi::{ContractId, Gas, Hash, Status};
use coffer_chain::{CheckedTx, InnerAction, Kind};
use coffer_runtime::engine::{Lane, Slots, Turn};
use coffer_runtime::trace::{CallTrace, Source};
use coffer_runtime::{BlockContext, Call, Code, Fault};

use super::action::Acted;
use super::{BlockError, Error, Executor, Overlay, PrivateCall, Snapshot, included};
use crate::state::View;

/// Makes the executor for traces.
type Make = dyn Fn() -> Result<Executor, Fault> + Send + Sync;

/// The executor for traces of a node, and who may use it now: one at a time, in turns of their own, so that traces take nothing from those
/// who ask.
pub struct Tracer {
    make: Box<Make>,
    turns: Slots,
    made: Mutex<Option<Arc<Executor>>>,
}

impl Tracer {
    /// One that makes its executor when it is first asked for. The runtime of the executor should keep backtraces.
    pub fn new(make: impl Fn() -> Result<Executor, Fault> + Send + Sync + 'static) -> Self {
        Self { make: Box::new(make), turns: Slots::new(1, 1), made: Mutex::new(None) }
    }

    /// A lane's turn to trace.
    pub fn turn(&self, lane: Lane) -> Turn {
        self.turns.turn(lane)
    }

    /// The executor for traces.
    ///
    /// # Errors
    /// When this machine cannot give what its engine asks for.
    pub fn executor(&self) -> Result<Arc<Executor>, Fault> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(executor) = &*made {
            return Ok(Arc::clone(executor));
        }
        let executor = Arc::new((self.make)()?);
        *made = Some(Arc::clone(&executor));
        Ok(executor)
    }
}

/// What executing again showed.
pub struct Traced {
    /// How it ended.
    pub status: Status,
    /// Gas used.
    pub gas_used: Gas,
    /// The call and those below it; `None` if nothing ran.
    pub call: Option<Box<CallTrace>>,
    /// Code of the contracts in it, as far as it is still there.
    pub codes: TracedCodes,
}

/// Code by contract and by whether it is a public one that private code reads.
pub type TracedCodes = BTreeMap<(ContractId, bool), Code>;

impl Executor {
    /// Executes a block's transactions up to `target` on its parent's snapshot and traces that one; `None` if there is none of that number.
    ///
    /// # Errors
    /// As [`Executor::run_block`].
    pub fn trace_block(
        &self,
        view: &View,
        block: BlockContext,
        txs: &[CheckedTx],
        target: u32,
    ) -> Result<Option<Traced>, BlockError> {
        let mut overlay = Overlay::new(Snapshot::public(self, view));
        self.begin_block(&mut overlay, block)?;
        for (index, tx) in (0..).zip(txs) {
            if index == target {
                overlay.record();
            }
            let acted = self.include(&mut overlay, block, index, tx)?;
            if index == target {
                let module = match &tx.body().kind {
                    Kind::Deploy { code, .. } | Kind::Upgrade { code, .. } => Some(code),
                    _ => None,
                };
                return Ok(Some(self.traced(overlay, acted, module)?));
            }
        }
        Ok(None)
    }

    /// The same for the private calls of a block: the one of the marker with that position.
    ///
    /// # Errors
    /// As [`Executor::run_private`].
    pub fn trace_private(
        &self,
        lane: Lane,
        (view, public): (&View, &View),
        block: BlockContext,
        calls: &[PrivateCall],
        target: u32,
    ) -> Result<Option<Traced>, Error> {
        let mut overlay = Overlay::new(Snapshot::private(self, view, public));
        included::drop_expired(&mut overlay, block.height)?;
        for call in calls {
            if call.index == target {
                overlay.record();
            }
            let acted = self.run_ordered(&mut overlay, lane, block, call)?;
            if call.index == target {
                let module = match call.call.as_ref().map(|call| &call.body.action) {
                    Some(InnerAction::Deploy { code, .. } | InnerAction::Upgrade { code, .. }) => Some(code),
                    _ => None,
                };
                return Ok(Some(self.traced(overlay, acted, module)?));
            }
        }
        Ok(None)
    }

    /// Executes a call that nobody ordered.
    ///
    /// # Errors
    /// When this node failed.
    pub fn trace_call(
        &self,
        lane: Lane,
        snapshot: Snapshot<'_>,
        code: &Code,
        call: &Call<'_>,
    ) -> Result<Traced, Error> {
        let (done, trace) = self.runtime.in_lane(lane).trace(code, call, &snapshot)?;
        let mut overlay = Overlay::new(snapshot);
        overlay.recorded(trace);
        let acted = Acted { status: done.status, gas_used: done.gas_used, contract: None, events: Vec::new() };
        self.traced(overlay, acted, None)
    }

    /// Adds to a trace what the code says of it. `module` is one that the transaction brought and that may not have stayed.
    fn traced(&self, mut overlay: Overlay<'_>, acted: Acted, module: Option<&Vec<u8>>) -> Result<Traced, Error> {
        let mut call = overlay.take_trace();
        let mut modules: BTreeMap<Hash, Vec<u8>> = BTreeMap::new();
        let mut codes = TracedCodes::new();
        let brought = match module {
            Some(module) => self.prepare(module)?.ok().map(|code| (code, module)),
            None => None,
        };
        for one in call.iter().flat_map(|call| call.calls()) {
            if modules.contains_key(&one.section) && codes.contains_key(&(one.contract, one.public)) {
                continue;
            }
            let ran = |code: &Code| *code.section() == one.section;
            let found = match &brought {
                Some((code, module)) if ran(code) => Some((code.clone(), (*module).clone())),
                _ => overlay.module(&one.contract, one.public)?.filter(|(code, _)| ran(code)),
            };
            if let Some((code, module)) = found {
                modules.insert(one.section, module);
                codes.insert((one.contract, one.public), code);
            }
        }
        let config = self.runtime.config();
        let mut sources = BTreeMap::new();
        for (section, module) in &modules {
            // No twin: debug information is whatever somebody uploaded, and reading it is the command line's work.
            let source = Source::new(module, &config.caps, &config.schedule, None);
            sources.insert(*section, source.map_err(|e| Fault::Instrumentation(e.to_string()))?);
        }
        if let Some(call) = &mut call {
            call.locate(&sources);
        }
        Ok(Traced { status: acted.status, gas_used: acted.gas_used, call, codes })
    }
}

impl Overlay<'_> {
    /// A contract's code and module.
    fn module(&self, contract: &ContractId, public: bool) -> Result<Option<(Code, Vec<u8>)>, Error> {
        let (hash, module) = if public {
            let Some(below) = self.below().beside() else { return Ok(None) };
            let Some(record) = below.view.contract(contract)? else { return Ok(None) };
            (record.code_hash, below.view.code(&record.code_hash)?)
        } else {
            let Some(hash) = self.contract(contract)? else { return Ok(None) };
            (hash, self.code(&hash)?)
        };
        let Some(module) = module else { return Ok(None) };
        let code = self.below().executor.stored_code(&hash, || Ok(Some(module.clone())))?;
        Ok(code.map(|code| (code, module)))
    }
}
