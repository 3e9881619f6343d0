//! Walking a trie leaf by leaf, in the order of the paths: some of them, or all with every record checked. Not here: what
//! stands at a leaf. Invariant: memory is bounded by one record per level, however many leaves there are.

use coffer_abi::Hash;

use super::node::{Node, RecordError, Sum};
use super::update::child;
use super::{NodeReader, Path, RecordKey, TrieError};

/// Gives `visit` path and value hash of the leaves from `from` on, in order, until it answers `false`.
///
/// # Errors
/// [`TrieError`] when a record cannot be read or is corrupt, or what `visit` answers.
pub fn leaves<R: NodeReader>(
    reader: &R,
    from: &Path,
    visit: &mut impl FnMut(&Path, &Hash) -> Result<bool, TrieError<R::Error>>,
) -> Result<(), TrieError<R::Error>> {
    match reader.load(&RecordKey::ROOT)? {
        Some(record) => walk(reader, &RecordKey::ROOT, &record.0, Some(from), visit).map(drop),
        None => Ok(()),
    }
}

/// `from` is given while it is below `key`.
fn walk<R: NodeReader>(
    reader: &R,
    key: &RecordKey,
    node: &Node,
    from: Option<&Path>,
    visit: &mut impl FnMut(&Path, &Hash) -> Result<bool, TrieError<R::Error>>,
) -> Result<bool, TrieError<R::Error>> {
    match node {
        Node::Bucket(leaves) => {
            let start = from.map_or(0, |from| leaves.partition_point(|leaf| leaf.path < *from));
            for leaf in &leaves[start..] {
                if !visit(&leaf.path, &leaf.value)? {
                    return Ok(false);
                }
            }
        }
        Node::Inner(slots) => {
            let start = from.map_or(0, |from| key.slot(from));
            for (at, slot) in slots.iter().enumerate().skip(start).filter(|(_, slot)| slot.count > 0) {
                let (below, node) = child(reader, key, at, slot.count)?;
                if !walk(reader, &below, &node.0, from.filter(|_| at == start), visit)? {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}

/// What [`check`] comes upon.
#[derive(Debug)]
pub enum Found<'a, E> {
    /// A leaf: its path and the hash of its value.
    Leaf(&'a Path, &'a Hash),
    /// A record that cannot be read, is corrupt or does not come to the hash it should. Nothing below it is walked, but at the top.
    Damage(TrieError<E>),
}

/// Walks a whole trie, hashes every record anew and compares it with the record above, and with `root` at the top. Gives
/// `visit` every leaf in order and every damage; the walk goes on beside a damage. Returns the number of records.
pub fn check<R: NodeReader>(reader: &R, root: &Hash, visit: &mut impl FnMut(Found<'_, R::Error>)) -> u64 {
    let key = RecordKey::ROOT;
    let mut checked = Check { reader, visit, records: 0 };
    match reader.load(&key) {
        Err(error) => (checked.visit)(Found::Damage(error)),
        Ok(None) if *root == Hash::ZERO => {}
        Ok(None) => checked.damage(key, RecordError::Missing),
        Ok(Some(node)) => {
            let found = node.0.sum(0);
            if found.hash != *root {
                checked.damage(key, RecordError::Hash);
            }
            checked.node(&key, &node.0);
        }
    }
    checked.records
}

struct Check<'a, R, F> {
    reader: &'a R,
    visit: &'a mut F,
    records: u64,
}

impl<R: NodeReader, F: FnMut(Found<'_, R::Error>)> Check<'_, R, F> {
    fn node(&mut self, key: &RecordKey, node: &Node) {
        self.records += 1;
        match node {
            Node::Bucket(leaves) => leaves.iter().for_each(|leaf| (self.visit)(Found::Leaf(&leaf.path, &leaf.value))),
            Node::Inner(slots) => {
                let used = slots.iter().enumerate().filter(|(_, slot)| slot.count > 0);
                used.for_each(|(at, slot)| self.below(key, at, slot));
            }
        }
    }

    fn below(&mut self, key: &RecordKey, slot: usize, expected: &Sum) {
        match child(self.reader, key, slot, expected.count) {
            Err(error) => (self.visit)(Found::Damage(error)),
            Ok((below, node)) if node.0.sum(below.depth()).hash != expected.hash => {
                self.damage(below, RecordError::Hash);
            }
            Ok((below, node)) => self.node(&below, &node.0),
        }
    }

    fn damage(&mut self, key: RecordKey, reason: RecordError) {
        (self.visit)(Found::Damage(TrieError::Corrupt { key, reason }));
    }
}

#[cfg(test)]
mod tests;
