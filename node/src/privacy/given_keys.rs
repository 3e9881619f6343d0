//! Content keys that a co-party gave to a party whose wrap does not open. One file each, sealed under the tenant's key: part of the node's record, because the chain gives none of them back. Not here: who gives them (`exchange`), what they open (`opening`).
//! Invariant: what is handed out is a key that the payload's header is committed to.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use coffer_abi::Hash;
use coffer_chain::EnvelopeHeader;
use zeroize::Zeroizing;

use super::resident::TenantSecret;
use super::wraps::ContentKey;
use crate::durable::write_whole;

/// Name of the folder in a data folder.
pub const FOLDER: &str = "content-keys";
const CONTEXT: &str = "coffer v1 given content key";
const NONCE: usize = 24;

/// The folder. Calls block on the disk.
#[derive(Debug)]
pub(super) struct GivenKeys {
    folder: PathBuf,
}

/// The key that seals a tenant's files, and the name of the one for a payload.
fn of(secret: &TenantSecret, payload: &Hash) -> (XChaCha20Poly1305, String) {
    let key = Zeroizing::new(blake3::derive_key(CONTEXT, &*secret.storage_key()));
    let name = Hash(*blake3::keyed_hash(&key, &payload.0).as_bytes());
    (XChaCha20Poly1305::new(&(*key).into()), name.to_string())
}

impl GivenKeys {
    /// Those in a data folder.
    pub(super) fn of_folder(data: &Path) -> Self {
        Self { folder: data.join(FOLDER) }
    }

    /// Keeps the content key of a payload for a tenant; it is on the disk when this returns.
    pub(super) fn put(&self, secret: &TenantSecret, payload: &Hash, key: &ContentKey) -> io::Result<()> {
        let (cipher, name) = of(secret, payload);
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(io::Error::other)?;
        let text = Payload { msg: key.bytes(), aad: &payload.0 };
        let sealed = cipher.encrypt(&XNonce::from(nonce), text).map_err(|_| io::Error::other("a key does not seal"))?;
        if !self.folder.exists() {
            DirBuilder::new().mode(0o700).recursive(true).create(&self.folder)?;
            File::open(self.folder.parent().unwrap_or(Path::new(".")))?.sync_all()?;
        }
        write_whole(&self.folder.join(name), &[&nonce[..], &sealed].concat())
    }

    /// The content key that a tenant was given for a payload; `None` if none was, or it is not that of the payload.
    pub(super) fn get(
        &self,
        secret: &TenantSecret,
        payload: &Hash,
        header: &EnvelopeHeader,
    ) -> io::Result<Option<ContentKey>> {
        let (cipher, name) = of(secret, payload);
        let bytes = match std::fs::read(self.folder.join(name)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let opened = bytes.split_first_chunk::<NONCE>().and_then(|(nonce, sealed)| {
            let text = cipher.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: &payload.0 }).ok()?;
            let text = Zeroizing::new(text);
            Some(ContentKey::new(Zeroizing::new(<[u8; 32]>::try_from(text.as_slice()).ok()?)))
        });
        Ok(opened.filter(|key| key.commitment() == header.key))
    }
}

/// Names of the files of a data folder, for a backup.
///
/// # Errors
/// What the file system says.
pub fn files(data: &Path) -> io::Result<Vec<String>> {
    super::transfer::files_in(data, FOLDER)
}

#[cfg(test)]
mod tests {
    use coffer_abi::{AccountId, Height};

    use super::*;

    #[test]
    fn a_key_is_there_for_its_payload_and_tenant_alone_and_only_if_the_header_is_committed_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let keys = GivenKeys::of_folder(folder.path());
        let (one, two) = (TenantSecret::new(&[1; 32]), TenantSecret::new(&[2; 32]));
        let key = ContentKey::new(Zeroizing::new([7; 32]));
        let header = |key: Hash| EnvelopeHeader {
            chain_id: Hash([1; 32]),
            relay: AccountId([2; 32]),
            marker: Hash([3; 32]),
            valid_until: Height(4),
            inner: Hash([5; 32]),
            parties: Hash([6; 32]),
            key,
        };
        let (payload, right) = (Hash([9; 32]), header(key.commitment()));
        assert!(keys.get(&one, &payload, &right).unwrap().is_none());
        keys.put(&one, &payload, &key).unwrap();
        assert!(keys.get(&one, &payload, &right).unwrap().is_some_and(|found| found == key));
        assert!(keys.get(&two, &payload, &right).unwrap().is_none());
        assert!(keys.get(&one, &Hash([8; 32]), &right).unwrap().is_none());
        assert!(keys.get(&one, &payload, &header(Hash([1; 32]))).unwrap().is_none());
        // What is damaged is none.
        let path = folder.path().join(&files(folder.path()).unwrap()[0]);
        let whole = std::fs::read(&path).unwrap();
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            assert!(keys.get(&one, &payload, &right).unwrap().is_none());
        }
        assert!(!whole.windows(32).any(|part| part == [7; 32]));
    }
}
