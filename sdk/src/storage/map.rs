//! Values by key, visited in the order of the keys. Not here: maps without order, which are cheaper (`lookup`).

use alloc::vec::Vec;
use core::marker::PhantomData;

use coffer_abi::limits::KEY_ORDERED;
use coffer_abi::spec::describe::{Describe, LayoutDesc};

use super::StorageType;
use super::key::{Key, KeyStart, with_key, with_start};
use super::scan::{Iter, Keys, Scan, Start};

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

    pub(super) fn scan(&self, start: Start) -> Scan {
        let prefix = self.prefix();
        let field = prefix.len();
        Scan::new(prefix, field, start)
    }

    pub(super) fn scan_under(&self, shared: &impl KeyStart<K>, start: Start) -> Scan {
        Scan::new(with_start(KEY_ORDERED, self.prefix, shared), self.prefix.len(), start)
    }

    pub(super) fn behind(&self, last: &K) -> Start {
        Start::Behind(self.with_key(last, <[u8]>::to_vec))
    }

    /// All entries in the order of their keys, read page by page. Take only as many as fit into the gas of a call.
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter::new(self.scan(Start::First))
    }

    /// The entries from `first` on (it included), in the order of their keys.
    pub fn iter_from(&self, first: &K) -> Iter<'_, K, V> {
        Iter::new(self.scan(Start::At(self.with_key(first, <[u8]>::to_vec))))
    }

    /// The entries behind `last`, which need not be there. For a view that shows a page: the last key shown starts the next page.
    pub fn iter_after(&self, last: &K) -> Iter<'_, K, V> {
        Iter::new(self.scan(self.behind(last)))
    }

    /// The entries whose keys begin with `shared`: of a map by `(A, B, C)` those under an `A`, or under an `(A, B)`.
    ///
    /// ```
    /// # mod lines {
    /// # use coffer_sdk::prelude::*;
    /// #[contract]
    /// pub struct Votes { by: Map<(u32, AccountId), bool> }
    ///
    /// #[contract]
    /// impl Votes {
    ///     pub fn yes(&self, vote: u32) -> u64 { self.by.iter_under(&vote).filter(|(_, yes)| *yes).count() as u64 }
    /// }
    /// # }
    /// ```
    pub fn iter_under(&self, shared: &impl KeyStart<K>) -> Iter<'_, K, V> {
        Iter::new(self.scan_under(shared, Start::First))
    }

    /// The same, only the entries behind `last`.
    pub fn iter_under_after(&self, shared: &impl KeyStart<K>, last: &K) -> Iter<'_, K, V> {
        Iter::new(self.scan_under(shared, self.behind(last)))
    }

    /// All keys in order, read page by page.
    pub fn keys(&self) -> Keys<'_, K, V> {
        Keys::new(self.scan(Start::First))
    }
}
