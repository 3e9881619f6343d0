//! Modules and calls that mean no good: each gets a clear answer, and the node goes on serving everybody else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use coffer_abi::export::MethodKind::{Call, View};
use coffer_tests::node::{Dev, Node};
use coffer_tests::rpc::{Client, RpcError, base64};
use coffer_tests::{build, wasm};
use serde_json::{Value, json};

use crate::token;

/// The node answers and the token still works.
fn assert_alive(node: &Node) {
    let token = token::deploy(&node.tenant("PS1"), true);
    token::transfer(&node.tenant("PS1"), &token, &node.account("bob"), 1, true);
}

fn call(client: &Client, contract: &Value, method: &str) -> RpcError {
    client.fail("contract_call", json!({"contract": contract, "method": method, "args": {}, "private": true}))
}

#[test]
fn an_endless_loop_runs_out_of_gas_while_others_are_answered() {
    let node = Dev::new().start();
    let ps1 = node.tenant("PS1");
    let endless = wasm::contract(
        &[(Call, "spin"), (View, "look")],
        r#"(func (export "call spin") (loop (br 0))) (func (export "view look") (loop (br 0)))"#,
    );
    let endless = ps1.deploy(&endless, json!({}), true)["contract"].take();
    let token = token::deploy(&node.tenant("PS2"), true);
    let (alice, done) = (node.account("alice"), Arc::new(AtomicBool::new(false)));

    let spinning = std::thread::spawn({
        let (ps1, endless, done) = (ps1.clone(), endless.clone(), Arc::clone(&done));
        move || {
            let mut spins = Vec::new();
            while !done.load(Ordering::Relaxed) {
                let started = Instant::now();
                let error = call(&ps1, &endless, "spin");
                spins.push((started, Instant::now(), error));
            }
            spins
        }
    });
    let mut asked = Vec::new();
    for _ in 0..200 {
        let started = Instant::now();
        assert_eq!(token::balance(&node.tenant("PS2"), &token, &alice), token::SUPPLY);
        asked.push((started, Instant::now()));
    }
    done.store(true, Ordering::Relaxed);
    let spins = spinning.join().expect("the thread");
    for (_, _, error) in &spins {
        assert_eq!((error.code, error.kind()), (-31012, "outOfGas"), "{error:?}");
        assert!(error.data["gasUsed"].as_u64() > Some(0), "{error:?}");
    }
    let meanwhile = |query: &&(Instant, Instant)| spins.iter().any(|spin| spin.0 < query.0 && query.1 < spin.1);
    assert!(asked.iter().any(|query| meanwhile(&query)), "no query was answered while a loop ran");

    // Little gas, so that a slow machine does not reach the clock of queries first.
    let look = json!({"contract": endless, "method": "look", "args": {}, "gasLimit": 1_000_000});
    let error = ps1.fail("contract_query", look);
    assert_eq!(error.kind(), "outOfGas", "{error:?}");
    assert_alive(&node);
}

