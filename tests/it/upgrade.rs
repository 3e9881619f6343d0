//! Contracts that get new code: who may give it, what it may not break, and what stays as it was.

use coffer_abi::export::MethodKind;
use coffer_abi::spec::{Layout, StorageField, Type};
use coffer_tests::node::{Dev, Node};
use coffer_tests::rpc::{Client, RpcError, base64};
use coffer_tests::{build, wasm};
use serde_json::{Value, json};

/// The first counter with a count of 7, of which alice added 2.
fn counter(client: &Client, private: bool) -> Value {
    let contract = client.deploy(&build::contract("counter"), json!({"start": 5}), private)["contract"].take();
    client.contract(&contract, "add", json!({"by": 2}), private);
    contract
}

/// A module that stores one item and does nothing; `functions` beside it, `mark` to tell modules apart.
fn storing(ty: Type, methods: &[(MethodKind, &str)], functions: &str) -> Vec<u8> {
    let field = StorageField { name: "value".into(), docs: String::new(), layout: Layout::Item(ty) };
    wasm::storing(vec![field], methods, functions)
}

/// Nothing but another hash.
fn marked(n: u32) -> Vec<u8> {
    wasm::contract(&[], &format!("(func $mark (drop (i32.const {n})))"))
}

fn upgrade(contract: &Value, wasm: &[u8], private: bool) -> Value {
    json!({"contract": contract, "wasm": base64(wasm), "private": private})
}

fn with(mut params: Value, name: &str, value: Value) -> Value {
    params[name] = value;
    params
}

/// The transaction was refused for this reason, and is in the chain.
fn is_refused(error: &RpcError, reason: &str) {
    assert_eq!((error.kind(), error.data["reason"].as_str()), ("refused", Some(reason)), "{error:?}");
    assert!(error.data["tx"].is_string(), "{error:?}");
}

fn info(client: &Client, contract: &Value) -> Value {
    client.call("contract_info", json!({"contract": contract}))
}

/// Every root that the node can tell at its head.
fn roots(node: &Node) -> Value {
    let ask = |psi: &str, method: &str| node.tenant(psi).call(method, json!({}));
    json!([ask("PS1", "state_root"), ask("PS1", "psi_root"), ask("PS1", "psi_trieRoot"), ask("PS1", "chain_head")])
}

/// What PS2 can tell of its own state, and of the public one.
fn neighbour(node: &Node) -> [Value; 2] {
    ["psi_root", "state_root"].map(|method| node.tenant("PS2").call(method, json!({}))["root"].take())
}

