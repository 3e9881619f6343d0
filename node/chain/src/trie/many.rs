//! Hashes of many subtrees at once, so that the processor's wide registers are full. Not here: which subtrees changed
//! (`update`), and the same hashes one by one (`node`, and whoever checks a proof).
//! Invariant: every hash is the one that `leaf_hash` and `node_hash` give.

use blake3::IncrementCounter;
use blake3::platform::Platform;
use coffer_abi::Hash;

use super::node::{Leaf, SLOTS, Sum};
use super::{LEAF_KEY, NODE_KEY, bit};

/// Flags of BLAKE3 for a keyed hash whose whole input is one block: it is first, last and root.
const KEYED: u8 = 1 << 4;
const FIRST: u8 = 1;
const LAST_AND_ROOT: u8 = 1 << 1 | 1 << 3;
/// Leaves hashed in one go: their inputs and hashes stay in the processor's cache.
const GO: usize = 2048;

/// Two hashes side by side, as they are hashed.
type Pair = [u8; 64];

fn side_by_side(left: &[u8; 32], right: &[u8; 32]) -> Pair {
    let mut both = [0; 64];
    both[..32].copy_from_slice(left);
    both[32..].copy_from_slice(right);
    both
}

/// The keyed hashes of pairs, in their order.
fn hash_pairs(key: &[u8; 32], pairs: &[Pair]) -> Vec<Hash> {
    let (words, _) = key.as_chunks::<4>();
    let mut key = [0; 8];
    for (word, bytes) in key.iter_mut().zip(words) {
        *word = u32::from_le_bytes(*bytes);
    }
    let inputs: Vec<&Pair> = pairs.iter().collect();
    let mut bytes = vec![0; 32 * pairs.len()];
    Platform::detect().hash_many(&inputs, &key, 0, IncrementCounter::No, KEYED, FIRST, LAST_AND_ROOT, &mut bytes);
    bytes.as_chunks::<32>().0.iter().map(|hash| Hash(*hash)).collect()
}

/// Hashes of buckets, each given with the depth it stands at; none is empty.
pub(super) fn bucket_hashes(buckets: &[(usize, &[Leaf])]) -> Vec<Hash> {
    let mut hashes = Vec::with_capacity(buckets.len());
    let mut rest = buckets;
    while !rest.is_empty() {
        let mut leaves = 0;
        let whole = rest.iter().take_while(|(_, bucket)| {
            leaves += bucket.len();
            leaves <= GO
        });
        let (now, later) = rest.split_at(whole.count().max(1));
        hashes.extend(Rounds::hash(now));
        rest = later;
    }
    hashes
}

/// The nodes above the leaves of some buckets, by rounds: what a round needs, earlier ones have made.
#[derive(Default)]
struct Rounds {
    /// Numbers of left half, right half and the node itself.
    rounds: Vec<Vec<(usize, usize, usize)>>,
    /// Hashes so far: number 0 is the empty subtree, then the leaves, then the nodes.
    next: usize,
}

impl Rounds {
    fn hash(buckets: &[(usize, &[Leaf])]) -> Vec<Hash> {
        let leaves = buckets.iter().flat_map(|(_, leaves)| *leaves);
        let leaves: Vec<Pair> = leaves.map(|leaf| side_by_side(&leaf.path, &leaf.value.0)).collect();
        let mut plan = Self { rounds: Vec::new(), next: 1 + leaves.len() };
        let mut first = 1;
        let mut tops = Vec::with_capacity(buckets.len());
        for (depth, bucket) in buckets {
            tops.push(plan.add(bucket, *depth, first).0);
            first += bucket.len();
        }
        let mut hashes = vec![Hash::ZERO; plan.next];
        hashes[1..=leaves.len()].copy_from_slice(&hash_pairs(&LEAF_KEY, &leaves));
        for round in &plan.rounds {
            let pairs: Vec<_> =
                round.iter().map(|(left, right, _)| side_by_side(&hashes[*left].0, &hashes[*right].0)).collect();
            for ((_, _, at), hash) in round.iter().zip(hash_pairs(&NODE_KEY, &pairs)) {
                hashes[*at] = hash;
            }
        }
        tops.into_iter().map(|top| hashes[top]).collect()
    }

