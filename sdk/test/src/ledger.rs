//! What a test's chain holds: the states, their contracts, the code these run, and the doubles in the place of code. Not here: running anything.
//! Invariant: only [`Ledger::apply`], a test's own
//! seeding and its going back (`saved`) change what is stored.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use coffer_abi::spec::Spec;
use coffer_abi::{CodeHash, ContractId, Hash, StateId, Status};
use coffer_chain::hash::{private_state_id, public_state_id};
use coffer_chain::trie::{NodeReader, Record, RecordKey, TrieError, path, update, value_hash};
use coffer_runtime::{Asked, Executed, MemoryState};
use coffer_sdk::contract::{Contract, Entry};
use coffer_sdk::native::Tested;

use crate::wasm::Code;

/// Number of the public state.
pub(crate) const PUBLIC: usize = 0;

/// What contracts run: the same source, compiled twice.
pub(crate) struct Program {
    pub(crate) entries: &'static [Entry],
    pub(crate) reentrant: &'static [&'static str],
    pub(crate) spec: Spec,
    /// The Wasm; `None` where nothing runs as Wasm.
    pub(crate) wasm: Option<Code>,
}

impl Program {
    pub(crate) fn of<C: Tested>(wasm: Option<Code>) -> Self {
        let read = || Spec::from_section(C::RECORD);
        // The module's own spec has the events too.
        let spec = wasm.as_ref().and_then(|code| code.spec().cloned()).or_else(|| read().ok()).unwrap_or_default();
        Self { entries: C::ENTRIES, reentrant: C::REENTRANT, spec, wasm }
    }

    pub(crate) fn has_init(&self) -> bool {
        self.entries.iter().any(|(export, _)| *export == coffer_abi::export::INIT)
    }
}

/// Hash by which a test knows the code of `C`. It derives from names alone, so that a change of the code changes no id.
pub(crate) fn code_hash<C: Tested>() -> CodeHash {
    CodeHash(derived("code", &[C::CRATE, <C as Contract>::DESC.name]).0)
}

/// An id that follows from names alone.
pub(crate) fn derived(what: &str, names: &[&str]) -> Hash {
    let mut hasher = blake3::Hasher::new_derive_key("coffer test, an id made of names");
    for name in [what].iter().chain(names) {
        hasher.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
    }
    Hash(*hasher.finalize().as_bytes())
}

/// What answers in the place of a contract's code.
pub(crate) type Answers = Rc<RefCell<dyn FnMut(&Asked<'_>) -> Status>>;

/// One state: the public one or a private one.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) name: String,
    pub(crate) id: StateId,
    pub(crate) stored: MemoryState,
    pub(crate) contracts: BTreeMap<ContractId, Rc<Program>>,
    /// Contracts a test has named and not made yet.
    pub(crate) reserved: BTreeMap<ContractId, Rc<Program>>,
    pub(crate) doubles: BTreeMap<ContractId, Answers>,
}

/// All states of a test, the public one first.
#[derive(Clone)]
pub(crate) struct Ledger {
    pub(crate) chain: Hash,
    pub(crate) states: Vec<State>,
    pub(crate) programs: BTreeMap<CodeHash, Rc<Program>>,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        let mut ledger = Self { chain: derived("chain", &[]), states: Vec::new(), programs: BTreeMap::new() };
        ledger.state("public");
        ledger
    }

    /// Number of the state of that name, which is made if it is not there.
    pub(crate) fn state(&mut self, name: &str) -> usize {
        if let Some(found) = self.states.iter().position(|state| state.name == name) {
            return found;
        }
        let id = if self.states.is_empty() { public_state_id(&self.chain) } else { private_state_id(&self.chain) };
        self.states.push(State {
            name: name.to_owned(),
            id,
            stored: MemoryState::default(),
            contracts: BTreeMap::new(),
            reserved: BTreeMap::new(),
            doubles: BTreeMap::new(),
        });
        self.states.len() - 1
    }

    /// Keeps what a successful call did.
    pub(crate) fn apply(&mut self, state: usize, executed: &Executed) {
        let Some(state) = self.states.get_mut(state) else { return };
        for (contract, changes) in &executed.changes {
            state.stored.apply(*contract, changes);
        }
        for created in &executed.created {
            if let Some(program) = self.programs.get(&created.code_hash) {
                state.contracts.insert(created.contract, Rc::clone(program));
            }
        }
    }

    /// Root over all that a state's contracts have stored, by the chain's own trie.
    pub(crate) fn root(&self, state: usize) -> Hash {
        let Some(state) = self.states.get(state) else { return Hash::ZERO };
        let contracts = state.contracts.keys().map(|contract| {
            let key = path::contract_path(contract);
            let slots = state.stored.entries(contract);
            let slots = slots.map(|(slot, value)| (path::slot_path(&key, slot), Some(value_hash(value))));
            (key, Some(trie_root(&slots.collect())))
        });
        trie_root(&contracts.collect())
    }
}

fn trie_root(leaves: &BTreeMap<[u8; 32], Option<Hash>>) -> Hash {
    // Without records there is nothing that could fail to be read.
    update(&Nothing, leaves).map(|updated| updated.root).unwrap_or_default()
}

/// A trie that is still empty.
struct Nothing;

impl NodeReader for Nothing {
    type Error = std::convert::Infallible;

    fn load(&self, _: &RecordKey) -> Result<Option<std::sync::Arc<Record>>, TrieError<Self::Error>> {
        Ok(None)
    }
}
