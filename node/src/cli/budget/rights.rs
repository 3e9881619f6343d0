//! Rights of a file and of the permission contract in one form, so that they can be compared: one entry for each principal and intent. Not here:
//! what a right means, which the permission contract decides. Invariant: two lists of rights that do the same are one map, however they are
//! written.

use std::collections::BTreeMap;

use coffer_api::types::Number;
use serde_json::{Value, json};

use super::file::Right;
use super::resource::{Level, Resource};
use super::text::{Principal, Role, shown};

/// Stands for every intent that a creator gets.
const ALL: &str = "*";

/// Place of an intent in the permission contract's list.
pub(super) type Intent = usize;

/// All intents, as the permission contract lists them.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    intents: Vec<Named>,
}

/// An intent.
#[derive(Debug)]
struct Named {
    /// The contract's own name, such as `ProjectList`.
    word: String,
    /// Its dotted name, such as `project.list`.
    name: String,
    level: Level,
}

/// Where and how long a right holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Terms {
    /// False for a denial.
    pub(super) allowed: bool,
    /// Also on what is below.
    pub(super) inheritable: bool,
    /// Until when, in milliseconds.
    pub(super) until: Option<u64>,
}

/// What stands on one resource, by principal and intent.
pub(super) type Rights = BTreeMap<(String, Intent), Terms>;

/// Intents that are granted or denied to somebody by one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grants {
    /// Whom.
    pub(super) to: String,
    /// What.
    pub(super) intents: Vec<Intent>,
    /// How.
    pub(super) terms: Terms,
}

/// Terms of what a creator gets.
pub(super) const CREATOR: Terms = Terms { allowed: true, inheritable: true, until: None };

impl Catalogue {
    /// From pairs of the contract's name and the dotted name, in the contract's order.
    pub(super) fn new(intents: impl IntoIterator<Item = (String, String)>) -> Self {
        let named = |(word, name): (String, String)| {
            let level = match name.split('.').next() {
                Some("user") => Level::User,
                Some("group") => Level::Group,
                Some("project") => Level::Project,
                Some("subproject") => Level::Subproject,
                Some("workflowitem") => Level::Item,
                _ => Level::Global,
            };
            Named { word, name, level }
        };
        Self { intents: intents.into_iter().map(named).collect() }
    }

    /// The contract's name of an intent.
    pub(super) fn word(&self, intent: Intent) -> &str {
        self.intents.get(intent).map_or("", |named| &named.word)
    }

    /// Its dotted name.
    pub(super) fn name(&self, intent: Intent) -> &str {
        self.intents.get(intent).map_or("", |named| &named.name)
    }

    /// The intent of a dotted name.
    pub(super) fn named(&self, name: &str) -> Option<Intent> {
        self.intents.iter().position(|named| named.name == name)
    }

    /// The intent of the contract's own name.
    pub(super) fn worded(&self, word: &str) -> Option<Intent> {
        self.intents.iter().position(|named| named.word == word)
    }

    /// The dotted name of the contract's own name.
    pub(super) fn dotted(&self, word: &str) -> Option<String> {
        self.worded(word).map(|intent| self.name(intent).to_owned())
    }

    /// What a creator gets of something of this level: all rights of it and of what is below.
    pub(super) fn of_creator(&self, level: Level) -> Vec<Intent> {
        (0..self.intents.len()).filter(|intent| self.fits(*intent, level)).collect()
    }

    fn fits(&self, intent: Intent, level: Level) -> bool {
        self.intents.get(intent).is_some_and(|named| level.holds(named.level))
    }

    /// True for a right to grant rights, which cannot be denied.
    fn is_right_to_grant(&self, intent: Intent) -> bool {
        let name = self.name(intent);
        name.ends_with(".grantPermission") || name == "group.administer"
    }

    /// Intents of dotted names.
    ///
    /// # Errors
    /// The name that is none, and the nearest one.
    pub(super) fn read(&self, names: &[String]) -> Result<Vec<Intent>, String> {
        let read = |name: &String| {
            self.named(name).ok_or_else(|| {
                let near = coffer_api::table::nearest(name, self.intents.iter().map(|named| named.name.as_str()));
                let guess = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                format!("{} is no intent{guess}", shown(name))
            })
        };
        names.iter().map(read).collect()
    }

