//! Organisations: those of the genesis, and the votes by which others join, are suspended and resumed, and have another access. Not here: nodes
//! (`node`). Invariants: each trusted organisation that is not suspended has one vote, however many nodes it has; a vote is for exactly one
//! change; what is done has the votes of more than half of those who may vote when it is done; the target of a suspension has no vote on it.

use coffer_sdk::prelude::*;

use crate::Network;
use crate::check;
use crate::error::Error;
use crate::event::{OrganisationChanged, OrganisationJoined, VoteCast, VoteWithdrawn};
use crate::node::{is_active, is_trusted};
use crate::record::{Access, Change, NewOrganisation, Organisation, Parameters, Proposal, Role};

/// Organisations of a network.
const MAX_ORGANISATIONS: u32 = 256;
/// Nodes that an organisation can join with; more are approved afterwards.
const MAX_FIRST_NODES: usize = 16;
/// Changes that are voted on at once.
const MAX_PROPOSALS: u32 = 64;

impl Network {
    pub(crate) fn begin(&mut self, organisations: Vec<NewOrganisation>, parameters: Parameters) -> Result<(), Error> {
        self.parameters.set(&parameters);
        for new in organisations {
            let validating: Vec<AccountId> =
                new.nodes.iter().filter(|node| node.role == Role::Validator).map(|node| node.key).collect();
            self.join(new)?;
            for node in validating {
                self.may_validate(&node)?;
                self.seat(&node)?;
            }
        }
        if self.validators.get_or_default().is_empty() {
            return Err(Error::Invalid {
                field: "organisations".to_owned(),
                value: String::new(),
                why: "at least one node of a new network has the role validator".to_owned(),
            });
        }
        Ok(())
    }

    fn may_validate(&self, node: &AccountId) -> Result<(), Error> {
        let known = self.known_node(node)?;
        is_trusted(&self.known_organisation(&known.organisation)?)?;
        if known.access == Access::Trusted { Ok(()) } else { Err(Error::NodeNotTrusted { node: *node }) }
    }

    pub(crate) fn vote_for(&mut self, change: Change) -> Result<bool, Error> {
        let voter = self.voter()?;
        let target = change.organisation().clone();
        check::name(&target)?;
        self.can_be_done(&change)?;
        if matches!(change, Change::Suspend { .. }) && target == voter {
            return Err(Error::NoVote { organisation: target });
        }
        let mut proposal = match self.proposals.get(&target) {
            Some(open) if open.change != change => return Err(Error::OtherProposal { organisation: target }),
            Some(open) => open,
            None => self.propose(&target, &change)?,
        };
        if proposal.votes.contains(&voter) {
            return Err(Error::VotedAlready { organisation: voter });
        }
        proposal.votes.push(voter.clone());
        let voters = self.voters(&change);
        // Those who voted may have lost their vote since.
        let votes = proposal.votes.iter().filter(|by| voters.contains(by)).count() as u32;
        let needed = voters.len() as u32 / 2 + 1;
        emit(VoteCast { change: change.clone(), by: voter, votes, needed });
        if votes < needed {
            self.proposals.set(&target, &proposal);
            return Ok(false);
        }
        self.close(&target);
        self.carry_out(change)?;
        Ok(true)
    }

    pub(crate) fn withdraw_vote(&mut self, organisation: String) -> Result<(), Error> {
        let voter = self.voter()?;
        check::name(&organisation)?;
        let open = self.proposals.get(&organisation).filter(|open| open.votes.contains(&voter));
        let Some(mut open) = open else { return Err(Error::NoVote { organisation }) };
        open.votes.retain(|by| *by != voter);
        if open.votes.is_empty() {
            self.close(&organisation);
        } else {
            self.proposals.set(&organisation, &open);
        }
        emit(VoteWithdrawn { organisation, by: voter });
        Ok(())
    }

    fn propose(&mut self, target: &String, change: &Change) -> Result<Proposal, Error> {
        let count = self.proposal_count.get_or_default();
        if count >= MAX_PROPOSALS {
            return Err(Error::TooMany { what: "changes that are voted on at once".to_owned(), most: MAX_PROPOSALS });
        }
        self.proposal_count.set(&(count + 1));
        let proposal = Proposal { change: change.clone(), votes: Vec::new(), since: block_height() };
        self.proposals.set(target, &proposal);
        Ok(proposal)
    }

