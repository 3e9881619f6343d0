//! Proofs that a path of a trie has a value hash, or that nothing stands there: making them from records, and checking
//! them against a root without any record. Not here: chaining proofs of several tries, and why a root is to be
//! believed.
//! Invariant: [`Proof::verify`] answers what the trie of that root holds, or refuses; no bytes make it panic.

use coffer_abi::{Decode, Encode, Hash};

use super::node::{Leaf, Node, Sum, bit, bucket_sum, slots_sum};
use super::update::{child, load};
use super::{NodeReader, Path, RecordKey, TrieError, leaf_hash, node_hash};

/// Version of the proof format.
pub const VERSION: u8 = 1;
/// Bits of a path: a proof has no more levels.
const MAX_LEVELS: usize = 256;

/// A path of a trie from the root down to the first subtree with at most one leaf.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Proof {
    /// [`VERSION`].
    pub version: u8,
    /// Levels from the root down, at most 256.
    pub levels: u16,
    /// One bit per level from the root, most significant first: whether the sibling there has a leaf. Rest bits are
    /// zero.
    pub bitmap: Vec<u8>,
    /// Hashes of those siblings, root first.
    pub siblings: Vec<Hash>,
    /// The one leaf below, path and value hash, if there is one.
    pub terminal: Option<(Path, Hash)>,
}

/// Why a proof proves nothing. Permanent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Made in a format this program does not know.
    #[error("the proof has version {0}, this program checks version {VERSION}")]
    Version(u8),
    /// Its parts do not belong together.
    #[error("the parts of the proof do not belong together")]
    Malformed,
    /// The leaf at its end is not on the way to the path.
    #[error("the proof is for another path")]
    OtherPath,
    /// It leads to another root.
    #[error("the proof leads to root {0}")]
    OtherRoot(Hash),
}

impl Proof {
    /// The proof for a path of a trie as stored.
    ///
    /// # Errors
    /// [`TrieError`] when a record cannot be read or is corrupt.
    pub fn make<R: NodeReader>(reader: &R, path: &Path) -> Result<Self, TrieError<R::Error>> {
        let mut proof = Self { version: VERSION, levels: 0, bitmap: Vec::new(), siblings: Vec::new(), terminal: None };
        let mut key = RecordKey::ROOT;
        let mut node = load(reader, &key)?;
        loop {
            match node {
                None => return Ok(proof),
                Some(Node::Bucket(leaves)) => {
                    proof.descend_bucket(&leaves, usize::from(key.depth()), path);
                    return Ok(proof);
                }
                Some(Node::Inner(slots)) => {
                    let Some(slot) = proof.descend_slots(&slots[..], &key, path) else {
                        return Ok(proof);
                    };
                    (key, node) = child(reader, &key, slot, slots[slot].count).map(|(key, node)| (key, Some(node)))?;
                }
            }
        }
    }

    /// What stands at `path` in the trie of `root`: its value hash, or `None` if there is no such leaf.
    ///
    /// # Errors
    /// [`ProofError`] when it does not prove either.
    pub fn verify(&self, root: &Hash, path: &Path) -> Result<Option<Hash>, ProofError> {
        if self.version != VERSION {
            return Err(ProofError::Version(self.version));
        }
        let levels = usize::from(self.levels);
        let bits = || self.bitmap.iter().flat_map(|byte| (0..8).map(move |at| byte & (0x80 >> at) != 0));
        let fits = levels <= MAX_LEVELS && self.bitmap.len() == levels.div_ceil(8);
        if !fits || bits().skip(levels).any(|set| set) || bits().filter(|set| *set).count() != self.siblings.len() {
            return Err(ProofError::Malformed);
        }
        let mut hash = Hash::ZERO;
        let mut found = None;
        if let Some((end, value)) = &self.terminal {
            if (0..levels).any(|at| bit(end, at) != bit(path, at)) {
                return Err(ProofError::OtherPath);
            }
            hash = leaf_hash(end, value);
            found = (end == path).then_some(*value);
        }
        let mut siblings = self.siblings.iter().rev();
        let set: Vec<bool> = bits().take(levels).collect();
        for (at, set) in set.into_iter().enumerate().rev() {
            let sibling = if set { siblings.next().copied().unwrap_or(Hash::ZERO) } else { Hash::ZERO };
            hash = if bit(path, at) { node_hash(&sibling, &hash) } else { node_hash(&hash, &sibling) };
        }
        if hash == *root { Ok(found) } else { Err(ProofError::OtherRoot(hash)) }
    }

    fn push(&mut self, sibling: Sum) {
        let at = self.levels;
        if at.is_multiple_of(8) {
            self.bitmap.push(0);
        }
        if sibling.count > 0 {
            if let Some(byte) = self.bitmap.last_mut() {
                *byte |= 0x80 >> (at % 8);
            }
            self.siblings.push(sibling.hash);
        }
        self.levels += 1;
    }

    fn descend_bucket(&mut self, mut leaves: &[Leaf], mut depth: usize, path: &Path) {
        while leaves.len() > 1 {
            let (left, right) = leaves.split_at(leaves.partition_point(|leaf| !bit(&leaf.path, depth)));
            let (mine, other) = if bit(path, depth) { (right, left) } else { (left, right) };
            depth += 1;
            self.push(bucket_sum(other, depth));
            leaves = mine;
        }
        self.terminal = leaves.first().map(|leaf| (leaf.path, leaf.value));
    }

    /// Goes down through one inner record. Gives the slot whose record ends or continues the way, or `None` if nothing
    /// is there.
    fn descend_slots(&mut self, slots: &[Sum], key: &RecordKey, path: &Path) -> Option<usize> {
        let (mut start, mut part) = (0, slots);
        let mut depth = usize::from(key.depth());
        while part.len() > 1 {
            let mut filled = part.iter().enumerate().filter(|(_, slot)| slot.count > 0);
            match (filled.next(), filled.next()) {
                (None, _) => return None,
                // One leaf in all of this: the way ends at it, whatever its bits below.
                (Some((at, slot)), None) if slot.count == 1 => return Some(start + at),
                _ => {}
            }
            let (left, right) = part.split_at(part.len() / 2);
            let (mine, other) = if bit(path, depth) { (right, left) } else { (left, right) };
            if bit(path, depth) {
                start += left.len();
            }
            self.push(slots_sum(other));
            part = mine;
            depth += 1;
        }
        part.first().filter(|slot| slot.count > 0).map(|_| start)
    }
}
