//! A node that joins a chain of many blocks by its state: it has the same roots without the blocks before, follows from there under load, and goes on where it was
//! when it is killed in the middle.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use coffer_tests::build;
use coffer_tests::cluster::{Cluster, free_ports};
use coffer_tests::node::{Node, Run};
use coffer_tests::relay::{Relay, Weather};
use coffer_tests::rpc::Client;
use serde_json::{Value, json};

use crate::token;

/// Accounts that get something, one transaction each.
const HOLDERS: u64 = 1_200;
/// Those who send at the same time.
const SENDERS: u64 = 4;

fn coffer(args: &[&str]) -> String {
    let mut command = Command::new(build::coffer());
    build::clean(&mut command);
    let output = command.args(args).output().expect("it starts");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn holder(n: u64) -> String {
    format!("0x{:064x}", n + 1)
}

/// A chain with a record for every holder, and the tokens they have.
fn chain() -> (Cluster, Vec<Value>) {
    let cluster = Cluster::start(1);
    let tokens: Vec<Value> = (0..2).map(|_| token::deploy(&cluster.alice(0), false)).collect();
    thread::scope(|scope| {
        for sender in 0..SENDERS {
            let (client, tokens) = (cluster.alice(0), &tokens);
            scope.spawn(move || {
                for n in (sender..HOLDERS).step_by(SENDERS as usize) {
                    token::transfer(&client, &tokens[(n % 2) as usize], &holder(n), 1, false);
                }
            });
        }
    });
    assert!(cluster.head(0) > 100, "{} blocks", cluster.head(0));
    (cluster, tokens)
}

/// The settings of a new node that is approved by the first one and dials it at an address.
fn joiner(cluster: &Cluster, folder: &Path, dials: SocketAddr, rpc: SocketAddr) -> PathBuf {
    let name = |path: &Path| path.to_str().expect("a name").to_owned();
    let genesis = cluster.config(0).with_file_name("data").join("genesis");
    let made = coffer(&["init", "--data", &name(folder), "--genesis", &name(&genesis), "--json", "--test-network"]);
    let made: Value = serde_json::from_str(&made).expect("JSON");
    let url = format!("http://{}", cluster.node(0).addr());
    coffer(&["network", "approve", made["node"].as_str().expect("a key"), "--url", &url]);
    let config = folder.join("coffer.toml");
    let text = std::fs::read_to_string(&config).expect("settings");
    let mut settings: toml::Table = text.parse().expect("TOML");
    let key = cluster.node(0).ready["node"].as_str().expect("a key").to_owned();
    let more = format!(
        "[sync]\nsnapshot = true\n[rpc]\nlisten = \"{rpc}\"\n[[network.peers]]\nkey = \"{key}\"\naddresses = [\"{dials}\"]\n"
    );
    settings.extend(more.parse::<toml::Table>().expect("TOML"));
    std::fs::write(&config, settings.to_string()).expect("settings are written");
    config
}

fn head(node: &Node) -> u64 {
    node.client().call("chain_head", json!({}))["height"].as_u64().expect("a height")
}

/// The other node comes as far as the first one, with the same block and a balance.
fn assert_same(cluster: &Cluster, other: &Node, tokens: &[Value]) {
    let height = cluster.head(0);
    while head(other) < height {
        thread::yield_now();
    }
    let at = json!({ "height": height });
    let block = |client: Client| client.call("chain_block", at.clone());
    assert_eq!(block(other.client()), block(cluster.node(0).client()));
    for n in [0, 1, HOLDERS - 1] {
        let token = &tokens[(n % 2) as usize];
        assert_eq!(token::balance(&other.client(), token, &holder(n)), 1);
    }
}

fn listen(cluster: &Cluster) -> SocketAddr {
    let text = std::fs::read_to_string(cluster.config(0)).expect("settings");
    let settings: toml::Table = text.parse().expect("TOML");
    settings["network"]["listen"].as_str().expect("an address").parse().expect("an address")
}

#[test]
fn a_node_joins_a_long_chain_by_its_state_and_follows_from_there() {
    let (cluster, tokens) = chain();
    let folder = tempfile::tempdir().expect("a folder");
    let config = joiner(&cluster, folder.path(), listen(&cluster), free_ports(1)[0]);
    let before = cluster.head(0);
    let node = Run::config(&config).start();
    let pruned = node.client().fail("chain_block", json!({ "height": before - 100 }));
    assert_eq!(pruned.kind(), "pruned", "older blocks are not fetched: {pruned:?}");
    assert_same(&cluster, &node, &tokens);
    let bob = cluster.node(0).account("bob");
    for _ in 0..20 {
        token::transfer(&cluster.alice(0), &tokens[0], &bob, 1, false);
    }
    assert_same(&cluster, &node, &tokens);
    assert_eq!(token::balance(&node.client(), &tokens[0], &bob), 20);
    let status = node.client().call("network_status", json!({}));
    assert_eq!(status["sync"]["snapshot"], Value::Null);
    // A restart with the same settings goes on with what is there.
    let at = head(&node);
    node.kill();
    let node = Run::config(&config).start();
    assert!(head(&node) >= at);
    token::transfer(&cluster.alice(0), &tokens[0], &bob, 1, false);
    assert_same(&cluster, &node, &tokens);
}

#[test]
fn a_joiner_that_is_killed_in_the_middle_goes_on_where_it_was() {
    let (cluster, tokens) = chain();
    let weather = Weather { delay: Duration::from_millis(300), lost_percent: 0 };
    let wire = Relay::to(listen(&cluster), weather, 1);
    let (folder, rpc) = (tempfile::tempdir().expect("a folder"), free_ports(1)[0]);
    let config = joiner(&cluster, folder.path(), wire.addr(), rpc);
    let begun = Run::config(&config).begin();
    begun.until("the chain begins here with the state of other nodes");
    // What it can tell by now, it tells.
    let client = Client::new(rpc);
    let status = client.call("network_status", json!({}));
    assert!(status["sync"]["snapshot"].is_object(), "{status}");
    let busy = client.fail("chain_head", json!({}));
    assert!(busy.kind() == "busy" && busy.text().contains("network_status"), "{busy:?}");
    begun.until("a chunk of the public state is stored");
    let ended = begun.kill();
    assert!(!ended.stderr.contains("the public state is here"), "{}", ended.stderr);
    let node = Run::config(&config).start();
    let log = node.stderr();
    assert!(log.contains("goes on fetching the public state") && log.contains("the public state is here"), "{log}");
    assert_same(&cluster, &node, &tokens);
}
