//! Changing what is open: fields, assignee, order of items, policies. Not here: money that is planned (`projected`), documents
//! (`document`). Invariant: nothing closed is changed, and no change leaves things as they were.

use coffer_sdk::prelude::*;

use crate::Budget;
use crate::access::Right;
use crate::error::Error;
use crate::event::{Assigned, PoliciesSet, Reordered, Updated};
use crate::field::{self, Field};
use crate::history::{ChangeKind, FieldChange, difference, differences};
use crate::permission::Resource;
use crate::thing::{Enforcement, ItemType, Kind, Policies, parent_of};

impl Budget {
    /// See `Budget::update`.
    pub(crate) fn set_fields(
        &mut self,
        resource: Resource,
        fields: Vec<Field>,
        seen: Option<u32>,
    ) -> Result<u32, Error> {
        let mut command = self.begin_open(resource, &[Right::Update], seen)?;
        let texts = self.texts.get_or_default(&command.path);
        let before = (command.thing.clone(), texts.clone());
        let mut texts = texts;
        if matches!(command.thing.kind, Kind::Workflowitem(_)) {
            let terms = self.terms(&parent_of(&command.path))?;
            field::set_item(&mut command.thing, &mut texts, fields, &terms)?;
        } else {
            field::set(&mut command.thing, &mut texts, fields)?;
        }
        let changes = differences(Some((&before.0, &before.1)), (&command.thing, &texts));
        if changes.is_empty() {
            return Err(Error::NoChange { resource: command.resource });
        }
        if texts != before.1 {
            self.keep_texts(&command.path, &texts);
        }
        let fields = changed(&changes);
        let new = self.finish(&mut command, ChangeKind::Updated, changes)?;
        emit(Updated { actor: command.actor.user, resource: command.resource, old: new - 1, new, fields });
        Ok(new)
    }

    /// See `Budget::assign`.
    pub(crate) fn assign_to(&mut self, resource: Resource, assignee: &str, seen: Option<u32>) -> Result<u32, Error> {
        let mut command = self.begin_open(resource, &[Right::Assign], seen)?;
        let restricted = command.thing.work().item_type == ItemType::Restricted;
        if restricted {
            self.authorise(vec![(Right::Grant, command.resource.clone())])?;
        }
        let assignee = self.check_identity("assignee", assignee)?;
        let before = core::mem::replace(&mut command.thing.assignee, assignee.clone());
        if before == assignee {
            return Err(Error::NoChange { resource: command.resource });
        }
        let change = difference("assignee", Some(before.clone()), Some(assignee.clone()));
        let new = self.finish(&mut command, ChangeKind::Assigned, change.into_iter().collect())?;
        self.no_longer_assigned(&before, &command.path);
        self.now_assigned(&assignee, &command.path);
        if restricted {
            self.tell_assigned(command.resource.clone(), before.clone(), assignee.clone())?;
        }
        let (actor, resource) = (command.actor.user, command.resource);
        emit(Assigned { actor, resource, old: new - 1, new, assignee, before });
        Ok(new)
    }

    /// See `Budget::reorder`.
    pub(crate) fn order_items(
        &mut self,
        project: String,
        subproject: String,
        items: Vec<String>,
        seen: Option<u32>,
    ) -> Result<u32, Error> {
        let mut command = self.begin_open(Resource::Subproject { project, subproject }, &[Right::Reorder], seen)?;
        let before = self.order_list(&command.path);
        if before == items {
            return Err(Error::NoChange { resource: command.resource });
        }
        self.set_order(&command.path, &items)?;
        let list = |items: &[String]| Some(items.join(", "));
        let change = difference("order", list(&before), list(&items));
        let new = self.finish(&mut command, ChangeKind::Reordered, change.into_iter().collect())?;
        // An event holds 16 KiB; the history has the whole list.
        let items = items.into_iter().take(100).collect();
        emit(Reordered { actor: command.actor.user, resource: command.resource, old: new - 1, new, items });
        Ok(new)
    }

    /// See `Budget::policies_set`.
    pub(crate) fn set_policies(
        &mut self,
        project: String,
        policies: Policies,
        seen: Option<u32>,
    ) -> Result<u32, Error> {
        let mut command = self.begin_open(Resource::Project { project }, &[Right::Update], seen)?;
        let Kind::Project(before) = core::mem::replace(&mut command.thing.kind, Kind::Project(policies.clone())) else {
            return Err(Error::NotFound { resource: command.resource });
        };
        let changes = before.differences(&policies);
        if changes.is_empty() {
            return Err(Error::NoChange { resource: command.resource });
        }
        let new = self.finish(&mut command, ChangeKind::PoliciesSet, changes)?;
        emit(PoliciesSet { actor: command.actor.user, resource: command.resource, old: new - 1, new });
        Ok(new)
    }
}

/// Names of fields that changed, each once; of additional data the keys are in the history.
fn changed(changes: &[FieldChange]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for change in changes {
        let name = change.field.split('.').next().unwrap_or_default();
        if names.iter().all(|known| known != name) {
            names.push(name.to_owned());
        }
    }
    names
}

impl Policies {
    /// What other policies change.
    pub fn differences(&self, new: &Self) -> Vec<FieldChange> {
        let text = |level: Enforcement| {
            Some(match level {
                Enforcement::Off => "off".to_owned(),
                Enforcement::Warn => "warn".to_owned(),
                Enforcement::Block => "block".to_owned(),
            })
        };
        let pairs = [
            ("four_eyes", self.four_eyes, new.four_eyes),
            ("documents_validated", self.documents_validated, new.documents_validated),
            ("ceilings", self.ceilings, new.ceilings),
        ];
        pairs.into_iter().filter_map(|(field, old, new)| difference(field, text(old), text(new))).collect()
    }
}
