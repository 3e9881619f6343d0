//! Data types that several namespaces share, and how the node's own types look in JSON. Not here: results of single methods.
//! Invariant: what is accepted has one meaning; a text that is written reads back as the same value.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{DecodeError, Engine};
use coffer_abi::{AccountId, CodeHash, ContractId, Hash};
use coffer_chain::Consent;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error as _, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// The largest number every JSON reader holds exactly: 2^53 - 1.
pub const MAX_NUMBER: u64 = (1 << 53) - 1;

/// An identifier in its text form: `0x` and lower-case hex digits, 64 unless [`Named`] says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<T>(pub T);

/// Names the schema of an identifier.
pub trait Named {
    /// Name in the documents.
    const NAME: &'static str;
    /// What it identifies.
    const DOCS: &'static str;
    /// Hex digits after `0x`.
    const DIGITS: usize = 64;
}

macro_rules! named {
    ($($ty:ident: $docs:literal;)*) => {
        $(impl Named for $ty {
            const NAME: &'static str = stringify!($ty);
            const DOCS: &'static str = $docs;
        })*
    };
}
named! {
    AccountId: "An account: its ed25519 public key.";
    ContractId: "A deployed contract.";
    CodeHash: "A Wasm module: hash of its bytes.";
    Hash: "A hash: of a block, a transaction, a state.";
}

impl Named for Consent {
    const NAME: &'static str = "Consent";
    const DOCS: &'static str = "An account's signed consent to one change of one contract.";
    const DIGITS: usize = 208;
}

impl<T: fmt::Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de, T: FromStr + Named> Deserialize<'de> for Text<T>
where
    T::Err: fmt::Display,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map(Self).map_err(|e| D::Error::custom(format!("{}: {e}", T::NAME)))
    }
}

impl<T: Named> JsonSchema for Text<T> {
    fn schema_name() -> Cow<'static, str> {
        T::NAME.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let pattern = format!("^0x[0-9a-f]{{{}}}$", T::DIGITS);
        json_schema!({ "type": "string", "pattern": pattern, "description": T::DOCS })
    }
}

impl<T> From<T> for Text<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

/// Bytes as standard base64, with or without padding.
#[derive(Clone, PartialEq, Eq)]
pub struct Base64(pub Vec<u8>);

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl fmt::Debug for Base64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        BASE64.decode(text.as_bytes()).map(Self).map_err(|error| D::Error::custom(not_base64(&text, error)))
    }
}

fn not_base64(text: &str, error: DecodeError) -> String {
    let reason = match error {
        DecodeError::InvalidByte(..) if text.contains(['\n', '\r']) => "it has line breaks, which must go".to_owned(),
        DecodeError::InvalidByte(at, byte) => {
            format!("{:?} at position {at} is none of its characters", char::from(byte))
        }
        DecodeError::InvalidLength(length) => format!("{length} characters cannot be all of it; it is cut off"),
        DecodeError::InvalidLastSymbol { .. } => "it does not end as base64 does; it is cut off or changed".to_owned(),
        DecodeError::InvalidPadding => "the `=` at its end are too many or too few".to_owned(),
    };
    format!("not base64: {reason}; make it with `base64 -w0 FILE`")
}

impl JsonSchema for Base64 {
    fn schema_name() -> Cow<'static, str> {
        "Base64".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "contentEncoding": "base64", "description": "Bytes as standard base64." })
    }
}

/// A whole number from 0 to [`MAX_NUMBER`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Number(pub u64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Whole;
        impl Visitor<'_> for Whole {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a whole number from 0 to {MAX_NUMBER}")
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Number, E> {
                if number > MAX_NUMBER {
                    Err(E::invalid_value(Unexpected::Unsigned(number), &self))
                } else {
                    Ok(Number(number))
                }
            }

            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Number, E> {
                // A whole number that the parser could hold only in part is not quoted: its digits would be others.
                if number.abs() >= 18_446_744_073_709_551_616.0 {
                    let text = if number > 0.0 { "a larger number" } else { "a smaller number" };
                    return Err(E::custom(format!("expected a whole number from 0 to {MAX_NUMBER}, found {text}")));
                }
                Err(E::invalid_type(Unexpected::Float(number), &self))
            }
        }
        deserializer.deserialize_u64(Whole)
    }
}

impl JsonSchema for Number {
    fn schema_name() -> Cow<'static, str> {
        "Number".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let docs = "A whole number below 2^53.";
        json_schema!({ "type": "integer", "minimum": 0, "maximum": MAX_NUMBER, "description": docs })
    }
}

