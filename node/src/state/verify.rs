//! Checking everything a node has stored, record by record. Not here: mending (each finding names the way out). Invariant:
//! nothing is changed; a damage of one record hides no other but those below it.

use std::collections::BTreeSet;

use coffer_abi::codec::decode;
use coffer_abi::limits::KEY_ORDERED;
use coffer_abi::{CodeHash, ContractId, Encode, Hash, Height};
use coffer_chain::hash::code_hash;
use coffer_chain::trie::path::{contract_path, slot_path};
use coffer_chain::trie::{self, Found, value_hash};

use super::blocks::event_count;
use super::columns::{
    BlockPlace, CodeRecord, ContractRecord, EventRecord, Kind, Place, PsiTrieRecord, StoredBlock, TxReceipt,
};
use super::commit::{BlockFrame, PrivateFrame};
use super::db::Records;
use super::error::{Error, REBUILD};
use super::log::{Frame, FrameKind};
use super::one::OneState;
use super::ordered::OrderedKeys;
use super::prove::{AtHeight, trie_error};
use super::slot::{bundled, slot_at};
use super::writes::leaf;
use super::{State, View};

/// Findings kept; more are counted only.
const MAX_FINDINGS: usize = 100;
/// Things checked between two calls of the progress function.
const STEP: u64 = 50_000;
/// What was checked, and what is damaged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Frames of the block log.
    pub frames: u64,
    /// Blocks.
    pub blocks: u64,
    /// Records of tries.
    pub trie_records: u64,
    /// Contracts of all states.
    pub contracts: u64,
    /// Values of all contracts.
    pub values: u64,
    /// Modules.
    pub codes: u64,
    /// Older heights whose roots were computed again, of all states.
    pub heights: u64,
    /// Damages found.
    pub damages: u64,
    /// What is damaged, where, and the way out; the first hundred.
    pub findings: Vec<String>,
}

impl State {
    /// Checks all that is stored: every frame of the log, every block, every record of every trie against its root, every
    /// value against its leaf, the ordered keys, the modules, and the roots of every height that is kept. `progress` hears
    /// what is being checked and how many were. Takes time in proportion to what is stored.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Database`] when something cannot be read at all. Damage is no error here.
    pub fn verify(&self, progress: &mut dyn FnMut(&str, u64)) -> Result<Checked, Error> {
        let mut check = Check { state: self, found: Checked::default(), progress, since: 0 };
        check.log()?;
        check.blocks()?;
        check.one(&self.inner.public, "the public state", &|height| self.public_at(height))?;
        for (psi, tenant) in self.inner.tenants().iter() {
            let name = format!("private state `{psi}`");
            check.one(&tenant.one, &name, &|height| self.private_at(psi, height))?;
        }
        Ok(check.found)
    }
}

struct Check<'a> {
    state: &'a State,
    found: Checked,
    progress: &'a mut dyn FnMut(&str, u64),
    since: u64,
}

