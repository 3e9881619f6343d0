//! Who may do what: the questions asked of the permission contract. Not here: its answers, which depend on grants. Invariant: the account
//! asked about is always the one that signed the transaction, whatever contract stands in between.

use coffer_sdk::prelude::*;

use crate::Budget;
use crate::error::Error;
use crate::permission::{self, IdentityKind, Intent, Resource, Verdict};

/// What somebody may do to a thing, whatever its level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// See it in a list.
    List,
    /// See all of it.
    ViewDetails,
    /// See what happened to it.
    ViewHistory,
    /// Assign it.
    Assign,
    /// Change its fields.
    Update,
    /// Close it.
    Close,
    /// Create something right below it.
    Create,
    /// Put what is below it into another order.
    Reorder,
    /// Set a projected budget.
    UpdateProjected,
    /// Delete a projected budget.
    DeleteProjected,
    /// Grant rights on it.
    Grant,
    /// Validate its documents.
    ValidateDocument,
    /// See what is assigned to others, anywhere.
    ListAssignments,
}

/// Who acts.
pub struct Actor {
    /// The signer's user, `organisation/id`.
    pub user: String,
}

impl Actor {
    /// The organisation of the user.
    pub fn organisation(&self) -> &str {
        organisation_of(&self.user)
    }
}

/// The organisation of a user `organisation/id`.
pub fn organisation_of(user: &str) -> &str {
    user.split_once('/').map_or(user, |(organisation, _)| organisation)
}

/// The intent of a right on a thing; `None` if there is none at its level.
fn intent(right: Right, resource: &Resource) -> Option<Intent> {
    use Intent as I;
    use Right as R;
    let [project, subproject, item] = match right {
        R::List => [Some(I::ProjectList), Some(I::SubprojectList), Some(I::WorkflowitemList)],
        R::ViewDetails => {
            [Some(I::ProjectViewDetails), Some(I::SubprojectViewDetails), Some(I::WorkflowitemViewDetails)]
        }
        R::ViewHistory => {
            [Some(I::ProjectViewHistory), Some(I::SubprojectViewHistory), Some(I::WorkflowitemViewHistory)]
        }
        R::Assign => [Some(I::ProjectAssign), Some(I::SubprojectAssign), Some(I::WorkflowitemAssign)],
        R::Update => [Some(I::ProjectUpdate), Some(I::SubprojectUpdate), Some(I::WorkflowitemUpdate)],
        R::Close => [Some(I::ProjectClose), Some(I::SubprojectClose), Some(I::WorkflowitemClose)],
        R::Create if *resource == Resource::Global => return Some(I::GlobalCreateProject),
        R::Create => [Some(I::ProjectCreateSubproject), Some(I::SubprojectCreateWorkflowitem), None],
        R::Reorder => [None, Some(I::SubprojectReorderWorkflowitems), None],
        R::UpdateProjected => [Some(I::ProjectUpdateProjected), Some(I::SubprojectUpdateProjected), None],
        R::DeleteProjected => [Some(I::ProjectDeleteProjected), Some(I::SubprojectDeleteProjected), None],
        R::Grant => {
            [Some(I::ProjectGrantPermission), Some(I::SubprojectGrantPermission), Some(I::WorkflowitemGrantPermission)]
        }
        R::ValidateDocument => [None, None, Some(I::WorkflowitemValidateDocument)],
        R::ListAssignments => return (*resource == Resource::Global).then_some(I::GlobalListAssignments),
    };
    match resource {
        Resource::Project { .. } => project,
        Resource::Subproject { .. } => subproject,
        Resource::Item { .. } => item,
        _ => None,
    }
}

/// What is missing, if something is.
pub type Missing = Option<(String, Resource)>;

/// Either of these lets a reader see a thing.
pub const SEEN_BY: [Right; 2] = [Right::List, Right::ViewDetails];

impl Budget {
    fn permission(&self) -> permission::Client {
        permission::Client::at(self.about.get().map(|about| about.permission).unwrap_or_default())
    }

    /// Which of these things the signer has one of the rights on, asked for in one call.
    pub(crate) fn sees(&self, resources: Vec<Resource>, rights: &[Right]) -> Result<Vec<bool>, Error> {
        let wanted = resources.into_iter();
        let wanted = wanted.flat_map(|resource| rights.iter().map(move |right| (*right, resource.clone()))).collect();
        let answers: Vec<Missing> = self.ask(wanted)?;
        Ok(answers.chunks(rights.len()).map(|answers| answers.iter().any(Option::is_none)).collect())
    }

