//! A validator, with a tenant that came while it ran and joined a contract of another node, is put back from a backup older than its last vote, with the chain in it and without: it comes to the same roots of each private state at every height, says nothing twice, and decides again.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use coffer_tests::build;
use coffer_tests::cluster::Cluster;
use coffer_tests::rpc::base64;
use serde_json::{Value, json};

use crate::token;

use super::{assert_once, clients, load, load_on, signed, tokens, wait_until_it_signs, working};

fn coffer(secret: &str, words: &[&str], file: &Path, data: &Path) {
    let mut command = Command::new(build::coffer());
    build::clean(&mut command);
    let done = command.env("COFFER_KEY_SECRET", secret).args(words).arg(file).arg("--data").arg(data).output();
    let done = done.expect("coffer");
    assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// Roots of a node's private states and of the trie of them, at these heights.
fn roots(cluster: &Cluster, n: usize, head: u64) -> Vec<Value> {
    let (alice, late) = (cluster.alice(n), cluster.node(n).tenant(LATE));
    let at = |height| {
        let asked = json!({ "height": height });
        [alice.call("psi_root", asked.clone()), late.call("psi_root", asked.clone()), alice.call("psi_trieRoot", asked)]
    };
    (0..=head).flat_map(at).collect()
}

/// A tenant that comes while the chain goes on.
const LATE: &str = "PS3";

/// Makes it on a node, with a token that it moves once it may act.
fn come(cluster: &Cluster, n: usize) {
    cluster.node(n).client().call("tenant_create", json!({ "psi": LATE }));
    let (late, wasm) = (cluster.node(n).tenant(LATE), base64(&build::contract("token")));
    let params = json!({"wasm": wasm, "init": token::init(), "private": true});
    let begun = Instant::now();
    let token = loop {
        match late.try_call("contract_deploy", params.clone()) {
            Ok(mut answer) => break answer["contract"].take(),
            Err(error) => assert!(begun.elapsed() < Duration::from_secs(60), "it may not act yet: {error:?}"),
        }
    };
    token::transfer(&late, &token, &cluster.node(n).account("bob"), 5, true);
    // It joins a contract of another node's party, whose state then comes from there alone.
    let alice = cluster.alice(0);
    let party = late.call("psi_current", json!({}))["party"].take();
    let change = json!({"contracts": [token::deploy(&alice, true)], "party": party});
    let proposal = alice.call("privacy_proposal", change.clone());
    let consent = late.call("privacy_accept", json!({"proposal": proposal["proposal"]}))["consent"].take();
    let joined = alice.call(
        "privacy_extend",
        json!({"contracts": change["contracts"], "party": change["party"], "consents": [consent]}),
    );
    while late.call("psi_status", json!({}))["head"].as_u64() < joined["height"].as_u64() {
        std::thread::yield_now();
    }
    late.call("privacy_metadata", json!({"contract": change["contracts"][0]}));
}

#[test]
fn a_validator_is_put_back_from_an_old_backup_and_nothing_is_said_twice() {
    let mut cluster = Cluster::start(4);
    let tokens = tokens(&cluster);
    let mut answered = load(&mut cluster, &tokens, 4);
    come(&cluster, 3);
    let (data, folder) = (cluster.data(3), tempfile::tempdir().expect("a folder"));
    let secret = std::fs::read_to_string(data.join("dev-secret")).expect("a secret");
    let (whole, small) = (folder.path().join("whole"), folder.path().join("small"));
    coffer(&secret, &["backup"], &whole, &data);
    coffer(&secret, &["backup", "--without-chain"], &small, &data);
    // What it votes for from here on is in no backup. Its private state stands still: payloads of its own that came later would be lost.
    answered.extend(load_on(&cluster, &[0, 1, 2], &tokens, 6));
    cluster.agree();
    let head = cluster.head(3);
    let before = roots(&cluster, 3, head);
    for (turn, file) in [whole, small].iter().enumerate() {
        cluster.stop(3);
        std::fs::rename(&data, folder.path().join(format!("lost{turn}"))).expect("a folder");
        coffer(&secret, &["restore"], file, &data);
        let said = signed(&data);
        cluster.restart(3);
        answered.extend(load_on(&cluster, &[0, 1, 2], &tokens, 4));
        // It votes only beyond the heights that its peers were at when it came.
        answered
            .extend(working(clients(&cluster, &[0, 1, 2], &tokens), || wait_until_it_signs(&data, said.as_deref())));
        cluster.agree();
        assert_eq!(roots(&cluster, 3, head), before, "{file:?}");
        // It is one of those who decide again: with another one off, three of four are needed.
        cluster.stop(2);
        answered.extend(load_on(&cluster, &[0, 1], &tokens, 3));
        cluster.restart(2);
        cluster.agree();
        for n in 0..4 {
            let said_twice = cluster.node(n).client().call("network_equivocations", json!({}));
            assert_eq!(said_twice, json!([]), "node {n}");
        }
    }
    assert_once(&cluster, &answered);
}
