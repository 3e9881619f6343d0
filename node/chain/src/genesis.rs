//! The document a chain starts from. Its hash is the chain id. Not here: the state of block 0, which a node computes from it (`network`'s `init`) and
//! compares with the root it names. Invariant: two chains never share a genesis (`salt`).

use alloc::vec::Vec;

use coffer_abi::{AccountId, Decode, Encode, Gas, Hash, Height, Time};

use crate::block::{Header, receipts_root, transactions_root};
use crate::certificate::ValidatorSet;
use crate::hash::{Domain, hash_of};
use crate::network::{FirstOrganisation, first_validators};
use crate::party::FirstParties;
use crate::rules::BlockRules;
use crate::sign::is_key;
use crate::system::{NETWORK, SystemContract, SystemContracts};
use crate::tx::MAX_BYTES;

/// Bounds that all nodes of a chain share. The organisations change them by votes; what else they share hangs on the version of the protocol.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Parameters {
    /// Gas one public transaction or one private call may use.
    pub max_tx_gas: Gas,
    /// Gas of one block: a public transaction may ask for what those before it in the block left.
    pub max_block_gas: Gas,
    /// Bytes of one transaction.
    pub max_tx_bytes: u32,
    /// Bytes of the transactions of one block.
    pub max_block_bytes: u32,
    /// Milliseconds after a block from which on the next one may be empty, if something ended by its time since ([`crate::rules::tick_time`]); 0: never.
    pub tick_ms: u32,
}

impl Default for Parameters {
    /// A transaction at its limit takes about a second of one core; a block holds two of them and any two of the largest transactions.
    fn default() -> Self {
        Self {
            max_tx_gas: Gas(1_000_000_000),
            max_block_gas: Gas(2_000_000_000),
            max_tx_bytes: MAX_BYTES as u32,
            max_block_bytes: 3 * 1024 * 1024,
            tick_ms: 60_000,
        }
    }
}

/// The start of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Genesis {
    /// Version of the protocol at the start.
    pub version: u16,
    /// Random, so that no two chains are one by accident.
    pub salt: [u8; 32],
    /// Time of block 0, milliseconds since 1970-01-01 UTC.
    pub time: Time,
    /// Who decides block 1.
    pub validators: ValidatorSet,
    /// The parameters at the start.
    pub parameters: Parameters,
    /// Contracts that come with the chain. A change is a network upgrade.
    pub system: SystemContracts,
    /// What the network contract begins with; none on a chain without that contract.
    pub organisations: Vec<FirstOrganisation>,
    /// Tag keys, accounts and parties that it begins with. Nothing of it is signed: who takes the genesis agrees to it.
    pub parties: FirstParties,
    /// Root of the public state of block 0: what the network contract wrote when it began; zeros on a chain without it.
    pub state_root: Hash,
}

/// Why a genesis begins no chain. Permanent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GenesisError {
    /// Organisations without a contract that keeps them.
    #[error("it names organisations, but has no system contract `network` that keeps them")]
    NoNetwork,
    /// A state that nobody wrote.
    #[error("it names a state root, but has no system contract `network` that writes anything")]
    StateRoot,
    /// Parties without a contract that keeps them.
    #[error("it names parties, accounts or tag keys, but has no system contract `network` that keeps them")]
    NoParties,
    /// A key that nothing can be sealed for.
    #[error("it names {0} as an encryption or tag key, which is no key, or a weak one")]
    Key(AccountId),
    /// Other validators than the organisations' nodes.
    #[error("its validators are not the validating nodes of its organisations with their power")]
    Validators,
}

impl Genesis {
    /// Identity of the chain.
    pub fn chain_id(&self) -> Hash {
        hash_of(Domain::Genesis, self)
    }

    /// What block 1 must keep.
    pub fn rules(&self) -> BlockRules {
        BlockRules { version: self.version, parameters: self.parameters.clone(), next_end: None, recovery: None }
    }

    /// The contract that keeps the network, if this chain has it.
    pub fn network(&self) -> Option<&SystemContract> {
        self.system.iter().find(|contract| contract.name == NETWORK)
    }

