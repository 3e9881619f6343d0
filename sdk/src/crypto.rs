//! Hashes and signatures that the host computes. Not here: keys and signing, because a contract has no secrets. Invariant: the answers are
//! the published algorithms' and depend on nothing but the arguments.

use coffer_abi::Hash;
use coffer_abi::spec::describe::Describe;

use crate::{guest, value};

/// BLAKE3 of some bytes.
pub fn blake3(data: &[u8]) -> Hash {
    let mut hash = [0; 32];
    guest::hash_blake3(data, &mut hash);
    Hash(hash)
}

/// BLAKE3 of a value's encoding. Whoever encodes the same fields outside comes to the same hash, so it can be signed there and checked here.
///
/// ```
/// # coffer_sdk::native::with_host(coffer_sdk::native::MemoryHost::default(), || {
/// use coffer_sdk::prelude::*;
/// assert_eq!(crypto::blake3_of(&(1_u8, "order".to_owned())), crypto::blake3(b"\x01\x14order"));
/// # });
/// ```
pub fn blake3_of<T: Describe>(value: &T) -> Hash {
    value::encoded(value, const { T::TYPE.max_size() }, blake3)
}

/// SHA-256 of some bytes.
pub fn sha256(data: &[u8]) -> Hash {
    let mut hash = [0; 32];
    guest::hash_sha256(data, &mut hash);
    Hash(hash)
}

/// True if `signature` is that of `message` under the public `key`, by Ed25519 (RFC 8032). Strict: keys and points of small order, under
/// which many messages have one signature, never hold. A message should name what it is for and a number that is used once, or else
/// somebody can use the signature again somewhere else.
///
/// ```
/// # coffer_sdk::native::with_host(coffer_sdk::native::MemoryHost::default(), || {
/// use coffer_sdk::prelude::*;
/// assert!(!crypto::verify_ed25519(&[7; 32], &[0; 64], b"pay 3 to bob, order 17"));
/// # });
/// ```
pub fn verify_ed25519(key: &[u8; 32], signature: &[u8; 64], message: &[u8]) -> bool {
    guest::verify_ed25519(key, signature, message) != 0
}
