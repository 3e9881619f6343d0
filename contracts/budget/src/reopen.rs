//! Opening again what was closed, by a vote of the parties: the organisations that the programme was made for, each with one voice. Not here:
//! closing. Invariant: a vote is about one closing of one thing, and more than half of all parties decide.

use coffer_sdk::prelude::*;

use crate::Budget;
use crate::access::{Right, SEEN_BY};
use crate::close::last_id;
use crate::command::Command;
use crate::error::Error;
use crate::event::{Reopened, ReopeningVoted};
use crate::history::{ChangeKind, difference};
use crate::order;
use crate::permission::Resource;
use crate::thing::{Kind, parent_of, path_of, resource_at};

/// Who wants something closed to be open again.
#[contract_type]
#[derive(Default)]
pub struct Ballot {
    /// The version of the thing when the vote began: votes about an earlier closing do not count.
    pub version: u32,
    /// The parties that agree, in the order in which they did.
    pub parties: Vec<String>,
}

/// How a vote stands.
#[contract_type]
pub struct Reopening {
    /// The parties that agree.
    pub parties: Vec<String>,
    /// How many must.
    pub needed: u32,
}

impl Budget {
    /// See `Budget::reopen`.
    pub(crate) fn vote(&mut self, resource: Resource, agrees: bool, seen: Option<u32>) -> Result<Reopening, Error> {
        let mut command = self.begin(resource, &[Right::Close], seen)?;
        let organisation = command.actor.organisation().to_owned();
        let about = self.about.get();
        let parties = about.map(|about| about.parties).unwrap_or_default();
        if !parties.contains(&organisation) {
            return Err(Error::NotAParty { organisation });
        }
        if command.thing.is_open() {
            return Err(Error::Open { resource: command.resource });
        }
        self.can_be_reopened(&command)?;
        let mut ballot = self.ballot(&command);
        ballot.parties.retain(|party| *party != organisation);
        if agrees {
            ballot.parties.push(organisation.clone());
        }
        let needed = (parties.len() / 2 + 1) as u32;
        let votes = ballot.parties.len() as u32;
        let (actor, resource, version) = (command.actor.user.clone(), command.resource.clone(), command.thing.version);
        emit(ReopeningVoted { actor, resource, old: version, new: version, organisation, agrees, votes, needed });
        if votes < needed {
            self.ballots.set(&command.path, &ballot);
        } else {
            self.ballots.remove(&command.path);
            self.open_again(&mut command, &ballot.parties)?;
        }
        Ok(Reopening { parties: ballot.parties, needed })
    }

    /// See `Budget::reopening`.
    pub(crate) fn vote_of(&self, resource: &Resource) -> Result<Reopening, Error> {
        let path = path_of(resource)?;
        let thing = self.thing(&path)?;
        self.require_any(&SEEN_BY, resource)?;
        let count = self.about.get().map_or(0, |about| about.parties.len());
        let ballot = self.ballots.get(&path).filter(|ballot| ballot.version == thing.version && !thing.is_open());
        Ok(Reopening { parties: ballot.unwrap_or_default().parties, needed: (count / 2 + 1) as u32 })
    }

    fn ballot(&self, command: &Command) -> Ballot {
        let version = command.thing.version;
        let running = self.ballots.get(&command.path).filter(|ballot| ballot.version == version);
        running.unwrap_or(Ballot { version, parties: Vec::new() })
    }

    fn can_be_reopened(&self, command: &Command) -> Result<(), Error> {
        let parent = parent_of(&command.path);
        if !parent.0.is_empty() {
            self.thing(&parent)?.must_be_open(&resource_at(&parent))?;
        }
        match self.corrections.get(&command.path) {
            Some(corrections) if corrections.count > 0 => Err(Error::Corrected { corrections: corrections.count }),
            _ => Ok(()),
        }
    }

    fn open_again(&mut self, command: &mut Command, parties: &[String]) -> Result<(), Error> {
        let path = command.path.clone();
        self.count_correction(command, false)?;
        if let Kind::Workflowitem(_) = command.thing.kind
            && let Some(spent) = self.spent.get(&path)
        {
            let parent = parent_of(&path);
            let old = self.ledger(&parent);
            let mut ledger = old.clone();
            ledger.subtract(spent.amount_type, spent.amount)?;
            ledger.check_ceilings(&old, self.policies(&path)?.ceilings)?;
            self.set_ledger(&parent, &ledger);
            self.spent.remove(&path);
        }
        let place = order::unlisted(command.thing.number);
        self.move_to(&parent_of(&path), last_id(&path), &mut command.thing, place);
        self.count_open(&path, |open| open + 1);
        self.now_assigned(&command.thing.assignee, &path);
        let rejected = command.thing.closing.take().and_then(|closing| closing.rejected);
        let changes = [difference("rejected", rejected, None), difference("parties", None, Some(parties.join(", ")))];
        let new = self.finish(command, ChangeKind::Reopened, changes.into_iter().flatten().collect())?;
        let (actor, resource) = (command.actor.user.clone(), command.resource.clone());
        emit(Reopened { actor, resource, old: new - 1, new, parties: parties.to_vec() });
        Ok(())
    }
}
