//! Around every method, whatever the transport: unknown names, access, bounds on time and number, crashes of handlers, and the wording of
//! the RPC library's own errors. Not here: parameters, the handlers. Invariant: one request gets exactly one answer, with `data.kind`
//! if it is an error, and no handler takes the server down.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use coffer_api::Error;
use coffer_api::error::{ErrorInfo, kind};
use coffer_api::table::{self, Access, Kind, MethodInfo};
use futures::FutureExt;
use jsonrpsee::core::server::BatchResponseBuilder;
use jsonrpsee::server::MethodResponse;
use jsonrpsee::types::{ErrorObjectOwned, Id, Request};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::dispatch::Dispatch;
use super::envelope::{Entry, Envelope, Refusal};
use super::error::from_over;
use crate::quota::{OverLimit, Quotas, Work};
use crate::tenant::TenantContext;

/// Bounds on what one connection may have running.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Until a request is answered.
    pub timeout: Duration,
    /// Bytes of an answer, batches as a whole.
    pub max_response: usize,
    /// Requests at work on one WebSocket.
    pub in_flight: Arc<Semaphore>,
}

/// Every message of one connection passes here.
#[derive(Clone, Debug)]
pub struct Guard {
    dispatch: Dispatch,
    bounds: Bounds,
    quotas: Arc<Quotas>,
}

impl Guard {
    /// Guards the methods for one connection.
    pub fn new(dispatch: Dispatch, bounds: Bounds, quotas: Arc<Quotas>) -> Self {
        Self { dispatch, bounds, quotas }
    }

    /// Answers a message; `None` if it gets no answer. A notification is not executed: nobody would learn how it went.
    pub async fn run(&self, envelope: Envelope<'_>, context: &TenantContext) -> Option<Box<RawValue>> {
        let deadline = Instant::now() + self.bounds.timeout;
        let answer = match envelope {
            Envelope::Single(Entry::Call(request)) => self.answer(request, context, deadline).await,
            Envelope::Single(Entry::Notification) => return None,
            Envelope::Batch(entries) => self.batch(entries, context, deadline).await?,
        };
        // The answer to a subscription went before its first item, through its sink.
        (!answer.is_subscription()).then(|| answer.into_json())
    }

    /// One deadline for the whole batch, and one after the other: a batch costs no more at once than one request.
    async fn batch(
        &self,
        entries: Vec<Result<Entry<'_>, Refusal>>,
        context: &TenantContext,
        deadline: Instant,
    ) -> Option<MethodResponse> {
        let mut answers = BatchResponseBuilder::new_with_limit(self.bounds.max_response);
        for entry in entries {
            let answer = match entry {
                Ok(Entry::Call(request)) if is_subscription(&request.method) => {
                    let message = format!("{} stands alone: send it outside of a batch", request.method);
                    let error = Error::Transport { info: kind::TRANSPORT, message, data: Value::Null };
                    MethodResponse::error(request.id, ErrorObjectOwned::from(error))
                }
                Ok(Entry::Call(request)) => self.answer(request, context, deadline).await,
                Ok(Entry::Notification) => continue,
                Err(refusal) => refusal_response(refusal),
            };
            if answers.append(answer).is_err() {
                let message = "the answers of the batch are above the node's size limit; send smaller batches";
                let info = kind::RESPONSE_TOO_LARGE;
                let error = Error::Transport { info, message: message.into(), data: Value::Null };
                return Some(MethodResponse::error(Id::Null, ErrorObjectOwned::from(error)));
            }
        }
        (!answers.is_empty()).then(|| MethodResponse::from_batch(answers.finish()))
    }

    async fn answer(&self, mut request: Request<'_>, context: &TenantContext, deadline: Instant) -> MethodResponse {
        let id = request.id.clone().into_owned();
        let Some(info) = table::find(&request.method) else {
            return MethodResponse::error(id, ErrorObjectOwned::from(unknown_method(&request.method)));
        };
        if let Err(error) = self.admit(info, context, &mut request) {
            return MethodResponse::error(id, ErrorObjectOwned::from(error));
        }
        let Ok(_permit) = self.bounds.in_flight.clone().try_acquire_owned() else {
            let error = Error::Busy("this connection has too many requests at work; wait for answers first".into());
            return MethodResponse::error(id, ErrorObjectOwned::from(error));
        };
        let _work = match self.count(info, context, &mut request) {
            Ok(work) => work,
            Err(over) => return MethodResponse::error(id, ErrorObjectOwned::from(from_over(&over))),
        };
        let method = info.name;
        request.extensions.insert(context.clone());
        let work = AssertUnwindSafe(self.dispatch.call(request)).catch_unwind();
        match tokio::time::timeout_at(deadline, work).await {
            Ok(Ok(response)) => reworded(id, response),
            Ok(Err(_panic)) => {
                tracing::error!(method, "a handler crashed");
                let error = Error::Internal(format!("{method} crashed; the operator finds it in the log"));
                MethodResponse::error(id, ErrorObjectOwned::from(error))
            }
            Err(_elapsed) => {
                let seconds = self.bounds.timeout.as_secs();
                let text = "no answer in time. A transaction that was sent may still be in a later block";
                let error = Error::Timeout { message: format!("{method}: {text} (limit {seconds} s)"), tx: None };
                MethodResponse::error(id, ErrorObjectOwned::from(error))
            }
        }
    }

