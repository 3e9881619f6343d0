//! A row of a file beside what the chain has: where they differ. Not here: what becomes of a difference (`plan`). Invariant: what a file leaves out
//! or leaves empty is not compared, so that a file can be as short as its author likes.

use serde::Serialize;
use serde_json::Value;

use super::file::{Document, Projected};
use super::resource::Level;
use super::text::shown;

/// Members of a row that are compared elsewhere, or not at all.
const ELSEWHERE: [&str; 15] = [
    "id",
    "rights",
    "chain",
    "subprojects",
    "items",
    "documents",
    "redacted",
    "policies",
    "closed",
    "rejected",
    "order",
    "projected",
    "format",
    "export",
    "enabled",
];

/// A field that differs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Difference {
    /// Its name in the file.
    pub(super) field: String,
    /// On the chain.
    pub(super) old: Value,
    /// In the file.
    pub(super) new: Value,
}

impl Difference {
    /// Both values, for people.
    pub(super) fn told(&self) -> String {
        format!("it is {} on the chain and {} in the file", brief(&self.old), brief(&self.new))
    }

    /// True if a command can make the chain's value that of the file.
    pub(super) fn can_be_changed(&self, level: Level) -> bool {
        match self.field.as_str() {
            "validator" | "itemType" | "mode" | "corrects" => false,
            "currency" => level == Level::Item,
            _ => true,
        }
    }
}

/// A value for people.
pub(super) fn brief(value: &Value) -> String {
    match value {
        Value::Null => "not there".into(),
        Value::String(text) => shown(text),
        other => {
            let text = other.to_string();
            if text.chars().count() > 80 { format!("{}…", text.chars().take(80).collect::<String>()) } else { text }
        }
    }
}

/// Where a row of a file differs from the same row as the chain has it.
pub(super) fn differences<T: Serialize>(file: &T, chain: &T) -> Vec<Difference> {
    let json = |row: &T| serde_json::to_value(row).unwrap_or_default();
    let (Value::Object(file), chain) = (json(file), json(chain)) else { return Vec::new() };
    let mut found = Vec::new();
    for (field, new) in file.into_iter().filter(|(field, _)| !ELSEWHERE.contains(&field.as_str())) {
        let old = &chain[&field];
        // Of additional data each key stands for itself.
        let pairs = match &new {
            Value::Object(members) if field == "additional" => members
                .iter()
                .map(|(key, value)| (format!("additional.{key}"), value.clone(), old[key].clone()))
                .collect(),
            _ => vec![(field, new.clone(), old.clone())],
        };
        let differing = pairs.into_iter().filter(|(_, new, old)| new != old && new != "");
        found.extend(differing.map(|(field, new, old)| Difference { field, old, new }));
    }
    found
}

/// The projected budgets of a file that the chain does not have, or with another value: their places, and what differs.
pub(super) fn projected(file: &[Projected], chain: &[Projected]) -> Vec<(usize, Difference)> {
    let differing = file.iter().enumerate().filter_map(|(n, new)| {
        let same = |old: &&Projected| old.organisation == new.organisation && old.currency == new.currency;
        let old = chain.iter().find(same).map(|old| &old.value);
        let old = if old == Some(&new.value) { return None } else { old };
        let text = |value| serde_json::to_value(value).unwrap_or_default();
        Some((n, Difference { field: format!("projected[{n}].value"), old: text(old), new: text(Some(&new.value)) }))
    });
    differing.collect()
}

/// What differs between a document of a file and the one of that id on the chain, but for its validation.
pub(super) fn document(n: usize, file: &Document, chain: &Document) -> Vec<Difference> {
    let mut chain = chain.clone();
    chain.validated = file.validated;
    // The hash of a link comes with its validation.
    if file.url.is_some() && chain.hash.is_none() {
        chain.hash = file.hash;
    }
    let differing = differences(file, &chain).into_iter();
    differing.map(|found| Difference { field: format!("documents[{n}].{}", found.field), ..found }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::file::Item;
    use super::*;

    fn item(value: Value) -> Item {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn what_a_file_leaves_out_is_not_compared() {
        let chain = item(json!({
            "name": "Steel", "description": "long", "tags": ["a"], "additional": {"a": "1", "b": "2"}, "assignee": "acme/anna",
            "closed": true, "chain": {"version": 2, "created": 5, "creator": "acme/anna"}
        }));
        assert_eq!(differences(&item(json!({"name": "Steel", "description": ""})), &chain), []);
        let file = item(json!({"name": "Iron", "tags": ["b"], "additional": {"b": "3"}, "amountType": "allocated"}));
        let found = differences(&file, &chain);
        let fields: Vec<&str> = found.iter().map(|found| found.field.as_str()).collect();
        assert_eq!(fields, ["additional.b", "amountType", "name", "tags"]);
        assert_eq!(found[2].told(), "it is \"Steel\" on the chain and \"Iron\" in the file");
    }

    #[test]
    fn projected_budgets_are_told_by_organisation_and_currency() {
        let budget = |organisation: &str, value: &str| -> Projected {
            serde_json::from_value(json!({"organisation": organisation, "value": value, "currency": "EUR"})).unwrap()
        };
        let chain = [budget("b", "1"), budget("a", "2")];
        assert_eq!(projected(&[budget("a", "2.0"), budget("b", "1")], &chain), []);
        let found = projected(&[budget("a", "3"), budget("c", "1")], &chain);
        assert_eq!(found[0].1.told(), "it is \"2\" on the chain and \"3\" in the file");
        assert_eq!(found[1].1.told(), "it is not there on the chain and \"1\" in the file");
    }

    #[test]
    fn a_document_is_compared_but_for_its_validation() {
        let document_of = |value: Value| -> Document { serde_json::from_value(value).unwrap() };
        let hash = format!("0x{}", "1".repeat(64));
        let file = document_of(json!({"id": "d", "name": "Bill", "url": "https://x", "hash": hash, "validated": true}));
        let chain = document_of(json!({"id": "d", "name": "Bill", "url": "https://x"}));
        assert_eq!(document(0, &file, &chain), []);
        let other = document_of(json!({"id": "d", "name": "Bill", "url": "https://y"}));
        assert_eq!(document(3, &file, &other)[0].field, "documents[3].url");
    }
}
