//! One HTTP request on the RPC port: health, JSON-RPC by POST, or the way to a WebSocket. Not here: accepting connections (`accept`),
//! methods (`middleware` and the handlers). Invariant: nothing is read beyond its bound, and every refusal says what to change.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use coffer_api::Error;
use coffer_api::error::kind;
use coffer_chain::Psi;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Bytes, Incoming};
use jsonrpsee::core::server::{BoundedSubscriptions, MethodSink};
use jsonrpsee::server::{ConnectionId, HttpBody, HttpResponse, Methods, StopHandle, ws};
use jsonrpsee::types::{ErrorObjectOwned, Id, Response, ResponsePayload};
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;

use super::dispatch::{Dispatch, Subscriber};
use super::middleware::{Bounds, Guard};
use super::websocket::Session;
use super::{Config, HealthCheck, envelope, origin, resolution};
use crate::metrics;
use crate::privacy::resident::Residents;
use crate::quota::Quotas;
use crate::tenant::TenantContext;

const JSON: &str = "application/json; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
/// Type of the text form of Prometheus.
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";
const NOT_HERE: &str = "This is a Coffer node. It speaks JSON-RPC: POST a request to any path, or open a WebSocket.\n\
    GET /health says how the node is, GET /metrics what its work takes. The method rpc.discover lists what it can do.\n";

/// What all connections share.
pub struct Service {
    config: Config,
    methods: Methods,
    residents: Arc<Residents>,
    quotas: Arc<Quotas>,
    health: HealthCheck,
    stop: StopHandle,
    /// Connections that have had a number so far.
    connections: AtomicUsize,
}

impl Service {
    /// A service over these methods.
    pub fn new(
        config: Config,
        methods: Methods,
        (residents, quotas): (Arc<Residents>, Arc<Quotas>),
        health: HealthCheck,
        stop: StopHandle,
    ) -> Self {
        Self { config, methods, residents, quotas, health, stop, connections: AtomicUsize::new(0) }
    }

