//! Traces through a running node: what a transaction did is told to who may see it, and telling it changes nothing.

use coffer_tests::build;
use coffer_tests::node::Dev;
use coffer_tests::rpc::Client;
use coffer_tests::wasm::with_section;
use serde_json::{Value, json};

use crate::token::{self, SUPPLY};

fn traced(client: &Client, tx: &Value) -> Value {
    client.call("debug_traceTransaction", json!({"tx": tx}))
}

fn steps<'t>(call: &'t Value, host: &str) -> Vec<&'t Value> {
    let steps = call["steps"].as_array().expect("steps");
    steps.iter().filter(|step| step["host"] == host).collect()
}

#[test]
fn a_transfer_tells_its_changes_by_the_words_of_the_spec() {
    for private in [true, false] {
        let node = Dev::new().start();
        let (alice, bob) = (node.account("alice"), node.account("bob"));
        let ps1 = node.tenant("PS1").from("alice");
        let token = token::deploy(&ps1, private);
        token::transfer(&ps1, &token, &bob, 300, private);
        let called = token::transfer(&ps1, &token, &bob, 250, private);
        // What comes later is no part of it.
        token::transfer(&ps1, &token, &bob, 7, private);

        let trace = traced(&ps1, &called["tx"]);
        assert_eq!(
            (&trace["status"], &trace["agrees"], &trace["height"]),
            (&json!("ok"), &json!(true), &called["height"])
        );
        assert_eq!(trace["gasUsed"], called["gasUsed"]);
        let call = &trace["call"];
        assert_eq!((&call["contract"], &call["method"], &call["caller"]), (&token, &json!("transfer"), &json!(alice)));
        assert_eq!(call["args"], json!({"to": bob, "amount": "250"}));
        assert_eq!(call["gasUsed"], called["gasUsed"]);
        let changes: Vec<_> = steps(call, "storage_set").iter().map(|step| &step["effect"]).collect();
        let of = |effect: &Value| [&effect["field"], &effect["before"], &effect["after"]].map(Value::clone);
        let (left, got) = (SUPPLY - 300, 300);
        let expected = [
            [json!("balances"), json!(left.to_string()), json!((left - 250).to_string())],
            [json!("balances"), json!(got.to_string()), json!((got + 250).to_string())],
        ];
        assert_eq!(changes.iter().map(|effect| of(effect)).collect::<Vec<_>>(), expected, "{changes:?}");
        let event = steps(call, "event");
        assert_eq!(event[0]["effect"]["data"], called["events"][0]["data"]);
        let gas: u64 = call["steps"].as_array().expect("steps").iter().filter_map(|step| step["gas"].as_u64()).sum();
        assert!(gas > 160_000 && gas < called["gasUsed"].as_u64().expect("gas"), "{gas}");
        let spots = steps(call, "event")[0]["at"].as_array().expect("spots");
        assert!(!spots.is_empty() && spots.iter().all(|spot| spot["offset"].is_u64()), "{spots:?}");
        assert_eq!(token::balance(&ps1, &token, &bob), 557, "a trace changes nothing");

        let ps2 = node.tenant("PS2");
        let seen = traced(&ps2, &called["tx"]);
        if private {
            // Of a marker, everybody sees that it was ordered.
            assert_eq!((&seen["call"], &seen["gasUsed"]), (&Value::Null, &json!(0)));
            assert!(!seen.to_string().contains(token.as_str().expect("an id")), "{seen}");
        } else {
            assert_eq!(seen, trace);
        }
        assert_eq!(ps2.fail("debug_traceTransaction", json!({"tx": token})).kind(), "notFound");
    }
}

#[test]
fn calls_from_contract_to_contract_stand_below_each_other() {
    let node = Dev::new().start();
    let ps1 = node.tenant("PS1");
    let (bob, carol) = (node.account("bob"), node.account("carol"));
    let init = json!({"payees": json!([[bob, 2], [carol, 1]])});
    let splitter = ps1.deploy(&build::contract("splitter"), init, true)["contract"].take();
    let token = token::deploy(&ps1, true);
    token::transfer(&ps1, &token, splitter.as_str().expect("an id"), 100, true);
    let called = ps1.contract(&splitter, "split", json!({"token": token}), true);
    let trace = traced(&ps1, &called["tx"]);
    assert_eq!(trace["agrees"], true);
    let nested: Vec<_> =
        trace["call"]["steps"].as_array().expect("steps").iter().filter_map(|s| s["call"].as_object()).collect();
    let methods: Vec<_> = nested.iter().map(|call| call["method"].as_str().expect("a name")).collect();
    assert_eq!(methods, ["balance_of", "transfer", "transfer"]);
    assert!(nested.iter().all(|call| call["contract"] == token && call["caller"] == splitter));
    let mut amounts: Vec<_> = nested[1..].iter().map(|call| call["args"]["amount"].clone()).collect();
    amounts.sort_by_key(Value::to_string);
    assert_eq!(amounts, ["33", "66"], "by the token's own spec");
    let below: u64 = nested.iter().filter_map(|call| call["gasUsed"].as_u64()).sum();
    assert!(below < trace["gasUsed"].as_u64().expect("gas"));
}

