//! Reading and changing a trie through its records. Pure: what changed is handed back, nothing is stored here. A change
//! goes down first, which settles the records, and then hashes all of them together, deepest first.
//! Invariant: after an update the records are exactly those the new set of leaves has, so a removed subtree leaves
//! nothing behind.

use std::collections::BTreeMap;
use std::sync::Arc;

use coffer_abi::Hash;

use super::many::{bucket_hashes, inner_sums};
use super::node::{BUCKET, Leaf, Node, Record, RecordError, SLOTS, Sum, bucket_sum, slots_sum};
use super::{NodeReader, Path, RecordKey, TrieError};

/// Fewer writes than this are not worth a second thread.
const MANY: usize = 256;

/// What an update came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Updated {
    /// The new root.
    pub root: Hash,
    /// Leaves of the whole trie after the update.
    pub leaf_count: u64,
    /// Records to store, or with `None` to remove, in the order of their keys. Records that stay as they are do not
    /// stand here.
    pub records: Vec<(RecordKey, Option<Arc<Record>>)>,
}

type Write = (Path, Option<Hash>);

/// Applies `writes` (the new value hash of a path, or `None` to remove it) and gives the new root and the records that
/// change. Removing what is not there, or writing what is there, changes nothing.
///
/// # Errors
/// [`TrieError`] when a record cannot be read or is corrupt.
pub fn update<R: NodeReader>(
    reader: &R,
    writes: &BTreeMap<Path, Option<Hash>>,
) -> Result<Updated, TrieError<R::Error>> {
    let writes: Vec<_> = writes.iter().map(|(path, value)| (*path, *value)).collect();
    let mut change = Change::new(reader);
    let sum = change.apply_root(reader.load(&RecordKey::ROOT)?.as_deref(), &writes)?;
    Ok(change.updated(sum))
}

/// Root of a trie that has just these leaves.
pub fn root_of(leaves: &BTreeMap<Path, Option<Hash>>) -> Hash {
    // UNWRAP: the only errors are those of records that are read, and there are none.
    update(&Nothing, leaves).expect("a trie without records is read").root
}

/// A trie without records.
struct Nothing;

impl NodeReader for Nothing {
    type Error = core::convert::Infallible;

    fn load(&self, _: &RecordKey) -> Result<Option<Arc<Record>>, TrieError<Self::Error>> {
        Ok(None)
    }
}

/// As [`update`], on up to `threads` threads if there is enough to do.
///
/// # Errors
/// As [`update`].
pub fn update_on<R: NodeReader<Error: Send> + Sync>(
    reader: &R,
    writes: &BTreeMap<Path, Option<Hash>>,
    threads: usize,
) -> Result<Updated, TrieError<R::Error>> {
    if threads < 2 || writes.len() < MANY {
        return update(reader, writes);
    }
    let writes: Vec<_> = writes.iter().map(|(path, value)| (*path, *value)).collect();
    let root = reader.load(&RecordKey::ROOT)?;
    let mut change = Change::new(reader);
    // The root is to stay an inner record whatever the writes remove: then its slots do not depend on each other.
    let leaves = (BUCKET + writes.len()) as u64;
    let sum = match root.as_ref().map(|record| &record.0) {
        Some(node @ Node::Inner(slots)) if node.count() > leaves => change.apply_apart(slots, &writes, threads)?,
        _ => change.apply_root(root.as_deref(), &writes)?,
    };
    Ok(change.updated(sum))
}

/// Root and number of leaves of the trie as stored.
///
/// # Errors
/// [`TrieError`] when the first record cannot be read or is corrupt.
pub fn root<R: NodeReader>(reader: &R) -> Result<(Hash, u64), TrieError<R::Error>> {
    let sum = reader.load(&RecordKey::ROOT)?.map_or_else(Sum::default, |record| record.0.sum(0));
    Ok((sum.hash, sum.count))
}

