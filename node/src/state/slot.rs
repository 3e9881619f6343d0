//! The values of a contract's storage: under which key of the database each stands, and in which form. Not here: the roots over them
//! (`writes`).
//! Invariant: a value is only ever given for the key it was written under; a contract whose values once stood apart never has a bundle again.
//!
//! While a contract has few and small values they stand together (`bundle`), then each has a record of its own and [`APART`] takes the place of the bundle.
//! Such a record is the value, the key, the height and the length of the key, in this order: the value is what a read wants, and it is there once the rest is
//! cut off.

use std::sync::Arc;

use bytes::Bytes;
use coffer_abi::ContractId;
use coffer_chain::trie::Path;
use coffer_chain::trie::path::slot_path;

use super::batch::Content;
use super::bundle::{Bundle, Entry};
use super::columns::{Key, Kind};
use super::db::{Batch, Records};
use super::error::Error;
use super::scope::Scope;

/// Height and length of the key, little-endian.
const TRAILER: usize = 8 + 4;

/// In place of a bundle: the values stand apart.
const APART: &[u8] = &[0];

/// Where the slots of one contract stand in the database.
#[derive(Clone, Copy)]
pub(super) struct Slots {
    from: Key,
    is_private: bool,
}

impl Slots {
    pub fn of(scope: &Scope, contract: &ContractId) -> Self {
        Self { from: scope.key(Kind::Slot, &[contract.as_ref()]), is_private: scope.psi().is_some() }
    }

    /// Database key of the slot at a path. Of a private state it is hashed, because its paths are known to other parties. Of the public state,
    /// whose paths look random and are no secret, it is shifted by what tells the contracts apart.
    pub fn key(&self, path: &Path) -> Key {
        if self.is_private {
            return *blake3::keyed_hash(&self.from, path).as_bytes();
        }
        let mut key = self.from;
        key.iter_mut().zip(path).for_each(|(byte, path)| *byte ^= path);
        key
    }
}

/// What the slots of one contract are found with: looked up once.
#[derive(Clone, Copy)]
pub(super) struct Storage {
    /// Makes the paths.
    pub path_key: [u8; 32],
    slots: Slots,
    bundle: Key,
    /// True once that is known of its values.
    pub is_apart: bool,
}

impl Storage {
    pub fn new(scope: &Scope, contract: &ContractId, path_key: [u8; 32]) -> Self {
        let bundle = scope.key(Kind::Bundle, &[contract.as_ref()]);
        Self { path_key, slots: Slots::of(scope, contract), bundle, is_apart: false }
    }
}

/// How the values of a contract stand.
#[derive(Clone)]
pub(super) enum Values {
    Together(Bundle),
    Apart,
}

impl Values {
    /// Of a contract as it is, or as it was at the height of `records`.
    pub fn of(records: Records, contract: &ContractId, storage: &Storage) -> Result<Self, Error> {
        if storage.is_apart && records.is_today() {
            return Ok(Self::Apart);
        }
        match records.held(Kind::Bundle, &storage.bundle)? {
            None => Ok(Self::Together(Bundle::default())),
            Some(bytes) if bytes == APART => {
                records.scope.set_apart(contract);
                Ok(Self::Apart)
            }
            Some(bytes) => Ok(Self::Together(Bundle::read(bytes)?)),
        }
    }

    /// The value of a key, whose path is `path`.
    pub fn get(
        &self,
        records: Records,
        contract: &ContractId,
        storage: &Storage,
        key: &[u8],
        path: &Path,
    ) -> Result<Option<Vec<u8>>, Error> {
        match self {
            Self::Together(bundle) => Ok(bundle.get(key)?.map(<[u8]>::to_vec)),
            Self::Apart => slot_under(records, contract, &storage.slots.key(path), key),
        }
    }

    /// Adds to `batch` what `changes`, in the order of their keys and made by a block at `height`, make of these values.
    pub fn put(
        self,
        scope: &Arc<Scope>,
        storage: &Storage,
        height: u64,
        changes: &[Change],
        batch: &mut Batch,
    ) -> Result<(), Error> {
        if let Self::Together(bundle) = self {
            if let Some(bundle) = bundle.with(height, changes)? {
                batch.push(scope, Kind::Bundle, storage.bundle, bundle.stored().map(Content::Bytes));
                return Ok(());
            }
            batch.push(scope, Kind::Bundle, storage.bundle, Some(Content::Bytes(Bytes::from_static(APART))));
            for entry in bundle.entries() {
                let Entry { height, key, value } = entry?;
                if changes.binary_search_by(|change| change.key.cmp(key)).is_err() {
                    let place = storage.slots.key(&slot_path(&storage.path_key, key));
                    let content = SlotRecord::encode(height, key, value).into();
                    batch.push(scope, Kind::Slot, place, Some(Content::Bytes(content)));
                }
            }
        }
        for Change { key, value, path } in changes {
            let content = value.map(|value| Content::Bytes(SlotRecord::encode(height, key, value).into()));
            batch.push(scope, Kind::Slot, storage.slots.key(path), content);
        }
        Ok(())
    }
}

/// What becomes of one value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change<'a> {
    pub key: &'a [u8],
    /// `None` if it goes.
    pub value: Option<&'a [u8]>,
    /// Of the key.
    pub path: Path,
}

