//! Namespace `privacy`, members. Not here: what a flag demands (`executor`). Invariant: a contract that is absent and one that is not the caller's get one answer.

use coffer_abi::{AccountId, ContractId};
use coffer_api::Error;
use coffer_api::members::{ContractMembers, FlaggedContract, FlaggedPage, MAX_LIMIT, MemberSet, MembersApi};
use coffer_api::types::{Number, Text};

use super::methods::Handlers;
use crate::state::ContractRecord;
use crate::tenant::TenantContext;

impl MembersApi for Handlers {
    type Context = TenantContext;

    async fn metadata(&self, ctx: TenantContext, contract: Text<ContractId>) -> Result<ContractMembers, Error> {
        let psi = ctx.psi().clone();
        let found = self.read(move |state| state.private(&psi)?.contract(&contract.0)).await?;
        let record = found.ok_or_else(|| Error::not_found("contract", contract.0))?;
        let (flag, version) = short(&record);
        let (members, mandatory) = match &record.members {
            Some(members) => (texts(members.accounts()), texts(members.mandatory())),
            None => (texts(self.invoker.party_of(ctx.psi()).as_slice()), Vec::new()),
        };
        Ok(ContractMembers { contract, flag, version, members, mandatory, since: record.height.0 })
    }

    async fn parties(&self, ctx: TenantContext, contract: Text<ContractId>) -> Result<Vec<MemberSet>, Error> {
        // One as long as nothing changes a set.
        let ContractMembers { version, members, mandatory, since, .. } = self.metadata(ctx, contract).await?;
        Ok(vec![MemberSet { version, members, mandatory, since }])
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

fn texts(accounts: &[AccountId]) -> Vec<Text<AccountId>> {
    accounts.iter().copied().map(Text).collect()
}
