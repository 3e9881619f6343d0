//! Whole programmes from files and into files: imported, imported again, broken off, refused, exported by those who see all and by those who
//! do not. Through `coffer budget` and a running node.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use coffer_tests::build;
use coffer_tests::node::{Dev, Node};
use serde_json::{Value, json};

/// The example of the guide.
const EXAMPLE: &str = include_str!("../../docs/budget-example.json");

/// A programme of its own in PS1, administered by alice.
struct Programme {
    budget: String,
}

impl Programme {
    fn deploy(node: &Node) -> Self {
        let client = node.tenant("PS1");
        let display = format!("0x{}", "0".repeat(64));
        let administrator =
            json!({"organisation": "Ministry", "id": "alice", "account": node.account("alice"), "display": display});
        let deployed = client.deploy(&build::contract("permission"), json!({ "administrator": administrator }), true);
        let permission = deployed["contract"].clone();
        let init = json!({"permission": permission, "parties": ["Ministry", "Donor"]});
        let budget = client.deploy(&build::contract("budget"), init, true)["contract"].take();
        client.contract(&permission, "link", json!({ "budget": budget }), true);
        Self { budget: text(&budget).to_owned() }
    }

    fn command(&self, node: &Node, words: &[&str], from: &str) -> Command {
        let mut command = Command::new(build::coffer());
        build::clean(&mut command);
        let url = format!("http://{}", node.addr());
        command.arg("budget").args(words).args(["--budget", &self.budget, "--url", &url, "--psi", "PS1"]);
        command.args(["--from", from, "--json"]).stdin(Stdio::null());
        command
    }

    fn run(&self, node: &Node, words: &[&str], from: &str) -> Output {
        self.command(node, words, from).output().expect("it starts")
    }

    /// An import that succeeds; what it says it did.
    fn import(&self, node: &Node, file: &Path, more: &[&str]) -> Value {
        read(&self.run(node, &[&["import", &path(file)][..], more].concat(), "alice"))
    }

    /// An import that is refused; where and why.
    fn refused(&self, node: &Node, file: &Path, more: &[&str], from: &str) -> Vec<String> {
        let output = self.run(node, &[&["import", &path(file)][..], more].concat(), from);
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
        let told: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)));
        assert_eq!(told["written"], false, "{told}");
        let line = |problem: &Value| format!("{}: {}", text(&problem["path"]), text(&problem["text"]));
        told["problems"].as_array().expect("problems").iter().map(line).collect()
    }

    fn export(&self, node: &Node, from: &str) -> Value {
        read(&self.run(node, &["export"], from))
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

fn path(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn read(output: &Output) -> Value {
    assert!(output.status.success(), "{}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

fn file(folder: &Path, name: &str, content: &Value) -> std::path::PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, content.to_string()).expect("a file");
    path
}

/// The example with accounts of this node for its users.
fn example(node: &Node) -> Value {
    let mut example: Value = serde_json::from_str(EXAMPLE).expect("JSON");
    for (n, name) in ["alice", "bob", "carol"].into_iter().enumerate() {
        example["users"][n]["account"] = json!(node.account(name));
    }
    example
}

/// Created, changed and unchanged rows of all kinds.
fn sums(told: &Value) -> [u64; 3] {
    let kinds = told["rows"].as_object().expect("rows");
    ["created", "changed", "unchanged"].map(|what| kinds.values().filter_map(|kind| kind[what].as_u64()).sum())
}

/// An export without what the chain alone sets.
fn without_the_chain(mut export: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(members) => {
                members.remove("chain");
                members.remove("export");
                members.values_mut().for_each(strip);
            }
            Value::Array(list) => list.iter_mut().for_each(strip),
            _ => {}
        }
    }
    strip(&mut export);
    export
}

