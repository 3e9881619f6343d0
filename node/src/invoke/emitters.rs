//! The specs by which events are shown. Not here: JSON (`rpc`). Invariant: an event is read by the spec of the code that emitted it, which
//! may not be the code that the contract has by now.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use coffer_abi::spec::Spec;
use coffer_abi::{CodeHash, ContractId, Event};
use coffer_runtime::{Code, spec};

use super::read::blocking;
use super::{InvokeError, Invoker, Located, Scope};
use crate::state::{Error as StateError, Place, View};
use crate::tenant::TenantContext;

/// What emitted an event.
pub enum Emitter {
    /// Code that is ready to run.
    Ready(Code),
    /// Code that the contract had once, by its spec; `None` if it had none that can be read.
    Former(Option<Box<Spec>>),
}

impl Emitter {
    /// Its spec, if it has one.
    pub fn spec(&self) -> Option<&Spec> {
        match self {
            Self::Ready(code) => code.spec(),
            Self::Former(spec) => spec.as_deref(),
        }
    }
}

/// The contracts that emitted events, as far as there is any code of them.
pub type Emitters = BTreeMap<ContractId, Emitter>;

/// The specs that a contract had over time, read as they are asked for.
pub struct Specs {
    located: Located,
    former: BTreeMap<CodeHash, Option<Box<Spec>>>,
}

impl Specs {
    /// Those of a contract up to the height it was found at.
    pub fn of(located: Located) -> Self {
        Self { located, former: BTreeMap::new() }
    }

    /// The spec of the code that ran at a place; `None` if it had none that can be read.
    ///
    /// # Errors
    /// This node cannot read.
    pub fn at(&mut self, place: Place) -> Result<Option<&Spec>, StateError> {
        let Located { contract, record, code, view, .. } = &self.located;
        let hash = if place < record.since { view.code_at(contract, place)? } else { None };
        let Some(hash) = hash else { return Ok(code.spec()) };
        if let Entry::Vacant(entry) = self.former.entry(hash) {
            entry.insert(stored_spec(view, &hash)?);
        }
        Ok(self.former.get(&hash).and_then(Option::as_deref))
    }
}

impl Invoker {
    /// The contracts behind the events of the transaction at a place, in a state that the caller may see.
    ///
    /// # Errors
    /// [`InvokeError::State`] for a held private state, or this node failed.
    pub async fn emitters(
        &self,
        tenant: &TenantContext,
        scope: Scope,
        place: Place,
        events: &[Event],
    ) -> Result<Emitters, InvokeError> {
        let contracts: BTreeSet<_> = events.iter().map(|event| event.contract).collect();
        if contracts.is_empty() {
            return Ok(Emitters::new());
        }
        let (this, tenant) = (self.clone(), tenant.clone());
        blocking(move || {
            let view = this.view_of(&tenant, scope, None)?;
            let mut found = Emitters::new();
            for contract in contracts {
                if let Some(emitter) = this.emitter(&view, &contract, place)? {
                    found.insert(contract, emitter);
                }
            }
            Ok(found)
        })
        .await
    }

    fn emitter(&self, view: &View, contract: &ContractId, place: Place) -> Result<Option<Emitter>, InvokeError> {
        let Some(record) = view.contract(contract)? else { return Ok(None) };
        if place < record.since {
            let hash = view.code_at(contract, place)?.unwrap_or(record.code_hash);
            return Ok(Some(Emitter::Former(stored_spec(view, &hash)?)));
        }
        Ok(self.parts.executor.contract_code(view, contract)?.map(Emitter::Ready))
    }
}

/// From the module's bytes: whether it may still run is nothing to somebody who reads.
pub(super) fn stored_spec(view: &View, hash: &CodeHash) -> Result<Option<Box<Spec>>, StateError> {
    Ok(view.code(hash)?.and_then(|wasm| spec_in(&wasm)))
}

/// The spec in a module, if there is one that can be read.
pub(super) fn spec_in(wasm: &[u8]) -> Option<Box<Spec>> {
    spec::read(wasm).ok().map(Box::new)
}