#[test]
fn a_call_that_failed_tells_how_far_it_came() {
    let node = Dev::new().start();
    let ps1 = node.tenant("PS1");
    let bob = node.account("bob");
    let token = token::deploy(&ps1, true);
    let args = json!({"to": bob, "amount": 5_000});
    let params = json!({"contract": token, "method": "transfer", "args": args, "private": true});
    let error = ps1.fail("contract_call", params.clone());
    let trace = traced(&ps1, &error.data["tx"]);
    assert_eq!((&trace["status"], &trace["call"]["error"]["error"]), (&json!("failed"), &error.data["error"]));
    assert!(steps(&trace["call"], "storage_set").is_empty() && !steps(&trace["call"], "storage_get").is_empty());

    let mut short = params;
    short["args"]["amount"] = json!(5);
    short["gasLimit"] = json!(150_000);
    let error = ps1.fail("contract_call", short);
    assert_eq!(error.kind(), "outOfGas");
    let trace = traced(&ps1, &error.data["tx"]);
    assert_eq!(
        (&trace["status"], &trace["agrees"], &trace["gasUsed"]),
        (&json!("outOfGas"), &json!(true), &json!(150_000))
    );
    let deployed = ps1.deploy(&build::contract("token"), token::init(), false);
    let trace = traced(&ps1, &deployed["tx"]);
    assert_eq!((&trace["call"]["kind"], &trace["agrees"]), (&json!("init"), &json!(true)));
    assert_eq!(trace["call"]["args"]["symbol"], "GLD");
}

#[test]
fn a_call_can_be_tried_without_effect() {
    let node = Dev::new().start();
    let ps1 = node.tenant("PS1");
    let bob = node.account("bob");
    let token = token::deploy(&ps1, true);
    let height = token::transfer(&ps1, &token, &bob, 10, true)["height"].clone();
    token::transfer(&ps1, &token, &bob, 20, true);
    let head = ps1.call("chain_head", json!({}));
    let params = json!({"contract": token, "method": "transfer", "args": {"to": bob, "amount": 5}, "from": "alice"});
    let trace = ps1.call("debug_traceCall", params.clone());
    assert_eq!(trace["status"], "ok");
    assert_eq!(steps(&trace["call"], "storage_set")[1]["effect"]["before"], "30");
    let mut past = params.clone();
    past["height"] = height;
    let trace = ps1.call("debug_traceCall", past);
    assert_eq!(steps(&trace["call"], "storage_set")[1]["effect"]["before"], "10");
    let view = json!({"contract": token, "method": "balance_of", "args": {"account": bob}});
    let trace = ps1.call("debug_traceCall", view);
    assert_eq!((&trace["call"]["kind"], &trace["call"]["result"]), (&json!("view"), &json!("30")));
    assert_eq!(ps1.call("chain_head", json!({})), head, "no block was made");

    let wrong = |change: &str, value: Value| {
        let mut params = params.clone();
        params[change] = value;
        ps1.fail("debug_traceCall", params)
    };
    assert!(wrong("method", json!("transfre")).message.contains("transfer"));
    assert_eq!(wrong("gasLimit", json!(9_000_000_000_u64)).kind(), "invalidParams");
    assert_eq!(wrong("height", json!(900)).kind(), "notFound");
    assert_eq!(node.tenant("PS2").fail("debug_traceCall", params.clone()).kind(), "notFound");
}

#[test]
fn debug_information_that_somebody_uploads_does_the_node_no_harm() {
    let node = Dev::new().start();
    let ps1 = node.tenant("PS1");
    // 200,000 inlined functions inside of each other: who reads them recurses as deep.
    let entries = [&[1][..], &[2; 200_000], &[0; 10]].concat();
    let header = [&4u16.to_le_bytes()[..], &[0; 4], &[4]].concat();
    let length = ((header.len() + entries.len()) as u32).to_le_bytes();
    let abbreviations = [1, 0x11, 1, 0, 0, 2, 0x1d, 1, 0, 0, 0];
    let module = with_section(&build::contract("counter"), ".debug_abbrev", &abbreviations);
    let module = with_section(&module, ".debug_info", &[&length, &header[..], &entries].concat());
    let counter = ps1.deploy(&module, json!({"start": 5}), true)["contract"].take();
    let called = ps1.contract(&counter, "add", json!({"by": 2}), true);
    let trace = traced(&ps1, &called["tx"]);
    assert_eq!((&trace["status"], &trace["agrees"]), (&json!("ok"), &json!(true)));
    assert_eq!(ps1.query(&counter, "value", json!({})), "7", "the node lives");
}

#[test]
fn what_is_not_kept_any_more_is_told_and_a_restart_traces_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::new().data(folder.path());
    let node = dev.start();
    let ps1 = node.tenant("PS1");
    let bob = node.account("bob");
    let token = token::deploy(&ps1, true);
    let called = token::transfer(&ps1, &token, &bob, 10, true);
    let trace = traced(&ps1, &called["tx"]);
    node.stop();
    let node = Dev::new().data(folder.path()).start();
    assert_eq!(traced(&node.tenant("PS1"), &called["tx"]), trace);
    node.stop();
    let settings = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(settings.path(), "history = 1\n").expect("settings");
    let node = Dev::new().data(folder.path()).arg("--config").arg(settings.path().to_str().expect("text")).start();
    let ps1 = node.tenant("PS1");
    for amount in 1..4 {
        token::transfer(&ps1, &token, &bob, amount, true);
    }
    assert_eq!(ps1.fail("debug_traceTransaction", json!({"tx": called["tx"]})).kind(), "pruned");
}
