//! The network contract as a node needs it: what its `init` is given by the genesis, and what stands in its storage that decides who votes
//! and who may connect. Not here: parties and accounts (`party`), who may change any of it, which the contract decides. Invariant: the forms are those of `contracts/network`, which
//! a test of the node compares.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use coffer_abi::{AccountId, ContractId, Decode, Encode, Hash, Height, Time, codec, limits};

use crate::certificate::{POWER_PER_ORGANISATION, Validator, ValidatorSet};
use crate::genesis::Parameters;
use crate::party::FirstParties;
use crate::recovery::Recovery;
use crate::system::{NETWORK, system_contract_id};

/// What an organisation's nodes, or one node, may do at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Access {
    /// Validate and vote.
    Trusted,
    /// Follow.
    Managed,
}

/// What a node does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Role {
    /// It follows the chain.
    Follower,
    /// It votes.
    Validator,
}

/// An organisation that a chain begins with.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct FirstOrganisation {
    /// Its name.
    pub name: String,
    /// The organisation key: never a node's.
    pub key: AccountId,
    /// What its nodes may do at most.
    pub access: Access,
    /// Its nodes.
    pub nodes: Vec<FirstNode>,
}

/// A node that a chain begins with.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct FirstNode {
    /// Its node key.
    pub key: AccountId,
    /// What it may do at most.
    pub access: Access,
    /// Where it listens, as `host:port`.
    pub addresses: Vec<String>,
    /// What it does.
    pub role: Role,
}

/// An organisation as the contract stores it, by its name.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OrganisationRecord {
    /// Its name.
    pub name: String,
    /// The organisation key.
    pub key: AccountId,
    /// What its nodes may do at most.
    pub access: Access,
    /// True while it has no rights: its nodes are not let in.
    pub suspended: bool,
    /// Its nodes.
    pub nodes: u32,
    /// Height since which it is on the chain.
    pub since: u64,
}

/// A node as the contract stores it, by its key.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct NodeRecord {
    /// Its node key.
    pub key: AccountId,
    /// Its organisation.
    pub organisation: String,
    /// What it may do at most.
    pub access: Access,
    /// Where it listens, as `host:port`.
    pub addresses: Vec<String>,
    /// What it does.
    pub role: Role,
    /// Height since which it is on the chain.
    pub since: u64,
    /// True once it validated or its own key signed something in the contract.
    pub signed: bool,
}

/// A version of the protocol and its first height, as the contract stores it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct VersionRecord {
    /// The version.
    pub version: u16,
    /// Height of its first block.
    pub since: Height,
}

/// What organisations vote on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Change {
    /// An organisation joins, with its nodes as followers.
    Join {
        /// All of it.
        organisation: FirstOrganisation,
    },
    /// An organisation loses its rights until it is resumed.
    Suspend {
        /// Its name.
        organisation: String,
    },
    /// A suspended organisation has its rights again.
    Resume {
        /// Its name.
        organisation: String,
    },
    /// An organisation has another access.
    Access {
        /// Its name.
        organisation: String,
        /// The access.
        access: Access,
    },
    /// The chain has other parameters, from the next block on.
    Parameters {
        /// All of them.
        parameters: Parameters,
    },
    /// The chain has another version of the protocol.
    Protocol {
        /// The version.
        version: u16,
        /// Its first height.
        height: Height,
    },
}

/// What is voted on, as the contract stores it, by its number.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ProposalRecord {
    /// Its number.
    pub number: u64,
    /// The change.
    pub change: Change,
    /// The organisation that proposed it.
    pub by: String,
    /// Organisations that voted for it.
    pub votes: Vec<String>,
    /// Height at which it was proposed.
    pub since: Height,
    /// Block time from which on it is over.
    pub until: Time,
}

/// A recovery of the chain, as the contract stores it, by the height of its block.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RecoveryRecord {
    /// Height of the first block after it.
    pub height: Height,
    /// Hash of the last block before it.
    pub parent: Hash,
    /// The organisations that were lost.
    pub lost: Vec<String>,
    /// Who decided the first block after it.
    pub validators: Vec<Validator>,
    /// Id of the statement that those who were left signed.
    pub statement: Hash,
}

