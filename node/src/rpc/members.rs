//! Namespace `privacy`, members. Not here: what a flag demands (`executor`). Invariant: a contract that is absent and one that is not the caller's get one answer.

use coffer_abi::{AccountId, ContractId};
use coffer_api::Error;
use coffer_api::members::{self, ContractMembers, FlaggedContract, FlaggedPage, MAX_LIMIT, MemberSet, MembersApi};
use coffer_api::types::{Number, Text};

use coffer_chain::Members;

use super::extension::word;
use super::methods::Handlers;
use crate::executor::{PastMembers, past_members};
use crate::state::ContractRecord;
use crate::tenant::TenantContext;

/// Versions that the history goes back.
const MAX_VERSIONS: u32 = 100;

impl MembersApi for Handlers {
    type Context = TenantContext;

    async fn metadata(&self, ctx: TenantContext, contract: Text<ContractId>) -> Result<ContractMembers, Error> {
        let psi = ctx.psi().clone();
        let read = self.read(move |state| {
            let view = state.private(&psi)?;
            let Some(record) = view.contract(&contract.0)? else { return Ok(None) };
            let version = record.members.as_ref().map_or(0, Members::version);
            let change = past_members(&view, &contract.0, version)?.and_then(|past| past.change);
            Ok(Some((record, change)))
        });
        let (record, change) = read.await?.ok_or_else(|| Error::not_found("contract", contract.0))?;
        let (flag, version) = short(&record);
        let (members, mandatory) = match &record.members {
            Some(members) => (texts(members.accounts()), texts(members.mandatory())),
            None => (texts(self.invoker.party_of(ctx.psi()).as_slice()), Vec::new()),
        };
        let since = change.map_or(record.height, |change| change.height).0;
        Ok(ContractMembers { contract, flag, version, members, mandatory, since })
    }

    async fn parties(&self, ctx: TenantContext, contract: Text<ContractId>) -> Result<Vec<MemberSet>, Error> {
        let psi = ctx.psi().clone();
        let read = self.read(move |state| {
            let view = state.private(&psi)?;
            let Some(record) = view.contract(&contract.0)? else { return Ok(None) };
            let newest = record.members.as_ref().map_or(0, Members::version);
            let mut past = Vec::new();
            for version in newest.saturating_sub(MAX_VERSIONS - 1)..=newest {
                past.extend(past_members(&view, &contract.0, version)?);
            }
            Ok(Some((record, past)))
        });
        let (record, past) = read.await?.ok_or_else(|| Error::not_found("contract", contract.0))?;
        let deployed = record.height.0;
        let shown = |PastMembers { members, change }: &PastMembers| MemberSet {
            version: members.version(),
            members: texts(members.accounts()),
            mandatory: texts(members.mandatory()),
            since: change.map_or(deployed, |change| change.height.0),
            change: change.map(|change| members::PastChange {
                tx: Text(change.tx),
                kind: word(change.kind),
                party: Text(change.party),
            }),
        };
        if !past.is_empty() {
            return Ok(past.iter().map(shown).collect());
        }
        // Never changed.
        let ContractMembers { version, members, mandatory, .. } = self.metadata(ctx, contract).await?;
        Ok(vec![MemberSet { version, members, mandatory, since: deployed, change: None }])
    }

    async fn list(
        &self,
        ctx: TenantContext,
        after: Option<Text<ContractId>>,
        limit: Option<Number>,
    ) -> Result<FlaggedPage, Error> {
        let limit = limit.map_or(MAX_LIMIT, |limit| limit.0);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Error::invalid("limit", format!("`limit` is 1 to {MAX_LIMIT}, not {limit}")));
        }
        let psi = ctx.psi().clone();
        // One more shows whether there is a next page.
        let many = limit as usize + 1;
        let read = self.read(move |state| state.private(&psi)?.contracts(after.map(|after| after.0).as_ref(), many));
        let mut found = read.await?;
        let more = found.len() as u64 > limit;
        found.truncate(limit as usize);
        let next = found.last().filter(|_| more).map(|last| Text(last.id));
        let shown = |record: &ContractRecord| {
            let (flag, version) = short(record);
            FlaggedContract { contract: Text(record.id), flag, version }
        };
        Ok(FlaggedPage { items: found.iter().map(shown).collect(), next })
    }
}

/// Flag and version.
fn short(record: &ContractRecord) -> (u8, u32) {
    record.members.as_ref().map_or((0, 0), |members| (members.flag().number(), members.version()))
}

pub(super) fn texts(accounts: &[AccountId]) -> Vec<Text<AccountId>> {
    accounts.iter().copied().map(Text).collect()
}
