//! Namespace `tenant`: the tenants of a node, for its operator. Not here: what a tenant sees of itself (`psi`), its party as others see it (`party`). Invariant: nothing here shows what is in a private state.

use coffer_abi::AccountId;
use coffer_api_macros::api;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::limits::TenantLimits;
use crate::types::{Account, Number, Text};

/// What a tenant may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum TenantState {
    /// Everything.
    Active,
    /// Nothing until it is resumed. Its private state goes on with the chain.
    Suspended,
    /// Nothing for good; its party is retired on the chain.
    Closed,
}

/// A tenant of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TenantInfo {
    /// Its private state.
    pub psi: String,
    /// The party by which private calls name it.
    pub party: Text<AccountId>,
    /// What it may do.
    pub state: TenantState,
    /// Head of the chain when that was settled.
    pub since: u64,
    /// Height of the first block it is there for.
    pub joined: u64,
    /// Epoch of the newest of its encryption keys; the chain has it once it is published.
    pub epoch: u32,
    /// Accounts of this node that act for it; `null` if that was never said here: then those of the configuration.
    pub accounts: Option<Vec<Text<AccountId>>>,
    /// What it may take; where nothing is said, what the node's settings say.
    pub limits: TenantLimits,
    /// The block up to which its private state is done with the chain.
    pub head: u64,
    /// Blocks by which it trails the chain.
    pub lag: u64,
    /// What its private state waits for; `null` if it waits for nothing.
    pub held: Option<String>,
}

/// A change of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TenantChange {
    /// Head of the chain then.
    pub height: u64,
    /// What it may do from then on; `null` if that was not changed.
    pub state: Option<TenantState>,
    /// Epoch of its new encryption key; `null` if that was not changed.
    pub epoch: Option<u32>,
    /// Who acts for it from then on; `null` if that was not changed.
    pub accounts: Option<Vec<Text<AccountId>>>,
    /// What it may take from then on; `null` if that was not changed.
    pub limits: Option<TenantLimits>,
}

/// A tenant with its history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TenantDetails {
    /// The tenant.
    pub tenant: TenantInfo,
    /// What was changed of it, the oldest first.
    pub changes: Vec<TenantChange>,
}

/// A page of tenants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TenantPage {
    /// In the order of their names.
    pub items: Vec<TenantInfo>,
    /// `after` of the next page; `null` when there is nothing more.
    pub next: Option<String>,
}

