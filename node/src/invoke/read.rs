//! Finding a contract in what a tenant may see, and running its views. Invariant: a contract that is not the caller's and one that does
//! not exist look the same.

use std::collections::{BTreeMap, BTreeSet};

use coffer_abi::export::MethodKind;
use coffer_abi::{AccountId, CodeHash, ContractId, Event, Gas, Hash, Height, Time};
use coffer_chain::hash::{private_state_id, public_state_id};
use coffer_runtime::{BlockContext, Call, Code, Executed};

use super::{InvokeError, Invoker, Scope};
use crate::executor::Snapshot;
use crate::executor::lane_of;
use crate::state::{BlockId, Error as StateError, View};
use crate::tenant::TenantContext;

/// A contract found for a caller, with the snapshot it was found in.
#[derive(Clone)]
pub struct Located {
    /// Which state.
    pub scope: Scope,
    /// The contract.
    pub contract: ContractId,
    /// Its module's hash.
    pub code_hash: CodeHash,
    /// Its code, with spec and exports.
    pub code: Code,
    view: View,
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

/// Code of the contracts that emitted events, as far as there is any.
pub type Emitters = BTreeMap<ContractId, Code>;

impl Invoker {
    /// The contracts behind these events of a state that the caller may see, as of the head.
    ///
    /// # Errors
    /// [`InvokeError::State`] for a held private state, or this node failed.
    pub async fn emitters(
        &self,
        tenant: &TenantContext,
        scope: Scope,
        events: &[Event],
    ) -> Result<Emitters, InvokeError> {
        let contracts: BTreeSet<_> = events.iter().map(|event| event.contract).collect();
        if contracts.is_empty() {
            return Ok(Emitters::new());
        }
        let (this, tenant) = (self.clone(), tenant.clone());
        blocking(move || {
            let view = this.view_of(&tenant, scope, None)?;
            let mut found = Emitters::new();
            for contract in contracts {
                if let Some(code) = this.parts.executor.contract_code(&view, &contract)? {
                    found.insert(contract, code);
                }
            }
            Ok(found)
        })
        .await
    }

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
                    return Ok(Some(Located { scope, contract, code_hash: record.code_hash, code, view }));
                }
            }
            Ok(None)
        })
        .await
    }

    /// Runs a view on the snapshot its contract was found in.
    ///
    /// # Errors
    /// [`InvokeError::Gas`], [`InvokeError::Busy`], [`InvokeError::TooSlow`], or this node failed. How the view itself ended is in the result.
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
        let lane = lane_of(tenant);
        let turn = tokio::time::timeout(self.parts.limits.view_wait, self.parts.executor.query_turn(lane)).await;
        let slot = turn.map_err(|_| InvokeError::Busy)?;
        let this = self.clone();
        blocking(move || {
            let Located { scope, contract, code, view, .. } = located;
            let executor = &this.parts.executor;
            let state_id = match scope {
                Scope::Public => public_state_id(executor.chain_id()),
                Scope::Private => private_state_id(executor.chain_id()),
            };
            let height = view.height();
            let time = this.time_at(height)?;
            let block = BlockContext { height, time, chain_id: *executor.chain_id() };
            let ViewRequest { method, input, account, .. } = &request;
            let call = Call {
                kind: MethodKind::View,
                method,
                input,
                contract,
                state_id,
                caller: *account,
                origin: *account,
                block,
                seed: Hash::ZERO,
                gas_limit,
            };
            let public;
            let snapshot = match scope {
                Scope::Public => Snapshot::public(executor, &view),
                Scope::Private => {
                    public = this.parts.state.public_at(height)?;
                    Snapshot::private(executor, &view, &public)
                }
            };
            Ok(executor.query((lane, slot), &snapshot, &code, &call)?)
        })
        .await
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

    fn view_of(&self, tenant: &TenantContext, scope: Scope, height: Option<Height>) -> Result<View, StateError> {
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
