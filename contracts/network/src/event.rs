//! What the contract tells of its changes. Invariant: every change of what it keeps is told by at least one event, which names the node, the organisation, the party or the account.

use coffer_sdk::prelude::*;

use crate::record::{Access, AccountRole, Change, Parameters};

/// An organisation is part of the network.
#[event]
pub struct OrganisationJoined {
    /// Its name.
    pub organisation: String,
    /// Its key.
    pub key: AccountId,
    /// What its nodes may do at most.
    pub access: Access,
}

/// An organisation was suspended or resumed, or has another access.
#[event]
pub struct OrganisationChanged {
    /// Its name.
    pub organisation: String,
    /// What its nodes may do at most.
    pub access: Access,
    /// Whether it is suspended.
    pub suspended: bool,
}

/// An organisation voted.
#[event]
pub struct VoteCast {
    /// Number of the proposal.
    pub proposal: u64,
    /// What for.
    pub change: Change,
    /// Who voted.
    pub by: String,
    /// Votes so far that count.
    pub votes: u32,
    /// Votes that it takes.
    pub needed: u32,
}

/// An organisation took back its vote.
#[event]
pub struct VoteWithdrawn {
    /// Number of the proposal.
    pub proposal: u64,
    /// Who took it back.
    pub by: String,
}

/// A proposal that was over by its time is not kept any more: the organisation proposes something else.
#[event]
pub struct ProposalCleared {
    /// Number of the proposal.
    pub proposal: u64,
    /// The organisation that had proposed it.
    pub by: String,
    /// Block time since which it was over.
    pub until: u64,
}

/// The chain has other parameters from the next block on.
#[event]
pub struct ParametersChanged {
    /// All of them.
    pub parameters: Parameters,
}

/// The chain has another version of the protocol from a height on, unless that is put off before.
#[event]
pub struct ProtocolChanges {
    /// The version.
    pub version: u16,
    /// Height of its first block.
    pub height: u64,
}

/// A node may connect, or has another access.
#[event]
pub struct NodeApproved {
    /// The node.
    pub node: AccountId,
    /// Its organisation.
    pub organisation: String,
    /// What it may do at most.
    pub access: Access,
    /// Where it listens.
    pub addresses: Vec<String>,
}

/// An organisation does not want a node.
#[event]
pub struct NodeDeclined {
    /// The node.
    pub node: AccountId,
    /// The organisation.
    pub organisation: String,
}

/// A node is not part of the network any more.
#[event]
pub struct NodeRemoved {
    /// The node.
    pub node: AccountId,
    /// The organisation it was of.
    pub organisation: String,
}

/// A node listens somewhere else.
#[event]
pub struct NodeUpdated {
    /// The node.
    pub node: AccountId,
    /// Where it listens.
    pub addresses: Vec<String>,
}

/// The chain goes on without organisations that were lost for good.
#[event]
pub struct Recovered {
    /// Their names.
    pub lost: Vec<String>,
    /// Id of the statement that those who are left signed.
    pub statement: Hash,
}

/// A node decides blocks from the next one on.
#[event]
pub struct ValidatorJoined {
    /// The node.
    pub node: AccountId,
    /// Its organisation.
    pub organisation: String,
}

/// A node does not decide blocks from the next one on.
#[event]
pub struct ValidatorLeft {
    /// The node.
    pub node: AccountId,
    /// Its organisation.
    pub organisation: String,
}

/// A party can be written to.
#[event]
pub struct PartyRegistered {
    /// The party.
    pub party: AccountId,
    /// Its organisation.
    pub organisation: String,
    /// The node that serves it.
    pub node: AccountId,
    /// Its encryption key, of epoch 0.
    pub key: AccountId,
}

/// A party has another node or key.
#[event]
pub struct PartyChanged {
    /// The party.
    pub party: AccountId,
    /// The node that serves it.
    pub node: AccountId,
    /// Its encryption key.
    pub key: AccountId,
    /// The epoch of that key.
    pub epoch: u32,
    /// The last height at which what it had before is still good.
    pub until: u64,
}

/// A party has other custodians.
#[event]
pub struct CustodiansChanged {
    /// The party.
    pub party: AccountId,
    /// All of them.
    pub custodians: Vec<AccountId>,
}

/// Nobody can write to a party any more.
#[event]
pub struct PartyRetired {
    /// The party.
    pub party: AccountId,
}

/// An account acts for a party.
#[event]
pub struct AccountAuthorised {
    /// The party.
    pub party: AccountId,
    /// The account.
    pub account: AccountId,
}

/// An account does not act for a party any more.
#[event]
pub struct AccountRevoked {
    /// The party.
    pub party: AccountId,
    /// The account.
    pub account: AccountId,
}

/// An account is new, has another role, or was suspended or resumed.
#[event]
pub struct AccountChanged {
    /// The account.
    pub account: AccountId,
    /// Its organisation.
    pub organisation: String,
    /// What it may do at most.
    pub role: AccountRole,
    /// Whether it is suspended.
    pub suspended: bool,
}

/// A node has another tag key.
#[event]
pub struct TagKeySet {
    /// The node.
    pub node: AccountId,
    /// The key.
    pub key: AccountId,
    /// How often it was changed.
    pub epoch: u32,
}

/// A node put the root of its trie of private states on the chain.
#[event]
pub struct RootAnchored {
    /// The node.
    pub node: AccountId,
    /// Height of the block after which it was the root.
    pub height: u64,
    /// Hash of that block.
    pub block: Hash,
    /// The root.
    pub root: Hash,
}
