//! Where parties are served: what finding, opening and checking ask of it. Not here: who answers (the network contract at a marker's height, `executor::directory`; on a chain
//! without that contract the node's own tenants). Invariant: what cannot be read is an error and never an answer, because an answer decides how a call ends.

use coffer_abi::AccountId;

use super::keys::TagKey;

/// Where a party is served at one height.
#[derive(Clone, Debug)]
pub struct Serving {
    /// The node, and the one before while that still counts.
    pub nodes: Vec<AccountId>,
    /// The tag keys of these that a slot may be sealed for: current ones, and those before while they still count.
    pub tags: Vec<TagKey>,
    /// Nodes that may keep the party's payloads beside them.
    pub custodians: Vec<AccountId>,
    /// Its encryption keys that a content key may be wrapped with: the one in force, then the one before while that still counts.
    pub keys: Vec<PublishedKey>,
}

/// An encryption key of a party as it is on record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishedKey {
    /// Its number.
    pub epoch: u32,
    /// The key.
    pub key: AccountId,
}

/// Who serves whom, at the height of a marker's block.
pub trait Directory {
    /// Why it cannot be read.
    type Error;

    /// Where a party is served; `None` if nowhere. Retired parties and those of suspended organisations are served still: what was sealed for them opens.
    ///
    /// # Errors
    /// When it cannot be read now; nothing may be concluded then.
    fn serving(&self, party: &AccountId) -> Result<Option<Serving>, Self::Error>;
}
