//! The state as it is in the middle of a block: a snapshot and the writes of the calls before. Invariant: a call sees every write of
//! the successful calls before it and none of a failed one.

use std::collections::BTreeMap;
use std::ops::Bound;

use coffer_abi::{CodeHash, ContractId, StateId};
use coffer_chain::hash::created_contract_id;
use coffer_runtime::{Changes, Code, Fault, ScanEntry, StateRead, World};

use super::world::{Snapshot, fault};
use crate::state::{Error, NewContract, StateWrites};

/// A snapshot with writes on top.
pub struct Overlay<'a> {
    below: Snapshot<'a>,
    writes: StateWrites,
}

impl<'a> Overlay<'a> {
    /// Nothing written yet.
    pub fn new(below: Snapshot<'a>) -> Self {
        Self { below, writes: StateWrites::default() }
    }

    /// The code of a contract, made before or in this block; `None` if there is no such contract.
    ///
    /// # Errors
    /// When this node cannot read.
    pub fn contract(&self, contract: &ContractId) -> Result<Option<CodeHash>, Error> {
        match self.writes.created.get(contract) {
            Some(new) => Ok(Some(new.code_hash)),
            None => Ok(self.below.view.contract(contract)?.map(|record| record.code_hash)),
        }
    }

    /// A module stored before or in this block.
    ///
    /// # Errors
    /// When this node cannot read.
    pub fn code(&self, hash: &CodeHash) -> Result<Option<Vec<u8>>, Error> {
        match self.writes.codes.get(hash) {
            Some(code) => Ok(Some(code.clone())),
            None => self.below.view.code(hash),
        }
    }

    /// Adds a contract; its code with [`Overlay::add_code`].
    pub fn create(&mut self, contract: ContractId, new: NewContract) {
        self.writes.created.insert(contract, new);
    }

    /// Adds a module.
    pub fn add_code(&mut self, hash: CodeHash, code: Vec<u8>) {
        self.writes.codes.insert(hash, code);
    }

    /// Adds the writes of a successful call.
    pub fn apply(&mut self, contract: ContractId, changes: Changes) {
        if !changes.is_empty() {
            self.writes.slots.entry(contract).or_default().extend(changes);
        }
    }

    /// All writes.
    pub fn into_writes(self) -> StateWrites {
        self.writes
    }
}

impl StateRead for Overlay<'_> {
    fn get(&self, contract: &ContractId, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        match self.writes.slots.get(contract).and_then(|changes| changes.get(key)) {
            Some(written) => Ok(written.clone()),
            None => self.below.get(contract, key),
        }
    }

    fn scan(&self, contract: &ContractId, prefix: &[u8], after: &[u8], limit: usize) -> Result<Vec<ScanEntry>, Fault> {
        let Some(changes) = self.writes.slots.get(contract) else {
            return self.below.scan(contract, prefix, after, limit);
        };
        let mut found = Vec::new();
        let mut after = after.to_vec();
        loop {
            let below = self.below.scan(contract, prefix, &after, limit)?;
            // Own writes are merged up to the last key read from below: what lies behind it is not known yet.
            let last = (below.len() == limit).then(|| below.last().map(|(key, _)| key.clone())).flatten();
            let mut page: BTreeMap<Vec<u8>, Vec<u8>> = below.into_iter().collect();
            let start = if after.as_slice() < prefix { Bound::Included(prefix) } else { Bound::Excluded(&after[..]) };
            let own = changes.range::<[u8], _>((start, Bound::Unbounded));
            let own = own.take_while(|(key, _)| key.starts_with(prefix) && last.as_ref().is_none_or(|l| *key <= l));
            for (key, value) in own {
                match value {
                    Some(value) => page.insert(key.clone(), value.clone()),
                    None => page.remove(key),
                };
            }
            found.extend(page);
            match last {
                Some(last) if found.len() < limit => after = last,
                _ => break,
            }
        }
        found.truncate(limit);
        Ok(found)
    }
}

impl World for Overlay<'_> {
    fn contract(&self, contract: &ContractId) -> Result<Option<Code>, Fault> {
        match Overlay::contract(self, contract).map_err(|error| fault(error.into()))? {
            Some(hash) => World::code(self, &hash),
            None => Ok(None),
        }
    }

    fn code(&self, hash: &CodeHash) -> Result<Option<Code>, Fault> {
        let load = || Overlay::code(self, hash);
        self.below.executor.stored_code(hash, load).map_err(fault)
    }

    fn created_id(&self, creator: &ContractId, code: &CodeHash, salt: &[u8; 32]) -> ContractId {
        created_contract_id(creator, code, salt)
    }

    fn public(&self) -> Option<(StateId, &dyn World)> {
        World::public(&self.below)
    }
}
