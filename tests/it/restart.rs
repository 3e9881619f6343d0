//! What a node keeps: clean stop, kill at any moment, wrong folder, wrong chain, busy port.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Sender, channel};

use coffer_tests::build;
use coffer_tests::node::{Dev, Ended, Node};
use coffer_tests::rpc::{self, Client};
use serde_json::{Value, json};

use crate::token;

/// Every root that the node can tell, height by height.
fn roots(node: &Node) -> Vec<Value> {
    let head = node.client().call("chain_head", json!({}))["height"].as_u64().expect("a height");
    let at = |height: u64| {
        let ask = |psi: &str, method: &str| node.tenant(psi).call(method, json!({"height": height}));
        json!([
            ask("PS1", "state_root"),
            ask("PS1", "psi_root"),
            ask("PS2", "psi_root"),
            ask("private", "psi_root"),
            ask("PS1", "psi_trieRoot"),
            ask("PS1", "chain_block"),
        ])
    };
    (0..=head).map(at).collect()
}

/// Something in every state.
fn history(node: &Node) -> (Value, Value) {
    let bob = node.account("bob");
    let private = token::deploy(&node.tenant("PS1"), true);
    let public = token::deploy(&node.tenant("PS2"), false);
    let _ = token::deploy(&node.tenant("PS2"), true);
    for amount in 1..4 {
        token::transfer(&node.tenant("PS1"), &private, &bob, amount, true);
        token::transfer(&node.tenant("PS2"), &public, &bob, amount, false);
    }
    (private, public)
}

#[test]
fn a_restart_gives_the_same_roots_at_every_height() {
    let data = tempfile::tempdir().expect("a folder");
    let node = Dev::new().data(data.path()).start();
    let (private, public) = history(&node);
    let (before, bob) = (roots(&node), node.account("bob"));
    let ended = node.stop();
    assert!(ended.status.success(), "{ended:?}");

    let node = Dev::new().data(data.path()).start();
    assert_eq!(roots(&node), before);
    assert_eq!(node.account("bob"), bob, "the accounts are the same");
    assert_eq!(token::balance(&node.tenant("PS1"), &private, &bob), 6);
    assert_eq!(token::balance(&node.tenant("PS1"), &public, &bob), 6);
    token::transfer(&node.tenant("PS1"), &private, &bob, 1, true);
    assert_eq!(token::balance(&node.tenant("PS1"), &private, &bob), 7, "and it goes on");
}

#[test]
fn a_kill_gives_the_same_roots_at_every_height() {
    let data = tempfile::tempdir().expect("a folder");
    let node = Dev::new().data(data.path()).start();
    history(&node);
    let before = roots(&node);
    node.kill();
    let node = Dev::new().data(data.path()).start().settled();
    assert_eq!(roots(&node), before);
}

/// A token and who moves it: in a private state, or publicly.
struct Work {
    psi: &'static str,
    private: bool,
    token: Value,
    bob: String,
    /// Transfers known to be there.
    known: u64,
}

/// Transfers of one from a thread of its own until the node is gone; gives what was answered.
fn transfers(client: Client, work: &Work, told: Sender<()>) -> Vec<Value> {
    let args = json!({"to": work.bob, "amount": 1});
    let params = json!({"contract": work.token, "method": "transfer", "args": args, "private": work.private});
    let mut answered = Vec::new();
    while let Ok(answer) = client.send("contract_call", params.clone()) {
        let Some(answer) = rpc::read(&answer) else { break };
        answered.push(answer.unwrap_or_else(|e| panic!("a transfer failed: {e:?}")));
        let _ = told.send(());
    }
    answered
}

