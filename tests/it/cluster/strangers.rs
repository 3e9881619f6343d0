//! A thousand strangers dial one of four nodes, each with a key of its own that it proves. Members are served meanwhile, one that was away gets in
//! again, and the strangers leave no more than their share of the table.

use std::net::SocketAddr;
use std::time::Duration;

use coffer::network::{NodeState, Routes, Settings, Timing, start};
use coffer_tests::cluster::Cluster;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use zeroize::Zeroizing;

use super::{assert_once, grow, tokens, while_working};

const STRANGERS: u32 = 1_000;
/// That dial at the same time.
const AT_ONCE: u32 = 50;
/// What the table holds of one address.
const OF_ONE_ADDRESS: usize = 16;

/// Dials until the other side has refused this key.
async fn knock(number: u32, target: SocketAddr, node: &str, chain: &str) {
    let mut key = Zeroizing::new([0xee; 32]);
    key[..4].copy_from_slice(&number.to_le_bytes());
    let (node, chain) = (node.parse().expect("a key"), chain.parse().expect("a chain"));
    let timing = Timing { retry_first: Duration::from_millis(50), ..Timing::default() };
    let settings =
        Settings { listen: None, peers: [(node, vec![target.into()])].into(), timing, ..Settings::default() };
    let closed = || mpsc::channel(1).0;
    let routes = Routes { consensus: closed(), states: closed(), transactions: closed(), payloads: closed() };
    let (_stop, stopped) = watch::channel(false);
    let (network, task) = start(settings, key, chain, routes, stopped).await.expect("it starts");
    let mut looks = tokio::time::interval(Duration::from_millis(5));
    let refused = async {
        while network.nodes().first().is_none_or(|known| known.state != NodeState::AwaitingApproval) {
            looks.tick().await;
        }
    };
    tokio::select! {
        ended = task => panic!("{ended:?}"),
        () = refused => {}
    }
}

/// All of them, one crowd after the other.
fn flood(target: SocketAddr, node: &str, chain: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        for crowd in 0..STRANGERS / AT_ONCE {
            let numbers = crowd * AT_ONCE..(crowd + 1) * AT_ONCE;
            futures::future::join_all(numbers.map(|number| knock(number, target, node, chain))).await;
        }
    });
}

fn asked(cluster: &Cluster, n: usize, method: &str) -> Value {
    cluster.node(n).client().call(method, json!({}))
}

fn is_connected(cluster: &Cluster, n: usize, other: &Value) -> bool {
    let peers = asked(cluster, n, "network_peers");
    peers.as_array().is_some_and(|peers| peers.iter().any(|p| p["node"] == *other && p["state"] == "connected"))
}

#[test]
fn a_thousand_strangers_dial_and_members_are_served() {
    let mut cluster = Cluster::start(4);
    let tokens = tokens(&cluster);
    let status = asked(&cluster, 0, "network_status");
    let text = |name: &str| status[name].as_str().expect("text").to_owned();
    let (node, chain) = (text("node"), text("chainId"));
    let target: SocketAddr = status["listening"][0].as_str().expect("an address").parse().expect("an address");
    let flood = std::thread::spawn(move || flood(target, &node, &chain));
    let answered = while_working(&mut cluster, &tokens, |cluster| {
        let other = cluster.node(3).ready["node"].clone();
        cluster.kill(3);
        cluster.restart(3);
        while !is_connected(cluster, 0, &other) {
            std::thread::yield_now();
        }
        let before = cluster.head(0);
        while !flood.is_finished() {
            grow(cluster, 1);
        }
        println!("{} blocks during the flood", cluster.head(0) - before);
    });
    flood.join().expect("all were refused");
    let status = asked(&cluster, 0, "network_status");
    assert!(status["refusedDials"].as_u64() >= Some(u64::from(STRANGERS)), "{status}");
    assert_eq!((&status["known"], &status["connected"], &status["cuts"]), (&json!(3), &json!(3), &json!(0)));
    let requests = asked(&cluster, 0, "network_joinRequests");
    assert_eq!(requests.as_array().map(Vec::len), Some(OF_ONE_ADDRESS));
    cluster.agree();
    assert_once(&cluster, &answered);
}
