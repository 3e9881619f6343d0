//! Why a proof is none. Not here: what it would have said. Invariant: no variant tells that a claim is false; a proof that
//! fails proves nothing either way.

use alloc::string::String;

use coffer_abi::codec::CodecError;
use coffer_abi::{AccountId, ContractId, Hash, Height};
use coffer_chain::certificate::CertificateError;
use coffer_chain::trie::proof::ProofError;

/// Why bytes or text are no proof. Permanent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Larger than [`crate::MAX_BYTES`].
    #[error("a proof has at most {most} bytes, this has {0}", most = crate::MAX_BYTES)]
    Size(usize),
    /// Not the canonical encoding of a proof.
    #[error("not a proof: {0}")]
    Bytes(CodecError),
    /// Not the JSON form of a proof.
    #[error("not the JSON form of a proof: {0}")]
    Json(String),
    /// A number that JSON readers do not hold exactly, so that the proof has no JSON form.
    #[error("`{0}` is larger than 2^53 - 1, so the proof has no JSON form; use its bytes")]
    Number(&'static str),
}

/// Which of the tries of a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The trie of private states.
    PrivateStates,
    /// The trie of a state: its contracts.
    State,
    /// The storage of a contract.
    Storage(ContractId),
}

impl core::fmt::Display for Level {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::PrivateStates => f.write_str("the trie of private states"),
            Self::State => f.write_str("the state's trie"),
            Self::Storage(contract) => write!(f, "the storage of contract {contract}"),
        }
    }
}

/// Why a proof does not prove what it claims to somebody who trusts what they said they trust. Permanent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Made in a form this program does not know.
    #[error("the proof has version {0}, this program checks version {known}", known = crate::VERSION)]
    Version(u8),
    /// The claims are out of order, stand twice, are too many or too long, or carry parts that do not belong to them.
    #[error("the claims are not in their canonical form: {0}")]
    Form(&'static str),
    /// A trie's part does not fit its claims and root.
    #[error("{level}: {error}")]
    Trie {
        /// Which trie.
        level: Level,
        /// What is wrong.
        error: ProofError,
    },
    /// Nobody vouches for the path key of a contract whose absent keys are claimed.
    #[error("absent keys of contract {0} are believed only under a path key that is known to be its own; give it")]
    PathKey(ContractId),
    /// The path key is another than the one that is known.
    #[error("the proof has another path key of contract {0} than the one given")]
    OtherPathKey(ContractId),
    /// The block is of another chain.
    #[error("the block is of chain {0}")]
    OtherChain(Hash),
    /// Another block than the trusted one.
    #[error("the proof is for block {0}")]
    OtherBlock(Hash),
    /// Another validator set than the trusted one decided the block.
    #[error("the block was decided by validator set {0}, which is not the one trusted")]
    OtherValidators(Hash),
    /// The block is no step of the way from the genesis: not behind the one before, or nobody else decides after it.
    #[error("block {0} is no step of the way from the genesis to those who decide now")]
    Way(Height),
    /// The way does not go over the block behind a recovery that is accepted.
    #[error(
        "the chain was recovered after block {0}, as is accepted, but the way does not lead over the block behind it"
    )]
    Recovery(Height),
    /// No signatures of validators, where they are needed.
    #[error("the proof has no certificate; trust its block by hash, or ask for a later block")]
    NoCertificate,
    /// The certificate does not hold.
    #[error("the certificate does not hold: {0}")]
    Certificate(CertificateError),
    /// A node that is not trusted made the statement.
    #[error("{0} is not a node whose statements are trusted")]
    OtherNode(AccountId),
    /// The node's signature does not hold.
    #[error("the signature of node {0} does not hold")]
    Statement(AccountId),
    /// The public proof does not show that the node anchored the root.
    #[error("the anchor: {0}")]
    Anchor(&'static str),
    /// The proof is for another private state.
    #[error("the proof is for another private state")]
    OtherState,
}