    /// Counts the request to whom it is for, until it is answered; a subscription until it ends. Operators' requests and ends of subscriptions do not count: they are the way out.
    fn count(
        &self,
        info: &MethodInfo,
        context: &TenantContext,
        request: &mut Request<'_>,
    ) -> Result<Option<Work>, OverLimit> {
        let is_subscription = matches!(info.kind, Kind::Subscription { .. });
        let is_start = is_subscription && request.method == info.name;
        if info.access == Access::Operator || is_subscription && !is_start {
            return Ok(None);
        }
        let meter = self.quotas.of(context);
        let work = meter.begin(Instant::now())?;
        if is_start {
            // The methods keep what the transport puts there as long as the subscription lives.
            request.extensions.insert(Arc::new(meter.subscribe()?));
        }
        Ok(Some(work))
    }

    /// Whether the method may be called so. Tokens are checked here, by the access class, once there are any.
    fn admit(&self, info: &MethodInfo, context: &TenantContext, request: &mut Request<'_>) -> Result<(), Error> {
        match info.access {
            Access::Tenant if context.is_suspended() => {
                return Err(Error::Suspended { psi: context.psi().to_string() });
            }
            Access::Public | Access::Tenant | Access::Operator => {}
        }
        let Kind::Subscription { unsubscribe } = info.kind else { return Ok(()) };
        if self.dispatch.subscriber.is_none() {
            let message = format!("{} needs a WebSocket: connect to ws:// on the same address", request.method);
            return Err(Error::Transport { info: kind::TRANSPORT, message, data: Value::Null });
        }
        if request.method == unsubscribe {
            request.params = Some(std::borrow::Cow::Owned(subscription_by_position(request.params.as_deref())?));
        }
        Ok(())
    }
}

fn is_subscription(method: &str) -> bool {
    table::find(method).is_some_and(|info| info.name == method && matches!(info.kind, Kind::Subscription { .. }))
}

fn refusal_response(refusal: Refusal) -> MethodResponse {
    MethodResponse::error(refusal.id, ErrorObjectOwned::from(*refusal.error))
}

/// A refusal as a message.
pub fn refusal_json(refusal: Refusal) -> Box<RawValue> {
    refusal_response(refusal).into_json()
}

/// `{"subscription": 5}` or `[5]` as `[5]`, the only form the library reads.
fn subscription_by_position(params: Option<&RawValue>) -> Result<Box<RawValue>, Error> {
    let given: Value = params.and_then(|p| serde_json::from_str(p.get()).ok()).unwrap_or_default();
    let id = match &given {
        Value::Object(members) if members.len() == 1 => members.get("subscription"),
        Value::Array(items) if items.len() == 1 => items.first(),
        _ => None,
    };
    match id {
        Some(id) if id.is_u64() || id.is_string() => {
            serde_json::value::to_raw_value(&[id]).map_err(|e| Error::Internal(e.to_string()))
        }
        _ => Err(Error::invalid("subscription", "pass the id of the subscription: \"params\": {\"subscription\": ID}")),
    }
}

fn unknown_method(name: &str) -> Error {
    let shown: String = name.chars().take(64).collect();
    let suggestion = table::suggest(name);
    let more = match suggestion {
        Some(near) => format!("did you mean {near}?"),
        None => "rpc.discover lists all methods".into(),
    };
    let message = format!("there is no method {shown:?}; {more}");
    Error::Transport { info: kind::METHOD_NOT_FOUND, message, data: json!({ "suggestion": suggestion }) }
}

/// The library's own errors carry no kind; they get ours.
fn reworded(id: Id<'static>, response: MethodResponse) -> MethodResponse {
    let own = |info: ErrorInfo, message: &str| {
        let error = Error::Transport { info, message: message.into(), data: Value::Null };
        MethodResponse::error(id.clone(), ErrorObjectOwned::from(error))
    };
    if response.is_subscription() {
        return response;
    }
    match response.as_error_code() {
        Some(code) if code == kind::RESPONSE_TOO_LARGE.code => {
            own(kind::RESPONSE_TOO_LARGE, "the answer is above the node's size limit; ask for less")
        }
        Some(code) if code == kind::TOO_MANY_SUBSCRIPTIONS.code => {
            own(kind::TOO_MANY_SUBSCRIPTIONS, "this connection has reached its limit of subscriptions; end one first")
        }
        _ => response,
    }
}
