//! Networks of several nodes in one process, over real sockets on loopback. Nothing here waits for a time to pass: every wait is for an
//! event, and a test that waits for one that does not come fails by the runner's own limit.

mod gate;
mod messages;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use bytes::Bytes;
use coffer_abi::{AccountId, Hash};
use coffer_chain::SigningKey;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use super::*;

const CHAIN: Hash = Hash([7; 32]);

fn seed(n: u8) -> [u8; 32] {
    [n; 32]
}

fn key(n: u8) -> AccountId {
    SigningKey::from_seed(&seed(n)).account()
}

/// Times that suit a loopback: dials and looks at what is due come at once, what must not happen by accident is far away.
fn timing() -> Timing {
    let ms = Duration::from_millis;
    Timing {
        retry_first: ms(20),
        retry_last: ms(50),
        handshake: Duration::from_secs(20),
        ready: Duration::from_secs(20),
        answer: Duration::from_secs(20),
        ping: Duration::from_secs(20),
        cut: Duration::from_secs(600),
        tick: ms(10),
    }
}

fn settings() -> Settings {
    Settings { listen: Some("127.0.0.1:0".parse().unwrap()), timing: timing(), ..Settings::default() }
}

struct Node {
    network: Network,
    consensus: mpsc::Receiver<Event>,
    transactions: mpsc::Receiver<Event>,
    stop: watch::Sender<bool>,
    task: JoinHandle<Result<(), Error>>,
}

impl Node {
    async fn start(n: u8, settings: Settings) -> Self {
        Self::on(n, settings, CHAIN, 1_024).await
    }

    async fn on(n: u8, settings: Settings, chain: Hash, mailbox: usize) -> Self {
        let (to_consensus, consensus) = mpsc::channel(mailbox);
        let (to_transactions, transactions) = mpsc::channel(mailbox);
        let (stop, stopped) = watch::channel(false);
        let routes = Routes {
            consensus: to_consensus,
            transactions: to_transactions,
            states: mpsc::channel(1).0,
            payloads: mpsc::channel(1).0,
        };
        let started = start(settings, Zeroizing::new(seed(n)), chain, routes, stopped).await;
        let (network, task) = started.unwrap();
        Self { network, consensus, transactions, stop, task: tokio::spawn(task) }
    }

    fn address(&self) -> String {
        self.network.status().listening[0].to_string()
    }

    /// The next thing for consensus that is not about who is connected.
    async fn next(&mut self) -> Event {
        loop {
            match self.consensus.recv().await.unwrap() {
                Event::Connected(_) | Event::Disconnected(_) => {}
                other => return other,
            }
        }
    }

    async fn connected_to(&mut self, n: u8) {
        while !matches!(self.consensus.recv().await.unwrap(), Event::Connected(node) if node == key(n)) {}
    }

    async fn disconnected_from(&mut self, n: u8) {
        while !matches!(self.consensus.recv().await.unwrap(), Event::Disconnected(node) if node == key(n)) {}
    }

    fn state_of(&self, n: u8) -> NodeState {
        // A list that was given a moment ago may not be applied yet.
        let known = self.network.nodes().into_iter().find(|node| node.node == key(n));
        known.map_or(NodeState::Waiting, |known| known.state)
    }

    async fn stop(self) {
        self.stop.send_replace(true);
        self.task.await.unwrap().unwrap();
    }
}

/// Waits until something is so; a yield in between, for it is other tasks that make it so.
async fn until(what: impl Fn() -> bool) {
    let mut turn = tokio::time::interval(Duration::from_millis(5));
    while !what() {
        turn.tick().await;
    }
}

fn listed(nodes: &[(u8, &[String])]) -> BTreeMap<AccountId, Vec<String>> {
    nodes.iter().map(|(n, addresses)| (key(*n), addresses.to_vec())).collect()
}

/// Nodes 1 to `count`, all connected with each other; each dials those before it.
async fn mesh(count: u8) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    for n in 1..=count {
        nodes.push(Node::start(n, settings()).await);
    }
    let all: Vec<(u8, Vec<String>)> = (1..=count).zip(&nodes).map(|(n, node)| (n, vec![node.address()])).collect();
    for (n, node) in (1..=count).zip(&nodes) {
        let own = |(m, addresses): &(u8, Vec<String>)| (key(*m), if *m < n { addresses.clone() } else { vec![] });
        node.network.allow(all.iter().map(own).collect());
    }
    for node in &nodes {
        until(|| node.network.peers().len() == usize::from(count) - 1).await;
    }
    nodes
}
