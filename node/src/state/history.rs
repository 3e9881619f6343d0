//! The last heights of one state: what each block overwrote, kept in memory, so that a view reads as of its height
//! while the database moves on. Not here: the records themselves. Invariant: a layer is published before the database
//! commit of its block, so a reader that reads the database first and the layers then never misses an overwrite.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use coffer_abi::{ContractId, Decode, Encode};

/// Old contents by contract and raw key, `None` for what was not there. The empty key stands for the contract's record
/// (a storage key is never empty).
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub(super) struct Layer {
    /// Height of the block that overwrote them.
    pub height: u64,
    pub old: BTreeMap<(ContractId, Vec<u8>), Option<Vec<u8>>>,
}

/// The layers of one state.
pub(super) struct History(ArcSwap<Layers>);

/// The layers at one moment, oldest first.
#[derive(Clone, Default)]
pub(super) struct Layers {
    /// No view below this height can be read.
    floor: u64,
    list: VecDeque<Arc<Layer>>,
    /// Of all keys and values in it.
    bytes: usize,
}

impl Layer {
    fn bytes(&self) -> usize {
        self.old.iter().map(|((_, key), old)| key.len() + old.as_ref().map_or(0, Vec::len)).sum()
    }
}

impl History {
    pub fn new(floor: u64, list: VecDeque<Arc<Layer>>) -> Self {
        let bytes = list.iter().map(|layer| layer.bytes()).sum();
        Self(ArcSwap::from_pointee(Layers { floor, list, bytes }))
    }

    /// The layers as they are now.
    pub fn layers(&self) -> Arc<Layers> {
        self.0.load_full()
    }

    /// The same for a glance, which costs less.
    pub fn now(&self) -> Guard<Arc<Layers>> {
        self.0.load()
    }

    /// Adds the newest layer and forgets those that only views below `floor` need. Returns the heights forgotten.
    pub fn publish(&self, layer: Option<Arc<Layer>>, floor: u64) -> Vec<u64> {
        let mut layers = Layers::clone(&self.0.load());
        layers.bytes = layers.bytes.saturating_add(layer.as_ref().map_or(0, |layer| layer.bytes()));
        layers.list.extend(layer);
        layers.floor = layers.floor.max(floor);
        let mut forgotten = Vec::new();
        while let Some(oldest) = layers.list.front()
            && oldest.height <= layers.floor
        {
            forgotten.push(oldest.height);
            layers.bytes = layers.bytes.saturating_sub(oldest.bytes());
            layers.list.pop_front();
        }
        self.0.store(Arc::new(layers));
        forgotten
    }
}

impl Layers {
    /// Oldest height that can be read.
    pub fn floor(&self) -> u64 {
        self.floor
    }

    /// Bytes of all overwritten keys and values.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// What stood at a key at `height`: `Some` if a later block overwrote it.
    pub fn at(&self, height: u64, contract: &ContractId, key: &[u8]) -> Option<&Option<Vec<u8>>> {
        if self.list.back().is_none_or(|newest| newest.height <= height) {
            return None;
        }
        let key = (*contract, key.to_vec());
        self.above(height).find_map(|layer| layer.old.get(&key))
    }

    /// What stood at `height` at the keys of `contract` that start with `prefix`, from `from` on, of those that later
    /// blocks overwrote.
    pub fn overlay(
        &self,
        height: u64,
        contract: &ContractId,
        prefix: &[u8],
        from: &Bound<Vec<u8>>,
    ) -> BTreeMap<Vec<u8>, Option<Vec<u8>>> {
        let start = match from {
            Bound::Included(key) => Bound::Included((*contract, key.clone())),
            Bound::Excluded(key) => Bound::Excluded((*contract, key.clone())),
            Bound::Unbounded => Bound::Included((*contract, Vec::new())),
        };
        let mut overlay = BTreeMap::new();
        for layer in self.above(height) {
            let range = layer.old.range((start.clone(), Bound::Unbounded));
            for ((_, key), old) in range.take_while(|((c, key), _)| c == contract && key.starts_with(prefix)) {
                // The earliest overwrite tells what stood there.
                overlay.entry(key.clone()).or_insert_with(|| old.clone());
            }
        }
        overlay
    }

    /// What stood at `height` at all keys that later blocks overwrote, of one contract or of all.
    pub fn overwritten(
        &self,
        height: u64,
        contract: Option<&ContractId>,
    ) -> BTreeMap<(ContractId, Vec<u8>), Option<Vec<u8>>> {
        let mut overwritten = BTreeMap::new();
        let first = (contract.copied().unwrap_or_default(), Vec::new());
        for layer in self.above(height) {
            let range = layer.old.range(first.clone()..);
            for (key, old) in range.take_while(|((id, _), _)| contract.is_none_or(|contract| contract == id)) {
                overwritten.entry(key.clone()).or_insert_with(|| old.clone());
            }
        }
        overwritten
    }

    fn above(&self, height: u64) -> impl Iterator<Item = &Arc<Layer>> {
        self.list.iter().skip(self.list.partition_point(|layer| layer.height <= height))
    }
}
