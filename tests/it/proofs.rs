//! Proofs through a real node: what it says of its states is checked with what a client knows, at the head and at an older height.

use coffer_abi::{AccountId, ContractId, Hash, Height};
use coffer_proof::{Answer, Invalid, PathKey, PrivateProof, PrivateTrust, PublicProof, TrustedBlock};
use coffer_tests::build;
use coffer_tests::node::Dev;
use coffer_tests::rpc::{self, Client};
use serde_json::{Value, json};

use crate::token;

/// Storage key of an account's entry in the token's map of balances: ordered, the field's name with its length, the account.
fn balance_key(account: &str) -> Vec<u8> {
    let account: AccountId = account.parse().expect("an account");
    [&[1, 8][..], b"balances", account.as_bytes()].concat()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold("0x".into(), |text, byte| format!("{text}{byte:02x}"))
}

fn id<T: std::str::FromStr>(value: &Value) -> T {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("an id: {value}"))
}

fn ask(client: &Client, method: &str, contract: &Value, keys: &[Vec<u8>], height: Option<u64>) -> String {
    let keys: Vec<_> = keys.iter().map(|key| hex(key)).collect();
    let contracts = json!([{"contract": contract, "keys": keys}]);
    client.call(method, json!({"contracts": contracts, "height": height})).to_string()
}

#[test]
fn a_balance_is_proved_to_who_knows_the_block() {
    let node = Dev::new().start();
    let (client, bob) = (node.tenant("PS1"), node.account("bob"));
    let token = token::deploy(&client, false);
    token::transfer(&client, &token, &bob, 5, false);
    let before = client.call("chain_head", json!({}));
    token::transfer(&client, &token, &bob, 2, false);
    let head = client.call("chain_head", json!({}));
    let (contract, key): (ContractId, _) = (id(&token), balance_key(&bob));
    let none = balance_key(&node.account("carol"));
    let keys = [key.clone(), none.clone()];
    for (block, balance) in [(&head, 7u128), (&before, 5)] {
        let text = ask(&client, "state_proof", &token, &keys, block["height"].as_u64());
        let proof = PublicProof::from_json(&text).expect("a proof");
        let verified = proof.clone().verify(&TrustedBlock::Block(id(&block["hash"]))).expect("it holds");
        assert_eq!(verified.value(&contract, &key), Answer::Present(&balance.to_le_bytes()[..]));
        assert_eq!(verified.value(&contract, &none), Answer::Absent);
        assert_eq!(Some(verified.height().0), block["height"].as_u64());
        // A client that knows the chain and its validators needs no block.
        let chain_id = id(&client.call("chain_parameters", json!({}))["chainId"]);
        let validators = proof.block.header.validators;
        assert!(proof.clone().verify(&TrustedBlock::Validators { chain_id, validators }).is_ok());
        let other = TrustedBlock::Validators { chain_id, validators: Hash([1; 32]) };
        assert_eq!(proof.verify(&other).unwrap_err(), Invalid::OtherValidators(validators));
    }
    let stranger = json!(ContractId([7; 32]).to_string());
    let text = ask(&client, "state_proof", &stranger, &[], None);
    let verified = PublicProof::from_json(&text).expect("a proof").verify(&TrustedBlock::Block(id(&head["hash"])));
    assert_eq!(verified.expect("it holds").contract(&ContractId([7; 32])), Answer::Absent);
}

