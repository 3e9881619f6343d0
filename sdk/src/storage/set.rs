//! Keys without values, visited in their order. Not here: values by key (`map`).

use coffer_abi::spec::describe::LayoutDesc;

use super::key::{Key, KeyStart};
use super::scan::{Keys, Start};
use super::{Map, StorageType};

/// A set of keys, which can be visited in order; in storage, a [`Map`] whose values are nothing.
///
/// ```
/// # mod lines {
/// # use coffer_sdk::prelude::*;
/// #[contract]
/// pub struct Club { members: Set<(u32, AccountId)> }
///
/// #[contract]
/// impl Club {
///     pub fn join(&mut self, club: u32) -> bool { self.members.insert(&(club, caller())) }
///     pub fn page(&self, club: u32) -> Vec<AccountId> { self.members.iter_under(&club).take(20).map(|(_, who)| who).collect() }
/// }
/// # }
/// ```
pub struct Set<K> {
    entries: Map<K, ()>,
}

impl<K: Key> StorageType for Set<K> {
    const LAYOUT: LayoutDesc = Map::<K, ()>::LAYOUT;

    fn at(prefix: &'static [u8]) -> Self {
        Self { entries: Map::at(prefix) }
    }
}

impl<K: Key> Set<K> {
    /// Puts a key in; true if it was not there.
    ///
    /// # Panics
    /// If the key is too long.
    pub fn insert(&mut self, key: &K) -> bool {
        let is_new = !self.contains(key);
        if is_new {
            self.entries.set(key, &());
        }
        is_new
    }

    /// Takes a key out; true if it was there.
    ///
    /// # Panics
    /// If the key is too long.
    pub fn remove(&mut self, key: &K) -> bool {
        self.entries.remove(key)
    }

    /// True if the key is there.
    ///
    /// # Panics
    /// If the key is too long.
    pub fn contains(&self, key: &K) -> bool {
        self.entries.contains(key)
    }

    /// All keys in order, read page by page. Take only as many as fit into the gas of a call.
    pub fn iter(&self) -> Keys<'_, K, ()> {
        self.entries.keys()
    }

    /// The keys behind `last`, which need not be there.
    pub fn iter_after(&self, last: &K) -> Keys<'_, K, ()> {
        Keys::new(self.entries.scan(self.entries.behind(last)))
    }

    /// The keys that begin with `shared`: of a set of `(A, B, C)` those under an `A`, or under an `(A, B)`.
    pub fn iter_under(&self, shared: &impl KeyStart<K>) -> Keys<'_, K, ()> {
        Keys::new(self.entries.scan_under(shared, Start::First))
    }

    /// The same, only the keys behind `last`.
    pub fn iter_under_after(&self, shared: &impl KeyStart<K>, last: &K) -> Keys<'_, K, ()> {
        Keys::new(self.entries.scan_under(shared, self.entries.behind(last)))
    }
}
