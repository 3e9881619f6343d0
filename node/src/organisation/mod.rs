//! Keys and, in later parts, the organisation's vault, joining and users. Here now: the key store of the node and its accounts.
//! Invariant: a secret key leaves this module only as a signature.

pub mod key_store;

pub use key_store::{AccountInfo, KeyError, KeyHolder, KeyStore};
