//! Tenants that come to a running node, are suspended and closed: through JSON-RPC and the command line, with a kill in between.

use std::process::Command;

use coffer_tests::build;
use coffer_tests::http;
use coffer_tests::node::{Dev, Node};
use coffer_tests::rpc::{Client, base64};
use coffer_tests::socket::Socket;
use serde_json::{Value, json};

use crate::token;

/// Asks again after each block until it is so. The node publishes what the chain lacks of it in blocks of its own.
fn until(node: &Node, mut done: impl FnMut() -> bool) {
    let mut heads = Socket::open(node.addr(), "/");
    heads.call("chain_subscribeHeads", json!({}));
    while !done() {
        heads.notification();
    }
}

/// The record that the chain has of a party.
fn record(node: &Node, party: &Value) -> Value {
    let page = node.client().call("network_parties", json!({}));
    let found = page["items"].as_array().expect("parties").iter().find(|item| item["party"] == *party);
    found.cloned().unwrap_or_default()
}

/// Deploys a token as an account that may act only in a few blocks.
fn deploy(node: &Node, client: &Client) -> Value {
    let params = json!({"wasm": base64(&build::contract("token")), "init": token::init(), "private": true});
    let mut made = Value::Null;
    until(node, || match client.try_call("contract_deploy", params.clone()) {
        Ok(mut answer) => {
            made = answer["contract"].take();
            true
        }
        Err(error) => {
            assert_eq!(error.kind(), "account", "{error:?}");
            false
        }
    });
    made
}

fn coffer(node: &Node, words: &[&str]) -> (bool, String) {
    let mut command = Command::new(build::coffer());
    build::clean(&mut command);
    let url = format!("http://{}", node.addr());
    let done = command.args(words).args(["--url", &url]).output().expect("coffer");
    let text = [String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr)].concat();
    (done.status.success(), text)
}

#[test]
fn a_tenant_comes_to_a_running_node_is_suspended_resumed_and_there_after_a_kill() {
    let data = tempfile::tempdir().expect("a folder");
    let node = Dev::new().data(data.path()).start();
    let operator = node.client();
    let mut socket = Socket::open(node.addr(), "/?PSI=Works%20%26%20Roads");
    assert_eq!(socket.call("psi_current", json!({}))["result"]["configured"], false);

    let made = operator.call("tenant_create", json!({"psi": "Works & Roads", "accounts": ["carol"]}));
    assert_eq!((&made["state"], &made["epoch"], &made["held"]), (&json!("active"), &json!(0), &Value::Null), "{made}");
    assert_eq!(socket.call("psi_current", json!({}))["result"]["configured"], true, "an open connection sees it");
    until(&node, || record(&node, &made["party"])["epoch"] == 0);
    let works = operator.psi("Works%20%26%20Roads").from("carol");
    let token = deploy(&node, &works);
    let (bob, carol) = (node.account("bob"), node.account("carol"));
    token::transfer(&works, &token, &bob, 5, true);
    // Who was not named may not act for it.
    let dave = operator.psi("Works%20%26%20Roads").from("dave");
    let refused = dave.fail(
        "contract_call",
        json!({"contract": token, "method": "transfer", "args": {"to": bob, "amount": 1}, "private": true}),
    );
    assert_eq!(refused.kind(), "account", "{refused:?}");

    let nobody = json!("0x00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee");
    let subscription = socket.call("tx_subscribe", json!({"tx": nobody}))["result"].clone();
    let suspended = operator.call("tenant_suspend", json!({"psi": "Works & Roads"}));
    assert_eq!(suspended["state"], "suspended");
    for (method, params) in [
        ("psi_status", json!({})),
        ("psi_root", json!({})),
        ("contract_query", json!({"contract": token, "method": "balance_of", "args": {"account": carol}})),
        (
            "contract_call",
            json!({"contract": token, "method": "transfer", "args": {"to": bob, "amount": 1}, "private": true}),
        ),
    ] {
        assert_eq!(works.fail(method, params).kind(), "suspendedPsi", "{method}");
    }
    assert_eq!(socket.call("psi_root", json!({}))["error"]["data"]["kind"], "suspendedPsi");
    works.call("chain_head", json!({}));
    operator.call("tenant_resume", json!({"psi": "Works & Roads"}));
    let ended = socket.call("tx_unsubscribe", json!({"subscription": subscription}));
    assert_eq!(ended["result"], false, "its subscription was ended: {ended}");
    token::transfer(&works, &token, &bob, 5, true);
    let root = works.call("psi_root", json!({}));
    let again = operator.fail("tenant_resume", json!({"psi": "Works & Roads"}));
    assert_eq!(again.kind(), "tenantState", "{again:?}");

    node.kill();
    let node = Dev::new().data(data.path()).start().settled();
    let works = node.client().psi("Works%20%26%20Roads").from("carol");
    assert_eq!(works.call("psi_root", json!({"height": root["height"]})), root);
    assert_eq!(token::balance(&works, &token, &bob), 10);
    token::transfer(&works, &token, &bob, 5, true);
    let shown = node.client().call("tenant_get", json!({"psi": "Works & Roads"}));
    let states: Vec<_> =
        shown["changes"].as_array().expect("changes").iter().map(|change| change["state"].clone()).collect();
    assert_eq!(states, [Value::Null, json!("suspended"), json!("active")]);

    let (done, text) = coffer(&node, &["tenant", "list"]);
    assert!(done && ["PS1", "PS2", "Works & Roads"].iter().all(|name| text.contains(name)), "{text}");
    let (done, text) = coffer(&node, &["tenant", "close", "Works & Roads"]);
    assert!(done && text.contains("closed since block"), "{text}");
    let (done, text) = coffer(&node, &["tenant", "resume", "Works & Roads"]);
    assert!(!done && text.contains("is closed, which is for good"), "{text}");
    until(&node, || record(&node, &made["party"])["retired"] == true);
}

