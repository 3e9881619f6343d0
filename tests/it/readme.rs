//! The lines of README.md and docs/TUTORIAL.md, pasted into bash by a test as a reader would.

use std::process::Command;

use coffer_tests::node::Dev;
use coffer_tests::{build, root};

/// Code blocks marked `sh` after the heading that starts with `heading`, up to the next heading of its level.
fn lines_of(page: &str, heading: &str) -> String {
    let path = root().join(page);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let level = heading.split(' ').next().unwrap_or("#").to_owned() + " ";
    let mut script = String::new();
    let (mut inside, mut in_code) = (false, false);
    for line in text.lines() {
        if line.starts_with("```") {
            in_code = inside && line == "```sh";
        } else if in_code {
            script += line;
            script.push('\n');
        } else if line.starts_with(&level) {
            inside = line.starts_with(heading);
        }
    }
    assert!(!script.is_empty(), "{page} has no `sh` block under {heading}");
    script
}

/// Runs lines in bash, in the root of the repository, against a node at `url`.
fn paste(script: &str, url: &str) -> String {
    let usual = "http://127.0.0.1:8545";
    assert!(script.contains(usual), "the lines name the node's usual address");
    let mut bash = Command::new("bash");
    build::clean(&mut bash);
    let output = bash
        .args(["-euo", "pipefail", "-c", &script.replace(usual, url)])
        .current_dir(root())
        .output()
        .expect("bash starts");
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        output.status.success(),
        "{}\n--- out\n{out}\n--- err\n{err}",
        output.status
    );
    assert!(!out.contains("\"error\"") || out.contains("notFound"), "{out}");
    out.into_owned()
}

#[test]
fn the_lines_of_the_readme_work_as_they_stand() {
    build::contract("token");
    let node = Dev::new().start();
    let out = paste(
        &lines_of("README.md", "## First light"),
        &format!("http://{}", node.addr()),
    );
    for word in ["\"contract\":\"0x", "Transferred", "\"result\":\"250\"", "notFound"] {
        assert!(out.contains(word), "no {word} in\n{out}");
    }
    let roots: Vec<_> = out.lines().filter(|line| line.contains("\"sealed\"")).collect();
    assert_eq!(roots.len(), 2, "{out}");
    assert_ne!(roots[0], roots[1], "the trie of private states moved");
}