    /// Checks that its parts agree with each other, as far as can be told without executing anything.
    ///
    /// # Errors
    /// [`GenesisError`].
    pub fn check(&self) -> Result<(), GenesisError> {
        if let Some(weak) = self.parties.sealing_keys().find(|key| !is_key(key)) {
            return Err(GenesisError::Key(*weak));
        }
        match self.network() {
            None if !self.organisations.is_empty() => Err(GenesisError::NoNetwork),
            None if !self.parties.is_empty() => Err(GenesisError::NoParties),
            None if self.state_root != Hash::ZERO => Err(GenesisError::StateRoot),
            None => Ok(()),
            Some(_) if first_validators(&self.organisations).as_ref() == Some(&self.validators) => Ok(()),
            Some(_) => Err(GenesisError::Validators),
        }
    }

    /// Header of block 0: no transactions, the state the network contract begins with.
    pub fn header(&self) -> Header {
        Header {
            version: self.version,
            chain_id: self.chain_id(),
            height: Height(0),
            parent: Hash::ZERO,
            proposer: AccountId::ANONYMOUS,
            time: self.time,
            transactions_root: transactions_root(&[]),
            receipts_root: receipts_root(&[]),
            state_root: self.state_root,
            gas_used: Gas(0),
            validators: self.validators.hash(),
            next_validators: self.validators.hash(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Access, FirstNode, Role};
    use crate::party::FirstTagKey;

    fn genesis(network: bool, validating: bool) -> Genesis {
        let node = FirstNode {
            key: AccountId([1; 32]),
            access: Access::Trusted,
            addresses: Vec::new(),
            role: if validating { Role::Validator } else { Role::Follower },
        };
        let organisation =
            FirstOrganisation { name: "A".into(), key: AccountId([2; 32]), access: Access::Trusted, nodes: vec![node] };
        let contract = SystemContract { name: NETWORK.into(), code: b"\0asm".to_vec(), in_private_states: false };
        let validators = crate::network::validator_set([("A", AccountId([1; 32]))]).unwrap();
        Genesis {
            version: crate::PROTOCOL_VERSION,
            salt: [1; 32],
            time: Time(1),
            validators,
            parameters: Parameters::default(),
            system: SystemContracts::new(if network { vec![contract] } else { vec![] }).unwrap(),
            organisations: vec![organisation],
            parties: FirstParties::default(),
            state_root: Hash([3; 32]),
        }
    }

    #[test]
    fn validators_are_the_validating_nodes_of_the_organisations() {
        assert_eq!(genesis(true, true).check(), Ok(()));
        assert_eq!(genesis(true, false).check(), Err(GenesisError::Validators));
        let none = Genesis { organisations: Vec::new(), ..genesis(true, true) };
        assert_eq!(none.check(), Err(GenesisError::Validators));
    }

    #[test]
    fn a_chain_without_the_contract_has_neither_organisations_nor_a_first_state() {
        let bare = genesis(false, true);
        assert_eq!(bare.check(), Err(GenesisError::NoNetwork));
        let bare = Genesis { organisations: Vec::new(), ..bare };
        assert_eq!(bare.check(), Err(GenesisError::StateRoot));
        let key = crate::SigningKey::from_seed(&[1; 32]).account();
        let of = |key| FirstParties { tag_keys: vec![FirstTagKey { node: key, key }], ..FirstParties::default() };
        assert_eq!(Genesis { parties: of(key), ..bare.clone() }.check(), Err(GenesisError::NoParties));
        assert_eq!(Genesis { state_root: Hash::ZERO, ..bare }.check(), Ok(()));
    }

    #[test]
    fn a_chain_begins_with_no_weak_key() {
        let key = crate::SigningKey::from_seed(&[1; 32]).account();
        let of = |key| FirstParties { tag_keys: vec![FirstTagKey { node: key, key }], ..FirstParties::default() };
        assert_eq!(Genesis { parties: of(key), ..genesis(true, true) }.check(), Ok(()));
        let mut weak = AccountId([0; 32]);
        weak.0[0] = 1;
        assert_eq!(Genesis { parties: of(weak), ..genesis(true, true) }.check(), Err(GenesisError::Key(weak)));
    }

    #[test]
    fn the_first_header_names_the_first_state_and_both_validator_sets() {
        let genesis = genesis(true, true);
        let header = genesis.header();
        assert_eq!(header.state_root, genesis.state_root);
        assert_eq!((header.validators, header.next_validators), (genesis.validators.hash(), genesis.validators.hash()));
        let other = Genesis { state_root: Hash([4; 32]), ..genesis.clone() };
        assert_ne!(other.chain_id(), genesis.chain_id(), "the chain id covers the first state");
    }
}
