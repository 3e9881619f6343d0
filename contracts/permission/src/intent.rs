//! All intents: the named rights, each of a level. Not here: who has them (`grant`). Invariant: an intent's place in the list is its encoding
//! in storage, so new ones come at the end.

use coffer_sdk::prelude::*;

use crate::resource::Level;

macro_rules! intents {
    ($($(#[$doc:meta])* $level:ident $variant:ident = $name:literal;)*) => {
        /// A right. Its name is that of the reference, such as `subproject.budget.updateProjected`.
        #[contract_type]
        #[derive(Clone, Copy, PartialOrd, Ord)]
        pub enum Intent {
            $($(#[$doc])* $variant,)*
        }

        impl Intent {
            /// Every intent, in the order of the list.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its dotted name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The level of the resources that it is about.
            pub const fn level(self) -> Level {
                match self {
                    $(Self::$variant => Level::$level,)*
                }
            }
        }
    };
}

intents! {
    /// See who has which right globally.
    Global GlobalListPermissions = "global.listPermissions";
    /// Grant global rights that one has, and name roles.
    Global GlobalGrantPermission = "global.grantPermission";
    /// Grant all global rights at once.
    Global GlobalGrantAllPermissions = "global.grantAllPermissions";
    /// Revoke and deny rights globally.
    Global GlobalRevokePermission = "global.revokePermission";
    /// Create projects.
    Global GlobalCreateProject = "global.createProject";
    /// Create users.
    Global GlobalCreateUser = "global.createUser";
    /// Enable users.
    Global GlobalEnableUser = "global.enableUser";
    /// Disable users.
    Global GlobalDisableUser = "global.disableUser";
    /// See what is assigned to a user.
    Global GlobalListAssignments = "global.listAssignments";
    /// Create groups.
    Global GlobalCreateGroup = "global.createGroup";
    /// Register a node of one's organisation.
    Global NetworkRegisterNode = "network.registerNode";
    /// See all nodes.
    Global NetworkList = "network.list";
    /// See the nodes that run.
    Global NetworkListActive = "network.listActive";
    /// Vote on an organisation's access.
    Global NetworkVoteForPermission = "network.voteForPermission";
    /// Approve an organisation.
    Global NetworkApproveNewOrganization = "network.approveNewOrganization";
    /// Approve a further node of an organisation.
    Global NetworkApproveNewNode = "network.approveNewNodeForExistingOrganization";
    /// Decline a node.
    Global NetworkDeclineNode = "network.declineNode";
    /// Start providing test data.
    Global ProvisioningStart = "provisioning.start";
    /// End it.
    Global ProvisioningEnd = "provisioning.end";
    /// See how far it is.
    Global ProvisioningGet = "provisioning.get";
    /// See the user.
    User UserList = "user.list";
    /// Log in as the user.
    User UserAuthenticate = "user.authenticate";
    /// Replace what the user logs in and signs with.
    User UserChangePassword = "user.changePassword";
    /// See who has which right on the user.
    User UserListPermissions = "user.intent.listPermissions";
    /// Grant rights on the user.
    User UserGrantPermission = "user.intent.grantPermission";
    /// Revoke and deny rights on the user.
    User UserRevokePermission = "user.intent.revokePermission";
    /// Add users and groups to the group.
    Group GroupAddUser = "group.addUser";
    /// Remove users and groups from the group.
    Group GroupRemoveUser = "group.removeUser";
    /// See, grant, revoke and deny rights on the group.
    Group GroupAdminister = "group.administer";
    /// See who has which right on the project.
    Project ProjectListPermissions = "project.intent.listPermissions";
    /// Grant rights on the project.
    Project ProjectGrantPermission = "project.intent.grantPermission";
    /// Revoke and deny rights on the project.
    Project ProjectRevokePermission = "project.intent.revokePermission";
    /// See the project in lists.
    Project ProjectList = "project.list";
    /// See its details.
    Project ProjectViewDetails = "project.viewDetails";
    /// See its history.
    Project ProjectViewHistory = "project.viewHistory";
    /// Assign it.
    Project ProjectAssign = "project.assign";
    /// Change it.
    Project ProjectUpdate = "project.update";
    /// Close it.
    Project ProjectClose = "project.close";
    /// Create subprojects.
    Project ProjectCreateSubproject = "project.createSubproject";
    /// Set projected budgets.
    Project ProjectUpdateProjected = "project.budget.updateProjected";
    /// Delete projected budgets.
    Project ProjectDeleteProjected = "project.budget.deleteProjected";
    /// See who has which right on the subproject.
    Subproject SubprojectListPermissions = "subproject.intent.listPermissions";
    /// Grant rights on the subproject.
    Subproject SubprojectGrantPermission = "subproject.intent.grantPermission";
    /// Revoke and deny rights on the subproject.
    Subproject SubprojectRevokePermission = "subproject.intent.revokePermission";
    /// See the subproject in lists.
    Subproject SubprojectList = "subproject.list";
    /// See its details.
    Subproject SubprojectViewDetails = "subproject.viewDetails";
    /// See its history.
    Subproject SubprojectViewHistory = "subproject.viewHistory";
    /// Assign it.
    Subproject SubprojectAssign = "subproject.assign";
    /// Change it.
    Subproject SubprojectUpdate = "subproject.update";
    /// Close it.
    Subproject SubprojectClose = "subproject.close";
    /// Create workflow items.
    Subproject SubprojectCreateWorkflowitem = "subproject.createWorkflowitem";
    /// Put workflow items into another order.
    Subproject SubprojectReorderWorkflowitems = "subproject.reorderWorkflowitems";
    /// Set projected budgets.
    Subproject SubprojectUpdateProjected = "subproject.budget.updateProjected";
    /// Delete projected budgets.
    Subproject SubprojectDeleteProjected = "subproject.budget.deleteProjected";
    /// See who has which right on the workflow item.
    Item WorkflowitemListPermissions = "workflowitem.intent.listPermissions";
    /// Grant rights on the workflow item.
    Item WorkflowitemGrantPermission = "workflowitem.intent.grantPermission";
    /// Revoke and deny rights on the workflow item.
    Item WorkflowitemRevokePermission = "workflowitem.intent.revokePermission";
    /// See the workflow item in lists.
    Item WorkflowitemList = "workflowitem.list";
    /// See its details.
    Item WorkflowitemViewDetails = "workflowitem.viewDetails";
    /// See its history.
    Item WorkflowitemViewHistory = "workflowitem.viewHistory";
    /// Assign it.
    Item WorkflowitemAssign = "workflowitem.assign";
    /// Change it.
    Item WorkflowitemUpdate = "workflowitem.update";
    /// Close it.
    Item WorkflowitemClose = "workflowitem.close";
    /// Say that a document is the one of the contract.
    Item WorkflowitemValidateDocument = "workflowitem.validateDocument";
}

impl Intent {
    /// True for a right to grant rights. It cannot be denied, and no resource is ever without a holder of it (`guard`).
    pub const fn is_right_to_grant(self) -> bool {
        self as u8 == self.level().right_to_grant() as u8
    }

    /// All intents of some level.
    pub fn of(level: Level) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |intent| intent.level() == level)
    }
}
