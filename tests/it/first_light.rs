//! The first story: a token in a private state, seen by its tenant and by nobody else, while the public chain and the trie of private
//! states move on.

use coffer_tests::node::Dev;
use coffer_tests::{build, http, wasm};
use serde_json::{Value, json};

use crate::token::{self, SUPPLY};

#[test]
fn a_token_in_a_private_state_is_deployed_called_and_read() {
    let node = Dev::new().start();
    let ps1 = node.tenant("PS1");
    let (alice, bob) = (node.account("alice"), node.account("bob"));

    let before = ps1.call("psi_trieRoot", json!({}));
    let deployed = ps1.deploy(&build::contract("token"), token::init(), true);
    let token = &deployed["contract"];
    assert!(deployed["gasUsed"].as_u64() > Some(0));
    let called = token::transfer(&ps1, token, &bob, 250, true);

    assert_eq!(called["status"], "ok");
    let event = &called["events"][0];
    assert_eq!(&event["contract"], token);
    assert_eq!(event["name"], "Transfer");
    assert_eq!(event["data"]["from"], json!(alice));
    assert_eq!(event["data"]["to"], json!(bob));
    assert_eq!(token::number(&event["data"]["amount"]), 250);
    assert_eq!(token::balance(&ps1, token, &alice), SUPPLY - 250);
    assert_eq!(token::balance(&ps1, token, &bob), 250);

    let after = ps1.call("psi_trieRoot", json!({}));
    assert_ne!(before["root"], after["root"]);
    assert_ne!(before["blockHash"], after["blockHash"]);
    assert_eq!(after["sealed"], true);
    let head = ps1.call("chain_head", json!({}));
    assert_eq!((&head["height"], &head["hash"]), (&after["height"], &after["blockHash"]));
}

#[test]
fn the_receipt_and_the_events_tell_the_same_as_the_call() {
    let node = Dev::new().start();
    let ps1 = node.tenant("PS1");
    let token = token::deploy(&ps1, true);
    let called = token::transfer(&ps1, &token, &node.account("bob"), 1, true);

    let receipt = ps1.call("tx_receipt", json!({"tx": called["tx"]}));
    for field in ["tx", "height", "status", "result", "events", "gasUsed"] {
        assert_eq!(receipt[field], called[field], "{field}");
    }
    assert_eq!(receipt["private"], true);
    assert_eq!(receipt["contract"], token);
    let block = ps1.call("chain_block", json!({"height": called["height"]}));
    assert_eq!(block["hash"], receipt["blockHash"]);

    let page = ps1.call("contract_events", json!({"contract": token}));
    let last = page["items"].as_array().and_then(|items| items.last()).cloned().unwrap_or_default();
    assert_eq!((&last["tx"], &last["name"]), (&called["tx"], &called["events"][0]["name"]));
    assert_eq!(last["data"], called["events"][0]["data"]);
}

#[test]
fn a_private_call_shows_on_the_chain_as_a_marker_without_names() {
    let node = Dev::new().start();
    let ps1 = node.tenant("PS1");
    let token = token::deploy(&ps1, true);
    let (alice, bob) = (node.account("alice"), node.account("bob"));
    let called = token::transfer(&ps1, &token, &bob, 7, true);

    let block = node.client().call("chain_block", json!({"height": called["height"]}));
    let entries = block["transactions"].as_array().cloned().unwrap_or_default();
    let marker = entries.iter().find(|entry| entry["tx"] == called["tx"]).expect("the marker is in the block");
    assert_eq!(marker["kind"], "marker");
    let text = block.to_string();
    for secret in [&alice, &bob, token.as_str().unwrap_or("?"), "PS1", "transfer"] {
        assert!(!text.contains(secret), "{secret} stands in {text}");
    }
}

#[test]
fn a_public_contract_is_seen_from_every_private_state() {
    let node = Dev::new().start();
    let (ps1, ps2) = (node.tenant("PS1"), node.tenant("PS2"));
    let before = ps1.call("state_root", json!({}));
    let token = token::deploy(&ps1, false);
    token::transfer(&ps1, &token, &node.account("bob"), 40, false);

    assert_eq!(token::balance(&ps1, &token, &node.account("bob")), 40);
    assert_eq!(token::balance(&ps2, &token, &node.account("bob")), 40);
    assert_eq!(token::balance(&node.client(), &token, &node.account("bob")), 40);
    assert_eq!(ps2.call("contract_spec", json!({"contract": token}))["private"], false);
    assert_ne!(ps1.call("state_root", json!({}))["root"], before["root"]);
}

