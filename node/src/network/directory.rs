//! The nodes that may connect, how each stands now, and when it is dialled next. Not here: connections themselves. Invariant: pure but for
//! the instants it is given; a node that is not listed has no entry.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use coffer_abi::AccountId;
use libp2p::swarm::ConnectionId;
use tokio::time::Instant;

use super::address::Address;
use super::settings::Timing;
use super::traffic::Traffic;
use super::{KnownNode, NodeState, Peer, Topic};

/// Points of a node that never misbehaved; at 0 it is cut.
pub const FULL_SCORE: u32 = 100;
/// Time in which one point comes back.
const RECOVERY: Duration = Duration::from_secs(6);

/// One connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) id: ConnectionId,
    pub(super) address: IpAddr,
    pub(super) port: u16,
    pub(super) outbound: bool,
}

#[derive(Debug)]
struct Entry {
    addresses: Vec<Address>,
    traffic: Arc<Traffic>,
    state: NodeState,
    /// Dials without success since it was connected last.
    attempts: u32,
    /// When it is dialled next; `None` while it is being dialled or connected, or has no address.
    due: Option<Instant>,
    links: Vec<Link>,
    opened: Instant,
    /// Milliseconds since 1970.
    since: u64,
    topics: Vec<Topic>,
    program: String,
    penalty: u32,
    score: u32,
    cut_until: Option<Instant>,
}

impl Entry {
    fn is_ready(&self) -> bool {
        self.topics.len() == Topic::ALL.len() && !self.links.is_empty()
    }
}

/// What changed when the list was replaced.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Replaced {
    /// Nodes that are listed now.
    pub(super) added: Vec<AccountId>,
    /// Nodes that no longer are, and whether they were connected.
    pub(super) removed: Vec<(AccountId, bool)>,
}

/// What a connection's end means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    /// Another connection with the node is left, or it never was ready.
    Nothing,
    /// The node was connected and no longer is.
    Disconnected,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Directory {
    me: AccountId,
    timing: Timing,
    entries: BTreeMap<AccountId, Entry>,
    recovered: Instant,
}

impl Directory {
    pub(super) fn new(me: AccountId, timing: Timing, now: Instant) -> Self {
        Self { me, timing, entries: BTreeMap::new(), recovered: now }
    }

    /// Lists exactly these nodes from now on, without this one itself. New ones are due at once.
    pub(super) fn replace(
        &mut self,
        mut nodes: BTreeMap<AccountId, Vec<Address>>,
        traffic: impl Fn(&AccountId) -> Arc<Traffic>,
        now: Instant,
    ) -> Replaced {
        nodes.remove(&self.me);
        let gone: Vec<AccountId> = self.entries.keys().filter(|node| !nodes.contains_key(node)).copied().collect();
        let removed =
            gone.into_iter().filter_map(|node| Some((node, self.entries.remove(&node)?.is_ready()))).collect();
        let mut added = Vec::new();
        for (node, addresses) in nodes {
            match self.entries.get_mut(&node) {
                Some(entry) if entry.addresses == addresses => {}
                Some(entry) => {
                    entry.addresses = addresses;
                    if entry.links.is_empty() && entry.cut_until.is_none() {
                        entry.due = Some(now);
                    }
                }
                None => {
                    added.push(node);
                    let entry = Entry {
                        addresses,
                        traffic: traffic(&node),
                        state: NodeState::Waiting,
                        attempts: 0,
                        due: Some(now),
                        links: Vec::new(),
                        opened: now,
                        since: 0,
                        topics: Vec::new(),
                        program: String::new(),
                        penalty: 0,
                        score: FULL_SCORE,
                        cut_until: None,
                    };
                    self.entries.insert(node, entry);
                }
            }
        }
        Replaced { added, removed }
    }

    /// True if the node is listed.
    pub(super) fn contains(&self, node: &AccountId) -> bool {
        self.entries.contains_key(node)
    }

    /// True if the node is connected and hears what is published.
    pub(super) fn is_ready(&self, node: &AccountId) -> bool {
        self.entries.get(node).is_some_and(Entry::is_ready)
    }

