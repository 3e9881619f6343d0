//! What the contract tells of its changes. Invariant: every change of what it keeps is told by at least one event, which names the node or the organisation.

use coffer_sdk::prelude::*;

use crate::record::{Access, Change, Parameters};

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
