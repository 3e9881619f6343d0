//! What an execution writes to one state, and what that comes to: the new root, the records, the undo layer. Pure over
//! a reader; used alike for the public state, a private one, a proposal, a commit and a recovery. Not here: storing it
//! (`commit`).
//! Invariant: the same writes on the same state give the same root, whoever computes it.

use std::collections::BTreeMap;
use std::sync::Arc;

use coffer_abi::codec::decode;
use coffer_abi::limits::KEY_ORDERED;
use coffer_abi::{AccountId, CodeHash, ContractId, Decode, Encode, Hash, Height};
use coffer_chain::trie::path::{ContractLeaf, RESERVED, RESERVED_PATH_KEY, contract_path, slot_path};
use coffer_chain::trie::{self, Record, RecordKey, TrieError, value_hash};
use coffer_chain::{Authority, Members};
use coffer_runtime::Changes;

use super::archive;
use super::batch::Content;
use super::columns::{CodeRecord, ContractRecord, Kind, Place};
use super::db::{Batch, Records};
use super::error::Error;
use super::history::Layer;
use super::ordered::OrderedKeys;
use super::slot::{Change, Storage, Values};
use super::threads::{side_by_side, threads};

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
    /// Who a private one is for, if not the party of its state alone. Not encoded here: a frame of the log has the members behind all else, so that
    /// those of the time before there were members are read as they are.
    #[codec(skip)]
    pub members: Option<Members>,
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
    /// Contracts with other members. They must exist. Not encoded here, as [`NewContract::members`].
    #[codec(skip)]
    pub members: BTreeMap<ContractId, Members>,
}

impl StateWrites {
    /// True if nothing is written.
    pub fn is_empty(&self) -> bool {
        let unchanged = self.created.is_empty() && self.changed.is_empty() && self.codes.is_empty();
        unchanged && self.members.is_empty() && self.slots.values().all(BTreeMap::is_empty)
    }

    /// Root of the state whose first writes these are: contracts that come into being, with their storage. What a new chain names as its first root.
    pub fn first_root(&self) -> Hash {
        let mut leaves = BTreeMap::new();
        for (id, new) in &self.created {
            let mut contract = made(id, new);
            let changes = self.slots.get(id).into_iter().flatten();
            let slots =
                changes.map(|(key, value)| (slot_path(&contract.path_key, key), value.as_deref().map(value_hash)));
            contract.storage_root = trie::root_of(&slots.collect());
            leaves.insert(contract_path(id), Some(value_hash(&leaf(&contract).value())));
        }
        trie::root_of(&leaves)
    }
}

/// Records of one trie by place; `None` for one that goes.
type TrieRecords = Vec<(RecordKey, Option<Arc<Record>>)>;

/// What writes do to the tries of a state.
#[derive(Clone)]
pub(super) struct Roots {
    pub root: Hash,
    /// Trie records by trie (a contract's, or the state's own).
    tries: Vec<(Option<ContractId>, TrieRecords)>,
    /// The contracts touched.
    contracts: BTreeMap<ContractId, Contract>,
    /// Codes that contracts had until a place.
    replaced: Vec<(ContractId, Place, CodeRecord)>,
    /// What stands at the slots written.
    slots: BTreeMap<ContractId, Slots>,
}

/// A contract before and after it is written to.
#[derive(Clone, Debug)]
struct Contract {
    /// Its path in the state's trie.
    path: trie::Path,
    /// Its record as stored.
    before: Option<Vec<u8>>,
    /// With its new storage root; `None` if it goes.
    after: Option<ContractRecord>,
}

/// The slots of a contract before they are written.
#[derive(Clone)]
struct Slots {
    storage: Storage,
    values: Values,
    /// Path and value of those written, in their order.
    old: Vec<(trie::Path, Option<Vec<u8>>)>,
}

