//! Who may do what in a programme: users, groups and organisations, and their rights on projects, subprojects and workflow items. Rights are
//! inherited down the tree as it is now, and can be denied further down. The budget contract asks this one before everything it does.
//! Not here: what the rights are for. Invariants: the account that signed decides who acts; nobody holds a right that no live grant explains;
//! nobody grants more than it has; there is always somebody who can grant (`guard`); there is no super-user.
#![no_std]
use coffer_sdk::prelude::*;

mod intent;
mod resource;
mod error;
mod event;
mod name;
mod identity;
mod user;
mod group;
mod place;
mod grant;
mod decide;
mod guard;
mod role;
mod announce;
mod assigned;
mod view;

pub use error::{Absence, Error};
pub use grant::{Effect, Grant, Terms};
pub use intent::Intent;
pub use resource::Resource;
pub use user::{NewUser, UserChanges};
pub use view::{
    Explanation, Holder, Holders, IdentityKind, IdentityRecord, IntentName, Permissions, Reason, ResourcePermissions,
    UserRecord, Verdict,
};

use grant::Change;
use identity::Identity;
use place::Record;
use resource::Level;
use role::Role;

/// Who may do what in a programme.
#[contract]
pub struct Permission {
    /// Who may link this contract with a budget contract.
    deployer: Item<AccountId>,
    /// The budget contract.
    budget: Item<ContractId>,
    /// Number of the last identity.
    last: Item<u32>,
    /// Numbers of identities, by the BLAKE3 hash of their names.
    numbers: LookupMap<Hash, u32>,
    /// Numbers of users, by the accounts that they have and had.
    accounts: LookupMap<AccountId, u32>,
    /// Users, groups and organisations.
    identities: Map<u32, Identity>,
    /// Who is in a group or an organisation itself, by (group or organisation, member).
    members: Set<(u32, u32)>,
    /// What rights can be on, by the resource's key.
    resources: LookupMap<Hash, Record>,
    /// Grants, by (resource's key, principal), in the order of their intents.
    grants: Map<(Hash, u32), Vec<Grant>>,
    /// The resources that a principal holds a guarded right of, by (principal, resource's key).
    kept: Map<(u32, Hash), Resource>,
    /// Roles, by their names.
    roles: Map<String, Role>,
    /// How many there are.
    role_count: Item<u32>,
}

/// A role and what it grants.
#[contract_type]
pub struct RoleRecord {
    /// Its name.
    pub role: String,
    /// What it grants.
    pub intents: Vec<Intent>,
    /// Version of the role.
    pub version: u32,
}

#[contract]
impl Permission {
    /// Starts the programme with its first user, who gets all global rights: from then on rights come from grants only.
    pub fn init(
        &mut self,
        /// The first administrator.
        administrator: NewUser,
    ) -> Result<(), Error> {
        self.deployer.set(&caller());
        self.add_administrator(&administrator)
    }

    /// Links the budget contract, which alone announces resources. Once, by the deployer.
    pub fn link(&mut self, budget: ContractId) -> Result<(), Error> {
        self.link_with(budget)
    }

    /// Creates a user, who gets all rights on itself; so does the signer. Needs `global.createUser`. Returns the user's name.
    pub fn create_user(&mut self, user: NewUser) -> Result<String, Error> {
        self.create_user_for(&user)
    }

    /// Changes a user's account or display commitment. The user may itself; others need `user.changePassword` and, for the account, to be of the
    /// user's organisation. Returns the user's version.
    pub fn update_user(
        &mut self,
        user: String,
        changes: UserChanges,
        /// The version of the user that the command is made for.
        seen: Option<u32>,
    ) -> Result<u32, Error> {
        self.change_user(&user, &changes, seen)
    }

    /// Enables a user. Needs `global.enableUser`. Returns the user's version.
    pub fn enable_user(&mut self, user: String, seen: Option<u32>) -> Result<u32, Error> {
        self.switch_user(&user, true, seen)
    }

    /// Disables a user, who has no rights any more until enabled again. Needs `global.disableUser`, and that nothing open is assigned to the user
    /// itself. Returns the user's version.
    pub fn disable_user(&mut self, user: String, seen: Option<u32>) -> Result<u32, Error> {
        self.switch_user(&user, false, seen)
    }

