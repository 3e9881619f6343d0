//! Carrying a plan out: commands in the order that the contracts need, many at the same time. Not here: what is to be done (`plan`). Invariants: nothing is
//! sent for something whose parent was refused; what has an order on the chain, projects, subprojects of one project and items of one subproject,
//! is sent one after the other; a refusal ends its own row and leaves the others.

use std::cell::RefCell;

use futures::stream::{self, StreamExt};
use serde_json::{Value, json};

use super::command;
use super::file::{File, Group, Item, Project, Subproject, User};
use super::link::{Failed, Link, Part};
use super::plan::{GroupPlan, Own, Plan, ProjectPlan, Step, SubprojectPlan, UserPlan};
use super::problem::{Problems, within};
use super::progress::Progress;
use super::resource::Resource;
use super::rights::Grants;

/// Projects, and subprojects of one, that are worked on side by side; the line bounds the requests.
const SIDE_BY_SIDE: usize = 256;
/// Members that a group is created with; more are added afterwards.
const FIRST_MEMBERS: usize = 100;

/// One who carries a plan out.
pub(super) struct Carrier<'a> {
    pub(super) link: &'a Link,
    pub(super) file: &'a File,
    pub(super) progress: &'a Progress,
    /// What the contracts refused.
    pub(super) problems: RefCell<Problems>,
}