#[test]
fn what_cannot_be_is_told_with_the_way_out_and_changes_nothing() {
    let node = Dev::new().seed(3).start();
    let operator = node.client();
    let before = operator.call("tenant_list", json!({}));
    let long = "x".repeat(65);
    for (params, path) in [
        (json!({"psi": "PS1"}), "psi"),
        (json!({"psi": "a/b"}), "psi"),
        (json!({"psi": ""}), "psi"),
        (json!({"psi": "public"}), "psi"),
        (json!({"psi": long}), "psi"),
        (json!({"psi": "PS3", "account": "carol"}), "account"),
    ] {
        let error = operator.fail("tenant_create", params.clone());
        assert_eq!(error.kind(), "invalidParams", "{params}: {error:?}");
        assert_eq!(error.data["path"], path, "{params}: {error:?}");
    }
    let error = operator.fail("tenant_create", json!({"psi": "PS3", "accounts": ["nobody"]}));
    assert!(error.kind() == "account" && error.message.contains("it has: alice"), "{error:?}");
    for method in ["tenant_get", "tenant_suspend", "tenant_resume", "tenant_close", "tenant_rotate"] {
        assert_eq!(operator.fail(method, json!({"psi": "PS9"})).kind(), "notFound", "{method}");
    }
    assert_eq!(operator.call("tenant_list", json!({})), before);
    let page = operator.call("tenant_list", json!({"limit": 1}));
    assert_eq!((page["items"][0]["psi"].clone(), page["next"].clone()), (json!("PS1"), json!("PS1")));
    let rest = operator.call("tenant_list", json!({"after": "PS1"}));
    assert_eq!((rest["items"][0]["psi"].clone(), rest["next"].clone()), (json!("PS2"), Value::Null));
    let rotated = operator.call("tenant_rotate", json!({"psi": "PS2"}));
    assert_eq!(rotated["epoch"], 1);
    let early = operator.fail("tenant_rotate", json!({"psi": "PS2"}));
    assert_eq!(early.kind(), "tenantState", "{early:?}");
    // What it sends to itself goes on with either key.
    let ps2 = node.tenant("PS2");
    let token = token::deploy(&ps2, true);
    token::transfer(&ps2, &token, &node.account("bob"), 5, true);
}

