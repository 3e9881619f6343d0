//! Budgets of a programme: projects, subprojects and workflow items, with the money that is planned, set aside and paid out. Not here: who
//! may do what, which the permission contract decides. Invariants: the signer's account alone decides what a command may do; nothing open
//! is under something closed; money is never rounded.
//!
//! A command names the version that its author saw, if it should fail when somebody else was faster. A list comes in pages, and a page
//! costs the same however long the list is.
#![no_std]
use coffer_sdk::prelude::*;

mod access;
mod amount;
mod assignment;
mod close;
mod command;
mod create;
mod document;
mod edit;
mod error;
mod event;
mod field;
mod history;
mod ledger;
mod money;
mod order;
mod projected;
mod reopen;
mod text;
mod thing;
mod totals;
mod view;

import_contract!(
    pub mod permission = "permission.spec"
);

pub use crate::permission::Resource;
pub use assignment::AssignmentPage;
pub use create::{NewItem, NewProject, NewSubproject};
pub use document::{Content, Document, DocumentPage, NewDocument, Validation};
pub use error::Error;
pub use event::*;
pub use field::Field;
pub use history::{Change, ChangeKind, FieldChange, HistoryFilter, HistoryPage};
pub use ledger::Spent;
pub use money::Decimal;
pub use projected::{NewProjected, Projected};
pub use reopen::{Ballot, Reopening};
pub use thing::*;
pub use totals::{Total, Totals, TotalsStep};
pub use view::{Details, Page, Redacted, Row};

/// Parties of a programme.
const MAX_PARTIES: usize = 64;

/// Budgets of a programme.
#[contract]
pub struct Budget {
    /// What the programme is.
    about: Item<About>,
    /// Projects, subprojects and items, by their path.
    things: LookupMap<Path, Thing>,
    /// Their long texts.
    texts: LookupMap<Path, Texts>,
    /// What is below a project or subproject, or below the programme, in order: (project, subproject, place) to id.
    order: Map<(String, String, u128), String>,
    /// What it counts and adds up to: (project, subproject).
    ledgers: LookupMap<(String, String), Ledger>,
    /// Projected budgets: (project, subproject, organisation, currency).
    projected: Map<(String, String, String, String), Decimal>,
    /// Money of the items that are closed and not rejected.
    spent: Map<Path, Spent>,
    /// The closed items that correct an item.
    corrections: LookupMap<Path, Corrections>,
    /// Documents of items: (project, subproject, item, id).
    documents: Map<(String, String, String, String), Document>,
    /// What happened: (project, subproject, item, version).
    history: Map<(String, String, String, u32), Change>,
    /// Votes on opening again.
    ballots: LookupMap<Path, Ballot>,
    /// What is open, by the hash of its assignee's name: (hash, project, subproject, item).
    assigned: Set<(Hash, String, String, String)>,
}

/// What the programme is.
#[contract_type]
pub struct About {
    /// The contract that knows who may do what.
    pub permission: ContractId,
    /// The organisations that vote on opening again what was closed.
    pub parties: Vec<String>,
}

#[contract]
impl Budget {
    /// Sets the programme up.
    pub fn init(
        &mut self,
        /// The permission contract, which is then linked to this one.
        permission: ContractId,
        /// The organisations of the programme, at most 64. Each has one voice when something closed is to be opened again.
        parties: Vec<String>,
    ) -> Result<(), Error> {
        if parties.is_empty() {
            return Err(text::missing("parties", "name the organisations of the programme"));
        }
        if parties.len() > MAX_PARTIES {
            let (given, most) = (parties.len() as u64, MAX_PARTIES as u64);
            return Err(Error::TooMuch { what: "parties".to_owned(), given, most });
        }
        let mut names: Vec<String> = Vec::new();
        for party in parties {
            let party = text::required("parties", &party)?;
            if party.len() > projected::MAX_ORGANISATION {
                return Err(text::invalid("parties", &party, "an organisation's name has at most 128 bytes"));
            }
            if names.contains(&party) {
                return Err(text::invalid("parties", &party, "it stands there twice"));
            }
            names.push(party);
        }
        self.about.set(&About { permission, parties: names });
        Ok(())
    }

