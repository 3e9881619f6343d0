//! The network of a chain, in its public state: organisations, their nodes, parties and accounts, the parameters of the chain, and who validates. Every node reads
//! from here whom to let in, who votes on the next block, and where and by which key a party is written to.
//! Not here: connections, join requests that nobody has answered yet, what a validator set is worth, private transactions. Invariants: a key belongs to one organisation,
//! one node or one party; only a node itself makes itself a validator, so that no approval can halt the chain; there is always a validator; only a party itself says which node serves it.
#![no_std]
use coffer_sdk::prelude::*;

mod record;
mod error;
mod event;
mod check;
mod key;
mod statement;
mod vote;
mod organisation;
mod rules;
mod node;
mod power;
mod recovery;
mod party;
mod account;
mod tag;
mod anchor;
mod first;
mod view;

use party::Said;

pub use error::Error;
pub use event::{
    AccountAuthorised, AccountChanged, AccountRevoked, CustodiansChanged, NodeApproved, NodeDeclined, NodeRemoved,
    NodeUpdated, OrganisationChanged, OrganisationJoined, ParametersChanged, PartyChanged, PartyRegistered,
    PartyRetired, ProposalCleared, ProtocolChanges, Recovered, RootAnchored, TagKeySet, ValidatorJoined, ValidatorLeft,
    VoteCast, VoteWithdrawn,
};
pub use record::{
    Access, Account, AccountRole, Anchor, Change, FirstAccount, FirstParties, FirstParty, FirstTagKey, NewNode,
    NewOrganisation, Node, Organisation, Parameters, Party, PartyBefore, PartyEpoch, Proposal, Recovery, Role, TagKey,
    TagKeyBefore, Validator, Version,
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
    /// Parties, by their keys.
    parties: Map<AccountId, Party>,
    /// Keys that a party has and had, by (party, epoch).
    party_epochs: LookupMap<(AccountId, u32), PartyEpoch>,
    /// Parties of an organisation, by (organisation, party).
    parties_of: Set<(String, AccountId)>,
    /// Parties that a node serves, by (node, party).
    parties_at: Set<(AccountId, AccountId)>,
    /// How many parties an organisation has.
    party_count: LookupMap<String, u32>,
    /// Encryption and tag keys that are or were, without their signs, with the organisation of whose they are.
    sealing_keys: LookupMap<AccountId, String>,
    /// Accounts, by their keys.
    accounts: Map<AccountId, Account>,
    /// How many accounts an organisation has.
    account_count: LookupMap<String, u32>,
    /// Accounts that act for a party, by (party, account).
    acting_for: Set<(AccountId, AccountId)>,
    /// How many these are, by party.
    acting_count: LookupMap<AccountId, u32>,
    /// Tag keys of nodes, by the nodes; they stay when a node goes.
    tag_keys: LookupMap<AccountId, TagKey>,
    /// What nodes anchored last, by the nodes; it stays when a node goes.
    anchors: LookupMap<AccountId, Anchor>,
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
        /// Tag keys, accounts and parties that are there from the start.
        parties: FirstParties,
    ) -> Result<(), Error> {
        self.begin(organisations, parameters, version)?;
        self.begin_parties(parties)
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

    /// Makes the caller a party of an organisation. Needs the party's key, which is no organisation's and no node's, and three signatures of one statement: chain, party, organisation, node, key, epoch 0,
    /// custodians, last height.
    #[expect(clippy::too_many_arguments, reason = "what is said, and a signature of each who must agree")]
    pub fn register_party(
        &mut self,
        organisation: String,
        /// The node that is to serve it: one with a tag key.
        node: AccountId,
        /// Its encryption key: an X25519 key in its Edwards form.
        key: AccountId,
        /// Nodes that keep payloads for it, at most 3.
        custodians: Vec<AccountId>,
        /// The last height at which this may be executed.
        until: u64,
        /// Signature of the encryption key.
        possession: [u8; 64],
        /// Signature of the node.
        acceptance: [u8; 64],
        /// Signature of the organisation's key.
        consent: [u8; 64],
    ) -> Result<(), Error> {
        self.add_party(organisation, Said { node, key, custodians, until, possession, acceptance }, consent)
    }

    /// Gives the calling party another key, another node, or both. What it had before is good for 1,000 heights more. Needs the party's key and two signatures of one statement, as `register_party`; its epoch
    /// is one more with another key.
    pub fn change_party(
        &mut self,
        /// The node that is to serve it: one with a tag key.
        node: AccountId,
        /// Its encryption key.
        key: AccountId,
        /// Nodes that keep payloads for it, at most 3.
        custodians: Vec<AccountId>,
        /// The last height at which this may be executed.
        until: u64,
        /// Signature of the encryption key.
        possession: [u8; 64],
        /// Signature of the node.
        acceptance: [u8; 64],
    ) -> Result<(), Error> {
        self.change_own_party(Said { node, key, custodians, until, possession, acceptance })
    }

    /// Gives the calling party other custodians: nodes that keep payloads for it, at most 3.
    pub fn set_custodians(&mut self, custodians: Vec<AccountId>) -> Result<(), Error> {
        self.set_own_custodians(custodians)
    }

    /// Retires the calling party for good: nobody sends to it any more. Its keys stay known.
    pub fn retire_party(&mut self) -> Result<(), Error> {
        self.retire_own_party()
    }

    /// Lets an account act for the calling party: one of the same organisation, at most 1,000.
    pub fn authorise(&mut self, account: AccountId) -> Result<(), Error> {
        self.authorise_account(account)
    }

    /// Takes that back.
    pub fn revoke(&mut self, account: AccountId) -> Result<(), Error> {
        self.revoke_account(account)
    }

    /// Makes an account one of the caller's organisation, for good, or gives it another role. Needs the organisation's key.
    pub fn set_account(&mut self, account: AccountId, role: AccountRole) -> Result<(), Error> {
        self.give_role(account, role)
    }

    /// Takes all rights from an account until it is resumed. Needs its organisation's key.
    pub fn suspend_account(&mut self, account: AccountId) -> Result<(), Error> {
        self.suspend_own_account(account, true)
    }

    /// Gives a suspended account its rights back. Needs its organisation's key.
    pub fn resume_account(&mut self, account: AccountId) -> Result<(), Error> {
        self.suspend_own_account(account, false)
    }

    /// Gives the node that signs this a tag key, by which it finds what is for parties that it serves. The one before is good for 1,000 heights more.
    pub fn set_tag_key(
        &mut self,
        /// An X25519 key in its Edwards form.
        key: AccountId,
        /// The key's own signature of chain, node, key and epoch.
        possession: [u8; 64],
    ) -> Result<(), Error> {
        self.set_own_tag_key(key, possession)
    }

    /// Puts the root of the trie of private states of the node that signs this on the chain, so that all are shown the same one.
    pub fn anchor(
        &mut self,
        /// Height of the block after which it was the root: above that of the last anchor, below that of this call.
        height: u64,
        /// Hash of that block.
        block: Hash,
        root: Hash,
    ) -> Result<(), Error> {
        self.anchor_own_root(height, block, root)
    }

    /// What a node anchored last, also one that is not on the chain any more.
    pub fn anchor_of(&self, node: AccountId) -> Option<Anchor> {
        self.anchors.get(&node)
    }

    /// The party of a key.
    pub fn party(&self, key: AccountId) -> Option<Party> {
        self.parties.get(&key)
    }

    /// What a party had at an epoch, now or before.
    pub fn party_at(&self, key: AccountId, epoch: u32) -> Option<PartyEpoch> {
        self.party_epochs.get(&(key, epoch))
    }

    /// A page of the parties, in the order of their keys.
    pub fn parties(
        &self,
        /// The page starts behind this party; nothing for the first page.
        after: Option<AccountId>,
        limit: u32,
    ) -> Vec<Party> {
        self.page_of_parties(after, limit)
    }

    /// A page of the parties of an organisation, in the order of their keys.
    pub fn parties_of(&self, organisation: String, after: Option<AccountId>, limit: u32) -> Vec<Party> {
        self.page_of_own_parties(organisation, after, limit)
    }

    /// A page of the parties that a node serves, in the order of their keys.
    pub fn parties_at(&self, node: AccountId, after: Option<AccountId>, limit: u32) -> Vec<Party> {
        self.page_of_served_parties(node, after, limit)
    }

    /// The account of a key.
    pub fn account(&self, key: AccountId) -> Option<Account> {
        self.accounts.get(&key)
    }

    /// Whether an account may act for a party: authorised, of the same organisation, and neither it nor the organisation suspended, nor the party retired. Its role says what it may do.
    pub fn acts_for(&self, party: AccountId, account: AccountId) -> bool {
        self.may_act(&party, &account)
    }

    /// A page of the accounts that a party authorised, in the order of their keys.
    pub fn accounts_of(&self, party: AccountId, after: Option<AccountId>, limit: u32) -> Vec<AccountId> {
        self.page_of_accounts(party, after, limit)
    }

    /// The tag key of a node, also of one that is not on the chain any more.
    pub fn tag_key(&self, node: AccountId) -> Option<TagKey> {
        self.tag_keys.get(&node)
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
