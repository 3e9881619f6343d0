//! What the first start of a node on a folder makes there of the chain, and taking it away again when that start fails. Not here: keys, genesis and what the node signed
//! last, which are never removed. Invariant: only what was not there before the start is removed, only of a folder that had no chain, and never under another process.

use std::io;
use std::path::{Path, PathBuf};

use super::StartError;
use crate::compile;
use crate::exchange;
use crate::pool;
use crate::privacy::payloads;
use crate::state::{self, Folder};

/// What is not there yet.
pub(super) struct FirstStart {
    data: PathBuf,
    missing: Vec<PathBuf>,
}

impl FirstStart {
    /// Looks at a folder that this process has locked. Of one that holds a chain nothing is ever removed.
    pub fn of(data: &Path) -> Self {
        let parts =
            [state::LOG_FOLDER, state::DATABASE_FOLDER, payloads::FILE, exchange::FILE, pool::FILE, compile::FOLDER];
        let paths = parts.map(|part| data.join(part));
        let has_chain = paths.first().is_none_or(|log| log.exists());
        let missing = if has_chain { Vec::new() } else { paths.into_iter().filter(|path| !path.exists()).collect() };
        Self { data: data.to_owned(), missing }
    }

    /// Removes what the start made before it failed, once nothing of it runs. What only waits for the state of others stays.
    pub fn undo(&self, error: &StartError) {
        if self.missing.is_empty() || error.is_without_state() {
            return;
        }
        // Whoever has the folder by now may have begun on what is there.
        let Ok(_lock) = Folder::open(&self.data) else { return };
        for path in &self.missing {
            let removed = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
            match removed {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    tracing::warn!(path = %path.display(), %error, "what a start that failed had made is left");
                }
                _ => {}
            }
        }
    }
}
