//! The network of a chain, in its public state: organisations, their nodes, the parameters of the chain, and who validates. Every node reads
//! from here whom to let in and who votes on the next block.
//! Not here: connections, join requests that nobody has answered yet, what a validator set is worth. Invariants: a key belongs to one organisation
//! or one node; only a node itself makes itself a validator, so that no approval can halt the chain; there is always a validator.
#![no_std]
use coffer_sdk::prelude::*;

mod record;
mod error;
mod event;
mod check;
mod vote;
mod organisation;
mod rules;
mod node;
mod power;
mod recovery;
mod view;

pub use error::Error;
pub use event::{
    NodeApproved, NodeDeclined, NodeRemoved, NodeUpdated, OrganisationChanged, OrganisationJoined, ParametersChanged,
    ProposalCleared, ProtocolChanges, Recovered, ValidatorJoined, ValidatorLeft, VoteCast, VoteWithdrawn,
};
pub use record::{
    Access, Change, NewNode, NewOrganisation, Node, Organisation, Parameters, Proposal, Recovery, Role, Validator,
    Version,
};

/// The network of a chain.
#[contract]
pub struct Network {
    /// Organisations, by their names.
    organisations: Map<String, Organisation>,
    /// Names of organisations, by their keys.
    keys: LookupMap<AccountId, String>,
    /// Nodes, by their keys.
    nodes: Map<AccountId, Node>,
    /// Nodes of an organisation, by (organisation, node).
    members: Set<(String, AccountId)>,
    /// Nodes that an organisation does not want, by (organisation, node), with the height since when.
    declined: Map<(String, AccountId), u64>,
    /// How many these are, by organisation.
    declined_count: LookupMap<String, u32>,
    /// Nodes that left an organisation by themselves, by (organisation, node).
    left: Set<(String, AccountId)>,
    /// How many these are, by organisation.
    left_count: LookupMap<String, u32>,
    /// Changes that are voted on, by their numbers.
    proposals: Map<u64, Proposal>,
    /// Their numbers by (subject, number).
    about: Set<(String, u64)>,
    /// Their numbers by (organisation that proposed it, number).
    begun: Set<(String, u64)>,
    /// Their numbers by (time from which on it is over, number): when the chain may have an empty block.
    ends: Set<(u64, u64)>,
    /// How many organisations there are.
    organisation_count: Item<u32>,
    /// How many proposals there ever were.
    last_proposal: Item<u64>,
    /// The parameters of the chain.
    parameters: Item<Parameters>,
    /// Versions of the protocol in the order of their heights: those that were, the one in force, and one that was decided and has not begun.
    versions: Item<Vec<Version>>,
    /// Who decides the next block, in the order of the keys.
    validators: Item<Vec<Validator>>,
    /// Recoveries, by the heights of their first blocks.
    recoveries: Map<u64, Recovery>,
}

#[contract]
impl Network {
    /// Begins the network of a chain, once, as its genesis says.
    pub fn init(
        &mut self,
        /// The first organisations with their nodes, of which one at least validates.
        organisations: Vec<NewOrganisation>,
        parameters: Parameters,
        /// Version of the protocol.
        version: u16,
    ) -> Result<(), Error> {
        self.begin(organisations, parameters, version)
    }

    /// Votes for a change that is more than one organisation's own affair: a new one, suspending and resuming one, another access, other parameters, another version of the protocol.
    /// The first vote proposes it, for 30 days; an organisation has at most 4 proposals of its own open. Needs the key of a trusted organisation, not suspended, and not the one to be
    /// suspended. With the votes of more than half of these it is done; a suspension takes two at least, a version more than two thirds. Returns true if it is done.
    pub fn vote(&mut self, change: Change) -> Result<bool, Error> {
        self.vote_for(change)
    }

    /// Takes back one's vote for a proposal; a change without votes is proposed no longer.
    pub fn withdraw(&mut self, proposal: u64) -> Result<(), Error> {
        self.withdraw_vote(proposal)
    }

    /// Lets a node of the caller's organisation in, as a follower, or changes its access. Needs the organisation's key. A decline of it is undone.
    pub fn approve(
        &mut self,
        /// The node's key.
        node: AccountId,
        access: Access,
        /// Where it listens, as `host:port`, at most 4.
        addresses: Vec<String>,
    ) -> Result<(), Error> {
        self.approve_node(node, access, addresses)
    }

