//! Jellyfish Merkle trees over a key-value store: nodes by their key, values in a flat column, what a block made stale removed sixteen
//! blocks later. Many tries are trees with an outer tree over their roots, stored in one commit.

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use jmt::storage::{LeafNode, Node, NodeKey, TreeReader};
use jmt::{JellyfishMerkleTree, KeyHash, OwnedValue, RootHash, SimpleHasher, Version};

use super::{Peer, Proofs, Took, since, time_proofs};
use crate::Failure;
use crate::store::{Batch, Column, Missing, Store};
use crate::work::{Block, Key, Shape, World};

/// Blocks whose nodes are kept.
const KEPT: usize = 16;
/// The tree over the roots of the others.
const OUTER: u32 = u32::MAX;
const VERSION: Key = [0xEF; 32];

pub struct Jmt<S> {
    store: S,
    many: bool,
    /// Blocks done. The version of each tree is that of the block that last changed it.
    blocks: u64,
    versions: HashMap<u32, Version>,
    stale: VecDeque<Vec<Key>>,
}

/// What a block comes to in all of its trees.
#[derive(Default)]
struct Made {
    batch: Batch,
    stale: Vec<Key>,
}

impl<S: Store> Jmt<S> {
    pub fn open(store: S, shape: Shape, missing: Missing) -> Result<Self, Failure> {
        let blocks = match store.get(Column::Meta, &VERSION)? {
            Some(bytes) => u64::from_le_bytes(bytes.as_slice().try_into()?),
            None => 0,
        };
        let mut tree = Self { store, many: shape.tries > 1, blocks, versions: HashMap::new(), stale: VecDeque::new() };
        for (block, logged) in missing {
            tree.apply(block, |_, _| Ok(logged))?;
        }
        Ok(tree)
    }

    fn apply(
        &mut self,
        block: Block,
        log: impl FnOnce(&mut S, &Block) -> Result<u64, Failure>,
    ) -> Result<Took, Failure> {
        let begun = Instant::now();
        let logged = log(&mut self.store, &block)?;
        let mut made = Made::default();
        let mut roots = Vec::new();
        for changes in block.chunk_by(|one, next| one.trie == next.trie) {
            let trie = changes[0].trie;
            let values = changes.iter().map(|write| (KeyHash(write.key), Some(write.value.clone()))).collect();
            let root = self.put(trie, values, &mut made)?;
            roots.push((KeyHash(outer_path(trie)), Some(root.0.to_vec())));
        }
        let mut root = roots.first().and_then(|(_, root)| root.clone()).ok_or("an empty block")?;
        if self.many {
            root = self.put(OUTER, roots, &mut made)?.0.to_vec();
        }
        self.blocks += 1;
        let Made { mut batch, stale } = made;
        self.stale.push_back(stale);
        if self.stale.len() > KEPT {
            batch.extend(self.stale.pop_front().into_iter().flatten().map(|key| (Column::Node, key, None)));
        }
        batch.push((Column::Meta, VERSION, Some(self.blocks.to_le_bytes().to_vec())));
        self.store.commit(batch, logged)?;
        Ok(Took { milliseconds: since(begun), root: Some(root.as_slice().try_into()?) })
    }

    /// Computes one tree's part of a block.
    fn put(
        &mut self,
        trie: u32,
        values: Vec<(KeyHash, Option<OwnedValue>)>,
        made: &mut Made,
    ) -> Result<RootHash, Failure> {
        let version = match self.version(trie)? {
            Some(version) => version + 1,
            None => 0,
        };
        let reader = Reader { store: &self.store, trie };
        let tree = JellyfishMerkleTree::<_, Blake3>::new(&reader);
        let (root, changes) = tree.put_value_set(values, version).map_err(whole)?;
        self.versions.insert(trie, version);
        made.batch.push((Column::Meta, outer_path(trie), Some(version.to_le_bytes().to_vec())));
        for (key, node) in changes.node_batch.nodes() {
            made.batch.push((Column::Node, place(trie, key), Some(borsh::to_vec(node)?)));
        }
        for ((_, key), value) in changes.node_batch.values() {
            made.batch.push((Column::Value, value_place(trie, &key.0), value.clone()));
        }
        made.stale.extend(changes.stale_node_index_batch.iter().map(|stale| place(trie, &stale.node_key)));
        Ok(root)
    }

    fn version(&self, trie: u32) -> Result<Option<Version>, Failure> {
        if let Some(version) = self.versions.get(&trie) {
            return Ok(Some(*version));
        }
        let stored = self.store.get(Column::Meta, &outer_path(trie))?;
        Ok(stored.map(|bytes| bytes.as_slice().try_into().map(Version::from_le_bytes)).transpose()?)
    }

