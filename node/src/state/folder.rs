//! The node's data folder: made, synced and locked against a second node. Not here: what is in its files.
//! Invariant: while a [`Folder`] lives, no other process of this program works on it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::error::Error;

const LOCK: &str = "lock";

/// A locked data folder. Dropping it gives the lock back.
pub struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder if it is not there, and locks it.
    ///
    /// # Errors
    /// [`Error::InUse`] when another node has it, [`Error::Io`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        create_synced(path)?;
        let lock_path = path.join(LOCK);
        let what = || format!("cannot lock {}", lock_path.display());
        let mut options = OpenOptions::new();
        let mut lock =
            options.create(true).truncate(false).read(true).write(true).open(&lock_path).map_err(Error::io(what()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::InUse { dir: path.to_owned(), pid: owner(&mut lock) });
            }
            Err(TryLockError::Error(source)) => return Err(Error::Io { what: what(), source }),
        }
        let mut note = || {
            lock.set_len(0)?;
            lock.rewind()?;
            lock.write_all(std::process::id().to_string().as_bytes())
        };
        note().map_err(Error::io(what()))?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// Locks a folder that is there, whatever is in it.
    ///
    /// # Errors
    /// As [`Folder::open`]; [`Error::Asked`] if it is not there.
    pub fn of(path: &Path) -> Result<Self, Error> {
        if !path.is_dir() {
            return Err(Error::Asked(format!("there is no folder {}", path.display())));
        }
        Self::open(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn owner(lock: &mut File) -> String {
    let mut text = String::new();
    let read = lock.take(20).read_to_string(&mut text);
    if read.is_ok() && !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) { text } else { "unknown".into() }
}

/// Makes a folder and all above it, and syncs each new name into its parent.
fn create_synced(path: &Path) -> Result<(), Error> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent {
        create_synced(parent)?;
    }
    match std::fs::create_dir(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            return Err(Error::Io { what: format!("cannot create {}", path.display()), source: error });
        }
        _ => {}
    }
    sync_folder(parent.unwrap_or(Path::new(".")))
}

/// Makes the names in a folder last.
pub(super) fn sync_folder(path: &Path) -> Result<(), Error> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(Error::io(format!("cannot sync {}", path.display())))
}
