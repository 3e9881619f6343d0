//! One of two organisations is lost for good: nothing is decided any more, until the other one recovers the chain. Whoever did not accept that stands still, whoever did goes on
//! with it; nothing that was there before is changed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use coffer_tests::build;
use coffer_tests::cluster::Cluster;
use coffer_tests::rpc::Client;
use serde_json::{Value, json};

use super::{assert_once, load, tokens};
use crate::token;

/// How long what a story waits for may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// The network contract, in every chain.
const NETWORK: &str = "0x0bf626e4d8b94e0af9c33df550f64ecc7dfb2b9144316932e3d24f8ad7ddf317";

/// `coffer recover` with these words; what it printed, as JSON, or what it said when it failed.
fn recover(words: &[&str], data: &Path) -> Result<Value, String> {
    let mut command = Command::new(build::coffer());
    build::clean(&mut command);
    command.arg("recover").args(words).arg("--json").arg("--data").arg(data);
    let done = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(!said.contains("panicked"), "{said}");
    if done.status.success() {
        return Ok(serde_json::from_slice(&done.stdout).unwrap_or_else(|e| panic!("{command:?}: {e}")));
    }
    Err(said)
}

fn refused(words: &[&str], data: &Path, why: &str) {
    let said = recover(words, data).expect_err("it is refused");
    assert!(said.contains(why), "{words:?}: {said}");
}

fn until(mut is_so: impl FnMut() -> bool, what: &str) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "{what}: not so after {PATIENCE:?}");
        thread::yield_now();
    }
}

/// Makes sure that these nodes decide nothing for some seconds.
fn stand(cluster: &Cluster, nodes: &[usize], stood: u64) {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(3) {
        nodes.iter().for_each(|n| assert_eq!(cluster.head(*n), stood, "node {n} went on"));
    }
}

/// The folder of a node that `Cluster::join` made.
fn folder(cluster: &Cluster, n: usize) -> PathBuf {
    cluster.config(n).parent().expect("a folder").to_owned()
}

fn block(client: &Client, height: u64) -> Value {
    client.call("chain_block", json!({ "height": height }))
}

fn validators(client: &Client) -> usize {
    client.call("network_validators", json!({}))["validators"].as_array().map_or(0, Vec::len)
}

/// A transfer that nobody waits for the answer of; it is in the pool when this returns.
fn submit(cluster: &Cluster, n: usize, token: &Value) {
    let (client, bob, token) = (cluster.alice(n), cluster.node(n).account("bob"), token.clone());
    thread::spawn(move || {
        let args = json!({"contract": token, "method": "transfer", "args": {"to": bob, "amount": 5}, "private": false});
        // The node stops before it can answer.
        drop(client.send("contract_call", args));
    });
    // Written within a second, as OPERATIONS has it.
    let pool = cluster.data(n).join("pool");
    let size = || std::fs::metadata(&pool).map_or(0, |meta| meta.len());
    let before = size();
    until(|| size() > before, "the transaction waits in the pool's file");
}