    fn root(&self, trie: u32) -> Result<(RootHash, Version), Failure> {
        let version = self.version(trie)?.ok_or("an empty tree")?;
        let reader = Reader { store: &self.store, trie };
        Ok((JellyfishMerkleTree::<_, Blake3>::new(&reader).get_root_hash(version).map_err(whole)?, version))
    }
}

impl<S: Store> Peer for Jmt<S> {
    fn block(&mut self, block: Block) -> Result<Took, Failure> {
        self.apply(block, |store, block| store.log(block))
    }

    fn read(&self, keys: &[(u32, Key)], found: &mut dyn FnMut(Option<&[u8]>)) -> Result<(), Failure> {
        for (trie, key) in keys {
            found(self.store.get(Column::Value, &value_place(*trie, key))?.as_deref());
        }
        Ok(())
    }

    fn prove(&self, asked: &Block) -> Result<Option<Proofs>, Failure> {
        let trie = asked[0].trie;
        let (root, version) = self.root(trie)?;
        let reader = Reader { store: &self.store, trie };
        let tree = JellyfishMerkleTree::<_, Blake3>::new(&reader);
        time_proofs(
            asked,
            |write| Ok(tree.get_with_proof(KeyHash(write.key), version).map_err(whole)?.1),
            |write, proof| proof.verify_existence(root, KeyHash(write.key), &write.value).map_err(whole),
            |_, proof| borsh::to_vec(proof).map_or(0, |bytes| bytes.len()),
        )
    }

    fn check_roots(&self, world: &World, tries: &[u32]) -> Result<Option<()>, Failure> {
        // Made in memory, a large tree takes minutes; that both stores gave the same root is checked elsewhere.
        if !self.many && world.shape().keys > 200_000 {
            return Ok(None);
        }
        for trie in tries {
            let values = world.all(*trie).into_iter().map(|write| (KeyHash(write.key), Some(write.value)));
            let tree = JellyfishMerkleTree::<_, Blake3>::new(&Nothing);
            let (root, _) = tree.put_value_set(values, 0).map_err(whole)?;
            if root != self.root(*trie)?.0 {
                return Err(format!("jmt has another root of trie {trie}").into());
            }
        }
        Ok(Some(()))
    }
}

struct Reader<'a, S> {
    store: &'a S,
    trie: u32,
}

impl<S: Store> TreeReader for Reader<'_, S> {
    fn get_node_option(&self, key: &NodeKey) -> anyhow::Result<Option<Node>> {
        let found = self.store.get(Column::Node, &place(self.trie, key)).map_err(|cause| anyhow::anyhow!("{cause}"))?;
        Ok(found.map(|bytes| borsh::from_slice(&bytes)).transpose()?)
    }

    fn get_value_option(&self, _: Version, key: KeyHash) -> anyhow::Result<Option<OwnedValue>> {
        self.store.get(Column::Value, &value_place(self.trie, &key.0)).map_err(|cause| anyhow::anyhow!("{cause}"))
    }

    fn get_rightmost_leaf(&self) -> anyhow::Result<Option<(NodeKey, LeafNode)>> {
        anyhow::bail!("nothing is restored here")
    }
}

/// A store without anything in it.
struct Nothing;

impl TreeReader for Nothing {
    fn get_node_option(&self, _: &NodeKey) -> anyhow::Result<Option<Node>> {
        Ok(None)
    }

    fn get_value_option(&self, _: Version, _: KeyHash) -> anyhow::Result<Option<OwnedValue>> {
        Ok(None)
    }

    fn get_rightmost_leaf(&self) -> anyhow::Result<Option<(NodeKey, LeafNode)>> {
        Ok(None)
    }
}

/// BLAKE3, as for the others.
struct Blake3(blake3::Hasher);

impl SimpleHasher for Blake3 {
    fn new() -> Self {
        Self(blake3::Hasher::new())
    }

    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn finalize(self) -> [u8; 32] {
        *self.0.finalize().as_bytes()
    }

    fn hash(data: impl AsRef<[u8]>) -> [u8; 32] {
        *blake3::hash(data.as_ref()).as_bytes()
    }
}

fn place(trie: u32, key: &NodeKey) -> Key {
    let mut bytes = trie.to_le_bytes().to_vec();
    let written = borsh::to_writer(&mut bytes, key);
    debug_assert!(written.is_ok());
    *blake3::hash(&bytes).as_bytes()
}

fn value_place(trie: u32, key: &Key) -> Key {
    *blake3::hash(&[&trie.to_le_bytes()[..], key].concat()).as_bytes()
}

fn outer_path(trie: u32) -> Key {
    *blake3::hash(&trie.to_le_bytes()).as_bytes()
}

fn whole(cause: anyhow::Error) -> Failure {
    format!("{cause:#}").into()
}
