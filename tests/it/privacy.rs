//! Private contracts of several parties through JSON-RPC and the command line: who has them, what a flag demands, what a stranger sees.

use std::process::Command;

use coffer_tests::build;
use coffer_tests::node::{Dev, Node};
use coffer_tests::rpc::{Client, base64};
use serde_json::{Value, json};

use crate::token;

fn party(client: &Client) -> Value {
    client.call("psi_current", json!({}))["party"].take()
}

/// Deploys a token for parties.
fn deploy(client: &Client, private: &Value) -> Value {
    let params = json!({"wasm": base64(&build::contract("token")), "init": token::init(), "private": private});
    client.call("contract_deploy", params)["contract"].take()
}

fn transfer(contract: &Value, to: &str, private: &Value) -> Value {
    json!({"contract": contract, "method": "transfer", "args": {"to": to, "amount": 5}, "private": private})
}

/// Waits until a private state is done with the block of an answer: the other parties execute a call in their own time.
fn done(client: &Client, answer: &Value) {
    let height = answer["height"].as_u64().expect("a height");
    while client.call("psi_status", json!({}))["head"].as_u64().expect("a head") < height {
        std::thread::yield_now();
    }
}

fn coffer(node: &Node, words: &[&str]) -> String {
    let mut command = Command::new(build::coffer());
    build::clean(&mut command);
    let url = format!("http://{}", node.addr());
    let done = command.args(words).args(["--url", &url]).output().expect("coffer");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).into_owned()
}

#[test]
fn a_contract_for_two_parties_is_at_both_and_its_flag_holds_for_all_who_call_it() {
    let node = Dev::new().start();
    node.client().call("tenant_create", json!({"psi": "PS3"}));
    let (ps1, ps2, ps3) = (node.tenant("PS1"), node.tenant("PS2"), node.tenant("PS3"));
    let (one, two) = (party(&ps1), party(&ps2));
    let bob = node.account("bob");
    let both = json!({"parties": [two]});
    for flag in [1, 3] {
        let contract = deploy(&ps1, &json!({"parties": [two], "flag": flag}));
        done(&ps2, &ps2.call("chain_head", json!({})));
        for client in [&ps1, &ps2] {
            let about = client.call("privacy_metadata", json!({"contract": contract}));
            let mut members: Vec<_> = about["members"].as_array().expect("members").clone();
            members.sort_by_key(ToString::to_string);
            let mut expected = vec![one.clone(), two.clone()];
            expected.sort_by_key(ToString::to_string);
            assert_eq!((&about["version"], members), (&json!(0), expected), "{about}");
            assert_eq!(token::balance(client, &contract, &bob), 0);
        }
        // By one party alone it is refused at the sender, and the other party's copy does not move.
        let alone = ps1.fail("contract_call", transfer(&contract, &bob, &json!(true)));
        assert_eq!((alone.kind(), &alone.data["reason"]), ("refused", &json!("notAllNamed")), "{alone:?}");
        // Nor does another flag than the contract's open it: there is no such contract then.
        let mixed = ps1.fail("contract_call", transfer(&contract, &bob, &json!({"parties": [two], "flag": 0})));
        assert_eq!(mixed.data["reason"], "noSuchContract", "{mixed:?}");
        let first = ps1.call("contract_call", transfer(&contract, &bob, &both));
        // With flag 3 a call that is prepared upon what came before fails.
        done(&ps2, &first);
        let last = ps2.call("contract_call", transfer(&contract, &bob, &json!({"parties": [one, two], "flag": flag})));
        for client in [&ps1, &ps2] {
            done(client, &last);
            assert_eq!(token::balance(client, &contract, &bob), 10, "flag {flag}");
        }
        let missing = ps3.fail("privacy_metadata", json!({"contract": contract}));
        let nobody = json!("0x00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee");
        let absent = ps3.fail("privacy_metadata", json!({"contract": nobody}));
        let text =
            |error: &coffer_tests::rpc::RpcError, id: &Value| error.message.replace(id.as_str().expect("an id"), "ID");
        assert_eq!(text(&missing, &contract), text(&absent, &nobody));
        let shown = coffer(&node, &["privacy", "show", contract.as_str().expect("an id"), "--psi", "PS2"]);
        assert!(shown.contains(one.as_str().expect("a party")), "{shown}");
    }
    let listed = coffer(&node, &["privacy", "list", "--psi", "PS1"]);
    assert!(listed.lines().count() >= 2, "{listed}");
    assert_eq!(ps1.call("privacy_list", json!({}))["items"], ps2.call("privacy_list", json!({}))["items"]);
    assert_eq!(ps3.call("privacy_list", json!({}))["items"], json!([]));
}