/// What a node anchored last, as the contract stores it, by the node: the root of its trie of private states after a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct AnchorRecord {
    /// The node.
    pub node: AccountId,
    /// Height of the block.
    pub height: Height,
    /// Hash of the block.
    pub block: Hash,
    /// The root.
    pub root: Hash,
    /// Height since which it is on the chain.
    pub at: Height,
}

/// Method of the contract by which a node anchors.
pub const ANCHOR: &str = "anchor";

/// Method of the contract that the first block after a recovery begins with.
pub const RECOVER: &str = "recover";

/// The contract's id: in the public state of every chain that has it.
pub fn contract() -> ContractId {
    system_contract_id(NETWORK)
}

/// What the contract's `init` is given.
pub fn init_input(
    organisations: &[FirstOrganisation],
    parameters: &Parameters,
    version: u16,
    parties: &FirstParties,
) -> Vec<u8> {
    (organisations, parameters, version, parties).encode()
}

/// What the contract's [`RECOVER`] is given.
pub fn recover_input(recovery: &Recovery) -> Vec<u8> {
    (&recovery.lost, recovery.block, recovery.id()).encode()
}

/// Key of a field that is one value, or of the entries of a map without what follows it.
pub(crate) fn field(kind: u8, name: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(name.len() + 2);
    key.extend([kind, name.len() as u8]);
    key.extend_from_slice(name.as_bytes());
    key
}

/// Storage key of the validator set.
pub fn validators_key() -> Vec<u8> {
    field(limits::KEY_PLAIN, "validators")
}

/// Storage key of the parameters.
pub fn parameters_key() -> Vec<u8> {
    field(limits::KEY_PLAIN, "parameters")
}

/// Storage key of the versions of the protocol: a list of [`VersionRecord`] in the order of their heights.
pub fn versions_key() -> Vec<u8> {
    field(limits::KEY_PLAIN, "versions")
}

/// What the storage keys of the proposals begin with; the number follows, big-endian.
pub fn proposals_prefix() -> Vec<u8> {
    field(limits::KEY_ORDERED, "proposals")
}

/// What the storage keys begin with that tell when the open proposals end; the time follows, then the number, both big-endian.
pub fn ends_prefix() -> Vec<u8> {
    field(limits::KEY_ORDERED, "ends")
}

/// The last key of [`ends_prefix`] that can be of a time: behind it stand those that end later.
pub fn ends_at(time: Time) -> Vec<u8> {
    let mut key = ends_prefix();
    key.extend_from_slice(&time.0.to_be_bytes());
    key.extend_from_slice(&u64::MAX.to_be_bytes());
    key
}

/// The time in a key of [`ends_prefix`]; `None` if it is no such key.
pub fn end_in(key: &[u8]) -> Option<Time> {
    let (time, _) = key.strip_prefix(&ends_prefix()[..])?.split_first_chunk()?;
    Some(Time(u64::from_be_bytes(*time)))
}

/// What the storage keys of the organisations begin with; the name follows.
pub fn organisations_prefix() -> Vec<u8> {
    field(limits::KEY_ORDERED, "organisations")
}

/// Storage key of the recovery whose first block has this height.
pub fn recovery_key(height: Height) -> Vec<u8> {
    let mut key = field(limits::KEY_ORDERED, "recoveries");
    key.extend_from_slice(&height.0.to_be_bytes());
    key
}

/// Storage key of an organisation.
pub fn organisation_key(name: &str) -> Vec<u8> {
    let mut key = organisations_prefix();
    key.extend_from_slice(name.as_bytes());
    key
}

/// Storage key of what a node anchored last.
pub fn anchor_key(node: &AccountId) -> Vec<u8> {
    let mut key = field(limits::KEY_PLAIN, "anchors");
    key.extend_from_slice(&node.0);
    key
}

