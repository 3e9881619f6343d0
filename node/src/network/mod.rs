//! The node's one connection to other nodes: who is let in, what is gossiped, what is asked of one peer. Not here: what any message means.
//! Invariant: nothing of a stranger is read; what comes from a peer is bounded before it is decoded.

mod address;
mod ask;
mod behaviour;
mod counts;
mod directory;
mod events;
mod half_open;
mod handle;
mod identity;
mod mailbox;
mod requests;
mod settings;
mod swarm;
mod traffic;

use std::net::SocketAddr;

use bytes::Bytes;
use coffer_abi::AccountId;
use tokio::sync::{mpsc, oneshot};

pub use address::{Address, AddressError, Resolver};
pub use counts::Counts;
pub use directory::FULL_SCORE;
pub use handle::{Network, Status};
pub use requests::JoinRequest;
pub use settings::{Limits, Settings, Timing};
pub use swarm::start;

/// Time within which a transaction that is published again counts as the same message and goes nowhere.
pub const REPEATED_AFTER: std::time::Duration = behaviour::REMEMBERED;

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
    /// Asks for a part of the public state, or what shows that it is it.
    State,
    /// Hands a sealed payload over, to be kept; the answer is a receipt, or why there is none.
    Deliver,
    /// Asks for a sealed payload.
    Fetch,
    /// Tells a party how calls of its ended at another one; the answer is whether that was taken.
    Acknowledge,
    /// Asks for the content key of a sealed payload that does not open.
    Key,
    /// Asks for a piece of what a member hands over to a party that joins.
    Transfer,
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

/// Who reads what comes from peers. A mailbox that is full loses messages, which are counted; it never holds up the network. Who is connected
/// is told to the first two, and not lost.
#[derive(Debug)]
pub struct Routes {
    /// Everything else.
    pub consensus: mpsc::Sender<Event>,
    /// Transactions.
    pub transactions: mpsc::Sender<Event>,
    /// Questions for the public state, and nothing about who is connected.
    pub states: mpsc::Sender<Event>,
    /// Payloads and questions for them, and nothing about who is connected.
    pub payloads: mpsc::Sender<Event>,
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
        /// Must be told before the message is passed on; dropped, it counts as [`Verdict::Ignore`].
        verdict: oneshot::Sender<Verdict>,
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

/// What a peer did that it must not do. Each takes points of its score; a node without points is cut for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misbehaviour {
    /// It sent what no node of this chain sends: bytes that do not decode, signatures that do not hold.
    Junk,
    /// It answered a question with something else, or with what proves false.
    WrongAnswer,
    /// It sent more than there may be.
    TooLarge,
    /// It does not answer.
    Silent,
}

impl Misbehaviour {
    /// Points of [`FULL_SCORE`] that it costs. One point comes back every six seconds.
    pub const fn points(self) -> u32 {
        match self {
            Self::Junk => 20,
            Self::WrongAnswer | Self::TooLarge => 34,
            Self::Silent => 5,
        }
    }
}

/// How a listed node stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeState {
    /// Connected.
    Connected,
    /// To be dialled, or it is expected to dial.
    Waiting,
    /// Nobody said where it is: it has to dial.
    NoAddress,
    /// It let this node prove its key and closed: this node is not on its list yet, or no longer.
    AwaitingApproval,
    /// It cannot be reached; carries the reason.
    Unreachable(String),
    /// It is a node of another chain.
    OtherChain,
    /// It connects but does not speak the protocol in time.
    Mute,
    /// It misbehaved and is kept out for a while.
    Cut,
}

/// A node that may connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownNode {
    /// Its key.
    pub node: AccountId,
    /// Where it may be reached.
    pub addresses: Vec<String>,
    /// How it stands.
    pub state: NodeState,
    /// Its points, up to [`FULL_SCORE`].
    pub score: u32,
    /// Its connection, if there is one.
    pub peer: Option<Peer>,
}

/// A node that is connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its key.
    pub node: AccountId,
    /// The other end of the connection.
    pub address: SocketAddr,
    /// True if this node dialled it.
    pub outbound: bool,
    /// Since when, milliseconds since 1970.
    pub since: u64,
    /// Its points, up to [`FULL_SCORE`].
    pub score: u32,
    /// Bytes from it since this node started.
    pub received: u64,
    /// Bytes to it since this node started.
    pub sent: u64,
    /// The program it runs, as it says.
    pub program: String,
}

/// Why the network does not start. Permanent until the configuration or the machine changes.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is taken, or is none of this machine.
    #[error(
        "network.listen = \"{addr}\": cannot listen there: {error}; choose another address or port, or stop the program that has it"
    )]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// What the system says.
        error: std::io::Error,
    },
    /// Something of the network library.
    #[error("the network cannot be set up: {0}")]
    Setup(String),
}

#[cfg(test)]
mod tests;