/// The value hash at a path, or `None` if there is no such leaf.
///
/// # Errors
/// [`TrieError`] when a record cannot be read or is corrupt.
pub fn get<R: NodeReader>(reader: &R, path: &Path) -> Result<Option<Hash>, TrieError<R::Error>> {
    let mut key = RecordKey::ROOT;
    let mut record = reader.load(&key)?;
    loop {
        match record.as_deref() {
            None => return Ok(None),
            Some(Record(Node::Bucket(leaves))) => {
                return Ok(leaves.binary_search_by(|leaf| leaf.path.cmp(path)).ok().map(|i| leaves[i].value));
            }
            Some(Record(Node::Inner(slots))) => {
                let slot = key.slot(path);
                if slots[slot].count == 0 {
                    return Ok(None);
                }
                let (below, next) = child(reader, &key, slot, slots[slot].count)?;
                (key, record) = (below, Some(next));
            }
        }
    }
}

/// The record below a slot that says it has `count` leaves.
pub(super) fn child<R: NodeReader>(
    reader: &R,
    parent: &RecordKey,
    slot: usize,
    count: u64,
) -> Result<(RecordKey, Arc<Record>), TrieError<R::Error>> {
    let key = child_key(parent, slot)?;
    match reader.load(&key)? {
        Some(record) if record.0.count() == count => Ok((key, record)),
        Some(_) => Err(TrieError::Corrupt { key, reason: RecordError::Count }),
        None => Err(TrieError::Corrupt { key, reason: RecordError::Missing }),
    }
}

fn child_key<E>(parent: &RecordKey, slot: usize) -> Result<RecordKey, TrieError<E>> {
    parent.child(slot).ok_or(TrieError::Corrupt { key: *parent, reason: RecordError::Misplaced })
}

/// A subtree after the writes to it.
enum Part {
    /// Hashed already.
    Known(Sum),
    /// A changed record, by its number, and its leaves.
    Changed(usize, u64),
}

/// A record that changed, not yet hashed.
enum Changed {
    Bucket(RecordKey, Vec<Leaf>),
    /// With the slots whose sums are those of changed records.
    Inner(RecordKey, Box<[Sum; SLOTS]>, Vec<(usize, usize)>),
    /// Its leaves went into a record above.
    Merged,
}

struct Change<'a, R> {
    reader: &'a R,
    /// A record stands behind all changed records below it.
    changed: Vec<Changed>,
    records: Vec<(RecordKey, Option<Arc<Record>>)>,
}

impl<'a, R: NodeReader> Change<'a, R> {
    fn new(reader: &'a R) -> Self {
        Self { reader, changed: Vec::new(), records: Vec::new() }
    }

    fn updated(mut self, sum: Sum) -> Updated {
        // A place can have been emptied twice over, but has at most one record, which is then its last word.
        self.records.sort_by_key(|(key, record)| (*key, record.is_some()));
        let mut records: Vec<(RecordKey, Option<Arc<Record>>)> = Vec::with_capacity(self.records.len());
        for entry in self.records {
            match records.last_mut() {
                Some(last) if last.0 == entry.0 => *last = entry,
                _ => records.push(entry),
            }
        }
        Updated { root: sum.hash, leaf_count: sum.count, records }
    }

    fn apply_root(&mut self, root: Option<&Record>, writes: &[Write]) -> Result<Sum, TrieError<R::Error>> {
        let part = match root {
            Some(record) if writes.is_empty() => Part::Known(record.0.sum(0)),
            record => self.apply(RecordKey::ROOT, record, None, writes)?,
        };
        Ok(self.hash(part))
    }

    /// Applies sorted writes below `key`, whose record is `record` and has the sum `before` if that is known.
    fn apply(
        &mut self,
        key: RecordKey,
        record: Option<&Record>,
        before: Option<Sum>,
        writes: &[Write],
    ) -> Result<Part, TrieError<R::Error>> {
        match record {
            Some(Record(Node::Inner(slots))) => self.apply_inner(key, slots, before, writes),
            Some(Record(Node::Bucket(leaves))) => Ok(self.apply_bucket(key, leaves, before, writes)),
            None => Ok(self.apply_bucket(key, &[], Some(Sum::default()), writes)),
        }
    }

