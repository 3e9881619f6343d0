//! What is assigned to whom: an index from users and groups to the open things that are theirs to see to. Not here: assigning (`edit`), who is in a group.
//! Invariant: the index has exactly the open things, each under its assignee.

use coffer_sdk::prelude::*;

use crate::Budget;
use crate::access::{Right, SEEN_BY};
use crate::error::Error;
use crate::permission::Resource;
use crate::thing::{Path, path_of, resource_at};

/// Rows on a page.
const MAX_ROWS: u32 = 50;
/// Things that are counted for the permission contract.
const MAX_COUNTED: usize = 100;

/// Some of what is assigned to somebody.
#[contract_type]
pub struct AssignmentPage {
    /// Projects, subprojects and workflow items that the reader may see.
    pub assignments: Vec<Resource>,
    /// How many others were left out.
    pub left_out: u32,
    /// If there may be more: hand it in as `after`.
    pub next: Option<Resource>,
}

/// Under what the things of a user or group stand. A name can be longer than a key.
fn key(identity: &str) -> Hash {
    crypto::blake3(identity.as_bytes())
}

fn entry(identity: &str, path: &Path) -> (Hash, String, String, String) {
    (key(identity), path.0.clone(), path.1.clone(), path.2.clone())
}

impl Budget {
    /// Keeps that something open is assigned to a user or group.
    pub(crate) fn now_assigned(&mut self, assignee: &str, path: &Path) {
        self.assigned.insert(&entry(assignee, path));
    }

    /// Keeps that something is no longer open, or no longer assigned to a user or group.
    pub(crate) fn no_longer_assigned(&mut self, assignee: &str, path: &Path) {
        self.assigned.remove(&entry(assignee, path));
    }

    /// See `Budget::open_assignments`.
    pub(crate) fn count_assigned(&self, identity: &str) -> Option<u32> {
        self.about.get().filter(|about| about.permission.0 == caller().0)?;
        Some(self.assigned.iter_under(&key(identity)).take(MAX_COUNTED).count() as u32)
    }

    /// See `Budget::assignments`.
    pub(crate) fn assignment_page(
        &self,
        identity: &str,
        after: Option<Resource>,
        limit: u32,
    ) -> Result<AssignmentPage, Error> {
        if !self.is_in(identity)? {
            self.authorise(vec![(Right::ListAssignments, Resource::Global)])?;
        }
        let after = after.map_or(Ok(Path::default()), |after| path_of(&after))?;
        let most = limit.clamp(1, MAX_ROWS) as usize;
        let found = self.assigned.iter_under_after(&key(identity), &entry(identity, &after));
        let mut found: Vec<Resource> = found.take(most + 1).map(|(_, p, s, i)| resource_at(&(p, s, i))).collect();
        let more = found.len() > most;
        found.truncate(most);
        let next = found.last().filter(|_| more).cloned();
        let visible = self.sees(found.clone(), &SEEN_BY)?;
        let count = found.len();
        let assignments: Vec<Resource> =
            found.into_iter().zip(visible).filter_map(|(resource, visible)| visible.then_some(resource)).collect();
        Ok(AssignmentPage { left_out: (count - assignments.len()) as u32, assignments, next })
    }
}
