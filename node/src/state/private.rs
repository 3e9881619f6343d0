//! The trie of private states: PSI -> root, filled with dummy leaves to a fixed capacity, so that a proof for one
//! tenant tells neither names nor number of the others. In memory, made anew at start from the states' roots. Not here:
//! the private states themselves.
//! Invariant: its root after a block depends only on the tenants and their roots after that block.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;

use coffer_abi::{Hash, Height};
use coffer_chain::trie::proof::TrieProof;
use coffer_chain::trie::{self, NodeReader, Path, Record, RecordKey, TrieError, value_hash};
use zeroize::Zeroizing;

use super::error::Error;
use super::heads::Heads;
use super::prove::prove_changed;
use super::threads::threads;

/// The trie as of the last block all private states are done with, and the roots that came after it.
pub(super) struct PsiTrie {
    records: Memory,
    root: Hash,
    finished: u64,
    /// Where the private states are.
    pub heads: Heads,
    pending: BTreeMap<u64, BTreeMap<Path, Option<Hash>>>,
    dummies: Dummies,
    /// From which height on it had how many leaves, the last growth last.
    grown: Vec<(u64, usize)>,
    /// Private states that have come or will come, those of `pending` included.
    places: usize,
}

/// The leaves that stand for no private state. The one of number `n` gives way to the private state of number `n`, in the order in which they came.
struct Dummies {
    paths: Zeroizing<[u8; 32]>,
    values: Zeroizing<[u8; 32]>,
}

impl Dummies {
    fn new(node_secret: &[u8; 32]) -> Self {
        let key = |context| Zeroizing::new(blake3::derive_key(context, node_secret));
        let (paths, values) = (key("coffer v1 dummy private state path"), key("coffer v1 dummy private state value"));
        Self { paths, values }
    }

    fn leaf(&self, number: usize) -> (Path, Option<Hash>) {
        let of = |key: &[u8; 32]| *blake3::keyed_hash(key, &(number as u64).to_le_bytes()).as_bytes();
        (of(&self.paths), Some(Hash(of(&self.values))))
    }
}

struct Memory(BTreeMap<RecordKey, Arc<Record>>);

impl NodeReader for Memory {
    type Error = Infallible;

    fn load(&self, key: &RecordKey) -> Result<Option<Arc<Record>>, TrieError<Infallible>> {
        Ok(self.0.get(key).cloned())
    }
}

impl PsiTrie {
    /// The trie of `roots` after block `finished`, with as many dummy leaves as there is room left. It began with `capacity` leaves and has grown since, from the heights on that `grown` tells in order, later
    /// ones among them.
    pub fn new(
        roots: BTreeMap<Path, Hash>,
        node_secret: &[u8; 32],
        capacity: usize,
        grown: &[(Height, usize)],
        finished: u64,
    ) -> Result<Self, Error> {
        let (before, later) = grown.split_at(grown.partition_point(|(height, _)| height.0 <= finished));
        let since: Vec<(u64, usize)> =
            [(0, capacity)].into_iter().chain(before.iter().map(|(height, capacity)| (height.0, *capacity))).collect();
        let capacity = before.last().map_or(capacity, |(_, capacity)| *capacity);
        let dummies = Dummies::new(node_secret);
        let mut leaves: BTreeMap<Path, Option<Hash>> =
            (roots.len()..capacity).map(|number| dummies.leaf(number)).collect();
        let places = roots.len();
        leaves.extend(roots.iter().map(|(path, root)| (*path, Some(value_hash(&root.0)))));
        let mut trie = Self {
            records: Memory(BTreeMap::new()),
            root: Hash::ZERO,
            finished,
            heads: Heads::new(finished),
            pending: BTreeMap::new(),
            dummies,
            grown: since,
            places,
        };
        trie.apply(&leaves)?;
        for (height, capacity) in later {
            trie.grow(height.0, *capacity);
        }
        Ok(trie)
    }

    /// Last block all private states are done with.
    pub fn finished(&self) -> u64 {
        self.finished
    }

    /// Root after that block.
    pub fn root(&self) -> Hash {
        self.root
    }

    /// The proof of what stood at one path after the block at `height`, with these roots of private states, `None` for one that came later; `None` if the root of the trie is then not
    /// `expected`.
    pub fn prove(
        &self,
        height: u64,
        roots: &BTreeMap<Path, Option<Hash>>,
        expected: &Hash,
        path: &Path,
    ) -> Result<Option<TrieProof>, Error> {
        let paths = BTreeSet::from([*path]);
        let mut leaves = roots.clone();
        let there = roots.values().flatten().count();
        let capacity = self.capacity_at(height);
        leaves.extend((there..self.places.min(capacity)).map(|number| self.dummies.leaf(number)));
        // They came later.
        leaves.extend((capacity..self.capacity_at(self.finished)).map(|number| (self.dummies.leaf(number).0, None)));
        let proved = prove_changed(&self.records, &leaves, expected, &paths).map_err(|error| match error {
            TrieError::Read(never) => match never {},
            corrupt => Error::Damaged(corrupt.to_string()),
        })?;
        Ok(proved.map(|(_, proof)| proof))
    }

