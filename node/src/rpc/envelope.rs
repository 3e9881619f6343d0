//! The outside of a JSON-RPC body, judged before anything is called, so that every mistake gets an answer that says what it is.
//! Not here: parameters (`coffer_api::strict`). Invariant: what passes is one request, one notification, or a batch within the limit.

use coffer_api::Error;
use coffer_api::error::kind;
use jsonrpsee::types::{Id, InvalidRequest, Notification, Request};
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// What a body is.
#[derive(Debug, PartialEq, Eq)]
pub enum Envelope {
    /// A request that gets an answer.
    Call,
    /// A request without an id. By the specification it gets no answer.
    Notification,
    /// Several; each gets its own verdict later.
    Batch,
}

/// An error with the id it answers, as far as one can be read.
#[derive(Debug)]
pub struct Refusal {
    /// Id to echo.
    pub id: Id<'static>,
    /// The error.
    pub error: Box<Error>,
}

/// Judges a body.
///
/// # Errors
/// Kinds `parse`, `invalidRequest`, `batchTooLong`.
pub fn judge(body: &[u8], max_batch: u32) -> Result<Envelope, Refusal> {
    match body.iter().find(|b| !b.is_ascii_whitespace()) {
        Some(b'[') => batch(body, max_batch),
        Some(b'{') => single(body),
        None => Err(parse("the body is empty; send a JSON-RPC request, or ask GET /health".into())),
        Some(_) => match serde_json::from_slice::<&RawValue>(body) {
            Ok(_) => Err(invalid(Id::Null, "a request is a JSON object, or a list of them".into())),
            Err(error) => Err(parse(format!("the body is not JSON: {error}"))),
        },
    }
}

fn single(body: &[u8]) -> Result<Envelope, Refusal> {
    let Err(error) = serde_json::from_slice::<Request<'_>>(body) else { return Ok(Envelope::Call) };
    if serde_json::from_slice::<&RawValue>(body).is_err() {
        return Err(parse(format!("the body is not JSON: {error}")));
    }
    if serde_json::from_slice::<Notification<'_, Option<&RawValue>>>(body).is_ok() {
        return Ok(Envelope::Notification);
    }
    let id = serde_json::from_slice::<InvalidRequest<'_>>(body).map_or(Id::Null, |r| r.id.into_owned());
    Err(invalid(id, request_mistake(&error.to_string())))
}

fn batch(body: &[u8], max_batch: u32) -> Result<Envelope, Refusal> {
    let entries: Vec<&RawValue> =
        serde_json::from_slice(body).map_err(|error| parse(format!("the body is not JSON: {error}")))?;
    if entries.is_empty() {
        return Err(invalid(Id::Null, "a batch has at least one request".into()));
    }
    if entries.len() > max_batch as usize {
        let message = format!("a batch has at most {max_batch} requests, this one has {}; send several", entries.len());
        let data = json!({ "limit": max_batch, "length": entries.len() });
        let error = Error::Transport { info: kind::BATCH_TOO_LONG, message, data };
        return Err(Refusal { id: Id::Null, error: Box::new(error) });
    }
    Ok(Envelope::Batch)
}

/// The error for a request that is JSON but no JSON-RPC request.
pub fn request_mistake(reason: &str) -> String {
    let reason = reason.split(" at line ").next().unwrap_or(reason);
    format!(
        "not a JSON-RPC 2.0 request: {reason}; it looks like {{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"chain_head\",\"params\":{{}}}}"
    )
}

fn parse(message: String) -> Refusal {
    let error = Error::Transport { info: kind::PARSE, message, data: Value::Null };
    Refusal { id: Id::Null, error: Box::new(error) }
}

/// A refusal of kind `invalidRequest`.
pub fn invalid(id: Id<'static>, message: String) -> Refusal {
    Refusal { id, error: Box::new(Error::Transport { info: kind::INVALID_REQUEST, message, data: Value::Null }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(body: &str) -> (&'static str, Id<'static>, String) {
        let refusal = judge(body.as_bytes(), 3).unwrap_err();
        (refusal.error.info().kind, refusal.id, refusal.error.to_string())
    }

    #[test]
    fn requests_notifications_and_batches_are_told_apart() {
        assert_eq!(judge(br#" {"jsonrpc":"2.0","id":1,"method":"a"}"#, 3).unwrap(), Envelope::Call);
        assert_eq!(judge(br#"{"jsonrpc":"2.0","id":null,"method":"a"}"#, 3).unwrap(), Envelope::Call);
        assert_eq!(judge(br#"{"jsonrpc":"2.0","method":"a"}"#, 3).unwrap(), Envelope::Notification);
        assert_eq!(judge(br#"[{"x":1}, 2]"#, 3).unwrap(), Envelope::Batch);
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
        assert_eq!(judge(deep.as_bytes(), 3).unwrap(), Envelope::Call);
        let deep = "[".repeat(500_000);
        assert_eq!(kind_of(&deep).0, "parse");
        let closed = format!("{}{}", "[".repeat(500_000), "]".repeat(500_000));
        assert_eq!(judge(closed.as_bytes(), 3).unwrap(), Envelope::Batch);
    }
}
