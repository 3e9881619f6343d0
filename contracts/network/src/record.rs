//! What the contract keeps and takes. Not here: who may change it. Invariant: nodes read these forms from storage (`coffer_chain::network`), so a
//! change of one is a network upgrade.

use coffer_sdk::prelude::*;

/// What an organisation's nodes, or one node, may do at most.
#[contract_type]
#[derive(Clone, Copy)]
pub enum Access {
    /// Validate and vote.
    Trusted,
    /// Follow.
    Managed,
}

/// What a node does.
#[contract_type]
#[derive(Clone, Copy)]
pub enum Role {
    /// It follows the chain.
    Follower,
    /// It votes.
    Validator,
}

/// An organisation.
#[contract_type]
pub struct Organisation {
    /// Its name.
    pub name: String,
    /// The key that holds its rights: never a node's.
    pub key: AccountId,
    /// What its nodes may do at most.
    pub access: Access,
    /// True while it has no rights and its nodes are not let in.
    pub suspended: bool,
    /// Its nodes.
    pub nodes: u32,
    /// Height since which it is on the chain.
    pub since: u64,
}

/// A node.
#[contract_type]
pub struct Node {
    /// Its key.
    pub key: AccountId,
    /// Its organisation.
    pub organisation: String,
    /// What it may do at most.
    pub access: Access,
    /// Where it listens, as `host:port`.
    pub addresses: Vec<String>,
    /// What it does.
    pub role: Role,
    /// Height since which it is on the chain.
    pub since: u64,
    /// True once it validated or its own key signed something here: from then on no vote on another organisation takes it away.
    pub signed: bool,
}

/// A node that votes on blocks.
#[contract_type]
#[derive(Clone, Copy)]
pub struct Validator {
    /// Its key.
    pub key: AccountId,
    /// Its share of its organisation's voting power.
    pub power: u64,
}

/// A new organisation.
#[contract_type]
pub struct NewOrganisation {
    /// Its name: 1 to 48 letters, digits, `_`, `-` and `.`.
    pub name: String,
    /// The key that is to hold its rights.
    pub key: AccountId,
    /// What its nodes may do at most.
    pub access: Access,
    /// Its first nodes, at most 16.
    pub nodes: Vec<NewNode>,
}

/// A new node.
#[contract_type]
pub struct NewNode {
    /// Its key.
    pub key: AccountId,
    /// What it may do at most.
    pub access: Access,
    /// Where it listens, as `host:port`, at most 4.
    pub addresses: Vec<String>,
    /// What it does. Only nodes of the genesis begin as validators; all others activate themselves.
    pub role: Role,
}

/// What is voted on.
#[contract_type]
pub enum Change {
    /// An organisation joins.
    Join {
        /// All of it: a vote is for just this.
        organisation: NewOrganisation,
    },
    /// An organisation loses its rights until it is resumed: its nodes are cut off and its validators leave the set.
    Suspend {
        /// Its name.
        organisation: String,
    },
    /// A suspended organisation has its rights again; its nodes follow until they activate themselves.
    Resume {
        /// Its name.
        organisation: String,
    },
    /// An organisation has another access; with managed access its validators leave the set.
    Access {
        /// Its name.
        organisation: String,
        /// The access.
        access: Access,
    },
    /// The chain has other parameters, from the next block on.
    Parameters {
        /// All of them.
        parameters: Parameters,
    },
    /// The chain has another version of the protocol, from a height on. It takes the place of one that was decided and has not begun.
    Protocol {
        /// The version: the one after that in force.
        version: u16,
        /// The first height of it: 10 to 1,000,000 blocks ahead.
        height: u64,
    },
}

impl Change {
    /// The organisation that it is about; an empty name if it is about the chain.
    pub fn subject(&self) -> &str {
        match self {
            Self::Join { organisation } => &organisation.name,
            Self::Suspend { organisation } | Self::Resume { organisation } | Self::Access { organisation, .. } => {
                organisation
            }
            Self::Parameters { .. } | Self::Protocol { .. } => "",
        }
    }
}

/// A change that is voted on.
#[contract_type]
pub struct Proposal {
    /// Its number: one more than that of the one before.
    pub number: u64,
    /// The change.
    pub change: Change,
    /// The organisation that proposed it.
    pub by: String,
    /// Organisations that voted for it, in the order of their votes.
    pub votes: Vec<String>,
    /// Height at which it was proposed.
    pub since: u64,
    /// Block time, in milliseconds since 1970-01-01 UTC, from which on it is over: 30 days after it was proposed.
    pub until: u64,
}

/// Bounds that all nodes share and that organisations change by votes.
#[contract_type]
pub struct Parameters {
    /// Gas one public transaction or one private call may use.
    pub max_tx_gas: u64,
    /// Gas the public transactions of one block may ask for together.
    pub max_block_gas: u64,
    /// Bytes of one transaction.
    pub max_tx_bytes: u32,
    /// Bytes of the transactions of one block.
    pub max_block_bytes: u32,
    /// Milliseconds after a block from which on the next one may be empty, if something ended by its time since; 0: never.
    pub tick_ms: u32,
}