#[test]
fn recursion_without_end_is_a_trap_and_the_node_lives() {
    let node = Dev::new().start();
    let ps1 = node.tenant("PS1");
    let deep = wasm::contract(&[(Call, "dive")], r#"(func $dive (export "call dive") (call $dive) (call $done))"#);
    let deep = ps1.deploy(&deep, json!({}), true)["contract"].take();
    let error = call(&ps1, &deep, "dive");
    assert_eq!((error.code, error.kind()), (-31011, "trap"), "{error:?}");
    assert_eq!(error.data["trap"], "stackExhausted", "{error:?}");
    assert_alive(&node);
}

#[test]
fn a_view_that_writes_is_trapped() {
    let node = Dev::new().start();
    let ps1 = node.tenant("PS1");
    let sly = r#"(data (i32.const 0) "\00k")
        (func (export "view look") (call $storage_set (i32.const 0) (i32.const 2) (i32.const 0) (i32.const 1)) (call $done))"#;
    let sly = ps1.deploy(&wasm::contract(&[(View, "look")], sly), json!({}), true)["contract"].take();
    let root = ps1.call("psi_root", json!({}));
    let error = ps1.fail("contract_query", json!({"contract": sly, "method": "look", "args": {}}));
    assert_eq!((error.kind(), &error.data["trap"]), ("trap", &json!("readOnly")), "{error:?}");
    assert_eq!(ps1.call("psi_root", json!({})), root);
}

#[test]
fn every_kind_of_trap_is_told_by_its_name() {
    let node = Dev::new().start();
    let ps1 = node.tenant("PS1");
    let methods = [(Call, "stop"), (Call, "outside"), (Call, "divide"), (Call, "silent"), (Call, "pointer")];
    let bad = wasm::contract(
        &methods,
        r#"(func (export "call stop") unreachable)
           (func (export "call outside") (drop (i32.load (i32.const 0x7fffffff))))
           (func (export "call divide") (drop (i32.div_u (i32.const 1) (i32.const 0))))
           (func (export "call silent"))
           (func (export "call pointer") (call $output (i32.const 0x7ffffff0) (i32.const 64)))"#,
    );
    let bad = ps1.deploy(&bad, json!({}), true)["contract"].take();
    let expected = ["unreachable", "memoryOutOfBounds", "divisionByZero", "noOutput", "badPointer"];
    for ((_, method), trap) in methods.iter().zip(expected) {
        let error = call(&ps1, &bad, method);
        assert_eq!((error.kind(), &error.data["trap"]), ("trap", &json!(trap)), "{method}: {error:?}");
    }
    assert_alive(&node);
}

/// The refusal of a module, which must name a rule.
fn refused(client: &Client, module: &[u8]) -> RpcError {
    let error = client.fail("contract_deploy", json!({"wasm": base64(module), "init": {}, "private": true}));
    assert_eq!((error.code, error.kind()), (-31007, "codeRefused"), "{error:?}");
    assert!(error.data["rule"].as_str().is_some_and(|rule| !rule.is_empty()), "{error:?}");
    error
}

#[test]
fn bad_modules_are_refused_with_rule_place_and_way_out() {
    let node = Dev::new().start();
    let ps1 = node.tenant("PS1");
    let height = |client: &Client| client.call("chain_head", json!({}))["height"].take();
    let before = height(&ps1);

    let float = wasm::contract(
        &[(Call, "f")],
        r#"(func (export "call f") (drop (f64.add (f64.const 1) (f64.const 2))) (call $done))"#,
    );
    let error = refused(&ps1, &float);
    assert!(error.data["offset"].is_u64() && error.data["function"].is_string(), "{error:?}");
    assert!(error.text().contains("float"), "{error:?}");

    let import = wasm::module(
        &[],
        r#"(import "env" "now" (func (result i64))) (memory (export "memory") 1) (func (export "init"))"#,
    );
    let error = refused(&ps1, &import);
    assert!(error.text().contains("env") && error.text().contains("now"), "{error:?}");

    let mistyped = wasm::module(
        &[],
        r#"(import "coffer_1" "output" (func (param i32))) (memory (export "memory") 1) (func (export "init"))"#,
    );
    assert!(refused(&ps1, &mistyped).text().contains("output"));

    let start = wasm::contract(&[], "(func $s) (start $s)");
    assert!(refused(&ps1, &start).text().contains("start"));

    let locals = format!("(func (local {}))", "i64 ".repeat(600));
    let error = refused(&ps1, &wasm::contract(&[], &locals));
    assert!(error.text().contains("600") && error.text().contains("512"), "used and allowed: {error:?}");

    let whole = build::contract("token");
    for length in [0, 3, 8, whole.len() / 2, whole.len() - 1] {
        refused(&ps1, &whole[..length]);
    }
    refused(&ps1, b"not wasm at all");

    assert_eq!(height(&ps1), before, "no block was made for any of them");
    assert_alive(&node);
}

#[test]
fn a_module_that_says_nothing_of_itself_cannot_be_called_by_name() {
    let node = Dev::new().start();
    let ps1 = node.tenant("PS1");
    let mute = ps1.deploy(&wasm::plain(r#"(memory (export "memory") 1)"#), json!({}), true)["contract"].take();
    let error = call(&ps1, &mute, "anything");
    assert_eq!((error.kind(), &error.data["path"]), ("invalidParams", &json!("method")), "{error:?}");
    let error = ps1.fail("contract_spec", json!({"contract": mute}));
    assert!(error.message.contains("no spec"), "{error:?}");
    assert_alive(&node);
}

#[test]
fn a_compile_bomb_is_refused_at_once() {
    let node = Dev::new().start();
    let ps1 = node.tenant("PS1");
    let blocks = "(block (br_if 0 (local.get 0)))".repeat(4_000);
    let bomb = wasm::contract(&[], &format!("(func (param i32) (local {}) {blocks})", "i64 ".repeat(4_000)));
    assert!((20_000..200_000).contains(&bomb.len()), "{} bytes", bomb.len());
    let error = refused(&ps1, &bomb);
    assert!(error.data["function"].is_string(), "{error:?}");
    assert_alive(&node);
}
