//! The JSON-RPC surface of a Coffer node: one trait per namespace, the data types of requests and results with the only conversions
//! from and to the node's own types, error codes, and the documents made from them (OpenRPC, docs/RPC.md).
//! Not here: how a request arrives and what answers it (the node's `rpc` module). Invariant: the traits are the one table; schemas,
//! documents, parsing and registration follow from them.
//!
//! Heights, gas and counts are JSON numbers and below 2^53, so every JSON reader holds them exactly. Identifiers and hashes are `0x`
//! and 64 lower-case hex digits. Wider integers appear only inside a contract's own arguments and results, as strings.

extern crate self as coffer_api;

pub mod error;
mod meaning;
pub mod strict;
pub mod table;
pub mod tenant;
pub mod types;

pub mod chain;
pub mod private;
pub mod contract;
pub mod debug;
pub mod limits;
pub mod network;
pub mod extension;
pub mod members;
pub mod membership;
pub mod party;
pub mod programme;
pub mod psi;
pub mod rpc;
pub mod state;
pub mod tx;
pub mod upgrade;
pub mod void;

#[cfg(feature = "client")]
pub mod client;
pub mod openrpc;
pub mod reference;

#[cfg(feature = "client")]
pub use client::{Client, ClientError};
pub use error::Error;
