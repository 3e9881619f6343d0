//! The state of the one contract that runs here: the hash map every other runtime's host has, so that maps are not what is compared.
//! Invariant: it knows no other contract and no code.

use std::collections::HashMap;

use coffer_abi::limits::KEY_ORDERED;
use coffer_abi::{CodeHash, ContractId, StateId};
use coffer_runtime::state::ScanEntry;
use coffer_runtime::{Changes, Code, Executed, Fault, StateRead, World};

/// Keys and values of one contract.
#[derive(Clone, Default)]
pub struct State {
    contract: ContractId,
    entries: HashMap<Vec<u8>, Vec<u8>>,
}

impl State {
    pub fn of(contract: ContractId) -> Self {
        Self { contract, entries: HashMap::new() }
    }

    /// Takes over what a call changed, as a node does after it.
    pub fn apply(&mut self, executed: Executed) {
        for (contract, changes) in executed.changes {
            assert_eq!(contract, self.contract, "another contract was changed");
            self.change(changes);
        }
    }

    fn change(&mut self, changes: Changes) {
        for (key, value) in changes {
            match value {
                Some(value) => self.entries.insert(key, value),
                None => self.entries.remove(&key),
            };
        }
    }

    fn holds(&self, contract: &ContractId) -> bool {
        *contract == self.contract
    }
}

impl StateRead for State {
    fn get(&self, contract: &ContractId, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.entries.get(key).filter(|_| self.holds(contract)).cloned())
    }

    fn scan(&self, contract: &ContractId, prefix: &[u8], after: &[u8], limit: usize) -> Result<Vec<ScanEntry>, Fault> {
        let is_found = |key: &[u8]| {
            key.first() == Some(&KEY_ORDERED) && key.starts_with(prefix) && key > after && self.holds(contract)
        };
        let mut found: Vec<_> = self.entries.iter().filter(|(key, _)| is_found(key)).collect();
        found.sort();
        Ok(found.into_iter().take(limit).map(|(key, value)| (key.clone(), value.clone())).collect())
    }
}

impl World for State {
    fn contract(&self, _: &ContractId) -> Result<Option<Code>, Fault> {
        Ok(None)
    }

    fn code(&self, _: &CodeHash) -> Result<Option<Code>, Fault> {
        Ok(None)
    }

    fn created_id(&self, _: &ContractId, _: &CodeHash, _: &[u8; 32]) -> ContractId {
        // Without code there is nothing to make a contract of.
        ContractId::default()
    }

    fn public(&self) -> Option<(StateId, &dyn World)> {
        None
    }
}
