//! A client over HTTP, for the command line and for tests. Not here: TLS, tokens, proofs.
//! Invariant: it sends parameters by name and gives the node's error object back whole.

use coffer_chain::Psi;
use http::{HeaderMap, HeaderName, HeaderValue};
use jsonrpsee::core::ClientError as RpcClientError;
use jsonrpsee::core::client::ClientT;
use jsonrpsee::core::traits::ToRpcParams;
use jsonrpsee_http_client::{HttpClient, HttpClientBuilder};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::table::Params;

/// Bytes of the largest answer it takes.
pub const MAX_RESPONSE: u32 = 64 * 1024 * 1024;

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The URL is not usable; permanent.
    #[error("{url} is not a usable URL: {reason}; it looks like http://127.0.0.1:8545")]
    Url {
        /// As given.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// The node was not reached, or did not answer in time; it is unknown whether it acted.
    #[error("no answer from {url}: {reason}")]
    Transport {
        /// Where to.
        url: String,
        /// What happened.
        reason: String,
    },
    /// The node answered with an error.
    #[error("{message}")]
    Rpc {
        /// JSON-RPC code.
        code: i32,
        /// For the reader.
        message: String,
        /// With `kind`; see [`crate::error::kind`].
        data: Value,
    },
    /// The answer is not what the method's type says.
    #[error("the node's answer does not fit: {0}")]
    Answer(#[from] serde_json::Error),
}

impl ClientError {
    /// `data.kind` of an error the node answered with.
    pub fn kind(&self) -> Option<&str> {
        match self {
            Self::Rpc { data, .. } => data["kind"].as_str(),
            _ => None,
        }
    }
}

/// A client of one node, acting in one private state.
#[derive(Clone, Debug)]
pub struct Client {
    inner: HttpClient,
    url: String,
}

impl Client {
    /// Prepares a client; nothing is sent yet. `psi` is the private state of its requests, the node's default if `None`.
    ///
    /// # Errors
    /// [`ClientError::Url`].
    pub fn connect(url: &str, psi: Option<&Psi>) -> Result<Self, ClientError> {
        let mut target = url.to_owned();
        let mut headers = HeaderMap::new();
        if let Some(psi) = psi {
            // Header values are ASCII; any other identifier travels in the URL.
            match HeaderValue::from_str(psi.as_str()) {
                Ok(value) if psi.as_str().is_ascii() => {
                    headers.insert(HeaderName::from_static("psi"), value);
                }
                _ => {
                    let separator = if url.contains('?') { '&' } else { '?' };
                    let encoded = utf8_percent_encode(psi.as_str(), NON_ALPHANUMERIC);
                    target = format!("{url}{separator}PSI={encoded}");
                }
            }
        }
        let built = HttpClientBuilder::default().max_response_size(MAX_RESPONSE).set_headers(headers).build(&target);
        let inner = built.map_err(|e| ClientError::Url { url: url.to_owned(), reason: e.to_string() })?;
        Ok(Self { inner, url: url.to_owned() })
    }

    /// Calls a method by name; `params` is an object, or `null` for none.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn call(&self, method: &str, params: Value) -> Result<Value, ClientError> {
        let params = Named(if params.is_null() { None } else { Some(params) });
        self.inner.request(method, params).await.map_err(|error| self.error(error))
    }

    /// Calls the method the parameters belong to.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn request<P: Params>(&self, params: &P) -> Result<P::Output, ClientError> {
        let result = self.call(P::METHOD, serde_json::to_value(params)?).await?;
        Ok(serde_json::from_value(result)?)
    }

    fn error(&self, error: RpcClientError) -> ClientError {
        match error {
            RpcClientError::Call(object) => ClientError::Rpc {
                code: object.code(),
                message: object.message().to_owned(),
                data: object.data().and_then(|d| serde_json::from_str(d.get()).ok()).unwrap_or_default(),
            },
            RpcClientError::ParseError(error) => ClientError::Answer(error),
            other => ClientError::Transport { url: self.url.clone(), reason: reasons(&other) },
        }
    }
}

/// An error with its causes on one line.
fn reasons(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let more = next.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = next.source();
    }
    text
}

struct Named(Option<Value>);

impl ToRpcParams for Named {
    fn to_rpc_params(self) -> Result<Option<Box<RawValue>>, serde_json::Error> {
        self.0.map(|value| serde_json::value::to_raw_value(&value)).transpose()
    }
}
