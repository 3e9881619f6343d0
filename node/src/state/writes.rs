//! What an execution writes to one state, and what that comes to: the new root, the records, the undo layer. Pure over
//! a reader; used alike for the public state, a private one, a proposal, a commit and a recovery. Not here: storing it
//! (`commit`).
//! Invariant: the same writes on the same state give the same root, whoever computes it.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::{Arc, LazyLock};

use coffer_abi::limits::KEY_ORDERED;
use coffer_abi::{AccountId, CodeHash, ContractId, Decode, Encode, Hash, Height};
use coffer_chain::Authority;
use coffer_chain::trie::path::{ContractLeaf, RESERVED, RESERVED_PATH_KEY, contract_path, slot_path};
use coffer_chain::trie::{self, Record, RecordKey, TrieError, value_hash};
use coffer_runtime::Changes;

use super::columns::{CodeRecord, ContractRecord, Kind, Place};
use super::batch::Content;
use super::db::{Batch, Records};
use super::error::Error;
use super::history::Layer;
use super::ordered::OrderedKeys;

/// A contract that comes into being.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct NewContract {
    /// Its code.
    pub code_hash: CodeHash,
    /// Key of its storage paths: fixed for a public contract, from the sealed call for a private one.
    pub path_key: [u8; 32],
    /// Who deploys it.
    pub deployer: AccountId,
    /// The block that deploys it.
    pub height: Height,
    /// Who may change it.
    pub authority: Authority,
}

/// A contract whose code or authority changes.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ChangedContract {
    /// The block that changes it.
    pub height: Height,
    /// The codes it gets, by the position in the block of the transaction that gives them; the last one stays. Empty if it keeps its own.
    pub codes: BTreeMap<u32, CodeHash>,
    /// Who may change it from now on.
    pub authority: Authority,
    /// How often it was changed, this block included.
    pub revision: u64,
}

/// Everything a block writes to one state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct StateWrites {
    /// New contracts.
    pub created: BTreeMap<ContractId, NewContract>,
    /// Contracts with other code or authority. They must exist or be created here.
    pub changed: BTreeMap<ContractId, ChangedContract>,
    /// Modules, by their hash; one that is stored already may be left out or repeated.
    pub codes: BTreeMap<CodeHash, Vec<u8>>,
    /// Storage, by contract. The contract must exist, be created here, or be [`RESERVED`].
    pub slots: BTreeMap<ContractId, Changes>,
}

impl StateWrites {
    /// True if nothing is written.
    pub fn is_empty(&self) -> bool {
        let unchanged = self.created.is_empty() && self.changed.is_empty() && self.codes.is_empty();
        unchanged && self.slots.values().all(BTreeMap::is_empty)
    }
}

/// What writes do to the tries of a state.
#[derive(Clone, Debug)]
pub(super) struct Roots {
    pub root: Hash,
    /// Trie records by trie (a contract's, or the state's own).
    tries: Vec<(Option<ContractId>, Vec<(RecordKey, Option<Arc<Record>>)>)>,
    /// Records of the contracts touched, with their new storage roots; `None` for one that goes.
    contracts: BTreeMap<ContractId, Option<ContractRecord>>,
    /// Codes that contracts had until a place.
    replaced: Vec<(ContractId, Place, CodeRecord)>,
}

impl Roots {
    /// Computes the root a state gets from writes.
    ///
    /// # Errors
    /// [`Error::NoContract`], [`Error::ContractExists`], or the state cannot be read.
    pub fn of(records: Records, writes: &StateWrites) -> Result<Self, Error> {
        let mut roots =
            Self { root: Hash::ZERO, tries: Vec::new(), contracts: BTreeMap::new(), replaced: Vec::new() };
        let nothing = Changes::new();
        let touched = writes.slots.iter().filter(|(_, changes)| !changes.is_empty()).map(|(id, _)| id);
        let mut leaves = BTreeMap::new();
        for id in writes.created.keys().chain(writes.changed.keys()).chain(touched) {
            if roots.contracts.contains_key(id) {
                continue;
            }
            let mut contract = contract_before(records, id, writes.created.get(id))?;
            if let Some(changed) = writes.changed.get(id) {
                roots.change(id, &mut contract, changed);
            }
            let changes = writes.slots.get(id).unwrap_or(&nothing);
            let values = changes
                .iter()
                .map(|(key, value)| (slot_path(&contract.path_key, key), value.as_deref().map(value_hash)))
                .collect();
            contract.storage_root = roots.apply(records, Some(*id), &values)?;
            let gone = *id == RESERVED && contract.storage_root == Hash::ZERO;
            let contract = (!gone).then_some(contract);
            let leaf = contract.as_ref().map(|contract| value_hash(&leaf(contract).encode()));
            leaves.insert(contract_path(id), leaf);
            roots.contracts.insert(*id, contract);
        }
        roots.root = roots.apply(records, None, &leaves)?;
        Ok(roots)
    }

    fn change(&mut self, id: &ContractId, contract: &mut ContractRecord, changed: &ChangedContract) {
        for (index, code_hash) in &changed.codes {
            let before = CodeRecord { code_hash: contract.code_hash, since: contract.since };
            contract.code_hash = *code_hash;
            contract.since = Place { height: changed.height, index: *index };
            self.replaced.push((*id, contract.since, before));
        }
        contract.authority = changed.authority.clone();
        contract.revision = changed.revision;
    }

