//! The node's errors as a client sees them. Not here: errors of the transport (`request`, `middleware`). Invariant: no text of a private
//! call and no path of this machine goes out; what only the operator can use goes to the log.

use coffer_abi::Height;
use coffer_api::Error;
use coffer_api::types::MAX_NUMBER;
use coffer_chain::NoChange;
use coffer_chain::rules::NotIncludable;
use coffer_chain::tx::TxError;
use coffer_runtime::Violation;
use coffer_runtime::spec::json::ConvertError;

use crate::invoke::{InvokeError, NotChanged};
use crate::organisation::RegistryError;
use crate::pool::PoolError;
use crate::quota::OverLimit;
use crate::state;

/// An invocation's error.
pub fn from_invoke(error: InvokeError) -> Error {
    match error {
        InvokeError::Code(violation) => from_violation(&violation),
        InvokeError::NotConfigured(psi) => Error::Unconfigured { psi: psi.to_string() },
        InvokeError::UnknownAccount(account) => {
            Error::Account(format!("this node keeps no key of account {account}; act as one of its own accounts"))
        }
        InvokeError::OwnKey(_) | InvokeError::MayNotAct(_) => Error::Account(error.to_string()),
        InvokeError::Parties | InvokeError::Recipient { .. } => Error::invalid("private.parties", error.to_string()),
        InvokeError::NotDelivered { party, node, .. } => {
            let message = error.to_string();
            Error::NotDelivered { message, party: party.to_string(), node: node.to_string() }
        }
        InvokeError::Gas { .. } => Error::invalid("gasLimit", error.to_string()),
        InvokeError::Tx(error) => from_tx(&error),
        InvokeError::Limit(NotIncludable::Gas { .. }) => Error::invalid("gasLimit", error.to_string()),
        InvokeError::Limit(_) => Error::invalid("", error.to_string()),
        InvokeError::Pool(PoolError::NotKept(reason)) => internal(&reason),
        InvokeError::Pool(_) | InvokeError::Busy => Error::Busy(error.to_string()),
        InvokeError::NotSettled { tx } => Error::Timeout { message: error.to_string(), tx: Some(tx.to_string()) },
        InvokeError::TooSlow(_) => Error::Timeout { message: error.to_string(), tx: None },
        InvokeError::Held(psi, hold) => Error::Held { psi: psi.to_string(), reason: hold.to_string() },
        InvokeError::NotChanged(NotChanged::NoContract(contract)) => Error::not_found("contract", contract),
        InvokeError::NotChanged(why) => Error::invalid(changed_field(&why), why.to_string()),
        InvokeError::NotVoidable(reason) => Error::invalid("tx", reason),
        InvokeError::Tenant(error) => from_registry(error),
        InvokeError::NotRotatable(_) => Error::TenantState(error.to_string()),
        InvokeError::OverLimit(over) => from_over(&over),
        InvokeError::BadLimit(limit, _) => Error::invalid(format!("limits.{limit}"), error.to_string()),
        InvokeError::Accounts(_) => Error::invalid("accounts", error.to_string()),
        InvokeError::State(error) => from_state(error),
        InvokeError::Failed(reason) => internal(&reason),
    }
}

/// The parameter that has to be another one for a change of members.
fn changed_field(why: &NotChanged) -> &'static str {
    match why {
        NotChanged::NoChange(NoChange::Count(_) | NoChange::Twice(_) | NoChange::Unequal(..) | NoChange::Versions)
        | NotChanged::NoContract(_)
        | NotChanged::NotShared(_)
        | NotChanged::NoMember
        | NotChanged::TooMuch => "contracts",
        NotChanged::NoChange(_) => "party",
        NotChanged::Moved(_) | NotChanged::NotAsked(_) | NotChanged::IsMember(_) => "proposal",
        NotChanged::Missing(_) => "consents",
    }
}