/// Storage key of a node.
pub fn node_key(node: &AccountId) -> Vec<u8> {
    let mut key = nodes_prefix();
    key.extend_from_slice(&node.0);
    key
}

/// What the storage keys of the nodes begin with; the node key follows.
pub fn nodes_prefix() -> Vec<u8> {
    field(limits::KEY_ORDERED, "nodes")
}

/// What the storage keys of declined and removed nodes begin with; an organisation follows, and the node key ends them.
pub fn declined_prefix() -> Vec<u8> {
    field(limits::KEY_ORDERED, "declined")
}

/// The validator set as it stands under [`validators_key`]; `None` if that is none.
pub fn read_validators(value: &[u8]) -> Option<ValidatorSet> {
    ValidatorSet::new(codec::decode::<Vec<Validator>>(value).ok()?)
}

/// The validator set of some validating nodes, each with its organisation: every organisation has the same power, divided over its nodes;
/// what is left over goes to the lowest key. `None` if there are none, or a node stands twice.
pub fn validator_set<'a>(validating: impl IntoIterator<Item = (&'a str, AccountId)>) -> Option<ValidatorSet> {
    let mut by_organisation: BTreeMap<&str, Vec<AccountId>> = BTreeMap::new();
    for (organisation, node) in validating {
        by_organisation.entry(organisation).or_default().push(node);
    }
    let mut all = Vec::new();
    for nodes in by_organisation.values_mut() {
        nodes.sort();
        let count = nodes.len() as u64;
        let (each, rest) = (POWER_PER_ORGANISATION / count, POWER_PER_ORGANISATION % count);
        let powers = core::iter::once(each + rest).chain(core::iter::repeat(each));
        all.extend(nodes.iter().zip(powers).map(|(key, power)| Validator { key: *key, power }));
    }
    ValidatorSet::new(all)
}

/// The validator set that a chain of these organisations begins with; `None` if none of their nodes validates.
pub fn first_validators(organisations: &[FirstOrganisation]) -> Option<ValidatorSet> {
    let nodes = organisations.iter().flat_map(|organisation| {
        let validating = organisation.nodes.iter().filter(|node| node.role == Role::Validator);
        validating.map(|node| (organisation.name.as_str(), node.key))
    });
    validator_set(nodes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(i: u8) -> AccountId {
        AccountId([i; 32])
    }

    #[test]
    fn every_organisation_has_the_same_power_however_many_nodes_it_has() {
        let set = validator_set([("B", key(9)), ("A", key(3)), ("A", key(1)), ("A", key(2))]).unwrap();
        let third = POWER_PER_ORGANISATION / 3;
        let powers: Vec<_> = set.validators().iter().map(|validator| (validator.key, validator.power)).collect();
        assert_eq!(
            powers,
            [(key(1), third + 1), (key(2), third), (key(3), third), (key(9), POWER_PER_ORGANISATION)],
            "what is left over goes to the lowest key"
        );
        let of_a: u64 = powers[..3].iter().map(|(_, power)| power).sum();
        assert_eq!(of_a, POWER_PER_ORGANISATION);
    }

    #[test]
    fn no_set_is_empty_or_has_a_node_twice() {
        assert_eq!(validator_set([]), None);
        assert_eq!(validator_set([("A", key(1)), ("B", key(1))]), None);
        let follower = FirstNode { key: key(1), access: Access::Trusted, addresses: Vec::new(), role: Role::Follower };
        let organisation =
            FirstOrganisation { name: "A".into(), key: key(2), access: Access::Trusted, nodes: vec![follower] };
        assert_eq!(first_validators(&[organisation]), None);
    }

    #[test]
    fn what_is_stored_as_the_set_is_read_in_any_order_and_nothing_else_is() {
        let set = validator_set([("A", key(1)), ("B", key(2))]).unwrap();
        assert_eq!(read_validators(&set.validators().to_vec().encode()), Some(set));
        assert_eq!(read_validators(&[]), None);
        assert_eq!(read_validators(&Vec::<Validator>::new().encode()), None);
    }
}
