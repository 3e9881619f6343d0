//! Preparing a private call before it is signed: it is run once on the sender's private state as it is, and names then what it touched and read. Not here:
//! what it may touch (`executor`). Invariant: nothing of the run is kept.

use coffer_chain::InnerBody;
use coffer_runtime::BlockContext;
use tokio::time::Instant;

use super::{InvokeError, Invoker};
use crate::executor::lane_of;
use crate::tenant::TenantContext;

impl Invoker {
    /// Puts into a call what it must carry: the member-set versions of the contracts it touches and, with the flag that asks for it, the hash of what it
    /// reads. A run that fails leaves what it touched until then: such a call is ordered like any other and has a receipt.
    ///
    /// # Errors
    /// [`InvokeError::OverLimit`] if it would make a private state larger that is too large; the private state is held or not there, or this node failed.
    pub(super) fn prepare_call(&self, tenant: &TenantContext, body: &mut InnerBody) -> Result<(), InvokeError> {
        let parts = &self.parts;
        let view = parts.state.private(tenant.psi())?;
        // Later than the private state's own height, as it will be for whoever executes the call.
        let public = parts.state.public();
        let time = parts.sources.view_time(parts.state.head().time);
        let block = BlockContext { height: self.next_height(), time, chain_id: body.chain_id };
        let found = parts.executor.prepare_private(lane_of(tenant), (&view, &public), block, body);
        let gas = found.as_ref().map_or(body.gas_limit, |found| found.gas_used);
        parts.quotas.of(tenant).used_gas(gas, Instant::now());
        let found = found?;
        if found.grows {
            parts.quotas.of(tenant).check_storage(parts.state.private_bytes(tenant.psi()))?;
        }
        body.versions = found.versions;
        body.reads = found.reads;
        Ok(())
    }
}
