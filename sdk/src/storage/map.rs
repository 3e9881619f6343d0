//! Values by key, visited in the order of the keys. Not here: maps without order, which are cheaper (`lookup`).

use alloc::vec::Vec;
use core::marker::PhantomData;

use coffer_abi::limits::KEY_ORDERED;
use coffer_abi::spec::describe::{Describe, LayoutDesc};

use super::StorageType;
use super::key::{Key, with_key};
use super::scan::{Iter, Keys, Scan};

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

impl<K: Key, V: Describe> StorageType for Map<K, V> {
    const LAYOUT: LayoutDesc = LayoutDesc::Map { key: K::TYPE, value: V::TYPE, ordered: true };

    fn at(prefix: &'static [u8]) -> Self {
        Self { prefix, entry: PhantomData }
    }
}

impl<K: Key, V: Describe> Map<K, V> {
    fn with_key<T>(&self, key: &K, take: impl FnOnce(&[u8]) -> T) -> T {
        with_key(KEY_ORDERED, self.prefix, key, take)
    }

    fn prefix(&self) -> Vec<u8> {
        [&[KEY_ORDERED], self.prefix.get(1..).unwrap_or_default()].concat()
    }

    /// The value under a key, if there is one.
    ///
    /// # Panics
    /// If the key is too long, or what is stored is not a `V`.
    pub fn get(&self, key: &K) -> Option<V> {
        self.with_key(key, super::read)
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
        self.with_key(key, |key| super::write(key, value));
    }

    /// Removes a key; true if there was a value.
    ///
    /// # Panics
    /// If the key is too long.
    pub fn remove(&mut self, key: &K) -> bool {
        self.with_key(key, super::remove)
    }

    /// True if there is a value under a key. Cheaper than reading it.
    ///
    /// # Panics
    /// If the key is too long.
    pub fn contains(&self, key: &K) -> bool {
        self.with_key(key, super::contains)
    }

    /// All entries in the order of their keys, read page by page. Take only as many as fit into the gas of a call.
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter::new(Scan::new(self.prefix(), Vec::new()))
    }

    /// The entries from `first` on (it included), in the order of their keys. For a view that shows a page: the key after the last one
    /// shown, or the last one itself, starts the next page.
    pub fn iter_from(&self, first: &K) -> Iter<'_, K, V> {
        Iter::new(Scan::new(self.prefix(), self.with_key(first, <[u8]>::to_vec)))
    }

    /// All keys in order, read page by page.
    pub fn keys(&self) -> Keys<'_, K, V> {
        Keys::new(Scan::new(self.prefix(), Vec::new()))
    }
}
