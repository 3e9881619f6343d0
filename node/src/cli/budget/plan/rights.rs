//! Planning rights, and what an import needs of the programme: everybody it names, and the rights of who imports. Invariant: a right that the file does not
//! name stays as it is.

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt, TryStreamExt};
use serde_json::json;

use super::super::answer::{Kind, Verdict};
use super::super::file::Right;
use super::super::link::{Failed, Part};
use super::super::problem::{Problems, within};
use super::super::resource::{Level, Resource};
use super::super::rights::{CREATOR, Grants, Intent, Rights, Terms, commands};
use super::{Notes, Place, Planner, SIDE_BY_SIDE};

/// Rights that are asked about in one view.
const ASKED: usize = 100;

impl Planner<'_> {
    /// What somebody gets who creates something of this level.
    pub(super) fn created(&self, level: Level, user: &str) -> Rights {
        self.link.catalogue.of_creator(level).into_iter().map(|intent| ((user.to_owned(), intent), CREATOR)).collect()
    }

    /// The commands that make the rights of some rows. `given` is what is there once the resource is created; without it, it is there already.
    pub(super) async fn rights(
        &self,
        rows: &[Right],
        place: &Place<'_>,
        given: Option<Rights>,
        notes: &mut Notes,
    ) -> Result<Vec<Grants>, Failed> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        for (n, row) in rows.iter().enumerate() {
            notes.names(Some(&row.to), false, || within(place.path, &format!("rights[{n}].to")));
        }
        let Place { resource, path } = place;
        let level = resource.level();
        // Their mistakes were told when the file was checked.
        let mut wanted = self.known.rights(rows, level, path, &mut Problems::default());
        wanted.retain(|_, terms| terms.until.is_none_or(|until| until > self.link.now));
        let is_new = given.is_some();
        let there = match given {
            Some(given) => given,
            None => match self.link.rights(resource).await? {
                Some(there) => there,
                None => {
                    let text = format!(
                        "the rights on {resource} may not be seen, so that they cannot be compared: ask for the right to list them there"
                    );
                    notes.problems.add(within(path, "rights"), text);
                    return Ok(Vec::new());
                }
            },
        };
        let mut missing = Rights::new();
        for ((to, intent), terms) in wanted {
            match there.get(&(to.clone(), intent)) {
                Some(old) if *old == terms => continue,
                Some(old) if !self.update => {
                    let name = self.link.catalogue.name(intent);
                    let text = format!(
                        "{to} has `{name}` {} on the chain and {} in the file: run with --update, or correct the file",
                        said(old),
                        said(&terms)
                    );
                    notes.problems.add(within(path, "rights"), text);
                }
                _ => drop(missing.insert((to, intent), terms)),
            }
        }
        if !is_new {
            self.need_to_grant(&missing, place, notes);
        }
        Ok(commands(&missing))
    }

    fn need_to_grant(&self, missing: &Rights, place: &Place<'_>, notes: &mut Notes) {
        let (level, path) = (place.resource.level(), within(place.path, "rights"));
        for ((_, intent), terms) in missing {
            if terms.allowed {
                notes.need(level.right_to_grant(), place.resource, &path);
                notes.need(self.link.catalogue.name(*intent), place.resource, &path);
            } else {
                notes.need(level.right_to_revoke(), place.resource, &path);
            }
        }
    }

    /// Everybody who is named is there, or will be.
    pub(super) async fn check_named(&self, notes: &mut Notes) -> Result<(), Failed> {
        let users = self.file.users.iter().map(|row| row.user.as_str());
        let own: BTreeSet<&str> = users.clone().chain(self.file.groups.iter().map(|row| row.group.as_str())).collect();
        let organisations: BTreeSet<&str> = users.filter_map(|user| Some(user.split_once('/')?.0)).collect();
        let unknown = |(name, assigned): &&(String, bool)| {
            let is_there = own.contains(name.as_str()) || (!assigned && organisations.contains(name.as_str()));
            !is_there
        };
        let asked: Vec<(String, bool)> = notes.named.keys().filter(unknown).cloned().collect();
        let found = stream::iter(&asked).map(|(name, _)| self.link.identity(name)).buffered(SIDE_BY_SIDE);
        let found: Vec<_> = found.try_collect().await?;
        for (asked, found) in asked.into_iter().zip(found) {
            let why = match found {
                None => "is no user, group or organisation of the file or the programme",
                Some(found) if asked.1 && found.kind == Kind::Organisation => {
                    "is an organisation: name a user or a group"
                }
                Some(found) if asked.1 && !found.enabled => "is disabled: name somebody else, or enable the user",
                Some(_) => continue,
            };
            let path = notes.named.get(&asked).cloned().unwrap_or_default();
            notes.problems.add(path, format!("{:?} {why}", asked.0));
        }
        Ok(())
    }

    /// Who imports has the rights that it takes, as far as they are on what is there already.
    pub(super) async fn check_needs(&self, notes: &mut Notes) -> Result<(), Failed> {
        let mut asked: Vec<(Intent, &(String, Resource))> = Vec::new();
        for need in notes.needs.keys() {
            match self.link.catalogue.named(&need.0) {
                Some(intent) => asked.push((intent, need)),
                None => {
                    return Err(Failed::Broken(anyhow::anyhow!("the permission contract has no intent `{}`", need.0)));
                }
            }
        }
        let mut missing = Vec::new();
        for asked in asked.chunks(ASKED) {
            let pairs: Vec<_> =
                asked.iter().map(|(intent, need)| (self.link.catalogue.word(*intent), &need.1)).collect();
            let args = json!({ "account": self.link.me.account, "asked": pairs });
            let verdicts: Vec<Verdict> = self.link.view(Part::Permission, "check", args).await?;
            for (verdict, (_, need)) in verdicts.into_iter().zip(asked) {
                if let Verdict::Missing { right, resource } = verdict {
                    let path = notes.needs.get(*need).cloned().unwrap_or_default();
                    missing.push((
                        path,
                        format!(
                            "{} lacks the right `{right}` on {resource}: ask somebody who may grant it",
                            self.link.me.user
                        ),
                    ));
                }
            }
        }
        missing.into_iter().for_each(|(path, text)| notes.problems.add(path, text));
        Ok(())
    }
}

fn said(terms: &Terms) -> String {
    let Terms { allowed, inheritable, until } = terms;
    let effect = if *allowed { "granted" } else { "denied" };
    let below = if *inheritable { "" } else { ", not on what is below" };
    let end = until.map(|until| format!(", until {until}")).unwrap_or_default();
    format!("{effect}{below}{end}")
}
