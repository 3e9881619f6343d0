//! A view of a contract on a snapshot. Invariant: nothing is written, whatever the contract does.

use coffer_abi::export::MethodKind;
use coffer_abi::{AccountId, ContractId, Gas, StateId};
use coffer_runtime::{BlockContext, Call, Code, Executed};

use super::{Error, Executor};
use crate::state::View;

/// A question to a contract.
#[derive(Clone, Debug)]
pub struct Query<'a> {
    /// The contract.
    pub contract: ContractId,
    /// A method of kind view.
    pub method: &'a str,
    /// Encoded arguments.
    pub input: &'a [u8],
    /// Who asks.
    pub account: AccountId,
    /// The state, as contracts see it.
    pub state_id: StateId,
    /// Position the view sees.
    pub block: BlockContext,
    /// Gas it may use.
    pub gas_limit: Gas,
}

/// What came of it.
pub type Queried = Executed;

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

    /// Runs a view.
    ///
    /// # Errors
    /// When this node failed.
    pub fn query(&self, view: &View, code: &Code, query: &Query<'_>) -> Result<Queried, Error> {
        let call = Call {
            kind: MethodKind::View,
            method: query.method,
            input: query.input,
            contract: query.contract,
            state_id: query.state_id,
            caller: query.account,
            origin: query.account,
            block: query.block,
            gas_limit: query.gas_limit,
        };
        Ok(self.runtime.execute(code, &call, view)?)
    }
}
