//! Several real nodes of one chain on this machine: made by `coffer testnet`, each a `coffer run` process of its own, killed and started
//! again as a story wants. Not here: what they are asked to do. Invariant: every wait has an end, and says how far each node was.

use std::ffi::OsString;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::build;
use crate::namespaces::Hosts;
use crate::node::{Build, Ended, Node, Run};
use crate::relay::{Relay, Weather};
use crate::rpc::Client;

/// How long nodes may take to come to what a story waits for.
const PATIENCE: Duration = Duration::from_secs(60);

/// The nodes, by number from 0.
pub struct Cluster {
    folder: tempfile::TempDir,
    nodes: Vec<Option<Node>>,
    relays: Vec<Relay>,
    hosts: Option<Hosts>,
    build: Build,
}

impl Cluster {
    /// `count` validators of as many organisations, all running.
    pub fn start(count: usize) -> Self {
        Self::of(count, &Build::default())
    }

    /// The same with that program.
    pub fn of(count: usize, build: &Build) -> Self {
        Self::stopped(count, build).running_all()
    }

    /// The same, none running yet.
    pub fn stopped(count: usize, build: &Build) -> Self {
        let listen = free_ports(count);
        Self::prepare(&listen, &listen, build)
    }

    /// The same over bad wires: every connection to a node goes over its relay.
    pub fn over(count: usize, weather: Weather) -> Self {
        let listen = free_ports(count);
        let relays: Vec<Relay> = (1..).zip(&listen).map(|(n, at)| Relay::to(*at, weather, n)).collect();
        let public: Vec<SocketAddr> = relays.iter().map(Relay::addr).collect();
        let cluster = Self::prepare(&listen, &public, &Build::default());
        Self { relays, ..cluster }.running_all()
    }

    /// The same on hosts of their own.
    pub fn on(hosts: Hosts) -> Self {
        let listen: Vec<SocketAddr> = (0..hosts.len()).map(|n| hosts.peer_addr(n)).collect();
        let mut cluster = Self::prepare(&listen, &listen, &Build::default());
        for n in 0..hosts.len() {
            set(&cluster.config(n), "rpc", hosts.client_addr(n));
        }
        cluster.hosts = Some(hosts);
        cluster.running_all()
    }

