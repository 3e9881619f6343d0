//! Planning projects, subprojects and workflow items. Not here: their rights (`rights`). Invariant: of what is there only the steps are left that an import
//! would have made next, or what was asked to be changed; everything else that differs is told.

use std::collections::BTreeSet;

use serde_json::json;

use super::super::command::FIRST_DOCUMENTS;
use super::super::compare::{self, Difference};
use super::super::file::{Item, ItemType, Project, Projected, Subproject};
use super::super::link::{Failed, Part};
use super::super::look::Sight;
use super::super::resource::{Level, Resource};
use super::super::rights::CREATOR;
use super::super::text::{Id, Principal};
use super::{Notes, Own, Place, Planner, ProjectPlan, Step, SubprojectPlan, side_by_side};

impl Planner<'_> {
    pub(super) async fn project(&self, n: usize, row: &Project) -> Result<(ProjectPlan, Notes), Failed> {
        let (mut notes, path) = (Notes::default(), format!("projects[{n}]"));
        let Some(id) = &row.id else { return Ok((ProjectPlan::default(), notes)) };
        let resource = Resource::Project { project: id.to_string() };
        let place = Place { resource: &resource, path: &path };
        let steps: Vec<Step> = [(!row.policies.are_off()).then_some(Step::Policies), row.closed.then_some(Step::Close)]
            .into_iter()
            .flatten()
            .collect();
        let sight = self.link.project(id).await?;
        let mut own = Own::default();
        if !row.closed {
            // It stands here so that a file that says nothing of closing is still told of what is closed.
            self.must_be_open(&sight, |found| found.closed, &place, &mut notes);
        }
        let is_new = self.begin(&sight, &place, &mut own, &mut notes, |notes| {
            notes.need("global.createProject", &Resource::Global, &path);
            notes.names(row.assignee.as_ref(), true, || format!("{path}.assignee"));
        });
        if let Sight::Here(found) = &sight {
            let mut changes =
                self.changes(compare::differences(row, &**found), Level::Project, found.closed, &place, &mut notes);
            changes.extend(self.projected(&row.projected, &found.projected, found.closed, &place, &mut notes));
            let is_done = |step: &Step| match step {
                Step::Policies => found.policies == row.policies,
                _ => found.closed,
            };
            let fresh = found.policies.are_off() || found.policies == row.policies;
            let version = found.chain.as_ref().map_or(0, |chain| chain.version);
            own.steps = self.go_on(changes, &steps, is_done, (version, fresh), &place, &mut notes);
            if !found.policies.are_off() && row.policies.are_off() {
                let found =
                    Difference { field: "policies".into(), old: json!(found.policies), new: json!(row.policies) };
                notes.problems.add(
                    format!("{path}.policies"),
                    format!("{}: write them into the file, or change them by `policies_set`", found.told()),
                );
            }
        } else if is_new {
            own.steps = steps;
        }
        let closer = row.assignee.as_ref();
        self.can_close(&own, closer, None, &place, &mut notes).await?;
        own.rights = self
            .rights(&row.rights, &place, is_new.then(|| self.created(Level::Project, &self.link.me.user)), &mut notes)
            .await?;
        let parent =
            Parent { resource: &resource, is_new, is_closed: matches!(&sight, Sight::Here(found) if found.closed) };
        let plan = |n, row| self.subproject(row, id, format!("{path}.subprojects[{n}]"), &parent);
        let subprojects = side_by_side(&row.subprojects, plan, &mut notes).await?;
        Ok((ProjectPlan { own, subprojects }, notes))
    }

    async fn subproject(
        &self,
        row: &Subproject,
        of: &Id,
        path: String,
        parent: &Parent<'_>,
    ) -> Result<(SubprojectPlan, Notes), Failed> {
        let mut notes = Notes::default();
        let Some(id) = &row.id else { return Ok((SubprojectPlan::default(), notes)) };
        let resource = Resource::Subproject { project: of.to_string(), subproject: id.to_string() };
        let place = Place { resource: &resource, path: &path };
        let steps: Vec<Step> = [(!row.order.is_empty()).then_some(Step::Order), row.closed.then_some(Step::Close)]
            .into_iter()
            .flatten()
            .collect();
        let sight = if parent.is_new { Sight::Absent } else { self.link.subproject(of, id).await? };
        let mut own = Own::default();
        if !row.closed {
            self.must_be_open(&sight, |found| found.closed, &place, &mut notes);
        }
        let is_new = self.begin(&sight, &place, &mut own, &mut notes, |notes| {
            parent.takes("project.createSubproject", &path, notes);
            notes.names(row.assignee.as_ref(), true, || format!("{path}.assignee"));
            notes.names(row.validator.as_ref(), true, || format!("{path}.validator"));
        });
        if let Sight::Here(found) = &sight {
            let mut changes =
                self.changes(compare::differences(row, &**found), Level::Subproject, found.closed, &place, &mut notes);
            changes.extend(self.projected(&row.projected, &found.projected, found.closed, &place, &mut notes));
            let is_done = |step: &Step| match step {
                // Of an order list those that are closed by now have gone.
                Step::Order => found.order == row.order || found.closed,
                _ => found.closed,
            };
            let version = found.chain.as_ref().map_or(0, |chain| chain.version);
            let fresh = found.order.is_empty() || found.order == row.order;
            own.steps = self.go_on(changes, &steps, is_done, (version, fresh), &place, &mut notes);
        } else if is_new {
            own.steps = steps;
        }
        self.can_close(&own, row.assignee.as_ref(), None, &place, &mut notes).await?;
        own.rights = self
            .rights(
                &row.rights,
                &place,
                is_new.then(|| self.created(Level::Subproject, &self.link.me.user)),
                &mut notes,
            )
            .await?;
        let here =
            Parent { resource: &resource, is_new, is_closed: matches!(&sight, Sight::Here(found) if found.closed) };
        let plan = |n, item| self.item(item, row, (of, id), format!("{path}.items[{n}]"), &here);
        let items = side_by_side(&row.items, plan, &mut notes).await?;
        Ok((SubprojectPlan { own, items }, notes))
    }

    async fn item(
        &self,
        row: &Item,
        subproject: &Subproject,
        of: (&Id, &Id),
        path: String,
        parent: &Parent<'_>,
    ) -> Result<(Own, Notes), Failed> {
        let (mut notes, mut own) = (Notes::default(), Own::default());
        let Some(id) = &row.id else { return Ok((own, notes)) };
        let resource = Resource::Item { project: of.0.to_string(), subproject: of.1.to_string(), item: id.to_string() };
        let place = Place { resource: &resource, path: &path };
        let documents = row.documents.iter().enumerate();
        let mut steps: Vec<Step> = (FIRST_DOCUMENTS..row.documents.len()).map(Step::AddDocument).collect();
        steps.extend(documents.filter(|(_, document)| document.validated).map(|(n, _)| Step::Validate(n)));
        steps.extend(row.is_closed().then_some(Step::Close));
        let sight = if parent.is_new { Sight::Absent } else { self.link.item(of.0, of.1, id).await? };
        if !row.is_closed() {
            self.must_be_open(&sight, Item::is_closed, &place, &mut notes);
        }
        let is_new = self.begin(&sight, &place, &mut own, &mut notes, |notes| {
            parent.takes("subproject.createWorkflowitem", &path, notes);
            if row.item_type == ItemType::Restricted {
                parent.takes("subproject.intent.grantPermission", &path, notes);
            }
            notes.names(row.assignee.as_ref(), true, || format!("{path}.assignee"));
        });
        if let Sight::Here(found) = &sight {
            own.steps = self.item_steps(row, found, &steps, &place, &mut notes);
        } else if is_new {
            own.steps = steps;
        }
        let assignee = row.assignee.as_ref().or(subproject.validator.as_ref());
        self.can_close(&own, assignee, subproject.validator.as_ref(), &place, &mut notes).await?;
        let given = match (is_new, row.item_type, assignee) {
            (false, ..) => None,
            (true, ItemType::Restricted, Some(assignee)) if assignee.as_str() != self.link.me.user => {
                let mut given = self.created(Level::Item, assignee.as_str());
                if let Some(list) = self.link.catalogue.named("workflowitem.list") {
                    given.insert((self.link.me.user.clone(), list), CREATOR);
                }
                Some(given)
            }
            (true, ..) => Some(self.created(Level::Item, &self.link.me.user)),
        };
        own.rights = self.rights(&row.rights, &place, given, &mut notes).await?;
        let is_work = own.steps.iter().any(|step| *step != Step::Close) || !own.rights.is_empty();
        if is_new && is_work && row.item_type == ItemType::Restricted && !self.is_in(assignee).await? {
            notes.problems.add(
                path.as_str(),
                format!(
                    "it is restricted, so that only its assignee can validate documents and grant rights: take these out, or import as somebody in {}",
                    assignee.map_or("its assignee", Principal::as_str)
                ),
            );
        }
        Ok((own, notes))
    }

    /// What is left to do about an item that is there.
    fn item_steps(&self, row: &Item, found: &Item, steps: &[Step], place: &Place<'_>, notes: &mut Notes) -> Vec<Step> {
        let Place { path, .. } = place;
        let mut differing = compare::differences(row, found);
        let of_chain = |n: &usize| {
            let id = &row.documents.get(*n)?.id;
            found.documents.iter().find(|document| document.id == *id)
        };
        let mut missing = Vec::new();
        for (n, document) in row.documents.iter().enumerate() {
            match of_chain(&n) {
                Some(there) => differing.extend(compare::document(n, document, there)),
                None if n < FIRST_DOCUMENTS => missing.push(n),
                None => {}
            }
        }
        let mut changes = self.changes(differing, Level::Item, found.is_closed(), place, notes);
        for n in missing {
            match self.update && !found.is_closed() {
                true => changes.push(Step::AddDocument(n)),
                false => notes.problems.add(
                    format!("{path}.documents[{n}]"),
                    "the item is there without it: run with --update to add it, or take it out of the file",
                ),
            }
        }
        let both = (found.rejected.as_ref(), row.rejected.as_ref());
        if found.is_closed() && row.is_closed() && both.0 != both.1 {
            let found = Difference { field: "rejected".into(), old: json!(both.0), new: json!(both.1) };
            self.tell(&found, false, path, notes);
        }
        let is_done = |step: &Step| match step {
            Step::AddDocument(n) => of_chain(n).is_some(),
            Step::Validate(n) => of_chain(n).is_some_and(|document| document.validated),
            _ => found.is_closed(),
        };
        let version = found.chain.as_ref().map_or(0, |chain| chain.version);
        self.go_on(changes, steps, is_done, (version, true), place, notes)
    }

    /// Notes what is not as it can be; true if the thing is to be created.
    fn begin<T>(
        &self,
        sight: &Sight<T>,
        place: &Place<'_>,
        own: &mut Own,
        notes: &mut Notes,
        new: impl FnOnce(&mut Notes),
    ) -> bool {
        match sight {
            Sight::Absent => {
                new(notes);
                own.create = true;
            }
            Sight::Hidden => {
                let level = place.resource.level().word();
                let text = format!(
                    "{} is there and may not be seen: ask for `{level}.list` on it, or give the row another id",
                    place.resource
                );
                notes.problems.add(place.path, text);
            }
            Sight::Here(_) => {}
        }
        own.create
    }

    fn must_be_open<T>(&self, sight: &Sight<T>, is_closed: impl Fn(&T) -> bool, place: &Place<'_>, notes: &mut Notes) {
        if let Sight::Here(found) = sight
            && is_closed(found)
        {
            let text = "it is closed on the chain and open in the file: write that into the file, or open it again by a vote of the parties (`reopen`)";
            notes.problems.add(format!("{}.closed", place.path), text);
        }
    }

    /// The commands that make differing fields those of the file, if they are to be made; all other differences are told.
    fn changes(
        &self,
        found: Vec<Difference>,
        level: Level,
        is_closed: bool,
        place: &Place<'_>,
        notes: &mut Notes,
    ) -> Vec<Step> {
        let (mut steps, mut fields) = (Vec::new(), BTreeSet::new());
        for difference in found {
            let can = !is_closed && difference.can_be_changed(level) && !difference.field.starts_with("documents");
            if !can || !self.update {
                self.tell(&difference, can, place.path, notes);
            } else if difference.field == "assignee" {
                notes.need(format!("{}.assign", level.word()), place.resource, place.path);
                notes
                    .named
                    .entry((difference.new.as_str().unwrap_or_default().into(), true))
                    .or_insert_with(|| format!("{}.assignee", place.path));
                steps.push(Step::Assign);
            } else {
                notes.need(format!("{}.update", level.word()), place.resource, place.path);
                fields.insert(difference.field.split('.').next().unwrap_or_default().to_owned());
            }
        }
        if !fields.is_empty() {
            steps.push(Step::Update(fields));
        }
        steps
    }

    fn projected(
        &self,
        new: &[Projected],
        old: &[Projected],
        is_closed: bool,
        place: &Place<'_>,
        notes: &mut Notes,
    ) -> Vec<Step> {
        let mut steps = Vec::new();
        for (n, difference) in compare::projected(new, old) {
            if self.update && !is_closed {
                notes.need(
                    format!("{}.budget.updateProjected", place.resource.level().word()),
                    place.resource,
                    place.path,
                );
                steps.push(Step::Projected(n));
            } else {
                self.tell(&difference, !is_closed, place.path, notes);
            }
        }
        steps
    }

    pub(super) fn tell(&self, difference: &Difference, can_be_changed: bool, path: &str, notes: &mut Notes) {
        let way_out = if can_be_changed {
            "run with --update to change it, or correct the file"
        } else {
            "that cannot be changed: correct the file"
        };
        notes.problems.add(format!("{path}.{}", difference.field), format!("{}: {way_out}", difference.told()));
    }

    /// What is left of the steps that follow a creation. They are gone on with where an import left off: what is done is done in their order, and
    /// the version says that nothing else was.
    fn go_on(
        &self,
        changes: Vec<Step>,
        steps: &[Step],
        is_done: impl Fn(&Step) -> bool,
        (version, fresh): (u32, bool),
        place: &Place<'_>,
        notes: &mut Notes,
    ) -> Vec<Step> {
        let done = steps.iter().take_while(|step| is_done(step)).count();
        let left: Vec<Step> = steps.iter().filter(|step| !is_done(step)).cloned().collect();
        let was_left = fresh && left.len() + done == steps.len() && version as usize == 1 + done;
        let level = place.resource.level().word();
        for step in &left {
            if !was_left && !self.update {
                let (field, what) = step.told();
                let text = format!(
                    "{what} in the file and not on the chain, where it was changed since it was created: run with --update, or correct the file"
                );
                notes.problems.add(format!("{}.{field}", place.path), text);
            }
            let right = match step {
                Step::AddDocument(_) | Step::Policies => format!("{level}.update"),
                Step::Validate(_) => format!("{level}.validateDocument"),
                Step::Order => format!("{level}.reorderWorkflowitems"),
                _ => format!("{level}.close"),
            };
            notes.need(right, place.resource, place.path);
        }
        changes.into_iter().chain(left).collect()
    }

    /// Notes a problem if something is to be closed by somebody who is not in its assignee, or not in the validator.
    async fn can_close(
        &self,
        own: &Own,
        assignee: Option<&Principal>,
        validator: Option<&Principal>,
        place: &Place<'_>,
        notes: &mut Notes,
    ) -> Result<(), Failed> {
        if !own.steps.contains(&Step::Close) {
            return Ok(());
        }
        for (field, who) in [("assignee", assignee), ("validator", validator)] {
            if !self.is_in(who).await? {
                let who = who.map_or("", Principal::as_str);
                let text = format!(
                    "only somebody in the {field} {who:?} closes it, and {} is not: put {0} into that group for the import, or import it open",
                    self.link.me.user
                );
                notes.problems.add(format!("{}.closed", place.path), text);
            }
        }
        Ok(())
    }

    /// True if the importing user is that one or in that group, after the groups of the file are imported. Nobody is named: true.
    pub(super) async fn is_in(&self, who: Option<&Principal>) -> Result<bool, Failed> {
        let Some(who) = who.filter(|who| who.as_str() != self.link.me.user) else { return Ok(true) };
        if let Some(known) = self.is_in.borrow().get(who.as_str()) {
            return Ok(*known);
        }
        let mut groups = vec![who.as_str()];
        let (mut at, mut is_in) = (0, false);
        while let Some(&group) = groups.get(at) {
            at += 1;
            let args = json!({ "account": self.link.me.account, "identity": group });
            is_in |= self.link.view::<bool>(Part::Permission, "in_identity", args).await?;
            let members =
                self.file.groups.iter().filter(|row| row.group.as_str() == group).flat_map(|row| &row.members);
            for member in members {
                is_in |= member.as_str() == self.link.me.user;
                if !groups.contains(&member.as_str()) {
                    groups.push(member.as_str());
                }
            }
        }
        self.is_in.borrow_mut().insert(who.to_string(), is_in);
        Ok(is_in)
    }
}

/// What something is created in.
struct Parent<'a> {
    resource: &'a Resource,
    is_new: bool,
    is_closed: bool,
}

impl Parent<'_> {
    /// Notes what it takes to create something in it.
    fn takes(&self, right: &str, path: &str, notes: &mut Notes) {
        if self.is_closed {
            let text = format!(
                "it is not there yet, and {} is closed on the chain: take it out, or open that again by a vote",
                self.resource
            );
            notes.problems.add(path, text);
        } else if !self.is_new {
            notes.need(right, self.resource, path);
        }
    }
}

impl Step {
    /// The field of the file that it is about, and what that says.
    fn told(&self) -> (String, &'static str) {
        match self {
            Self::AddDocument(n) => (format!("documents[{n}]"), "it is"),
            Self::Validate(n) => (format!("documents[{n}].validated"), "it is true"),
            Self::Order => ("order".into(), "the list is"),
            Self::Policies => ("policies".into(), "they are set"),
            _ => ("closed".into(), "it is closed"),
        }
    }
}
