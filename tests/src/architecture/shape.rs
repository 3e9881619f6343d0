//! The outer shape of a file: how it opens, how long it is, what it is called, whether it is finished.

use super::source::{Source, Word};

/// Lines of product code that no file exceeds.
const CEILING: usize = 500;
/// Names that say nothing about what is inside.
const NAMELESS: &[&str] = &["utils", "util", "helpers", "helper", "common", "manager", "misc"];

/// Lines before the tests.
fn product_lines(text: &str) -> usize {
    text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).count()
}

/// Files with more product code than allowed.
pub fn long_files(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|s| !s.is_test()) {
        let lines = product_lines(&source.text);
        if lines > CEILING {
            found.push(format!("{}: {lines} lines, at most {CEILING}", source.path));
        }
    }
    found
}

/// Files that do not open by saying what they are for.
pub fn unintroduced_files(sources: &[Source]) -> Vec<String> {
    // A UI test shows what a user writes, and its line numbers stand in the expected output.
    let counted = sources.iter().filter(|s| !s.path.contains("/ui/"));
    counted.filter(|s| !s.text.starts_with("//!")).map(|s| format!("{}: does not open with `//!`", s.path)).collect()
}

/// Files and folders named after nothing.
pub fn nameless_files(sources: &[Source]) -> Vec<String> {
    let nameless = |s: &&Source| s.path.trim_end_matches(".rs").split('/').any(|part| NAMELESS.contains(&part));
    sources.iter().filter(nameless).map(|s| format!("{}: name it after what it is about", s.path)).collect()
}

/// Places that are not finished or switched off.
pub fn unfinished_code(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        let words = source.words();
        let follows = |at: usize, mark: char| words.get(at + 1) == Some(&Word::Mark(mark));
        for (at, word) in words.iter().enumerate() {
            let macro_of_it = (word.is("todo") || word.is("unimplemented")) && follows(at, '!');
            let ignored =
                word.is("ignore") && at > 1 && words[at - 1] == Word::Mark('[') && words[at - 2] == Word::Mark('#');
            if macro_of_it || ignored {
                found.push(format!("{}: {word:?}", source.path));
            }
        }
        for note in [concat!("FIX", "ME"), concat!("X", "XX"), concat!("TO", "DO")] {
            if source.text.lines().any(|line| line.split_once("//").is_some_and(|(_, comment)| comment.contains(note)))
            {
                found.push(format!("{}: a comment says {note}", source.path));
            }
        }
    }
    found
}
