//! Two tenants on one node: what belongs to one does not exist for the other. "Not yours" and "never was" are one answer, byte for
//! byte but for the id in it.

use coffer_api::table::{self, Access};
use coffer_tests::node::Dev;
use coffer_tests::rpc::{Client, RpcError};
use serde_json::{Value, json};

use crate::token;

/// A well-formed id that nobody has.
const NOBODY: &str = "0x00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee";

/// Every request in which one tenant can name something of the other's: method and parameters with an id.
fn requests(contract: &Value, owner: &str) -> Vec<(&'static str, Value)> {
    let balance = json!({"account": owner});
    let transfer = json!({"to": owner, "amount": 1});
    vec![
        ("contract_query", json!({"contract": contract, "method": "balance_of", "args": balance})),
        ("contract_query", json!({"contract": contract, "method": "balance_of", "args": balance, "height": 1})),
        ("contract_query", json!({"contract": contract, "method": "no_such_method", "args": {}})),
        ("contract_query", json!({"contract": contract, "method": "balance_of", "args": {"wrong": 1}})),
        ("contract_spec", json!({"contract": contract})),
        ("contract_info", json!({"contract": contract})),
        ("contract_upgrade", json!({"contract": contract, "wasm": "AGFzbQEAAAA=", "private": true})),
        ("contract_upgrade", json!({"contract": contract, "wasm": "AGFzbQEAAAA=", "private": false})),
        ("contract_checkUpgrade", json!({"contract": contract, "wasm": "AGFzbQEAAAA="})),
        ("contract_setAuthority", json!({"contract": contract, "authority": "none", "private": true})),
        ("contract_consent", json!({"contract": contract, "authority": "none"})),
        ("contract_events", json!({"contract": contract})),
        ("contract_events", json!({"contract": contract, "fromHeight": 1, "toHeight": 3})),
        ("debug_traceCall", json!({"contract": contract, "method": "transfer", "args": transfer})),
        ("privacy_metadata", json!({"contract": contract})),
        ("privacy_parties", json!({"contract": contract})),
        ("privacy_proposal", json!({"contracts": [contract], "party": NOBODY})),
        ("privacy_proposal", json!({"contracts": [contract], "party": NOBODY, "remove": true})),
        ("privacy_extend", json!({"contracts": [contract], "party": NOBODY})),
        ("privacy_remove", json!({"contracts": [contract], "party": NOBODY})),
        ("contract_call", json!({"contract": contract, "method": "transfer", "args": transfer, "private": true})),
        ("contract_call", json!({"contract": contract, "method": "transfer", "args": transfer, "private": false})),
        ("contract_call", json!({"contract": contract, "method": "transfer", "args": {"wrong": 1}, "private": true})),
    ]
}

/// Methods of a tenant in which nothing of another one can be named, or in which what a stranger sees is not one answer; and the stories that look at those.
const ELSEWHERE: [&str; 17] = [
    "privacy_list",
    "contract_deploy",
    "programme_deploy",
    "programme_list",
    "psi_current",
    "psi_status",
    "psi_root",
    // Of the node, and public.
    "psi_anchor",
    "state_root",
    // Of the public state.
    "state_proof",
    // Absence is proved by another path for each id: `proofs`.
    "psi_proof",
    // Everybody sees the public receipt of a marker: `a_neighbour_sees_the_marker_and_nothing_of_what_it_did`, `traces`, `follow`.
    "tx_receipt",
    "tx_subscribe",
    "debug_traceTransaction",
    // `privacy`.
    "psi_txStatus",
    // Names its contracts in a proposal: `what_a_party_may_not_accept_is_told`.
    "privacy_accept",
    // `a_marker_is_voided_by_who_it_names_alone`.
    "privacy_void",
];

#[test]
fn every_method_of_a_tenant_is_asked_about_what_is_not_its_own_or_said_why_not() {
    let asked = requests(&json!(NOBODY), NOBODY);
    let of_tenants = table::all().filter(|method| method.access == Access::Tenant);
    for method in of_tenants {
        let is_asked = asked.iter().any(|(name, _)| *name == method.name);
        assert!(is_asked || ELSEWHERE.contains(&method.name), "{} is looked at nowhere", method.name);
    }
}

#[test]
fn a_marker_is_voided_by_who_it_names_alone() {
    let node = Dev::new().start();
    let (ps1, ps2) = (node.tenant("PS1"), node.tenant("PS2"));
    let token = token::deploy(&ps1, true);
    let called = token::transfer(&ps1, &token, &node.account("bob"), 5, true);
    let of_ps1 = ps2.fail("privacy_void", json!({"tx": called["tx"]}));
    let of_nobody = ps2.fail("privacy_void", json!({"tx": NOBODY}));
    let text = |error: &RpcError, id: &Value| error.message.replace(id.as_str().unwrap_or("?"), "ID");
    assert_eq!((of_ps1.kind(), text(&of_ps1, &called["tx"])), ("notFound", text(&of_nobody, &json!(NOBODY))));
}

