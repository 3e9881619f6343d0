//! One HTTP request on the RPC port: health, JSON-RPC by POST, or the way to a WebSocket. Not here: accepting connections (`accept`),
//! methods (`middleware` and the handlers). Invariant: nothing is read beyond its bound, and every refusal says what to change.

use std::sync::Arc;

use coffer_api::Error;
use coffer_api::error::kind;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use jsonrpsee::server::middleware::rpc::RpcServiceBuilder;
use jsonrpsee::server::{BatchRequestConfig, HttpBody, HttpResponse, Methods, Server, ServerConfig, StopHandle, ws};
use jsonrpsee::types::{ErrorObjectOwned, Id, Response, ResponsePayload};
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::Service as _;

use super::envelope::{self, Envelope};
use super::middleware::{Bounds, Guard, Transport};
use super::{Config, HealthCheck, origin, resolution};
use crate::privacy::resident::Residents;
use crate::tenant::TenantContext;

const JSON: &str = "application/json; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const NOT_HERE: &str = "This is a Coffer node. It speaks JSON-RPC: POST a request to any path, or open a WebSocket.\n\
    GET /health says how the node is. The method rpc.discover lists what it can do.\n";

/// What all connections share.
pub struct Service {
    config: Config,
    methods: Methods,
    residents: Arc<Residents>,
    health: HealthCheck,
    stop: StopHandle,
}

impl Service {
    /// A service over these methods.
    pub fn new(
        config: Config,
        methods: Methods,
        residents: Arc<Residents>,
        health: HealthCheck,
        stop: StopHandle,
    ) -> Self {
        Self { config, methods, residents, health, stop }
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
            return self.upgrade(request, place).await;
        }
        match (request.method(), request.uri().path()) {
            (&Method::POST, _) => self.post(request).await,
            (&Method::GET | &Method::HEAD, "/health") => self.health(),
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

    async fn upgrade(&self, mut request: Request<Incoming>, place: Arc<OwnedSemaphorePermit>) -> HttpResponse {
        let context = match self.context(&request) {
            Ok(context) => context,
            Err(error) => return rpc_error(StatusCode::BAD_REQUEST, Id::Null, error),
        };
        request.extensions_mut().insert(context);
        request.extensions_mut().insert(place);
        self.serve(request, Transport::WebSocket).await
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
        let context = match self.context(&request) {
            Ok(context) => context,
            Err(error) => return rpc_error(StatusCode::BAD_REQUEST, Id::Null, error),
        };
        let (parts, body) = request.into_parts();
        let body = match self.read(body).await {
            Ok(body) => body,
            Err(response) => return response,
        };
        match envelope::judge(&body, self.config.max_batch) {
            Ok(Envelope::Call | Envelope::Batch) => {}
            Ok(Envelope::Notification) => return plain(StatusCode::NO_CONTENT, TEXT, ""),
            Err(refusal) => return rpc_error(StatusCode::BAD_REQUEST, refusal.id, *refusal.error),
        }
        let mut inner = Request::new(Full::new(body));
        *inner.method_mut() = Method::POST;
        *inner.uri_mut() = parts.uri;
        inner.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
        inner.extensions_mut().insert(context);
        self.serve(inner, Transport::Http).await
    }

    fn context<B>(&self, request: &Request<B>) -> Result<TenantContext, Error> {
        let psi = resolution::resolve(request.uri(), request.headers(), self.config.on_psi_conflict)?;
        let configured = self.residents.contains(&psi);
        Ok(TenantContext::new(psi, configured))
    }

    async fn read(&self, body: Incoming) -> Result<Bytes, HttpResponse> {
        let limit = self.config.max_body;
        let reading = Limited::new(body, limit as usize).collect();
        match tokio::time::timeout(self.config.request_timeout, reading).await {
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => {
                let message = format!("the request is above this node's limit of {limit} bytes (rpc.max_body)");
                let error = Error::Transport { info: kind::TOO_LARGE, message, data: json!({ "limit": limit }) };
                Err(rpc_error(StatusCode::PAYLOAD_TOO_LARGE, Id::Null, error))
            }
            Ok(Err(error)) => Err(refused(StatusCode::BAD_REQUEST, format!("the body did not arrive: {error}"))),
            Err(_) => {
                let error = Error::Timeout { message: "the body did not arrive in time".into(), tx: None };
                Err(rpc_error(StatusCode::REQUEST_TIMEOUT, Id::Null, error))
            }
        }
    }

    /// Hands a judged request to the RPC library.
    async fn serve<B>(&self, request: Request<B>, transport: Transport) -> HttpResponse
    where
        B: hyper::body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let config = &self.config;
        let settings = ServerConfig::builder()
            .max_connections(config.max_connections)
            .max_request_body_size(config.max_body)
            .max_response_body_size(config.max_response)
            .max_subscriptions_per_connection(config.max_subscriptions)
            .set_batch_request_config(BatchRequestConfig::Limit(config.max_batch))
            .set_message_buffer_capacity(config.max_in_flight)
            .build();
        let bounds = Bounds {
            timeout: config.request_timeout,
            max_response: config.max_response as usize,
            in_flight: Arc::new(Semaphore::new(config.max_in_flight as usize)),
        };
        let guard = RpcServiceBuilder::new().layer_fn(move |inner| Guard::new(inner, transport, bounds.clone()));
        let builder = Server::builder().set_config(settings).set_rpc_middleware(guard).to_service_builder();
        let mut service = builder.build(self.methods.clone(), self.stop.clone());
        match service.call(request).await {
            Ok(response) => response,
            Err(error) => {
                tracing::error!(%error, "the RPC service failed");
                let error = Error::Internal("the RPC service failed".into());
                rpc_error(StatusCode::INTERNAL_SERVER_ERROR, Id::Null, error)
            }
        }
    }
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
