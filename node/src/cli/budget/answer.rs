//! What the contracts answer. Not here: the form of a file, but for what is made from single answers. Invariant: what is not known here is an error
//! and never taken for something else; fields that a later contract adds do not matter.

use std::collections::BTreeMap;
use std::fmt;

use coffer_abi::{AccountId, ContractId, Hash};
use coffer_api::types::{Number, Text};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

use super::file::{AmountType, Chain, Document, Enforcement, ItemType, Mode, Projected};
use super::resource::Resource;
use super::text::{Currency, Id, Line, Long, NotNegative, Organisation, Remark};

/// A whole number that is text in the contracts' JSON because it can be wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wide(pub(super) u64);

impl fmt::Display for Wide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Wide {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map(Self).map_err(D::Error::custom)
    }
}

/// A word of one of the contract's enums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word<T>(pub(super) T);

macro_rules! read_words {
    ($($name:ident),*) => {$(
        impl<'de> Deserialize<'de> for Word<$name> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = String::deserialize(deserializer)?;
                let known = || D::Error::custom(format!("{word:?} is not known here"));
                $name::of_word(&word).map(Self).ok_or_else(known)
            }
        }
    )*};
}
read_words!(Enforcement, Mode, ItemType, AmountType);

/// What a budget contract is linked with.
#[derive(Debug, Deserialize)]
pub(super) struct About {
    pub(super) permission: Text<ContractId>,
}

/// An intent and its dotted name.
#[derive(Debug, Deserialize)]
pub(super) struct IntentName {
    pub(super) intent: String,
    pub(super) name: String,
}

/// A user.
#[derive(Debug, Deserialize)]
pub(super) struct UserRecord {
    pub(super) account: Text<AccountId>,
    pub(super) display: Text<Hash>,
    pub(super) enabled: bool,
    pub(super) version: u32,
}

/// A user, a group or an organisation.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Identity {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) enabled: bool,
}

/// What somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum Kind {
    User,
    Group,
    Organisation,
}

/// A role.
#[derive(Debug, Deserialize)]
pub(super) struct RoleRecord {
    pub(super) role: String,
    pub(super) intents: Vec<String>,
}

/// An answer about a right.
#[derive(Debug, Deserialize)]
pub(super) enum Verdict {
    Allowed,
    Missing { right: String, resource: Resource },
}

