//! Texts from outside: what they may look like. Invariant: a text that gets in is trimmed, bounded and without control characters, but for
//! the ends of lines and tabs of long ones.

use coffer_sdk::prelude::*;

use crate::error::Error;

/// Characters of an id.
pub const MAX_ID: usize = 32;
/// Characters of a text that is not a long one.
pub const MAX_LINE: usize = 250;
/// Characters of descriptions and of texts with marks.
pub const MAX_LONG: usize = 4_000;
/// Characters of a tag.
pub const MAX_TAG: usize = 15;
/// Tags of a thing.
pub const MAX_TAGS: usize = 32;
/// Bytes of all additional data of a thing, keys included.
pub const MAX_ADDITIONAL: usize = 8 * 1024;

/// The error for a value that cannot be used.
#[cold]
pub fn invalid(field: &str, value: &str, why: &str) -> Error {
    let mut shown: String = value.chars().take(40).collect();
    if shown.len() < value.len() {
        shown.push('…');
    }
    Error::Invalid { field: field.to_owned(), value: shown, why: why.to_owned() }
}

/// The error for a value that is missing.
#[cold]
pub fn missing(field: &str, why: &str) -> Error {
    Error::Missing { field: field.to_owned(), why: why.to_owned() }
}

/// A text of one line; it may be empty.
///
/// # Errors
/// [`Error::Invalid`].
pub fn line(field: &str, text: &str) -> Result<String, Error> {
    checked(field, text, MAX_LINE, false)
}

/// A text of one line that says something.
///
/// # Errors
/// [`Error::Invalid`], [`Error::Missing`].
pub fn required(field: &str, text: &str) -> Result<String, Error> {
    let text = line(field, text)?;
    if text.is_empty() { Err(missing(field, "it must not be empty")) } else { Ok(text) }
}

/// A text of many lines; it may be empty.
///
/// # Errors
/// [`Error::Invalid`].
pub fn long(field: &str, text: &str) -> Result<String, Error> {
    checked(field, text, MAX_LONG, true)
}

fn checked(field: &str, text: &str, most: usize, lines: bool) -> Result<String, Error> {
    let trimmed = text.trim();
    if trimmed.chars().any(|c| c.is_control() && !(lines && matches!(c, '\n' | '\r' | '\t'))) {
        return Err(invalid(field, trimmed, "it has a control character: remove it"));
    }
    // A text of few bytes has few characters.
    if trimmed.len() > most && trimmed.chars().count() > most {
        let why = if lines { "it has more than 4000 characters" } else { "it has more than 250 characters" };
        return Err(invalid(field, trimmed, why));
    }
    Ok(trimmed.to_owned())
}

/// An id of a project, subproject, item or document.
///
/// # Errors
/// [`Error::Invalid`].
pub fn id(field: &str, text: &str) -> Result<String, Error> {
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if text.is_empty() || text.len() > MAX_ID || !text.bytes().all(sound) {
        return Err(invalid(field, text, "an id has 1 to 32 characters of A-Z, a-z, 0-9, `-` and `_`"));
    }
    Ok(text.to_owned())
}

/// Tags, each once.
///
/// # Errors
/// [`Error::Invalid`], [`Error::TooMuch`].
pub fn tags(tags: &[String]) -> Result<Vec<String>, Error> {
    if tags.len() > MAX_TAGS {
        return Err(Error::TooMuch { what: "tags".to_owned(), given: tags.len() as u64, most: MAX_TAGS as u64 });
    }
    let mut checked: Vec<String> = Vec::new();
    for tag in tags {
        let tag = required("tags", tag)?;
        if tag.chars().count() > MAX_TAG {
            return Err(invalid("tags", &tag, "a tag has at most 15 characters"));
        }
        if checked.contains(&tag) {
            return Err(invalid("tags", &tag, "it stands there twice"));
        }
        checked.push(tag);
    }
    Ok(checked)
}

/// Puts new additional data over the old: keys at the top are merged, nothing in place of a value removes its key.
///
/// # Errors
/// [`Error::Invalid`], [`Error::TooMuch`].
pub fn merge(data: &mut BTreeMap<String, String>, new: BTreeMap<String, Option<String>>) -> Result<(), Error> {
    for (key, value) in new {
        let key = required("additional", &key)?;
        match value {
            Some(value) => drop(data.insert(key, long("additional", &value)?)),
            None => drop(data.remove(&key)),
        }
    }
    let given = data.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>();
    if given > MAX_ADDITIONAL {
        let what = "bytes of additional data".to_owned();
        return Err(Error::TooMuch { what, given: given as u64, most: MAX_ADDITIONAL as u64 });
    }
    Ok(())
}
