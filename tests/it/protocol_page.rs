//! docs/PROTOCOL.md names every context and key that anything is hashed under, and no two uses share one.

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
    let found = contexts(&sources(&root()));
    assert!(found.len() > 20, "{found:?}");
    for (i, (context, path)) in found.iter().enumerate() {
        assert!(page.contains(&format!("`{context}`")), "docs/PROTOCOL.md lacks `{context}` of {path}");
        let twin = found[..i].iter().find(|(other, _)| other == context);
        assert_eq!(twin, None, "{path} uses `{context}` again");
    }
    let named = page.lines().filter(|line| line.starts_with("| `coffer ")).count();
    assert_eq!(named, found.len(), "the page names a context that the code has not");
}
