//! Things of a programme as the chain has them, in the form of a file. Not here: what the contracts answer (`answer`), whole programmes (`export`),
//! comparing (`plan`). Invariant: what the
//! reader may not see is told apart from what is not there.

use coffer_api::types::Number;
use serde_json::{Value, json};

use super::answer::{
    Details, DocumentPage, Effect, Grant, Identity, Level, Page, Permissions, ProjectedOf, ResourcePermissions,
    RoleRecord, Texts, Thing, UserRecord, additional, line, long,
};
use super::file::{Document, Item, Policies, Project, Projected, Rate, Subproject};
use super::link::{Failed, Link, Part};
use super::resource::Resource;
use super::rights::{Rights, Terms};
use super::text::{Amount, Currency, Id, Line, Positive, Principal, Tag};

/// Documents on a page.
const DOCUMENTS: u32 = 15;
/// Principals on a page of rights, and entries of other lists of the permission contract.
pub(super) const PAGE: u32 = 100;
/// Rows on a page of projects, subprojects or items.
pub(super) const ROWS: u32 = 50;

/// What comes of looking for a thing.
#[derive(Debug)]
pub(super) enum Sight<T> {
    /// It is not there.
    Absent,
    /// It is there, and the reader may not see it.
    Hidden,
    /// It.
    Here(Box<T>),
}

impl Link {
    /// A project without its subprojects and rights.
    ///
    /// # Errors
    /// When the contract refuses for another reason than that it is not there or not to be seen.
    pub(super) async fn project(&self, project: &Id) -> Result<Sight<Project>, Failed> {
        let resource = Resource::Project { project: project.to_string() };
        self.look(&resource, |thing, texts, projected| {
            let Level::Project(policies) = &thing.kind else { return None };
            let policies = Policies {
                four_eyes: policies.four_eyes.0,
                documents_validated: policies.documents_validated.0,
                ceilings: policies.ceilings.0,
            };
            Some(Project {
                id: Some(project.clone()),
                name: Line::kept(&thing.name),
                description: long(texts.description),
                assignee: Some(Principal::kept(&thing.assignee)),
                tags: thing.tags.iter().map(Tag::kept).collect(),
                markdown: long(texts.markdown),
                additional: additional(texts.additional),
                thumbnail: line(texts.thumbnail),
                projected: projected.into_iter().map(Projected::from).collect(),
                policies,
                closed: thing.closing.is_some(),
                rights: Vec::new(),
                chain: Some(thing.chain()),
                subprojects: Vec::new(),
            })
        })
        .await
    }

    /// A subproject with its order list, without its items and rights.
    ///
    /// # Errors
    /// As [`Link::project`].
    pub(super) async fn subproject(&self, project: &Id, subproject: &Id) -> Result<Sight<Subproject>, Failed> {
        let resource = Resource::Subproject { project: project.to_string(), subproject: subproject.to_string() };
        let sight = self.look(&resource, |thing, texts, projected| {
            let Level::Subproject(terms) = &thing.kind else { return None };
            Some(Subproject {
                id: Some(subproject.clone()),
                name: Line::kept(&thing.name),
                currency: Currency::kept(&terms.currency),
                description: long(texts.description),
                assignee: Some(Principal::kept(&thing.assignee)),
                validator: terms.validator.as_ref().map(Principal::kept),
                item_type: terms.item_type.map(|item_type| item_type.0),
                mode: terms.mode.0,
                tags: thing.tags.iter().map(Tag::kept).collect(),
                markdown: long(texts.markdown),
                additional: additional(texts.additional),
                thumbnail: line(texts.thumbnail),
                projected: projected.into_iter().map(Projected::from).collect(),
                closed: thing.closing.is_some(),
                rights: Vec::new(),
                chain: Some(thing.chain()),
                order: Vec::new(),
                items: Vec::new(),
                redacted: Vec::new(),
            })
        });
        let mut sight = sight.await?;
        if let Sight::Here(found) = &mut sight {
            let args = json!({ "project": project.as_str(), "subproject": subproject.as_str() });
            let order: Vec<String> = self.view(Part::Budget, "ordered", args).await?;
            found.order = order.into_iter().map(Id::kept).collect();
        }
        Ok(sight)
    }

    /// A workflow item with its documents, without its rights.
    ///
    /// # Errors
    /// As [`Link::project`].
    pub(super) async fn item(&self, project: &Id, subproject: &Id, item: &Id) -> Result<Sight<Item>, Failed> {
        let (project, subproject) = (project.to_string(), subproject.to_string());
        let resource = Resource::Item { project, subproject, item: item.to_string() };
        let mut documents = 0;
        let sight = self.look(&resource, |thing, texts, _| {
            let Level::Workflowitem(work) = &thing.kind else { return None };
            documents = work.documents;
            let closing = thing.closing.as_ref();
            let rejected = closing.and_then(|closing| closing.rejected.as_ref());
            Some(Item {
                id: Some(item.clone()),
                name: Line::kept(&thing.name),
                description: long(texts.description),
                assignee: Some(Principal::kept(&thing.assignee)),
                item_type: work.item_type.0,
                amount_type: work.amount_type.0,
                amount: work.amount.as_ref().map(Amount::kept),
                currency: work.currency.as_ref().map(Currency::kept),
                rate: work.rate.as_ref().map(|rate| Rate {
                    value: Positive::kept(&rate.value),
                    source: Line::kept(&rate.source),
                    date: Number(rate.date.0),
                }),
                billing_date: work.billing_date.map(|date| Number(date.0)),
                due_date: work.due_date.map(|date| Number(date.0)),
                funding: work.funding.as_ref().map(Line::kept),
                corrects: work.corrects.as_ref().map(Id::kept),
                tags: thing.tags.iter().map(Tag::kept).collect(),
                markdown: long(texts.markdown),
                additional: additional(texts.additional),
                documents: Vec::new(),
                closed: closing.is_some() && rejected.is_none(),
                rejected: rejected.map(Line::kept),
                rights: Vec::new(),
                chain: Some(thing.chain()),
            })
        });
        let mut sight = sight.await?;
        if let Sight::Here(found) = &mut sight
            && documents > 0
        {
            found.documents = self.documents(&resource).await?;
        }
        Ok(sight)
    }

