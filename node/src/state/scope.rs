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

use chacha20poly1305::{AeadInOut, KeyInit, Tag, XChaCha20Poly1305, XNonce};
use coffer_abi::ContractId;
use coffer_chain::Psi;
use foldhash::fast::RandomState;
use zeroize::{Zeroize, Zeroizing};

use super::TenantKeys;
use super::columns::{Key, Kind};
use super::error::Error;
use super::slot::Storage;

const NONCE: usize = 24;
const TAG: usize = 16;
/// Bytes that sealing adds.
pub(super) const SEAL: usize = TAG + NONCE;
/// Contracts of one state whose [`Storage`] is kept in memory, some 100 bytes each.
const KNOWN_STORAGES: usize = 4096;

/// One state's keys.
pub(super) struct Scope {
    psi: Option<Psi>,
    record_key: Zeroizing<[u8; 32]>,
    sealing: Option<Sealing>,
    /// Of contracts that were looked up; a contract keeps its own for good.
    storages: Mutex<HashMap<ContractId, Storage, RandomState>>,
    /// Height since which older records are kept; [`u64::MAX`] if they are not.
    archived: AtomicU64,
}

/// Seals and opens as a private state does its records, for who measures what that costs.
pub struct Sealer(Scope);

impl Sealer {
    /// As a tenant's state does.
    pub fn new(tenant: &TenantKeys) -> Self {
        Self(Scope::private(tenant.psi.clone(), &tenant.storage_key))
    }

    /// What may stand on the disk under `key`.
    ///
    /// # Errors
    /// [`Error::Failed`] if `content` is too large.
    pub fn seal(&self, key: &[u8; 32], content: Vec<u8>) -> Result<Vec<u8>, Error> {
        self.0.seal(Kind::Slot, key, content)
    }

    /// The content again.
    ///
    /// # Errors
    /// [`Error::Damaged`] if it was not sealed for this tenant and key.
    pub fn open(&self, key: &[u8; 32], sealed: Vec<u8>) -> Result<Vec<u8>, Error> {
        self.0.open(Kind::Slot, key, sealed)
    }
}

struct Sealing {
    nonce_key: Zeroizing<[u8; 32]>,
    cipher: XChaCha20Poly1305,
}

impl Scope {
    /// The public state: plain records under keys anyone can compute.
    pub fn public() -> Self {
        let record_key = Zeroizing::new(blake3::derive_key("coffer v1 public state record keys", &[]));
        Self { psi: None, record_key, sealing: None, storages: Mutex::default(), archived: AtomicU64::new(u64::MAX) }
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
            storages: Mutex::default(),
            archived: AtomicU64::new(u64::MAX),
        }
    }

    /// Whose state; `None` for the public one.
    pub fn psi(&self) -> Option<&Psi> {
        self.psi.as_ref()
    }

    /// Database key of a record. Parts are told apart by their lengths.
    pub fn key(&self, kind: Kind, parts: &[&[u8]]) -> Key {
        /// What is no longer than this is hashed in one go, nearly all is.
        const SHORT: usize = 128;
        let mut short = [0; SHORT];
        short[0] = kind as u8;
        let mut end = 1;
        for part in parts {
            let Some(room) = short.get_mut(end..end + 4 + part.len()) else { return self.long_key(kind, parts) };
            room[..4].copy_from_slice(&(part.len() as u32).to_le_bytes());
            room[4..].copy_from_slice(part);
            end += room.len();
        }
        *blake3::keyed_hash(&self.record_key, &short[..end]).as_bytes()
    }

    fn long_key(&self, kind: Kind, parts: &[&[u8]]) -> Key {
        let mut hasher = blake3::Hasher::new_keyed(&self.record_key);
        hasher.update(&[kind as u8]);
        for part in parts {
            hasher.update(&(part.len() as u32).to_le_bytes()).update(part);
        }
        *hasher.finalize().as_bytes()
    }

    /// What the slots of a contract are found with, from `stored` unless it was looked up before.
    pub fn storage(
        &self,
        contract: &ContractId,
        stored: impl FnOnce() -> Result<Option<Storage>, Error>,
    ) -> Result<Option<Storage>, Error> {
        let known = || self.storages.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(storage) = known().get(contract) {
            return Ok(Some(*storage));
        }
        let storage = stored()?;
        if let Some(storage) = storage {
            let mut known = known();
            if known.len() >= KNOWN_STORAGES {
                known.clear();
            }
            known.insert(*contract, storage);
        }
        Ok(storage)
    }

    /// Notes that the values of a contract stand apart, which is for good.
    pub fn set_apart(&self, contract: &ContractId) {
        if let Some(storage) = self.storages.lock().unwrap_or_else(PoisonError::into_inner).get_mut(contract) {
            storage.is_apart = true;
        }
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

    /// Makes a record's content what may stand on disk under `key`, in place if it has room for [`SEAL`] bytes more: the sealed content, its tag, the nonce.
    pub fn seal(&self, kind: Kind, key: &Key, mut content: Vec<u8>) -> Result<Vec<u8>, Error> {
        let Some(sealing) = self.sealing.as_ref().filter(|_| kind.is_sealed()) else {
            return Ok(content);
        };
        let mut hasher = blake3::Hasher::new_keyed(&sealing.nonce_key);
        hasher.update(key).update(&content);
        let mut nonce = [0; NONCE];
        nonce.copy_from_slice(&hasher.finalize().as_bytes()[..NONCE]);
        let tag = sealing.cipher.encrypt_inout_detached(&XNonce::from(nonce), key, content.as_mut_slice().into());
        let Ok(tag) = tag else {
            content.zeroize();
            return Err(Error::Failed("a record is too large to be sealed".into()));
        };
        content.extend_from_slice(&tag);
        content.extend_from_slice(&nonce);
        Ok(content)
    }

    /// The content of what stands on disk under `key`, in place.
    ///
    /// # Errors
    /// [`Error::Damaged`] when it was not sealed by this scope for this key.
    pub fn open(&self, kind: Kind, key: &Key, mut stored: Vec<u8>) -> Result<Vec<u8>, Error> {
        let Some(sealing) = self.sealing.as_ref().filter(|_| kind.is_sealed()) else {
            return Ok(stored);
        };
        let damaged = || Error::Damaged(format!("a sealed {kind:?} record does not open"));
        let (rest, nonce) = stored.split_last_chunk::<NONCE>().ok_or_else(damaged)?;
        let (content, tag) = rest.split_last_chunk::<TAG>().ok_or_else(damaged)?;
        let (nonce, tag, length) = (XNonce::from(*nonce), Tag::from(*tag), content.len());
        let content = stored[..length].as_mut().into();
        sealing.cipher.decrypt_inout_detached(&nonce, key, content, &tag).map_err(|_| damaged())?;
        stored.truncate(length);
        Ok(stored)
    }
}
