//! The table of rules and tests in docs/BUDGET.md, which is made from the comments above the tests. `BLESS=1` writes it anew.
//! Invariant: every test of a rule is in the table, and every row is a test.

use std::fs;
use std::path::{Path, PathBuf};

const START: &str = "<!-- rules: BLESS=1 cargo test -p budget rules -->\n";
const END: &str = "<!-- end of rules -->\n";

/// Rust files of a folder and of those below it, in the order of their names.
fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            sources(&entry, files);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            files.push(entry);
        }
    }
}

/// Rules with their tests, in the order of the source.
fn rules(text: &str) -> Vec<(String, String)> {
    let (mut found, mut rule): (Vec<(String, String)>, Option<String>) = (Vec::new(), None);
    for line in text.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("/// Rule: ") {
            rule = Some(text.to_owned());
        } else if let Some(test) = line.strip_prefix("fn ")
            && let Some(rule) = rule.take()
        {
            let name = test.split('(').next().unwrap_or_default();
            found.push((rule, name.to_owned()));
        }
    }
    found
}

#[test]
fn the_table_of_rules_in_the_guide_is_made_from_the_tests() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["src", "tests"] {
        sources(&own.join(folder), &mut files);
    }
    let mut table = String::from("| rule | test |\n|---|---|\n");
    for file in files {
        let shown = file.strip_prefix(own).unwrap().display().to_string();
        for (rule, test) in rules(&fs::read_to_string(&file).unwrap()) {
            let rule = rule.replace('|', "\\|");
            table += &format!("| {rule} | [{}](../contracts/budget/{shown}) |\n", test.replace('_', " "));
        }
    }
    let guide = own.join("../../docs/BUDGET.md");
    let text = fs::read_to_string(&guide).unwrap();
    let (before, rest) = text.split_once(START).expect("the guide has a place for the table");
    let (kept, after) = rest.split_once(END).expect("the table ends");
    if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
        fs::write(&guide, format!("{before}{START}{table}{END}{after}")).unwrap();
    } else {
        assert_eq!(kept, table, "run `BLESS=1 cargo test -p budget rules`");
    }
}
