//! What readers see of a vault: sealed bytes, versions, hashes. Invariant: a page costs by its length, not by how many there are.

use coffer_sdk::prelude::*;

use crate::Vault;
use crate::error::Error;
use crate::state::{Access, Entry, Epoch, Past, Rotation, VaultId, check_entry_name};

/// Entries of one page at most.
pub const MAX_PAGE: u32 = 100;
/// Sealed bytes after which a page of entries ends; it has one entry more at most.
const PAGE_BYTES: usize = 32 * 1024;

/// A vault as its readers see it.
#[contract_type]
pub struct VaultRecord {
    /// Who may do what.
    pub access: Access,
    /// Version of the access.
    pub version: u32,
    /// The epoch that entries are sealed in.
    pub epoch: u32,
    /// The change to another epoch, if there is one.
    pub rotation: Option<Rotation>,
    /// Entries that are there.
    pub entries: u32,
    /// Bytes of all sealed entries.
    pub bytes: u64,
}

/// An entry as readers see it.
#[contract_type]
pub struct EntryRecord {
    /// Its name.
    pub entry: String,
    /// Its version.
    pub version: u32,
    /// The epoch it is sealed in.
    pub epoch: u32,
    /// The sealed bytes; nothing if it was removed.
    pub sealed: Option<Vec<u8>>,
    /// Who wrote or removed it.
    pub by: AccountId,
    /// When, in milliseconds.
    pub at: u64,
}

/// One version of an entry.
#[contract_type]
pub struct Version {
    /// The version.
    pub version: u32,
    /// The epoch it was sealed in.
    pub epoch: u32,
    /// BLAKE3 hash of the sealed bytes; nothing if this version is a removal.
    pub hash: Option<Hash>,
    /// Who wrote or removed it.
    pub by: AccountId,
    /// When, in milliseconds.
    pub at: u64,
}

fn shown(name: String, entry: Entry) -> EntryRecord {
    let Entry { version, epoch, sealed, by, at } = entry;
    EntryRecord { entry: name, version, epoch, sealed, by, at }
}

impl Vault {
    pub(crate) fn readable(&self, vault: &VaultId) -> Result<u32, Error> {
        let (number, record) = self.vault(vault)?;
        record.readable()?;
        Ok(number)
    }

    pub(crate) fn about_vault(&self, vault: &VaultId) -> Result<VaultRecord, Error> {
        let (_, record) = self.vault(vault)?;
        record.readable()?;
        Ok(VaultRecord {
            access: record.access,
            version: record.version,
            epoch: record.epoch,
            rotation: record.rotation,
            entries: record.entries,
            bytes: record.bytes,
        })
    }

    pub(crate) fn one_entry(&self, vault: &VaultId, name: String) -> Result<Option<EntryRecord>, Error> {
        let number = self.readable(vault)?;
        check_entry_name(&name)?;
        let found = self.entries.get(&(number, name.clone()));
        Ok(found.map(|entry| shown(name, entry)))
    }

    pub(crate) fn page_of_entries(
        &self,
        vault: &VaultId,
        after: String,
        limit: u32,
    ) -> Result<Vec<EntryRecord>, Error> {
        let number = self.readable(vault)?;
        if !after.is_empty() {
            check_entry_name(&after)?;
        }
        let (mut page, mut bytes) = (Vec::new(), 0);
        for ((_, name), entry) in self.entries.iter_under_after(&number, &(number, after)).take(page_size(limit)) {
            bytes += entry.sealed.as_ref().map_or(0, Vec::len);
            page.push(shown(name, entry));
            if bytes > PAGE_BYTES {
                break;
            }
        }
        Ok(page)
    }

    pub(crate) fn page_of_versions(
        &self,
        vault: &VaultId,
        name: String,
        after: u32,
        limit: u32,
    ) -> Result<Vec<Version>, Error> {
        let number = self.readable(vault)?;
        check_entry_name(&name)?;
        let page = self.history.iter_under_after(&(number, name.clone()), &(number, name, after));
        let version = |((_, _, version), Past { epoch, hash, by, at })| Version { version, epoch, hash, by, at };
        Ok(page.take(page_size(limit)).map(version).collect())
    }

    pub(crate) fn epoch_of(&self, vault: &VaultId, epoch: u32) -> Result<Option<Epoch>, Error> {
        let number = self.readable(vault)?;
        Ok(self.epochs.get(&(number, epoch)))
    }
}

fn page_size(limit: u32) -> usize {
    limit.min(MAX_PAGE) as usize
}
