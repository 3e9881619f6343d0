//! Making a proof from the records of a trie. Not here: what the parts of a proof mean.
//! Invariant: each record on the way to the asked paths is read once, and no other.

use std::collections::BTreeSet;

use super::{Claim, Path, Proved, Step, TrieProof, halves};
use crate::trie::node::{Leaf, Node, Record, Sum, bucket_sum, slots_sum};
use crate::trie::update::child;
use crate::trie::{NodeReader, RecordKey, TrieError};

impl TrieProof {
    /// What stands at `paths` in a trie as stored, and the proof of it. The claims are in the order of the paths.
    /// Without a path both are empty, and prove nothing.
    ///
    /// # Errors
    /// [`TrieError`] when a record cannot be read or is corrupt.
    pub fn make<R: NodeReader>(reader: &R, paths: &BTreeSet<Path>) -> Result<Proved, TrieError<R::Error>> {
        let paths: Vec<Path> = paths.iter().copied().collect();
        let mut walk =
            Walk { reader, steps: Vec::new(), claims: Vec::with_capacity(paths.len()), proof: Self::default() };
        if !paths.is_empty() {
            let root = reader.load(&RecordKey::ROOT)?;
            walk.record(&RecordKey::ROOT, root.as_deref(), &paths)?;
        }
        let byte = |part: &[Step]| part.iter().zip([6, 4, 2, 0]).fold(0, |byte, (step, at)| byte | (*step as u8) << at);
        walk.proof.steps = walk.steps.chunks(4).map(byte).collect();
        Ok((walk.claims, walk.proof))
    }
}

/// Part of a trie below one place of one record.
#[derive(Clone, Copy)]
enum Part<'a> {
    Leaves(&'a [Leaf]),
    /// Neighbouring slots of the record at a key, from a number on.
    Slots(&'a RecordKey, usize, &'a [Sum]),
}

impl<'a> Part<'a> {
    fn count(&self) -> u64 {
        match self {
            Self::Leaves(leaves) => leaves.len() as u64,
            Self::Slots(_, _, slots) => slots.iter().fold(0, |n, slot| n.saturating_add(slot.count)),
        }
    }

    fn hash(&self, depth: usize) -> Sum {
        match self {
            Self::Leaves(leaves) => bucket_sum(leaves, depth),
            Self::Slots(_, _, slots) => slots_sum(slots),
        }
    }

    fn halves(&self, depth: usize) -> (Self, Self) {
        match *self {
            Self::Leaves(leaves) => {
                let (left, right) = halves(leaves, depth, |leaf| &leaf.path);
                (Self::Leaves(left), Self::Leaves(right))
            }
            Self::Slots(key, from, slots) => {
                let (left, right) = slots.split_at(slots.len() / 2);
                (Self::Slots(key, from, left), Self::Slots(key, from + left.len(), right))
            }
        }
    }
}

struct Walk<'a, R> {
    reader: &'a R,
    steps: Vec<Step>,
    claims: Vec<Claim>,
    proof: TrieProof,
}

impl<R: NodeReader> Walk<'_, R> {
    fn record(&mut self, key: &RecordKey, record: Option<&Record>, paths: &[Path]) -> Result<(), TrieError<R::Error>> {
        let part = match record.map(|record| &record.0) {
            None => Part::Leaves(&[]),
            Some(Node::Bucket(leaves)) => Part::Leaves(leaves),
            Some(Node::Inner(slots)) => Part::Slots(key, 0, &slots[..]),
        };
        self.part(part, usize::from(key.depth()), paths)
    }

    /// Walks a subtree at `depth` with at least one asked path.
    fn part(&mut self, part: Part<'_>, depth: usize, paths: &[Path]) -> Result<(), TrieError<R::Error>> {
        match (part, part.count()) {
            (_, 0) => {
                self.end(Step::Empty, None, paths);
                Ok(())
            }
            (Part::Leaves([leaf]), _) => {
                self.end(Step::Leaf, Some(leaf), paths);
                Ok(())
            }
            // One slot, or one leaf in all of them: the record below goes on, with the same asked paths.
            (Part::Slots(key, from, slots), count) if count == 1 || slots.len() == 1 => {
                let Some((at, slot)) = slots.iter().enumerate().find(|(_, slot)| slot.count > 0) else { return Ok(()) };
                let (below, record) = child(self.reader, key, from + at, slot.count)?;
                self.record(&below, Some(&record), paths)
            }
            (part, _) => {
                let (left, right) = part.halves(depth);
                let (to_left, to_right) = halves(paths, depth, |path| path);
                match (to_left.is_empty(), to_right.is_empty()) {
                    (false, true) => self.beside(left, right.hash(depth + 1), depth, to_left),
                    (true, _) => self.beside(right, left.hash(depth + 1), depth, to_right),
                    (false, false) => {
                        self.steps.push(Step::Branch);
                        self.part(left, depth + 1, to_left)?;
                        self.part(right, depth + 1, to_right)
                    }
                }
            }
        }
    }

    fn beside(&mut self, part: Part<'_>, other: Sum, depth: usize, paths: &[Path]) -> Result<(), TrieError<R::Error>> {
        if other.count > 0 {
            self.steps.push(Step::Beside);
            self.proof.siblings.push(other.hash);
        } else {
            self.steps.push(Step::Branch);
        }
        self.part(part, depth + 1, paths)
    }

    /// A subtree with one leaf or none.
    fn end(&mut self, step: Step, leaf: Option<&Leaf>, paths: &[Path]) {
        self.steps.push(step);
        let value = |path: &Path| leaf.filter(|leaf| leaf.path == *path).map(|leaf| leaf.value);
        self.claims.extend(paths.iter().map(|path| Claim { path: *path, value: value(path) }));
        if let Some(leaf) = leaf.filter(|leaf| !paths.contains(&leaf.path)) {
            self.proof.others.push((leaf.path, leaf.value));
        }
    }
}