#[test]
fn every_call_that_was_answered_is_there_after_a_kill() {
    let data = tempfile::tempdir().expect("a folder");
    let mut node = Dev::new().data(data.path()).start();
    let mut works: Vec<_> = [("PS1", true), ("PS2", false), ("PS2", true)]
        .map(|(psi, private)| {
            let token = token::deploy(&node.tenant(psi), private);
            Work { psi, private, token, bob: node.account("bob"), known: 0 }
        })
        .into();
    let mut last_roots = roots(&node);
    for round in 0..12_u64 {
        let (told, count) = channel();
        let answered: Vec<Vec<Value>> = std::thread::scope(|scope| {
            let threads: Vec<_> = works
                .iter()
                .map(|work| {
                    let (client, told) = (node.tenant(work.psi), told.clone());
                    scope.spawn(move || transfers(client, work, told))
                })
                .collect();
            // The kill falls somewhere into the next calls; how far after an answer differs from round to round.
            for _ in 0..1 + round % 4 {
                count.recv().expect("an answer");
            }
            for _ in 0..round * 20_000 {
                std::hint::spin_loop();
            }
            node.kill();
            threads.into_iter().map(|thread| thread.join().expect("the thread")).collect()
        });

        node = Dev::new().data(data.path()).start().settled();
        for (work, answered) in works.iter_mut().zip(&answered) {
            let client = node.tenant(work.psi);
            let balance = token::balance(&client, &work.token, &work.bob);
            let least = work.known + answered.len() as u64;
            // One call was under way; and one of the round before may have waited in the pool and come into a block since.
            assert!(
                (least..=least + 2).contains(&balance),
                "round {round}: {least} were answered, {balance} are there"
            );
            for answer in answered {
                let receipt = client.call("tx_receipt", json!({"tx": answer["tx"]}));
                assert_eq!(
                    (&receipt["height"], &receipt["gasUsed"]),
                    (&answer["height"], &answer["gasUsed"]),
                    "round {round}"
                );
            }
            work.known = balance;
        }
        let now = roots(&node);
        assert_eq!(now[..last_roots.len()], last_roots[..], "round {round}: the past is the same");
        last_roots = now;
    }
}

#[test]
fn a_node_that_lost_its_chain_begins_again_with_states_that_were_exported() {
    let (folder, out) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let data = folder.path().to_string_lossy().into_owned();
    let node = Dev::new().data(folder.path()).start();
    let (private, public) = history(&node);
    let (before, bob) = (roots(&node), node.account("bob"));
    assert!(node.stop().status.success());
    let db = |args: &[&str]| -> Value {
        let mut command = Command::new(build::coffer());
        build::clean(&mut command);
        let done = command.arg("db").args(args).args(["--data", &data, "--json"]).output().expect("it starts");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        serde_json::from_slice(&done.stdout).expect("JSON")
    };
    let states = [vec!["--public"], vec!["--psi", "PS1"]].map(|which| {
        let to = out.path().join(which[which.len() - 1].trim_start_matches('-')).to_string_lossy().into_owned();
        let exported = db(&[&["export"][..], &which, &["--out", &to]].concat());
        (which, to, exported["height"].to_string(), exported["root"].as_str().expect("a root").to_owned())
    });
    for lost in ["db", "log"] {
        std::fs::remove_dir_all(folder.path().join(lost)).expect("it is there");
    }
    for (which, to, height, root) in &states {
        db(&[&["import"][..], which, &[to, "--height", height, "--root", root]].concat());
    }
    assert_eq!(db(&["verify"])["damages"], 0);
    let node = Dev::new().data(folder.path()).start();
    let head = node.client().call("chain_head", json!({}));
    let last = before.len() - 1;
    assert_eq!(head["height"], last);
    assert_eq!(node.tenant("PS1").call("state_root", json!({"height": last})), before[last][0]);
    assert_eq!(token::balance(&node.tenant("PS1"), &private, &bob), 6);
    assert_eq!(token::balance(&node.tenant("PS2"), &public, &bob), 6);
    let gone = node.tenant("PS1").fail("chain_block", json!({"height": 1}));
    let gone = gone.text();
    assert!(gone.contains("height 1 is not kept any more; the oldest kept is"), "{gone}");
    token::transfer(&node.tenant("PS1"), &private, &bob, 1, true);
    token::transfer(&node.tenant("PS2"), &public, &bob, 1, false);
    assert_eq!(token::balance(&node.tenant("PS1"), &private, &bob), 7, "and it goes on");
}

