//! The voids that this node signed, in a small file of its data folder, and which blocks its private states execute right now. Not here: the transactions (`invoke`), what
//! the chain has of them (`state`). Invariants: what is in the file is never executed by this node, whatever arrives; a void is written, durably, before anybody gets
//! its signature, and never for what is executed or being executed.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use coffer_abi::{AccountId, Decode, Encode, Hash, Height, codec};
use coffer_chain::{Psi, Void};

use crate::durable::write_whole;

/// Name of the file in a data folder.
pub const FILE: &str = "voids";
/// Voids that one node signs at most: the file is read and written as a whole.
pub const MAX: usize = 1 << 16;
const CONTEXT: &str = "coffer v1 voids file";

/// Why the file cannot be used, or a void is not signed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file system refused.
    #[error("file of voids {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// Its content is not what was written.
    #[error(
        "file of voids {path} is damaged; restore it from a backup: without it this node may execute what it voided"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The private state has executed what was to be voided, or is about to. Permanent.
    #[error("private state `{psi}` has executed that block, {height}, or is about to: it cannot be voided any more")]
    Executed {
        /// Whose.
        psi: Psi,
        /// The marker's block.
        height: Height,
    },
    /// The file holds [`MAX`] voids.
    #[error("this node has signed {MAX} voids and signs no more")]
    Full,
}

#[derive(Encode, Decode)]
struct Content {
    version: u16,
    chain_id: Hash,
    voids: Vec<(AccountId, Void)>,
}

/// The voids of a node.
#[derive(Debug)]
pub struct Voids {
    path: PathBuf,
    chain_id: Hash,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    signed: BTreeSet<(AccountId, Void)>,
    /// The block that a private state executes, until it is committed.
    executing: BTreeMap<Psi, Height>,
}

/// A private state executes a block, until this is dropped.
#[derive(Debug)]
pub struct Executing {
    voids: Arc<Voids>,
    psi: Psi,
    height: Height,
}

impl Drop for Executing {
    fn drop(&mut self) {
        let mut inner = self.voids.lock();
        // The next block may have been begun: its own guard says when that ends.
        if inner.executing.get(&self.psi) == Some(&self.height) {
            inner.executing.remove(&self.psi);
        }
    }
}

