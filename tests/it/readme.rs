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

/// Runs lines in bash, in the root of the repository, with some of them replaced: where the node listens, where a folder goes.
fn paste(script: &str, replaced: &[(&str, &str)]) -> String {
    let mut script = script.to_owned();
    for (usual, here) in replaced {
        assert!(script.contains(usual), "the lines have no {usual}");
        script = script.replace(usual, here);
    }
    let mut bash = Command::new("bash");
    build::clean(&mut bash);
    let output = bash.args(["-euo", "pipefail", "-c", &script]).current_dir(root()).output().expect("bash starts");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n--- out\n{out}\n--- err\n{err}", output.status);
    out.into_owned()
}

#[test]
fn the_lines_of_the_readme_work_as_they_stand() {
    build::contract("token");
    let node = Dev::new().start();
    let url = format!("http://{}", node.addr());
    let out = paste(&lines_of("README.md", "## First light"), &[("http://127.0.0.1:8545", &url)]);
    for word in ["\"contract\":\"0x", "\"name\":\"Transfer\"", "\"result\":\"250\"", "\"kind\":\"notFound\""] {
        assert!(out.contains(word), "no {word} in\n{out}");
    }
    assert_eq!(out.matches("\"error\"").count(), 1, "only PS2 is refused: {out}");
    let roots: Vec<_> = out.lines().filter(|line| line.contains("\"sealed\"")).collect();
    assert_eq!(roots.len(), 2, "{out}");
    let root = |line: &str| line.split_once("\"root\":").map(|(_, rest)| rest[..70].to_owned());
    assert_ne!(root(roots[0]), root(roots[1]), "the trie of private states moved");
}

#[test]
fn the_lines_of_the_tutorial_work_as_they_stand() {
    let (node, folder) = (Dev::new().start(), tempfile::tempdir().expect("a folder"));
    let url = format!("http://{}", node.addr());
    let hello = folder.path().join("hello");
    let binaries = build::coffer().parent().map(|folder| folder.display().to_string()).expect("its folder");
    let replaced = [
        ("http://127.0.0.1:8545", url.as_str()),
        ("~/hello", hello.to_str().expect("text")),
        ("$COFFER/target/release", &binaries),
    ];
    let out = paste(&lines_of("docs/TUTORIAL.md", "# Tutorial"), &replaced);
    assert!(out.contains("\"result\":\"2\""), "greeted twice: {out}");
    let greeted = out.matches("Greeted").count();
    assert!(greeted >= 3, "twice by alice, once by the other contract: {out}");
    assert!(out.contains("differs: storage field `greeted`: was u64 and is u32"), "{out}");
    assert!(out.contains("It would be refused."), "{out}");
    assert!(
        out.lines().rfind(|line| line.starts_with("result: ")) == Some("result: 3"),
        "the third greeting, by the new code: {out}"
    );
}

#[test]
fn the_screen_of_a_node_shows_lines_that_work_as_they_stand() {
    build::contract("token");
    let node = Dev::new().for_people().start();
    let screen = node.screen.join("\n");
    let (_, lines) =
        screen.split_once("Paste into").and_then(|(_, rest)| rest.split_once('\n')).expect("lines to paste");
    let (lines, _) = lines.split_once("Coffer is ready on ").expect("the last line");
    let url = format!("http://{}", node.addr());
    let out = paste(lines, &[(&url, &url)]);
    assert!(out.contains("\"result\":\"250\""), "{out}");
    assert!(node.stop().status.success());
}