/// A version of the protocol, and from when on it is that of the chain.
#[contract_type]
pub struct Version {
    /// Its number.
    pub version: u16,
    /// Height of its first block.
    pub since: u64,
}

/// A recovery: from when on the chain went on without organisations that were lost for good.
#[contract_type]
pub struct Recovery {
    /// Height of the first block after it.
    pub height: u64,
    /// Hash of the last block before it.
    pub parent: Hash,
    /// The organisations that were lost.
    pub lost: Vec<String>,
    /// Who decided the first block after it.
    pub validators: Vec<Validator>,
    /// Id of the statement that those who were left signed.
    pub statement: Hash,
}

/// A party of private transactions.
#[contract_type]
pub struct Party {
    /// Its key: never an organisation's or a node's.
    pub party: AccountId,
    /// Its organisation, for good.
    pub organisation: String,
    /// The node that serves it, of whatever organisation.
    pub node: AccountId,
    /// Its encryption key: an X25519 key in its Edwards form, so that it signs for itself.
    pub key: AccountId,
    /// How often the key was changed.
    pub epoch: u32,
    /// Height from which on the record is as it is.
    pub since: u64,
    /// Nodes that keep payloads for it while its own is away.
    pub custodians: Vec<AccountId>,
    /// True once nobody can send to it any more.
    pub retired: bool,
    /// What held before the last change of node or key.
    pub before: Option<PartyBefore>,
}

/// What held of a party before its node or key was changed.
#[contract_type]
#[derive(Clone, Copy)]
pub struct PartyBefore {
    /// The node that served it.
    pub node: AccountId,
    /// Its encryption key.
    pub key: AccountId,
    /// The epoch of that key.
    pub epoch: u32,
    /// The last height at which that is still good.
    pub until: u64,
}

/// A key that a party has, or had.
#[contract_type]
#[derive(Clone, Copy)]
pub struct PartyEpoch {
    /// The node that served it last with that key.
    pub node: AccountId,
    /// The encryption key.
    pub key: AccountId,
    /// Height from which on it was the party's.
    pub since: u64,
}

/// The key by which a node finds what is for parties that it serves.
#[contract_type]
#[derive(Clone, Copy)]
pub struct TagKey {
    /// The node. It may be off the chain by now.
    pub node: AccountId,
    /// The key: an X25519 key in its Edwards form.
    pub key: AccountId,
    /// How often it was changed.
    pub epoch: u32,
    /// Height from which on it is the node's.
    pub since: u64,
    /// The one before it.
    pub before: Option<TagKeyBefore>,
}

/// A tag key that was replaced.
#[contract_type]
#[derive(Clone, Copy)]
pub struct TagKeyBefore {
    /// The key.
    pub key: AccountId,
    /// The last height at which it is still good.
    pub until: u64,
}

/// What an account may do at most. Each one may do what those before it may.
#[contract_type]
#[derive(Clone, Copy)]
pub enum AccountRole {
    /// Ask.
    ReadOnly,
    /// Call contracts.
    Transact,
    /// Put contracts there.
    Deploy,
    /// See to the accounts of the organisation.
    Administer,
}

/// Tag keys, accounts and parties that a network begins with.
#[contract_type]
pub struct FirstParties {
    /// Tag keys of nodes.
    pub tag_keys: Vec<FirstTagKey>,
    /// Accounts.
    pub accounts: Vec<FirstAccount>,
    /// Parties.
    pub parties: Vec<FirstParty>,
}

/// The first tag key of a node.
#[contract_type]
pub struct FirstTagKey {
    /// The node.
    pub node: AccountId,
    /// An X25519 key in its Edwards form.
    pub key: AccountId,
}

/// An account that a network begins with.
#[contract_type]
pub struct FirstAccount {
    /// Its key.
    pub account: AccountId,
    /// Its organisation.
    pub organisation: String,
    /// What it may do at most.
    pub role: AccountRole,
}

/// A party that a network begins with.
#[contract_type]
pub struct FirstParty {
    /// Its key.
    pub party: AccountId,
    /// Its organisation.
    pub organisation: String,
    /// The node that serves it: one with a tag key.
    pub node: AccountId,
    /// Its encryption key: an X25519 key in its Edwards form.
    pub key: AccountId,
    /// Accounts of that organisation that act for it.
    pub accounts: Vec<AccountId>,
}

/// An account of an organisation.
#[contract_type]
pub struct Account {
    /// Its key.
    pub account: AccountId,
    /// Its organisation, for good.
    pub organisation: String,
    /// What it may do at most.
    pub role: AccountRole,
    /// True while it may do nothing.
    pub suspended: bool,
    /// Height since which it is on the chain.
    pub since: u64,
}

/// The root of a node's trie of private states after a block.
#[contract_type]
#[derive(Clone, Copy)]
pub struct Anchor {
    /// The node.
    pub node: AccountId,
    /// Height of the block.
    pub height: u64,
    /// Hash of the block.
    pub block: Hash,
    /// The root.
    pub root: Hash,
    /// Height since which it is on the chain.
    pub at: u64,
}
