//! Two nodes of different chains, as processes: who is refused on one side, what the other side is told, and what the commands show of it.

use std::path::Path;
use std::process::{Command, Output};

use coffer_tests::build;
use coffer_tests::node::{Dev, Node};
use serde_json::{Value, json};

fn started(folder: &Path, text: &str) -> Node {
    let config = folder.join("coffer.toml");
    std::fs::write(&config, text).expect("the configuration is written");
    Dev::new().data(&folder.join("data")).arg("--config").arg(&config.display().to_string()).start()
}

fn network(node: &Node, words: &[&str]) -> Output {
    let mut command = Command::new(build::coffer());
    build::clean(&mut command);
    command.arg("network").args(words).args(["--url", &format!("http://{}", node.addr())]);
    command.output().expect("coffer starts")
}

fn shown(node: &Node, words: &[&str]) -> String {
    let output = network(node, words);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

fn as_json(node: &Node, command: &str) -> Value {
    serde_json::from_str(&shown(node, &[command, "--json"])).expect("JSON")
}

/// The answer of a method once it is as it should be.
fn once(node: &Node, method: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    loop {
        let answer = node.client().call(method, json!({}));
        if is_so(&answer) {
            return answer;
        }
        std::thread::yield_now();
    }
}

#[test]
fn a_stranger_is_a_join_request_on_one_side_and_awaits_approval_on_the_other() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let member = started(here.path(), "[network]\nlisten = \"127.0.0.1:0\"\nexternal = \"node1.example:9545\"\n");
    let status = as_json(&member, "status");
    assert_eq!(
        (&status["enabled"], &status["known"], &status["external"]),
        (&json!(true), &json!(0), &json!("node1.example:9545"))
    );
    let listening = status["listening"][0].as_str().expect("an address");
    assert!(shown(&member, &["status"]).contains(listening));

    let peers = format!("[[network.peers]]\nkey = {}\naddresses = [\"{listening}\"]\n", status["node"]);
    let stranger = started(there.path(), &peers);
    let own = node_key(&stranger);
    let requests = once(&member, "network_joinRequests", |requests| requests[0].is_object());
    assert_eq!((&requests[0]["node"], &requests[0]["address"]), (&own, &json!("127.0.0.1")));
    let known = once(&stranger, "network_peers", |peers| peers[0]["state"] == "awaitingApproval");
    assert_eq!((&known[0]["node"], &known[0]["connection"]), (&status["node"], &Value::Null));

    let table = shown(&member, &["requests"]);
    assert!(table.starts_with("NODE ") && table.contains(own.as_str().expect("a key")), "{table}");
    let told = network(&stranger, &["peers"]);
    let (out, err) = (String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
    assert!(out.contains("awaiting approval") && err.contains("coffer network requests"), "{out}{err}");
    assert_eq!(as_json(&stranger, "peers"), known);
    assert!(network(&member, &["peers"]).stdout.is_empty());
}

fn node_key(node: &Node) -> Value {
    as_json(node, "status")["node"].clone()
}

#[test]
fn a_node_without_network_settings_says_so() {
    let node = Dev::new().start();
    assert_eq!(as_json(&node, "status")["enabled"], false);
    let told = network(&node, &["status"]);
    assert!(String::from_utf8_lossy(&told.stderr).contains("[network]"), "{told:?}");
    assert_eq!(as_json(&node, "requests"), json!([]));
}

#[test]
fn what_is_wrong_with_network_settings_is_told_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("coffer.toml");
    std::fs::write(&config, "[network]\nlisten = \"here\"\n[[network.peers]]\nkey = \"0x1\"\naddresses = [\"x\"]\n")
        .unwrap();
    let ended =
        Dev::new().arg("--config").arg(&config.display().to_string()).try_start().err().expect("it does not start");
    for needle in ["network.listen = \"here\"", "network.peers[0].key", "network.peers[0].addresses[0]"] {
        assert!(ended.stderr.contains(needle), "{needle} in {}", ended.stderr);
    }
}