#[derive(Debug, Deserialize)]
pub(super) struct ResourcePermissions {
    pub(super) principals: Vec<Permissions>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Permissions {
    pub(super) principal: String,
    pub(super) grants: Vec<Grant>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Grant {
    pub(super) intent: String,
    pub(super) effect: Effect,
    pub(super) inheritable: bool,
    pub(super) until: Option<Wide>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(super) enum Effect {
    Allowed,
    Denied,
}

#[derive(Debug, Deserialize)]
pub(super) struct Thing {
    pub(super) version: u32,
    pub(super) created: Wide,
    pub(super) creator: String,
    pub(super) closing: Option<Closing>,
    pub(super) name: String,
    pub(super) assignee: String,
    pub(super) tags: Vec<String>,
    pub(super) kind: Level,
}

#[derive(Debug, Deserialize)]
pub(super) struct Closing {
    pub(super) at: Wide,
    pub(super) by: String,
    pub(super) rejected: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) enum Level {
    Project(PoliciesOf),
    Subproject(TermsOf),
    Workflowitem(Box<Work>),
}

#[derive(Debug, Deserialize)]
pub(super) struct PoliciesOf {
    pub(super) four_eyes: Word<Enforcement>,
    pub(super) documents_validated: Word<Enforcement>,
    pub(super) ceilings: Word<Enforcement>,
}

#[derive(Debug, Deserialize)]
pub(super) struct TermsOf {
    pub(super) currency: String,
    pub(super) validator: Option<String>,
    pub(super) item_type: Option<Word<ItemType>>,
    pub(super) mode: Word<Mode>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Work {
    pub(super) item_type: Word<ItemType>,
    pub(super) amount_type: Word<AmountType>,
    pub(super) amount: Option<String>,
    pub(super) currency: Option<String>,
    pub(super) rate: Option<RateOf>,
    pub(super) billing_date: Option<Wide>,
    pub(super) due_date: Option<Wide>,
    pub(super) funding: Option<String>,
    pub(super) corrects: Option<String>,
    pub(super) documents: u32,
}

#[derive(Debug, Deserialize)]
pub(super) struct RateOf {
    pub(super) value: String,
    pub(super) source: String,
    pub(super) date: Wide,
}

#[derive(Debug, Deserialize)]
pub(super) struct Texts {
    pub(super) description: String,
    pub(super) thumbnail: String,
    pub(super) markdown: String,
    pub(super) additional: Vec<(String, String)>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ProjectedOf {
    pub(super) organisation: String,
    pub(super) currency: String,
    pub(super) value: String,
}

#[derive(Debug, Deserialize)]
pub(super) enum Details {
    Full { thing: Box<Thing>, texts: Texts, projected: Vec<ProjectedOf> },
    Redacted {},
}

#[derive(Debug, Deserialize)]
pub(super) struct DocumentPage {
    pub(super) documents: Vec<(String, DocumentOf)>,
    pub(super) next: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct DocumentOf {
    pub(super) name: String,
    pub(super) comment: String,
    pub(super) content: Content,
    pub(super) validated: Option<Value>,
}

#[derive(Debug, Deserialize)]
pub(super) enum Content {
    File { hash: Text<Hash>, size: Wide },
    Link { url: String, hash: Option<Text<Hash>> },
}

/// A page of what is below something.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    pub(super) rows: Vec<Row>,
    pub(super) next: Option<String>,
}

/// A row of a page; what it says of a thing is asked for again, with the long texts.
#[derive(Debug, Deserialize)]
pub(super) enum Row {
    Full { id: String },
    Redacted(RedactedRow),
}

/// A workflow item of which only this is seen.
#[derive(Debug, Deserialize)]
pub(super) struct RedactedRow {
    pub(super) id: String,
    pub(super) created: Wide,
    pub(super) closed: Option<Wide>,
}

impl Thing {
    /// What the chain alone sets.
    pub(super) fn chain(&self) -> Chain {
        let closing = self.closing.as_ref();
        Chain {
            version: self.version,
            created: self.created.0,
            creator: self.creator.clone(),
            closed_at: closing.map(|closing| closing.at.0),
            closed_by: closing.map(|closing| closing.by.clone()),
        }
    }
}

impl From<ProjectedOf> for Projected {
    fn from(ProjectedOf { organisation, currency, value }: ProjectedOf) -> Self {
        Self {
            organisation: Organisation::kept(organisation),
            value: NotNegative::kept(value),
            currency: Currency::kept(currency),
        }
    }
}

impl From<(String, DocumentOf)> for Document {
    fn from((id, document): (String, DocumentOf)) -> Self {
        let DocumentOf { name, comment, content, validated } = document;
        let (hash, size, url) = match content {
            Content::File { hash, size } => (Some(hash), Some(Number(size.0)), None),
            Content::Link { url, hash } => (hash, None, Some(Line::kept(url))),
        };
        let comment = (!comment.is_empty()).then(|| Remark::kept(comment));
        Self { id: Id::kept(id), name: Line::kept(name), comment, hash, size, url, validated: validated.is_some() }
    }
}

/// A long text, if it says something.
pub(super) fn long(text: String) -> Option<Long> {
    (!text.is_empty()).then(|| Long::kept(text))
}

/// Additional data as a file has them.
pub(super) fn additional(pairs: Vec<(String, String)>) -> BTreeMap<Line, Long> {
    pairs.into_iter().map(|(key, value)| (Line::kept(key), Long::kept(value))).collect()
}

/// A text of one line, if it says something.
pub(super) fn line(text: String) -> Option<Line> {
    (!text.is_empty()).then(|| Line::kept(text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_item_of_the_contract_is_read() {
        let answer = json!({"Full": {
            "thing": {
                "version": 2, "created": "1700000000000", "creator": "acme/anna", "number": "0", "place": "5", "name": "Steel",
                "closing": {"at": "1700000000009", "by": "acme/anna", "rejected": null}, "assignee": "acme/bob", "tags": ["x"],
                "kind": {"Workflowitem": {
                    "item_type": "General", "amount_type": "Disbursed", "amount": "5", "currency": "EUR",
                    "rate": {"value": "1", "source": "same currency", "date": "9"}, "billing_date": "7", "due_date": null,
                    "funding": null, "corrects": null, "documents": 0, "validated": 0
                }}
            },
            "texts": {"description": "", "thumbnail": "", "markdown": "", "additional": [["a", "b"]]},
            "projected": []
        }});
        let Details::Full { thing, texts, .. } = serde_json::from_value(answer).unwrap() else { panic!("redacted") };
        assert_eq!(thing.chain().closed_at, Some(1_700_000_000_009));
        assert_eq!(texts.additional, [("a".to_owned(), "b".to_owned())]);
        let Level::Workflowitem(work) = thing.kind else { panic!("no item") };
        assert_eq!((work.amount_type.0, work.item_type.0), (AmountType::Disbursed, ItemType::General));
        let unknown = serde_json::from_value::<Word<Mode>>(json!("Sideways")).unwrap_err().to_string();
        assert!(unknown.contains("Sideways"), "{unknown}");
    }

    #[test]
    fn documents_are_files_or_links() {
        let hash = format!("0x{}", "ab".repeat(32));
        let page = json!({"documents": [
            ["a", {"name": "A", "comment": "", "content": {"File": {"hash": hash, "size": "5"}}, "added": "1", "by": "x", "validated": null}],
            ["b", {"name": "B", "comment": "c", "content": {"Link": {"url": "https://b", "hash": null}}, "added": "1", "by": "x",
                "validated": {"at": "5", "by": "x"}}]
        ], "next": null});
        let page: DocumentPage = serde_json::from_value(page).unwrap();
        let documents: Vec<Document> = page.documents.into_iter().map(Document::from).collect();
        assert_eq!(
            (documents[0].size, documents[0].url.is_none(), documents[0].validated),
            (Some(Number(5)), true, false)
        );
        assert_eq!(
            (documents[1].hash.is_none(), documents[1].url.is_some(), documents[1].validated),
            (true, true, true)
        );
    }
}
