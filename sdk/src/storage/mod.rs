//! Storage: what the fields of a contract's struct can be. Every field has keys of its own: a byte for the kind, the length of the
//! field's name, the name, and in maps the key. So fields can be added, removed and reordered without touching what is stored;
//! `#[key("old_name")]` keeps the keys of a renamed field. Invariant: no key of one field is a key of another.

use alloc::vec::Vec;

use coffer_abi::limits::{KEY_PLAIN, MAX_VALUE};
use coffer_abi::spec::bounds::MAX_NAME;
use coffer_abi::spec::describe::{Describe, LayoutDesc};

use crate::guest;
use crate::value::{encoded, fetch};

mod item;
mod map;
mod lookup;
mod set;
mod key;
mod scan;

pub use item::Item;
pub use key::{Key, KeyStart, KeyWriter, Position};
pub use lookup::LookupMap;
pub use map::Map;
pub use scan::{Iter, Keys};
pub use set::Set;

/// A type that a field of a contract's struct can have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a storage type",
    label = "a field of a contract is an `Item`, a `Map`, a `LookupMap` or a `Set`",
    note = "write `Item<{Self}>` to store one value, or `Map<K, {Self}>` to store one for each key"
)]
pub trait StorageType {
    /// What the spec says of it.
    const LAYOUT: LayoutDesc;

    /// The field whose keys start with `prefix`. Its first byte is that of a plain key; an ordered map puts its own in place.
    fn at(prefix: &'static [u8]) -> Self;
}

/// What the code before this one stored in a field, in the type it had then. For `migrate`: it reads a field in its old type and writes it
/// in its new one.
///
/// ```
/// # mod lines {
/// # use coffer_sdk::prelude::*;
/// #[contract]
/// pub struct Counter { value: Item<u128> }
///
/// #[contract]
/// impl Counter {
///     pub fn migrate(&mut self) {
///         let old: Item<u64> = stored_as("value");
///         self.value.set(&old.get_or_default().into());
///     }
/// }
/// # }
/// ```
///
/// # Panics
/// If no field can have that name.
pub fn stored_as<S: StorageType>(field: &str) -> S {
    let Some(length) = u8::try_from(field.len()).ok().filter(|length| (1..=MAX_NAME).contains(&usize::from(*length)))
    else {
        guest::fail(&[b"no storage field can have the name `", field.as_bytes(), b"`"]);
    };
    // A contract runs one call and gives its memory back as a whole.
    S::at(Vec::leak([&[KEY_PLAIN, length], field.as_bytes()].concat()))
}

fn read<T: Describe>(key: &[u8]) -> Option<T> {
    match fetch(|reply| guest::storage_get(key, reply)) {
        None => None,
        Some(None) => unreadable(key),
        Some(value) => value,
    }
}

fn write<T: Describe>(key: &[u8], value: &T) {
    encoded(value, const { T::TYPE.max_size() }, |value| write_bytes::<T>(key, value));
}

fn write_bytes<T: Describe>(key: &[u8], value: &[u8]) {
    if const { T::TYPE.max_size() > MAX_VALUE } && value.len() > MAX_VALUE {
        guest::fail(&[
            b"the value for `",
            field(key),
            b"` is larger than 64 KiB, the most that one storage entry holds",
        ]);
    }
    guest::storage_set(key, value);
}

fn remove(key: &[u8]) -> bool {
    guest::storage_remove(key) != 0
}

fn contains(key: &[u8]) -> bool {
    guest::storage_get(key, &mut []).is_some()
}

#[cold]
#[inline(never)]
fn unreadable(key: &[u8]) -> ! {
    guest::fail(&[b"what is stored in `", field(key), b"` is not of the field's type"])
}

/// Name of the field that a key belongs to.
fn field(key: &[u8]) -> &[u8] {
    let name = key.get(1).and_then(|&length| key.get(2..)?.get(..usize::from(length)));
    name.unwrap_or_default()
}