    /// Creates a group; the signer gets all rights on it. Needs `global.createGroup`.
    pub fn create_group(
        &mut self,
        /// Its name: letters, digits, `_` and `-`, at most 64 characters.
        group: String,
        /// Users and groups, at most 100; more are added afterwards.
        members: Vec<String>,
    ) -> Result<(), Error> {
        self.add_group(group, &members)
    }

    /// Adds a user or a group to a group, at once and with all rights that the group has. Needs `group.addUser`. Returns the group's version.
    pub fn add_member(&mut self, group: String, member: String, seen: Option<u32>) -> Result<u32, Error> {
        self.add_to_group(group, member, seen)
    }

    /// Removes a user or a group from a group, at once. Needs `group.removeUser`. Returns the group's version.
    pub fn remove_member(&mut self, group: String, member: String, seen: Option<u32>) -> Result<u32, Error> {
        self.remove_from_group(group, member, seen)
    }

    /// Grants rights to a user, a group or an organisation. Needs the right to grant there (`<level>.intent.grantPermission`, of a group
    /// `group.administer`), and each of the rights itself, at least as long and as far down. Returns the version of the resource's rights.
    pub fn grant(
        &mut self,
        principal: String,
        intents: Vec<Intent>,
        resource: Resource,
        terms: Terms,
        /// The version of the resource's rights that the command is made for.
        seen: Option<u32>,
    ) -> Result<u32, Error> {
        let right = resource.level().right_to_grant();
        self.change(Change { principal, intents, to: Some((Effect::Allowed, terms)) }, resource, right, seen)
    }

    /// Grants the rights of a role that fit the resource, as `grant` does.
    pub fn grant_role(
        &mut self,
        principal: String,
        role: String,
        resource: Resource,
        terms: Terms,
        seen: Option<u32>,
    ) -> Result<u32, Error> {
        let intents = self.intents_of(&role, &resource)?;
        self.grant(principal, intents, resource, terms, seen)
    }

    /// Grants all global rights without an end. Needs `global.grantAllPermissions`, and all of them.
    pub fn grant_all(&mut self, principal: String, seen: Option<u32>) -> Result<u32, Error> {
        let terms = Terms { inheritable: true, until: None };
        let intents = Intent::of(Level::Global).collect();
        let change = Change { principal, intents, to: Some((Effect::Allowed, terms)) };
        self.change(change, Resource::Global, Intent::GlobalGrantAllPermissions, seen)
    }

    /// Denies rights, whatever grants them further up or at the same place. Needs the right to revoke there
    /// (`<level>.intent.revokePermission`, of a group `group.administer`). Returns the version of the resource's rights.
    pub fn deny(
        &mut self,
        principal: String,
        intents: Vec<Intent>,
        resource: Resource,
        terms: Terms,
        seen: Option<u32>,
    ) -> Result<u32, Error> {
        let right = resource.level().right_to_revoke();
        self.change(Change { principal, intents, to: Some((Effect::Denied, terms)) }, resource, right, seen)
    }

    /// Takes back grants and denials that stand on the resource. Needs the right to revoke there; to take back a denial, also what granting
    /// the right needs. Returns the version of the resource's rights.
    pub fn revoke(
        &mut self,
        principal: String,
        intents: Vec<Intent>,
        resource: Resource,
        seen: Option<u32>,
    ) -> Result<u32, Error> {
        let right = resource.level().right_to_revoke();
        self.change(Change { principal, intents, to: None }, resource, right, seen)
    }

    /// Defines a role, or changes what it grants from now on. Needs `global.grantPermission`. Returns the role's version.
    pub fn define_role(
        &mut self,
        /// Letters, digits, `_` and `-`, at most 32 characters.
        role: String,
        intents: Vec<Intent>,
        /// The version that the command is made for; 0: there is no such role yet.
        seen: Option<u32>,
    ) -> Result<u32, Error> {
        self.set_role(role, intents, seen)
    }

    /// Removes a role; what it granted stays granted. Needs `global.grantPermission`.
    pub fn remove_role(&mut self, role: String, seen: Option<u32>) -> Result<(), Error> {
        self.drop_role(role, seen)
    }

    /// For the budget contract only: a project, subproject or workflow item is there. The signer gets all rights of its level and of those below.
    /// A restricted workflow item inherits nothing: all rights on it go to the one named, and the signer keeps `workflowitem.list`.
    pub fn resource_created(&mut self, resource: Resource, restricted_to: Option<String>) -> Result<(), Error> {
        self.created(resource, restricted_to)
    }

