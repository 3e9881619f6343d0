//! What the contract tells who asks: identities, decisions, and why they are as they are. Not here: how it decides (`decide`). Invariant: a page
//! costs by its length, not by how many there are.

use coffer_sdk::prelude::*;

use crate::Permission;
use crate::decide::{Decider, Decision, Found};
use crate::error::{Absence, Error};
use crate::grant::{Effect, Grant};
use crate::identity::{Identity, Number, User};
use crate::intent::Intent;
use crate::resource::Resource;

/// Entries of one page at most.
pub const MAX_PAGE: u32 = 100;

/// A user as others see it.
#[contract_type]
pub struct UserRecord {
    /// Its name, `organisation/id`.
    pub user: String,
    /// Its organisation.
    pub organisation: String,
    /// What it signs with.
    pub account: AccountId,
    /// Commitment to what it is called.
    pub display: Hash,
    /// False if it can do nothing.
    pub enabled: bool,
    /// Version of the user.
    pub version: u32,
}

/// A user, a group or an organisation.
#[contract_type]
pub struct IdentityRecord {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: IdentityKind,
    /// False for a disabled user.
    pub enabled: bool,
    /// How many are in it themselves; nobody in a user.
    pub members: u32,
    /// Version of a user or a group; 0 of an organisation.
    pub version: u32,
}

/// What somebody is.
#[contract_type]
#[derive(Clone, Copy)]
pub enum IdentityKind {
    /// A user.
    User,
    /// A group.
    Group,
    /// An organisation.
    Organisation,
}

/// Whether an account has a right.
#[contract_type]
pub enum Verdict {
    /// It has.
    Allowed,
    /// It has not, and this is missing.
    Missing {
        /// The intent by its dotted name, such as `workflowitem.close`.
        right: String,
        /// What it is needed on.
        resource: Resource,
        /// Why it is not there.
        because: Absence,
    },
}

/// The grant or the denial that decides.
#[contract_type]
pub struct Reason {
    /// Whom it is for: the one asked about, a group it is in, or its organisation.
    pub principal: String,
    /// The groups between the two, from the inside.
    pub through: Vec<String>,
    /// Where it stands: on the resource asked about, or above.
    pub at: Resource,
    /// Until when, in milliseconds; nothing if without an end.
    pub until: Option<u64>,
}

/// Why somebody has a right, or has not.
#[contract_type]
pub enum Explanation {
    /// It has, by this grant.
    Allowed {
        /// The grant.
        reason: Reason,
    },
    /// It has not, because of this denial.
    Denied {
        /// The denial.
        reason: Reason,
    },
    /// Nothing grants it, there or above.
    NotGranted,
    /// The user is disabled and has no rights.
    Disabled,
}

/// Somebody who has a right.
#[contract_type]
pub struct Holder {
    /// The user.
    pub user: String,
    /// The grant it has the right by.
    pub reason: Reason,
}

/// A page of those who have a right.
#[contract_type]
pub struct Holders {
    /// The users, in the order they were created.
    pub holders: Vec<Holder>,
    /// The next page starts behind this one; nothing if there is none. A page can be short and still have a next one.
    pub next: Option<String>,
}

/// What one principal has on a resource.
#[contract_type]
pub struct Permissions {
    /// The user, group or organisation.
    pub principal: String,
    /// Its grants and denials there, those that have ended among them.
    pub grants: Vec<Grant>,
}

/// The rights on a resource: what stands there itself, without what is inherited.
#[contract_type]
pub struct ResourcePermissions {
    /// Version of the resource's rights.
    pub version: u32,
    /// True if nothing is inherited from above.
    pub restricted: bool,
    /// A page of those who have some, in the order they were created.
    pub principals: Vec<Permissions>,
}

/// An intent and its names.
#[contract_type]
pub struct IntentName {
    /// The intent.
    pub intent: Intent,
    /// Its dotted name.
    pub name: String,
}

impl Permission {
    pub(crate) fn user_record(&self, account: &AccountId) -> Option<UserRecord> {
        Some(self.record_of_user(self.user_of(account)?.1))
    }

    pub(crate) fn record_of_user(&self, user: User) -> UserRecord {
        UserRecord {
            organisation: self.name_of(user.organisation),
            user: user.name,
            account: user.account,
            display: user.display,
            enabled: user.enabled,
            version: user.version,
        }
    }

    pub(crate) fn verdicts(&self, account: &AccountId, asked: Vec<(Intent, Resource)>) -> Vec<Verdict> {
        let mut decider = match self.enabled_user_of(account) {
            Ok((number, _)) => Ok(Decider::of(self, number)),
            Err(absence) => Err(absence),
        };
        let verdict = |(intent, resource): (Intent, Resource)| {
            let absence = match &mut decider {
                Ok(decider) => decider.absence(intent, &resource),
                Err(absence) => Some(absence.clone()),
            };
            match absence {
                None => Verdict::Allowed,
                Some(because) => Verdict::Missing { right: intent.name().to_owned(), resource, because },
            }
        };
        asked.into_iter().map(verdict).collect()
    }

    pub(crate) fn is_in_identity(&self, account: &AccountId, name: &str) -> bool {
        let Some(other) = self.number(name) else { return false };
        self.enabled_user_of(account).is_ok_and(|(number, _)| Decider::of(self, number).is_in(other))
    }

    /// Fails unless the one who asks may see the rights on a resource.
    fn may_list(&self, resource: &Resource) -> Result<Number, Error> {
        let right = resource.level().right_to_list();
        let actor = self.actor(right, resource)?;
        Decider::of(self, actor.number).require(right, resource)?;
        Ok(actor.number)
    }