    /// Applies sorted writes that all go to one slot of the inner record at `key`.
    fn apply_slot(&mut self, key: &RecordKey, slot: Sum, writes: &[Write]) -> Result<Part, TrieError<R::Error>> {
        let at = key.slot(&writes[0].0);
        if slot.count == 0 {
            return self.apply(child_key(key, at)?, None, None, writes);
        }
        let (below, record) = child(self.reader, key, at, slot.count)?;
        self.apply(below, Some(&record), Some(slot), writes)
    }

    fn apply_inner(
        &mut self,
        key: RecordKey,
        slots: &[Sum; SLOTS],
        before: Option<Sum>,
        writes: &[Write],
    ) -> Result<Part, TrieError<R::Error>> {
        let mut slots = Box::new(*slots);
        let mut below = Vec::new();
        let mut is_changed = false;
        for part in writes.chunk_by(|a, b| key.slot(&a.0) == key.slot(&b.0)) {
            let slot = key.slot(&part[0].0);
            match self.apply_slot(&key, slots[slot], part)? {
                Part::Known(sum) => {
                    is_changed |= sum != slots[slot];
                    slots[slot] = sum;
                }
                Part::Changed(number, count) => {
                    is_changed = true;
                    slots[slot] = Sum { count, hash: Hash::ZERO };
                    below.push((slot, number));
                }
            }
        }
        if !is_changed {
            return Ok(Part::Known(before.unwrap_or_else(|| slots_sum(&slots[..]))));
        }
        let count = slots.iter().fold(0, |n: u64, slot| n.saturating_add(slot.count));
        if count <= BUCKET as u64 {
            return self.merge(key, &slots, &below);
        }
        Ok(self.push(Changed::Inner(key, slots, below), count))
    }

    fn push(&mut self, changed: Changed, count: u64) -> Part {
        self.changed.push(changed);
        Part::Changed(self.changed.len() - 1, count)
    }

    /// Turns an inner record with few leaves left into a bucket. Its children are buckets by the layout rule.
    fn merge(
        &mut self,
        key: RecordKey,
        slots: &[Sum; SLOTS],
        below: &[(usize, usize)],
    ) -> Result<Part, TrieError<R::Error>> {
        let mut leaves = Vec::with_capacity(BUCKET);
        for (slot, sum) in slots.iter().enumerate().filter(|(_, sum)| sum.count > 0) {
            let place = child_key(&key, slot)?;
            let misplaced = TrieError::Corrupt { key: place, reason: RecordError::Count };
            match below.iter().find(|(changed, _)| *changed == slot) {
                Some((_, number)) => match std::mem::replace(&mut self.changed[*number], Changed::Merged) {
                    Changed::Bucket(_, part) => leaves.extend(part),
                    _ => return Err(misplaced),
                },
                None => match &child(self.reader, &key, slot, sum.count)?.1.0 {
                    Node::Bucket(part) => leaves.extend(part),
                    Node::Inner(_) => return Err(misplaced),
                },
            }
            self.records.push((place, None));
        }
        Ok(self.build(key, leaves))
    }

    fn apply_bucket(&mut self, key: RecordKey, old: &[Leaf], before: Option<Sum>, writes: &[Write]) -> Part {
        let mut leaves = Vec::with_capacity(old.len() + writes.len());
        let mut rest = old.iter().copied().peekable();
        for (path, value) in writes {
            leaves.extend(std::iter::from_fn(|| rest.next_if(|leaf| leaf.path < *path)));
            rest.next_if(|leaf| leaf.path == *path);
            leaves.extend(value.map(|value| Leaf { path: *path, value }));
        }
        leaves.extend(rest);
        if leaves == old {
            return Part::Known(before.unwrap_or_else(|| bucket_sum(old, usize::from(key.depth()))));
        }
        self.build(key, leaves)
    }

    /// The records of a subtree whose leaves are all known.
    fn build(&mut self, key: RecordKey, leaves: Vec<Leaf>) -> Part {
        let count = leaves.len() as u64;
        if leaves.is_empty() {
            self.records.push((key, None));
            return Part::Known(Sum::default());
        }
        if leaves.len() <= BUCKET {
            return self.push(Changed::Bucket(key, leaves), count);
        }
        let mut slots = Box::new([Sum::default(); SLOTS]);
        let mut below = Vec::new();
        for part in leaves.chunk_by(|a, b| key.slot(&a.path) == key.slot(&b.path)) {
            let slot = key.slot(&part[0].path);
            // More than BUCKET different paths cannot share 252 bits, so there is always a place below.
            if let Some(place) = key.child(slot)
                && let Part::Changed(number, count) = self.build(place, part.to_vec())
            {
                slots[slot].count = count;
                below.push((slot, number));
            }
        }
        self.push(Changed::Inner(key, slots, below), count)
    }