fn an_upgrade_with_a_migration(private: bool) {
    let node = Dev::new().start();
    let ps1 = node.tenant("PS1");
    // The neighbour has a contract of the same code.
    let (ps2, spared) = (node.tenant("PS2"), counter(&node.tenant("PS2"), true));
    let (contract, alice) = (counter(&ps1, private), node.account("alice"));
    let before = info(&ps1, &contract);
    assert_eq!(before["authority"], json!({"account": alice}), "{before}");
    assert_eq!((&before["revision"], &before["private"]), (&json!(0), &json!(private)), "{before}");
    let call = ps1.contract(&contract, "add", json!({"by": 0}), private);

    let new = build::contract("counter-v2");
    let params = json!({"contract": contract, "wasm": base64(&new), "args": {"factor": 10}});
    let untouched = roots(&node);
    let check = ps1.call("contract_checkUpgrade", params.clone());
    assert_eq!(check["differences"], json!(["storage field `value`: was u64 and is u128"]), "{check}");
    assert_eq!((&check["status"], &check["migrates"], &check["missing"]), (&json!("ok"), &json!(true), &json!([])));
    assert_eq!((&check["result"], &check["changes"]), (&json!("70"), &json!(2)), "{check}");
    assert_eq!(check["events"][0]["name"], "Migrated", "{check}");
    assert_eq!(roots(&node), untouched, "a dry run changes nothing");
    assert_eq!(info(&ps1, &contract), before);
    assert_eq!(ps1.query(&contract, "value", json!({})), "7");

    let [own, public] = neighbour(&node);
    let done = ps1.call("contract_upgrade", with(params, "private", json!(private)));
    let [own_after, public_after] = neighbour(&node);
    assert_eq!(own_after, own, "the state of a tenant that is no party");
    // A marker itself is written down under the public root.
    assert_ne!(public_after, public);
    assert_eq!(ps2.query(&spared, "value", json!({})), "7");
    assert_eq!(ps2.contract(&spared, "add", json!({"by": 1}), true)["result"], "8");
    assert_eq!(info(&ps2, &spared)["revision"], 0);
    if private {
        assert_eq!(ps2.fail("contract_info", json!({"contract": contract})).kind(), "notFound");
    }
    assert_eq!((&done["result"], &done["revision"]), (&json!("70"), &json!(1)), "{done}");
    assert_eq!(done["gasUsed"], check["gasUsed"], "the dry run told the gas");
    assert_eq!(done["events"], check["events"]);
    assert_eq!(ps1.query(&contract, "value", json!({})), "70");
    assert_eq!(ps1.query(&contract, "added_by", json!({"user": alice})), "2", "what the first code wrote");
    assert_eq!(ps1.contract(&contract, "add", json!({"by": 1}), private)["result"], "71");
    let after = info(&ps1, &contract);
    assert_eq!((&after["codeHash"], &after["revision"]), (&done["codeHash"], &json!(1)));
    let spec = ps1.call("contract_spec", json!({"contract": contract}));
    assert_eq!((&spec["codeHash"], &spec["authority"]), (&after["codeHash"], &after["authority"]));
    assert!(spec.to_string().contains("\"since\""), "{spec}");

    // What the first code did is read by the first code's spec, in which a count has 64 bits.
    let page = ps1.call("contract_events", json!({"contract": contract}));
    let told: Vec<_> =
        page["items"].as_array().into_iter().flatten().map(|item| item["data"]["value"].clone()).collect();
    assert_eq!(told, ["7", "7", "70", "71"], "{page}");
    let receipt = ps1.call("tx_receipt", json!({"tx": call["tx"]}));
    assert_eq!((&receipt["result"], &receipt["events"]), (&call["result"], &call["events"]), "{receipt}");
    let receipt = ps1.call("tx_receipt", json!({"tx": done["tx"]}));
    assert_eq!((&receipt["result"], &receipt["contract"]), (&done["result"], &contract), "{receipt}");
    let old = ps1.call("contract_query", json!({"contract": contract, "method": "value", "height": call["height"]}));
    assert_eq!(old["result"], "7", "at a height of before the code of before runs");
    let block = ps1.call("chain_block", json!({"height": done["height"]}));
    let kind = if private { "marker" } else { "upgrade" };
    assert_eq!(block["transactions"][0]["kind"], kind, "{block}");
}

#[test]
fn a_private_contract_gets_new_code_and_keeps_its_storage() {
    an_upgrade_with_a_migration(true);
}

#[test]
fn a_public_contract_gets_new_code_and_keeps_its_storage() {
    an_upgrade_with_a_migration(false);
}

#[test]
fn nobody_but_the_authority_changes_a_contract() {
    let node = Dev::new().start();
    let ps1 = node.tenant("PS1");
    for private in [true, false] {
        let contract = counter(&ps1, private);
        let to = upgrade(&contract, &marked(1), private);
        let new = with(upgrade(&contract, &build::contract("counter-v2"), private), "args", json!({"factor": 1}));
        let stranger = ps1.from("bob");
        is_refused(&stranger.fail("contract_upgrade", new.clone()), "notAuthorised");
        let take = json!({"contract": contract, "authority": {"account": "bob"}, "private": private});
        is_refused(&stranger.fail("contract_setAuthority", take.clone()), "notAuthorised");
        assert_eq!(info(&ps1, &contract)["revision"], 0);

        // Given away, it is the other one's alone.
        let given = ps1.call("contract_setAuthority", take);
        assert_eq!((&given["revision"], &given["authority"]), (&json!(1), &json!({"account": node.account("bob")})));
        is_refused(&ps1.fail("contract_upgrade", new.clone()), "notAuthorised");
        assert_eq!(stranger.call("contract_upgrade", new)["revision"], 2);

        // Renounced, it is nobody's, for good.
        let renounce = json!({"contract": contract, "authority": "none", "private": private});
        assert_eq!(stranger.call("contract_setAuthority", renounce)["authority"], "none");
        for one in [&ps1, &stranger] {
            let check = one.call("contract_checkUpgrade", json!({"contract": contract, "wasm": to["wasm"]}));
            assert_eq!(check["error"]["reason"], "noAuthority", "{check}");
            let params = json!({"contract": contract, "authority": {"account": "alice"}, "private": private});
            is_refused(&one.fail("contract_setAuthority", params), "noAuthority");
            let spin =
                storing(Type::U128, &[(MethodKind::Migrate, "migrate")], "(func (export \"migrate\") (call $done))");
            is_refused(&one.fail("contract_upgrade", upgrade(&contract, &spin, private)), "noAuthority");
        }
        assert_eq!(info(&ps1, &contract)["authority"], "none");
    }
}