    async fn look<T>(
        &self,
        resource: &Resource,
        read: impl FnOnce(&Thing, Texts, Vec<ProjectedOf>) -> Option<T>,
    ) -> Result<Sight<T>, Failed> {
        match self.view(Part::Budget, "get", json!({ "resource": resource })).await {
            Ok(Details::Full { thing, texts, projected }) => match read(&thing, texts, projected) {
                Some(found) => Ok(Sight::Here(Box::new(found))),
                None => Err(Failed::Broken(anyhow::anyhow!("the contract shows something else for {resource}"))),
            },
            Ok(Details::Redacted {}) => Ok(Sight::Hidden),
            Err(Failed::Refused { name, .. }) if name == "NotFound" => Ok(Sight::Absent),
            Err(Failed::Refused { name, .. }) if name == "NotAllowed" => Ok(Sight::Hidden),
            Err(failed) => Err(failed),
        }
    }

    async fn documents(&self, item: &Resource) -> Result<Vec<Document>, Failed> {
        let (mut all, mut after) = (Vec::new(), None::<String>);
        loop {
            let args = json!({ "item": item, "after": after, "limit": DOCUMENTS });
            let page: DocumentPage = self.view(Part::Budget, "documents", args).await?;
            all.extend(page.documents.into_iter().map(Document::from));
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(all),
            }
        }
    }

    /// What stands on a resource itself; nothing if the reader may not see it.
    ///
    /// # Errors
    /// As [`Link::view`].
    pub(super) async fn rights(&self, resource: &Resource) -> Result<Option<Rights>, Failed> {
        let (mut rights, mut after) = (Rights::new(), None::<String>);
        loop {
            let args = json!({ "resource": resource, "after": after, "limit": PAGE });
            let page: ResourcePermissions = match self.view(Part::Permission, "permissions", args).await {
                Ok(page) => page,
                Err(Failed::Refused { name, .. }) if name == "NotAllowed" => return Ok(None),
                Err(failed) => return Err(failed),
            };
            let count = page.principals.len();
            for Permissions { principal, grants } in page.principals {
                for grant in grants {
                    let Some(intent) = self.catalogue.worded(&grant.intent) else { continue };
                    let Grant { effect, inheritable, until, .. } = grant;
                    let until = until.map(|until| until.0);
                    // What has ended does nothing any more.
                    if until.is_some_and(|until| until <= self.now) {
                        continue;
                    }
                    rights.insert(
                        (principal.clone(), intent),
                        Terms { allowed: effect == Effect::Allowed, inheritable, until },
                    );
                }
                after = Some(principal);
            }
            if count < PAGE as usize {
                return Ok(Some(rights));
            }
        }
    }

    /// The user, group or organisation of a name.
    ///
    /// # Errors
    /// As [`Link::view`].
    pub(super) async fn identity(&self, name: &str) -> Result<Option<Identity>, Failed> {
        self.view(Part::Permission, "identity", json!({ "name": name })).await
    }

    /// The user of a name.
    ///
    /// # Errors
    /// As [`Link::view`].
    pub(super) async fn user(&self, name: &str) -> Result<Option<UserRecord>, Failed> {
        self.view(Part::Permission, "who_is", json!({ "user": name })).await
    }

    /// All members of a group, by their names.
    ///
    /// # Errors
    /// As [`Link::view`].
    pub(super) async fn members(&self, group: &str) -> Result<Vec<String>, Failed> {
        let found = self.identities("members", json!({ "of": group })).await?;
        Ok(found.into_iter().map(|identity| identity.name).collect())
    }

    /// All entries of a list of identities: `identities` or `members`.
    ///
    /// # Errors
    /// As [`Link::view`].
    pub(super) async fn identities(&self, method: &str, args: Value) -> Result<Vec<Identity>, Failed> {
        let (mut all, mut args) = (Vec::<Identity>::new(), args);
        loop {
            args["after"] = json!(all.last().map(|last| &last.name));
            args["limit"] = json!(PAGE);
            let page: Vec<Identity> = self.view(Part::Permission, method, args.clone()).await?;
            let is_last = page.len() < PAGE as usize;
            all.extend(page);
            if is_last {
                return Ok(all);
            }
        }
    }

    /// All roles.
    ///
    /// # Errors
    /// As [`Link::view`].
    pub(super) async fn roles(&self) -> Result<Vec<RoleRecord>, Failed> {
        let mut all: Vec<RoleRecord> = Vec::new();
        loop {
            let args = json!({ "after": all.last().map(|last| &last.role), "limit": PAGE });
            let page: Vec<RoleRecord> = self.view(Part::Permission, "roles", args).await?;
            let is_last = page.len() < PAGE as usize;
            all.extend(page);
            if is_last {
                return Ok(all);
            }
        }
    }

    /// A page of what is below something.
    ///
    /// # Errors
    /// As [`Link::view`].
    pub(super) async fn page(&self, parent: &Resource, after: Option<&str>) -> Result<Page, Failed> {
        self.view(Part::Budget, "list", json!({ "parent": parent, "after": after, "limit": ROWS })).await
    }
}
