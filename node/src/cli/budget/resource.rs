//! What rights are on, as the contracts name it. Not here: the rows of a file. Invariant: the JSON form is the contracts'.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A resource with the path to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Resource {
    /// The whole programme.
    Global,
    /// A user.
    User { user: String },
    /// A group.
    Group { group: String },
    /// A project.
    Project { project: String },
    /// A subproject.
    Subproject { project: String, subproject: String },
    /// A workflow item.
    Item { project: String, subproject: String, item: String },
}

/// How deep in the tree a resource is, and of which kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// The whole programme.
    Global,
    /// A user.
    User,
    /// A group.
    Group,
    /// A project.
    Project,
    /// A subproject.
    Subproject,
    /// A workflow item.
    Item,
}

impl Level {
    /// True if a right of the other level can stand on resources of this one.
    pub(super) fn holds(self, other: Self) -> bool {
        match self {
            Self::Global => true,
            Self::User | Self::Group | Self::Item => self == other,
            Self::Project | Self::Subproject => other >= self,
        }
    }

    /// Dotted name of the right to grant rights on it.
    pub(super) fn right_to_grant(self) -> &'static str {
        match self {
            Self::Global => "global.grantPermission",
            Self::User => "user.intent.grantPermission",
            Self::Group => "group.administer",
            Self::Project => "project.intent.grantPermission",
            Self::Subproject => "subproject.intent.grantPermission",
            Self::Item => "workflowitem.intent.grantPermission",
        }
    }

    /// Dotted name of the right to deny rights on it.
    pub(super) fn right_to_revoke(self) -> &'static str {
        match self {
            Self::Global => "global.revokePermission",
            Self::User => "user.intent.revokePermission",
            Self::Group => "group.administer",
            Self::Project => "project.intent.revokePermission",
            Self::Subproject => "subproject.intent.revokePermission",
            Self::Item => "workflowitem.intent.revokePermission",
        }
    }

    /// Its name in names of intents.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::User => "user",
            Self::Group => "group",
            Self::Project => "project",
            Self::Subproject => "subproject",
            Self::Item => "workflowitem",
        }
    }
}

impl Resource {
    /// Its level.
    pub(super) fn level(&self) -> Level {
        match self {
            Self::Global => Level::Global,
            Self::User { .. } => Level::User,
            Self::Group { .. } => Level::Group,
            Self::Project { .. } => Level::Project,
            Self::Subproject { .. } => Level::Subproject,
            Self::Item { .. } => Level::Item,
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Global => f.write_str("the programme"),
            Self::User { user } => write!(f, "user {user}"),
            Self::Group { group } => write!(f, "group {group}"),
            Self::Project { project } => write!(f, "project {project}"),
            Self::Subproject { project, subproject } => write!(f, "subproject {project}/{subproject}"),
            Self::Item { project, subproject, item } => write!(f, "workflow item {project}/{subproject}/{item}"),
        }
    }
}
