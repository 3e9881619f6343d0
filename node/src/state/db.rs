//! The database: reads by key, and atomic changes that are visible at once and written behind, several batches in one
//! commit. The only file that names parity-db. It is a derived store: a commit is atomic and in order, but neither
//! written nor synced when it returns; the log is what lasts.
//! Invariant: what is written is always all batches up to one; an error of a commit or of a background worker is fatal
//! for whoever holds the database.

mod offline;

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use bytes::Bytes;
use coffer_abi::ContractId;
use coffer_abi::codec::{Decode, Encode, decode};
use coffer_chain::trie::path::{RESERVED, RESERVED_PATH_KEY, contract_path};
use coffer_chain::trie::{NodeReader, Record, RecordKey, TrieError};
use parity_db::{CompressionType, Operation, Options};

use super::archive;
pub(super) use super::batch::Batch;
use super::batch::Content;
use super::cache::{Absent, Cache};
use super::columns::{Column, ContractRecord, Key, Kind};
use super::error::{Error, REBUILD};
use super::memory::Memory;
use super::scope::Scope;
use super::slot::Storage;
use super::waiting::{Changes, Place, Waiting};

/// The database of one folder.
pub(super) struct Db {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
}

struct Shared {
    db: parity_db::Db,
    waiting: Waiting,
    cache: Cache,
    failed: OnceLock<String>,
}

impl Db {
    /// Opens it with the usual bounds on memory.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Self::open_with(path, &Memory::default())
    }

    pub fn open_with(path: &Path, memory: &Memory) -> Result<Self, Error> {
        empty_torn_logs(path).map_err(Error::io(format!("cannot read {}", path.display())))?;
        let db = guarded(|| parity_db::Db::open_or_create(&Self::options(path)))?;
        let (waiting, cache) = (Waiting::new(memory.waiting), Cache::new(memory.cache));
        let shared = Arc::new(Shared { db, waiting, cache, failed: OnceLock::new() });
        let writing = Arc::clone(&shared);
        let spawned = std::thread::Builder::new().name("state-writer".into()).spawn(move || writing.write_all());
        let writer = Some(spawned.map_err(Error::io("cannot start the writer of the state database"))?);
        Ok(Self { shared, writer })
    }

    fn options(path: &Path) -> Options {
        let mut options = Options::with_columns(path, Column::COUNT);
        for column in &mut options.columns {
            column.uniform = true;
            column.compression = CompressionType::NoCompression;
        }
        options.stats = false;
        options
    }

    /// The content under a key, opened.
    fn get(&self, scope: &Scope, kind: Kind, key: &Key) -> Result<Option<Vec<u8>>, Error> {
        if let Some(content) = self.shared.waiting.read(key, |change| change.content.as_ref().map(Content::to_vec)) {
            return Ok(content);
        }
        let stored = guarded(|| self.shared.db.get(kind.column() as u8, key))?;
        stored.map(|stored| scope.open(kind, key, stored)).transpose()
    }

    /// True if something is stored under a key.
    fn contains(&self, kind: Kind, key: &Key) -> Result<bool, Error> {
        if let Some(found) = self.shared.waiting.read(key, |change| change.content.is_some()) {
            return Ok(found);
        }
        Ok(guarded(|| self.shared.db.get_size(kind.column() as u8, key))?.is_some())
    }

    /// The content under a key, as it waits or as the cache holds it; as it is stored, if neither does, and then with what `hold` wants to know.
    fn content(&self, scope: &Scope, kind: Kind, key: &Key) -> Result<(Option<Content>, Option<Absent>), Error> {
        if let Some(found) = self.shared.waiting.read(key, |change| change.content.clone()) {
            return Ok((found, None));
        }
        // ORDER: asked before the database, so that what is written meanwhile shows.
        let absent = match self.shared.cache.get(key) {
            Ok(found) => return Ok((Some(found), None)),
            Err(absent) => absent,
        };
        Ok((self.get(scope, kind, key)?.map(|bytes| Content::Bytes(bytes.into())), Some(absent)))
    }

    /// The trie record at `place`, stored under `key`.
    fn record(
        &self,
        scope: &Scope,
        key: &Key,
        place: &RecordKey,
        keep: bool,
    ) -> Result<Option<Arc<Record>>, TrieError<Error>> {
        let (content, absent) = self.content(scope, Kind::Trie, key).map_err(TrieError::Read)?;
        let record = match content {
            None => return Ok(None),
            Some(Content::Trie(record)) => return Ok(Some(record)),
            Some(other) => Arc::new(Record::decode(place, &other.to_bytes())?),
        };
        if let Some(absent) = absent.filter(|_| keep) {
            self.shared.cache.hold(key, Content::Trie(Arc::clone(&record)), absent);
        }
        Ok(Some(record))
    }

    /// Makes a batch visible, atomic over all columns and in the order of the calls. It is written later.
    pub fn commit(&self, batch: Batch) -> Result<(), Error> {
        self.check_failed()?;
        self.shared.waiting.add(batch);
        Ok(())
    }

    /// Waits until there is room for another batch. Call it with no lock held that a reader needs.
    pub fn wait_for_room(&self) {
        self.shared.waiting.wait_for_room();
    }

    /// Waits until all batches are handed to the database below, for who looks at its files.
    pub fn settle(&self) -> Result<(), Error> {
        self.shared.waiting.settle();
        self.check_failed()
    }

    /// Why the writer stopped, if it did.
    pub fn failure(&self) -> Option<&str> {
        self.shared.failed.get().map(String::as_str)
    }

    /// As if a write had failed: the writer is gone, what waits is not written.
    #[cfg(test)]
    pub fn break_off(&self) {
        self.shared.failed.set("the test breaks it".into()).unwrap();
        self.shared.waiting.stop();
    }

    fn check_failed(&self) -> Result<(), Error> {
        self.failure().map_or(Ok(()), |why| Err(Error::Database(why.into())))
    }
}

