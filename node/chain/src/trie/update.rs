//! Reading and changing a trie through its records. Pure: what changed is handed back, nothing is stored here.
//! Invariant: after an update the records are exactly those the new set of leaves has, so a removed subtree leaves
//! nothing behind.

use std::collections::BTreeMap;

use coffer_abi::Hash;

use super::node::{BUCKET, Leaf, Node, RecordError, Sum, bucket_sum, slots_sum};
use super::{NodeReader, Path, RecordKey, TrieError};

/// What an update came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Updated {
    /// The new root.
    pub root: Hash,
    /// Leaves of the whole trie after the update.
    pub leaf_count: u64,
    /// Records to store, or with `None` to remove, in the order of their keys. Records that stay as they are do not
    /// stand here.
    pub records: Vec<(RecordKey, Option<Vec<u8>>)>,
}

/// Applies `writes` (the new value hash of a path, or `None` to remove it) and gives the new root and the records that
/// change. Removing what is not there, or writing what is there, changes nothing.
///
/// # Errors
/// [`TrieError`] when a record cannot be read or is corrupt.
pub fn update<R: NodeReader>(
    reader: &R,
    writes: &BTreeMap<Path, Option<Hash>>,
) -> Result<Updated, TrieError<R::Error>> {
    let mut change = Change { reader, records: BTreeMap::new() };
    let writes: Vec<_> = writes.iter().map(|(path, value)| (*path, *value)).collect();
    let root = change.load(&RecordKey::ROOT)?;
    let sum = match root {
        Some(node) if writes.is_empty() => node.sum(0),
        node => change.apply(RecordKey::ROOT, node, &writes)?,
    };
    Ok(Updated { root: sum.hash, leaf_count: sum.count, records: change.records.into_iter().collect() })
}

/// Root and number of leaves of the trie as stored.
///
/// # Errors
/// [`TrieError`] when the first record cannot be read or is corrupt.
pub fn root<R: NodeReader>(reader: &R) -> Result<(Hash, u64), TrieError<R::Error>> {
    let sum = load(reader, &RecordKey::ROOT)?.map_or_else(Sum::default, |node| node.sum(0));
    Ok((sum.hash, sum.count))
}

/// The value hash at a path, or `None` if there is no such leaf.
///
/// # Errors
/// [`TrieError`] when a record cannot be read or is corrupt.
pub fn get<R: NodeReader>(reader: &R, path: &Path) -> Result<Option<Hash>, TrieError<R::Error>> {
    let mut key = RecordKey::ROOT;
    let mut node = load(reader, &key)?;
    loop {
        match node {
            None => return Ok(None),
            Some(Node::Bucket(leaves)) => {
                return Ok(leaves.binary_search_by(|leaf| leaf.path.cmp(path)).ok().map(|i| leaves[i].value));
            }
            Some(Node::Inner(slots)) => {
                let slot = key.slot(path);
                if slots[slot].count == 0 {
                    return Ok(None);
                }
                (key, node) = child(reader, &key, slot, slots[slot].count).map(|(key, node)| (key, Some(node)))?;
            }
        }
    }
}

pub(super) fn load<R: NodeReader>(reader: &R, key: &RecordKey) -> Result<Option<Node>, TrieError<R::Error>> {
    let bytes = reader.load(key).map_err(TrieError::Read)?;
    bytes.map(|bytes| Node::decode(key, &bytes)).transpose().map_err(|reason| TrieError::Corrupt { key: *key, reason })
}

/// The record below a slot that says it has `count` leaves.
pub(super) fn child<R: NodeReader>(
    reader: &R,
    parent: &RecordKey,
    slot: usize,
    count: u64,
) -> Result<(RecordKey, Node), TrieError<R::Error>> {
    let key = child_key(parent, slot)?;
    let node = expect(key, count, load(reader, &key)?)?;
    Ok((key, node))
}

fn child_key<E>(parent: &RecordKey, slot: usize) -> Result<RecordKey, TrieError<E>> {
    parent.child(slot).ok_or(TrieError::Corrupt { key: *parent, reason: RecordError::Misplaced })
}

fn expect<E>(key: RecordKey, count: u64, node: Option<Node>) -> Result<Node, TrieError<E>> {
    match node {
        Some(node) if node.count() == count => Ok(node),
        Some(_) => Err(TrieError::Corrupt { key, reason: RecordError::Count }),
        None => Err(TrieError::Corrupt { key, reason: RecordError::Missing }),
    }
}

struct Change<'a, R> {
    reader: &'a R,
    records: BTreeMap<RecordKey, Option<Vec<u8>>>,
}

