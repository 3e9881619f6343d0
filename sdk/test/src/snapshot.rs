//! What the states hold, as a text to read and to keep: by state, contract, field and key. Not here: the names (`readable`). Invariant: equal states
//! give equal texts, whatever engine made them.

use std::fmt::Write;
use std::fs;

use crate::chain::{Chain, Engine};
use crate::readable::Readable;
use crate::test::Test;

/// Folder of the snapshots, beside the crate's manifest.
const FOLDER: &str = "snapshots";

impl Test {
    /// What all states hold now, by the names of fields, contracts and accounts.
    pub fn shown(&self) -> String {
        shown(&self.chain)
    }

    /// Compares what all states hold now with the file `snapshots/<test>-<label>.txt`, which is part of the source. `BLESS=1 cargo test` writes it
    /// anew; look at the difference before you commit it.
    ///
    /// # Panics
    /// When they differ, or the file is not there.
    pub fn snapshot(&self, label: &str) {
        let found = shown(&self.chain);
        let file = self.here.file(FOLDER).join(format!("{}-{label}.txt", self.here.file_name()));
        let kept = fs::read_to_string(&file).unwrap_or_default();
        if kept == found {
            return;
        }
        // The second engine must find what the first one left.
        let is_first = self.chain.engine == Engine::Wasm || !self.chain.needs_wasm;
        if self.blesses() && is_first {
            let written = file.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&file, &found));
            return written.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        }
        panic!(
            "the states are not what {} says; if they should be as they are: BLESS=1 cargo test, and commit the file\n{}",
            file.display(),
            difference(&kept, &found)
        );
    }
}

fn shown(chain: &Chain) -> String {
    let (ledger, names) = (chain.ledger.borrow(), chain.names.borrow());
    let readable = Readable::of(&ledger, &names);
    let mut text = String::new();
    for state in &ledger.states {
        let mut contracts: Vec<_> = state
            .contracts
            .iter()
            .filter(|(contract, _)| !state.doubles.contains_key(*contract))
            .map(|(contract, program)| (readable.contract(contract), contract, &program.spec.name))
            .collect();
        contracts.sort();
        if contracts.is_empty() {
            continue;
        }
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", state.name);
        for (name, contract, code) in contracts {
            let _ = writeln!(text, "  {name}: {code}");
            for (key, value) in state.stored.entries(contract) {
                let _ = writeln!(
                    text,
                    "    {} = {}",
                    readable.slot(contract, key),
                    readable.stored(contract, key, Some(value))
                );
            }
        }
    }
    text
}

/// The lines that only one of two texts has, each marked with whose it is.
fn difference(kept: &str, found: &str) -> String {
    let (old, new): (Vec<_>, Vec<_>) = (kept.lines().collect(), found.lines().collect());
    let mut text = String::new();
    for line in old.iter().filter(|line| !new.contains(line)) {
        let _ = writeln!(text, "- {line}");
    }
    for line in new.iter().filter(|line| !old.contains(line)) {
        let _ = writeln!(text, "+ {line}");
    }
    if text.is_empty() { "the lines are the same in another order or number\n".into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_shows_what_went_and_what_came() {
        assert_eq!(difference("a\nb\n", "a\nc\n"), "- b\n+ c\n");
        assert!(difference("a\nb\n", "b\na\n").contains("order"));
    }
}
