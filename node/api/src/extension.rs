//! Namespace `privacy`, changes of members: a party joins or leaves private contracts. Not here: who the members are (`members`). Invariant: nothing happens without the consents that the contracts' flag asks for.

use coffer_abi::{AccountId, ContractId, Hash};
use coffer_api_macros::api;
use coffer_chain::Consent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::members::ContractMembers;
use crate::types::{Account, Base64, Number, Text};

/// What becomes of a party.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ChangeKind {
    /// It joins.
    Extend,
    /// It leaves.
    Remove,
}

/// A change of members that somebody may make, once those who are asked have accepted it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Proposal {
    /// All of it, for `privacy_accept`.
    pub proposal: Base64,
    /// What becomes of the party.
    pub kind: ChangeKind,
    /// The party.
    pub party: Text<AccountId>,
    /// The contracts with the members that they have afterwards. `since` is the next block: they are not members yet.
    pub contracts: Vec<ContractMembers>,
    /// Whose consents the caller needs.
    pub asked: Vec<Text<AccountId>>,
}

/// A party accepts a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Accepted {
    /// The consent, for `privacy_extend` or `privacy_remove`.
    pub consent: Text<Consent>,
    /// Whose it is.
    pub by: Text<AccountId>,
    /// Last height of a block in which it counts.
    pub valid_until: u64,
    /// What becomes of the party.
    pub kind: ChangeKind,
    /// The party.
    pub party: Text<AccountId>,
    /// The contracts with the members that they have afterwards.
    pub contracts: Vec<ContractMembers>,
}

/// Members were changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MembersChanged {
    /// The marker's transaction.
    pub tx: Text<Hash>,
    /// Height of its block.
    pub height: u64,
    /// What becomes of the party.
    pub kind: ChangeKind,
    /// The party.
    pub party: Text<AccountId>,
    /// The contracts with their members from now on.
    pub contracts: Vec<ContractMembers>,
    /// Gas used.
    pub gas_used: u64,
}

