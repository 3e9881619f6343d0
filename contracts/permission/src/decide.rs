//! Does somebody have a right? The nearest resource on the way up that says anything decides; where it both grants and denies, the denial
//! wins. Not here: changing what is granted (`grant`). Invariant: a right that no live grant of the user, of a group it is in or of its
//! organisation gives, there or inheritable above, is not there.

use coffer_sdk::prelude::*;

use crate::Permission;
use crate::error::{Absence, Error};
use crate::grant::{Effect, Grant, Terms};
use crate::identity::{Identity, Number};
use crate::intent::Intent;
use crate::resource::Resource;

/// One that rights are looked up for: the principal itself, a group around it, or its organisation.
pub struct Standing {
    pub number: Number,
    /// Place in the list of the one that brought it in.
    pub through: Option<usize>,
}

/// A grant that decides.
pub struct Found {
    /// Place of the principal in the list.
    pub standing: usize,
    pub at: Resource,
    pub grant: Grant,
}

/// The answer.
pub enum Decision {
    Allowed(Found),
    Denied(Found),
    Missing,
}

/// Decides for one principal; what was read once is not read again.
pub struct Decider<'a> {
    contract: &'a Permission,
    pub standings: Vec<Standing>,
    now: u64,
    grants: BTreeMap<(Hash, Number), Vec<Grant>>,
}

impl<'a> Decider<'a> {
    /// The decider for a user, a group or an organisation, as groups are now.
    pub fn of(contract: &'a Permission, principal: Number) -> Self {
        let mut standings = vec![Standing { number: principal, through: None }];
        let mut organisation = None;
        let mut next = 0;
        while let Some(standing) = standings.get(next) {
            let identity = contract.identities.get(&standing.number);
            if let Some(Identity::User(user)) = &identity {
                organisation = Some(user.organisation);
            }
            for &group in identity.as_ref().map_or(&[][..], Identity::groups) {
                if standings.iter().all(|known| known.number != group) {
                    standings.push(Standing { number: group, through: Some(next) });
                }
            }
            next += 1;
        }
        standings.extend(organisation.map(|number| Standing { number, through: Some(0) }));
        Self { contract, standings, now: block_time(), grants: BTreeMap::new() }
    }

    /// True if the principal is `other`, or in it.
    pub fn is_in(&self, other: Number) -> bool {
        self.standings.iter().any(|standing| standing.number == other)
    }

    /// Whether the principal has an intent on a resource.
    pub fn decide(&mut self, intent: Intent, resource: &Resource) -> Decision {
        self.decide_by(intent, resource, |_| true)
    }

    /// The same, where only grants count that are `enough`; every denial counts.
    fn decide_by(&mut self, intent: Intent, resource: &Resource, enough: impl Fn(&Grant) -> bool) -> Decision {
        if !resource.level().holds(intent.level()) {
            return Decision::Missing;
        }
        let mut next = Some(resource.clone());
        let mut is_above = false;
        while let Some(at) = next {
            let key = at.key();
            let mut allowed = None;
            for standing in 0..self.standings.len() {
                let Some(grant) = self.grant(key, standing, intent) else { continue };
                if !grant.is_live(self.now) || is_above && !grant.inheritable {
                    continue;
                }
                match grant.effect {
                    Effect::Denied => return Decision::Denied(Found { standing, at, grant }),
                    Effect::Allowed if allowed.is_none() && enough(&grant) => allowed = Some((standing, grant)),
                    Effect::Allowed => {}
                }
            }
            if let Some((standing, grant)) = allowed {
                return Decision::Allowed(Found { standing, at, grant });
            }
            if self.contract.is_restricted(&at, &key) {
                break;
            }
            next = at.parent();
            is_above = true;
        }
        Decision::Missing
    }

    /// What one of the principals has there.
    fn grant(&mut self, key: Hash, standing: usize, intent: Intent) -> Option<Grant> {
        let number = self.standings.get(standing)?.number;
        let contract = self.contract;
        let grants = self.grants.entry((key, number)).or_insert_with(|| contract.grants.get_or_default(&(key, number)));
        let at = grants.binary_search_by(|grant| grant.intent.cmp(&intent)).ok()?;
        grants.get(at).cloned()
    }

    /// Fails unless the principal has the intent.
    pub fn require(&mut self, intent: Intent, resource: &Resource) -> Result<(), Error> {
        match self.absence(intent, resource) {
            None => Ok(()),
            Some(because) => {
                Err(Error::NotAllowed { right: intent.name().to_owned(), resource: resource.clone(), because })
            }
        }
    }

    /// Fails unless the principal has the intent for at least as long as the terms say, and as far down.
    pub fn require_as(&mut self, intent: Intent, resource: &Resource, terms: &Terms) -> Result<(), Error> {
        self.require(intent, resource)?;
        match self.decide_by(intent, resource, |grant| grant.covers(terms)) {
            Decision::Allowed(_) => Ok(()),
            _ => Err(Error::BeyondOwn { right: intent.name().to_owned(), resource: resource.clone() }),
        }
    }

    /// Why the principal does not have the intent; nothing if it has.
    pub fn absence(&mut self, intent: Intent, resource: &Resource) -> Option<Absence> {
        match self.decide(intent, resource) {
            Decision::Allowed(_) => None,
            Decision::Missing => Some(Absence::NotGranted),
            Decision::Denied(found) => {
                let number = self.standings.get(found.standing).map_or(0, |standing| standing.number);
                Some(Absence::Denied { principal: self.contract.name_of(number), at: found.at })
            }
        }
    }
}

impl Permission {
    /// True if nothing is inherited by the resource. Only workflow items can be like that.
    fn is_restricted(&self, resource: &Resource, key: &Hash) -> bool {
        matches!(resource, Resource::Item { .. }) && self.resources.get(key).is_some_and(|record| record.restricted)
    }
}
