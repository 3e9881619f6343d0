//! The sealed form of an inner call. In this version the sender's own private state is the only party: XChaCha20-Poly1305 under the
//! tenant's payload key. Layout: version byte 1, 24-byte nonce, ciphertext with tag. The nonce is a keyed hash of the text and fresh
//! random bytes, so even a repeated random source never uses one nonce for two texts.
//! Invariant: opening fails alike for every cause and says nothing about why.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use coffer_abi::Hash;
use coffer_chain::hash::{Domain, hash};
use zeroize::Zeroizing;

use crate::sources::Sources;

const VERSION: u8 = 1;
const NONCE: usize = 24;
const TAG: usize = 16;
const NONCE_CONTEXT: &str = "coffer v1 envelope nonce";

/// The envelope did not open: another key, another chain, or changed bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the payload does not open")]
pub struct NotOpened;

/// A sealed payload and the hash its marker carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Hash of `bytes`.
    pub hash: Hash,
    /// The envelope.
    pub bytes: Vec<u8>,
}

/// Seals `text` for one tenant on one chain.
///
/// # Errors
/// [`NotOpened`] if the cipher refuses, which it does only for texts of hundreds of gigabytes.
pub fn seal(key: &[u8; 32], chain_id: &Hash, text: &[u8], sources: &Sources) -> Result<Sealed, NotOpened> {
    let mut hasher = blake3::Hasher::new_derive_key(NONCE_CONTEXT);
    hasher.update(key).update(&sources.bytes::<32>()).update(text);
    let mut nonce = [0; NONCE];
    hasher.finalize_xof().fill(&mut nonce);
    let cipher = XChaCha20Poly1305::new(&(*key).into());
    let payload = Payload { msg: text, aad: &chain_id.0 };
    let sealed = cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| NotOpened)?;
    let mut bytes = Vec::with_capacity(1 + NONCE + sealed.len());
    bytes.push(VERSION);
    bytes.extend_from_slice(&nonce);
    bytes.extend_from_slice(&sealed);
    Ok(Sealed { hash: hash(Domain::Payload, &bytes), bytes })
}

/// Opens an envelope.
///
/// # Errors
/// [`NotOpened`], whatever the cause.
pub fn open(key: &[u8; 32], chain_id: &Hash, bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
    if bytes.len() < 1 + NONCE + TAG || bytes[0] != VERSION {
        return Err(NotOpened);
    }
    let (nonce, sealed) = bytes[1..].split_at(NONCE);
    let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| NotOpened)?;
    let cipher = XChaCha20Poly1305::new(&(*key).into());
    let payload = Payload { msg: sealed, aad: &chain_id.0 };
    cipher.decrypt(&XNonce::from(nonce), payload).map(Zeroizing::new).map_err(|_| NotOpened)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed() -> Sealed {
        seal(&[1; 32], &Hash([2; 32]), b"pay the school", &Sources::seeded(1, &Hash::ZERO)).unwrap()
    }

    #[test]
    fn an_envelope_opens_for_its_key_and_chain_only() {
        let sealed = sealed();
        assert_eq!(&**open(&[1; 32], &Hash([2; 32]), &sealed.bytes).unwrap(), b"pay the school");
        assert_eq!(open(&[9; 32], &Hash([2; 32]), &sealed.bytes), Err(NotOpened));
        assert_eq!(open(&[1; 32], &Hash([9; 32]), &sealed.bytes), Err(NotOpened));
    }

    #[test]
    fn no_changed_bit_and_no_shortened_envelope_opens() {
        let bytes = sealed().bytes;
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(&[1; 32], &Hash([2; 32]), &changed), Err(NotOpened), "bit {bit}");
        }
        for length in 0..bytes.len() {
            assert_eq!(open(&[1; 32], &Hash([2; 32]), &bytes[..length]), Err(NotOpened));
        }
    }

    #[test]
    fn a_repeated_random_source_does_not_repeat_a_nonce() {
        let seal = |text: &[u8]| seal(&[1; 32], &Hash::ZERO, text, &Sources::seeded(1, &Hash::ZERO)).unwrap();
        assert_ne!(seal(b"a").bytes[1..25], seal(b"b").bytes[1..25]);
    }

    #[test]
    fn the_text_does_not_show() {
        assert!(!sealed().bytes.windows(6).any(|w| w == b"school"));
    }
}