#[test]
fn calls_from_many_sides_at_once_are_all_kept() {
    const CALLS: u64 = 10;
    let node = Dev::new().start();
    let bob = node.account("bob");
    let tokens = [("PS1", true), ("PS2", false), ("PS2", true)]
        .map(|(psi, private)| (psi, private, token::deploy(&node.tenant(psi), private)));
    std::thread::scope(|scope| {
        for (psi, private, token) in tokens.iter().cycle().take(9) {
            let (client, bob) = (node.tenant(psi), &bob);
            scope.spawn(move || {
                for _ in 0..CALLS {
                    token::transfer(&client, token, bob, 1, *private);
                }
            });
        }
    });
    for (psi, _, token) in &tokens {
        assert_eq!(token::balance(&node.tenant(psi), token, &bob), 3 * CALLS);
        let events = node.tenant(psi).call("contract_events", json!({"contract": token, "names": ["Transfer"]}));
        assert_eq!(
            events["items"].as_array().map(Vec::len),
            Some(1 + 3 * CALLS as usize),
            "the supply and every transfer"
        );
    }
}

#[test]
fn data_that_nobody_asked_to_keep_are_gone_after_a_stop() {
    let node = Dev::new().start();
    let folder = node.ready["data"].as_str().expect("a folder").to_owned();
    assert!(Path::new(&folder).is_dir());
    let ended = node.stop();
    assert!(ended.status.success(), "{ended:?}");
    assert!(!Path::new(&folder).exists());
}

/// The error output of a node that must not start.
fn refused(dev: &Dev) -> Ended {
    match dev.try_start() {
        Err(ended) => {
            assert!(!ended.status.success(), "{ended:?}");
            assert!(!ended.stderr.contains("panicked"), "{ended:?}");
            ended
        }
        Ok(_) => panic!("it started"),
    }
}

fn says(ended: &Ended, words: &[&str]) {
    for word in words {
        assert!(ended.stderr.contains(word), "no `{word}` in: {}", ended.stderr);
    }
}

fn name(folder: &Path) -> &str {
    folder.file_name().and_then(|n| n.to_str()).expect("a name")
}

#[test]
fn a_folder_that_another_node_uses_is_refused() {
    let data = tempfile::tempdir().expect("a folder");
    let node = Dev::new().data(data.path()).start();
    let ended = refused(&Dev::new().data(data.path()));
    says(&ended, &["in use", name(data.path())]);
    node.client().call("chain_head", json!({}));
}

#[test]
fn a_folder_of_another_chain_is_refused_and_left_alone() {
    let data = tempfile::tempdir().expect("a folder");
    let node = Dev::new().data(data.path()).seed(1).start();
    let head = node.client().call("chain_head", json!({}));
    node.stop();
    let ended = refused(&Dev::new().data(data.path()).seed(2));
    says(&ended, &["chain", name(data.path())]);
    let node = Dev::new().data(data.path()).seed(1).start();
    assert_eq!(node.client().call("chain_head", json!({})), head);
}

#[test]
fn a_port_that_is_taken_is_told() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = taken.local_addr().expect("its address").to_string();
    let ended = refused(&Dev::new().rpc(&addr));
    says(&ended, &[&addr, "in use"]);
}

#[test]
fn a_file_where_the_folder_should_be_is_told() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let ended = refused(&Dev::new().data(file.path()));
    says(&ended, &[name(file.path())]);
}

#[test]
fn a_settings_file_is_told_all_its_mistakes_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("coffer.toml");
    std::fs::write(
        &file,
        "accounts = [\"al ice\"]\ntenants = [{ psi = \"a/b\" }, { psi = \"PS1\" }, { psi = \"PS1\" }]\n",
    )
    .expect("a file");
    let ended = refused(&Dev::new().arg("--config").arg(file.to_str().expect("text")));
    says(&ended, &["coffer.toml", "al ice", "a/b", "PS1"]);
}
