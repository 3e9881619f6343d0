//! The one task that owns all connections: takes commands, dials who is due, applies the list of nodes. What comes from peers is in `events`.
//! Invariant: it never waits for anybody; whatever takes time is a future beside it, and each of these is bounded.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use coffer_abi::{AccountId, Hash};
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use libp2p::core::muxing::StreamMuxerBox;
use libp2p::core::transport::Transport;
use libp2p::core::upgrade::Version;
use libp2p::identity::Keypair;
use libp2p::multiaddr::Protocol;
use libp2p::request_response::{OutboundRequestId, ResponseChannel};
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{DialError, Swarm, SwarmEvent};
use libp2p::{Multiaddr, PeerId, gossipsub, noise, tcp, yamux};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior};
use zeroize::Zeroizing;

use super::address::Address;
use super::ask::Framed;
use super::behaviour::{Behaviour, protocol};
use super::counts::bump;
use super::directory::Directory;
use super::handle::{Command, Listed, Shared};
use super::identity::{node, peer_id};
use super::mailbox::Mailbox;
use super::traffic::Ledger;
use super::{AskError, Error, Network, Question, Routes, Settings, Topic, Verdict};

/// Commands that wait for the task.
const COMMANDS: usize = 1024;
/// What is told of why a dial failed.
const REASON: usize = 200;

/// What a dial leads to, or why there is nothing to dial.
type Resolved = (AccountId, Result<Vec<Multiaddr>, String>);
/// What was said of a message, and who passed it on.
type Judged = (gossipsub::MessageId, PeerId, Verdict);
/// The answer to a peer's question, if there is one.
type Answered = (ResponseChannel<Framed>, Option<Framed>);

/// Starts the network of a node: listens, and gives the handle and the task that drives it. The task ends by `stop`, or when every handle is
/// dropped.
///
/// # Errors
/// [`Error`]; nothing is left running.
pub async fn start(
    settings: Settings,
    mut key: Zeroizing<[u8; 32]>,
    chain_id: Hash,
    routes: Routes,
    stop: watch::Receiver<bool>,
) -> Result<(Network, impl Future<Output = Result<(), Error>> + Send), Error> {
    let keypair = Keypair::ed25519_from_bytes(&mut key[..]).map_err(|error| Error::Setup(error.to_string()))?;
    let me = node(&keypair.public().to_peer_id()).ok_or_else(|| Error::Setup("the node key is not ed25519".into()))?;
    let traffic = Ledger::default();
    let mut swarm = swarm(&keypair, &chain_id, &settings, traffic.clone())?;
    let directory = Directory::new(me, settings.timing, Instant::now());
    let shared = Arc::new(Shared::new(directory, &settings));
    if let Some(addr) = settings.listen {
        let bound = listen(&mut swarm, addr).await?;
        shared.listening.lock().unwrap_or_else(PoisonError::into_inner).push(bound);
    }
    let (commands, queue) = mpsc::channel(COMMANDS);
    // What is listed from the start, so that a first list which differs from it counts as a change.
    let bootstrap = settings.peers.iter().map(|(node, at)| (*node, at.iter().map(ToString::to_string).collect()));
    let (listed, changes) = watch::channel(bootstrap.collect::<Listed>());
    let network = Network::new(me, settings.clone(), commands, listed, Arc::clone(&shared));
    let mut task = Task {
        swarm,
        settings,
        protocol: protocol(&chain_id),
        traffic,
        shared,
        consensus: Mailbox::new(routes.consensus),
        transactions: Mailbox::new(routes.transactions),
        states: Mailbox::new(routes.states),
        payloads: Mailbox::new(routes.payloads),
        dials: FuturesUnordered::new(),
        verdicts: FuturesUnordered::new(),
        answers: FuturesUnordered::new(),
        asked: HashMap::new(),
    };
    let bootstrap = task.settings.peers.clone();
    task.list(bootstrap);
    Ok((network, task.run(queue, changes, stop)))
}

fn swarm(keypair: &Keypair, chain_id: &Hash, settings: &Settings, traffic: Ledger) -> Result<Swarm<Behaviour>, Error> {
    let noise = noise::Config::new(keypair).map_err(|error| Error::Setup(error.to_string()))?;
    let transport = tcp::tokio::Transport::new(tcp::Config::new().nodelay(true))
        .upgrade(Version::V1Lazy)
        .authenticate(noise)
        .multiplex(yamux::Config::default())
        .timeout(settings.timing.handshake)
        .boxed();
    let counted = move |(peer, muxer), _| (peer, StreamMuxerBox::new(traffic.counted(&peer, muxer)));
    let transport = Transport::map(transport, counted).boxed();
    let behaviour = Behaviour::new(keypair, chain_id, settings)?;
    // Connections with listed nodes stay, whether they are used or not.
    let config = libp2p::swarm::Config::with_tokio_executor().with_idle_connection_timeout(std::time::Duration::MAX);
    Ok(Swarm::new(transport, behaviour, keypair.public().to_peer_id(), config))
}

