//! Creating, changing, enabling and disabling users. Not here: groups (`group`), what keeps the last holder of a right enabled (`guard`).
//! Invariant: of an organisation the counts of users and enabled users are those of its users.

use coffer_sdk::prelude::*;

use crate::Permission;
use crate::decide::Decider;
use crate::error::Error;
use crate::event::{UserCreated, UserSwitched, UserUpdated};
use crate::grant::Terms;
use crate::identity::{Actor, Group, Identity, Number, Organisation, User, unchanged};
use crate::intent::Intent;
use crate::name;
use crate::resource::{Level, Resource};

/// A user to be created.
#[contract_type]
pub struct NewUser {
    /// Its organisation. The first user of an organisation brings it in.
    pub organisation: String,
    /// Its id in the organisation: letters, digits, `_` and `-`, at most 64 characters.
    pub id: String,
    /// What it signs with.
    pub account: AccountId,
    /// Commitment to what it is called, which is kept off the chain.
    pub display: Hash,
}

/// What is to be changed of a user; what is left out stays.
#[contract_type]
pub struct UserChanges {
    /// What it signs with from now on. The old account can do nothing any more.
    pub account: Option<AccountId>,
    /// Commitment to what it is called from now on.
    pub display: Option<Hash>,
}

impl Permission {
    pub(crate) fn add_user(&mut self, new: &NewUser, by: Option<Actor>) -> Result<String, Error> {
        name::check("organisation", &new.organisation, name::MAX_ID)?;
        name::check("id", &new.id, name::MAX_ID)?;
        let user = name::of_user(&new.organisation, &new.id);
        if self.number(&user).is_some() {
            return Err(Error::NameTaken { name: user });
        }
        self.account_is_free(&new.account, None)?;
        let organisation = self.joined_organisation(&new.organisation)?;
        let number = self.add_identity(&Identity::User(User {
            name: user.clone(),
            organisation,
            account: new.account,
            display: new.display,
            enabled: true,
            groups: Vec::new(),
            version: 1,
        }));
        self.accounts.set(&new.account, &number);
        self.members.insert(&(organisation, number));
        let own = Resource::User { user: user.clone() };
        let mut place = self.new_place(own);
        let all: Vec<Intent> = Intent::of(Level::User).collect();
        self.give(&mut place, number, &all)?;
        if let Some(by) = &by {
            self.give(&mut place, by.number, &all)?;
        }
        self.save(&place);
        emit(UserCreated { user: user.clone(), account: new.account, by: by.map(|by| by.name) });
        Ok(user)
    }

    /// The organisation of that name with one user more; it is there from its first user on.
    fn joined_organisation(&mut self, name: &str) -> Result<u32, Error> {
        match self.number(name).and_then(|number| Some((number, self.identities.get(&number)?))) {
            None => {
                let new = Organisation { name: name.to_owned(), members: 1, enabled: 1 };
                Ok(self.add_identity(&Identity::Organisation(new)))
            }
            Some((number, Identity::Organisation(mut organisation))) => {
                organisation.members += 1;
                organisation.enabled += 1;
                self.identities.set(&number, &Identity::Organisation(organisation));
                Ok(number)
            }
            Some(_) => Err(Error::NameTaken { name: name.to_owned() }),
        }
    }

    /// Fails if the account is, or was, that of another user.
    fn account_is_free(&self, account: &AccountId, user: Option<Number>) -> Result<(), Error> {
        match self.accounts.get(account) {
            Some(owner) if Some(owner) != user => Err(Error::AccountTaken { user: self.name_of(owner) }),
            _ => Ok(()),
        }
    }

    pub(crate) fn change_user(&mut self, name: &str, changes: &UserChanges, seen: Option<u32>) -> Result<u32, Error> {
        let own = Resource::User { user: name.to_owned() };
        let actor = self.actor(Intent::UserChangePassword, &own)?;
        let (number, mut user) = self.user(name)?;
        // One's own key is enough to replace it.
        if actor.number != number {
            let mut decider = Decider::of(self, actor.number);
            decider.require(Intent::UserChangePassword, &own)?;
            if changes.account.is_some() && !decider.is_in(user.organisation) {
                return Err(Error::OtherOrganisation { organisation: self.name_of(user.organisation) });
            }
        }
        unchanged(seen, user.version)?;
        let (account, display) = (changes.account.unwrap_or(user.account), changes.display.unwrap_or(user.display));
        if (account, display) == (user.account, user.display) {
            return Ok(user.version);
        }
        if account != user.account {
            self.account_is_free(&account, Some(number))?;
            self.accounts.set(&account, &number);
        }
        user = User { account, display, version: user.version + 1, ..user };
        let version = user.version;
        self.identities.set(&number, &Identity::User(user));
        emit(UserUpdated { user: name.to_owned(), account, display, by: actor.name, version });
        Ok(version)
    }

    pub(crate) fn switch_user(&mut self, name: &str, enabled: bool, seen: Option<u32>) -> Result<u32, Error> {
        let right = if enabled { Intent::GlobalEnableUser } else { Intent::GlobalDisableUser };
        let actor = self.actor(right, &Resource::Global)?;
        Decider::of(self, actor.number).require(right, &Resource::Global)?;
        let (number, user) = self.user(name)?;
        unchanged(seen, user.version)?;
        if user.enabled == enabled {
            return Ok(user.version);
        }
        if !enabled {
            self.nothing_is_assigned(name)?;
        }
        let version = user.version + 1;
        let groups = user.groups.clone();
        for &container in groups.iter().chain([&user.organisation]) {
            self.count_enabled(container, enabled);
        }
        let organisation = user.organisation;
        self.identities.set(&number, &Identity::User(User { enabled, version, ..user }));
        if !enabled {
            let mut gone = self.around(&groups);
            gone.extend([number, organisation]);
            self.none_is_orphaned(&gone)?;
        }
        emit(UserSwitched { user: name.to_owned(), enabled, by: actor.name, version });
        Ok(version)
    }

    /// One enabled user more or less in a group or an organisation.
    fn count_enabled(&mut self, container: u32, more: bool) {
        let count = |enabled: u32| if more { enabled + 1 } else { enabled - 1 };
        let changed = match self.identities.get(&container) {
            Some(Identity::Group(group)) => Identity::Group(Group { enabled: count(group.enabled), ..group }),
            Some(Identity::Organisation(organisation)) => {
                Identity::Organisation(Organisation { enabled: count(organisation.enabled), ..organisation })
            }
            _ => return,
        };
        self.identities.set(&container, &changed);
    }

    pub(crate) fn create_user_for(&mut self, new: &NewUser) -> Result<String, Error> {
        let right = Intent::GlobalCreateUser;
        let actor = self.actor(right, &Resource::Global)?;
        Decider::of(self, actor.number).require(right, &Resource::Global)?;
        self.add_user(new, Some(actor))
    }

    /// The first administrator: nobody grants it anything, so it gets the global rights here.
    pub(crate) fn add_administrator(&mut self, new: &NewUser) -> Result<(), Error> {
        let user = self.add_user(new, None)?;
        let (number, _) = self.user(&user)?;
        let mut place = self.new_place(Resource::Global);
        let all: Vec<Intent> = Intent::of(Level::Global).collect();
        self.give(&mut place, number, &all)?;
        self.save(&place);
        Ok(())
    }
}

/// Terms of what a creator gets: without an end, also for what will be below.
pub const CREATOR: Terms = Terms { inheritable: true, until: None };
