//! The last holder of a right to grant does not lose it.
//!
//! The rule: **global, each group, each project and each restricted workflow item always has an enabled user who holds its right to grant
//! there without an end**, itself, through groups or through its organisation. Of a project that goes for the rights to grant of the three
//! levels from the project down, inheritable: so each subproject and workflow item has such a user too, whatever happens further down, because a
//! right to grant cannot be denied. A user has the right to grant on itself for good.
//! Whatever could break this is refused: a revocation, an end put to a grant, a denial, disabling a user, taking a user or a group out of a
//! group. Not here: grants with an end; they do not count, since they would go without anybody doing anything.
//!
//! Invariant: `kept` leads from a principal to every resource whose guarded rights it holds, so that the cost of a check depends on what
//! the one keeps who goes, and not on how many resources or users there are.

use coffer_sdk::prelude::*;

use crate::Permission;
use crate::error::Error;
use crate::grant::{Effect, Grant};
use crate::identity::{Identity, Number};
use crate::intent::Intent;
use crate::place::Place;
use crate::resource::Resource;
use crate::user::CREATOR;

/// The rights of a resource that always have a holder.
pub fn rights(place: &Place) -> &'static [Intent] {
    const PROJECT: &[Intent] =
        &[Intent::ProjectGrantPermission, Intent::SubprojectGrantPermission, Intent::WorkflowitemGrantPermission];
    match &place.resource {
        Resource::Global => &[Intent::GlobalGrantPermission],
        Resource::Group { .. } => &[Intent::GroupAdminister],
        Resource::Project { .. } => PROJECT,
        Resource::Item { .. } if place.record.restricted => &[Intent::WorkflowitemGrantPermission],
        Resource::User { .. } | Resource::Subproject { .. } | Resource::Item { .. } => &[],
    }
}

/// True if these grants hold `right` for good, and as far down as it reaches.
pub fn keeps(grants: &[Grant], right: Intent) -> bool {
    grants
        .iter()
        .any(|grant| grant.intent == right && matches!(grant.effect, Effect::Allowed) && grant.covers(&CREATOR))
}

impl Permission {
    /// Fails if a guarded right of the resource has no holder.
    pub(crate) fn has_holders(&self, place: &Place) -> Result<(), Error> {
        let mut missing = rights(place).to_vec();
        if missing.is_empty() {
            return Ok(());
        }
        for ((_, principal), grants) in self.grants.iter_under(&place.key) {
            if missing.iter().any(|right| keeps(&grants, *right)) && self.is_live(principal) {
                missing.retain(|right| !keeps(&grants, *right));
            }
            if missing.is_empty() {
                break;
            }
        }
        match missing.first() {
            None => Ok(()),
            Some(right) => Err(Error::LastHolder { right: right.name().to_owned(), resource: place.resource.clone() }),
        }
    }

    /// Fails if a resource has no holder any more that one of these kept. To be asked after they changed.
    pub(crate) fn none_is_orphaned(&self, principals: &[Number]) -> Result<(), Error> {
        for &principal in principals.iter().filter(|principal| !self.is_live(**principal)) {
            for (_, resource) in self.kept.iter_under(&principal) {
                self.has_holders(&self.place(resource)?)?;
            }
        }
        Ok(())
    }

    /// True if it is an enabled user, or there is one in it.
    fn is_live(&self, principal: Number) -> bool {
        match self.identities.get(&principal) {
            Some(Identity::User(user)) => user.enabled,
            Some(Identity::Organisation(organisation)) => organisation.enabled > 0,
            Some(Identity::Group(_)) => self
                .beneath(&[principal])
                .iter()
                .any(|group| self.group_numbered(*group).is_some_and(|group| group.enabled > 0)),
            None => false,
        }
    }
}
