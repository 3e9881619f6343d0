//! Contracts that call each other through a running node: the example splitter pays out of the example token, publicly, privately, and from
//! a private state with a public token.

use coffer_tests::build;
use coffer_tests::node::{Dev, Node};
use coffer_tests::rpc::Client;
use serde_json::{Value, json};

use crate::token;

/// An id that nobody has.
const NOBODY: &str = "0x00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee";

/// A splitter that gives bob two parts and carol one.
fn splitter(node: &Node, client: &Client, private: bool) -> Value {
    let payees = json!([[node.account("bob"), 2], [node.account("carol"), 1]]);
    client.deploy(&build::contract("splitter"), json!({"payees": payees}), private)["contract"].take()
}

fn text(id: &Value) -> String {
    id.as_str().expect("an id").to_owned()
}

/// A token of which the splitter has 100.
fn funded(client: &Client, splitter: &Value, private: bool) -> Value {
    let token = token::deploy(client, private);
    token::transfer(client, &token, &text(splitter), 100, private);
    token
}

/// The name of the error that a call of the splitter fails with.
fn fails(client: &Client, splitter: &Value, method: &str, args: Value, private: bool) -> Value {
    let params = json!({"contract": splitter, "method": method, "args": args, "private": private});
    client.fail("contract_call", params).data["error"].take()
}

#[test]
fn a_contract_pays_out_of_another_and_everybody_s_events_are_told() {
    for private in [false, true] {
        let node = Dev::new().start();
        let (client, bob, carol) = (node.tenant("PS1"), node.account("bob"), node.account("carol"));
        let splitter = splitter(&node, &client, private);
        let token = funded(&client, &splitter, private);

        assert_eq!(token::number(&client.query(&splitter, "due", json!({"token": token, "payee": bob}))), 66);
        let called = client.contract(&splitter, "split", json!({"token": token}), private);
        assert_eq!(token::number(&called["result"]), 99);
        assert_eq!(token::balance(&client, &token, &bob), 66);
        assert_eq!(token::balance(&client, &token, &carol), 33);
        assert_eq!(token::balance(&client, &token, &text(&splitter)), 1);

        let events = called["events"].as_array().expect("events");
        let told: Vec<_> = events.iter().map(|event| (&event["contract"], event["name"].as_str())).collect();
        assert_eq!(told, [(&token, Some("Transfer")), (&token, Some("Transfer")), (&splitter, Some("Split"))]);
        assert_eq!(events[0]["data"]["from"], splitter, "decoded by the token's own spec");
        assert_eq!(token::number(&events[2]["data"]["amount"]), 99);
        let receipt = client.call("tx_receipt", json!({"tx": called["tx"]}));
        assert_eq!(receipt["events"], called["events"]);
        let page = client.call("contract_events", json!({"contract": token, "names": ["Transfer"]}));
        let items = page["items"].as_array().expect("items");
        assert_eq!(items.iter().filter(|item| item["tx"] == called["tx"]).count(), 2);

        let stranger = node.tenant("PS2");
        let seen = stranger.try_call("contract_query", json!({"contract": token, "method": "total_supply"})).is_ok();
        assert_eq!(seen, !private);
    }
}

#[test]
fn one_of_several_calls_that_fails_is_undone_alone() {
    let node = Dev::new().start();
    let ps1 = node.tenant("PS1");
    let splitter = splitter(&node, &ps1, true);
    let token = funded(&ps1, &splitter, true);

    let error = fails(&ps1, &splitter, "split", json!({"token": NOBODY}), true);
    assert_eq!((&error["name"], &error["data"]["token"]), (&json!("NoToken"), &json!(NOBODY)));
    // The splitter is no token: it has no `balance_of`.
    let error = fails(&ps1, &splitter, "split", json!({"token": splitter}), true);
    assert_eq!(error["name"], "NoToken");
    let called = ps1.contract(&splitter, "split_all", json!({"tokens": [NOBODY, token, splitter]}), true);
    let amounts: Vec<_> = called["result"].as_array().expect("a list").iter().map(|share| &share["amount"]).collect();
    assert_eq!(amounts, [&Value::Null, &json!("99"), &Value::Null]);
    assert_eq!(token::balance(&ps1, &token, &node.account("bob")), 66);
}

#[test]
fn a_contract_makes_a_contract_that_outlives_the_process() {
    for private in [false, true] {
        let data = tempfile::tempdir().expect("a folder");
        let node = Dev::new().data(data.path()).start();
        let (ps1, bob) = (node.tenant("PS1"), node.account("bob"));
        let splitter = splitter(&node, &ps1, private);
        let issue = |name: &str, code: &Value| json!({"code": code, "name": name, "symbol": "N", "supply": 300});

        let error = fails(&ps1, &splitter, "issue", issue("New", &json!(NOBODY)), private);
        assert_eq!(error["name"], "NoToken", "the state does not hold the code");
        let token = token::deploy(&ps1, private);
        let code = ps1.call("contract_spec", json!({"contract": token}))["codeHash"].take();
        let made = ps1.contract(&splitter, "issue", issue("New", &code), private)["result"].take();
        assert_eq!(token::balance(&ps1, &made, &bob), 200);
        let error = fails(&ps1, &splitter, "issue", issue("New", &code), private);
        assert_eq!(error["name"], "NoToken", "one name, one token");
        let other = ps1.contract(&splitter, "issue", issue("Newer", &code), private)["result"].take();
        assert_ne!(other, made);

        node.kill();
        let node = Dev::new().data(data.path()).start().settled();
        let ps1 = node.tenant("PS1");
        assert_eq!(token::balance(&ps1, &made, &bob), 200);
        assert_eq!(ps1.call("contract_spec", json!({"contract": made}))["codeHash"], code);
        token::transfer(&ps1.from("bob"), &made, &node.account("dave"), 5, private);
        assert_eq!(token::balance(&ps1, &made, &bob), 195);
    }
}

#[test]
fn private_code_reads_a_public_contract_and_public_code_sees_no_private_one() {
    let node = Dev::new().start();
    let (ps1, bob) = (node.tenant("PS1"), node.account("bob"));
    let inside = splitter(&node, &ps1, true);
    let outside = splitter(&node, &ps1, false);
    let public = funded(&ps1, &inside, false);
    let private = funded(&ps1, &outside, true);

    assert_eq!(token::number(&ps1.query(&inside, "due", json!({"token": public, "payee": bob}))), 66);
    let error = fails(&ps1, &inside, "split", json!({"token": public}), true);
    assert_eq!(error["name"], "NoToken", "it may look at the public token and not move it");
    let called = ps1.contract(&inside, "split_all", json!({"tokens": [public]}), true);
    assert_eq!(called["result"][0]["amount"], Value::Null);
    assert_eq!(token::balance(&ps1, &public, &text(&inside)), 100);

    assert_eq!(ps1.query(&outside, "due", json!({"token": private, "payee": bob})), Value::Null);
    let error = fails(&ps1, &outside, "split", json!({"token": private}), false);
    assert_eq!(error["name"], "NoToken", "for public code the private token is not there");
}