#[test]
fn the_parties_of_a_call_and_nobody_else_see_how_it_ended_at_each() {
    let node = Dev::new().start();
    node.client().call("tenant_create", json!({"psi": "PS3"}));
    let (ps1, ps2, ps3) = (node.tenant("PS1"), node.tenant("PS2"), node.tenant("PS3"));
    let (one, two, bob) = (party(&ps1), party(&ps2), node.account("bob"));
    let private = json!({"parties": [two]});
    let contract = deploy(&ps1, &private);
    let status = |client: &Client, tx: &Value| client.call("psi_txStatus", json!({"tx": tx}));
    // Until the other one has said so.
    let settled = |client: &Client, tx: &Value| loop {
        let found = status(client, tx);
        if found["parties"][0]["status"] != "pending" {
            break found;
        }
        std::thread::yield_now();
    };
    let sent = ps1.call("contract_call", transfer(&contract, &bob, &private));
    done(&ps2, &sent);
    for (client, other) in [(&ps1, &two), (&ps2, &one)] {
        let parties = json!([{"party": other, "status": "ok", "sameBefore": true}]);
        let expected = json!({"tx": sent["tx"], "height": sent["height"], "status": "ok", "parties": parties});
        assert_eq!(settled(client, &sent["tx"]), expected);
    }
    // With flag 0 each may go on alone, and the next call of both begins with other contents.
    ps1.call("contract_call", transfer(&contract, &bob, &json!(true)));
    let sent = ps1.call("contract_call", transfer(&contract, &bob, &private));
    assert_eq!(settled(&ps1, &sent["tx"])["parties"][0]["sameBefore"], json!(false));
    let shown = coffer(&node, &["privacy", "status", sent["tx"].as_str().expect("an id"), "--psi", "PS1"]);
    assert!(shown.contains(&format!("{} ok, upon other contents", two.as_str().expect("a party"))), "{shown}");
    // A call that fails fails at both.
    let too_much = json!({"contract": contract, "method": "transfer", "args": {"to": bob, "amount": 1_000_000}, "private": {"parties": [one]}});
    let failed = ps2.fail("contract_call", too_much);
    let failed = failed.data["tx"].clone();
    assert_eq!(settled(&ps2, &failed)["status"], "failed");
    assert_eq!(settled(&ps1, &failed)["parties"][0]["status"], "failed");
    // Somebody else's is as unknown as one that never was, also when it is in a block.
    let text = |client: &Client, tx: &Value| {
        let error = client.fail("psi_txStatus", json!({"tx": tx}));
        assert_eq!(error.kind(), "notFound");
        error.text().replace(tx.as_str().expect("an id"), "ID")
    };
    let nobody = json!("0x00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee");
    assert_eq!(text(&ps3, &sent["tx"]), text(&ps3, &nobody));
    let public = ps1.call(
        "contract_deploy",
        json!({"wasm": base64(&build::contract("token")), "init": token::init(), "private": false}),
    );
    assert_eq!(text(&ps1, &public["tx"]), text(&ps1, &nobody));
}

#[test]
fn what_cannot_be_said_of_parties_is_told_before_anything_is_sent() {
    let node = Dev::new().start();
    let (ps1, two) = (node.tenant("PS1"), party(&node.tenant("PS2")));
    let contract = deploy(&ps1, &json!({"parties": [two], "flag": "mandatoryRecipients", "mandatory": [two]}));
    let head = node.client().call("chain_head", json!({}));
    let wasm = base64(&build::contract("token"));
    let deployment = |private: Value| json!({"wasm": wasm, "init": token::init(), "private": private});
    let bob = node.account("bob");
    for (method, params, path) in [
        ("contract_deploy", deployment(json!({"parties": [two], "flag": 2})), "private.mandatory"),
        ("contract_deploy", deployment(json!({"parties": [two], "mandatory": [two]})), "private.mandatory"),
        (
            "contract_call",
            transfer(&contract, &bob, &json!({"parties": [two], "flag": 2, "mandatory": [two]})),
            "private.mandatory",
        ),
        ("contract_deploy", deployment(json!({"parties": [two], "flag": 4})), "private"),
        ("contract_deploy", deployment(json!({"parties": [two], "flags": 1})), "private"),
    ] {
        let error = ps1.fail(method, params.clone());
        let found = error.data["path"].as_str().unwrap_or_default().to_owned();
        assert!(error.kind() == "invalidParams" && found.starts_with(path), "{params}: {error:?}");
    }
    assert_eq!(node.client().call("chain_head", json!({})), head);
    // Without its mandatory party no call of it is carried out.
    let alone = ps1.fail("contract_call", transfer(&contract, &bob, &json!(true)));
    assert_eq!(alone.data["reason"], "notAllNamed", "{alone:?}");
    let last = ps1.call("contract_call", transfer(&contract, &bob, &json!({"parties": [two]})));
    done(&node.tenant("PS2"), &last);
    assert_eq!(token::balance(&node.tenant("PS2"), &contract, &bob), 5);
}