#[test]
fn all_parties_must_consent_to_exactly_one_change() {
    let node = Dev::new().start();
    let ps1 = node.tenant("PS1");
    let bob = ps1.from("bob");
    for private in [true, false] {
        let parties = json!({"parties": ["alice", "bob"]});
        let deploy = json!({"wasm": base64(&marked(0)), "authority": parties, "private": private});
        let contract = ps1.call("contract_deploy", deploy)["contract"].take();
        let mut ids = [node.account("alice"), node.account("bob")];
        ids.sort();
        assert_eq!(info(&ps1, &contract)["authority"], json!({"parties": ids}));

        // One of the two alone.
        let first = upgrade(&contract, &marked(1), private);
        is_refused(&ps1.fail("contract_upgrade", first.clone()), "notAuthorised");
        let dry = json!({"contract": contract, "wasm": first["wasm"]});
        let check = ps1.call("contract_checkUpgrade", dry.clone());
        assert_eq!(check["missing"], json!([{"account": node.account("bob"), "reason": "notAuthorised"}]), "{check}");
        assert_eq!(check["status"], "ok", "{check}");

        // Both.
        let consent = bob.call("contract_consent", dry.clone());
        assert_eq!((&consent["party"], &consent["revision"]), (&json!(node.account("bob")), &json!(0)), "{consent}");
        let collected = json!([consent["consent"]]);
        let check = ps1.call("contract_checkUpgrade", with(dry, "consents", collected.clone()));
        assert_eq!(check["missing"], json!([]), "{check}");
        // For other code it is worth nothing.
        let other = with(upgrade(&contract, &marked(2), private), "consents", collected.clone());
        is_refused(&ps1.fail("contract_upgrade", other.clone()), "badConsent");
        let done = ps1.call("contract_upgrade", with(first.clone(), "consents", collected.clone()));
        assert_eq!(done["gasUsed"], check["gasUsed"]);

        // Back to other code, and then the old consent again: it was for another revision.
        let params = json!({"contract": contract, "wasm": other["wasm"]});
        let second = json!([bob.call("contract_consent", params)["consent"]]);
        ps1.call("contract_upgrade", with(other, "consents", second));
        is_refused(&ps1.fail("contract_upgrade", with(first.clone(), "consents", collected)), "badConsent");

        // A consent that expired, one that would never count, and one of somebody who is no party.
        let head = ps1.call("chain_head", json!({}))["height"].as_u64().expect("a height");
        let params = json!({"contract": contract, "wasm": first["wasm"], "validUntil": head + 1});
        let late = json!([bob.call("contract_consent", params.clone())["consent"]]);
        ps1.deploy(&build::contract("counter"), json!({"start": 1}), false);
        assert_eq!(bob.fail("contract_consent", params).data["path"], "validUntil");
        is_refused(&ps1.fail("contract_upgrade", with(first.clone(), "consents", late)), "consentExpired");
        let carols = json!({"contract": contract, "wasm": first["wasm"]});
        let told = ps1.from("carol").fail("contract_consent", carols);
        assert!(told.data["path"] == "from" && told.message.contains(&node.account("bob")), "{told:?}");

        // Another authority takes both too.
        let alone = json!({"contract": contract, "authority": {"account": "alice"}});
        let set = with(alone.clone(), "private", json!(private));
        is_refused(&ps1.fail("contract_setAuthority", set.clone()), "notAuthorised");
        let consents = json!([bob.call("contract_consent", alone)["consent"]]);
        assert_eq!(ps1.call("contract_setAuthority", with(set, "consents", consents))["revision"], 3);
        ps1.call("contract_upgrade", upgrade(&contract, &marked(3), private));
    }
}

