//! The outside of a JSON-RPC message, judged before anything is called, so that every mistake gets an answer that says what it is.
//! Not here: parameters (`coffer_api::strict`). Invariant: a message is one request, one notification, or a batch within the limit;
//! whatever has an `id` member gets an answer, also when nobody can hold that id.

use std::borrow::Cow;
use std::fmt;

use coffer_api::Error;
use coffer_api::error::kind;
use jsonrpsee::types::{Id, Request};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// The members that a request has; others are passed over.
const MEMBERS: [&str; 4] = ["jsonrpc", "id", "method", "params"];
/// The ids that JSON-RPC and this node have in common.
const GOOD_ID: &str = "the id must be a string, null or a whole number from 0 to 2^64-1 (18446744073709551615)";

/// What a message is.
#[derive(Debug)]
pub enum Envelope<'a> {
    /// One entry.
    Single(Entry<'a>),
    /// Several, at least one, in their order; a wrong one does not touch the others.
    Batch(Vec<Result<Entry<'a>, Refusal>>),
}

/// A request in good order.
#[derive(Debug)]
pub enum Entry<'a> {
    /// It gets an answer.
    Call(Request<'a>),
    /// It has no id. By the specification it gets no answer.
    Notification,
}

/// An error with the id it answers, as far as one can be read.
#[derive(Debug)]
pub struct Refusal {
    /// Id to echo.
    pub id: Id<'static>,
    /// The error.
    pub error: Box<Error>,
}

/// Judges a message.
///
/// # Errors
/// Kinds `parse`, `invalidRequest`, `batchTooLong`.
pub fn judge(body: &[u8], max_batch: u32) -> Result<Envelope<'_>, Refusal> {
    match body.iter().find(|b| !b.is_ascii_whitespace()) {
        Some(b'[') => batch(body, max_batch).map(Envelope::Batch),
        Some(_) => entry(json(body)?).map(Envelope::Single),
        None => Err(parse("the message is empty; send a JSON-RPC request, or ask GET /health".into())),
    }
}

fn json<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| parse(format!("the message is not JSON: {error}")))
}

fn batch(body: &[u8], max_batch: u32) -> Result<Vec<Result<Entry<'_>, Refusal>>, Refusal> {
    let entries: Vec<&RawValue> = json(body)?;
    if entries.is_empty() {
        return Err(invalid(Id::Null, "a batch has at least one request".into()));
    }
    if entries.len() > max_batch as usize {
        let message = format!("a batch has at most {max_batch} requests, this one has {}; send several", entries.len());
        let data = json!({ "limit": max_batch, "length": entries.len() });
        let error = Error::Transport { info: kind::BATCH_TOO_LONG, message, data };
        return Err(Refusal { id: Id::Null, error: Box::new(error) });
    }
    Ok(entries.into_iter().map(entry).collect())
}

fn entry(text: &RawValue) -> Result<Entry<'_>, Refusal> {
    let members = match serde_json::from_str::<Members<'_>>(text.get()) {
        Ok(members) => members,
        Err(_) => return Err(invalid(Id::Null, mistake("it is not an object"))),
    };
    let [version, id, method, params] = members.values;
    let id = match id {
        _ if members.twice == Some("id") => return Err(invalid(Id::Null, mistake("`id` stands twice"))),
        Some(id) => Some(
            serde_json::from_str::<Id<'_>>(id.get())
                .map_err(|_| invalid(Id::Null, format!("{GOOD_ID}, not {}", shown(id.get()))))?,
        ),
        None => None,
    };
    let refuse = |reason: &str| invalid(id.clone().map_or(Id::Null, Id::into_owned), mistake(reason));
    if let Some(name) = members.twice {
        return Err(refuse(&format!("`{name}` stands twice")));
    }
    if version.and_then(|v| serde_json::from_str::<Cow<'_, str>>(v.get()).ok()).as_deref() != Some("2.0") {
        return Err(refuse("`jsonrpc` must be \"2.0\""));
    }
    let Some(method) = method.and_then(|m| serde_json::from_str::<Text<'_>>(m.get()).ok()) else {
        return Err(refuse("`method` must be the name of a method, as a string"));
    };
    let Some(id) = id else { return Ok(Entry::Notification) };
    let mut request = Request::borrowed("", params, id);
    request.method = method.0;
    Ok(Entry::Call(request))
}

