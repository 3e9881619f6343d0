//! Users, groups and organisations as they are stored, and how one is found by its name or account. Not here: what changes them (`user`,
//! `group`). Invariant: a name stands for one identity for good, and so does an account, also when its user has another by now.

use coffer_sdk::prelude::*;

use crate::Permission;
use crate::error::{Absence, Error};
use crate::intent::Intent;
use crate::resource::Resource;

/// Number of an identity, from 1 in the order of creation. Everything stored refers to identities by it.
pub type Number = u32;

/// What rights can be granted to.
#[contract_type]
pub enum Identity {
    /// A user.
    User(User),
    /// A group.
    Group(Group),
    /// An organisation: all its users.
    Organisation(Organisation),
}

/// A user.
#[contract_type]
pub struct User {
    /// `organisation/id`.
    pub name: String,
    /// Number of the organisation.
    pub organisation: u32,
    /// What it signs with.
    pub account: AccountId,
    /// Commitment to what it is called, which is kept off the chain.
    pub display: Hash,
    /// False if it can do nothing.
    pub enabled: bool,
    /// Groups that it is in itself.
    pub groups: Vec<u32>,
    /// Starts at 1.
    pub version: u32,
}

/// A group.
#[contract_type]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Groups that it is in itself.
    pub groups: Vec<u32>,
    /// Groups that are in it themselves.
    pub subgroups: Vec<u32>,
    /// How many users and groups are in it themselves.
    pub members: u32,
    /// How many of them are enabled users.
    pub enabled: u32,
    /// Starts at 1.
    pub version: u32,
}

/// An organisation.
#[contract_type]
pub struct Organisation {
    /// Its name.
    pub name: String,
    /// How many users it has.
    pub members: u32,
    /// How many of them are enabled.
    pub enabled: u32,
}

impl Identity {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::User(user) => &user.name,
            Self::Group(group) => &group.name,
            Self::Organisation(organisation) => &organisation.name,
        }
    }

    /// The groups that it is in itself.
    pub fn groups(&self) -> &[Number] {
        match self {
            Self::User(user) => &user.groups,
            Self::Group(group) => &group.groups,
            Self::Organisation(_) => &[],
        }
    }
}

/// The user who acts.
#[derive(Clone)]
pub struct Actor {
    pub number: Number,
    pub name: String,
}

impl Permission {
    /// The number of a name, if somebody has it.
    pub(crate) fn number(&self, name: &str) -> Option<Number> {
        // A name can be longer than a key.
        self.numbers.get(&crypto::blake3(name.as_bytes()))
    }

    /// The identity of a name.
    pub(crate) fn named(&self, name: &str) -> Result<(Number, Identity), Error> {
        let found = self.number(name).and_then(|number| Some((number, self.identities.get(&number)?)));
        found.ok_or_else(|| Error::NoIdentity { name: shortened(name) })
    }

    /// The user of a name.
    pub(crate) fn user(&self, name: &str) -> Result<(Number, User), Error> {
        match self.named(name)? {
            (number, Identity::User(user)) => Ok((number, user)),
            _ => Err(Error::WrongKind { name: shortened(name), needed: "a user".to_owned() }),
        }
    }

    /// The group of a name.
    pub(crate) fn group(&self, name: &str) -> Result<(Number, Group), Error> {
        match self.named(name)? {
            (number, Identity::Group(group)) => Ok((number, group)),
            _ => Err(Error::WrongKind { name: shortened(name), needed: "a group".to_owned() }),
        }
    }

    pub(crate) fn group_numbered(&self, number: Number) -> Option<Group> {
        match self.identities.get(&number) {
            Some(Identity::Group(group)) => Some(group),
            _ => None,
        }
    }

    /// The name of a number; empty if nobody has it.
    pub(crate) fn name_of(&self, number: Number) -> String {
        self.identities.get(&number).map_or_else(String::new, |identity| identity.name().to_owned())
    }

    /// The user that an account belongs to, enabled or not. An account that a user has left belongs to nobody, for good.
    pub(crate) fn user_of(&self, account: &AccountId) -> Option<(Number, User)> {
        let number = self.accounts.get(account)?;
        match self.identities.get(&number)? {
            Identity::User(user) if user.account == *account => Some((number, user)),
            _ => None,
        }
    }

    /// The enabled user that an account belongs to, or why there is none.
    pub(crate) fn enabled_user_of(&self, account: &AccountId) -> Result<(Number, User), Absence> {
        match self.user_of(account) {
            None => Err(Absence::NotAUser { account: *account }),
            Some((_, user)) if !user.enabled => Err(Absence::Disabled),
            Some(found) => Ok(found),
        }
    }

    /// The user who signed the transaction, who wants to use a right. Nothing else decides who acts: a contract in between can be anybody's.
    pub(crate) fn actor(&self, right: Intent, resource: &Resource) -> Result<Actor, Error> {
        match self.enabled_user_of(&origin()) {
            Ok((number, user)) => Ok(Actor { number, name: user.name }),
            Err(because) => {
                Err(Error::NotAllowed { right: right.name().to_owned(), resource: resource.clone(), because })
            }
        }
    }

    /// Gives a new identity its number.
    pub(crate) fn add_identity(&mut self, identity: &Identity) -> Number {
        let number = self.last.get_or_default() + 1;
        self.last.set(&number);
        self.numbers.set(&crypto::blake3(identity.name().as_bytes()), &number);
        self.identities.set(&number, identity);
        number
    }
}

/// Fails if a command was made for another version than there is.
pub fn unchanged(seen: Option<u32>, version: u32) -> Result<(), Error> {
    match seen {
        Some(seen) if seen != version => Err(Error::Changed { seen, version }),
        _ => Ok(()),
    }
}

/// A text from outside as it is shown in an error.
pub fn shortened(text: &str) -> String {
    const MOST: usize = 140;
    text.chars().take(MOST).collect()
}