#[test]
fn another_layout_without_a_migration_is_told_and_not_sent() {
    let node = Dev::new().start();
    let ps1 = node.tenant("PS1");
    let contract = ps1.deploy(&storing(Type::U64, &[], ""), json!({}), true)["contract"].take();
    let before = roots(&node);
    let error = ps1.fail("contract_upgrade", upgrade(&contract, &storing(Type::U128, &[], ""), true));
    assert_eq!((error.code, error.kind()), (-31015, "layoutChanged"), "{error:?}");
    assert_eq!(error.data["differences"], json!(["storage field `value`: was u64 and is u128"]));
    assert!(error.message.contains("migrate") && error.message.contains("was u64 and is u128"), "{error:?}");
    let error = ps1.fail("contract_upgrade", upgrade(&contract, &wasm::plain("(memory (export \"memory\") 1)"), true));
    assert!(error.message.contains("no readable spec"), "{error:?}");
    assert_eq!(roots(&node), before, "nothing was sent");
    let dry = json!({"contract": contract, "wasm": base64(&storing(Type::U128, &[], ""))});
    let check = ps1.call("contract_checkUpgrade", dry);
    assert_eq!((&check["status"], &check["error"]["reason"]), (&json!("refused"), &json!("layoutChanged")), "{check}");
    // A field more is none the new code cannot read.
    let more = wasm::storing(
        ["value", "other"]
            .map(|name| StorageField { name: name.into(), docs: String::new(), layout: Layout::Item(Type::U64) })
            .into(),
        &[],
        "",
    );
    ps1.call("contract_upgrade", upgrade(&contract, &more, true));
    // With a `migrate` any difference is the contract's own business.
    let migrate =
        storing(Type::String, &[(MethodKind::Migrate, "migrate")], "(func (export \"migrate\") (call $done))");
    assert_eq!(ps1.call("contract_upgrade", upgrade(&contract, &migrate, true))["revision"], 2);
}

#[test]
fn a_migration_that_fails_leaves_code_and_storage_as_they_were() {
    let node = Dev::new().start();
    let ps1 = node.tenant("PS1");
    for private in [true, false] {
        let contract = counter(&ps1, private);
        let before = info(&ps1, &contract);
        let new = with(upgrade(&contract, &build::contract("counter-v2"), private), "args", json!({"factor": 0}));
        let error = ps1.fail("contract_upgrade", new);
        assert_eq!((error.kind(), &error.data["error"]["name"]), ("contractError", &json!("NoFactor")), "{error:?}");
        let migrate = |body: &str| {
            let function = format!("(func (export \"migrate\") {body})");
            upgrade(&contract, &storing(Type::U128, &[(MethodKind::Migrate, "migrate")], &function), private)
        };
        let write = "(call $storage_set (i32.const 0) (i32.const 2) (i32.const 0) (i32.const 2)) ";
        let write = format!("(i32.store16 (i32.const 0) (i32.const 0x6100)) {write}");
        let error = ps1.fail("contract_upgrade", migrate(&format!("{write} unreachable")));
        assert_eq!((error.kind(), &error.data["trap"]), ("trap", &json!("unreachable")), "{error:?}");
        let endless = with(migrate(&format!("{write} (loop (br 0))")), "gasLimit", json!(5_000_000));
        let error = ps1.fail("contract_upgrade", endless);
        assert_eq!((error.kind(), &error.data["gasUsed"]), ("outOfGas", &json!(5_000_000)), "{error:?}");
        assert_eq!(info(&ps1, &contract), before);
        assert_eq!(ps1.query(&contract, "value", json!({})), "7");
        assert_eq!(ps1.contract(&contract, "add", json!({"by": 1}), private)["result"], "8", "it goes on");
        let receipt = ps1.call("tx_receipt", json!({"tx": error.data["tx"]}));
        assert_eq!(receipt["status"], "outOfGas", "{receipt}");
    }
}

