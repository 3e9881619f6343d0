//! Every error a client can get, with its code and its `data.kind`. Clients decide by `data.kind`, which never changes its meaning.
//! Not here: which method answers with which (its entry in the table). Invariant: no error leaves the node without `data.kind`.

use jsonrpsee_types::ErrorObjectOwned;
use serde::Serialize;
use serde_json::{Value, json};

use crate::meaning;

/// One kind of error, as documented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorInfo {
    /// JSON-RPC code.
    pub code: i32,
    /// `data.kind`: stable, in camelCase.
    pub kind: &'static str,
    /// When it is given and what to do, one or two sentences.
    pub meaning: &'static str,
}

macro_rules! kinds {
    ($($name:ident = ($code:literal, $kind:literal, $meaning:literal);)*) => {
        /// The closed set of error kinds.
        pub mod kind {
            use super::ErrorInfo;
            $(
                #[doc = $meaning]
                pub const $name: ErrorInfo = ErrorInfo { code: $code, kind: $kind, meaning: $meaning };
            )*
            /// All of them, in the order of the table.
            pub const ALL: &[ErrorInfo] = &[$($name),*];
        }
    };
}

kinds! {
    PARSE = (-32700, "parse", "The body is not JSON.");
    INVALID_REQUEST = (-32600, "invalidRequest", "The JSON is not a JSON-RPC 2.0 request.");
    METHOD_NOT_FOUND = (-32601, "methodNotFound", "There is no such method. `data.suggestion` has the nearest name; `rpc.discover` lists all.");
    INVALID_PARAMS = (-32602, "invalidParams", "A parameter is missing, unknown or of the wrong type. `data.path` names it.");
    INTERNAL = (-32603, "internal", "The node failed, not the request. Nothing was changed unless a receipt says so.");
    INVALID_PSI = (-32602, "invalidPsi", "The request names a private state that is not a valid identifier. `data.source` says where.");
    TOO_LARGE = (-32007, "tooLarge", "The request is above the node's size limit, `data.limit` bytes.");
    RESPONSE_TOO_LARGE = (-32008, "responseTooLarge", "The answer is above the node's size limit. Ask for less, for instance with a smaller `limit`.");
    BATCH_TOO_LONG = (-32010, "batchTooLong", "The batch has more than `data.limit` requests. Send several batches.");
    TOO_MANY_SUBSCRIPTIONS = (-32006, "tooManySubscriptions", "This connection has reached its limit of subscriptions. End one first.");
    NOT_FOUND = (-31001, "notFound", "There is nothing by that id in the caller's view. Absent and not yours are one answer.");
    HELD = (-31002, "held", "The private state waits for something and takes no calls until it has it; the message says for what. It is read as it was before.");
    OVER_QUOTA = (-31003, "overQuota", "A limit of the tenant on this node is reached: `data.limit` names it. Nothing was done. Try again after `data.retryAfterMs`, or ask the node's operator for more.");
    BUSY = (-31004, "busy", "The node is at its limit. Try again later.");
    UNCONFIGURED = (-31005, "unconfiguredPsi", "This node does not have the private state: it reads as empty and takes no writes.");
    PRUNED = (-31006, "pruned", "The state at that height is not kept any more; `data.oldest` is the oldest one kept.");
    CODE_REFUSED = (-31007, "codeRefused", "The module breaks a rule for contracts. `data` has rule, function, offset and hint.");
    TIMEOUT = (-31008, "timeout", "The node did not finish in time. A transaction that was sent may still be in a later block: ask `tx_receipt` for `data.tx` before sending again.");
    ACCOUNT = (-31009, "account", "The acting account is missing, unknown, or its key is not on this node.");
    CONTRACT = (-31010, "contractError", "The contract returned an error of its own: `data.error` has name, code and data.");
    TRAP = (-31011, "trap", "The contract stopped: `data.trap` says how; for a panic `data.message` has its text.");
    OUT_OF_GAS = (-31012, "outOfGas", "The gas limit was reached. Give a higher `gasLimit`.");
    REFUSED = (-31013, "refused", "The call was in a block, but nothing ran; `data.reason` says why.");
    LAYOUT_CHANGED = (-31015, "layoutChanged", "The new module stores in another form what the contract has stored, and has no `migrate`; nothing was sent. `data.differences` tells what differs.");
    TOO_MANY_HANDOVERS = (-31016, "tooManyHandovers", "More handovers lead to the block than one answer has. Ask for the block at `data.height` first, then for this one with `from`: `data.from`.");
    UNUSABLE = (-31020, "unusablePsi", "The private state's records are damaged or not whole, so it is neither read nor changed until the operator repairs it; the message says how.");
    SUSPENDED = (-31021, "suspendedPsi", "The tenant of the private state is suspended or closed: it is neither read nor takes calls until the node's operator resumes it.");
    TENANT_STATE = (-31022, "tenantState", "The tenant, or the node, is not in a state in which that can be done; the message says in which it is.");
    NOT_DELIVERED = (-31017, "notDelivered", "The payload of a private call was not delivered: for `data.party` nobody who may keep it gave a receipt. Nothing was sent. Try again, or with `mode: \"async\"`.");
    TRANSPORT = (-31014, "transport", "The HTTP request itself is not usable; the message says what to change.");
}

