//! Granting, denying and revoking. Not here: what a grant means (`decide`), roles (`role`). Invariants: nobody passes on a right that it does
//! not have itself, nor for longer or further down; who takes something away has the right to revoke, who gives it has the right to grant.

use coffer_sdk::prelude::*;

use crate::Permission;
use crate::decide::Decider;
use crate::error::Error;
use crate::event::{Denied, Granted, Revoked};
use crate::guard;
use crate::identity::{Number, unchanged};
use crate::intent::Intent;
use crate::place::{Place, set};
use crate::resource::{Level, Resource};

/// Where and how long a grant or a denial holds.
#[contract_type]
pub struct Terms {
    /// True: also on everything below the resource, now and later.
    pub inheritable: bool,
    /// Until when, in milliseconds since 1970-01-01 UTC by the time of blocks; nothing: without an end.
    pub until: Option<u64>,
}

/// Whether a grant gives or takes.
#[contract_type]
#[derive(Clone, Copy)]
pub enum Effect {
    /// The intent is there.
    Allowed,
    /// The intent is not there, whatever grants it further up or to somebody else.
    Denied,
}

/// What one principal has of one intent on one resource.
#[contract_type]
pub struct Grant {
    /// The intent.
    pub intent: Intent,
    /// Whether it is granted or denied.
    pub effect: Effect,
    /// True if on everything below, too.
    pub inheritable: bool,
    /// Until when, in milliseconds; nothing if without an end.
    pub until: Option<u64>,
}

impl Grant {
    /// A grant on a resource of some level. An intent of that very level holds nowhere below, so that the terms are alike for it.
    pub fn on(level: Level, intent: Intent, effect: Effect, terms: &Terms) -> Self {
        Self { intent, effect, inheritable: terms.inheritable || intent.level() == level, until: terms.until }
    }

    /// True until its end.
    pub fn is_live(&self, now: u64) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// True if it holds as long as the terms say, and as far down.
    pub fn covers(&self, terms: &Terms) -> bool {
        let long_enough = match (self.until, terms.until) {
            (None, _) => true,
            (Some(own), Some(asked)) => own >= asked,
            (Some(_), None) => false,
        };
        long_enough && (self.inheritable || !terms.inheritable)
    }

    fn terms(&self) -> Terms {
        Terms { inheritable: self.inheritable, until: self.until }
    }
}

/// What one command does to one principal's grants on one resource.
pub struct Change {
    pub principal: String,
    pub intents: Vec<Intent>,
    /// What stands there afterwards; nothing: no grant.
    pub to: Option<(Effect, Terms)>,
}

impl Permission {
    /// Makes a change for the user who signed, and returns the version of the resource's rights. `right` is what the command needs at
    /// least; a grant by it needs no other right to grant.
    pub(crate) fn change(
        &mut self,
        change: Change,
        resource: Resource,
        right: Intent,
        seen: Option<u32>,
    ) -> Result<u32, Error> {
        let mut place = self.place(resource)?;
        let actor = self.actor(right, &place.resource)?;
        let mut decider = Decider::of(self, actor.number);
        decider.require(right, &place.resource)?;
        unchanged(seen, place.record.version)?;
        let (principal, _) = self.named(&change.principal)?;
        check_intents(&change, &place.resource)?;
        let before = self.grants.get_or_default(&(place.key, principal));
        let (after, changed) = changed(&before, &change, place.resource.level());
        if changed.is_empty() {
            return Ok(place.record.version);
        }
        may_change(&mut decider, &place.resource, right, &before, &after, &changed)?;
        place.record.version += 1;
        self.put(&mut place, principal, &before, &after)?;
        self.save(&place);
        self.keeps_its_holders(&place, principal, &before, &after)?;
        let version = place.record.version;
        tell(change, changed, place, actor.name);
        Ok(version)
    }

    /// Fails if the change took the last holder of a right to grant.
    fn keeps_its_holders(
        &self,
        place: &Place,
        principal: Number,
        before: &[Grant],
        after: &[Grant],
    ) -> Result<(), Error> {
        let lost = |right: Intent| guard::keeps(before, right) && !guard::keeps(after, right);
        // A user keeps the right to grant rights on itself, so that there is always somebody who has it.
        if let Resource::User { user } = &place.resource {
            let right = Intent::UserGrantPermission;
            return match self.number(user) == Some(principal) && lost(right) {
                true => Err(Error::LastHolder { right: right.name().to_owned(), resource: place.resource.clone() }),
                false => Ok(()),
            };
        }
        match guard::rights(place).iter().any(|right| lost(*right)) {
            true => self.has_holders(place),
            false => Ok(()),
        }
    }
}

