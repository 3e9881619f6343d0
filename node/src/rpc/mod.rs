//! JSON-RPC over HTTP and WebSocket on one port: transport, private state resolution, bounds, and the handlers that turn requests into
//! work for the node. Not here: the surface itself (`coffer_api`), execution, state. Invariant: a handler sees a request only after its
//! private state is resolved, and the method's parameters only after they were understood completely.

mod accept;
mod request;
mod origin;
mod resolution;
mod envelope;
mod middleware;
mod dispatch;
mod websocket;
mod methods;
mod chain;
mod contract;
mod debug;
mod upgrade;
mod programme;
mod tenant;
mod tx;
mod state;
mod psi;
mod network;
mod members;
mod membership;
mod party;
mod void;
mod outcome;
mod error;
mod extension;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

pub use accept::Listener;
pub use methods::{Others, methods, methods_of_joiner};
pub use resolution::OnConflict;

/// How the node is, for `GET /health`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Height of the newest block.
    pub height: u64,
    /// Why the node does not work, if it does not.
    pub failure: Option<String>,
}

/// Says how the node is, at once.
pub type HealthCheck = Arc<dyn Fn() -> Health + Send + Sync>;

/// Settings of the RPC port.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Bytes of the largest request. A module of 1 MiB is 1.4 MiB in base64, so 4 MiB leaves room for arguments.
    pub max_body: u32,
    /// Bytes of the largest answer, a batch's answers together.
    pub max_response: u32,
    /// Requests of the longest batch.
    pub max_batch: u32,
    /// Connections at a time, WebSockets included.
    pub max_connections: u32,
    /// Subscriptions of one WebSocket.
    pub max_subscriptions: u32,
    /// Requests at work, and answers not yet read, of one WebSocket.
    pub max_in_flight: u32,
    /// Until a request, or a batch as a whole, is answered; and until its body has arrived. Longer than a call waits for its block,
    /// so that the caller learns the id of a transaction that is late.
    pub request_timeout: Duration,
    /// Until a connection has sent the headers of its next request.
    pub header_timeout: Duration,
    /// Origins whose pages may use this node, such as `https://dash.example`.
    pub origins: Vec<String>,
    /// What to do when two sources name different private states.
    pub on_psi_conflict: OnConflict,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8545)),
            max_body: 4 * 1024 * 1024,
            max_response: 16 * 1024 * 1024,
            max_batch: 100,
            max_connections: 512,
            max_subscriptions: 64,
            max_in_flight: 64,
            request_timeout: Duration::from_secs(70),
            header_timeout: Duration::from_secs(10),
            origins: Vec::new(),
            on_psi_conflict: OnConflict::Log,
        }
    }
}

/// Why the port cannot be served. Permanent until the configuration or the machine changes.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another program has the port.
    #[error("{addr} is in use by another program; choose another address with --rpc ADDR, port 0 for any free one")]
    InUse {
        /// The address asked for.
        addr: SocketAddr,
    },
    /// The system refuses the address.
    #[error("cannot listen on {addr}: {error}")]
    Bind {
        /// The address asked for.
        addr: SocketAddr,
        /// What the system says.
        error: std::io::Error,
    },
}

#[cfg(test)]
mod tests;
