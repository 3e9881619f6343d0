//! The binary as a person uses it: help, version, and a contract's way from source to call.

use std::process::{Command, Output, Stdio};

use coffer_tests::build;
use coffer_tests::node::Dev;
use coffer_tests::root;
use serde_json::{Value, json};

fn coffer(args: &[&str]) -> Output {
    let mut command = Command::new(build::coffer());
    build::clean(&mut command);
    command.args(args).current_dir(root()).output().expect("it starts")
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    assert!(!output.status.success(), "it succeeded: {}", String::from_utf8_lossy(&output.stdout));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!text.contains("panicked"), "{text}");
    text
}

fn as_json(output: &Output) -> Value {
    let text = stdout(output);
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

#[test]
fn version_and_help_answer() {
    assert!(stdout(&coffer(&["--version"])).contains(env!("CARGO_PKG_VERSION")));
    let help = stdout(&coffer(&["--help"]));
    assert!(help.contains("dev") && help.contains("contract"), "{help}");
    for topic in [
        &["dev", "--help"][..],
        &["contract", "--help"],
        &["contract", "deploy", "--help"],
        &["contract", "call", "--help"],
        &["contract", "trace", "--help"],
        &["contract", "replay", "--help"],
        &["contract", "upgrade", "--help"],
        &["contract", "authority", "--help"],
        &["contract", "consent", "--help"],
        &["init", "--help"],
        &["run", "--help"],
        &["testnet", "--help"],
        &["network", "--help"],
        &["programme", "--help"],
        &["programme", "deploy", "--help"],
        &["programme", "list", "--help"],
        &["proof", "--help"],
        &["db", "--help"],
        &["recover", "--help"],
        &["budget", "--help"],
        &["budget", "import", "--help"],
        &["budget", "export", "--help"],
    ] {
        let text = stdout(&coffer(topic));
        assert!(text.contains("xample"), "no example in {topic:?}: {text}");
    }
}

#[test]
fn the_data_of_a_stopped_node_are_counted_checked_pruned_compacted_and_carried_away() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let out = folder.path().join("out").to_string_lossy().into_owned();
    let node = Dev::new().data(&folder.path().join("data")).start();
    let told = stderr(&coffer(&["db", "stats", "--data", &data]));
    assert!(told.contains("in use"), "{told}");
    node.stop();
    let stats = as_json(&coffer(&["db", "stats", "--data", &data, "--json"]));
    assert_eq!(stats["states"].as_array().unwrap().len(), 3);
    let checked = coffer(&["db", "verify", "--data", &data, "--json"]);
    assert_eq!(as_json(&checked)["damages"], 0);
    assert!(String::from_utf8_lossy(&checked.stderr).contains("block log"));
    let pruned = as_json(&coffer(&["db", "prune", "--keep", "1", "--data", &data, "--json"]));
    assert_eq!(pruned["keep"], 1);
    let compacted = as_json(&coffer(&["db", "compact", "--data", &data, "--json"]));
    assert!(compacted["records"].as_u64().unwrap() > 0);
    let exported = as_json(&coffer(&["db", "export", "--public", "--out", &out, "--data", &data, "--json"]));
    let root = exported["root"].as_str().unwrap();
    assert_eq!(as_json(&coffer(&["db", "check", &out, "--root", root, "--json"])), exported);
    let none = stderr(&coffer(&["db", "stats", "--data", &out]));
    // Looking makes nothing: not the tenants of a configuration, and a tenant left out of one is still looked at.
    let (keys, config) =
        (folder.path().join("data/keys"), folder.path().join("other.toml").to_string_lossy().into_owned());
    std::fs::write(&config, "[[tenants]]\npsi = \"PS9\"\n").unwrap();
    let before = std::fs::read(&keys).unwrap();
    let stats = as_json(&coffer(&["db", "stats", "--data", &data, "--config", &config, "--json"]));
    assert_eq!(stats["states"].as_array().unwrap().len(), 3, "{stats}");
    assert_eq!(std::fs::read(&keys).unwrap(), before);
    // Nor does an import into a folder that is for no node yet.
    let (bare, height) = (folder.path().join("bare"), exported["height"].to_string());
    std::fs::create_dir(&bare).unwrap();
    for file in ["keys", "genesis"] {
        std::fs::copy(folder.path().join("data").join(file), bare.join(file)).unwrap();
    }
    let into = ["--data", bare.to_str().unwrap()];
    let told = [&["db", "import", "--public", &out, "--height", &height, "--root", root][..], &into].concat();
    let told = stderr(&coffer(&told));
    assert!(told.contains("dev-secret is missing"), "{told}");
    assert!(!bare.join("dev-secret").exists());
    // A reader that goes away is no reason to panic.
    let mut command = Command::new(build::coffer());
    build::clean(&mut command);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let unread = command.args(["db", "stats", "--data", &data]).stdout(full).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(unread.status.code(), Some(1));
    assert!(stderr(&unread).contains("cannot write the result"), "{unread:?}");
    assert!(none.contains("holds no chain"), "{none}");
    assert_eq!(as_json(&coffer(&["db", "verify", "--data", &data, "--json"]))["damages"], 0);
    // A bit of the log, and the code is 1.
    let segment = std::fs::read_dir(folder.path().join("data/log")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&segment).unwrap();
    bytes[90] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let damaged = coffer(&["db", "verify", "--data", &data]);
    assert_eq!(damaged.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&damaged.stdout).contains("damaged: "), "{damaged:?}");
}

