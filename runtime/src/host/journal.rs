//! What the calls of a transaction wrote, with a way back. One journal serves all frames, so a read looks in one place however deep the
//! call; a frame that fails is undone to where it began. Invariant: after an undo the journal is what it was at the mark.

use std::collections::BTreeMap;

use coffer_abi::ContractId;

use crate::state::{AllChanges, Changes};

/// Writes over the state.
#[derive(Default)]
pub(super) struct Journal {
    entries: AllChanges,
    /// What stood in the journal before each write since the first nested call, the latest last.
    undo: Vec<Undo>,
    /// False in the outermost frame: when that fails, everything goes.
    keeps_undo: bool,
}

struct Undo {
    contract: ContractId,
    key: Vec<u8>,
    before: Option<Option<Vec<u8>>>,
}

/// A point to go back to.
#[derive(Clone, Copy)]
pub(super) struct Mark(usize);

impl Journal {
    /// From here on writes can be undone to the mark returned.
    pub(super) fn mark(&mut self) -> Mark {
        self.keeps_undo = true;
        Mark(self.undo.len())
    }

    /// Drops every write since the mark.
    pub(super) fn undo(&mut self, mark: Mark) {
        while self.undo.len() > mark.0 {
            let Some(Undo { contract, key, before }) = self.undo.pop() else { break };
            let Some(entries) = self.entries.get_mut(&contract) else { continue };
            match before {
                Some(value) => drop(entries.insert(key, value)),
                None => drop(entries.remove(&key)),
            }
            if entries.is_empty() {
                self.entries.remove(&contract);
            }
        }
    }

    /// What a contract wrote, in key order.
    pub(super) fn of(&self, contract: &ContractId) -> Option<&Changes> {
        self.entries.get(contract)
    }

    /// What was written under a key: `None` if nothing was, `Some(None)` if it was removed.
    pub(super) fn get(&self, contract: &ContractId, key: &[u8]) -> Option<&Option<Vec<u8>>> {
        self.entries.get(contract)?.get(key)
    }

    /// Writes a value, or removes one.
    pub(super) fn write(&mut self, contract: ContractId, key: &[u8], value: Option<Vec<u8>>) {
        let entries = self.entries.entry(contract).or_default();
        let before = match entries.get_mut(key) {
            Some(written) => Some(std::mem::replace(written, value)),
            None => {
                entries.insert(key.to_vec(), value);
                None
            }
        };
        if self.keeps_undo {
            self.undo.push(Undo { contract, key: key.to_vec(), before });
        }
    }

    /// All writes, by contract and key.
    pub(super) fn into_changes(self) -> BTreeMap<ContractId, Changes> {
        self.entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_undone_frame_leaves_the_journal_as_it_was(
            writes in prop::collection::vec((0u8..3, 0u8..4, prop::option::of(any::<u8>())), 0..40),
            cut in 0usize..40,
        ) {
            let cut = cut.min(writes.len());
            let write = |journal: &mut Journal, writes: &[(u8, u8, Option<u8>)]| {
                for (contract, key, value) in writes {
                    journal.write(ContractId([*contract; 32]), &[0, *key], value.map(|value| vec![value]));
                }
            };
            let mut kept = Journal::default();
            write(&mut kept, &writes[..cut]);
            let mut undone = Journal::default();
            write(&mut undone, &writes[..cut]);
            let outer = undone.mark();
            write(&mut undone, &writes[cut..]);
            let inner = undone.mark();
            write(&mut undone, &writes);
            undone.undo(inner);
            undone.undo(outer);
            prop_assert_eq!(kept.into_changes(), undone.into_changes());
        }
    }
}