#[test]
fn mistakes_are_told_by_their_place_before_anything_is_sent() {
    let node = Dev::new().start();
    let ps1 = node.tenant("PS1");
    let contract = counter(&ps1, true);
    let new = upgrade(&contract, &build::contract("counter-v2"), true);
    let points_to = |method: &str, params: Value, path: &str| {
        let error = ps1.fail(method, params);
        assert_eq!((error.kind(), error.data["path"].as_str()), ("invalidParams", Some(path)), "{error:?}");
        error.message
    };
    let before = roots(&node);
    points_to("contract_upgrade", new.clone(), "args.factor");
    points_to("contract_upgrade", with(upgrade(&contract, &marked(1), true), "args", json!({"x": 1})), "args");
    points_to("contract_upgrade", with(new.clone(), "consents", json!(["0x12"])), "consents[0]");
    let nobody = format!("0x{}", "02".repeat(32));
    let set = |authority: Value| json!({"contract": contract, "authority": authority, "private": true});
    let said = points_to("contract_setAuthority", set(json!({"account": nobody})), "authority.account");
    assert!(said.contains("nobody could ever sign"), "{said}");
    points_to("contract_setAuthority", set(json!({"parties": ["alice"]})), "authority.parties");
    points_to("contract_setAuthority", set(json!({"parties": ["alice", "bob", "alice"]})), "authority.parties");
    points_to("contract_setAuthority", set(json!("nobody")), "authority");
    points_to("contract_consent", json!({"contract": contract}), "wasm");
    points_to("contract_consent", json!({"contract": contract, "authority": "none", "args": {}}), "args");
    let error = ps1.fail("contract_setAuthority", set(json!({"account": "mallory"})));
    assert_eq!(error.kind(), "account", "{error:?}");
    let call = json!({"contract": contract, "method": "migrate", "args": {}, "private": true});
    assert!(ps1.fail("contract_call", call).message.contains("contract_upgrade"));
    // A contract of another tenant is not there.
    let error = node.tenant("PS2").fail("contract_upgrade", new);
    assert_eq!(error.kind(), "notFound", "{error:?}");
    assert_eq!(roots(&node), before);
}

#[test]
fn new_code_and_authority_are_there_after_a_stop_and_a_kill() {
    let data = tempfile::tempdir().expect("a folder");
    let mut node = Dev::new().data(data.path()).start();
    let ps1 = node.tenant("PS1");
    let contracts = [true, false].map(|private| {
        let contract = counter(&ps1, private);
        let new = with(upgrade(&contract, &build::contract("counter-v2"), private), "args", json!({"factor": 3}));
        ps1.call("contract_upgrade", new);
        let params = json!({"contract": contract, "authority": {"account": "bob"}, "private": private});
        ps1.call("contract_setAuthority", params);
        contract
    });
    let told = |node: &Node| {
        let ps1 = node.tenant("PS1");
        let each = contracts.iter().map(|contract| {
            let events = ps1.call("contract_events", json!({"contract": contract}));
            json!([info(&ps1, contract), ps1.query(contract, "value", json!({})), events])
        });
        json!([each.collect::<Vec<_>>(), roots(node)])
    };
    let before = told(&node);
    assert_eq!(before[0][0][0]["revision"], 2);
    assert!(node.stop().status.success());
    node = Dev::new().data(data.path()).start();
    assert_eq!(told(&node), before, "after a stop");
    node.kill();
    node = Dev::new().data(data.path()).start().settled();
    assert_eq!(told(&node), before, "after a kill");
    for (contract, private) in contracts.iter().zip([true, false]) {
        let params = upgrade(contract, &marked(1), private);
        assert_eq!(node.tenant("PS1").fail("contract_upgrade", params).kind(), "layoutChanged");
        let renounce = json!({"contract": contract, "authority": "none", "private": private});
        node.tenant("PS1").from("bob").call("contract_setAuthority", renounce);
    }
}