    /// The folders of the nodes, nothing running. Peers dial `public`.
    fn prepare(listen: &[SocketAddr], public: &[SocketAddr], build: &Build) -> Self {
        let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("no folder: {e}"));
        let mut command = Command::new(build.path());
        build::clean(&mut command);
        command.arg("testnet").arg(listen.len().to_string()).arg(folder.path().join("net"));
        for addr in public {
            command.args(["--address", &addr.to_string()]);
        }
        let made = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
        assert!(made.status.success(), "{command:?}: {}", String::from_utf8_lossy(&made.stderr));
        let nodes = listen.iter().map(|_| None).collect();
        let cluster = Self { folder, nodes, relays: Vec::new(), hosts: None, build: build.clone() };
        for (n, addr) in listen.iter().enumerate() {
            set(&cluster.config(n), "network", *addr);
            set(&cluster.config(n), "rpc", SocketAddr::from(([127, 0, 0, 1], 0)));
        }
        cluster
    }

    /// Starts all of them.
    pub fn running_all(mut self) -> Self {
        (0..self.len()).for_each(|n| self.restart(n));
        self
    }

    /// The folder of one more node, approved by the organisation of node 0 as a follower, not running; its number. It has no accounts.
    ///
    /// # Panics
    /// When a command fails, with what it said.
    pub fn join(&mut self) -> usize {
        let (number, listen) = (self.len(), free_ports(1)[0]);
        let (home, genesis) = (self.home(number), self.home(0).join("data/genesis"));
        let mut init = Command::new(build::coffer());
        init.args(["init", "--json", "--test-network", "--listen", &listen.to_string(), "--data"])
            .arg(&home)
            .arg("--genesis")
            .arg(genesis);
        build::clean(&mut init);
        let made = init.output().unwrap_or_else(|e| panic!("{init:?}: {e}"));
        assert!(made.status.success(), "{init:?}: {}", String::from_utf8_lossy(&made.stderr));
        let made: Value = serde_json::from_slice(&made.stdout).unwrap_or_else(|e| panic!("{init:?}: {e}"));
        let key = made["node"].as_str().unwrap_or_else(|| panic!("no key: {made}")).to_owned();
        self.network(0, &["approve", &key, "--address", &listen.to_string()]);
        self.nodes.push(None);
        set(&self.config(number), "rpc", SocketAddr::from(([127, 0, 0, 1], 0)));
        let peer = |n: &usize| {
            let key = self.node(*n).ready["node"].clone();
            let address = self.node(*n).client().call("network_status", json!({}))["listening"][0].clone();
            format!("[[network.peers]]\nkey = {key}\naddresses = [{address}]\n")
        };
        let peers: String = self.running().iter().map(peer).collect();
        let text = std::fs::read_to_string(self.config(number)).unwrap_or_else(|e| panic!("settings: {e}"));
        std::fs::write(self.config(number), text + &peers).unwrap_or_else(|e| panic!("settings: {e}"));
        number
    }

    /// `coffer network` with these words at a node; what it printed.
    ///
    /// # Panics
    /// When it fails, with what it said.
    pub fn network(&self, n: usize, words: &[&str]) -> Value {
        self.try_network(n, words).unwrap_or_else(|said| panic!("coffer network {words:?}: {said}"))
    }

    /// `coffer network` with these words at a node; what it printed.
    ///
    /// # Errors
    /// What it said when it failed.
    pub fn try_network(&self, n: usize, words: &[&str]) -> Result<Value, String> {
        let mut command = Command::new(build::coffer());
        build::clean(&mut command);
        command.arg("network").args(words).args(["--json", "--url", &format!("http://{}", self.node(n).addr())]);
        let done = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
        if done.status.success() {
            return Ok(serde_json::from_slice(&done.stdout).unwrap_or(Value::Null));
        }
        Err(String::from_utf8_lossy(&done.stderr).into_owned())
    }

    /// The hosts.
    ///
    /// # Panics
    /// When the nodes have none of their own.
    pub fn hosts(&self) -> &Hosts {
        self.hosts.as_ref().unwrap_or_else(|| panic!("these nodes share the machine's network"))
    }

    /// The settings of a node.
    pub fn config(&self, n: usize) -> PathBuf {
        self.home(n).join("coffer.toml")
    }

    /// The data folder of a node of the first ones.
    pub fn data(&self, n: usize) -> PathBuf {
        self.home(n).join("data")
    }

    fn home(&self, n: usize) -> PathBuf {
        self.folder.path().join("net").join(format!("node-{}", n + 1))
    }

    /// How many there are, running or not.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Starts a node that does not run.
    pub fn restart(&mut self, n: usize) {
        let build = self.build.clone();
        self.try_restart(n, &build).unwrap_or_else(|ended| panic!("node {n} did not start: {ended:?}"));
    }

    /// The same with that program.
    ///
    /// # Errors
    /// What it left behind when it ended instead.
    pub fn try_restart(&mut self, n: usize, build: &Build) -> Result<(), Ended> {
        assert!(self.nodes[n].is_none(), "node {n} runs already");
        let run = Run::config(&self.config(n)).on(self.hosts.as_ref().map(|_| n)).build(build);
        self.nodes[n] = Some(run.try_start()?);
        Ok(())
    }

    /// Waits until a node has ended by itself.
    pub fn end(&mut self, n: usize) -> Ended {
        self.nodes[n].take().unwrap_or_else(|| panic!("node {n} does not run")).end()
    }

    /// Starts a node with this in its environment.
    pub fn restart_with(&mut self, n: usize, environment: &[(OsString, OsString)]) {
        assert!(self.nodes[n].is_none(), "node {n} runs already");
        let run = Run::config(&self.config(n)).build(&self.build).environment(environment);
        self.nodes[n] = Some(run.on(self.hosts.as_ref().map(|_| n)).start());
    }

    /// Ends a node at once, as a power cut would.
    pub fn kill(&mut self, n: usize) -> Ended {
        self.nodes[n].take().unwrap_or_else(|| panic!("node {n} does not run")).kill()
    }

    /// Ends a node in order.
    pub fn stop(&mut self, n: usize) -> Ended {
        self.nodes[n].take().unwrap_or_else(|| panic!("node {n} does not run")).stop()
    }

    /// A node that runs.
    pub fn node(&self, n: usize) -> &Node {
        self.nodes[n].as_ref().unwrap_or_else(|| panic!("node {n} does not run"))
    }

    /// The wire to a node.
    pub fn relay(&self, n: usize) -> &Relay {
        &self.relays[n]
    }

    /// Somebody in PS1 of a node, acting as its `alice`.
    pub fn alice(&self, n: usize) -> Client {
        self.node(n).tenant("PS1")
    }

    /// The numbers of those that run.
    pub fn running(&self) -> Vec<usize> {
        (0..self.len()).filter(|n| self.nodes[*n].is_some()).collect()
    }

    /// The head of a node's chain.
    pub fn head(&self, n: usize) -> u64 {
        let head = self.node(n).client().call("chain_head", json!({}));
        head["height"].as_u64().unwrap_or_else(|| panic!("node {n} tells no height: {head}"))
    }

    /// Waits until these nodes have a head of at least `height`.
    ///
    /// # Panics
    /// When one does not get there in time.
    pub fn wait_for(&self, nodes: &[usize], height: u64) {
        let begun = Instant::now();
        loop {
            let heads: Vec<u64> = nodes.iter().map(|n| self.head(*n)).collect();
            if heads.iter().all(|head| *head >= height) {
                return;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "nodes {nodes:?} are at {heads:?} and not at {height} after {PATIENCE:?}"
            );
        }
    }

    /// Makes sure that the running nodes have the same blocks, roots and receipts at every height up to the highest head, and returns it.
    ///
    /// # Panics
    /// When two differ, or one does not catch up in time.
    pub fn agree(&self) -> u64 {
        let running = self.running();
        let height = running.iter().map(|n| self.head(*n)).max().unwrap_or_default();
        self.wait_for(&running, height);
        let (first, others) = running.split_first().unwrap_or_else(|| panic!("no node runs"));
        for at in 0..=height {
            let expected = self.told(*first, at);
            for n in others {
                assert_eq!(self.told(*n, at), expected, "nodes {first} and {n} at height {at}");
            }
        }
        height
    }

    /// What a node tells of a height.
    fn told(&self, n: usize, height: u64) -> Value {
        // PS2 is party to nothing, so that all nodes give it the public receipt.
        let client = self.node(n).tenant("PS2");
        let block = client.call("chain_block", json!({ "height": height }));
        let receipts = transactions(&block).map(|tx| client.call("tx_receipt", json!({ "tx": tx })));
        let receipts: Vec<Value> = receipts.collect();
        json!({ "block": block, "receipts": receipts })
    }
}

