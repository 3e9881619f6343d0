//! Namespace `tenant`. Not here: what the changes do (`invoke`). Invariant: nothing of a private state's content goes out.

use coffer_abi::{AccountId, Height};
use coffer_api::Error;
use coffer_api::limits::{Taken, TenantLimits, TenantTaken};
use coffer_api::tenant::{TenantApi, TenantChange, TenantDetails, TenantInfo, TenantPage, TenantState};
use coffer_api::types::{Account, MAX_NUMBER, Number, Text};
use coffer_chain::Psi;

use super::error::from_invoke;
use super::membership::{page, size};
use super::methods::Handlers;
use crate::invoke::TenantStanding;
use crate::organisation::registry::{Change, Standing};
use crate::quota::Used;
use crate::tenant::{Limits, TenantContext};

impl TenantApi for Handlers {
    type Context = TenantContext;

    async fn list(
        &self,
        _ctx: TenantContext,
        after: Option<String>,
        limit: Option<Number>,
    ) -> Result<TenantPage, Error> {
        let (limit, after) = (size(limit)?, after.map(|after| psi_at("after", &after)).transpose()?);
        let found = self.invoker.tenants(after, limit + 1).await.map_err(from_invoke)?;
        let found: Vec<_> = found.into_iter().map(info).collect();
        let (items, next) = page(found, limit, |last| last.psi.clone());
        Ok(TenantPage { items, next })
    }

    async fn get(&self, _ctx: TenantContext, psi: String) -> Result<TenantDetails, Error> {
        let (tenant, changes) = self.invoker.tenant(psi_at("psi", &psi)?).await.map_err(from_invoke)?;
        Ok(TenantDetails { tenant: info(tenant), changes: changes.into_iter().map(change).collect() })
    }

    async fn create(
        &self,
        _ctx: TenantContext,
        psi: String,
        accounts: Option<Vec<Account>>,
    ) -> Result<TenantInfo, Error> {
        let accounts = accounts.map(|accounts| self.accounts(&accounts)).transpose()?;
        self.invoker.create_tenant(psi_at("psi", &psi)?, accounts).await.map(info).map_err(from_invoke)
    }

    async fn set_accounts(
        &self,
        _ctx: TenantContext,
        psi: String,
        accounts: Vec<Account>,
    ) -> Result<TenantInfo, Error> {
        let accounts = self.accounts(&accounts)?;
        self.invoker.set_tenant_accounts(psi_at("psi", &psi)?, accounts).await.map(info).map_err(from_invoke)
    }

    async fn set_limits(&self, _ctx: TenantContext, psi: String, limits: TenantLimits) -> Result<TenantInfo, Error> {
        let limits = taken(limits);
        self.invoker.set_tenant_limits(psi_at("psi", &psi)?, limits).await.map(info).map_err(from_invoke)
    }

    async fn suspend(&self, _ctx: TenantContext, psi: String) -> Result<TenantInfo, Error> {
        self.set_standing(&psi, Standing::Suspended).await
    }

    async fn resume(&self, _ctx: TenantContext, psi: String) -> Result<TenantInfo, Error> {
        self.set_standing(&psi, Standing::Active).await
    }

    async fn close(&self, _ctx: TenantContext, psi: String) -> Result<TenantInfo, Error> {
        self.set_standing(&psi, Standing::Closed).await
    }

    async fn rotate(&self, _ctx: TenantContext, psi: String) -> Result<TenantInfo, Error> {
        self.invoker.rotate_tenant(psi_at("psi", &psi)?).await.map(info).map_err(from_invoke)
    }
}

impl Handlers {
    fn accounts(&self, named: &[Account]) -> Result<Vec<AccountId>, Error> {
        named.iter().map(|account| self.account(account)).collect()
    }

    async fn set_standing(&self, psi: &str, standing: Standing) -> Result<TenantInfo, Error> {
        self.invoker.set_tenant_standing(psi_at("psi", psi)?, standing).await.map(info).map_err(from_invoke)
    }
}

fn psi_at(path: &str, name: &str) -> Result<Psi, Error> {
    name.parse().map_err(|error| Error::invalid(path, format!("{name:?} is no name of a private state: {error}")))
}

fn state(standing: Standing) -> TenantState {
    match standing {
        Standing::Active => TenantState::Active,
        Standing::Suspended => TenantState::Suspended,
        Standing::Closed => TenantState::Closed,
    }
}

fn taken(limits: TenantLimits) -> Limits {
    Limits {
        gas_per_second: limits.gas_per_second,
        requests_per_second: limits.requests_per_second,
        concurrent: limits.concurrent,
        subscriptions: limits.subscriptions,
        pending: limits.pending,
        payload_bytes_per_day: limits.payload_bytes_per_day,
        storage_bytes: limits.storage_bytes,
    }
}

fn shown(limits: &Limits) -> TenantLimits {
    TenantLimits {
        gas_per_second: limits.gas_per_second,
        requests_per_second: limits.requests_per_second,
        concurrent: limits.concurrent,
        subscriptions: limits.subscriptions,
        pending: limits.pending,
        payload_bytes_per_day: limits.payload_bytes_per_day,
        storage_bytes: limits.storage_bytes,
    }
}

/// What a tenant may take and takes, as it sees it itself.
pub(super) fn shown_taken(limits: &Limits, used: &Used) -> TenantTaken {
    // Numbers that a JSON reader may not hold are as good as the largest that it does.
    let of = |limit, used: u64| Taken { limit, used: used.min(MAX_NUMBER) };
    TenantTaken {
        gas_per_second: of(limits.gas_per_second, used.gas),
        requests_per_second: of(limits.requests_per_second, used.requests),
        concurrent: of(limits.concurrent, used.concurrent),
        subscriptions: of(limits.subscriptions, used.subscriptions),
        pending: of(limits.pending, used.pending),
        payload_bytes_per_day: of(limits.payload_bytes_per_day, used.payload_bytes),
        storage_bytes: of(limits.storage_bytes, used.storage_bytes),
    }
}

fn texts(accounts: Vec<AccountId>) -> Vec<Text<AccountId>> {
    accounts.into_iter().map(Text).collect()
}

fn info(found: TenantStanding) -> TenantInfo {
    let TenantStanding { registered, party, head, chain, held } = found;
    TenantInfo {
        psi: registered.psi.to_string(),
        party: Text(party),
        state: state(registered.standing),
        since: registered.since.0,
        joined: registered.joined.0,
        epoch: registered.epoch,
        accounts: registered.accounts.map(texts),
        limits: shown(&registered.limits),
        head: head.0,
        lag: chain.0.saturating_sub(head.0),
        held,
    }
}

fn change((height, change): (Height, Change)) -> TenantChange {
    let (mut shown, height) =
        (TenantChange { height: 0, state: None, epoch: None, accounts: None, limits: None }, height.0);
    match change {
        Change::Standing(standing) => shown.state = Some(state(standing)),
        Change::Epoch(epoch) => shown.epoch = Some(epoch),
        Change::Accounts(accounts) => shown.accounts = Some(texts(accounts)),
        Change::Limits(limits) => shown.limits = Some(self::shown(&limits)),
    }
    TenantChange { height, ..shown }
}
