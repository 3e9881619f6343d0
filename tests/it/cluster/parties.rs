//! Parties on several nodes of one chain: two of one node and one of another share a contract, and a third node that decides all of their blocks learns nothing of it: neither on its disk, nor in its memory, its log, or
//! what the chain shows.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use coffer_abi::ContractId;
use coffer_proof::PrivateProof;
use coffer_tests::build;
use coffer_tests::cluster::{Cluster, transactions};
use coffer_tests::node::Node;
use coffer_tests::rpc::{Client, base64};
use serde_json::{Value, json};

use crate::token;

/// In the contract's state, and in each call.
const CANARY: &str = "only-three-parties-may-know-this-5c1d";

fn party(client: &Client) -> Value {
    client.call("psi_current", json!({}))["party"].take()
}

/// Waits until a private state is done with a block, and tells the root of a contract's storage then.
fn storage_root(client: &Client, contract: &Value, height: u64) -> Value {
    while client.call("psi_status", json!({}))["head"].as_u64().expect("a head") < height {
        std::thread::yield_now();
    }
    let asked = json!([{"contract": contract, "keys": []}]);
    // All private states of the node have to be done for a proof.
    let answer = loop {
        match client.try_call("psi_proof", json!({"contracts": asked, "height": height})) {
            Ok(answer) => break answer,
            Err(error) => assert_eq!(error.kind(), "notFound", "{error:?}"),
        }
    };
    let proof = PrivateProof::from_json(&answer.to_string()).expect("a proof");
    let id: ContractId = contract.as_str().expect("an id").parse().expect("an id");
    assert_eq!(proof.state.contracts[0].contract, id);
    let leaf = proof.state.contracts[0].leaf.as_ref().expect("it is there");
    json!(leaf.storage_root.to_string())
}

/// True if a process has these bytes in memory.
fn is_in_memory(node: &Node, needle: &[u8]) -> bool {
    let maps = std::fs::read_to_string(format!("/proc/{}/maps", node.pid())).expect("Linux");
    let mut memory = File::open(format!("/proc/{}/mem", node.pid())).expect("one's own child");
    maps.lines().filter(|line| line.split_whitespace().nth(1).is_some_and(|rights| rights.starts_with('r'))).any(
        |line| {
            let (from, to) = line.split_once(' ').and_then(|(range, _)| range.split_once('-')).expect("a range");
            let [from, to] = [from, to].map(|hex| u64::from_str_radix(hex, 16).expect("an address"));
            has(&mut memory, from, to, needle)
        },
    )
}

/// Looks through a range piece by piece; what cannot be read, as that of a guard, has nothing.
fn has(memory: &mut File, from: u64, to: u64, needle: &[u8]) -> bool {
    const PIECE: usize = 1 << 20;
    let (mut at, mut bytes) = (from, vec![0; PIECE + needle.len()]);
    while at < to {
        let len = usize::try_from(to - at).map_or(bytes.len(), |left| left.min(bytes.len()));
        let read = memory.seek(SeekFrom::Start(at)).and_then(|_| memory.read_exact(&mut bytes[..len]));
        if read.is_ok() && memchr::memmem::find(&bytes[..len], needle).is_some() {
            return true;
        }
        at += PIECE as u64;
    }
    false
}

fn is_on_disk(folder: &Path, needle: &[u8]) -> bool {
    std::fs::read_dir(folder).expect("a folder").flatten().any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return is_on_disk(&path, needle);
        }
        // A file may go while it is looked at.
        std::fs::read(&path).is_ok_and(|bytes| memchr::memmem::find(&bytes, needle).is_some())
    })
}

#[test]
fn parties_of_a_shared_node_and_of_another_agree_and_a_third_node_learns_nothing() {
    let mut cluster = Cluster::start(3);
    let (one, two, three) = (cluster.node(0).tenant("PS1"), cluster.node(0).tenant("PS2"), cluster.alice(1));
    let callers = [&one, &two, &three];
    let parties: Vec<Value> = callers.iter().map(|client| party(client)).collect();
    let private = json!({"parties": parties, "flag": 1});
    let init = json!({"name": CANARY, "symbol": "GLD", "decimals": 2, "supply": 1_000});
    let deployment = json!({"wasm": base64(&build::contract("token")), "init": init, "private": private});
    let contract = one.call("contract_deploy", deployment)["contract"].take();
    let bobs: Vec<String> = [0, 1].map(|n| cluster.node(n).account("bob")).to_vec();
    // Each of them moves what its alice has; the two alices are two accounts.
    let mut last = Value::Null;
    for (turn, bob) in bobs.iter().enumerate() {
        let args = json!({"to": bob, "amount": 5 + turn});
        last = one.call(
            "contract_call",
            json!({"contract": contract, "method": "transfer", "args": args, "private": private}),
        );
    }
    let height = last["height"].as_u64().expect("a height");
    let root = storage_root(&one, &contract, height);
    for client in [&two, &three] {
        assert_eq!(storage_root(client, &contract, height), root);
        for (bob, amount) in bobs.iter().zip([5, 6]) {
            assert_eq!(token::balance(client, &contract, bob), amount);
        }
    }
    // The parties of the other node call it too, and a wrong call is refused at all without a trace.
    let alice = cluster.node(1).account("alice");
    let fund =
        json!({"contract": contract, "method": "transfer", "args": {"to": alice, "amount": 100}, "private": private});
    one.call("contract_call", fund);
    for client in [&two, &three] {
        let args = json!({"to": CANARY, "amount": 1});
        client.fail(
            "contract_call",
            json!({"contract": contract, "method": "transfer", "args": args, "private": private}),
        );
    }
    let args = json!({"to": bobs[0], "amount": 7});
    let last = three
        .call("contract_call", json!({"contract": contract, "method": "transfer", "args": args, "private": private}));
    let height = last["height"].as_u64().expect("a height");
    let root = storage_root(&three, &contract, height);
    for client in callers {
        assert_eq!(storage_root(client, &contract, height), root);
        assert_eq!(token::balance(client, &contract, &bobs[0]), 12);
    }
    let head = cluster.head(0);
    cluster.wait_for(&[0, 1, 2], head);

    // To the third node these blocks have markers, and nothing else.
    let stranger = cluster.alice(2);
    let marker = stranger.call("tx_receipt", json!({"tx": last["tx"]}));
    assert!(!marker.to_string().contains(CANARY) && !marker.to_string().contains(contract.as_str().expect("an id")));
    let missing = stranger.fail("contract_info", json!({"contract": contract}));
    assert_eq!(missing.kind(), "notFound", "{missing:?}");
    let ordered: usize =
        (1..=head).map(|at| transactions(&stranger.call("chain_block", json!({"height": at}))).count()).sum();
    assert!(ordered >= 5, "{ordered}");
    let id = contract.as_str().expect("an id").trim_start_matches("0x").to_owned();
    let raw: Vec<u8> = (0..32).map(|i| u8::from_str_radix(&id[2 * i..2 * i + 2], 16).expect("hex")).collect();
    // The search finds what is there: the node of two parties has it in its memory.
    assert!(is_in_memory(cluster.node(0), CANARY.as_bytes()) && is_in_memory(cluster.node(0), &raw));
    // The third was asked for the id just now, so its memory may have that; what it was never told it has not.
    assert!(!is_in_memory(cluster.node(2), CANARY.as_bytes()));
    for n in 0..3 {
        assert!(!cluster.node(n).stderr().contains(CANARY) && !cluster.node(n).stderr().contains(&id), "node {n}");
        cluster.stop(n);
        for needle in [CANARY.as_bytes(), &raw, id.as_bytes()] {
            assert!(!is_on_disk(&cluster.data(n), needle), "node {n}");
        }
    }
}