/// What a row is on the chain.
enum Row<'a> {
    Project(&'a Project),
    Subproject(&'a Subproject),
    Item(&'a Item),
}

impl Carrier<'_> {
    /// Does all of it.
    ///
    /// # Errors
    /// When the node stays away, or answers what is no answer.
    pub(super) async fn carry(&self, plan: &Plan) -> Result<(), Failed> {
        for (n, (role, _)) in self.file.roles.iter().zip(&plan.roles).enumerate().filter(|(_, (_, define))| **define) {
            let intents = self.link.catalogue.read(&role.intents).unwrap_or_default();
            let words: Vec<&str> = intents.iter().map(|intent| self.link.catalogue.word(*intent)).collect();
            let args = json!({ "role": role.role, "intents": words, "seen": null });
            self.row(&format!("roles[{n}]"), Part::Permission, "define_role", args).await?;
            self.progress.done();
        }
        let users = self.file.users.iter().zip(&plan.users).enumerate();
        self.each(users, |(n, (row, plan))| self.user(n, row, plan)).await?;
        // Each behind those that are in it; a file whose groups cannot be put into that order was refused.
        for n in super::check::in_order(&self.file.groups).unwrap_or_default() {
            if let (Some(row), Some(plan)) = (self.file.groups.get(n), plan.groups.get(n)) {
                self.group(n, row, plan).await?;
            }
        }
        let users = self.file.users.iter().zip(&plan.users).enumerate();
        self.each(users, |(n, (row, plan))| async move {
            let resource = Resource::User { user: row.user.to_string() };
            self.grants(&plan.rights, &resource, &format!("users[{n}]")).await.map(drop)
        })
        .await?;
        self.grants(&plan.rights, &Resource::Global, "").await?;
        let mut begun = Vec::new();
        for (n, (row, plan)) in self.file.projects.iter().zip(&plan.projects).enumerate() {
            let path = format!("projects[{n}]");
            if self.create(&path, plan.own.create, "project_create", || command::new_project(row)).await? {
                begun.push((path, row, plan));
            } else {
                self.progress.skip(rows_below(plan) + 1);
            }
        }
        self.each(begun.iter(), |(path, row, plan)| self.project(path, row, plan)).await?;
        let users = self.file.users.iter().zip(&plan.users).enumerate();
        for (n, (row, _)) in users.filter(|(_, (_, plan))| plan.disable) {
            let args = json!({ "user": row.user, "seen": null });
            self.row(&format!("users[{n}].enabled"), Part::Permission, "disable_user", args).await?;
        }
        Ok(())
    }

    /// Does something for each of several, side by side.
    async fn each<T, F: Future<Output = Result<(), Failed>>>(
        &self,
        all: impl Iterator<Item = T>,
        one: impl FnMut(T) -> F,
    ) -> Result<(), Failed> {
        let mut running = stream::iter(all.map(one)).buffer_unordered(SIDE_BY_SIDE);
        while let Some(done) = running.next().await {
            done?;
        }
        Ok(())
    }

    /// Gives one command for a row; false if it is refused.
    async fn row(&self, path: &str, part: Part, method: &str, args: Value) -> Result<bool, Failed> {
        match self.link.call(part, method, args).await {
            Ok(()) => Ok(true),
            Err(Failed::Refused { text, .. }) => {
                self.problems.borrow_mut().add(path, text);
                Ok(false)
            }
            Err(broken) => Err(broken),
        }
    }

    async fn create(
        &self,
        path: &str,
        is_new: bool,
        method: &str,
        args: impl FnOnce() -> Value,
    ) -> Result<bool, Failed> {
        if is_new { self.row(path, Part::Budget, method, args()).await } else { Ok(true) }
    }

    async fn grants(&self, all: &[Grants], resource: &Resource, path: &str) -> Result<bool, Failed> {
        let mut whole = true;
        for grants in all {
            let method = if grants.terms.allowed { "grant" } else { "deny" };
            let args = self.link.catalogue.arguments(grants, resource);
            whole &= self.row(&within(path, "rights"), Part::Permission, method, args).await?;
        }
        Ok(whole)
    }

    async fn user(&self, n: usize, row: &User, plan: &UserPlan) -> Result<(), Failed> {
        if !plan.create {
            return Ok(());
        }
        let (organisation, id) = row.user.as_str().split_once('/').unwrap_or_default();
        let nothing = || format!("0x{}", "0".repeat(64));
        let display = row.display.map_or_else(nothing, |display| display.0.to_string());
        let new = json!({ "organisation": organisation, "id": id, "account": row.account, "display": display });
        self.row(&format!("users[{n}]"), Part::Permission, "create_user", json!({ "user": new })).await?;
        self.progress.done();
        Ok(())
    }

    async fn group(&self, n: usize, row: &Group, plan: &GroupPlan) -> Result<(), Failed> {
        let path = format!("groups[{n}]");
        let members = || plan.members.iter().filter_map(|n| row.members.get(*n));
        let mut rest = 0;
        let mut is_there = true;
        if plan.create {
            let first: Vec<_> = members().take(FIRST_MEMBERS).collect();
            rest = first.len();
            is_there = self
                .row(&path, Part::Permission, "create_group", json!({ "group": row.group, "members": first }))
                .await?;
        }
        if is_there {
            for member in members().skip(rest) {
                let args = json!({ "group": row.group, "member": member, "seen": null });
                self.row(&format!("{path}.members"), Part::Permission, "add_member", args).await?;
            }
            let resource = Resource::Group { group: row.group.to_string() };
            self.grants(&plan.rights, &resource, &path).await?;
        }
        if plan.create || !plan.members.is_empty() || !plan.rights.is_empty() {
            self.progress.done();
        }
        Ok(())
    }

    async fn project(&self, path: &str, row: &Project, plan: &ProjectPlan) -> Result<(), Failed> {
        let project = row.id.as_ref().map_or("", |id| id.as_str());
        let mut begun = Vec::new();
        let mut whole = true;
        for (n, (row, plan)) in row.subprojects.iter().zip(&plan.subprojects).enumerate() {
            let path = format!("{path}.subprojects[{n}]");
            let args = || command::new_subproject(project, row);
            if self.create(&path, plan.own.create, "subproject_create", args).await? {
                begun.push((path, row, plan));
            } else {
                whole = false;
                self.progress.skip(plan.items.iter().filter(|item| !item.is_done()).count() + 1);
            }
        }
        let refused = RefCell::new(false);
        self.each(begun.iter(), |(path, row, plan)| async {
            if !self.subproject(path, project, row, plan).await? {
                *refused.borrow_mut() = true;
            }
            Ok(())
        })
        .await?;
        let resource = Resource::Project { project: project.into() };
        self.finish(path, &resource, &Row::Project(row), &plan.own, whole && !refused.into_inner()).await.map(drop)
    }

    async fn subproject(
        &self,
        path: &str,
        project: &str,
        row: &Subproject,
        plan: &SubprojectPlan,
    ) -> Result<bool, Failed> {
        let subproject = row.id.as_ref().map_or("", |id| id.as_str());
        let mut whole = true;
        for (n, (row, plan)) in row.items.iter().zip(&plan.items).enumerate().filter(|(_, (_, plan))| !plan.is_done()) {
            let path = format!("{path}.items[{n}]");
            let args = || command::new_item(project, subproject, row);
            if self.create(&path, plan.create, "item_create", args).await? {
                let item = row.id.as_ref().map_or("", |id| id.as_str()).to_owned();
                let resource = Resource::Item { project: project.into(), subproject: subproject.into(), item };
                whole &= self.finish(&path, &resource, &Row::Item(row), plan, true).await?;
            } else {
                whole = false;
                self.progress.skip(1);
            }
        }
        let resource = Resource::Subproject { project: project.into(), subproject: subproject.into() };
        Ok(self.finish(path, &resource, &Row::Subproject(row), &plan.own, whole).await? && whole)
    }

    /// Rights and the further steps of something that is there. What is below it is `whole`, or it is not closed.
    async fn finish(
        &self,
        path: &str,
        resource: &Resource,
        row: &Row<'_>,
        plan: &Own,
        whole: bool,
    ) -> Result<bool, Failed> {
        if plan.is_done() {
            return Ok(true);
        }
        let mut done = self.grants(&plan.rights, resource, path).await?;
        for step in &plan.steps {
            if *step == Step::Close && !whole {
                done = false;
                break;
            }
            let (field, method, args) = step_command(step, resource, row);
            if !self.row(&format!("{path}{field}"), Part::Budget, method, args).await? {
                done = false;
                break;
            }
        }
        self.progress.done();
        Ok(done)
    }
}

/// Rows with something to do below a project.
fn rows_below(plan: &ProjectPlan) -> usize {
    let items = |plan: &SubprojectPlan| plan.items.iter().filter(|item| !item.is_done()).count();
    plan.subprojects.iter().map(|plan| items(plan) + usize::from(!plan.own.is_done())).sum()
}

/// The field that a step is about, the method and its arguments.
fn step_command(step: &Step, resource: &Resource, row: &Row<'_>) -> (String, &'static str, Value) {
    let seen = Value::Null;
    let (assignee, projected, fields) = match row {
        Row::Project(row) => (&row.assignee, &row.projected[..], command::project_fields(row)),
        Row::Subproject(row) => (&row.assignee, &row.projected[..], command::subproject_fields(row)),
        Row::Item(row) => (&row.assignee, &[][..], command::item_fields(row)),
    };
    let document = |n: &usize| match row {
        Row::Item(row) => row.documents.get(*n),
        _ => None,
    };
    match step {
        Step::Update(names) => {
            let fields = command::only(fields, |name| names.contains(name));
            (String::new(), "update", json!({ "resource": resource, "fields": fields, "seen": seen }))
        }
        Step::Assign => {
            (".assignee".into(), "assign", json!({ "resource": resource, "assignee": assignee, "seen": seen }))
        }
        Step::Projected(n) => {
            let projected = projected.get(*n).map(command::new_projected);
            let args = json!({ "resource": resource, "projected": projected, "seen": seen });
            (format!(".projected[{n}]"), "budget_set", args)
        }
        Step::AddDocument(n) => {
            let args = json!({ "item": resource, "document": document(n).map(command::new_document), "seen": seen });
            (format!(".documents[{n}]"), "document_add", args)
        }
        Step::Validate(n) => {
            let (id, hash) = document(n).map(|document| (document.id.as_str(), document.hash)).unzip();
            let args = json!({ "item": resource, "document": id, "hash": hash.flatten(), "seen": seen });
            (format!(".documents[{n}].validated"), "document_validate", args)
        }
        Step::Order => {
            let (project, subproject) = match resource {
                Resource::Subproject { project, subproject } => (project.as_str(), subproject.as_str()),
                _ => ("", ""),
            };
            let items = match row {
                Row::Subproject(row) => &row.order[..],
                _ => &[],
            };
            let args = json!({ "project": project, "subproject": subproject, "items": items, "seen": seen });
            (".order".into(), "reorder", args)
        }
        Step::Policies => {
            let (project, policies) = match row {
                Row::Project(row) => (&row.id, command::policies(&row.policies)),
                _ => (&None, Value::Null),
            };
            (".policies".into(), "policies_set", json!({ "project": project, "policies": policies, "seen": seen }))
        }
        Step::Close => {
            let rejected = match row {
                Row::Item(row) => row.rejected.as_ref(),
                _ => None,
            };
            (".closed".into(), "close", json!({ "resource": resource, "rejected": rejected, "seen": seen }))
        }
    }
}
