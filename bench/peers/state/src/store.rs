//! Key-value stores under a trie that brings none: parity-db with a synced log of the blocks beside it, and RocksDB, whose own log is
//! synced. Invariant: what [`Store::log`] and then [`Store::commit`] have taken is there after a crash.

use std::path::Path;

use parity_db::{CompressionType, Db, Options};

use crate::Failure;
use crate::difflog::DiffLog;
use crate::work::{Block, Key};

/// Where in a store; the number is the column.
#[derive(Clone, Copy)]
pub enum Column {
    Value = 0,
    Node = 1,
    Meta = 2,
}

/// Changes that become visible together.
pub type Batch = Vec<(Column, Key, Option<Vec<u8>>)>;

pub trait Store: Send {
    fn get(&self, column: Column, key: &Key) -> Result<Option<Vec<u8>>, Failure>;
    /// Makes a block last, if [`Store::commit`] does not. Gives what that wants to know.
    fn log(&mut self, block: &Block) -> Result<u64, Failure>;
    /// Stores what a block came to; `logged` is what [`Store::log`] gave.
    fn commit(&mut self, batch: Batch, logged: u64) -> Result<(), Failure>;
}

/// parity-db and the log.
pub struct Parity {
    db: Db,
    log: DiffLog,
}

/// Blocks that the log has and the database lacks.
pub type Missing = Vec<(Block, u64)>;

const LOGGED: Key = [0xEE; 32];

impl Parity {
    pub fn open(folder: &Path) -> Result<(Self, Missing), Failure> {
        let mut options = Options::with_columns(&folder.join("db"), 3);
        for column in &mut options.columns {
            column.uniform = true;
            column.compression = CompressionType::NoCompression;
        }
        options.stats = false;
        std::fs::create_dir_all(folder)?;
        let db = Db::open_or_create(&options)?;
        let logged = match db.get(Column::Meta as u8, &LOGGED)? {
            Some(bytes) => u64::from_le_bytes(bytes.as_slice().try_into()?),
            None => 0,
        };
        let (log, missing) = DiffLog::open(folder, logged)?;
        Ok((Self { db, log }, missing))
    }
}

impl Store for Parity {
    fn get(&self, column: Column, key: &Key) -> Result<Option<Vec<u8>>, Failure> {
        Ok(self.db.get(column as u8, key)?)
    }

    fn log(&mut self, block: &Block) -> Result<u64, Failure> {
        self.log.append(block)
    }

    fn commit(&mut self, batch: Batch, logged: u64) -> Result<(), Failure> {
        let changes = batch.into_iter().map(|(column, key, value)| (column as u8, key, value));
        let end = (Column::Meta as u8, LOGGED, Some(logged.to_le_bytes().to_vec()));
        Ok(self.db.commit(changes.chain([end]))?)
    }
}

/// RocksDB as its guide for tuning begins: a Bloom filter, a large cache, no compression (hashes do not compress).
#[cfg(feature = "rocksdb")]
pub struct Rocks(rocksdb::DB);

#[cfg(feature = "rocksdb")]
impl Rocks {
    pub fn open(folder: &Path) -> Result<Self, Failure> {
        let mut table = rocksdb::BlockBasedOptions::default();
        table.set_bloom_filter(10.0, false);
        table.set_block_cache(&rocksdb::Cache::new_lru_cache(1 << 30));
        let mut options = rocksdb::Options::default();
        options.create_if_missing(true);
        options.increase_parallelism(2);
        options.set_write_buffer_size(128 << 20);
        options.set_compression_type(rocksdb::DBCompressionType::None);
        options.set_block_based_table_factory(&table);
        Ok(Self(rocksdb::DB::open(&options, folder)?))
    }
}

#[cfg(feature = "rocksdb")]
fn place(column: Column, key: &Key) -> [u8; 33] {
    let mut place = [column as u8; 33];
    place[1..].copy_from_slice(key);
    place
}

#[cfg(feature = "rocksdb")]
impl Store for Rocks {
    fn get(&self, column: Column, key: &Key) -> Result<Option<Vec<u8>>, Failure> {
        Ok(self.0.get(place(column, key))?)
    }

    fn log(&mut self, _: &Block) -> Result<u64, Failure> {
        Ok(0)
    }

    fn commit(&mut self, batch: Batch, _: u64) -> Result<(), Failure> {
        let mut writes = rocksdb::WriteBatch::default();
        for (column, key, value) in batch {
            match value {
                Some(value) => writes.put(place(column, &key), value),
                None => writes.delete(place(column, &key)),
            }
        }
        let mut options = rocksdb::WriteOptions::default();
        options.set_sync(true);
        Ok(self.0.write_opt(writes, &options)?)
    }
}
