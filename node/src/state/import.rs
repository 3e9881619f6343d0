//! Taking over a state from chunks: each is checked against the root before anything of it is stored, goes through the
//! block log like any change, and can be followed by the next one after a crash or a pause. Not here: the chunk and its
//! check (`chunk`), where chunks come from. Invariant: until the import is finished a private state cannot be used, and a folder
//! whose public state is taken over opens for nothing else; then the state has exactly the root that the import was begun for.
//!
//! With the public state a node begins in the middle of a chain (`beginning`). Its private states are empty there, until each is taken over too.
//!
//! What is not under the root is not taken over: receipts, events, older heights, the codes contracts had before, and when a
//! value was last written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use coffer_abi::codec::decode;
use coffer_abi::limits::KEY_ORDERED;
use coffer_abi::{CodeHash, Decode, Encode, Hash, Height};
use coffer_chain::Psi;
use coffer_chain::hash::code_hash;
use coffer_chain::trie::path::{contract_path, slot_path};
use coffer_chain::trie::{self, Path, value_hash};

use super::batch::Content;
use super::beginning::{Beginning, PublicImport};
use super::chunk::{Chunk, End, Part, Position};
use super::columns::{ContractRecord, Kind, Place, RootRecord, StateRecord};
use super::commit::PrivateFrame;
use super::db::{Batch, Records};
use super::error::Error;
use super::group::{Entry, Outcome};
use super::log::FrameKind;
use super::one::{OneState, Prepared};
use super::ordered::OrderedKeys;
use super::prove::trie_error;
use super::size;
use super::slot::{Change, Storage, Values};
use super::system::System;
use super::{Inner, State};

/// How far an import is.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Importing {
    pub height: u64,
    pub root: Hash,
    /// Where the next chunk begins; `None` once all are here.
    next: Option<Position>,
    /// Codes of the contracts that are not here yet.
    codes: BTreeSet<CodeHash>,
}

/// One step of an import, as the log keeps it.
#[derive(Encode, Decode)]
pub(super) enum Step {
    Chunk(Vec<u8>),
    Code(Vec<u8>),
    /// All is here; the trie of private states has it in it from this block on.
    Finish(u64),
    /// The block after which the public state is taken over.
    Begin(Box<Beginning>),
}

/// The import of a private state under way. Dropping it leaves it as it is; [`State::import`] goes on with it.
pub struct Import<'a> {
    inner: &'a Inner,
    one: Arc<OneState>,
    progress: Importing,
}

impl State {
    /// Begins to take over a private state of this node that nothing was ever written to, as it was after the block at
    /// `height`, or goes on with doing so. `root` is what its parties agree it had.
    ///
    /// # Errors
    /// [`Error::NotConfigured`], [`Error::Future`]; [`Error::Import`] when the state has something in it, another import of
    /// it is under way, or this node's private states are past the height; [`Error::Database`], [`Error::Damaged`].
    pub fn import(&self, psi: &Psi, height: Height, root: Hash) -> Result<Import<'_>, Error> {
        let tenant = self.inner.tenant(psi).ok_or_else(|| Error::NotConfigured(psi.clone()))?;
        let one = tenant.one.clone();
        let known = self.inner.importing(&one)?;
        if let Some(progress) = known {
            if (progress.height, progress.root) != (height.0, root) {
                let (at, of) = (progress.height, progress.root);
                return Err(Error::Import(format!("one of height {at} and root {of} is under way; finish it first")));
            }
            return Ok(Import { inner: &self.inner, one, progress });
        }
        one.check_usable()?;
        let head = self.head().height;
        if height > head {
            return Err(Error::Future { height, head });
        }
        let done = self.private_finished();
        if height < done {
            let why = format!("it is of height {height}, but this node's private states are done with block {done}");
            return Err(Error::Import(format!("{why}; take an export of that height or a later one")));
        }
        if one.standing().changes > 0 {
            return Err(Error::Import(format!("private state `{psi}` has been written to on this node")));
        }
        Ok(Import { inner: &self.inner, one, progress: Importing::new(height.0, root) })
    }
}

/// What both kinds of import do, chunk by chunk. All of it may block.
pub trait Importer {
    /// Where the next chunk begins; `None` once all are here.
    fn next(&self) -> Option<Position>;

    /// Codes that are still to be given, of the chunks that are here.
    fn codes(&self) -> &BTreeSet<CodeHash>;

    /// Checks and stores the next chunk.
    ///
    /// # Errors
    /// [`Error::Chunk`], [`Error::Import`]: nothing was stored, give another one. Else as a commit.
    fn chunk(&mut self, bytes: &[u8]) -> Result<(), Error>;

    /// Stores a code that is still to be given.
    ///
    /// # Errors
    /// As [`Importer::chunk`].
    fn code(&mut self, wasm: &[u8]) -> Result<(), Error>;
}

