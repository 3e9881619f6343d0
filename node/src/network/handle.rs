//! The handle by which the rest of the node uses the network. Invariant: nothing here waits for a peer but [`Network::ask`].

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use coffer_abi::AccountId;
use tokio::sync::{mpsc, oneshot, watch};

use super::counts::{Counters, bump};
use super::directory::Directory;
use super::requests::JoinRequests;
use super::{AskError, Counts, JoinRequest, KnownNode, Misbehaviour, Peer, Question, Settings, Topic};

/// What the network is told to do.
pub(super) enum Command {
    Publish { topic: Topic, body: Bytes },
    Ask { peer: AccountId, question: Question, body: Bytes, answer: oneshot::Sender<Result<Bytes, AskError>> },
    Misbehaved { peer: AccountId, what: Misbehaviour },
}

/// The nodes that may connect, with where they are.
pub(super) type Listed = BTreeMap<AccountId, Vec<String>>;

/// What the network task and its handles both see.
pub(super) struct Shared {
    pub(super) counters: Counters,
    pub(super) listening: Mutex<Vec<SocketAddr>>,
    directory: Mutex<Directory>,
    requests: Mutex<JoinRequests>,
}

impl Shared {
    pub(super) fn new(directory: Directory, settings: &Settings) -> Self {
        Self {
            counters: Counters::default(),
            listening: Mutex::default(),
            directory: Mutex::new(directory),
            requests: Mutex::new(JoinRequests::new(settings.limits)),
        }
    }

    pub(super) fn directory(&self) -> MutexGuard<'_, Directory> {
        // An entry that a panic left half-done is put right by the node's next connection.
        self.directory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn requests(&self) -> MutexGuard<'_, JoinRequests> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Inner {
    me: AccountId,
    settings: Settings,
    /// `None` of a node that is alone.
    link: Option<Link>,
}

struct Link {
    commands: mpsc::Sender<Command>,
    listed: watch::Sender<Listed>,
    shared: Arc<Shared>,
}

/// The network of this node. Cheap to clone; the network ends when the last one is dropped, or by its stop signal.
#[derive(Clone)]
pub struct Network {
    inner: Arc<Inner>,
}

/// How the network is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// True if it runs at all.
    pub enabled: bool,
    /// Where it listens.
    pub listening: Vec<SocketAddr>,
    /// Where others reach this node, as the configuration says.
    pub external: Option<String>,
    /// What happened since the start.
    pub counts: Counts,
}

impl Network {
    /// The network of a node that has none: it publishes to nobody and knows nobody.
    pub fn alone(me: AccountId) -> Self {
        Self { inner: Arc::new(Inner { me, settings: Settings::default(), link: None }) }
    }

    pub(super) fn new(
        me: AccountId,
        settings: Settings,
        commands: mpsc::Sender<Command>,
        listed: watch::Sender<Listed>,
        shared: Arc<Shared>,
    ) -> Self {
        Self { inner: Arc::new(Inner { me, settings, link: Some(Link { commands, listed, shared }) }) }
    }

    /// This node.
    pub fn me(&self) -> AccountId {
        self.inner.me
    }

    /// Sends a message to all nodes. That nobody is connected is no error. A body above [`Topic::max_body`] is not sent, which the log tells.
    pub async fn publish(&self, topic: Topic, body: Bytes) {
        let Some(link) = &self.inner.link else { return };
        if body.len() > topic.max_body() {
            tracing::error!(?topic, bytes = body.len(), most = topic.max_body(), "a message is too large to be sent");
            bump(&link.shared.counters.unsent);
            return;
        }
        // A network that has stopped sends to nobody.
        let _ = link.commands.send(Command::Publish { topic, body }).await;
    }

    /// Asks one node and waits for its answer.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn ask(&self, peer: AccountId, question: Question, body: Bytes) -> Result<Bytes, AskError> {
        let link = self.inner.link.as_ref().ok_or(AskError::NotConnected(peer))?;
        if body.len() > question.max_question() {
            let most = question.max_question();
            return Err(AskError::Refused(
                peer,
                format!("the question has {} bytes, at most {most} may be", body.len()),
            ));
        }
        let (answer, answered) = oneshot::channel();
        let command = Command::Ask { peer, question, body, answer };
        link.commands.send(command).await.map_err(|_| AskError::Stopping)?;
        answered.await.unwrap_or(Err(AskError::Stopping))
    }

    /// The nodes that are connected.
    pub fn peers(&self) -> Vec<Peer> {
        self.inner.link.as_ref().map_or_else(Vec::new, |link| link.shared.directory().peers())
    }

    /// The nodes that may connect, and how each stands.
    pub fn nodes(&self) -> Vec<KnownNode> {
        self.inner.link.as_ref().map_or_else(Vec::new, |link| link.shared.directory().nodes())
    }

    /// Nodes that the configuration names. They may connect until [`Network::allow`] is called the first time; whoever calls it adds those of
    /// them that the chain does not know as expelled.
    pub fn bootstrap(&self) -> BTreeMap<AccountId, Vec<String>> {
        let peers = self.inner.settings.peers.iter();
        peers.map(|(node, addresses)| (*node, addresses.iter().map(ToString::to_string).collect())).collect()
    }

    /// Lets exactly these nodes connect from now on, and cuts all others at once. An address that is none is passed over, with a warning.
    pub fn allow(&self, nodes: BTreeMap<AccountId, Vec<String>>) {
        if let Some(link) = &self.inner.link {
            link.listed.send_if_modified(|listed| {
                let changed = *listed != nodes;
                *listed = nodes;
                changed
            });
        }
    }

    /// Takes points of a node's score; without any left it is cut for a while.
    pub fn misbehaved(&self, peer: AccountId, what: Misbehaviour) {
        if let Some(link) = &self.inner.link {
            // In a flood that fills the queue one report more or less makes no difference.
            let _ = link.commands.try_send(Command::Misbehaved { peer, what });
        }
    }

    /// Strangers that want to join, newest first.
    pub fn join_requests(&self) -> Vec<JoinRequest> {
        self.inner.link.as_ref().map_or_else(Vec::new, |link| link.shared.requests().all())
    }

    /// How the network is.
    pub fn status(&self) -> Status {
        let link = self.inner.link.as_ref();
        let listening = |link: &Link| link.shared.listening.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Status {
            enabled: link.is_some(),
            listening: link.map(listening).unwrap_or_default(),
            external: self.inner.settings.external.as_ref().map(ToString::to_string),
            counts: link.map(|link| link.shared.counters.read()).unwrap_or_default(),
        }
    }
}
