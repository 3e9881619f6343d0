//! Vaults: entries that were sealed before they got here, such as the keys of an organisation. The contract keeps who may write and read them,
//! their versions and their epochs. It never sees what is in them: neither the secret nor a key that could open one ever comes here.
//! Not here: sealing, which the node does. Invariants: an entry is replaced only by whoever has seen what it replaces; events and history name
//! what changed and never have anything of it.
#![no_std]
use coffer_sdk::prelude::*;

mod state;
mod error;
mod event;
mod access;
mod entry;
mod epoch;
mod view;

pub use epoch::Resealed;
pub use error::Error;
pub use state::{Access, Epoch, Readers, Rotation, VaultId};
pub use view::{EntryRecord, VaultRecord, Version};

use entry::Write;
use state::{Entry, Past, Record};

/// Vaults of sealed entries.
#[contract]
pub struct Vault {
    /// Number of the last vault.
    last: Item<u32>,
    /// Numbers of vaults, by (founder, name).
    numbers: LookupMap<(AccountId, String), u32>,
    /// Vaults, by their numbers.
    vaults: LookupMap<u32, Record>,
    /// Entries, by (vault, name).
    entries: Map<(u32, String), Entry>,
    /// All versions of all entries, by (vault, name, version).
    history: Map<(u32, String, u32), Past>,
    /// What is stored with an epoch, by (vault, epoch).
    epochs: LookupMap<(u32, u32), Epoch>,
}

#[contract]
impl Vault {
    /// Makes a vault in epoch 1, which the caller need not own.
    pub fn create(
        &mut self,
        /// One of its own for each vault that the caller makes: letters, digits, `_`, `-` and `.`, at most 48.
        name: String,
        access: Access,
        /// What the node needs besides its secret to open entries of epoch 1, such as a salt; at most 1,024 bytes.
        header: Vec<u8>,
    ) -> Result<VaultId, Error> {
        self.make(name, access, header)
    }

    /// Changes who may do what. Only owners do. Returns the version of the access.
    pub fn set_access(
        &mut self,
        vault: VaultId,
        access: Access,
        /// The version of the access that is replaced.
        seen: u32,
    ) -> Result<u32, Error> {
        self.change_access(&vault, access, seen)
    }

    /// Writes an entry. Only owners and writers do. Returns the version of the entry.
    pub fn put(
        &mut self,
        vault: VaultId,
        /// Its name, at most 128 bytes.
        entry: String,
        /// Its bytes, sealed; at most 16 KiB.
        sealed: Vec<u8>,
        /// The epoch it is sealed in: the vault's or, while it changes to the next, that one.
        epoch: u32,
        /// The version that is replaced; 0: there was none so far. Of a removed entry it is that of the removal.
        seen: u32,
    ) -> Result<u32, Error> {
        self.write(&vault, Write { name: entry, sealed, epoch, seen })
    }

    /// Removes an entry. Its versions and their hashes stay. Only owners and writers do. Returns the version of the removal.
    pub fn remove(&mut self, vault: VaultId, entry: String, seen: u32) -> Result<u32, Error> {
        self.take_out(&vault, entry, seen)
    }

    /// Begins to change the vault to another epoch. Until it is finished, entries are written in both. Only owners do. Returns the next epoch.
    pub fn begin_epoch(
        &mut self,
        vault: VaultId,
        /// What the node needs besides its next secret, as of `create`.
        header: Vec<u8>,
    ) -> Result<u32, Error> {
        self.begin(&vault, header)
    }

    /// Puts entries in place of the same ones that were sealed in the old epoch, at most 64. Only owners and writers do. Returns how many entries
    /// are left in the old epoch.
    pub fn reseal(&mut self, vault: VaultId, entries: Vec<Resealed>) -> Result<u32, Error> {
        self.seal_anew(&vault, entries)
    }

    /// Finishes the change to the next epoch, once no entry is left in the old one. Only owners do. Returns the vault's epoch.
    pub fn finish_epoch(&mut self, vault: VaultId) -> Result<u32, Error> {
        self.finish(&vault)
    }

    /// A vault. This and the views below are for owners, writers and readers.
    pub fn about(&self, vault: VaultId) -> Result<VaultRecord, Error> {
        self.about_vault(&vault)
    }

    /// An entry, also if it was removed.
    pub fn entry(&self, vault: VaultId, entry: String) -> Result<Option<EntryRecord>, Error> {
        self.one_entry(&vault, entry)
    }

    /// A page of entries in the order of their names, removed ones among them. A page ends early after 32 KiB.
    pub fn entries(
        &self,
        vault: VaultId,
        /// The page starts behind this name; an empty one for the first page.
        after: String,
        /// Entries of the page, at most 100.
        limit: u32,
    ) -> Result<Vec<EntryRecord>, Error> {
        self.page_of_entries(&vault, after, limit)
    }

    /// A page of the versions of an entry, the oldest first.
    pub fn history(
        &self,
        vault: VaultId,
        entry: String,
        /// The page starts behind this version; 0 for the first page.
        after: u32,
        /// Versions of the page, at most 100.
        limit: u32,
    ) -> Result<Vec<Version>, Error> {
        self.page_of_versions(&vault, entry, after, limit)
    }

    /// What is stored with an epoch.
    pub fn epoch(&self, vault: VaultId, epoch: u32) -> Result<Option<Epoch>, Error> {
        self.epoch_of(&vault, epoch)
    }
}

#[cfg(test)]
mod tests;