    /// Adds a row of a file to what stands on a resource of this level.
    ///
    /// # Errors
    /// What is wrong with the row.
    pub(super) fn add(
        &self,
        rights: &mut Rights,
        level: Level,
        row: &Right,
        role: impl FnOnce(&Role) -> Option<Vec<Intent>>,
    ) -> Result<(), String> {
        let intents = match (&row.role, row.intents.as_slice()) {
            (Some(_), [_, ..]) => return Err("give either `intents` or a `role`, not both".into()),
            (None, []) => return Err("name its `intents`, or a `role`".into()),
            (Some(name), []) => {
                let all = role(name)
                    .ok_or_else(|| format!("there is no role {name:?}; name one of `roles`", name = name.as_str()))?;
                let fitting: Vec<Intent> = all.into_iter().filter(|intent| self.fits(*intent, level)).collect();
                if fitting.is_empty() {
                    return Err(format!("the role {:?} has no intent that fits here", name.as_str()));
                }
                fitting
            }
            (None, [all]) if all == ALL => self.of_creator(level),
            (None, names) => self.read(names)?,
        };
        let until = row.until.map(|until| until.0);
        for intent in intents {
            let name = self.name(intent);
            if !self.fits(intent, level) {
                return Err(format!("`{name}` is no right on this or on what is below: grant it elsewhere"));
            }
            if row.deny && self.is_right_to_grant(intent) {
                return Err(format!("`{name}` cannot be denied: leave it out, or revoke it where it is granted"));
            }
            let terms = self.terms(level, intent, Terms { allowed: !row.deny, inheritable: row.inheritable, until });
            let before = rights.insert((row.to.as_str().to_owned(), intent), terms);
            if before.is_some_and(|before| before != terms) {
                return Err(format!("`{name}` stands twice for {}, with other terms", row.to));
            }
        }
        Ok(())
    }

    /// Terms as the contract keeps them: an intent of the resource's own level holds nowhere below, so that it is inheritable for it.
    fn terms(&self, level: Level, intent: Intent, terms: Terms) -> Terms {
        let is_own = self.intents.get(intent).is_some_and(|named| named.level == level);
        Terms { inheritable: terms.inheritable || is_own, ..terms }
    }

    /// Rows of a file for what stands on a resource.
    pub(super) fn rows(&self, rights: &Rights, level: Level) -> Vec<Right> {
        let all = self.of_creator(level);
        let row = |grants: Grants| {
            let names = || grants.intents.iter().map(|intent| self.name(*intent).to_owned()).collect();
            let is_all = grants.terms.allowed && grants.intents == all;
            Right {
                to: Principal::kept(grants.to.clone()),
                intents: if is_all { vec![ALL.into()] } else { names() },
                role: None,
                deny: !grants.terms.allowed,
                inheritable: grants.terms.inheritable,
                until: grants.terms.until.map(Number),
            }
        };
        commands(rights).into_iter().map(row).collect()
    }

    /// Arguments of `grant` or `deny`.
    pub(super) fn arguments(&self, grants: &Grants, resource: &Resource) -> Value {
        let intents: Vec<&str> = grants.intents.iter().map(|intent| self.word(*intent)).collect();
        let Terms { inheritable, until, .. } = grants.terms;
        let terms = json!({ "inheritable": inheritable, "until": until.map(|until| until.to_string()) });
        json!({ "principal": grants.to, "intents": intents, "resource": resource, "terms": terms, "seen": null })
    }
}

