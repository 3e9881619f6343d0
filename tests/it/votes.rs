//! What organisations decide together, as their operators do it: parameters of the chain, organisations that join and are suspended.

use std::process::Command;
use std::time::{Duration, Instant};

use coffer_tests::build;
use coffer_tests::cluster::Cluster;
use coffer_tests::node::{Dev, Node};
use serde_json::{Value, json};

use crate::token;

/// How long what a story waits for may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// `coffer network ...` at a node: what it said, or why it failed.
pub fn network(node: &Node, args: &[&str]) -> Result<Value, String> {
    let mut command = Command::new(build::coffer());
    build::clean(&mut command);
    let url = format!("http://{}", node.addr());
    let output = command.arg("network").args(args).args(["--url", &url, "--json"]).output().expect("it starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if !output.status.success() {
        return Err(text(&output.stderr));
    }
    Ok(serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", text(&output.stdout))))
}

#[test]
fn parameters_change_by_a_vote_and_hold_for_the_next_block() {
    let node = Dev::new().seed(31).start();
    let alice = node.tenant("PS1");
    let before = network(&node, &["parameters"]).expect("parameters");
    assert_eq!(before["maxTxGas"], 1_000_000_000u64);
    let voted = network(&node, &["vote", "parameters", "--max-tx-gas", "300000000"]).expect("a vote");
    assert_eq!(voted["result"], json!(true), "a single organisation decides by itself");
    let now = alice.call("chain_parameters", json!({}));
    assert_eq!((&now["maxTxGas"], &now["maxBlockGas"]), (&json!(300_000_000), &before["maxBlockGas"]));

    // What was allowed before is refused now, public and private, and what the node gives by itself fits.
    let (public, private) = (token::deploy(&alice, false), token::deploy(&alice, true));
    let bob = node.account("bob");
    for (contract, private) in [(&public, false), (&private, true)] {
        let mut transfer = json!({
            "contract": contract, "method": "transfer", "args": {"to": bob, "amount": 1}, "private": private,
            "gasLimit": 300_000_001,
        });
        let refused = alice.fail("contract_call", transfer.clone());
        assert!(refused.text().contains("300000000"), "{}", refused.text());
        transfer["gasLimit"] = json!(300_000_000);
        alice.call("contract_call", transfer);
    }
    for (args, told) in [
        (&["--max-tx-gas", "1"][..], "250000000 to 4000000000"),
        (&["--max-block-bytes", "1000"], "max_block_bytes"),
        (&["--max-tx-gas", "300000000"], "NoChange"),
        (&[], "no parameter is given"),
    ] {
        let words: Vec<&str> = ["vote", "parameters"].iter().chain(args).copied().collect();
        let refused = network(&node, &words).expect_err("a refusal");
        assert!(refused.contains(told), "{args:?}: {refused}");
    }
}

#[test]
fn two_organisations_let_a_third_join_and_neither_suspends_the_other_alone() {
    let cluster = Cluster::start(2);
    let (one, two) = (cluster.node(0), cluster.node(1));
    let alone = network(one, &["vote", "suspend", "Org2"]).expect_err("a refusal");
    assert!(alone.contains("OneVote"), "{alone}");
    let (key, node) = (format!("0x{}", "71".repeat(32)), format!("0x{}", "72".repeat(32)));
    let first = format!("{node}=node1.bank.example:9545");
    let join = ["vote", "join", "Bank", "--key", &key, "--first-node", &first];
    assert_eq!(network(one, &join).expect("a vote")["result"], json!(false));
    network(one, &["vote", "access", "Org2", "managed"]).expect("a vote");
    cluster.agree();
    let open = network(two, &["proposals"]).expect("proposals");
    let changes: Vec<&Value> = open["items"].as_array().expect("a list").iter().map(|open| &open["change"]).collect();
    let bank = json!({"name": "Bank", "key": key, "access": "trusted", "nodes": [
        {"node": node, "access": "trusted", "addresses": ["node1.bank.example:9545"]},
    ]});
    assert_eq!(changes, [&json!({"join": bank}), &json!({"access": {"organisation": "Org2", "access": "managed"}})]);
    let gone = network(two, &["withdraw", "2"]).expect_err("a refusal");
    assert!(gone.contains("NoVote"), "{gone}");
    network(one, &["withdraw", "2"]).expect("it takes back its vote");
    cluster.agree();
    assert_eq!(network(two, &["vote", "for", "1"]).expect("a vote")["result"], json!(true));
    let none = network(two, &["vote", "for", "2"]).expect_err("a refusal");
    assert!(none.contains("there is no proposal 2"), "{none}");
    cluster.agree();
    let joined = one.client().call("network_organisations", json!({}));
    assert_eq!(joined["items"][0]["name"], "Bank");
    assert_eq!(one.client().call("network_proposals", json!({})), json!({"items": [], "next": null}));
}

#[test]
fn a_suspended_organisation_has_no_say_until_it_is_resumed() {
    let mut cluster = Cluster::start(3);
    let state = |cluster: &Cluster| {
        let client = cluster.node(0).client();
        let (all, deciding) =
            (client.call("network_organisations", json!({})), client.call("network_validators", json!({})));
        let three = all["items"].as_array().into_iter().flatten().find(|one| one["name"] == "Org3");
        (three.expect("the organisation")["suspended"].clone(), deciding["validators"].as_array().map(Vec::len))
    };
    assert_eq!(state(&cluster), (json!(false), Some(3)));
    let vote = |cluster: &Cluster, what: &str| {
        let first = network(cluster.node(0), &["vote", what, "Org3"]).expect("a vote");
        assert_eq!(first["result"], json!(false), "one vote of two does not do it");
        let height = cluster.head(0);
        cluster.wait_for(&[1], height);
        assert_eq!(network(cluster.node(1), &["vote", what, "Org3"]).expect("a vote")["result"], json!(true));
        let height = cluster.head(1);
        cluster.wait_for(&[0], height);
    };
    vote(&cluster, "suspend");
    assert_eq!(state(&cluster), (json!(true), Some(2)), "its validator is off the set");
    let again = network(cluster.node(0), &["vote", "suspend", "Org3"]).expect_err("a refusal");
    assert!(again.contains("Suspended"), "{again}");
    // The others decide without it, and its node is cut off.
    token::deploy(&cluster.alice(0), false);
    let third = cluster.node(2).ready["node"].clone();
    let is_connected = |cluster: &Cluster| {
        let peers = cluster.node(0).client().call("network_peers", json!({}));
        peers.as_array().into_iter().flatten().any(|peer| peer["node"] == third && !peer["connection"].is_null())
    };
    let begun = Instant::now();
    while is_connected(&cluster) {
        assert!(begun.elapsed() < PATIENCE, "its node stays connected");
    }

    vote(&cluster, "resume");
    assert_eq!(state(&cluster), (json!(false), Some(2)), "a resumed one activates its validator itself");
    let height = cluster.head(0);
    cluster.wait_for(&[2], height);
    cluster.agree();
    let begun = Instant::now();
    while cluster.try_network(2, &["activate"]).is_err() && state(&cluster).1 != Some(3) {
        assert!(begun.elapsed() < PATIENCE, "it does not become a validator again");
    }
    assert_eq!(state(&cluster), (json!(false), Some(3)));
    cluster.stop(2);
    cluster.restart(2);
    cluster.agree();
}