    /// For the budget contract only: a restricted workflow item has another assignee, who gets all rights on it. The signer and the one before
    /// keep `workflowitem.list`. Needs `workflowitem.intent.grantPermission`. Returns the version of the resource's rights.
    pub fn resource_assigned(&mut self, resource: Resource, from: Option<String>, to: String) -> Result<u32, Error> {
        self.assigned(resource, from, to)
    }

    /// The user that an account belongs to.
    pub fn who(&self, account: AccountId) -> Option<UserRecord> {
        self.user_record(&account)
    }

    /// The user of a name.
    pub fn who_is(&self, user: String) -> Option<UserRecord> {
        Some(self.record_of_user(self.user(&user).ok()?.1))
    }

    /// The user who asks.
    pub fn who_asks(&self) -> Option<UserRecord> {
        self.user_record(&origin())
    }

    /// Whether an account has each of these rights.
    pub fn check(&self, account: AccountId, asked: Vec<(Intent, Resource)>) -> Vec<Verdict> {
        self.verdicts(&account, asked)
    }

    /// Whether an account has one of these rights; if none, what is missing of the first. Of an empty list nothing is missing.
    pub fn check_any(&self, account: AccountId, asked: Vec<(Intent, Resource)>) -> Verdict {
        let mut first = None;
        for verdict in self.verdicts(&account, asked) {
            if matches!(verdict, Verdict::Allowed) {
                return verdict;
            }
            first = first.or(Some(verdict));
        }
        first.unwrap_or(Verdict::Allowed)
    }

    /// The user, group or organisation of a name.
    pub fn identity(&self, name: String) -> Option<IdentityRecord> {
        Some(view::record(self.named(&name).ok()?.1))
    }

    /// True if an account belongs to an enabled user who is that one, or in that group or organisation.
    pub fn in_identity(&self, account: AccountId, identity: String) -> bool {
        self.is_in_identity(&account, &identity)
    }

    /// A page of users, groups and organisations, in the order they were created.
    pub fn identities(
        &self,
        /// The page starts behind this one; nothing for the first page.
        after: Option<String>,
        /// Entries of the page, at most 100.
        limit: u32,
    ) -> Result<Vec<IdentityRecord>, Error> {
        self.page_of_identities(after, limit)
    }

    /// A page of the users and groups that are in a group, or in an organisation, themselves; in the order they were created.
    pub fn members(&self, of: String, after: Option<String>, limit: u32) -> Result<Vec<IdentityRecord>, Error> {
        self.page_of_members(&of, after, limit)
    }

    /// A page of the grants and denials that stand on a resource itself. Needs the right to list them there
    /// (`<level>.intent.listPermissions`, of a group `group.administer`).
    pub fn permissions(
        &self,
        resource: Resource,
        after: Option<String>,
        limit: u32,
    ) -> Result<ResourcePermissions, Error> {
        self.rights_on(resource, after, limit)
    }

    /// A page of the enabled users who have a right, each with the grant it comes from. Needs the right to list as `permissions` does.
    pub fn who_can(
        &self,
        intent: Intent,
        resource: Resource,
        after: Option<String>,
        limit: u32,
    ) -> Result<Holders, Error> {
        self.holders(intent, &resource, after, limit)
    }

    /// Why somebody has a right, or has not: the grant or denial, through which groups, from which resource. About oneself everybody may
    /// ask; about others it needs the right to list as `permissions` does.
    pub fn why(&self, principal: String, intent: Intent, resource: Resource) -> Result<Explanation, Error> {
        self.explain(&principal, intent, &resource)
    }

    /// A page of the roles, in the order of their names.
    pub fn roles(&self, after: Option<String>, limit: u32) -> Vec<RoleRecord> {
        let page = self.roles.iter_after(&after.unwrap_or_default()).take(view::page_size(limit));
        page.map(|(role, Role { intents, version })| RoleRecord { role, intents, version }).collect()
    }

    /// All intents with their dotted names.
    pub fn intents(&self) -> Vec<IntentName> {
        Intent::ALL.iter().map(|&intent| IntentName { intent, name: intent.name().to_owned() }).collect()
    }

    /// The linked budget contract.
    pub fn linked(&self) -> Option<ContractId> {
        self.budget.get()
    }
}

#[cfg(test)]
mod tests;
