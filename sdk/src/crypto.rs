//! Hashes that the host computes. Not here: signatures.

use coffer_abi::Hash;

use crate::guest;

/// BLAKE3 of some bytes.
pub fn blake3(data: &[u8]) -> Hash {
    let mut hash = [0; 32];
    guest::hash_blake3(data, &mut hash);
    Hash(hash)
}

/// SHA-256 of some bytes.
pub fn sha256(data: &[u8]) -> Hash {
    let mut hash = [0; 32];
    guest::hash_sha256(data, &mut hash);
    Hash(hash)
}
