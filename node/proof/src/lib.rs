//! Proofs of what the states of a chain hold, for somebody who does not trust the node that answers: their form in bytes
//! and in JSON, how they are checked, and how a [`Source`] makes them. Runs wherever there is `alloc`, Wasm included. Not
//! here: where states are kept, and one trie by itself (`coffer_chain::trie::proof`).
//! Invariant: what a proof is checked to say is so in the state of a block its checker trusts, or two different inputs of
//! a hash were found; no bytes make checking panic.
//!
//! Three kinds, told apart by type since they rest on different trust. A [`PublicProof`] leads from values of the public
//! state to a header that the validators decided. A [`PrivateProof`] leads from values of one private state through the
//! node's trie of private states to a statement that the node signed about such a header. A [`ChainProof`] leads from the
//! genesis to the validators of a later header, so that the header of either is believed.
#![no_std]

extern crate alloc;

mod block;
mod way;
mod chain;
mod claim;
mod public;
mod private;
mod answer;
mod anchor;
mod invalid;
mod make;
#[cfg(feature = "json")]
pub mod json;

pub use answer::{Answer, Verified, VerifiedPrivate};
pub use block::{ProvenBlock, TrustedBlock, Votes};
pub use chain::{ChainProof, MAX_HANDOVERS, VerifiedBlock};
pub use claim::{ContractClaim, PathKey, SlotClaim, StateClaims};
pub use invalid::{Invalid, Level, Unreadable};
pub use make::{Asked, KnownContract, MakeError, Source};
pub use private::{PrivateProof, PrivateTrust, Statement};
pub use public::PublicProof;
pub use way::Way;

use coffer_abi::codec::{Decode, Encode, decode};

/// Version of the form of all kinds of proof. Another form is another number.
pub const VERSION: u8 = 2;
/// Bytes of a whole proof, in either form. More is refused unread: it bounds the work of a checker.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;
/// Contracts of one proof.
pub const MAX_CONTRACTS: usize = 256;
/// Storage keys of one proof, all its contracts together.
pub const MAX_KEYS: usize = 1_024;

/// A proof from its canonical bytes.
fn from_bytes<T: Decode + Encode>(bytes: &[u8]) -> Result<T, Unreadable> {
    if bytes.len() > MAX_BYTES {
        return Err(Unreadable::Size(bytes.len()));
    }
    decode(bytes).map_err(Unreadable::Bytes)
}
