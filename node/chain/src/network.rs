//! The network contract as a node needs it: what its `init` is given by the genesis, and what stands in its storage that decides who votes
//! and who may connect. Not here: who may change any of it, which the contract decides. Invariant: the forms are those of `contracts/network`, which
//! a test of the node compares.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use coffer_abi::{AccountId, ContractId, Decode, Encode, codec, limits};

use crate::certificate::{POWER_PER_ORGANISATION, Validator, ValidatorSet};
use crate::genesis::Parameters;
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
}

/// Parameters of the chain as the contract keeps them.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ParameterRecord {
    /// Gas one public transaction or one private call may use.
    pub max_tx_gas: u64,
    /// Gas the public transactions of one block may ask for together.
    pub max_block_gas: u64,
    /// Bytes of the transactions of one block.
    pub max_block_bytes: u32,
    /// Version of the pass that makes modules count their gas.
    pub pass_version: u32,
    /// Version of the gas schedule.
    pub schedule_version: u32,
}

impl From<&Parameters> for ParameterRecord {
    fn from(parameters: &Parameters) -> Self {
        Self {
            max_tx_gas: parameters.max_tx_gas.0,
            max_block_gas: parameters.max_block_gas.0,
            max_block_bytes: parameters.max_block_bytes,
            pass_version: parameters.pass_version,
            schedule_version: parameters.schedule_version,
        }
    }
}

/// The contract's id: in the public state of every chain that has it.
pub fn contract() -> ContractId {
    system_contract_id(NETWORK)
}

/// What the contract's `init` is given.
pub fn init_input(organisations: &[FirstOrganisation], parameters: &Parameters) -> Vec<u8> {
    (organisations, ParameterRecord::from(parameters)).encode()
}

/// Key of a field that is one value, or of the entries of a map without what follows it.
fn field(kind: u8, name: &str) -> Vec<u8> {
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

/// What the storage keys of the organisations begin with; the name follows.
pub fn organisations_prefix() -> Vec<u8> {
    field(limits::KEY_ORDERED, "organisations")
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
