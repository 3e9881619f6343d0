//! A programme from its first project to its last closing, by four users of four organisations with different rights, through the
//! JSON-RPC of a running node. Every refusal says which right is missing, and the neighbour sees nothing of it.

use coffer_tests::node::{Dev, Node};
use coffer_tests::rpc::{Client, RpcError};
use serde_json::{Value, json};

/// The four users: who signs, and as whom the programme knows them.
const ALICE: (&str, &str) = ("alice", "Ministry/alice");
const BOB: (&str, &str) = ("bob", "Donor/bob");
const CAROL: (&str, &str) = ("carol", "Supplier/carol");
const DAVE: (&str, &str) = ("dave", "Audit/dave");

/// A programme as one tenant sees it.
struct Programme {
    client: Client,
    permission: Value,
    budget: Value,
}

impl Programme {
    /// Makes one that alice administers.
    fn deploy(node: &Node, psi: &str) -> Self {
        let client = node.tenant(psi);
        let request = json!({
            "name": "water", "organisation": "Ministry", "user": "alice", "account": "alice",
            "parties": ["Ministry", "Donor", "Supplier"],
        });
        let mut made = client.call("programme_deploy", request);
        Self { client, permission: made["permission"].take(), budget: made["budget"].take() }
    }

    fn call(&self, contract: &Value, by: (&str, &str), method: &str, args: Value) -> Result<Value, RpcError> {
        let params = json!({"contract": contract, "method": method, "args": args, "private": true, "from": by.0});
        self.client.try_call("contract_call", params).map(|mut answer| answer["result"].take())
    }

    /// A command that must succeed.
    fn does(&self, by: (&str, &str), method: &str, args: Value) -> Value {
        self.call(&self.budget, by, method, args.clone()).unwrap_or_else(|e| panic!("{by:?} {method} {args}: {e:?}"))
    }

    /// The same of the permission contract.
    fn rules(&self, by: (&str, &str), method: &str, args: Value) -> Value {
        self.call(&self.permission, by, method, args.clone())
            .unwrap_or_else(|e| panic!("{by:?} {method} {args}: {e:?}"))
    }

    /// The contract's error of a command that must be refused: its name and what it says.
    fn refused(&self, by: (&str, &str), method: &str, args: Value) -> (String, Value) {
        match self.call(&self.budget, by, method, args.clone()) {
            Err(error) => told(&error),
            Ok(result) => panic!("{by:?} {method} {args} succeeded: {result}"),
        }
    }

    /// A command that must be refused for the want of a right.
    fn lacks(&self, by: (&str, &str), intent: &str, on: &Value, method: &str, args: Value) {
        let expected = json!({"intent": intent, "resource": on});
        assert_eq!(self.refused(by, method, args), ("NotAllowed".into(), expected), "{by:?} {method}");
    }

    fn grant(&self, by: (&str, &str), to: &str, intents: &[&str], on: &Value) {
        let terms = json!({"inheritable": true, "until": null});
        self.rules(
            by,
            "grant",
            json!({"principal": to, "intents": intents, "resource": on, "terms": terms, "seen": null}),
        );
    }

    fn look(&self, by: (&str, &str), method: &str, args: Value) -> Result<Value, RpcError> {
        let params = json!({"contract": self.budget, "method": method, "args": args, "from": by.0});
        self.client.try_call("contract_query", params).map(|mut answer| answer["result"].take())
    }

    fn sees(&self, by: (&str, &str), method: &str, args: Value) -> Value {
        self.look(by, method, args.clone()).unwrap_or_else(|e| panic!("{by:?} {method} {args}: {e:?}"))
    }

    /// Projected, allocated and disbursed below something, which all have one row.
    fn totals(&self, by: (&str, &str), scope: &Value) -> [String; 3] {
        let mut totals = Value::Null;
        loop {
            totals = self.sees(by, "totals", json!({"scope": scope, "so_far": totals}));
            if totals["next"].is_null() {
                break;
            }
        }
        let mut sums = [0_u64; 3];
        for row in totals["totals"].as_array().expect("rows") {
            for (sum, name) in sums.iter_mut().zip(["projected", "allocated", "disbursed"]) {
                *sum += row[name].as_str().expect("a decimal").parse::<u64>().expect("whole euros");
            }
        }
        sums.map(|sum| sum.to_string())
    }
}

