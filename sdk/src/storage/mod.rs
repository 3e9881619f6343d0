//! Storage: what the fields of a contract's struct can be. Every field has keys of its own: a byte for the kind, the length of the
//! field's name, the name, and in maps the key. So fields can be added, removed and reordered without touching what is stored;
//! `#[key("old_name")]` keeps the keys of a renamed field. Invariant: no key of one field is a key of another.

use coffer_abi::limits::{MAX_KEY, MAX_VALUE};
use coffer_abi::spec::describe::{Describe, LayoutDesc};
use parity_scale_codec::{Decode, Encode};

use crate::contract::decode;
use crate::guest;

mod item;
mod map;
mod lookup;
mod key;
mod scan;

pub use item::Item;
pub use key::{Key, Position};
pub use lookup::LookupMap;
pub use map::Map;
pub use scan::{Iter, Keys};

/// A type that a field of a contract's struct can have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a storage type",
    label = "a field of a contract is an `Item`, a `Map` or a `LookupMap`",
    note = "write `Item<{Self}>` to store one value, or `Map<K, {Self}>` to store one for each key"
)]
pub trait StorageType {
    /// What the spec says of it.
    const LAYOUT: LayoutDesc;

    /// The field whose keys start with `prefix`. Its first byte is that of a plain key; an ordered map puts its own in place.
    fn at(prefix: &'static [u8]) -> Self;
}

/// A value that can be stored: anything that has a description and an encoding.
pub trait Value: Describe + Encode + Decode {}
impl<T: Describe + Encode + Decode> Value for T {}

fn read<T: Value>(key: &[u8]) -> Option<T> {
    check(key);
    match guest::with_reply(|reply| guest::storage_get(key, reply), decode::<T>) {
        None => None,
        Some(None) => unreadable(key),
        Some(value) => value,
    }
}

fn write<T: Value>(key: &[u8], value: &T) {
    check(key);
    value.using_encoded(|value| write_bytes(key, value));
}

fn write_bytes(key: &[u8], value: &[u8]) {
    if value.len() > MAX_VALUE {
        guest::fail(&["the value for `", field(key), "` is larger than 64 KiB, the most that one storage entry holds"]);
    }
    guest::storage_set(key, value);
}

fn remove(key: &[u8]) -> bool {
    check(key);
    guest::storage_remove(key) != 0
}

fn contains(key: &[u8]) -> bool {
    check(key);
    guest::storage_get(key, &mut []).is_some()
}

fn check(key: &[u8]) {
    if key.len() > MAX_KEY {
        guest::fail(&["a key of `", field(key), "` is too long: with the field's name it may have 254 bytes"]);
    }
}

#[cold]
#[inline(never)]
fn unreadable(key: &[u8]) -> ! {
    guest::fail(&["what is stored in `", field(key), "` is not of the field's type"])
}

/// Name of the field that a key belongs to.
fn field(key: &[u8]) -> &str {
    let name = key.get(1).and_then(|&length| key.get(2..2 + usize::from(length)));
    name.and_then(|name| core::str::from_utf8(name).ok()).unwrap_or_default()
}