/// The answer's text with the id taken out.
fn answer(client: &Client, method: &str, params: &Value, id: &Value) -> String {
    let text = client.send(method, params.clone()).expect("an answer");
    text.replace(id.as_str().unwrap_or("?"), "ID")
}

#[test]
fn what_is_not_yours_answers_like_what_never_was() {
    let node = Dev::new().seed(5).start();
    let (ps1, ps2) = (node.tenant("PS1"), node.tenant("PS2"));
    let owner = node.account("alice");
    let token = token::deploy(&ps1, true);
    token::transfer(&ps1, &token, &node.account("bob"), 5, true);
    let nobody = json!(NOBODY);

    for (of_ps1, of_nobody) in requests(&token, &owner).iter().zip(requests(&nobody, &owner)) {
        for stranger in [&ps2, &node.tenant("private"), &node.tenant("UNKNOWN"), &node.client()] {
            let foreign = answer(stranger, of_ps1.0, &of_ps1.1, &token);
            let absent = answer(stranger, of_nobody.0, &of_nobody.1, &nobody);
            assert_eq!(strip(&foreign), strip(&absent), "{} {}", of_ps1.0, of_ps1.1);
        }
    }
}

/// What every new transaction makes differ, whoever sent it: its id and height.
fn strip(answer: &str) -> String {
    let Ok(mut value) = serde_json::from_str::<Value>(answer) else {
        return answer.to_owned();
    };
    if let Some(data) = value.pointer_mut("/error/data").and_then(Value::as_object_mut) {
        data.remove("tx");
        data.remove("height");
    }
    value.to_string()
}

#[test]
fn a_neighbour_sees_the_marker_and_nothing_of_what_it_did() {
    let node = Dev::new().start();
    let (ps1, ps2) = (node.tenant("PS1"), node.tenant("PS2"));
    let token = token::deploy(&ps1, true);
    let root = ps2.call("psi_root", json!({}))["root"].take();
    let called = token::transfer(&ps1, &token, &node.account("bob"), 5, true);

    let receipt = ps2.call("tx_receipt", json!({"tx": called["tx"]}));
    assert_eq!(receipt["private"], false);
    assert_eq!(receipt["events"], json!([]));
    assert_eq!((&receipt["contract"], &receipt["result"]), (&Value::Null, &Value::Null));
    assert!(!receipt.to_string().contains(token.as_str().unwrap_or("?")), "{receipt}");
    assert_eq!(ps2.call("psi_root", json!({}))["root"], root, "its own state did not move");
}

#[test]
fn the_same_calls_give_two_tenants_their_own_tokens() {
    let node = Dev::new().start();
    let (ps1, ps2) = (node.tenant("PS1"), node.tenant("PS2"));
    let (one, two) = (token::deploy(&ps1, true), token::deploy(&ps2, true));
    assert_ne!(one, two);
    let bob = node.account("bob");
    token::transfer(&ps1, &one, &bob, 1, true);
    token::transfer(&ps2, &two, &bob, 2, true);
    assert_eq!(token::balance(&ps1, &one, &bob), 1);
    assert_eq!(token::balance(&ps2, &two, &bob), 2);
}

#[test]
fn nothing_private_is_readable_on_the_disk_or_in_the_log() {
    let data = tempfile::tempdir().expect("a folder");
    let node = Dev::new().data(data.path()).start();
    let ps1 = node.tenant("PS1");
    let secret = "a-sum-that-only-PS1-may-know-7f3a";
    let note = coffer_tests::build::contract("counter");
    let _ = ps1.deploy(&note, json!({"start": 77}), true);
    let token = token::deploy(&ps1, true);
    let id = token.as_str().unwrap_or("?").to_owned();
    let wrong = json!({"contract": token, "method": "transfer", "args": {"to": secret, "amount": 1}, "private": true});
    let _ = ps1.fail("contract_call", wrong);
    let ended = node.stop();

    let hex = id.trim_start_matches("0x");
    let raw: Vec<u8> = (0..32).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).expect("hex")).collect();
    assert!(!ended.stderr.contains(secret) && !ended.stderr.contains(hex), "{}", ended.stderr);
    let spec_text = b"coffer_spec";
    each_file(data.path(), &mut |path, bytes| {
        // The system contracts are public: their specs stand in the genesis, as every node of the chain has it.
        let is_genesis = path == data.path().join("genesis");
        for needle in [raw.as_slice(), hex.as_bytes(), secret.as_bytes(), spec_text] {
            if is_genesis && needle == spec_text {
                continue;
            }
            let found = memchr::memmem::find(bytes, needle).is_some();
            assert!(!found, "{} has {:?} in clear", path.display(), String::from_utf8_lossy(needle));
        }
    });
}

fn each_file(folder: &std::path::Path, each: &mut impl FnMut(&std::path::Path, &[u8])) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            each_file(&path, each);
        } else {
            let bytes = std::fs::read(&path).expect("a file");
            // The database reserves megabytes ahead; its empty pages are left out.
            let pages = bytes.chunks(4096).filter(|page| **page != [0; 4096][..page.len()]);
            each(&path, &pages.collect::<Vec<_>>().concat());
        }
    }
}
