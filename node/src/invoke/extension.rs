//! Changes of members: what one would change and whom it asks, the consent of a party, sending it. Not here: what it does (`executor`). Invariant: what the sender's own node sees to fail is told and not sent.

use coffer_abi::{AccountId, ContractId, Gas, Height};
use coffer_chain::rules::MAX_VALIDITY;
use coffer_chain::{Consent, Consents, InnerAction, MembershipChange, MembershipKind, NoChange};
use tokio::time::Instant;

use super::read::blocking;
use super::{InvokeError, Invoker, Recipients};
use crate::executor::MAX_CONTENT;
use crate::organisation::KeyHolder;
use crate::pool::Settled;
use crate::state::View;
use crate::tenant::TenantContext;

/// Contracts whose members change, and how.
#[derive(Clone, Debug)]
pub struct ChangeRequest {
    /// What becomes of the party.
    pub kind: MembershipKind,
    /// The party.
    pub party: AccountId,
    /// The contracts.
    pub contracts: Vec<ContractId>,
}

/// Why there is no such change of members.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotChanged {
    /// Not of this private state.
    #[error("there is no contract {0} in this private state")]
    NoContract(ContractId),
    /// It belongs to the party of its state alone.
    #[error(
        "contract {0} is for the party of this private state alone, as every system contract and what those make: nobody can join it; deploy one in a private call, and move to that"
    )]
    NotShared(ContractId),
    /// It does not fit.
    #[error("{0}")]
    NoChange(NoChange),
    /// The caller is no member.
    #[error("the party of this private state is no member of these contracts any more")]
    NoMember,
    /// It is of other versions.
    #[error("contract {0} has other members than the proposal was made of; ask for another one with privacy_proposal")]
    Moved(ContractId),
    /// It is nobody's business here.
    #[error(
        "the party of this private state, {0}, is neither a member that stays nor the one that joins: its consent would be worth nothing"
    )]
    NotAsked(AccountId),
    /// It is a member already, by what it has itself.
    #[error("the party of this private state is a member of contract {0} already")]
    IsMember(ContractId),
    /// They are missing.
    #[error(
        "consents are missing or worth nothing: {0}; each of these parties calls privacy_accept with the `proposal` of privacy_proposal"
    )]
    Missing(String),
    /// Nobody could take it over.
    #[error("the contracts hold more than the {} MiB that go over to who joins; let it join fewer at a time", MAX_CONTENT >> 20)]
    TooMuch,
}

/// A consent that a party gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The consent.
    pub consent: Consent,
    /// What it is to.
    pub change: MembershipChange,
}

impl Invoker {
    /// The change of contracts of a private state as they are, and whose consents its party needs to make it.
    ///
    /// # Errors
    /// [`InvokeError::NotChanged`], or the private state cannot be used.
    pub async fn propose_members(
        &self,
        tenant: &TenantContext,
        request: ChangeRequest,
    ) -> Result<(MembershipChange, Vec<AccountId>), InvokeError> {
        let (this, tenant) = (self.clone(), tenant.clone());
        blocking(move || {
            let party = this.own_party(&tenant)?;
            let change = proposed(&this.parts.state.private(tenant.psi())?, request)?;
            if !change.is_open_to(&party) {
                return Err(NotChanged::NoMember.into());
            }
            let asked = change.asked(&party);
            Ok((change, asked))
        })
        .await
    }

    /// Consents to a change as the party of a private state, up to a height.
    ///
    /// # Errors
    /// As [`Invoker::propose_members`].
    pub async fn accept_members(
        &self,
        tenant: &TenantContext,
        change: MembershipChange,
        valid_until: Option<Height>,
    ) -> Result<Given, InvokeError> {
        let (this, tenant) = (self.clone(), tenant.clone());
        blocking(move || {
            let parts = &this.parts;
            let secret = parts.residents.secret(tenant.psi());
            let secret = secret.ok_or_else(|| InvokeError::NotConfigured(tenant.psi().clone()))?;
            let (party, view) = (secret.party(), parts.state.private(tenant.psi())?);
            let joins = change.is_extension() && change.party() == party;
            if !joins && change.staying().all(|member| *member != party) {
                return Err(NotChanged::NotAsked(party).into());
            }
            for (id, _) in change.contracts() {
                let members = view.contract(id)?.and_then(|record| record.members);
                match members {
                    Some(members) if joins && members.accounts().contains(&party) => {
                        return Err(NotChanged::IsMember(*id).into());
                    }
                    // It may have been one before.
                    _ if joins => {}
                    Some(members) if change.fits(id, &members) => {}
                    Some(_) => return Err(NotChanged::Moved(*id).into()),
                    None => return Err(NotChanged::NoContract(*id).into()),
                }
            }
            let chain_id = *parts.executor.chain_id();
            let valid_until = valid_until.unwrap_or_else(|| Height(this.next_height().0.saturating_add(MAX_VALIDITY)));
            let consent = change.consent(&chain_id, valid_until, &secret.party_signer());
            Ok(Given { consent, change })
        })
        .await
    }

