//! The two kinds of trie record and the hashes over them. Not here: walking and changing records (`update`).
//! Invariant: a subtree of at most [`BUCKET`] leaves is one bucket and a larger one an inner record, so that the set of
//! records follows from the set of leaves; `decode` accepts exactly what `encode` writes and never panics.

use coffer_abi::Hash;

use super::{Path, RecordKey, TrieError, bit, leaf_hash, node_hash};

/// Leaves of one bucket at most. A storage detail: 32 leaves are about 2 KB, and a small state is one record.
pub const BUCKET: usize = 32;
/// Children of an inner record.
pub(super) const SLOTS: usize = 16;
/// Bits of path one inner record takes.
const STRIDE: u8 = 4;
const TAG_BUCKET: u8 = 0;
const TAG_INNER: u8 = 1;
const LEAF_BYTES: usize = 64;
const SLOT_BYTES: usize = 40;

/// What is wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The record above says there are leaves here, but there is no record.
    #[error("it is missing")]
    Missing,
    /// Not an encoding of a record.
    #[error("its bytes are no record")]
    Malformed,
    /// Its leaves are out of order or belong elsewhere.
    #[error("its leaves are out of place")]
    Misplaced,
    /// It holds another number of leaves than the record above says.
    #[error("it holds another number of leaves than the record above it says")]
    Count,
    /// Its leaves come to another hash than the record above says.
    #[error("it comes to another hash than the record above it says")]
    Hash,
}

/// One leaf of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Leaf {
    pub path: Path,
    pub value: Hash,
}

/// A subtree in brief: how many leaves, and its hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub count: u64,
    pub hash: Hash,
}

impl Sum {
    /// Two halves as one subtree: a lone leaf keeps its hash at whatever depth.
    pub fn join(left: Self, right: Self) -> Self {
        let hash = match (left.count, right.count) {
            (0, 0) => Hash::ZERO,
            (1, 0) => left.hash,
            (0, 1) => right.hash,
            _ => node_hash(&left.hash, &right.hash),
        };
        Self { count: left.count.saturating_add(right.count), hash }
    }
}

/// One stored part of a trie: an inner record with 16 slots, or a bucket of leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record(pub(super) Node);

impl Record {
    /// The record as it is stored.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.encoded_len());
        self.append_to(&mut bytes);
        bytes
    }

    /// The same, behind what is in `bytes`.
    pub fn append_to(&self, bytes: &mut Vec<u8>) {
        self.0.append_to(bytes);
    }

    /// Bytes of [`Record::encode`].
    pub fn encoded_len(&self) -> usize {
        match &self.0 {
            Node::Bucket(leaves) => 1 + LEAF_BYTES * leaves.len(),
            Node::Inner(slots) => 3 + SLOT_BYTES * slots.iter().filter(|slot| slot.count > 0).count(),
        }
    }

    /// Reads a stored record and checks that it may stand at `key`.
    ///
    /// # Errors
    /// [`TrieError::Corrupt`] if it may not.
    pub fn decode<E>(key: &RecordKey, bytes: &[u8]) -> Result<Self, TrieError<E>> {
        Node::decode(key, bytes).map(Self).map_err(|reason| TrieError::Corrupt { key: *key, reason })
    }
}

/// A record of either kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Bucket(Vec<Leaf>),
    Inner(Box<[Sum; SLOTS]>),
}

impl Node {
    pub fn sum(&self, depth: u8) -> Sum {
        match self {
            Self::Bucket(leaves) => bucket_sum(leaves, usize::from(depth)),
            Self::Inner(slots) => slots_sum(&slots[..]),
        }
    }

    pub fn count(&self) -> u64 {
        match self {
            Self::Bucket(leaves) => leaves.len() as u64,
            Self::Inner(slots) => slots.iter().fold(0, |n, s| n.saturating_add(s.count)),
        }
    }

    fn append_to(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Bucket(leaves) => {
                bytes.push(TAG_BUCKET);
                for leaf in leaves {
                    bytes.extend_from_slice(&leaf.path);
                    bytes.extend_from_slice(&leaf.value.0);
                }
            }
            Self::Inner(slots) => {
                let places = slots.iter().enumerate().filter(|(_, slot)| slot.count > 0);
                let used: u16 = places.clone().map(|(place, _)| 1 << place).sum();
                bytes.push(TAG_INNER);
                bytes.extend_from_slice(&used.to_le_bytes());
                for (_, slot) in places {
                    bytes.extend_from_slice(&slot.count.to_le_bytes());
                    bytes.extend_from_slice(&slot.hash.0);
                }
            }
        }
    }

    /// Reads a record and checks that it may stand at `key`.
    pub fn decode(key: &RecordKey, bytes: &[u8]) -> Result<Self, RecordError> {
        match bytes.split_first() {
            Some((&TAG_BUCKET, rest)) => decode_bucket(key, rest).map(Self::Bucket),
            Some((&TAG_INNER, rest)) => decode_inner(rest).map(|slots| Self::Inner(Box::new(slots))),
            _ => Err(RecordError::Malformed),
        }
    }
}

