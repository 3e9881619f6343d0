//! Identifiers and quantities as newtypes, so that an account is never mistaken for a contract or gas for a height.
//! Text form of every 32-byte identifier: `0x` and 64 lower-case hex digits. Invariant: text -> id -> text is the identity.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use parity_scale_codec::{Decode, Encode, MaxEncodedLen};

/// Why a text is not an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseIdError {
    /// The `0x` in front is missing.
    NoPrefix,
    /// Not 64 digits after the prefix; carries how many there are.
    Length(usize),
    /// A character that is no hex digit.
    Digit,
}

impl fmt::Display for ParseIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPrefix => f.write_str("must start with 0x"),
            Self::Length(n) => write!(f, "must have 64 hex digits after 0x, has {n}"),
            Self::Digit => f.write_str("has a character that is no hex digit"),
        }
    }
}

impl core::error::Error for ParseIdError {}

/// Parses `0x` + 64 hex digits of either case.
///
/// # Errors
/// What is wrong with the text, as [`ParseIdError`].
pub fn parse_hex32(text: &str) -> Result<[u8; 32], ParseIdError> {
    let digits = text.strip_prefix("0x").ok_or(ParseIdError::NoPrefix)?;
    if digits.len() != 64 {
        return Err(ParseIdError::Length(digits.chars().count()));
    }
    let mut bytes = [0; 32];
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| ParseIdError::Digit)?;
    Ok(bytes)
}

macro_rules! id32 {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, MaxEncodedLen)]
        pub struct $name(pub [u8; 32]);

        impl $name {
            /// The bytes.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }

        impl From<[u8; 32]> for $name {
            fn from(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("0x")?;
                self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;
            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                parse_hex32(text).map(Self)
            }
        }
    };
}

id32!(
    /// An account: the ed25519 public key that signs for it. All zeros is the anonymous caller of a view.
    AccountId
);
id32!(
    /// A deployed contract instance.
    ContractId
);
id32!(
    /// BLAKE3 domain hash of an ORIGINAL Wasm module, before instrumentation.
    CodeHash
);
id32!(
    /// Any other 32-byte hash: of a block, a transaction, a payload, a trie node.
    Hash
);
id32!(
    /// What a contract sees as the identity of the state it lives in: equal at every party, and not the name of a tenant.
    StateId
);

impl AccountId {
    /// The caller of a view that named no account.
    pub const ANONYMOUS: Self = Self([0; 32]);
}

impl Hash {
    /// Root of an empty trie; parent of the first block.
    pub const ZERO: Self = Self([0; 32]);
}

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, MaxEncodedLen)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

quantity!(
    /// Units of gas. Subtraction and addition here saturate; limits are checked where they are defined.
    Gas
);
quantity!(
    /// Height of a block; genesis is 0.
    Height
);
quantity!(
    /// Milliseconds since 1970-01-01 UTC, as in a block header.
    Time
);

impl Gas {
    /// `self - other`, 0 if that would be negative.
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// `self + other`, the largest value if that would overflow.
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Height {
    /// The next height, or `None` past the last one.
    pub const fn next(self) -> Option<Self> {
        match self.0.checked_add(1) {
            Some(h) => Some(Self(h)),
            None => None,
        }
    }
}

/// Hex text `0x…` of any bytes, as JSON shows them.
pub fn hex_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 + 2 * bytes.len());
    text.push_str("0x");
    text.push_str(&hex::encode(bytes));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn text_of_an_id_reads_back_as_the_same_id() {
        let id = AccountId([0xa5; 32]);
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn a_bad_id_says_what_is_wrong_with_it() {
        assert_eq!("a5".parse::<AccountId>(), Err(ParseIdError::NoPrefix));
        assert_eq!("0xa5".parse::<AccountId>(), Err(ParseIdError::Length(2)));
        let text = alloc::format!("0x{}", "g".repeat(64));
        assert_eq!(text.parse::<AccountId>(), Err(ParseIdError::Digit));
        let text = alloc::format!("0x{}", "é".repeat(32));
        assert_eq!(text.parse::<AccountId>(), Err(ParseIdError::Digit));
    }
}