/// Name and content of an error of the contract.
fn told(error: &RpcError) -> (String, Value) {
    assert_eq!(error.kind(), "contractError", "{error:?}");
    let error = &error.data["error"];
    (error["name"].as_str().unwrap_or("?").to_owned(), error["data"].clone())
}

fn new_user(node: &Node, (account, user): (&str, &str)) -> Value {
    let (organisation, id) = user.split_once('/').expect("organisation/id");
    let display = format!("0x{}", "11".repeat(32));
    json!({"organisation": organisation, "id": id, "account": node.account(account), "display": display})
}

fn project() -> Value {
    json!({"Project": {"project": "wells"}})
}

fn subproject() -> Value {
    json!({"Subproject": {"project": "wells", "subproject": "pumps"}})
}

fn item(id: &str) -> Value {
    json!({"Item": {"project": "wells", "subproject": "pumps", "item": id}})
}

fn projected(value: &str) -> Value {
    json!([{"organisation": "Donor", "value": value, "currency": "EUR"}])
}

fn new_project(four_eyes: &str) -> Value {
    let policies = json!({"four_eyes": four_eyes, "documents_validated": "Off", "ceilings": "Block"});
    json!({"new": {
        "id": "wells", "name": "Wells for the north", "assignee": null, "projected": projected("200000"), "policies": policies,
        "fields": [{"Description": "Forty wells in two years."}],
    }})
}

fn new_subproject() -> Value {
    json!({"project": "wells", "seen": null, "new": {
        "id": "pumps", "name": "Pumps", "currency": "EUR", "assignee": null, "validator": CAROL.1, "item_type": null, "mode": "Ordered",
        "projected": projected("100000"), "fields": [],
    }})
}

fn new_item(id: &str, amount_type: &str, amount: &str, corrects: Option<&str>) -> Value {
    json!({"project": "wells", "subproject": "pumps", "seen": null, "new": {
        "id": id, "name": format!("Item {id}"), "amount_type": amount_type, "assignee": null, "item_type": "General", "corrects": corrects,
        "fields": [{"Amount": amount}, {"Currency": "EUR"}], "documents": [],
    }})
}

fn closing(resource: &Value, rejected: Option<&str>) -> Value {
    json!({"resource": resource, "rejected": rejected, "seen": null})
}

/// Users, a group and a role; the first project, which nobody else sees yet.
fn prepare(node: &Node) -> Programme {
    let programme = Programme::deploy(node, "PS1");
    let nobody = programme.refused(BOB, "project_create", new_project("Off"));
    assert_eq!(nobody, ("NotAUser".into(), json!({"account": node.account("bob")})));
    for user in [BOB, CAROL, DAVE] {
        programme.rules(ALICE, "create_user", json!({"user": new_user(node, user)}));
    }
    programme.rules(ALICE, "create_group", json!({"group": "auditors", "members": [DAVE.1]}));
    let reading = ["List", "ViewDetails", "ViewHistory"];
    let levels = ["Project", "Subproject", "Workflowitem"];
    let intents: Vec<_> = levels.iter().flat_map(|level| reading.map(|what| format!("{level}{what}"))).collect();
    programme.rules(ALICE, "define_role", json!({"role": "reader", "intents": intents, "seen": null}));

    programme.lacks(BOB, "global.createProject", &json!("Global"), "project_create", new_project("Off"));
    assert_eq!(programme.does(ALICE, "project_create", new_project("Block")), "wells");
    let list = json!({"parent": "Global", "after": null, "limit": 50});
    assert_eq!(programme.sees(BOB, "list", list.clone())["rows"], json!([]));
    assert_eq!(programme.sees(ALICE, "list", list)["rows"].as_array().map(Vec::len), Some(1));
    let hidden = programme.look(BOB, "get", json!({"resource": project()})).expect_err("nothing to see");
    let expected = json!({"intent": "project.list or project.viewDetails", "resource": project()});
    assert_eq!(told(&hidden), ("NotAllowed".into(), expected));
    programme
}

