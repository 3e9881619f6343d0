//! docs/PROTOCOL.md names every context and key that anything is hashed under, and no two uses share one, but for what a contract hashes as well.

use coffer_abi::{Caps, Features};
use coffer_runtime::validate::limits;
use coffer_tests::architecture::{Source, Word, sources};
use coffer_tests::root;

/// Contexts in product code, with the file each stands in.
fn contexts(sources: &[Source]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|s| !s.is_test()) {
        for word in source.words() {
            let Word::Literal(literal) = word else { continue };
            let text = literal.trim_start_matches('b').trim_matches('"');
            if text.starts_with("coffer v1 ") || text.starts_with("coffer trie, version 1: ") {
                found.push((text.to_owned(), source.path.clone()));
            }
        }
    }
    found
}

#[test]
fn every_hash_context_stands_once_in_the_code_and_on_the_page() {
    let page = std::fs::read_to_string(root().join("docs/PROTOCOL.md")).expect("the page is there");
    // What a contract hashes as well stands there a second time.
    let found = contexts(&sources(&root())).into_iter();
    let (contracts, found): (Vec<_>, Vec<_>) = found.partition(|(_, path)| path.starts_with("contracts/"));
    assert!(found.len() > 20, "{found:?}");
    for (at, (context, path)) in contracts.iter().enumerate() {
        let shared = (context.clone(), "node/chain/src/hash.rs".to_owned());
        assert!(found.contains(&shared), "{path} uses `{context}`, which node/chain/src/hash.rs has not");
        assert!(contracts[..at].iter().all(|(other, _)| other != context), "{path} uses `{context}` again");
    }
    assert_eq!(contracts.len(), 6, "those of parties and tag keys");
    for (i, (context, path)) in found.iter().enumerate() {
        assert!(page.contains(&format!("`{context}`")), "docs/PROTOCOL.md lacks `{context}` of {path}");
        let twin = found[..i].iter().find(|(other, _)| other == context);
        assert_eq!(twin, None, "{path} uses `{context}` again");
    }
    let named = page.lines().filter(|line| line.starts_with("| `coffer ")).count();
    assert_eq!(named, found.len(), "the page names a context that the code has not");
}

const CAPS_HEAD: &str = "| at most | what |\n|---:|---|\n";

#[test]
fn the_page_has_the_caps_and_features_of_a_new_chain() {
    let path = root().join("docs/PROTOCOL.md");
    let page = std::fs::read_to_string(&path).expect("the page is there");
    let rows: String = limits(&Caps::default()).iter().map(|(name, most)| format!("| {most} | {name} |\n")).collect();
    let (before, rest) = page.split_once(CAPS_HEAD).expect("the head of the table");
    let (_, after) = rest.split_once("\n## ").expect("the next part");
    let expected = format!("{before}{CAPS_HEAD}{rows}\n## {after}");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &expected).expect("the page is written");
    } else {
        assert!(page == expected, "docs/PROTOCOL.md is out of date: run BLESS=1 ./test protocol_page");
    }
    let features = Features::ALL.names().join(", ");
    let prose = page.replace('\n', " ");
    assert!(prose.contains(&features), "docs/PROTOCOL.md does not say: {features}");
}
