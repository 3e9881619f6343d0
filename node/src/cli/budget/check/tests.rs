//! Rules of whole files: one file that keeps them all, and for each rule a change that breaks it.

use serde_json::{Value, json};

use super::super::parse;
use super::*;

/// A file that keeps every rule.
fn good() -> Value {
    let account = |n: u8| format!("0x{}", hex::encode([n; 32]));
    json!({
        "format": "coffer-budget-1",
        "users": [{"user": "acme/anna", "account": account(1)}, {"user": "acme/bob", "account": account(2)}],
        "groups": [
            {"group": "outer", "members": ["inner", "acme/bob"]},
            {"group": "inner", "members": ["acme/anna"], "administrators": ["acme/bob"]}
        ],
        "roles": [{"role": "closer", "intents": ["project.close", "workflowitem.close"]}],
        "rights": [{"to": "acme", "intents": ["project.list"]}],
        "projects": [{
            "id": "p", "name": "Road", "tags": ["a", "b"], "rights": [{"to": "inner", "role": "closer"}],
            "projected": [{"organisation": "acme", "value": "10", "currency": "EUR"}, {"organisation": "acme", "value": "10", "currency": "USD"}],
            "subprojects": [{
                "id": "s", "name": "Bridge", "currency": "EUR", "order": ["d"], "items": [
                    {"id": "a", "name": "A", "amountType": "disbursed", "amount": "19.99", "currency": "USD",
                        "rate": {"value": "1.0837", "source": "ECB", "date": 5}, "closed": true},
                    {"id": "b", "name": "B", "amountType": "disbursed", "amount": "-5", "currency": "EUR", "corrects": "a", "closed": true},
                    {"id": "c", "name": "C", "rejected": "no need"},
                    {"id": "d", "name": "D", "documents": [
                        {"id": "x", "name": "X", "hash": account(7), "size": 5, "validated": true},
                        {"id": "y", "name": "Y", "url": "https://y"}
                    ]},
                    {"id": "e", "name": "E"}
                ]
            }]
        }]
    })
}

fn catalogue() -> Catalogue {
    let names = ["GlobalCreateUser:global.createUser", "GroupAddUser:group.addUser", "ProjectList:project.list"];
    let more = ["ProjectClose:project.close", "WorkflowitemClose:workflowitem.close"];
    let pair = |name: &str| name.split_once(':').map(|(word, name)| (word.to_owned(), name.to_owned()));
    Catalogue::new(names.into_iter().chain(more).filter_map(pair))
}

fn told(file: &Value) -> Vec<String> {
    let (file, mut problems) = parse::read(&file.to_string());
    assert_eq!(problems.to_string(), "", "the rows are read");
    let (catalogue, currencies) = (catalogue(), ["EUR", "USD"].map(str::to_owned).into());
    let roles = [("closer".to_owned(), vec![3, 4])].into();
    check(&file, &Known { catalogue: &catalogue, currencies: &currencies, roles: &roles }, &mut problems);
    problems.to_string().lines().map(str::to_owned).collect()
}

/// The file with one value in place of another, by its JSON pointer.
fn with(pointer: &str, value: Value) -> Value {
    let mut file = good();
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    let place = file.pointer_mut(parent).unwrap();
    match place {
        Value::Object(members) => drop(members.insert(last.to_owned(), value)),
        Value::Array(list) if last == "-" => list.push(value),
        Value::Array(list) => list[last.parse::<usize>().unwrap()] = value,
        _ => panic!("{pointer} leads nowhere"),
    }
    file
}

#[test]
fn a_file_that_keeps_every_rule_has_no_problems() {
    assert_eq!(told(&good()), Vec::<String>::new());
}

