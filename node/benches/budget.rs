//! A whole programme through the command line: 80 projects with 30,000 workflow items imported into a `coffer dev` process, the same file again,
//! an export, and the first pages of projects and items. Run it with `cargo bench --workspace --bench budget`; the figures in
//! docs/PERFORMANCE.md come from it. `-- FILE` writes the file that is imported and ends.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints its table and stops at the first surprise"
)]

mod dev;

use std::process::Command;
use std::time::{Duration, Instant};

use dev::Dev;
use serde_json::{Value, json};

const PROJECTS: usize = 80;
const SUBPROJECTS: usize = 5;
const ITEMS: usize = 75;

/// The file: every item has an amount, every fifth is closed.
fn programme() -> Value {
    let item = |n: usize| {
        json!({
            "id": format!("item-{n}"), "name": format!("Delivery {n} of the year"), "amountType": "disbursed",
            "amount": format!("{}.{:02}", 1_000 + n, n), "currency": "EUR", "dueDate": 1_767_225_600_000_u64 + n as u64,
            "description": "What was ordered, and by whom it is to be paid.", "tags": ["delivery"], "closed": n < ITEMS / 5,
        })
    };
    let items: Vec<Value> = (0..ITEMS).map(item).collect();
    let subproject =
        |n: usize| json!({ "id": format!("part-{n}"), "name": format!("Part {n}"), "currency": "EUR", "items": items });
    let project = |n: usize| {
        let subprojects: Vec<Value> = (0..SUBPROJECTS).map(subproject).collect();
        let projected = json!([{ "organisation": "Ministry", "value": "200000", "currency": "EUR" }]);
        json!({ "id": format!("project-{n}"), "name": format!("Project {n}"), "projected": projected, "subprojects": subprojects })
    };
    json!({ "format": "coffer-budget-1", "projects": (0..PROJECTS).map(project).collect::<Vec<Value>>() })
}

/// A programme in PS1, administered by alice; its budget contract.
fn deployed(dev: &Dev) -> Value {
    let request = json!({ "name": "bench", "organisation": "Ministry", "user": "alice", "account": "alice", "parties": ["Ministry"] });
    dev.client().ask("programme_deploy", request)["budget"].clone()
}

/// Runs a command of the binary to its end.
fn run(dev: &Dev, budget: &Value, words: &[&str]) -> Duration {
    let begun = Instant::now();
    let mut command = Command::new(env!("CARGO_BIN_EXE_coffer"));
    command.arg("budget").args(words).args(["--budget", budget.as_str().unwrap(), "--psi", "PS1", "--from", "alice"]);
    let output = command.args(["--url", &format!("http://{}", dev.addr)]).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    print!("{}", String::from_utf8_lossy(&output.stdout));
    begun.elapsed()
}

/// Median and 99th percentile of one request, in milliseconds.
fn page(dev: &Dev, method: &str, params: &Value) -> (f64, f64) {
    let mut client = dev.client();
    let mut all: Vec<f64> = (0..500)
        .map(|_| {
            let begun = Instant::now();
            client.ask(method, params.clone());
            begun.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    all.sort_by(f64::total_cmp);
    (all[250], all[495])
}

fn main() {
    let file = programme().to_string();
    // Cargo itself hands in `--bench`.
    if let Some(path) = std::env::args().skip(1).find(|word| !word.starts_with("--")) {
        std::fs::write(&path, file).unwrap();
        return println!("{path}: {PROJECTS} projects with {} items", PROJECTS * SUBPROJECTS * ITEMS);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("programme.json");
    std::fs::write(&path, &file).unwrap();
    let path = path.to_str().unwrap();
    let dev = Dev::start(&folder.path().join("data"));
    let budget = deployed(&dev);
    let items = PROJECTS * SUBPROJECTS * ITEMS;
    println!("{PROJECTS} projects with {items} items, {} bytes of JSON\n", file.len());
    let told = |what: &str, took: Duration| {
        let seconds = took.as_secs_f64();
        println!("{what}: {seconds:.1} s, {:.0} items a second\n", items as f64 / seconds);
    };
    told("dry run", run(&dev, &budget, &["import", path, "--dry-run"]));
    told("import", run(&dev, &budget, &["import", path]));
    told("the same file again", run(&dev, &budget, &["import", path]));
    let out = folder.path().join("export.json");
    told("export", run(&dev, &budget, &["export", "--out", out.to_str().unwrap()]));
    let list = |parent: Value| {
        let args = json!({ "parent": parent, "after": null, "limit": 50 });
        json!({ "contract": budget, "method": "list", "from": "alice", "args": args })
    };
    println!("| request | p50 ms | p99 ms |\n|---|---|---|");
    let subproject = json!({ "Subproject": { "project": "project-40", "subproject": "part-2" } });
    for (name, method, params) in [
        ("chain_head (executes nothing)", "chain_head", json!({})),
        ("50 of 80 projects", "contract_query", list(json!("Global"))),
        ("50 of 75 items", "contract_query", list(subproject)),
    ] {
        let (median, late) = page(&dev, method, &params);
        println!("| {name} | {median:.2} | {late:.2} |");
    }
}
