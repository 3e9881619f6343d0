//! What a node's work takes, as a scraper reads it.

use std::collections::BTreeMap;

use coffer_tests::http;
use coffer_tests::node::{Dev, Node};

use crate::token;

/// Each figure by its name; every one has a help and a type.
fn figures(node: &Node) -> BTreeMap<String, f64> {
    let reply = http::get(node.addr(), "/metrics").expect("an answer");
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let text = reply.text();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let found: BTreeMap<_, _> = lines
        .map(|line| {
            let (name, value) = line.split_once(' ').unwrap_or_else(|| panic!("{line}"));
            (name.to_owned(), value.parse().unwrap_or_else(|e| panic!("{line}: {e}")))
        })
        .collect();
    for name in found.keys().filter_map(|name| name.strip_suffix("_count")) {
        assert!(
            text.contains(&format!("# HELP {name} ")) && text.contains(&format!("# TYPE {name} summary\n")),
            "{name}"
        );
        assert!(found.contains_key(&format!("{name}_sum")), "{name}");
    }
    found
}

#[test]
fn the_figures_move_with_the_work_and_tell_nothing_of_tenants() {
    let node = Dev::new().start();
    let (ps1, bob) = (node.tenant("PS1"), node.account("bob"));
    let token = token::deploy(&ps1, true);
    let before = figures(&node);
    let transfers = 4;
    // The last height may be counted after its answer.
    for _ in 0..transfers {
        token::transfer(&ps1, &token, &bob, 1, true);
    }
    let after = figures(&node);
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    let names = ["height", "block_execution", "block_commit", "block_log", "ballots", "admission"];
    for name in names {
        let count = |of: &BTreeMap<String, f64>| of[&format!("coffer_{name}_seconds_count")];
        let seconds = |of: &BTreeMap<String, f64>| of[&format!("coffer_{name}_seconds_sum")];
        assert!(count(&after) >= count(&before) + f64::from(transfers - 1), "{name}: {before:?} {after:?}");
        assert!(seconds(&after) > seconds(&before), "{name}: {before:?} {after:?}");
    }
    // docs/OPERATIONS.md lists every figure.
    let page = std::fs::read_to_string(coffer_tests::root().join("docs/OPERATIONS.md")).expect("the page");
    for name in after.keys().filter_map(|name| name.strip_prefix("coffer_")?.strip_suffix("_seconds_count")) {
        assert!(page.contains(&format!("`{name}`")), "docs/OPERATIONS.md lacks {name}");
    }
    let text = http::get(node.addr(), "/metrics").expect("an answer").text();
    let contract = token.as_str().expect("an id");
    assert!(!text.contains("PS1") && !text.contains(contract) && !text.contains("alice"));
}
