//! Who may do what with a vault. Not here: what the sealed bytes are; reading them takes the secret that sealed them. Invariants: whoever calls
//! decides, so that a contract can own a vault, and a contract in between gives nobody anything; there is always an owner.

use coffer_sdk::prelude::*;

use crate::Vault;
use crate::error::Error;
use crate::event::{AccessChanged, VaultCreated};
use crate::state::{Access, Epoch, MAX_ACCOUNTS, MAX_HEADER, Readers, Record, VaultId, at_most, check_vault_name};

impl Record {
    /// Fails unless the caller owns the vault.
    pub fn owned(&self) -> Result<AccountId, Error> {
        match self.access.owners.contains(&caller()) {
            true => Ok(caller()),
            false => Err(Error::NotAnOwner { caller: caller() }),
        }
    }

    /// Fails unless the caller may write.
    pub fn writable(&self) -> Result<AccountId, Error> {
        match self.owned().is_ok() || self.access.writers.contains(&caller()) {
            true => Ok(caller()),
            false => Err(Error::NotAWriter { caller: caller() }),
        }
    }

    /// Fails unless the caller may read.
    pub fn readable(&self) -> Result<(), Error> {
        let is_reader = match &self.access.readers {
            Readers::Anybody => true,
            Readers::Only(readers) => readers.contains(&caller()),
        };
        match is_reader || self.writable().is_ok() {
            true => Ok(()),
            false => Err(Error::NotAReader { caller: caller() }),
        }
    }
}

/// Fails if nobody would own the vault, or a list is too long.
fn check(access: &Access) -> Result<(), Error> {
    let readers = match &access.readers {
        Readers::Anybody => 0,
        Readers::Only(readers) => readers.len(),
    };
    at_most("owners", access.owners.len(), MAX_ACCOUNTS)?;
    at_most("writers", access.writers.len(), MAX_ACCOUNTS)?;
    at_most("readers", readers, MAX_ACCOUNTS)?;
    // In a view that names no account, nobody calls; nobody must not own anything.
    if access.owners.iter().all(|owner| *owner == AccountId::ANONYMOUS) {
        return Err(Error::NoOwner);
    }
    Ok(())
}

impl Vault {
    pub(crate) fn make(&mut self, name: String, access: Access, header: Vec<u8>) -> Result<VaultId, Error> {
        check_vault_name(&name)?;
        check(&access)?;
        at_most("bytes of the epoch's header", header.len(), MAX_HEADER)?;
        let id = VaultId { founder: caller(), name };
        let key = (id.founder, id.name.clone());
        if self.numbers.contains(&key) {
            return Err(Error::VaultExists);
        }
        let number = self.last.get_or_default() + 1;
        self.last.set(&number);
        self.numbers.set(&key, &number);
        self.epochs.set(&(number, 1), &Epoch { header, begun: block_time() });
        let owners = access.owners.clone();
        self.vaults.set(
            &number,
            &Record { id: id.clone(), access, version: 1, epoch: 1, rotation: None, entries: 0, names: 0, bytes: 0 },
        );
        emit(VaultCreated { vault: id.clone(), owners });
        Ok(id)
    }

    pub(crate) fn change_access(&mut self, vault: &VaultId, access: Access, seen: u32) -> Result<u32, Error> {
        let (number, mut record) = self.vault(vault)?;
        let by = record.owned()?;
        if seen != record.version {
            return Err(Error::Changed { seen, version: record.version });
        }
        check(&access)?;
        record.access = access;
        record.version += 1;
        self.vaults.set(&number, &record);
        let Record { id, access: Access { owners, .. }, version, .. } = record;
        emit(AccessChanged { vault: id, owners, by, version });
        Ok(version)
    }
}