/// A file of `projects` projects with three subprojects each and `items` items in each of these.
fn many(projects: usize, items: usize) -> Value {
    let item = |n: usize| json!({"id": format!("i{n}"), "name": format!("Item {n}"), "amountType": "allocated", "amount": "5.25", "currency": "EUR"});
    let subproject = |n: usize| {
        let items: Vec<Value> = (0..items).map(item).collect();
        json!({"id": format!("s{n}"), "name": format!("Part {n}"), "currency": "EUR", "items": items, "order": ["i1", "i0"]})
    };
    let project = |n: usize| {
        let subprojects: Vec<Value> = (0..3).map(subproject).collect();
        json!({"id": format!("p{n}"), "name": format!("Project {n}"), "policies": {"ceilings": "warn"}, "subprojects": subprojects})
    };
    json!({"format": "coffer-budget-1", "projects": (0..projects).map(project).collect::<Vec<Value>>()})
}

#[test]
fn an_import_does_what_its_dry_run_said_and_a_second_one_nothing() {
    let (node, folder) = (Dev::new().start(), tempfile::tempdir().expect("a folder"));
    let programme = Programme::deploy(&node);
    let file = file(folder.path(), "example.json", &example(&node));
    let before = programme.export(&node, "alice");
    assert_eq!(before["projects"], json!([]));
    let mut dry = programme.import(&node, &file, &["--dry-run"]);
    assert_eq!(programme.export(&node, "alice"), before, "nothing was written, not even a block");
    let mut done = programme.import(&node, &file, &[]);
    assert_eq!((dry["written"].take(), done["written"].take()), (json!(false), json!(true)));
    assert_eq!(dry["rows"], done["rows"]);
    let [created, changed, unchanged] = sums(&done);
    assert_eq!((changed, unchanged), (0, 1), "alice was there: {done}");
    assert!(created > 15, "{done}");

    let after = programme.export(&node, "alice");
    let again = programme.import(&node, &file, &[]);
    assert_eq!(sums(&again), [0, 0, created + 1]);
    assert_eq!(programme.export(&node, "alice"), after, "not even a block");
    let road = after["projects"].as_array().expect("projects").iter().find(|project| project["id"] == "road");
    let road = road.expect("the road");
    assert_eq!(road["policies"]["fourEyes"], "warn");
    let items = road["subprojects"][0]["items"].as_array().expect("items");
    assert!(items.iter().any(|item| item["rejected"].is_string()), "{road}");
    assert!(items.iter().any(|item| item["corrects"].is_string() && item["closed"] == true), "{road}");
    assert!(after.to_string().contains("\"validated\":true"), "{road}");
}

#[test]
fn an_export_imported_elsewhere_and_exported_again_is_equal() {
    let (node, other) = (Dev::new().seed(7).start(), Dev::new().seed(7).start());
    let folder = tempfile::tempdir().expect("a folder");
    let (here, there) = (Programme::deploy(&node), Programme::deploy(&other));
    here.import(&node, &file(folder.path(), "example.json", &example(&node)), &[]);
    let out = folder.path().join("export.json");
    read(&here.run(&node, &["export", "--out", &path(&out)], "alice"));
    let first: Value = serde_json::from_slice(&std::fs::read(&out).expect("a file")).expect("JSON");
    there.import(&other, &out, &[]);
    let second = there.export(&other, "alice");
    assert_eq!(without_the_chain(second), without_the_chain(first));
}

