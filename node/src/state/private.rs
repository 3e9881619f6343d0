//! The trie of private states: PSI -> root, filled with dummy leaves to a fixed capacity, so that a proof for one
//! tenant tells neither names nor number of the others. In memory, made anew at start from the states' roots. Not here:
//! the private states themselves.
//! Invariant: its root after a block depends only on the tenants and their roots after that block.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;

use coffer_abi::Hash;
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
    pending: BTreeMap<u64, BTreeMap<Path, Hash>>,
}

struct Memory(BTreeMap<RecordKey, Arc<Record>>);

impl NodeReader for Memory {
    type Error = Infallible;

    fn load(&self, key: &RecordKey) -> Result<Option<Arc<Record>>, TrieError<Infallible>> {
        Ok(self.0.get(key).cloned())
    }
}

impl PsiTrie {
    /// The trie of `roots` after block `finished`, with as many dummy leaves as there is room left up to `capacity`.
    pub fn new(
        roots: BTreeMap<Path, Hash>,
        node_secret: &[u8; 32],
        capacity: usize,
        finished: u64,
    ) -> Result<Self, Error> {
        let mut leaves = BTreeMap::new();
        for number in roots.len()..capacity {
            let path = dummy(node_secret, "coffer v1 dummy private state path", number);
            leaves.insert(path, Some(Hash(dummy(node_secret, "coffer v1 dummy private state value", number))));
        }
        leaves.extend(roots.iter().map(|(path, root)| (*path, Some(value_hash(&root.0)))));
        let mut trie = Self {
            records: Memory(BTreeMap::new()),
            root: Hash::ZERO,
            finished,
            heads: Heads::new(finished),
            pending: BTreeMap::new(),
        };
        trie.apply(&leaves)?;
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

    /// The proof of what stands at one path in the trie with these roots of private states; `None` if its root is then
    /// not `expected`.
    pub fn prove(
        &self,
        roots: &BTreeMap<Path, Option<Hash>>,
        expected: &Hash,
        path: &Path,
    ) -> Result<Option<TrieProof>, Error> {
        let paths = BTreeSet::from([*path]);
        let proved = prove_changed(&self.records, roots, expected, &paths).map_err(|error| match error {
            TrieError::Read(never) => match never {},
            corrupt => Error::Damaged(corrupt.to_string()),
        })?;
        Ok(proved.map(|(_, proof)| proof))
    }

    /// Notes the root a private state got from a later block.
    pub fn note(&mut self, height: u64, path: Path, root: Hash) {
        self.pending.entry(height).or_default().insert(path, root);
    }

    /// Moves on by one block; gives the root after it.
    pub fn finish_next(&mut self) -> Result<(u64, Hash), Error> {
        let height = self.finished + 1;
        if let Some(roots) = self.pending.get(&height) {
            let leaves = roots.iter().map(|(path, root)| (*path, Some(value_hash(&root.0)))).collect();
            self.apply(&leaves)?;
            self.pending.remove(&height);
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

fn dummy(node_secret: &[u8; 32], context: &str, number: usize) -> [u8; 32] {
    let key = Zeroizing::new(blake3::derive_key(context, node_secret));
    *blake3::keyed_hash(&key, &(number as u64).to_le_bytes()).as_bytes()
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
            let trie = PsiTrie::new(roots(tenants), &[1; 32], 64, 0).unwrap();
            assert_eq!(trie::root(&trie.records).unwrap(), (trie.root(), 64));
        }
    }

    #[test]
    fn a_path_is_proved_under_the_roots_of_a_block_or_not_at_all() {
        let trie = PsiTrie::new(roots(3), &[1; 32], 64, 4).unwrap();
        let at = |change: u8| -> BTreeMap<Path, Option<Hash>> {
            let root = |root: &Hash| value_hash(&[root.0[0] ^ change; 32]);
            roots(3).iter().map(|(path, found)| (*path, Some(root(found)))).collect()
        };
        let path = *roots(3).first_key_value().unwrap().0;
        let proof = trie.prove(&at(0), &trie.root(), &path).unwrap().unwrap();
        let claim = Claim { path, value: at(0)[&path] };
        assert_eq!(proof.verify(&trie.root(), &[claim]), Ok(()));
        assert!(proof.verify(&trie.root(), &[Claim { value: None, ..claim }]).is_err());
        assert_eq!(trie.prove(&at(7), &trie.root(), &path).unwrap(), None);
    }

    #[test]
    fn roots_noted_early_count_from_their_block_on() {
        let mut trie = PsiTrie::new(roots(3), &[1; 32], 8, 4).unwrap();
        let before = trie.root();
        let path = *roots(3).first_key_value().unwrap().0;
        trie.note(6, path, Hash([9; 32]));
        assert_eq!(trie.finish_next().unwrap(), (5, before));
        let (height, after) = trie.finish_next().unwrap();
        assert_eq!(height, 6);
        assert_ne!(after, before);
        let mut later = roots(3);
        later.insert(path, Hash([9; 32]));
        assert_eq!(PsiTrie::new(later, &[1; 32], 8, 6).unwrap().root(), after);
    }
}
