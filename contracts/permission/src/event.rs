//! What the contract tells of its changes: one event for each. Invariant: an event says who acted, what changed and to which version.

use coffer_sdk::prelude::*;

use crate::intent::Intent;
use crate::resource::Resource;

/// A user was created. The first one of an organisation brings in the organisation.
#[event]
pub struct UserCreated {
    /// Its name, `organisation/id`.
    pub user: String,
    /// What it signs with.
    pub account: AccountId,
    /// Who created it; nobody for the first administrator.
    pub by: Option<String>,
}

/// A user's account or display commitment was changed.
#[event]
pub struct UserUpdated {
    /// The user.
    pub user: String,
    /// Its account from now on.
    pub account: AccountId,
    /// Its display commitment from now on.
    pub display: Hash,
    /// Who changed it.
    pub by: String,
    /// Version of the user now.
    pub version: u32,
}

/// A user was enabled or disabled.
#[event]
pub struct UserSwitched {
    /// The user.
    pub user: String,
    /// What it is now.
    pub enabled: bool,
    /// Who did it.
    pub by: String,
    /// Version of the user now.
    pub version: u32,
}

/// A group was created.
#[event]
pub struct GroupCreated {
    /// Its name.
    pub group: String,
    /// Who created it.
    pub by: String,
}

/// A user or a group was added to a group.
#[event]
pub struct MemberAdded {
    /// The group.
    pub group: String,
    /// Who is in it now.
    pub member: String,
    /// Who did it.
    pub by: String,
    /// Version of the group now.
    pub version: u32,
}

/// A user or a group was removed from a group.
#[event]
pub struct MemberRemoved {
    /// The group.
    pub group: String,
    /// Who is no longer in it.
    pub member: String,
    /// Who did it.
    pub by: String,
    /// Version of the group now.
    pub version: u32,
}

/// Rights were granted.
#[event]
pub struct Granted {
    /// To whom.
    pub principal: String,
    /// Which.
    pub intents: Vec<Intent>,
    /// On what.
    pub resource: Resource,
    /// True if also on what is below it.
    pub inheritable: bool,
    /// Until when, in milliseconds; nothing if without an end.
    pub until: Option<u64>,
    /// Who did it.
    pub by: String,
    /// Version of the resource's rights now.
    pub version: u32,
}

/// Rights were denied.
#[event]
pub struct Denied {
    /// To whom.
    pub principal: String,
    /// Which.
    pub intents: Vec<Intent>,
    /// On what.
    pub resource: Resource,
    /// True if also on what is below it.
    pub inheritable: bool,
    /// Until when, in milliseconds; nothing if without an end.
    pub until: Option<u64>,
    /// Who did it.
    pub by: String,
    /// Version of the resource's rights now.
    pub version: u32,
}

/// Grants or denials were taken back.
#[event]
pub struct Revoked {
    /// Whose.
    pub principal: String,
    /// Which.
    pub intents: Vec<Intent>,
    /// On what.
    pub resource: Resource,
    /// Who did it.
    pub by: String,
    /// Version of the resource's rights now.
    pub version: u32,
}

/// The budget contract announced a resource: its creator has all rights on it, or of a restricted one another.
#[event]
pub struct ResourceCreated {
    /// The resource.
    pub resource: Resource,
    /// Who created it.
    pub by: String,
    /// Who alone has the rights on it, if it is restricted.
    pub restricted_to: Option<String>,
}

/// The rights on a restricted resource went to another.
#[event]
pub struct ResourceAssigned {
    /// The resource.
    pub resource: Resource,
    /// Who had them.
    pub from: Option<String>,
    /// Who has them now.
    pub to: String,
    /// Who did it.
    pub by: String,
    /// Version of the resource's rights now.
    pub version: u32,
}

/// A role was defined or changed.
#[event]
pub struct RoleDefined {
    /// The role.
    pub role: String,
    /// What it grants.
    pub intents: Vec<Intent>,
    /// Who did it.
    pub by: String,
    /// Version of the role now.
    pub version: u32,
}

/// A role was removed. What it granted stays granted.
#[event]
pub struct RoleRemoved {
    /// The role.
    pub role: String,
    /// Who did it.
    pub by: String,
}

/// The contract was linked with a budget contract.
#[event]
pub struct Linked {
    /// The budget contract.
    pub budget: ContractId,
}
