//! Namespace `network`, its public record: organisations, nodes, validators and parameters as the chain has them. Not here: connections, which are
//! this node's own affair; changing anything, which are calls of the network contract. Invariant: every node answers alike at one height.

use coffer_abi::{AccountId, Hash};
use coffer_api_macros::api;
use coffer_chain::Parameters;
use coffer_chain::network::{self, FirstNode, FirstOrganisation, NodeRecord, OrganisationRecord, ProposalRecord};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::types::{Number, Text};

/// Entries of a page, when the request does not say and at most.
pub const MAX_LIMIT: u64 = 100;

/// What an organisation's nodes, or one node, may do at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Access {
    /// Validate and vote.
    Trusted,
    /// Follow.
    Managed,
}

/// What a node does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// It follows the chain.
    Follower,
    /// It votes.
    Validator,
}

/// An organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Organisation {
    /// Its name.
    pub name: String,
    /// The key that holds its rights.
    pub key: Text<AccountId>,
    /// What its nodes may do at most.
    pub access: Access,
    /// True while it has no rights and its nodes are not let in.
    pub suspended: bool,
    /// Its nodes.
    pub nodes: u32,
    /// Height since which it is on the chain.
    pub since: u64,
}

/// A page of organisations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OrganisationPage {
    /// In the order of their names.
    pub items: Vec<Organisation>,
    /// `after` of the next page; `null` when there is nothing more.
    pub next: Option<String>,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetworkNode {
    /// Its key.
    pub node: Text<AccountId>,
    /// Its organisation.
    pub organisation: String,
    /// What it may do at most.
    pub access: Access,
    /// What it does.
    pub role: Role,
    /// Where it listens.
    pub addresses: Vec<String>,
    /// Height since which it is on the chain.
    pub since: u64,
}

/// A page of nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NodePage {
    /// In the order of their keys.
    pub items: Vec<NetworkNode>,
    /// `after` of the next page; `null` when there is nothing more.
    pub next: Option<Text<AccountId>>,
}

/// A node that votes on a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetworkValidator {
    /// Its key.
    pub node: Text<AccountId>,
    /// Its share of its organisation's voting power; every organisation has 2^32.
    pub power: u64,
}

/// Who decides a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Validators {
    /// Height of the block.
    pub height: u64,
    /// Hash of the set, as headers name it.
    pub hash: Text<Hash>,
    /// In the order of their keys.
    pub validators: Vec<NetworkValidator>,
}

/// Parameters of the chain that may change at a height.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetworkParameters {
    /// Gas one public transaction or one private call may use.
    pub max_tx_gas: u64,
    /// Gas of one block: a public transaction may ask for what those before it in the block left.
    pub max_block_gas: u64,
    /// Bytes of one transaction.
    pub max_tx_bytes: u32,
    /// Bytes of the transactions of one block.
    pub max_block_bytes: u32,
    /// Milliseconds after a block from which on the next one may be empty, if something ended by its time since; 0: never.
    pub tick_ms: u32,
}

/// An organisation as it is to join.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewOrganisation {
    /// Its name.
    pub name: String,
    /// The key that is to hold its rights.
    pub key: Text<AccountId>,
    /// What its nodes may do at most.
    pub access: Access,
    /// Its first nodes.
    pub nodes: Vec<NewNode>,
}

/// A node as it is to join.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewNode {
    /// Its key.
    pub node: Text<AccountId>,
    /// What it may do at most.
    pub access: Access,
    /// Where it listens.
    pub addresses: Vec<String>,
}

/// What organisations vote on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Change {
    /// An organisation joins.
    Join(NewOrganisation),
    /// The organisation of this name loses its rights until it is resumed.
    Suspend(String),
    /// The suspended organisation of this name has its rights again.
    Resume(String),
    /// An organisation has another access.
    Access(NewAccess),
    /// The chain has other parameters.
    Parameters(NetworkParameters),
    /// The chain has another version of the protocol.
    Protocol(ProtocolVersion),
}

/// An organisation's other access.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewAccess {
    /// The organisation.
    pub organisation: String,
    /// The access.
    pub access: Access,
}

/// A version of the protocol and its first height.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProtocolVersion {
    /// The version.
    pub version: u16,
    /// Height of its first block.
    pub height: u64,
}

/// A change that is voted on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Proposal {
    /// Its number.
    pub number: u64,
    /// The change.
    pub change: Change,
    /// The organisation that proposed it.
    pub by: String,
    /// Organisations that voted for it.
    pub votes: Vec<String>,
    /// Height at which it was proposed.
    pub since: u64,
    /// When it is over, milliseconds since 1970-01-01 UTC.
    pub until: u64,
}

/// A page of proposals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProposalPage {
    /// In the order of their numbers, without those that are over.
    pub items: Vec<Proposal>,
    /// `after` of the next page; `null` when there is nothing more.
    pub next: Option<u64>,
}

impl From<network::Access> for Access {
    fn from(access: network::Access) -> Self {
        match access {
            network::Access::Trusted => Self::Trusted,
            network::Access::Managed => Self::Managed,
        }
    }
}

impl From<network::Role> for Role {
    fn from(role: network::Role) -> Self {
        match role {
            network::Role::Follower => Self::Follower,
            network::Role::Validator => Self::Validator,
        }
    }
}

impl From<OrganisationRecord> for Organisation {
    fn from(record: OrganisationRecord) -> Self {
        let OrganisationRecord { name, key, access, suspended, nodes, since } = record;
        Self { name, key: Text(key), access: access.into(), suspended, nodes, since }
    }
}