    fn apply(
        &mut self,
        records: Records,
        id: Option<ContractId>,
        leaves: &BTreeMap<trie::Path, Option<Hash>>,
    ) -> Result<Hash, Error> {
        let reader = records.trie(id.as_ref().map_or(&[], AsRef::as_ref)).keeping();
        let updated = trie::update_on(&reader, leaves, threads()).map_err(|error| match error {
            TrieError::Read(error) => error,
            corrupt => Error::Damaged(corrupt.to_string()),
        })?;
        self.tries.push((id, updated.records));
        Ok(updated.root)
    }

    /// The batch that stores writes and tries, and what it overwrites.
    pub fn into_changes(self, records: Records, height: u64, writes: &StateWrites) -> Result<(Batch, Layer), Error> {
        let mut batch = Batch::default();
        let mut layer = Layer { height, old: BTreeMap::new() };
        for (id, trie) in self.tries {
            let keys = records.trie(id.as_ref().map_or(&[], AsRef::as_ref));
            for (place, record) in trie {
                batch.push(records.scope, Kind::Trie, keys.key(&place), record.map(Content::Trie));
            }
        }
        for (id, contract) in self.contracts {
            layer.old.insert((id, Vec::new()), records.bytes(Kind::Contract, &[id.as_ref()])?);
            match contract {
                Some(contract) => batch.put(records.scope, Kind::Contract, &[id.as_ref()], &contract),
                None => batch.remove(records.scope, Kind::Contract, &[id.as_ref()]),
            }
        }
        for (id, place, before) in self.replaced {
            batch.put(records.scope, Kind::CodeBefore, &[id.as_ref(), &place.encode()], &before);
        }
        for (id, changes) in &writes.slots {
            let mut ordered = BTreeMap::new();
            for (key, value) in changes {
                let old = slot(records, id, key)?;
                if old == *value {
                    continue;
                }
                if key.first() == Some(&KEY_ORDERED) && old.is_some() != value.is_some() {
                    ordered.insert(&key[..], value.is_some());
                }
                put_slot(&mut batch, records, id, key, height, value.as_deref());
                layer.old.insert((*id, key.clone()), old);
            }
            OrderedKeys::new(records, *id).update(&ordered, &mut batch)?;
        }
        for (hash, code) in &writes.codes {
            batch.put_bytes(records.scope, Kind::Code, &[hash.as_ref()], code.clone());
        }
        Ok((batch, layer))
    }
}

/// Threads that compute one root: as many as there are processors, a few at most.
pub(super) fn threads() -> usize {
    static THREADS: LazyLock<usize> =
        LazyLock::new(|| std::thread::available_parallelism().map_or(1, NonZero::get).min(8));
    *THREADS
}

/// The stored value of a key, without the height in front of it.
pub(super) fn slot(records: Records, contract: &ContractId, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    let Some(mut record) = records.bytes(Kind::Slot, &[contract.as_ref(), key])? else {
        return Ok(None);
    };
    if record.len() < 8 {
        return Err(Error::Damaged(format!("a value of contract {contract} has {} bytes", record.len())));
    }
    record.drain(..8);
    Ok(Some(record))
}

fn put_slot(
    batch: &mut Batch,
    records: Records,
    contract: &ContractId,
    key: &[u8],
    height: u64,
    value: Option<&[u8]>,
) {
    let parts = [contract.as_ref(), key];
    match value {
        Some(value) => batch.put_bytes(records.scope, Kind::Slot, &parts, [&height.to_le_bytes()[..], value].concat()),
        None => batch.remove(records.scope, Kind::Slot, &parts),
    }
}

/// What the state's trie commits to of a contract.
pub(super) fn leaf(contract: &ContractRecord) -> ContractLeaf {
    ContractLeaf {
        code_hash: contract.code_hash,
        storage_root: contract.storage_root,
        deployer: contract.deployer,
        height: contract.height,
        authority: contract.authority.clone(),
        revision: contract.revision,
    }
}

fn contract_before(records: Records, id: &ContractId, created: Option<&NewContract>) -> Result<ContractRecord, Error> {
    let stored = records.get::<ContractRecord>(Kind::Contract, &[id.as_ref()])?;
    match (stored, created) {
        (Some(_), Some(_)) => Err(Error::ContractExists(*id)),
        (Some(stored), None) => Ok(stored),
        (None, Some(new)) => Ok(ContractRecord {
            code_hash: new.code_hash,
            path_key: new.path_key,
            deployer: new.deployer,
            height: new.height,
            storage_root: Hash::ZERO,
            authority: new.authority.clone(),
            revision: 0,
            since: Place { height: new.height, index: 0 },
        }),
        (None, None) if *id == RESERVED => Ok(ContractRecord {
            code_hash: CodeHash::default(),
            path_key: RESERVED_PATH_KEY,
            deployer: AccountId::ANONYMOUS,
            height: Height(0),
            storage_root: Hash::ZERO,
            authority: Authority::None,
            revision: 0,
            since: Place { height: Height(0), index: 0 },
        }),
        (None, None) => Err(Error::NoContract(*id)),
    }
}