    /// Creates a project and returns its id. Needs `global.createProject`.
    pub fn project_create(&mut self, new: NewProject) -> Result<String, Error> {
        self.new_project(new)
    }

    /// Creates a subproject and returns its id. Needs `project.createSubproject`.
    pub fn subproject_create(
        &mut self,
        project: String,
        new: NewSubproject,
        /// The version of the project, if it must not have changed.
        seen: Option<u32>,
    ) -> Result<String, Error> {
        self.new_subproject(project, new, seen)
    }

    /// Creates a workflow item and returns its id. Needs `subproject.createWorkflowitem`, and for a restricted one also
    /// `subproject.intent.grantPermission`.
    pub fn item_create(
        &mut self,
        project: String,
        subproject: String,
        new: NewItem,
        /// The version of the subproject, if it must not have changed.
        seen: Option<u32>,
    ) -> Result<String, Error> {
        self.new_item(project, subproject, new, seen)
    }

    /// Sets fields and returns the new version. Needs `update` of the level.
    pub fn update(&mut self, resource: Resource, fields: Vec<Field>, seen: Option<u32>) -> Result<u32, Error> {
        self.set_fields(resource, fields, seen)
    }

    /// Assigns something to a user or a group and returns the new version. Needs `assign` of the level, and of a restricted item also
    /// `workflowitem.intent.grantPermission`: the rights go with it.
    pub fn assign(&mut self, resource: Resource, assignee: String, seen: Option<u32>) -> Result<u32, Error> {
        self.assign_to(resource, &assignee, seen)
    }

    /// Closes something, and returns what policies warn of. Closing the closed is a success without effect. Needs `close` of the level, and
    /// the signer must be in the assignee.
    pub fn close(
        &mut self,
        resource: Resource,
        /// Why a workflow item is rejected, if it is.
        rejected: Option<String>,
        seen: Option<u32>,
    ) -> Result<Vec<String>, Error> {
        self.close_thing(resource, rejected, seen)
    }

    /// Says that the signer's organisation wants something closed to be open again, or wants it no longer. It is open once more than half of
    /// the parties want it. Needs `close` of the level.
    pub fn reopen(&mut self, resource: Resource, agrees: bool, seen: Option<u32>) -> Result<Reopening, Error> {
        self.vote(resource, agrees, seen)
    }

    /// Puts open items of a subproject into an order, in place of the one before, and returns the subproject's new version: these come first,
    /// at most 500, and the others follow as they were created. Needs `subproject.reorderWorkflowitems`.
    pub fn reorder(
        &mut self,
        project: String,
        subproject: String,
        items: Vec<String>,
        seen: Option<u32>,
    ) -> Result<u32, Error> {
        self.order_items(project, subproject, items, seen)
    }

    /// Sets a projected budget of a project or subproject, in place of the one of this organisation and currency, and returns what
    /// policies warn of. Needs `budget.updateProjected` of the level.
    pub fn budget_set(
        &mut self,
        resource: Resource,
        projected: NewProjected,
        seen: Option<u32>,
    ) -> Result<Vec<String>, Error> {
        self.set_projected(resource, &projected, seen)
    }

    /// Deletes a projected budget, if there is one, and returns what policies warn of. Needs `budget.deleteProjected` of the level.
    pub fn budget_delete(
        &mut self,
        resource: Resource,
        organisation: String,
        currency: String,
        seen: Option<u32>,
    ) -> Result<Vec<String>, Error> {
        self.delete_projected(resource, &organisation, currency, seen)
    }

    /// Sets what a project demands of its items, and returns its new version. Needs `project.update`.
    pub fn policies_set(&mut self, project: String, policies: Policies, seen: Option<u32>) -> Result<u32, Error> {
        self.set_policies(project, policies, seen)
    }