#[test]
fn a_party_of_a_third_node_joins_and_leaves_and_gets_what_it_may_have_across_restarts() {
    let mut cluster = Cluster::start(4);
    let (one, two, three) = (cluster.alice(0), cluster.alice(1), cluster.alice(2));
    let (bob, newcomer) = (cluster.node(0).account("bob"), party(&three));
    let private = json!({"parties": [party(&two)], "flag": 1});
    let init = json!({"name": CANARY, "symbol": "GLD", "decimals": 2, "supply": 1_000});
    let deployment = json!({"wasm": base64(&build::contract("token")), "init": init, "private": private});
    let contract = one.call("contract_deploy", deployment)["contract"].take();
    let transfer = |client: &Client, private: &Value| {
        let args = json!({"to": bob, "amount": 5});
        let call = json!({"contract": contract, "method": "transfer", "args": args, "private": private});
        client.call("contract_call", call)["height"].as_u64().expect("a height")
    };
    let height = transfer(&one, &private);
    storage_root(&two, &contract, height);
    let change = |client: &Client, method: &str, remove: bool, others: &[&Client]| {
        let proposal =
            client.call("privacy_proposal", json!({"contracts": [contract], "party": newcomer, "remove": remove}));
        let accept =
            |other: &&Client| other.call("privacy_accept", json!({"proposal": proposal["proposal"]}))["consent"].take();
        let consents: Vec<_> = others.iter().map(accept).collect();
        client.call(method, json!({"contracts": [contract], "party": newcomer, "consents": consents}))
    };
    let joined = change(&one, "privacy_extend", false, &[&two, &three])["height"].as_u64().expect("a height");
    // What it waits for may be there or not: it goes on where it was, in either case.
    cluster.kill(2);
    cluster.restart(2);
    let three = cluster.alice(2);
    let root = storage_root(&one, &contract, joined);
    assert_eq!(storage_root(&three, &contract, joined), root);
    assert_eq!(token::balance(&three, &contract, &bob), 5);
    // It calls with the others, from a database made anew of its blocks and its record, too.
    let all = json!({"parties": [party(&one), party(&two)], "flag": 1});
    let fund = {
        let args = json!({"to": cluster.node(2).account("alice"), "amount": 100});
        let private = json!({"parties": [party(&two), newcomer], "flag": 1});
        one.call("contract_call", json!({"contract": contract, "method": "transfer", "args": args, "private": private}))
    };
    storage_root(&three, &contract, fund["height"].as_u64().expect("a height"));
    cluster.stop(2);
    std::fs::remove_dir_all(cluster.data(2).join("db")).expect("a database");
    cluster.restart(2);
    let three = cluster.alice(2);
    let height = transfer(&three, &all);
    let root = storage_root(&one, &contract, height);
    for client in [&two, &three] {
        assert_eq!(storage_root(client, &contract, height), root);
        assert_eq!(token::balance(client, &contract, &bob), 10);
    }
    // It leaves, and learns nothing of what comes then.
    let left = change(&two, "privacy_remove", true, &[&one])["height"].as_u64().expect("a height");
    let kept = storage_root(&three, &contract, left);
    let height = transfer(&one, &private);
    cluster.wait_for(&[0, 1, 2, 3], height);
    assert_ne!(storage_root(&two, &contract, height), kept);
    assert_eq!(storage_root(&three, &contract, height), kept);
    assert_eq!((token::balance(&two, &contract, &bob), token::balance(&three, &contract, &bob)), (15, 10));
    // The fourth node, which decided all of it, has none of it.
    for n in 0..4 {
        assert!(!cluster.node(n).stderr().contains(CANARY), "node {n}");
        cluster.stop(n);
        assert!(!is_on_disk(&cluster.data(n), CANARY.as_bytes()), "node {n}");
    }
}