#[test]
fn a_tenant_is_limited_while_the_node_runs_sees_its_own_numbers_and_keeps_its_limits_over_a_kill() {
    let data = tempfile::tempdir().expect("a folder");
    let node = Dev::new().data(data.path()).start();
    let (ps1, ps2) = (node.tenant("PS1"), node.tenant("PS2"));
    let (mine, theirs) = (token::deploy(&ps1, true), token::deploy(&ps2, true));
    let bob = node.account("bob");
    token::transfer(&ps1, &mine, &bob, 5, true);
    let status = ps1.call("psi_status", json!({}))["limits"].clone();
    assert_eq!(
        (&status["concurrent"], &status["pending"]["limit"]),
        (&json!({"limit": null, "used": 1}), &Value::Null)
    );
    let stored = status["storageBytes"]["used"].as_u64().expect("bytes");
    assert!(stored > 1_000, "{status}");

    let (done, text) = coffer(&node, &["tenant", "limits", "PS1", "--storage-bytes", "1000", "--pending", "7"]);
    assert!(done && text.contains("7 transactions waiting, 1000 bytes stored"), "{text}");
    // To somebody who has nothing yet, so that there is a balance more; that of one who has some is overwritten.
    let to = node.account("carol");
    let call = json!({"contract": mine, "method": "transfer", "args": {"to": to, "amount": 1}, "private": true});
    let refused = ps1.fail("contract_call", call.clone());
    assert_eq!((refused.kind(), &refused.data["limit"]), ("overQuota", &json!("storageBytes")), "{refused:?}");
    assert!(refused.data["retryAfterMs"].as_u64() > Some(0), "{refused:?}");
    assert_eq!(token::balance(&ps1, &mine, &bob), 5, "it is read");
    token::transfer(&ps2, &theirs, &bob, 5, true);
    let status = ps1.call("psi_status", json!({}))["limits"].clone();
    assert_eq!(status["storageBytes"], json!({"limit": 1000, "used": stored}));
    assert_eq!(ps2.call("psi_status", json!({}))["limits"]["storageBytes"]["limit"], Value::Null);
    let metrics = http::get(node.addr(), "/metrics").expect("an answer").text();
    assert!(metrics.contains("\ncoffer_over_storage_bytes_total 1\n") && !metrics.contains("PS1"), "{metrics}");

    node.kill();
    let node = Dev::new().data(data.path()).start().settled();
    let (operator, ps1) = (node.client(), node.tenant("PS1"));
    assert_eq!(ps1.fail("contract_call", call.clone()).kind(), "overQuota");
    let limits = json!({"storageBytes": stored * 2, "requestsPerSecond": 1_000_000});
    let set = operator.call("tenant_setLimits", json!({"psi": "PS1", "limits": limits}));
    assert_eq!((&set["limits"]["storageBytes"], &set["limits"]["pending"]), (&json!(stored * 2), &Value::Null));
    token::transfer(&ps1, &mine, &bob, 5, true);
    let shown = operator.call("tenant_get", json!({"psi": "PS1"}));
    let changes = shown["changes"].as_array().expect("changes").clone();
    assert_eq!((changes.len(), &changes[0]["limits"]["pending"]), (2, &json!(7)));

    let zero = operator.fail("tenant_setLimits", json!({"psi": "PS1", "limits": {"pending": 0}}));
    assert_eq!((zero.kind(), &zero.data["path"]), ("invalidParams", &json!("limits.pending")), "{zero:?}");
    let unknown = operator.fail("tenant_setLimits", json!({"psi": "PS1", "limits": {"pendings": 1}}));
    assert_eq!(unknown.kind(), "invalidParams", "{unknown:?}");
    let nobody = operator.fail("tenant_setLimits", json!({"psi": "PS9", "limits": {}}));
    assert_eq!(nobody.kind(), "notFound", "{nobody:?}");
    let (done, text) = coffer(&node, &["tenant", "limits", "PS1", "--storage-bytes", "default"]);
    assert!(done && text.contains("limits: 1000000 requests a second"), "{text}");
    let (done, text) = coffer(&node, &["tenant", "limits", "PS1"]);
    assert!(!done && text.contains("--gas-per-second"), "{text}");
}