#[test]
fn one_of_two_organisations_is_lost_for_good_and_the_other_goes_on() {
    let mut cluster = Cluster::start(2);
    let tokens = tokens(&cluster);
    let mut answered = load(&mut cluster, &tokens, 3);
    let follower = cluster.join();
    cluster.restart(follower);
    let stood = cluster.agree();
    cluster.kill(1);

    // One of two decides nothing. What is sent now waits.
    let (token, bob) = (tokens[0].0.clone(), cluster.node(0).account("bob"));
    let had = token::balance(&cluster.alice(0), &token, &bob);
    submit(&cluster, 0, &token);
    stand(&cluster, &[0, follower], stood);
    let last = block(&cluster.node(0).client(), stood);
    cluster.stop(0);

    let (left, lost) = (cluster.data(0), cluster.data(1));
    let scratch = tempfile::tempdir().expect("a folder");
    let file = scratch.path().join("recovery");
    let path = file.to_str().expect("a path");
    let other = scratch.path().join("other");
    refused_proposals(&left, &scratch.path().join("none"));
    let proposed = recover(&["propose", "--lost", "Org2", "--out", path], &left).expect("a statement");
    assert_eq!((&proposed["height"], &proposed["missing"]), (&json!(stood), &json!(["Org1"])));
    assert_eq!(proposed["block"], last["hash"]);

    refused(&["accept", path], &left, "Org1 has not signed yet");
    refused(&["sign", path], &lost, "is not that of an organisation that is left");
    // What only the lost one says is of no use to whoever is left.
    let theirs = other.to_str().expect("a path");
    recover(&["propose", "--lost", "Org1", "--out", theirs], &lost).expect("a statement");
    recover(&["sign", theirs], &lost).expect("the lost organisation's own word");
    let signed = recover(&["sign", path], &left).expect("a signature");
    assert_eq!(signed["missing"], json!([]));
    refused_files(&file, &left, scratch.path());
    let accepted = recover(&["accept", path], &left).expect("it holds");
    assert_eq!(accepted["accepted"], "checked");
    let shown = recover(&["show"], &left).expect("what was accepted");
    assert_eq!(shown[0]["id"], signed["id"]);

    // The chain goes on where it stood, with what waited.
    cluster.restart(0);
    until(|| token::balance(&cluster.alice(0), &token, &bob) == had + 5, "what waited is in the chain");
    answered.push(token::transfer(&cluster.alice(0), &token, &bob, 1, false)["tx"].clone());
    let client = cluster.node(0).client();
    assert_eq!(block(&client, stood), last, "what was before is as it was");
    assert_eq!(validators(&client), 1);
    let record = cluster.alice(0).query(&json!(NETWORK), "recoveries", json!({"after": 0, "limit": 10}));
    assert_eq!((&record[0]["lost"], &record[0]["statement"]), (&json!(["Org2"]), &signed["id"]), "{record}");
    let organisations = client.call("network_organisations", json!({}));
    assert!(organisations.to_string().contains("\"suspended\":true"), "{organisations}");

    // A second start, with the database made anew from the log; and another statement now comes too late.
    cluster.stop(0);
    refused(&["accept", theirs], &left, "which other validators decided");
    refused(&["sign", path], &left, "propose the recovery anew");
    assert_eq!(recover(&["accept", path], &left).expect("again")["accepted"], "past");
    std::fs::remove_dir_all(left.join("db")).expect("a database");
    cluster.restart(0);
    answered.push(token::transfer(&cluster.alice(0), &token, &bob, 1, false)["tx"].clone());

    // Whoever did not accept it stands still and says what to do.
    until(|| cluster.node(follower).stderr().contains("coffer recover accept FILE"), "the follower says what to do");
    assert_eq!(cluster.head(follower), stood);
    cluster.stop(follower);
    let data = folder(&cluster, follower);
    assert_eq!(recover(&["accept", path], &data).expect("it holds")["accepted"], "checked");
    cluster.restart(follower);
    cluster.wait_for(&[follower], cluster.head(0));

    // The lost one comes back: it is nobody's peer, and decides nothing.
    cluster.restart(1);
    answered.push(token::transfer(&cluster.alice(0), &token, &bob, 1, false)["tx"].clone());
    stand(&cluster, &[1], stood);
    cluster.kill(1);

    // Joiners know the genesis and the statement: one executes all blocks, one begins with the state.
    for snapshot in [false, true] {
        let joiner = cluster.join();
        let data = folder(&cluster, joiner);
        if snapshot {
            let config = cluster.config(joiner);
            let text = std::fs::read_to_string(&config).expect("settings");
            std::fs::write(&config, text + "\n[sync]\nsnapshot = true\n").expect("settings");
        }
        assert_eq!(recover(&["accept", path], &data).expect("it holds")["accepted"], "ahead");
        cluster.restart(joiner);
        answered.push(token::transfer(&cluster.alice(0), &token, &bob, 1, false)["tx"].clone());
        cluster.wait_for(&[joiner], cluster.head(0));
        let (head, client) = (cluster.head(0), cluster.node(joiner).client());
        assert_eq!(block(&client, head), block(&cluster.node(0).client(), head));
        if snapshot {
            cluster.stop(joiner);
        }
    }
    cluster.agree();
    assert_once(&cluster, &answered);
}

