//! Deployments and calls: sign, submit, wait for the receipt. Not here: what is between for private ones (`send`). Invariant: the caller is answered only
//! after what it is told is on the disk.

use std::sync::Arc;

use coffer_abi::{AccountId, ContractId, Gas, Hash, Height};
use coffer_chain::hash::Domain;
use coffer_chain::rules::{check_action_bounds, check_limits};
use coffer_chain::{Authority, Kind, PROTOCOL_VERSION, Psi, Transaction, TxBody, gas, network};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::read::blocking;
use super::{InvokeError, Invoker, Recipients, Scope};
use crate::executor::lane_of;
use crate::metrics;
use crate::organisation::KeyHolder;
use crate::pool::Settled;
use crate::quota::{Meter, Reserved};
use crate::tenant::TenantContext;

/// A contract to make.
#[derive(Clone, Debug)]
pub struct DeployRequest {
    /// Where.
    pub scope: Scope,
    /// The original module.
    pub code: Vec<u8>,
    /// Encoded arguments of `init`.
    pub input: Vec<u8>,
    /// Makes ids differ; random if `None`.
    pub salt: Option<[u8; 32]>,
    /// Who may change it later.
    pub authority: Authority,
    /// Who acts.
    pub account: AccountId,
    /// Gas it may use; the node's default if `None`.
    pub gas_limit: Option<Gas>,
}

/// A method to call.
#[derive(Clone, Debug)]
pub struct CallRequest {
    /// Where.
    pub scope: Scope,
    /// The contract.
    pub contract: ContractId,
    /// A method of kind call.
    pub method: String,
    /// Encoded arguments.
    pub input: Vec<u8>,
    /// Who acts.
    pub account: AccountId,
    /// Gas it may use; the node's default if `None`.
    pub gas_limit: Option<Gas>,
}

impl Invoker {
    /// Validates and compiles a module that is to be deployed.
    ///
    /// # Errors
    /// [`InvokeError::Code`] names the rule it breaks.
    pub async fn prepare(
        &self,
        tenant: &TenantContext,
        wasm: Vec<u8>,
    ) -> Result<(Vec<u8>, coffer_runtime::Code), InvokeError> {
        let (this, lane) = (self.clone(), lane_of(tenant));
        blocking(move || match this.parts.executor.prepare(&wasm)? {
            Ok(code) => {
                // Before it is ordered: what this node cannot compile is better found out now than in a block.
                this.parts.executor.compile(lane, &code)?;
                Ok((wasm, code))
            }
            Err(violation) => Err(InvokeError::Code(violation)),
        })
        .await
    }

    /// Deploys a contract and waits for its receipt.
    ///
    /// # Errors
    /// [`InvokeError`]; how the deployment itself ended is in the receipt.
    pub async fn deploy(&self, tenant: &TenantContext, request: DeployRequest) -> Result<Settled, InvokeError> {
        self.deploy_for(tenant, request, Recipients::default()).await
    }

    /// The same for these parties, of a private one.
    ///
    /// # Errors
    /// As [`Invoker::deploy`].
    pub async fn deploy_for(
        &self,
        tenant: &TenantContext,
        request: DeployRequest,
        recipients: Recipients,
    ) -> Result<Settled, InvokeError> {
        let DeployRequest { scope, code, input, salt, authority, account, gas_limit } = request;
        let salt = salt.unwrap_or_else(|| self.parts.sources.bytes());
        let kind = Kind::Deploy { code, input, salt, authority };
        self.write(tenant, scope, kind, account, gas_limit, recipients).await
    }

    /// Calls a contract and waits for its receipt.
    ///
    /// # Errors
    /// [`InvokeError`]; how the call itself ended is in the receipt.
    pub async fn call(&self, tenant: &TenantContext, request: CallRequest) -> Result<Settled, InvokeError> {
        self.call_for(tenant, request, Recipients::default()).await
    }

    /// The same for these parties, of a private one.
    ///
    /// # Errors
    /// As [`Invoker::call`].
    pub async fn call_for(
        &self,
        tenant: &TenantContext,
        request: CallRequest,
        recipients: Recipients,
    ) -> Result<Settled, InvokeError> {
        let CallRequest { scope, contract, method, input, account, gas_limit } = request;
        self.write(tenant, scope, Kind::Call { contract, method, input }, account, gas_limit, recipients).await
    }

