//! Changing a contract: new code, another authority, the consents to them, and what an upgrade would do. Not here: who may (the chain's
//! rules, applied by the executor). Invariant: a dry run leaves nothing behind but compiled code.

use coffer_abi::{AccountId, ContractId, Gas, Hash, Height};
use coffer_chain::authority::ConsentBody;
use coffer_chain::hash::Domain;
use coffer_chain::rules::MAX_VALIDITY;
use coffer_chain::{Authority, Change, Consent, Consents, Kind};
use coffer_runtime::Code;
use coffer_runtime::spec::{self, layout};
use tokio::time::Instant;

use super::read::blocking;
use super::{InvokeError, Invoker, Located, Recipients, Scope};
use crate::executor::{Frame, Tried, Upgrade, lane_of};
use crate::organisation::KeyHolder;
use crate::pool::Settled;
use crate::tenant::TenantContext;

/// New code for a contract.
#[derive(Clone, Debug)]
pub struct UpgradeRequest {
    /// Where.
    pub scope: Scope,
    /// The contract.
    pub contract: ContractId,
    /// How often it was changed before.
    pub revision: u64,
    /// The new module.
    pub code: Vec<u8>,
    /// Encoded arguments of its `migrate`.
    pub input: Vec<u8>,
    /// Those of other parties.
    pub consents: Consents,
    /// Who acts.
    pub account: AccountId,
    /// Gas it may use; the node's default if `None`.
    pub gas_limit: Option<Gas>,
}

/// Another authority for a contract.
#[derive(Clone, Debug)]
pub struct AuthorityRequest {
    /// Where.
    pub scope: Scope,
    /// The contract.
    pub contract: ContractId,
    /// How often it was changed before.
    pub revision: u64,
    /// Who may change it from then on.
    pub authority: Authority,
    /// Those of other parties.
    pub consents: Consents,
    /// Who acts.
    pub account: AccountId,
    /// Gas it may use; the node's default if `None`.
    pub gas_limit: Option<Gas>,
}

impl Invoker {
    /// Gives a contract new code and waits for the receipt.
    ///
    /// # Errors
    /// [`InvokeError`]; how the upgrade itself ended is in the receipt.
    pub async fn upgrade(
        &self,
        tenant: &TenantContext,
        request: UpgradeRequest,
        recipients: Recipients,
    ) -> Result<Settled, InvokeError> {
        let UpgradeRequest { scope, contract, revision, code, input, consents, account, gas_limit } = request;
        let kind = Kind::Upgrade { contract, revision, code, input, consents };
        self.write(tenant, scope, kind, account, gas_limit, recipients).await
    }

    /// Gives a contract another authority and waits for the receipt.
    ///
    /// # Errors
    /// [`InvokeError`]; how the change itself ended is in the receipt.
    pub async fn set_authority(
        &self,
        tenant: &TenantContext,
        request: AuthorityRequest,
        recipients: Recipients,
    ) -> Result<Settled, InvokeError> {
        let AuthorityRequest { scope, contract, revision, authority, consents, account, gas_limit } = request;
        let kind = Kind::SetAuthority { contract, revision, authority, consents };
        self.write(tenant, scope, kind, account, gas_limit, recipients).await
    }

    /// Signs an account's consent to a change of a contract as it is, up to a height ([`MAX_VALIDITY`] ahead if `None`).
    ///
    /// # Errors
    /// [`InvokeError::UnknownAccount`].
    pub async fn consent(
        &self,
        located: &Located,
        change: Change,
        valid_until: Option<Height>,
        account: AccountId,
    ) -> Result<Consent, InvokeError> {
        let chain_id = *self.parts.executor.chain_id();
        let valid_until = valid_until.unwrap_or_else(|| Height(self.next_height().0.saturating_add(MAX_VALIDITY)));
        let body = ConsentBody::new(chain_id, located.contract, located.record.revision, valid_until, change);
        let this = self.clone();
        let signed =
            blocking(move || Ok(this.parts.keys.sign(&account, Domain::ConsentSignature, &chain_id, &body.id())?));
        Ok(Consent { party: account, valid_until, signature: signed.await? })
    }

    /// What a new module stores in another form than the code that a contract has.
    ///
    /// # Errors
    /// This node cannot read.
    pub async fn differences(&self, located: &Located, new: &Code) -> Result<Vec<layout::Difference>, InvokeError> {
        let (located, new) = (located.clone(), new.clone());
        blocking(move || {
            let old = located.module()?.and_then(|wasm| spec::read(&wasm).ok());
            Ok(layout::compare(old.as_ref(), new.spec()))
        })
        .await
    }

    /// Runs a whole upgrade on the state that its contract was found in, as if everybody had consented, and keeps nothing of it.
    ///
    /// # Errors
    /// [`InvokeError::Gas`], [`InvokeError::Busy`], or this node failed. How the upgrade itself would end is in the result.
    pub async fn try_upgrade(
        &self,
        tenant: &TenantContext,
        located: Located,
        request: UpgradeRequest,
    ) -> Result<Tried, InvokeError> {
        let gas_limit = self.gas_limit(request.gas_limit, request.code.len())?;
        let meter = self.parts.quotas.of(tenant);
        meter.check_gas(Instant::now())?;
        let lane = lane_of(tenant);
        // The slot of a query is a ticket here: it bounds how many wait; the run itself has its slot as any execution has.
        let turn = self.turn(lane).await?;
        let this = self.clone();
        blocking(move || {
            let _turn = turn;
            let UpgradeRequest { contract, revision, code, input, consents, account, .. } = &request;
            let upgrade = Upgrade { contract: *contract, revision: *revision, code, input, consents };
            let tried =
                this.on_snapshot(&this.parts.executor, &located, located.next_height(), |snapshot, state_id, block| {
                    let is_private = located.scope == Scope::Private;
                    let (account, index, id) = (*account, 0, Hash::ZERO);
                    let frame = Frame { account, state_id, block, index, id, is_private, gas_limit, lane };
                    this.parts.executor.try_upgrade(snapshot, &upgrade, &frame)
                });
            meter.used_gas(tried.as_ref().map_or(gas_limit, |tried| tried.gas_used), Instant::now());
            tried
        })
        .await
    }
}
