//! What keeps private calls private: the sealed envelope with its keys and wraps, the slots of markers, the registry of tenants on this node with
//! their secrets, the store of sealed payloads, what is waited for, what is never executed, what parties tell each other of what they executed, what goes over to a party that joins a contract. Not here: executing what was opened. Invariant: nothing in here hands plaintext to network, pool or log.

pub mod keys;
pub mod wraps;
pub mod envelope;
pub mod directory;
pub mod marking;
pub mod payloads;
pub mod resident;
pub mod opening;
pub mod wanted;
pub mod voids;
pub mod acknowledged;
pub mod given_keys;
pub mod handed;
pub mod transfer;

#[cfg(test)]
mod tests;
