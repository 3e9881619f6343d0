//! Groups: users and groups in them, at once. Who adds to a group passes on all that it has, and who removes from it lifts what it is denied; so
//! whoever grants to a group trusts who may do these. Not here: rights on a group and through one (`grant`, `decide`). Invariants: no group is in
//! itself, over however many others; the bounds below hold, so that a check reads a bounded number of groups.

use coffer_sdk::prelude::*;

use crate::Permission;
use crate::decide::Decider;
use crate::error::Error;
use crate::event::{GroupCreated, MemberAdded, MemberRemoved};
use crate::identity::{Group, Identity, Number, User, shortened, unchanged};
use crate::intent::Intent;
use crate::name;
use crate::resource::{Level, Resource};

/// Groups that a user or a group can be in itself. Each is read by every check for it.
pub const MAX_MEMBERSHIPS: usize = 16;
/// Groups around a group, itself and through others. With the bound above, it bounds what a check reads.
pub const MAX_AROUND: usize = 16;
/// Groups in a group, itself and through others.
pub const MAX_BENEATH: usize = 64;
/// Users and groups that are in a group themselves.
pub const MAX_MEMBERS: u32 = 10_000;
/// Members that a group can be created with; more are added afterwards.
pub const MAX_FIRST_MEMBERS: usize = 100;

impl Permission {
    pub(crate) fn add_group(&mut self, group: String, members: &[String]) -> Result<(), Error> {
        let right = Intent::GlobalCreateGroup;
        let actor = self.actor(right, &Resource::Global)?;
        Decider::of(self, actor.number).require(right, &Resource::Global)?;
        name::check("group", &group, name::MAX_ID)?;
        if self.number(&group).is_some() {
            return Err(Error::NameTaken { name: group });
        }
        if members.len() > MAX_FIRST_MEMBERS {
            return Err(too_many("members of a new group", MAX_FIRST_MEMBERS as u32));
        }
        let new = Group {
            name: group.clone(),
            groups: Vec::new(),
            subgroups: Vec::new(),
            members: 0,
            enabled: 0,
            version: 1,
        };
        let number = self.add_identity(&Identity::Group(new.clone()));
        let mut place = self.new_place(Resource::Group { group: group.clone() });
        let all: Vec<Intent> = Intent::of(Level::Group).collect();
        self.give(&mut place, actor.number, &all)?;
        self.save(&place);
        let mut filled = new;
        for member in members {
            self.join(number, &mut filled, member)?;
        }
        self.identities.set(&number, &Identity::Group(filled));
        emit(GroupCreated { group: group.clone(), by: actor.name.clone() });
        for member in members {
            emit(MemberAdded { group: group.clone(), member: member.clone(), by: actor.name.clone(), version: 1 });
        }
        Ok(())
    }

    pub(crate) fn add_to_group(&mut self, group: String, member: String, seen: Option<u32>) -> Result<u32, Error> {
        let (by, number, mut changed) = self.group_for(&group, Intent::GroupAddUser, seen)?;
        if !self.join(number, &mut changed, &member)? {
            return Ok(changed.version);
        }
        changed.version += 1;
        let version = changed.version;
        self.identities.set(&number, &Identity::Group(changed));
        emit(MemberAdded { group, member, by, version });
        Ok(version)
    }

    pub(crate) fn remove_from_group(&mut self, group: String, member: String, seen: Option<u32>) -> Result<u32, Error> {
        let (by, number, mut changed) = self.group_for(&group, Intent::GroupRemoveUser, seen)?;
        let (leaver, identity) = self.named(&member)?;
        if !self.members.remove(&(number, leaver)) {
            return Ok(changed.version);
        }
        let left = |groups: Vec<u32>| groups.into_iter().filter(|group| *group != number).collect();
        changed.members -= 1;
        match identity {
            Identity::User(user) => {
                changed.enabled -= u32::from(user.enabled);
                let groups = left(user.groups);
                self.identities.set(&leaver, &Identity::User(User { groups, ..user }));
            }
            Identity::Group(inner) => {
                changed.subgroups.retain(|subgroup| *subgroup != leaver);
                let groups = left(inner.groups);
                self.identities.set(&leaver, &Identity::Group(Group { groups, ..inner }));
            }
            Identity::Organisation(_) => {}
        }
        changed.version += 1;
        let version = changed.version;
        self.identities.set(&number, &Identity::Group(changed));
        self.none_is_orphaned(&self.around(&[number]))?;
        emit(MemberRemoved { group, member, by, version });
        Ok(version)
    }