/// Gives all segments of a log another format, and takes the database away, which is made of the log.
fn number(data: &std::path::Path, format: u16) {
    for segment in std::fs::read_dir(data.join("log")).expect("a log") {
        let segment = segment.expect("a segment").path();
        let mut bytes = std::fs::read(&segment).expect("a segment");
        bytes[8..10].copy_from_slice(&format.to_le_bytes());
        std::fs::write(&segment, bytes).expect("a segment");
    }
    let _ = std::fs::remove_dir_all(data.join("db"));
}

#[test]
fn data_of_another_format_are_named_with_the_way_out_and_migrated() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let node = Dev::new().data(&data).start();
    let head = node.client().call("chain_head", json!({}));
    node.stop();
    let migrate = |more: &[&str]| coffer(&[&["db", "migrate", "--data", data.to_str().unwrap()][..], more].concat());
    let current = stdout(&migrate(&[]));
    assert!(current.contains("have format 7") && current.contains("nothing to do"), "{current}");

    number(&data, 6);
    let refused = Dev::new().data(&data).try_start().err().expect("it does not start").stderr;
    assert!(refused.contains("has format 6, this program reads format 7"), "{refused}");
    assert!(refused.contains("`coffer db migrate` brings it there"), "{refused}");
    let planned = stdout(&migrate(&["--dry-run"]));
    assert!(planned.contains("format 6 to 7: ") && planned.contains("nothing was changed"), "{planned}");
    let done = as_json(&migrate(&["--json"]));
    assert_eq!((&done["found"], &done["format"], &done["changed"]), (&json!(6), &json!(7), &json!(true)), "{done}");
    let node = Dev::new().data(&data).start();
    assert_eq!(node.client().call("chain_head", json!({})), head);
    assert!(stderr(&migrate(&["--dry-run"])).contains("in use"));
    node.stop();

    number(&data, 8);
    for newer in [migrate(&[]), migrate(&["--dry-run"])] {
        let told = stderr(&newer);
        assert!(told.contains("has format 8") && told.contains("a newer program wrote it"), "{told}");
    }
    assert!(stderr(&coffer(&["db", "migrate", "--data", "/nowhere/at/all"])).contains("there is no folder"));
}

#[test]
fn a_wrong_word_is_told_with_the_nearest_right_one() {
    let text = stderr(&coffer(&["contract", "dploy"]));
    assert!(text.contains("deploy"), "{text}");
}

