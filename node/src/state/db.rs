//! The database: atomic commits of batches and reads by key. The only file that names parity-db. It is a derived store:
//! a commit is atomic and in order, but neither written nor synced when it returns; the log is what lasts.
//! Invariant: an error of a commit or of a background worker is fatal for whoever holds the database.

use std::path::Path;

use coffer_abi::codec::{Decode, Encode, decode};
use coffer_chain::trie::{NodeReader, RecordKey};
use parity_db::{CompressionType, Options};

use super::columns::{Column, Key, Kind};
use super::error::Error;
use super::scope::Scope;

/// The database of one folder.
pub(super) struct Db(parity_db::Db);

impl Db {
    pub fn open(path: &Path) -> Result<Self, Error> {
        let mut options = Options::with_columns(path, Column::COUNT);
        for column in &mut options.columns {
            column.uniform = true;
            column.compression = CompressionType::NoCompression;
        }
        options.stats = false;
        parity_db::Db::open_or_create(&options).map(Self).map_err(failed)
    }

    /// The stored bytes under a key.
    pub fn get(&self, column: Column, key: &Key) -> Result<Option<Vec<u8>>, Error> {
        self.0.get(column as u8, key).map_err(failed)
    }

    /// True if something is stored under a key.
    pub fn contains(&self, column: Column, key: &Key) -> Result<bool, Error> {
        Ok(self.0.get_size(column as u8, key).map_err(failed)?.is_some())
    }

    /// Queues a batch, atomic over all columns and in the order of the calls.
    pub fn commit(&self, batch: Batch) -> Result<(), Error> {
        let changes = batch.0.into_iter().map(|(column, key, value)| (column as u8, key, value));
        self.0.commit(changes).map_err(failed)
    }
}

fn failed(error: parity_db::Error) -> Error {
    Error::Database(error.to_string())
}

/// Changes that become visible together.
#[derive(Clone, Debug, Default)]
pub(super) struct Batch(Vec<(Column, Key, Option<Vec<u8>>)>);

impl Batch {
    /// Stores encoded `value`, sealed if the scope is private.
    pub fn put(&mut self, scope: &Scope, kind: Kind, parts: &[&[u8]], value: &impl Encode) -> Result<(), Error> {
        self.put_bytes(scope, kind, parts, value.encode())
    }

    /// Stores `content`, sealed if the scope is private.
    pub fn put_bytes(&mut self, scope: &Scope, kind: Kind, parts: &[&[u8]], content: Vec<u8>) -> Result<(), Error> {
        let key = scope.key(kind, parts);
        let content = scope.seal(kind, &key, content)?;
        self.0.push((kind.column(), key, Some(content)));
        Ok(())
    }

    /// Removes a record.
    pub fn remove(&mut self, scope: &Scope, kind: Kind, parts: &[&[u8]]) {
        self.0.push((kind.column(), scope.key(kind, parts), None));
    }
}

/// Reads the records of one state.
#[derive(Clone, Copy)]
pub(super) struct Records<'a> {
    pub db: &'a Db,
    pub scope: &'a Scope,
}

impl<'a> Records<'a> {
    /// The content of a record.
    pub fn bytes(&self, kind: Kind, parts: &[&[u8]]) -> Result<Option<Vec<u8>>, Error> {
        let key = self.scope.key(kind, parts);
        self.db.get(kind.column(), &key)?.map(|stored| self.scope.open(kind, &key, stored)).transpose()
    }

    /// True if there is such a record.
    pub fn contains(&self, kind: Kind, parts: &[&[u8]]) -> Result<bool, Error> {
        self.db.contains(kind.column(), &self.scope.key(kind, parts))
    }

    /// A decoded record.
    pub fn get<T: Decode + Encode>(&self, kind: Kind, parts: &[&[u8]]) -> Result<Option<T>, Error> {
        let bytes = self.bytes(kind, parts)?;
        bytes.map(|bytes| decode(&bytes)).transpose().map_err(|e| Error::Damaged(format!("{kind:?} record: {e}")))
    }

    /// The trie of a contract's storage, or with an empty id the state's own.
    pub fn trie(&self, id: &'a [u8]) -> TrieRecords<'a> {
        TrieRecords { records: *self, id }
    }
}

/// Reads the records of one trie.
pub(super) struct TrieRecords<'a> {
    records: Records<'a>,
    id: &'a [u8],
}

impl NodeReader for TrieRecords<'_> {
    type Error = Error;

    fn load(&self, key: &RecordKey) -> Result<Option<Vec<u8>>, Error> {
        self.records.bytes(Kind::Trie, &[self.id, &key.to_bytes()])
    }
}
