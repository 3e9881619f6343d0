//! A view of a contract on a snapshot. Invariant: nothing is written, whatever the contract does.

use coffer_abi::ContractId;
use coffer_runtime::engine::{Lane, Slot, Turn};
use coffer_runtime::{Call, Code, Executed, Purpose, QueryError};

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

    /// A lane's turn to ask; waits while all slots of queries are in use.
    pub fn query_turn(&self, lane: Lane) -> Turn {
        self.runtime.slots(Purpose::Query).turn(lane)
    }

    /// Runs a view, whatever kind of method `call` says, in a slot from [`Executor::query_turn`].
    ///
    /// # Errors
    /// [`Error::TooSlow`] when it took longer than queries may, or this node failed.
    pub fn query(
        &self,
        (lane, slot): (Lane, Slot),
        snapshot: &Snapshot<'_>,
        code: &Code,
        call: &Call<'_>,
    ) -> Result<Executed, Error> {
        self.runtime.in_lane(lane).query_in(slot, code, call, snapshot).map_err(|error| match error {
            QueryError::TooSlow(limit) => Error::TooSlow(limit),
            QueryError::Fault(fault) => Error::Fault(fault),
        })
    }
}
