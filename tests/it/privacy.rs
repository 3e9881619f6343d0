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

/// The value of a line that the command line prints.
fn line<'a>(output: &'a str, name: &str) -> &'a str {
    let found = output.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    found.unwrap_or_else(|| panic!("no {name} in {output}"))
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

/// What the party of a client says to a proposal.
fn consent(client: &Client, proposal: &Value) -> Value {
    client.call("privacy_accept", json!({"proposal": proposal["proposal"]}))["consent"].take()
}

#[test]
fn a_party_joins_two_contracts_and_leaves_them_again() {
    let node = Dev::new().start();
    node.client().call("tenant_create", json!({"psi": "PS3"}));
    let (ps1, ps2, ps3) = (node.tenant("PS1"), node.tenant("PS2"), node.tenant("PS3"));
    let (two, three, bob) = (party(&ps2), party(&ps3), node.account("bob"));
    let both = json!({"parties": [two], "flag": 1});
    let contracts = [deploy(&ps1, &both), deploy(&ps1, &both)];
    done(&ps2, &ps1.call("contract_call", transfer(&contracts[0], &bob, &both)));
    let change = json!({"contracts": contracts, "party": three});
    let proposal = ps1.call("privacy_proposal", change.clone());
    assert_eq!(proposal["asked"].as_array().expect("parties").len(), 2, "{proposal}");
    assert_eq!((&proposal["kind"], proposal["contracts"][0]["version"].as_u64()), (&json!("extend"), Some(1)));
    // Without them it is not sent.
    let head = node.client().call("chain_head", json!({}));
    let missing = ps1.fail("privacy_extend", change.clone());
    let text = missing.text();
    assert_eq!((missing.kind(), &missing.data["path"]), ("invalidParams", &json!("consents")), "{text}");
    assert!(text.contains(two.as_str().expect("a party")) && text.contains("privacy_accept"), "{text}");
    assert_eq!(node.client().call("chain_head", json!({})), head);
    let consents = [consent(&ps2, &proposal), consent(&ps3, &proposal)];
    let with = |change: &Value, consents: &[Value]| {
        let mut params = change.clone();
        params["consents"] = json!(consents);
        params
    };
    let joined = ps1.call("privacy_extend", with(&change, &consents));
    done(&ps2, &joined);
    done(&ps3, &joined);
    for client in [&ps1, &ps2, &ps3] {
        let about = client.call("privacy_metadata", json!({"contract": contracts[1]}));
        assert_eq!((about["version"].as_u64(), about["members"].as_array().expect("members").len()), (Some(1), 3));
        assert_eq!(about["since"], joined["height"]);
        assert_eq!(token::balance(client, &contracts[0], &bob), 5);
    }
    // Used up: the contracts are others now.
    let again = ps1.fail("privacy_extend", with(&change, &consents));
    assert_eq!(again.data["path"], "party", "{}", again.text());
    // It calls them as the others do, and they are told how it ended at it.
    let all = json!({"parties": [party(&ps1), two], "flag": 1});
    let called = ps3.call("contract_call", transfer(&contracts[0], &bob, &all));
    done(&ps1, &called);
    assert_eq!(token::balance(&ps1, &contracts[0], &bob), 10);
    let status = loop {
        let found = ps1.call("psi_txStatus", json!({"tx": called["tx"]}));
        if found["parties"].as_array().expect("parties").iter().all(|party| party["status"] != "pending") {
            break found;
        }
        std::thread::yield_now();
    };
    assert!(
        status["parties"]
            .as_array()
            .expect("parties")
            .iter()
            .all(|party| party["status"] == "ok" && party["sameBefore"] == true),
        "{status}"
    );
    // By the command line it leaves again, and shows what was.
    let ids: Vec<_> = contracts.iter().map(|id| id.as_str().expect("an id")).collect();
    let three = three.as_str().expect("a party");
    let words = ["privacy", "propose", ids[0], ids[1], "--party", three, "--remove", "--psi", "PS1"];
    let proposed = coffer(&node, &words);
    assert_eq!((line(&proposed, "leaves"), line(&proposed, "asked")), (three, two.as_str().expect("a party")));
    let accepted = coffer(&node, &["privacy", "accept", line(&proposed, "proposal"), "--psi", "PS2"]);
    assert_eq!(line(&accepted, "leaves"), three);
    let words = [
        "privacy",
        "remove",
        ids[0],
        ids[1],
        "--party",
        three,
        "--consent",
        line(&accepted, "consent"),
        "--psi",
        "PS1",
    ];
    let removed = coffer(&node, &words);
    let at = json!({"height": line(&removed, "block").parse::<u64>().expect("a height")});
    done(&ps2, &at);
    done(&ps3, &at);
    let last = ps1.call("contract_call", transfer(&contracts[0], &bob, &both));
    done(&ps2, &last);
    assert_eq!((token::balance(&ps2, &contracts[0], &bob), token::balance(&ps3, &contracts[0], &bob)), (15, 10));
    let denied =
        ps3.fail("contract_call", transfer(&contracts[0], &bob, &json!({"parties": [party(&ps1), two], "flag": 1})));
    assert_eq!(denied.data["reason"], "noSuchContract", "{denied:?}");
    let history = ps3.call("privacy_parties", json!({"contract": contracts[0]}));
    let changes: Vec<_> =
        history.as_array().expect("versions").iter().map(|set| set["change"]["kind"].clone()).collect();
    assert_eq!(changes, [json!("extend"), json!("remove")], "of what it was there for");
    let shown = coffer(&node, &["privacy", "history", ids[0], "--psi", "PS1"]);
    assert_eq!(shown.lines().filter(|line| line.starts_with("version")).count(), 3, "{shown}");
    assert!(shown.contains(&format!("{three} joins")) && shown.contains(&format!("{three} leaves")), "{shown}");
}