/// The donor plans and orders, the supplier closes: each what it has the right to and nothing else.
fn allocate_and_disburse(programme: &Programme) {
    programme.lacks(BOB, "project.createSubproject", &project(), "subproject_create", new_subproject());
    programme.grant(ALICE, BOB.1, &["ProjectList", "ProjectViewDetails", "ProjectCreateSubproject"], &project());
    assert_eq!(programme.does(BOB, "subproject_create", new_subproject()), "pumps");

    let (advance, invoice) =
        (new_item("advance", "Allocated", "50000", None), new_item("invoice", "Disbursed", "10000", None));
    programme.lacks(CAROL, "subproject.createWorkflowitem", &subproject(), "item_create", advance.clone());
    programme.does(BOB, "item_create", advance);
    programme.does(BOB, "item_create", invoice);
    programme.lacks(CAROL, "workflowitem.close", &item("advance"), "close", closing(&item("advance"), None));
    let rights = ["SubprojectList", "WorkflowitemList", "WorkflowitemViewDetails", "WorkflowitemClose"];
    programme.grant(BOB, CAROL.1, &rights, &subproject());
    let early = programme.refused(CAROL, "close", closing(&item("invoice"), None));
    assert_eq!(early, ("NotFirst".into(), json!({"first": "advance"})));
    let own = programme.refused(BOB, "close", closing(&item("advance"), None));
    assert_eq!(own, ("NotAssignee".into(), json!({"assignee": CAROL.1})));
    programme.does(CAROL, "close", closing(&item("advance"), None));
    programme.does(CAROL, "close", closing(&item("invoice"), None));

    let (above, own) = (programme.totals(ALICE, &project()), programme.totals(ALICE, &subproject()));
    assert_eq!(
        (above, &own),
        (["200000", "50000", "10000"].map(String::from), &["100000", "50000", "10000"].map(String::from))
    );
}

/// An item is rejected, one is corrected, and more than was allocated is not paid out.
fn reject_and_correct(programme: &Programme) {
    programme.does(BOB, "item_create", new_item("extra", "Disbursed", "5000", None));
    let stale = json!({"resource": item("extra"), "fields": [{"Name": "Extra work"}], "seen": 7});
    let expected = json!({"resource": item("extra"), "seen": 7, "version": 1});
    assert_eq!(programme.refused(BOB, "update", stale), ("Changed".into(), expected));
    programme.lacks(
        CAROL,
        "workflowitem.update",
        &item("extra"),
        "update",
        json!({"resource": item("extra"), "fields": [{"Amount": "6000"}], "seen": null}),
    );
    programme.does(CAROL, "close", closing(&item("extra"), Some("Nobody ordered it.")));

    programme.does(BOB, "item_create", new_item("credit", "Disbursed", "-1000", Some("invoice")));
    programme.does(CAROL, "close", closing(&item("credit"), None));
    assert_eq!(programme.totals(ALICE, &subproject()), ["100000", "50000", "9000"].map(String::from));

    programme.does(BOB, "item_create", new_item("final", "Disbursed", "60000", None));
    let (name, data) = programme.refused(CAROL, "close", closing(&item("final"), None));
    assert_eq!((name.as_str(), &data["policy"]), ("Policy", &json!("ceilings")), "{data}");
    let cheaper = json!({"resource": item("final"), "fields": [{"Amount": "41000"}], "seen": 1});
    programme.does(BOB, "update", cheaper);
    programme.does(CAROL, "close", closing(&item("final"), None));
    assert_eq!(programme.totals(ALICE, &subproject()), ["100000", "50000", "50000"].map(String::from));
}