/// The ids of a block's transactions.
pub fn transactions(block: &Value) -> impl Iterator<Item = Value> {
    block["transactions"].as_array().into_iter().flatten().map(|tx| tx["tx"].clone())
}

/// Ports that are free now.
///
/// # Panics
/// When there are none.
pub fn free_ports(count: usize) -> Vec<SocketAddr> {
    let held: Vec<TcpListener> =
        (0..count).map(|_| TcpListener::bind("127.0.0.1:0").unwrap_or_else(|e| panic!("no port: {e}"))).collect();
    held.iter().map(|port| port.local_addr().unwrap_or_else(|e| panic!("a port without an address: {e}"))).collect()
}

/// Where a node listens to its peers (`network`) or its clients (`rpc`).
fn set(config: &Path, table: &str, listen: SocketAddr) {
    let text = std::fs::read_to_string(config).unwrap_or_else(|e| panic!("{}: {e}", config.display()));
    let mut settings: toml::Table = text.parse().unwrap_or_else(|e| panic!("{}: {e}", config.display()));
    let table = settings.entry(table).or_insert_with(|| toml::Table::new().into());
    if let Some(table) = table.as_table_mut() {
        table.insert("listen".to_owned(), listen.to_string().into());
    }
    std::fs::write(config, settings.to_string()).unwrap_or_else(|e| panic!("{}: {e}", config.display()));
}
