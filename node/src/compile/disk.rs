//! Compiled code on the disk: one sealed file per key, the least recently used ones dropped when it is too much. Sealed, because compiled
//! code is executed as it is and because the code of a private contract is nobody's business. Not here: what is compiled.
//! Invariant: what is returned for a key was sealed for this key under this node's secret. Nothing that goes wrong here stops the node.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use coffer_runtime::engine::{CodeCache, CodeKey};
use zeroize::Zeroizing;

const NONCE: usize = 24;
/// Version of the file format; part of what is authenticated.
const VERSION: u8 = 1;
/// Ending of a file that is not written whole yet.
const UNFINISHED: &str = "new";

/// Writes a whole file.
type Write = fn(&Path, &[u8]) -> io::Result<()>;

/// Compiled code in a folder.
pub struct DiskCache {
    folder: PathBuf,
    name_key: Zeroizing<[u8; 32]>,
    nonce_key: Zeroizing<[u8; 32]>,
    cipher: XChaCha20Poly1305,
    max_bytes: u64,
    index: Mutex<Index>,
    /// True after a write failed, until one succeeds: what is wrong is told once.
    failing: AtomicBool,
    write: Write,
}

/// The files, least recently used first.
#[derive(Default)]
struct Index {
    files: HashMap<String, Entry>,
    by_use: BTreeMap<u64, String>,
    bytes: u64,
    uses: u64,
}

#[derive(Clone, Copy)]
struct Entry {
    bytes: u64,
    used: u64,
}

impl DiskCache {
    /// The cache in `folder`, which is made if it is not there, with at most `max_bytes` of files, sealed under `key`.
    ///
    /// # Errors
    /// When the folder cannot be made or read.
    pub fn open(folder: &Path, key: Zeroizing<[u8; 32]>, max_bytes: u64) -> io::Result<Self> {
        Self::open_with(folder, key, max_bytes, write_file)
    }

