//! Roles: named sets of intents that are granted at once. Not here: granting (`grant`). Invariant: a role is a template; changing or removing
//! it changes no grant.

use coffer_sdk::prelude::*;

use crate::Permission;
use crate::decide::Decider;
use crate::error::Error;
use crate::event::{RoleDefined, RoleRemoved};
use crate::identity::{Actor, shortened, unchanged};
use crate::intent::Intent;
use crate::name;
use crate::resource::Resource;

/// Roles that there can be.
pub const MAX_ROLES: u32 = 256;

/// What is stored of a role.
#[contract_type]
pub struct Role {
    /// What it grants, in the order of the list of all intents.
    pub intents: Vec<Intent>,
    /// Starts at 1.
    pub version: u32,
}

impl Permission {
    fn role_for(&self, role: &str, seen: Option<u32>) -> Result<(Actor, Option<Role>), Error> {
        let right = Intent::GlobalGrantPermission;
        let actor = self.actor(right, &Resource::Global)?;
        Decider::of(self, actor.number).require(right, &Resource::Global)?;
        name::check("role", role, name::MAX_ROLE)?;
        let found = self.roles.get(&role.to_owned());
        unchanged(seen, found.as_ref().map_or(0, |role| role.version))?;
        Ok((actor, found))
    }

    pub(crate) fn set_role(&mut self, role: String, intents: Vec<Intent>, seen: Option<u32>) -> Result<u32, Error> {
        let (actor, found) = self.role_for(&role, seen)?;
        let intents: Vec<Intent> = Intent::ALL.iter().copied().filter(|intent| intents.contains(intent)).collect();
        if intents.is_empty() {
            return Err(Error::NoIntents { resource: Resource::Global });
        }
        let version = match found {
            Some(found) if found.intents == intents => return Ok(found.version),
            Some(found) => found.version + 1,
            None => {
                let count = self.role_count.get_or_default();
                if count == MAX_ROLES {
                    return Err(Error::TooMany { what: "roles".to_owned(), most: MAX_ROLES });
                }
                self.role_count.set(&(count + 1));
                1
            }
        };
        self.roles.set(&role, &Role { intents: intents.clone(), version });
        emit(RoleDefined { role, intents, by: actor.name, version });
        Ok(version)
    }

    pub(crate) fn drop_role(&mut self, role: String, seen: Option<u32>) -> Result<(), Error> {
        let (actor, _) = self.role_for(&role, seen)?;
        if self.roles.remove(&role) {
            self.role_count.set(&(self.role_count.get_or_default() - 1));
            emit(RoleRemoved { role, by: actor.name });
        }
        Ok(())
    }

    /// The intents of a role that fit a resource.
    pub(crate) fn intents_of(&self, role: &str, resource: &Resource) -> Result<Vec<Intent>, Error> {
        let found = name::check("role", role, name::MAX_ROLE).ok().and_then(|()| self.roles.get(&role.to_owned()));
        let Some(found) = found else { return Err(Error::NoRole { role: shortened(role) }) };
        let level = resource.level();
        Ok(found.intents.into_iter().filter(|intent| level.holds(intent.level())).collect())
    }
}