    /// The most private states there may be.
    pub fn capacity(&self) -> usize {
        self.capacity_at(u64::MAX)
    }

    fn capacity_at(&self, height: u64) -> usize {
        self.grown.iter().rev().find(|(since, _)| *since <= height).map_or(0, |(_, capacity)| *capacity)
    }

    /// The height from which on it has as many leaves as it has now.
    pub fn last_growth(&self) -> u64 {
        self.grown.last().map_or(0, |(since, _)| *since)
    }

    /// True while there is a dummy leaf that can give way.
    pub fn has_room(&self) -> bool {
        self.places < self.capacity()
    }

    /// Has more leaves in the trie from a later block on. `false`: it has as many already, or the block is done with.
    pub fn grow(&mut self, height: u64, capacity: usize) -> bool {
        let before = self.capacity();
        if height <= self.finished || capacity <= before {
            return false;
        }
        self.pending.entry(height).or_default().extend((before..capacity).map(|number| self.dummies.leaf(number)));
        self.grown.push((height, capacity));
        true
    }

    /// Notes the root a private state got from a later block.
    pub fn note(&mut self, height: u64, path: Path, root: Hash) {
        self.pending.entry(height).or_default().insert(path, Some(value_hash(&root.0)));
    }

    /// Has an empty private state in the trie from a later block on, in the place of a dummy leaf. `false`: there is no place left, or the block is done with.
    pub fn join(&mut self, height: u64, path: Path) -> bool {
        if height <= self.finished || !self.has_room() {
            return false;
        }
        let leaves = self.pending.entry(height).or_default();
        leaves.insert(self.dummies.leaf(self.places).0, None);
        // What it became in that block may be noted already.
        leaves.entry(path).or_insert(Some(value_hash(&Hash::ZERO.0)));
        self.places += 1;
        true
    }

    /// Moves on by one block; gives the root after it.
    pub fn finish_next(&mut self) -> Result<(u64, Hash), Error> {
        let height = self.finished + 1;
        if let Some(leaves) = self.pending.remove(&height) {
            self.apply(&leaves).inspect_err(|_| drop(self.pending.insert(height, leaves.clone())))?;
        }
        self.finished = height;
        Ok((height, self.root))
    }

