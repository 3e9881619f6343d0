//! Values by key, visited in the order of the keys. Not here: maps without order, which are cheaper (`lookup`).

use alloc::vec::Vec;
use core::marker::PhantomData;

use coffer_abi::limits::KEY_ORDERED;
use coffer_abi::spec::describe::LayoutDesc;

use super::key::{Key, Position};
use super::scan::{Iter, Keys, Scan};
use super::{StorageType, Value};

/// Values by key, which can be visited in the order of the keys. A new key costs an index entry that a [`super::LookupMap`] does not
/// need. A key may have 254 bytes with the field's name.
///
/// ```
/// # mod lines {
/// # use coffer_sdk::prelude::*;
/// #[contract]
/// pub struct Scores { best: Map<String, u32> }
///
/// #[contract]
/// impl Scores {
///     pub fn record(&mut self, name: String, score: u32) { self.best.set(&name, &score) }
///     pub fn page(&self, from: String) -> Vec<(String, u32)> { self.best.iter_from(&from).take(20).collect() }
/// }
/// # }
/// ```
pub struct Map<K, V> {
    prefix: &'static [u8],
    entry: PhantomData<fn() -> (K, V)>,
}

impl<K: Key, V: Value> StorageType for Map<K, V> {
    const LAYOUT: LayoutDesc = LayoutDesc::Map { key: K::TYPE, value: V::TYPE, ordered: true };

    fn at(prefix: &'static [u8]) -> Self {
        Self { prefix, entry: PhantomData }
    }
}

/// The bytes of a key: the field's prefix with the right kind, then the key.
pub(super) fn entry_key<K: Key>(kind: u8, prefix: &[u8], key: &K) -> Vec<u8> {
    let mut bytes = prefix_of(kind, prefix);
    key.write(&mut bytes, Position::Last);
    bytes
}

fn prefix_of(kind: u8, prefix: &[u8]) -> Vec<u8> {
    // Room for a field's name and two identifiers, so that most keys are written without a second allocation.
    let mut bytes = Vec::with_capacity(96);
    bytes.push(kind);
    bytes.extend_from_slice(&prefix[1..]);
    bytes
}

impl<K: Key, V: Value> Map<K, V> {
    fn key(&self, key: &K) -> Vec<u8> {
        entry_key(KEY_ORDERED, self.prefix, key)
    }

    /// The value under a key, if there is one.
    ///
    /// # Panics
    /// If the key is too long, or what is stored is not a `V`.
    pub fn get(&self, key: &K) -> Option<V> {
        super::read(&self.key(key))
    }

    /// The value under a key, or `V::default()`.
    ///
    /// # Panics
    /// As [`Map::get`].
    pub fn get_or_default(&self, key: &K) -> V
    where
        V: Default,
    {
        self.get(key).unwrap_or_default()
    }

    /// Stores a value under a key.
    ///
    /// # Panics
    /// If the key is too long, or the value's encoding is above 64 KiB.
    pub fn set(&mut self, key: &K, value: &V) {
        super::write(&self.key(key), value);
    }

    /// Removes a key; true if there was a value.
    ///
    /// # Panics
    /// If the key is too long.
    pub fn remove(&mut self, key: &K) -> bool {
        super::remove(&self.key(key))
    }

    /// True if there is a value under a key. Cheaper than reading it.
    ///
    /// # Panics
    /// If the key is too long.
    pub fn contains(&self, key: &K) -> bool {
        super::contains(&self.key(key))
    }

    /// All entries in the order of their keys, read page by page. Take only as many as fit into the gas of a call.
    pub fn iter(&self) -> Iter<'_, K, V> {
        let prefix = prefix_of(KEY_ORDERED, self.prefix);
        Iter::new(Scan::new(prefix, Vec::new()))
    }

    /// The entries from `first` on (it included), in the order of their keys. For a view that shows a page: the key after the last one
    /// shown, or the last one itself, starts the next page.
    pub fn iter_from(&self, first: &K) -> Iter<'_, K, V> {
        Iter::new(Scan::new(prefix_of(KEY_ORDERED, self.prefix), self.key(first)))
    }

    /// All keys in order, read page by page.
    pub fn keys(&self) -> Keys<'_, K, V> {
        Keys::new(Scan::new(prefix_of(KEY_ORDERED, self.prefix), Vec::new()))
    }
}