/// A string that borrows from the message where it can.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The members of a request, each as it stands there.
struct Members<'a> {
    values: [Option<&'a RawValue>; 4],
    /// The first that stands more than once.
    twice: Option<&'static str>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Walk;
        impl<'de> Visitor<'de> for Walk {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Members { values: [None; 4], twice: None };
                while let Some((name, value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
                    let Some(position) = MEMBERS.iter().position(|member| *member == name.0) else { continue };
                    if members.values[position].replace(value).is_some() && members.twice != Some("id") {
                        members.twice = Some(MEMBERS[position]);
                    }
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Walk)
    }
}

/// The error for what is JSON but no JSON-RPC request.
fn mistake(reason: &str) -> String {
    format!(
        "not a JSON-RPC 2.0 request: {reason}; it looks like {{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"chain_head\",\"params\":{{}}}}"
    )
}

/// The start of a text, in one line.
fn shown(text: &str) -> String {
    let start: String = text.chars().take(40).collect();
    if start.len() < text.len() { format!("{start}…") } else { start }
}

fn parse(message: String) -> Refusal {
    let error = Error::Transport { info: kind::PARSE, message, data: Value::Null };
    Refusal { id: Id::Null, error: Box::new(error) }
}

fn invalid(id: Id<'static>, message: String) -> Refusal {
    Refusal { id, error: Box::new(Error::Transport { info: kind::INVALID_REQUEST, message, data: Value::Null }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(body: &str) -> (&'static str, Id<'static>, String) {
        let refusal = judge(body.as_bytes(), 3).unwrap_err();
        (refusal.error.info().kind, refusal.id, refusal.error.to_string())
    }

    fn is_call(body: &str) -> bool {
        matches!(judge(body.as_bytes(), 3), Ok(Envelope::Single(Entry::Call(_))))
    }

    #[test]
    fn requests_notifications_and_batches_are_told_apart() {
        assert!(is_call(r#" {"jsonrpc":"2.0","id":1,"method":"a"}"#));
        assert!(is_call(r#"{"jsonrpc":"2.0","id":null,"method":"a"}"#));
        assert!(is_call(r#"{"jsonrpc":"2.0","id":"\u0061","method":"\u0061","params":null,"more":1}"#));
        let notification = judge(br#"{"jsonrpc":"2.0","method":"a"}"#, 3);
        assert!(matches!(notification, Ok(Envelope::Single(Entry::Notification))));
        assert!(matches!(judge(br#"[{"x":1}, 2]"#, 3), Ok(Envelope::Batch(entries)) if entries.len() == 2));
    }

    #[test]
    fn an_id_that_nobody_can_hold_is_refused_and_never_taken_for_a_notification() {
        for id in ["-1", "1.5", "1e3", "18446744073709551616", "true", "{}", "[]", "[1]"] {
            let (kind, answered, message) = kind_of(&format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"a"}}"#));
            assert_eq!((kind, answered), ("invalidRequest", Id::Null), "{id}");
            assert!(message.contains("2^64-1") && message.contains(id), "{message}");
        }
        for id in ["0", "18446744073709551615", "null", "\"-1\"", "\"\""] {
            assert!(is_call(&format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"a"}}"#)), "{id}");
        }
    }

    #[test]
    fn a_member_that_stands_twice_is_refused() {
        let (kind, id, message) = kind_of(r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"a"}"#);
        assert_eq!((kind, id), ("invalidRequest", Id::Null));
        assert!(message.contains("`id` stands twice"), "{message}");
        let (kind, id, message) = kind_of(r#"{"jsonrpc":"2.0","id":1,"method":"a","params":{},"params":{}}"#);
        assert_eq!((kind, id), ("invalidRequest", Id::Number(1)));
        assert!(message.contains("`params` stands twice"), "{message}");
    }

    #[test]
    fn what_is_no_json_is_told_with_its_place() {
        for body in ["{", "{\"a\":}", "nonsense", "[1,", "", "  ", "{} {}"] {
            assert_eq!(kind_of(body).0, "parse", "{body}");
        }
        assert!(kind_of("{\"a\":}").2.contains("column"));
        assert_eq!(kind_of("\"text\"").0, "invalidRequest");
    }

    #[test]
    fn what_is_no_request_is_told_with_its_id() {
        let (kind, id, message) = kind_of(r#"{"id":7,"method":"a"}"#);
        assert_eq!((kind, id), ("invalidRequest", Id::Number(7)));
        assert!(message.contains("jsonrpc"), "{message}");
        assert_eq!(kind_of("{}").0, "invalidRequest");
        assert_eq!(kind_of(r#"{"jsonrpc":"1.0","id":1,"method":"a"}"#).0, "invalidRequest");
        assert_eq!(kind_of(r#"{"jsonrpc":"2.0","id":1}"#).0, "invalidRequest");
        assert_eq!(kind_of("[]").0, "invalidRequest");
    }

    #[test]
    fn a_batch_above_the_limit_is_refused() {
        let (kind, _, message) = kind_of("[1,2,3,4]");
        assert_eq!(kind, "batchTooLong");
        assert!(message.contains("at most 3") && message.contains("has 4"));
    }

    #[test]
    fn deep_nesting_neither_fails_nor_overflows() {
        let deep = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"a","params":{}{}}}"#,
            "[".repeat(500_000),
            "]".repeat(500_000)
        );
        assert!(is_call(&deep));
        let deep = "[".repeat(500_000);
        assert_eq!(kind_of(&deep).0, "parse");
        let closed = format!("{}{}", "[".repeat(500_000), "]".repeat(500_000));
        assert!(matches!(judge(closed.as_bytes(), 3), Ok(Envelope::Batch(_))));
    }
}
