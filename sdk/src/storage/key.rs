//! The bytes of a map's keys. Invariants: two keys compare as their bytes do; no key's bytes start another's unless the position is
//! last; what is written is read back.

use alloc::string::String;
use alloc::vec::Vec;

use coffer_abi::limits::MAX_KEY;
use coffer_abi::spec::bounds::MAX_NAME;
use coffer_abi::spec::describe::Describe;
use coffer_abi::{AccountId, CodeHash, ContractId, Hash, StateId};

use crate::guest;

/// Where in the bytes a key stands. Something of variable length needs an end marker unless it stands last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// More follows.
    Inner,
    /// Nothing follows.
    Last,
}

/// A type that can be a map's key. Its bytes are in the order of its values.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a map",
    label = "not a key",
    note = "keys are integers, `bool`, `String`, `Vec<u8>`, `[u8; N]`, `AccountId`, `ContractId`, `Hash`, and tuples of these"
)]
pub trait Key: Describe + Sized {
    /// Bytes of the longest key of this type as an inner one; `usize::MAX` if there is no bound.
    const MAX_LEN: usize = Self::TYPE.max_size();

    /// Appends the bytes.
    fn write(&self, bytes: &mut KeyWriter<'_>, position: Position);

    /// Reads one key from the front, or `None` if the bytes are no key.
    fn read(bytes: &mut &[u8], position: Position) -> Option<Self>;
}

/// The first parts of a tuple that is a map's key: of `(A, B, C)` an `A` or an `(A, B)`. The entries that share them stand together, so they
/// can be visited alone.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not how a key `{K}` begins",
    label = "not the first parts of the key",
    note = "of a map by `(A, B, C)` the entries under an `A` or under an `(A, B)` can be visited"
)]
pub trait KeyStart<K: Key> {
    /// Appends the bytes that keys with these first parts begin with.
    fn write_start(&self, bytes: &mut KeyWriter<'_>);
}

/// The bytes of a key while they are written. What goes beyond the longest key is counted only, so that the key can be refused.
pub struct KeyWriter<'a> {
    bytes: &'a mut [u8],
    len: usize,
}

impl KeyWriter<'_> {
    /// Appends some bytes.
    pub fn push(&mut self, part: &[u8]) {
        let end = self.len.saturating_add(part.len());
        if let Some(place) = self.bytes.get_mut(self.len..end) {
            place.copy_from_slice(part);
        }
        self.len = end;
    }
}

/// Bytes of a key that is known to be short: a field's prefix and two identifiers.
const SHORT: usize = 2 + MAX_NAME + 64;

/// Hands the bytes of a map's key to `take`: the kind, the rest of the field's prefix, the key.
///
/// # Panics
/// If they are more than 256.
pub(super) fn with_key<K: Key, T>(kind: u8, prefix: &[u8], key: &K, take: impl FnOnce(&[u8]) -> T) -> T {
    let write = |writer: &mut KeyWriter<'_>| key.write(writer, Position::Last);
    if const { K::MAX_LEN <= 64 } {
        take(written(&mut [0; SHORT], kind, prefix, write))
    } else {
        take(written(&mut [0; MAX_KEY], kind, prefix, write))
    }
}

/// The bytes that all keys of a map begin with whose first parts are `start`.
///
/// # Panics
/// If they are more than 256.
pub(super) fn with_start<K: Key>(kind: u8, prefix: &[u8], start: &impl KeyStart<K>) -> Vec<u8> {
    written(&mut [0; MAX_KEY], kind, prefix, |writer| start.write_start(writer)).to_vec()
}