#[test]
fn a_typed_error_of_a_contract_arrives_with_its_name_and_place() {
    let node = Dev::new().start();
    let ps1 = node.tenant("PS1");
    let token = token::deploy(&ps1, true);
    let params = |amount: u64| json!({"contract": token, "method": "transfer", "args": {"to": node.account("bob"), "amount": amount}, "private": true});
    let error = ps1.fail("contract_call", params(SUPPLY + 1));

    assert_eq!((error.code, error.kind()), (-31010, "contractError"));
    assert!(error.data["error"]["name"].is_string(), "{error:?}");
    assert!(error.data["tx"].is_string() && error.data["gasUsed"].is_u64(), "{error:?}");
    assert_eq!(token::balance(&ps1, &token, &node.account("alice")), SUPPLY, "nothing was moved");
    let receipt = ps1.call("tx_receipt", json!({"tx": error.data["tx"]}));
    assert_eq!(receipt["status"], "failed");
    assert_eq!(receipt["error"]["error"], error.data["error"]);
}

#[test]
fn a_state_of_the_past_can_be_read() {
    let node = Dev::new().start();
    let ps1 = node.tenant("PS1");
    let token = token::deploy(&ps1, true);
    let bob = node.account("bob");
    let first = token::transfer(&ps1, &token, &bob, 1, true)["height"].take();
    token::transfer(&ps1, &token, &bob, 10, true);
    let at = |height: &Value| {
        let params = json!({"contract": token, "method": "balance_of", "args": {"account": bob}, "height": height});
        token::number(&ps1.call("contract_query", params)["result"])
    };
    assert_eq!(at(&first), 1);
    assert_eq!(token::balance(&ps1, &token, &bob), 11);
    let error = ps1.fail("psi_root", json!({"height": 1_000_000}));
    assert_eq!(error.kind(), "notFound");
}

#[test]
fn the_spec_in_the_module_comes_out_as_json() {
    let node = Dev::new().start();
    let ps1 = node.tenant("PS1");
    let token = token::deploy(&ps1, true);
    let spec = ps1.call("contract_spec", json!({"contract": token}));
    let methods = spec["spec"]["methods"].as_array().cloned().unwrap_or_default();
    let transfer = methods.iter().find(|m| m["name"] == "transfer").expect("it has a transfer");
    assert_eq!(transfer["kind"], "call");
    assert_eq!(spec["private"], true);
}

#[test]
fn health_and_discovery_answer() {
    let node = Dev::new().start();
    let health = http::get(node.addr(), "/health").expect("an answer");
    assert_eq!(health.status, 200, "{}", health.text());
    let document = node.client().call("rpc.discover", json!({}));
    assert!(document["openrpc"].as_str().is_some_and(|v| v.starts_with("1.")), "{document}");
    let names: Vec<_> =
        document["methods"].as_array().into_iter().flatten().filter_map(|m| m["name"].as_str()).collect();
    for name in ["chain_head", "contract_deploy", "contract_call", "contract_query", "psi_trieRoot", "tx_receipt"] {
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }
}

#[test]
fn a_view_that_names_nobody_sees_the_anonymous_caller() {
    let node = Dev::new().start();
    let tenant = node.tenant("PS1").from("alice");
    let wasm = wasm::plain(
        r#"(import "coffer_1" "caller" (func $caller (param i32 i32) (result i64)))
           (import "coffer_1" "output" (func $output (param i32 i32)))
           (memory (export "memory") 1)
           (func (export "view who")
               (drop (call $caller (i32.const 0) (i32.const 32)))
               (call $output (i32.const 0) (i32.const 32)))"#,
    );
    let contract = tenant.deploy(&wasm, json!({}), true)["contract"].take();
    let who = |from: Value| {
        let mut params = json!({"contract": contract, "method": "who"});
        if !from.is_null() {
            params["from"] = from;
        }
        tenant.call("contract_query", params)["result"].to_string()
    };
    let digits = |id: &str| id.trim_start_matches("0x").to_owned();
    assert!(who(Value::Null).contains(&"0".repeat(64)));
    assert!(who(json!("alice")).contains(&digits(&node.account("alice"))));
    assert!(who(json!(node.account("bob"))).contains(&digits(&node.account("bob"))));
}