impl From<NodeRecord> for NetworkNode {
    fn from(record: NodeRecord) -> Self {
        let NodeRecord { key, organisation, access, addresses, role, since, .. } = record;
        Self { node: Text(key), organisation, access: access.into(), role: role.into(), addresses, since }
    }
}

impl From<Parameters> for NetworkParameters {
    fn from(parameters: Parameters) -> Self {
        let Parameters { max_tx_gas, max_block_gas, max_tx_bytes, max_block_bytes, tick_ms } = parameters;
        Self { max_tx_gas: max_tx_gas.0, max_block_gas: max_block_gas.0, max_tx_bytes, max_block_bytes, tick_ms }
    }
}

impl From<FirstOrganisation> for NewOrganisation {
    fn from(organisation: FirstOrganisation) -> Self {
        let FirstOrganisation { name, key, access, nodes } = organisation;
        let node =
            |FirstNode { key, access, addresses, .. }| NewNode { node: Text(key), access: access.into(), addresses };
        Self { name, key: Text(key), access: access.into(), nodes: nodes.into_iter().map(node).collect() }
    }
}

impl From<network::Change> for Change {
    fn from(change: network::Change) -> Self {
        match change {
            network::Change::Join { organisation } => Self::Join(organisation.into()),
            network::Change::Suspend { organisation } => Self::Suspend(organisation),
            network::Change::Resume { organisation } => Self::Resume(organisation),
            network::Change::Access { organisation, access } => {
                Self::Access(NewAccess { organisation, access: access.into() })
            }
            network::Change::Parameters { parameters } => Self::Parameters(parameters.into()),
            network::Change::Protocol { version, height } => {
                Self::Protocol(ProtocolVersion { version, height: height.0 })
            }
        }
    }
}

impl From<ProposalRecord> for Proposal {
    fn from(record: ProposalRecord) -> Self {
        let ProposalRecord { number, change, by, votes, since, until } = record;
        Self { number, change: change.into(), by, votes, since: since.0, until: until.0 }
    }
}

/// The network as the chain has it.
#[api(namespace = "network")]
pub trait MembershipApi {
    /// The organisations of the network, in pages.
    #[method(
        access = public,
        errors = [],
        params = r#"{"limit": 10}"#,
        result = r#"{
            "items": [{
                "name": "Ministry",
                "key": "0x4444444444444444444444444444444444444444444444444444444444444444",
                "access": "trusted",
                "suspended": false,
                "nodes": 2,
                "since": 0
            }],
            "next": null
        }"#
    )]
    async fn organisations(
        &self,
        /// `next` of the page before.
        after: Option<String>,
        /// Organisations of this page, at most 100; 100 if left out.
        limit: Option<Number>,
    ) -> Result<OrganisationPage, Error>;

    /// The nodes of the network, in pages. They may connect, unless their organisation is suspended.
    #[method(
        access = public,
        errors = [],
        params = r#"{"limit": 10}"#,
        result = r#"{
            "items": [{
                "node": "0x5555555555555555555555555555555555555555555555555555555555555555",
                "organisation": "Ministry",
                "access": "trusted",
                "role": "validator",
                "addresses": ["node1.ministry.example:7000"],
                "since": 0
            }],
            "next": null
        }"#
    )]
    async fn nodes(
        &self,
        /// `next` of the page before.
        after: Option<Text<AccountId>>,
        /// Nodes of this page, at most 100; 100 if left out.
        limit: Option<Number>,
    ) -> Result<NodePage, Error>;

    /// Who decides a block, with their voting power.
    #[method(
        access = public,
        errors = [NOT_FOUND, PRUNED],
        params = r#"{"height": 8}"#,
        result = r#"{
            "height": 8,
            "hash": "0x7777777777777777777777777777777777777777777777777777777777777777",
            "validators": [{
                "node": "0x5555555555555555555555555555555555555555555555555555555555555555",
                "power": 4294967296
            }]
        }"#
    )]
    async fn validators(
        &self,
        /// Height of the block; that of the next one if left out.
        height: Option<Number>,
    ) -> Result<Validators, Error>;

    /// The parameters of the chain as its network contract keeps them.
    #[method(
        access = public,
        errors = [NOT_FOUND],
        params = r#"{}"#,
        result = r#"{
            "maxTxGas": 1000000000,
            "maxBlockGas": 2000000000,
            "maxTxBytes": 1314816,
            "maxBlockBytes": 3145728,
            "tickMs": 60000
        }"#
    )]
    async fn parameters(&self) -> Result<NetworkParameters, Error>;

    /// What organisations vote on, in pages.
    ///
    /// Without what is over: proposals end 30 days after they were made, by the time of the newest block or this node's clock, whichever is later.
    #[method(
        access = public,
        errors = [],
        params = r#"{"limit": 10}"#,
        result = r#"{
            "items": [{
                "number": 7,
                "change": {"protocol": {"version": 2, "height": 5000}},
                "by": "Ministry",
                "votes": ["Ministry", "Bank"],
                "since": 4100,
                "until": 1702592000000
            }],
            "next": null
        }"#
    )]
    async fn proposals(
        &self,
        /// `next` of the page before.
        after: Option<Number>,
        /// Proposals of this page, at most 100; 100 if left out.
        limit: Option<Number>,
    ) -> Result<ProposalPage, Error>;
}