    /// Makes a change, and waits for its receipt.
    ///
    /// # Errors
    /// As [`Invoker::propose_members`], and as [`Invoker::call`]; nothing was sent if it is known here that it fails.
    pub async fn change_members(
        &self,
        tenant: &TenantContext,
        request: ChangeRequest,
        consents: Consents,
        account: AccountId,
        gas_limit: Option<Gas>,
    ) -> Result<(MembershipChange, Settled), InvokeError> {
        if let Some(own) = self.parts.keys.own().into_iter().find(|own| own.id == account) {
            return Err(InvokeError::OwnKey(own.name));
        }
        let gas_limit = self.gas_limit(gas_limit, 0)?;
        self.parts.quotas.of(tenant).check_gas(Instant::now())?;
        let (change, _) = self.propose_members(tenant, request).await?;
        let (this, looking, sought) = (self.clone(), tenant.clone(), change.clone());
        let consented = consents.clone();
        blocking(move || this.check_change(&looking, &sought, &consented)).await?;
        let parties = change.parties().map(|parties| parties.accounts().to_vec()).unwrap_or_default();
        let recipients = Recipients { parties, ..Recipients::default() };
        let action = InnerAction::Members { change: change.clone(), consents };
        let sent = self.send_inner(tenant, action, account, gas_limit, recipients).await?;
        Ok((change, self.settled(sent).await?))
    }

    /// Looks whether a change can be made now by the party of a private state.
    fn check_change(
        &self,
        tenant: &TenantContext,
        change: &MembershipChange,
        consents: &Consents,
    ) -> Result<(), InvokeError> {
        let (party, chain_id) = (self.own_party(tenant)?, self.parts.executor.chain_id());
        let missing = change.missing(chain_id, &party, self.next_height(), consents);
        if !missing.is_empty() {
            let each: Vec<_> = missing.iter().map(|(party, why)| format!("{party} ({why})")).collect();
            return Err(NotChanged::Missing(each.join(", ")).into());
        }
        let view = self.parts.state.private(tenant.psi())?;
        // What all of it has, its contracts have at most.
        if change.is_extension() && self.parts.state.private_bytes(tenant.psi()) > MAX_CONTENT {
            let mut left = MAX_CONTENT;
            for (id, _) in change.contracts() {
                let entries = view.all_entries(id, left)?.ok_or(NotChanged::TooMuch)?;
                let code =
                    view.contract(id)?.and_then(|record| view.code(&record.code_hash).transpose()).transpose()?;
                let bytes: usize = entries.iter().map(|(key, value)| key.len() + value.len()).sum();
                let bytes = bytes.saturating_add(code.map_or(0, |code| code.len()));
                left = left.checked_sub(bytes as u64).ok_or(NotChanged::TooMuch)?;
            }
        }
        Ok(())
    }

    fn own_party(&self, tenant: &TenantContext) -> Result<AccountId, InvokeError> {
        self.party_of(tenant.psi()).ok_or_else(|| InvokeError::NotConfigured(tenant.psi().clone()))
    }
}

fn proposed(view: &View, request: ChangeRequest) -> Result<MembershipChange, InvokeError> {
    let ChangeRequest { kind, party, contracts } = request;
    let mut members = Vec::with_capacity(contracts.len());
    for id in contracts {
        let record = view.contract(&id)?.ok_or(NotChanged::NoContract(id))?;
        members.push((id, record.members.ok_or(NotChanged::NotShared(id))?));
    }
    Ok(MembershipChange::new(kind, party, members).map_err(NotChanged::NoChange)?)
}
