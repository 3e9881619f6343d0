//! The SDK as an author uses it: contracts on a host in memory, and the Wasm that a plain build makes.

#![allow(clippy::unwrap_used, reason = "a test that fails here has its reason in the panic")]

mod call;
mod contract;
mod import;
mod storage;
mod wasm;