    /// Hashes all changed records and files them; gives the sum of `part`.
    fn hash(&mut self, part: Part) -> Sum {
        let mut sums = vec![Sum::default(); self.changed.len()];
        let mut buckets = Vec::new();
        let mut numbers = Vec::new();
        let mut inner: BTreeMap<u8, Vec<usize>> = BTreeMap::new();
        for (number, changed) in self.changed.iter().enumerate() {
            match changed {
                Changed::Bucket(key, leaves) => {
                    sums[number].count = leaves.len() as u64;
                    numbers.push(number);
                    buckets.push((usize::from(key.depth()), &leaves[..]));
                }
                Changed::Inner(key, ..) => inner.entry(key.depth()).or_default().push(number),
                Changed::Merged => {}
            }
        }
        for (number, hash) in numbers.into_iter().zip(bucket_hashes(&buckets)) {
            sums[number].hash = hash;
        }
        for numbers in inner.into_values().rev() {
            let mut records = Vec::with_capacity(numbers.len());
            for number in &numbers {
                if let Changed::Inner(_, slots, below) = &mut self.changed[*number] {
                    for (slot, changed) in below {
                        slots[*slot] = sums[*changed];
                    }
                    records.push(**slots);
                }
            }
            for (number, sum) in numbers.into_iter().zip(inner_sums(records)) {
                sums[number] = sum;
            }
        }
        for changed in self.changed.drain(..) {
            match changed {
                Changed::Bucket(key, leaves) => self.records.push((key, Some(Arc::new(Record(Node::Bucket(leaves)))))),
                Changed::Inner(key, slots, _) => self.records.push((key, Some(Arc::new(Record(Node::Inner(slots)))))),
                Changed::Merged => {}
            }
        }
        match part {
            Part::Known(sum) => sum,
            Part::Changed(number, _) => sums[number],
        }
    }
}

/// What the writes to one slot of the first record came to.
type Apart<E> = Result<Vec<(usize, Sum)>, TrieError<E>>;

impl<R: NodeReader<Error: Send> + Sync> Change<'_, R> {
    /// Applies sorted writes to the first record, an inner one that stays one: groups of its slots on threads of their
    /// own.
    fn apply_apart(
        &mut self,
        slots: &[Sum; SLOTS],
        writes: &[Write],
        threads: usize,
    ) -> Result<Sum, TrieError<R::Error>> {
        let key = RecordKey::ROOT;
        let parts: Vec<_> = writes.chunk_by(|a, b| key.slot(&a.0) == key.slot(&b.0)).collect();
        let reader = self.reader;
        let run = |parts: &[&[Write]]| {
            let mut change = Change::new(reader);
            let sums: Apart<R::Error> = parts
                .iter()
                .map(|part| {
                    let slot = key.slot(&part[0].0);
                    let applied = change.apply_slot(&key, slots[slot], part)?;
                    Ok((slot, change.hash(applied)))
                })
                .collect();
            (sums, change.records)
        };
        let done: Vec<_> = std::thread::scope(|scope| {
            let groups = parts.chunks(parts.len().div_ceil(threads));
            let running: Vec<_> = groups.map(|group| scope.spawn(move || run(group))).collect();
            running.into_iter().map(|thread| thread.join()).collect()
        });
        let mut after = Box::new(*slots);
        for group in done {
            let (sums, records) = group.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            self.records.extend(records);
            for (slot, sum) in sums? {
                after[slot] = sum;
            }
        }
        let sum = slots_sum(&after[..]);
        if *after != *slots {
            self.records.push((key, Some(Arc::new(Record(Node::Inner(after))))));
        }
        Ok(sum)
    }
}
