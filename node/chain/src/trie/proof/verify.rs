//! Checking a proof: the walk it records is done again over the claims. Not here: making one.
//! Invariant: each step read is one subtree visited, so the work is bounded by the bytes of the proof and the claims.

use alloc::vec::Vec;

use coffer_abi::Hash;

use super::{Claim, Path, ProofError, Step, TrieProof, halves};
use crate::trie::{bit, leaf_hash, node_hash};

/// Bits of a path: a trie has no more levels.
const MAX_DEPTH: usize = 256;
const STEPS_PER_BYTE: usize = 4;

impl TrieProof {
    /// Checks that all of `claims` (in the order of their paths, each path once) are so in the trie of `root`.
    ///
    /// # Errors
    /// [`ProofError`] when it does not prove that. It says nothing about whether the claims are so.
    pub fn verify(&self, root: &Hash, claims: &[Claim]) -> Result<(), ProofError> {
        let found = self.root(claims)?;
        if found == *root { Ok(()) } else { Err(ProofError::OtherRoot(found)) }
    }

    /// Root of the trie in which the proof proves `claims`.
    ///
    /// # Errors
    /// [`ProofError`] when there is none.
    pub fn root(&self, claims: &[Claim]) -> Result<Hash, ProofError> {
        if claims.is_empty() || claims.windows(2).any(|pair| pair[0].path >= pair[1].path) {
            return Err(ProofError::Claims);
        }
        self.walk(claims, None)
    }

    /// Checks that `leaves` (in the order of their paths) are all leaves from `first` to `last`, both included, in the
    /// trie of `root`. The proof is one of the paths of these leaves and of `first` and `last`.
    ///
    /// # Errors
    /// [`ProofError`] when it does not prove that; [`ProofError::OtherLeaves`] when it hides a leaf between them.
    pub fn verify_range(
        &self,
        root: &Hash,
        first: &Path,
        last: &Path,
        leaves: &[(Path, Hash)],
    ) -> Result<(), ProofError> {
        let inside = |path: &Path| first <= path && path <= last;
        let ordered = leaves.windows(2).all(|pair| pair[0].0 < pair[1].0);
        if first > last || !ordered || !leaves.iter().all(|(path, _)| inside(path)) {
            return Err(ProofError::Claims);
        }
        let mut claims: Vec<Claim> = Vec::with_capacity(leaves.len() + 2);
        let absent = |path: &Path| Claim { path: *path, value: None };
        if leaves.first().is_none_or(|(path, _)| path != first) {
            claims.push(absent(first));
        }
        claims.extend(leaves.iter().map(|(path, value)| Claim { path: *path, value: Some(*value) }));
        if claims.last().is_none_or(|claim| claim.path != *last) {
            claims.push(absent(last));
        }
        let found = self.walk(&claims, Some((first, last)))?;
        if found == *root { Ok(()) } else { Err(ProofError::OtherRoot(found)) }
    }

    fn walk(&self, claims: &[Claim], range: Option<(&Path, &Path)>) -> Result<Hash, ProofError> {
        let mut walk = Walk { proof: self, range, steps: 0, siblings: 0, others: 0 };
        let root = walk.subtree(claims, 0)?;
        walk.finish()?;
        Ok(root.hash())
    }
}

/// A subtree as far as it is known.
enum Subtree {
    Empty,
    Leaf(Hash),
    /// Two leaves or more, or a half that the proof only names.
    Larger(Hash),
}

impl Subtree {
    fn hash(&self) -> Hash {
        match self {
            Self::Empty => Hash::ZERO,
            Self::Leaf(hash) | Self::Larger(hash) => *hash,
        }
    }

    /// Two halves as one subtree. One leaf or none is no branch: it would have ended higher up.
    fn join(left: &Self, right: &Self) -> Result<Self, ProofError> {
        match (left, right) {
            (Self::Empty, Self::Empty | Self::Leaf(_)) | (Self::Leaf(_), Self::Empty) => Err(ProofError::Malformed),
            _ => Ok(Self::Larger(node_hash(&left.hash(), &right.hash()))),
        }
    }
}

/// What of the proof was read so far.
struct Walk<'a> {
    proof: &'a TrieProof,
    /// First and last claimed path, if no leaf between them may be hidden.
    range: Option<(&'a Path, &'a Path)>,
    steps: usize,
    siblings: usize,
    others: usize,
}

