//! The house as docs/ARCHITECTURE.md describes it, checked against manifests, source text and pages. Beside each rule stands a sample
//! that breaks it: a rule that cannot fail checks nothing.

use coffer_tests::architecture::{
    Package, Page, Source, contracts_in_the_node, dead_links, fenced_crates, foreign_dependencies, long_files,
    lost_pages, nameless_files, packages, pages, sources, unfinished_code, unintroduced_files, upward_imports,
};
use coffer_tests::root;

fn source(path: &str, text: &str) -> [Source; 1] {
    [Source { path: path.into(), text: text.into() }]
}

fn package(name: &str, dependencies: &[&str]) -> Package {
    let dependencies = dependencies.iter().map(ToString::to_string).collect();
    Package { name: name.into(), is_contract: name == "token", dependencies }
}

fn assert_none(offences: &[String]) {
    assert!(offences.is_empty(), "\n{}", offences.join("\n"));
}

#[test]
fn crates_depend_only_on_those_below_them() {
    assert_none(&foreign_dependencies(&packages(&root())));
}

#[test]
fn a_crate_that_looks_up_or_over_a_fence_is_found() {
    let bad = |name: &str, dependency: &str| foreign_dependencies(&[package(name, &[dependency])]).len();
    assert_eq!(bad("coffer-abi", "coffer-runtime"), 1);
    assert_eq!(bad("coffer-runtime", "coffer-chain"), 1);
    assert_eq!(bad("coffer-chain", "tokio"), 1);
    assert_eq!(bad("coffer", "coffer-sdk"), 1);
    assert_eq!(bad("coffer", "token"), 0, "a foreign crate of that name is none of ours");
    assert_eq!(foreign_dependencies(&[package("coffer", &["token"]), package("token", &[])]).len(), 1);
    assert_eq!(bad("coffer", "wasmtime"), 1);
    assert_eq!(bad("coffer-chain", "arc-malachitebft-app-channel"), 1);
    assert_eq!(bad("coffer-chain", "libp2p"), 1);
    assert_eq!(bad("coffer-chain", "x25519-dalek"), 1);
    assert_eq!(bad("token", "coffer-abi"), 1);
    assert_eq!(bad("token", "serde"), 1);
    assert_eq!(bad("token", "coffer-sdk"), 0);
    assert_eq!(bad("coffer-runtime", "wasmtime"), 0);
}

#[test]
fn modules_of_the_node_see_lower_rows_only() {
    assert_none(&upward_imports(&sources(&root())));
}

#[test]
fn a_module_of_the_node_that_looks_up_or_sideways_is_found() {
    let bad = |path: &str, text: &str| upward_imports(&source(path, text)).len();
    assert_eq!(bad("node/src/state/db.rs", "use crate::executor::Block;"), 1);
    assert_eq!(bad("node/src/state/db.rs", "use crate::{tenant::Tenant, rpc};"), 1);
    assert_eq!(bad("node/src/state/db.rs", "use super::super::rpc;"), 1);
    assert_eq!(bad("node/src/state.rs", "use super::rpc;"), 1);
    assert_eq!(bad("node/src/state/db.rs", "fn f() -> crate::privacy::Envelope { x }"), 1);
    assert_eq!(bad("node/src/helpers_of_state.rs", ""), 1, "a module without a row");
    assert_eq!(
        bad("node/src/state/db.rs", "use super::columns; use crate::{tenant::{rpc, Tenant}, state::blocks};"),
        0
    );
    assert_eq!(bad("node/src/state/db.rs", "// use crate::rpc;\nconst A: &str = \"use crate::rpc;\";"), 0);
    assert_eq!(bad("node/src/state/db.rs", "#[cfg(test)]\nmod tests { use crate::rpc; }"), 0);
    assert_eq!(bad("node/src/rpc/psi.rs", "use crate::{state, consensus::Handle};"), 0);
}

#[test]
fn fenced_crates_stay_in_their_places() {
    assert_none(&fenced_crates(&sources(&root())));
}

