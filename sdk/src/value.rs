//! Values into bytes and back, at the border to the host. A value whose type says that it is short goes over the stack; only the others
//! bring the allocator into a contract. Invariant: what is decoded is all of a value's one encoding.

use alloc::vec;

use coffer_abi::spec::describe::Describe;
use parity_scale_codec::{Decode, Encode, Output};

use crate::guest;

/// Bytes of a value that goes over the stack: two accounts and an amount, with room to spare. More costs gas to clear each time.
const SHORT: usize = 96;

/// A value, if `bytes` are all of its one encoding.
pub(crate) fn decode<T: Describe>(bytes: &[u8]) -> Option<T> {
    decode_as(bytes, const { T::TYPE.has_loose_order() })
}

/// The same for a type that is described elsewhere; `loose` if it [has loose order](coffer_abi::spec::describe::Ty::has_loose_order), a
/// constant that decides what of this is in the contract.
#[inline(always)]
pub(crate) fn decode_as<T: Encode + Decode>(bytes: &[u8], loose: bool) -> Option<T> {
    let mut rest = bytes;
    let value = T::decode(&mut rest).ok()?;
    if !rest.is_empty() {
        return None;
    }
    // The comparison costs a second encoding, so it is left out for types that have only one spelling.
    let canonical = !loose || value.using_encoded(|again| again == bytes);
    canonical.then_some(value)
}

/// Calls a host function that replies with an encoded value. `None`: the host has nothing there; `Some(None)`: it is no `T`.
pub(crate) fn fetch<T: Describe>(call: impl FnOnce(&mut [u8]) -> Option<usize>) -> Option<Option<T>> {
    let mut short = [0; SHORT];
    let length = call(&mut short)?;
    let mut long;
    let reply = match short.get(..length) {
        Some(reply) => reply,
        None if const { T::TYPE.max_size() <= SHORT } => return Some(None),
        None => {
            long = vec![0; length];
            guest::reply_read(0, &mut long);
            &long
        }
    };
    Some(decode(reply))
}

/// Hands the encoding of a value to `take`; `max_size` is a bound on its length, if there is one.
pub(crate) fn encoded<T: Encode, R>(value: &T, max_size: usize, take: impl FnOnce(&[u8]) -> R) -> R {
    if max_size > SHORT {
        return take(&value.encode());
    }
    let mut short = Short { bytes: [0; SHORT], len: 0 };
    value.encode_to(&mut short);
    take(short.bytes.get(..short.len).unwrap_or_default())
}

/// An output on the stack, for encodings that are known to fit.
struct Short {
    bytes: [u8; SHORT],
    len: usize,
}

impl Output for Short {
    fn write(&mut self, bytes: &[u8]) {
        let end = self.len.wrapping_add(bytes.len());
        if let Some(place) = self.bytes.get_mut(self.len..end) {
            place.copy_from_slice(bytes);
            self.len = end;
        }
    }
}
