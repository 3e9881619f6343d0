//! Writing and removing entries. Not here: epochs (`epoch`). Invariants: an entry is replaced only by somebody who has seen what it replaces; the
//! contract takes the bytes as they are, and keeps of old versions their hashes only.

use coffer_sdk::prelude::*;

use crate::Vault;
use crate::error::Error;
use crate::event::{EntryRemoved, EntryWritten};
use crate::state::{
    Entry, MAX_BYTES, MAX_ENTRIES, MAX_SEALED, MIN_SEALED, Past, Record, VaultId, at_most, check_entry_name,
};

/// An entry to be written.
pub struct Write {
    pub name: String,
    pub sealed: Vec<u8>,
    pub epoch: u32,
    /// The version that is replaced; 0: there is none.
    pub seen: u32,
}

impl Vault {
    pub(crate) fn write(&mut self, vault: &VaultId, write: Write) -> Result<u32, Error> {
        let (number, mut record) = self.vault(vault)?;
        let by = record.writable()?;
        let version = self.write_into(number, &mut record, write, by)?;
        self.vaults.set(&number, &record);
        Ok(version)
    }

    /// The same into a vault that is at hand; the record is changed but not saved.
    pub(crate) fn write_into(
        &mut self,
        number: u32,
        record: &mut Record,
        write: Write,
        by: AccountId,
    ) -> Result<u32, Error> {
        let Write { name, sealed, epoch, seen } = write;
        check_entry_name(&name)?;
        at_most("bytes of a sealed entry", sealed.len(), MAX_SEALED)?;
        if sealed.len() < MIN_SEALED {
            return Err(Error::NotSealed { bytes: sealed.len() as u32, least: MIN_SEALED as u32 });
        }
        let before = self.seen(number, &name, seen)?;
        record.moves(before.as_ref(), epoch, &name)?;
        let old = before.as_ref().and_then(|entry| entry.sealed.as_ref());
        record.bytes = record.bytes - old.map_or(0, Vec::len) as u64 + sealed.len() as u64;
        if record.bytes > MAX_BYTES {
            let what = "bytes of all entries of a vault".to_owned();
            return Err(Error::TooMuch { what, given: record.bytes, most: MAX_BYTES });
        }
        record.entries += u32::from(old.is_none());
        record.names += u32::from(before.is_none());
        if record.names > MAX_ENTRIES {
            let what = "names of a vault, those of removed entries among them".to_owned();
            return Err(Error::TooMuch { what, given: record.names.into(), most: MAX_ENTRIES.into() });
        }
        let (version, at, hash) = (seen + 1, block_time(), crypto::blake3(&sealed));
        self.entries.set(&(number, name.clone()), &Entry { version, epoch, sealed: Some(sealed), by, at });
        self.history.set(&(number, name.clone(), version), &Past { epoch, hash: Some(hash), by, at });
        emit(EntryWritten { vault: record.id.clone(), entry: name, version, epoch, hash, by });
        Ok(version)
    }

    pub(crate) fn take_out(&mut self, vault: &VaultId, name: String, seen: u32) -> Result<u32, Error> {
        let (number, mut record) = self.vault(vault)?;
        let by = record.writable()?;
        check_entry_name(&name)?;
        let before = self.seen(number, &name, seen)?;
        let Some(Entry { version, epoch, sealed: Some(sealed), .. }) = before else { return Ok(seen) };
        record.leaves(epoch);
        record.bytes -= sealed.len() as u64;
        record.entries -= 1;
        let (version, at) = (version + 1, block_time());
        self.vaults.set(&number, &record);
        self.entries.set(&(number, name.clone()), &Entry { version, epoch, sealed: None, by, at });
        self.history.set(&(number, name.clone(), version), &Past { epoch, hash: None, by, at });
        emit(EntryRemoved { vault: record.id, entry: name, version, by });
        Ok(version)
    }

    /// An entry, or what is left of it, if it has the version that a command was made for.
    fn seen(&self, number: u32, name: &str, seen: u32) -> Result<Option<Entry>, Error> {
        let entry = self.entries.get(&(number, name.to_owned()));
        match entry.as_ref().map_or(0, |entry| entry.version) {
            version if version == seen => Ok(entry),
            version => Err(Error::Changed { seen, version }),
        }
    }
}