impl Voids {
    /// Opens the file; one that is not there holds nothing.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Damaged`], also for a file of another chain.
    pub fn open(folder: &Path, chain_id: Hash) -> Result<Self, Error> {
        let path = folder.join(FILE);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(source) => return Err(Error::Io { path, source }),
        };
        let signed = if bytes.is_empty() { Some(BTreeSet::new()) } else { read(&bytes, &chain_id) };
        let Some(signed) = signed else { return Err(Error::Damaged { path }) };
        Ok(Self { path, chain_id, inner: Mutex::new(Inner { signed, ..Inner::default() }) })
    }

    /// Begins to execute a block in a private state: until that ends, nothing of it is voided. One block of a private state at a time.
    pub fn execute(self: &Arc<Self>, psi: &Psi, height: Height) -> Executing {
        self.lock().executing.insert(psi.clone(), height);
        Executing { voids: Arc::clone(self), psi: psi.clone(), height }
    }

    /// True if this node signed that void, which it did before the private state began to execute the block if at all.
    pub fn is_signed(&self, party: &AccountId, void: &Void) -> bool {
        self.lock().signed.contains(&(*party, *void))
    }

    /// Writes down that the party voids; when this returns, it lasts. Again is no error. `head` gives the height up to which its private state is done.
    ///
    /// # Errors
    /// [`Error::Executed`], [`Error::Full`], [`Error::Io`]: nothing was signed.
    pub fn sign(&self, psi: &Psi, party: &AccountId, void: &Void, head: impl Fn() -> Height) -> Result<(), Error> {
        let mut inner = self.lock();
        if inner.signed.contains(&(*party, *void)) {
            return Ok(());
        }
        let is_executing = inner.executing.get(psi).is_some_and(|height| *height >= void.height);
        // ORDER: what is being executed, then the head: it is taken from the one after it is in the other.
        if is_executing || head() >= void.height {
            return Err(Error::Executed { psi: psi.clone(), height: void.height });
        }
        if inner.signed.len() >= MAX {
            return Err(Error::Full);
        }
        let voids = inner.signed.iter().copied().chain([(*party, *void)]).collect();
        let content = Content { version: 1, chain_id: self.chain_id, voids }.encode();
        let sum = blake3::derive_key(CONTEXT, &content);
        let written = write_whole(&self.path, &[&sum[..], &content].concat());
        written.map_err(|source| Error::Io { path: self.path.clone(), source })?;
        inner.signed.insert((*party, *void));
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Each is changed at once, so a panic under the lock leaves them whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(bytes: &[u8], chain_id: &Hash) -> Option<BTreeSet<(AccountId, Void)>> {
    let (sum, content) = bytes.split_first_chunk::<32>()?;
    if blake3::derive_key(CONTEXT, content) != *sum {
        return None;
    }
    let content: Content = codec::decode(content).ok()?;
    let is_ours = content.version == 1 && content.chain_id == *chain_id && content.voids.len() <= MAX;
    is_ours.then(|| content.voids.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTY: AccountId = AccountId([5; 32]);
    const CHAIN: Hash = Hash([1; 32]);

    fn void(height: u64) -> Void {
        Void { height: Height(height), marker: Hash([2; 32]), place: 1 }
    }

    fn open(folder: &Path) -> Arc<Voids> {
        Arc::new(Voids::open(folder, CHAIN).unwrap())
    }

    #[test]
    fn what_was_signed_is_there_at_the_next_start_and_for_its_party_alone() {
        let folder = tempfile::tempdir().unwrap();
        let psi: Psi = "PS1".parse().unwrap();
        let voids = open(folder.path());
        voids.sign(&psi, &PARTY, &void(7), || Height(6)).unwrap();
        let again = open(folder.path());
        assert!(again.is_signed(&PARTY, &void(7)));
        assert!(!again.is_signed(&PARTY, &void(8)) && !again.is_signed(&AccountId([6; 32]), &void(7)));
        // Once signed it may be signed again, to be sent again.
        again.sign(&psi, &PARTY, &void(7), || Height(9)).unwrap();
        assert!(matches!(Voids::open(folder.path(), Hash([9; 32])), Err(Error::Damaged { .. })));
    }

    #[test]
    fn what_is_executed_or_being_executed_is_not_voided() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two): (Psi, Psi) = ("PS1".parse().unwrap(), "PS2".parse().unwrap());
        let voids = open(folder.path());
        assert!(matches!(voids.sign(&one, &PARTY, &void(7), || Height(7)), Err(Error::Executed { .. })));
        let executing = voids.execute(&one, Height(7));
        assert!(matches!(voids.sign(&one, &PARTY, &void(7), || Height(6)), Err(Error::Executed { .. })));
        voids.sign(&two, &AccountId([6; 32]), &void(7), || Height(6)).unwrap();
        // What comes later is not begun.
        voids.sign(&one, &PARTY, &void(8), || Height(6)).unwrap();
        let next = voids.execute(&one, Height(9));
        drop(executing);
        assert!(matches!(voids.sign(&one, &PARTY, &void(9), || Height(8)), Err(Error::Executed { .. })));
        drop(next);
        voids.sign(&one, &PARTY, &void(7), || Height(6)).unwrap();
    }

    #[test]
    fn a_changed_byte_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let psi: Psi = "PS1".parse().unwrap();
        open(folder.path()).sign(&psi, &PARTY, &void(7), || Height(6)).unwrap();
        let path = folder.path().join(FILE);
        let mut bytes = std::fs::read(&path).unwrap();
        for at in 0..bytes.len() {
            bytes[at] ^= 4;
            std::fs::write(&path, &bytes).unwrap();
            assert!(matches!(Voids::open(folder.path(), CHAIN), Err(Error::Damaged { .. })), "byte {at}");
            bytes[at] ^= 4;
        }
    }
}