impl Import<'_> {
    /// Gives the state free once all is here.
    ///
    /// # Errors
    /// [`Error::Import`] if something is missing. Else as a commit.
    pub fn finish(mut self) -> Result<(), Error> {
        // A block that is sealed stays as it is.
        let there = self.inner.tenant_of(&self.one).map_or(0, |tenant| tenant.joined);
        let joined = self.progress.height.max(self.inner.psi_trie().finished() + 1).max(there);
        self.step(Step::Finish(joined))
    }

    fn step(&mut self, step: Step) -> Result<(), Error> {
        self.progress = self.inner.import_step(&self.one, &self.progress, step, None)?;
        Ok(())
    }
}

macro_rules! importer {
    ($import:ty) => {
        impl Importer for $import {
            fn next(&self) -> Option<Position> {
                self.progress.next
            }

            fn codes(&self) -> &BTreeSet<CodeHash> {
                &self.progress.codes
            }

            fn chunk(&mut self, bytes: &[u8]) -> Result<(), Error> {
                self.step(Step::Chunk(bytes.to_vec()))
            }

            fn code(&mut self, wasm: &[u8]) -> Result<(), Error> {
                self.step(Step::Code(wasm.to_vec()))
            }
        }
    };
}

importer!(Import<'_>);
importer!(PublicImport);

impl Inner {
    pub(super) fn importing(&self, one: &OneState) -> Result<Option<Importing>, Error> {
        self.records(one).get(Kind::Importing, &[])
    }

    /// Height of the block as of which the public state is being taken over, if it is.
    pub(super) fn import_under_way(&self) -> Result<Option<u64>, Error> {
        Ok(self.importing(&self.public)?.map(|progress| progress.height))
    }

    /// Codes that an import of this state has still to bring.
    pub(super) fn codes_to_come(&self, one: &OneState) -> Result<BTreeSet<CodeHash>, Error> {
        Ok(self.importing(one)?.map(|progress| progress.codes).unwrap_or_default())
    }

    /// Does a step read back from the log; `false` if the state is not in an import that it follows.
    pub(super) fn replay_import(&self, one: &Arc<OneState>, frame: PrivateFrame, end: u64) -> Result<bool, Error> {
        let known = self.importing(one)?;
        if known.is_none() && one.check_usable().is_err() {
            return Ok(false);
        }
        let key = one.scope.key(Kind::Frame, &[&frame.height.to_le_bytes()]);
        let content = one.scope.open(Kind::Frame, &key, frame.sealed)?;
        let step = decode(&content).map_err(|e| Error::Damaged(format!("a log frame of an import: {e}")))?;
        let progress = known.unwrap_or_else(|| Importing::new(frame.height, frame.root));
        self.import_step(one, &progress, step, Some(end)).map(|_| true)
    }

    pub(super) fn import_step(
        &self,
        one: &Arc<OneState>,
        before: &Importing,
        step: Step,
        replay: Option<u64>,
    ) -> Result<Importing, Error> {
        let mut prepared = one.change();
        *prepared = Prepared::default();
        let records = self.records(one);
        let mut progress = before.clone();
        let mut standing = StateRecord::clone(&one.standing());
        let mut batch = Batch::default();
        let mut floor = one.history.layers().floor();
        match &step {
            Step::Chunk(bytes) => standing.root = progress.add(records, &self.system, bytes, &mut batch)?,
            Step::Code(wasm) => {
                let hash = code_hash(wasm);
                if !progress.codes.remove(&hash) {
                    return Err(Error::Import(format!("no contract that is here needs the code {hash}")));
                }
                batch.put_bytes(records.scope, Kind::Code, &[hash.as_ref()], wasm.clone());
            }
            Step::Begin(beginning) => self.put_first(&mut batch, beginning)?,
            Step::Finish(joined) => {
                progress.check_whole(&standing.root)?;
                let mut changes = 0;
                // The roots of the public state stand with its blocks.
                if records.scope.psi().is_some() {
                    let record = RootRecord { height: progress.height, root: progress.root };
                    batch.put(records.scope, Kind::RootAt, &[&0u64.to_le_bytes()], &record);
                    batch.put(records.scope, Kind::Joined, &[], joined);
                    changes = 1;
                }
                standing =
                    StateRecord { height: progress.height, root: progress.root, changes, ..StateRecord::default() };
                if records.scope.psi().is_some() {
                    standing.bytes = Some(size::walked(records)?);
                }
                floor = progress.height;
                if records.scope.archived().is_some() {
                    batch.put(records.scope, Kind::Archive, &[], &progress.height);
                    records.scope.set_archived(Some(progress.height));
                }
            }
        }
        if matches!(step, Step::Finish(_)) {
            batch.remove(records.scope, Kind::Importing, &[]);
        } else {
            let height = progress.height;
            standing.held = Some(format!("an import of it as of height {height} is under way; go on with the import"));
            if records.scope.psi().is_none() {
                // Its head is the block it was begun with.
                standing.height = height;
            }
            batch.put(records.scope, Kind::Importing, &[], &progress);
        }
        let outcome = Outcome::new(one, batch, None, standing, floor);
        match replay {
            Some(end) => self.publish([outcome], end)?,
            None => {
                let key = one.scope.key(Kind::Frame, &[&progress.height.to_le_bytes()]);
                let sealed = one.scope.seal(Kind::Frame, &key, step.encode())?;
                let (tag, height, root) = (one.scope.tag(), progress.height, progress.root);
                let payload = PrivateFrame { tag, height, root, sealed }.encode();
                self.store(vec![Entry { kind: FrameKind::Import, payload, outcome }])?;
                if let Step::Finish(joined) = &step
                    && let Some(tenant) = self.tenant_of(one)
                {
                    self.psi_trie().note(*joined, tenant.path, progress.root);
                }
                self.keep_open(one);
            }
        }
        if let Step::Begin(beginning) = &step {
            self.begin_with(beginning);
        }
        Ok(progress)
    }
}

impl Importing {
    /// Of a state of which nothing is here.
    pub fn new(height: u64, root: Hash) -> Self {
        Self { height, root, next: Some(Position::default()), codes: BTreeSet::new() }
    }

    fn check_whole(&self, found: &Hash) -> Result<(), Error> {
        if self.next.is_some() {
            return Err(Error::Import("not all chunks are here".into()));
        }
        if let Some(code) = self.codes.first() {
            let count = self.codes.len();
            return Err(Error::Import(format!("{count} codes are missing, the first of them {code}")));
        }
        if *found != self.root {
            return Err(Error::Damaged(format!("the imported state has root {found}, not {}", self.root)));
        }
        Ok(())
    }

    /// Adds a chunk to the state; gives the root of what is here now.
    fn add(&mut self, records: Records, system: &System, bytes: &[u8], batch: &mut Batch) -> Result<Hash, Error> {
        let from = self.next.ok_or_else(|| Error::Import("all chunks are here already".into()))?;
        let chunk = Chunk::read(bytes)?;
        self.next = chunk.verify(&self.root, records.scope.psi().is_none(), &from)?;
        let mut leaves = BTreeMap::new();
        let count = chunk.contracts.len();
        for (at, part) in chunk.contracts.iter().enumerate() {
            let goes_on = at + 1 == count && chunk.end == End::Slot;
            let path = contract_path(&part.contract);
            self.add_part(records, part, &path, !goes_on, batch)?;
            self.need(records, system, &part.leaf.code_hash)?;
            leaves.insert(path, Some(value_hash(&part.leaf.value())));
        }
        put_trie(records, &[], &leaves, batch)
    }

    /// Notes a code that has still to be given.
    fn need(&mut self, records: Records, system: &System, code: &CodeHash) -> Result<(), Error> {
        // A reserved contract has none.
        let is_none = *code == CodeHash::default();
        if !is_none && system.code(code).is_none() && !records.contains(Kind::Code, &[code.as_ref()])? {
            self.codes.insert(*code);
        }
        Ok(())
    }

    fn add_part(
        &self,
        records: Records,
        part: &Part,
        path: &Path,
        is_whole: bool,
        batch: &mut Batch,
    ) -> Result<(), Error> {
        let (id, leaf) = (part.contract, part.leaf.clone());
        let record = ContractRecord {
            id,
            code_hash: leaf.code_hash,
            path_key: part.path_key,
            deployer: leaf.deployer,
            height: leaf.height,
            storage_root: leaf.storage_root,
            authority: leaf.authority,
            revision: leaf.revision,
            members: leaf.members,
            since: Place { height: leaf.height, index: 0 },
        };
        let known: Option<ContractRecord> = records.get(Kind::Contract, &[path])?;
        if known.is_some_and(|known| known != record) {
            return Err(Error::Import(format!("contract {id} has another path key than in the chunk before")));
        }
        batch.put(records.scope, Kind::Contract, &[path], &record);
        let (mut leaves, mut ordered, mut changes) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        for (key, value) in &part.slots {
            let path = slot_path(&part.path_key, key);
            leaves.insert(path, Some(value_hash(value)));
            changes.push(Change { key, value: Some(value), path });
            if key.first() == Some(&KEY_ORDERED) {
                ordered.insert(&key[..], true);
            }
        }
        let storage = Storage::new(records.scope, &id, part.path_key);
        Values::of(records, &id, &storage)?.put(records.scope, &storage, self.height, &changes, batch)?;
        OrderedKeys::new(records, id).update(&ordered, batch)?;
        let root = put_trie(records, id.as_ref(), &leaves, batch)?;
        if is_whole && root != leaf.storage_root {
            return Err(Error::Damaged(format!(
                "the imported storage of contract {id} has another root than it should"
            )));
        }
        Ok(())
    }
}

fn put_trie(
    records: Records,
    id: &[u8],
    leaves: &BTreeMap<Path, Option<Hash>>,
    batch: &mut Batch,
) -> Result<Hash, Error> {
    let trie = records.trie(id);
    let updated = trie::update(&trie, leaves).map_err(trie_error)?;
    for (place, record) in updated.records {
        batch.push(records.scope, Kind::Trie, trie.key(&place), record.map(Content::Trie));
    }
    Ok(updated.root)
}
