//! What the runtime reads from and what it hands back. The node implements [`StateRead`] over its tries, tests over a map.
//! Invariant: reads of one call see one unchanging state.

use std::collections::BTreeMap;
use std::ops::Bound;

use coffer_abi::ContractId;

use crate::error::Fault;

/// One entry of a scan: key and value.
pub type ScanEntry = (Vec<u8>, Vec<u8>);

/// Writes of one contract in key order: the new value, or `None` for a removed key.
pub type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

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

/// A state in memory, for tests, benchmarks and dry runs.
#[derive(Clone, Debug, Default)]
pub struct MemoryState {
    entries: BTreeMap<(ContractId, Vec<u8>), Vec<u8>>,
}

impl MemoryState {
    /// Applies the changes of one call.
    pub fn apply(&mut self, contract: ContractId, changes: &Changes) {
        for (key, value) in changes {
            match value {
                Some(value) => self.entries.insert((contract, key.clone()), value.clone()),
                None => self.entries.remove(&(contract, key.clone())),
            };
        }
    }

    /// Number of entries over all contracts.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True if nothing is stored.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl StateRead for MemoryState {
    fn get(&self, contract: &ContractId, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.entries.get(&(*contract, key.to_vec())).cloned())
    }

    fn scan(&self, contract: &ContractId, prefix: &[u8], after: &[u8], limit: usize) -> Result<Vec<ScanEntry>, Fault> {
        let start = if after.is_empty() || after < prefix {
            Bound::Included((*contract, prefix.to_vec()))
        } else {
            Bound::Excluded((*contract, after.to_vec()))
        };
        Ok(self
            .entries
            .range((start, Bound::Unbounded))
            .take_while(|((c, key), _)| c == contract && key.starts_with(prefix))
            .take(limit)
            .map(|((_, key), value)| (key.clone(), value.clone()))
            .collect())
    }
}