/// Where and at what cost something ran.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ran {
    /// Id of the transaction, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tx: Option<String>,
    /// Height of its block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u64>,
    /// Gas used.
    pub gas_used: u64,
}

/// An error as a method returns it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// Permanent.
    #[error("invalid parameters: {reason}")]
    InvalidParams {
        /// Path of the parameter, such as `args.to`; empty for the whole.
        path: String,
        /// What is wrong and what is expected.
        reason: String,
    },
    /// May change when the chain goes on.
    #[error("there is no {what} {id}{}", way_out(.hint))]
    NotFound {
        /// What was looked for: "contract", "transaction", "block", "method".
        what: &'static str,
        /// Its id, as the caller gave it.
        id: String,
        /// A way out, or empty.
        hint: String,
    },
    /// Retryable: the private state waits for something.
    #[error("private state {psi} is held and takes no calls: {reason}")]
    Held {
        /// The private state.
        psi: String,
        /// What it waits for.
        reason: String,
    },
    /// Permanent until the operator repairs it.
    #[error("private state {psi} cannot be used: {reason}")]
    Unusable {
        /// The private state.
        psi: String,
        /// Why, and how it is repaired.
        reason: String,
    },
    /// Retryable.
    #[error("over the limit of {what} on this node; try again in {retry_after_ms} ms, or ask its operator for more")]
    OverQuota {
        /// Which limit.
        what: &'static str,
        /// When to try again, milliseconds from now.
        retry_after_ms: u64,
    },
    /// Retryable.
    #[error("{0}")]
    Busy(String),
    /// Permanent until the operator adds the tenant.
    #[error(
        "this node has no private state {psi}: it reads as empty and takes no writes; name another one, or ask the operator to add it"
    )]
    Unconfigured {
        /// The private state.
        psi: String,
    },
    /// Permanent until the operator resumes the tenant.
    #[error(
        "the tenant of private state {psi} is suspended on this node: it is neither read nor takes calls; ask the operator"
    )]
    Suspended {
        /// The private state.
        psi: String,
    },
    /// Permanent until something else was changed.
    #[error("{0}")]
    TenantState(String),
    /// Permanent.
    #[error("the state at height {height} is not kept any more; the oldest kept is {oldest}")]
    Pruned {
        /// The height asked for.
        height: u64,
        /// The oldest kept.
        oldest: u64,
    },
    /// Permanent.
    #[error("the module is refused: {message}{}", way_out(.hint))]
    CodeRefused {
        /// Name of the rule.
        rule: String,
        /// Function concerned, if one is.
        function: Option<String>,
        /// Byte offset in the module, if known.
        offset: Option<u64>,
        /// A way out, or empty.
        hint: String,
        /// What is wrong.
        message: String,
    },
    /// Permanent: ask in parts.
    #[error("{message}")]
    TooManyHandovers {
        /// For the reader.
        message: String,
        /// Block to ask for first.
        height: u64,
        /// `from` of the request after that.
        from: u64,
    },
    /// Permanent: the new module needs a `migrate`.
    #[error("the new module has no `migrate`, and does not read all that the old one wrote: {}", .differences.join("; "))]
    LayoutChanged {
        /// What differs, for people.
        differences: Vec<String>,
    },
    /// Unknown whether it will still happen.
    #[error("{message}")]
    Timeout {
        /// For the reader.
        message: String,
        /// The transaction, if one was sent.
        tx: Option<String>,
    },
    /// Retryable: a private call was not delivered, and not sent.
    #[error("{message}")]
    NotDelivered {
        /// For the reader.
        message: String,
        /// The party concerned.
        party: String,
        /// The node that serves it.
        node: String,
    },
    /// Permanent until the request or the node's keys change.
    #[error("{0}")]
    Account(String),
    /// An outcome of the contract.
    #[error("the contract returned the error {name}")]
    Contract {
        /// Variant of the contract's error type.
        name: String,
        /// Index of the variant.
        code: u32,
        /// What it carries.
        data: Value,
        /// Where it ran.
        ran: Ran,
    },
    /// An outcome of the contract.
    #[error("{}", trap_text(.kind, .message.as_deref()))]
    Trap {
        /// Stable name of the trap, `panic` for a panic.
        kind: String,
        /// Text of a panic.
        message: Option<String>,
        /// Where it ran.
        ran: Ran,
    },
    /// An outcome of the contract.
    #[error("out of gas: the call used its limit of {}; give a higher gasLimit", .ran.gas_used)]
    OutOfGas {
        /// Where it ran.
        ran: Ran,
    },
    /// An outcome: nothing ran.
    #[error("the call was refused: {reason}{}", explained(meaning::refused(.reason)))]
    Refused {
        /// Stable name of the reason.
        reason: String,
        /// Where it stands.
        ran: Ran,
    },
    /// This node's trouble; the text has no secrets and no private data.
    #[error("internal error: {0}")]
    Internal(String),
    /// Made by the transport, not by a method.
    #[error("{message}")]
    Transport {
        /// Which kind.
        info: ErrorInfo,
        /// For the reader.
        message: String,
        /// Further fields of `data`.
        data: Value,
    },
}