#[test]
fn what_a_party_may_not_accept_is_told() {
    let node = Dev::new().start();
    node.client().call("tenant_create", json!({"psi": "PS3"}));
    let (ps1, ps2, ps3) = (node.tenant("PS1"), node.tenant("PS2"), node.tenant("PS3"));
    let (one, two, three) = (party(&ps1), party(&ps2), party(&ps3));
    let contract = deploy(&ps1, &json!({"parties": [two], "flag": 1}));
    let alone = deploy(&ps1, &json!({"parties": [], "flag": 1}));
    done(&ps2, &ps1.call("chain_head", json!({})));
    let head = node.client().call("chain_head", json!({}));
    let path = |client: &Client, method: &str, params: Value| {
        let error = client.fail(method, params.clone());
        assert_eq!(error.kind(), "invalidParams", "{params}: {error:?}");
        error.data["path"].as_str().unwrap_or_default().to_owned()
    };
    let proposal = |contracts: Value, party: &Value| json!({"contracts": contracts, "party": party});
    for (params, expected) in [
        (proposal(json!([]), &three), "contracts"),
        (proposal(json!([contract, contract]), &three), "contracts"),
        (proposal(json!([contract, alone]), &three), "contracts"),
        (proposal(json!([contract]), &two), "party"),
        (json!({"contracts": [alone], "party": one, "remove": true}), "party"),
        (json!({"contracts": [contract], "party": three, "remove": true}), "party"),
    ] {
        assert_eq!(path(&ps1, "privacy_proposal", params.clone()), expected, "{params}");
    }
    let proposed = ps1.call("privacy_proposal", proposal(json!([contract]), &three));
    // Whom it does not concern, bytes that are none, a height that is past.
    node.client().call("tenant_create", json!({"psi": "PS4"}));
    let bytes = proposed["proposal"].clone();
    assert_eq!(path(&node.tenant("PS4"), "privacy_accept", json!({"proposal": bytes})), "proposal");
    assert_eq!(path(&ps2, "privacy_accept", json!({"proposal": "AAAA"})), "proposal");
    assert_eq!(path(&ps2, "privacy_accept", json!({"proposal": bytes, "validUntil": 0})), "validUntil");
    // A consent to something else, or of somebody else.
    let other = ps1.call("privacy_proposal", proposal(json!([alone]), &three));
    let wrong = [consent(&ps3, &other), consent(&ps2, &proposed)];
    let params = json!({"contracts": [contract], "party": three, "consents": wrong});
    assert_eq!(path(&ps1, "privacy_extend", params), "consents");
    // Nobody of this chain.
    let nobody = json!("0x00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee");
    assert_eq!(path(&ps1, "privacy_extend", proposal(json!([alone]), &nobody)), "consents");
    assert_eq!(node.client().call("chain_head", json!({}))["stateRoot"], head["stateRoot"]);
    // A proposal of members that have changed since.
    let leave = json!({"contracts": [contract], "party": two});
    done(&ps2, &ps1.call("privacy_remove", leave));
    assert_eq!(path(&ps2, "privacy_accept", json!({"proposal": bytes})), "proposal");
    assert_eq!(path(&ps2, "privacy_proposal", proposal(json!([contract]), &three)), "contracts");
}