fn written<'a>(bytes: &'a mut [u8], kind: u8, prefix: &[u8], write: impl FnOnce(&mut KeyWriter<'_>)) -> &'a [u8] {
    let mut writer = KeyWriter { bytes, len: 0 };
    writer.push(prefix);
    write(&mut writer);
    let KeyWriter { bytes, len } = writer;
    if let Some(first) = bytes.first_mut() {
        *first = kind;
    }
    match bytes.get(..len) {
        Some(key) => key,
        None => too_long(prefix),
    }
}

#[cold]
#[inline(never)]
fn too_long(prefix: &[u8]) -> ! {
    guest::fail(&[b"a key of `", super::field(prefix), b"` is too long: with the field's name it may have 254 bytes"])
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (front, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*front)
}

macro_rules! integers {
    ($($unsigned:ty, $signed:ty;)*) => {$(
        impl Key for $unsigned {
            fn write(&self, bytes: &mut KeyWriter<'_>, _: Position) {
                bytes.push(&self.to_be_bytes());
            }

            fn read(bytes: &mut &[u8], _: Position) -> Option<Self> {
                take(bytes).map(Self::from_be_bytes)
            }
        }

        // With the sign bit turned over, negative numbers come before the others.
        impl Key for $signed {
            fn write(&self, bytes: &mut KeyWriter<'_>, position: Position) {
                (self.cast_unsigned() ^ Self::MIN.cast_unsigned()).write(bytes, position);
            }

            fn read(bytes: &mut &[u8], position: Position) -> Option<Self> {
                let turned = <$unsigned>::read(bytes, position)?;
                Some((turned ^ Self::MIN.cast_unsigned()).cast_signed())
            }
        }
    )*};
}
integers! {
    u8, i8;
    u16, i16;
    u32, i32;
    u64, i64;
    u128, i128;
}

impl Key for bool {
    fn write(&self, bytes: &mut KeyWriter<'_>, _: Position) {
        bytes.push(&[u8::from(*self)]);
    }

    fn read(bytes: &mut &[u8], _: Position) -> Option<Self> {
        match take(bytes)? {
            [0] => Some(false),
            [1] => Some(true),
            _ => None,
        }
    }
}

impl<const N: usize> Key for [u8; N] {
    fn write(&self, bytes: &mut KeyWriter<'_>, _: Position) {
        bytes.push(self);
    }

    fn read(bytes: &mut &[u8], _: Position) -> Option<Self> {
        take(bytes)
    }
}

macro_rules! ids {
    ($($id:ty),*) => {$(
        impl Key for $id {
            fn write(&self, bytes: &mut KeyWriter<'_>, _: Position) {
                bytes.push(&self.0);
            }

            fn read(bytes: &mut &[u8], _: Position) -> Option<Self> {
                take(bytes).map(Self)
            }
        }
    )*};
}
ids!(AccountId, ContractId, Hash, CodeHash, StateId);

/// Last: the bytes as they are. Inner: each 0 becomes 0 255, and 0 0 is the end, so that a text comes before every longer one.
fn write_bytes(value: &[u8], bytes: &mut KeyWriter<'_>, position: Position) {
    match position {
        Position::Last => bytes.push(value),
        Position::Inner => {
            for &byte in value {
                bytes.push(&[byte]);
                if byte == 0 {
                    bytes.push(&[255]);
                }
            }
            bytes.push(&[0, 0]);
        }
    }
}

fn read_bytes(bytes: &mut &[u8], position: Position) -> Option<Vec<u8>> {
    if position == Position::Last {
        return Some(core::mem::take(bytes).to_vec());
    }
    let mut value = Vec::new();
    loop {
        match take(bytes)? {
            [0] => match take(bytes)? {
                [0] => return Some(value),
                [255] => value.push(0),
                _ => return None,
            },
            [byte] => value.push(byte),
        }
    }
}

impl Key for Vec<u8> {
    fn write(&self, bytes: &mut KeyWriter<'_>, position: Position) {
        write_bytes(self, bytes, position);
    }

    fn read(bytes: &mut &[u8], position: Position) -> Option<Self> {
        read_bytes(bytes, position)
    }
}

impl Key for String {
    fn write(&self, bytes: &mut KeyWriter<'_>, position: Position) {
        write_bytes(self.as_bytes(), bytes, position);
    }

    fn read(bytes: &mut &[u8], position: Position) -> Option<Self> {
        Self::from_utf8(read_bytes(bytes, position)?).ok()
    }
}

macro_rules! tuples {
    ($(($($inner:ident)+; $last:ident))*) => {$(
        #[allow(non_snake_case, reason = "the type parameters name the parts too")]
        impl<$($inner: Key,)+ $last: Key> Key for ($($inner,)+ $last) {
            fn write(&self, bytes: &mut KeyWriter<'_>, position: Position) {
                let ($($inner,)+ $last) = self;
                $($inner.write(bytes, Position::Inner);)+
                $last.write(bytes, position);
            }

            fn read(bytes: &mut &[u8], position: Position) -> Option<Self> {
                Some(($($inner::read(bytes, Position::Inner)?,)+ $last::read(bytes, position)?))
            }
        }
    )*};
}
tuples! {
    (A; B)
    (A B; C)
    (A B C; D)
}

macro_rules! starts {
    ($(($($rest:ident)+))*) => {$(
        impl<A: Key, $($rest: Key),+> KeyStart<(A, $($rest),+)> for A {
            fn write_start(&self, bytes: &mut KeyWriter<'_>) {
                self.write(bytes, Position::Inner);
            }
        }
    )*};
}
starts! {
    (B)
    (B C)
    (B C D)
}

impl<A: Key, B: Key, C: Key> KeyStart<(A, B, C)> for (A, B) {
    fn write_start(&self, bytes: &mut KeyWriter<'_>) {
        self.write(bytes, Position::Inner);
    }
}

impl<A: Key, B: Key, C: Key, D: Key> KeyStart<(A, B, C, D)> for (A, B) {
    fn write_start(&self, bytes: &mut KeyWriter<'_>) {
        self.write(bytes, Position::Inner);
    }
}

impl<A: Key, B: Key, C: Key, D: Key> KeyStart<(A, B, C, D)> for (A, B, C) {
    fn write_start(&self, bytes: &mut KeyWriter<'_>) {
        self.write(bytes, Position::Inner);
    }
}

#[cfg(test)]
mod tests;