#[test]
fn an_import_that_was_killed_goes_on_where_it_was() {
    let (node, folder) = (Dev::new().start(), tempfile::tempdir().expect("a folder"));
    let programme = Programme::deploy(&node);
    let file = file(folder.path(), "many.json", &many(4, 30));
    let mut running = programme.command(&node, &["import", &path(&file)], "alice");
    let mut running = running.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    wait_for_item(&node, &programme, &mut running);
    running.kill().expect("it is killed");
    assert!(!running.wait().expect("it ends").success(), "it was faster than the kill");

    let all = 4 + 4 * 3 + 4 * 3 * 30;
    let [created, changed, unchanged] = sums(&programme.import(&node, &file, &[]));
    assert_eq!(created + changed + unchanged, all);
    assert!(created > 0 && unchanged + changed > 0, "{created} {changed} {unchanged}");
    assert_eq!(sums(&programme.import(&node, &file, &[])), [0, 0, all]);
    let export = programme.export(&node, "alice");
    for project in export["projects"].as_array().expect("projects") {
        assert_eq!(project["policies"]["ceilings"], "warn");
        for subproject in project["subprojects"].as_array().expect("subprojects") {
            let ids: Vec<&str> =
                subproject["items"].as_array().expect("items").iter().map(|item| text(&item["id"])).collect();
            let expected: Vec<String> =
                ["i1", "i0"].map(str::to_owned).into_iter().chain((2..30).map(|n| format!("i{n}"))).collect();
            assert_eq!(ids, expected, "in the order of the list, then of the file");
        }
    }
}

/// Waits until the first item is there. The import must not be at its end by then.
fn wait_for_item(node: &Node, programme: &Programme, running: &mut Child) {
    let client = node.tenant("PS1");
    let parent = json!({"Subproject": {"project": "p0", "subproject": "s0"}});
    let params = json!({
        "contract": programme.budget, "method": "list", "from": "alice", "args": {"parent": parent, "after": null, "limit": 1}
    });
    loop {
        assert_eq!(running.try_wait().expect("a state"), None, "it ended");
        match client.try_call("contract_query", params.clone()) {
            Ok(page) if page["result"]["rows"] != json!([]) => return,
            _ => {}
        }
    }
}

#[test]
fn an_import_waits_for_a_node_that_comes_back() {
    let (data, folder) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let node = Dev::new().data(data.path()).start();
    let programme = Programme::deploy(&node);
    let file = file(folder.path(), "many.json", &many(2, 30));
    let mut running = programme.command(&node, &["import", &path(&file)], "alice");
    let mut running = running.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    wait_for_item(&node, &programme, &mut running);
    let addr = node.addr().to_string();
    node.kill();
    let node = Dev::new().data(data.path()).rpc(&addr).start();
    let done = read(&running.wait_with_output().expect("it ends"));
    assert_eq!(done["problems"], json!([]), "{done}");
    assert_eq!(sums(&programme.import(&node, &file, &[])), [0, 0, 2 + 2 * 3 + 2 * 3 * 30]);
}

#[test]
fn every_bad_row_is_named_and_nothing_is_written() {
    let (node, folder) = (Dev::new().start(), tempfile::tempdir().expect("a folder"));
    let programme = Programme::deploy(&node);
    let mut bad = example(&node);
    let items = "/projects/0/subprojects/0/items";
    *bad.pointer_mut(&format!("{items}/0/amount")).expect("an amount") = json!(12.5);
    *bad.pointer_mut(&format!("{items}/1/name")).expect("a name") = json!("");
    bad["projects"][0]["subprojects"][1]["currency"] = json!("XYZ");
    bad["projects"][0]["assignee"] = json!("Ministry/nobody");
    let told = programme.refused(&node, &file(folder.path(), "bad.json", &bad), &[], "alice");
    let starts = |start: &str| told.iter().any(|line| line.starts_with(start));
    assert!(starts("projects[0].subprojects[0].items[0].amount: invalid type: floating point `12.5`"), "{told:?}");
    assert!(starts("projects[0].subprojects[0].items[1].name: \"\" is empty"), "{told:?}");
    assert!(starts("projects[0].subprojects[1].currency: \"XYZ\" is no currency"), "{told:?}");

    // What only the chain knows is told once the rows themselves are good.
    let mut bad = example(&node);
    bad["projects"][0]["assignee"] = json!("Ministry/nobody");
    bad["groups"][0]["members"][0] = json!("Ministry");
    let told = programme.refused(&node, &file(folder.path(), "bad.json", &bad), &["--dry-run"], "alice");
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().any(|line| line.contains("\"Ministry/nobody\" is no user, group or organisation")), "{told:?}");
    assert!(
        told.iter().any(|line| line.starts_with("groups[0].members[0]: \"Ministry\" is an organisation")),
        "{told:?}"
    );

    // Who lacks a right is told which before anything is tried.
    let users = json!({"format": "coffer-budget-1", "users": [example(&node)["users"][1]]});
    programme.import(&node, &file(folder.path(), "bob.json", &users), &[]);
    let told = programme.refused(&node, &file(folder.path(), "many.json", &many(1, 2)), &[], "bob");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told.iter().any(|line| line.contains("Donor/bob lacks the right `global.createProject` on the programme")),
        "{told:?}"
    );
    assert_eq!(programme.export(&node, "alice")["projects"], json!([]));
    let stranger = programme.run(&node, &["export"], "dave");
    assert!(String::from_utf8_lossy(&stranger.stderr).contains("dave is no user of this programme"), "{stranger:?}");
}

