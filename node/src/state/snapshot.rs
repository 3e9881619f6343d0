//! A view: one state as of one height, unchanging while blocks are committed beside it. What the runtime reads from.
//! Invariant: a view answers as of its height or with an error, never as of another height.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, PoisonError};

use coffer_abi::codec::decode;
use coffer_abi::limits::KEY_ORDERED;
use coffer_abi::{CodeHash, ContractId, Encode, Hash, Height};
use coffer_chain::trie::path::contract_path;
use coffer_runtime::{Fault, ScanEntry, StateRead};

use super::Inner;
use super::columns::{CodeRecord, ContractRecord, Kind, Place};
use super::db::Records;
use super::error::Error;
use super::one::OneState;
use super::ordered::OrderedKeys;
use super::slot::slot;
use super::system::System;
use super::writes::StateWrites;

/// One state at one height. Cheap to clone; keeps the data folder open while it lives.
#[derive(Clone)]
pub struct View {
    pub(super) inner: Arc<Inner>,
    /// `None` for a private state this node has no tenant for: it is empty.
    pub(super) one: Option<Arc<OneState>>,
    height: Height,
    root: Hash,
}

impl View {
    pub(super) fn new(inner: Arc<Inner>, one: Option<Arc<OneState>>, height: Height, root: Hash) -> Self {
        Self { inner, one, height, root }
    }

    /// Height of the block this view stands after.
    pub fn height(&self) -> Height {
        self.height
    }

    /// Root of the state at this height.
    pub fn root(&self) -> Hash {
        self.root
    }

    /// The record of a contract, or `None` if this state has none of that id. Every private state has instances of some system contracts.
    ///
    /// # Errors
    /// [`Error::Pruned`] once the height is no longer kept; [`Error::Database`], [`Error::Damaged`].
    pub fn contract(&self, contract: &ContractId) -> Result<Option<ContractRecord>, Error> {
        let stored = self.stored(contract)?;
        Ok(stored.or_else(|| self.system().and_then(|system| system.unwritten(contract))))
    }

    /// The record of an instance of a system contract that nothing was written to in this state so far; `None` for any other contract.
    ///
    /// # Errors
    /// As [`View::contract`].
    pub fn unwritten(&self, contract: &ContractId) -> Result<Option<ContractRecord>, Error> {
        let Some(record) = self.system().and_then(|system| system.unwritten(contract)) else { return Ok(None) };
        Ok(self.stored(contract)?.is_none().then_some(record))
    }

    /// The system contracts, if their instances are in this state: it is a private one.
    fn system(&self) -> Option<&System> {
        let is_private = self.one.as_ref().is_none_or(|one| one.scope.psi().is_some());
        is_private.then_some(&self.inner.system)
    }

    /// The record of a contract that the state's trie has a leaf of.
    pub(super) fn stored(&self, contract: &ContractId) -> Result<Option<ContractRecord>, Error> {
        let bytes = self.read(contract, &[], |records| records.bytes(Kind::Contract, &[&contract_path(contract)]))?;
        let record = bytes.map(|bytes| decode(&bytes)).transpose();
        record.map_err(|e| Error::Damaged(format!("the record of contract {contract}: {e}")))
    }

    /// The code that ran when the transaction at a place called a contract; `None` if this state has no such contract. The place is not
    /// after this view.
    ///
    /// # Errors
    /// [`Error::Pruned`] once the view's height is no longer kept; [`Error::Database`], [`Error::Damaged`].
    pub fn code_at(&self, contract: &ContractId, place: Place) -> Result<Option<CodeHash>, Error> {
        let Some(record) = self.contract(contract)? else { return Ok(None) };
        let Some(one) = &self.one else { return Ok(Some(record.code_hash)) };
        let mut code = CodeRecord { code_hash: record.code_hash, since: record.since };
        while place < code.since {
            let parts = [contract.as_ref(), &code.since.encode()];
            match self.records(one).get(Kind::CodeBefore, &parts)? {
                Some(before) => code = before,
                // The code that it was deployed with.
                None => break,
            }
        }
        Ok(Some(code.code_hash))
    }

    /// A module stored in this state or in the genesis, at whatever height. Modules are kept for good.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::Damaged`].
    pub fn code(&self, hash: &CodeHash) -> Result<Option<Vec<u8>>, Error> {
        if let Some(code) = self.inner.system.code(hash) {
            return Ok(Some(code.clone()));
        }
        match &self.one {
            Some(one) => self.records(one).bytes(Kind::Code, &[hash.as_ref()]),
            None => Ok(None),
        }
    }

