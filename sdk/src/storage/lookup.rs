//! Values by key, found only by asking for the key. Not here: maps that can be visited (`map`).

use core::marker::PhantomData;

use coffer_abi::limits::KEY_PLAIN;
use coffer_abi::spec::describe::{Describe, LayoutDesc};

use super::StorageType;
use super::key::{Key, with_key};

/// Values by key that cannot be visited, only asked for. Cheaper than a [`super::Map`], because there is no index of the keys.
/// A key may have 254 bytes with the field's name.
pub struct LookupMap<K, V> {
    prefix: &'static [u8],
    entry: PhantomData<fn() -> (K, V)>,
}

impl<K: Key, V: Describe> StorageType for LookupMap<K, V> {
    const LAYOUT: LayoutDesc = LayoutDesc::Map { key: K::TYPE, value: V::TYPE, ordered: false };

    fn at(prefix: &'static [u8]) -> Self {
        Self { prefix, entry: PhantomData }
    }
}

impl<K: Key, V: Describe> LookupMap<K, V> {
    /// The value under a key, if there is one.
    ///
    /// # Panics
    /// If the key is too long, or what is stored is not a `V`.
    pub fn get(&self, key: &K) -> Option<V> {
        with_key(KEY_PLAIN, self.prefix, key, super::read)
    }

    /// The value under a key, or `V::default()`.
    ///
    /// # Panics
    /// As [`LookupMap::get`].
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
        with_key(KEY_PLAIN, self.prefix, key, |key| super::write(key, value));
    }

    /// Removes a key; true if there was a value.
    ///
    /// # Panics
    /// If the key is too long.
    pub fn remove(&mut self, key: &K) -> bool {
        with_key(KEY_PLAIN, self.prefix, key, super::remove)
    }

    /// True if there is a value under a key. Cheaper than reading it.
    ///
    /// # Panics
    /// If the key is too long.
    pub fn contains(&self, key: &K) -> bool {
        with_key(KEY_PLAIN, self.prefix, key, super::contains)
    }
}