    /// Settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Answers one request; `place` is held as long as the connection lives, WebSockets included.
    pub async fn answer(&self, request: Request<Incoming>, place: Arc<OwnedSemaphorePermit>) -> HttpResponse {
        if let Some(reason) = origin::refusal(request.headers(), &self.config.origins) {
            return refused(StatusCode::FORBIDDEN, reason);
        }
        if ws::is_upgrade_request(&request) {
            return self.upgrade(request, place);
        }
        match (request.method(), request.uri().path()) {
            (&Method::POST, _) => self.post(request).await,
            (&Method::GET | &Method::HEAD, "/health") => self.health(),
            (&Method::GET | &Method::HEAD, "/metrics") => plain(StatusCode::OK, METRICS, metrics::text()),
            (&Method::GET | &Method::HEAD, _) => plain(StatusCode::NOT_FOUND, TEXT, NOT_HERE),
            _ => {
                let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, TEXT, NOT_HERE);
                response.headers_mut().insert(header::ALLOW, http::HeaderValue::from_static("GET, HEAD, POST"));
                response
            }
        }
    }

    fn health(&self) -> HttpResponse {
        let health = (self.health)();
        let status = if health.failure.is_none() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        let body = json!({ "ok": health.failure.is_none(), "height": health.height, "failure": health.failure });
        plain(status, JSON, body.to_string())
    }

    fn upgrade(&self, request: Request<Incoming>, place: Arc<OwnedSemaphorePermit>) -> HttpResponse {
        let psi = match self.psi(&request) {
            Ok(psi) => psi,
            Err(error) => return rpc_error(StatusCode::BAD_REQUEST, Id::Null, error),
        };
        let residents = Arc::clone(&self.residents);
        let context = Arc::new(move || context(&residents, &psi));
        let response = match create_response_with_body(&request, HttpBody::default) {
            Ok(response) => response,
            Err(error) => return refused(StatusCode::BAD_REQUEST, format!("no WebSocket can be opened so: {error}")),
        };
        let config = &self.config;
        let (send, answers) = mpsc::channel(config.max_in_flight as usize);
        let bound = BoundedSubscriptions::new(config.max_subscriptions);
        let session = Session {
            guard: self.guard(Some(Subscriber { bound, sink: MethodSink::new(send.clone()) })),
            context,
            max_message: config.max_body,
            max_batch: config.max_batch,
            max_messages: 2 * config.max_in_flight as usize,
            stop: self.stop.clone(),
        };
        tokio::spawn(async move {
            // Held until the connection ends.
            let _place = place;
            match hyper::upgrade::on(request).await {
                Ok(upgraded) => session.run(upgraded, send, answers).await,
                Err(error) => tracing::debug!(%error, "a WebSocket was not opened after all"),
            }
        });
        response
    }

    async fn post(&self, request: Request<Incoming>) -> HttpResponse {
        // A page can send a form without asking first; so from a browser only JSON is taken, which needs leave that is never given.
        let is_json = request.headers().get(header::CONTENT_TYPE).is_some_and(|v| {
            v.to_str()
                .is_ok_and(|v| v.split(';').next().is_some_and(|t| t.trim().eq_ignore_ascii_case("application/json")))
        });
        if origin::is_browser(request.headers()) && !is_json {
            let reason = "set the header Content-Type: application/json".into();
            return refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, reason);
        }
        let context = match self.psi(&request) {
            Ok(psi) => context(&self.residents, &psi),
            Err(error) => return rpc_error(StatusCode::BAD_REQUEST, Id::Null, error),
        };
        let body = match self.read(request.into_body()).await {
            Ok(body) => body,
            Err(response) => return response,
        };
        match envelope::judge(&body, self.config.max_batch) {
            Ok(envelope) => match self.guard(None).run(envelope, &context).await {
                Some(answer) => plain(StatusCode::OK, JSON, String::from(Box::<str>::from(answer))),
                None => plain(StatusCode::NO_CONTENT, TEXT, ""),
            },
            Err(refusal) => rpc_error(StatusCode::BAD_REQUEST, refusal.id, *refusal.error),
        }
    }

    fn psi<B>(&self, request: &Request<B>) -> Result<Psi, Error> {
        resolution::resolve(request.uri(), request.headers(), self.config.on_psi_conflict)
    }

    async fn read(&self, body: Incoming) -> Result<Bytes, HttpResponse> {
        let limit = self.config.max_body;
        let too_large = || {
            let message = format!("the request is above this node's limit of {limit} bytes (rpc.max_body)");
            let error = Error::Transport { info: kind::TOO_LARGE, message, data: json!({ "limit": limit }) };
            let mut response = rpc_error(StatusCode::PAYLOAD_TOO_LARGE, Id::Null, error);
            // The rest of the body is not read, so nothing can follow on this connection.
            response.headers_mut().insert(header::CONNECTION, http::HeaderValue::from_static("close"));
            response
        };
        if body.size_hint().lower() > u64::from(limit) {
            return Err(too_large());
        }
        let reading = Limited::new(body, limit as usize).collect();
        match tokio::time::timeout(self.config.request_timeout, reading).await {
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
            Ok(Err(error)) => Err(refused(StatusCode::BAD_REQUEST, format!("the body did not arrive: {error}"))),
            Err(_) => {
                let error = Error::Timeout { message: "the body did not arrive in time".into(), tx: None };
                Err(rpc_error(StatusCode::REQUEST_TIMEOUT, Id::Null, error))
            }
        }
    }

    /// What stands before the methods on a new connection.
    fn guard(&self, subscriber: Option<Subscriber>) -> Guard {
        let config = &self.config;
        let dispatch = Dispatch {
            methods: self.methods.clone(),
            connection: ConnectionId(self.connections.fetch_add(1, Ordering::Relaxed)),
            max_response: config.max_response as usize,
            subscriber,
        };
        let bounds = Bounds {
            timeout: config.request_timeout,
            max_response: config.max_response as usize,
            in_flight: Arc::new(Semaphore::new(config.max_in_flight as usize)),
        };
        Guard::new(dispatch, bounds, Arc::clone(&self.quotas))
    }
}

/// For whom a request is, as that stands now.
fn context(residents: &Residents, psi: &Psi) -> TenantContext {
    TenantContext::new(psi.clone(), residents.contains(psi)).with_suspended(residents.is_suspended(psi))
}

/// A JSON-RPC error as a whole response.
pub fn rpc_error(status: StatusCode, id: Id<'static>, error: Error) -> HttpResponse {
    let payload = ResponsePayload::<()>::error(ErrorObjectOwned::from(error));
    let body = serde_json::to_string(&Response::new(payload, id)).unwrap_or_default();
    plain(status, JSON, body)
}

fn refused(status: StatusCode, message: String) -> HttpResponse {
    let error = Error::Transport { info: kind::TRANSPORT, message, data: Value::Null };
    rpc_error(status, Id::Null, error)
}

fn plain(status: StatusCode, content_type: &'static str, body: impl Into<String>) -> HttpResponse {
    let mut response = HttpResponse::new(HttpBody::from(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, http::HeaderValue::from_static(content_type));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, http::HeaderValue::from_static("nosniff"));
    response
}
