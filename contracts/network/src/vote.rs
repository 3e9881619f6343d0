//! Votes on what is more than one organisation's own affair. Not here: what a change does (`organisation`, `rules`). Invariants: each trusted organisation that
//! is not suspended has one vote, however many nodes it has; a vote is for exactly one change; what is done has the votes it takes when it is done; a proposal ends by its
//! time, which stands in `ends` as long as it is kept, and one organisation's proposals never keep another from proposing.

use coffer_sdk::prelude::*;

use crate::Network;
use crate::check;
use crate::error::Error;
use crate::event::{ProposalCleared, VoteCast, VoteWithdrawn};
use crate::node::is_trusted;
use crate::record::{Access, Change, Proposal};

/// Open proposals of one organisation.
const MAX_PROPOSALS: usize = 4;
/// Milliseconds that a proposal is open: 30 days.
const LIFE: u64 = 30 * 24 * 60 * 60 * 1_000;

impl Network {
    pub(crate) fn vote_for(&mut self, change: Change) -> Result<bool, Error> {
        let voter = self.voter()?;
        self.can_be_done(&change)?;
        let voters = self.voters(&change);
        if !voters.contains(&voter) {
            return Err(Error::NoVote { organisation: voter });
        }
        let needed = needed(&change, voters.len());
        if needed > voters.len() {
            return Err(Error::OneVote { organisation: change.subject().to_owned() });
        }
        let mut proposal = match self.open(&change) {
            Some(open) => open,
            None => self.propose(&voter, &change)?,
        };
        if proposal.votes.contains(&voter) {
            return Err(Error::VotedAlready { organisation: voter });
        }
        proposal.votes.push(voter.clone());
        // Those who voted may have lost their vote since.
        let votes = proposal.votes.iter().filter(|by| voters.contains(by)).count();
        emit(VoteCast {
            proposal: proposal.number,
            change: change.clone(),
            by: voter,
            votes: votes as u32,
            needed: needed as u32,
        });
        if votes < needed {
            self.proposals.set(&proposal.number, &proposal);
            return Ok(false);
        }
        self.close(&proposal);
        self.carry_out(change)?;
        Ok(true)
    }

    pub(crate) fn withdraw_vote(&mut self, number: u64) -> Result<(), Error> {
        let voter = self.voter()?;
        let open = self.proposals.get(&number).filter(|open| !is_over(open));
        let mut open = open.ok_or(Error::NoProposal { number })?;
        if !open.votes.contains(&voter) {
            return Err(Error::NoVote { organisation: voter });
        }
        open.votes.retain(|by| *by != voter);
        if open.votes.is_empty() {
            self.close(&open);
        } else {
            self.proposals.set(&number, &open);
        }
        emit(VoteWithdrawn { proposal: number, by: voter });
        Ok(())
    }

    /// The proposal of just this change.
    fn open(&self, change: &Change) -> Option<Proposal> {
        let numbers = self.about.iter_under(&change.subject().to_owned());
        let mut found = numbers.filter_map(|(_, number)| self.proposals.get(&number));
        found.find(|proposal| proposal.change == *change && !is_over(proposal))
    }

    fn propose(&mut self, by: &String, change: &Change) -> Result<Proposal, Error> {
        let own: Vec<u64> = self.begun.iter_under(by).map(|(_, number)| number).collect();
        let mut open = 0;
        // Who proposes clears away what it proposed before and is over, at most 4.
        for number in own {
            match self.proposals.get(&number) {
                Some(proposal) if is_over(&proposal) => {
                    self.close(&proposal);
                    emit(ProposalCleared { proposal: number, by: proposal.by, until: proposal.until });
                }
                _ => open += 1,
            }
        }
        if open >= MAX_PROPOSALS {
            let what = "open proposals of one organisation".to_owned();
            return Err(Error::TooMany { what, most: MAX_PROPOSALS as u32 });
        }
        let number = self.last_proposal.get_or_default() + 1;
        self.last_proposal.set(&number);
        self.about.insert(&(change.subject().to_owned(), number));
        self.begun.insert(&(by.clone(), number));
        let until = block_time().saturating_add(LIFE);
        self.ends.insert(&(until, number));
        Ok(Proposal { number, change: change.clone(), by: by.clone(), votes: Vec::new(), since: block_height(), until })
    }

    fn close(&mut self, proposal: &Proposal) {
        self.proposals.remove(&proposal.number);
        self.about.remove(&(proposal.change.subject().to_owned(), proposal.number));
        self.begun.remove(&(proposal.by.clone(), proposal.number));
        self.ends.remove(&(proposal.until, proposal.number));
    }

    /// The organisation that votes: whose key the caller has.
    fn voter(&self) -> Result<String, Error> {
        let organisation = self.acting()?;
        is_trusted(&organisation)?;
        Ok(organisation.name)
    }

    /// Those who have a vote on a change now.
    fn voters(&self, change: &Change) -> Vec<String> {
        let target = match change {
            Change::Suspend { organisation } => Some(organisation),
            _ => None,
        };
        let all = self.organisations.iter().map(|(_, organisation)| organisation);
        let voting = all.filter(|one| one.access == Access::Trusted && !one.suspended && Some(&one.name) != target);
        voting.map(|one| one.name).collect()
    }

    /// Fails early if the change could not be done now, so that nobody votes in vain.
    fn can_be_done(&self, change: &Change) -> Result<(), Error> {
        match change {
            Change::Join { organisation } => self.may_join(organisation),
            Change::Suspend { organisation } => {
                check::name(organisation)?;
                self.may_suspend(organisation)
            }
            Change::Resume { organisation } => {
                check::name(organisation)?;
                self.may_resume(organisation)
            }
            Change::Access { organisation, access } => {
                check::name(organisation)?;
                self.may_have(organisation, *access)
            }
            Change::Parameters { parameters } => self.may_set(parameters),
            Change::Protocol { version, height } => self.may_begin(*version, *height),
        }
    }

    fn carry_out(&mut self, change: Change) -> Result<(), Error> {
        match change {
            Change::Join { organisation } => self.join(organisation),
            Change::Suspend { organisation } => self.change(organisation, |one| one.suspended = true),
            Change::Resume { organisation } => self.change(organisation, |one| one.suspended = false),
            Change::Access { organisation, access } => self.change(organisation, |one| one.access = access),
            Change::Parameters { parameters } => self.set_parameters(parameters),
            Change::Protocol { version, height } => self.begin_version(version, height),
        }
    }
}

fn is_over(proposal: &Proposal) -> bool {
    block_time() >= proposal.until
}

/// Votes that a change takes of so many.
fn needed(change: &Change, voters: usize) -> usize {
    match change {
        // Nobody is suspended by one other alone.
        Change::Suspend { .. } => (voters / 2 + 1).max(2),
        // With fewer the blocks of the new version would not be decided.
        Change::Protocol { .. } => voters * 2 / 3 + 1,
        _ => voters / 2 + 1,
    }
}
