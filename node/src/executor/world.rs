//! A snapshot as the runtime's calls reach into it: storage, code ready to run, and the public state beside a private one.
//! Invariant: all of it is of one height; private code sees the public state after the block that orders it.

use coffer_abi::{CodeHash, ContractId, StateId};
use coffer_chain::hash::{created_contract_id, public_state_id};
use coffer_runtime::{Code, Fault, ScanEntry, StateRead, World};

use super::{Error, Executor};
use crate::state::View;

/// A state at a height.
pub struct Snapshot<'a> {
    pub(super) executor: &'a Executor,
    pub(super) view: &'a View,
    public: Option<Box<Snapshot<'a>>>,
}

impl<'a> Snapshot<'a> {
    /// The public state.
    pub fn public(executor: &'a Executor, view: &'a View) -> Self {
        Self { executor, view, public: None }
    }

    /// A private state with the public one beside it.
    pub fn private(executor: &'a Executor, view: &'a View, public: &'a View) -> Self {
        Self { executor, view, public: Some(Box::new(Snapshot::public(executor, public))) }
    }
}

impl<'a> Snapshot<'a> {
    /// The public state beside a private one.
    pub(super) fn beside(&self) -> Option<&Snapshot<'a>> {
        self.public.as_deref()
    }
}

impl StateRead for Snapshot<'_> {
    fn get(&self, contract: &ContractId, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        self.view.get(contract, key)
    }

    fn scan(&self, contract: &ContractId, prefix: &[u8], after: &[u8], limit: usize) -> Result<Vec<ScanEntry>, Fault> {
        self.view.scan(contract, prefix, after, limit)
    }
}

impl World for Snapshot<'_> {
    fn contract(&self, contract: &ContractId) -> Result<Option<Code>, Fault> {
        self.executor.contract_code(self.view, contract).map_err(fault)
    }

    fn code(&self, hash: &CodeHash) -> Result<Option<Code>, Fault> {
        // What is ready to run says nothing of this state: it may have come from a neighbour's.
        if !self.view.has_code(hash)? {
            return Ok(None);
        }
        let load = || self.view.code(hash);
        self.executor.stored_code(hash, load).map_err(fault)
    }

    fn created_id(&self, creator: &ContractId, code: &CodeHash, salt: &[u8; 32]) -> ContractId {
        created_contract_id(creator, code, salt)
    }

    fn public(&self) -> Option<(StateId, &dyn World)> {
        let public = self.public.as_deref()?;
        Some((public_state_id(self.executor.chain_id()), public))
    }
}

/// What keeps a nested call from running keeps the whole transaction from it.
pub(super) fn fault(error: Error) -> Fault {
    match error {
        Error::Fault(fault) => fault,
        other => Fault::State(other.to_string()),
    }
}