/// Nobody who is unknown, and not all, can be lost.
fn refused_proposals(left: &Path, file: &Path) {
    let path = file.to_str().expect("a path");
    refused(&["propose", "--lost", "Org9", "--out", path], left, "Org9 has no validator");
    refused(&["propose", "--lost", "Org1", "--lost", "Org2", "--out", path], left, "no organisation is left");
    refused(&["propose", "--out", path], left, "--lost");
    refused(&["propose", "--lost", "Org2", "--round", "100001", "--out", path], left, "round");
    assert!(!file.exists(), "nothing is written");
}

/// Files that are no statement, or not for this chain.
fn refused_files(good: &Path, left: &Path, scratch: &Path) {
    let bytes = std::fs::read(good).expect("the statement");
    let bad = scratch.join("bad");
    let path = bad.to_str().expect("a path");
    refused(&["accept", path], left, "bad");
    for (content, why) in [(&b"hello"[..], "no recovery"), (&bytes[..bytes.len() - 1], "damaged")] {
        std::fs::write(&bad, content).expect("a file");
        refused(&["accept", path], left, why);
    }
    let mut forged = bytes.clone();
    *forged.last_mut().expect("bytes") ^= 1;
    std::fs::write(&bad, forged).expect("a file");
    refused(&["accept", path], left, "signature");
    let stranger = scratch.join("stranger");
    let mut init = Command::new(build::coffer());
    build::clean(&mut init);
    init.args(["init", "--test-network", "--org", "Bank", "--listen", "127.0.0.1:1", "--data"]).arg(&stranger);
    let made = init.output().unwrap_or_else(|e| panic!("{init:?}: {e}"));
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    refused(&["accept", good.to_str().expect("a path")], &stranger, "is for chain");
}

#[test]
fn two_of_four_are_lost_and_the_others_begin_above_all_that_they_said() {
    let mut cluster = Cluster::start(4);
    let tokens = tokens(&cluster);
    let mut answered = load(&mut cluster, &tokens, 2);
    let stood = cluster.agree();
    (2..4).for_each(|n| drop(cluster.kill(n)));
    // They vote on what waits, and nothing is decided.
    let (token, bob) = (tokens[0].0.clone(), cluster.node(0).account("bob"));
    let had = token::balance(&cluster.alice(0), &token, &bob);
    submit(&cluster, 0, &token);
    stand(&cluster, &[0, 1], stood);
    (0..2).for_each(|n| drop(cluster.stop(n)));

    let (first, second) = (cluster.data(0), cluster.data(1));
    let scratch = tempfile::tempdir().expect("a folder");
    let file = scratch.path().join("recovery");
    let path = file.to_str().expect("a path");
    refused(&["propose", "--lost", "Org4", "--out", path], &second, "without a recovery");
    let proposed = recover(&["propose", "--lost", "Org4", "--lost", "Org3", "--out", path], &second);
    assert_eq!(proposed.expect("a statement")["missing"].as_array().map(Vec::len), Some(2));
    recover(&["sign", path], &second).expect("a signature");
    refused(&["accept", path], &first, "Org1 has not signed yet");
    recover(&["sign", path], &first).expect("a signature");
    for data in [&first, &second] {
        recover(&["accept", path], data).expect("it holds");
    }

    // One of the two that are left decides nothing; killed in the middle of it, it keeps what it said to the new set.
    cluster.restart(0);
    stand(&cluster, &[0], stood);
    cluster.kill(0);
    cluster.restart(0);
    cluster.restart(1);
    until(|| token::balance(&cluster.alice(0), &token, &bob) == had + 5, "what waited is in the chain");
    answered.push(token::transfer(&cluster.alice(0), &token, &bob, 1, false)["tx"].clone());
    answered.push(
        token::transfer(&cluster.alice(1), &tokens[1].0, &cluster.node(1).account("bob"), 1, false)["tx"].clone(),
    );
    assert_eq!(validators(&cluster.node(1).client()), 2);
    for n in 0..2 {
        cluster.stop(n);
        cluster.restart(n);
    }
    answered.push(token::transfer(&cluster.alice(0), &token, &bob, 1, false)["tx"].clone());
    cluster.agree();
    assert_once(&cluster, &answered);
    let said = cluster.node(0).client().call("network_equivocations", json!({}));
    assert_eq!(said, json!([]), "nobody said two things in one round");
}

