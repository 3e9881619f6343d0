//! Why a command or a view is refused. Invariant: every error says what stands in the way, so that the reader knows what to do about it.

use coffer_sdk::prelude::*;

use crate::resource::Resource;

/// Why a command or a view was refused. Nothing was changed.
#[error]
pub enum Error {
    /// The signer lacks a right.
    NotAllowed {
        /// The intent by its dotted name, such as `project.intent.grantPermission`.
        right: String,
        /// What it is needed on.
        resource: Resource,
        /// Why the signer does not have it.
        because: Absence,
    },
    /// Nobody can pass on more than it has: the signer holds the right for a shorter time than it would grant it for, or only there and
    /// not for what is below.
    BeyondOwn {
        /// The intent by its dotted name.
        right: String,
        /// What it was to be granted on.
        resource: Resource,
    },
    /// Afterwards no enabled user would hold this right without an end: give it to somebody else first.
    LastHolder {
        /// The right to grant, by its dotted name.
        right: String,
        /// What nobody could grant rights on any more.
        resource: Resource,
    },
    /// A right to grant is revoked where it was granted, but not denied: a denial could leave a resource without any holder.
    CannotDeny {
        /// The intent by its dotted name.
        right: String,
    },
    /// An intent is granted on resources of its own level and above them.
    WrongLevel {
        /// The intent by its dotted name.
        right: String,
        /// The resource below its level, or beside it.
        resource: Resource,
    },
    /// No intent was named, or of a role none that fits the resource.
    NoIntents {
        /// The resource.
        resource: Resource,
    },
    /// The end of a grant is in the past.
    Expired {
        /// When it was to end, in milliseconds.
        until: u64,
        /// The time of the block, in milliseconds.
        now: u64,
    },
    /// There is no user, group or organisation of this name.
    NoIdentity {
        /// The name.
        name: String,
    },
    /// A user or a group is needed, and this is something else.
    WrongKind {
        /// The name.
        name: String,
        /// What is needed.
        needed: String,
    },
    /// There is a user, group or organisation of this name already; they share their names.
    NameTaken {
        /// The name.
        name: String,
    },
    /// A name cannot be used.
    BadName {
        /// Name of the field.
        field: String,
        /// The name, shortened.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// The account belongs, or belonged, to another user.
    AccountTaken {
        /// The user.
        user: String,
    },
    /// No such project, subproject or workflow item was announced by the budget contract, or there is no such user or group.
    NoResource {
        /// What was asked for.
        resource: Resource,
    },
    /// The budget contract announces a resource that is there already, or that is none of its own.
    BadResource {
        /// The resource.
        resource: Resource,
    },
    /// Somebody changed it since the version that the command was made for: look again.
    Changed {
        /// The version the command was made for.
        seen: u32,
        /// The version it has.
        version: u32,
    },
    /// A group cannot be in itself, nor in a group that is in it.
    Loop {
        /// The group.
        group: String,
        /// What was to become its member.
        member: String,
    },
    /// There would be too many.
    TooMany {
        /// Of what.
        what: String,
        /// How many there can be.
        most: u32,
    },
    /// There is no role of this name.
    NoRole {
        /// The name.
        role: String,
    },
    /// The contract is linked already.
    AlreadyLinked {
        /// The budget contract.
        budget: ContractId,
    },
    /// Only the linked budget contract calls this.
    NotTheBudget {
        /// Who called.
        caller: AccountId,
    },
    /// Only the deployer links the contract.
    NotTheDeployer {
        /// The deployer.
        deployer: AccountId,
    },
    /// What a user signs with is replaced by the user, or by somebody of its own organisation: another organisation could act in its name.
    OtherOrganisation {
        /// The user's organisation.
        organisation: String,
    },
    /// A user is not disabled while something open is assigned to it: assign that to somebody else, or close it. The budget's `assignments` lists it.
    StillAssigned {
        /// The user.
        user: String,
        /// How many projects, subprojects and workflow items; of very many not all are counted.
        open: u32,
    },
    /// The linked budget contract does not say whether something is assigned to a user.
    NoBudgetContract {
        /// The contract.
        budget: ContractId,
        /// What came instead.
        because: String,
    },
}

/// Why somebody does not have a right.
#[contract_type]
pub enum Absence {
    /// The account belongs to no user.
    NotAUser {
        /// The account.
        account: AccountId,
    },
    /// The user is disabled.
    Disabled,
    /// Nothing grants it, there or above.
    NotGranted,
    /// It is denied.
    Denied {
        /// To whom: the user, a group it is in, or its organisation.
        principal: String,
        /// Where.
        at: Resource,
    },
}