#[test]
fn what_differs_is_told_and_changed_only_on_demand() {
    let (node, folder) = (Dev::new().start(), tempfile::tempdir().expect("a folder"));
    let programme = Programme::deploy(&node);
    let mut content = many(1, 3);
    programme.import(&node, &file(folder.path(), "many.json", &content), &[]);
    let item = "/projects/0/subprojects/0/items/2";
    content["projects"][0]["name"] = json!("Other");
    *content.pointer_mut(&format!("{item}/amount")).expect("an amount") = json!("7.50");
    content["projects"][0]["subprojects"][1]["projected"] =
        json!([{"organisation": "Donor", "value": "10", "currency": "EUR"}]);
    let path = file(folder.path(), "many.json", &content);
    let told = programme.refused(&node, &path, &[], "alice");
    let expected = [
        "projects[0].name: it is \"Project 0\" on the chain and \"Other\" in the file: run with --update to change it, or correct the file",
        "projects[0].subprojects[0].items[2].amount: it is \"5.25\" on the chain and \"7.5\" in the file: run with --update to change it, or correct the file",
        "projects[0].subprojects[1].projected[0].value: it is not there on the chain and \"10\" in the file: run with --update to change it, or correct the file",
    ];
    assert_eq!(told, expected);
    assert_eq!(sums(&programme.import(&node, &path, &["--update"]))[1], 3);
    let export = programme.export(&node, "alice");
    assert_eq!(export.pointer(&format!("{item}/amount")), Some(&json!("7.5")));
    // What is fixed stays, also on demand.
    content["projects"][0]["subprojects"][0]["mode"] = json!("unordered");
    let told = programme.refused(&node, &file(folder.path(), "many.json", &content), &["--update"], "alice");
    assert_eq!(
        told,
        [
            "projects[0].subprojects[0].mode: it is \"ordered\" on the chain and \"unordered\" in the file: that cannot be changed: correct the file"
        ]
    );
}

