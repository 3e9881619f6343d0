//! What readers see: one thing, and pages of what is below one. Not here: histories (`history`), sums (`totals`). Invariants: of an item that
//! a reader may not list it sees no more than that it is there and when it closed; of a project or subproject not even that. A page reads
//! what it shows and asks the permission contract once.

use coffer_sdk::prelude::*;

use crate::Budget;
use crate::access::{Right, SEEN_BY};
use crate::error::Error;
use crate::money::Decimal;
use crate::permission::Resource;
use crate::projected::Projected;
use crate::thing::{Kind, Path, Texts, Thing, path_of, resource_at};

/// Rows on a page.
pub const MAX_ROWS: u32 = 50;
/// Things that are looked at for one page.
const MAX_LOOKED_AT: usize = 200;
/// Bytes of texts on a page; a result has at most 64 KiB.
const MAX_BYTES: usize = 44_000;

/// A thing in a list.
#[contract_type]
pub enum Row {
    /// What the reader may see.
    Full {
        /// Its id.
        id: String,
        /// The thing.
        thing: Box<Thing>,
    },
    /// A workflow item that the reader may not list.
    Redacted(Redacted),
}

/// What everybody sees of a workflow item who sees its subproject.
#[contract_type]
pub struct Redacted {
    /// Its id.
    pub id: String,
    /// Its subproject.
    pub parent: Resource,
    /// When it was created, in milliseconds.
    pub created: u64,
    /// True until it is closed.
    pub open: bool,
    /// When it was closed, in milliseconds.
    pub closed: Option<u64>,
}

/// Some of what is below something, in order.
#[contract_type]
pub struct Page {
    /// The rows.
    pub rows: Vec<Row>,
    /// If there may be more: hand it in as `after`. A page can have few rows and yet not be the last, when there is much that the reader
    /// may not see.
    pub next: Option<u128>,
}

/// All of a thing, but for its documents, which have pages of their own.
#[contract_type]
pub enum Details {
    /// What the reader may see.
    Full {
        /// The thing.
        thing: Box<Thing>,
        /// Its long texts.
        texts: Texts,
        /// Its projected budgets.
        projected: Vec<Projected>,
    },
    /// A workflow item that the reader may not see.
    Redacted(Redacted),
}

impl Redacted {
    fn of(path: &Path, thing: &Thing) -> Self {
        let (id, parent) = (path.2.clone(), resource_at(&(path.0.clone(), path.1.clone(), String::new())));
        let closed = thing.closing.as_ref().map(|closing| closing.at);
        Self { id, parent, created: thing.created, open: closed.is_none(), closed }
    }
}

impl Budget {
    /// See `Budget::get`.
    pub(crate) fn details(&self, resource: &Resource) -> Result<Details, Error> {
        let path = path_of(resource)?;
        let thing = self.thing(&path)?;
        match (self.require_any(&SEEN_BY, resource), &thing.kind) {
            (Err(Error::NotAllowed { .. }), Kind::Workflowitem(_)) => {
                // Who does not see the subproject does not see that the item is there.
                let parent = resource_at(&(path.0.clone(), path.1.clone(), String::new()));
                self.require_any(&SEEN_BY, &parent)?;
                return Ok(Details::Redacted(Redacted::of(&path, &thing)));
            }
            (seen, _) => seen?,
        }
        let texts = self.texts.get_or_default(&path);
        let projected = match thing.kind {
            Kind::Workflowitem(_) => Vec::new(),
            _ => self.projected_of(&path).map(|(one, two, value)| Projected::of(one, two, value)).collect(),
        };
        Ok(Details::Full { thing: Box::new(thing), texts, projected })
    }

