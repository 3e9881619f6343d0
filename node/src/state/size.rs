//! How much a private state holds, known without walking through it: keys and values, a share for each contract, and its modules. Not here: what the disk takes beside that (undo, receipts, events, payloads), who
//! asks. Invariant: the count follows from what was committed, so it is the same whenever and wherever it was; nothing that nodes agree on depends on it.

use std::collections::BTreeSet;

use coffer_abi::{CodeHash, ContractId};
use coffer_chain::Psi;
use coffer_chain::trie::{self, TrieError};

use super::columns::{ContractRecord, Kind, StateRecord};
use super::db::Records;
use super::error::Error;
use super::history::Layer;
use super::one::OneState;
use super::prove::trie_error;
use super::slot::slot_at;
use super::writes::StateWrites;
use super::{Inner, State, View};

/// What a contract counts beside its storage and its module.
const CONTRACT: u64 = 256;

impl State {
    /// Bytes in a private state: of keys and values, 256 for each contract, and each module once, also one that no contract has any more. 0 for one that this node does not have or cannot read.
    pub fn private_bytes(&self, psi: &Psi) -> u64 {
        self.inner.tenant(psi).and_then(|tenant| tenant.one.standing().bytes).unwrap_or(0)
    }
}

/// Bytes of a state after writes that come to a layer; `None` if that is not known of the state before them.
pub(super) fn after(
    records: Records<'_>,
    before: &StateRecord,
    writes: &StateWrites,
    layer: &Layer,
) -> Result<Option<u64>, Error> {
    let Some(before) = known(before) else { return Ok(None) };
    let (mut more, mut less) = (CONTRACT.saturating_mul(writes.created.len() as u64), 0u64);
    for ((id, key), old) in &layer.old {
        // The empty key stands for the contract's record.
        if key.is_empty() {
            continue;
        }
        let of = |value: &Option<Vec<u8>>| value.as_ref().map_or(0, |value| (key.len() + value.len()) as u64);
        let new = writes.slots.get(id).and_then(|slots| slots.get(key));
        more = more.saturating_add(new.map_or(0, of));
        less = less.saturating_add(of(old));
    }
    for (hash, code) in &writes.codes {
        if !records.contains(Kind::Code, &[hash.as_ref()])? {
            more = more.saturating_add(code.len() as u64);
        }
    }
    Ok(Some(before.saturating_add(more).saturating_sub(less)))
}

/// True if a state as a view has it would hold more after writes.
///
/// # Errors
/// When this node cannot read.
pub fn grows(view: &View, writes: &StateWrites) -> Result<bool, Error> {
    let (mut more, mut less) = (CONTRACT.saturating_mul(writes.created.len() as u64), 0u64);
    for (id, changes) in &writes.slots {
        for (key, new) in changes {
            let of = |value: &Option<Vec<u8>>| value.as_ref().map_or(0, |value| (key.len() + value.len()) as u64);
            more = more.saturating_add(of(new));
            less = less.saturating_add(of(&view.value(id, key)?));
        }
    }
    for (hash, code) in &writes.codes {
        if view.code(hash)?.is_none() {
            more = more.saturating_add(code.len() as u64);
        }
    }
    Ok(more > less)
}

/// Bytes of a state that stands so; one that nothing was written to has none.
fn known(standing: &StateRecord) -> Option<u64> {
    standing.bytes.or_else(|| (standing.root == coffer_abi::Hash::ZERO).then_some(0))
}

/// The same, found by a walk through all of it, but for modules that no contract has any more.
pub(super) fn walked(records: Records<'_>) -> Result<u64, Error> {
    let (mut bytes, mut codes) = (0u64, BTreeSet::<CodeHash>::new());
    let mut contract = |path: &trie::Path| -> Result<bool, Error> {
        let missing = || Error::Damaged("a contract is missing".into());
        let record: ContractRecord = records.get(Kind::Contract, &[path])?.ok_or_else(missing)?;
        if record.id != trie::path::RESERVED {
            bytes += CONTRACT;
            codes.insert(record.code_hash);
        }
        bytes += values(records, &record.id)?;
        Ok(true)
    };
    let walked = trie::leaves(&records.trie(&[]), &[0; 32], &mut |path, _| contract(path).map_err(TrieError::Read));
    walked.map_err(trie_error)?;
    for code in codes {
        bytes += records.bytes(Kind::Code, &[code.as_ref()])?.map_or(0, |code| code.len() as u64);
    }
    Ok(bytes)
}

fn values(records: Records<'_>, contract: &ContractId) -> Result<u64, Error> {
    let mut bytes = 0u64;
    let mut value = |path: &trie::Path| -> Result<bool, Error> {
        let missing = || Error::Damaged(format!("a value of contract {contract} is missing"));
        let slot = slot_at(records, contract, path)?.ok_or_else(missing)?;
        bytes += (slot.key.len() + slot.value.len()) as u64;
        Ok(true)
    };
    let storage = records.trie(contract.as_ref());
    let walked = trie::leaves(&storage, &[0; 32], &mut |path, _| value(path).map_err(TrieError::Read));
    walked.map_err(trie_error)?;
    Ok(bytes)
}

impl Inner {
    /// Counts the private states whose records do not say how much they hold, as those of before there were counts. The record says it from their next change on.
    pub(super) fn count_private(&self) -> Result<(), Error> {
        for tenant in self.tenants().values() {
            self.count_one(&tenant.one)?;
        }
        Ok(())
    }

    fn count_one(&self, one: &OneState) -> Result<(), Error> {
        let standing = one.standing();
        if standing.bytes.is_some() || standing.held.is_some() {
            return Ok(());
        }
        let bytes = match known(&standing) {
            Some(none) => none,
            None => match walked(self.records(one)) {
                // It takes part in nothing that is agreed on: a state that is damaged deep inside is found where it is read.
                Err(Error::Damaged(reason)) => {
                    tracing::error!(psi = ?one.scope.psi(), reason, "a private state could not be counted");
                    return Ok(());
                }
                counted => counted?,
            },
        };
        one.set_standing(StateRecord { bytes: Some(bytes), ..StateRecord::clone(&standing) });
        Ok(())
    }
}