#[test]
fn an_export_has_what_its_reader_may_see_and_says_what_it_left_out() {
    let (node, folder) = (Dev::new().start(), tempfile::tempdir().expect("a folder"));
    let programme = Programme::deploy(&node);
    programme.import(&node, &file(folder.path(), "example.json", &example(&node)), &[]);
    let seen = |from: &str| {
        let output = programme.run(&node, &["export"], from);
        (read(&output), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    // Bob sees one project, of its items only those of the first subproject that he may list.
    let (all, _) = seen("alice");
    let (some, told) = seen("bob");
    assert_eq!(
        (all["projects"].as_array().map(Vec::len), some["projects"].as_array().map(Vec::len)),
        (Some(2), Some(1))
    );
    let redacted = some["export"]["redacted"].as_u64().expect("a number");
    assert!(redacted > 0 && told.contains(&format!("{redacted} workflow items were left out")), "{told}");
    assert!(some["export"]["rightsLeftOut"].as_u64() > Some(0) && told.contains("rights on"), "{told}");
    assert!(!some.to_string().contains("School"), "{some}");
    // Such an export is not imported again.
    let told = programme.refused(&node, &file(folder.path(), "some.json", &some), &[], "alice");
    assert!(
        told.iter().any(|line| line.contains(".redacted[0]: item ") && line.contains("was not seen by")),
        "{told:?}"
    );

    // As sheets the same.
    let sheets = folder.path().join("sheets");
    read(&programme.run(&node, &["export", "--format", "csv", "--out", &path(&sheets)], "bob"));
    let items = std::fs::read_to_string(sheets.join("items.csv")).expect("a sheet");
    assert_eq!(items.lines().filter(|line| line.split(',').nth(3) == Some("true")).count() as u64, redacted, "{items}");
    assert!(std::fs::read_to_string(sheets.join("users.csv")).expect("a sheet").contains("Ministry/alice"));

    // The neighbour has no such contract, whatever it knows of it.
    let url = format!("http://{}", node.addr());
    let mut command = Command::new(build::coffer());
    build::clean(&mut command);
    command.args(["budget", "export", "--budget", &programme.budget, "--url", &url, "--psi", "PS2", "--from", "alice"]);
    let neighbour = command.output().expect("it starts");
    let told = String::from_utf8_lossy(&neighbour.stderr).into_owned();
    assert!(!neighbour.status.success() && told.contains("there is no contract"), "{told}");
}

#[test]
fn the_schema_has_every_field_of_the_example() {
    let mut command = Command::new(build::coffer());
    build::clean(&mut command);
    let schema = read(&command.args(["budget", "schema"]).output().expect("it starts"));
    let known = schema.to_string();
    fn names(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    found.push(name.clone());
                    if name != "additional" {
                        names(value, found);
                    }
                }
            }
            Value::Array(list) => list.iter().for_each(|value| names(value, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    names(&serde_json::from_str(EXAMPLE).expect("JSON"), &mut found);
    assert!(found.len() > 50);
    for name in found {
        assert!(known.contains(&format!("\"{name}\":")), "{name} is not in the schema");
    }
}

#[test]
fn a_programme_is_found_by_its_name() {
    let node = Dev::new().start();
    let deployed = json!({"name": "health", "organisation": "Ministry", "user": "alice", "parties": ["Ministry", "Donor"], "from": "alice"});
    let made = node.tenant("PS1").call("programme_deploy", deployed);
    let url = format!("http://{}", node.addr());
    let run = |words: &[&str], programme: &str, psi: &str| {
        let mut command = Command::new(build::coffer());
        build::clean(&mut command);
        command.arg("budget").args(words).args([
            "--programme",
            programme,
            "--url",
            &url,
            "--psi",
            psi,
            "--from",
            "alice",
        ]);
        command.arg("--json").stdin(Stdio::null()).output().expect("it starts")
    };
    let folder = tempfile::tempdir().expect("a folder");
    let words = ["import", &path(&file(folder.path(), "programme.json", &example(&node)))];
    assert_eq!(read(&run(&words, "health", "PS1"))["written"], true);
    let by_name = read(&run(&["export"], "health", "PS1"));
    let by_id = Programme { budget: text(&made["budget"]).to_owned() }.export(&node, "alice");
    assert_eq!(without_the_chain(by_name.clone()), without_the_chain(by_id));
    assert!(!by_name["projects"].as_array().expect("projects").is_empty(), "{by_name}");

    for (programme, psi) in [("wealth", "PS1"), ("health", "PS2")] {
        let output = run(&["export"], programme, psi);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && told.contains(programme) && told.contains("coffer programme list"),
            "{told}"
        );
    }
}
