//! Namespace `programme`: programmes of the caller's private state. Not here: what is in one; its two contracts are called as any other.
//! Invariant: a programme that is shown is there as a whole: both contracts, linked with each other.

use coffer_abi::{AccountId, ContractId, Hash};
use coffer_api_macros::api;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::types::{Account, Number, Text};

/// Programmes of one page when the request does not say.
pub const DEFAULT_LIMIT: u64 = 50;
/// Programmes of the longest page.
pub const MAX_LIMIT: u64 = 50;

/// A permission and a budget contract that are linked with each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Programme {
    /// Its name.
    pub name: String,
    /// The contract that knows who may do what.
    pub permission: Text<ContractId>,
    /// The contract that keeps projects, subprojects and workflow items.
    pub budget: Text<ContractId>,
    /// Who had it made.
    pub deployer: Text<AccountId>,
    /// Height of the block that made it.
    pub height: u64,
    /// True while both contracts have the code that the chain's genesis has for them; false for what somebody else made.
    pub genuine: bool,
}

/// A page of programmes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProgrammePage {
    /// In the order of their names.
    pub items: Vec<Programme>,
    /// `after` of the next page; `null` when there is nothing more.
    pub next: Option<String>,
}

/// Programmes.
#[api(namespace = "programme")]
pub trait ProgrammeApi {
    /// Makes a programme in the caller's private state: a permission and a budget contract, linked with each other.
    ///
    /// It is one private call of the private state's own contract `programmes`: both contracts are there and linked, or nothing is. The same
    /// request again, by the same account, has the same answer and changes nothing; so whoever got no answer asks again. A programme is never
    /// in the public state.
    ///
    /// The administrator is the programme's first user and has all global rights; who acts gets none by it. Errors of the contract:
    /// `NameTaken`, `Invalid` with the field, `NotMade`.
    #[method(
        access = tenant,
        errors = [NOT_FOUND, ACCOUNT, UNCONFIGURED, CONTRACT, TRAP, OUT_OF_GAS, REFUSED, HELD, UNUSABLE],
        params = r#"{"name": "health", "organisation": "Ministry", "user": "ada", "parties": ["Ministry", "Bank"], "from": "alice"}"#,
        result = r#"{
            "name": "health",
            "permission": "0x8888888888888888888888888888888888888888888888888888888888888888",
            "budget": "0x9999999999999999999999999999999999999999999999999999999999999999",
            "deployer": "0x4444444444444444444444444444444444444444444444444444444444444444",
            "height": 3,
            "genuine": true
        }"#
    )]
    async fn deploy(
        &self,
        ctx: Self::Context,
        /// One of its own for each programme of the private state: 1 to 48 letters, digits, `_`, `-` and `.`.
        name: String,
        /// Organisation of the first administrator.
        organisation: String,
        /// Id of the first administrator in the organisation: 1 to 64 letters, digits, `_` and `-`.
        user: String,
        /// What the first administrator signs with; who acts if left out.
        account: Option<Account>,
        /// Commitment to what the first administrator is called, which is kept off the chain; zeros if left out.
        display: Option<Text<Hash>>,
        /// The organisations of the programme, at most 64, each with one voice when something closed is to be opened again; the
        /// administrator's if left out.
        parties: Option<Vec<String>>,
        /// Who acts; the node's default account if left out.
        from: Option<Account>,
        /// Gas it may use; the node's default if left out.
        gas_limit: Option<Number>,
    ) -> Result<Programme, Error>;

    /// The programmes of the caller's private state, in pages.
    #[method(
        access = tenant,
        errors = [NOT_FOUND, UNUSABLE],
        params = r#"{"limit": 10}"#,
        result = r#"{
            "items": [{
                "name": "health",
                "permission": "0x8888888888888888888888888888888888888888888888888888888888888888",
                "budget": "0x9999999999999999999999999999999999999999999999999999999999999999",
                "deployer": "0x4444444444444444444444444444444444444444444444444444444444444444",
                "height": 3,
                "genuine": true
            }],
            "next": null
        }"#
    )]
    async fn list(
        &self,
        ctx: Self::Context,
        /// `next` of the page before.
        after: Option<String>,
        /// Programmes of this page, at most 50; 50 if left out.
        limit: Option<Number>,
    ) -> Result<ProgrammePage, Error>;
}