impl Check<'_> {
    fn damage(&mut self, what: String) {
        self.found.damages += 1;
        if self.found.findings.len() < MAX_FINDINGS {
            self.found.findings.push(what);
        }
    }

    /// Notes an answer: damage is a finding, anything else ends the check.
    fn note<T>(&mut self, what: &str, answer: Result<T, Error>) -> Result<Option<T>, Error> {
        match answer {
            Ok(found) => Ok(Some(found)),
            Err(error @ (Error::Database(_) | Error::Io { .. })) => Err(error),
            Err(error) => {
                self.damage(format!("{what}: {error}; {REBUILD}"));
                Ok(None)
            }
        }
    }

    fn step(&mut self, what: &str, count: u64) {
        self.since += 1;
        if self.since >= STEP {
            self.since = 0;
            (self.progress)(what, count);
        }
    }

    fn log(&mut self) -> Result<(), Error> {
        let state = self.state;
        let mut log = state.inner.log.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut offset = log.start();
        (self.progress)("block log", 0);
        loop {
            let frame = match log.read(offset) {
                Ok(Some(frame)) => frame,
                Ok(None) => return Ok(()),
                Err(Error::Damaged(reason)) => {
                    let way = "put the file back from a backup, or take the chain over from another node";
                    self.damage(format!("{reason}; nothing behind it was checked; {way}"));
                    return Ok(());
                }
                Err(error) => return Err(error),
            };
            self.frame(&frame, offset)?;
            self.found.frames += 1;
            offset = frame.end;
            self.step("frames of the block log", self.found.frames);
        }
    }

    /// Compares a frame of the log with the database.
    fn frame(&mut self, frame: &Frame, offset: u64) -> Result<(), Error> {
        let inner = &self.state.inner;
        let unreadable = |error| format!("the log frame at offset {offset} is whole but cannot be read: {error}");
        if frame.kind == FrameKind::Block {
            match decode::<BlockFrame>(&frame.payload) {
                Ok(block) => {
                    let header = &block.stored.block.header;
                    let place = self.note("a block", inner.block_at(header.height.0))?.flatten();
                    if place.is_none_or(|place| place.hash != header.hash()) {
                        let height = header.height;
                        self.damage(format!("the database has another block {height} than the log; {REBUILD}"));
                    }
                }
                Err(error) => self.damage(unreadable(error)),
            }
            return Ok(());
        }
        match decode::<PrivateFrame>(&frame.payload) {
            Ok(change) => {
                let tenants = inner.tenants();
                let tenant = tenants.values().find(|tenant| tenant.one.scope.tag() == change.tag);
                let Some(tenant) = tenant.filter(|tenant| tenant.one.check_usable().is_ok()) else { return Ok(()) };
                let root = self.note("the roots of a private state", tenant.one.root_at(&inner.db, change.height))?;
                if root.is_some_and(|root| root != change.root) {
                    let height = change.height;
                    self.damage(format!(
                        "the root of a private state at height {height} is not what the log says; {REBUILD}"
                    ));
                }
            }
            Err(error) => self.damage(unreadable(error)),
        }
        Ok(())
    }

    fn blocks(&mut self) -> Result<(), Error> {
        let (state, finished) = (self.state, self.state.private_finished().0);
        (self.progress)("blocks", 0);
        let mut parent = None;
        for height in state.first().0..=state.head().height.0 {
            let place = state.inner.block_at(height);
            let place = self.note(&format!("block {height}"), place)?.flatten();
            let Some(place) = place else {
                self.damage(format!("block {height} is missing; {REBUILD}"));
                parent = None;
                continue;
            };
            let records = state.public_records();
            let stored = records.get::<StoredBlock>(Kind::Block, &[place.hash.as_ref()]);
            match self.note(&format!("block {height}"), stored)?.flatten() {
                Some(stored) => self.block(height, &stored, &place, parent)?,
                None => self.damage(format!("block {height} is missing; {REBUILD}")),
            }
            parent = Some(place.hash);
            if height <= finished {
                let record = records.get::<PsiTrieRecord>(Kind::PsiTrie, &[place.hash.as_ref()]);
                let record = self.note(&format!("the private root of block {height}"), record)?.flatten();
                // The root itself depends on which private states the node had then.
                let holds = |record: &PsiTrieRecord| (record.height, record.state_root) == (height, place.state_root);
                if !record.as_ref().is_some_and(holds) {
                    self.damage(format!(
                        "the private root of block {height} is missing or of another block; {REBUILD}"
                    ));
                }
            }
            self.found.blocks += 1;
            self.step("blocks", self.found.blocks);
        }
        Ok(())
    }

    fn block(
        &mut self,
        height: u64,
        stored: &StoredBlock,
        place: &BlockPlace,
        parent: Option<Hash>,
    ) -> Result<(), Error> {
        let header = &stored.block.header;
        let ids: Vec<Hash> = stored.block.transactions.iter().map(|tx| tx.body.id()).collect();
        let holds = header.hash() == place.hash
            && (header.state_root, header.time) == (place.state_root, place.time)
            && header.height.0 == height
            && parent.is_none_or(|parent| header.parent == parent)
            && stored.holds_together();
        if !holds {
            self.damage(format!("block {height} does not hold together; {REBUILD}"));
        }
        for (index, id) in ids.iter().enumerate() {
            let place = self.state.public_records().get::<Place>(Kind::Receipt, &[id.as_ref()]);
            let place = self.note(&format!("the receipt of transaction {id}"), place)?.flatten();
            if place.is_none_or(|place| (place.height.0, place.index as usize) != (height, index)) {
                self.damage(format!("transaction {id} of block {height} is not found by its id; {REBUILD}"));
            }
        }
        Ok(())
    }

    fn one(&mut self, one: &OneState, name: &str, view: &dyn Fn(Height) -> Result<View, Error>) -> Result<(), Error> {
        (self.progress)(name, 0);
        let standing = one.standing();
        if let Some(reason) = &standing.held {
            self.damage(format!("{name} is held: {reason}"));
        }
        let records = self.state.inner.records(one);
        let mut contracts = Vec::new();
        self.trie(records, &format!("the trie of {name}"), &[], &standing.root, &mut |check, path, value| {
            let record = records.get::<ContractRecord>(Kind::Contract, &[path]);
            match check.note(&format!("a contract of {name}"), record)?.flatten() {
                Some(record) if contract_path(&record.id) == *path && value_hash(&leaf(&record).value()) == *value => {
                    contracts.push(record);
                }
                Some(record) => {
                    check.damage(format!("contract {} of {name} is not what its trie says; {REBUILD}", record.id));
                }
                None => check.damage(format!("a contract of {name} is missing; {REBUILD}")),
            }
            Ok(())
        })?;
        let mut codes = BTreeSet::new();
        for record in &contracts {
            self.found.contracts += 1;
            self.contract(records, record, name, &mut codes)?;
        }
        // What an import has still to bring is not missing.
        let to_come = self.note(name, self.state.inner.codes_to_come(one))?.unwrap_or_default();
        for code in codes.difference(&to_come).copied().collect::<Vec<_>>() {
            self.code(records, &code, name)?;
        }
        if standing.held.is_none() {
            self.roots(one, name, view)?;
        }
        Ok(())
    }

    /// Checks a trie and gives `each` its leaves.
    fn trie(
        &mut self,
        records: Records,
        what: &str,
        id: &[u8],
        root: &Hash,
        each: &mut dyn FnMut(&mut Self, &trie::Path, &Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut failed = Ok(());
        let count = trie::check(&records.trie(id), root, &mut |found| {
            if failed.is_ok() {
                match found {
                    Found::Leaf(path, value) => failed = each(self, path, value),
                    Found::Damage(error) => failed = self.note(what, Err::<(), _>(trie_error(error))).map(drop),
                }
            }
        });
        self.found.trie_records += count;
        failed
    }

    fn contract(
        &mut self,
        records: Records,
        record: &ContractRecord,
        name: &str,
        codes: &mut BTreeSet<CodeHash>,
    ) -> Result<(), Error> {
        let id = record.id;
        let what = format!("the storage of contract {id} of {name}");
        let (mut ordered, mut values) = (0u64, 0u64);
        self.trie(records, &what, id.as_ref(), &record.storage_root, &mut |check, path, value| {
            match check.note(&what, slot_at(records, &id, path))?.flatten() {
                Some(slot) if value_hash(&slot.value) == *value && slot_path(&record.path_key, &slot.key) == *path => {
                    ordered += u64::from(slot.key.first() == Some(&KEY_ORDERED));
                }
                Some(_) => check.damage(format!("{what}: a value is not what its trie says; {REBUILD}")),
                None => check.damage(format!("{what}: a value is missing; {REBUILD}")),
            }
            values += 1;
            check.found.values += 1;
            check.step(name, check.found.values);
            Ok(())
        })?;
        let together = self.note(&what, bundled(records, &id))?.flatten();
        if together.is_some_and(|together| together != values) {
            self.damage(format!("{what}: there are values that its trie does not know; {REBUILD}"));
        }
        let mut last: Option<Vec<u8>> = None;
        let mut fits = true;
        let walked = OrderedKeys::new(records, id).walk(&[], &mut |key| {
            fits &= last.as_deref().is_none_or(|last| last < key);
            fits &= slot_at(records, &id, &slot_path(&record.path_key, key))?.is_some();
            last = Some(key.to_vec());
            ordered = ordered.wrapping_sub(1);
            Ok(true)
        });
        let walked = self.note(&format!("the ordered keys of contract {id} of {name}"), walked)?.is_some();
        if walked && (!fits || ordered != 0) {
            self.damage(format!("the ordered keys of contract {id} of {name} are not those of its values; {REBUILD}"));
        }
        if record.code_hash != CodeHash::default() {
            codes.insert(record.code_hash);
        }
        self.history_of(records, record, name, codes)
    }

    /// The codes a contract had before, and its events.
    fn history_of(
        &mut self,
        records: Records,
        record: &ContractRecord,
        name: &str,
        codes: &mut BTreeSet<CodeHash>,
    ) -> Result<(), Error> {
        let id = record.id;
        let mut since = record.since;
        loop {
            let before = records.get::<CodeRecord>(Kind::CodeBefore, &[id.as_ref(), &since.encode()]);
            match self.note(&format!("a former code of contract {id} of {name}"), before)?.flatten() {
                Some(before) if before.since < since => {
                    since = before.since;
                    codes.insert(before.code_hash);
                }
                _ => break,
            }
        }
        let count = self.note(&format!("the events of contract {id} of {name}"), event_count(records, &id))?;
        for number in 0..count.unwrap_or(0) {
            let event = records.get::<EventRecord>(Kind::Event, &[id.as_ref(), &number.to_le_bytes()]);
            let what = format!("event {number} of contract {id} of {name}");
            let Some(event) = self.note(&what, event)?.flatten().filter(|event| event.number == number) else {
                self.damage(format!("{what} is missing; {REBUILD}"));
                continue;
            };
            let receipt = self.note(&what, self.state.receipt(records.scope.psi(), &event.tx))?.flatten();
            let place = (event.height, event.index);
            let holds =
                |found: &TxReceipt| (found.height, found.index) == place && found.receipt.events.contains(&event.event);
            if !receipt.as_ref().is_some_and(holds) {
                self.damage(format!("{what} is not in the receipt of its transaction; {REBUILD}"));
            }
        }
        Ok(())
    }

    fn code(&mut self, records: Records, code: &CodeHash, name: &str) -> Result<(), Error> {
        let what = format!("module {code} of {name}");
        if self.state.inner.system.code(code).is_some() {
            self.found.codes += 1;
            return Ok(());
        }
        let wasm = self.note(&what, records.bytes(Kind::Code, &[code.as_ref()]))?.flatten();
        match wasm {
            Some(wasm) if code_hash(&wasm) == *code => self.found.codes += 1,
            Some(_) => self.damage(format!("{what} has another hash; {REBUILD}")),
            None => self.damage(format!("{what} is missing; {REBUILD}")),
        }
        Ok(())
    }

    /// The roots of the heights that are kept, and of every contract that changed since.
    fn roots(&mut self, one: &OneState, name: &str, view: &dyn Fn(Height) -> Result<View, Error>) -> Result<(), Error> {
        if one.scope.psi().is_some() {
            let changes = one.changes_after(&self.state.inner.db, 0);
            let changes = self.note(&format!("the roots of {name}"), changes)?.unwrap_or_default();
            let falls = changes.windows(2).all(|pair| pair[0].height > pair[1].height);
            if !falls || changes.first().is_some_and(|last| last.root != one.standing().root) {
                self.damage(format!("the roots of {name} are not in order; {REBUILD}"));
            }
        }
        let layers = one.history.layers();
        for height in layers.floor()..one.standing().height {
            let what = format!("{name} at height {height}");
            let Some(view) = self.note(&what, view(Height(height)))? else { continue };
            let at = AtHeight { view: &view, one, records: self.state.inner.records(one), layers: layers.clone() };
            let changed: BTreeSet<ContractId> =
                layers.overwritten(height, None).into_keys().map(|(id, _)| id).collect();
            self.note(&what, at.trie(None).map(drop))?;
            for id in &changed {
                // One that was not there yet had no storage either.
                if self.note(&what, at.record(id))?.flatten().is_some() {
                    self.note(&what, at.trie(Some(id)).map(drop))?;
                }
            }
            self.found.heights += 1;
            self.step("older roots", self.found.heights);
        }
        Ok(())
    }
}
