//! A listed peer that speaks the nodes' protocols by itself sends parts that are longer than a part may be. Each node names it and cuts it, and they go on.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use coffer_chain::SigningKey;
use coffer_tests::cluster::Cluster;
use futures::StreamExt;
use libp2p::core::transport::Transport;
use libp2p::core::upgrade::Version;
use libp2p::identity::Keypair;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::{Config, NetworkBehaviour, Swarm, SwarmEvent};
use libp2p::{Multiaddr, PeerId, gossipsub, identify, noise, ping, tcp, yamux};
use serde_json::{Value, json};

use super::{assert_once, grow, load, tokens, while_working};

/// Bytes of the longest part.
const MAX_PART: usize = 4 << 20;
/// How long it may take until all have cut the peer.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two parts: time for one to arrive, so that this peer does not drown in what it sends.
const PAUSE: Duration = Duration::from_secs(3);
const SEED: [u8; 32] = [0xb1; 32];

#[derive(NetworkBehaviour)]
struct Raw {
    identify: identify::Behaviour,
    gossip: gossipsub::Behaviour,
    /// Whoever does not answer it is disconnected.
    ping: ping::Behaviour,
}

/// A peer that bounds nothing.
fn raw(chain: &str) -> Swarm<Raw> {
    let keypair = Keypair::ed25519_from_bytes(SEED).expect("a key");
    let protocol = format!("/coffer/1/{}", chain.trim_start_matches("0x"));
    let transport = tcp::tokio::Transport::new(tcp::Config::new().nodelay(true))
        .upgrade(Version::V1Lazy)
        .authenticate(noise::Config::new(&keypair).expect("noise"))
        .multiplex(yamux::Config::default())
        .boxed();
    let config = gossipsub::ConfigBuilder::default()
        .protocol_id_prefix(protocol.clone())
        .flood_publish(true)
        .max_transmit_size(16 << 20)
        .publish_queue_duration(PATIENCE)
        .build()
        .expect("settings");
    let signed = gossipsub::MessageAuthenticity::Signed(keypair.clone());
    let mut gossip: gossipsub::Behaviour = gossipsub::Behaviour::new(signed, config).expect("gossip");
    // Whoever does not hear all of them counts as mute.
    for topic in ["consensus", "liveness", "parts", "transactions"] {
        gossip.subscribe(&gossipsub::IdentTopic::new(topic)).expect("a topic");
    }
    let identify = identify::Behaviour::new(identify::Config::new(protocol, keypair.public()));
    let config = Config::with_tokio_executor().with_idle_connection_timeout(PATIENCE);
    Swarm::new(
        transport,
        Raw { identify, gossip, ping: ping::Behaviour::default() },
        keypair.public().to_peer_id(),
        config,
    )
}

fn parts() -> gossipsub::IdentTopic {
    gossipsub::IdentTopic::new("parts")
}

/// Sends parts of this length to these nodes until each of them has closed the connection.
async fn send(targets: &[SocketAddr], chain: &str, length: usize) {
    let mut swarm = raw(chain);
    for target in targets {
        let address = Multiaddr::from(target.ip()).with(Protocol::Tcp(target.port()));
        swarm.dial(address).expect("a dial");
    }
    let (mut listening, mut cut) = (BTreeSet::<PeerId>::new(), BTreeSet::new());
    let mut turns = tokio::time::interval(PAUSE);
    turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while cut.len() < targets.len() {
        tokio::select! {
            event = swarm.select_next_some() => match event {
                SwarmEvent::Behaviour(RawEvent::Gossip(gossipsub::Event::Subscribed { peer_id, topic })) if topic == parts().hash() => {
                    listening.insert(peer_id);
                }
                SwarmEvent::ConnectionClosed { peer_id, .. } if listening.contains(&peer_id) => {
                    cut.insert(peer_id);
                }
                // A node that has the block of the approval may not have taken the list from it yet.
                SwarmEvent::ConnectionClosed { endpoint, .. } => {
                    swarm.dial(endpoint.get_remote_address().clone()).expect("a dial");
                }
                SwarmEvent::OutgoingConnectionError { error, .. } => panic!("{error}"),
                _ => {}
            },
            _ = turns.tick(), if listening.len() == targets.len() => {
                // Those that are still there; once nobody is, the end is near.
                let _ = swarm.behaviour_mut().gossip.publish(parts(), vec![0; length]);
            }
        }
    }
}

fn asked(cluster: &Cluster, n: usize, method: &str) -> Value {
    cluster.node(n).client().call(method, json!({}))
}

#[test]
fn a_peer_that_sends_parts_above_the_bound_is_named_and_cut_and_the_others_go_on() {
    let mut cluster = Cluster::start(4);
    let tokens = tokens(&cluster);
    let mut answered = load(&mut cluster, &tokens, 2);
    let key = SigningKey::from_seed(&SEED).account().to_string();
    cluster.network(0, &["approve", &key]);
    cluster.agree();
    let status = |n: usize| asked(&cluster, n, "network_status");
    let address = |n: usize| status(n)["listening"][0].as_str().expect("an address").parse().expect("an address");
    let targets: Vec<SocketAddr> = (0..4).map(address).collect();
    let chain = status(0)["chainId"].as_str().expect("a chain").to_owned();
    answered.extend(while_working(&mut cluster, &tokens, |cluster| {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
        let sent =
            runtime.block_on(async { tokio::time::timeout(PATIENCE, send(&targets, &chain, MAX_PART + 1)).await });
        assert!(sent.is_ok(), "not cut by all after {PATIENCE:?}");
        grow(cluster, 3);
    }));
    for n in 0..4 {
        let log = cluster.node(n).stderr();
        let named = log.lines().any(|line| {
            line.contains("no honest node sends") && line.contains(&key) && line.contains(&(MAX_PART + 1).to_string())
        });
        assert!(named, "node {n} does not name it: {log}");
        let peers = asked(&cluster, n, "network_peers");
        let peers = peers.as_array().expect("peers");
        let states: Vec<_> = peers.iter().map(|peer| (peer["node"] == key.as_str(), &peer["state"])).collect();
        assert!(states.contains(&(true, &json!("cut"))), "{states:?}");
        let others = states.iter().filter(|state| **state == (false, &json!("connected"))).count();
        assert_eq!(others, 3, "honest nodes keep each other: {states:?}");
    }
    answered.extend(load(&mut cluster, &tokens, 2));
    cluster.agree();
    assert_once(&cluster, &answered);
}
