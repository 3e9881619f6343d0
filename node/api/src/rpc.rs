//! Namespace `rpc`: the surface about itself. Invariant: the document is made from the table, never written by hand.

use coffer_api_macros::api;
use serde_json::Value;

use crate::error::Error;

/// Service discovery.
#[api(namespace = "rpc", separator = ".")]
pub trait RpcApi {
    /// This surface as an OpenRPC document.
    #[method(access = public, errors = [], params = r#"{}"#, result = r#"{"openrpc": "1.3.2"}"#)]
    async fn discover(&self) -> Result<Value, Error>;
}

/// The one implementation of [`RpcApi`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Discovery;

impl RpcApi for Discovery {
    async fn discover(&self) -> Result<Value, Error> {
        Ok(crate::openrpc::document())
    }
}