    /// Sends something and waits for its receipt.
    pub(super) async fn write(
        &self,
        tenant: &TenantContext,
        scope: Scope,
        kind: Kind,
        account: AccountId,
        gas_limit: Option<Gas>,
        recipients: Recipients,
    ) -> Result<Settled, InvokeError> {
        check_action_bounds(&kind)?;
        self.check_own_keys(scope, &kind, &account)?;
        let module = match &kind {
            Kind::Deploy { code, .. } | Kind::Upgrade { code, .. } => code.len(),
            _ => 0,
        };
        let gas_limit = self.gas_limit(gas_limit, module)?;
        let meter = self.parts.quotas.of(tenant);
        meter.check_gas(Instant::now())?;
        match scope {
            Scope::Public => {
                let room = meter.reserve(self.parts.state.private_head(tenant.psi()))?;
                let this = self.clone();
                let sent = blocking(move || this.send_public(kind, account, gas_limit)).await?;
                self.settled_of(sent, meter, room).await
            }
            Scope::Private => {
                let sent = self.send_private(tenant, kind, account, gas_limit, recipients).await?;
                self.settled(sent).await
            }
        }
    }

    /// Waits for a public transaction of a tenant as [`Invoker::settled`] does. It waits and counts on if the caller goes away.
    async fn settled_of(&self, sent: Sent, meter: Arc<Meter>, room: Reserved) -> Result<Settled, InvokeError> {
        let this = self.clone();
        let settled = tokio::spawn(async move {
            let settled = this.settled(sent).await;
            if let Ok(settled) = &settled {
                meter.used_gas(settled.receipt.gas_used, Instant::now());
            }
            drop(room);
            settled
        });
        settled.await.unwrap_or_else(|error| Err(InvokeError::Failed(error.to_string())))
    }

    /// Keeps the keys of the node and of its organisation from signing anything but calls of the network contract.
    fn check_own_keys(&self, scope: Scope, kind: &Kind, account: &AccountId) -> Result<(), InvokeError> {
        let Some(own) = self.parts.keys.own().into_iter().find(|own| own.id == *account) else { return Ok(()) };
        let is_allowed =
            scope == Scope::Public && matches!(kind, Kind::Call { contract, .. } if *contract == network::contract());
        if is_allowed { Ok(()) } else { Err(InvokeError::OwnKey(own.name)) }
    }

    /// Gas that a transaction may use: what it asks for, or the node's default on top of the price of its module.
    pub(super) fn gas_limit(&self, asked: Option<Gas>, module: usize) -> Result<Gas, InvokeError> {
        let max = self.parameters()?.max_tx_gas;
        let module = Gas(gas::MODULE_BYTE.saturating_mul(module as u64));
        let asked = asked.unwrap_or(self.parts.limits.default_gas.saturating_add(module).min(max));
        if asked > max { Err(InvokeError::Gas { asked, max, what: "call" }) } else { Ok(asked) }
    }

    fn send_public(&self, kind: Kind, sender: AccountId, gas_limit: Gas) -> Result<Sent, InvokeError> {
        let body = self.body(kind, sender, gas_limit, self.valid_until());
        let (id, chain_id) = (body.id(), body.chain_id);
        let sign = || self.parts.keys.sign(&sender, Domain::TransactionSignature, &chain_id, &id);
        let signature = metrics::SIGN.time(sign)?;
        self.submit(Transaction { body, signature }, None)
    }

    pub(super) fn body(&self, kind: Kind, sender: AccountId, gas_limit: Gas, valid_until: Height) -> TxBody {
        let chain_id = *self.parts.executor.chain_id();
        let nonce = self.parts.sources.bytes();
        TxBody { version: PROTOCOL_VERSION, chain_id, nonce, valid_until, gas_limit, sender, kind }
    }

    pub(super) fn valid_until(&self) -> Height {
        Height(self.next_height().0.saturating_add(self.parts.limits.validity))
    }

    pub(super) fn submit(&self, tx: Transaction, private: Option<&Psi>) -> Result<Sent, InvokeError> {
        let parts = &self.parts;
        let checked = metrics::ADMISSION.time(|| tx.check(parts.executor.chain_id()))?;
        check_limits(checked.transaction(), &self.parameters()?)?;
        let id = checked.id();
        let settled = match private {
            None => parts.public_waiters.register(id),
            Some(psi) => parts.private_waiters.register_for(psi, id),
        };
        parts.pool.insert(checked)?;
        Ok(Sent { id, settled })
    }

    pub(super) async fn settled(&self, sent: Sent) -> Result<Settled, InvokeError> {
        let Sent { id, settled } = sent;
        match tokio::time::timeout(self.parts.limits.settle_wait, settled).await {
            Ok(Ok(settled)) => Ok(settled),
            // The node is stopping, or the time is up: the transaction may be in a block all the same.
            Ok(Err(_)) | Err(_) => Err(InvokeError::NotSettled { tx: id }),
        }
    }
}

/// A transaction in the pool.
pub(super) struct Sent {
    id: Hash,
    settled: oneshot::Receiver<Settled>,
}
