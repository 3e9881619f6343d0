//! What happened to a thing: one entry for each version, with the fields that changed. Not here: events (`event`).
//! Invariant: the entry of a version says all that differs from the one before it.

use coffer_sdk::prelude::*;

use crate::Budget;
use crate::access::Right;
use crate::error::Error;
use crate::permission::Resource;
use crate::thing::{Path, Texts, Thing, path_of};

/// Bytes of the texts of one entry; a storage entry holds 64 KiB.
const MAX_CHANGE: usize = 60_000;
/// Bytes of the texts on a page; a result has at most 64 KiB.
const MAX_PAGE: usize = 48_000;
/// Entries on a page.
const MAX_ENTRIES: usize = 100;
/// Entries that are looked at for one page.
const MAX_LOOKED_AT: usize = 400;

/// What kind of change it was.
#[contract_type]
#[derive(Clone, Copy)]
pub enum ChangeKind {
    /// It came to be.
    Created,
    /// Fields got other values.
    Updated,
    /// It was assigned.
    Assigned,
    /// It was closed.
    Closed,
    /// It was closed as rejected.
    Rejected,
    /// A correction of it was closed or reopened.
    Corrected,
    /// Its open items were put into another order.
    Reordered,
    /// A projected budget was set.
    BudgetSet,
    /// A projected budget was deleted.
    BudgetDeleted,
    /// A document was added.
    DocumentAdded,
    /// A document was validated.
    DocumentValidated,
    /// A document was deleted.
    DocumentDeleted,
    /// Its policies were set.
    PoliciesSet,
    /// It was reopened.
    Reopened,
}

/// One change of a thing.
#[contract_type]
pub struct Change {
    /// When, in milliseconds.
    pub at: u64,
    /// The user who made it.
    pub publisher: String,
    /// What kind.
    pub kind: ChangeKind,
    /// What was different afterwards.
    pub fields: Vec<FieldChange>,
}

/// A field with its old and its new value.
#[contract_type]
pub struct FieldChange {
    /// Name.
    pub field: String,
    /// Its value before, as text.
    pub old: Option<String>,
    /// Its value afterwards, as text.
    pub new: Option<String>,
}

/// Which entries of a history are asked for. What is not given does not matter.
#[contract_type]
#[derive(Default)]
pub struct HistoryFilter {
    /// Changes of this user.
    pub publisher: Option<String>,
    /// Changes from then on, in milliseconds.
    pub from: Option<u64>,
    /// Changes until then, it included, in milliseconds.
    pub until: Option<u64>,
    /// Changes of these kinds.
    pub kinds: Option<Vec<ChangeKind>>,
}

/// Some entries of a history, the oldest first.
#[contract_type]
pub struct HistoryPage {
    /// Each with the version that it made.
    pub changes: Vec<(u32, Change)>,
    /// If there may be more: they are behind this version.
    pub next: Option<u32>,
}

/// A field that changed, as an entry of the history has it; of what did not change nothing.
pub fn difference(field: &str, old: Option<String>, new: Option<String>) -> Option<FieldChange> {
    let said = |value: Option<String>| value.filter(|text| !text.is_empty());
    let (old, new) = (said(old), said(new));
    (old != new).then(|| FieldChange { field: field.to_owned(), old, new })
}

/// All that differs between two states of a thing; before it is created there is none.
pub fn differences(old: Option<(&Thing, &Texts)>, new: (&Thing, &Texts)) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    let (before, texts) = (old.map(|(thing, _)| thing), old.map(|(_, texts)| texts));
    let mut note = |field: &str, old: Option<String>, new: Option<String>| changes.extend(difference(field, old, new));
    note("name", before.map(|old| old.name.clone()), Some(new.0.name.clone()));
    note("assignee", before.map(|old| old.assignee.clone()), Some(new.0.assignee.clone()));
    note("tags", before.map(|old| old.tags.join(", ")), Some(new.0.tags.join(", ")));
    note("description", texts.map(|old| old.description.clone()), Some(new.1.description.clone()));
    note("thumbnail", texts.map(|old| old.thumbnail.clone()), Some(new.1.thumbnail.clone()));
    note("markdown", texts.map(|old| old.markdown.clone()), Some(new.1.markdown.clone()));
    let keys: BTreeSet<&String> = texts.into_iter().chain([new.1]).flat_map(|texts| texts.additional.keys()).collect();
    for key in keys {
        let value = |texts: &Texts| texts.additional.get(key).cloned();
        note(&format!("additional.{key}"), texts.and_then(value), value(new.1));
    }
    changes.extend(crate::amount::differences(before.map(Thing::work).as_ref(), &new.0.work()));
    changes
}

impl Budget {
    /// Keeps what happened to a thing under the version that it made.
    ///
    /// # Errors
    /// [`Error::TooMuch`] if the texts do not fit into one entry.
    pub(crate) fn record(
        &mut self,
        path: &Path,
        version: u32,
        publisher: &str,
        kind: ChangeKind,
        fields: Vec<FieldChange>,
    ) -> Result<(), Error> {
        let given = size(&fields);
        if given > MAX_CHANGE {
            let what = "bytes of old and new texts in one command: change fewer fields at once".to_owned();
            return Err(Error::TooMuch { what, given: given as u64, most: MAX_CHANGE as u64 });
        }
        let (project, subproject, item) = path.clone();
        let change = Change { at: block_time(), publisher: publisher.to_owned(), kind, fields };
        self.history.set(&(project, subproject, item, version), &change);
        Ok(())
    }

    /// See `Budget::history`.
    pub(crate) fn history_page(
        &self,
        resource: &Resource,
        filter: &HistoryFilter,
        after: u32,
        limit: u32,
    ) -> Result<HistoryPage, Error> {
        let path = path_of(resource)?;
        if !self.things.contains(&path) {
            return Err(Error::NotFound { resource: resource.clone() });
        }
        self.require_any(&[Right::ViewDetails, Right::ViewHistory], resource)?;
        let most = (limit as usize).clamp(1, MAX_ENTRIES);
        let (project, subproject, item) = path.clone();
        let last_seen = (project, subproject, item, after);
        let changes_of = self.history.iter_under_after(&path, &last_seen);
        let (mut changes, mut bytes, mut last) = (Vec::new(), 0, after);
        for (looked_at, (key, change)) in changes_of.enumerate() {
            let matches = filter.matches(&change);
            bytes += if matches { size(&change.fields) + 200 } else { 0 };
            let full = changes.len() == most || (bytes > MAX_PAGE && !changes.is_empty()) || looked_at == MAX_LOOKED_AT;
            if full {
                return Ok(HistoryPage { changes, next: Some(last) });
            }
            last = key.3;
            if matches {
                changes.push((key.3, change));
            }
        }
        Ok(HistoryPage { changes, next: None })
    }
}

impl HistoryFilter {
    fn matches(&self, change: &Change) -> bool {
        self.publisher.as_ref().is_none_or(|publisher| *publisher == change.publisher)
            && self.from.is_none_or(|from| change.at >= from)
            && self.until.is_none_or(|until| change.at <= until)
            && self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&change.kind))
    }
}

fn size(fields: &[FieldChange]) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    fields.iter().map(|change| change.field.len() + text(&change.old) + text(&change.new) + 16).sum()
}
