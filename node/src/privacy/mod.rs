//! What keeps private calls private: the sealed envelope, the registry of tenants on this node with their secrets, the store of sealed
//! payloads. Not here: executing what was opened. Invariant: nothing in here hands plaintext to network, pool or log.

pub mod envelope;
pub mod payloads;
pub mod resident;
