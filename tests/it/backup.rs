//! A node in one sealed file: written while it works, put back elsewhere, the same at every height.

use std::path::Path;
use std::process::{Command, Output};

use coffer_tests::build;
use coffer_tests::node::{Dev, Node};
use serde_json::{Value, json};

use crate::token;

fn coffer(secret: Option<&str>, words: &[&str], paths: &[&Path]) -> Output {
    let mut command = Command::new(build::coffer());
    build::clean(&mut command);
    command.envs(secret.map(|secret| ("COFFER_KEY_SECRET", secret)));
    let [file, data] = paths else { panic!("a file and a folder") };
    command.args(words).arg(file).arg("--data").arg(data).output().expect("coffer")
}

fn text(done: &Output) -> String {
    [String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr)].concat()
}

/// Every root that the node can tell, up to a height.
fn roots(node: &Node, head: u64) -> Vec<Value> {
    let at = |height: u64| {
        let ask = |psi: &str, method: &str| node.tenant(psi).call(method, json!({"height": height}));
        let psi_roots = ["PS1", "PS2", "Works-and-Roads"].map(|psi| ask(psi, "psi_root"));
        json!([ask("PS1", "state_root"), psi_roots, ask("PS1", "psi_trieRoot"), ask("PS1", "chain_block")])
    };
    (0..=head).map(at).collect()
}

fn head(node: &Node) -> u64 {
    node.client().call("chain_head", json!({}))["height"].as_u64().expect("a height")
}

#[test]
fn a_node_that_is_put_back_from_a_backup_made_while_it_worked_is_the_same() {
    let (data, elsewhere) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let node = Dev::new().data(data.path()).start();
    let ps1 = node.tenant("PS1");
    let bob = node.account("bob");
    let token = token::deploy(&ps1, true);
    let made = node.client().call("tenant_create", json!({"psi": "Works-and-Roads"}));
    for change in ["tenant_suspend", "tenant_resume"] {
        node.client().call(change, json!({"psi": "Works-and-Roads"}));
    }
    let file = elsewhere.path().join("node.backup");
    for _ in 0..5 {
        token::transfer(&ps1, &token, &bob, 1, true);
    }
    let (first, mut transfers) = (head(&node), 0);
    let backed = std::thread::scope(|scope| {
        let backed = scope.spawn(|| coffer(None, &["backup"], &[&file, data.path()]));
        while !backed.is_finished() {
            token::transfer(&ps1, &token, &bob, 1, true);
            transfers += 1;
        }
        backed.join().expect("a backup")
    });
    assert!(backed.status.success() && transfers > 0, "{}", text(&backed));
    let secret = std::fs::read_to_string(data.path().join("dev-secret")).expect("a secret");
    let bytes = std::fs::read(&file).expect("a backup");
    for canary in ["Works-and-Roads", "coffrlog", secret.trim()] {
        assert!(!bytes.windows(canary.len()).any(|window| window == canary.as_bytes()), "{canary} can be read");
    }
    let before = roots(&node, head(&node));
    node.kill();

    let restored = elsewhere.path().join("node");
    let done = coffer(Some(&secret), &["restore"], &[&file, &restored]);
    assert!(done.status.success(), "{}", text(&done));
    let node = Dev::new().data(&restored).start().settled();
    let reached = head(&node).min(before.len() as u64 - 1);
    assert!(reached >= first, "the log is in it");
    assert_eq!(roots(&node, reached), before[..=reached as usize]);
    let shown = node.client().call("tenant_get", json!({"psi": "Works-and-Roads"}));
    assert_eq!(shown["tenant"]["party"], made["party"]);
    assert_eq!(shown["changes"].as_array().expect("changes").len(), 2);
    let balance = token::balance(&node.tenant("PS1"), &token, &bob);
    token::transfer(&node.tenant("PS1"), &token, &bob, 1, true);
    assert_eq!(token::balance(&node.tenant("PS1"), &token, &bob), balance + 1, "and it goes on");
}

#[test]
fn what_is_no_whole_backup_or_would_be_written_over_is_refused_and_nothing_is_left() {
    let (data, elsewhere) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let node = Dev::new().data(data.path()).start();
    token::deploy(&node.tenant("PS1"), true);
    node.stop();
    let file = elsewhere.path().join("node.backup");
    assert!(coffer(None, &["backup"], &[&file, data.path()]).status.success());
    let again = coffer(None, &["backup"], &[&file, data.path()]);
    assert!(!again.status.success() && text(&again).contains("is there already"), "{}", text(&again));
    let nothing = coffer(None, &["backup"], &[&elsewhere.path().join("none"), elsewhere.path()]);
    assert!(!nothing.status.success() && text(&nothing).contains("keys is missing"), "{}", text(&nothing));

    let secret = std::fs::read_to_string(data.path().join("dev-secret")).expect("a secret");
    let target = elsewhere.path().join("node");
    let refused = |secret: Option<&str>, file: &Path, target: &Path, why: &str| {
        let done = coffer(secret, &["restore"], &[file, target]);
        assert!(!done.status.success() && text(&done).contains(why), "{why}: {}", text(&done));
    };
    refused(None, &file, &target, "COFFER_KEY_SECRET");
    refused(
        Some("another"),
        &file,
        &target,
        "the secret is another, or the file is damaged or cut; nothing was put back",
    );
    refused(Some(&secret), &file, data.path(), "is there already");
    refused(Some(&secret), &data.path().join("genesis"), &target, "is no backup");
    let whole = std::fs::read(&file).expect("a backup");
    let cut = elsewhere.path().join("cut.backup");
    for end in [whole.len() - 1, whole.len() / 2, 60] {
        std::fs::write(&cut, &whole[..end]).expect("a file");
        refused(Some(&secret), &cut, &target, "damaged or cut");
    }
    let mut changed = whole;
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    std::fs::write(&cut, &changed).expect("a file");
    refused(Some(&secret), &cut, &target, "damaged or cut");
    let left: Vec<_> =
        std::fs::read_dir(elsewhere.path()).expect("a folder").flatten().map(|e| e.file_name()).collect();
    assert!(!target.exists() && left.len() == 2, "{left:?}");
    // An empty folder is one to put it into.
    std::fs::create_dir(&target).expect("a folder");
    assert!(coffer(Some(&secret), &["restore"], &[&file, &target]).status.success());
    Dev::new().data(&target).start();
}
