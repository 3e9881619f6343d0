//! The one canonical binary codec: SCALE, read completely and compared after re-encoding, so that one value has one encoding.
//! Not here: what may be encoded (see `spec`). Invariant: `decode(b)` is `Ok` only if `encode` of the result is exactly `b`.
//! Source: <https://docs.polkadot.com/polkadot-protocol/parachain-basics/data-encoding/>.

use core::fmt;

pub use parity_scale_codec::{Compact, Decode, DecodeLimit, Encode, Input, MaxEncodedLen, Output};

/// Levels of nesting a decoder follows before it refuses.
pub const MAX_DEPTH: u32 = 64;

/// Why bytes are not the canonical encoding of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodecError {
    /// Not an encoding of the type at all, or nested deeper than [`MAX_DEPTH`].
    Malformed,
    /// Carries how many bytes were left over.
    Trailing(usize),
    /// A second spelling of a value that has a shorter one.
    NotCanonical,
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("the bytes do not encode a value of this type"),
            Self::Trailing(n) => write!(f, "{n} bytes are left over after the value"),
            Self::NotCanonical => f.write_str("the value is not in its canonical encoding"),
        }
    }
}

impl core::error::Error for CodecError {}

/// Decodes exactly one value from all of `bytes`.
///
/// # Errors
/// [`CodecError`] when bytes are missing, left over, or not the canonical spelling.
pub fn decode<T: Decode + Encode>(bytes: &[u8]) -> Result<T, CodecError> {
    let mut rest = bytes;
    let value = T::decode_with_depth_limit(MAX_DEPTH, &mut rest).map_err(|_| CodecError::Malformed)?;
    if !rest.is_empty() {
        return Err(CodecError::Trailing(rest.len()));
    }
    if value.using_encoded(|again| again != bytes) {
        return Err(CodecError::NotCanonical);
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use alloc::vec::Vec;

    #[test]
    fn a_value_has_one_encoding() {
        assert_eq!(decode::<u32>(&[1, 0, 0, 0]), Ok(1));
        assert_eq!(decode::<u32>(&[1, 0, 0]), Err(CodecError::Malformed));
        assert_eq!(decode::<u32>(&[1, 0, 0, 0, 9]), Err(CodecError::Trailing(1)));
        let unordered = [2u8, 1].as_slice().encode();
        assert_eq!(decode::<BTreeSet<u8>>(&unordered), Err(CodecError::NotCanonical));
        assert_eq!(decode::<Vec<u8>>(&[0x01, 0x01]), Err(CodecError::Malformed));
    }
}
