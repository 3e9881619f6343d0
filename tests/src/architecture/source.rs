//! A Rust file as the rules see it: its path, its text, and its product code as tokens. Comments and strings are no tokens that a
//! rule could mistake for code; what stands under `#[cfg(test)]` is not product code.

use std::fs;
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// One Rust file of the repository.
#[derive(Clone, Debug)]
pub struct Source {
    /// Path from the root of the repository, with `/`.
    pub path: String,
    /// All of its text.
    pub text: String,
}

impl Source {
    /// True for a file that holds tests, benchmarks or examples only.
    pub fn is_test(&self) -> bool {
        let named = ["tests.rs", "build.rs"].iter().any(|name| self.path.ends_with(&format!("/{name}")));
        let placed =
            ["tests", "benches", "it", "ui", "golden"].iter().any(|folder| self.path.split('/').any(|p| p == *folder));
        named || placed
    }

    /// The words of its product code, in order: identifiers, punctuation, string literals. Empty when it is no Rust.
    pub fn words(&self) -> Vec<Word> {
        let mut words = Vec::new();
        if let Ok(tokens) = self.text.parse() {
            flatten(tokens, &mut words);
        }
        words
    }

    /// Path of its module from the crate's root: `node/src/state/db.rs` is `state`, `db`. `None` outside of `src/`.
    pub fn module(&self) -> Option<Vec<&str>> {
        let (_, inside) = self.path.split_once("src/")?;
        let inside = inside.strip_suffix(".rs")?;
        let mut module: Vec<_> = inside.split('/').collect();
        if matches!(module.last(), Some(&("lib" | "main" | "mod"))) {
            module.pop();
        }
        Some(module)
    }
}

/// One token without the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// An identifier or keyword.
    Name(String),
    /// A punctuation character or bracket.
    Mark(char),
    /// A literal as written.
    Literal(String),
}

impl Word {
    /// True for this identifier.
    pub fn is(&self, name: &str) -> bool {
        matches!(self, Self::Name(n) if n == name)
    }
}

/// True where `words[at..]` starts with `::`.
pub fn is_path_separator(words: &[Word], at: usize) -> bool {
    words.get(at) == Some(&Word::Mark(':')) && words.get(at + 1) == Some(&Word::Mark(':'))
}

fn flatten(tokens: TokenStream, words: &mut Vec<Word>) {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(mark) if mark.as_char() == '#' => {
                let Some(TokenTree::Group(attribute)) = tokens.peek() else {
                    continue;
                };
                let words_of_it = attribute.stream().to_string().replace(' ', "");
                if !words_of_it.starts_with("cfg(test") {
                    words.push(Word::Mark('#'));
                    continue;
                }
                // The item that the attribute stands on ends with its body or a semicolon.
                tokens.next();
                for token in tokens.by_ref() {
                    match token {
                        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => break,
                        TokenTree::Punct(mark) if mark.as_char() == ';' => break,
                        _ => {}
                    }
                }
            }
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Brace => ('{', '}'),
                    Delimiter::Bracket => ('[', ']'),
                    Delimiter::Parenthesis | Delimiter::None => ('(', ')'),
                };
                words.push(Word::Mark(open));
                flatten(group.stream(), words);
                words.push(Word::Mark(close));
            }
            TokenTree::Ident(name) => words.push(Word::Name(name.to_string())),
            TokenTree::Punct(mark) => words.push(Word::Mark(mark.as_char())),
            TokenTree::Literal(literal) => words.push(Word::Literal(literal.to_string())),
        }
    }
}

/// Every Rust file below `root`, in the order of the paths. Build output and hidden folders do not count.
///
/// # Panics
/// When a file cannot be read.
pub fn sources(root: &Path) -> Vec<Source> {
    let mut found = Vec::new();
    walk(root, root, "rs", &mut |path, text| found.push(Source { path, text }));
    found
}

/// Calls `each` with path and text of every file of that ending below `folder`, in the order of the paths.
pub(super) fn walk(root: &Path, folder: &Path, ending: &str, each: &mut impl FnMut(String, String)) {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                walk(root, &path, ending, each);
            }
        } else if path.extension().is_some_and(|e| e == ending) {
            let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            let relative = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            each(relative, text);
        }
    }
}
