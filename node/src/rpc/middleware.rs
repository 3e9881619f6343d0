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
use jsonrpsee::server::middleware::rpc::{Batch, BatchEntry, Notification, Request, RpcServiceT};
use jsonrpsee::server::{BatchResponseBuilder, MethodResponse};
use jsonrpsee::types::{ErrorObjectOwned, Id};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::envelope;

/// How a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// One request, one answer.
    Http,
    /// A connection that can carry subscriptions.
    WebSocket,
}

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

/// The middleware over the library's service.
#[derive(Clone, Debug)]
pub struct Guard<S> {
    inner: S,
    transport: Transport,
    bounds: Bounds,
}

impl<S> Guard<S> {
    /// Wraps `inner` for one connection.
    pub fn new(inner: S, transport: Transport, bounds: Bounds) -> Self {
        Self { inner, transport, bounds }
    }
}

impl<S> Guard<S>
where
    S: RpcServiceT<MethodResponse = MethodResponse> + Clone + Send + Sync + 'static,
{
    async fn answer(self, mut request: Request<'_>, deadline: Instant) -> MethodResponse {
        let id = request.id.clone().into_owned();
        let Some(info) = table::find(&request.method) else {
            return MethodResponse::error(id, ErrorObjectOwned::from(unknown_method(&request.method)));
        };
        if let Err(error) = self.admit(info, &mut request) {
            return MethodResponse::error(id, ErrorObjectOwned::from(error));
        }
        let Ok(_permit) = self.bounds.in_flight.clone().try_acquire_owned() else {
            let error = Error::Busy("this connection has too many requests at work; wait for answers first".into());
            return MethodResponse::error(id, ErrorObjectOwned::from(error));
        };
        let method = info.name;
        let work = AssertUnwindSafe(async { self.inner.call(request).await }).catch_unwind();
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

    /// Whether the method may be called so. Tokens are checked here, by the access class, once there are any.
    fn admit(&self, info: &MethodInfo, request: &mut Request<'_>) -> Result<(), Error> {
        match info.access {
            Access::Public | Access::Tenant | Access::Operator => {}
        }
        let Kind::Subscription { unsubscribe } = info.kind else { return Ok(()) };
        if self.transport == Transport::Http {
            let message = format!("{} needs a WebSocket: connect to ws:// on the same address", request.method);
            return Err(Error::Transport { info: kind::TRANSPORT, message, data: Value::Null });
        }
        if request.method == unsubscribe {
            request.params = Some(std::borrow::Cow::Owned(subscription_by_position(request.params.as_deref())?));
        }
        Ok(())
    }
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

impl<S> RpcServiceT for Guard<S>
where
    S: RpcServiceT<
            MethodResponse = MethodResponse,
            BatchResponse = MethodResponse,
            NotificationResponse = MethodResponse,
        > + Clone
        + Send
        + Sync
        + 'static,
{
    type MethodResponse = MethodResponse;
    type NotificationResponse = MethodResponse;
    type BatchResponse = MethodResponse;

    fn call<'a>(&self, request: Request<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        let deadline = Instant::now() + self.bounds.timeout;
        self.clone().answer(request, deadline)
    }

    fn batch<'a>(&self, batch: Batch<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        // One deadline for the whole batch, and one after the other: a batch costs no more at once than one request.
        let deadline = Instant::now() + self.bounds.timeout;
        let guard = self.clone();
        async move {
            let mut answers = BatchResponseBuilder::new_with_limit(guard.bounds.max_response);
            for entry in batch {
                let answer = match entry {
                    Ok(BatchEntry::Call(request)) => guard.clone().answer(request, deadline).await,
                    Ok(BatchEntry::Notification(_)) => continue,
                    Err(error) => {
                        let (_, id) = error.into_parts();
                        let refusal =
                            envelope::invalid(id.into_owned(), envelope::request_mistake("an entry of the batch"));
                        MethodResponse::error(refusal.id, ErrorObjectOwned::from(*refusal.error))
                    }
                };
                if answers.append(answer).is_err() {
                    let message = "the answers of the batch are above the node's size limit; send smaller batches";
                    let info = kind::RESPONSE_TOO_LARGE;
                    let error = Error::Transport { info, message: message.into(), data: Value::Null };
                    return MethodResponse::error(Id::Null, ErrorObjectOwned::from(error));
                }
            }
            if answers.is_empty() {
                MethodResponse::notification()
            } else {
                MethodResponse::from_batch(answers.finish())
            }
        }
    }

    fn notification<'a>(&self, _: Notification<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        // By the specification a notification is not answered; here it is not executed either, since nobody would learn how it went.
        std::future::ready(MethodResponse::notification())
    }
}
