//! What the engine needs of a network. Not here: how one works. Invariant: nothing waits for a peer but an answer.

use async_trait::async_trait;
use bytes::Bytes;
use coffer_abi::AccountId;

use crate::network::{AskError, Network, Question, Topic};

/// The way to the other nodes.
#[async_trait]
pub trait Link: Send + Sync + 'static {
    /// Sends a message to all peers. That there are none is no error.
    async fn publish(&self, topic: Topic, body: Bytes);

    /// Asks one peer and waits for its answer, for a bounded time.
    ///
    /// # Errors
    /// [`AskError`].
    async fn ask(&self, peer: AccountId, question: Question, body: Bytes) -> Result<Bytes, AskError>;
}

#[async_trait]
impl Link for Network {
    async fn publish(&self, topic: Topic, body: Bytes) {
        Self::publish(self, topic, body).await;
    }

    async fn ask(&self, peer: AccountId, question: Question, body: Bytes) -> Result<Bytes, AskError> {
        Self::ask(self, peer, question, body).await
    }
}
