//! Compiled code of a running node: kept over a restart, made again when its files are damaged, gone or cannot be written, compiled in
//! processes that may die; and queries that take too long.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use coffer_abi::export::MethodKind::{Call, View};
use coffer_tests::node::{Dev, Node};
use coffer_tests::wasm;
use serde_json::{Value, json};

use crate::token;

const COMPILED: &str = "compiled contract code";
const FROM_CACHE: &str = "compiled code from the cache";
const REMOVED: &str = "a file of the code cache is removed";
const PATIENCE: Duration = Duration::from_secs(120);

/// A node on this folder that tells what it compiles.
fn talkative(data: &Path) -> Dev {
    Dev::new().data(data).arg("--log").arg("warn,coffer=debug")
}

fn times(node: &Node, words: &str) -> usize {
    node.stderr().matches(words).count()
}

/// A private token with one transfer made; its id.
fn with_token(node: &Node) -> Value {
    let token = token::deploy(&node.tenant("PS1"), true);
    transfer(node, &token);
    assert_eq!(balance(node, &token), 1);
    token
}

fn transfer(node: &Node, token: &Value) {
    token::transfer(&node.tenant("PS1"), token, &node.account("bob"), 1, true);
}

fn balance(node: &Node, token: &Value) -> u64 {
    token::balance(&node.tenant("PS1"), token, &node.account("bob"))
}

fn cached(data: &Path) -> Vec<PathBuf> {
    let folder = fs::read_dir(data.join("code-cache")).expect("the folder");
    let mut files: Vec<_> = folder.map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    files
}

#[test]
fn a_restarted_node_compiles_nothing_it_compiled_before() {
    let data = tempfile::tempdir().expect("a folder");
    let node = talkative(data.path()).start();
    let token = with_token(&node);
    // For calls and for queries, and the network contract, which makes block 0.
    assert_eq!((times(&node, COMPILED), times(&node, FROM_CACHE)), (3, 0));
    assert_eq!(cached(data.path()).len(), 3);
    node.stop();
    let node = talkative(data.path()).start();
    transfer(&node, &token);
    assert_eq!(balance(&node, &token), 2);
    assert_eq!((times(&node, COMPILED), times(&node, FROM_CACHE)), (0, 2));
}

#[test]
fn a_node_whose_cache_is_damaged_says_so_and_works() {
    type Damage = (&'static str, fn(&[PathBuf]));
    let damages: [Damage; 4] = [
        ("a bit changed in each", |files| {
            for file in files {
                let mut bytes = fs::read(file).expect("a file");
                let middle = bytes.len() / 2;
                bytes[middle] ^= 4;
                fs::write(file, bytes).expect("written");
            }
        }),
        ("each cut short", |files| {
            for file in files {
                let half = fs::metadata(file).expect("a file").len() / 2;
                fs::OpenOptions::new().write(true).open(file).and_then(|file| file.set_len(half)).expect("cut");
            }
        }),
        ("exchanged", |files| {
            let kept: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).expect("a file")).collect();
            for (file, other) in files.iter().zip(kept.iter().cycle().skip(1)) {
                fs::write(file, other).expect("written");
            }
        }),
        ("from another node", |files| {
            let foreign = tempfile::tempdir().expect("a folder");
            let node = Dev::new().data(foreign.path()).start();
            with_token(&node);
            node.stop();
            for (file, foreign) in files.iter().zip(cached(foreign.path())) {
                fs::copy(foreign, file).expect("copied");
            }
        }),
    ];
    let data = tempfile::tempdir().expect("a folder");
    let node = talkative(data.path()).start();
    let token = with_token(&node);
    node.stop();
    for (round, (what, damage)) in (2..).zip(damages) {
        damage(&cached(data.path()));
        let node = talkative(data.path()).start();
        transfer(&node, &token);
        assert_eq!(balance(&node, &token), round, "{what}");
        let told = (times(&node, REMOVED), times(&node, COMPILED), times(&node, FROM_CACHE));
        assert_eq!(told, (2, 2, 0), "{what}: {}", node.stderr());
        // That of the network contract was not needed.
        assert_eq!(cached(data.path()).len(), 3, "{what}: they are kept again");
        node.stop();
    }
}

