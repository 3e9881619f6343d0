//! One call and what came of it. Plain data; `Runtime::execute` turns the first into the second.

use coffer_abi::export::MethodKind;
use coffer_abi::{AccountId, CodeHash, ContractId, Event, Gas, Hash, Height, StateId, Status, Time};

use crate::state::AllChanges;

/// The position in the chain a call sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockContext {
    /// Height of the block.
    pub height: Height,
    /// Time in its header, milliseconds.
    pub time: Time,
    /// The chain: hash of its genesis.
    pub chain_id: Hash,
}

/// One call of one method.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// What kind of export is meant; a view never finds a `call`, and the other way round.
    pub kind: MethodKind,
    /// Method name (`init` for [`MethodKind::Init`]).
    pub method: &'a str,
    /// Encoded arguments, one after the other.
    pub input: &'a [u8],
    /// The contract called.
    pub contract: ContractId,
    /// The state it lives in, as the contract sees it.
    pub state_id: StateId,
    /// Who calls.
    pub caller: AccountId,
    /// Who signed the transaction.
    pub origin: AccountId,
    /// Where in the chain.
    pub block: BlockContext,
    /// What the seeded generator starts from: the transaction's id, so that no two transactions share a sequence.
    pub seed: Hash,
    /// Gas the call may use; out of gas beyond it.
    pub gas_limit: Gas,
}

/// What a running call is asked, as a double in place of the contract's code sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked<'a> {
    /// The contract called.
    pub contract: ContractId,
    /// What kind of method.
    pub kind: MethodKind,
    /// Its name.
    pub method: &'a str,
    /// Who calls: an account or a contract.
    pub caller: AccountId,
    /// Encoded arguments.
    pub input: &'a [u8],
}

/// A contract that a contract made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Created {
    /// Its id.
    pub contract: ContractId,
    /// Its code, which its state held before.
    pub code_hash: CodeHash,
    /// Who made it.
    pub creator: ContractId,
}

/// What came of a call and of the calls it led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executed {
    /// How it ended.
    pub status: Status,
    /// Gas used, nested calls included, at most the limit; all of the limit when it ran out.
    pub gas_used: Gas,
    /// Writes by contract, in key order; empty unless the status is `Ok`.
    pub changes: AllChanges,
    /// Events in the order of emission; empty unless the status is `Ok`.
    pub events: Vec<Event>,
    /// Contracts made, in their order; empty unless the status is `Ok`.
    pub created: Vec<Created>,
    /// Lines of the debug log, whatever the status. Never part of a receipt.
    pub log: Vec<String>,
}