    /// Says that the caller's organisation does not want a node that asked to join. Needs the organisation's key.
    pub fn decline(&mut self, node: AccountId) -> Result<(), Error> {
        self.decline_node(node)
    }

    /// Removes a node, which counts as declined then; a validator leaves the set with it. Needs its organisation's key.
    pub fn remove(&mut self, node: AccountId) -> Result<(), Error> {
        self.remove_node(node)
    }

    /// Removes the node that signs this, for good: that organisation cannot approve its key again, another one can. For a node whose key was
    /// approved by an organisation that it is not of.
    pub fn leave(&mut self) -> Result<(), Error> {
        self.leave_organisation()
    }

    /// Changes where a node listens. Needs its organisation's key, or the node's own.
    pub fn set_addresses(&mut self, node: AccountId, addresses: Vec<String>) -> Result<(), Error> {
        self.readdress_node(node, addresses)
    }

    /// Makes the node that signs this a validator from the next block on. Needs trusted access of the node and of its organisation.
    pub fn activate(
        &mut self,
        /// The last height at which this may be executed: the height of the newest block and 2. A node that is not in step with the chain cannot
        /// become a validator.
        until: u64,
    ) -> Result<(), Error> {
        self.activate_node(until)
    }

    /// Makes a validator a follower from the next block on. Needs the node's own key, or its organisation's.
    pub fn deactivate(&mut self, node: AccountId) -> Result<(), Error> {
        self.deactivate_node(node)
    }

    /// Takes organisations out that are lost for good: they are suspended, and their validators leave the set. Nodes make this call by themselves, in the first block after a recovery
    /// that they accepted; nobody else can.
    pub fn recover(
        &mut self,
        lost: Vec<String>,
        /// Hash of the last block before it.
        parent: Hash,
        /// Id of the statement that those who are left signed.
        statement: Hash,
    ) -> Result<(), Error> {
        self.recover_without(lost, parent, statement)
    }

    /// A page of the organisations, in the order of their names.
    pub fn organisations(
        &self,
        /// The page starts behind this name; an empty one for the first page.
        after: String,
        /// Entries of the page, at most 100.
        limit: u32,
    ) -> Vec<Organisation> {
        self.page_of_organisations(after, limit)
    }

    /// The organisation of a name.
    pub fn organisation(&self, name: String) -> Option<Organisation> {
        check::name(&name).ok().and_then(|()| self.organisations.get(&name))
    }

    /// A page of the nodes, in the order of their keys.
    pub fn nodes(
        &self,
        /// The page starts behind this node; nothing for the first page.
        after: Option<AccountId>,
        limit: u32,
    ) -> Vec<Node> {
        self.page_of_nodes(after, limit)
    }

    /// The node of a key.
    pub fn node(&self, key: AccountId) -> Option<Node> {
        self.nodes.get(&key)
    }

    /// A page of the nodes that an organisation declined or removed, in the order of their keys.
    pub fn declined(&self, organisation: String, after: Option<AccountId>, limit: u32) -> Vec<AccountId> {
        self.page_of_declined(organisation, after, limit)
    }

    /// A page of what is voted on, in the order of the numbers; some may be over by their time.
    pub fn proposals(
        &self,
        /// The page starts behind this number; 0 for the first page.
        after: u64,
        limit: u32,
    ) -> Vec<Proposal> {
        self.page_of_proposals(after, limit)
    }

    /// The proposal of a number, if it is not done, withdrawn or cleared.
    pub fn proposal(&self, number: u64) -> Option<Proposal> {
        self.proposals.get(&number)
    }

    /// Who decides the next block, in the order of the keys, with their voting power.
    pub fn validators(&self) -> Vec<Validator> {
        self.validators.get_or_default()
    }

    /// A page of the recoveries, in the order of their heights.
    pub fn recoveries(
        &self,
        /// The page starts behind this height; 0 for the first page.
        after: u64,
        limit: u32,
    ) -> Vec<Recovery> {
        self.page_of_recoveries(after, limit)
    }

    /// The parameters of the chain.
    pub fn parameters(&self) -> Option<Parameters> {
        self.parameters.get()
    }

    /// Versions of the protocol, in the order of their heights.
    pub fn versions(&self) -> Vec<Version> {
        self.versions.get_or_default()
    }
}

#[cfg(test)]
mod tests;
