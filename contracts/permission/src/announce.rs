//! What the linked budget contract tells of projects, subprojects and workflow items. Not here: whether the signer may create or assign them,
//! which the budget asks first. Invariant: whoever calls this is the budget contract, and whoever signed gets the rights.

use coffer_sdk::prelude::*;

use crate::Permission;
use crate::decide::Decider;
use crate::error::Error;
use crate::event::{Linked, ResourceAssigned, ResourceCreated};
use crate::grant::{Effect, Grant};
use crate::identity::{Identity, Number, shortened};
use crate::intent::Intent;
use crate::place::Place;
use crate::resource::{Level, Resource};
use crate::user::CREATOR;

impl Permission {
    pub(crate) fn link_with(&mut self, budget: ContractId) -> Result<(), Error> {
        let deployer = self.deployer.get_or_default();
        if caller() != deployer {
            return Err(Error::NotTheDeployer { deployer });
        }
        if let Some(budget) = self.budget.get() {
            return Err(Error::AlreadyLinked { budget });
        }
        self.budget.set(&budget);
        emit(Linked { budget });
        Ok(())
    }

    fn budget_calls(&self) -> Result<(), Error> {
        match self.budget.get() {
            Some(budget) if budget.0 == caller().0 => Ok(()),
            _ => Err(Error::NotTheBudget { caller: caller() }),
        }
    }

    pub(crate) fn created(&mut self, resource: Resource, restricted_to: Option<String>) -> Result<(), Error> {
        self.budget_calls()?;
        let level = resource.level();
        let is_own = matches!(level, Level::Project | Level::Subproject | Level::Item);
        let mut place = self.new_place(resource.clone());
        let is_new = !self.resources.contains(&place.key);
        if !is_own || !is_new || restricted_to.is_some() && level != Level::Item {
            return Err(Error::BadResource { resource });
        }
        if let Some(parent) = resource.parent() {
            self.place(parent)?;
        }
        let actor = self.actor(level.right_to_grant(), &resource)?;
        match &restricted_to {
            None => self.give(&mut place, actor.number, &rights_of_a_creator(level))?,
            Some(name) => {
                place.record.restricted = true;
                let owner = self.assignable(name)?;
                self.hand_over(&mut place, &[actor.number], owner)?;
            }
        }
        self.save(&place);
        self.has_holders(&place)?;
        emit(ResourceCreated { resource, by: actor.name, restricted_to });
        Ok(())
    }

    pub(crate) fn assigned(&mut self, resource: Resource, from: Option<String>, to: String) -> Result<u32, Error> {
        self.budget_calls()?;
        let mut place = self.place(resource)?;
        if !place.record.restricted {
            return Err(Error::BadResource { resource: place.resource });
        }
        let right = Intent::WorkflowitemGrantPermission;
        let actor = self.actor(right, &place.resource)?;
        Decider::of(self, actor.number).require(right, &place.resource)?;
        let mut issuers = vec![actor.number];
        if let Some(from) = &from {
            issuers.push(self.assignable(from)?);
        }
        let owner = self.assignable(&to)?;
        self.hand_over(&mut place, &issuers, owner)?;
        place.record.version += 1;
        self.save(&place);
        self.has_holders(&place)?;
        let version = place.record.version;
        emit(ResourceAssigned { resource: place.resource, from, to, by: actor.name, version });
        Ok(version)
    }

    /// All intents go to the owner and leave the issuers, who keep `list`.
    fn hand_over(&mut self, place: &mut Place, issuers: &[Number], owner: Number) -> Result<(), Error> {
        for &issuer in issuers.iter().filter(|issuer| **issuer != owner) {
            let before = self.grants.get_or_default(&(place.key, issuer));
            let list = Grant::on(Level::Item, Intent::WorkflowitemList, Effect::Allowed, &CREATOR);
            self.put(place, issuer, &before, &vec![list])?;
        }
        let all: Vec<Intent> = Intent::of(Level::Item).collect();
        self.give(place, owner, &all)
    }

    /// A user or a group of that name.
    fn assignable(&self, name: &str) -> Result<Number, Error> {
        match self.named(name)? {
            (_, Identity::Organisation(_)) => {
                Err(Error::WrongKind { name: shortened(name), needed: "a user or a group".to_owned() })
            }
            (number, _) => Ok(number),
        }
    }
}

/// All intents of the level, and those of the levels below. Without the latter nobody could ever grant them for a whole project, since nobody
/// passes on what it does not have.
fn rights_of_a_creator(level: Level) -> Vec<Intent> {
    Intent::ALL.iter().copied().filter(|intent| level.holds(intent.level())).collect()
}
