//! State and code together: what a transaction may reach. Not here: reading a state (`state`). Invariant: what a world answers does not change
//! during one transaction.

use std::collections::BTreeMap;

use coffer_abi::{CodeHash, ContractId, StateId, Status};

use crate::call::{Asked, Executed};
use crate::engine::Code;
use crate::error::Fault;
use crate::state::{MemoryState, ScanEntry, StateRead, created_id};

/// What a transaction may reach: the state it works on, the code in it and, for a private one, the public state. The node implements it
/// over a block that is being executed and over snapshots; called as [`StateRead`] is.
pub trait World: StateRead {
    /// The code of a contract of this state, ready to run; `None` if there is none of that id.
    ///
    /// # Errors
    /// [`Fault`] when this node cannot read or prepare it.
    fn contract(&self, contract: &ContractId) -> Result<Option<Code>, Fault>;

    /// The value under a key, for a trace: a read that the transaction itself does not do.
    ///
    /// # Errors
    /// [`Fault`] when this node cannot read.
    fn peek(&self, contract: &ContractId, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        self.get(contract, key)
    }

    /// True if there is a contract of that id in this state, whether or not the transaction may call it: then none is made of that id.
    ///
    /// # Errors
    /// [`Fault`] when this node cannot read.
    fn exists(&self, contract: &ContractId) -> Result<bool, Fault> {
        Ok(self.contract(contract)?.is_some())
    }

    /// Code that this state holds, by hash, ready to run.
    ///
    /// # Errors
    /// [`Fault`] when this node cannot read or prepare it.
    fn code(&self, hash: &CodeHash) -> Result<Option<Code>, Fault>;

    /// Id of the contract that `creator` makes from `code` with `salt`. A pure function, alike on every node.
    fn created_id(&self, creator: &ContractId, code: &CodeHash, salt: &[u8; 32]) -> ContractId;

    /// For a private state: the public state at the same position, whose views may be called, and its id.
    fn public(&self) -> Option<(StateId, &dyn World)>;

    /// How the call ends that a double answers, which stands in the place of a contract's code. Only tests have doubles; the world of a node
    /// never answers here.
    fn double(&self, _: &Asked<'_>) -> Option<Status> {
        None
    }
}

impl World for MemoryState {
    fn contract(&self, _: &ContractId) -> Result<Option<Code>, Fault> {
        Ok(None)
    }

    fn code(&self, _: &CodeHash) -> Result<Option<Code>, Fault> {
        Ok(None)
    }

    fn created_id(&self, creator: &ContractId, code: &CodeHash, salt: &[u8; 32]) -> ContractId {
        created_id(creator, code, salt)
    }

    fn public(&self) -> Option<(StateId, &dyn World)> {
        None
    }
}

/// A world in memory: a state, code, and perhaps a public state beside it.
#[derive(Clone, Default)]
pub struct MemoryWorld {
    /// What is stored.
    pub state: MemoryState,
    /// Code by hash.
    pub codes: BTreeMap<CodeHash, Code>,
    /// Code of each contract.
    pub contracts: BTreeMap<ContractId, CodeHash>,
    /// The public state, if this is a private one.
    pub public: Option<(StateId, Box<MemoryWorld>)>,
}

impl MemoryWorld {
    /// Adds a contract of some code.
    pub fn add(&mut self, contract: ContractId, hash: CodeHash, code: Code) {
        self.codes.insert(hash, code);
        self.contracts.insert(contract, hash);
    }

    /// Applies what came of a call: writes and contracts made.
    pub fn apply(&mut self, executed: &Executed) {
        for (contract, changes) in &executed.changes {
            self.state.apply(*contract, changes);
        }
        self.contracts.extend(executed.created.iter().map(|created| (created.contract, created.code_hash)));
    }
}

impl StateRead for MemoryWorld {
    fn get(&self, contract: &ContractId, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        self.state.get(contract, key)
    }

    fn scan(&self, contract: &ContractId, prefix: &[u8], after: &[u8], limit: usize) -> Result<Vec<ScanEntry>, Fault> {
        self.state.scan(contract, prefix, after, limit)
    }
}

impl World for MemoryWorld {
    fn contract(&self, contract: &ContractId) -> Result<Option<Code>, Fault> {
        Ok(self.contracts.get(contract).and_then(|hash| self.codes.get(hash)).cloned())
    }

    fn code(&self, hash: &CodeHash) -> Result<Option<Code>, Fault> {
        Ok(self.codes.get(hash).cloned())
    }

    fn created_id(&self, creator: &ContractId, code: &CodeHash, salt: &[u8; 32]) -> ContractId {
        created_id(creator, code, salt)
    }

    fn public(&self) -> Option<(StateId, &dyn World)> {
        self.public.as_ref().map(|(id, world)| (*id, world.as_ref() as &dyn World))
    }
}
