//! Bytes and numbers in the JSON form. Not here: which members they are in. Invariant: one value has one text.

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The largest number every JSON reader holds exactly: 2^53 - 1.
const MAX_NUMBER: u64 = (1 << 53) - 1;

/// Bytes as `0x` and two lower-case hex digits each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hex(pub Vec<u8>);

/// `N` bytes as `0x` and two lower-case hex digits each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixed<const N: usize>(pub(super) [u8; N]);

/// A whole number from 0 to 2^53 - 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Number(u64);

impl Number {
    pub(super) fn new(number: u64) -> Option<Self> {
        (number <= MAX_NUMBER).then_some(Self(number))
    }

    pub(super) fn get(self) -> u64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u64::deserialize(deserializer)?;
        Self::new(number).ok_or_else(|| D::Error::custom(format!("the number {number} is larger than 2^53 - 1")))
    }
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("0x{}", hex::encode(&self.0)))
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Digits).map(Self)
    }
}

impl<const N: usize> Serialize for Fixed<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("0x{}", hex::encode(self.0)))
    }
}

impl<'de, const N: usize> Deserialize<'de> for Fixed<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = deserializer.deserialize_str(Digits)?;
        let wrong = |bytes: Vec<u8>| D::Error::custom(format!("expected {N} bytes, found {}", bytes.len()));
        bytes.try_into().map(Self).map_err(wrong)
    }
}

struct Digits;

impl Visitor<'_> for Digits {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`0x` and lower-case hex digits, two for each byte")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<u8>, E> {
        let wrong = || E::custom("expected `0x` and lower-case hex digits, two for each byte");
        let digits = text.strip_prefix("0x").ok_or_else(wrong)?;
        if digits.bytes().any(|digit| digit.is_ascii_uppercase()) {
            return Err(wrong());
        }
        let mut bytes = vec![0; digits.len() / 2];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| wrong())?;
        Ok(bytes)
    }
}

#[cfg(feature = "schema")]
mod schema {
    use alloc::borrow::Cow;
    use alloc::format;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    use super::{Fixed, Hex, MAX_NUMBER, Number};

    impl JsonSchema for Hex {
        fn schema_name() -> Cow<'static, str> {
            "ProofBytes".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({ "type": "string", "pattern": "^0x([0-9a-f]{2})*$", "description": "Bytes in hex." })
        }
    }

    impl<const N: usize> JsonSchema for Fixed<N> {
        fn schema_name() -> Cow<'static, str> {
            format!("ProofBytes{N}").into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            let (pattern, docs) = (format!("^0x[0-9a-f]{{{}}}$", 2 * N), format!("{N} bytes in hex."));
            json_schema!({ "type": "string", "pattern": pattern, "description": docs })
        }
    }

    impl JsonSchema for Number {
        fn schema_name() -> Cow<'static, str> {
            "ProofNumber".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            let docs = "A whole number below 2^53.";
            json_schema!({ "type": "integer", "minimum": 0, "maximum": MAX_NUMBER, "description": docs })
        }
    }
}