/// A value of a contract's storage with the key that its path was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SlotRecord {
    /// Block that wrote it last.
    pub height: u64,
    pub key: Vec<u8>,
    pub value: Vec<u8>,
}

impl SlotRecord {
    pub fn encode(height: u64, key: &[u8], value: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(value.len() + key.len() + TRAILER);
        bytes.extend_from_slice(value);
        bytes.extend_from_slice(key);
        bytes.extend_from_slice(&height.to_le_bytes());
        bytes.extend_from_slice(&(key.len() as u32).to_le_bytes());
        bytes
    }

    fn decode(mut bytes: Vec<u8>) -> Option<Self> {
        let (height, value) = parts(&bytes)?;
        let key = bytes[value..bytes.len() - TRAILER].to_vec();
        bytes.truncate(value);
        Some(Self { height, key, value: bytes })
    }
}

/// Height and length of the value.
fn parts(bytes: &[u8]) -> Option<(u64, usize)> {
    let (contents, trailer) = bytes.split_last_chunk::<TRAILER>()?;
    let (height, key) = trailer.split_first_chunk::<8>()?;
    let key = u32::from_le_bytes(*key.first_chunk()?) as usize;
    Some((u64::from_le_bytes(*height), contents.len().checked_sub(key)?))
}

/// The stored value of a key.
pub(super) fn slot(records: Records, contract: &ContractId, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    let Some(storage) = records.storage(contract)? else { return Ok(None) };
    match Values::of(records, contract, &storage)? {
        Values::Together(bundle) => Ok(bundle.get(key)?.map(<[u8]>::to_vec)),
        Values::Apart => slot_under(records, contract, &storage.slots.key(&slot_path(&storage.path_key, key)), key),
    }
}

/// The value of a key, stored under `place`.
fn slot_under(records: Records, contract: &ContractId, place: &Key, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    let Some(mut bytes) = records.at(Kind::Slot, place)? else { return Ok(None) };
    let (_, value) = parts(&bytes).ok_or_else(malformed)?;
    if bytes[value..bytes.len() - TRAILER] != *key {
        return Err(Error::Damaged(format!("a value of contract {contract} stands under another key than its own")));
    }
    bytes.truncate(value);
    Ok(Some(bytes))
}

/// What is stored at a path of a contract's storage.
pub(super) fn slot_at(records: Records, contract: &ContractId, path: &Path) -> Result<Option<SlotRecord>, Error> {
    let Some(storage) = records.storage(contract)? else { return Ok(None) };
    let Values::Together(bundle) = Values::of(records, contract, &storage)? else {
        let bytes = records.at(Kind::Slot, &storage.slots.key(path))?;
        return bytes.map(|bytes| SlotRecord::decode(bytes).ok_or_else(malformed)).transpose();
    };
    for entry in bundle.entries() {
        let Entry { height, key, value } = entry?;
        if slot_path(&storage.path_key, key) == *path {
            return Ok(Some(SlotRecord { height, key: key.to_vec(), value: value.to_vec() }));
        }
    }
    Ok(None)
}

/// Values of a contract that stand together; `None` if they stand apart.
pub(super) fn bundled(records: Records, contract: &ContractId) -> Result<Option<u64>, Error> {
    let Some(storage) = records.storage(contract)? else { return Ok(None) };
    match Values::of(records, contract, &storage)? {
        Values::Together(bundle) => bundle.entries().try_fold(0, |count, entry| entry.map(|_| count + 1)).map(Some),
        Values::Apart => Ok(None),
    }
}

fn malformed() -> Error {
    Error::Damaged("a record of a value is shorter than what it says of itself".into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_record_comes_back_as_it_was(
            height in any::<u64>(),
            key in prop::collection::vec(any::<u8>(), 0..50),
            value in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let bytes = SlotRecord::encode(height, &key, &value);
            prop_assert_eq!(SlotRecord::decode(bytes), Some(SlotRecord { height, key, value }));
        }

        #[test]
        fn any_bytes_are_a_record_or_none(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            if let Some(found) = SlotRecord::decode(bytes.clone()) {
                prop_assert_eq!(SlotRecord::encode(found.height, &found.key, &found.value), bytes);
            }
        }
    }

    #[test]
    fn no_two_contracts_and_no_two_states_share_a_place() {
        let public = Scope::public();
        let private = |name: &str| Scope::private(name.parse().unwrap(), &[7; 32]);
        let (one, other) = (private("PS1"), private("PS2"));
        let mut seen = std::collections::BTreeSet::new();
        for scope in [&public, &one, &other] {
            for contract in [ContractId([1; 32]), ContractId([2; 32])] {
                for path in [[3; 32], [4; 32]] {
                    assert!(seen.insert(Slots::of(scope, &contract).key(&path)));
                }
            }
        }
        // What is known of one place of a private state says nothing of another.
        let slots = Slots::of(&one, &ContractId([1; 32]));
        let apart = |a: [u8; 32], b: [u8; 32]| -> Vec<u8> { a.iter().zip(b).map(|(a, b)| a ^ b).collect() };
        assert_ne!(apart(slots.key(&[3; 32]), slots.key(&[4; 32])), apart([3; 32], [4; 32]));
    }
}