    /// Adds a document to a workflow item. Needs `workflowitem.update`.
    pub fn document_add(&mut self, item: Resource, document: NewDocument, seen: Option<u32>) -> Result<(), Error> {
        self.add_document(item, document, seen)
    }

    /// Says that the bytes of a document are those of its hash. A link without a hash gets it. Needs `workflowitem.validateDocument`.
    pub fn document_validate(
        &mut self,
        item: Resource,
        document: String,
        /// SHA-256 of the bytes, as they are now.
        hash: Hash,
        seen: Option<u32>,
    ) -> Result<(), Error> {
        self.validate_document(item, document, hash, seen)
    }

    /// Deletes a document of an open workflow item. Needs `workflowitem.update`.
    pub fn document_delete(&mut self, item: Resource, document: String, seen: Option<u32>) -> Result<(), Error> {
        self.delete_document(item, document, seen)
    }

    /// The permission contract and the parties.
    pub fn about(&self) -> Option<About> {
        self.about.get()
    }

    /// The currencies that amounts can be in: the codes of ISO 4217, in the order of the alphabet.
    pub fn currencies(&self) -> Vec<String> {
        money::currencies().map(str::to_owned).collect()
    }

    /// All of a project, subproject or workflow item, but for its documents. Needs `list` or `viewDetails` of the level; of an item without
    /// them only that it is there.
    pub fn get(&self, resource: Resource) -> Result<Details, Error> {
        self.details(&resource)
    }

    /// A page of the projects (below the global resource), of a project's subprojects or of a subproject's items: the closed ones first,
    /// by the time they closed, then the items of the order list, then the others as they were created.
    pub fn list(
        &self,
        /// What they are below.
        parent: Resource,
        /// `next` of the page before.
        after: Option<u128>,
        /// Rows, at most 50.
        limit: u32,
    ) -> Result<Page, Error> {
        self.page(&parent, after, limit)
    }

    /// The order list of a subproject: the open items that come before the others. Needs `list` or `viewDetails`.
    pub fn ordered(&self, project: String, subproject: String) -> Result<Vec<String>, Error> {
        self.list_of_order(project, subproject)
    }

    /// A page of a workflow item's documents, by their ids. Needs `list` or `viewDetails`.
    pub fn documents(
        &self,
        item: Resource,
        /// `next` of the page before.
        after: Option<String>,
        /// Documents, at most 15.
        limit: u32,
    ) -> Result<DocumentPage, Error> {
        self.document_page(&item, after, limit)
    }

    /// A page of what happened to something, the oldest first. Needs `viewDetails` or `viewHistory` of the level.
    pub fn history(
        &self,
        resource: Resource,
        filter: HistoryFilter,
        /// `next` of the page before; 0 for the first.
        after: u32,
        /// Changes, at most 100.
        limit: u32,
    ) -> Result<HistoryPage, Error> {
        self.history_page(&resource, &filter, after, limit)
    }

    /// What is projected, allocated and disbursed in the programme, a project or a subproject, of all that the reader may see. Ask again with
    /// the answer until its `next` is empty.
    pub fn totals(&self, scope: Resource, so_far: Option<Totals>) -> Result<Totals, Error> {
        self.add_up(&scope, so_far)
    }

    /// A page of what is open and assigned to a user or a group itself, by path. About oneself and the groups one is in everybody may ask; about others
    /// it needs `global.listAssignments`.
    pub fn assignments(
        &self,
        identity: String,
        /// `next` of the page before.
        after: Option<Resource>,
        /// Rows, at most 50.
        limit: u32,
    ) -> Result<AssignmentPage, Error> {
        self.assignment_page(&identity, after, limit)
    }

    /// For the permission contract only, which does not disable a user to whom something open is assigned: how much that is, counted up to 100.
    /// Nothing for whoever else asks.
    pub fn open_assignments(&self, identity: String) -> Option<u32> {
        self.count_assigned(&identity)
    }

    /// How the vote on opening something again stands. Needs `list` or `viewDetails` of the level.
    pub fn reopening(&self, resource: Resource) -> Result<Reopening, Error> {
        self.vote_of(&resource)
    }
}
