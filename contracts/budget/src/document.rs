//! Documents of workflow items: what they are called and what their bytes hash to. The bytes are kept off the chain. Invariant: the hash or
//! link of a document is never replaced; a hash is only ever added where a link has none.

use coffer_sdk::prelude::*;

use crate::Budget;
use crate::access::{Right, SEEN_BY};
use crate::command::Command;
use crate::error::Error;
use crate::event::{DocumentAdded, DocumentDeleted, DocumentValidated};
use crate::history::{ChangeKind, FieldChange, difference};
use crate::permission::Resource;
use crate::text::{self, invalid, required};
use crate::thing::{Kind, Path, Work, path_of};

/// Documents of one item.
pub const MAX_DOCUMENTS: u32 = 200;
/// Documents on a page: so many fit into a result whatever their texts are.
const MAX_PAGE: u32 = 15;

/// A document to be added.
#[contract_type]
pub struct NewDocument {
    /// Its id, unique within the item.
    pub id: String,
    /// Name of the file, or what the link is called.
    pub name: String,
    /// What somebody has to say about it.
    pub comment: String,
    /// Where its bytes are.
    pub content: Content,
}

/// Where the bytes of a document are.
#[contract_type]
pub enum Content {
    /// In a document store.
    File {
        /// SHA-256 of the bytes.
        hash: Hash,
        /// How many they are.
        size: u64,
    },
    /// Elsewhere.
    Link {
        /// Where.
        url: String,
        /// SHA-256 of the bytes, if somebody computed it.
        hash: Option<Hash>,
    },
}

/// A document.
#[contract_type]
pub struct Document {
    /// Name of the file, or what the link is called.
    pub name: String,
    /// What somebody has to say about it.
    pub comment: String,
    /// Where its bytes are.
    pub content: Content,
    /// When it was added, in milliseconds.
    pub added: u64,
    /// By which user.
    pub by: String,
    /// Who found the bytes to be those of the hash, if somebody did.
    pub validated: Option<Validation>,
}

/// That somebody found a document's bytes to be those of its hash.
#[contract_type]
pub struct Validation {
    /// When, in milliseconds.
    pub at: u64,
    /// Which user.
    pub by: String,
}

/// Some documents of an item, by their ids.
#[contract_type]
pub struct DocumentPage {
    /// Each with its id.
    pub documents: Vec<(String, Document)>,
    /// If there are more: they are behind this id.
    pub next: Option<String>,
}

/// Checks the documents that an item is created with, and counts them.
///
/// # Errors
/// What is wrong with one of them; the same id twice.
pub fn read(new: Vec<NewDocument>, work: &mut Work, user: &str) -> Result<Vec<(String, Document)>, Error> {
    let mut documents: Vec<(String, Document)> = Vec::new();
    for new in new {
        let (id, document) = checked(new, user)?;
        if documents.iter().any(|(other, _)| *other == id) {
            return Err(invalid("documents.id", &id, "there are two documents of this id"));
        }
        count(work)?;
        documents.push((id, document));
    }
    Ok(documents)
}

fn count(work: &mut Work) -> Result<(), Error> {
    if work.documents >= MAX_DOCUMENTS {
        let given = u64::from(work.documents) + 1;
        return Err(Error::TooMuch { what: "documents".to_owned(), given, most: MAX_DOCUMENTS.into() });
    }
    work.documents += 1;
    Ok(())
}

fn checked(new: NewDocument, user: &str) -> Result<(String, Document), Error> {
    let content = match new.content {
        Content::Link { url, hash } => Content::Link { url: required("document.url", &url)?, hash },
        file => file,
    };
    let document = Document {
        name: required("document.name", &new.name)?,
        comment: text::line("document.comment", &new.comment)?,
        content,
        added: block_time(),
        by: user.to_owned(),
        validated: None,
    };
    Ok((text::id("document.id", &new.id)?, document))
}

impl Document {
    fn hash(&self) -> Option<Hash> {
        match &self.content {
            Content::File { hash, .. } => Some(*hash),
            Content::Link { hash, .. } => *hash,
        }
    }

    /// What the history says of a new one.
    pub fn difference(&self, id: &str) -> Option<FieldChange> {
        difference(&format!("document.{id}"), None, Some(self.text()))
    }

    /// As the history has it.
    fn text(&self) -> String {
        match &self.content {
            Content::File { hash, size } => format!("{}: {hash}, {size} bytes", self.name),
            Content::Link { url, hash: None } => format!("{}: {url}", self.name),
            Content::Link { url, hash: Some(hash) } => format!("{}: {url}, {hash}", self.name),
        }
    }
}

fn key(path: &Path, id: &str) -> (String, String, String, String) {
    (path.0.clone(), path.1.clone(), path.2.clone(), id.to_owned())
}

