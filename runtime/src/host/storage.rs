//! Storage of one contract as its call sees it: the state below, the call's own writes above. Keys and values are checked here.
//! Invariant: the state below is never changed; the journal alone says what the call wrote.

use coffer_abi::limits::{KEY_ORDERED, KEY_PLAIN, MAX_KEY, MAX_VALUE};
use coffer_abi::{ContractId, TrapKind};

use super::{Halt, scan};
use crate::error::Fault;
use crate::state::{Changes, StateRead};

/// A contract's storage during one call.
pub(super) struct Storage<S> {
    state: S,
    contract: ContractId,
    journal: Changes,
}

impl<S: StateRead> Storage<S> {
    pub(super) fn new(state: S, contract: ContractId) -> Self {
        Self { state, contract, journal: Changes::new() }
    }

    pub(super) fn into_changes(self) -> Changes {
        self.journal
    }

    /// The value under `key`, the call's own writes first.
    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Halt> {
        check_key(key)?;
        Ok(self.read(key)?)
    }

    pub(super) fn set(&mut self, key: &[u8], value: &[u8]) -> Result<(), Halt> {
        check_key(key)?;
        if value.len() > MAX_VALUE {
            return Err(TrapKind::LimitExceeded.into());
        }
        self.write(key, Some(value.to_vec()));
        Ok(())
    }

    /// Removes the value under `key`; true if there was one.
    pub(super) fn remove(&mut self, key: &[u8]) -> Result<bool, Halt> {
        check_key(key)?;
        let found = self.read(key)?.is_some();
        if found {
            self.write(key, None);
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
        Ok(scan::page(&self.state, &self.contract, &self.journal, prefix, after, limit)?)
    }

    fn read(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        match self.journal.get(key) {
            Some(written) => Ok(written.clone()),
            None => self.state.get(&self.contract, key),
        }
    }

    fn write(&mut self, key: &[u8], value: Option<Vec<u8>>) {
        match self.journal.get_mut(key) {
            Some(written) => *written = value,
            None => drop(self.journal.insert(key.to_vec(), value)),
        }
    }
}

fn check_key(key: &[u8]) -> Result<(), TrapKind> {
    match key.first() {
        Some(&(KEY_PLAIN | KEY_ORDERED)) if key.len() <= MAX_KEY => Ok(()),
        _ => Err(TrapKind::BadKey),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::MemoryState;

    const CONTRACT: ContractId = ContractId([1; 32]);

    fn storage(entries: &[(&[u8], &[u8])]) -> Storage<MemoryState> {
        let mut state = MemoryState::default();
        state.apply(CONTRACT, &entries.iter().map(|(k, v)| (k.to_vec(), Some(v.to_vec()))).collect());
        Storage::new(state, CONTRACT)
    }

    #[test]
    fn a_call_reads_its_own_writes() {
        let mut storage = storage(&[(b"\0a", b"old")]);
        assert_eq!(storage.get(b"\0a").unwrap().as_deref(), Some(&b"old"[..]));
        storage.set(b"\0a", b"new").unwrap();
        assert_eq!(storage.get(b"\0a").unwrap().as_deref(), Some(&b"new"[..]));
        assert!(storage.remove(b"\0a").unwrap());
        assert_eq!(storage.get(b"\0a").unwrap(), None);
        assert!(!storage.remove(b"\0a").unwrap());
        assert_eq!(storage.into_changes(), Changes::from([(b"\0a".to_vec(), None)]));
    }

    #[test]
    fn removing_what_is_not_there_writes_nothing() {
        let mut storage = storage(&[]);
        assert!(!storage.remove(b"\0a").unwrap());
        assert!(storage.into_changes().is_empty());
    }

    #[test]
    fn keys_and_values_have_bounds() {
        let mut storage = storage(&[]);
        let long = [0; MAX_KEY + 1];
        for key in [&b""[..], b"\x02a", &long] {
            assert!(matches!(storage.get(key), Err(Halt::Trap(TrapKind::BadKey))));
            assert!(matches!(storage.set(key, b""), Err(Halt::Trap(TrapKind::BadKey))));
            assert!(matches!(storage.remove(key), Err(Halt::Trap(TrapKind::BadKey))));
            assert!(matches!(storage.scan(key, b"", 1), Err(Halt::Trap(TrapKind::BadKey))));
        }
        assert!(storage.set(&long[1..], &vec![0; MAX_VALUE]).is_ok());
        assert!(matches!(storage.set(b"\0", &vec![0; MAX_VALUE + 1]), Err(Halt::Trap(TrapKind::LimitExceeded))));
        assert!(matches!(storage.scan(b"\0a", b"", 1), Err(Halt::Trap(TrapKind::BadKey))));
        assert!(matches!(storage.scan(b"\x01", &long, 1), Err(Halt::Trap(TrapKind::BadKey))));
        assert!(matches!(storage.scan(b"\x01", b"", 0), Err(Halt::Trap(TrapKind::LimitExceeded))));
    }
}
