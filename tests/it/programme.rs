//! Programmes through a running node: one call makes one, whatever happens in between; and the vault that every private state has without anybody
//! deploying it.

use std::process::{Command, Output};

use coffer_abi::ContractId;
use coffer_chain::system::{PROGRAMMES, VAULT, system_contract_id};
use coffer_tests::build;
use coffer_tests::node::{Dev, Node};
use coffer_tests::rpc::Client;
use serde_json::{Value, json};

fn id(id: ContractId) -> Value {
    json!(id.to_string())
}

/// What a programme is asked for with: Ada of the Ministry, who signs as `bob`, administers it.
fn request(name: &str) -> Value {
    json!({"name": name, "organisation": "Ministry", "user": "ada", "account": "bob", "parties": ["Ministry", "Bank"]})
}

fn deploy(client: &Client, name: &str) -> Value {
    client.call("programme_deploy", request(name))
}

fn names(client: &Client) -> Vec<String> {
    let page = client.call("programme_list", json!({}));
    assert_eq!(page["next"], Value::Null, "{page}");
    let items = page["items"].as_array().expect("a list");
    items.iter().map(|item| item["name"].as_str().expect("a name").to_owned()).collect()
}

fn project(id: &str) -> Value {
    let policies = json!({"four_eyes": "Off", "documents_validated": "Off", "ceilings": "Off"});
    json!({"new": {"id": id, "name": "A road", "assignee": null, "projected": [], "policies": policies, "fields": []}})
}

/// Creates a project and reads it again, as Ada.
fn work(node: &Node, psi: &str, programme: &Value, project_id: &str) {
    let ada = node.client().psi(psi).from("bob");
    let made = ada.contract(&programme["budget"], "project_create", project(project_id), true);
    assert_eq!(made["result"], project_id);
    let args = json!({"parent": "Global", "after": null, "limit": 9});
    let params = json!({"contract": programme["budget"], "method": "list", "args": args, "from": "bob"});
    let page = ada.call("contract_query", params)["result"].take();
    assert!(page.to_string().contains(project_id), "{page}");
}

/// Whole: both contracts are there and know each other.
fn assert_whole(client: &Client, programme: &Value) {
    assert_eq!(programme["genuine"], true, "{programme}");
    assert_eq!(client.query(&programme["permission"], "linked", json!({})), programme["budget"]);
    let about = client.query(&programme["budget"], "about", json!({}));
    assert_eq!(about, json!({"permission": programme["permission"], "parties": ["Ministry", "Bank"]}));
}

#[test]
fn one_call_makes_a_programme_that_another_tenant_sees_nothing_of() {
    let node = Dev::new().seed(11).start();
    let (ps1, ps2) = (node.tenant("PS1"), node.tenant("PS2"));
    assert_eq!(names(&ps1), [""; 0]);
    let before = node.client().call("chain_head", json!({}))["height"].as_u64().expect("a height");
    let made = deploy(&ps1, "health");
    let after = node.client().call("chain_head", json!({}))["height"].as_u64().expect("a height");
    assert_eq!((after, &made["height"]), (before + 1, &json!(after)), "it takes one transaction");
    assert_eq!((&made["name"], &made["deployer"]), (&json!("health"), &json!(node.account("alice"))));
    assert_whole(&ps1, &made);
    assert_eq!(ps1.call("programme_list", json!({}))["items"], json!([made]));
    let who = ps1.query(&made["permission"], "who", json!({"account": node.account("bob")}));
    assert_eq!(who["user"], "Ministry/ada");
    work(&node, "PS1", &made, "road");
    // Who deployed it has no rights in it.
    let args =
        json!({"contract": made["budget"], "method": "project_create", "args": project("other"), "private": true});
    let refused = ps1.fail("contract_call", args);
    assert_eq!(refused.data["error"]["name"], "NotAUser", "{refused:?}");
    let info = ps1.call("contract_info", json!({"contract": made["budget"]}));
    assert_eq!((&info["private"], &info["deployer"]), (&json!(true), &id(system_contract_id(PROGRAMMES))));

    assert_eq!(names(&ps2), [""; 0]);
    assert_eq!(ps2.fail("contract_info", json!({"contract": made["budget"]})).kind(), "notFound");
    let root = |psi: &str| node.tenant(psi).call("psi_root", json!({}))["root"].take();
    assert_eq!(root("PS2"), json!(format!("0x{}", "0".repeat(64))), "nothing was written there");
    // The same name in another private state is another programme.
    let other = deploy(&ps2, "health");
    assert_ne!(made["budget"], other["budget"]);
    assert_eq!(names(&ps1), ["health"]);
}

