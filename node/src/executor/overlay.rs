//! The state as it is in the middle of a block: a snapshot and the writes of the calls before. Invariant: a call sees every write of
//! the successful calls before it and none of a failed one.

use std::collections::BTreeMap;
use std::ops::Bound;

use coffer_abi::{CodeHash, ContractId, Encode, Hash, Height, Refused, StateId};
use coffer_chain::hash::{Domain, created_contract_id, hash_of};
use coffer_chain::trie::path::RESERVED;
use coffer_chain::{Authority, Members, Touched};
use coffer_runtime::trace::CallTrace;
use coffer_runtime::{Changes, Code, Fault, ScanEntry, StateRead, World};

use super::members::{Gate, Reads};
use super::world::{Snapshot, fault};
use crate::privacy::handed::HandedContract;
use crate::state::{ChangedContract, ContractRecord, Entries, Error, NewContract, StateWrites};

/// A contract as the calls before left it, apart from its storage.
pub(super) struct Current {
    pub code_hash: CodeHash,
    pub authority: Authority,
    pub revision: u64,
    /// `None`: it is for the party of its state alone.
    pub members: Option<Members>,
}

/// A snapshot with writes on top.
pub struct Overlay<'a> {
    below: Snapshot<'a>,
    writes: StateWrites,
    trace: Recording,
    gate: Option<Gate>,
    /// What stands for the contents of the contracts that calls of this block touched.
    contents: BTreeMap<ContractId, Hash>,
    /// What the running call did to contracts, by contract, as one hash.
    done: BTreeMap<ContractId, blake3::Hasher>,
    /// What the call before it touched.
    touched: Vec<Touched>,
}

/// Whether what runs is traced.
#[derive(Default)]
enum Recording {
    /// It is not.
    #[default]
    Off,
    /// It is; here is the trace of what ran last.
    On(Option<Box<CallTrace>>),
}

impl<'a> Overlay<'a> {
    /// Nothing written yet.
    pub fn new(below: Snapshot<'a>) -> Self {
        Self {
            below,
            writes: StateWrites::default(),
            trace: Recording::Off,
            gate: None,
            contents: BTreeMap::new(),
            done: BTreeMap::new(),
            touched: Vec::new(),
        }
    }

    /// The code of a contract, made before or in this block; `None` if there is no such contract.
    ///
    /// # Errors
    /// When this node cannot read.
    pub fn contract(&self, contract: &ContractId) -> Result<Option<CodeHash>, Error> {
        Ok(self.current(contract)?.map(|current| current.code_hash))
    }

    /// A contract as the calls before left it; `None` if there is no such contract.
    pub(super) fn current(&self, contract: &ContractId) -> Result<Option<Current>, Error> {
        let mut current = match self.writes.created.get(contract) {
            Some(NewContract { code_hash, authority, members, .. }) => {
                Current { code_hash: *code_hash, authority: authority.clone(), revision: 0, members: members.clone() }
            }
            None => match self.below.view.contract(contract)? {
                Some(ContractRecord { code_hash, authority, revision, members, .. }) => {
                    Current { code_hash, authority, revision, members }
                }
                None => return Ok(None),
            },
        };
        if let Some(changed) = self.writes.changed.get(contract) {
            current.code_hash = changed.codes.values().next_back().copied().unwrap_or(current.code_hash);
            current.authority = changed.authority.clone();
            current.revision = changed.revision;
        }
        if let Some(members) = self.writes.members.get(contract) {
            current.members = Some(members.clone());
        }
        Ok(Some(current))
    }

    /// A contract that a frame of the running call goes into, as the calls before left it; `None` if there is none, or the call may not touch it.
    pub(super) fn enter(&self, contract: &ContractId) -> Result<Option<Current>, Error> {
        let current = self.current(contract)?;
        Ok(current.filter(|current| self.gate.as_ref().is_none_or(|gate| gate.admits(contract, current))))
    }

    /// Has what runs from now on pass a gate.
    pub(super) fn guard(&mut self, gate: Gate) {
        self.gate = Some(gate);
        self.done.clear();
    }

    /// Takes the gate away again.
    pub(super) fn unguard(&mut self) -> Option<Gate> {
        self.gate.take()
    }

    /// Why nothing of what runs may stay; `None` if it may.
    pub(super) fn verdict(&self) -> Option<Refused> {
        self.gate.as_ref().and_then(Gate::verdict)
    }