/// Listens, and tells where: the port may have been left to the system.
async fn listen(swarm: &mut Swarm<Behaviour>, addr: SocketAddr) -> Result<SocketAddr, Error> {
    let failed = |error| Error::Listen { addr, error };
    // The network library shares a port with whoever else shares it, which two nodes by one configuration would not notice.
    drop(std::net::TcpListener::bind(addr).map_err(failed)?);
    let other = |error: &dyn std::fmt::Display| failed(std::io::Error::other(error.to_string()));
    swarm.listen_on(multiaddr(addr)).map_err(|error| other(&error))?;
    loop {
        match swarm.select_next_some().await {
            SwarmEvent::NewListenAddr { address, .. } => {
                let bound = socket_addr(&address).ok_or_else(|| other(&address))?;
                // Of a wildcard every interface is told; the port is what matters.
                return Ok(if addr.ip().is_unspecified() { SocketAddr::new(addr.ip(), bound.port()) } else { bound });
            }
            SwarmEvent::ListenerError { error, .. } => return Err(failed(error)),
            SwarmEvent::ListenerClosed { reason: Err(error), .. } => return Err(failed(error)),
            _ => {}
        }
    }
}

fn multiaddr(addr: SocketAddr) -> Multiaddr {
    Multiaddr::from(addr.ip()).with(Protocol::Tcp(addr.port()))
}

/// The IP address and port at the start of an address.
pub(super) fn socket_addr(address: &Multiaddr) -> Option<SocketAddr> {
    let mut parts = address.iter();
    let ip: IpAddr = match parts.next()? {
        Protocol::Ip4(ip) => ip.into(),
        Protocol::Ip6(ip) => ip.into(),
        _ => return None,
    };
    match parts.next()? {
        Protocol::Tcp(port) => Some(SocketAddr::new(ip, port)),
        _ => None,
    }
}

/// A question that was sent.
pub(super) struct Asked {
    pub(super) peer: AccountId,
    pub(super) question: Question,
    pub(super) answer: oneshot::Sender<Result<Bytes, AskError>>,
}

/// The state of the task.
pub(super) struct Task {
    pub(super) swarm: Swarm<Behaviour>,
    pub(super) settings: Settings,
    /// What nodes of this chain say they speak.
    pub(super) protocol: String,
    traffic: Ledger,
    pub(super) shared: Arc<Shared>,
    pub(super) consensus: Mailbox,
    pub(super) transactions: Mailbox,
    pub(super) states: Mailbox,
    pub(super) payloads: Mailbox,
    dials: FuturesUnordered<BoxFuture<'static, Resolved>>,
    pub(super) verdicts: FuturesUnordered<BoxFuture<'static, Judged>>,
    pub(super) answers: FuturesUnordered<BoxFuture<'static, Answered>>,
    pub(super) asked: HashMap<OutboundRequestId, Asked>,
}