#[test]
fn a_private_balance_is_proved_on_the_nodes_word_and_tells_nothing_of_others() {
    let node = Dev::new().start();
    let (client, bob) = (node.tenant("PS1"), node.account("bob"));
    let token = token::deploy(&client, true);
    token::transfer(&client, &token, &bob, 5, true);
    let before = client.call("psi_root", json!({}));
    token::transfer(&client, &token, &bob, 2, true);
    let (contract, key): (ContractId, _) = (id(&token), balance_key(&bob));
    let absent = balance_key(&node.account("carol"));
    let head = client.call("psi_root", json!({}));
    let mut paths = Vec::new();
    for (block, balance) in [(&head, 7u128), (&before, 5)] {
        let (hash, height) = (TrustedBlock::Block(id(&block["blockHash"])), block["height"].as_u64());
        let text = ask(&client, "psi_proof", &token, &[key.clone(), absent.clone()], height);
        let proof = PrivateProof::from_json(&text).expect("a proof");
        let PathKey::Given(path_key) = proof.state.contracts[0].path_key else { panic!("{text}") };
        let (nodes, known) = ([proof.statement.node], [(contract, path_key)]);
        let trust = PrivateTrust { block: hash, nodes: &nodes, path: proof.path, path_keys: &known };
        let verified = proof.clone().verify(&trust).expect("it holds");
        assert_eq!(verified.state().value(&contract, &key), Answer::Present(&balance.to_le_bytes()[..]));
        assert_eq!(verified.state().value(&contract, &absent), Answer::Absent);
        assert_eq!(*verified.root(), id(&block["root"]));
        assert_eq!(verified.state().height(), Height(height.expect("a height")));
        let sealed = client.call("psi_trieRoot", json!({"height": height}));
        assert_eq!(proof.statement.root, id(&sealed["root"]));
        let unknown = PrivateTrust { path_keys: &[], ..trust };
        assert_eq!(proof.clone().verify(&unknown).unwrap_err(), Invalid::PathKey(contract));
        paths.push(proof.path);
    }
    assert_eq!(paths[0], paths[1], "a private state keeps its path");
    // To another tenant the contract is as absent as one that never was.
    let other = node.tenant("PS2");
    let text = ask(&other, "psi_proof", &token, std::slice::from_ref(&key), None);
    let proof = PrivateProof::from_json(&text).expect("a proof");
    assert!(proof.state.contracts[0].leaf.is_none() && proof.path != paths[0], "{text}");
    let never = ask(&other, "psi_proof", &json!(ContractId([7; 32]).to_string()), std::slice::from_ref(&key), None);
    assert!(PrivateProof::from_json(&never).expect("a proof").state.contracts[0].leaf.is_none());
    let nowhere = ask_refused(&node.tenant("PS9"), "psi_proof", &token, &key);
    assert_eq!(nowhere, "unconfiguredPsi");
}

#[test]
fn too_much_and_nothing_are_refused_with_a_reason() {
    let node = Dev::new().start();
    let client = node.tenant("PS1");
    for method in ["state_proof", "psi_proof"] {
        let error = client.fail(method, json!({"contracts": []}));
        assert!(error.text().contains("1 to 256 contracts"), "{}", error.text());
        let contract = ContractId([7; 32]).to_string();
        let error = client.fail(method, json!({"contracts": [{"contract": contract, "keys": [hex(&[0; 257])]}]}));
        assert!(error.text().contains("keys of 1 to 256 bytes"), "{}", error.text());
        let error = client.fail(method, json!({"contracts": [{"contract": contract, "keys": ["0xZZ"]}]}));
        assert!(error.text().contains("contracts[0].keys[0]"), "{}", error.text());
        let error = client.fail(method, json!({"contracts": [{"contract": contract, "keys": []}], "height": 999}));
        assert_eq!(error.kind(), "notFound");
    }
}

#[test]
fn the_command_line_gets_proofs_and_checks_them_without_a_node() {
    let node = Dev::new().start();
    let (client, bob) = (node.tenant("PS1"), node.account("bob"));
    let (url, folder) = (format!("http://{}", client.addr()), tempfile::tempdir().expect("a folder"));
    for private in [false, true] {
        let token = token::deploy(&client, private);
        token::transfer(&client, &token, &bob, 258, private);
        let (token, key) = (token.as_str().expect("an id"), hex(&balance_key(&bob)));
        let absent = hex(&balance_key(&node.account("carol")));
        let mut words = vec!["get", token, &key, &absent, "--url", &url, "--psi", "PS1"];
        words.extend(private.then_some("--private"));
        let (done, text, error) = proof(&words);
        assert!(done, "{error}");
        let got: Value = serde_json::from_str(&text).expect("JSON");
        let file = folder.path().join("proof.json");
        let changed = folder.path().join("changed.json");
        std::fs::write(&file, &text).expect("written");
        std::fs::write(&changed, text.replacen("0x0201", "0x0301", 1)).expect("written");
        let header = client.call("chain_block", json!({"height": got["block"]["header"]["height"]}));
        let block = header["hash"].as_str().expect("a hash");
        let mut trust = vec!["--block".to_owned(), block.to_owned()];
        if private {
            let text = |value: &Value| value.as_str().expect("text").to_owned();
            let path_key = text(&got["state"]["contracts"][0]["pathKey"]["given"]);
            trust.extend(["--node".into(), text(&got["statement"]["node"]), "--path".into(), text(&got["path"])]);
            trust.extend(["--path-key".into(), format!("{token}={path_key}")]);
        }
        let verify = |file: &std::path::Path, trust: &[String]| {
            let words = ["verify", file.to_str().expect("a name")].into_iter().chain(trust.iter().map(String::as_str));
            proof(&words.collect::<Vec<_>>())
        };
        let (done, text, error) = verify(&file, &trust);
        assert!(done, "{error}");
        assert!(text.contains(&format!("{key}: 0x0201000000000000")), "{text}");
        assert!(text.contains(&format!("{absent}: not there")), "{text}");
        let (done, _, error) = verify(&changed, &trust);
        assert!(!done && error.contains("the proof does not hold: the storage of contract"), "{error}");
        let mut other = trust.clone();
        other[1] = Hash([1; 32]).to_string();
        let (done, _, error) = verify(&file, &other);
        assert!(!done && error.contains("the proof is for block"), "{error}");
        let (done, _, error) = verify(&file, &[]);
        assert!(!done && error.contains("--block"), "{error}");
    }
}

