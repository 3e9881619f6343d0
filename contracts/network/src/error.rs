//! Why something is refused. Invariant: every error names what stands in the way, so that the reader knows what to do about it.

use coffer_sdk::prelude::*;

/// Why a call was refused. Nothing was changed.
#[error]
pub enum Error {
    /// The caller's key does not have this right.
    NotAllowed {
        /// Whose key it would take.
        needed: String,
    },
    /// The organisation has managed access, and this takes trusted access.
    NotTrusted {
        /// The organisation.
        organisation: String,
    },
    /// The node has managed access, and validators have trusted access.
    NodeNotTrusted {
        /// The node.
        node: AccountId,
    },
    /// The organisation is suspended.
    Suspended {
        /// The organisation.
        organisation: String,
    },
    /// There is no organisation of this name.
    NoOrganisation {
        /// The name.
        name: String,
    },
    /// There is no node of this key.
    NoNode {
        /// The key.
        node: AccountId,
    },
    /// There is an organisation of this name already.
    NameTaken {
        /// The name.
        name: String,
    },
    /// The key is in use already: as that of an organisation, a node, a party or an account, or it seals or sealed something. Each has one of its own.
    KeyTaken {
        /// The key.
        key: AccountId,
        /// The organisation that it belongs to, itself or through what is its own.
        organisation: String,
    },
    /// A value cannot be used.
    Invalid {
        /// Name of the field.
        field: String,
        /// The value, shortened.
        value: String,
        /// What is wrong with it, and what would do.
        why: String,
    },
    /// There cannot be more of something.
    TooMany {
        /// Of what.
        what: String,
        /// How many there can be.
        most: u32,
    },
    /// The activation was signed for other blocks: activate again, once the node is in step with the chain.
    Window {
        /// The last height it was signed for.
        until: u64,
        /// Height of the block.
        height: u64,
    },
    /// The node is no validator.
    NoValidator {
        /// The node.
        node: AccountId,
    },
    /// Nobody would decide blocks any more: activate another node first.
    LastValidator {
        /// The node, or one of those, that would leave.
        node: AccountId,
    },
    /// The node left the organisation by itself: its key cannot be approved there any more.
    Left {
        /// The node.
        node: AccountId,
        /// The organisation it left.
        organisation: String,
    },
    /// There is no open proposal of this number.
    NoProposal {
        /// The number.
        number: u64,
    },
    /// Nobody but one organisation could vote on the suspension, and none suspends another alone.
    OneVote {
        /// The organisation that it would be about.
        organisation: String,
    },
    /// A version of the protocol cannot begin at this height.
    Height {
        /// The height.
        height: u64,
        /// The first height that would do.
        least: u64,
        /// The last one.
        most: u64,
    },
    /// The organisation has voted for this already.
    VotedAlready {
        /// The organisation that voted.
        organisation: String,
    },
    /// The caller's organisation has no vote on this.
    NoVote {
        /// The organisation that it would be about.
        organisation: String,
    },
    /// It is so already.
    NoChange {
        /// What.
        what: String,
    },
    /// The caller's key is that of no party: `register_party` makes it one.
    NoParty {
        /// The key.
        party: AccountId,
    },
    /// The party is retired for good: register another one.
    Retired {
        /// The party.
        party: AccountId,
    },
    /// The node has no tag key, so it cannot serve a party: its own key calls `set_tag_key`.
    NoTagKey {
        /// The node.
        node: AccountId,
    },
    /// There is no account of this key: its organisation calls `set_account`.
    NoAccount {
        /// The key.
        account: AccountId,
    },
    /// The account is of another organisation.
    OtherOrganisation {
        /// The account.
        account: AccountId,
        /// Its organisation.
        organisation: String,
    },
    /// The statement was signed for earlier blocks: have it signed again with a later height.
    Expired {
        /// The last height it was signed for.
        until: u64,
        /// Height of the block.
        height: u64,
    },
    /// A signature does not hold: it is not this key's, or not of this statement, or nobody can sign safely by this key.
    Signature {
        /// Name of the field.
        field: String,
        /// Whose signature it takes.
        key: AccountId,
        /// Id of the statement that it takes: the chain, the epoch and all else must be as here.
        statement: Hash,
    },
}
