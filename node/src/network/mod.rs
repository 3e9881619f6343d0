//! The node's one connection to other nodes: who is let in, what is gossiped, what is asked of one peer. Not here: what any message means.
//! Invariant: nothing of a stranger is read; what comes from a peer is bounded before it is decoded.

use bytes::Bytes;
use coffer_abi::AccountId;
use tokio::sync::{mpsc, oneshot};

/// What a gossiped message is about. Each has a bound of its own and is sent to all peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Proposals and votes of consensus.
    Consensus,
    /// What consensus repeats so that it does not stand still.
    Liveness,
    /// Proposed blocks.
    Parts,
    /// Transactions on their way to a block.
    Transactions,
}

/// What one node asks of another. The bodies are opaque here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Question {
    /// Tells how far the asker is; the answer is empty.
    Status,
    /// Asks for decided blocks with their certificates.
    Blocks,
}

/// What is to become of a gossiped message that waits to be passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Pass it on.
    Accept,
    /// Neither pass it on nor hold it against anybody.
    Ignore,
    /// Do not pass it on; whoever sent it loses score.
    Reject,
}

/// Something that came from a peer.
#[derive(Debug)]
pub enum Event {
    /// A node is connected, and may be asked.
    Connected(AccountId),
    /// It no longer is.
    Disconnected(AccountId),
    /// A gossiped message.
    Message {
        /// Topic it came on.
        topic: Topic,
        /// Node that wrote it; its signature was checked.
        from: AccountId,
        /// What it says.
        body: Bytes,
        /// Must be told for [`Topic::Parts`] and [`Topic::Transactions`] before the message is passed on; dropped, it counts as
        /// [`Verdict::Ignore`]. Of other topics `None`: they are passed on at once.
        verdict: Option<oneshot::Sender<Verdict>>,
    },
    /// A question of one peer.
    Question {
        /// Who asks.
        from: AccountId,
        /// What kind.
        question: Question,
        /// The question.
        body: Bytes,
        /// Takes the answer; dropped, the asker is told that there is none.
        answer: oneshot::Sender<Bytes>,
    },
}

/// Why a question has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// No connection to that node.
    #[error("node {0} is not connected")]
    NotConnected(AccountId),
    /// No answer in time.
    #[error("node {0} did not answer in time")]
    TimedOut(AccountId),
    /// The peer gave none, or broke the protocol.
    #[error("node {0} gave no answer: {1}")]
    Refused(AccountId, String),
    /// This node stops.
    #[error("the network of this node is stopping")]
    Stopping,
}
