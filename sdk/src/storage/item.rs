//! One stored value. Not here: values by key (`map`, `lookup`).

use core::marker::PhantomData;

use coffer_abi::spec::describe::{Describe, LayoutDesc};

use super::StorageType;

/// One value in storage. It is there or not; reading it never writes.
///
/// ```
/// # mod lines {
/// # use coffer_sdk::prelude::*;
/// #[contract]
/// pub struct Paused { since: Item<u64> }
///
/// #[contract]
/// impl Paused {
///     pub fn pause(&mut self) { self.since.set(&block_time()) }
///     pub fn resume(&mut self) { self.since.remove(); }
///     pub fn since(&self) -> Option<u64> { self.since.get() }
/// }
/// # }
/// ```
pub struct Item<T> {
    key: &'static [u8],
    value: PhantomData<fn() -> T>,
}

impl<T: Describe> StorageType for Item<T> {
    const LAYOUT: LayoutDesc = LayoutDesc::Item(T::TYPE);

    fn at(prefix: &'static [u8]) -> Self {
        Self { key: prefix, value: PhantomData }
    }
}

impl<T: Describe> Item<T> {
    /// The value, if there is one.
    ///
    /// # Panics
    /// If what is stored is not a `T`: the field's type was changed without a migration.
    pub fn get(&self) -> Option<T> {
        super::read(self.key)
    }

    /// The value, or `T::default()` if there is none.
    ///
    /// # Panics
    /// As [`Item::get`].
    pub fn get_or_default(&self) -> T
    where
        T: Default,
    {
        self.get().unwrap_or_default()
    }

    /// Stores a value.
    ///
    /// # Panics
    /// If its encoding is above 64 KiB.
    pub fn set(&mut self, value: &T) {
        super::write(self.key, value);
    }

    /// Removes the value; true if there was one.
    pub fn remove(&mut self) -> bool {
        super::remove(self.key)
    }

    /// True if there is a value. Cheaper than reading it.
    pub fn exists(&self) -> bool {
        super::contains(self.key)
    }
}
