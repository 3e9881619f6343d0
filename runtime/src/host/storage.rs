//! Storage of one contract as its call sees it: the state below, the transaction's own writes above. Keys and values are checked here.
//! Invariant: the state below is never changed; the journal alone says what was written.

use coffer_abi::limits::{KEY_ORDERED, KEY_PLAIN, MAX_KEY, MAX_VALUE};
use coffer_abi::{ContractId, TrapKind};

use super::journal::Journal;
use super::{Halt, Host, Place, scan};
use crate::error::Fault;
use crate::state::{Changes, ScanEntry, StateRead};

/// A contract's storage during one call.
pub(super) struct Storage<'a, H> {
    pub(super) host: &'a H,
    pub(super) place: Place,
    pub(super) contract: ContractId,
    pub(super) journal: &'a mut Journal,
}

impl<H: Host> Storage<'_, H> {
    /// The value under `key`, the transaction's own writes first.
    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Halt> {
        check_key(key)?;
        Ok(self.read(key)?)
    }

    /// The same for a trace, which must not make a difference to what the call reads.
    pub(super) fn peek(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Halt> {
        check_key(key)?;
        Ok(match self.journal.get(&self.contract, key) {
            Some(written) => written.clone(),
            None => self.host.peek(self.place, &self.contract, key)?,
        })
    }

    pub(super) fn set(&mut self, key: &[u8], value: &[u8]) -> Result<(), Halt> {
        check_key(key)?;
        if value.len() > MAX_VALUE {
            return Err(TrapKind::LimitExceeded.into());
        }
        self.journal.write(self.contract, key, Some(value.to_vec()));
        Ok(())
    }

    /// Removes the value under `key`; true if there was one.
    pub(super) fn remove(&mut self, key: &[u8]) -> Result<bool, Halt> {
        check_key(key)?;
        let found = self.read(key)?.is_some();
        if found {
            self.journal.write(self.contract, key, None);
        }
        Ok(found)
    }

    /// One page of entries, see [`scan::page`].
    pub(super) fn scan(&self, prefix: &[u8], after: &[u8], limit: u32) -> Result<scan::Page, Halt> {
        check_key(prefix)?;
        if prefix[0] != KEY_ORDERED || after.len() > MAX_KEY {
            return Err(TrapKind::BadKey.into());
        }
        if limit == 0 {
            return Err(TrapKind::LimitExceeded.into());
        }
        let nothing = Changes::new();
        let journal = self.journal.of(&self.contract).unwrap_or(&nothing);
        let below = Below { host: self.host, place: self.place };
        Ok(scan::page(&below, &self.contract, journal, prefix, after, limit)?)
    }

    fn read(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        match self.journal.get(&self.contract, key) {
            Some(written) => Ok(written.clone()),
            None => self.host.get(self.place, &self.contract, key),
        }
    }
}

/// The state a call reads from, without what it wrote.
struct Below<'a, H> {
    host: &'a H,
    place: Place,
}

impl<H: Host> StateRead for Below<'_, H> {
    fn get(&self, contract: &ContractId, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        self.host.get(self.place, contract, key)
    }

    fn scan(&self, contract: &ContractId, prefix: &[u8], after: &[u8], limit: usize) -> Result<Vec<ScanEntry>, Fault> {
        self.host.scan(self.place, contract, prefix, after, limit)
    }
}

fn check_key(key: &[u8]) -> Result<(), TrapKind> {
    match key.first() {
        Some(&(KEY_PLAIN | KEY_ORDERED)) if key.len() <= MAX_KEY => Ok(()),
        _ => Err(TrapKind::BadKey),
    }
}