    pub(crate) fn rights_on(
        &self,
        resource: Resource,
        after: Option<String>,
        limit: u32,
    ) -> Result<ResourcePermissions, Error> {
        self.may_list(&resource)?;
        let place = self.place(resource)?;
        let after = self.cursor(after)?;
        let page = self.grants.iter_under_after(&place.key, &(place.key, after));
        let entry = |((_, principal), grants)| Permissions { principal: self.name_of(principal), grants };
        let principals = page.take(page_size(limit)).map(entry).collect();
        Ok(ResourcePermissions { version: place.record.version, restricted: place.record.restricted, principals })
    }

    pub(crate) fn explain(&self, name: &str, intent: Intent, resource: &Resource) -> Result<Explanation, Error> {
        let (number, identity) = self.named(name)?;
        // About oneself everybody may ask.
        if self.user_of(&origin()).is_none_or(|(own, _)| own != number) {
            self.may_list(resource)?;
        }
        if matches!(&identity, Identity::User(user) if !user.enabled) {
            return Ok(Explanation::Disabled);
        }
        let mut decider = Decider::of(self, number);
        Ok(match decider.decide(intent, resource) {
            Decision::Allowed(found) => Explanation::Allowed { reason: self.reason(&decider, found) },
            Decision::Denied(found) => Explanation::Denied { reason: self.reason(&decider, found) },
            Decision::Missing => Explanation::NotGranted,
        })
    }

    fn reason(&self, decider: &Decider<'_>, found: Found) -> Reason {
        let mut through = Vec::new();
        let mut at = decider.standings.get(found.standing);
        let principal = at.map_or_else(String::new, |standing| self.name_of(standing.number));
        while let Some(standing) = at.and_then(|standing| decider.standings.get(standing.through?)) {
            if standing.through.is_some() {
                through.insert(0, self.name_of(standing.number));
            }
            at = Some(standing);
        }
        Reason { principal, through, at: found.at, until: found.grant.until }
    }

    pub(crate) fn holders(
        &self,
        intent: Intent,
        resource: &Resource,
        after: Option<String>,
        limit: u32,
    ) -> Result<Holders, Error> {
        self.may_list(resource)?;
        let (after, limit) = (self.cursor(after)?, page_size(limit));
        let mut candidates = self.candidates(intent, resource, after, limit);
        let rest = if candidates.len() > limit { candidates.split_off(limit) } else { Vec::new() };
        let mut holders = Vec::new();
        for &number in &candidates {
            let Some(Identity::User(user)) = self.identities.get(&number) else { continue };
            let mut decider = Decider::of(self, number);
            if user.enabled
                && let Decision::Allowed(found) = decider.decide(intent, resource)
            {
                holders.push(Holder { user: user.name, reason: self.reason(&decider, found) });
            }
        }
        let next = candidates.last().filter(|_| !rest.is_empty()).map(|number| self.name_of(*number));
        Ok(Holders { holders, next })
    }

    /// Those behind `after` who could have a right, in order, at most a few more than `limit`: everybody that a grant names, or who is in a
    /// group or an organisation that one names.
    fn candidates(&self, intent: Intent, resource: &Resource, after: Number, limit: usize) -> Vec<Number> {
        let mut named = BTreeSet::new();
        let mut next = Some(resource.clone());
        while let Some(at) = next {
            for ((_, principal), grants) in self.grants.iter_under(&at.key()) {
                if grants.iter().any(|grant| grant.intent == intent && matches!(grant.effect, Effect::Allowed)) {
                    named.insert(principal);
                }
            }
            next = at.parent();
        }
        let mut containers = BTreeSet::new();
        let mut candidates: BTreeSet<Number> = BTreeSet::new();
        for principal in named {
            match self.identities.get(&principal) {
                Some(Identity::User(_)) => drop(candidates.insert(principal)),
                Some(Identity::Group(_)) => containers.extend(self.beneath(&[principal])),
                Some(Identity::Organisation(_)) => drop(containers.insert(principal)),
                None => {}
            }
        }
        candidates.retain(|number| *number > after);
        for container in containers {
            // One more than fits, so that it shows whether there is a next page.
            let members = self.members.iter_under_after(&container, &(container, after));
            candidates.extend(members.take(limit + 1).map(|(_, member)| member));
        }
        candidates.into_iter().take(limit + 1).collect()
    }

    pub(crate) fn page_of_identities(&self, after: Option<String>, limit: u32) -> Result<Vec<IdentityRecord>, Error> {
        let page = self.identities.iter_after(&self.cursor(after)?);
        Ok(page.take(page_size(limit)).map(|(_, identity)| record(identity)).collect())
    }

    pub(crate) fn page_of_members(
        &self,
        of: &str,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<IdentityRecord>, Error> {
        let (container, _) = self.named(of)?;
        let page = self.members.iter_under_after(&container, &(container, self.cursor(after)?));
        Ok(page.take(page_size(limit)).filter_map(|(_, member)| Some(record(self.identities.get(&member)?))).collect())
    }

    /// The number that a page starts behind.
    fn cursor(&self, after: Option<String>) -> Result<Number, Error> {
        match after {
            None => Ok(0),
            Some(name) => Ok(self.named(&name)?.0),
        }
    }
}

/// What others see of an identity.
pub fn record(identity: Identity) -> IdentityRecord {
    use IdentityKind as Kind;
    let (kind, name, enabled, members, version) = match identity {
        Identity::User(user) => (Kind::User, user.name, user.enabled, 0, user.version),
        Identity::Group(group) => (Kind::Group, group.name, true, group.members, group.version),
        Identity::Organisation(all) => (Kind::Organisation, all.name, true, all.members, 0),
    };
    IdentityRecord { name, kind, enabled, members, version }
}

/// Entries of a page that somebody asks for.
pub fn page_size(limit: u32) -> usize {
    limit.min(MAX_PAGE) as usize
}
