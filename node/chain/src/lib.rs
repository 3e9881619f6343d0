//! The pure rules of the chain: what is hashed and signed, what a transaction, a block, a certificate and a marker are, which of them
//! are valid, and the tries with their proofs. Not here: any I/O, any waiting, execution. Invariant: values in, values out.
//!
//! Without the feature `std` it needs `alloc` alone, so that signing and checking run in Wasm; reading and changing the records of a
//! trie needs `std`.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod hash;
pub mod sign;
pub mod psi;
pub mod authority;
pub mod rows;
pub mod slots;
pub mod members;
pub mod membership;
pub mod tx;
pub mod marker;
pub mod envelope;
pub mod block;
pub mod certificate;
pub mod ballot;
pub mod gas;
pub mod system;
pub mod genesis;
pub mod network;
pub mod party;
pub mod recovery;
pub mod rules;
pub mod versions;
pub mod void;
pub mod acknowledgement;
pub mod trie;

pub use acknowledgement::{Acknowledgement, Comparison, Outcome, Touched};
pub use authority::{Authority, Change, Consent, Consents, Parties};
pub use ballot::Ballot;
pub use block::{Block, Header, Receipt};
pub use certificate::{Certificate, Validator, ValidatorSet};
pub use envelope::{Envelope, Header as EnvelopeHeader, Text};
pub use genesis::{Genesis, GenesisError, Parameters};
pub use marker::{InnerAction, InnerBody, InnerCall};
pub use members::{CallParties, MemberVersions, Members, PrivacyFlag};
pub use membership::{MembershipChange, MembershipKind, NoChange};
pub use party::{PartyStatement, TagKeyStatement};
pub use psi::Psi;
pub use recovery::{Recovery, SignedRecovery};
pub use rules::BlockRules;
pub use sign::{Signature, SigningKey};
pub use slots::{Custodians, Custody, Marker, SlotText, Slots};
pub use system::{SystemContract, SystemContracts};
pub use tx::{CheckedTx, Kind, Transaction, TxBody};
pub use void::{Void, Voided};

/// Version of the forms: of everything that is encoded, hashed and signed here. [`versions`] says which forms a version of the protocol has.
pub const PROTOCOL_VERSION: u16 = 1;