    /// What is known of the contracts that the call behind the gate touched, once it has run.
    ///
    /// # Errors
    /// When this node cannot read.
    pub(super) fn compare(&mut self, gate: &Gate) -> Result<(), Error> {
        let mut done = std::mem::take(&mut self.done);
        self.touched.clear();
        let (touched, mut beside) = (gate.touched(), gate.beside());
        beside.extend(done.keys().copied().filter(|contract| *contract != RESERVED));
        beside.retain(|contract| touched.binary_search(contract).is_err());
        if !beside.is_empty() {
            // As one, under the id that no contract has: however many there are, there is room for them.
            let (mut before, mut after) = (Vec::new(), Vec::new());
            for contract in beside {
                let compared = self.compared(contract, &mut done)?;
                before.push((contract, compared.before));
                after.push((contract, compared.after));
            }
            let hash = |all: Vec<(ContractId, Hash)>| hash_of(Domain::Contents, &all);
            self.touched.push(Touched { contract: RESERVED, before: hash(before), after: hash(after) });
        }
        for contract in touched {
            let compared = self.compared(contract, &mut done)?;
            self.touched.push(compared);
        }
        Ok(())
    }

    /// What stands for the contents of a contract before and after the call that has run.
    fn compared(
        &mut self,
        contract: ContractId,
        done: &mut BTreeMap<ContractId, blake3::Hasher>,
    ) -> Result<Touched, Error> {
        let before = match self.contents.get(&contract) {
            Some(contents) => *contents,
            None => self.contents_below(&contract)?,
        };
        let after = match done.remove(&contract) {
            // The same calls one after the other upon the same contents give the same.
            Some(did) => hash_of(Domain::Contents, &(before, did.finalize().as_bytes())),
            None => before,
        };
        self.contents.insert(contract, after);
        Ok(Touched { contract, before, after })
    }

    /// Notes that the outcome of the running call depends on a contract that it does not go into: on whether there is one.
    pub(super) fn depends_on(&self, contract: &ContractId) {
        if let Some(gate) = &self.gate {
            gate.depends_on(contract);
        }
    }

    /// What the call that ran last touched.
    pub(super) fn take_touched(&mut self) -> Vec<Touched> {
        std::mem::take(&mut self.touched)
    }

    /// What stands for the contents of a contract before the block; zeros if it was not there.
    fn contents_below(&self, contract: &ContractId) -> Result<Hash, Error> {
        let record = self.below.view.contract(contract)?;
        Ok(record.map_or(Hash::ZERO, |record| {
            let ContractRecord { code_hash, storage_root, authority, revision, members, .. } = record;
            hash_of(Domain::Contents, &(code_hash, storage_root, authority, revision, members))
        }))
    }

    /// Notes what the running call does to a contract.
    fn did(&mut self, contract: ContractId, what: &impl Encode) {
        if self.gate.is_some() {
            let did = self.done.entry(contract).or_default();
            what.using_encoded(|bytes| did.update(&(bytes.len() as u64).to_le_bytes()).update(bytes));
        }
    }

    fn note(&self, note: impl FnOnce(&mut Reads)) {
        if let Some(gate) = &self.gate {
            gate.read(note);
        }
    }

    /// What an instance of a system contract becomes with its first write, but for the key of its storage paths; `None` if it is written to
    /// already, and for any other contract.
    pub(super) fn unwritten(&self, contract: &ContractId) -> Result<Option<NewContract>, Error> {
        if self.writes.created.contains_key(contract) {
            return Ok(None);
        }
        let record = self.below.view.unwritten(contract)?;
        Ok(record.map(|ContractRecord { code_hash, path_key, deployer, height, authority, members, .. }| NewContract {
            code_hash,
            path_key,
            deployer,
            height,
            authority,
            members,
        }))
    }

    /// A module stored before or in this block.
    ///
    /// # Errors
    /// When this node cannot read.
    pub fn code(&self, hash: &CodeHash) -> Result<Option<Vec<u8>>, Error> {
        match self.writes.codes.get(hash) {
            Some(code) => Ok(Some(code.clone())),
            None => self.below.view.code(hash),
        }
    }

    /// Adds a contract; its code with [`Overlay::add_code`].
    pub fn create(&mut self, contract: ContractId, new: NewContract) {
        self.did(contract, &(new.code_hash, &new.authority));
        self.writes.created.insert(contract, new);
    }

    /// Adds a module.
    pub fn add_code(&mut self, hash: CodeHash, code: Vec<u8>) {
        self.writes.codes.insert(hash, code);
    }

    /// Takes back a module that [`Overlay::add_code`] added.
    pub(super) fn forget_code(&mut self, hash: &CodeHash) {
        self.writes.codes.remove(hash);
    }

    /// What was changed of a contract in this block, apart from its storage.
    pub(super) fn changed(&self, contract: &ContractId) -> Option<ChangedContract> {
        self.writes.changed.get(contract).cloned()
    }

