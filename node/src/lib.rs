//! The Coffer node: everything with I/O. Lower rows never import higher ones: durable, sources, task, metrics, tenant; state, privacy, organisation,
//! compile, network; pool, executor, sync, exchange; consensus; invoke; rpc; node, cli. Invariant: plaintext of a private call never reaches pool, log or public state.

pub mod durable;
pub mod sources;
pub mod task;
pub mod metrics;
pub mod tenant;
pub mod state;
pub mod privacy;
pub mod organisation;
pub mod quota;
pub mod compile;
pub mod network;
pub mod pool;
pub mod executor;
pub mod sync;
pub mod exchange;
pub mod consensus;
pub mod invoke;
pub mod rpc;
pub mod config;
pub mod node;
pub mod cli;
