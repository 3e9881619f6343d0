//! Namespace `network`, its public record: organisations, nodes, validators and parameters as the chain has them. Not here: connections, which are
//! this node's own affair; changing anything, which are calls of the network contract. Invariant: every node answers alike at one height.

use coffer_abi::{AccountId, Hash};
use coffer_api_macros::api;
use coffer_chain::network::{self, NodeRecord, OrganisationRecord, ParameterRecord};
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
    /// Gas the public transactions of one block may ask for together.
    pub max_block_gas: u64,
    /// Bytes of the transactions of one block.
    pub max_block_bytes: u32,
    /// Version of the pass that makes modules count their gas.
    pub pass_version: u32,
    /// Version of the table of what computation costs.
    pub schedule_version: u32,
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
        let NodeRecord { key, organisation, access, addresses, role, since } = record;
        Self { node: Text(key), organisation, access: access.into(), role: role.into(), addresses, since }
    }
}

impl From<ParameterRecord> for NetworkParameters {
    fn from(record: ParameterRecord) -> Self {
        let ParameterRecord { max_tx_gas, max_block_gas, max_block_bytes, pass_version, schedule_version } = record;
        Self { max_tx_gas, max_block_gas, max_block_bytes, pass_version, schedule_version }
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
            "maxBlockBytes": 3145728,
            "passVersion": 2,
            "scheduleVersion": 1
        }"#
    )]
    async fn parameters(&self) -> Result<NetworkParameters, Error>;
}
