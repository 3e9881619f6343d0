//! Namespace `privacy`, members: who the private contracts of the caller's private state are for, and with which flag. Not here: voids (`void`). Invariant: a contract that
//! is absent and one that is not the caller's get one answer.

use coffer_abi::{AccountId, ContractId, Hash};
use coffer_api_macros::api;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::extension::ChangeKind;
use crate::types::{Number, Text};

/// Contracts of a page, at most.
pub const MAX_LIMIT: u64 = 100;

/// Who a private contract is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContractMembers {
    /// The contract.
    pub contract: Text<ContractId>,
    /// What a call that touches it must name: 0 any members, 1 all, 2 the mandatory ones, 3 all and a hash of what it reads.
    pub flag: u8,
    /// How often the members were changed.
    pub version: u32,
    /// The members, in the order of their bytes.
    pub members: Vec<Text<AccountId>>,
    /// Those that no call may leave out; none but with flag 2.
    pub mandatory: Vec<Text<AccountId>>,
    /// Height since which they are the members.
    pub since: u64,
}

/// The members of a contract in one version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MemberSet {
    /// The version.
    pub version: u32,
    /// The members, in the order of their bytes.
    pub members: Vec<Text<AccountId>>,
    /// Those that no call may leave out.
    pub mandatory: Vec<Text<AccountId>>,
    /// Height since which they were the members.
    pub since: u64,
    /// The change that made them the members; `null` for the first ones.
    pub change: Option<PastChange>,
}

/// A change of the members of a contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PastChange {
    /// The marker's transaction.
    pub tx: Text<Hash>,
    /// What became of the party.
    pub kind: ChangeKind,
    /// The party.
    pub party: Text<AccountId>,
}

/// A private contract in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FlaggedContract {
    /// The contract.
    pub contract: Text<ContractId>,
    /// Its privacy flag.
    pub flag: u8,
    /// How often its members were changed.
    pub version: u32,
}

/// Some contracts of a private state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FlaggedPage {
    /// The contracts, in an order that stays.
    pub items: Vec<FlaggedContract>,
    /// `after` of the next page; `null` if this is the last one.
    pub next: Option<Text<ContractId>>,
}

/// Members.
#[api(namespace = "privacy")]
pub trait MembersApi {
    /// Who a contract of the caller's private state is for, and what calls that touch it must name.
    ///
    /// A contract that records no members (those that every private state has, and what they make) is for the caller's own party alone.
    #[method(
        access = tenant,
        errors = [NOT_FOUND, UNUSABLE],
        params = r#"{"contract": "0x8888888888888888888888888888888888888888888888888888888888888888"}"#,
        result = r#"{
            "contract": "0x8888888888888888888888888888888888888888888888888888888888888888",
            "flag": 2,
            "version": 0,
            "members": [
                "0x3333333333333333333333333333333333333333333333333333333333333333",
                "0x4444444444444444444444444444444444444444444444444444444444444444"
            ],
            "mandatory": ["0x4444444444444444444444444444444444444444444444444444444444444444"],
            "since": 3
        }"#
    )]
    async fn metadata(
        &self,
        ctx: Self::Context,
        /// The contract.
        contract: Text<ContractId>,
    ) -> Result<ContractMembers, Error>;

    /// The members that a contract of the caller's private state has had, by version, the oldest first: of the last 100 versions those that the caller was there for.
    #[method(
        access = tenant,
        errors = [NOT_FOUND, UNUSABLE],
        params = r#"{"contract": "0x8888888888888888888888888888888888888888888888888888888888888888"}"#,
        result = r#"[{
            "version": 0,
            "members": ["0x3333333333333333333333333333333333333333333333333333333333333333"],
            "mandatory": [],
            "since": 3,
            "change": null
        }]"#
    )]
    async fn parties(
        &self,
        ctx: Self::Context,
        /// The contract.
        contract: Text<ContractId>,
    ) -> Result<Vec<MemberSet>, Error>;

    /// The contracts of the caller's private state with their flags, in pages.
    #[method(
        access = tenant,
        errors = [UNUSABLE],
        params = r#"{"limit": 10}"#,
        result = r#"{
            "items": [{
                "contract": "0x8888888888888888888888888888888888888888888888888888888888888888",
                "flag": 1,
                "version": 0
            }],
            "next": null
        }"#
    )]
    async fn list(
        &self,
        ctx: Self::Context,
        /// `next` of the page before.
        after: Option<Text<ContractId>>,
        /// Contracts of this page, at most 100; 100 if left out.
        limit: Option<Number>,
    ) -> Result<FlaggedPage, Error>;
}