#[test]
fn a_node_that_cannot_keep_compiled_code_says_so_and_works() {
    let data = tempfile::tempdir().expect("a folder");
    fs::write(data.path().join("code-cache"), b"a file where the folder should be").expect("written");
    let node = talkative(data.path()).start();
    with_token(&node);
    assert_eq!(times(&node, "compiled code cannot be kept"), 1, "{}", node.stderr());
    drop(node);

    let data = tempfile::tempdir().expect("a folder");
    let node = talkative(data.path()).start();
    fs::remove_dir_all(data.path().join("code-cache")).expect("removed under its feet");
    with_token(&node);
    // Said once, though it failed twice.
    assert_eq!(times(&node, "compiled code cannot be kept on the disk"), 1, "{}", node.stderr());
}

/// The compiler process of a node, if there is one now.
fn compiler_of(node: &Node) -> Option<u32> {
    let tasks = fs::read_dir(format!("/proc/{}/task", node.pid())).ok()?;
    let children = tasks.flatten().filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    children.flat_map(|pids| pids.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).find_map(|pid| {
        let words = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        words.split(|byte| *byte == 0).any(|word| word == b"compile-code").then(|| pid.parse().ok())?
    })
}

#[test]
fn a_compiler_that_is_killed_is_started_again_and_nobody_notices() {
    let node = Dev::new().arg("--log").arg("warn,coffer=debug").start();
    let many: String = (0..2_000)
        .map(|n| format!("(func (param i32) (result i32) (i32.mul (i32.add (local.get 0) (i32.const {n})) (i32.xor (local.get 0) (i32.const {n}))))"))
        .collect();
    let module = wasm::contract(&[(Call, "go")], &format!(r#"{many} (func (export "call go") (call $done))"#));
    let client = node.tenant("PS1");
    std::thread::scope(|scope| {
        let deployed = scope.spawn(|| client.deploy(&module, json!({}), true)["contract"].take());
        let started = Instant::now();
        let pid = loop {
            assert!(started.elapsed() < PATIENCE && !deployed.is_finished(), "no compiler to kill");
            if let Some(pid) = compiler_of(&node) {
                break pid;
            }
            std::thread::yield_now();
        };
        let killed = Command::new("kill").args(["-9", &pid.to_string()]).status();
        assert!(killed.is_ok_and(|status| status.success()));
        let contract = deployed.join().expect("the thread");
        client.contract(&contract, "go", json!({}), true);
    });
    assert_eq!(times(&node, "trying once more"), 1, "{}", node.stderr());
    with_token(&node);
}

#[test]
fn a_query_that_takes_too_long_is_told_so_and_the_next_one_is_answered() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("coffer.toml");
    fs::write(&file, "[queries]\nseconds = 1\ngas = 9000000000000000\n").expect("a file");
    let node = Dev::new().arg("--config").arg(file.to_str().expect("text")).start();
    let ps1 = node.tenant("PS1");
    let methods = r#"(func (export "view spin") (loop (br 0))) (func (export "view look") (call $done))"#;
    let module = wasm::contract(&[(View, "spin"), (View, "look")], methods);
    let contract = ps1.deploy(&module, json!({}), true)["contract"].take();
    for _ in 0..2 {
        let error = ps1.fail("contract_query", json!({"contract": contract, "method": "spin", "args": {}}));
        assert_eq!((error.code, error.kind()), (-31008, "timeout"), "{error:?}");
        assert!(error.message.contains("longer than 1 s") && error.message.contains("queries.seconds"), "{error:?}");
        ps1.query(&contract, "look", json!({}));
    }
    with_token(&node);
}
