//! A network of nodes in one process: what is sent arrives, between those that are not cut off from each other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use coffer_abi::AccountId;
use tokio::sync::{mpsc, oneshot};

use super::super::Link;
use crate::network::{AskError, Event, Question, Topic, Verdict};

/// What a node holds that the test has not looked at; far more than any test sends at once.
const MAILBOX: usize = 100_000;

#[derive(Default)]
struct Nodes {
    boxes: BTreeMap<AccountId, mpsc::Sender<Event>>,
    cut: BTreeSet<(AccountId, AccountId)>,
    said: Vec<(AccountId, Topic, Bytes)>,
}

impl Nodes {
    fn reaches(&self, from: &AccountId, to: &AccountId) -> bool {
        from != to && !self.cut.contains(&(*from, *to)) && self.boxes.contains_key(from)
    }

    fn tell(&self, to: &AccountId, event: Event) {
        if let Some(mailbox) = self.boxes.get(to) {
            // A node that was stopped reads nothing.
            let _ = mailbox.try_send(event);
        }
    }
}

/// The network.
#[derive(Default)]
pub struct Mesh(Mutex<Nodes>);

impl Mesh {
    fn nodes(&self) -> MutexGuard<'_, Nodes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connects a node with all others.
    pub fn join(self: &Arc<Self>, me: AccountId) -> (Port, mpsc::Receiver<Event>) {
        let (sender, events) = mpsc::channel(MAILBOX);
        let mut nodes = self.nodes();
        nodes.boxes.insert(me, sender);
        for other in nodes.boxes.keys().filter(|other| nodes.reaches(&me, other)) {
            nodes.tell(&me, Event::Connected(*other));
            nodes.tell(other, Event::Connected(me));
        }
        drop(nodes);
        (Port { me, mesh: Arc::clone(self) }, events)
    }

    /// Takes a node out.
    pub fn leave(&self, me: &AccountId) {
        let mut nodes = self.nodes();
        nodes.boxes.remove(me);
        for other in nodes.boxes.keys() {
            nodes.tell(other, Event::Disconnected(*me));
        }
    }

    /// Sends to one node as if `from` had published, and gives what the node thinks of it.
    pub async fn slip(&self, from: AccountId, to: &AccountId, topic: Topic, body: Bytes) -> Option<Verdict> {
        let (verdict, judged) = oneshot::channel();
        self.nodes().tell(to, Event::Message { topic, from, body, verdict: Some(verdict) });
        judged.await.ok()
    }

    /// All that was published so far.
    pub fn said(&self) -> Vec<(AccountId, Topic, Bytes)> {
        self.nodes().said.clone()
    }
}

/// One node's end.
pub struct Port {
    me: AccountId,
    mesh: Arc<Mesh>,
}

#[async_trait]
impl Link for Port {
    async fn publish(&self, topic: Topic, body: Bytes) {
        let mut nodes = self.mesh.nodes();
        nodes.said.push((self.me, topic, body.clone()));
        for to in nodes.boxes.keys().filter(|to| nodes.reaches(&self.me, to)) {
            let verdict = (topic == Topic::Parts).then(|| oneshot::channel().0);
            nodes.tell(to, Event::Message { topic, from: self.me, body: body.clone(), verdict });
        }
    }

    async fn ask(&self, peer: AccountId, question: Question, body: Bytes) -> Result<Bytes, AskError> {
        let (answer, answered) = oneshot::channel();
        {
            let nodes = self.mesh.nodes();
            if !nodes.reaches(&self.me, &peer) || !nodes.boxes.contains_key(&peer) {
                return Err(AskError::NotConnected(peer));
            }
            nodes.tell(&peer, Event::Question { from: self.me, question, body, answer });
        }
        let answered = tokio::time::timeout(Duration::from_secs(10), answered).await;
        answered.map_err(|_| AskError::TimedOut(peer))?.map_err(|_| AskError::Refused(peer, "no answer".into()))
    }
}
