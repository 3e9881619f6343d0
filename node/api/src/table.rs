//! The table of methods as data, and what the generated code needs at run time. Not here: the rows, which `#[api]` makes from the
//! traits. Invariant: [`all`] is what the node serves; whoever documents or checks methods reads it.

use std::pin::Pin;

use futures::{Stream, StreamExt};
use jsonrpsee::{PendingSubscriptionSink, SubscriptionMessage};
use schemars::{Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorInfo};

/// Who may call a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody; the handler knows no caller.
    Public,
    /// Whoever acts for a tenant; the handler gets the tenant context.
    Tenant,
    /// The operator of the node.
    Operator,
}

impl Access {
    /// As documents show it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Tenant => "tenant",
            Self::Operator => "operator",
        }
    }
}

/// How a method answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Once.
    Call,
    /// With an id, and then with items until it is ended.
    Subscription {
        /// The method that ends it.
        unsubscribe: &'static str,
    },
}

/// One parameter.
#[derive(Clone, Copy, Debug)]
pub struct ParamInfo {
    /// Name in JSON.
    pub name: &'static str,
    /// What it is.
    pub docs: &'static str,
    /// False if it may be left out.
    pub required: bool,
    /// Its schema.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
}

/// A request and its answer, as JSON.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// The parameters.
    pub params: &'static str,
    /// The result; of a subscription, one item.
    pub result: &'static str,
}

/// One method.
#[derive(Clone, Copy, Debug)]
pub struct MethodInfo {
    /// Full name, such as `contract_query`.
    pub name: &'static str,
    /// Its namespace.
    pub namespace: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// The rest of what there is to say; may be empty.
    pub description: &'static str,
    /// Who may call.
    pub access: Access,
    /// How it answers.
    pub kind: Kind,
    /// Parameters in the order of the trait.
    pub params: &'static [ParamInfo],
    /// Schema of the result; of a subscription, of an item.
    pub result: fn(&mut SchemaGenerator) -> Schema,
    /// An example.
    pub example: Example,
    /// Errors of its own; every method may also answer with those of [`COMMON_ERRORS`].
    pub errors: &'static [ErrorInfo],
    /// Parses the example with the method's types.
    pub check_example: fn(&Example) -> Result<(), String>,
}

/// Errors any method may answer with.
pub const COMMON_ERRORS: &[ErrorInfo] = &[
    crate::error::kind::INVALID_PARAMS,
    crate::error::kind::INTERNAL,
    crate::error::kind::BUSY,
    crate::error::kind::OVER_QUOTA,
    crate::error::kind::TIMEOUT,
];

/// Every method of every namespace, in the order of the documents.
pub fn all() -> impl Iterator<Item = &'static MethodInfo> + Clone {
    let namespaces: [&'static [MethodInfo]; 16] = [
        crate::chain::METHODS,
        crate::contract::METHODS,
        crate::upgrade::METHODS,
        crate::programme::METHODS,
        crate::tx::METHODS,
        crate::debug::METHODS,
        crate::state::METHODS,
        crate::psi::METHODS,
        crate::void::METHODS,
        crate::members::METHODS,
        crate::extension::METHODS,
        crate::tenant::METHODS,
        crate::network::METHODS,
        crate::membership::METHODS,
        crate::party::METHODS,
        crate::rpc::METHODS,
    ];
    namespaces.into_iter().flatten()
}

/// The method of that name, or whose subscriptions that name ends.
pub fn find(name: &str) -> Option<&'static MethodInfo> {
    all().find(|m| m.name == name || matches!(m.kind, Kind::Subscription { unsubscribe } if unsubscribe == name))
}

/// The nearest name to one that does not exist, if one is near.
pub fn suggest(name: &str) -> Option<&'static str> {
    nearest(name, all().map(|m| m.name))
}

/// The nearest of `names` to `name`, if one is near.
pub fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // The comparison is quadratic in the length; longer names than any of ours are no misspellings of them.
    if name.len() > 64 {
        return None;
    }
    let folded = name.to_ascii_lowercase();
    names
        .map(|candidate| (strsim::jaro_winkler(&folded, &candidate.to_ascii_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// Parameters of one method.
pub trait Params: Serialize + Sized {
    /// Full name of the method.
    const METHOD: &'static str;
    /// Its parameters.
    const FIELDS: &'static [ParamInfo];
    /// What a success carries.
    type Output: Serialize + DeserializeOwned;

    /// Reads them from the text of `params`, by name only.
    ///
    /// # Errors
    /// [`Error::InvalidParams`] with the path of the first parameter that is missing, unknown or of the wrong type.
    fn parse(params: Option<&str>) -> Result<Self, Error>;
}

/// Items of a subscription. It ends when the stream ends, the client unsubscribes or the connection closes.
pub type Items<T> = Pin<Box<dyn Stream<Item = T> + Send>>;

/// Accepts a subscription and sends its items, or answers with the error.
pub async fn pump<T: Serialize + Send>(pending: PendingSubscriptionSink, started: Result<Items<T>, Error>) {
    let mut items = match started {
        Ok(items) => items,
        Err(error) => return pending.reject(error).await,
    };
    let Ok(sink) = pending.accept().await else { return };
    loop {
        let item = futures::future::select(Box::pin(sink.closed()), items.next()).await;
        let futures::future::Either::Right((Some(item), _)) = item else {
            return;
        };
        let Ok(json) = serde_json::value::to_raw_value(&item) else {
            return;
        };
        // Waits while the client does not read: a slow reader delays its own items only.
        if sink.send(SubscriptionMessage::from(json)).await.is_err() {
            return;
        }
    }
}

/// Parses an example with the types of its method, and compares the result after writing it again.
///
/// # Errors
/// What does not fit, for the reader of a failed test.
pub fn check_example<P: Params>(example: &Example) -> Result<(), String> {
    P::parse(Some(example.params)).map_err(|e| format!("params: {e}"))?;
    let given: serde_json::Value = serde_json::from_str(example.result).map_err(|e| format!("result: {e}"))?;
    let typed: P::Output = serde_json::from_value(given.clone()).map_err(|e| format!("result: {e}"))?;
    let again = serde_json::to_value(&typed).map_err(|e| format!("result: {e}"))?;
    if again == given { Ok(()) } else { Err(format!("result: the type writes {again}, the example says {given}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_method_gets_its_neighbour() {
        assert_eq!(suggest("contract_qurey"), Some("contract_query"));
        assert_eq!(suggest("chain_Head"), Some("chain_head"));
        assert_eq!(suggest("zzz"), None);
        assert_eq!(suggest(&"chain_head".repeat(100)), None);
    }

    #[test]
    fn every_example_fits_its_types() {
        for method in all() {
            (method.check_example)(&method.example).unwrap_or_else(|e| panic!("{}: {e}", method.name));
        }
    }

    #[test]
    fn every_method_is_documented_and_named_once() {
        for method in all() {
            assert!(method.summary.ends_with('.'), "{}: the summary is a sentence", method.name);
            assert_eq!(all().filter(|m| m.name == method.name).count(), 1, "{} stands twice", method.name);
            assert!(method.params.iter().all(|p| !p.docs.is_empty()), "{}", method.name);
        }
    }
}