/// Changes of members.
#[api(namespace = "privacy")]
pub trait ExtensionApi {
    /// What `privacy_extend` or `privacy_remove` would change, and whose consents it needs. Nothing is sent.
    ///
    /// Who is asked follows from the contracts' flag: with 0 nobody but who joins; with 2 the mandatory members and who joins; with 1 and 3 all that stay and who joins. The caller consents by sending.
    /// The proposal is of the contracts as they are now: another change of their members makes it, and all consents to it, worthless.
    #[method(
        access = tenant,
        errors = [NOT_FOUND, UNUSABLE, UNCONFIGURED],
        params = r#"{
            "contracts": ["0x8888888888888888888888888888888888888888888888888888888888888888"],
            "party": "0x5555555555555555555555555555555555555555555555555555555555555555"
        }"#,
        result = r#"{
            "proposal": "AA==",
            "kind": "extend",
            "party": "0x5555555555555555555555555555555555555555555555555555555555555555",
            "contracts": [{
                "contract": "0x8888888888888888888888888888888888888888888888888888888888888888",
                "flag": 0,
                "version": 1,
                "members": [
                    "0x3333333333333333333333333333333333333333333333333333333333333333",
                    "0x5555555555555555555555555555555555555555555555555555555555555555"
                ],
                "mandatory": [],
                "since": 47
            }],
            "asked": ["0x5555555555555555555555555555555555555555555555555555555555555555"]
        }"#
    )]
    async fn proposal(
        &self,
        ctx: Self::Context,
        /// The contracts, 1 to 64, that have the same members, mandatory members and flag.
        contracts: Vec<Text<ContractId>>,
        /// The party that joins, or leaves.
        party: Text<AccountId>,
        /// True if it leaves; false if left out.
        remove: Option<bool>,
    ) -> Result<Proposal, Error>;

    /// Consents, as the party of the caller's private state, to a change that another party proposed. Nothing is sent: give the consent to who proposed it.
    ///
    /// Who joins sees here what it joins, and is held from the change on until all who decided on it have handed the contracts over. A consent counts for one change of the contracts as they are, up to its height.
    #[method(
        access = tenant,
        errors = [UNUSABLE, UNCONFIGURED],
        params = r#"{"proposal": "AA==", "validUntil": 900}"#,
        result = r#"{
            "consent": "0x4444444444444444444444444444444444444444444444444444444444444444ed0300000000000055555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555",
            "by": "0x5555555555555555555555555555555555555555555555555555555555555555",
            "validUntil": 900,
            "kind": "extend",
            "party": "0x5555555555555555555555555555555555555555555555555555555555555555",
            "contracts": []
        }"#
    )]
    async fn accept(
        &self,
        ctx: Self::Context,
        /// `proposal` of `privacy_proposal`.
        proposal: Base64,
        /// Last height of a block in which the consent counts; 1,000 blocks from now if left out.
        valid_until: Option<Number>,
    ) -> Result<Accepted, Error>;

    /// Lets a party join private contracts of the caller's: all of them, or none.
    ///
    /// From then on they have another member-set version, so calls that were sent before and come later find no such contract. What they hold goes over to the party as it is right after the change, signed by each member that decides on it.
    #[method(
        access = tenant,
        errors = [NOT_FOUND, ACCOUNT, UNCONFIGURED, OUT_OF_GAS, REFUSED, NOT_DELIVERED, HELD, UNUSABLE],
        params = r#"{
            "contracts": ["0x8888888888888888888888888888888888888888888888888888888888888888"],
            "party": "0x5555555555555555555555555555555555555555555555555555555555555555",
            "consents": []
        }"#,
        result = r#"{
            "tx": "0x7777777777777777777777777777777777777777777777777777777777777777",
            "height": 48,
            "kind": "extend",
            "party": "0x5555555555555555555555555555555555555555555555555555555555555555",
            "contracts": [],
            "gasUsed": 260000
        }"#
    )]
    async fn extend(
        &self,
        ctx: Self::Context,
        /// The contracts, as in the proposal.
        contracts: Vec<Text<ContractId>>,
        /// The party that joins.
        party: Text<AccountId>,
        /// The consents of those whom `privacy_proposal` names.
        consents: Option<Vec<Text<Consent>>>,
        /// Who acts; the node's first account if left out.
        from: Option<Account>,
        /// Gas it may use; the node's default if left out.
        gas_limit: Option<Number>,
    ) -> Result<MembersChanged, Error>;

    /// Lets a party leave private contracts of the caller's: all of them, or none.
    ///
    /// It keeps them as they are at that moment, can read and prove them, and gets nothing of them from then on. A member can remove itself.
    #[method(
        access = tenant,
        errors = [NOT_FOUND, ACCOUNT, UNCONFIGURED, OUT_OF_GAS, REFUSED, NOT_DELIVERED, HELD, UNUSABLE],
        params = r#"{
            "contracts": ["0x8888888888888888888888888888888888888888888888888888888888888888"],
            "party": "0x5555555555555555555555555555555555555555555555555555555555555555",
            "consents": []
        }"#,
        result = r#"{
            "tx": "0x7777777777777777777777777777777777777777777777777777777777777777",
            "height": 48,
            "kind": "remove",
            "party": "0x5555555555555555555555555555555555555555555555555555555555555555",
            "contracts": [],
            "gasUsed": 60000
        }"#
    )]
    async fn remove(
        &self,
        ctx: Self::Context,
        /// The contracts, as in the proposal.
        contracts: Vec<Text<ContractId>>,
        /// The party that leaves.
        party: Text<AccountId>,
        /// The consents of those whom `privacy_proposal` names.
        consents: Option<Vec<Text<Consent>>>,
        /// Who acts; the node's first account if left out.
        from: Option<Account>,
        /// Gas it may use; the node's default if left out.
        gas_limit: Option<Number>,
    ) -> Result<MembersChanged, Error>;
}
