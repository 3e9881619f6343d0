//! Why a command or a view is refused. Invariant: every error says what stands in the way, so that the reader knows what to do about it.

use coffer_sdk::prelude::*;

use crate::permission::Resource;

/// Why a command or a view was refused. Nothing was changed.
#[error]
pub enum Error {
    /// The signer lacks a right: the intent, and the thing it is needed on.
    NotAllowed {
        /// The intent by its dotted name, such as `workflowitem.close`; of several that would do, with `or` between them.
        intent: String,
        /// What it is needed on.
        resource: Resource,
    },
    /// The signer is no user of this programme, or a disabled one.
    NotAUser {
        /// The signer.
        account: AccountId,
    },
    /// There is no such thing.
    NotFound {
        /// What was asked for.
        resource: Resource,
    },
    /// The id is taken.
    AlreadyExists {
        /// What is there already.
        resource: Resource,
    },
    /// Somebody changed the thing since the version that the command was made for: look again.
    Changed {
        /// What changed.
        resource: Resource,
        /// The version the command was made for.
        seen: u32,
        /// The version it has.
        version: u32,
    },
    /// The thing is closed; only its permissions may change, and a vote of the parties may reopen it.
    Closed {
        /// What is closed.
        resource: Resource,
    },
    /// Only what is closed can be reopened.
    Open {
        /// What is open.
        resource: Resource,
    },
    /// Something below is still open: close it first.
    OpenBelow {
        /// What was to be closed.
        resource: Resource,
        /// How many of the things right below it are open.
        open: u64,
    },
    /// The subproject is ordered, and an earlier item is open: close that first.
    NotFirst {
        /// The first open item.
        first: String,
    },
    /// Only somebody in the assignee may close the thing.
    NotAssignee {
        /// The user or group it is assigned to.
        assignee: String,
    },
    /// Only the subproject's validator may close its items.
    NotValidator {
        /// The user or group.
        validator: String,
    },
    /// Users and groups that a thing is assigned to must be there and enabled.
    NoIdentity {
        /// Name of the field.
        field: String,
        /// The id.
        id: String,
        /// What is wrong with it.
        why: String,
    },
    /// A value cannot be used.
    Invalid {
        /// Name of the field.
        field: String,
        /// The value, shortened.
        value: String,
        /// What is wrong, and what would do.
        why: String,
    },
    /// A value is missing.
    Missing {
        /// Name of the field.
        field: String,
        /// Why it is needed.
        why: String,
    },
    /// A command that changes nothing: give at least one value that differs.
    NoChange {
        /// What was to be changed.
        resource: Resource,
    },
    /// A policy of the project stands in the way.
    Policy {
        /// Which.
        policy: String,
        /// What breaks it, and what would do.
        why: String,
    },
    /// A product or a sum of amounts cannot be exact, and nothing is rounded here.
    NotExact {
        /// What was to be computed.
        what: String,
    },
    /// Too much at once.
    TooMuch {
        /// Of what.
        what: String,
        /// How much was given.
        given: u64,
        /// How much there can be.
        most: u64,
    },
    /// Only users of the parties vote, each for its own.
    NotAParty {
        /// The voter's organisation.
        organisation: String,
    },
    /// The item has been corrected, so it cannot be reopened: reopen its corrections first.
    Corrected {
        /// How many closed corrections point to it.
        corrections: u32,
    },
    /// The permission contract did not answer as it should.
    NoPermissionContract {
        /// What came instead.
        why: String,
    },
}
