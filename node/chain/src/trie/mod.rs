//! The one kind of trie behind every root: binary over 32-byte paths, the same for storage, states and the trie of
//! private states. Not here: what stands at a path (`path` names the paths, the state layer keeps the values) and where
//! records are stored.
//! Invariant: a root depends on the set of (path, value hash) alone, never on how the leaves are cut into records or on
//! their order.
//!
//! Hash rules, part of the protocol: an empty trie is 32 zero bytes; a subtree with one leaf is that leaf's hash at
//! whatever depth; a larger subtree is [`node_hash`] of its halves, split by the next bit of the path from the most
//! significant one. The three hashes are BLAKE3 keyed with three constants; [`leaf_hash`] and [`node_hash`] are one
//! compression each.

#[cfg(feature = "std")]
mod leaves;
#[cfg(feature = "std")]
mod many;
#[cfg(feature = "std")]
mod node;
pub mod path;
#[cfg(feature = "std")]
mod update;
pub mod proof;

#[cfg(feature = "std")]
use std::sync::Arc;

use coffer_abi::Hash;

#[cfg(feature = "std")]
pub use leaves::{Found, check, leaves};
#[cfg(feature = "std")]
pub use node::{BUCKET, Record, RecordError};
#[cfg(feature = "std")]
pub use update::{Updated, get, root, root_of, update, update_on};

/// Where a leaf stands: an already uniform 32-byte hash.
pub type Path = [u8; 32];

/// Key of the hash over a stored value. Never changes: every root depends on it.
pub const VALUE_KEY: [u8; 32] = *b"coffer trie, version 1: value   ";
/// Key of the hash over a leaf. Never changes: every root depends on it.
pub const LEAF_KEY: [u8; 32] = *b"coffer trie, version 1: leaf    ";
/// Key of the hash over two subtrees. Never changes: every root depends on it.
pub const NODE_KEY: [u8; 32] = *b"coffer trie, version 1: node    ";

/// Hash of a value, as a leaf carries it.
pub fn value_hash(value: &[u8]) -> Hash {
    Hash(*blake3::keyed_hash(&VALUE_KEY, value).as_bytes())
}

/// Hash of a leaf.
pub fn leaf_hash(path: &Path, value_hash: &Hash) -> Hash {
    pair(&LEAF_KEY, path, &value_hash.0)
}

/// Hash of a subtree with more than one leaf. A half without leaves is [`Hash::ZERO`].
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    pair(&NODE_KEY, &left.0, &right.0)
}

/// Bit `at` of a path, from the most significant one.
fn bit(path: &Path, at: usize) -> bool {
    path[at / 8] & (0x80 >> (at % 8)) != 0
}

fn pair(key: &[u8; 32], a: &[u8; 32], b: &[u8; 32]) -> Hash {
    let mut both = [0; 64];
    both[..32].copy_from_slice(a);
    both[32..].copy_from_slice(b);
    Hash(*blake3::keyed_hash(key, &both).as_bytes())
}

/// Place of a record within one trie: the first `depth` bits of the paths below it. A storage detail, never hashed into
/// a root.
#[cfg(feature = "std")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey {
    depth: u8,
    prefix: Path,
}

#[cfg(feature = "std")]
impl RecordKey {
    /// Place of the record every walk starts from.
    pub const ROOT: Self = Self { depth: 0, prefix: [0; 32] };

    /// Bits of path above this record, a multiple of 4, at most 252.
    pub const fn depth(&self) -> u8 {
        self.depth
    }

    /// The path down to here; all bits from `depth` on are zero.
    pub const fn prefix(&self) -> &Path {
        &self.prefix
    }

    /// The key as 33 bytes: depth, prefix.
    pub fn to_bytes(&self) -> [u8; 33] {
        let mut bytes = [0; 33];
        bytes[0] = self.depth;
        bytes[1..].copy_from_slice(&self.prefix);
        bytes
    }
}

/// Gives the trie its records. Called while a root or a proof is made, on that thread. May fail; must give records of
/// one unchanging trie during one call.
#[cfg(feature = "std")]
pub trait NodeReader {
    /// Why a record cannot be read.
    type Error;

    /// The stored record at a place, or `None` if there is none.
    ///
    /// # Errors
    /// Whatever keeps the storage from answering, and what [`Record::decode`] says.
    fn load(&self, key: &RecordKey) -> Result<Option<Arc<Record>>, TrieError<Self::Error>>;
}

#[cfg(feature = "std")]
impl<R: NodeReader> NodeReader for &R {
    type Error = R::Error;

    fn load(&self, key: &RecordKey) -> Result<Option<Arc<Record>>, TrieError<Self::Error>> {
        (*self).load(key)
    }
}

/// Why the trie cannot be read or changed. Never the fault of the writes.
#[cfg(feature = "std")]
#[derive(Debug, thiserror::Error)]
pub enum TrieError<E> {
    /// The storage did not answer.
    #[error("a trie record could not be read: {0}")]
    Read(E),
    /// A record is missing or does not hold together.
    #[error("the trie record at depth {} is corrupt: {reason}", .key.depth)]
    Corrupt {
        /// Place of the record.
        key: RecordKey,
        /// What is wrong with it.
        reason: RecordError,
    },
}

#[cfg(test)]
mod tests;
