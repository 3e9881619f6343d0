//! Strict reading of parameters: by name, every name known, every value of its type, and the error names the path.
//! Not here: what the names are (the table). Invariant: a value that is accepted was understood completely.

use http::Extensions;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::error::Error;
use crate::table::{ParamInfo, nearest};
use crate::types::{MAX_NUMBER, STANDS_TWICE};

/// The named values of one request, not yet typed.
pub struct Fields {
    method: &'static str,
    known: &'static [ParamInfo],
    entries: Vec<(String, Box<RawValue>)>,
}

impl Fields {
    /// Splits the text of `params` into named values. No `params`, `null` and `[]` are no values.
    ///
    /// # Errors
    /// [`Error::InvalidParams`] when the parameters are given by position, or one is unknown or stands twice.
    pub fn read(method: &'static str, known: &'static [ParamInfo], params: Option<&str>) -> Result<Self, Error> {
        let text = params.unwrap_or("null").trim();
        let entries = match text.as_bytes().first() {
            Some(b'{') => serde_json::from_str::<Entries>(text).map_err(|e| Error::invalid("", e.to_string()))?.0,
            Some(b'[') if text[1..].trim_start() != "]" => {
                let example = known.iter().map(|p| format!("\"{}\": …", p.name)).collect::<Vec<_>>().join(", ");
                let reason = format!("pass them by name, as an object: \"params\": {{{example}}}");
                return Err(Error::invalid("", reason));
            }
            _ if text == "null" || text.starts_with('[') => Vec::new(),
            _ => return Err(Error::invalid("", "`params` is an object with the parameters by name")),
        };
        for (position, (name, _)) in entries.iter().enumerate() {
            if !known.iter().any(|p| p.name == name) {
                return Err(unknown(method, known, name));
            }
            if entries[..position].iter().any(|(earlier, _)| earlier == name) {
                return Err(Error::invalid(name, format!("`{name}` stands twice")));
            }
        }
        Ok(Self { method, known, entries })
    }

    /// Takes a value that must be there.
    ///
    /// # Errors
    /// [`Error::InvalidParams`] when it is missing or not a `T`.
    pub fn required<T: DeserializeOwned>(&mut self, name: &'static str) -> Result<T, Error> {
        match self.take(name) {
            Some(value) => read(name, &value),
            None => {
                let docs = self.known.iter().find(|p| p.name == name).map_or("", |p| p.docs);
                Err(Error::invalid(name, format!("`{name}` is missing; {} needs it. {docs}", self.method)))
            }
        }
    }

    /// Takes a value that may be left out or `null`.
    ///
    /// # Errors
    /// [`Error::InvalidParams`] when it is there and not a `T`.
    pub fn optional<T: DeserializeOwned>(&mut self, name: &'static str) -> Result<Option<T>, Error> {
        match self.take(name) {
            Some(value) if value.get() != "null" => read(name, &value).map(Some),
            _ => Ok(None),
        }
    }

    fn take(&mut self, name: &str) -> Option<Box<RawValue>> {
        let position = self.entries.iter().position(|(entry, _)| entry == name)?;
        Some(self.entries.swap_remove(position).1)
    }
}

fn unknown(method: &str, known: &[ParamInfo], name: &str) -> Error {
    // A name from outside is cut before it is shown.
    let shown: String = name.chars().take(64).collect();
    let names = known.iter().map(|p| p.name);
    let guess = nearest(name, names.clone()).map_or(".".into(), |n| format!("; did you mean `{n}`?"));
    let list = names.map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
    let list = if list.is_empty() { "none".into() } else { list };
    Error::invalid(&shown, format!("`{shown}` is not a parameter of {method}{guess} Its parameters: {list}"))
}

fn read<T: DeserializeOwned>(name: &str, value: &RawValue) -> Result<T, Error> {
    let mut deserializer = serde_json::Deserializer::from_str(value.get());
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let inner = error.path().to_string();
        let path = match inner.as_str() {
            "." => name.to_owned(),
            inner if inner.starts_with('[') => format!("{name}{inner}"),
            inner => format!("{name}.{inner}"),
        };
        let reason = error.into_inner().to_string();
        // The position is one inside the value, not inside what the caller sent.
        let reason = reason.split(" at line ").next().unwrap_or(&reason);
        match reason {
            STANDS_TWICE => Error::invalid(&path, format!("`{path}` {STANDS_TWICE}")),
            reason => Error::invalid(&path, format!("`{path}`: {}", plain(reason))),
        }
    })
}

/// The parser's words for a value of another type, as people say it.
fn plain(reason: &str) -> String {
    if reason == "number out of range" {
        return format!(
            "the number is too large: parameters are whole numbers up to {MAX_NUMBER}, wider integers of a contract are written as strings"
        );
    }
    let mismatch = reason.strip_prefix("invalid type: ").or_else(|| reason.strip_prefix("invalid value: "));
    let Some((found, expected)) = mismatch.and_then(|text| text.rsplit_once(", expected ")) else {
        return reason.to_owned();
    };
    let expected = match expected {
        "a boolean" => "true or false",
        "a borrowed string" | "a string" | "string" => "a string",
        "a sequence" => "a list",
        "a map" => "an object",
        other => other,
    };
    let quoted = |prefix: &str| found.strip_prefix(prefix).map(|rest| rest.trim_matches('`'));
    let found = match found {
        "null" | "unit value" => "null".to_owned(),
        "map" => "an object".to_owned(),
        "sequence" => "a list".to_owned(),
        _ => match quoted("integer ").or_else(|| quoted("floating point ")) {
            Some(number) => format!("the number {number}"),
            None => match quoted("boolean ") {
                Some(flag) => flag.to_owned(),
                None => format!("the {}", found.chars().take(80).collect::<String>()),
            },
        },
    };
    format!("expected {expected}, found {found}")
}

/// Whose call it is, as the transport put it into the request.
///
/// # Errors
/// [`Error::Internal`] when the transport put none: a bug of the node.
pub fn context<C: Clone + Send + Sync + 'static>(extensions: &Extensions) -> Result<C, Error> {
    extensions.get::<C>().cloned().ok_or_else(|| Error::Internal("the request has no caller context".into()))
}

/// An object's members in their order, duplicates included.
struct Entries(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Entries;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry::<String, Box<RawValue>>()? {
                    // More members than any method has: the first unknown one is enough to refuse.
                    if entries.len() < 64 {
                        entries.push(entry);
                    }
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests;