    /// See `Budget::list`.
    pub(crate) fn page(&self, parent: &Resource, after: Option<u128>, limit: u32) -> Result<Page, Error> {
        let path = match parent {
            Resource::Global => Path::default(),
            Resource::Item { .. } => return Err(Error::NotFound { resource: parent.clone() }),
            parent => {
                let path = path_of(parent)?;
                self.thing(&path)?;
                self.require_any(&SEEN_BY, parent)?;
                path
            }
        };
        let is_item = !path.1.is_empty();
        let most = limit.clamp(1, MAX_ROWS) as usize;
        let mut page = Page { rows: Vec::new(), next: None };
        let mut bytes = 0;
        let (mut from, mut looked_at) = (after.map_or(0, |after| after.saturating_add(1)), 0);
        // Of items every one is a row; of others there may be some that the reader does not see, so that more rounds are needed.
        while looked_at < MAX_LOOKED_AT {
            let round = most - page.rows.len();
            let found: Vec<(u128, String)> = self.children(&path, from).take(round + 1).collect();
            let more = found.len() > round;
            let children: Vec<(u128, Path)> =
                found.into_iter().take(round).map(|(place, id)| (place, child(&path, id))).collect();
            looked_at += round;
            let resources = children.iter().map(|(_, path)| resource_at(path)).collect();
            let visible = self.sees(resources, if is_item { &[Right::List] } else { &SEEN_BY })?;
            for ((place, path), visible) in children.into_iter().zip(visible) {
                let Some(row) = self.row(&path, visible, is_item)? else {
                    page.next = Some(place);
                    continue;
                };
                bytes += row.size();
                if bytes > MAX_BYTES && !page.rows.is_empty() {
                    return Ok(page);
                }
                page.rows.push(row);
                page.next = Some(place);
            }
            if !more {
                page.next = None;
                break;
            }
            if page.rows.len() == most {
                break;
            }
            from = page.next.map_or(0, |place| place + 1);
        }
        Ok(page)
    }

    /// See `Budget::ordered`.
    pub(crate) fn list_of_order(&self, project: String, subproject: String) -> Result<Vec<String>, Error> {
        let resource = Resource::Subproject { project, subproject };
        let path = path_of(&resource)?;
        self.thing(&path)?;
        self.require_any(&SEEN_BY, &resource)?;
        Ok(self.order_list(&path))
    }

    fn row(&self, path: &Path, visible: bool, is_item: bool) -> Result<Option<Row>, Error> {
        if !visible && !is_item {
            return Ok(None);
        }
        let thing = self.thing(path)?;
        Ok(Some(if visible {
            Row::Full { id: crate::close::last_id(path).to_owned(), thing: Box::new(thing) }
        } else {
            Row::Redacted(Redacted::of(path, &thing))
        }))
    }
}

/// The path of a child.
pub fn child(parent: &Path, id: String) -> Path {
    match (parent.0.is_empty(), parent.1.is_empty()) {
        (true, _) => (id, String::new(), String::new()),
        (_, true) => (parent.0.clone(), id, String::new()),
        _ => (parent.0.clone(), parent.1.clone(), id),
    }
}

impl Row {
    /// About how many bytes it has in a result, at least as many as it has.
    fn size(&self) -> usize {
        match self {
            Self::Full { id, thing } => id.len() + thing.size(),
            Self::Redacted(redacted) => 2 * redacted.id.len() + 200,
        }
    }
}

impl Thing {
    fn size(&self) -> usize {
        let line = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let closing = self.closing.as_ref().map_or(0, |closing| closing.by.len() + line(&closing.rejected));
        let tags: usize = self.tags.iter().map(|tag| tag.len() + 2).sum();
        let kind = match &self.kind {
            Kind::Project(_) => 0,
            Kind::Subproject(terms) => line(&terms.validator),
            Kind::Workflowitem(work) => {
                line(&work.funding)
                    + line(&work.corrects)
                    + line(&work.amount)
                    + work.rate.as_ref().map_or(0, |rate| rate.source.len() + rate.value.len())
            }
        };
        250 + self.creator.len() + self.name.len() + self.assignee.len() + tags + closing + kind
    }
}

impl Projected {
    fn of(organisation: String, currency: String, value: Decimal) -> Self {
        Self { organisation, currency, value: value.text() }
    }
}