/// The fewest commands that make these rights.
pub(super) fn commands(rights: &Rights) -> Vec<Grants> {
    let mut by_terms: BTreeMap<(&str, Terms), Vec<Intent>> = BTreeMap::new();
    for ((to, intent), terms) in rights {
        by_terms.entry((to, *terms)).or_default().push(*intent);
    }
    by_terms.into_iter().map(|((to, terms), intents)| Grants { to: to.into(), intents, terms }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue() -> Catalogue {
        let names = [
            ("GlobalGrantPermission", "global.grantPermission"),
            ("NetworkList", "network.list"),
            ("UserList", "user.list"),
            ("GroupAdminister", "group.administer"),
            ("ProjectList", "project.list"),
            ("ProjectClose", "project.close"),
            ("WorkflowitemClose", "workflowitem.close"),
        ];
        Catalogue::new(names.map(|(word, name)| (word.to_owned(), name.to_owned())))
    }

    fn row(intents: &[&str]) -> Right {
        let intents = intents.iter().map(|name| (*name).to_owned()).collect();
        Right { to: Principal::kept("acme/bob"), intents, role: None, deny: false, inheritable: true, until: None }
    }

    fn added(level: Level, rows: &[Right]) -> Result<Rights, String> {
        let mut rights = Rights::new();
        let role = |name: &Role| (name.as_str() == "closer").then(|| vec![2, 5, 6]);
        rows.iter().try_for_each(|row| catalogue().add(&mut rights, level, row, role)).map(|()| rights)
    }

    #[test]
    fn rights_that_do_the_same_are_one_map_and_are_written_in_one_way() {
        let all = added(Level::Project, &[row(&["*"])]).unwrap();
        let apart = [row(&["workflowitem.close"]), row(&["project.close", "project.list"])];
        assert_eq!(added(Level::Project, &apart).unwrap(), all);
        assert_eq!(catalogue().rows(&all, Level::Project), [row(&["*"])]);
        let role = Right { role: Some(Role::kept("closer")), ..row(&[]) };
        let by_role = added(Level::Project, &[role]).unwrap();
        assert_eq!(catalogue().rows(&by_role, Level::Project), [row(&["project.close", "workflowitem.close"])]);
        // For an intent of the level itself there is nothing below.
        let here = Right { inheritable: false, ..row(&["project.close", "workflowitem.close"]) };
        let kept = catalogue().rows(&added(Level::Project, &[here]).unwrap(), Level::Project);
        assert_eq!(kept.len(), 2);
        assert_eq!(added(Level::Project, &kept).map(|rights| catalogue().rows(&rights, Level::Project)), Ok(kept));
    }

    #[test]
    fn a_right_that_cannot_be_there_is_told() {
        for (level, bad, why) in [
            (Level::Project, row(&["projct.list"]), "did you mean `project.list`?"),
            (Level::Project, row(&["user.list"]), "no right on this or on what is below"),
            (Level::Item, row(&["project.list"]), "grant it elsewhere"),
            (Level::Group, Right { deny: true, ..row(&["group.administer"]) }, "cannot be denied"),
            (Level::Project, row(&[]), "name its `intents`"),
            (Level::Project, Right { role: Some(Role::kept("closer")), ..row(&["*"]) }, "not both"),
            (Level::Project, Right { role: Some(Role::kept("other")), ..row(&[]) }, "no role \"other\""),
            (Level::Group, Right { role: Some(Role::kept("closer")), ..row(&[]) }, "no intent that fits"),
        ] {
            let told = added(level, &[bad]).unwrap_err();
            assert!(told.contains(why), "{told}");
        }
        let twice = [row(&["project.list"]), Right { until: Some(Number(5)), ..row(&["project.list"]) }];
        assert!(added(Level::Project, &twice).unwrap_err().contains("stands twice for acme/bob"));
    }

    #[test]
    fn a_command_names_intents_as_the_contract_does() {
        let rights = added(Level::Project, &[Right { until: Some(Number(9)), ..row(&["project.list"]) }]).unwrap();
        let resource = Resource::Project { project: "p".into() };
        let arguments = catalogue().arguments(&commands(&rights)[0], &resource);
        assert_eq!(arguments["intents"], json!(["ProjectList"]));
        assert_eq!(arguments["terms"], json!({"inheritable": true, "until": "9"}));
        assert_eq!(arguments["resource"], json!({"Project": {"project": "p"}}));
    }
}
