//! Traces for a tenant: of a transaction it may see, or of a call that it only tries. Not here: executing again (`executor`), JSON (`rpc`).
//! Invariant: who traces waits for others who trace, never those who ask for it, and sees what it might ask for.

use coffer_abi::export::MethodKind;
use coffer_abi::{Hash, Height};
use coffer_chain::Block;
use coffer_runtime::engine::{Lane, Slot};
use coffer_runtime::{BlockContext, Call};
use tokio::time::Instant;

use super::read::blocking;
use super::receipt::no_block;
use super::{InvokeError, Invoker, Located, Scope, ViewRequest};
use crate::executor::{BlockError, Error, Sources, Traced, executed_calls, lane_of};
use crate::state::TxReceipt;
use crate::tenant::TenantContext;

/// A transaction, executed again.
pub struct TracedTx {
    /// Height of its block.
    pub height: Height,
    /// True if it ended as its receipt says.
    pub agrees: bool,
    /// What executing it showed.
    pub traced: Traced,
}

impl Invoker {
    /// Executes a transaction again: the caller's private call if it has one of that marker, else the public transaction. `None` if there
    /// is none of that id.
    ///
    /// # Errors
    /// [`InvokeError::State`] when the state before it is not kept, [`InvokeError::Busy`], or this node failed.
    pub async fn trace_transaction(&self, tenant: &TenantContext, tx: Hash) -> Result<Option<TracedTx>, InvokeError> {
        let meter = self.parts.quotas.of(tenant);
        meter.check_gas(Instant::now())?;
        let slot = self.trace_turn(lane_of(tenant)).await?;
        let (this, tenant) = (self.clone(), tenant.clone());
        blocking(move || {
            // Until the work is done, whether somebody still waits for it or not.
            let _slot = slot;
            let Some((scope, receipt, block)) = this.placed(&tenant, &tx)? else { return Ok(None) };
            let traced = match scope {
                Scope::Private => this.trace_private(&tenant, &block, &receipt)?,
                Scope::Public => this.trace_public(block, &receipt)?,
            };
            let traced = traced.ok_or_else(|| no_block(&tx))?;
            meter.used_gas(traced.gas_used, Instant::now());
            let told = &receipt.receipt;
            let agrees = (&traced.status, traced.gas_used) == (&told.status, told.gas_used);
            Ok(Some(TracedTx { height: receipt.height, agrees, traced }))
        })
        .await
    }

    /// Executes a method of the kind given on the snapshot its contract was found in.
    ///
    /// # Errors
    /// [`InvokeError::Gas`], [`InvokeError::Busy`], or this node failed.
    pub async fn trace_call(
        &self,
        tenant: &TenantContext,
        located: Located,
        kind: MethodKind,
        request: ViewRequest,
    ) -> Result<Traced, InvokeError> {
        let max = self.parts.view_gas;
        let gas_limit = request.gas_limit.unwrap_or(max);
        if gas_limit > max {
            return Err(InvokeError::Gas { asked: gas_limit, max, what: "traced call" });
        }
        let meter = self.parts.quotas.of(tenant);
        meter.check_gas(Instant::now())?;
        let lane = lane_of(tenant);
        let slot = self.trace_turn(lane).await?;
        let this = self.clone();
        blocking(move || {
            let _slot = slot;
            let executor = this.parts.tracer.executor().map_err(Error::from)?;
            let code = executor.contract_code(&located.view, &located.contract)?;
            let code = code.ok_or_else(|| InvokeError::Failed("the contract has no code".into()))?;
            let traced = this.on_snapshot(&executor, &located, located.view.height(), |snapshot, state_id, block| {
                let ViewRequest { method, input, account, .. } = &request;
                let (contract, caller, origin, seed) = (located.contract, *account, *account, Hash::ZERO);
                let call = Call { kind, method, input, contract, state_id, caller, origin, block, seed, gas_limit };
                executor.trace_call(lane, snapshot, &code, &call)
            });
            meter.used_gas(traced.as_ref().map_or(gas_limit, |traced| traced.gas_used), Instant::now());
            traced
        })
        .await
    }

    async fn trace_turn(&self, lane: Lane) -> Result<Slot, InvokeError> {
        self.in_time(self.parts.tracer.turn(lane)).await
    }

    fn trace_public(&self, block: Block, receipt: &TxReceipt) -> Result<Option<Traced>, InvokeError> {
        let parts = &self.parts;
        let executor = parts.tracer.executor().map_err(Error::from)?;
        let view = parts.state.public_at(before(receipt.height))?;
        let context = context(&block);
        let checked = block.transactions.into_iter().map(|tx| tx.check(executor.chain_id()));
        let txs = checked.collect::<Result<Vec<_>, _>>()?;
        executor.trace_block(&view, context, &txs, receipt.index).map_err(|error| match error {
            BlockError::Replayed(_) | BlockError::TooMuchGas(_) => InvokeError::Failed(error.to_string()),
            BlockError::Failed(error) => error.into(),
        })
    }

    fn trace_private(
        &self,
        tenant: &TenantContext,
        block: &Block,
        receipt: &TxReceipt,
    ) -> Result<Option<Traced>, InvokeError> {
        let parts = &self.parts;
        let executor = parts.tracer.executor().map_err(Error::from)?;
        let (state, payloads, residents) = (&parts.state, &*parts.payloads, &*parts.residents);
        let sources = Sources { state, payloads, residents, transfers: &parts.transfers };
        // What was executed was there then.
        let Some(calls) = executed_calls(sources, block, tenant.psi())? else { return Ok(None) };
        let view = parts.state.private_at(tenant.psi(), before(receipt.height))?;
        let public = parts.state.public_at(receipt.height)?;
        let views = (&view, &public);
        Ok(executor.trace_private(lane_of(tenant), views, context(block), &calls, receipt.index)?)
    }
}

/// The height that a block of this one stands on.
fn before(height: Height) -> Height {
    Height(height.0.saturating_sub(1))
}

fn context(block: &Block) -> BlockContext {
    let header = &block.header;
    BlockContext { height: header.height, time: header.time, chain_id: header.chain_id }
}