    /// The nodes to dial now. Each stays away from here until [`Directory::failed`], or until its connection ends.
    pub(super) fn due(&mut self, now: Instant) -> Vec<(AccountId, Vec<Address>)> {
        let mut due = Vec::new();
        for (node, entry) in &mut self.entries {
            if !entry.addresses.is_empty() && entry.links.is_empty() && entry.due.is_some_and(|at| at <= now) {
                entry.due = None;
                due.push((*node, entry.addresses.clone()));
            }
        }
        due
    }

    /// A dial came to nothing.
    pub(super) fn failed(&mut self, node: &AccountId, why: String, now: Instant) {
        let due = self.next_dial(node, now);
        if let Some(entry) = self.entries.get_mut(node).filter(|entry| entry.links.is_empty()) {
            entry.state = NodeState::Unreachable(why);
            entry.attempts = entry.attempts.saturating_add(1);
            entry.due = Some(due);
        }
    }

    /// A connection is there. False if the node is not listed.
    pub(super) fn opened(&mut self, node: &AccountId, link: Link, now: Instant, clock: u64) -> bool {
        let Some(entry) = self.entries.get_mut(node) else { return false };
        if entry.links.is_empty() {
            (entry.opened, entry.since) = (now, clock);
            entry.topics.clear();
            entry.due = None;
        }
        entry.links.push(link);
        true
    }

    /// A connection is gone. One that the other side closed before it said anything was refused: this node waits for approval there.
    pub(super) fn closed(&mut self, node: &AccountId, id: ConnectionId, now: Instant) -> Closed {
        let due = self.next_dial(node, now);
        let Some(entry) = self.entries.get_mut(node) else { return Closed::Nothing };
        let was_ready = entry.is_ready();
        let Some(at) = entry.links.iter().position(|link| link.id == id) else { return Closed::Nothing };
        let link = entry.links.remove(at);
        if !entry.links.is_empty() {
            return Closed::Nothing;
        }
        if was_ready {
            entry.attempts = 0;
            entry.state = NodeState::Waiting;
        } else {
            entry.attempts = entry.attempts.saturating_add(1);
            if link.outbound && matches!(entry.state, NodeState::Waiting | NodeState::Unreachable(_)) {
                entry.state = NodeState::AwaitingApproval;
            }
        }
        entry.topics.clear();
        entry.due = Some(due);
        if let Some(until) = entry.cut_until {
            (entry.state, entry.due) = (NodeState::Cut, Some(until));
        }
        if was_ready { Closed::Disconnected } else { Closed::Nothing }
    }

    /// The node listens to a topic. True if by that it is connected for all purposes.
    pub(super) fn subscribed(&mut self, node: &AccountId, topic: Topic) -> bool {
        let Some(entry) = self.entries.get_mut(node) else { return false };
        if entry.topics.contains(&topic) {
            return false;
        }
        entry.topics.push(topic);
        let ready = entry.is_ready();
        if ready {
            (entry.state, entry.attempts) = (NodeState::Connected, 0);
        }
        ready
    }

    /// The node is on another chain.
    pub(super) fn is_foreign(&mut self, node: &AccountId) {
        if let Some(entry) = self.entries.get_mut(node) {
            entry.state = NodeState::OtherChain;
        }
    }

    /// The program the node runs, as it says.
    pub(super) fn runs(&mut self, node: &AccountId, program: &str) {
        if let Some(entry) = self.entries.get_mut(node) {
            entry.program = program.chars().filter(|c| !c.is_control()).take(64).collect();
        }
    }

    /// Nodes that connected long ago and never were ready: they are to be disconnected.
    pub(super) fn mute(&mut self, now: Instant) -> Vec<AccountId> {
        let ready = self.timing.ready;
        let mute = |entry: &Entry| !entry.links.is_empty() && !entry.is_ready() && now >= entry.opened + ready;
        let mut found = Vec::new();
        for (node, entry) in self.entries.iter_mut().filter(|(_, entry)| mute(entry)) {
            if entry.state != NodeState::OtherChain {
                entry.state = NodeState::Mute;
            }
            found.push(*node);
        }
        found
    }

