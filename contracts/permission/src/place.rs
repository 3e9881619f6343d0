//! What is stored of the rights on one resource: a record, and for each principal its grants. Not here: who may change them (`grant`).
//! Invariants: a principal has at most one grant of an intent on a resource; the record counts the principals; the index `kept` has exactly
//! the principals that hold a guarded right of the resource.

use coffer_sdk::prelude::*;

use crate::Permission;
use crate::error::Error;
use crate::grant::{Effect, Grant};
use crate::guard;
use crate::identity::Number;
use crate::intent::Intent;
use crate::resource::Resource;
use crate::user::CREATOR;

/// Principals that can have grants on one resource. It bounds what a look at all of them costs.
pub const MAX_PRINCIPALS: u32 = 256;

/// What is stored of a resource.
#[contract_type]
pub struct Record {
    /// Grows by one with every change of the rights on it.
    pub version: u32,
    /// Principals that have grants on it.
    pub principals: u32,
    /// Nothing is inherited from above: only what is granted on it counts.
    pub restricted: bool,
}

/// A resource whose rights are looked at or changed.
pub struct Place {
    pub resource: Resource,
    pub key: Hash,
    pub record: Record,
}

impl Permission {
    /// A resource without any grants yet. It is there once it is saved.
    pub(crate) fn new_place(&self, resource: Resource) -> Place {
        let key = resource.key();
        Place { resource, key, record: Record { version: 1, principals: 0, restricted: false } }
    }

    /// A resource that is there.
    pub(crate) fn place(&self, resource: Resource) -> Result<Place, Error> {
        let key = resource.key();
        match self.resources.get(&key) {
            Some(record) => Ok(Place { resource, key, record }),
            None => Err(Error::NoResource { resource }),
        }
    }

    pub(crate) fn save(&mut self, place: &Place) {
        self.resources.set(&place.key, &place.record);
    }

    /// Stores the grants of one principal in place of those it had. The record is changed but not saved.
    pub(crate) fn put(
        &mut self,
        place: &mut Place,
        principal: Number,
        before: &[Grant],
        grants: &Vec<Grant>,
    ) -> Result<(), Error> {
        let key = (place.key, principal);
        match (before.is_empty(), grants.is_empty()) {
            (true, false) if place.record.principals == MAX_PRINCIPALS => {
                let what = "users, groups and organisations with rights on one resource".to_owned();
                return Err(Error::TooMany { what, most: MAX_PRINCIPALS });
            }
            (true, false) => place.record.principals += 1,
            (false, true) => place.record.principals -= 1,
            _ => {}
        }
        if grants.is_empty() {
            self.grants.remove(&key);
        } else {
            self.grants.set(&key, grants);
        }
        let keeps = |grants: &[Grant]| guard::rights(place).iter().any(|right| guard::keeps(grants, *right));
        match (keeps(before), keeps(grants)) {
            (false, true) => self.kept.set(&(principal, place.key), &place.resource),
            (true, false) => drop(self.kept.remove(&(principal, place.key))),
            _ => {}
        }
        Ok(())
    }

    /// Gives a principal intents as a creator has them, beside what it has.
    pub(crate) fn give(&mut self, place: &mut Place, principal: Number, intents: &[Intent]) -> Result<(), Error> {
        let before = self.grants.get_or_default(&(place.key, principal));
        let mut grants = before.clone();
        for &intent in intents {
            set(&mut grants, Grant::on(place.resource.level(), intent, Effect::Allowed, &CREATOR));
        }
        self.put(place, principal, &before, &grants)
    }
}

/// Puts a grant in place of one of the same intent.
pub fn set(grants: &mut Vec<Grant>, grant: Grant) {
    match grants.binary_search_by(|other| other.intent.cmp(&grant.intent)) {
        Ok(at) => grants[at] = grant,
        Err(at) => grants.insert(at, grant),
    }
}