#[test]
fn who_has_the_genesis_believes_a_block_and_the_state_after_it() {
    let (folder, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let node = Dev::new().data(folder.path()).start();
    let client = node.tenant("PS1");
    let error = client.fail("chain_proof", json!({}));
    assert!(error.kind() == "invalidParams" && error.text().contains("genesis"), "{}", error.text());
    let token = token::deploy(&client, false);
    let head = client.call("chain_head", json!({}));
    token::transfer(&client, &token, &node.account("bob"), 5, false);
    for (asked, kind) in [
        (json!({"height": 999}), "notFound"),
        (json!({"hash": Hash([1; 32]).to_string()}), "notFound"),
        (json!({"height": 1, "hash": head["hash"]}), "invalidParams"),
        (json!({"height": 1, "from": 1}), "invalidParams"),
    ] {
        assert_eq!(client.fail("chain_proof", asked.clone()).kind(), kind, "{asked}");
    }
    let by_hash = client.call("chain_proof", json!({"hash": head["hash"]}));
    assert_eq!(by_hash, client.call("chain_proof", json!({"height": head["height"]})));

    let file = folder.path().join("chain.json");
    let (file, genesis) = (file.to_str().expect("a name"), folder.path().join("genesis"));
    let genesis = genesis.to_str().expect("a name");
    let url = format!("http://{}", client.addr());
    let height = head["height"].to_string();
    let (done, text, error) = proof(&["chain", "--height", &height, "-o", file, "--url", &url]);
    assert!(done && text.is_empty(), "{error}");
    let written = std::fs::read_to_string(file).expect("the proof");
    assert_eq!(serde_json::from_str::<Value>(&written).expect("JSON"), by_hash);
    let (done, text, error) = proof(&["verify", file, "--genesis", genesis]);
    let hash = head["hash"].as_str().expect("a hash");
    assert!(done && text.contains(&format!("block {hash} at height {height}\n")), "{text}{error}");
    assert!(text.contains("handovers on the way: 0"), "{text}");
    // What is proved is what a proof of the state is checked with.
    let text = ask(&client, "state_proof", &token, &[], head["height"].as_u64());
    let verified = PublicProof::from_json(&text).expect("a proof").verify(&TrustedBlock::Block(id(&head["hash"])));
    assert!(matches!(verified.expect("it holds").contract(&id(&token)), Answer::Present(_)));
    // Nothing is written over.
    let (done, _, error) = proof(&["chain", "-o", file, "--url", &url]);
    assert!(!done && error.contains("cannot write"), "{error}");

    let changed = std::fs::read_to_string(file).expect("the proof").replacen("\"gasUsed\":", "\"gasUsed\":1", 1);
    std::fs::write(file, changed).expect("written");
    let (done, _, error) = proof(&["verify", file, "--genesis", genesis]);
    assert!(!done && error.contains("the certificate does not hold"), "{error}");
    let (done, text, error) = proof(&["chain", "--url", &url]);
    assert!(done, "{error}");
    std::fs::write(file, text).expect("written");
    drop(Dev::new().data(other.path()).start());
    let (done, _, error) =
        proof(&["verify", file, "--genesis", other.path().join("genesis").to_str().expect("a name")]);
    assert!(!done && error.contains("the block is of chain"), "{error}");
    let (done, _, error) = proof(&["verify", file, "--block", hash]);
    assert!(!done && error.contains("--genesis"), "{error}");
}

#[test]
fn a_private_proof_rests_on_a_root_that_everybody_is_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("a name").to_owned();
    std::fs::write(path("coffer.toml"), "anchor_every = 10\n").expect("written");
    let node = Dev::new().arg("--config").arg(&path("coffer.toml")).start();
    let (client, bob) = (node.tenant("PS1"), node.account("bob"));
    let error = client.fail("psi_anchor", json!({}));
    assert!(error.kind() == "notFound" && error.text().contains("anchor_every"), "{}", error.text());
    let (open, token) = (token::deploy(&client, false), token::deploy(&client, true));
    let anchored = || match rpc::read(&client.send("psi_anchor", json!({})).expect("an answer")) {
        Some(Ok(found)) => Some(found),
        _ => None,
    };
    // It takes ten blocks, and then the one that has the anchor.
    let first = (0..100).find_map(|_| {
        token::transfer(&client, &token, &bob, 1, true);
        anchored()
    });
    let first = first.expect("an anchor");
    assert_eq!(first["height"].as_u64().map(|height| height % 10), Some(0), "{first}");
    assert_eq!(client.call("psi_trieRoot", json!({"height": first["height"]}))["root"], first["root"]);
    // Once nothing private changes, what is anchored last stays: anchors move no chain.
    let trie_root = client.call("psi_trieRoot", json!({}))["root"].clone();
    let last = (0..100).find_map(|_| {
        token::transfer(&client, &open, &bob, 1, false);
        anchored().filter(|anchor| anchor["root"] == trie_root)
    });
    let last = last.expect("the root of now");
    for _ in 0..25 {
        token::transfer(&client, &open, &bob, 1, false);
    }
    assert_eq!(anchored(), Some(last.clone()));

    let url = format!("http://{}", client.addr());
    let (height, next) = (last["height"].to_string(), (last["height"].as_u64().expect("a height") + 1).to_string());
    let (key, anchor) = (hex(&balance_key(&bob)), path("anchor.json"));
    let contract = token.as_str().expect("an id");
    let (done, _, error) = proof(&["anchor", "-o", &anchor, "--url", &url]);
    assert!(done && error.contains(&format!("--private --height {height}")), "{error}");
    for (name, height) in [("proof.json", &height), ("next.json", &next)] {
        let words = ["get", contract, &key, "--private", "--height", height, "--url", &url, "--psi", "PS1"];
        let (done, text, error) = proof(&words);
        assert!(done, "{error}");
        std::fs::write(path(name), text).expect("written");
    }
    let got: Value =
        serde_json::from_str(&std::fs::read_to_string(path("proof.json")).expect("a proof")).expect("JSON");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let trust = |chain: &str| {
        let validators = text(&got["block"]["header"]["validators"]);
        let (node, path) = (text(&got["statement"]["node"]), text(&got["path"]));
        ["--chain-id", chain, "--validators", &validators, "--node", &node, "--path", &path].map(str::to_owned)
    };
    let chain = text(&client.call("chain_parameters", json!({}))["chainId"]);
    let verify = |file: &str, more: &[&str]| {
        let (file, trust) = (path(file), trust(&chain));
        let words: Vec<_> =
            [file.as_str()].into_iter().chain(trust.iter().map(String::as_str)).chain(more.iter().copied()).collect();
        words_of("verify", &words)
    };
    let (done, shown, error) = verify("proof.json", &["--anchor", &anchor]);
    assert!(done && shown.contains("as everybody is shown: anchored, as of block "), "{shown}{error}");
    let (done, shown, error) = verify("proof.json", &[]);
    assert!(done && shown.contains("not checked: --anchor FILE"), "{shown}{error}");
    let (done, shown, error) = verify("next.json", &["--anchor", &anchor]);
    assert!(!done && shown.is_empty() && error.contains("the anchor: it is for another height"), "{shown}{error}");
    let (done, _, error) = verify("proof.json", &["--anchor", &path("proof.json")]);
    assert!(!done && error.contains("not the JSON form of a proof"), "{error}");
    // Who believes in one block says so for the anchor too.
    let block = text(&last["blockHash"]);
    let by_block = |more: &[&str]| {
        let trust = trust(&chain);
        let file = path("proof.json");
        let words = [&[file.as_str(), "--block", &block, "--anchor", &anchor], more].concat();
        words_of("verify", &words.into_iter().chain(trust[4..].iter().map(String::as_str)).collect::<Vec<_>>())
    };
    let (done, _, error) = by_block(&[]);
    assert!(!done && error.contains("--anchor-block"), "{error}");
    let shown: Value = serde_json::from_str(&std::fs::read_to_string(&anchor).expect("an anchor")).expect("JSON");
    let later = client.call("chain_block", json!({"height": shown["block"]["header"]["height"]}));
    let (done, _, error) = by_block(&["--anchor-block", &text(&later["hash"])]);
    assert!(done, "{error}");
    let (done, _, error) = by_block(&["--anchor-block", &block]);
    assert!(!done && error.contains("the proof is for block"), "{error}");
}

/// `coffer proof` with these words: whether it ended well, and both its outputs.
pub fn proof(args: &[&str]) -> (bool, String, String) {
    words_of("proof", args)
}

/// A command with these words.
fn words_of(command: &str, args: &[&str]) -> (bool, String, String) {
    let mut program = std::process::Command::new(build::coffer());
    build::clean(&mut program);
    let output = program.arg(command).args(args).output().expect("it starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

fn ask_refused(client: &Client, method: &str, contract: &Value, key: &[u8]) -> String {
    client.fail(method, json!({"contracts": [{"contract": contract, "keys": [hex(key)]}]})).kind().to_owned()
}
