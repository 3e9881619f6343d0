//! Resources: what rights are on. They form a tree of paths: global > project > subproject > workflow item, with users and groups right
//! under global. Not here: what the contract keeps of a resource (`place`). Invariant: no two resources have one key.

use coffer_sdk::prelude::*;

use crate::intent::Intent;

/// What a right is on. The path to it is in it.
#[contract_type]
#[derive(PartialOrd, Ord)]
pub enum Resource {
    /// The whole programme.
    Global,
    /// A user.
    User {
        /// Its name, `organisation/id`.
        user: String,
    },
    /// A group.
    Group {
        /// Its name.
        group: String,
    },
    /// A project.
    Project {
        /// Its id.
        project: String,
    },
    /// A subproject.
    Subproject {
        /// Id of its project.
        project: String,
        /// Its id.
        subproject: String,
    },
    /// A workflow item.
    Item {
        /// Id of its project.
        project: String,
        /// Id of its subproject.
        subproject: String,
        /// Its id.
        item: String,
    },
}

/// How deep in the tree a resource is, and of which kind.
#[contract_type]
#[derive(Clone, Copy, PartialOrd, Ord)]
pub enum Level {
    /// The whole programme.
    Global,
    /// Users.
    User,
    /// Groups.
    Group,
    /// Projects.
    Project,
    /// Subprojects.
    Subproject,
    /// Workflow items.
    Item,
}

impl Level {
    /// The intent that grants need on a resource of this level.
    pub const fn right_to_grant(self) -> Intent {
        match self {
            Self::Global => Intent::GlobalGrantPermission,
            Self::User => Intent::UserGrantPermission,
            Self::Group => Intent::GroupAdminister,
            Self::Project => Intent::ProjectGrantPermission,
            Self::Subproject => Intent::SubprojectGrantPermission,
            Self::Item => Intent::WorkflowitemGrantPermission,
        }
    }

    /// The intent that revoking and denying need.
    pub const fn right_to_revoke(self) -> Intent {
        match self {
            Self::Global => Intent::GlobalRevokePermission,
            Self::User => Intent::UserRevokePermission,
            Self::Group => Intent::GroupAdminister,
            Self::Project => Intent::ProjectRevokePermission,
            Self::Subproject => Intent::SubprojectRevokePermission,
            Self::Item => Intent::WorkflowitemRevokePermission,
        }
    }

    /// The intent that seeing the grants needs.
    pub const fn right_to_list(self) -> Intent {
        match self {
            Self::Global => Intent::GlobalListPermissions,
            Self::User => Intent::UserListPermissions,
            Self::Group => Intent::GroupAdminister,
            Self::Project => Intent::ProjectListPermissions,
            Self::Subproject => Intent::SubprojectListPermissions,
            Self::Item => Intent::WorkflowitemListPermissions,
        }
    }

    /// The level above, which nothing of the global one has.
    const fn above(self) -> Option<Self> {
        match self {
            Self::Global => None,
            Self::User | Self::Group | Self::Project => Some(Self::Global),
            Self::Subproject => Some(Self::Project),
            Self::Item => Some(Self::Subproject),
        }
    }

    /// True if resources of this level are those of `other`, or stand above some of them.
    pub fn holds(self, other: Self) -> bool {
        let mut at = Some(other);
        while let Some(level) = at {
            if level == self {
                return true;
            }
            at = level.above();
        }
        false
    }
}

impl Resource {
    /// Its level.
    pub const fn level(&self) -> Level {
        match self {
            Self::Global => Level::Global,
            Self::User { .. } => Level::User,
            Self::Group { .. } => Level::Group,
            Self::Project { .. } => Level::Project,
            Self::Subproject { .. } => Level::Subproject,
            Self::Item { .. } => Level::Item,
        }
    }

    /// The resource one step up; nothing for the global one.
    pub fn parent(&self) -> Option<Self> {
        match self {
            Self::Global => None,
            Self::User { .. } | Self::Group { .. } | Self::Project { .. } => Some(Self::Global),
            Self::Subproject { project, .. } => Some(Self::Project { project: project.clone() }),
            Self::Item { project, subproject, .. } => {
                Some(Self::Subproject { project: project.clone(), subproject: subproject.clone() })
            }
        }
    }

    /// Under what it is stored: a hash, because a path can be longer than a key.
    pub fn key(&self) -> Hash {
        // Each part follows its length, so that no two paths are one text.
        let mut path = vec![self.level() as u8];
        for part in self.parts() {
            path.extend_from_slice(&(part.len() as u32).to_le_bytes());
            path.extend_from_slice(part.as_bytes());
        }
        crypto::blake3(&path)
    }

    fn parts(&self) -> Vec<&str> {
        match self {
            Self::Global => Vec::new(),
            Self::User { user: part } | Self::Group { group: part } | Self::Project { project: part } => vec![part],
            Self::Subproject { project, subproject } => vec![project, subproject],
            Self::Item { project, subproject, item } => vec![project, subproject, item],
        }
    }
}