/// An acting account: its id, or the name of an account whose key the node holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Account {
    /// By id.
    Id(AccountId),
    /// By name, 1 to 64 characters of `[A-Za-z0-9_.-]`.
    Name(String),
}

impl FromStr for Account {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with("0x") {
            return text.parse().map(Self::Id).map_err(|e| format!("account id: {e}"));
        }
        let ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if (1..=64).contains(&text.len()) && text.chars().all(ok) {
            Ok(Self::Name(text.into()))
        } else {
            Err("an account is `0x` and 64 hex digits, or the name of an account of this node".into())
        }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl Serialize for Account {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Account {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for Account {
    fn schema_name() -> Cow<'static, str> {
        "Account".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let docs = "An account: `0x` and 64 hex digits, or the name of an account whose key the node holds.";
        json_schema!({ "type": "string", "minLength": 1, "maxLength": 66, "description": docs })
    }
}

/// Arguments of a contract's method, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Args(pub Map<String, Value>);

impl<'de> Deserialize<'de> for Args {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Once::deserialize(deserializer)?.0 {
            Value::Object(map) => Ok(Self(map)),
            Value::Array(_) => Err(D::Error::custom("expected an object with the arguments by name, got a list")),
            _ => Err(D::Error::custom("expected an object with the arguments by name")),
        }
    }
}

/// What is wrong with a member whose name an earlier one of the same object has.
pub(crate) const STANDS_TWICE: &str = "stands twice";

/// Any JSON in which no object has two members of one name.
struct Once(Value);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyOnce).map(Self)
    }
}

struct AnyOnce;

impl<'de> Visitor<'de> for AnyOnce {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(flag.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Once(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                // Refused where its value is read, so that the path of the error has the name.
                members.next_value::<Twice>()?;
            }
            let Once(value) = members.next_value()?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

/// Nothing reads as this.
struct Twice;

impl<'de> Deserialize<'de> for Twice {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom(STANDS_TWICE))
    }
}

impl JsonSchema for Args {
    fn schema_name() -> Cow<'static, str> {
        "Args".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let docs = "Arguments of a contract's method, by name, as its spec has them. Integers may be numbers or strings; those that a \
                    JSON number may lose are strings.";
        json_schema!({ "type": "object", "additionalProperties": true, "description": docs })
    }
}

/// An event of a contract.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Event {
    /// Who emitted it.
    pub contract: Text<ContractId>,
    /// Its name in the spec.
    pub name: String,
    /// Its fields by name.
    pub data: Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: serde::de::DeserializeOwned>(json: &str) -> Result<T, String> {
        serde_json::from_str(json).map_err(|e| e.to_string())
    }

    #[test]
    fn an_account_is_an_id_or_a_name() {
        assert_eq!(read::<Account>("\"alice\""), Ok(Account::Name("alice".into())));
        let id = AccountId([0xab; 32]);
        assert_eq!(read::<Account>(&format!("\"{id}\"")), Ok(Account::Id(id)));
        assert!(read::<Account>("\"0xab\"").unwrap_err().contains("account id"));
        assert!(read::<Account>("\"a b\"").is_err());
        assert!(read::<Account>("\"\"").is_err());
    }

    #[test]
    fn base64_reads_with_and_without_padding() {
        assert_eq!(read::<Base64>("\"AGFzbQ==\""), Ok(Base64(b"\0asm".to_vec())));
        assert_eq!(read::<Base64>("\"AGFzbQ\""), Ok(Base64(b"\0asm".to_vec())));
        assert!(
            read::<Base64>("\"AGFz\\nbQ==\\n\"")
                .unwrap_err()
                .contains("line breaks, which must go; make it with `base64 -w0 FILE`")
        );
        assert!(read::<Base64>("\"AG-z\"").unwrap_err().contains("'-' at position 2"));
        assert!(read::<Base64>("\"AGFzb\"").unwrap_err().contains("cut off"));
    }

    #[test]
    fn numbers_above_the_safe_range_are_refused() {
        assert_eq!(read::<Number>("9007199254740991"), Ok(Number(MAX_NUMBER)));
        assert!(read::<Number>("9007199254740992").is_err());
        assert!(read::<Number>("-1").is_err());
        assert!(read::<Number>("1.5").is_err());
    }

    #[test]
    fn arguments_given_as_a_list_are_refused_with_the_way_out() {
        assert!(read::<Args>("[1]").unwrap_err().contains("by name"));
    }
}
