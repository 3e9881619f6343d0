//! What the runtime reads from and what it hands back. The node implements [`StateRead`] over its tries, tests over a map. Not here: code
//! beside the state (`world`).
//! Invariant: reads of one call see one unchanging state.

use std::collections::BTreeMap;
use std::ops::Bound;

use coffer_abi::{CodeHash, ContractId};

use crate::error::Fault;

/// One entry of a scan: key and value.
pub type ScanEntry = (Vec<u8>, Vec<u8>);

/// Writes of one contract in key order: the new value, or `None` for a removed key.
pub type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// Writes of all contracts of one state.
pub type AllChanges = BTreeMap<ContractId, Changes>;

/// A consistent view of one state. Called from inside a running call, on its thread; must be deterministic; a failure is a fault.
pub trait StateRead {
    /// The value under a key of a contract.
    ///
    /// # Errors
    /// [`Fault::State`] when this node cannot read.
    fn get(&self, contract: &ContractId, key: &[u8]) -> Result<Option<Vec<u8>>, Fault>;

    /// At most `limit` entries in byte order whose ordered key (first byte [`coffer_abi::limits::KEY_ORDERED`]) starts with `prefix`
    /// and is greater than `after` (empty: from the first).
    ///
    /// # Errors
    /// [`Fault::State`] when this node cannot read.
    fn scan(&self, contract: &ContractId, prefix: &[u8], after: &[u8], limit: usize) -> Result<Vec<ScanEntry>, Fault>;
}

impl<S: StateRead + ?Sized> StateRead for &S {
    fn get(&self, contract: &ContractId, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        (**self).get(contract, key)
    }

    fn scan(&self, contract: &ContractId, prefix: &[u8], after: &[u8], limit: usize) -> Result<Vec<ScanEntry>, Fault> {
        (**self).scan(contract, prefix, after, limit)
    }
}

/// Where a scan starts: at the prefix, or just behind `after` when that lies further on.
pub(crate) fn scan_start<'a>(prefix: &'a [u8], after: &'a [u8]) -> Bound<&'a [u8]> {
    if after < prefix { Bound::Included(prefix) } else { Bound::Excluded(after) }
}

/// A state in memory, for tests, benchmarks and dry runs. As a world it holds no code; a `MemoryWorld` does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryState {
    contracts: BTreeMap<ContractId, BTreeMap<Vec<u8>, Vec<u8>>>,
}

impl MemoryState {
    /// Applies the changes of one call.
    pub fn apply(&mut self, contract: ContractId, changes: &Changes) {
        let entries = self.contracts.entry(contract).or_default();
        for (key, value) in changes {
            match (value, entries.get_mut(key)) {
                (Some(value), Some(old)) => old.clone_from(value),
                (Some(value), None) => drop(entries.insert(key.clone(), value.clone())),
                (None, _) => drop(entries.remove(key)),
            }
        }
        if entries.is_empty() {
            self.contracts.remove(&contract);
        }
    }

    /// Keys and values of one contract, in byte order.
    pub fn entries(&self, contract: &ContractId) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.contracts.get(contract).into_iter().flatten().map(|(key, value)| (key.as_slice(), value.as_slice()))
    }

    /// Number of entries over all contracts.
    pub fn len(&self) -> usize {
        self.contracts.values().map(BTreeMap::len).sum()
    }

    /// True if nothing is stored.
    pub fn is_empty(&self) -> bool {
        self.contracts.is_empty()
    }
}

impl StateRead for MemoryState {
    fn get(&self, contract: &ContractId, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.contracts.get(contract).and_then(|entries| entries.get(key)).cloned())
    }

    fn scan(&self, contract: &ContractId, prefix: &[u8], after: &[u8], limit: usize) -> Result<Vec<ScanEntry>, Fault> {
        let Some(entries) = self.contracts.get(contract) else { return Ok(Vec::new()) };
        Ok(entries
            .range::<[u8], _>((scan_start(prefix, after), Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix))
            .take(limit)
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect())
    }
}

/// Id of a contract made in memory; a chain has its own rule.
pub fn created_id(creator: &ContractId, code: &CodeHash, salt: &[u8; 32]) -> ContractId {
    let mut hasher = blake3::Hasher::new_derive_key("coffer memory world contract id");
    hasher.update(&creator.0).update(&code.0).update(salt);
    ContractId(*hasher.finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTRACT: ContractId = ContractId([7; 32]);

    #[test]
    fn a_scan_starts_behind_after_and_ends_with_the_prefix() {
        let mut state = MemoryState::default();
        let changes = [b"\x01a1", b"\x01a2", b"\x01a3", b"\x01b1"].map(|key| (key.to_vec(), Some(key.to_vec())));
        state.apply(CONTRACT, &changes.into_iter().collect());
        let keys = |after: &[u8], limit| {
            let page = state.scan(&CONTRACT, b"\x01a", after, limit).unwrap();
            page.into_iter().map(|(key, _)| key).collect::<Vec<_>>()
        };
        assert_eq!(keys(b"", 2), [b"\x01a1", b"\x01a2"]);
        assert_eq!(keys(b"\x01a1", 9), [b"\x01a2", b"\x01a3"]);
        assert_eq!(keys(b"\x01", 1), [b"\x01a1"]);
        assert!(keys(b"\x01c", 9).is_empty());
        assert!(state.scan(&ContractId([8; 32]), b"\x01", b"", 9).unwrap().is_empty());
    }

    #[test]
    fn a_state_without_entries_forgets_the_contract() {
        let mut state = MemoryState::default();
        state.apply(CONTRACT, &Changes::from([(vec![0, 1], Some(vec![2]))]));
        assert_eq!(state.len(), 1);
        state.apply(CONTRACT, &Changes::from([(vec![0, 1], None)]));
        assert!(state.is_empty());
        assert_eq!(state, MemoryState::default());
    }
}
