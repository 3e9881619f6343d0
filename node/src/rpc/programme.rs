//! Namespace `programme`. Not here: how a programme comes to be (the contract `programmes`), what is sent (`invoke`). Invariant: nothing here reaches
//! another private state than the caller's.

use coffer_abi::{Gas, Hash, Status};
use coffer_api::Error;
use coffer_api::programme::{DEFAULT_LIMIT, MAX_LIMIT, Programme, ProgrammeApi, ProgrammePage};
use coffer_api::types::{Account, Number, Text};

use super::contract::{ran, writable};
use super::error::from_invoke;
use super::methods::Handlers;
use super::outcome::Reader;
use crate::invoke::{self, Administrator, DEPLOY_PROGRAMME, ProgrammeRequest, read_programme};
use crate::tenant::TenantContext;

impl ProgrammeApi for Handlers {
    type Context = TenantContext;

    async fn deploy(
        &self,
        ctx: TenantContext,
        name: String,
        organisation: String,
        user: String,
        account: Option<Account>,
        display: Option<Text<Hash>>,
        parties: Option<Vec<String>>,
        from: Option<Account>,
        gas_limit: Option<Number>,
    ) -> Result<Programme, Error> {
        writable(&ctx, Some(true.into()))?;
        let acting = self.acting(from.as_ref())?;
        let signer = account.map_or(Ok(acting), |account| self.account(&account))?;
        let parties = parties.unwrap_or_else(|| vec![organisation.clone()]);
        let display = display.map_or(Hash::ZERO, |display| display.0);
        let administrator = Administrator { organisation, id: user, account: signer, display };
        let gas_limit = gas_limit.map(|gas| Gas(gas.0));
        let request = ProgrammeRequest { name, administrator, parties, account: acting, gas_limit };
        let deployed = self.invoker.deploy_programme(&ctx, request).await.map_err(from_invoke)?;
        let deployed = deployed.ok_or_else(no_programmes)?;
        let status = &deployed.settled.receipt.status;
        let Status::Ok(bytes) = status else {
            let ended = Reader::new(deployed.code.spec(), DEPLOY_PROGRAMME).result(status, ran(&deployed.settled));
            return Err(ended.err().unwrap_or_else(|| Error::Internal("a failure has no error".into())));
        };
        let made = read_programme(bytes).map_err(from_invoke)?;
        let shown = self.shown(&ctx, vec![made]).await?.pop();
        shown.ok_or_else(|| Error::Internal("the programme is not shown".into()))
    }

    async fn list(
        &self,
        ctx: TenantContext,
        after: Option<String>,
        limit: Option<Number>,
    ) -> Result<ProgrammePage, Error> {
        let limit = limit.map_or(DEFAULT_LIMIT, |limit| limit.0);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Error::invalid("limit", format!("`limit` is 1 to {MAX_LIMIT}, not {limit}")));
        }
        let after = after.unwrap_or_default();
        // One more shows whether there is a next page.
        let found = self.invoker.list_programmes(&ctx, &after, limit as u32 + 1).await.map_err(from_invoke)?;
        let mut found = found.ok_or_else(no_programmes)?;
        let more = found.len() as u64 > limit;
        found.truncate(limit as usize);
        let next = found.last().filter(|_| more).map(|last| last.name.clone());
        Ok(ProgrammePage { items: self.shown(&ctx, found).await?, next })
    }
}

impl Handlers {
    async fn shown(&self, ctx: &TenantContext, found: Vec<invoke::Programme>) -> Result<Vec<Programme>, Error> {
        let genuine = self.invoker.is_genuine(ctx, found.clone()).await.map_err(from_invoke)?;
        let shown = found.into_iter().zip(genuine).map(|(programme, genuine)| Programme {
            name: programme.name,
            permission: Text(programme.permission),
            budget: Text(programme.budget),
            deployer: Text(programme.deployer),
            height: programme.height,
            genuine,
        });
        Ok(shown.collect())
    }
}

fn no_programmes() -> Error {
    let hint = "this chain's genesis has no code for programmes; deploy the two contracts with contract_deploy, or begin a new chain";
    Error::NotFound { what: "system contract", id: "programmes".into(), hint: hint.into() }
}