    /// Takes points away.
    pub(super) fn punish(&mut self, node: &AccountId, points: u32) {
        if let Some(entry) = self.entries.get_mut(node) {
            entry.penalty = entry.penalty.saturating_add(points);
        }
    }

    /// Counts all scores anew: what was taken away here, and what `gossip` takes away. Gives the nodes that are to be cut for it; they stay
    /// away for the time that the settings say.
    pub(super) fn score(&mut self, gossip: impl Fn(&AccountId) -> u32, now: Instant) -> Vec<AccountId> {
        let recovers = now >= self.recovered + RECOVERY;
        if recovers {
            self.recovered = now;
        }
        let mut cut = Vec::new();
        for (node, entry) in self.entries.iter_mut().filter(|(_, entry)| entry.cut_until.is_none()) {
            entry.penalty = entry.penalty.saturating_sub(u32::from(recovers));
            let taken = entry.penalty.saturating_add(if entry.links.is_empty() { 0 } else { gossip(node) });
            entry.score = FULL_SCORE.saturating_sub(taken);
            if entry.score == 0 {
                (entry.cut_until, entry.state) = (Some(now + self.timing.cut), NodeState::Cut);
                entry.due = entry.cut_until;
                cut.push(*node);
            }
        }
        cut
    }

    /// Nodes whose time away is over.
    pub(super) fn forgiven(&mut self, now: Instant) -> Vec<AccountId> {
        let over = |entry: &Entry| entry.cut_until.is_some_and(|until| until <= now) && entry.links.is_empty();
        let mut found = Vec::new();
        for (node, entry) in self.entries.iter_mut().filter(|(_, entry)| over(entry)) {
            (entry.cut_until, entry.penalty, entry.score) = (None, 0, FULL_SCORE);
            (entry.state, entry.due) = (NodeState::Waiting, Some(now));
            found.push(*node);
        }
        found
    }

    /// When a node is dialled next: the time doubles with each attempt, and up to a quarter is added so that nodes that began together do
    /// not go on together. The quarter follows from who dials whom and how often: no randomness is needed for it.
    fn next_dial(&self, node: &AccountId, now: Instant) -> Instant {
        let attempts = self.entries.get(node).map_or(0, |entry| entry.attempts);
        let Timing { retry_first, retry_last, .. } = self.timing;
        let wait = retry_first.saturating_mul(1 << attempts.min(16)).min(retry_last);
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.me.0).update(&node.0).update(&attempts.to_le_bytes());
        let part = u32::from(hasher.finalize().as_bytes()[0]);
        now + wait + wait / 4 * part / 255
    }

    /// The listed nodes and how they stand.
    pub(super) fn nodes(&self) -> Vec<KnownNode> {
        let node = |(node, entry): (&AccountId, &Entry)| KnownNode {
            node: *node,
            addresses: entry.addresses.iter().map(ToString::to_string).collect(),
            state: match &entry.state {
                NodeState::Waiting if entry.addresses.is_empty() => NodeState::NoAddress,
                state => state.clone(),
            },
            score: entry.score,
            peer: peer(node, entry),
        };
        self.entries.iter().map(node).collect()
    }

    /// Those of them that are connected.
    pub(super) fn peers(&self) -> Vec<Peer> {
        self.entries.iter().filter_map(|(node, entry)| peer(node, entry)).collect()
    }
}

fn peer(node: &AccountId, entry: &Entry) -> Option<Peer> {
    let link = entry.links.first().filter(|_| entry.is_ready())?;
    Some(Peer {
        node: *node,
        address: (link.address, link.port).into(),
        outbound: link.outbound,
        since: entry.since,
        score: entry.score,
        received: entry.traffic.received.load(Ordering::Relaxed),
        sent: entry.traffic.sent.load(Ordering::Relaxed),
        program: entry.program.clone(),
    })
}

#[cfg(test)]
#[path = "tests/directory.rs"]
mod tests;