/// The record of an item under a command.
fn work(command: &Command) -> Result<Work, Error> {
    match &command.thing.kind {
        Kind::Workflowitem(work) => Ok(work.clone()),
        _ => Err(Error::NotFound { resource: command.resource.clone() }),
    }
}

impl Budget {
    /// Stores a document of an item that has none of that id.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it has.
    pub(crate) fn keep_document(&mut self, path: &Path, id: String, document: &Document) -> Result<(), Error> {
        let key = key(path, &id);
        if self.documents.contains(&key) {
            return Err(invalid("document.id", &id, "the item has a document of this id, which is never replaced"));
        }
        self.documents.set(&key, document);
        Ok(())
    }

    /// See `Budget::document_add`.
    pub(crate) fn add_document(
        &mut self,
        resource: Resource,
        new: NewDocument,
        seen: Option<u32>,
    ) -> Result<(), Error> {
        let mut command = self.begin_open(resource, &[Right::Update], seen)?;
        let mut work = work(&command)?;
        let (id, document) = checked(new, &command.actor.user)?;
        count(&mut work)?;
        command.thing.kind = Kind::Workflowitem(work);
        self.keep_document(&command.path, id.clone(), &document)?;
        let change = document.difference(&id);
        let new = self.finish(&mut command, ChangeKind::DocumentAdded, change.into_iter().collect())?;
        let (actor, resource) = (command.actor.user, command.resource);
        emit(DocumentAdded { actor, resource, old: new - 1, new, document: id });
        Ok(())
    }

    /// See `Budget::document_validate`.
    pub(crate) fn validate_document(
        &mut self,
        resource: Resource,
        id: String,
        hash: Hash,
        seen: Option<u32>,
    ) -> Result<(), Error> {
        let mut command = self.begin_open(resource, &[Right::ValidateDocument], seen)?;
        let mut work = work(&command)?;
        let mut document = self.document(&command.path, &id)?;
        if document.hash().is_some_and(|stored| stored != hash) {
            let why = format!("the document's bytes hash to something else: {hash}");
            return Err(invalid("hash", &document.text(), &why));
        }
        if document.validated.is_some() {
            return Err(Error::NoChange { resource: command.resource });
        }
        if let Content::Link { hash: unknown @ None, .. } = &mut document.content {
            *unknown = Some(hash);
        }
        document.validated = Some(Validation { at: block_time(), by: command.actor.user.clone() });
        work.validated += 1;
        command.thing.kind = Kind::Workflowitem(work);
        self.documents.set(&key(&command.path, &id), &document);
        let change = difference(&format!("document.{id}.validated"), None, Some(format!("{hash}")));
        let new = self.finish(&mut command, ChangeKind::DocumentValidated, change.into_iter().collect())?;
        let (actor, resource) = (command.actor.user, command.resource);
        emit(DocumentValidated { actor, resource, old: new - 1, new, document: id });
        Ok(())
    }

    /// See `Budget::document_delete`.
    pub(crate) fn delete_document(&mut self, resource: Resource, id: String, seen: Option<u32>) -> Result<(), Error> {
        let mut command = self.begin_open(resource, &[Right::Update], seen)?;
        let mut work = work(&command)?;
        let document = self.document(&command.path, &id)?;
        work.documents = work.documents.saturating_sub(1);
        work.validated = work.validated.saturating_sub(u32::from(document.validated.is_some()));
        command.thing.kind = Kind::Workflowitem(work);
        self.documents.remove(&key(&command.path, &id));
        let change = difference(&format!("document.{id}"), Some(document.text()), None);
        let new = self.finish(&mut command, ChangeKind::DocumentDeleted, change.into_iter().collect())?;
        let (actor, resource) = (command.actor.user, command.resource);
        emit(DocumentDeleted { actor, resource, old: new - 1, new, document: id });
        Ok(())
    }

    fn document(&self, path: &Path, id: &str) -> Result<Document, Error> {
        let document = self.documents.get(&key(path, &text::id("document", id)?));
        document.ok_or_else(|| invalid("document", id, "the item has no document of this id"))
    }

    /// See `Budget::documents`.
    pub(crate) fn document_page(
        &self,
        resource: &Resource,
        after: Option<String>,
        limit: u32,
    ) -> Result<DocumentPage, Error> {
        let path = path_of(resource)?;
        self.thing(&path)?;
        self.require_any(&SEEN_BY, resource)?;
        let last_seen = key(&path, after.as_deref().unwrap_or_default());
        let most = limit.clamp(1, MAX_PAGE) as usize;
        let mut documents = Vec::new();
        for (key, document) in self.documents.iter_under_after(&path, &last_seen) {
            if documents.len() == most {
                let next = documents.last().map(|(id, _): &(String, Document)| id.clone());
                return Ok(DocumentPage { documents, next });
            }
            documents.push((key.3, document));
        }
        Ok(DocumentPage { documents, next: None })
    }
}
