//! Sealed payloads on their way between nodes: handing them over for a receipt, keeping them for parties, fetching those that this node's private states wait for, giving them to who may have them; what parties tell each other of what came of them, and what members hand over to parties that join. Not here: sealing
//! and opening (`privacy`), what is sent to whom (`invoke`), how messages travel (`network`). Invariants: a receipt is signed after the payload and whom it is kept for are on the disk; nobody gets a payload who serves none of its
//! parties, and is not told whether there is one; all that comes from a peer is bounded before any work is done for it.

mod accept;
mod deliver;
mod fetch;
mod give;
mod hand;
mod kept;
mod message;
mod opened;
mod outbox;
mod serve;
mod tell;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use coffer_abi::{AccountId, Hash};
use coffer_chain::SigningKey;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::network::Network;
use crate::privacy::acknowledged::Acknowledged;
use crate::privacy::payloads::Payloads;
use crate::privacy::resident::Residents;
use crate::privacy::transfer::Transfers;
use crate::sources::Sources;
use crate::state::State;

pub use deliver::{NotDelivered, Parcel};
pub use fetch::{Timing, fetch};
pub use hand::PIECE;
pub use kept::{Error, FILE, Kept};
pub use message::{Place, Refusal};
pub use outbox::{FILE as OUTBOX_FILE, Outbox, Waiting, send_again};
pub use serve::{look_for_markers, serve};
pub use tell::tell;

/// What exchanging payloads works with.
pub struct ExchangeParts {
    /// The chain.
    pub chain_id: Hash,
    /// The state.
    pub state: State,
    /// Sealed payloads.
    pub payloads: Arc<Payloads>,
    /// Whom they are kept for.
    pub kept: Kept,
    /// What is to be handed over later.
    pub outbox: Outbox,
    /// Tenants and their secrets.
    pub residents: Arc<Residents>,
    /// The node's key, which signs receipts.
    pub signer: SigningKey,
    /// Randomness.
    pub sources: Arc<Sources>,
    /// What parties tell each other.
    pub acknowledged: Arc<Acknowledged>,
    /// What members hand over to parties that join.
    pub transfers: Arc<Transfers>,
}

/// The exchange of a node.
pub struct Exchange {
    parts: ExchangeParts,
    network: OnceLock<Network>,
    /// Who may hand something over to a node right now.
    lanes: Mutex<HashMap<AccountId, Arc<Semaphore>>>,
    /// Whose turn it is to take a transfer from a node.
    handing: tokio::sync::Mutex<()>,
}

/// Deliveries to one node that are on their way at the same time. A connection has more questions than that, but others ask over it, too.
const TO_ONE_NODE: usize = 8;

impl Exchange {
    /// The exchange of a node that is not connected yet: it reaches nobody.
    pub fn new(parts: ExchangeParts) -> Self {
        Self { parts, network: OnceLock::new(), lanes: Mutex::default(), handing: tokio::sync::Mutex::default() }
    }

    /// Says by which network others are reached. Counts once.
    pub fn connect(&self, network: Network) {
        // A node has one network from its start to its end.
        let _ = self.network.set(network);
    }

    /// This node.
    pub fn me(&self) -> AccountId {
        self.parts.signer.account()
    }

    /// Waits for the turn to hand something over to a node; the turn is over when this is dropped. There are as many lanes as nodes of the chain were ever handed something.
    async fn turn(&self, node: AccountId) -> Option<OwnedSemaphorePermit> {
        let lane = {
            // Changed at once.
            let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(lanes.entry(node).or_insert_with(|| Arc::new(Semaphore::new(TO_ONE_NODE))))
        };
        // It is never closed.
        lane.acquire_owned().await.ok()
    }

    /// The network, unless the node is alone.
    fn network(&self) -> Option<&Network> {
        self.network.get()
    }
}

#[cfg(test)]
mod tests;
