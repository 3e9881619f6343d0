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
    asked: BTreeSet<(AccountId, Question)>,
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
        self.nodes().tell(to, Event::Message { topic, from, body, verdict });
        judged.await.ok()
    }

    /// Cuts a node off from all others.
    pub fn cut(&self, node: &AccountId) {
        let mut nodes = self.nodes();
        let others: Vec<_> = nodes.boxes.keys().filter(|other| *other != node).copied().collect();
        for other in others {
            nodes.cut.extend([(*node, other), (other, *node)]);
            nodes.tell(node, Event::Disconnected(other));
            nodes.tell(&other, Event::Disconnected(*node));
        }
    }

    /// Connects again who was cut off.
    pub fn heal(&self) {
        let mut nodes = self.nodes();
        for (from, to) in std::mem::take(&mut nodes.cut) {
            nodes.tell(&from, Event::Connected(to));
        }
    }

    /// Asks a node something as if `from` did, without waiting for the answer.
    pub async fn ask(&self, from: AccountId, to: &AccountId, question: Question, body: Bytes) {
        let (answer, answered) = oneshot::channel();
        self.nodes().tell(to, Event::Question { from, question, body, answer });
        answered.await.unwrap();
    }

    /// Waits until somebody was asked something.
    pub async fn is_asked(&self, node: &AccountId, question: Question) {
        let mut looks = tokio::time::interval(Duration::from_millis(20));
        while !self.nodes().asked.contains(&(*node, question)) {
            looks.tick().await;
        }
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
            let verdict = oneshot::channel().0;
            nodes.tell(to, Event::Message { topic, from: self.me, body: body.clone(), verdict });
        }
    }

    async fn ask(&self, peer: AccountId, question: Question, body: Bytes) -> Result<Bytes, AskError> {
        let (answer, answered) = oneshot::channel();
        {
            let mut nodes = self.mesh.nodes();
            nodes.asked.insert((peer, question));
            if !nodes.reaches(&self.me, &peer) || !nodes.boxes.contains_key(&peer) {
                return Err(AskError::NotConnected(peer));
            }
            nodes.tell(&peer, Event::Question { from: self.me, question, body, answer });
        }
        let answered = tokio::time::timeout(Duration::from_secs(10), answered).await;
        answered.map_err(|_| AskError::TimedOut(peer))?.map_err(|_| AskError::Refused(peer, "no answer".into()))
    }
}
