//! Mistakes of honest callers: each is told by its place, with what was expected.

use coffer_tests::build;
use coffer_tests::http;
use coffer_tests::node::Dev;
use coffer_tests::rpc::{self, RpcError, base64};
use serde_json::{Value, json};

use crate::token;

/// The error names `path`.
fn points_to(error: &RpcError, path: &str) {
    assert_eq!((error.code, error.kind()), (-32602, "invalidParams"), "{error:?}");
    assert_eq!(error.data["path"], path, "{error:?}");
}

#[test]
fn a_wrong_argument_of_a_contract_is_told_by_its_path() {
    let node = Dev::new().start();
    let ps1 = node.tenant("PS1");
    let token = token::deploy(&ps1, true);
    let bob = node.account("bob");
    let transfer = |args: Value| {
        ps1.fail("contract_call", json!({"contract": token, "method": "transfer", "args": args, "private": true}))
    };
    points_to(&transfer(json!({"to": bob})), "args.amount");
    points_to(&transfer(json!({"to": bob, "amount": 1, "note": "x"})), "args.note");
    points_to(&transfer(json!({"to": bob, "amount": -1})), "args.amount");
    points_to(&transfer(json!({"to": bob, "amount": "many"})), "args.amount");
    points_to(&transfer(json!({"to": bob, "amount": 1.5})), "args.amount");
    points_to(&transfer(json!({"to": "0x12", "amount": 1})), "args.to");
    points_to(&transfer(json!({"to": 7, "amount": 1})), "args.to");
    let query = ps1.fail("contract_query", json!({"contract": token, "method": "balance_of", "args": {}}));
    points_to(&query, "args.account");
    let init = json!({"wasm": base64(&build::contract("token")), "init": {"suply": 1}, "private": true});
    let error = ps1.fail("contract_deploy", init);
    assert_eq!(error.kind(), "invalidParams");
    assert!(error.data["path"].as_str().is_some_and(|path| path.starts_with("init.")), "{error:?}");
    assert_eq!(token::balance(&ps1, &token, &bob), 0);
}

#[test]
fn a_wrong_parameter_of_a_method_is_told_by_its_path() {
    let node = Dev::new().start();
    let ps1 = node.tenant("PS1");
    points_to(&ps1.fail("chain_block", json!({"height": "five"})), "height");
    points_to(&ps1.fail("chain_block", json!({"hieght": 5})), "hieght");
    points_to(&ps1.fail("tx_receipt", json!({})), "tx");
    points_to(&ps1.fail("tx_receipt", json!({"tx": "0x00"})), "tx");
    points_to(&ps1.fail("contract_deploy", json!({"wasm": "§"})), "wasm");
    let error = ps1.fail("contract_call", json!({"contract": 1, "method": "x"}));
    points_to(&error, "contract");
}

#[test]
fn an_unknown_method_or_contract_is_told() {
    let node = Dev::new().start();
    let ps1 = node.tenant("PS1");
    let error = ps1.fail("chain_haed", json!({}));
    assert_eq!((error.code, error.kind()), (-32601, "methodNotFound"), "{error:?}");
    assert_eq!(error.data["suggestion"], "chain_head", "{error:?}");

    let token = token::deploy(&ps1, true);
    let error =
        ps1.fail("contract_call", json!({"contract": token, "method": "transfre", "args": {}, "private": true}));
    assert!(error.text().contains("transfre") && error.text().contains("transfer"), "{error:?}");
    let error = ps1.fail("contract_query", json!({"contract": token, "method": "transfer", "args": {}}));
    assert!(error.text().contains("call"), "a call is no view: {error:?}");
    let absent = format!("0x{}", "7".repeat(64));
    let error = ps1.fail("contract_query", json!({"contract": absent, "method": "balance_of", "args": {}}));
    assert_eq!((error.code, error.kind()), (-31001, "notFound"));
}

#[test]
fn an_account_that_the_node_does_not_hold_is_told() {
    let node = Dev::new().start();
    let ps1 = node.tenant("PS1");
    let token = token::deploy(&ps1, true);
    for from in ["mallory".to_owned(), format!("0x{}", "9".repeat(64))] {
        let params = json!({"contract": token, "method": "transfer", "args": {"to": node.account("bob"), "amount": 1},
                            "private": true, "from": from});
        let error = ps1.fail("contract_call", params);
        assert_eq!((error.code, error.kind()), (-31009, "account"), "{error:?}");
        assert!(error.message.contains(&from), "{error:?}");
    }
}

