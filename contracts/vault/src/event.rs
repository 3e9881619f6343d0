//! What the contract tells of its changes. Invariant: an event names what changed, by which version and under which hash, and never has anything
//! of what is in it.

use coffer_sdk::prelude::*;

use crate::state::VaultId;

/// A vault was made.
#[event]
pub struct VaultCreated {
    /// The vault.
    pub vault: VaultId,
    /// Who owns it.
    pub owners: Vec<AccountId>,
}

/// Others may write or read a vault from now on.
#[event]
pub struct AccessChanged {
    /// The vault.
    pub vault: VaultId,
    /// Who owns it now.
    pub owners: Vec<AccountId>,
    /// Who did it.
    pub by: AccountId,
    /// Version of the vault now.
    pub version: u32,
}

/// An entry is there, or was replaced.
#[event]
pub struct EntryWritten {
    /// The vault.
    pub vault: VaultId,
    /// The entry.
    pub entry: String,
    /// Its version now.
    pub version: u32,
    /// The epoch it is sealed in.
    pub epoch: u32,
    /// BLAKE3 hash of its sealed bytes.
    pub hash: Hash,
    /// Who did it.
    pub by: AccountId,
}

/// An entry was removed.
#[event]
pub struct EntryRemoved {
    /// The vault.
    pub vault: VaultId,
    /// The entry.
    pub entry: String,
    /// Its version now.
    pub version: u32,
    /// Who did it.
    pub by: AccountId,
}

/// A vault changes to another epoch: entries can be sealed in it from now on.
#[event]
pub struct EpochBegun {
    /// The vault.
    pub vault: VaultId,
    /// The epoch.
    pub epoch: u32,
    /// Who did it.
    pub by: AccountId,
}

/// A vault has changed to another epoch: no entry is sealed in an older one any more.
#[event]
pub struct EpochFinished {
    /// The vault.
    pub vault: VaultId,
    /// The epoch.
    pub epoch: u32,
    /// Who did it.
    pub by: AccountId,
}
