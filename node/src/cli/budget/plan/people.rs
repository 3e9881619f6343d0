//! Planning roles, users and groups. Not here: their rights (`rights`), things (`things`). Invariant: nobody is taken away: a member or a right that the file
//! does not name stays.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::super::answer::Kind;
use super::super::compare::Difference;
use super::super::file::{Group, Right, User};
use super::super::link::Failed;
use super::super::resource::{Level, Resource};
use super::{GroupPlan, Notes, Place, Planner, UserPlan};

impl Planner<'_> {
    pub(super) async fn roles(&self, notes: &mut Notes) -> Result<Vec<bool>, Failed> {
        let there: BTreeMap<String, BTreeSet<String>> = match self.file.roles.is_empty() {
            true => BTreeMap::new(),
            false => {
                let name = |word: &String| self.link.catalogue.dotted(word);
                let roles = self.link.roles().await?.into_iter();
                roles.map(|role| (role.role, role.intents.iter().filter_map(name).collect())).collect()
            }
        };
        let mut define = Vec::new();
        for (n, role) in self.file.roles.iter().enumerate() {
            let path = format!("roles[{n}]");
            let new: BTreeSet<String> = role.intents.iter().cloned().collect();
            let old = there.get(role.role.as_str());
            if let Some(old) = old.filter(|old| **old != new && !self.update) {
                let found = Difference { field: "intents".into(), old: json!(old), new: json!(new) };
                self.tell(&found, true, &path, notes);
            }
            let to_do = old != Some(&new);
            if to_do {
                notes.need("global.grantPermission", &Resource::Global, &path);
            }
            define.push(to_do);
        }
        Ok(define)
    }

    pub(super) async fn user(&self, n: usize, row: &User) -> Result<(UserPlan, Notes), Failed> {
        let mut notes = Notes::default();
        let plan = self.user_at(row, &format!("users[{n}]"), &mut notes).await?;
        Ok((plan, notes))
    }

    pub(super) async fn group(&self, n: usize, row: &Group) -> Result<(GroupPlan, Notes), Failed> {
        let mut notes = Notes::default();
        let plan = self.group_at(row, &format!("groups[{n}]"), &mut notes).await?;
        Ok((plan, notes))
    }

    async fn user_at(&self, row: &User, path: &str, notes: &mut Notes) -> Result<UserPlan, Failed> {
        let resource = Resource::User { user: row.user.to_string() };
        let place = Place { resource: &resource, path };
        let found = self.link.user(row.user.as_str()).await?;
        let Some(found) = found else {
            notes.need("global.createUser", &Resource::Global, path);
            if !row.enabled {
                notes.need("global.disableUser", &Resource::Global, path);
            }
            let mut given = self.created(Level::User, &self.link.me.user);
            given.extend(self.created(Level::User, row.user.as_str()));
            let rights = self.rights(&row.rights, &place, Some(given), notes).await?;
            return Ok(UserPlan { create: true, rights, disable: !row.enabled });
        };
        let mut differs = |field: &str, old: serde_json::Value, new: serde_json::Value| {
            let found = Difference { field: field.into(), old, new };
            notes.problems.add(
                format!("{path}.{field}"),
                format!(
                    "{}: correct the file, or change it by `update_user`, `enable_user` or `disable_user`",
                    found.told()
                ),
            );
        };
        if found.account != row.account {
            differs("account", json!(found.account), json!(row.account));
        }
        if let Some(display) = row.display.filter(|display| *display != found.display) {
            differs("display", json!(found.display), json!(display));
        }
        // The last thing that an import does to a user it created; its first version tells that nobody did anything to it since.
        let disable = found.enabled && !row.enabled;
        if row.enabled && !found.enabled || disable && found.version != 1 {
            differs("enabled", json!(found.enabled), json!(row.enabled));
        }
        if disable {
            notes.need("global.disableUser", &Resource::Global, path);
        }
        let rights = self.rights(&row.rights, &place, None, notes).await?;
        Ok(UserPlan { create: false, rights, disable })
    }

    async fn group_at(&self, row: &Group, path: &str, notes: &mut Notes) -> Result<GroupPlan, Failed> {
        let resource = Resource::Group { group: row.group.to_string() };
        let place = Place { resource: &resource, path };
        for (n, member) in row.members.iter().enumerate() {
            notes.names(Some(member), true, || format!("{path}.members[{n}]"));
        }
        let mut rows = row.rights.clone();
        rows.extend(row.administrators.iter().map(Right::all));
        match self.link.identity(row.group.as_str()).await? {
            None => {
                notes.need("global.createGroup", &Resource::Global, path);
                let given = self.created(Level::Group, &self.link.me.user);
                let rights = self.rights(&rows, &place, Some(given), notes).await?;
                Ok(GroupPlan { create: true, members: (0..row.members.len()).collect(), rights })
            }
            Some(found) if found.kind != Kind::Group => {
                notes.problems.add(
                    format!("{path}.group"),
                    format!("{} is a user or an organisation on the chain: choose another name", row.group),
                );
                Ok(GroupPlan::default())
            }
            Some(_) => {
                let there: BTreeSet<String> = self.link.members(row.group.as_str()).await?.into_iter().collect();
                let missing = |n: &usize| row.members.get(*n).is_some_and(|member| !there.contains(member.as_str()));
                let members: Vec<usize> = (0..row.members.len()).filter(missing).collect();
                if !members.is_empty() {
                    notes.need("group.addUser", &resource, path);
                }
                let rights = self.rights(&rows, &place, None, notes).await?;
                Ok(GroupPlan { create: false, members, rights })
            }
        }
    }
}