#[test]
fn a_contract_goes_from_source_to_a_call() {
    let binary = build::coffer();
    let mut command = Command::new(&binary);
    build::clean(&mut command);
    // A target folder of its own: this build has other flags, and others use the usual folder meanwhile.
    command.env("CARGO_TARGET_DIR", binary.with_file_name("coffer-tests-contract-build"));
    let example = root().join("contracts/examples/token");
    let built =
        as_json(&command.args(["contract", "build", "--twin", "--json"]).arg(example).output().expect("it starts"));
    let path = built["file"].as_str().expect("the module");
    assert!(path.ends_with("token.wasm"), "{built}");
    let home = root().display().to_string();
    let module = std::fs::read(path).expect("the module");
    assert!(memchr::memmem::find(&module, home.as_bytes()).is_none(), "the module names this machine's folders");

    assert!(stdout(&coffer(&["contract", "check", path])).contains("ok"));
    let spec = as_json(&coffer(&["contract", "inspect", path, "--json"]));
    assert!(spec.to_string().contains("transfer"), "{spec}");

    let node = Dev::new().start();
    let url = format!("http://{}", node.addr());
    let at = ["--node", &url, "--psi", "PS1", "--json"];
    let run = |args: &[&str]| coffer(&[&["contract"][..], args, &at].concat());
    let supply = crate::token::SUPPLY.to_string();
    let deploy = ["deploy", path, "--private", "--from", "alice"];
    let init = ["--name", "Gold", "--symbol", "GLD", "--decimals", "2", "--supply", &supply];
    let deployed = as_json(&run(&[&deploy[..], &init].concat()));
    let token = deployed["contract"].as_str().expect("an id");
    let bob = node.account("bob");
    let called =
        as_json(&run(&["call", token, "transfer", "--private", "--from", "alice", "--to", &bob, "--amount", "3"]));
    assert_eq!(called["status"], "ok");
    let read = as_json(&run(&["query", token, "balance_of", "--account", &bob]));
    assert_eq!(crate::token::number(&read["result"]), 3);

    // What the transaction did, by lines of Rust; without the twin by offsets.
    let twin = std::path::Path::new(path).with_extension("twin.wasm");
    let (tx, twin) = (called["tx"].as_str().expect("an id"), twin.to_str().expect("text"));
    let replayed = stdout(&coffer(&["contract", "replay", tx, "--url", &url, "--psi", "PS1", "--twin", twin]));
    for word in [
        "call transfer",
        "storage_set",
        "balances[0x",
        "\"1000\" -> \"997\"",
        "src/lib.rs:",
        "Transfer {",
        "gas used: ",
    ] {
        assert!(replayed.contains(word), "no {word}: {replayed}");
    }
    let tried = as_json(&run(&["trace", token, "transfer", "--from", "alice", "--to", &bob, "--amount", "4"]));
    assert_eq!((&tried["status"], &tried["call"]["args"]["amount"]), (&json!("ok"), &json!("4")));
    let other = build::contract_path("counter").display().to_string();
    let told = coffer(&["contract", "replay", tx, "--url", &url, "--psi", "PS1", "--twin", &other]);
    assert!(stdout(&told).contains("nothing -> \"3\""), "{told:?}");
    assert!(String::from_utf8_lossy(&told.stderr).contains("is no twin of a contract in this trace"), "{told:?}");

    let text = stderr(&run(&["call", token, "transfer", "--private", "--from", "alice", "--to", &bob]));
    assert!(text.contains("amount"), "{text}");
    assert_eq!(node.tenant("PS1").query(&json!(token), "balance_of", json!({"account": bob})), read["result"]);
}

#[test]
fn a_bad_module_is_told_before_it_is_sent() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bad.wasm");
    std::fs::write(&path, coffer_tests::wasm::contract(&[], "(func (param f32))")).expect("a file");
    let text = stderr(&coffer(&["contract", "check", path.to_str().expect("text")]));
    assert!(text.contains("float"), "{text}");
    let text = stderr(&coffer(&["contract", "check", "no/such/file.wasm"]));
    assert!(text.contains("no/such/file.wasm"), "{text}");
}