    /// True if a module is stored in this state or in the genesis, at whatever height.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn has_code(&self, hash: &CodeHash) -> Result<bool, Error> {
        if self.inner.system.code(hash).is_some() {
            return Ok(true);
        }
        match &self.one {
            Some(one) => self.records(one).contains(Kind::Code, &[hash.as_ref()]),
            None => Ok(false),
        }
    }

    /// True for the code of a system contract, which every state of the chain has.
    pub fn is_system_code(&self, hash: &CodeHash) -> bool {
        self.inner.system.code(hash).is_some()
    }

    /// The value under a key of a contract.
    ///
    /// # Errors
    /// [`Error::Pruned`] once the height is no longer kept; [`Error::Database`], [`Error::Damaged`].
    pub fn value(&self, contract: &ContractId, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        if key.is_empty() {
            return Ok(None);
        }
        self.read(contract, key, |records| slot(records, contract, key))
    }

    /// The root this state would have after `writes`. Nothing is stored; a commit of the same writes does not compute
    /// it again.
    ///
    /// # Errors
    /// [`Error::Stale`] unless this view is at the head of its state; what [`StateWrites`] says must hold; the state
    /// cannot be read.
    pub fn root_after(&self, writes: &StateWrites) -> Result<Hash, Error> {
        let Some(one) = &self.one else {
            return if writes.is_empty() { Ok(self.root) } else { Err(not_configured(writes)) };
        };
        let mut prepared = one.change();
        let head = one.standing().height;
        if head > self.height.0 {
            return Err(Error::Stale { view: self.height, head: Height(head) });
        }
        Ok(prepared.roots(self.records(one), writes)?.root)
    }

    /// At most `limit` entries in byte order whose ordered key starts with `prefix` and is greater than `after`.
    ///
    /// # Errors
    /// [`Error::Pruned`] once the height is no longer kept; [`Error::Database`], [`Error::Damaged`].
    pub fn entries(
        &self,
        contract: &ContractId,
        prefix: &[u8],
        after: &[u8],
        limit: usize,
    ) -> Result<Vec<ScanEntry>, Error> {
        let Some(one) = self.one.as_ref().filter(|_| limit > 0) else {
            return Ok(Vec::new());
        };
        let lowest = [KEY_ORDERED];
        let prefix = if prefix.is_empty() { &lowest[..] } else { prefix };
        if prefix[0] != KEY_ORDERED {
            return Ok(Vec::new());
        }
        let from = if after < prefix { Bound::Included(prefix.to_vec()) } else { Bound::Excluded(after.to_vec()) };
        // While this is held no commit reaches the database: pages and values are of one height.
        let _pages = one.pages.read().unwrap_or_else(PoisonError::into_inner);
        let layers = one.history.layers();
        let mut records = self.records(one);
        if self.is_archived(one, layers.floor()) {
            records = records.as_of(self.height.0);
        } else {
            self.check_kept(layers.floor())?;
        }
        // Empty for a height that is not in memory: the records are of that height already.
        let mut overlay = if self.is_archived(one, layers.floor()) {
            BTreeMap::new()
        } else {
            layers.overlay(self.height.0, contract, prefix, &from)
        };
        let mut entries = Vec::new();
        let start = match &from {
            Bound::Included(key) | Bound::Excluded(key) => &key[..],
            Bound::Unbounded => prefix,
        };
        OrderedKeys::new(records, *contract).walk(start, &mut |key| {
            if from == Bound::Excluded(key.to_vec()) {
                return Ok(true);
            }
            let later = overlay.split_off(key);
            take(&mut entries, std::mem::replace(&mut overlay, later), limit);
            if entries.len() >= limit || !key.starts_with(prefix) {
                return Ok(false);
            }
            let value = match overlay.remove(key) {
                Some(old) => old,
                None => Some(
                    slot(records, contract, key)?
                        .ok_or_else(|| Error::Damaged(format!("an ordered key of contract {contract} has no value")))?,
                ),
            };
            entries.extend(value.map(|value| (key.to_vec(), value)));
            Ok(entries.len() < limit)
        })?;
        take(&mut entries, overlay, limit);
        Ok(entries)
    }

    /// ORDER: the database first, then the layers (see `history`).
    fn read(
        &self,
        contract: &ContractId,
        key: &[u8],
        stored: impl Fn(Records) -> Result<Option<Vec<u8>>, Error>,
    ) -> Result<Option<Vec<u8>>, Error> {
        let Some(one) = &self.one else {
            return Ok(None);
        };
        let today = stored(self.records(one))?;
        let layers = one.history.now();
        if self.is_archived(one, layers.floor()) {
            return stored(self.records(one).as_of(self.height.0));
        }
        self.check_kept(layers.floor())?;
        Ok(layers.at(self.height.0, contract, key).cloned().unwrap_or(today))
    }

    /// True if this height is older than those in memory and can be read all the same.
    fn is_archived(&self, one: &OneState, floor: u64) -> bool {
        self.height.0 < floor && one.scope.archived().is_some_and(|since| since <= self.height.0)
    }

    pub(super) fn check_kept(&self, floor: u64) -> Result<(), Error> {
        super::one::check_kept(self.height, floor, u64::MAX)
    }

    pub(super) fn records<'a>(&'a self, one: &'a OneState) -> Records<'a> {
        Records::new(&self.inner.db, &one.scope)
    }
}

fn take(entries: &mut Vec<ScanEntry>, overlay: BTreeMap<Vec<u8>, Option<Vec<u8>>>, limit: usize) {
    let room = limit.saturating_sub(entries.len());
    entries.extend(overlay.into_iter().filter_map(|(key, old)| old.map(|old| (key, old))).take(room));
}

fn not_configured(writes: &StateWrites) -> Error {
    let id = writes
        .created
        .keys()
        .chain(writes.changed.keys())
        .chain(writes.members.keys())
        .chain(writes.slots.keys())
        .next();
    Error::NoContract(id.copied().unwrap_or_default())
}

impl StateRead for View {
    fn get(&self, contract: &ContractId, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.value(contract, key)?)
    }

    fn scan(&self, contract: &ContractId, prefix: &[u8], after: &[u8], limit: usize) -> Result<Vec<ScanEntry>, Fault> {
        Ok(self.entries(contract, prefix, after, limit)?)
    }
}