impl Task {
    async fn run(
        mut self,
        mut commands: mpsc::Receiver<Command>,
        mut listed: watch::Receiver<Listed>,
        mut stop: watch::Receiver<bool>,
    ) -> Result<(), Error> {
        let mut tick = tokio::time::interval(self.settings.timing.tick);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                // A closed channel means that the node is gone.
                _ = stop.wait_for(|stop| *stop) => return Ok(()),
                changed = listed.changed() => {
                    if changed.is_err() {
                        return Ok(());
                    }
                    let nodes = addresses(&listed.borrow_and_update());
                    self.list(nodes);
                }
                Some(command) = commands.recv() => self.obey(command),
                event = self.swarm.select_next_some() => self.on_event(event),
                Some((node, found)) = self.dials.next() => self.dial(node, found),
                Some((id, source, verdict)) = self.verdicts.next() => self.judge(&id, &source, verdict),
                Some((channel, answer)) = self.answers.next() => self.answer(channel, answer),
                _ = tick.tick() => self.tick(),
            }
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Publish { topic, body } => self.publish(topic, body),
            Command::Ask { peer, question, body, answer } => {
                let ready = self.shared.directory().is_ready(&peer);
                match peer_id(&peer).filter(|_| ready) {
                    Some(id) => {
                        let framed = Framed { kind: question, body };
                        let id = self.swarm.behaviour_mut().ask.send_request(&id, framed);
                        self.asked.insert(id, Asked { peer, question, answer });
                    }
                    // Whoever asked may have gone away.
                    None => drop(answer.send(Err(AskError::NotConnected(peer)))),
                }
            }
            Command::Misbehaved { peer, what } => {
                tracing::debug!(node = %peer, ?what, "a node misbehaved");
                self.shared.directory().punish(&peer, what.points());
                self.score();
            }
        }
    }

    fn publish(&mut self, topic: Topic, body: Bytes) {
        use gossipsub::PublishError::{AllQueuesFull, Duplicate, NoPeersSubscribedToTopic};
        match self.swarm.behaviour_mut().gossip.publish(topic.ident(), body) {
            // A transaction that came from a peer meanwhile is on its way already.
            Ok(_) | Err(Duplicate | NoPeersSubscribedToTopic) => {}
            Err(AllQueuesFull(_)) => bump(&self.shared.counters.unsent),
            Err(error) => {
                bump(&self.shared.counters.unsent);
                tracing::error!(?topic, %error, "a message could not be sent");
            }
        }
    }

    /// Lets exactly these nodes in.
    fn list(&mut self, nodes: BTreeMap<AccountId, Vec<Address>>) {
        self.traffic.keep(nodes.keys().filter_map(peer_id));
        let traffic = |node: &AccountId| peer_id(node).map(|peer| self.traffic.of(&peer)).unwrap_or_default();
        let replaced = self.shared.directory().replace(nodes, traffic, Instant::now());
        for node in &replaced.added {
            self.admit(node, true);
            self.shared.requests().forget(node);
        }
        for (node, was_connected) in replaced.removed {
            self.admit(&node, false);
            tracing::info!(%node, "a node may not connect any more");
            if was_connected {
                self.tell(node, false);
            }
        }
    }

    /// Opens or shuts the gate for a node; shutting closes its connections at once.
    fn admit(&mut self, node: &AccountId, may: bool) {
        let Some(peer) = peer_id(node) else { return };
        let gate = &mut self.swarm.behaviour_mut().gate;
        if may {
            gate.allow_peer(peer)
        } else {
            gate.disallow_peer(peer)
        };
    }

    /// Tells both readers that a node connected or went.
    pub(super) fn tell(&mut self, node: AccountId, connected: bool) {
        tracing::info!(%node, "{}", if connected { "connected" } else { "disconnected" });
        self.consensus.tell(node, connected);
        self.transactions.tell(node, connected);
    }

    fn tick(&mut self) {
        let now = Instant::now();
        self.consensus.settle();
        self.transactions.settle();
        let (mute, due, forgiven) = {
            let mut directory = self.shared.directory();
            let forgiven = directory.forgiven(now);
            (directory.mute(now), directory.due(now), forgiven)
        };
        for node in mute {
            let _ = peer_id(&node).map(|peer| self.swarm.disconnect_peer_id(peer));
        }
        for node in forgiven {
            self.admit(&node, true);
        }
        for (node, addresses) in due {
            let (resolver, patience) = (self.settings.resolver.clone(), self.settings.timing.ready);
            self.dials.push(Box::pin(async move {
                let resolving = resolve(&addresses, &resolver);
                let found = tokio::time::timeout(patience, resolving).await;
                (node, found.unwrap_or_else(|_| Err("its name was not resolved in time".into())))
            }));
        }
        self.score();
    }

    /// Cuts the nodes that have no points left.
    pub(super) fn score(&mut self) {
        let gossip = &self.swarm.behaviour().gossip;
        // A score is 0 or below; the cast saturates.
        let taken = |node: &AccountId| peer_id(node).and_then(|peer| gossip.peer_score(&peer)).map_or(0, |s| -s as u32);
        let cut = self.shared.directory().score(taken, Instant::now());
        for node in cut {
            tracing::warn!(%node, "a node sent too much that it must not send: it is cut for a while");
            bump(&self.shared.counters.cuts);
            self.admit(&node, false);
        }
    }

    fn dial(&mut self, node: AccountId, found: Result<Vec<Multiaddr>, String>) {
        let addresses = match found {
            Ok(addresses) => addresses,
            Err(why) => return self.dial_failed(&node, &why),
        };
        let Some(peer) = peer_id(&node) else { return };
        let dialled = DialOpts::peer_id(peer)
            .condition(PeerCondition::DisconnectedAndNotDialing)
            .addresses(addresses)
            .allocate_new_port()
            .build();
        match self.swarm.dial(dialled) {
            // It connected by itself meanwhile.
            Ok(()) | Err(DialError::DialPeerConditionFalse(_)) => {}
            Err(error) => self.dial_failed(&node, &error.to_string()),
        }
    }

    pub(super) fn dial_failed(&mut self, node: &AccountId, why: &str) {
        tracing::debug!(%node, why, "a node cannot be reached");
        let why = why.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(REASON).collect();
        self.shared.directory().failed(node, why, Instant::now());
    }
}

/// What listed addresses mean; one that means nothing is passed over.
fn addresses(listed: &Listed) -> BTreeMap<AccountId, Vec<Address>> {
    let meaning = |(node, texts): (&AccountId, &Vec<String>)| {
        let parsed = texts.iter().filter_map(|text| match text.parse() {
            Ok(address) => Some(address),
            Err(error) => {
                tracing::warn!(%node, address = text, %error, "an address of a node is passed over");
                None
            }
        });
        (*node, parsed.collect())
    };
    listed.iter().map(meaning).collect()
}

async fn resolve(addresses: &[Address], resolver: &super::Resolver) -> Result<Vec<Multiaddr>, String> {
    let (mut found, mut why) = (Vec::new(), String::new());
    for address in addresses {
        match address.resolve(resolver).await {
            Ok(resolved) => found.extend(resolved.into_iter().map(multiaddr)),
            Err(error) => why = format!("{address}: {error}"),
        }
    }
    if found.is_empty() { Err(why) } else { Ok(found) }
}
