//! What is done to the files of a database as a whole. Not here: when (`compact`, `prune`). Invariant: nobody else has the
//! database open, but for [`Db::size`].

use std::path::Path;
use std::time::{Duration, Instant};

use super::{Db, guarded};
use crate::state::columns::Column;
use crate::state::error::Error;

/// How long nothing may move before waiting ends.
const STUCK: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(20);

impl Db {
    /// Records of a column and the bytes of their contents. What was committed a moment ago may be missing.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn size(&self, column: Column) -> Result<(u64, u64), Error> {
        let (mut records, mut bytes) = (0, 0);
        self.settle()?;
        guarded(|| {
            self.shared.db.iter_column_while(column as u8, |entry| {
                records += 1;
                bytes += entry.value.len() as u64;
                true
            })
        })?;
        Ok((records, bytes))
    }

    /// Waits until the database at `path` has one index per column: while one grows, some records are only in the one
    /// before, where [`Db::rewrite`] does not look.
    ///
    /// # Errors
    /// [`Error::Database`], also when nothing moves for two minutes; [`Error::Io`].
    pub fn rest(path: &Path) -> Result<(), Error> {
        let _db = Self::open(path)?;
        let (mut last, mut moved) = (Vec::new(), Instant::now());
        loop {
            let indexes = indexes(path)?;
            let mut columns: Vec<_> = indexes.iter().map(|(name, _)| name.get(..8).unwrap_or_default()).collect();
            columns.sort_unstable();
            if columns.windows(2).all(|pair| pair[0] != pair[1]) {
                return Ok(());
            }
            if indexes != last {
                (last, moved) = (indexes, Instant::now());
            } else if moved.elapsed() > STUCK {
                return Err(Error::Database(
                    "an index of it does not finish growing; start and stop the node once".into(),
                ));
            }
            #[expect(clippy::disallowed_methods, reason = "the database tells nobody when an index has grown")]
            std::thread::sleep(POLL);
        }
    }

    /// Copies all records of the database at `from` into a fresh one at `to`.
    ///
    /// # Errors
    /// [`Error::Database`]. A copy that misses records is no error here: compare the sizes.
    pub fn rewrite(from: &Path, to: &Path) -> Result<(), Error> {
        let columns: Vec<u8> = Column::ALL.iter().map(|column| *column as u8).collect();
        guarded(|| parity_db::migrate(from, Self::options(to), false, &columns))
    }

    /// Removes all records of a column.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn clear(path: &Path, column: Column) -> Result<(), Error> {
        // What is in the database's own log would come back into the empty column.
        drop(Self::open(path)?);
        guarded(|| parity_db::clear_column(path, column as u8))
    }
}

/// Names and times of change of the index files.
fn indexes(path: &Path) -> Result<Vec<(String, Option<std::time::SystemTime>)>, Error> {
    let what = || format!("cannot read {}", path.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).map_err(Error::io(what()))? {
        let entry = entry.map_err(Error::io(what()))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("index_") {
            found.push((name, entry.metadata().and_then(|meta| meta.modified()).ok()));
        }
    }
    found.sort_unstable();
    Ok(found)
}