fn way_out(hint: &str) -> String {
    if hint.is_empty() { String::new() } else { format!("; {hint}") }
}

/// A name's meaning, as it follows the name.
fn explained(meaning: String) -> String {
    if meaning.is_empty() { meaning } else { format!(". {meaning}") }
}

fn trap_text(kind: &str, message: Option<&str>) -> String {
    match message {
        Some(message) => format!("the contract panicked: {message}"),
        None => format!("the contract trapped: {kind}{}", explained(meaning::trap(kind))),
    }
}

impl Error {
    /// A parameter error at `path`.
    pub fn invalid(path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::InvalidParams { path: path.into(), reason: reason.into() }
    }

    /// Nothing by that id; without a hint.
    pub fn not_found(what: &'static str, id: impl ToString) -> Self {
        Self::NotFound { what, id: id.to_string(), hint: String::new() }
    }

    /// Its documented kind.
    pub fn info(&self) -> ErrorInfo {
        match self {
            Self::InvalidParams { .. } => kind::INVALID_PARAMS,
            Self::NotFound { .. } => kind::NOT_FOUND,
            Self::Held { .. } => kind::HELD,
            Self::Unusable { .. } => kind::UNUSABLE,
            Self::OverQuota { .. } => kind::OVER_QUOTA,
            Self::Busy(_) => kind::BUSY,
            Self::Unconfigured { .. } => kind::UNCONFIGURED,
            Self::Suspended { .. } => kind::SUSPENDED,
            Self::TenantState(_) => kind::TENANT_STATE,
            Self::Pruned { .. } => kind::PRUNED,
            Self::CodeRefused { .. } => kind::CODE_REFUSED,
            Self::TooManyHandovers { .. } => kind::TOO_MANY_HANDOVERS,
            Self::LayoutChanged { .. } => kind::LAYOUT_CHANGED,
            Self::Timeout { .. } => kind::TIMEOUT,
            Self::NotDelivered { .. } => kind::NOT_DELIVERED,
            Self::Account(_) => kind::ACCOUNT,
            Self::Contract { .. } => kind::CONTRACT,
            Self::Trap { .. } => kind::TRAP,
            Self::OutOfGas { .. } => kind::OUT_OF_GAS,
            Self::Refused { .. } => kind::REFUSED,
            Self::Internal(_) => kind::INTERNAL,
            Self::Transport { info, .. } => *info,
        }
    }

