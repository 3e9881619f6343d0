//! Rows of a file as commands of the budget contract. Not here: when a command is given (`plan`, `carry`). Invariant: what a row does not say is not
//! sent, so that the contract's own defaults hold.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::file::{Document, Item, Policies, Project, Projected, Rate, Subproject};
use super::link::wide;
use super::text::{Line, Long, Tag};

/// Documents that an item is created with; more are added one by one, so that one command stays within the contract's bounds.
pub(super) const FIRST_DOCUMENTS: usize = 32;

/// A field as the file names it, with the form in which the contract sets it.
pub(super) type Field = (&'static str, Value);

/// Arguments of `project_create`.
pub(super) fn new_project(project: &Project) -> Value {
    json!({ "new": {
        "id": project.id,
        "name": project.name,
        "assignee": project.assignee,
        "projected": projected(&project.projected),
        // They are set at the end, so that they do not stand in the way of what was closed before they held.
        "policies": policies(&Policies::default()),
        "fields": only(project_fields(project), |name| name != "name"),
    }})
}

/// Arguments of `subproject_create`.
pub(super) fn new_subproject(project: &str, subproject: &Subproject) -> Value {
    json!({ "project": project, "seen": null, "new": {
        "id": subproject.id,
        "name": subproject.name,
        "currency": subproject.currency,
        "assignee": subproject.assignee,
        "validator": subproject.validator,
        "item_type": subproject.item_type.map(|item_type| item_type.word()),
        "mode": subproject.mode.word(),
        "projected": projected(&subproject.projected),
        "fields": only(subproject_fields(subproject), |name| name != "name"),
    }})
}

/// Arguments of `item_create`.
pub(super) fn new_item(project: &str, subproject: &str, item: &Item) -> Value {
    let documents: Vec<Value> = item.documents.iter().take(FIRST_DOCUMENTS).map(new_document).collect();
    json!({ "project": project, "subproject": subproject, "seen": null, "new": {
        "id": item.id,
        "name": item.name,
        "amount_type": item.amount_type.word(),
        "assignee": item.assignee,
        "item_type": item.item_type.word(),
        "corrects": item.corrects,
        "fields": only(item_fields(item), |name| name != "name" && name != "amountType"),
        "documents": documents,
    }})
}

/// A document to be added.
pub(super) fn new_document(document: &Document) -> Value {
    let Document { id, name, comment, hash, size, url, .. } = document;
    let content = match url {
        Some(url) => json!({ "Link": { "url": url, "hash": hash } }),
        None => json!({ "File": { "hash": hash, "size": wide(size.map_or(0, |size| size.0)) } }),
    };
    let comment = comment.as_ref().map_or("", |comment| comment.as_str());
    json!({ "id": id, "name": name, "comment": comment, "content": content })
}

/// A projected budget to be set.
pub(super) fn new_projected(projected: &Projected) -> Value {
    let Projected { organisation, value, currency } = projected;
    json!({ "organisation": organisation, "value": value, "currency": currency })
}

fn projected(all: &[Projected]) -> Vec<Value> {
    all.iter().map(new_projected).collect()
}

/// Policies as the contract has them.
pub(super) fn policies(policies: &Policies) -> Value {
    json!({
        "four_eyes": policies.four_eyes.word(),
        "documents_validated": policies.documents_validated.word(),
        "ceilings": policies.ceilings.word(),
    })
}

/// Those of some fields that are wanted, as a list for the contract.
pub(super) fn only(fields: Vec<Field>, wanted: impl Fn(&str) -> bool) -> Vec<Value> {
    fields.into_iter().filter(|(name, _)| wanted(name)).map(|(_, value)| value).collect()
}

/// The fields of a project that `update` sets.
pub(super) fn project_fields(project: &Project) -> Vec<Field> {
    let Project { name, description, tags, markdown, additional, thumbnail, .. } = project;
    let mut fields = shared(name, description.as_ref(), tags, markdown.as_ref(), additional);
    fields.extend(thumbnail.as_ref().map(|link| ("thumbnail", json!({ "Thumbnail": link }))));
    fields
}

/// The fields of a subproject that `update` sets.
pub(super) fn subproject_fields(subproject: &Subproject) -> Vec<Field> {
    let Subproject { name, description, tags, markdown, additional, thumbnail, .. } = subproject;
    let mut fields = shared(name, description.as_ref(), tags, markdown.as_ref(), additional);
    fields.extend(thumbnail.as_ref().map(|link| ("thumbnail", json!({ "Thumbnail": link }))));
    fields
}

/// The fields of an item that `update` sets.
pub(super) fn item_fields(item: &Item) -> Vec<Field> {
    let Item { name, description, tags, markdown, additional, .. } = item;
    let mut fields = shared(name, description.as_ref(), tags, markdown.as_ref(), additional);
    fields.push(("amountType", json!({ "AmountType": item.amount_type.word() })));
    let date = |date: coffer_api::types::Number| wide(date.0);
    let more = [
        item.amount.as_ref().map(|amount| ("amount", json!({ "Amount": amount }))),
        item.currency.as_ref().map(|currency| ("currency", json!({ "Currency": currency }))),
        item.rate.as_ref().map(|rate| ("rate", json!({ "Rate": rate_of(rate) }))),
        item.billing_date.map(|at| ("billingDate", json!({ "BillingDate": date(at) }))),
        item.due_date.map(|at| ("dueDate", json!({ "DueDate": date(at) }))),
        item.funding.as_ref().map(|funding| ("funding", json!({ "Funding": funding }))),
    ];
    fields.extend(more.into_iter().flatten());
    fields
}

fn rate_of(rate: &Rate) -> Value {
    let mut members = Map::new();
    members.insert("value".into(), json!(rate.value));
    members.insert("source".into(), json!(rate.source));
    members.insert("date".into(), wide(rate.date.0));
    Value::Object(members)
}

fn shared(
    name: &Line,
    description: Option<&Long>,
    tags: &[Tag],
    markdown: Option<&Long>,
    additional: &BTreeMap<Line, Long>,
) -> Vec<Field> {
    let mut fields = vec![("name", json!({ "Name": name }))];
    fields.extend(description.map(|text| ("description", json!({ "Description": text }))));
    if !tags.is_empty() {
        fields.push(("tags", json!({ "Tags": tags })));
    }
    fields.extend(markdown.map(|text| ("markdown", json!({ "Markdown": text }))));
    if !additional.is_empty() {
        let pairs: Vec<_> = additional.iter().collect();
        fields.push(("additional", json!({ "Additional": pairs })));
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_says_what_it_has_and_nothing_else() {
        let item: Item = serde_json::from_value(json!({
            "id": "i", "name": "Steel", "amountType": "disbursed", "amount": "5.0", "currency": "USD",
            "rate": {"value": "0.9", "source": "ECB", "date": 7}, "dueDate": 9, "additional": {"k": "v"},
            "documents": [{"id": "d", "name": "Bill", "url": "https://x"}]
        }))
        .unwrap();
        assert_eq!(
            new_item("p", "s", &item),
            json!({"project": "p", "subproject": "s", "seen": null, "new": {
                "id": "i", "name": "Steel", "amount_type": "Disbursed", "assignee": null, "item_type": "General", "corrects": null,
                "fields": [
                    {"Additional": [["k", "v"]]}, {"Amount": "5"}, {"Currency": "USD"},
                    {"Rate": {"value": "0.9", "source": "ECB", "date": "7"}}, {"DueDate": "9"}
                ],
                "documents": [{"id": "d", "name": "Bill", "comment": "", "content": {"Link": {"url": "https://x", "hash": null}}}]
            }})
        );
        let changed = only(item_fields(&item), |name| ["amount", "name"].contains(&name));
        assert_eq!(changed, [json!({"Name": "Steel"}), json!({"Amount": "5"})]);
    }

    #[test]
    fn a_project_is_created_without_its_policies() {
        let project: Project = serde_json::from_value(json!({
            "id": "p", "name": "Road", "policies": {"fourEyes": "block"},
            "projected": [{"organisation": "acme", "value": "10", "currency": "EUR"}]
        }))
        .unwrap();
        let new = new_project(&project);
        assert_eq!(new["new"]["policies"]["four_eyes"], "Off");
        assert_eq!(policies(&project.policies)["four_eyes"], "Block");
        assert_eq!(new["new"]["projected"], json!([{"organisation": "acme", "value": "10", "currency": "EUR"}]));
    }
}