#[test]
fn a_crate_named_outside_of_its_fence_is_found() {
    let bad = |path: &str, text: &str| fenced_crates(&source(path, text)).len();
    assert_eq!(bad("runtime/src/host/frames.rs", "use wasmtime::Caller;"), 1);
    assert_eq!(bad("node/src/executor/block.rs", "fn f(db: &parity_db::Db) {}"), 1);
    assert_eq!(bad("node/src/cli/dev.rs", "use jsonrpsee as rpc;"), 1);
    assert_eq!(bad("node/src/node.rs", "let all = coffer_bundle::MODULES;"), 1);
    assert_eq!(bad("node/src/pool/gossip.rs", "use libp2p::gossipsub;"), 1);
    assert_eq!(bad("node/src/invoke/write.rs", "use hpke::Kem;"), 1);
    assert_eq!(bad("node/src/network/identity.rs", "use x25519_dalek::PublicKey;"), 1);
    assert_eq!(bad("node/src/organisation/key_store.rs", "use hkdf::Hkdf;"), 1);
    assert_eq!(bad("node/src/privacy/marking.rs", "use hkdf::Hkdf;"), 0);
    assert_eq!(bad("node/src/consensus/ledger.rs", "use arc_malachitebft_app_channel::run;"), 1);
    assert_eq!(bad("node/src/consensus/engine/host.rs", "use arc_malachitebft_app_channel::run;"), 0);
    assert_eq!(bad("runtime/src/engine.rs", "use wasmtime::Engine;"), 0);
    assert_eq!(bad("node/src/state/blocks.rs", "// parity_db::Db is asked elsewhere"), 0);
}

#[test]
fn the_node_takes_in_no_contract() {
    assert_none(&contracts_in_the_node(&sources(&root())));
    let bad = "const T: &[u8] = include_bytes!(\"../../contracts/target/token.wasm\");";
    assert_eq!(contracts_in_the_node(&source("node/src/node.rs", bad)).len(), 1);
}

#[test]
fn files_are_short() {
    assert_none(&long_files(&sources(&root())));
    let text = "line\n".repeat(501);
    assert_eq!(long_files(&source("node/src/node.rs", &text)).len(), 1);
    let tested = "line\n".repeat(400) + "#[cfg(test)]\n" + &text;
    assert_none(&long_files(&source("node/src/node.rs", &tested)));
}

#[test]
fn every_file_says_what_it_is_for() {
    assert_none(&unintroduced_files(&sources(&root())));
    assert_eq!(unintroduced_files(&source("node/src/node.rs", "// not a doc comment")).len(), 1);
}

#[test]
fn every_file_is_named_after_something() {
    assert_none(&nameless_files(&sources(&root())));
    assert_eq!(nameless_files(&source("node/src/utils.rs", "")).len(), 1);
    assert_eq!(nameless_files(&source("node/src/common/hex.rs", "")).len(), 1);
}

#[test]
fn nothing_is_unfinished_or_switched_off() {
    assert_none(&unfinished_code(&sources(&root())));
    let bad = |text: &str| unfinished_code(&source("node/src/node.rs", text)).len();
    assert_eq!(bad(concat!("fn f() { to", "do!() }")), 1);
    assert_eq!(bad(concat!("fn f() { unimple", "mented!(\"later\") }")), 1);
    assert_eq!(bad(concat!("#[test]\n#[ig", "nore]\nfn f() {}")), 1);
    assert_eq!(bad(concat!("fn f() {} // FIX", "ME")), 1);
    assert_eq!(bad("fn f() { ignore(1) }"), 0);
}

#[test]
fn every_link_of_the_pages_leads_somewhere() {
    let root = root();
    assert_none(&dead_links(&pages(&root), |path| root.join(path).exists()));
}

#[test]
fn every_page_can_be_found_from_another() {
    assert_none(&lost_pages(&pages(&root())));
    let page = |path: &str, text: &str| Page { path: path.into(), text: text.into() };
    let lost = [page("README.md", "[a](docs/A.md)"), page("docs/A.md", "[a](A.md)"), page("docs/B.md", "[b](B.md)")];
    assert_eq!(lost_pages(&lost).len(), 1);
}

#[test]
fn a_dead_link_is_found() {
    let page = |text: &str| [Page { path: "docs/A.md".into(), text: text.into() }];
    let dead = |text: &str| dead_links(&page(text), |path| path.ends_with("README.md")).len();
    assert_eq!(dead("see [this](B.md) and [that](../node/C.md#part)"), 2);
    assert_eq!(dead("see [this](../../outside.md)"), 1);
    assert_eq!(dead("see [this](../README.md#why), [that](#here), [web](https://example.org)"), 0);
    assert_eq!(dead("```\n[x](nowhere.md)\n```"), 0);
}