    /// A group for somebody who has a right on it.
    fn group_for(&self, group: &str, right: Intent, seen: Option<u32>) -> Result<(String, Number, Group), Error> {
        let resource = Resource::Group { group: group.to_owned() };
        let actor = self.actor(right, &resource)?;
        Decider::of(self, actor.number).require(right, &resource)?;
        let (number, found) = self.group(group)?;
        unchanged(seen, found.version)?;
        Ok((actor.name, number, found))
    }

    /// Puts a member in; false if it is there already. The group is changed but not saved.
    fn join(&mut self, number: Number, group: &mut Group, member: &str) -> Result<bool, Error> {
        let (joiner, identity) = self.named(member)?;
        if matches!(identity, Identity::Organisation(_)) {
            return Err(Error::WrongKind { name: shortened(member), needed: "a user or a group".to_owned() });
        }
        if self.members.contains(&(number, joiner)) {
            return Ok(false);
        }
        if group.members == MAX_MEMBERS {
            return Err(too_many("members of a group", MAX_MEMBERS));
        }
        if identity.groups().len() == MAX_MEMBERSHIPS {
            return Err(too_many("groups that one user or group is in itself", MAX_MEMBERSHIPS as u32));
        }
        match identity {
            Identity::User(mut user) => {
                group.enabled += u32::from(user.enabled);
                user.groups.push(number);
                self.identities.set(&joiner, &Identity::User(user));
            }
            Identity::Group(mut inner) => {
                self.may_nest(number, group, joiner, member)?;
                group.subgroups.push(joiner);
                inner.groups.push(number);
                self.identities.set(&joiner, &Identity::Group(inner));
            }
            Identity::Organisation(_) => {}
        }
        group.members += 1;
        self.members.insert(&(number, joiner));
        Ok(true)
    }

    /// Fails if a group would be in itself, or one of the bounds on nesting be broken.
    fn may_nest(&self, outer: Number, group: &Group, inner: Number, member: &str) -> Result<(), Error> {
        let (around, beneath) = (self.around(&[outer]), self.beneath(&[inner]));
        if around.contains(&inner) {
            return Err(Error::Loop { group: group.name.clone(), member: member.to_owned() });
        }
        // Of each list one is the group itself.
        if beneath.iter().any(|&lower| self.around(&[lower, outer]).len() - 1 > MAX_AROUND) {
            return Err(too_many("groups around a group", MAX_AROUND as u32));
        }
        if around.iter().any(|&upper| self.beneath(&[upper, inner]).len() - 1 > MAX_BENEATH) {
            return Err(too_many("groups in a group", MAX_BENEATH as u32));
        }
        Ok(())
    }

    /// These groups and all around them.
    pub(crate) fn around(&self, groups: &[Number]) -> Vec<Number> {
        closure(groups, |group| self.group_numbered(group).map(|group| group.groups))
    }

    /// These groups and all in them.
    pub(crate) fn beneath(&self, groups: &[Number]) -> Vec<Number> {
        closure(groups, |group| self.group_numbered(group).map(|group| group.subgroups))
    }
}

/// What can be reached from `start` (it included), each once, so that no loop is walked.
fn closure(start: &[Number], next: impl Fn(Number) -> Option<Vec<Number>>) -> Vec<Number> {
    let mut all = start.to_vec();
    let mut at = 0;
    while let Some(&number) = all.get(at) {
        for further in next(number).unwrap_or_default() {
            if !all.contains(&further) {
                all.push(further);
            }
        }
        at += 1;
    }
    all
}

fn too_many(what: &str, most: u32) -> Error {
    Error::TooMany { what: what.to_owned(), most }
}
