//! The floor: parity-db without a trie, each block first in a synced log.

use std::path::Path;
use std::time::Instant;

use super::{Peer, Proofs, Took, since};
use crate::Failure;
use crate::store::{Column, Parity, Store};
use crate::work::{Block, Key, World};

pub struct Flat(Parity);

impl Flat {
    pub fn open(folder: &Path) -> Result<Self, Failure> {
        let (mut store, missing) = Parity::open(folder)?;
        for (block, logged) in missing {
            store.commit(batch(block), logged)?;
        }
        Ok(Self(store))
    }
}

fn batch(block: Block) -> crate::store::Batch {
    block.into_iter().map(|write| (Column::Value, write.key, Some(write.value))).collect()
}

impl Peer for Flat {
    fn block(&mut self, block: Block) -> Result<Took, Failure> {
        let begun = Instant::now();
        let logged = self.0.log(&block)?;
        self.0.commit(batch(block), logged)?;
        Ok(Took { milliseconds: since(begun), root: None })
    }

    fn read(&self, keys: &[(u32, Key)], found: &mut dyn FnMut(Option<&[u8]>)) -> Result<(), Failure> {
        for (_, key) in keys {
            found(self.0.get(Column::Value, key)?.as_deref());
        }
        Ok(())
    }

    fn prove(&self, _: &Block) -> Result<Option<Proofs>, Failure> {
        Ok(None)
    }

    fn check_roots(&self, _: &World, _: &[u32]) -> Result<Option<()>, Failure> {
        Ok(None)
    }
}
