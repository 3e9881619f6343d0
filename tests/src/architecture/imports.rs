//! Who may name whom in the source: the rows inside the node, the crates fenced into one folder, the contracts kept out of the node.

use super::source::{Source, Word, is_path_separator};

/// Modules of the node by row; a module sees lower rows only, and its own. Modules that stand in one row do not see each other.
/// `pool`, `executor`, `sync` and `exchange` share a row of the architecture, and so do `config`, `node`, `cli`; they are used in that order.
const ROWS: &[&[&str]] = &[
    &["durable", "sources", "task", "metrics", "tenant"],
    &["state", "privacy", "auth", "network", "organisation", "quota", "documents", "compile"],
    &["pool"],
    &["executor"],
    &["sync"],
    &["exchange"],
    &["consensus"],
    &["invoke"],
    &["rpc"],
    &["config"],
    &["node"],
    &["cli"],
];

/// A crate's name in source text (also the start of one), and the paths that may say it.
const FENCES: &[(&str, &[&str])] = &[
    ("wasmtime", &["runtime/src/engine", "runtime/src/instance"]),
    ("parity_db", &["node/src/state/db", "bench/peers/state"]),
    ("jsonrpsee", &["node/api/", "node/src/rpc"]),
    // In `compile`, because native code tells of a private contract what its sealed module does not.
    (
        "chacha20poly1305",
        &[
            "node/src/privacy",
            "node/src/organisation",
            "node/src/documents",
            "node/src/state/",
            "node/src/compile/disk",
        ],
    ),
    ("hpke", &["node/src/privacy", "node/src/organisation", "node/src/documents"]),
    ("x25519_dalek", &["node/src/privacy"]),
    ("hkdf", &["node/src/privacy"]),
    // The node's library knows system contracts from a genesis alone.
    ("coffer_bundle", &["node/src/cli/system"]),
    ("libp2p", &["node/src/network"]),
    ("arc_malachitebft", &["node/src/consensus/engine"]),
    ("ractor", &["node/src/consensus/engine"]),
    ("borsh", &["node/src/consensus/engine", "bench/peers/state"]),
];

fn row(module: &str) -> Option<usize> {
    ROWS.iter().position(|row| row.contains(&module))
}

/// Modules of the node that name one of their own row or a higher one, or that stand in no row.
pub fn upward_imports(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|s| s.path.starts_with("node/src/") && !s.is_test()) {
        let Some(own) = source.module().and_then(|module| module.first().copied()) else {
            continue;
        };
        let Some(own_row) = row(own) else {
            found.push(format!("{}: the module `{own}` stands in no row of the architecture", source.path));
            continue;
        };
        for module in modules_named(source) {
            if module != own && row(&module).is_some_and(|other| other >= own_row) {
                found.push(format!("{}: `{own}` (row {own_row}) must not see `{module}`", source.path));
            }
        }
    }
    found
}

/// First segments of the paths that start at the crate's root: `crate::x`, `crate::{x, y}`, and `super::` that climbs as far.
fn modules_named(source: &Source) -> Vec<String> {
    let words = source.words();
    let depth = source.module().map_or(0, |module| module.len());
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let mut supers = 0;
        let starts = at == 0 || !is_path_separator(&words, at.saturating_sub(2));
        while starts && words[at].is("super") && is_path_separator(&words, at + 1) && at + 3 < words.len() {
            supers += 1;
            at += 3;
        }
        if starts && words[at].is("crate") && is_path_separator(&words, at + 1) {
            at += 3;
            first_segments(&words[at..], &mut found);
        } else if supers > 0 && supers >= depth {
            first_segments(&words[at..], &mut found);
        } else {
            at += 1;
        }
    }
    found
}

/// `x` of `x::…`, or each first name of `{x::…, y}`.
fn first_segments(words: &[Word], found: &mut Vec<String>) {
    match words.first() {
        Some(Word::Name(name)) => found.push(name.clone()),
        Some(Word::Mark('{')) => {
            let mut depth = 0;
            let mut fresh = false;
            for word in words {
                match word {
                    Word::Mark('{') => {
                        depth += 1;
                        fresh = depth == 1;
                    }
                    Word::Mark('}') => depth -= 1,
                    Word::Mark(',') => fresh = depth == 1,
                    Word::Name(name) if fresh => {
                        found.push(name.clone());
                        fresh = false;
                    }
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
            }
        }
        _ => {}
    }
}

/// Files that name a crate which is fenced into another place.
pub fn fenced_crates(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|s| !s.is_test()) {
        let words = source.words();
        for (name, places) in FENCES {
            let named = words.iter().enumerate().any(|(at, word)| {
                let is_it =
                    matches!(word, Word::Name(n) if n == name || *name == "arc_malachitebft" && n.starts_with(name));
                is_it && (is_path_separator(&words, at + 1) || at > 0 && words[at - 1].is("use"))
            });
            if named && !places.iter().any(|place| source.path.starts_with(place)) {
                found.push(format!("{}: `{name}` is fenced into {}", source.path, places.join(", ")));
            }
        }
    }
    found
}

/// Files of the node that take in something of `contracts/`: none does, the bundle has the system contracts.
pub fn contracts_in_the_node(sources: &[Source]) -> Vec<String> {
    let inside = |s: &&Source| s.path.starts_with("node/") && !s.is_test();
    let mut found = Vec::new();
    for source in sources.iter().filter(inside) {
        let words = source.words();
        for (at, word) in words.iter().enumerate() {
            let takes_in = ["include", "include_str", "include_bytes"].iter().any(|m| word.is(m));
            let what = words[at..].iter().take(8).find_map(|w| match w {
                Word::Literal(text) => Some(text),
                _ => None,
            });
            if takes_in && what.is_some_and(|text| text.contains("contracts/")) {
                found.push(format!("{}: the node takes in a contract", source.path));
            }
        }
    }
    found
}
