//! The arguments of a call on their way to the host. Invariant: the bytes are the encodings of the arguments, one after the other, which is
//! what the callee decodes as a tuple.

use alloc::vec::Vec;

use coffer_abi::spec::describe::Describe;
use parity_scale_codec::Output;

/// Bytes that go over the stack; longer arguments go over the heap.
const SHORT: usize = 96;

/// Encoded arguments; for the clients that macros make.
pub struct Arguments {
    short: [u8; SHORT],
    len: usize,
    long: Vec<u8>,
}

impl Arguments {
    /// No arguments.
    #[expect(clippy::new_without_default, reason = "macros write `new`")]
    pub const fn new() -> Self {
        Self { short: [0; SHORT], len: 0, long: Vec::new() }
    }

    /// One more argument.
    pub fn push<T: Describe>(&mut self, argument: &T) {
        argument.encode_to(self);
    }

    pub(super) fn bytes(&self) -> &[u8] {
        if self.long.is_empty() { self.short.get(..self.len).unwrap_or_default() } else { &self.long }
    }
}

impl Output for Arguments {
    #[inline(never)]
    fn write(&mut self, bytes: &[u8]) {
        let end = self.len.saturating_add(bytes.len());
        match self.short.get_mut(self.len..end) {
            Some(place) if self.long.is_empty() => {
                place.copy_from_slice(bytes);
                self.len = end;
            }
            _ => {
                if self.long.is_empty() {
                    self.long.extend_from_slice(self.short.get(..self.len).unwrap_or_default());
                }
                self.long.extend_from_slice(bytes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parity_scale_codec::Encode;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn arguments_are_encoded_like_a_tuple(
            one in any::<u64>(),
            two in prop::collection::vec(any::<u8>(), 0..200),
            three in ".{0,80}",
        ) {
            let mut arguments = Arguments::new();
            arguments.push(&one);
            arguments.push(&two);
            arguments.push(&three);
            arguments.push(&());
            prop_assert_eq!(arguments.bytes(), (one, two, three).encode());
        }
    }
}