    fn close(&mut self, target: &String) {
        if self.proposals.remove(target) {
            self.proposal_count.set(&self.proposal_count.get_or_default().saturating_sub(1));
        }
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
        let no_change = |what: &str| Err(Error::NoChange { what: what.to_owned() });
        match change {
            Change::Join { organisation } => self.may_join(organisation),
            Change::Suspend { organisation } => is_active(&self.known_organisation(organisation)?),
            Change::Resume { organisation } if !self.known_organisation(organisation)?.suspended => {
                no_change("the organisation is not suspended")
            }
            Change::Access { organisation, access } if self.known_organisation(organisation)?.access == *access => {
                no_change("the organisation has that access")
            }
            Change::Resume { .. } | Change::Access { .. } => Ok(()),
        }
    }

    fn may_join(&self, new: &NewOrganisation) -> Result<(), Error> {
        check::name(&new.name)?;
        if self.organisations.contains(&new.name) {
            return Err(Error::NameTaken { name: new.name.clone() });
        }
        self.is_free(&new.key)?;
        if new.nodes.len() > MAX_FIRST_NODES {
            let what = "nodes that an organisation joins with".to_owned();
            return Err(Error::TooMany { what, most: MAX_FIRST_NODES as u32 });
        }
        for node in &new.nodes {
            check::addresses(&node.addresses)?;
            self.is_free(&node.key)?;
            if node.key == new.key {
                return Err(Error::KeyTaken { key: node.key, organisation: new.name.clone() });
            }
        }
        if self.organisation_count.get_or_default() >= MAX_ORGANISATIONS {
            return Err(Error::TooMany { what: "organisations".to_owned(), most: MAX_ORGANISATIONS });
        }
        Ok(())
    }

    fn carry_out(&mut self, change: Change) -> Result<(), Error> {
        match change {
            Change::Join { organisation } => self.join(organisation),
            Change::Suspend { organisation } => self.change(organisation, |one| one.suspended = true),
            Change::Resume { organisation } => self.change(organisation, |one| one.suspended = false),
            Change::Access { organisation, access } => self.change(organisation, |one| one.access = access),
        }
    }

    /// Adds an organisation with its nodes, as followers.
    fn join(&mut self, new: NewOrganisation) -> Result<(), Error> {
        self.may_join(&new)?;
        let NewOrganisation { name, key, access, nodes } = new;
        let organisation =
            Organisation { name: name.clone(), key, access, suspended: false, nodes: 0, since: block_height() };
        self.organisations.set(&name, &organisation);
        self.organisation_count.set(&(self.organisation_count.get_or_default() + 1));
        self.keys.set(&key, &name);
        emit(OrganisationJoined { organisation: name.clone(), key, access });
        for node in nodes {
            self.add_node(self.known_organisation(&name)?, node)?;
        }
        Ok(())
    }

    /// Changes an organisation; its nodes lose what it loses.
    fn change(&mut self, name: String, change: impl FnOnce(&mut Organisation)) -> Result<(), Error> {
        let mut organisation = self.known_organisation(&name)?;
        change(&mut organisation);
        self.organisations.set(&name, &organisation);
        let Organisation { access, suspended, .. } = organisation;
        if suspended || access == Access::Managed {
            let nodes: Vec<AccountId> = self.members.iter_under(&name).map(|(_, node)| node).collect();
            self.unseat(&nodes)?;
            if access == Access::Managed {
                for node in nodes {
                    let mut known = self.known_node(&node)?;
                    known.access = Access::Managed;
                    self.nodes.set(&node, &known);
                }
            }
        }
        emit(OrganisationChanged { organisation: name, access, suspended });
        Ok(())
    }

    pub(crate) fn known_organisation(&self, name: &String) -> Result<Organisation, Error> {
        self.organisations.get(name).ok_or_else(|| Error::NoOrganisation { name: name.clone() })
    }
}
