//! The trie against plain maps and a naive root function.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;

pub(super) type Leaves = BTreeMap<Path, Hash>;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Records(BTreeMap<RecordKey, Vec<u8>>);

impl NodeReader for Records {
    type Error = Infallible;

    fn load(&self, key: &RecordKey) -> Result<Option<Arc<Record>>, TrieError<Infallible>> {
        self.0.get(key).map(|bytes| Record::decode(key, bytes).map(Arc::new)).transpose()
    }
}

impl Records {
    pub fn apply(&mut self, writes: &BTreeMap<Path, Option<Hash>>) -> Updated {
        let updated = update(self, writes).unwrap();
        assert_eq!(updated, update_on(self, writes, 3).unwrap());
        for (key, record) in &updated.records {
            match record {
                Some(record) => self.0.insert(*key, record.encode()),
                None => self.0.remove(key),
            };
        }
        updated
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Changes one bit of one record.
    pub fn flip(&mut self, at: prop::sample::Index, byte: prop::sample::Index, bit: u8) {
        let at = at.index(self.0.len());
        let record = self.0.values_mut().nth(at).unwrap();
        let byte = byte.index(record.len());
        record[byte] ^= 1 << bit;
    }

    pub fn of(leaves: &Leaves) -> Self {
        let mut records = Self::default();
        records.apply(&leaves.iter().map(|(path, value)| (*path, Some(*value))).collect());
        records
    }
}

/// The hash rules, word by word.
fn naive(leaves: &[(Path, Hash)], depth: usize) -> Hash {
    match leaves {
        [] => Hash::ZERO,
        [(path, value)] => leaf_hash(path, value),
        _ => {
            let side = |wanted: bool| -> Vec<_> {
                let bit = |path: &Path| path[depth / 8] >> (7 - depth % 8) & 1 == 1;
                leaves.iter().copied().filter(|(path, _)| bit(path) == wanted).collect()
            };
            let (left, right) = (side(false), side(true));
            node_hash(&naive(&left, depth + 1), &naive(&right, depth + 1))
        }
    }
}

pub(super) fn naive_root(leaves: &Leaves) -> Hash {
    naive(&leaves.iter().map(|(path, value)| (*path, *value)).collect::<Vec<_>>(), 0)
}

/// Paths of few distinct bytes, so that they share long prefixes and collide often.
pub(super) fn path() -> impl Strategy<Value = Path> {
    prop_oneof![
        4 => any::<u16>().prop_map(|n| *blake3::hash(&(n % 300).to_le_bytes()).as_bytes()),
        1 => (0usize..32, any::<u8>()).prop_map(|(at, byte)| {
            let mut path = [0; 32];
            path[at] = byte;
            path
        }),
        1 => any::<u8>().prop_map(|byte| {
            let mut path = [7; 32];
            path[31] = byte;
            path
        }),
    ]
}

pub(super) fn batch() -> impl Strategy<Value = BTreeMap<Path, Option<Hash>>> {
    let value = prop_oneof![2 => any::<u8>().prop_map(|n| Some(Hash([n; 32]))), 1 => Just(None)];
    prop::collection::btree_map(path(), value, 0..120)
}

pub(super) fn apply(leaves: &mut Leaves, writes: &BTreeMap<Path, Option<Hash>>) {
    for (path, value) in writes {
        match value {
            Some(value) => leaves.insert(*path, *value),
            None => leaves.remove(path),
        };
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_history_gives_the_naive_root_and_the_records_of_its_leaves(batches in prop::collection::vec(batch(), 1..8)) {
        let (mut records, mut leaves) = (Records::default(), Leaves::new());
        for writes in &batches {
            let updated = records.apply(writes);
            apply(&mut leaves, writes);
            prop_assert_eq!(updated.root, naive_root(&leaves));
            prop_assert_eq!(updated.leaf_count, leaves.len() as u64);
            prop_assert_eq!(root(&records).unwrap(), (updated.root, updated.leaf_count));
            prop_assert_eq!(&records, &Records::of(&leaves));
        }
        for path in leaves.keys() {
            prop_assert_eq!(get(&records, path).unwrap(), leaves.get(path).copied());
        }
        for path in batches.iter().flat_map(|writes| writes.keys()) {
            prop_assert_eq!(get(&records, path).unwrap(), leaves.get(path).copied());
        }
        let clear = leaves.keys().map(|path| (*path, None)).collect();
        prop_assert_eq!(records.apply(&clear).root, Hash::ZERO);
        prop_assert_eq!(records, Records::default());
    }

    #[test]
    fn a_damaged_record_is_an_error_or_another_root_and_never_a_panic(
        writes in batch(), at in any::<prop::sample::Index>(), byte in any::<prop::sample::Index>(),
        bit in 0u8..8, cut in any::<bool>(), more in batch(),
    ) {
        let mut records = Records::default();
        records.apply(&writes);
        prop_assume!(!records.0.is_empty());
        let key = *at.get(&records.0.keys().copied().collect::<Vec<_>>());
        let record = records.0.get_mut(&key).unwrap();
        let byte = byte.index(record.len());
        if cut { record.truncate(byte) } else { record[byte] ^= 1 << bit }
        let _ = update(&records, &more);
        let _ = root(&records);
        for path in writes.keys() {
            let _ = get(&records, path);
        }
    }
}

#[test]
fn one_leaf_is_the_root_and_none_is_zero() {
    assert_eq!(root(&Records::default()).unwrap(), (Hash::ZERO, 0));
    let leaves = Leaves::from([([9; 32], value_hash(b"v"))]);
    assert_eq!(root(&Records::of(&leaves)).unwrap(), (leaf_hash(&[9; 32], &value_hash(b"v")), 1));
}

#[test]
fn several_threads_come_to_the_root_and_the_records_of_one() {
    let path = |n: u64| *blake3::hash(&n.to_le_bytes()).as_bytes();
    let leaves: Leaves = (0..3000).map(|n| (path(n), Hash([1; 32]))).collect();
    let records = Records::of(&leaves);
    let mut writes: BTreeMap<_, _> = (0..900).map(|n| (path(n * 3), (n % 2 == 0).then_some(Hash([2; 32])))).collect();
    writes.extend((3000..3100).map(|n| (path(n), Some(Hash([3; 32])))));
    let one = update(&records, &writes).unwrap();
    for threads in [2, 3, 16, 40] {
        assert_eq!(update_on(&records, &writes, threads).unwrap(), one);
    }
    let mut records = records;
    let mut leaves = leaves;
    records.apply(&writes);
    apply(&mut leaves, &writes);
    assert_eq!((records.clone(), one.root), (Records::of(&leaves), naive_root(&leaves)));
    let all: BTreeMap<_, _> = leaves.keys().map(|path| (*path, None)).collect();
    assert_eq!(update_on(&records, &all, 2).unwrap().root, Hash::ZERO);
}

#[test]
fn a_bucket_splits_past_its_capacity_and_merges_back() {
    let path = |n: usize| *blake3::hash(&n.to_le_bytes()).as_bytes();
    let mut leaves = Leaves::new();
    let mut records = Records::default();
    let mut sizes = Vec::new();
    for n in 0..=BUCKET {
        let writes = BTreeMap::from([(path(n), Some(Hash([1; 32])))]);
        records.apply(&writes);
        apply(&mut leaves, &writes);
        sizes.push(records.0.len());
    }
    assert_eq!(sizes[..BUCKET], [1; BUCKET]);
    assert!(sizes[BUCKET] > 2, "33 leaves are an inner record and its buckets");
    records.apply(&BTreeMap::from([(path(0), None)]));
    assert_eq!(records.0.len(), 1);
    leaves.remove(&path(0));
    assert_eq!(root(&records).unwrap().0, naive_root(&leaves));
}

#[test]
fn writing_what_is_there_changes_no_record() {
    let leaves: Leaves = (0..100u64).map(|n| (*blake3::hash(&n.to_le_bytes()).as_bytes(), Hash([3; 32]))).collect();
    let mut records = Records::of(&leaves);
    let again = leaves.iter().map(|(path, value)| (*path, Some(*value))).collect();
    let updated = records.apply(&again);
    assert_eq!(updated.records, []);
    assert_eq!(updated.root, naive_root(&leaves));
}

#[test]
fn a_missing_record_is_an_error_that_says_where() {
    let leaves: Leaves = (0..100u64).map(|n| (*blake3::hash(&n.to_le_bytes()).as_bytes(), Hash([3; 32]))).collect();
    let mut records = Records::of(&leaves);
    let (path, _) = leaves.first_key_value().unwrap();
    records.0.retain(|key, _| key.depth() == 0);
    let error = update(&records, &BTreeMap::from([(*path, None)])).unwrap_err();
    assert!(matches!(error, TrieError::Corrupt { key, reason: RecordError::Missing } if key.depth() == 4), "{error}");
}

#[test]
fn roots_never_change_golden() {
    let leaves: Leaves = (0..1000u64)
        .map(|n| (path::slot_path(&path::RESERVED_PATH_KEY, &n.to_le_bytes()), value_hash(&n.to_be_bytes())))
        .collect();
    let root = root(&Records::of(&leaves)).unwrap().0;
    assert_eq!(root, naive_root(&leaves));
    assert_eq!(root.to_string(), "0x53453ad36d982082d75a520f6e71e555fcf62a8bfed941ccabd25639a308275f");
}
