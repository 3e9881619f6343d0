//! The network of a chain as its operators meet it: what a new chain has, folders for nodes, and what an organisation and a node change of it.

use std::path::Path;
use std::process::{Command, Output};

use coffer::sources::seeded_key;
use coffer_abi::{AccountId, Height};
use coffer_chain::network;
use coffer_chain::party::Part;
use coffer_chain::{PartyStatement, SigningKey, TagKeyStatement};
use coffer_tests::build;
use coffer_tests::node::{Dev, Node};
use serde_json::{Value, json};

fn coffer(args: &[&str]) -> Output {
    let mut command = Command::new(build::coffer());
    build::clean(&mut command);
    command.args(args).output().expect("it starts")
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    assert!(!output.status.success(), "it succeeded: {}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn as_json(output: &Output) -> Value {
    let text = stdout(output);
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

/// `coffer network ...` at a node.
fn network(node: &Node, args: &[&str]) -> Output {
    let url = format!("http://{}", node.addr());
    let words: Vec<&str> = ["network"].iter().chain(args).copied().chain(["--url", url.as_str(), "--json"]).collect();
    coffer(&words)
}

fn init(folder: &Path, more: &[&str]) -> Output {
    let folder = folder.to_str().expect("a name");
    let words: Vec<&str> = ["init", "--data", folder, "--json", "--test-network"].iter().chain(more).copied().collect();
    coffer(&words)
}

#[test]
fn a_new_chain_has_its_organisation_node_and_validator_in_block_0() {
    let node = Dev::new().seed(21).start();
    let client = node.client();
    let organisations = client.call("network_organisations", json!({}));
    let nodes = client.call("network_nodes", json!({}));
    let first = &nodes["items"][0];
    assert_eq!((&organisations["items"][0]["name"], &organisations["next"]), (&json!("dev"), &Value::Null));
    assert_eq!(
        (&first["organisation"], &first["role"], &first["access"]),
        (&json!("dev"), &json!("validator"), &json!("trusted"))
    );
    assert_eq!(first["node"], node.ready["node"]);
    let validators = client.call("network_validators", json!({}));
    let own = json!([{"node": first["node"], "power": 1u64 << 32}]);
    assert_eq!((&validators["height"], &validators["validators"]), (&json!(1), &own));
    let (kept, rules) = (client.call("network_parameters", json!({})), client.call("chain_parameters", json!({})));
    for (name, value) in kept.as_object().expect("an object") {
        assert_eq!(*value, rules[name], "{name}");
    }
    assert_ne!(client.call("chain_block", json!({"height": 0}))["stateRoot"], json!(format!("0x{}", "0".repeat(64))));
    // What nodes read from storage is what the contract's views say.
    let contract = json!(network::contract().to_string());
    let view = client.query(&contract, "node", json!({"key": first["node"]}));
    assert_eq!((&view["organisation"], &view["role"]), (&json!("dev"), &json!("Validator")));
    let view = client.query(&contract, "validators", json!({}));
    assert_eq!(view, json!([{"key": first["node"], "power": (1u64 << 32).to_string()}]));
    assert_eq!(client.fail("network_validators", json!({"height": 2})).kind(), "notFound");
    assert_eq!(client.fail("network_nodes", json!({"limit": 101})).kind(), "invalidParams");
}

#[test]
fn an_organisation_approves_and_declines_nodes_and_they_validate_by_themselves() {
    let node = Dev::new().seed(22).start();
    let client = node.client();
    let stranger = format!("0x{}", "77".repeat(32));
    assert_eq!(as_json(&network(&node, &["decline", &stranger]))["events"][0]["name"], "NodeDeclined");
    let approved = as_json(&network(&node, &["approve", &stranger, "--address", "node2.example.org:7000"]));
    assert_eq!(approved["events"][0]["name"], "NodeApproved");
    let listed = as_json(&network(&node, &["nodes"]));
    let known = listed["items"].as_array().expect("a list").iter().find(|known| known["node"] == stranger.as_str());
    let known = known.expect("the approved node");
    assert_eq!((&known["role"], &known["addresses"]), (&json!("follower"), &json!(["node2.example.org:7000"])));
    assert_eq!(as_json(&network(&node, &["validators"]))["validators"].as_array().map(Vec::len), Some(1));
    let own = node.ready["node"].as_str().expect("a key").to_owned();
    for (args, error) in [
        (&["activate"][..], "NoChange"),
        (&["deactivate", &own], "LastValidator"),
        (&["deactivate", &own, "--from", "node"], "LastValidator"),
        (&["approve", &stranger, "--from", "alice"], "NotAllowed"),
        (&["approve", &stranger, "--address", "nonsense"], "it has no port"),
        (&["approve", &stranger, "--address", "0.0.0.0:9545"], "nobody can dial all addresses"),
        (&["remove", &format!("0x{}", "78".repeat(32))], "NoNode"),
    ] {
        let told = stderr(&network(&node, args));
        assert!(told.contains(error), "{args:?}: {told}");
    }
    stdout(&network(&node, &["remove", &stranger]));
    assert_eq!(as_json(&network(&node, &["nodes"]))["items"].as_array().map(Vec::len), Some(1));
    // The keys of node and organisation are for this contract alone.
    for from in ["node", "organisation"] {
        let init = json!({"name": "Gold", "symbol": "G", "decimals": 2, "supply": "1000"});
        let deployment =
            json!({"wasm": coffer_tests::rpc::base64(&build::contract("token")), "init": init, "from": from});
        let refused = client.fail("contract_deploy", deployment);
        assert!(refused.text().contains("nothing else"), "{}", refused.text());
    }
}

#[test]
fn a_party_is_listed_as_the_contract_has_it() {
    let node = Dev::new().seed(23).start();
    let client = node.client();
    let contract = json!(network::contract().to_string());
    let (own, organisation) = (seeded_key(23, "node"), seeded_key(23, "organisation"));
    let (own, organisation) = (SigningKey::from_seed(&own), SigningKey::from_seed(&organisation));
    let (tag, seal) = (SigningKey::from_seed(&[81; 32]), SigningKey::from_seed(&[82; 32]));
    let call = |method: &str, args: Value, from: &str| {
        let params = json!({"contract": &contract, "method": method, "args": args, "private": false, "from": from});
        client.call("contract_call", params)
    };
    let first = client.call("network_parties", json!({}));
    assert_eq!(first["items"].as_array().map(Vec::len), Some(2), "those of its two tenants: {first}");
    let chain_id = client.call("chain_parameters", json!({}))["chainId"].as_str().and_then(|id| id.parse().ok());
    let chain_id = chain_id.expect("a hash");
    let hex = |bytes: &[u8]| format!("0x{}", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    let statement = TagKeyStatement { chain_id, node: own.account(), key: tag.account(), epoch: 1 };
    let possession = hex(&statement.sign(&tag).0);
    call("set_tag_key", json!({"key": statement.key.to_string(), "possession": possession}), "node");

    let alice = node.ready["accounts"]["alice"].as_str().and_then(|alice| alice.parse::<AccountId>().ok());
    let alice = alice.expect("an account");
    let statement = PartyStatement {
        chain_id,
        party: alice,
        organisation: "dev".into(),
        node: own.account(),
        key: seal.account(),
        epoch: 0,
        custodians: vec![],
        until: Height(100),
    };
    let signed = |part, key| hex(&statement.sign(part, key).0);
    let args = json!({
        "organisation": "dev",
        "node": own.account().to_string(),
        "key": seal.account().to_string(),
        "custodians": [],
        "until": "100",
        "possession": signed(Part::Possession, &seal),
        "acceptance": signed(Part::Acceptance, &own),
        "consent": signed(Part::Consent, &organisation),
    });
    let called = call("register_party", args, "alice");
    assert_eq!(called["events"][0]["name"], "PartyRegistered");

    let (node_key, alice) = (own.account().to_string(), alice.to_string());
    let view = client.query(&contract, "party", json!({"key": alice}));
    let found = client.call("network_parties", json!({"organisation": "dev"}));
    assert_eq!(found["items"].as_array().map(Vec::len), Some(3));
    let item = found["items"].as_array().and_then(|items| items.iter().find(|item| item["party"] == json!(alice)));
    let item = item.expect("the new one");
    let last = &found["items"][2]["party"];
    assert_eq!((&item["party"], &item["node"], &item["epoch"]), (&json!(alice), &json!(node_key), &json!(0)));
    assert_eq!((&item["encryptionKey"], &item["retired"]), (&view["key"], &view["retired"]));
    assert_eq!((&item["since"], &found["next"]), (&called["height"], &Value::Null));
    assert_eq!(client.call("network_parties", json!({"node": node_key})), found);
    assert_eq!(client.call("network_parties", json!({})), found);
    assert_eq!(client.call("network_parties", json!({"organisation": "other"}))["items"], json!([]));
    assert_eq!(client.call("network_parties", json!({"after": last}))["items"], json!([]));
    let both = client.fail("network_parties", json!({"organisation": "dev", "node": node_key}));
    assert_eq!(both.kind(), "invalidParams");
    assert_eq!(as_json(&network(&node, &["parties", "--served-by", &node_key])), found);
    assert_eq!(as_json(&network(&node, &["parties", "--organisation", "dev"])), found);
}

#[test]
fn a_folder_is_made_once_and_a_node_runs_on_it() {
    let folders = tempfile::tempdir().expect("a folder");
    let (one, two) = (folders.path().join("one"), folders.path().join("two"));
    let made = as_json(&init(&one, &["--org", "Ministry"]));
    assert_eq!(as_json(&init(&one, &["--org", "Ministry"])), made, "again it says the same");
    assert!(stderr(&init(&one, &["--org", "Bank"])).contains("is of chain"));
    let settings = one.join("coffer.toml");
    let settings = settings.to_str().expect("a name");
    let node = Node::run(&["--config", settings]);
    assert_eq!((&node.ready["node"], &node.ready["chainId"]), (&made["node"], &made["chainId"]));
    let organisations = node.client().call("network_organisations", json!({}));
    assert_eq!(
        (&organisations["items"][0]["name"], &organisations["items"][0]["key"]),
        (&json!("Ministry"), &made["organisationKey"])
    );
    node.stop();

    let genesis = one.join("genesis");
    let joined = as_json(&init(&two, &["--genesis", genesis.to_str().expect("a name")]));
    assert_eq!(joined["chainId"], made["chainId"]);
    assert_ne!(joined["node"], made["node"]);
    assert!(
        stderr(&init(&two, &["--org", "Ministry"])).contains("is of chain"),
        "its keys are not those of the founder"
    );
    let empty = folders.path().join("empty");
    let nothing = coffer(&["run", "--config", settings, "--data", empty.to_str().expect("a name")]);
    assert!(stderr(&nothing).contains("coffer init"), "nothing is begun by `run`");
    assert!(stderr(&init(&empty, &["--org", "a b"])).contains("1 to 48 letters"));
    assert!(stderr(&init(&empty, &[])).contains("--org"));
}

#[test]
fn a_network_on_one_machine_is_made_as_a_whole() {
    let folders = tempfile::tempdir().expect("a folder");
    let dir = folders.path().join("net");
    let name = dir.to_str().expect("a name");
    let made = as_json(&coffer(&["testnet", "3", name, "--json"]));
    let genesis = std::fs::read(dir.join("node-1/data/genesis")).expect("a genesis");
    for node in ["node-2", "node-3"] {
        assert!(std::fs::read(dir.join(node).join("data/genesis")).expect("a genesis") == genesis, "one chain");
    }
    assert!(made["chainId"].as_str().is_some_and(|id| id.starts_with("0x")));
    for file in ["start.sh", "stop.sh"] {
        let checked = Command::new("sh").arg("-n").arg(dir.join(file)).output().expect("a shell");
        assert!(checked.status.success(), "{file}");
    }
    let settings = std::fs::read_to_string(dir.join("node-2/coffer.toml")).expect("settings");
    assert!(settings.contains("[network]\nlisten = \"127.0.0.1:19547\""), "{settings}");
    let again = stderr(&coffer(&["testnet", "3", name]));
    assert!(again.contains("is there already"), "{again}");
    assert!(stderr(&coffer(&["testnet", "0", "x"])).contains("1..=64"));
    let close = folders.path().join("close");
    let overlap =
        coffer(&["testnet", "4", close.to_str().expect("a name"), "--rpc-port", "9000", "--base-port", "9002"]);
    assert!(stderr(&overlap).contains("overlap"));
    let short = coffer(&["testnet", "4", close.to_str().expect("a name"), "--address", "relay.example:1"]);
    assert!(stderr(&short).contains("once for each node"));
    let left: Vec<_> = std::fs::read_dir(folders.path()).expect("a folder").collect();
    assert_eq!(left.len(), 1, "nothing half-made is left: {left:?}");
}