impl Drop for Db {
    fn drop(&mut self) {
        self.shared.waiting.stop();
        if let Some(writer) = self.writer.take() {
            // A panic there is told by `failed`; what it left unwritten is in the log.
            let _ = writer.join();
        }
    }
}

impl Shared {
    /// The writer's work until it is stopped.
    fn write_all(&self) {
        let _stopped = Stopped(self);
        while let Some(changes) = self.waiting.take() {
            #[cfg(test)]
            if self.failed.get().is_some() {
                return;
            }
            if let Err(error) = self.write(&changes) {
                tracing::error!(%error, "the state database failed");
                // Nobody else sets it.
                let _ = self.failed.set(error.to_string());
                return;
            }
            // ORDER: before readers no longer find them waiting.
            for (place, change) in changes.iter().filter(|(_, change)| change.kind.is_cached()) {
                self.cache.set(&place.0, change.content.clone());
            }
            drop(changes);
            self.waiting.written();
        }
    }

    fn write(&self, changes: &Changes) -> Result<(), Error> {
        let mut operations = Vec::with_capacity(changes.len());
        for (Place(key), change) in changes {
            let operation = match change.stored(key)? {
                Some(content) => Operation::Set(key.to_vec(), content),
                None => Operation::Dereference(key.to_vec()),
            };
            operations.push((change.kind.column() as u8, operation));
        }
        guarded(|| self.db.commit_changes_bytes(operations))
    }
}

/// Tells everyone who waits that the writer is gone.
struct Stopped<'a>(&'a Shared);

impl Drop for Stopped<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // It may have failed before; the first reason is the one to tell.
            let _ = self.0.failed.set("its writer panicked".into());
        }
        self.0.waiting.stop();
    }
}

/// Empties the logs of the database that do not begin with a record: after a loss of power the file may be there without
/// its content, and the database reads a record's number from it all the same. What is lost follows again from the block log.
fn empty_torn_logs(path: &Path) -> std::io::Result<()> {
    /// With what a record begins; its number follows, the first one being 1.
    const RECORD: u8 = 1;
    if !path.is_dir() {
        return Ok(());
    }
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix("log"));
        if number.is_none_or(|number| number.parse::<u32>().is_err()) {
            continue;
        }
        let mut start = Vec::new();
        File::open(entry.path())?.take(9).read_to_end(&mut start)?;
        let begins = matches!(start[..], [RECORD, ref number @ ..] if number.len() == 8 && number != [0; 8]);
        if !begins && !start.is_empty() {
            tracing::warn!(file = %entry.path().display(), "a log of the database was never written; it is emptied");
            OpenOptions::new().write(true).open(entry.path())?.set_len(0)?;
        }
    }
    Ok(())
}

/// Calls the database. On damaged files it may panic where it could refuse.
fn guarded<T>(call: impl FnOnce() -> parity_db::Result<T>) -> Result<T, Error> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(done) => done.map_err(|error| Error::Database(error.to_string())),
        Err(_) => Err(Error::Damaged(format!("its files do not hold together; {REBUILD}"))),
    }
}

