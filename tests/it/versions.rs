//! A network that goes from one version of the protocol to the next: its nodes are brought to a newer program one after the other, under load, then they vote; who stayed
//! behind stops in time and goes on after its own update. `COFFER_PREVIOUS=PATH`: with the program of a previous build; docs/TESTING.md.

use std::sync::atomic::AtomicBool;
use std::thread;

use coffer_tests::build;
use coffer_tests::cluster::Cluster;
use coffer_tests::node::Build;
use serde_json::{Value, json};

use crate::cluster::{Stop, assert_once, load_on, number, tokens, work};
use crate::votes::network;

/// The version in the header of a block.
fn version(cluster: &Cluster, n: usize, height: u64) -> Value {
    cluster.node(n).client().call("chain_block", json!({"height": height}))["version"].clone()
}

#[test]
fn a_network_comes_to_a_new_version_node_by_node_under_load() {
    let blocks = number("COFFER_CLUSTER_BLOCKS", 3);
    let old = Build { program: std::env::var_os("COFFER_PREVIOUS").map(Into::into), known: Some(1) };
    let new = Build { program: None, known: Some(2) };
    // Built before the nodes have to wait for it.
    build::coffer();
    let mut cluster = Cluster::of(4, &old);
    let tokens = tokens(&cluster);
    let mut answered = load_on(&cluster, &[0, 1, 2, 3], &tokens, blocks);
    for restarted in 0..3 {
        let stop = AtomicBool::new(false);
        let others = (0..4).filter(|n| *n != restarted);
        let clients: Vec<_> =
            others.map(|n| (cluster.alice(n), cluster.node(n).account("bob"), &tokens[n].0)).collect();
        thread::scope(|scope| {
            let stop = &stop;
            let threads: Vec<_> = clients
                .iter()
                .map(|(client, bob, token)| scope.spawn(move || work(client, bob, token, false, stop)))
                .collect();
            let ending = Stop(stop);
            cluster.stop(restarted);
            cluster.try_restart(restarted, &new).expect("it starts");
            let head = cluster.head((restarted + 1) % 4);
            cluster.wait_for(&[restarted], head + blocks);
            drop(ending);
            answered.extend(threads.into_iter().flat_map(|thread| thread.join().expect("no panic")));
        });
    }
    assert!((0..4).all(|n| cluster.node(n).client().call("network_status", json!({}))["protocol"] == 1));

    // Who asks a node that would stop is told so.
    let refused = network(cluster.node(3), &["vote", "protocol", "2", "--in", "30"]).expect_err("a refusal");
    assert!(refused.contains("install a newer coffer there first"), "{refused}");
    let since = cluster.head(0) + 30;
    let proposed = network(cluster.node(0), &["vote", "protocol", "2", "--height", &since.to_string()]);
    assert_eq!(proposed.expect("a vote")["result"], json!(false));
    let number = cluster.node(0).client().call("network_proposals", json!({}))["items"][0]["number"].to_string();
    for (n, done) in [(1, false), (2, true)] {
        cluster.wait_for(&[n], cluster.head(n - 1));
        let voted = network(cluster.node(n), &["vote", "for", &number]).expect("a vote");
        assert_eq!(voted["result"], json!(done), "three of four organisations decide it");
    }
    cluster.wait_for(&[0, 1, 3], cluster.head(2));
    for n in 0..4 {
        let status = cluster.node(n).client().call("network_status", json!({}));
        assert_eq!(status["comingProtocol"], json!({"version": 2, "height": since}));
        let warned = status["warning"].as_str().is_some_and(|text| text.contains("install a newer coffer"));
        assert_eq!(warned, n == 3, "{status}");
    }

    // The three go over the height; the fourth stops before it.
    let three = [0, 1, 2];
    let left = since.saturating_sub(cluster.head(0)) + blocks;
    answered.extend(load_on(&cluster, &three, &tokens, left));
    let behind = cluster.end(3);
    let told = format!("from block {since} on the chain runs version 2 of the protocol");
    assert!(!behind.status.success() && behind.stderr.contains(&told), "{}", behind.stderr);
    assert!(behind.stderr.contains("this node will stop before that height"), "it was warned in the log");
    let again = cluster.try_restart(3, &old).expect_err("the old program cannot go on");
    assert!(again.stderr.contains(&told), "{}", again.stderr);
    cluster.try_restart(3, &new).expect("it goes on after its update");
    answered.extend(load_on(&cluster, &[0, 1, 2, 3], &tokens, blocks));
    let height = cluster.agree();
    assert_eq!((version(&cluster, 3, since - 1), version(&cluster, 3, since)), (json!(1), json!(2)));
    assert_once(&cluster, &answered);
    println!("version 2 from block {since} of {height}, {} answered calls", answered.len());
}