    /// Number of the subtree of sorted leaves, the first of which has number `first`, and the rounds it takes.
    fn add(&mut self, leaves: &[Leaf], depth: usize, first: usize) -> (usize, usize) {
        match leaves {
            [] => (0, 0),
            [_] => (first, 0),
            _ => {
                let middle = leaves.partition_point(|leaf| !bit(&leaf.path, depth));
                let (left, early) = self.add(&leaves[..middle], depth + 1, first);
                let (right, late) = self.add(&leaves[middle..], depth + 1, first + middle);
                let round = early.max(late);
                if self.rounds.len() <= round {
                    self.rounds.push(Vec::new());
                }
                let at = self.next;
                self.next += 1;
                self.rounds[round].push((left, right, at));
                (at, round + 1)
            }
        }
    }
}

/// Sums over the slots of inner records.
pub(super) fn inner_sums(mut records: Vec<[Sum; SLOTS]>) -> Vec<Sum> {
    let mut width = SLOTS / 2;
    while width > 0 {
        let mut pairs = Vec::with_capacity(records.len() * width);
        let mut places = Vec::with_capacity(pairs.capacity());
        for (number, slots) in records.iter_mut().enumerate() {
            for at in 0..width {
                let (left, right) = (slots[2 * at], slots[2 * at + 1]);
                slots[at] = match (left.count, right.count) {
                    (0, 0) => Sum::default(),
                    (1, 0) => left,
                    (0, 1) => right,
                    (left_count, right_count) => {
                        pairs.push(side_by_side(&left.hash.0, &right.hash.0));
                        places.push((number, at));
                        Sum { count: left_count.saturating_add(right_count), hash: Hash::ZERO }
                    }
                };
            }
        }
        for ((number, at), hash) in places.into_iter().zip(hash_pairs(&NODE_KEY, &pairs)) {
            records[number][at].hash = hash;
        }
        width /= 2;
    }
    records.into_iter().map(|slots| slots[0]).collect()
}

#[cfg(test)]
mod tests {
    use super::super::node::{bucket_sum, slots_sum};
    use super::super::{Path, leaf_hash, node_hash};
    use super::*;

    fn leaf(n: u64) -> Leaf {
        let path: Path = *blake3::hash(&n.to_le_bytes()).as_bytes();
        Leaf { path, value: Hash(*blake3::hash(&path).as_bytes()) }
    }

    #[test]
    fn many_pairs_hash_as_one_by_one_and_as_the_keyed_hash_of_blake3() {
        for count in 0..70 {
            let leaves: Vec<_> = (0..count).map(leaf).collect();
            let pairs: Vec<_> = leaves.iter().map(|leaf| side_by_side(&leaf.path, &leaf.value.0)).collect();
            let keyed = |key: &[u8; 32], pair: &Pair| Hash(*blake3::keyed_hash(key, pair).as_bytes());
            let as_leaves: Vec<_> = pairs.iter().map(|pair| keyed(&LEAF_KEY, pair)).collect();
            assert_eq!(hash_pairs(&LEAF_KEY, &pairs), as_leaves);
            assert_eq!(leaves.iter().map(|leaf| leaf_hash(&leaf.path, &leaf.value)).collect::<Vec<_>>(), as_leaves);
            let as_nodes: Vec<_> = leaves.iter().map(|leaf| node_hash(&Hash(leaf.path), &leaf.value)).collect();
            assert_eq!(hash_pairs(&NODE_KEY, &pairs), as_nodes);
        }
    }

    #[test]
    fn many_buckets_hash_as_one_by_one() {
        let mut buckets: Vec<Vec<Leaf>> = Vec::new();
        for size in (1..=32).chain([1, 2, 32]).cycle().take(300) {
            let from = buckets.len() as u64 * 100;
            let mut bucket: Vec<_> = (from..from + size).map(leaf).collect();
            if size > 3 {
                // Paths that part only at their last bit.
                let twin = bucket[0].path;
                bucket[1].path = twin;
                bucket[1].path[31] ^= 1;
            }
            bucket.sort_by_key(|leaf| leaf.path);
            buckets.push(bucket);
        }
        let given: Vec<_> = buckets.iter().map(|bucket| (0, &bucket[..])).collect();
        let expected: Vec<_> = buckets.iter().map(|bucket| bucket_sum(bucket, 0).hash).collect();
        assert_eq!(bucket_hashes(&given), expected);
    }

    #[test]
    fn many_inner_records_sum_as_one_by_one() {
        let records: Vec<[Sum; SLOTS]> = (0..200u64)
            .map(|n| {
                std::array::from_fn(|slot| {
                    let count = (n >> (slot % 7)) % 4;
                    let hash = if count == 0 { Hash::ZERO } else { leaf(n * 16 + slot as u64).value };
                    Sum { count, hash }
                })
            })
            .collect();
        let expected: Vec<_> = records.iter().map(|slots| slots_sum(slots)).collect();
        assert_eq!(inner_sums(records), expected);
    }
}
