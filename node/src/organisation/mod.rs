//! Keys and, in later parts, the organisation's vault, joining and users. Here now: the key store of the node and its accounts, and the registry of its tenants.
//! Invariant: a secret key leaves the key store only as a signature.

pub mod key_store;
pub mod registry;
pub mod sealed_file;

pub use key_store::{AccountInfo, KeyError, KeyHolder, KeyStore};
pub use registry::{Registry, RegistryError};
