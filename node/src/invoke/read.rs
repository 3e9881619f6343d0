//! Finding a contract in what a tenant may see, and running its views. Invariant: a contract that is not the caller's and one that does
//! not exist look the same.

use coffer_abi::export::MethodKind;
use coffer_abi::{AccountId, ContractId, Gas, Hash, Height, StateId, Time};
use coffer_chain::hash::{private_state_id, public_state_id};
use coffer_runtime::engine::{Lane, Slot, Turn};
use coffer_runtime::{BlockContext, Call, Code, Executed};
use tokio::time::Instant;

use super::{InvokeError, Invoker, Scope};
use crate::executor::{self, Executor, Snapshot, lane_of};
use crate::state::{BlockId, ContractRecord, Error as StateError, View};
use crate::tenant::TenantContext;

/// A contract found for a caller, with the snapshot it was found in.
#[derive(Clone)]
pub struct Located {
    /// Which state.
    pub scope: Scope,
    /// The contract.
    pub contract: ContractId,
    /// What its state knows of it.
    pub record: ContractRecord,
    /// Its code, with spec and exports.
    pub code: Code,
    pub(super) view: View,
}

impl Located {
    /// The module of its code; `None` for a reserved contract, which has none.
    pub(super) fn module(&self) -> Result<Option<Vec<u8>>, StateError> {
        self.view.code(&self.record.code_hash)
    }

    /// Height of the state it was found in.
    pub fn height(&self) -> Height {
        self.view.height()
    }

    /// Height of the next block after the state it was found in.
    pub(super) fn next_height(&self) -> Height {
        let height = self.view.height();
        height.next().unwrap_or(height)
    }
}

/// A view to run.
#[derive(Clone, Debug)]
pub struct ViewRequest {
    /// A method of kind view.
    pub method: String,
    /// Encoded arguments.
    pub input: Vec<u8>,
    /// Who asks.
    pub account: AccountId,
    /// Gas it may use; the node's default if `None`.
    pub gas_limit: Option<Gas>,
}

impl Invoker {
    /// Looks a contract up in the caller's private state and then in the public one, or in one of them only, as of a height (the head
    /// if `None`). Compiles its code at the first use after a start.
    ///
    /// # Errors
    /// [`InvokeError::State`] for a height that is not kept or not there yet, or a held private state.
    pub async fn locate(
        &self,
        tenant: &TenantContext,
        only: Option<Scope>,
        contract: ContractId,
        height: Option<Height>,
    ) -> Result<Option<Located>, InvokeError> {
        let (this, tenant) = (self.clone(), tenant.clone());
        blocking(move || {
            for scope in [Scope::Private, Scope::Public] {
                if only.is_some_and(|only| only != scope) {
                    continue;
                }
                let view = this.view_of(&tenant, scope, height)?;
                let Some(record) = view.contract(&contract)? else {
                    continue;
                };
                if let Some(code) = this.parts.executor.contract_code(&view, &contract)? {
                    return Ok(Some(Located { scope, contract, record, code, view }));
                }
            }
            Ok(None)
        })
        .await
    }

    /// Runs a view on the snapshot its contract was found in.
    ///
    /// # Errors
    /// [`InvokeError::Gas`], [`InvokeError::OverLimit`], [`InvokeError::Busy`], [`InvokeError::TooSlow`], or this node failed. How the view itself ended is in the result.
    pub async fn view(
        &self,
        tenant: &TenantContext,
        located: Located,
        request: ViewRequest,
    ) -> Result<Executed, InvokeError> {
        let max = self.parts.view_gas;
        let gas_limit = request.gas_limit.unwrap_or(max);
        if gas_limit > max {
            return Err(InvokeError::Gas { asked: gas_limit, max, what: "view" });
        }
        let meter = self.parts.quotas.of(tenant);
        meter.check_gas(Instant::now())?;
        let lane = lane_of(tenant);
        let slot = self.turn(lane).await?;
        let this = self.clone();
        blocking(move || {
            let height = located.view.height();
            let done = this.on_snapshot(&this.parts.executor, &located, height, |snapshot, state_id, block| {
                let ViewRequest { method, input, account, .. } = &request;
                let call = Call {
                    kind: MethodKind::View,
                    method,
                    input,
                    contract: located.contract,
                    state_id,
                    caller: *account,
                    origin: *account,
                    block,
                    seed: Hash::ZERO,
                    gas_limit,
                };
                this.parts.executor.query((lane, slot), &snapshot, &located.code, &call)
            });
            // What came of it or not, the work was done. One that was ended has no count, so it counts in full.
            let gas = done.as_ref().map_or(gas_limit, |done| done.gas_used);
            meter.used_gas(gas, Instant::now());
            done
        })
        .await
    }

    /// Runs something on the snapshot that a contract was found in, in a block of `height`.
    pub(super) fn on_snapshot<T>(
        &self,
        executor: &Executor,
        located: &Located,
        height: Height,
        run: impl FnOnce(Snapshot<'_>, StateId, BlockContext) -> Result<T, executor::Error>,
    ) -> Result<T, InvokeError> {
        let view = &located.view;
        let chain_id = *executor.chain_id();
        let block = BlockContext { height, time: self.time_at(view.height())?, chain_id };
        let done = match located.scope {
            Scope::Public => run(Snapshot::public(executor, view), public_state_id(&chain_id), block),
            Scope::Private => {
                let public = self.parts.state.public_at(view.height())?;
                run(Snapshot::private(executor, view, &public), private_state_id(&chain_id), block)
            }
        };
        Ok(done?)
    }

    /// Waits for a lane's slot of those who run something that no block asked for.
    pub(super) async fn turn(&self, lane: Lane) -> Result<Slot, InvokeError> {
        self.in_time(self.parts.executor.query_turn(lane)).await
    }

    /// Waits for a turn as long as a caller may be kept waiting.
    pub(super) async fn in_time(&self, turn: Turn) -> Result<Slot, InvokeError> {
        tokio::time::timeout(self.parts.limits.view_wait, turn).await.map_err(|_| InvokeError::Busy)
    }

    /// Time that a view at a height sees: the block's; at the head this node's clock where that is later.
    fn time_at(&self, height: Height) -> Result<Time, StateError> {
        let state = &self.parts.state;
        let head = state.head();
        if height == head.height {
            return Ok(self.parts.sources.view_time(head.time));
        }
        let stored = state.block(BlockId::Height(height))?;
        let missing = || StateError::Future { height, head: head.height };
        Ok(stored.ok_or_else(missing)?.block.header.time)
    }

    pub(super) fn view_of(
        &self,
        tenant: &TenantContext,
        scope: Scope,
        height: Option<Height>,
    ) -> Result<View, StateError> {
        let state = &self.parts.state;
        match (scope, height) {
            (Scope::Public, None) => Ok(state.public()),
            (Scope::Public, Some(height)) => state.public_at(height),
            (Scope::Private, None) => state.private(tenant.psi()),
            (Scope::Private, Some(height)) => state.private_at(tenant.psi(), height),
        }
    }
}

/// Runs work that takes CPU time or waits for the disk off the threads that serve others.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, InvokeError> + Send + 'static,
) -> Result<T, InvokeError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(InvokeError::Failed(format!("the work did not finish: {error}"))),
    }
}
