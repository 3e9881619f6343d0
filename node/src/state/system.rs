//! What every state of a chain has from its genesis on: the code of the system contracts and, in private states, instances of some of them. It is kept
//! once for the whole node, so that a private state nobody uses takes no room for it. Not here: what those contracts do.
//! Invariant: it is the same for every state of the chain, so that having it tells nothing of any of them.
//!
//! An instance has a record and a leaf of its own from its first write on ([`unwritten`](super::View::unwritten)); until then the root of its state
//! is what it would be without it.

use std::collections::BTreeMap;

use coffer_abi::{AccountId, CodeHash, ContractId, Hash, Height};
use coffer_chain::system::system_contract_id;
use coffer_chain::{Authority, SystemContracts};

use super::columns::{ContractRecord, Place};

/// The system contracts of a chain.
#[derive(Debug, Default)]
pub struct System {
    codes: BTreeMap<CodeHash, Vec<u8>>,
    named: BTreeMap<String, CodeHash>,
    instances: BTreeMap<ContractId, CodeHash>,
}

impl System {
    pub(super) fn of(contracts: &SystemContracts) -> Self {
        let mut system = Self::default();
        for contract in contracts.iter() {
            let hash = contract.code_hash();
            system.named.insert(contract.name.clone(), hash);
            if contract.in_private_states {
                system.instances.insert(system_contract_id(&contract.name), hash);
            }
            system.codes.insert(hash, contract.code.clone());
        }
        system
    }

    /// Hash of the code of a system contract; `None` if the chain has none of that name.
    pub fn code_of(&self, name: &str) -> Option<CodeHash> {
        self.named.get(name).copied()
    }

    /// Id and code of the instance that every private state has of a system contract; `None` if they have none of that name.
    pub fn instance_of(&self, name: &str) -> Option<(ContractId, CodeHash)> {
        let id = system_contract_id(name);
        Some((id, *self.instances.get(&id)?))
    }

    /// A module of the genesis.
    pub(super) fn code(&self, hash: &CodeHash) -> Option<&Vec<u8>> {
        self.codes.get(hash)
    }

    /// The record of an instance that nothing was written to: nobody made it, and nobody can change it.
    pub(super) fn unwritten(&self, contract: &ContractId) -> Option<ContractRecord> {
        Some(ContractRecord {
            id: *contract,
            code_hash: *self.instances.get(contract)?,
            // There is no storage that had paths.
            path_key: [0; 32],
            deployer: AccountId::ANONYMOUS,
            height: Height(0),
            storage_root: Hash::ZERO,
            authority: Authority::None,
            revision: 0,
            since: Place { height: Height(0), index: 0 },
            // It is for the party of its state alone.
            members: None,
        })
    }
}
