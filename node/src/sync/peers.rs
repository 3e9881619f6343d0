//! What joining needs of the network. Not here: how one works. Invariant: nothing waits for a peer but an answer.

use async_trait::async_trait;
use bytes::Bytes;
use coffer_abi::AccountId;

use crate::network::{AskError, Misbehaviour, Network, Question};

/// The nodes that can be asked for a state.
#[async_trait]
pub trait Peers: Send + Sync {
    /// Those that are connected now.
    fn connected(&self) -> Vec<AccountId>;

    /// Asks one and waits for its answer, for a bounded time.
    ///
    /// # Errors
    /// [`AskError`].
    async fn ask(&self, peer: AccountId, question: Bytes) -> Result<Bytes, AskError>;

    /// Takes points of one's score.
    fn misbehaved(&self, peer: AccountId, what: Misbehaviour);
}

#[async_trait]
impl Peers for Network {
    fn connected(&self) -> Vec<AccountId> {
        self.peers().into_iter().map(|peer| peer.node).collect()
    }

    async fn ask(&self, peer: AccountId, question: Bytes) -> Result<Bytes, AskError> {
        Self::ask(self, peer, Question::State, question).await
    }

    fn misbehaved(&self, peer: AccountId, what: Misbehaviour) {
        Self::misbehaved(self, peer, what);
    }
}