/// A limit that is reached. The time is rounded up, so that it is enough.
pub fn from_over(over: &OverLimit) -> Error {
    let retry_after_ms = u64::try_from(over.retry_after.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
    Error::OverQuota { what: over.limit.name(), retry_after_ms: retry_after_ms.clamp(1, MAX_NUMBER) }
}

/// An error of the registry of tenants.
fn from_registry(error: RegistryError) -> Error {
    match error {
        RegistryError::Known(_) => Error::invalid("psi", error.to_string()),
        RegistryError::Unknown(psi) => Error::not_found("tenant", psi),
        RegistryError::Closed(_) | RegistryError::Already { .. } | RegistryError::Full(_) => {
            Error::TenantState(error.to_string())
        }
        RegistryError::Io { .. } | RegistryError::DoesNotOpen { .. } | RegistryError::Missing { .. } => {
            internal(&error.to_string())
        }
    }
}

/// A state's error.
pub fn from_state(error: state::Error) -> Error {
    match error {
        state::Error::Pruned { height, oldest } => Error::Pruned { height: height.0, oldest: oldest.0 },
        state::Error::Future { height, head } => no_block(height, head),
        state::Error::Unusable { psi, reason } => Error::Unusable { psi: psi.to_string(), reason },
        state::Error::NotConfigured(psi) => Error::Unconfigured { psi: psi.to_string() },
        state::Error::Capacity { capacity, .. } => Error::TenantState(format!(
            "this node has room for {capacity} private states, and has as many; raise `psi_capacity` in its settings and start it again"
        )),
        state::Error::Behind { .. } => Error::TenantState(error.to_string()),
        state::Error::Asked(reason) => Error::invalid("contracts", reason),
        state::Error::TooManyHandovers { from, next, .. } => {
            let from = from.saturating_add(coffer_proof::MAX_HANDOVERS as u64);
            Error::TooManyHandovers { message: error.to_string(), height: next.0, from }
        }
        other => internal(&other.to_string()),
    }
}

/// There is no block of that height yet.
pub fn no_block(height: Height, head: Height) -> Error {
    Error::NotFound { what: "block", id: height.to_string(), hint: format!("the newest is {head}") }
}

/// A mistake in arguments; `root` is the name of the parameter that holds them.
pub fn from_convert(error: ConvertError, root: &str) -> Error {
    let rooted = |text: &str| match text.strip_prefix("args") {
        Some(rest) => format!("{root}{rest}"),
        None => text.to_owned(),
    };
    let path = rooted(&error.path);
    let shown = ConvertError { path: path.clone(), ..error };
    Error::invalid(path, shown.to_string())
}

fn from_violation(violation: &Violation) -> Error {
    let rule = serde_json::to_value(&violation.rule).ok().and_then(|v| v["kind"].as_str().map(str::to_owned));
    let function = violation.function.as_ref().map(|f| match &f.name {
        Some(name) => format!("{} {name}", f.index),
        None => f.index.to_string(),
    });
    Error::CodeRefused {
        rule: rule.unwrap_or_default(),
        function,
        offset: Some(violation.offset as u64),
        hint: violation.hint().map(|hint| hint.to_string()).unwrap_or_default(),
        message: violation.rule.to_string(),
    }
}

fn from_tx(error: &TxError) -> Error {
    match error {
        TxError::TooLarge(_) => Error::invalid("", error.to_string()),
        TxError::OutOfBounds(what) => {
            let path = if *what == "input" { "args" } else { what };
            Error::invalid(path, error.to_string())
        }
        other => internal(&other.to_string()),
    }
}

fn internal(reason: &str) -> Error {
    tracing::error!(reason, "a request failed on this node's side");
    Error::Internal("this node failed; its operator finds the reason in the log".into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_way_that_is_too_long_says_how_to_ask_for_it() {
        let (height, next) = (Height(900), Height(412));
        let error = from_state(state::Error::TooManyHandovers { height, from: 128, next });
        assert_eq!(error.data(), json!({ "kind": "tooManyHandovers", "height": 412, "from": 256 }));
        let text = error.to_string();
        assert!(text.contains("ask for block 412 first, then for this one with `from` 256"), "{text}");
    }
}
