//! Namespace `debug`: what a call does on the way. For developers; nothing here is agreed on between nodes, and no receipt has it.
//! Invariant: a trace shows of a state only what its caller may see, and changes nothing.

use coffer_abi::{AccountId, ContractId, Hash};
use coffer_api_macros::api;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Error;
use crate::tx::TxStatus;
use crate::types::{Account, Args, Number, Text};

/// One execution, traced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Traced {
    /// Height of the block it ran in; for a call that is in no block, of the state it ran on.
    pub height: u64,
    /// How it ended.
    pub status: TxStatus,
    /// Gas used.
    pub gas_used: u64,
    /// False if the trace of a transaction ended in another way than its receipt says: what it read is not all kept any more.
    pub agrees: bool,
    /// The call and those below it; `null` if nothing ran.
    pub call: Option<TracedCall>,
}

/// One call of a trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TracedCall {
    /// The contract called.
    pub contract: Text<ContractId>,
    /// True if private code reads it in the public state.
    pub public: bool,
    /// `init`, `call`, `view` or `migrate`.
    pub kind: String,
    /// The method.
    pub method: String,
    /// Who called: an account or a contract.
    pub caller: Text<AccountId>,
    /// Its arguments by name, or as `0x` and hex digits if no spec explains them.
    pub args: Value,
    /// Gas it might use.
    pub gas_limit: u64,
    /// Gas it used, nested calls included.
    pub gas_used: u64,
    /// How it ended. Unless that is `ok`, what it changed was undone.
    pub status: TxStatus,
    /// What it returned; `null` unless the status is `ok`.
    pub result: Value,
    /// Why it failed; `null` if it did not.
    pub error: Value,
    /// BLAKE3 of the module's code section: a debug twin with the same code explains the offsets.
    pub code_section: Text<Hash>,
    /// What it asked of the host, in order.
    pub steps: Vec<TracedStep>,
    /// Host calls that are not among the steps because the trace is full.
    pub left_out: u64,
    /// Where it stood when it ended without returning, innermost first.
    pub ended_at: Vec<TracedSpot>,
}

/// One host call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TracedStep {
    /// The host function.
    pub host: String,
    /// Gas of the host call alone; a nested call has its own.
    pub gas: u64,
    /// What it did, where that is worth telling.
    pub effect: Option<TracedEffect>,
    /// The call it made.
    pub call: Option<Box<TracedCall>>,
    /// Where in the contract, innermost first.
    pub at: Vec<TracedSpot>,
}

/// What a host call did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "camelCase", deny_unknown_fields)]
pub enum TracedEffect {
    /// A value was read.
    Read {
        /// The storage field, if the spec has it.
        field: Option<String>,
        /// The key: `0x` and hex digits.
        key: String,
        /// What stood there, by the spec or as hex; `null` for nothing.
        value: Value,
    },
    /// A value was changed.
    Change {
        /// The storage field, if the spec has it.
        field: Option<String>,
        /// The key: `0x` and hex digits.
        key: String,
        /// What stood there.
        before: Value,
        /// What stands there now.
        after: Value,
    },
    /// An event was emitted.
    Event {
        /// Its name.
        name: String,
        /// Its fields.
        data: Value,
    },
    /// A line was logged.
    Log {
        /// The line.
        line: String,
    },
}

/// A place in the code of a contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TracedSpot {
    /// Byte of the code section, from 0; `null` for code that was put in to count gas.
    pub offset: Option<u64>,
    /// Functions and lines there, inlined ones first. A node leaves it empty; `coffer contract replay` fills it in from a debug twin.
    pub lines: Vec<TracedLine>,
}

/// A place in the source of a contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TracedLine {
    /// The function, as Rust names it.
    pub function: String,
    /// The file, if it is known.
    pub file: Option<String>,
    /// The line in it, from 1, if it is known.
    pub line: Option<u32>,
}

/// Traces.
#[api(namespace = "debug")]
pub trait DebugApi {
    /// Executes a transaction again, on the state before it, and tells what it does: calls, gas, storage changes, events.
    ///
    /// The transactions before it in its block are executed again too. The node must still have the state before the block: it
    /// keeps the newest heights, as many as `history` in its settings.
    #[method(
        access = tenant,
        errors = [NOT_FOUND, PRUNED, UNUSABLE],
        params = r#"{"tx": "0x7777777777777777777777777777777777777777777777777777777777777777"}"#,
        result = r#"{
            "height": 4, "status": "ok", "gasUsed": 141210, "agrees": true,
            "call": {
                "contract": "0x8888888888888888888888888888888888888888888888888888888888888888", "public": false,
                "kind": "call", "method": "add",
                "caller": "0x4444444444444444444444444444444444444444444444444444444444444444",
                "args": {"by": "2"}, "gasLimit": 200000000, "gasUsed": 141210, "status": "ok", "result": "7", "error": null,
                "codeSection": "0x9999999999999999999999999999999999999999999999999999999999999999",
                "steps": [{
                    "host": "storage_set", "gas": 80170,
                    "effect": {"kind": "change", "field": "value", "key": "0x000576616c7565", "before": "5", "after": "7"},
                    "call": null,
                    "at": [{"offset": 1205, "lines": []}]
                }],
                "leftOut": 0, "endedAt": []
            }
        }"#
    )]
    async fn trace_transaction(
        &self,
        ctx: Self::Context,
        /// The transaction; of a private one its marker.
        tx: Text<Hash>,
    ) -> Result<Traced, Error>;

    /// Executes a method as if it were called, and tells what it does. Nothing is written and no block is made.
    ///
    /// The contract is looked for in the caller's private state first, then in the public one.
    #[method(
        access = tenant,
        errors = [NOT_FOUND, ACCOUNT, PRUNED, UNUSABLE],
        params = r#"{
            "contract": "0x8888888888888888888888888888888888888888888888888888888888888888",
            "method": "add",
            "args": {"by": 2},
            "from": "alice",
            "gasLimit": 50000
        }"#,
        result = r#"{
            "height": 4, "status": "outOfGas", "gasUsed": 50000, "agrees": true,
            "call": {
                "contract": "0x8888888888888888888888888888888888888888888888888888888888888888", "public": false,
                "kind": "call", "method": "add",
                "caller": "0x4444444444444444444444444444444444444444444444444444444444444444",
                "args": {"by": "2"}, "gasLimit": 50000, "gasUsed": 50000, "status": "outOfGas",
                "result": null, "error": {"kind": "outOfGas", "gasUsed": 50000},
                "codeSection": "0x9999999999999999999999999999999999999999999999999999999999999999",
                "steps": [], "leftOut": 0, "endedAt": [{"offset": 1205, "lines": []}]
            }
        }"#
    )]
    async fn trace_call(
        &self,
        ctx: Self::Context,
        /// The contract.
        contract: Text<ContractId>,
        /// A method of kind call or view.
        method: String,
        /// Its arguments, by name.
        args: Option<Args>,
        /// Who calls; a call has the node's default account and a view the anonymous caller if left out.
        from: Option<Account>,
        /// Gas it may use; the most that a view may use if left out.
        gas_limit: Option<Number>,
        /// On the state after the block of this height; the newest if left out.
        height: Option<Number>,
    ) -> Result<Traced, Error>;
}
