//! What is to be done so that the chain has what a file says. Not here: doing it (`carry`), looking at single things (`look`). Invariants: planning
//! writes nothing; a thing is gone on with only where an import left it, which its version tells; every other difference is told, or changed where
//! that was asked for.

mod people;
mod things;
mod rights;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{self, StreamExt, TryStreamExt};

use super::check::Known;
use super::file::File;
use super::link::{Failed, Link};
use super::problem::Problems;
use super::resource::Resource;
use super::rights::Grants;
use super::text::Principal;

/// Things that are looked at side by side; the line bounds the requests.
const SIDE_BY_SIDE: usize = 64;

/// Everything that is to be done, row by row of the file.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Roles that are to be defined.
    pub(super) roles: Vec<bool>,
    /// Users.
    pub(super) users: Vec<UserPlan>,
    /// Groups.
    pub(super) groups: Vec<GroupPlan>,
    /// Rights on the programme.
    pub(super) rights: Vec<Grants>,
    /// Projects.
    pub(super) projects: Vec<ProjectPlan>,
}

/// What is to be done about a user.
#[derive(Debug, Default)]
pub(super) struct UserPlan {
    pub(super) create: bool,
    pub(super) rights: Vec<Grants>,
    pub(super) disable: bool,
}

/// What is to be done about a group.
#[derive(Debug, Default)]
pub(super) struct GroupPlan {
    pub(super) create: bool,
    /// Places of the members to be added.
    pub(super) members: Vec<usize>,
    pub(super) rights: Vec<Grants>,
}

/// What is to be done about a project, subproject or item itself.
#[derive(Debug, Default)]
pub(super) struct Own {
    pub(super) create: bool,
    pub(super) rights: Vec<Grants>,
    pub(super) steps: Vec<Step>,
}

/// What is to be done about a project and what is in it.
#[derive(Debug, Default)]
pub(super) struct ProjectPlan {
    pub(super) own: Own,
    pub(super) subprojects: Vec<SubprojectPlan>,
}

/// What is to be done about a subproject and what is in it.
#[derive(Debug, Default)]
pub(super) struct SubprojectPlan {
    pub(super) own: Own,
    pub(super) items: Vec<Own>,
}

/// A command that follows the one that creates a thing. Each makes one more version of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Set these fields.
    Update(BTreeSet<String>),
    /// Assign it.
    Assign,
    /// Set the projected budget at this place.
    Projected(usize),
    /// Add the document at this place.
    AddDocument(usize),
    /// Validate the document at this place.
    Validate(usize),
    /// Set the order list.
    Order,
    /// Set the policies.
    Policies,
    /// Close or reject it.
    Close,
}

impl Own {
    /// True if there is nothing to do.
    pub(super) fn is_done(&self) -> bool {
        !self.create && self.rights.is_empty() && self.steps.is_empty()
    }
}

/// What was noticed while planning.
#[derive(Debug, Default)]
struct Notes {
    problems: Problems,
    /// Rights that who imports needs on what is there already, with the row that needs them.
    needs: BTreeMap<(String, Resource), String>,
    /// Users, groups and organisations that are named, and whether they must be able to be assigned something; with the row that names them.
    named: BTreeMap<(String, bool), String>,
}

impl Notes {
    fn merge(&mut self, other: Self) {
        self.problems.extend(other.problems);
        for (need, path) in other.needs {
            self.needs.entry(need).or_insert(path);
        }
        for (name, path) in other.named {
            self.named.entry(name).or_insert(path);
        }
    }

    fn need(&mut self, right: impl Into<String>, resource: &Resource, path: &str) {
        self.needs.entry((right.into(), resource.clone())).or_insert_with(|| path.to_owned());
    }

    fn names(&mut self, name: Option<&Principal>, can_be_assigned: bool, path: impl FnOnce() -> String) {
        if let Some(name) = name {
            self.named.entry((name.to_string(), can_be_assigned)).or_insert_with(path);
        }
    }
}

/// Plans rows of one list at the same time; the plans are in the order of the rows, and so is what was noticed.
async fn side_by_side<'a, R, T, F: Future<Output = Result<(T, Notes), Failed>>>(
    rows: &'a [R],
    mut plan: impl FnMut(usize, &'a R) -> F,
    notes: &mut Notes,
) -> Result<Vec<T>, Failed> {
    let planned = stream::iter(rows.iter().enumerate()).map(|(n, row)| plan(n, row)).buffered(SIDE_BY_SIDE);
    let planned: Vec<(T, Notes)> = planned.try_collect().await?;
    let merged = planned.into_iter().map(|(plan, noticed)| {
        notes.merge(noticed);
        plan
    });
    Ok(merged.collect())
}

/// One who plans.
pub(super) struct Planner<'a> {
    pub(super) link: &'a Link,
    pub(super) file: &'a File,
    pub(super) known: &'a Known<'a>,
    /// True: differences are changed where a command can.
    pub(super) update: bool,
    /// In whom the importing user is, as far as that was asked.
    pub(super) is_in: RefCell<BTreeMap<String, bool>>,
}

/// A thing that is planned: where it is, in the file and on the chain.
struct Place<'a> {
    resource: &'a Resource,
    path: &'a str,
}

impl Planner<'_> {
    /// Plans everything. With problems nothing of it may be done.
    ///
    /// # Errors
    /// When the node cannot be asked.
    pub(super) async fn plan(&self) -> Result<(Plan, Problems), Failed> {
        let (mut plan, mut notes) = (Plan::default(), Notes::default());
        plan.roles = self.roles(&mut notes).await?;
        plan.users = side_by_side(&self.file.users, |n, row| self.user(n, row), &mut notes).await?;
        plan.groups = side_by_side(&self.file.groups, |n, row| self.group(n, row), &mut notes).await?;
        let place = Place { resource: &Resource::Global, path: "" };
        plan.rights = self.rights(&self.file.rights, &place, None, &mut notes).await?;
        plan.projects = side_by_side(&self.file.projects, |n, row| self.project(n, row), &mut notes).await?;
        self.check_named(&mut notes).await?;
        self.check_needs(&mut notes).await?;
        Ok((plan, notes.problems))
    }
}
