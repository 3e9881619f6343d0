//! The Coffer node: everything with I/O. Lower rows never import higher ones: sources and tenant context; state, privacy, organisation;
//! executor, pool; consensus; rpc; node, cli. Invariant: plaintext of a private call never reaches pool, log or public state.

pub mod sources;
pub mod privacy;
pub mod organisation;