    /// Puts what is changed of a contract in this block in place of what was before; `None`: nothing is.
    pub(super) fn change(&mut self, contract: ContractId, changed: Option<ChangedContract>) {
        self.did(contract, &changed.as_ref().map(|changed| (&changed.codes, &changed.authority, changed.revision)));
        match changed {
            Some(changed) => drop(self.writes.changed.insert(contract, changed)),
            None => drop(self.writes.changed.remove(&contract)),
        }
    }

    /// Gives a contract other members.
    pub(super) fn set_members(&mut self, contract: ContractId, members: Members) {
        self.did(contract, &members);
        match self.writes.created.get_mut(&contract) {
            Some(new) => new.members = Some(members),
            None => drop(self.writes.members.insert(contract, members)),
        }
    }

    /// A contract with all that it holds as the calls before left it; `None` if there is none with members, or it holds more than `most` bytes.
    ///
    /// # Errors
    /// When this node cannot read.
    pub(super) fn handed(&self, contract: &ContractId, most: u64) -> Result<Option<HandedContract>, Error> {
        let Some(Current { code_hash, authority, revision, members: Some(members) }) = self.current(contract)? else {
            return Ok(None);
        };
        let (made, mut entries) = match self.writes.created.get(contract) {
            Some(new) => ((new.path_key, new.deployer, new.height), Entries::new()),
            None => {
                let record = self.below.view.contract(contract)?;
                let made = record.map(|record| (record.path_key, record.deployer, record.height));
                let made = made.ok_or(Error::NoContract(*contract))?;
                let Some(entries) = self.below.view.all_entries(contract, most)? else { return Ok(None) };
                (made, entries)
            }
        };
        for (key, value) in self.writes.slots.get(contract).into_iter().flatten() {
            match value {
                Some(value) => drop(entries.insert(key.clone(), value.clone())),
                None => drop(entries.remove(key)),
            }
        }
        let bytes: u64 = entries.iter().map(|(key, value)| (key.len() + value.len()) as u64).sum();
        let (path_key, deployer, height) = made;
        let (id, is_within) = (*contract, bytes <= most);
        let handed =
            HandedContract { id, code_hash, path_key, deployer, height, authority, revision, members, entries };
        Ok(is_within.then_some(handed))
    }

    /// True if a contract that is handed over may come into this state: there is none of its id, or the same one.
    ///
    /// # Errors
    /// When this node cannot read.
    pub(super) fn may_take_over(&self, handed: &HandedContract) -> Result<bool, Error> {
        if self.writes.created.contains_key(&handed.id) {
            return Ok(false);
        }
        let is_same = |record: ContractRecord| {
            (record.path_key, record.deployer, record.height) == (handed.path_key, handed.deployer, handed.height)
        };
        Ok(self.below.view.contract(&handed.id)?.is_none_or(is_same))
    }

    /// Takes a contract over, by the transaction at a place, after [`Overlay::may_take_over`].
    ///
    /// # Errors
    /// When this node cannot read.
    pub(super) fn take_over(&mut self, handed: &HandedContract, height: Height, index: u32) -> Result<(), Error> {
        let HandedContract { id, code_hash, authority, revision, members, .. } = handed.clone();
        let mut changes: Changes =
            handed.entries.iter().map(|(key, value)| (key.clone(), Some(value.clone()))).collect();
        let mut codes = BTreeMap::new();
        match self.current(&id)? {
            None => {
                let (path_key, deployer) = (handed.path_key, handed.deployer);
                let (authority, members) = (authority.clone(), Some(members));
                let new = NewContract { code_hash, path_key, deployer, height: handed.height, authority, members };
                self.create(id, new);
            }
            Some(current) => {
                if current.code_hash != code_hash {
                    codes.insert(index, code_hash);
                }
                self.set_members(id, members);
                // It was frozen since its party left, so all that it has now is written anew or goes.
                let before = self.below.view.all_entries(&id, u64::MAX)?.unwrap_or_default();
                for key in before.into_keys() {
                    changes.entry(key).or_insert(None);
                }
            }
        }
        self.change(id, Some(ChangedContract { height, codes, authority, revision }));
        self.apply(id, changes);
        Ok(())
    }

    /// Adds the writes of a successful call.
    pub fn apply(&mut self, contract: ContractId, changes: Changes) {
        if !changes.is_empty() {
            self.did(contract, &changes);
            self.writes.slots.entry(contract).or_default().extend(changes);
        }
    }

    /// Has what runs from now on traced.
    pub(super) fn record(&mut self) {
        self.trace = Recording::On(None);
    }

    /// True if what runs is to be traced.
    pub(super) fn records(&self) -> bool {
        matches!(self.trace, Recording::On(_))
    }