    fn apply(&mut self, leaves: &BTreeMap<Path, Option<Hash>>) -> Result<(), Error> {
        let updated = trie::update_on(&self.records, leaves, threads()).map_err(|error| match error {
            TrieError::Read(never) => match never {},
            corrupt => Error::Damaged(corrupt.to_string()),
        })?;
        for (key, record) in updated.records {
            match record {
                Some(record) => self.records.0.insert(key, record),
                None => self.records.0.remove(&key),
            };
        }
        self.root = updated.root;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use coffer_chain::trie::proof::Claim;

    use super::*;

    fn roots(n: u8) -> BTreeMap<Path, Hash> {
        (0..n).map(|i| (trie::path::psi_path(&[i; 32], "PS"), Hash([i; 32]))).collect()
    }

    #[test]
    fn the_number_of_leaves_tells_nothing_of_the_number_of_tenants() {
        for tenants in [0, 1, 5] {
            let trie = PsiTrie::new(roots(tenants), &[1; 32], 64, &[], 0).unwrap();
            assert_eq!(trie::root(&trie.records).unwrap(), (trie.root(), 64));
        }
    }

    #[test]
    fn a_path_is_proved_under_the_roots_of_a_block_or_not_at_all() {
        let trie = PsiTrie::new(roots(3), &[1; 32], 64, &[], 4).unwrap();
        let at = |change: u8| -> BTreeMap<Path, Option<Hash>> {
            let root = |root: &Hash| value_hash(&[root.0[0] ^ change; 32]);
            roots(3).iter().map(|(path, found)| (*path, Some(root(found)))).collect()
        };
        let path = *roots(3).first_key_value().unwrap().0;
        let proof = trie.prove(4, &at(0), &trie.root(), &path).unwrap().unwrap();
        let claim = Claim { path, value: at(0)[&path] };
        assert_eq!(proof.verify(&trie.root(), &[claim]), Ok(()));
        assert!(proof.verify(&trie.root(), &[Claim { value: None, ..claim }]).is_err());
        assert_eq!(trie.prove(4, &at(7), &trie.root(), &path).unwrap(), None);
    }

    #[test]
    fn a_private_state_takes_the_place_of_a_dummy_from_its_block_on() {
        let mut trie = PsiTrie::new(roots(2), &[1; 32], 8, &[], 4).unwrap();
        let before = trie.root();
        let late: Path = trie::path::psi_path(&[2; 32], "PS");
        assert!(!trie.join(4, late), "that block is done with");
        assert!(trie.join(6, late));
        trie.note(6, late, Hash([2; 32]));
        assert_eq!(trie.finish_next().unwrap(), (5, before));
        let (_, after) = trie.finish_next().unwrap();
        assert_eq!(PsiTrie::new(roots(3), &[1; 32], 8, &[], 6).unwrap().root(), after);
        assert_eq!(trie::root(&trie.records).unwrap().1, 8);
        // What was before is proved with the dummy that stood there.
        let at = |height: u64| -> BTreeMap<Path, Option<Hash>> {
            let there =
                |(path, root): (&Path, &Hash)| (*path, (*path != late || height >= 6).then(|| value_hash(&root.0)));
            roots(3).iter().map(there).collect()
        };
        let path = *roots(2).first_key_value().unwrap().0;
        for (height, root) in [(5, before), (6, after)] {
            let proof = trie.prove(height, &at(height), &root, &path).unwrap().unwrap();
            assert_eq!(proof.verify(&root, &[Claim { path, value: at(height)[&path] }]), Ok(()));
        }
    }

    #[test]
    fn a_trie_that_grew_proves_what_was_before_with_the_leaves_of_then() {
        let mut trie = PsiTrie::new(roots(2), &[1; 32], 4, &[], 4).unwrap();
        let before = trie.root();
        assert!(!trie.grow(4, 16) && !trie.grow(6, 4));
        assert!(trie.grow(6, 16));
        let path: Path = trie::path::psi_path(&[2; 32], "PS");
        assert!(trie.join(6, path));
        trie.finish_next().unwrap();
        let (_, after) = trie.finish_next().unwrap();
        assert_eq!(trie::root(&trie.records).unwrap(), (after, 16));
        let mut same = roots(2);
        same.insert(path, Hash::ZERO);
        assert_eq!(PsiTrie::new(same.clone(), &[1; 32], 16, &[], 6).unwrap().root(), after);
        let again = PsiTrie::new(same, &[1; 32], 4, &[(Height(6), 16)], 6).unwrap();
        assert_eq!(again.root(), after);
        for (height, root, value) in [(5, before, None), (6, after, Some(value_hash(&Hash::ZERO.0)))] {
            let mut at: BTreeMap<Path, Option<Hash>> =
                roots(2).iter().map(|(path, root)| (*path, Some(value_hash(&root.0)))).collect();
            at.insert(path, value);
            for trie in [&trie, &again] {
                let proof = trie.prove(height, &at, &root, &path).unwrap().unwrap();
                assert_eq!(proof.verify(&root, &[Claim { path, value }]), Ok(()));
            }
        }
    }

    #[test]
    fn there_are_as_many_places_as_leaves() {
        let mut trie = PsiTrie::new(roots(2), &[1; 32], 4, &[], 0).unwrap();
        let path = |i: u8| trie::path::psi_path(&[i; 32], "PS");
        assert!(trie.join(1, path(2)) && trie.join(2, path(3)));
        assert!(!trie.has_room() && !trie.join(3, path(4)));
        trie.finish_next().unwrap();
        trie.finish_next().unwrap();
        assert_eq!(PsiTrie::new(roots(4), &[1; 32], 4, &[], 2).unwrap().root(), {
            let mut same = PsiTrie::new(roots(2), &[1; 32], 4, &[], 0).unwrap();
            for (height, i) in [(1, 2), (2, 3)] {
                same.join(height, path(i));
                same.note(height, path(i), Hash([i; 32]));
                same.finish_next().unwrap();
            }
            same.root()
        });
    }

    #[test]
    fn roots_noted_early_count_from_their_block_on() {
        let mut trie = PsiTrie::new(roots(3), &[1; 32], 8, &[], 4).unwrap();
        let before = trie.root();
        let path = *roots(3).first_key_value().unwrap().0;
        trie.note(6, path, Hash([9; 32]));
        assert_eq!(trie.finish_next().unwrap(), (5, before));
        let (height, after) = trie.finish_next().unwrap();
        assert_eq!(height, 6);
        assert_ne!(after, before);
        let mut later = roots(3);
        later.insert(path, Hash([9; 32]));
        assert_eq!(PsiTrie::new(later, &[1; 32], 8, &[], 6).unwrap().root(), after);
    }
}
