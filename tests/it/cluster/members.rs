//! Who takes part changes while the chain goes on: a restart of each, a follower from nothing, a validator that comes and leaves.

use std::thread;
use std::time::{Duration, Instant};

use coffer_tests::cluster::Cluster;
use serde_json::{Value, json};

use super::{assert_once, grow, load, number, tokens, while_working};
use crate::proofs::proof;
use crate::token;

/// How long what a story waits for may take.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn each_is_restarted_in_turn_and_the_chain_goes_on() {
    let mut cluster = Cluster::start(4);
    let tokens = tokens(&cluster);
    let mut answered = Vec::new();
    for n in 0..4 {
        answered.extend(while_working(&mut cluster, &tokens, |cluster| {
            grow(cluster, 2);
            let ended = cluster.stop(n);
            assert!(ended.status.success(), "node {n} did not stop in order: {ended:?}");
            // The others do not wait for it.
            grow(cluster, 2);
            cluster.restart(n);
            grow(cluster, 2);
        }));
    }
    cluster.agree();
    assert_once(&cluster, &answered);
}

#[test]
fn a_follower_from_nothing_catches_up_and_keeps_up() {
    let behind = number("COFFER_CLUSTER_BEHIND", 60);
    let mut cluster = Cluster::start(2);
    let tokens = tokens(&cluster);
    let mut answered = load(&mut cluster, &tokens, behind);
    let follower = cluster.join();
    let (head, begun) = (cluster.head(0), Instant::now());
    answered.extend(while_working(&mut cluster, &tokens, |cluster| {
        cluster.restart(follower);
        cluster.wait_for(&[follower], head);
        println!("{head} blocks in {:.1?}", begun.elapsed());
        // It follows while the others go on.
        let newest = cluster.head(0);
        cluster.wait_for(&[follower], newest + 3);
    }));
    cluster.agree();
    assert_once(&cluster, &answered);
    assert_eq!(validators(&cluster, follower).len(), 2);
}

#[test]
fn a_validator_comes_decides_and_leaves_while_the_chain_goes_on() {
    let mut cluster = Cluster::start(3);
    let tokens = tokens(&cluster);
    let mut answered = load(&mut cluster, &tokens, 3);
    let new = cluster.join();
    let mut key = Value::Null;
    answered.extend(while_working(&mut cluster, &tokens, |cluster| {
        cluster.restart(new);
        key = cluster.node(new).ready["node"].clone();
        assert!(!validators(cluster, 0).contains(&key), "an approval makes no validator");
        let text = key.as_str().expect("a key");
        // An activation is good for two blocks, and the chain does not wait for it.
        until(|| validators(cluster, 0).contains(&key) || cluster.try_network(new, &["activate"]).is_ok());
        until(|| validators(cluster, 0).contains(&key));
        let since = cluster.head(0);
        until(|| (since..=cluster.head(0)).any(|height| proposer(cluster, height) == key));
        cluster.network(0, &["deactivate", text]);
        assert!(!validators(cluster, 0).contains(&key));
        grow(cluster, 3);
        let head = cluster.head(0);
        cluster.wait_for(&[new], head);
    }));
    cluster.agree();
    answered.extend(while_working(&mut cluster, &tokens, |cluster| {
        cluster.network(0, &["remove", key.as_str().expect("a key")]);
        until(|| (0..3).all(|n| !peers(cluster, n).contains(&key)));
        grow(cluster, 3);
    }));
    cluster.stop(new);
    cluster.agree();
    assert_once(&cluster, &answered);
    assert_proved(&cluster);
}

#[test]
fn a_node_that_leaves_is_gone_and_its_organisation_cannot_have_it_back() {
    let mut cluster = Cluster::start(2);
    let new = cluster.join();
    cluster.restart(new);
    let head = cluster.head(0);
    cluster.wait_for(&[new], head);
    let key = cluster.node(new).ready["node"].clone();
    let known = |cluster: &Cluster, n: usize| {
        let told = cluster.node(n).client().call("network_nodes", json!({}));
        told["items"].as_array().into_iter().flatten().any(|node| node["node"] == key)
    };
    assert!(known(&cluster, 0) && peers(&cluster, 0).contains(&key));
    // The others may cut it off before they have told it the block in which it left; then the command says that it does not know.
    if let Err(told) = cluster.try_network(new, &["leave"]) {
        assert!(told.contains("transaction 0x"), "{told}");
    }
    until(|| (0..2).all(|n| !known(&cluster, n) && !peers(&cluster, n).contains(&key)));
    let text = key.as_str().expect("a key");
    let refused = cluster.try_network(0, &["approve", text]).expect_err("a refusal");
    assert!(refused.contains("Left"), "{refused}");
    cluster.stop(new);
    token::deploy(&cluster.alice(1), false);
    cluster.agree();
}

/// That the genesis alone leads to the newest block, over the two blocks after which others decided.
fn assert_proved(cluster: &Cluster) {
    let (head, url) =
        (cluster.node(0).client().call("chain_head", json!({})), format!("http://{}", cluster.node(0).addr()));
    let file = cluster.data(0).join("chain.json");
    let (file, genesis) = (file.to_str().expect("a name"), cluster.data(1).join("genesis"));
    let height = head["height"].to_string();
    let (done, _, error) = proof(&["chain", "--height", &height, "-o", file, "--url", &url]);
    assert!(done, "{error}");
    let verify = || proof(&["verify", file, "--genesis", genesis.to_str().expect("a name")]);
    let (done, text, error) = verify();
    assert!(done && text.contains("handovers on the way: 2"), "{text}{error}");
    assert!(text.contains(head["hash"].as_str().expect("a hash")), "{text}");
    let mut proof: Value = serde_json::from_str(&std::fs::read_to_string(file).expect("the proof")).expect("JSON");
    proof["handovers"].as_array_mut().expect("a list").remove(0);
    std::fs::write(file, proof.to_string()).expect("written");
    let (done, _, error) = verify();
    assert!(!done && error.contains("which is not the one trusted"), "{error}");
}

/// Who decides the next block, as a node has it.
fn validators(cluster: &Cluster, n: usize) -> Vec<Value> {
    let told = cluster.node(n).client().call("network_validators", json!({}));
    told["validators"].as_array().into_iter().flatten().map(|validator| validator["node"].clone()).collect()
}

/// Whom a node may be connected with.
fn peers(cluster: &Cluster, n: usize) -> Vec<Value> {
    let told = cluster.node(n).client().call("network_peers", json!({}));
    told.as_array().into_iter().flatten().map(|peer| peer["node"].clone()).collect()
}

fn proposer(cluster: &Cluster, height: u64) -> Value {
    cluster.node(0).client().call("chain_block", json!({ "height": height }))["proposer"].clone()
}

fn until(mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "it is not so after {PATIENCE:?}");
        thread::yield_now();
    }
}