impl Walk<'_> {
    fn subtree(&mut self, claims: &[Claim], depth: usize) -> Result<Subtree, ProofError> {
        let step = self.step()?;
        match step {
            Step::Empty if claims.iter().all(|claim| claim.value.is_none()) => Ok(Subtree::Empty),
            Step::Empty => Err(ProofError::OtherLeaves),
            Step::Leaf => self.leaf(claims, depth).map(Subtree::Leaf),
            Step::Branch | Step::Beside if depth >= MAX_DEPTH => Err(ProofError::Malformed),
            Step::Branch | Step::Beside => {
                let (left, right) = halves(claims, depth, |claim| &claim.path);
                let beside = if step == Step::Beside { Some(self.sibling()?) } else { None };
                if beside.is_some() && self.hides(claims, left.is_empty()) {
                    return Err(ProofError::OtherLeaves);
                }
                match (left.is_empty(), right.is_empty(), beside) {
                    (false, false, None) => {
                        let left = self.subtree(left, depth + 1)?;
                        let right = self.subtree(right, depth + 1)?;
                        Subtree::join(&left, &right)
                    }
                    (false, true, beside) => {
                        let left = self.subtree(left, depth + 1)?;
                        Subtree::join(&left, &beside.unwrap_or(Subtree::Empty))
                    }
                    (true, false, beside) => {
                        let right = self.subtree(right, depth + 1)?;
                        Subtree::join(&beside.unwrap_or(Subtree::Empty), &right)
                    }
                    _ => Err(ProofError::Malformed),
                }
            }
        }
    }

    /// Hash of the one leaf of a subtree.
    fn leaf(&mut self, claims: &[Claim], depth: usize) -> Result<Hash, ProofError> {
        let mut claimed = claims.iter().filter_map(|claim| claim.value.map(|value| (claim.path, value)));
        let (path, value) = match (claimed.next(), claimed.next()) {
            (Some(leaf), None) => leaf,
            (Some(_), Some(_)) => return Err(ProofError::OtherLeaves),
            (None, _) => {
                let (path, value) = *self.proof.others.get(self.others).ok_or(ProofError::Malformed)?;
                self.others += 1;
                let below =
                    claims.first().is_some_and(|claim| (0..depth).all(|at| bit(&claim.path, at) == bit(&path, at)));
                if !below {
                    return Err(ProofError::Malformed);
                }
                if self.range.is_some_and(|(first, last)| *first <= path && path <= *last) {
                    return Err(ProofError::OtherLeaves);
                }
                if claims.binary_search_by(|claim| claim.path.cmp(&path)).is_ok() {
                    return Err(ProofError::OtherLeaves);
                }
                (path, value)
            }
        };
        Ok(leaf_hash(&path, &value))
    }

    /// True if a half that the proof only names, on the left of all `claims` of its subtree or on their right, is in
    /// the range: it is unless they have the first, or the last, path of all.
    fn hides(&self, claims: &[Claim], on_the_left: bool) -> bool {
        self.range.is_some_and(|(first, last)| {
            let (end, edge) = if on_the_left { (claims.first(), first) } else { (claims.last(), last) };
            end.is_none_or(|claim| claim.path != *edge)
        })
    }

    fn step(&mut self) -> Result<Step, ProofError> {
        let byte = self.proof.steps.get(self.steps / STEPS_PER_BYTE).ok_or(ProofError::Malformed)?;
        let step = match byte >> (6 - 2 * (self.steps % STEPS_PER_BYTE)) & 3 {
            0 => Step::Empty,
            1 => Step::Leaf,
            2 => Step::Branch,
            _ => Step::Beside,
        };
        self.steps += 1;
        Ok(step)
    }

    /// The next half without an asked path. Zeros are no subtree: a half without a leaf is [`Step::Branch`].
    fn sibling(&mut self) -> Result<Subtree, ProofError> {
        let hash = self.proof.siblings.get(self.siblings).filter(|hash| **hash != Hash::ZERO);
        self.siblings += 1;
        hash.map(|hash| Subtree::Larger(*hash)).ok_or(ProofError::Malformed)
    }

    /// Nothing of the proof may be left over.
    fn finish(&self) -> Result<(), ProofError> {
        let proof = self.proof;
        let whole = proof.steps.len() == self.steps.div_ceil(STEPS_PER_BYTE)
            && proof.siblings.len() == self.siblings
            && proof.others.len() == self.others;
        let used = self.steps % STEPS_PER_BYTE;
        let rest_is_zero = used == 0 || proof.steps.last().is_some_and(|last| last << (2 * used) == 0);
        if whole && rest_is_zero { Ok(()) } else { Err(ProofError::Malformed) }
    }
}
