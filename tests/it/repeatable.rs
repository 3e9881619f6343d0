//! Two nodes from one seed, fed the same calls in the same order, are one and the same chain.

use coffer_tests::build;
use coffer_tests::node::{Dev, Node};
use coffer_tests::rpc;
use serde_json::{Value, json};

use crate::token;

/// Calls of every kind, failing ones too; gives every answer as it came and then every header, root and receipt.
fn story(node: &Node) -> Vec<String> {
    let mut told = Vec::new();
    let mut txs = Vec::new();
    let mut tell = |psi: &str, method: &str, params: Value| {
        let answer = node.tenant(psi).send(method, params).expect("an answer");
        let value = rpc::read(&answer).unwrap_or_else(|| panic!("{answer}")).unwrap_or_else(|e| e.data);
        if value["tx"].is_string() {
            txs.push((psi.to_owned(), value["tx"].clone()));
        }
        told.push(answer);
        value
    };
    let wasm = rpc::base64(&build::contract("token"));
    let deploy = |private: bool| json!({"wasm": wasm, "init": token::init(), "private": private});
    let private = tell("PS1", "contract_deploy", deploy(true))["contract"].take();
    let public = tell("PS2", "contract_deploy", deploy(false))["contract"].take();
    let second = tell("PS2", "contract_deploy", deploy(true))["contract"].take();
    let programme = json!({"name": "health", "organisation": "Ministry", "user": "ada"});
    tell("PS1", "programme_deploy", programme);
    tell("PS1", "programme_list", json!({}));
    let bob = node.account("bob");
    for (psi, contract, is_private) in [("PS1", &private, true), ("PS2", &public, false), ("PS2", &second, true)] {
        for amount in [1, 20, 1_000_000] {
            let args = json!({"to": bob, "amount": amount});
            tell(
                psi,
                "contract_call",
                json!({"contract": contract, "method": "transfer", "args": args, "private": is_private}),
            );
        }
        tell(psi, "contract_query", json!({"contract": contract, "method": "balance_of", "args": {"account": bob}}));
        tell(psi, "contract_events", json!({"contract": contract}));
    }
    for (psi, tx) in txs {
        told.push(node.tenant(&psi).send("tx_receipt", json!({"tx": tx})).expect("an answer"));
    }
    let head = node.client().call("chain_head", json!({}))["height"].as_u64().expect("a height");
    for height in 0..=head {
        for (psi, method) in [
            ("PS1", "chain_block"),
            ("PS1", "state_root"),
            ("PS1", "psi_root"),
            ("PS2", "psi_root"),
            ("PS1", "psi_trieRoot"),
        ] {
            told.push(node.tenant(psi).send(method, json!({"height": height})).expect("an answer"));
        }
    }
    told
}

#[test]
fn one_seed_and_one_order_of_calls_give_one_chain() {
    let (one, two) = (Dev::new().seed(42).start(), Dev::new().seed(42).start());
    assert_eq!(one.ready["accounts"], two.ready["accounts"]);
    let (first, second) = (story(&one), story(&two));
    assert_eq!(first.len(), second.len());
    for (a, b) in first.iter().zip(&second) {
        assert_eq!(a, b);
    }
}

#[test]
fn another_seed_gives_another_chain() {
    let (one, two) = (Dev::new().seed(1).start(), Dev::new().seed(2).start());
    assert_ne!(one.account("alice"), two.account("alice"));
    let genesis = |node: &Node| node.client().call("chain_block", json!({"height": 0}))["hash"].take();
    assert_ne!(genesis(&one), genesis(&two));
}

#[test]
fn the_compiler_behind_a_node_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let told = ["winch", "cranelift"].map(|backend| {
        let file = folder.path().join(backend);
        std::fs::write(&file, format!("backend = \"{backend}\"\n")).expect("a file");
        story(&Dev::new().seed(42).arg("--config").arg(file.to_str().expect("text")).start())
    });
    for (winch, cranelift) in told[0].iter().zip(&told[1]) {
        assert_eq!(winch, cranelift);
    }
}