    fn open_with(folder: &Path, key: Zeroizing<[u8; 32]>, max_bytes: u64, write: Write) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let derive = |context: &str| Zeroizing::new(blake3::derive_key(context, &*key));
        let cache = Self {
            folder: folder.to_owned(),
            name_key: derive("coffer v1 code cache names"),
            nonce_key: derive("coffer v1 code cache nonces"),
            cipher: XChaCha20Poly1305::new((&*derive("coffer v1 code cache sealing")).into()),
            max_bytes,
            index: Mutex::new(found(folder)?),
            failing: AtomicBool::new(false),
            write,
        };
        cache.evict(&mut cache.lock());
        Ok(cache)
    }

    /// Files and their bytes.
    pub fn size(&self) -> (usize, u64) {
        let index = self.lock();
        (index.files.len(), index.bytes)
    }

    /// Says nothing about the code to who does not know the key.
    fn name(&self, key: &CodeKey) -> String {
        blake3::keyed_hash(&self.name_key, &key.to_bytes()).to_hex().to_string()
    }

    fn seal(&self, key: &CodeKey, code: &[u8]) -> Option<Vec<u8>> {
        let aad = aad(key);
        // From key and content: one nonce never meets two contents, and no random source can fail.
        let mut hasher = blake3::Hasher::new_keyed(&self.nonce_key);
        hasher.update(&aad).update(code);
        let mut nonce = [0; NONCE];
        nonce.copy_from_slice(&hasher.finalize().as_bytes()[..NONCE]);
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), Payload { msg: code, aad: &aad }).ok()?;
        Some([&nonce[..], &sealed].concat())
    }

    fn unseal(&self, key: &CodeKey, file: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = file.split_first_chunk::<NONCE>()?;
        self.cipher.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: &aad(key) }).ok()
    }

    fn store(&self, name: &str, sealed: &[u8]) -> io::Result<()> {
        let (path, unfinished) = (self.folder.join(name), self.folder.join(format!("{name}.{UNFINISHED}")));
        // Not synced: what a power cut leaves unfinished does not open, and is made again.
        (self.write)(&unfinished, sealed).and_then(|()| fs::rename(&unfinished, &path)).inspect_err(|_| {
            let _ = fs::remove_file(&unfinished);
        })
    }

    fn drop_file(&self, name: &str, why: &str) {
        tracing::warn!(file = name, why, "a file of the code cache is removed; its code is compiled again");
        self.lock().forget(name);
        if let Err(error) = fs::remove_file(self.folder.join(name))
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(file = name, %error, "the file cannot be removed");
        }
    }

    fn evict(&self, index: &mut Index) {
        while index.bytes > self.max_bytes {
            let Some((_, name)) = index.by_use.first_key_value() else { return };
            let name = name.clone();
            index.forget(&name);
            // A file that stays is counted again at the next start.
            let _ = fs::remove_file(self.folder.join(&name));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Index> {
        // The index is an account of files: after a panic it may be short of some until the next start.
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CodeCache for DiskCache {
    fn get(&self, key: &CodeKey) -> Option<Vec<u8>> {
        let name = self.name(key);
        if !self.lock().used(&name) {
            return None;
        }
        let path = self.folder.join(&name);
        let file = match read_file(&path, self.max_bytes) {
            Ok(file) => file,
            Err(error) => {
                self.drop_file(&name, &error.to_string());
                return None;
            }
        };
        let Some(code) = self.unseal(key, &file) else {
            self.drop_file(&name, "it is damaged, or another node or another code is its owner");
            return None;
        };
        // The order of use survives a restart in the files' times; without it the cache works all the same.
        let _ = File::options().write(true).open(&path).and_then(|file| file.set_modified(SystemTime::now()));
        tracing::debug!(bytes = code.len(), backend = ?key.backend, purpose = ?key.purpose, "compiled code from the cache");
        Some(code)
    }

    fn put(&self, key: &CodeKey, code: &[u8]) {
        let (name, Some(sealed)) = (self.name(key), self.seal(key, code)) else { return };
        let bytes = sealed.len() as u64;
        if bytes > self.max_bytes {
            return;
        }
        if let Err(error) = self.store(&name, &sealed) {
            if !self.failing.swap(true, Ordering::Relaxed) {
                tracing::warn!(%error, "compiled code cannot be kept on the disk; the node goes on without, and goes on trying");
            }
            return;
        }
        if self.failing.swap(false, Ordering::Relaxed) {
            tracing::info!("compiled code is kept on the disk again");
        }
        let mut index = self.lock();
        index.add(name, bytes);
        self.evict(&mut index);
    }

    fn reject(&self, key: &CodeKey, reason: &str) {
        self.drop_file(&self.name(key), reason);
    }
}

impl Index {
    fn add(&mut self, name: String, bytes: u64) {
        self.forget(&name);
        self.uses += 1;
        self.bytes += bytes;
        self.by_use.insert(self.uses, name.clone());
        self.files.insert(name, Entry { bytes, used: self.uses });
    }

    /// Makes a file the last used one; false if there is none.
    fn used(&mut self, name: &str) -> bool {
        let Some(entry) = self.files.get_mut(name) else { return false };
        self.uses += 1;
        if let Some(name) = self.by_use.remove(&entry.used) {
            self.by_use.insert(self.uses, name);
        }
        entry.used = self.uses;
        true
    }

    fn forget(&mut self, name: &str) {
        if let Some(entry) = self.files.remove(name) {
            self.by_use.remove(&entry.used);
            self.bytes -= entry.bytes;
        }
    }
}

/// What is authenticated with the code.
fn aad(key: &CodeKey) -> Vec<u8> {
    [&[VERSION][..], &key.to_bytes()].concat()
}

/// The files of a folder, those used last at the end. What a former run left unfinished is removed; what is none of the cache's stays.
fn found(folder: &Path) -> io::Result<Index> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let is_ours = |name: &str| name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        if name.strip_suffix(UNFINISHED).and_then(|name| name.strip_suffix('.')).is_some_and(is_ours) {
            let _ = fs::remove_file(entry.path());
        } else if is_ours(name) {
            let meta = entry.metadata()?;
            files.push((meta.modified()?, name.to_owned(), meta.len()));
        }
    }
    files.sort();
    let mut index = Index::default();
    files.into_iter().for_each(|(_, name, bytes)| index.add(name, bytes));
    Ok(index)
}

/// Reads a file of at most `max_bytes`; of a longer one, one byte more, which does not open.
fn read_file(path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(bytes)
}

#[cfg(test)]
mod tests;