#[test]
fn a_gas_limit_that_is_too_low_is_out_of_gas() {
    let node = Dev::new().start();
    let ps1 = node.tenant("PS1");
    let token = token::deploy(&ps1, true);
    let args = json!({"to": node.account("bob"), "amount": 1});
    let params = json!({"contract": token, "method": "transfer", "args": args, "private": true, "gasLimit": 100});
    let error = ps1.fail("contract_call", params);
    assert_eq!((error.code, error.kind()), (-31012, "outOfGas"), "{error:?}");
    assert_eq!(error.data["gasUsed"], 100);
}

#[test]
fn a_write_to_a_private_state_that_the_node_does_not_have_is_refused() {
    let node = Dev::new().start();
    let token = token::deploy(&node.tenant("PS1"), false);
    let stranger = node.tenant("NOWHERE");
    assert_eq!(stranger.call("psi_current", json!({})), json!({"psi": "NOWHERE", "configured": false, "party": null}));
    let error = stranger.fail(
        "contract_deploy",
        json!({"wasm": base64(&build::contract("token")), "init": token::init(), "private": true}),
    );
    assert_eq!((error.code, error.kind()), (-31005, "unconfiguredPsi"), "{error:?}");
    assert!(error.message.contains("NOWHERE"), "{error:?}");
    let args = json!({"to": node.account("bob"), "amount": 1});
    let error =
        stranger.fail("contract_call", json!({"contract": token, "method": "transfer", "args": args, "private": true}));
    assert_eq!(error.kind(), "unconfiguredPsi", "{error:?}");
    assert_eq!(token::balance(&stranger, &token, &node.account("alice")), token::SUPPLY, "it reads the public state");
}

#[test]
fn a_body_over_the_limit_is_refused_and_the_node_lives() {
    let node = Dev::new().start();
    let mut body = br#"{"jsonrpc":"2.0","id":1,"method":"chain_head","params":{"x":""#.to_vec();
    body.resize(64 * 1024 * 1024, b'x');
    let reply = http::post(node.addr(), "/", &[], &body).expect("an answer");
    let told = rpc::read(&reply.text()).and_then(Result::err);
    assert!(reply.status == 413 || told.is_some(), "{} {}", reply.status, reply.text());
    if let Some(error) = told {
        assert_eq!(error.kind(), "tooLarge", "{error:?}");
        assert!(error.data["limit"].is_u64(), "{error:?}");
    }
    node.client().call("chain_head", json!({}));
}

#[test]
fn a_batch_is_answered_one_by_one_and_bounded() {
    let node = Dev::new().start();
    let ask = |id: usize| json!({"jsonrpc": "2.0", "id": id, "method": if id == 2 { "no_such" } else { "chain_head" }, "params": {}});
    let send = |n: usize| {
        let body = Value::from((0..n).map(ask).collect::<Vec<_>>());
        let text = http::post(node.addr(), "/", &[], body.to_string().as_bytes()).expect("an answer").text();
        serde_json::from_str::<Value>(&text).unwrap_or_else(|e| panic!("{e}: {text}"))
    };
    let answers = send(4);
    let answers = answers.as_array().expect("a list");
    assert_eq!(answers.len(), 4);
    for answer in answers {
        assert_eq!(answer["error"].is_object(), answer["id"] == 2, "{answer}");
    }
    let refused = send(20_000);
    assert_eq!(refused["error"]["data"]["kind"], "batchTooLong", "{refused}");
}

#[test]
fn what_is_no_json_rpc_is_told_so() {
    let node = Dev::new().start();
    let send = |body: &str| {
        let reply = http::post(node.addr(), "/", &[], body.as_bytes()).expect("an answer");
        rpc::read(&reply.text()).unwrap_or_else(|| panic!("{}", reply.text())).expect_err("an error")
    };
    assert_eq!(send("{").kind(), "parse");
    assert_eq!(send("{}").kind(), "invalidRequest");
    assert_eq!(send(r#"{"jsonrpc":"2.0","id":1}"#).kind(), "invalidRequest");
    let by_position = send(r#"{"jsonrpc":"2.0","id":1,"method":"chain_block","params":[1]}"#);
    assert_eq!(by_position.kind(), "invalidParams");
    assert!(by_position.message.contains("name"), "{by_position:?}");
}
