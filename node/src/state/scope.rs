//! Whose records: derives the database keys of one state and seals what is private. The only file of the state that
//! names a cipher.
//! Invariant: nothing of a private state reaches a file before it went through [`Scope::seal`], and its keys cannot be
//! guessed.
//!
//! Sealing is XChaCha20-Poly1305 under a key derived from the tenant's storage key. The nonce is a keyed BLAKE3 of
//! record key and content, so one nonce never meets two contents, the same log replayed gives the same bytes, and no
//! random source can fail.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use coffer_abi::ContractId;
use coffer_chain::Psi;
use zeroize::Zeroizing;

use super::columns::{Key, Kind};
use super::error::Error;

const NONCE: usize = 24;
/// Path keys kept in memory for one state, 64 bytes each.
const KNOWN_PATH_KEYS: usize = 4096;

/// One state's keys.
pub(super) struct Scope {
    psi: Option<Psi>,
    record_key: Zeroizing<[u8; 32]>,
    sealing: Option<Sealing>,
    /// Path keys of contracts that were looked up; a contract keeps its own for good.
    path_keys: Mutex<HashMap<ContractId, [u8; 32]>>,
    /// Height since which older records are kept; [`u64::MAX`] if they are not.
    archived: AtomicU64,
}

struct Sealing {
    nonce_key: Zeroizing<[u8; 32]>,
    cipher: XChaCha20Poly1305,
}

impl Scope {
    /// The public state: plain records under keys anyone can compute.
    pub fn public() -> Self {
        let record_key = Zeroizing::new(blake3::derive_key("coffer v1 public state record keys", &[]));
        Self { psi: None, record_key, sealing: None, path_keys: Mutex::default(), archived: AtomicU64::new(u64::MAX) }
    }

    /// A private state under its tenant's storage key.
    pub fn private(psi: Psi, storage_key: &[u8; 32]) -> Self {
        let derive = |context: &str| {
            let mut hasher = blake3::Hasher::new_derive_key(context);
            hasher.update(storage_key).update(psi.as_str().as_bytes());
            Zeroizing::new(*hasher.finalize().as_bytes())
        };
        let record_key = derive("coffer v1 private state record keys");
        let sealing_key = derive("coffer v1 private state sealing");
        let sealing = Sealing {
            nonce_key: derive("coffer v1 private state sealing nonce"),
            cipher: XChaCha20Poly1305::new((&*sealing_key).into()),
        };
        Self {
            psi: Some(psi),
            record_key,
            sealing: Some(sealing),
            path_keys: Mutex::default(),
            archived: AtomicU64::new(u64::MAX),
        }
    }

    /// Whose state; `None` for the public one.
    pub fn psi(&self) -> Option<&Psi> {
        self.psi.as_ref()
    }

    /// Database key of a record. Parts are told apart by their lengths.
    pub fn key(&self, kind: Kind, parts: &[&[u8]]) -> Key {
        let mut hasher = blake3::Hasher::new_keyed(&self.record_key);
        hasher.update(&[kind as u8]);
        for part in parts {
            hasher.update(&(part.len() as u32).to_le_bytes()).update(part);
        }
        *hasher.finalize().as_bytes()
    }

    /// The path key of a contract, from `stored` unless it was looked up before.
    pub fn path_key(
        &self,
        contract: &ContractId,
        stored: impl FnOnce() -> Result<Option<[u8; 32]>, Error>,
    ) -> Result<Option<[u8; 32]>, Error> {
        let known = || self.path_keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = known().get(contract) {
            return Ok(Some(*key));
        }
        let key = stored()?;
        if let Some(key) = key {
            let mut known = known();
            if known.len() >= KNOWN_PATH_KEYS {
                known.clear();
            }
            known.insert(*contract, key);
        }
        Ok(key)
    }

    /// Height since which older records are kept, if they are.
    pub fn archived(&self) -> Option<u64> {
        Some(self.archived.load(Ordering::Acquire)).filter(|since| *since != u64::MAX)
    }

    /// Says since when older records are kept.
    pub fn set_archived(&self, since: Option<u64>) {
        self.archived.store(since.unwrap_or(u64::MAX), Ordering::Release);
    }

    /// Name of this state in the log: says nothing without the storage key.
    pub fn tag(&self) -> Key {
        self.key(Kind::Tag, &[])
    }

    /// True if records of this kind are sealed here.
    pub fn seals(&self, kind: Kind) -> bool {
        self.sealing.is_some() && kind.is_sealed()
    }

    /// Makes a record's content what may stand on disk under `key`.
    pub fn seal(&self, kind: Kind, key: &Key, content: Vec<u8>) -> Result<Vec<u8>, Error> {
        let Some(sealing) = self.sealing.as_ref().filter(|_| kind.is_sealed()) else {
            return Ok(content);
        };
        let content = Zeroizing::new(content);
        let mut hasher = blake3::Hasher::new_keyed(&sealing.nonce_key);
        hasher.update(key).update(&content);
        let mut nonce = [0; NONCE];
        nonce.copy_from_slice(&hasher.finalize().as_bytes()[..NONCE]);
        let sealed = sealing
            .cipher
            .encrypt(&XNonce::from(nonce), Payload { msg: &content, aad: key })
            .map_err(|_| Error::Failed("a record is too large to be sealed".into()))?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// The content of what stands on disk under `key`.
    ///
    /// # Errors
    /// [`Error::Damaged`] when it was not sealed by this scope for this key.
    pub fn open(&self, kind: Kind, key: &Key, stored: Vec<u8>) -> Result<Vec<u8>, Error> {
        let Some(sealing) = self.sealing.as_ref().filter(|_| kind.is_sealed()) else {
            return Ok(stored);
        };
        let damaged = || Error::Damaged(format!("a sealed {kind:?} record does not open"));
        let (nonce, sealed) = stored.split_first_chunk::<NONCE>().ok_or_else(damaged)?;
        sealing.cipher.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: key }).map_err(|_| damaged())
    }
}