/// Fails if the one who acts may not make one of the changes.
fn may_change(
    decider: &mut Decider<'_>,
    resource: &Resource,
    right: Intent,
    before: &[Grant],
    after: &[Grant],
    changed: &[Intent],
) -> Result<(), Error> {
    let (level, now) = (resource.level(), block_time());
    let mut takes = false;
    let mut gives = false;
    for &intent in changed {
        let live = |grants: &[Grant]| of(grants, intent).filter(|grant| grant.is_live(now));
        let (old, new) = (live(before), live(after));
        // What is given: a grant, or what a denial has kept back so far. How long that would last nobody knows.
        let granted = new.as_ref().filter(|new| !is_denial(new)).map(Grant::terms);
        let lifted = old.as_ref().filter(|old| is_denial(old) && !covered(old, new.as_ref()));
        let lifted = lifted.map(|old| Terms { inheritable: old.inheritable, until: None });
        for terms in granted.iter().chain(&lifted) {
            decider.require_as(intent, resource, terms)?;
            gives = true;
        }
        // What is taken: a grant or a part of one, or what a denial keeps back from now on.
        takes |= old.is_some_and(|old| !is_denial(&old) && !covered(&old, new.as_ref()));
        takes |= new.is_some_and(|new| is_denial(&new));
    }
    if gives && right != Intent::GlobalGrantAllPermissions {
        decider.require(level.right_to_grant(), resource)?;
    }
    if takes {
        decider.require(level.right_to_revoke(), resource)?;
    }
    Ok(())
}

fn is_denial(grant: &Grant) -> bool {
    matches!(grant.effect, Effect::Denied)
}

/// True if `new` does all that `old` did.
fn covered(old: &Grant, new: Option<&Grant>) -> bool {
    new.is_some_and(|new| is_denial(new) == is_denial(old) && new.covers(&old.terms()))
}

fn of(grants: &[Grant], intent: Intent) -> Option<Grant> {
    grants.iter().find(|grant| grant.intent == intent).cloned()
}

/// Fails if an intent cannot be there.
fn check_intents(change: &Change, resource: &Resource) -> Result<(), Error> {
    if change.intents.is_empty() {
        return Err(Error::NoIntents { resource: resource.clone() });
    }
    let wrong = change.intents.iter().find(|intent| !resource.level().holds(intent.level()));
    if let Some(intent) = wrong {
        return Err(Error::WrongLevel { right: intent.name().to_owned(), resource: resource.clone() });
    }
    let Some((effect, terms)) = &change.to else { return Ok(()) };
    if let Some(right) = change.intents.iter().find(|intent| intent.is_right_to_grant())
        && matches!(effect, Effect::Denied)
    {
        return Err(Error::CannotDeny { right: right.name().to_owned() });
    }
    match terms.until {
        Some(until) if until <= block_time() => Err(Error::Expired { until, now: block_time() }),
        _ => Ok(()),
    }
}

/// The grants after a change, and the intents whose grants differ.
fn changed(before: &[Grant], change: &Change, level: Level) -> (Vec<Grant>, Vec<Intent>) {
    let mut after = before.to_vec();
    for &intent in &change.intents {
        match &change.to {
            Some((effect, terms)) => set(&mut after, Grant::on(level, intent, *effect, terms)),
            None => after.retain(|grant| grant.intent != intent),
        }
    }
    // Taken from the list of all intents, so that they are in its order and each is there once.
    let differs = |intent: &Intent| change.intents.contains(intent) && of(before, *intent) != of(&after, *intent);
    let intents = Intent::ALL.iter().copied().filter(differs).collect();
    (after, intents)
}

fn tell(change: Change, intents: Vec<Intent>, place: Place, by: String) {
    let (principal, resource, version) = (change.principal, place.resource, place.record.version);
    match change.to {
        None => emit(Revoked { principal, intents, resource, by, version }),
        Some((Effect::Allowed, Terms { inheritable, until })) => {
            emit(Granted { principal, intents, resource, inheritable, until, by, version });
        }
        Some((Effect::Denied, Terms { inheritable, until })) => {
            emit(Denied { principal, intents, resource, inheritable, until, by, version });
        }
    }
}