impl<R: NodeReader> Change<'_, R> {
    /// A record as it is after what was done so far.
    fn load(&self, key: &RecordKey) -> Result<Option<Node>, TrieError<R::Error>> {
        match self.records.get(key) {
            Some(Some(bytes)) => {
                Node::decode(key, bytes).map(Some).map_err(|reason| TrieError::Corrupt { key: *key, reason })
            }
            Some(None) => Ok(None),
            None => load(self.reader, key),
        }
    }

    /// Applies sorted writes below `key`, whose record is `node`.
    fn apply(
        &mut self,
        key: RecordKey,
        node: Option<Node>,
        writes: &[(Path, Option<Hash>)],
    ) -> Result<Sum, TrieError<R::Error>> {
        match node {
            Some(Node::Inner(slots)) => self.apply_inner(key, slots, writes),
            Some(Node::Bucket(leaves)) => self.apply_bucket(key, &leaves, writes),
            None => self.apply_bucket(key, &[], writes),
        }
    }

    fn apply_inner(
        &mut self,
        key: RecordKey,
        mut slots: Box<[Sum; 16]>,
        writes: &[(Path, Option<Hash>)],
    ) -> Result<Sum, TrieError<R::Error>> {
        let mut changed = false;
        for part in writes.chunk_by(|a, b| key.slot(&a.0) == key.slot(&b.0)) {
            let slot = key.slot(&part[0].0);
            let below = child_key(&key, slot)?;
            let node = match slots[slot].count {
                0 => None,
                count => Some(expect(below, count, self.load(&below)?)?),
            };
            let sum = self.apply(below, node, part)?;
            changed |= sum != slots[slot];
            slots[slot] = sum;
        }
        let count = slots.iter().fold(0, |n: u64, slot| n.saturating_add(slot.count));
        if !changed {
            return Ok(slots_sum(&slots[..]));
        }
        if count <= BUCKET as u64 {
            return self.merge(key, &slots);
        }
        let node = Node::Inner(slots);
        let sum = node.sum(key.depth());
        self.records.insert(key, Some(node.encode()));
        Ok(sum)
    }

    /// Turns an inner record with few leaves left into a bucket. Its children are buckets by the layout rule.
    fn merge(&mut self, key: RecordKey, slots: &[Sum; 16]) -> Result<Sum, TrieError<R::Error>> {
        let mut leaves = Vec::with_capacity(BUCKET);
        for (slot, sum) in slots.iter().enumerate().filter(|(_, sum)| sum.count > 0) {
            let below = child_key(&key, slot)?;
            match expect(below, sum.count, self.load(&below)?)? {
                Node::Bucket(part) => leaves.extend(part),
                Node::Inner(_) => {
                    return Err(TrieError::Corrupt { key: below, reason: RecordError::Count });
                }
            }
            self.records.insert(below, None);
        }
        Ok(self.build(key, &leaves))
    }

    fn apply_bucket(
        &mut self,
        key: RecordKey,
        old: &[Leaf],
        writes: &[(Path, Option<Hash>)],
    ) -> Result<Sum, TrieError<R::Error>> {
        let mut leaves = Vec::with_capacity(old.len() + writes.len());
        let mut rest = old.iter().copied().peekable();
        for (path, value) in writes {
            leaves.extend(std::iter::from_fn(|| rest.next_if(|leaf| leaf.path < *path)));
            rest.next_if(|leaf| leaf.path == *path);
            leaves.extend(value.map(|value| Leaf { path: *path, value }));
        }
        leaves.extend(rest);
        if leaves == old {
            return Ok(bucket_sum(old, usize::from(key.depth())));
        }
        Ok(self.build(key, &leaves))
    }

    /// Writes the records of a subtree whose leaves are all known.
    fn build(&mut self, key: RecordKey, leaves: &[Leaf]) -> Sum {
        if leaves.is_empty() {
            self.records.insert(key, None);
            return Sum::default();
        }
        let node = if leaves.len() <= BUCKET {
            Node::Bucket(leaves.to_vec())
        } else {
            let mut slots = Box::new([Sum::default(); 16]);
            for part in leaves.chunk_by(|a, b| key.slot(&a.path) == key.slot(&b.path)) {
                let slot = key.slot(&part[0].path);
                // More than BUCKET different paths cannot share 252 bits, so there is always a place below.
                if let Some(below) = key.child(slot) {
                    slots[slot] = self.build(below, part);
                }
            }
            Node::Inner(slots)
        };
        let sum = node.sum(key.depth());
        self.records.insert(key, Some(node.encode()));
        sum
    }
}
