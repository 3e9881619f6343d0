//! Contracts as they go over to a party that joins them, with all that they hold. Not here: who says that it is right (`transfer`), reading and writing states (`executor`). Invariant: what stands for a contract covers all of it.

use std::collections::BTreeMap;

use coffer_abi::{AccountId, CodeHash, ContractId, Decode, Encode, Hash, Height};
use coffer_chain::hash::{Domain, code_hash, hash_of};
use coffer_chain::trie::path::{ContractLeaf, slot_path};
use coffer_chain::trie::{root_of, value_hash};
use coffer_chain::{Authority, Members, MembershipChange};

/// A contract with all that it holds, as it goes over to a party that joins it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct HandedContract {
    /// Its id.
    pub id: ContractId,
    /// Its code.
    pub code_hash: CodeHash,
    /// Key of its storage paths.
    pub path_key: [u8; 32],
    /// Who deployed it.
    pub deployer: AccountId,
    /// Block that deployed it.
    pub height: Height,
    /// Who may change its code and authority.
    pub authority: Authority,
    /// How often code or authority were changed.
    pub revision: u64,
    /// Its members, with the one that joins.
    pub members: Members,
    /// Its storage.
    pub entries: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl HandedContract {
    fn storage_root(&self) -> Hash {
        let leaf = |(key, value): (&Vec<u8>, &Vec<u8>)| (slot_path(&self.path_key, key), Some(value_hash(value)));
        root_of(&self.entries.iter().map(leaf).collect())
    }

    /// What its members say of it, so that who joins can compare: covers all of it.
    pub fn hash(&self) -> Hash {
        let leaf = ContractLeaf {
            code_hash: self.code_hash,
            storage_root: self.storage_root(),
            deployer: self.deployer,
            height: self.height,
            authority: self.authority.clone(),
            revision: self.revision,
            members: Some(self.members.clone()),
        };
        hash_of(Domain::Contents, &(self.id, self.path_key, leaf.value()))
    }
}

/// Contracts with their modules, but for those of system contracts, as they go over to a party that joins them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Content {
    /// In the order of their ids.
    pub contracts: Vec<HandedContract>,
    /// In the order of their hashes.
    pub codes: Vec<Vec<u8>>,
}

impl Content {
    /// What stands for each contract, in their order.
    pub fn hashes(&self) -> Vec<Hash> {
        self.contracts.iter().map(HandedContract::hash).collect()
    }

    /// True if it has the contracts of a change with the members that they have afterwards.
    pub fn is_of(&self, change: &MembershipChange) -> bool {
        let own = self.contracts.iter().map(|contract| (&contract.id, &contract.members));
        own.eq(change.contracts().iter().map(|(id, members)| (id, members)))
    }

    /// True if the module of each contract is there, unless `is_system` says that every state has it.
    pub fn has_codes(&self, is_system: impl Fn(&CodeHash) -> bool) -> bool {
        let codes: Vec<_> = self.codes.iter().map(|code| code_hash(code)).collect();
        self.contracts.iter().all(|contract| is_system(&contract.code_hash) || codes.contains(&contract.code_hash))
    }
}

/// What the members of contracts said to a party that joins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handed {
    /// The contracts.
    Content(Box<Content>),
    /// The change did not count.
    Nothing,
}