    /// Keeps the trace of what ran.
    pub(super) fn recorded(&mut self, trace: Option<CallTrace>) {
        self.trace = Recording::On(trace.map(Box::new));
    }

    /// The trace of what ran last since [`Overlay::record`].
    pub(super) fn take_trace(&mut self) -> Option<Box<CallTrace>> {
        match std::mem::take(&mut self.trace) {
            Recording::On(trace) => trace,
            Recording::Off => None,
        }
    }

    /// What it stands on.
    pub(super) fn below(&self) -> &Snapshot<'a> {
        &self.below
    }

    /// All writes.
    pub fn into_writes(self) -> StateWrites {
        self.writes
    }
}

impl Overlay<'_> {
    /// Code that this state holds.
    fn ready(&self, hash: &CodeHash) -> Result<Option<Code>, Fault> {
        self.below.executor.stored_code(hash, || Overlay::code(self, hash)).map_err(fault)
    }
}

impl StateRead for Overlay<'_> {
    fn get(&self, contract: &ContractId, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let value = self.value(contract, key)?;
        self.note(|reads| reads.value(contract, key, value.as_deref()));
        Ok(value)
    }

    fn scan(&self, contract: &ContractId, prefix: &[u8], after: &[u8], limit: usize) -> Result<Vec<ScanEntry>, Fault> {
        let found = self.entries(contract, prefix, after, limit)?;
        self.note(|reads| reads.scan(contract, prefix, after, limit, &found));
        Ok(found)
    }
}

impl Overlay<'_> {
    fn value(&self, contract: &ContractId, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        match self.writes.slots.get(contract).and_then(|changes| changes.get(key)) {
            Some(written) => Ok(written.clone()),
            None => self.below.get(contract, key),
        }
    }

    fn entries(
        &self,
        contract: &ContractId,
        prefix: &[u8],
        after: &[u8],
        limit: usize,
    ) -> Result<Vec<ScanEntry>, Fault> {
        let Some(changes) = self.writes.slots.get(contract) else {
            return self.below.scan(contract, prefix, after, limit);
        };
        let mut found = Vec::new();
        let mut after = after.to_vec();
        loop {
            let below = self.below.scan(contract, prefix, &after, limit)?;
            // Own writes are merged up to the last key read from below: what lies behind it is not known yet.
            let last = (below.len() == limit).then(|| below.last().map(|(key, _)| key.clone())).flatten();
            let mut page: BTreeMap<Vec<u8>, Vec<u8>> = below.into_iter().collect();
            let start = if after.as_slice() < prefix { Bound::Included(prefix) } else { Bound::Excluded(&after[..]) };
            let own = changes.range::<[u8], _>((start, Bound::Unbounded));
            let own = own.take_while(|(key, _)| key.starts_with(prefix) && last.as_ref().is_none_or(|l| *key <= l));
            for (key, value) in own {
                match value {
                    Some(value) => page.insert(key.clone(), value.clone()),
                    None => page.remove(key),
                };
            }
            found.extend(page);
            match last {
                Some(last) if found.len() < limit => after = last,
                _ => break,
            }
        }
        found.truncate(limit);
        Ok(found)
    }
}

impl World for Overlay<'_> {
    fn contract(&self, contract: &ContractId) -> Result<Option<Code>, Fault> {
        match self.enter(contract).map_err(|error| fault(error.into()))? {
            Some(current) => self.ready(&current.code_hash),
            None => Ok(None),
        }
    }

    fn peek(&self, contract: &ContractId, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        self.value(contract, key)
    }

    fn exists(&self, contract: &ContractId) -> Result<bool, Fault> {
        let is_there = self.current(contract).map_err(|error| fault(error.into()))?.is_some();
        self.depends_on(contract);
        self.note(|reads| reads.exists(contract, is_there));
        Ok(is_there)
    }

    fn code(&self, hash: &CodeHash) -> Result<Option<Code>, Fault> {
        // What is ready to run says nothing of this state: it may have come from a neighbour's.
        let is_admitted = self.gate.as_ref().is_none_or(|gate| gate.admits_code(hash));
        let is_held = || Ok::<_, Error>(self.writes.codes.contains_key(hash) || self.below.view.has_code(hash)?);
        let is_here = self.below.view.is_system_code(hash) || is_admitted && is_held()?;
        self.note(|reads| reads.code(hash, is_here));
        if is_here { self.ready(hash) } else { Ok(None) }
    }

    fn created_id(&self, creator: &ContractId, code: &CodeHash, salt: &[u8; 32]) -> ContractId {
        created_contract_id(creator, code, salt)
    }

    fn public(&self) -> Option<(StateId, &dyn World)> {
        World::public(&self.below)
    }
}