#[test]
fn the_same_request_again_has_the_same_answer_and_another_one_needs_another_name() {
    let node = Dev::new().start();
    let ps1 = node.tenant("PS1");
    let made = deploy(&ps1, "health");
    assert_eq!(deploy(&ps1, "health"), made);
    let with = |field: &str, value: Value| {
        let mut params = request("health");
        params[field] = value;
        ps1.fail("programme_deploy", params)
    };
    for (field, value) in [("user", json!("eve")), ("parties", json!(["Ministry"])), ("from", json!("carol"))] {
        let refused = with(field, value);
        assert_eq!((refused.kind(), &refused.data["error"]["name"]), ("contractError", &json!("NameTaken")), "{field}");
        assert_eq!(refused.data["error"]["data"]["deployer"], json!(node.account("alice")), "{field}");
    }
    let roads = deploy(&ps1, "roads");
    assert_whole(&ps1, &roads);
    work(&node, "PS1", &made, "clinic");
    work(&node, "PS1", &roads, "bridge");
    deploy(&ps1, "schools");
    let mut after = Value::Null;
    let mut seen = Vec::new();
    loop {
        let page = ps1.call("programme_list", json!({"after": after, "limit": 1}));
        seen.extend(page["items"].as_array().expect("a list").iter().map(|item| item["name"].clone()));
        after = page["next"].clone();
        if after.is_null() {
            break;
        }
    }
    assert_eq!(seen, ["health", "roads", "schools"]);
}

#[test]
fn a_node_that_ends_in_the_middle_leaves_a_whole_programme_or_none() {
    let data = tempfile::tempdir().expect("a folder");
    let rounds = ["one", "two", "three"];
    for (round, name) in rounds.iter().enumerate() {
        let node = Dev::new().data(data.path()).start();
        let ps1 = node.tenant("PS1");
        let asked = std::thread::spawn({
            let ps1 = ps1.clone();
            let name = name.to_string();
            move || ps1.send("programme_deploy", request(&name))
        });
        // Once after the answer, otherwise at some moment of its way.
        if round == 0 {
            assert!(asked.join().expect("no panic").is_ok());
            node.kill();
        } else {
            let head = node.client().call("chain_head", json!({}))["height"].clone();
            while round == 2 && node.client().call("chain_head", json!({}))["height"] == head && !asked.is_finished() {}
            node.kill();
            let _ = asked.join();
        }
        let node = Dev::new().data(data.path()).start().settled();
        let ps1 = node.tenant("PS1");
        let there = names(&ps1);
        let done = rounds[..round].iter().filter(|done| there.iter().any(|name| name == *done)).count();
        assert_eq!(done, round, "those of before are there: {there:?}");
        let items = ps1.call("programme_list", json!({}))["items"].take();
        items.as_array().expect("a list").iter().for_each(|programme| assert_whole(&ps1, programme));
        // Asked again it is there, once.
        let made = deploy(&ps1, name);
        assert_whole(&ps1, &made);
        assert_eq!(names(&ps1).len(), round + 1);
        work(&node, "PS1", &made, "road");
        node.stop();
    }
}

#[test]
fn every_private_state_has_a_vault_without_a_deployment_and_keeps_what_is_in_it() {
    let data = tempfile::tempdir().expect("a folder");
    let node = Dev::new().data(data.path()).start();
    let (ps1, ps2, vault) = (node.tenant("PS1"), node.tenant("PS2"), id(system_contract_id(VAULT)));
    let spec = ps2.call("contract_spec", json!({"contract": vault}));
    assert_eq!((&spec["spec"]["name"], &spec["private"]), (&json!("Vault"), &json!(true)));
    assert_eq!((&spec["authority"], &spec["revision"]), (&json!("none"), &json!(0)));
    let alice = node.account("alice");
    let access = json!({"owners": [alice], "writers": [], "readers": {"Only": []}});
    let named = json!({"founder": alice, "name": "keys"});
    let create = json!({"name": "keys", "access": access, "header": "0x"});
    assert_eq!(ps1.contract(&vault, "create", create, true)["result"], named);
    let sealed = format!("0x{}", "5e".repeat(60));
    let entry = json!({"vault": named, "entry": "login", "sealed": sealed, "epoch": 1, "seen": 0});
    assert_eq!(ps1.contract(&vault, "put", entry, true)["result"], 1);
    let ask = |client: &Client| {
        let args = json!({"vault": named, "entry": "login"});
        client.try_call("contract_query", json!({"contract": vault, "method": "entry", "args": args, "from": "alice"}))
    };
    let found = ask(&ps1).expect("alice reads it")["result"].take();
    assert_eq!(found["version"], 1, "{found}");
    assert_eq!(ask(&ps2).expect_err("PS2 has another vault").data["error"]["name"], "NoVault");
    // It belongs to nobody, and the public state has none.
    let refused = ps1.fail("contract_setAuthority", json!({"contract": vault, "authority": "none", "private": true}));
    assert_eq!(refused.data["reason"], "noAuthority");
    let public = json!({"contract": vault, "method": "create", "args": {}, "private": false});
    assert_eq!(ps1.fail("contract_call", public).kind(), "notFound");
    // A private state that the node does not have reads as any fresh one.
    assert_eq!(ask(&node.tenant("UNKNOWN")).expect_err("nothing is there").data["error"]["name"], "NoVault");
    let root = ps1.call("psi_root", json!({}))["root"].clone();
    node.stop();

    let node = Dev::new().data(data.path()).start();
    let ps1 = node.tenant("PS1");
    assert_eq!(ask(&ps1).expect("alice reads it")["result"], found);
    assert_eq!(ps1.call("psi_root", json!({}))["root"], root);
    let entry = json!({"vault": named, "entry": "login", "sealed": sealed, "epoch": 1, "seen": 1});
    assert_eq!(ps1.contract(&vault, "put", entry, true)["result"], 2);
}

