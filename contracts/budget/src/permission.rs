//! What is called of the permission contract. Not here: which rights a command needs (`access`).

use coffer_sdk::prelude::*;

/// What a right is on. The path is in it.
#[contract_type]
pub enum Resource {
    /// The programme.
    Global,
    /// A user.
    User {
        /// Its id.
        user: String,
    },
    /// A group.
    Group {
        /// Its id.
        group: String,
    },
    /// A project.
    Project {
        /// Its id.
        project: String,
    },
    /// A subproject.
    Subproject {
        /// Its project.
        project: String,
        /// Its id.
        subproject: String,
    },
    /// A workflow item.
    Item {
        /// Its project.
        project: String,
        /// Its subproject.
        subproject: String,
        /// Its id.
        item: String,
    },
}

/// The rights that matter here.
#[contract_type]
#[derive(Copy, PartialOrd, Ord)]
pub enum Intent {
    GlobalCreateProject,
    ProjectGrantPermission,
    ProjectList,
    ProjectViewDetails,
    ProjectViewHistory,
    ProjectAssign,
    ProjectUpdate,
    ProjectClose,
    ProjectCreateSubproject,
    ProjectUpdateProjected,
    ProjectDeleteProjected,
    SubprojectGrantPermission,
    SubprojectList,
    SubprojectViewDetails,
    SubprojectViewHistory,
    SubprojectAssign,
    SubprojectUpdate,
    SubprojectClose,
    SubprojectCreateWorkflowitem,
    SubprojectReorderWorkflowitems,
    SubprojectUpdateProjected,
    SubprojectDeleteProjected,
    WorkflowitemGrantPermission,
    WorkflowitemList,
    WorkflowitemViewDetails,
    WorkflowitemViewHistory,
    WorkflowitemAssign,
    WorkflowitemUpdate,
    WorkflowitemClose,
    WorkflowitemValidateDocument,
}

/// The answer to whether somebody may do something.
#[contract_type]
pub enum Verdict {
    /// Yes.
    Allowed,
    /// No.
    Missing {
        /// The intent that is missing, by its dotted name.
        intent: String,
        /// On what.
        resource: Resource,
    },
}

/// A user.
#[contract_type]
pub struct UserRecord {
    /// `organisation/id`.
    pub id: String,
    /// False while it may do nothing.
    pub enabled: bool,
}

/// A user or a group.
#[contract_type]
pub struct IdentityRecord {
    /// False while nothing may be assigned to it.
    pub enabled: bool,
}

/// Why the permission contract refused.
#[error]
pub enum Error {
    /// Only the linked budget contract may do this.
    NotLinked,
}

/// The permission contract.
#[interface]
pub trait Client {
    fn who(&self, account: AccountId) -> Option<UserRecord>;
    fn check(&self, account: AccountId, wanted: Vec<(Intent, Resource)>) -> Vec<Verdict>;
    fn identity(&self, name: String) -> Option<IdentityRecord>;
    fn in_identity(&self, account: AccountId, identity: String) -> bool;
    fn resource_created(&mut self, resource: Resource, restricted_to: Option<String>) -> Result<(), Error>;
    fn resource_assigned(&mut self, resource: Resource, restricted_to: String) -> Result<(), Error>;
}
