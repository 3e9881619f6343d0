//! Changing a vault to another epoch: every entry is sealed anew, with a key of the next epoch. Until all are, both epochs are written and read,
//! so that no login is lost. Not here: the keys; the contract knows an epoch by its number and its header. Invariant: `left` counts the
//! entries that are sealed in the old epoch, and an entry never goes back to it.

use coffer_sdk::prelude::*;

use crate::Vault;
use crate::entry::Write;
use crate::error::Error;
use crate::event::{EpochBegun, EpochFinished};
use crate::state::{Entry, Epoch, MAX_BATCH, MAX_HEADER, Record, Rotation, VaultId, at_most};

/// An entry sealed anew.
#[contract_type]
pub struct Resealed {
    /// Its name.
    pub entry: String,
    /// The version that was opened and is replaced.
    pub seen: u32,
    /// Its bytes, sealed in the next epoch.
    pub sealed: Vec<u8>,
}

impl Record {
    /// Counts an entry that is written in `epoch`, where `before` was.
    pub fn moves(&mut self, before: Option<&Entry>, epoch: u32, name: &str) -> Result<(), Error> {
        let next = self.rotation.as_ref().map(|rotation| rotation.next);
        if epoch != self.epoch && Some(epoch) != next {
            return Err(Error::WrongEpoch { given: epoch, epoch: self.epoch, next });
        }
        let was_in = before.filter(|entry| entry.sealed.is_some()).map(|entry| entry.epoch);
        if epoch == self.epoch && next.is_some() && was_in == next {
            return Err(Error::SealedInNext { entry: name.to_owned() });
        }
        if let Some(rotation) = &mut self.rotation {
            rotation.left -= u32::from(was_in == Some(self.epoch));
            rotation.left += u32::from(epoch == self.epoch);
        }
        Ok(())
    }

    /// Counts an entry that is removed.
    pub fn leaves(&mut self, epoch: u32) {
        let is_old = epoch == self.epoch;
        if let Some(rotation) = &mut self.rotation {
            rotation.left -= u32::from(is_old);
        }
    }
}

impl Vault {
    pub(crate) fn begin(&mut self, vault: &VaultId, header: Vec<u8>) -> Result<u32, Error> {
        let (number, mut record) = self.vault(vault)?;
        let by = record.owned()?;
        at_most("bytes of the epoch's header", header.len(), MAX_HEADER)?;
        // Begun again, as long as nothing depends on it, for whoever gave a wrong header.
        let next = match &record.rotation {
            Some(rotation) if rotation.left < record.entries => {
                return Err(Error::RotationRuns { next: rotation.next });
            }
            Some(rotation) => rotation.next + 1,
            None => record.epoch + 1,
        };
        record.rotation = Some(Rotation { next, left: record.entries });
        self.vaults.set(&number, &record);
        self.epochs.set(&(number, next), &Epoch { header, begun: block_time() });
        emit(EpochBegun { vault: record.id, epoch: next, by });
        Ok(next)
    }

    pub(crate) fn seal_anew(&mut self, vault: &VaultId, entries: Vec<Resealed>) -> Result<u32, Error> {
        let (number, mut record) = self.vault(vault)?;
        let by = record.writable()?;
        at_most("entries of one command", entries.len(), MAX_BATCH)?;
        let Some(Rotation { next, .. }) = record.rotation else { return Err(Error::NoRotation) };
        for Resealed { entry, seen, sealed } in entries {
            self.write_into(number, &mut record, Write { name: entry, sealed, epoch: next, seen }, by)?;
        }
        self.vaults.set(&number, &record);
        Ok(record.rotation.map_or(0, |rotation| rotation.left))
    }

    pub(crate) fn finish(&mut self, vault: &VaultId) -> Result<u32, Error> {
        let (number, mut record) = self.vault(vault)?;
        let by = record.owned()?;
        match record.rotation.take() {
            None => Err(Error::NoRotation),
            Some(Rotation { left: left @ 1.., .. }) => Err(Error::EntriesLeft { left }),
            Some(Rotation { next, .. }) => {
                record.epoch = next;
                self.vaults.set(&number, &record);
                emit(EpochFinished { vault: record.id, epoch: next, by });
                Ok(next)
            }
        }
    }
}
