//! Programmes of a private state, as its system contract `programmes` makes and lists them. Not here: JSON (`rpc`), how a programme comes to be (the
//! contract). Invariant: a programme is asked for with the code of the genesis, and shown as genuine only while it has that.

use coffer_abi::{AccountId, CodeHash, ContractId, Decode, Encode, Gas, Hash, Status, codec};
use coffer_chain::system::{BUDGET, PERMISSION, PROGRAMMES};
use coffer_runtime::Code;

use super::read::blocking;
use super::{CallRequest, InvokeError, Invoker, Located, Scope, ViewRequest};
use crate::executor::lane_of;
use crate::pool::Settled;
use crate::state::System;
use crate::tenant::TenantContext;

/// The method that makes one.
pub const DEPLOY: &str = "deploy";
/// The view that lists them.
const LIST: &str = "list";

/// A programme to make.
#[derive(Clone, Debug)]
pub struct ProgrammeRequest {
    /// Its name.
    pub name: String,
    /// Its first user, who gets all global rights.
    pub administrator: Administrator,
    /// Its organisations.
    pub parties: Vec<String>,
    /// Who acts.
    pub account: AccountId,
    /// Gas it may use; the node's default if `None`.
    pub gas_limit: Option<Gas>,
}

/// The first user of a programme.
#[derive(Clone, Debug, Encode)]
pub struct Administrator {
    /// Its organisation.
    pub organisation: String,
    /// Its id there.
    pub id: String,
    /// What it signs with.
    pub account: AccountId,
    /// Commitment to what it is called.
    pub display: Hash,
}

/// A programme, as the contract tells of it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Programme {
    /// Its name.
    pub name: String,
    /// Its permission contract.
    pub permission: ContractId,
    /// Its budget contract.
    pub budget: ContractId,
    /// Who had it made.
    pub deployer: AccountId,
    /// Height of the block that made it.
    pub height: u64,
}

/// The system contracts of programmes.
#[derive(Clone, Copy, Debug)]
struct Codes {
    programmes: ContractId,
    code: CodeHash,
    permission: CodeHash,
    budget: CodeHash,
}

impl Codes {
    fn of(system: &System) -> Option<Self> {
        let (programmes, code) = system.instance_of(PROGRAMMES)?;
        Some(Self { programmes, code, permission: system.code_of(PERMISSION)?, budget: system.code_of(BUDGET)? })
    }
}

/// What came of making a programme, and the code that tells it.
pub struct Deployed {
    /// The receipt.
    pub settled: Settled,
    /// The contract `programmes`.
    pub code: Code,
}

impl Invoker {
    /// Makes a programme in the caller's private state and waits for its receipt; `None` if the chain has no programmes.
    ///
    /// # Errors
    /// [`InvokeError`]; how it ended is in the receipt.
    pub async fn deploy_programme(
        &self,
        tenant: &TenantContext,
        request: ProgrammeRequest,
    ) -> Result<Option<Deployed>, InvokeError> {
        let Some((codes, located)) = self.programmes(tenant).await? else { return Ok(None) };
        let ProgrammeRequest { name, administrator, parties, account, gas_limit } = request;
        let (this, ctx, view) = (self.clone(), tenant.clone(), located.view.clone());
        // Before it is ordered: private execution should not wait for the compiler, and what cannot be compiled here is better found out now.
        let compiled = blocking(move || {
            for code in [codes.code, codes.permission, codes.budget] {
                this.parts.executor.ready(lane_of(&ctx), &view, &code)?;
            }
            Ok(())
        });
        compiled.await?;
        let input = (name, (codes.permission, codes.budget), administrator, parties).encode();
        let (scope, contract, method) = (Scope::Private, codes.programmes, DEPLOY.into());
        let request = CallRequest { scope, contract, method, input, account, gas_limit };
        let settled = self.call(tenant, request).await?;
        Ok(Some(Deployed { settled, code: located.code }))
    }

    /// A page of the programmes of the caller's private state, in the order of their names behind `after`; `None` if the chain has no programmes.
    ///
    /// # Errors
    /// As [`Invoker::view`].
    pub async fn list_programmes(
        &self,
        tenant: &TenantContext,
        after: &str,
        limit: u32,
    ) -> Result<Option<Vec<Programme>>, InvokeError> {
        let Some((_, located)) = self.programmes(tenant).await? else { return Ok(None) };
        let (input, account) = ((after, limit).encode(), AccountId::ANONYMOUS);
        let request = ViewRequest { method: LIST.into(), input, account, gas_limit: None };
        let executed = self.view(tenant, located, request).await?;
        let bytes = match &executed.status {
            Status::Ok(bytes) => bytes,
            other => return Err(InvokeError::Failed(format!("the list of programmes ended with {other:?}"))),
        };
        Ok(Some(read(bytes)?))
    }

    /// Whether both contracts of a programme have the code that the genesis has for them.
    ///
    /// # Errors
    /// [`InvokeError::State`] for a held private state, or this node failed.
    pub async fn is_genuine(
        &self,
        tenant: &TenantContext,
        programmes: Vec<Programme>,
    ) -> Result<Vec<bool>, InvokeError> {
        let (this, tenant) = (self.clone(), tenant.clone());
        blocking(move || {
            let Some(codes) = Codes::of(this.parts.state.system()) else { return Ok(vec![false; programmes.len()]) };
            let view = this.view_of(&tenant, Scope::Private, None)?;
            let has = |contract: &ContractId, code| {
                Ok::<_, InvokeError>(view.contract(contract)?.is_some_and(|record| record.code_hash == code))
            };
            let genuine = |programme: &Programme| {
                Ok(has(&programme.permission, codes.permission)? && has(&programme.budget, codes.budget)?)
            };
            programmes.iter().map(genuine).collect()
        })
        .await
    }

    /// The contract `programmes` of the caller's private state.
    async fn programmes(&self, tenant: &TenantContext) -> Result<Option<(Codes, Located)>, InvokeError> {
        let Some(codes) = Codes::of(self.parts.state.system()) else { return Ok(None) };
        let located = self.locate(tenant, Some(Scope::Private), codes.programmes, None).await?;
        Ok(located.map(|located| (codes, located)))
    }
}

/// What the contract answered.
///
/// # Errors
/// [`InvokeError::Failed`] when the chain's contract is none that this program knows.
pub fn read<T: Decode + Encode>(bytes: &[u8]) -> Result<T, InvokeError> {
    codec::decode(bytes)
        .map_err(|error| InvokeError::Failed(format!("the chain's `programmes` answers otherwise: {error}")))
}
