//! What is wrong with JSON or bytes, and where. Invariant: what an error quotes is cut, so an error is never much larger than a line.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

/// Characters of a value that an error quotes.
const QUOTED: usize = 60;
/// Names an error lists.
const LISTED: usize = 24;

/// What kind of mistake it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ConvertErrorKind {
    /// A field or argument is not there.
    Missing,
    /// A name that the spec does not have.
    Unknown,
    /// A value of another type, or outside of its range.
    Mistyped,
    /// A key of a map or a member of a set stands twice.
    Duplicate,
    /// More bytes or values, or a deeper nesting, than allowed.
    TooLarge,
    /// Bytes that are not the canonical encoding.
    NotCanonical,
}

/// Why JSON and bytes do not convert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConvertError {
    /// The mistake.
    pub kind: ConvertErrorKind,
    /// Where, such as `args.items[3].name`.
    pub path: String,
    /// What would be right.
    pub expected: String,
    /// What stands there.
    pub found: String,
}

impl fmt::Display for ConvertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, path, expected, found } = self;
        match kind {
            ConvertErrorKind::Missing => write!(f, "`{path}` is missing: expected {expected}"),
            ConvertErrorKind::Unknown => write!(f, "`{path}`: there is no {found}, expected {expected}"),
            _ => write!(f, "`{path}`: expected {expected}, found {found}"),
        }
    }
}

impl std::error::Error for ConvertError {}

impl ConvertError {
    fn new(kind: ConvertErrorKind, path: &Path<'_>, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { kind, path: path.to_string(), expected: expected.into(), found: found.into() }
    }

    pub(super) fn missing(path: &Path<'_>, expected: impl Into<String>) -> Self {
        Self::new(ConvertErrorKind::Missing, path, expected, "nothing")
    }

    pub(super) fn mistyped(path: &Path<'_>, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(ConvertErrorKind::Mistyped, path, expected, found)
    }

    pub(super) fn duplicate(path: &Path<'_>, found: &Value) -> Self {
        Self::new(ConvertErrorKind::Duplicate, path, "every key or member once", format!("{} twice", quoted(found)))
    }

    pub(super) fn too_large(path: &Path<'_>, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(ConvertErrorKind::TooLarge, path, expected, found)
    }

    pub(super) fn not_canonical(path: &Path<'_>, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(ConvertErrorKind::NotCanonical, path, expected, found)
    }

    pub(super) fn unknown<'n>(path: &Path<'_>, name: &str, known: impl Iterator<Item = &'n str>) -> Self {
        let mut known: Vec<_> = known.collect();
        let more = known.len().saturating_sub(LISTED);
        known.truncate(LISTED);
        let expected = match (known.is_empty(), more) {
            (true, _) => "none at all".into(),
            (false, 0) => format!("one of: {}", known.join(", ")),
            (false, more) => format!("one of: {} and {more} more", known.join(", ")),
        };
        Self::new(ConvertErrorKind::Unknown, path, expected, format!("`{}`", cut(name)))
    }
}

/// A value as an error quotes it: what it is, and its first characters.
pub(super) fn quoted(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) => format!("the number {n}"),
        Value::String(text) => format!("the string {:?}", cut(text)),
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(fields) => format!("an object of {} fields", fields.len()),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into(),
    }
}

/// Where a walk is. Only an error makes text of it.
pub(super) struct Path<'a> {
    root: &'a str,
    steps: Vec<Step<'a>>,
}

#[derive(Clone, Copy)]
pub(super) enum Step<'a> {
    Field(&'a str),
    Index(usize),
}

impl<'a> Path<'a> {
    pub(super) fn at(root: &'a str) -> Self {
        Self { root, steps: Vec::new() }
    }

    /// Does `work` one step further.
    pub(super) fn step<R>(
        &mut self,
        step: Step<'a>,
        work: impl FnOnce(&mut Self) -> Result<R, ConvertError>,
    ) -> Result<R, ConvertError> {
        self.steps.push(step);
        let result = work(self);
        self.steps.pop();
        result
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.root)?;
        self.steps.iter().try_for_each(|step| match step {
            Step::Field(name) => write!(f, ".{}", cut(name)),
            Step::Index(index) => write!(f, "[{index}]"),
        })
    }
}