#[test]
fn each_broken_rule_is_told_at_its_place() {
    let item = "/projects/0/subprojects/0/items";
    let sub = "/projects/0/subprojects/0";
    let a = |member: &str| format!("{item}/0/{member}");
    let broken = [
        ("/users/1/user".to_owned(), json!("acme/anna"), "users[1].user", "stands at users[0] already"),
        ("/users/1/account".into(), good()["users"][0]["account"].clone(), "users[1].account", "belongs to one user"),
        ("/groups/1/members/-".into(), json!("outer"), "groups[0].members", "in itself"),
        ("/groups/0/members/-".into(), json!("inner"), "groups[0].members[2]", "stands at groups[0].members[0]"),
        ("/roles/0/intents".into(), json!([]), "roles[0].intents", "empty"),
        ("/roles/0/intents/0".into(), json!("project.clos"), "roles[0].intents", "did you mean `project.close`?"),
        ("/rights/0/intents/0".into(), json!("x"), "rights[0]", "no intent"),
        ("/projects/0/rights/0/role".into(), json!("opener"), "projects[0].rights[0]", "no role \"opener\""),
        ("/projects/0/tags/1".into(), json!("a"), "projects[0].tags[1]", "already"),
        (
            "/projects/0/projected/1/currency".into(),
            json!("EUR"),
            "projects[0].projected[1]",
            "there are two of acme in EUR",
        ),
        (
            "/projects/0/projected/0/currency".into(),
            json!("ZZZ"),
            "projects[0].projected[0].currency",
            "\"ZZZ\" is no currency",
        ),
        ("/projects/0/closed".into(), json!(true), "projects[0].subprojects[0].closed", "open in a closed project"),
        (format!("{sub}/currency"), json!("XXY"), "projects[0].subprojects[0].currency", "no currency"),
        (
            format!("{sub}/redacted"),
            json!([{"id": "r", "created": 5}]),
            "projects[0].subprojects[0].redacted[0]",
            "item \"r\" was not seen",
        ),
        (format!("{sub}/itemType"), json!("restricted"), "projects[0].subprojects[0].items[0].itemType", "other type"),
        (
            format!("{sub}/closed"),
            json!(true),
            "projects[0].subprojects[0].items[3].closed",
            "open in a closed subproject",
        ),
        (format!("{sub}/order/-"), json!("a"), "projects[0].subprojects[0].order[1]", "no open item"),
        (format!("{sub}/order/-"), json!("d"), "projects[0].subprojects[0].order[1]", "already"),
        (
            format!("{item}/4/closed"),
            json!(true),
            "projects[0].subprojects[0].items[4].closed",
            "items[3] is open and stands before it",
        ),
        (format!("{item}/2/closed"), json!(true), "projects[0].subprojects[0].items[2].closed", "leave `closed` out"),
        (format!("{item}/4/id"), json!("d"), "projects[0].subprojects[0].items[4].id", "need an `id` each"),
        (
            format!("{item}/4/amount"),
            json!("5"),
            "projects[0].subprojects[0].items[4].amount",
            "\"notApplicable\" has none",
        ),
        (format!("{item}/4/billingDate"), json!(5), "projects[0].subprojects[0].items[4].billingDate", "has none"),
        (a("rate"), Value::Null, "projects[0].subprojects[0].items[0].rate", "USD is not the subproject's, EUR"),
        (a("currency"), json!("EUR"), "projects[0].subprojects[0].items[0].rate.value", "leave it out"),
        (
            a("amount"),
            json!("0.000000000000000001"),
            "projects[0].subprojects[0].items[0].amount",
            "would have to be rounded",
        ),
        (a("amount"), Value::Null, "projects[0].subprojects[0].items[0].amount", "to be closed"),
        (a("amount"), json!("-1"), "projects[0].subprojects[0].items[0].amount", "below 0"),
        (
            format!("{item}/1/corrects"),
            json!("e"),
            "projects[0].subprojects[0].items[1].corrects",
            "no item further up",
        ),
        (
            format!("{item}/1/amountType"),
            json!("allocated"),
            "projects[0].subprojects[0].items[1].corrects",
            "another amount type",
        ),
        (
            format!("{item}/4/corrects"),
            json!("b"),
            "projects[0].subprojects[0].items[4].corrects",
            "a correction itself",
        ),
        (format!("{item}/4/corrects"), json!("c"), "projects[0].subprojects[0].items[4].corrects", "was rejected"),
        (format!("{item}/4/corrects"), json!("d"), "projects[0].subprojects[0].items[4].corrects", "is open"),
        (
            format!("{item}/3/documents/1/id"),
            json!("x"),
            "projects[0].subprojects[0].items[3].documents[1].id",
            "already",
        ),
        (
            format!("{item}/3/documents/1/validated"),
            json!(true),
            "projects[0].subprojects[0].items[3].documents[1].validated",
            "has a `hash`",
        ),
        (
            format!("{item}/3/documents/1/size"),
            json!(5),
            "projects[0].subprojects[0].items[3].documents[1]",
            "no `size`",
        ),
        (
            format!("{item}/3/documents/0/size"),
            Value::Null,
            "projects[0].subprojects[0].items[3].documents[0]",
            "`hash` and `size`",
        ),
        (
            format!("{item}/4/additional"),
            json!({"a": "x".repeat(4_000), "b": "x".repeat(4_000), "c": "x".repeat(200)}),
            "projects[0].subprojects[0].items[4].additional",
            "at most 8192",
        ),
        (format!("{item}/4/description"), json!("€".repeat(4_000)), "", ""),
    ];
    for (pointer, value, path, why) in broken {
        let told = told(&with(&pointer, value));
        if path.is_empty() {
            assert_eq!(told, Vec::<String>::new(), "{pointer}");
            continue;
        }
        assert!(
            told.iter().any(|line| line.starts_with(&format!("{path}: ")) && line.contains(why)),
            "{pointer}: {told:?}"
        );
    }
}

#[test]
fn in_an_unordered_subproject_items_close_as_they_come() {
    let mut file = with("/projects/0/subprojects/0/items/4/closed", json!(true));
    file["projects"][0]["subprojects"][0]["mode"] = json!("unordered");
    assert_eq!(told(&file), Vec::<String>::new());
}

#[test]
fn texts_that_do_not_fit_into_one_entry_of_a_history_are_told() {
    let mut file = with("/projects/0/subprojects/0/items/4/description", json!("😀".repeat(4_000)));
    file["projects"][0]["subprojects"][0]["items"][4]["markdown"] = json!("😀".repeat(4_000));
    assert_eq!(told(&file), Vec::<String>::new());
    let document = |n: usize| json!({"id": format!("d{n}"), "name": "😀".repeat(250), "url": format!("https://{}", "x".repeat(200))});
    file["projects"][0]["subprojects"][0]["items"][4]["documents"] = (0..32).map(document).collect();
    let told = told(&file);
    assert!(
        told.iter().any(|line| line.starts_with("projects[0].subprojects[0].items[4]: its texts have ")),
        "{told:?}"
    );
}

#[test]
fn groups_are_put_behind_those_that_are_in_them() {
    let (file, _) = parse::read(&good().to_string());
    assert_eq!(in_order(&file.groups), Ok(vec![1, 0]));
}