/// Who audits reads everything and changes nothing.
fn audit(programme: &Programme) {
    let history = json!({
        "resource": item("final"), "filter": {"publisher": null, "from": null, "until": null, "kinds": null}, "after": 0, "limit": 100,
    });
    let unseen = programme.look(DAVE, "history", history.clone()).expect_err("no right yet");
    let expected = json!({"intent": "workflowitem.viewDetails or workflowitem.viewHistory", "resource": item("final")});
    assert_eq!(told(&unseen), ("NotAllowed".into(), expected));
    let terms = json!({"inheritable": true, "until": null});
    let reader =
        json!({"principal": "auditors", "role": "reader", "resource": project(), "terms": terms, "seen": null});
    programme.rules(ALICE, "grant_role", reader);

    let changes = programme.sees(DAVE, "history", history)["changes"].take();
    let steps: Vec<_> = changes.as_array().expect("changes").iter().map(|change| &change[1]["publisher"]).collect();
    assert_eq!(steps, [BOB.1, BOB.1, CAROL.1], "{changes}");
    let amount = &changes[1][1]["fields"][0];
    assert_eq!(
        (&amount["field"], &amount["old"], &amount["new"]),
        (&json!("amount"), &json!("60000"), &json!("41000"))
    );
    assert_eq!(programme.totals(DAVE, &json!("Global")), ["200000", "50000", "50000"].map(String::from));
    programme.lacks(DAVE, "subproject.close", &subproject(), "close", closing(&subproject(), None));
    let assign = json!({"resource": project(), "assignee": DAVE.1, "seen": null});
    programme.lacks(DAVE, "project.assign", &project(), "assign", assign);
}

/// Everything is closed, opened again by the parties, and closed for good.
fn close_and_reopen(programme: &Programme) {
    let open = programme.refused(ALICE, "close", closing(&project(), None));
    assert_eq!((open.0.as_str(), &open.1["resource"]), ("OpenBelow", &project()), "{}", open.1);
    programme.does(BOB, "close", closing(&subproject(), None));
    programme.does(ALICE, "close", closing(&project(), None));
    let rename = json!({"resource": project(), "fields": [{"Name": "Wells"}], "seen": null});
    assert_eq!(programme.refused(ALICE, "update", rename.clone()), ("Closed".into(), json!({"resource": project()})));

    let vote = json!({"resource": project(), "agrees": true, "seen": null});
    let first = programme.does(ALICE, "reopen", vote.clone());
    assert_eq!((&first["parties"], &first["needed"]), (&json!(["Ministry"]), &json!(2)), "{first}");
    programme.lacks(BOB, "project.close", &project(), "reopen", vote.clone());
    programme.grant(ALICE, BOB.1, &["ProjectClose"], &project());
    programme.does(BOB, "reopen", vote);
    programme.does(ALICE, "update", rename);
    programme.does(ALICE, "close", closing(&project(), None));
}

#[test]
fn a_project_from_creation_to_closing_by_four_users_with_different_rights() {
    let data = tempfile::tempdir().expect("a folder");
    // The node of the tests is not optimised, and the machine may be busy.
    let settings = data.path().join("coffer.toml");
    std::fs::write(&settings, "[queries]\nseconds = 30\n").expect("a file of settings");
    let settings = settings.display().to_string();
    let start = || Dev::new().data(&data.path().join("data")).arg("--config").arg(&settings).start();
    let node = start();
    let neighbour = node.tenant("PS2");
    let untouched = neighbour.call("psi_root", json!({}))["root"].take();
    let programme = prepare(&node);
    allocate_and_disburse(&programme);
    reject_and_correct(&programme);
    audit(&programme);
    close_and_reopen(&programme);

    for contract in [&programme.permission, &programme.budget] {
        for (method, args) in [("about", json!({})), ("linked", json!({})), ("get", json!({"resource": project()}))] {
            let params = json!({"contract": contract, "method": method, "args": args, "from": "alice"});
            assert_eq!(neighbour.fail("contract_query", params).kind(), "notFound");
        }
        let command = closing(&project(), None);
        let params =
            json!({"contract": contract, "method": "close", "args": command, "private": true, "from": "alice"});
        assert_eq!(neighbour.fail("contract_call", params).kind(), "notFound");
        assert_eq!(neighbour.fail("contract_events", json!({"contract": contract})).kind(), "notFound");
    }
    assert_eq!(neighbour.call("psi_root", json!({}))["root"], untouched);

    let root = programme.client.call("psi_root", json!({}))["root"].take();
    drop(node.kill());
    let again = start();
    let programme = Programme { client: again.tenant("PS1"), ..programme };
    assert_eq!(programme.client.call("psi_root", json!({}))["root"], root);
    assert_eq!(programme.totals(DAVE, &project()), ["200000", "50000", "50000"].map(String::from));
    assert!(programme.sees(DAVE, "get", json!({"resource": project()}))["Full"]["thing"]["closing"].is_object());
}