    /// The `data` member: `kind`, and what belongs to the kind.
    pub fn data(&self) -> Value {
        let details = match self {
            Self::InvalidParams { path, .. } => json!({ "path": path }),
            Self::NotFound { what, id, .. } => json!({ "what": what, "id": id }),
            Self::Held { psi, .. } | Self::Unusable { psi, .. } => json!({ "psi": psi }),
            Self::OverQuota { what, retry_after_ms } => json!({ "limit": what, "retryAfterMs": retry_after_ms }),
            Self::Unconfigured { psi } | Self::Suspended { psi } => json!({ "psi": psi }),
            Self::Pruned { height, oldest } => json!({ "height": height, "oldest": oldest }),
            Self::CodeRefused { rule, function, offset, hint, .. } => {
                json!({ "rule": rule, "function": function, "offset": offset, "hint": hint })
            }
            Self::TooManyHandovers { height, from, .. } => json!({ "height": height, "from": from }),
            Self::LayoutChanged { differences } => json!({ "differences": differences }),
            Self::Contract { name, code, data, ran } => {
                with(ran, json!({ "error": { "name": name, "code": code, "data": data } }))
            }
            Self::Trap { kind, message, ran } => match message {
                Some(message) => with(ran, json!({ "trap": kind, "message": message })),
                None => with(ran, json!({ "trap": kind })),
            },
            Self::OutOfGas { ran } => with(ran, json!({})),
            Self::Refused { reason, ran } => with(ran, json!({ "reason": reason })),
            Self::Transport { data, .. } => data.clone(),
            Self::NotDelivered { party, node, .. } => json!({ "party": party, "node": node }),
            Self::Timeout { tx: Some(tx), .. } => json!({ "tx": tx }),
            Self::Busy(_) | Self::TenantState(_) | Self::Timeout { .. } | Self::Account(_) | Self::Internal(_) => {
                json!({})
            }
        };
        let mut data = json!({ "kind": self.info().kind });
        merge(&mut data, details);
        data
    }
}

fn with(ran: &Ran, mut details: Value) -> Value {
    let place = serde_json::to_value(ran).unwrap_or_default();
    merge(&mut details, place);
    details
}

fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

impl From<Error> for ErrorObjectOwned {
    fn from(error: Error) -> Self {
        Self::owned(error.info().code, error.to_string(), Some(error.data()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_unique() {
        for (i, a) in kind::ALL.iter().enumerate() {
            assert!(kind::ALL[..i].iter().all(|b| a.kind != b.kind), "{} stands twice", a.kind);
        }
    }

    #[test]
    fn a_failed_call_keeps_transaction_height_and_gas() {
        let ran = Ran { tx: Some("0xab".into()), height: Some(7), gas_used: 99 };
        let data = json!({ "needed": "5" });
        let error = Error::Contract { name: "TooLittle".into(), code: 1, data, ran };
        let object = ErrorObjectOwned::from(error);
        assert_eq!(object.code(), -31010);
        let data: Value = serde_json::from_str(object.data().unwrap().get()).unwrap();
        let expected = json!({
            "kind": "contractError", "tx": "0xab", "height": 7, "gasUsed": 99,
            "error": { "name": "TooLittle", "code": 1, "data": { "needed": "5" } }
        });
        assert_eq!(data, expected);
    }

    #[test]
    fn a_refusal_and_a_trap_say_what_they_mean() {
        let refused = Error::Refused { reason: "contractExists".into(), ran: Ran::default() }.to_string();
        assert!(refused.starts_with("the call was refused: contractExists. This account has deployed"), "{refused}");
        let trapped = Error::Trap { kind: "readOnly".into(), message: None, ran: Ran::default() }.to_string();
        assert!(trapped.starts_with("the contract trapped: readOnly. A view tried to write"), "{trapped}");
    }

    #[test]
    fn a_query_that_fails_names_no_transaction() {
        let error = Error::Trap { kind: "panic".into(), message: Some("no".into()), ran: Ran::default() };
        assert_eq!(error.to_string(), "the contract panicked: no");
        assert_eq!(error.data(), json!({ "kind": "trap", "trap": "panic", "message": "no", "gasUsed": 0 }));
    }
}