    /// Asks, in one call, for each of several rights whether the signer has it.
    pub(crate) fn ask(&self, wanted: Vec<(Right, Resource)>) -> Result<Vec<Missing>, Error> {
        let mut asked = Vec::new();
        for (right, resource) in wanted {
            // Nothing has a right that its level does not have.
            let intent = intent(right, &resource).ok_or_else(|| Error::NotFound { resource: resource.clone() })?;
            asked.push((intent, resource));
        }
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let count = asked.len();
        let verdicts = self.permission().check(origin(), asked).map_err(broken)?;
        if verdicts.len() != count {
            return Err(Error::NoPermissionContract { why: "it did not answer each question".to_owned() });
        }
        let missing = verdicts.into_iter().map(|verdict| match verdict {
            Verdict::Allowed => None,
            Verdict::Missing { right, resource, .. } => Some((right, resource)),
        });
        Ok(missing.collect())
    }

    /// Makes sure that the signer has all of these rights, and tells who it is.
    pub(crate) fn authorise(&self, wanted: Vec<(Right, Resource)>) -> Result<Actor, Error> {
        let missing = self.ask(wanted)?;
        let account = origin();
        let user = self.permission().who(account).map_err(broken)?.filter(|user| user.enabled);
        let Some(user) = user else { return Err(Error::NotAUser { account }) };
        match missing.into_iter().flatten().next() {
            Some((intent, resource)) => Err(Error::NotAllowed { intent, resource }),
            None => Ok(Actor { user: user.user }),
        }
    }

    /// Makes sure that the signer has one of these rights.
    pub(crate) fn require_any(&self, rights: &[Right], resource: &Resource) -> Result<(), Error> {
        let missing = self.ask(rights.iter().map(|right| (*right, resource.clone())).collect())?;
        if missing.iter().any(Option::is_none) {
            return Ok(());
        }
        let intents: Vec<String> = missing.into_iter().flatten().map(|(intent, _)| intent).collect();
        Err(Error::NotAllowed { intent: intents.join(" or "), resource: resource.clone() })
    }

    /// True if the signer is a user, or in a group, directly or through other groups.
    pub(crate) fn is_in(&self, identity: &str) -> Result<bool, Error> {
        self.permission().in_identity(origin(), identity.to_owned()).map_err(broken)
    }

    /// Makes sure that a user or group is there and enabled.
    pub(crate) fn check_identity(&self, field: &str, id: &str) -> Result<String, Error> {
        let id = crate::text::required(field, id)?;
        let why = match self.permission().identity(id.clone()).map_err(broken)? {
            Some(identity) if identity.kind == IdentityKind::Organisation => "it is an organisation",
            Some(identity) if identity.enabled => return Ok(id),
            Some(_) => "it is disabled",
            None => "there is no such user or group",
        };
        Err(Error::NoIdentity { field: field.to_owned(), id, why: why.to_owned() })
    }

    /// Gives the signer its rights on what it created; if that is restricted, they go to somebody else.
    pub(crate) fn tell_created(&self, resource: Resource, restricted_to: Option<String>) -> Result<(), Error> {
        self.permission().resource_created(resource, restricted_to).map_err(refused)
    }

    /// Moves the rights on a restricted item to whom it is assigned to now.
    pub(crate) fn tell_assigned(&self, resource: Resource, from: String, to: String) -> Result<(), Error> {
        self.permission().resource_assigned(resource, Some(from), to).map(drop).map_err(refused)
    }
}

/// What the permission contract says of what was created or assigned, in the words of this one.
#[cold]
fn refused(error: CallError<permission::Error>) -> Error {
    match error {
        CallError::Failed(permission::Error::NotAllowed { right: intent, resource, .. }) => {
            Error::NotAllowed { intent, resource }
        }
        CallError::Failed(permission::Error::LastHolder { .. }) => {
            let why = "nobody who is enabled is in it, so that nobody could grant rights on the item".to_owned();
            Error::NoIdentity { field: "assignee".to_owned(), id: String::new(), why }
        }
        error => broken(error),
    }
}

#[cold]
fn broken<E>(error: CallError<E>) -> Error {
    let why = match error {
        CallError::Failed(_) => "it refused what it should not refuse: are the two contracts linked?".to_owned(),
        CallError::Panicked(text) => text,
        CallError::OutOfGas => "it ran out of gas".to_owned(),
        CallError::Trapped(_) => "it trapped".to_owned(),
        CallError::Refused(_) => "it cannot be called".to_owned(),
        CallError::BadReply => "it is none".to_owned(),
    };
    Error::NoPermissionContract { why }
}