fn decode_bucket(key: &RecordKey, bytes: &[u8]) -> Result<Vec<Leaf>, RecordError> {
    let (entries, rest) = bytes.as_chunks::<LEAF_BYTES>();
    if !rest.is_empty() || entries.is_empty() || entries.len() > BUCKET {
        return Err(RecordError::Malformed);
    }
    let mut leaves = Vec::with_capacity(entries.len());
    for entry in entries {
        let mut leaf = Leaf { path: [0; 32], value: Hash::ZERO };
        leaf.path.copy_from_slice(&entry[..32]);
        leaf.value.0.copy_from_slice(&entry[32..]);
        leaves.push(leaf);
    }
    let ordered = leaves.windows(2).all(|pair| pair[0].path < pair[1].path);
    if !ordered || leaves.iter().any(|leaf| RecordKey::at(key.depth, &leaf.path) != *key) {
        return Err(RecordError::Misplaced);
    }
    Ok(leaves)
}

fn decode_inner(bytes: &[u8]) -> Result<[Sum; SLOTS], RecordError> {
    let (used, rest) = bytes.split_first_chunk::<2>().ok_or(RecordError::Malformed)?;
    let used = u16::from_le_bytes(*used);
    let (entries, rest) = rest.as_chunks::<SLOT_BYTES>();
    if !rest.is_empty() || entries.len() != used.count_ones() as usize {
        return Err(RecordError::Malformed);
    }
    let mut slots = [Sum::default(); SLOTS];
    let mut total: u64 = 0;
    let places = (0..SLOTS).filter(|i| used & (1 << i) != 0);
    for (i, entry) in places.zip(entries) {
        let (count, hash) = entry.split_first_chunk::<8>().ok_or(RecordError::Malformed)?;
        let count = u64::from_le_bytes(*count);
        total = total.checked_add(count).ok_or(RecordError::Malformed)?;
        if count == 0 {
            return Err(RecordError::Malformed);
        }
        slots[i].count = count;
        slots[i].hash.0.copy_from_slice(hash);
    }
    if total <= BUCKET as u64 {
        return Err(RecordError::Count);
    }
    Ok(slots)
}

impl RecordKey {
    /// Place at `depth` on the way to `path`.
    pub(super) fn at(depth: u8, path: &Path) -> Self {
        let mut prefix = [0; 32];
        let whole = usize::from(depth / 8);
        prefix[..whole].copy_from_slice(&path[..whole]);
        if !depth.is_multiple_of(8) {
            prefix[whole] = path[whole] & 0xf0;
        }
        Self { depth, prefix }
    }

    /// Place of the record below slot `slot`, or `None` below the last record (where a path has no bits left).
    pub(super) fn child(&self, slot: usize) -> Option<Self> {
        let mut prefix = self.prefix;
        prefix[usize::from(self.depth / 8)] |=
            if self.depth.is_multiple_of(8) { (slot as u8) << 4 } else { slot as u8 };
        Some(Self { depth: self.depth.checked_add(STRIDE)?, prefix })
    }

    /// Slot of an inner record here that leads to `path`.
    pub(super) fn slot(&self, path: &Path) -> usize {
        let byte = path[usize::from(self.depth / 8)];
        usize::from(if self.depth.is_multiple_of(8) { byte >> 4 } else { byte & 15 })
    }
}

/// Sum of sorted leaves that share their first `depth` bits.
pub(super) fn bucket_sum(leaves: &[Leaf], depth: usize) -> Sum {
    match leaves {
        [] => Sum::default(),
        [leaf] => Sum { count: 1, hash: leaf_hash(&leaf.path, &leaf.value) },
        _ => {
            let middle = leaves.partition_point(|leaf| !bit(&leaf.path, depth));
            Sum::join(bucket_sum(&leaves[..middle], depth + 1), bucket_sum(&leaves[middle..], depth + 1))
        }
    }
}

/// Sum of neighbouring slots; their number is a power of two.
pub(super) fn slots_sum(slots: &[Sum]) -> Sum {
    match slots {
        [] => Sum::default(),
        [slot] => *slot,
        _ => {
            let (left, right) = slots.split_at(slots.len() / 2);
            Sum::join(slots_sum(left), slots_sum(right))
        }
    }
}
