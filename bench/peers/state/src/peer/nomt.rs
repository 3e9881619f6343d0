//! NOMT. It has one trie: many small ones are one to it, without roots of their own, because an instance takes nine threads and a file of
//! 67 MB.

use std::path::Path;
use std::time::Instant;

use bitvec::order::Msb0;
use bitvec::view::BitView;
use nomt::hasher::{Blake3Hasher, ValueHasher};
use nomt::trie::LeafData;
use nomt::{KeyReadWrite, Options, SessionParams};
use nomt_core::update::build_trie;

use super::{Peer, Proofs, Took, since, time_proofs};
use crate::Failure;
use crate::work::{Block, Key, Shape, World};

pub struct Nomt(nomt::Nomt<Blake3Hasher>);

impl Nomt {
    pub fn open(folder: &Path, shape: Shape) -> Result<Self, Failure> {
        let mut options = Options::new();
        options.path(folder);
        options.commit_concurrency(std::thread::available_parallelism()?.get());
        // A page holds some 25 keys at the least.
        let keys = u64::from(shape.tries) * u64::from(shape.keys);
        options.hashtable_buckets(u32::try_from(keys / 25)?.max(64_000));
        Ok(Self(nomt::Nomt::open(options).map_err(whole)?))
    }
}

fn whole(cause: anyhow::Error) -> Failure {
    format!("{cause:#}").into()
}

impl Peer for Nomt {
    fn block(&mut self, mut block: Block) -> Result<Took, Failure> {
        block.sort_unstable_by_key(|write| write.key);
        let changes = block.into_iter().map(|write| (write.key, KeyReadWrite::Write(Some(write.value)))).collect();
        let begun = Instant::now();
        let session = self.0.begin_session(SessionParams::default());
        let finished = session.finish(changes).map_err(whole)?;
        let root = finished.root().into_inner();
        finished.commit(&self.0).map_err(whole)?;
        Ok(Took { milliseconds: since(begun), root: Some(root) })
    }

    fn read(&self, keys: &[(u32, Key)], found: &mut dyn FnMut(Option<&[u8]>)) -> Result<(), Failure> {
        let session = self.0.begin_session(SessionParams::default());
        for (_, key) in keys {
            found(session.read(*key).map_err(whole)?.as_deref());
        }
        Ok(())
    }

    fn prove(&self, asked: &Block) -> Result<Option<Proofs>, Failure> {
        let session = self.0.begin_session(SessionParams::default());
        let root = self.0.root().into_inner();
        time_proofs(
            asked,
            |write| session.prove(write.key).map_err(whole),
            |write, proof| {
                let path = write.key.view_bits::<Msb0>();
                let verified = proof.verify::<Blake3Hasher>(path, root).map_err(|cause| format!("{cause:?}"))?;
                let leaf = LeafData { key_path: write.key, value_hash: Blake3Hasher::hash_value(&write.value) };
                match verified.confirm_value(&leaf) {
                    Ok(true) => Ok(()),
                    _ => Err("a proof of NOMT does not hold".into()),
                }
            },
            |_, proof| borsh::to_vec(proof).map_or(0, |bytes| bytes.len()),
        )
    }

    fn check_roots(&self, world: &World, _: &[u32]) -> Result<Option<()>, Failure> {
        let mut leaves: Vec<_> = (0..world.shape().tries)
            .flat_map(|trie| world.all(trie))
            .map(|write| (write.key, Blake3Hasher::hash_value(&write.value)))
            .collect();
        leaves.sort_unstable();
        let root = build_trie::<Blake3Hasher>(0, leaves, |_| ());
        if root == self.0.root().into_inner() { Ok(Some(())) } else { Err("NOMT has another root".into()) }
    }
}