#[test]
fn a_node_that_is_not_there_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = taken.local_addr().expect("its address");
    drop(taken);
    let url = format!("http://{addr}");
    let id = format!("0x{}", "1".repeat(64));
    let text = stderr(&coffer(&["contract", "query", &id, "value", "--node", &url]));
    assert!(text.contains(&addr.to_string()), "{text}");
}

#[test]
fn a_contract_is_upgraded_and_handed_over_from_the_command_line() {
    let path = |name| build::contract_path(name).display().to_string();
    build::contract("counter");
    let (old, new) = (path("counter"), path("counter-v2"));
    let text = stdout(&coffer(&["contract", "check", &new, "--upgrade-of", &old]));
    assert!(text.contains("differs: storage field `value`: was u64 and is u128"), "{text}");
    assert!(text.contains("its migrate answers"), "{text}");
    // The other way round there is no `migrate`, and a field goes.
    let refused = coffer(&["contract", "check", &old, "--upgrade-of", &new, "--json"]);
    assert!(!refused.status.success());
    let shown: Value = serde_json::from_slice(&refused.stdout).expect("JSON");
    assert_eq!(shown["upgrade"]["differences"].as_array().map(Vec::len), Some(2), "{shown}");

    let node = Dev::new().start();
    let url = format!("http://{}", node.addr());
    let at = ["--node", &url, "--psi", "PS1", "--json"];
    let run = |args: &[&str]| coffer(&[&["contract"][..], args, &at].concat());
    let deployed = as_json(&run(&["deploy", &old, "--private", "--authority", "alice,bob", "--start", "7"]));
    let id = deployed["contract"].as_str().expect("an id");
    let text = stdout(&coffer(&["contract", "authority", id, "--node", &url, "--psi", "PS1"]));
    assert!(text.contains("authority: all of ") && text.contains(&node.account("bob")), "{text}");

    let dry = run(&["upgrade", id, &new, "--dry-run", "--factor", "2"]);
    assert!(!dry.status.success(), "a consent is missing");
    let check: Value = serde_json::from_slice(&dry.stdout).expect("JSON");
    assert_eq!((&check["result"], &check["missing"][0]["account"]), (&json!("14"), &json!(node.account("bob"))));
    let text = stderr(&run(&["upgrade", id, &new, "--private", "--factor", "2"]));
    assert!(text.contains("notAuthorised"), "{text}");
    let text = stderr(&run(&["upgrade", id, &new, "--private"]));
    assert!(text.contains("--factor"), "{text}");

    let consent = as_json(&run(&["consent", id, &new, "--factor", "2", "--from", "bob"]));
    let consent = consent["consent"].as_str().expect("hex");
    let dry = run(&["upgrade", id, &new, "--dry-run", "--factor", "2", "--consent", consent]);
    assert_eq!(as_json(&dry)["missing"], json!([]));
    let done = as_json(&run(&["upgrade", id, &new, "--private", "--factor", "2", "--consent", consent]));
    assert_eq!((&done["result"], &done["revision"]), (&json!("14"), &json!(1)), "{done}");
    assert_eq!(as_json(&run(&["query", id, "value"]))["result"], "14");

    let text = stderr(&run(&["consent", id, "--from", "bob"]));
    assert!(text.contains("--renounce"), "{text}");
    let consent = as_json(&run(&["consent", id, "--set", "alice", "--from", "bob"]));
    let consent = consent["consent"].as_str().expect("hex");
    let set = as_json(&run(&["authority", id, "--set", "alice", "--private", "--consent", consent]));
    assert_eq!(set["authority"]["account"], node.account("alice"), "{set}");
    assert_eq!(as_json(&run(&["authority", id, "--renounce", "--private"]))["authority"], "none");
    let text = stderr(&run(&["authority", id, "--set", "alice", "--private"]));
    assert!(text.contains("noAuthority"), "{text}");
    let text = stdout(&coffer(&["contract", "authority", id, "--node", &url, "--psi", "PS1"]));
    assert!(text.contains("nobody can change it") && text.contains("revision: 3"), "{text}");
}
