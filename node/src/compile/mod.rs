//! Compiling contract code away from the node: each module in a process of its own with bounds on memory and time, and compiled code kept
//! on the disk between runs. Not here: when to compile, keeping code in memory (`coffer_runtime::codes`).
//! Invariant: whatever becomes of a compiler process, of the folder or of the disk, the node goes on; nothing is executed but what this
//! node's own compiler made.

mod child;
mod disk;
mod serve;

pub use child::{ChildLimits, ChildProcess};
pub use disk::DiskCache;
pub use serve::{COMMAND, Order, ServeError, serve};

use std::path::{Path, PathBuf};
use std::sync::Arc;

use coffer_runtime::engine::{CodeCache, Compiler, InProcess, NoCache};
use zeroize::Zeroizing;

/// Folder of compiled code in the data folder.
pub const FOLDER: &str = "code-cache";

/// Where modules are compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In processes of this program, which must be `coffer`.
    Child(PathBuf),
    /// In this process. For programs that have a node inside and are not `coffer`: a module that breaks the compiler breaks them.
    Here,
}

impl Place {
    /// In processes of the program that runs, also if its file was replaced meanwhile.
    pub fn own_program() -> Self {
        let own = if cfg!(target_os = "linux") { Ok(PathBuf::from("/proc/self/exe")) } else { std::env::current_exe() };
        Self::Child(own.unwrap_or_else(|_| PathBuf::from("coffer")))
    }
}

/// How a node compiles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where.
    pub place: Place,
    /// Bounds of one compiler process.
    pub limits: ChildLimits,
    /// Bytes of compiled code kept on the disk; 0 for none.
    pub cache: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { place: Place::own_program(), limits: ChildLimits::default(), cache: 1 << 30 }
    }
}

impl Settings {
    /// The compiler they ask for.
    pub fn compiler(&self) -> Arc<dyn Compiler> {
        match &self.place {
            Place::Child(program) => Arc::new(ChildProcess::new(program.clone(), self.limits)),
            Place::Here => Arc::new(InProcess),
        }
    }

    /// The store of compiled code in a data folder, sealed under `key`. If there can be none, the node works without.
    pub fn code_cache(&self, data: &Path, key: Zeroizing<[u8; 32]>) -> Arc<dyn CodeCache> {
        if self.cache == 0 {
            return Arc::new(NoCache);
        }
        match DiskCache::open(&data.join(FOLDER), key, self.cache) {
            Ok(cache) => Arc::new(cache),
            Err(error) => {
                tracing::warn!(%error, folder = FOLDER, "compiled code cannot be kept; it is compiled anew at each start");
                Arc::new(NoCache)
            }
        }
    }
}
