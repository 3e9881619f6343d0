//! What the network of one node is started with. Not here: reading it from a file (`config`). Invariant: nothing here is agreed on; two
//! nodes of one chain may differ in all of it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use coffer_abi::AccountId;

use super::address::{Address, Resolver};

/// Settings of the network.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Where to listen for other nodes; a node without dials only.
    pub listen: Option<SocketAddr>,
    /// Where others reach this node, for whoever enters it into the registry.
    pub external: Option<Address>,
    /// Nodes that are known before the chain says so.
    pub peers: BTreeMap<AccountId, Vec<Address>>,
    /// Bounds.
    pub limits: Limits,
    /// Times.
    pub timing: Timing,
    /// How names are resolved.
    pub resolver: Resolver,
}

impl Settings {
    /// True if there is nobody to talk to: the node needs no network.
    pub fn is_alone(&self) -> bool {
        self.listen.is_none() && self.peers.is_empty()
    }
}

/// What the network holds at most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections of others that have not shown a key yet.
    pub pending: u32,
    /// Those of one IP address.
    pub pending_per_address: usize,
    /// Connections with one node.
    pub per_node: u32,
    /// Join requests that are remembered.
    pub requests: usize,
    /// Join requests of one IP address that are remembered.
    pub requests_per_address: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { pending: 32, pending_per_address: 8, per_node: 2, requests: 256, requests_per_address: 16 }
    }
}

/// How long things take at most.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Until a node is dialled again the first time.
    pub retry_first: Duration,
    /// Until it is dialled again at last; the time doubles from one to the other.
    pub retry_last: Duration,
    /// Until a connection has shown its key.
    pub handshake: Duration,
    /// Until a node that connected has said what it listens to.
    pub ready: Duration,
    /// Until a question is answered.
    pub answer: Duration,
    /// From one sign of life to the next.
    pub ping: Duration,
    /// How long a node that misbehaved is kept out.
    pub cut: Duration,
    /// How often what is due is looked for.
    pub tick: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            retry_first: Duration::from_secs(2),
            retry_last: Duration::from_secs(60),
            handshake: Duration::from_secs(5),
            ready: Duration::from_secs(10),
            answer: Duration::from_secs(15),
            ping: Duration::from_secs(10),
            cut: Duration::from_secs(300),
            tick: Duration::from_millis(200),
        }
    }
}