#[test]
fn a_lost_node_that_comes_back_with_blocks_of_its_own_is_left_behind_until_it_begins_anew() {
    let mut cluster = Cluster::start(4);
    let tokens = tokens(&cluster);
    let mut answered = load(&mut cluster, &tokens, 2);
    let stood = cluster.agree();
    // The last that the three decide before they are lost is heard by nobody else.
    cluster.stop(0);
    let bob = cluster.node(1).account("bob");
    token::transfer(&cluster.alice(1), &tokens[1].0, &bob, 1, false);
    let theirs = block(&cluster.node(1).client(), stood + 1);
    (1..4).for_each(|n| drop(cluster.kill(n)));

    let (left, lost) = (cluster.data(0), cluster.data(1));
    let scratch = tempfile::tempdir().expect("a folder");
    let file = scratch.path().join("recovery");
    let path = file.to_str().expect("a path");
    let proposed = recover(&["propose", "--lost", "Org2", "--lost", "Org3", "--lost", "Org4", "--out", path], &left);
    assert_eq!(proposed.expect("a statement")["height"], stood);
    recover(&["sign", path], &left).expect("a signature");
    recover(&["accept", path], &left).expect("it holds");
    cluster.restart(0);
    let (token, bob) = (tokens[0].0.clone(), cluster.node(0).account("bob"));
    let transfer = |cluster: &Cluster| token::transfer(&cluster.alice(0), &token, &bob, 1, false)["tx"].clone();
    answered.push(transfer(&cluster));
    let ours = block(&cluster.node(0).client(), stood + 1);
    assert_ne!(ours["hash"], theirs["hash"]);

    // It comes back with all it had: it neither goes on with its own blocks, nor takes the others', nor is it heard.
    cluster.restart(1);
    answered.extend([transfer(&cluster), transfer(&cluster)]);
    stand(&cluster, &[1], stood + 1);
    assert_eq!(block(&cluster.node(1).client(), stood + 1), theirs);
    let (mine, other) = (cluster.node(0).ready["node"].clone(), cluster.node(1).ready["node"].clone());
    let state = |cluster: &Cluster, n: usize, node: &Value| {
        let peers = cluster.node(n).client().call("network_peers", json!({}));
        let found = peers.as_array().into_iter().flatten().find(|peer| peer["node"] == *node);
        found.map(|peer| peer["state"].clone())
    };
    until(|| state(&cluster, 1, &mine) == Some(json!("awaitingApproval")), "the lost node sees that it is not let in");
    assert_eq!(state(&cluster, 0, &other), None, "it is nobody's peer");
    assert_eq!(validators(&cluster.node(0).client()), 1);
    assert!(cluster.try_network(1, &["activate"]).is_err() || validators(&cluster.node(0).client()) == 1);
    cluster.stop(1);

    // Its own blocks cannot be kept.
    refused(&["accept", path], &lost, "which other validators decided");
    for part in ["log", "db"] {
        std::fs::remove_dir_all(lost.join(part)).expect("a folder");
    }
    assert_eq!(recover(&["accept", path], &lost).expect("it holds")["accepted"], "ahead");
    cluster.network(0, &["vote", "resume", "Org2"]);
    cluster.restart(1);
    cluster.wait_for(&[1], cluster.head(0));
    assert_eq!(block(&cluster.node(1).client(), stood + 1), ours);
    assert_eq!(validators(&cluster.node(0).client()), 1, "it follows, and does not validate by itself");
    cluster.network(1, &["activate"]);
    until(|| validators(&cluster.node(0).client()) == 2, "it validates again");
    answered.push(transfer(&cluster));
    cluster.agree();
    assert_once(&cluster, &answered);
}
