//! A view of a contract on a snapshot. Invariant: nothing is written, whatever the contract does.

use coffer_abi::ContractId;
use coffer_abi::export::MethodKind;
use coffer_runtime::{Call, Code, Executed};

use super::{Error, Executor, Snapshot};
use crate::state::View;

impl Executor {
    /// Code of a contract in a snapshot, ready to run; `None` if there is no such contract.
    ///
    /// # Errors
    /// When this node cannot read or compile it.
    pub fn contract_code(&self, view: &View, contract: &ContractId) -> Result<Option<Code>, Error> {
        match view.contract(contract)? {
            Some(record) => self.code_of(contract, &record.code_hash, || view.code(&record.code_hash)),
            None => Ok(None),
        }
    }

    /// Runs a view, whatever kind of method `call` says.
    ///
    /// # Errors
    /// When this node failed.
    pub fn query(&self, snapshot: &Snapshot<'_>, code: &Code, call: Call<'_>) -> Result<Executed, Error> {
        let call = Call { kind: MethodKind::View, ..call };
        Ok(self.runtime.execute(code, &call, snapshot)?)
    }
}