#[test]
fn what_cannot_be_a_programme_is_refused_with_the_field_and_the_way_out() {
    let node = Dev::new().start();
    let ps1 = node.tenant("PS1");
    let with = |field: &str, value: Value| {
        let mut params = request("health");
        params[field] = value;
        ps1.fail("programme_deploy", params)
    };
    for (field, value, named) in [
        ("name", json!("a b"), "name"),
        ("name", json!(""), "name"),
        ("organisation", json!("a/b"), "organisation"),
        ("user", json!(""), "id"),
        ("parties", json!([]), "parties"),
        ("parties", json!(["Bank", "Bank"]), "parties"),
    ] {
        let refused = with(field, value.clone());
        assert_eq!(refused.data["error"]["name"], "Invalid", "{field} {value}: {refused:?}");
        assert_eq!(refused.data["error"]["data"]["field"], named, "{refused:?}");
        assert!(refused.data["tx"].is_string(), "{refused:?}");
    }
    let refused = with("private", json!(false));
    assert_eq!((refused.kind(), &refused.data["path"]), ("invalidParams", &json!("private")), "{refused:?}");
    assert_eq!(with("gasLimit", json!(1_000)).kind(), "outOfGas");
    let refused = with("gasLimit", json!(1_000_000));
    assert!(refused.data["error"]["data"]["why"].to_string().contains("gas"), "{refused:?}");
    assert_eq!(with("from", json!("mallory")).kind(), "account");
    assert_eq!(with("account", json!("mallory")).kind(), "account");
    assert_eq!(node.tenant("UNKNOWN").fail("programme_deploy", request("health")).kind(), "unconfiguredPsi");
    assert_eq!(ps1.fail("programme_list", json!({"limit": 0})).data["path"], "limit");
    assert_eq!(ps1.fail("programme_list", json!({"limit": 51})).data["path"], "limit");
    assert_eq!(ps1.call("programme_list", json!({"after": "x".repeat(300)}))["items"], json!([]));
    assert_eq!(names(&ps1), [""; 0], "nothing of all that is there");
}

fn coffer(args: &[&str]) -> Output {
    let mut command = Command::new(build::coffer());
    build::clean(&mut command);
    command.args(args).output().expect("it starts")
}

#[test]
fn the_command_makes_and_lists_programmes() {
    let node = Dev::new().start();
    let url = format!("http://{}", node.addr());
    let on = ["--psi", "PS1", "--url", &url];
    let deploy = ["programme", "deploy", "health", "--organisation", "Ministry", "--user", "ada", "--account", "bob"];
    let words =
        |more: &[&'static str]| [&deploy[..], &["--party", "Ministry", "--party", "Bank"], more, &on[..]].concat();
    let text = |output: &Output| String::from_utf8_lossy(&output.stdout).into_owned();
    let made = coffer(&words(&["--from", "alice", "--json"]));
    assert!(made.status.success(), "{made:?}");
    let made: Value = serde_json::from_str(&text(&made)).expect("JSON");
    assert_whole(&node.tenant("PS1"), &made);
    let again = coffer(&words(&["--from", "alice"]));
    assert!(text(&again).contains(&format!("budget: {}", made["budget"].as_str().unwrap_or("?"))), "{again:?}");
    let listed = coffer(&[&["programme", "list", "--json"], &on[..]].concat());
    assert_eq!(serde_json::from_str::<Value>(&text(&listed)).expect("JSON"), json!({"items": [made], "next": null}));
    assert!(text(&coffer(&[&["programme", "list"], &on[..]].concat())).contains("programme: health"));
    let taken = coffer(&words(&["--from", "carol"]));
    let said = String::from_utf8_lossy(&taken.stderr).into_owned();
    assert!(!taken.status.success() && said.contains("NameTaken") && said.contains("health"), "{said}");
    let nothing = coffer(&["programme", "list", "--psi", "PS2", "--url", &url]);
    assert!(nothing.status.success() && text(&nothing).is_empty(), "{nothing:?}");
    assert!(String::from_utf8_lossy(&nothing.stderr).contains("coffer programme deploy"), "{nothing:?}");
}