/// Reads the records of one state.
#[derive(Clone, Copy)]
pub(super) struct Records<'a> {
    pub db: &'a Db,
    pub scope: &'a Arc<Scope>,
    /// Values, contracts and ordered keys as they were after this block; as they are, if `None`.
    as_of: Option<u64>,
}

impl<'a> Records<'a> {
    /// The records of a state as they are.
    pub fn new(db: &'a Db, scope: &'a Arc<Scope>) -> Self {
        Self { db, scope, as_of: None }
    }

    /// The same as they were after the block at `height`, of a state that is archived since then.
    pub fn as_of(self, height: u64) -> Self {
        Self { as_of: Some(height), ..self }
    }

    /// The content of a record.
    pub fn bytes(&self, kind: Kind, parts: &[&[u8]]) -> Result<Option<Vec<u8>>, Error> {
        self.at(kind, &self.scope.key(kind, parts))
    }

    /// The content of the record under a key of this state.
    pub fn at(&self, kind: Kind, key: &Key) -> Result<Option<Vec<u8>>, Error> {
        let today = self.db.get(self.scope, kind, key)?;
        let Some(height) = self.as_of.filter(|_| archive::is_kept(kind)) else { return Ok(today) };
        // ORDER: after the record of today, so that a commit in between shows in one of the two.
        Ok(archive::before(Self { as_of: None, ..*self }, key, height)?.unwrap_or(today))
    }

    /// The content of a record of a kind that the cache holds.
    pub fn held(&self, kind: Kind, key: &Key) -> Result<Option<Bytes>, Error> {
        if self.as_of.is_some() {
            return Ok(self.at(kind, key)?.map(Bytes::from));
        }
        let (content, absent) = self.db.content(self.scope, kind, key)?;
        if let (Some(content), Some(absent)) = (&content, absent) {
            self.db.shared.cache.hold(key, content.clone(), absent);
        }
        Ok(content.map(|content| content.to_bytes()))
    }

    /// True if these are the records as they are, not as of a height.
    pub fn is_today(&self) -> bool {
        self.as_of.is_none()
    }

    /// True if there is such a record.
    pub fn contains(&self, kind: Kind, parts: &[&[u8]]) -> Result<bool, Error> {
        self.db.contains(kind, &self.scope.key(kind, parts))
    }

    /// A decoded record.
    pub fn get<T: Decode + Encode>(&self, kind: Kind, parts: &[&[u8]]) -> Result<Option<T>, Error> {
        let bytes = self.bytes(kind, parts)?;
        bytes.map(|bytes| decode(&bytes)).transpose().map_err(|e| Error::Damaged(format!("{kind:?} record: {e}")))
    }

    /// What a contract's slots are found with; `None` if this state has no such contract.
    pub fn storage(&self, contract: &ContractId) -> Result<Option<Storage>, Error> {
        self.scope.storage(contract, || {
            let path_key = if *contract == RESERVED {
                Some(RESERVED_PATH_KEY)
            } else {
                let record = self.get::<ContractRecord>(Kind::Contract, &[&contract_path(contract)])?;
                record.map(|record| record.path_key)
            };
            Ok(path_key.map(|path_key| Storage::new(self.scope, contract, path_key)))
        })
    }

    /// The trie of a contract's storage, or with an empty id the state's own.
    pub fn trie(&self, id: &[u8]) -> TrieRecords<'a> {
        TrieRecords { records: *self, keys: self.scope.key(Kind::Trie, &[id]), keep: false }
    }
}

/// Reads the records of one trie.
pub(super) struct TrieRecords<'a> {
    records: Records<'a>,
    /// From which the keys of its records are derived.
    keys: Key,
    keep: bool,
}

impl TrieRecords<'_> {
    /// The same, holding what it reads for the next block.
    pub fn keeping(self) -> Self {
        Self { keep: true, ..self }
    }

    /// Database key of a record.
    pub fn key(&self, place: &RecordKey) -> Key {
        *blake3::keyed_hash(&self.keys, &place.to_bytes()).as_bytes()
    }
}

impl NodeReader for TrieRecords<'_> {
    type Error = Error;

    fn load(&self, place: &RecordKey) -> Result<Option<Arc<Record>>, TrieError<Error>> {
        self.records.db.record(self.records.scope, &self.key(place), place, self.keep)
    }
}
