//! Texts of a budget file: each kind is a type that only good texts become. The rules are those of the contracts, so that a bad value is told
//! with its place before anything is sent; the contracts check again. Not here: rules over several values (`check`).
//! Invariant: a value is written as the contracts write it, so that equal values are equal texts.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use super::decimal;

/// Characters of a text of one line.
const LINE: usize = 250;
/// Characters of a text of many lines.
const LONG: usize = 4_000;
/// Characters of the id of a user, a group or an organisation.
const NAME: usize = 64;

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident by $check:ident, $schema:tt;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub(super) struct $name(String);

        impl $name {
            /// Reads one.
            ///
            /// # Errors
            /// The value, the rule and what would do, in one sentence.
            pub(super) fn read(text: &str) -> Result<Self, String> {
                $check(text).map(Self)
            }

            /// One that a contract gave out.
            pub(super) fn kept(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text.
            pub(super) fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::read(&Cow::<'de, str>::deserialize(deserializer)?).map_err(D::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

texts! {
    /// An id of a project, subproject, workflow item or document.
    Id by id, { "type": "string", "pattern": "^[A-Za-z0-9_-]{1,32}$" };
    /// A text of one line that says something.
    Line by line, { "type": "string", "minLength": 1, "maxLength": 250 };
    /// A text of one line that may be empty.
    Remark by remark, { "type": "string", "maxLength": 250 };
    /// A text of many lines.
    Long by long, { "type": "string", "maxLength": 4000 };
    /// A word to find something by.
    Tag by tag, { "type": "string", "minLength": 1, "maxLength": 15 };
    /// A user: its organisation, a slash, its id.
    User by user, { "type": "string", "pattern": "^[^/]{1,64}/[^/]{1,64}$" };
    /// A group.
    Group by group, { "type": "string", "minLength": 1, "maxLength": 64 };
    /// A role.
    Role by role, { "type": "string", "minLength": 1, "maxLength": 32 };
    /// A user, a group or an organisation.
    Principal by principal, { "type": "string", "minLength": 1, "maxLength": 129 };
    /// An organisation of a projected budget.
    Organisation by organisation, { "type": "string", "minLength": 1, "maxLength": 128 };
    /// A currency, by ISO 4217.
    Currency by currency, { "type": "string", "pattern": "^[A-Z]{3}$" };
    /// An amount: a decimal in text.
    Amount by amount, { "type": "string", "pattern": "^-?[0-9]{1,18}(\\.[0-9]{1,18})?$" };
    /// An amount that is not below 0.
    NotNegative by not_negative, { "type": "string", "pattern": "^[0-9]{1,18}(\\.[0-9]{1,18})?$" };
    /// A decimal above 0.
    Positive by positive, { "type": "string", "pattern": "^[0-9]{1,18}(\\.[0-9]{1,18})?$" };
}

/// The text as an error shows it.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 60;
    if text.chars().count() <= MOST {
        format!("{text:?}")
    } else {
        format!("{:?}…", text.chars().take(MOST).collect::<String>())
    }
}

fn bounded(text: &str, most: usize, is_long: bool) -> Result<String, String> {
    let trimmed = text.trim();
    if trimmed.chars().any(|c| c.is_control() && !(is_long && matches!(c, '\n' | '\r' | '\t'))) {
        return Err(format!("{} has a control character: remove it", shown(trimmed)));
    }
    let count = trimmed.chars().count();
    if count > most {
        return Err(format!("{} has {count} characters: shorten it to {most}", shown(trimmed)));
    }
    Ok(trimmed.to_owned())
}

fn filled(text: &str, most: usize) -> Result<String, String> {
    let text = bounded(text, most, false)?;
    if text.is_empty() {
        Err("\"\" is empty: write something, or leave the field out if it can be left out".into())
    } else {
        Ok(text)
    }
}

fn line(text: &str) -> Result<String, String> {
    filled(text, LINE)
}

fn remark(text: &str) -> Result<String, String> {
    bounded(text, LINE, false)
}

fn long(text: &str) -> Result<String, String> {
    bounded(text, LONG, true)
}

fn tag(text: &str) -> Result<String, String> {
    filled(text, 15)
}

fn id(text: &str) -> Result<String, String> {
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if (1..=32).contains(&text.len()) && text.bytes().all(sound) {
        return Ok(text.to_owned());
    }
    Err(format!("{} is no id: it has 1 to 32 characters of A-Z, a-z, 0-9, `-` and `_`", shown(text)))
}

fn name(text: &str, most: usize, what: &str) -> Result<String, String> {
    let sound = |c: char| c.is_alphabetic() || c.is_ascii_digit() || matches!(c, '_' | '-');
    if (1..=most).contains(&text.chars().count()) && text.chars().all(sound) {
        return Ok(text.to_owned());
    }
    Err(format!("{} is no {what}: it has 1 to {most} letters, digits 0-9, `_` and `-`", shown(text)))
}

fn user(text: &str) -> Result<String, String> {
    let (organisation, id) =
        text.split_once('/').ok_or_else(|| format!("{} is no user: write ORGANISATION/ID", shown(text)))?;
    name(organisation, NAME, "organisation")?;
    name(id, NAME, "id of a user")?;
    Ok(text.to_owned())
}

fn group(text: &str) -> Result<String, String> {
    name(text, NAME, "group")
}

fn role(text: &str) -> Result<String, String> {
    name(text, 32, "role")
}

fn principal(text: &str) -> Result<String, String> {
    if text.contains('/') { user(text) } else { name(text, NAME, "user, group or organisation") }
}

fn organisation(text: &str) -> Result<String, String> {
    let text = filled(text, 128)?;
    // It stands in a storage key, which is counted in bytes.
    if text.len() > 128 { Err(format!("{} has more than 128 bytes: shorten it", shown(&text))) } else { Ok(text) }
}

fn currency(text: &str) -> Result<String, String> {
    if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(text.to_owned());
    }
    Err(format!("{} is no currency of ISO 4217: write its three capital letters, such as EUR", shown(text)))
}

fn amount(text: &str) -> Result<String, String> {
    decimal::canonical(text.trim()).ok_or_else(|| {
        format!(
            "{} is no amount: write a decimal such as \"1234.56\", at most 18 digits before and 18 after the point",
            shown(text)
        )
    })
}

fn not_negative(text: &str) -> Result<String, String> {
    let amount = amount(text)?;
    if amount.starts_with('-') {
        Err(format!("{} is below 0: a projected budget is not", shown(text)))
    } else {
        Ok(amount)
    }
}

fn positive(text: &str) -> Result<String, String> {
    let amount = amount(text)?;
    if amount.starts_with('-') || amount == "0" {
        Err(format!("{} is not above 0: an exchange rate is", shown(text)))
    } else {
        Ok(amount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_trimmed_bounded_and_without_control_characters() {
        assert_eq!(Line::read("  Pump ").map(|line| line.0), Ok("Pump".into()));
        assert!(Line::read(" ").unwrap_err().contains("empty"));
        assert!(Line::read("a\nb").unwrap_err().contains("control character"));
        assert_eq!(Line::read(&"ü".repeat(250)).map(|line| line.0.chars().count()), Ok(250));
        assert!(Line::read(&"ü".repeat(251)).unwrap_err().contains("251 characters: shorten it to 250"));
        assert!(Long::read("a\n\tb").is_ok() && Long::read("a\u{7}b").is_err());
        assert!(Tag::read("fifteen letters").is_ok() && Tag::read("sixteen letters!").is_err());
    }

    #[test]
    fn ids_and_names_have_the_characters_that_the_contracts_take() {
        assert!(Id::read("a-Z_9").is_ok() && Id::read(&"a".repeat(32)).is_ok());
        for bad in ["", "ä", "a b", "a/b", &"a".repeat(33)] {
            assert!(Id::read(bad).unwrap_err().contains("1 to 32 characters"), "{bad}");
        }
        assert!(User::read("Österreich/Müller-2").is_ok());
        for bad in ["anna", "acme/", "/anna", "acme/a/b", "acme/a b"] {
            assert!(User::read(bad).is_err(), "{bad}");
        }
        assert!(Principal::read("acme/anna").is_ok() && Principal::read("engineers").is_ok());
        assert!(Principal::read("a.b").is_err() && Group::read("a/b").is_err());
    }

    #[test]
    fn amounts_are_decimals_as_the_contract_writes_them() {
        assert_eq!(Amount::read(" 0012.50 ").map(|amount| amount.0), Ok("12.5".into()));
        assert_eq!(Amount::read("-0").map(|amount| amount.0), Ok("0".into()));
        for bad in ["", "1,5", "1e3", "+1", ".5", "5.", "1.2.3", &"9".repeat(19), "0.0000000000000000001"] {
            assert!(Amount::read(bad).unwrap_err().contains("no amount"), "{bad}");
        }
        assert!(NotNegative::read("-1").is_err() && NotNegative::read("0").is_ok());
        assert!(Positive::read("0").is_err() && Positive::read("0.1").is_ok());
        assert!(Currency::read("EUR").is_ok() && Currency::read("eur").is_err());
    }
}
