//! All that a contract of a state holds, for who hands it over to another state. Not here: whole states (`export`). Invariant: it is of one height.

use std::collections::BTreeMap;

use coffer_abi::{ContractId, Height};
use coffer_chain::trie::{self, Path, TrieError};

use super::View;
use super::error::Error;
use super::prove::trie_error;
use super::slot::slot_at;

/// Keys and values of a contract.
pub type Entries = BTreeMap<Vec<u8>, Vec<u8>>;

impl View {
    /// All keys and values of a contract; `None` if they come to more than `most` bytes. Takes a walk through all of it.
    ///
    /// # Errors
    /// [`Error::Stale`] unless this view is at the head of its state; the state cannot be read.
    pub fn all_entries(&self, contract: &ContractId, most: u64) -> Result<Option<Entries>, Error> {
        let Some(one) = &self.one else { return Ok(Some(Entries::new())) };
        // While this is held no commit reaches the database: all is of one height.
        let _pages = one.pages.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let head = one.standing().height;
        if head > self.height().0 {
            return Err(Error::Stale { view: self.height(), head: Height(head) });
        }
        let (records, mut entries, mut bytes) = (self.records(one), Entries::new(), 0u64);
        let mut entry = |path: &Path| -> Result<bool, Error> {
            let missing = || Error::Damaged(format!("a value of contract {contract} is missing"));
            let slot = slot_at(records, contract, path)?.ok_or_else(missing)?;
            bytes = bytes.saturating_add((slot.key.len() + slot.value.len()) as u64);
            let fits = bytes <= most;
            if fits {
                entries.insert(slot.key, slot.value);
            }
            Ok(fits)
        };
        let storage = records.trie(contract.as_ref());
        let walked = trie::leaves(&storage, &[0; 32], &mut |path, _| entry(path).map_err(TrieError::Read));
        walked.map_err(trie_error)?;
        Ok((bytes <= most).then_some(entries))
    }
}
