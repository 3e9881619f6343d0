//! What those sign who agree to a record: a party's, a tag key's. Not here: who must sign (`party`, `tag`). Invariants: a statement is hashed in a domain of its own, and each part
//! that somebody has in it is signed in another, so that no signature passes for one of another kind, chain, party or epoch; nodes make the same hashes (`coffer_chain::party`), which a test compares.

use coffer_sdk::prelude::*;

/// What a party's statement is hashed as.
const PARTY: &str = "coffer v1 party statement";
/// What a tag key's statement is hashed as.
const TAG_KEY: &str = "coffer v1 tag key statement";

/// What the record of a party is to say.
#[contract_type]
pub struct PartyStatement {
    /// The chain.
    pub chain_id: Hash,
    /// The party.
    pub party: AccountId,
    /// Its organisation.
    pub organisation: String,
    /// The node that is to serve it.
    pub node: AccountId,
    /// Its encryption key.
    pub key: AccountId,
    /// The epoch of that key.
    pub epoch: u32,
    /// Nodes that keep payloads for it.
    pub custodians: Vec<AccountId>,
    /// The last height at which it may be executed.
    pub until: u64,
}

/// What the record of a tag key is to say.
#[contract_type]
#[derive(Clone, Copy)]
pub struct TagKeyStatement {
    /// The chain.
    pub chain_id: Hash,
    /// The node.
    pub node: AccountId,
    /// Its tag key.
    pub key: AccountId,
    /// The epoch of that key.
    pub epoch: u32,
}

/// The part that a signer has in a statement.
#[derive(Clone, Copy)]
pub enum Part {
    /// The encryption key shows that somebody has its secret half.
    Possession,
    /// The node says that it serves the party.
    Acceptance,
    /// The organisation says that the party is its own.
    Consent,
    /// The tag key shows that somebody has its secret half.
    TagKeyPossession,
}

impl Part {
    fn context(self) -> &'static str {
        match self {
            Self::Possession => "coffer v1 party possession",
            Self::Acceptance => "coffer v1 party acceptance",
            Self::Consent => "coffer v1 party consent",
            Self::TagKeyPossession => "coffer v1 tag key possession",
        }
    }

    /// What is signed of a statement with this id.
    pub fn message(self, chain_id: Hash, id: Hash) -> Hash {
        crypto::blake3_of(&(self.context().to_owned(), chain_id, id))
    }

    /// True if a key signed a statement of this chain.
    pub fn is_signed(self, key: &AccountId, id: Hash, signature: &[u8; 64]) -> bool {
        crypto::verify_ed25519(&key.0, signature, &self.message(chain_id(), id).0)
    }
}

impl PartyStatement {
    /// Its hash.
    pub fn id(self) -> Hash {
        crypto::blake3_of(&(PARTY.to_owned(), self))
    }
}

impl TagKeyStatement {
    /// Its hash.
    pub fn id(self) -> Hash {
        crypto::blake3_of(&(TAG_KEY.to_owned(), self))
    }
}
