//! What came of a transaction, together with what it had asked for, so that its bytes can be shown by the spec. Not here: JSON (`rpc`).
//! Invariant: a caller finds the receipts of its own private state and of the public chain, and nothing of another tenant's.

use coffer_abi::export::{INIT, MIGRATE};
use coffer_abi::spec::Spec;
use coffer_abi::{ContractId, Hash, Refused, Status};
use coffer_chain::{Block, InnerAction, Kind, TxBody};

use super::emitters::{spec_in, stored_spec};
use super::read::blocking;
use super::{InvokeError, Invoker, Scope};
use crate::privacy::opening::executed;
use crate::privacy::resident::EPOCH;
use crate::state::{BlockId, Place, TxReceipt, View};
use crate::tenant::TenantContext;

/// What a transaction asked for, as far as the caller may know.
pub enum Asked {
    /// A method of a contract, with the spec of the code that ran as far as there is one; `init` for a deployment, `migrate` for an upgrade.
    Method(String, Option<Box<Spec>>),
    /// Another authority of a contract.
    Authority,
    /// Other members of private contracts.
    Members,
    /// A private call of somebody else.
    Sealed,
    /// That a marker is never executed.
    Void,
}

/// A receipt found for a caller.
pub struct Found {
    /// Whose receipt: the public one, or that of the caller's private state.
    pub scope: Scope,
    /// The receipt and its place.
    pub receipt: TxReceipt,
    /// Hash of its block.
    pub block_hash: Hash,
    /// What it is the receipt of.
    pub asked: Asked,
}

impl Invoker {
    /// The receipt of a transaction: the caller's private one if there is one, else the public one.
    ///
    /// # Errors
    /// [`InvokeError::State`] for a held private state, or this node failed.
    pub async fn receipt(&self, tenant: &TenantContext, tx: Hash) -> Result<Option<Found>, InvokeError> {
        let (this, tenant) = (self.clone(), tenant.clone());
        blocking(move || this.find(&tenant, &tx)).await
    }

    /// The caller's private receipt of a transaction if there is one, else the public one, and the block.
    pub(super) fn placed(
        &self,
        tenant: &TenantContext,
        tx: &Hash,
    ) -> Result<Option<(Scope, TxReceipt, Block)>, InvokeError> {
        let state = &self.parts.state;
        let (scope, receipt) = match state.receipt(Some(tenant.psi()), tx)? {
            Some(receipt) => (Scope::Private, receipt),
            None => match state.receipt(None, tx)? {
                Some(receipt) => (Scope::Public, receipt),
                None => return Ok(None),
            },
        };
        let stored = state.block(BlockId::Height(receipt.height))?.ok_or_else(|| no_block(tx))?;
        Ok(Some((scope, receipt, stored.block)))
    }

    pub(super) fn find(&self, tenant: &TenantContext, tx: &Hash) -> Result<Option<Found>, InvokeError> {
        let Some((scope, receipt, block)) = self.placed(tenant, tx)? else { return Ok(None) };
        let block_hash = block.header.hash();
        let transaction = block.transactions.into_iter().nth(receipt.index as usize).ok_or_else(|| no_block(tx))?;
        let asked = match (scope, transaction.body.kind) {
            (Scope::Public, Kind::Call { contract, method, .. }) => {
                let view = self.parts.state.public();
                asked_call(&view, contract, method, Place { height: receipt.height, index: receipt.index })?
            }
            (Scope::Public, Kind::Deploy { code, .. }) => Asked::Method(INIT.into(), spec_in(&code)),
            (Scope::Public, Kind::Upgrade { code, .. }) => Asked::Method(MIGRATE.into(), spec_in(&code)),
            (Scope::Public, Kind::SetAuthority { .. }) => Asked::Authority,
            (Scope::Public, Kind::Void(_)) => Asked::Void,
            (Scope::Private, kind @ Kind::Marker(_)) => {
                let body = TxBody { kind, ..transaction.body };
                // Its payload is not that of its marker: there is no method to tell.
                if receipt.receipt.status == Status::Refused(Refused::BadPayload) {
                    Asked::Sealed
                } else {
                    self.asked_privately(tenant, &body, Place { height: receipt.height, index: receipt.index })?
                }
            }
            (Scope::Public | Scope::Private, _) => Asked::Sealed,
        };
        Ok(Some(Found { scope, receipt, block_hash, asked }))
    }

    fn asked_privately(&self, tenant: &TenantContext, marker: &TxBody, place: Place) -> Result<Asked, InvokeError> {
        let parts = &self.parts;
        let party = parts.residents.secret(tenant.psi()).map(|secret| secret.party());
        let record = party.map(|party| parts.state.public().party(&party)).transpose()?.flatten();
        let newest = record.map_or(EPOCH, |record| record.epoch);
        let call = executed(&parts.payloads, &parts.residents, tenant.psi(), marker, newest)?;
        let Some(call) = call else { return Ok(Asked::Sealed) };
        match call.body.action {
            InnerAction::Deploy { code, .. } => Ok(Asked::Method(INIT.into(), spec_in(&code))),
            InnerAction::Upgrade { code, .. } => Ok(Asked::Method(MIGRATE.into(), spec_in(&code))),
            InnerAction::SetAuthority { .. } => Ok(Asked::Authority),
            InnerAction::Members { .. } => Ok(Asked::Members),
            InnerAction::Call { contract, method, .. } => {
                asked_call(&parts.state.private(tenant.psi())?, contract, method, place)
            }
        }
    }
}

/// A receipt names a block that is not there.
pub(super) fn no_block(tx: &Hash) -> InvokeError {
    InvokeError::Failed(format!("the block of transaction {tx} is missing"))
}

fn asked_call(view: &View, contract: ContractId, method: String, place: Place) -> Result<Asked, InvokeError> {
    let spec = match view.code_at(&contract, place)? {
        Some(hash) => stored_spec(view, &hash)?,
        None => None,
    };
    Ok(Asked::Method(method, spec))
}
