//! Contracts built for `wasm32-unknown-unknown`, the target that people have: they use sign extension and bulk memory, which
//! `wasm32v1-none` leaves out. The modules are committed, so that the tests do not need that target; made with rustc 1.95.0 by
//! `cd contracts && cargo build --locked --release --target wasm32-unknown-unknown`.
//! To be made anew whenever the host's functions change. Invariant: the same sources give the same answers on either target.

use coffer_abi::{Caps, Features};
use coffer_runtime::meter::Schedule;
use coffer_runtime::validate::Rule;
use coffer_runtime::{CodeError, admit};
use coffer_tests::build;
use coffer_tests::node::{Dev, Node};
use coffer_tests::rpc::Client;
use serde_json::{Value, json};

const COUNTER: &[u8] = include_bytes!("plain_target/counter.wasm");
const TOKEN: &[u8] = include_bytes!("plain_target/token.wasm");

/// Events without the contract's id, which the two contracts do not share.
fn events(done: &Value) -> Vec<Value> {
    let events = done["events"].as_array().expect("a list");
    events.iter().map(|event| json!([event["name"], event["data"]])).collect()
}

/// What a client sees of each step.
fn counter(node: &Node, client: &Client, wasm: &[u8]) -> Vec<Value> {
    let counter = client.deploy(wasm, json!({"start": 5}), false)["contract"].take();
    let add = |by: Value| match client
        .try_call("contract_call", json!({"contract": counter, "method": "add", "args": {"by": by}}))
    {
        Ok(done) => json!({"result": done["result"], "events": events(&done)}),
        Err(error) => json!({"code": error.code, "message": error.message, "kind": error.kind()}),
    };
    vec![
        add(json!(37)),
        add(json!("18446744073709551615")),
        client.query(&counter, "value", json!({})),
        client.query(&counter, "added_by", json!({"user": node.account("alice")})),
    ]
}

fn token(node: &Node, client: &Client, wasm: &[u8]) -> Vec<Value> {
    let token = client.deploy(wasm, crate::token::init(), true)["contract"].take();
    let transfer = |to: &str, amount: u64| {
        let args = json!({"to": node.account(to), "amount": amount});
        match client
            .try_call("contract_call", json!({"contract": token, "method": "transfer", "args": args, "private": true}))
        {
            Ok(done) => json!({"result": done["result"], "events": events(&done)}),
            Err(error) => json!({"code": error.code, "message": error.message, "kind": error.kind()}),
        }
    };
    let mut seen = vec![transfer("bob", 300), transfer("carol", 700), transfer("bob", 1)];
    seen.extend(
        ["alice", "bob", "carol"]
            .map(|owner| client.query(&token, "balance_of", json!({"account": node.account(owner)}))),
    );
    seen.push(client.query(&token, "total_supply", json!({})));
    seen
}

#[test]
fn a_contract_for_the_plain_target_answers_like_the_one_for_the_minimal_target() {
    let node = Dev::new().start();
    let client = node.client().psi("PS1").from("alice");
    let plain = counter(&node, &client, COUNTER);
    assert_eq!(plain, counter(&node, &client, &build::contract("counter")));
    assert_eq!(plain[0]["result"], "42");
    assert_eq!(plain[1]["kind"], "contractError", "{}", plain[1]);
    let plain = token(&node, &client, TOKEN);
    assert_eq!(plain, token(&node, &client, &build::contract("token")));
    assert!(!plain[0]["events"].as_array().expect("a list").is_empty(), "{}", plain[0]);
}

#[test]
fn the_plain_target_needs_features_that_the_minimal_one_does_not() {
    let minimal = Caps { features: Features::NONE, ..Caps::default() };
    for (name, plain) in [("counter", COUNTER), ("token", TOKEN)] {
        let admitted = admit(plain, &Caps::default(), &Schedule::default()).expect("accepted");
        assert!(admitted.instrumented.len() > plain.len());
        let Err(CodeError::Refused(violation)) = admit(plain, &minimal, &Schedule::default()) else {
            panic!("accepted")
        };
        assert!(matches!(violation.rule, Rule::Feature { .. }), "{violation}");
        assert!(violation.to_string().contains("--target wasm32v1-none"), "{violation}");
        admit(&build::contract(name), &minimal, &Schedule::default()).expect("the minimal target needs none of them");
    }
}