impl Roots {
    /// Computes the root a state gets from writes.
    ///
    /// # Errors
    /// [`Error::NoContract`], [`Error::ContractExists`], or the state cannot be read.
    pub fn of(records: Records, writes: &StateWrites) -> Result<Self, Error> {
        let mut roots = Self {
            root: Hash::ZERO,
            tries: Vec::new(),
            contracts: BTreeMap::new(),
            replaced: Vec::new(),
            slots: BTreeMap::new(),
        };
        let nothing = Changes::new();
        let touched = writes.slots.iter().filter(|(_, changes)| !changes.is_empty()).map(|(id, _)| id);
        let mut leaves = BTreeMap::new();
        let changed = writes.changed.keys().chain(writes.members.keys());
        for id in writes.created.keys().chain(changed).chain(touched) {
            if roots.contracts.contains_key(id) {
                continue;
            }
            let path = contract_path(id);
            let before = records.bytes(Kind::Contract, &[&path])?;
            let mut contract = contract_before(id, before.as_deref(), writes.created.get(id))?;
            if let Some(changed) = writes.changed.get(id) {
                roots.change(id, &mut contract, changed);
            }
            if let Some(members) = writes.members.get(id) {
                contract.members = Some(members.clone());
            }
            let changes = writes.slots.get(id).unwrap_or(&nothing);
            let storage = Storage::new(records.scope, id, contract.path_key);
            let values = roots.read(records, id, storage, changes)?;
            contract.storage_root = roots.apply(records, Some(*id), &values)?;
            let gone = *id == RESERVED && contract.storage_root == Hash::ZERO;
            let after = (!gone).then_some(contract);
            leaves.insert(path, after.as_ref().map(|contract| value_hash(&leaf(contract).value())));
            roots.contracts.insert(*id, Contract { path, before, after });
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

    /// The leaves that slots get. Reads what they hold before, too, while the processor is at it: a commit then waits
    /// for nothing but the log.
    fn read(
        &mut self,
        records: Records,
        id: &ContractId,
        storage: Storage,
        changes: &Changes,
    ) -> Result<BTreeMap<trie::Path, Option<Hash>>, Error> {
        const MANY: usize = 128;
        let values = Values::of(records, id, &storage)?;
        let read = side_by_side(changes.iter().collect(), MANY, |(name, new): (&Vec<u8>, &Option<Vec<u8>>)| {
            let path = slot_path(&storage.path_key, name);
            let old = values.get(records, id, &storage, name, &path)?;
            Ok::<_, Error>(((path, new.as_deref().map(value_hash)), old))
        });
        let (mut leaves, mut old) = (Vec::with_capacity(read.len()), Vec::with_capacity(read.len()));
        for read in read {
            let (leaf, value) = read?;
            old.push((leaf.0, value));
            leaves.push(leaf);
        }
        self.slots.insert(*id, Slots { storage, values, old });
        Ok(leaves.into_iter().collect())
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
    pub fn into_changes(
        mut self,
        records: Records,
        height: u64,
        writes: &StateWrites,
    ) -> Result<(Batch, Layer), Error> {
        let mut batch = Batch::default();
        let mut old_contents = Vec::new();
        for (id, trie) in self.tries {
            let keys = records.trie(id.as_ref().map_or(&[], AsRef::as_ref));
            for (place, record) in trie {
                batch.push(records.scope, Kind::Trie, keys.key(&place), record.map(Content::Trie));
            }
        }
        for (id, Contract { path, before, after }) in self.contracts {
            old_contents.push(((id, Vec::new()), before));
            match after {
                Some(contract) => batch.put(records.scope, Kind::Contract, &[&path], &contract),
                None => batch.remove(records.scope, Kind::Contract, &[&path]),
            }
        }
        for (id, place, before) in self.replaced {
            batch.put(records.scope, Kind::CodeBefore, &[id.as_ref(), &place.encode()], &before);
        }
        for (id, changes) in &writes.slots {
            let Some(Slots { storage, values, old }) = self.slots.remove(id) else { continue };
            let (mut ordered, mut changed) = (BTreeMap::new(), Vec::with_capacity(old.len()));
            for ((name, value), (path, old)) in changes.iter().zip(old) {
                if old == *value {
                    continue;
                }
                if name.first() == Some(&KEY_ORDERED) && old.is_some() != value.is_some() {
                    ordered.insert(&name[..], value.is_some());
                }
                changed.push(Change { key: name, value: value.as_deref(), path });
                old_contents.push(((*id, name.clone()), old));
            }
            if !changed.is_empty() {
                values.put(records.scope, &storage, height, &changed, &mut batch)?;
            }
            OrderedKeys::new(records, *id).update(&ordered, &mut batch)?;
        }
        for (hash, code) in &writes.codes {
            batch.put_bytes(records.scope, Kind::Code, &[hash.as_ref()], code.clone());
        }
        archive::keep(records, height, &mut batch)?;
        Ok((batch, Layer { height, old: old_contents.into_iter().collect() }))
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
        members: contract.members.clone(),
    }
}

/// A new contract without storage.
fn made(id: &ContractId, new: &NewContract) -> ContractRecord {
    ContractRecord {
        id: *id,
        code_hash: new.code_hash,
        path_key: new.path_key,
        deployer: new.deployer,
        height: new.height,
        storage_root: Hash::ZERO,
        authority: new.authority.clone(),
        revision: 0,
        since: Place { height: new.height, index: 0 },
        members: new.members.clone(),
    }
}

fn contract_before(
    id: &ContractId,
    stored: Option<&[u8]>,
    created: Option<&NewContract>,
) -> Result<ContractRecord, Error> {
    match (stored, created) {
        (Some(_), Some(_)) => Err(Error::ContractExists(*id)),
        (Some(stored), None) => {
            decode(stored).map_err(|error| Error::Damaged(format!("the record of contract {id}: {error}")))
        }
        (None, Some(new)) => Ok(made(id, new)),
        (None, None) if *id == RESERVED => Ok(ContractRecord {
            id: *id,
            code_hash: CodeHash::default(),
            path_key: RESERVED_PATH_KEY,
            deployer: AccountId::ANONYMOUS,
            height: Height(0),
            storage_root: Hash::ZERO,
            authority: Authority::None,
            revision: 0,
            since: Place { height: Height(0), index: 0 },
            members: None,
        }),
        (None, None) => Err(Error::NoContract(*id)),
    }
}
