//! The bytes of a map's keys. Invariants: two keys compare as their bytes do; no key's bytes start another's unless the position is
//! last; what is written is read back.

use alloc::string::String;
use alloc::vec::Vec;

use coffer_abi::spec::describe::Describe;
use coffer_abi::{AccountId, CodeHash, ContractId, Hash, StateId};

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
    /// Appends the bytes.
    fn write(&self, bytes: &mut Vec<u8>, position: Position);

    /// Reads one key from the front, or `None` if the bytes are no key.
    fn read(bytes: &mut &[u8], position: Position) -> Option<Self>;
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (front, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*front)
}

macro_rules! integers {
    ($($unsigned:ty, $signed:ty;)*) => {$(
        impl Key for $unsigned {
            fn write(&self, bytes: &mut Vec<u8>, _: Position) {
                bytes.extend_from_slice(&self.to_be_bytes());
            }

            fn read(bytes: &mut &[u8], _: Position) -> Option<Self> {
                take(bytes).map(Self::from_be_bytes)
            }
        }

        // With the sign bit turned over, negative numbers come before the others.
        impl Key for $signed {
            fn write(&self, bytes: &mut Vec<u8>, position: Position) {
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
    fn write(&self, bytes: &mut Vec<u8>, _: Position) {
        bytes.push(u8::from(*self));
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
    fn write(&self, bytes: &mut Vec<u8>, _: Position) {
        bytes.extend_from_slice(self);
    }

    fn read(bytes: &mut &[u8], _: Position) -> Option<Self> {
        take(bytes)
    }
}

macro_rules! ids {
    ($($id:ty),*) => {$(
        impl Key for $id {
            fn write(&self, bytes: &mut Vec<u8>, _: Position) {
                bytes.extend_from_slice(&self.0);
            }

            fn read(bytes: &mut &[u8], _: Position) -> Option<Self> {
                take(bytes).map(Self)
            }
        }
    )*};
}
ids!(AccountId, ContractId, Hash, CodeHash, StateId);

/// Last: the bytes as they are. Inner: each 0 becomes 0 255, and 0 0 is the end, so that a text comes before every longer one.
fn write_bytes(value: &[u8], bytes: &mut Vec<u8>, position: Position) {
    match position {
        Position::Last => bytes.extend_from_slice(value),
        Position::Inner => {
            for &byte in value {
                bytes.push(byte);
                if byte == 0 {
                    bytes.push(255);
                }
            }
            bytes.extend_from_slice(&[0, 0]);
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
    fn write(&self, bytes: &mut Vec<u8>, position: Position) {
        write_bytes(self, bytes, position);
    }

    fn read(bytes: &mut &[u8], position: Position) -> Option<Self> {
        read_bytes(bytes, position)
    }
}

impl Key for String {
    fn write(&self, bytes: &mut Vec<u8>, position: Position) {
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
            fn write(&self, bytes: &mut Vec<u8>, position: Position) {
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

#[cfg(test)]
mod tests;
