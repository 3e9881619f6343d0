//! Rewriting the database into a fresh one without the room that removed records left, and putting that in its place. Not
//! here: what is in it. Invariant: at every moment one of the folders is a whole database, and [`settle`] finds it.
//!
//! The fresh one is made in `db.new`, compared and synced; then `db` becomes `db.old`, `db.new` becomes `db`, and `db.old`
//! goes.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::columns::Column;
use super::db::Db;
use super::error::Error;
use super::folder::{Folder, sync_folder};

/// Folder of the database in a data folder.
pub const NAME: &str = "db";

/// What a compaction came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// Bytes of the database's files before.
    pub before: u64,
    /// And after.
    pub after: u64,
    /// Records.
    pub records: u64,
}

struct Places {
    current: PathBuf,
    fresh: PathBuf,
    old: PathBuf,
}

impl Places {
    fn of(folder: &Path) -> Self {
        let place = |name: &str| folder.join(name);
        Self { current: place(NAME), fresh: place("db.new"), old: place("db.old") }
    }
}

/// Compacts the database of a folder that no state is open on.
///
/// # Errors
/// [`Error::Asked`] when there is none; [`Error::Database`], [`Error::Io`], [`Error::Damaged`]: the database is as it was.
pub fn compact(folder: &Folder, progress: &mut dyn FnMut(&str, u64)) -> Result<Compacted, Error> {
    settle(folder.path())?;
    let places = Places::of(folder.path());
    if !places.current.is_dir() {
        return Err(Error::Asked(format!("there is no database in {}", folder.path().display())));
    }
    let before = bytes_of(&places.current)?;
    progress("waiting until the database is at rest", 0);
    Db::rest(&places.current)?;
    progress("writing the records anew", 0);
    Db::rewrite(&places.current, &places.fresh)?;
    let mut records = 0;
    for column in Column::ALL {
        let sizes = |path: &Path| Db::open(path)?.size(column);
        let (old, new) = (sizes(&places.current)?, sizes(&places.fresh)?);
        progress(&format!("column {column:?}").to_lowercase(), new.0);
        if old != new {
            remove(&places.fresh)?;
            let why = format!("column {column:?} has {old:?} records and bytes, its copy {new:?}");
            return Err(Error::Damaged(format!("{why}; the database stays as it was")));
        }
        records += new.0;
    }
    sync_all(&places.fresh)?;
    let after = bytes_of(&places.fresh)?;
    rename(&places.current, &places.old)?;
    rename(&places.fresh, &places.current)?;
    sync_folder(folder.path())?;
    remove(&places.old)?;
    sync_folder(folder.path())?;
    Ok(Compacted { before, after, records })
}

/// Ends what a compaction that was broken off left: its copy goes, or takes its place if that was all that was missing.
pub(super) fn settle(folder: &Path) -> Result<(), Error> {
    let places = Places::of(folder);
    if !places.current.exists() && places.old.exists() {
        // The copy was whole before the database got out of its way.
        rename(if places.fresh.exists() { &places.fresh } else { &places.old }, &places.current)?;
        sync_folder(folder)?;
    }
    for left in [&places.fresh, &places.old] {
        if left.exists() {
            remove(left)?;
        }
    }
    Ok(())
}

/// Bytes of the files in a folder.
///
/// # Errors
/// [`Error::Io`].
pub fn bytes_of(folder: &Path) -> Result<u64, Error> {
    let what = || format!("cannot read {}", folder.display());
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder).map_err(Error::io(what()))? {
        bytes += entry.and_then(|entry| entry.metadata()).map_err(Error::io(what()))?.len();
    }
    Ok(bytes)
}

/// Makes the files of a folder last.
pub(super) fn sync_all(folder: &Path) -> Result<(), Error> {
    let what = || format!("cannot sync {}", folder.display());
    for entry in std::fs::read_dir(folder).map_err(Error::io(what()))? {
        let path = entry.map_err(Error::io(what()))?.path();
        File::open(&path).and_then(|file| file.sync_all()).map_err(Error::io(what()))?;
    }
    sync_folder(folder)
}

fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    std::fs::rename(from, to).map_err(Error::io(format!("cannot rename {} to {}", from.display(), to.display())))
}

fn remove(folder: &Path) -> Result<(), Error> {
    std::fs::remove_dir_all(folder).map_err(Error::io(format!("cannot remove {}", folder.display())))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::columns::Kind;
    use super::super::db::{Batch, Records};
    use super::super::scope::Scope;
    use super::*;

    fn fill(path: &Path, rounds: u64) {
        let (db, scope) = (Db::open(path).unwrap(), Arc::new(Scope::public()));
        for round in 0..rounds {
            let mut batch = Batch::default();
            for number in 0..500u64 {
                let parts = [&number.to_le_bytes()[..]];
                if round % 2 == 1 && number > 20 {
                    batch.remove(&scope, Kind::Undo, &parts);
                } else {
                    batch.put_bytes(&scope, Kind::Undo, &parts, vec![round as u8; 900]);
                }
            }
            // Written round by round: what waits together is written once.
            db.commit(batch).unwrap();
            db.settle().unwrap();
        }
    }

    fn assert_filled(path: &Path, round: u8) {
        let (db, scope) = (Db::open(path).unwrap(), Arc::new(Scope::public()));
        let records = Records::new(&db, &scope);
        for number in 0..500u64 {
            let found = records.bytes(Kind::Undo, &[&number.to_le_bytes()]).unwrap();
            assert_eq!(found, (number <= 20).then(|| vec![round; 900]), "{number}");
        }
    }

    #[test]
    fn what_is_live_stays_and_the_room_of_what_is_not_is_given_back() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        assert!(matches!(compact(&folder, &mut |_, _| {}), Err(Error::Asked(_))));
        fill(&dir.path().join("db"), 4);
        let done = compact(&folder, &mut |_, _| {}).unwrap();
        assert_eq!(done.records, 21);
        assert!(done.after < done.before, "{done:?}");
        assert_filled(&dir.path().join("db"), 3);
        assert!(!dir.path().join("db.new").exists() && !dir.path().join("db.old").exists());
    }

    #[test]
    fn a_compaction_broken_off_anywhere_leaves_the_database_whole() {
        let dir = tempfile::tempdir().unwrap();
        let places = Places::of(dir.path());
        fill(&places.current, 2);
        // While the copy was made.
        std::fs::create_dir(&places.fresh).unwrap();
        std::fs::write(places.fresh.join("half"), b"half").unwrap();
        settle(dir.path()).unwrap();
        assert_filled(&places.current, 1);
        // Between the two renames.
        Db::rewrite(&places.current, &places.fresh).unwrap();
        rename(&places.current, &places.old).unwrap();
        settle(dir.path()).unwrap();
        assert_filled(&places.current, 1);
        // Before the old one was gone.
        Db::rewrite(&places.current, &places.old).unwrap();
        settle(dir.path()).unwrap();
        assert_filled(&places.current, 1);
        assert!(!places.fresh.exists() && !places.old.exists());
    }
}