/// The tenants of a node.
#[api(namespace = "tenant")]
pub trait TenantApi {
    /// The tenants of this node, in pages.
    #[method(
        access = operator,
        errors = [],
        params = r#"{"limit": 10}"#,
        result = r#"{"items": [{
            "psi": "PS3",
            "party": "0x3333333333333333333333333333333333333333333333333333333333333333",
            "state": "active",
            "since": 42,
            "joined": 42,
            "epoch": 0,
            "accounts": ["0x1111111111111111111111111111111111111111111111111111111111111111"],
            "limits": {
                "gasPerSecond": null,
                "requestsPerSecond": null,
                "concurrent": null,
                "subscriptions": null,
                "pending": null,
                "payloadBytesPerDay": null,
                "storageBytes": null
            },
            "head": 57,
            "lag": 0,
            "held": null
        }], "next": null}"#
    )]
    async fn list(
        &self,
        ctx: Self::Context,
        /// `next` of the page before.
        after: Option<String>,
        /// Tenants of this page, at most 100; 100 if left out.
        limit: Option<Number>,
    ) -> Result<TenantPage, Error>;

    /// One tenant, with what was changed of it and when.
    #[method(
        access = operator,
        errors = [NOT_FOUND],
        params = r#"{"psi": "PS3"}"#,
        result = r#"{"tenant": {
            "psi": "PS3",
            "party": "0x3333333333333333333333333333333333333333333333333333333333333333",
            "state": "suspended",
            "since": 50,
            "joined": 42,
            "epoch": 0,
            "accounts": ["0x1111111111111111111111111111111111111111111111111111111111111111"],
            "limits": {
                "gasPerSecond": null,
                "requestsPerSecond": null,
                "concurrent": null,
                "subscriptions": null,
                "pending": null,
                "payloadBytesPerDay": null,
                "storageBytes": null
            },
            "head": 57,
            "lag": 0,
            "held": null
        }, "changes": [{"height": 50, "state": "suspended", "epoch": null, "accounts": null, "limits": null}]}"#
    )]
    async fn get(
        &self,
        ctx: Self::Context,
        /// The tenant's private state.
        psi: String,
    ) -> Result<TenantDetails, Error>;

    /// Adds a tenant, from the next block on, without a restart.
    ///
    /// Its keys are made here and stand in the node's registry of tenants, which belongs to the node's backup. Its party is published by the node by itself; `network_parties` shows it once that is in a block.
    /// A name is used once.
    #[method(
        access = operator,
        errors = [ACCOUNT, TENANT_STATE],
        params = r#"{"psi": "PS3", "accounts": ["carol"]}"#,
        result = r#"{
            "psi": "PS3",
            "party": "0x3333333333333333333333333333333333333333333333333333333333333333",
            "state": "active",
            "since": 42,
            "joined": 42,
            "epoch": 0,
            "accounts": ["0x1111111111111111111111111111111111111111111111111111111111111111"],
            "limits": {
                "gasPerSecond": null,
                "requestsPerSecond": null,
                "concurrent": null,
                "subscriptions": null,
                "pending": null,
                "payloadBytesPerDay": null,
                "storageBytes": null
            },
            "head": 57,
            "lag": 0,
            "held": null
        }"#
    )]
    async fn create(
        &self,
        ctx: Self::Context,
        /// The name of its private state: 1 to 64 bytes, without `/` and control characters.
        psi: String,
        /// Accounts of this node that act for it; all of them if left out.
        accounts: Option<Vec<Account>>,
    ) -> Result<TenantInfo, Error>;

    /// Says which accounts of this node act for a tenant.
    ///
    /// Accounts that come are published by the node by itself. The chain is not told of one that goes, so it still may act until the party revokes it.
    /// A tenant that the configuration names takes its accounts from there.
    #[method(
        access = operator,
        errors = [NOT_FOUND, ACCOUNT, TENANT_STATE],
        params = r#"{"psi": "PS3", "accounts": ["carol"]}"#,
        result = r#"{
            "psi": "PS3",
            "party": "0x3333333333333333333333333333333333333333333333333333333333333333",
            "state": "active",
            "since": 42,
            "joined": 42,
            "epoch": 0,
            "accounts": ["0x1111111111111111111111111111111111111111111111111111111111111111"],
            "limits": {
                "gasPerSecond": null,
                "requestsPerSecond": null,
                "concurrent": null,
                "subscriptions": null,
                "pending": null,
                "payloadBytesPerDay": null,
                "storageBytes": null
            },
            "head": 57,
            "lag": 0,
            "held": null
        }"#
    )]
    async fn set_accounts(
        &self,
        ctx: Self::Context,
        /// The tenant's private state.
        psi: String,
        /// The accounts.
        accounts: Vec<Account>,
    ) -> Result<TenantInfo, Error>;

    /// Says what a tenant may take of this node, from now on and without a restart.
    ///
    /// All of its limits anew: where nothing is said, what the node's settings say counts, and where they say nothing there is no limit. A limit refuses what begins,
    /// with `overQuota`; what the chain orders is executed whatever it takes, so nothing changes what comes of a call. The tenant sees limits and use in `psi_status`.
    #[method(
        access = operator,
        errors = [NOT_FOUND, TENANT_STATE],
        params = r#"{"psi": "PS3", "limits": {"gasPerSecond": 500000000, "pending": 100}}"#,
        result = r#"{
            "psi": "PS3",
            "party": "0x3333333333333333333333333333333333333333333333333333333333333333",
            "state": "active",
            "since": 42,
            "joined": 42,
            "epoch": 0,
            "accounts": ["0x1111111111111111111111111111111111111111111111111111111111111111"],
            "limits": {
                "gasPerSecond": 500000000,
                "requestsPerSecond": null,
                "concurrent": null,
                "subscriptions": null,
                "pending": 100,
                "payloadBytesPerDay": null,
                "storageBytes": null
            },
            "head": 57,
            "lag": 0,
            "held": null
        }"#
    )]
    async fn set_limits(
        &self,
        ctx: Self::Context,
        /// The tenant's private state.
        psi: String,
        /// The limits, each from 1 on; suspend a tenant that is to take nothing.
        limits: TenantLimits,
    ) -> Result<TenantInfo, Error>;

    /// Suspends a tenant: from now on it is neither read nor takes calls.
    ///
    /// Its private state goes on with the chain, so that its roots stay those of the same party elsewhere; `tenant_resume` takes it back.
    #[method(
        access = operator,
        errors = [NOT_FOUND, TENANT_STATE],
        params = r#"{"psi": "PS3"}"#,
        result = r#"{
            "psi": "PS3",
            "party": "0x3333333333333333333333333333333333333333333333333333333333333333",
            "state": "suspended",
            "since": 50,
            "joined": 42,
            "epoch": 0,
            "accounts": ["0x1111111111111111111111111111111111111111111111111111111111111111"],
            "limits": {
                "gasPerSecond": null,
                "requestsPerSecond": null,
                "concurrent": null,
                "subscriptions": null,
                "pending": null,
                "payloadBytesPerDay": null,
                "storageBytes": null
            },
            "head": 57,
            "lag": 0,
            "held": null
        }"#
    )]
    async fn suspend(
        &self,
        ctx: Self::Context,
        /// The tenant's private state.
        psi: String,
    ) -> Result<TenantInfo, Error>;

    /// Resumes a tenant that is suspended.
    #[method(
        access = operator,
        errors = [NOT_FOUND, TENANT_STATE],
        params = r#"{"psi": "PS3"}"#,
        result = r#"{
            "psi": "PS3",
            "party": "0x3333333333333333333333333333333333333333333333333333333333333333",
            "state": "active",
            "since": 57,
            "joined": 42,
            "epoch": 0,
            "accounts": ["0x1111111111111111111111111111111111111111111111111111111111111111"],
            "limits": {
                "gasPerSecond": null,
                "requestsPerSecond": null,
                "concurrent": null,
                "subscriptions": null,
                "pending": null,
                "payloadBytesPerDay": null,
                "storageBytes": null
            },
            "head": 57,
            "lag": 0,
            "held": null
        }"#
    )]
    async fn resume(
        &self,
        ctx: Self::Context,
        /// The tenant's private state.
        psi: String,
    ) -> Result<TenantInfo, Error>;

    /// Closes a tenant for good: as if suspended, and its party is retired on the chain, so that nobody can send to it any more.
    ///
    /// What it has stays on this node.
    #[method(
        access = operator,
        errors = [NOT_FOUND, TENANT_STATE],
        params = r#"{"psi": "PS3"}"#,
        result = r#"{
            "psi": "PS3",
            "party": "0x3333333333333333333333333333333333333333333333333333333333333333",
            "state": "closed",
            "since": 57,
            "joined": 42,
            "epoch": 0,
            "accounts": ["0x1111111111111111111111111111111111111111111111111111111111111111"],
            "limits": {
                "gasPerSecond": null,
                "requestsPerSecond": null,
                "concurrent": null,
                "subscriptions": null,
                "pending": null,
                "payloadBytesPerDay": null,
                "storageBytes": null
            },
            "head": 57,
            "lag": 0,
            "held": null
        }"#
    )]
    async fn close(
        &self,
        ctx: Self::Context,
        /// The tenant's private state.
        psi: String,
    ) -> Result<TenantInfo, Error>;

    /// Gives a tenant's party another encryption key. The node publishes it by itself.
    ///
    /// What is sealed for the key before is good for 1,000 blocks more; until then the key cannot be rotated again.
    #[method(
        access = operator,
        errors = [NOT_FOUND, TENANT_STATE],
        params = r#"{"psi": "PS3"}"#,
        result = r#"{
            "psi": "PS3",
            "party": "0x3333333333333333333333333333333333333333333333333333333333333333",
            "state": "active",
            "since": 42,
            "joined": 42,
            "epoch": 1,
            "accounts": ["0x1111111111111111111111111111111111111111111111111111111111111111"],
            "limits": {
                "gasPerSecond": null,
                "requestsPerSecond": null,
                "concurrent": null,
                "subscriptions": null,
                "pending": null,
                "payloadBytesPerDay": null,
                "storageBytes": null
            },
            "head": 57,
            "lag": 0,
            "held": null
        }"#
    )]
    async fn rotate(
        &self,
        ctx: Self::Context,
        /// The tenant's private state.
        psi: String,
    ) -> Result<TenantInfo, Error>;
}
