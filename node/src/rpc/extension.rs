//! Namespace `privacy`, changes of members: JSON in, bytes to the node, JSON out. Not here: what is checked (`invoke`). Invariant: what a party is asked to accept is shown to it as it is, from the bytes that it signs.

use coffer_abi::{AccountId, ContractId, Encode, Gas, Height, codec};
use coffer_api::Error;
use coffer_api::extension::{Accepted, ChangeKind, ExtensionApi, MembersChanged, Proposal};
use coffer_api::members::ContractMembers;
use coffer_api::types::{Account, Base64, Number, Text};
use coffer_chain::membership::MAX_CONTRACTS;
use coffer_chain::{Consent, MembershipChange, MembershipKind};

use super::contract::ran;
use super::error::from_invoke;
use super::members::texts;
use super::methods::Handlers;
use super::outcome::Reader;
use super::upgrade::{collected, future};
use crate::invoke::{ChangeRequest, Given};
use crate::tenant::TenantContext;

impl ExtensionApi for Handlers {
    type Context = TenantContext;

    async fn proposal(
        &self,
        ctx: TenantContext,
        contracts: Vec<Text<ContractId>>,
        party: Text<AccountId>,
        remove: Option<bool>,
    ) -> Result<Proposal, Error> {
        let kind = if remove == Some(true) { MembershipKind::Remove } else { MembershipKind::Extend };
        let request = request(kind, party, contracts)?;
        let (change, asked) = self.invoker.propose_members(&ctx, request).await.map_err(from_invoke)?;
        Ok(Proposal {
            proposal: Base64(change.encode()),
            kind: word(kind),
            party,
            contracts: self.shown_change(&change),
            asked: texts(&asked),
        })
    }

    async fn accept(
        &self,
        ctx: TenantContext,
        proposal: Base64,
        valid_until: Option<Number>,
    ) -> Result<Accepted, Error> {
        let change: MembershipChange = codec::decode(&proposal.0).map_err(|_| {
            Error::invalid("proposal", "the bytes are no proposal; take `proposal` of privacy_proposal as it is")
        })?;
        let valid_until = future(&self.invoker, valid_until)?;
        let given = self.invoker.accept_members(&ctx, change, valid_until).await.map_err(from_invoke)?;
        let Given { consent, change } = given;
        Ok(Accepted {
            by: Text(consent.party),
            valid_until: consent.valid_until.0,
            consent: Text(consent),
            kind: word(change.kind()),
            party: Text(change.party()),
            contracts: self.shown_change(&change),
        })
    }

    async fn extend(
        &self,
        ctx: TenantContext,
        contracts: Vec<Text<ContractId>>,
        party: Text<AccountId>,
        consents: Option<Vec<Text<Consent>>>,
        from: Option<Account>,
        gas_limit: Option<Number>,
    ) -> Result<MembersChanged, Error> {
        let request = request(MembershipKind::Extend, party, contracts)?;
        self.change_members(ctx, request, (consents, from, gas_limit)).await
    }

    async fn remove(
        &self,
        ctx: TenantContext,
        contracts: Vec<Text<ContractId>>,
        party: Text<AccountId>,
        consents: Option<Vec<Text<Consent>>>,
        from: Option<Account>,
        gas_limit: Option<Number>,
    ) -> Result<MembersChanged, Error> {
        let request = request(MembershipKind::Remove, party, contracts)?;
        self.change_members(ctx, request, (consents, from, gas_limit)).await
    }
}

impl Handlers {
    async fn change_members(
        &self,
        ctx: TenantContext,
        request: ChangeRequest,
        (consents, from, gas_limit): (Option<Vec<Text<Consent>>>, Option<Account>, Option<Number>),
    ) -> Result<MembersChanged, Error> {
        let (account, consents) = (self.acting(from.as_ref())?, collected(consents)?);
        let gas_limit = gas_limit.map(|gas| Gas(gas.0));
        let done = self.invoker.change_members(&ctx, request, consents, account, gas_limit).await;
        let (change, settled) = done.map_err(from_invoke)?;
        Reader { spec: None, method: None }.result(&settled.receipt.status, ran(&settled))?;
        let mut contracts = self.shown_change(&change);
        contracts.iter_mut().for_each(|contract| contract.since = settled.height.0);
        Ok(MembersChanged {
            tx: Text(settled.receipt.tx),
            height: settled.height.0,
            kind: word(change.kind()),
            party: Text(change.party()),
            contracts,
            gas_used: settled.receipt.gas_used.0,
        })
    }

    /// The contracts of a change with the members that they have afterwards, as of the next block.
    fn shown_change(&self, change: &MembershipChange) -> Vec<ContractMembers> {
        let Height(since) = self.invoker.next_height();
        let shown = |(id, members): &(ContractId, coffer_chain::Members)| ContractMembers {
            contract: Text(*id),
            flag: members.flag().number(),
            version: members.version(),
            members: texts(members.accounts()),
            mandatory: texts(members.mandatory()),
            since,
        };
        change.contracts().iter().map(shown).collect()
    }
}

fn request(
    kind: MembershipKind,
    party: Text<AccountId>,
    contracts: Vec<Text<ContractId>>,
) -> Result<ChangeRequest, Error> {
    let count = contracts.len();
    if !(1..=MAX_CONTRACTS).contains(&count) {
        let why = format!("a change is of 1 to {MAX_CONTRACTS} contracts, not of {count}");
        return Err(Error::invalid("contracts", why));
    }
    Ok(ChangeRequest { kind, party: party.0, contracts: contracts.into_iter().map(|contract| contract.0).collect() })
}

pub(super) fn word(kind: MembershipKind) -> ChangeKind {
    match kind {
        MembershipKind::Extend => ChangeKind::Extend,
        MembershipKind::Remove => ChangeKind::Remove,
    }
}
