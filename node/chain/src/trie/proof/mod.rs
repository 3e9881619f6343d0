//! Proofs of what stands at some paths of a trie: their value hashes, or that nothing stands there. Not here: chaining
//! proofs of several tries, and why a root is to be believed.
//! Invariant: for a root and a set of claims there is at most one proof that holds (but for a collision of the hash), it
//! holds only if all claims are so, and no bytes make checking panic or do more work than their length.
//!
//! A proof is the part of the trie between its root and the asked paths, in the order of a walk that goes left before
//! right. At each subtree that has an asked path below it stands one [`Step`]. What the checker has anyhow is not in the
//! proof: which paths were asked, and the leaves that were found.

#[cfg(feature = "std")]
mod make;
mod verify;

use alloc::vec::Vec;

use coffer_abi::{Decode, Encode, Hash};

use super::Path;

/// What is said of one path: the hash of the value there, or `None` for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Claim {
    /// Where.
    pub path: Path,
    /// What.
    pub value: Option<Hash>,
}

/// A proof of claims about one trie, all of them at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct TrieProof {
    /// The steps of the walk, two bits each, four to a byte, the most significant bits first. Bits left over are zero.
    pub steps: Vec<u8>,
    /// Hashes of the halves without an asked path, as [`Step::Beside`] comes upon them.
    pub siblings: Vec<Hash>,
    /// Path and value hash of leaves that were not asked for, as [`Step::Leaf`] comes upon them.
    pub others: Vec<(Path, Hash)>,
}

/// What was asked for, in the order of the paths, and the proof of it.
pub type Proved = (Vec<Claim>, TrieProof);

/// What a subtree with an asked path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It has no leaf.
    Empty = 0,
    /// It has one leaf: the one that is claimed to be here, else the next of [`TrieProof::others`].
    Leaf = 1,
    /// It has more leaves. If only one half has asked paths, the other half has no leaf.
    Branch = 2,
    /// It has more leaves. Only one half has asked paths, and the other is the next of [`TrieProof::siblings`].
    Beside = 3,
}

/// Why a proof proves nothing. Permanent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The claims are not in the order of their paths, or one path is claimed twice, or there is none.
    #[error("the claims are none, or not in the order of their paths, each once")]
    Claims,
    /// Its parts do not belong together.
    #[error("the parts of the proof do not belong together")]
    Malformed,
    /// It shows a leaf where nothing is claimed to be, or the other way round.
    #[error("the proof shows other leaves than those claimed")]
    OtherLeaves,
    /// It leads to another root.
    #[error("the proof leads to root {0}")]
    OtherRoot(Hash),
}

/// The claims below the two halves of a subtree whose paths are equal up to bit `depth`.
fn halves<T>(sorted: &[T], depth: usize, path: impl Fn(&T) -> &Path) -> (&[T], &[T]) {
    sorted.split_at(sorted.partition_point(|entry| !super::bit(path(entry), depth)))
}

#[cfg(test)]
mod tests;
