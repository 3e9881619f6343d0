//! Namespace `tx`: what came of a transaction. Not here: sending (`contract`). Invariant: a caller sees the receipts of the public
//! state and of its own private state, and of nothing else.

use coffer_abi::{ContractId, Hash};
use coffer_api_macros::api;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Error;
use crate::types::{Event, Text};

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum TxStatus {
    /// It returned.
    Ok,
    /// The contract returned an error of its own.
    Failed,
    /// The contract panicked.
    Panicked,
    /// The gas limit was reached.
    OutOfGas,
    /// The code did what is forbidden.
    Trapped,
    /// Nothing ran.
    Refused,
}

/// What came of a transaction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Receipt {
    /// The transaction; of a private one its marker.
    pub tx: Text<Hash>,
    /// Height of its block.
    pub height: u64,
    /// Hash of its block.
    pub block_hash: Text<Hash>,
    /// True if this is the receipt of the caller's private state.
    pub private: bool,
    /// The contract made or called, if there is one.
    pub contract: Option<Text<ContractId>>,
    /// How it ended.
    pub status: TxStatus,
    /// What the method returned; `null` unless the status is `ok`.
    pub result: Value,
    /// Why it failed: the same `data` as the error of `contract_call`; `null` if it did not.
    pub error: Value,
    /// Events in the order of emission.
    pub events: Vec<Event>,
    /// Gas used.
    pub gas_used: u64,
}

/// Transactions.
#[api(namespace = "tx")]
pub trait TxApi {
    /// What came of a transaction.
    ///
    /// Of a marker, a party to it gets the private receipt, everybody else the public one, which says only that it was ordered.
    /// `"private": false` on a marker therefore means: this is its public receipt, and the caller is no party to what it stands for.
    #[method(
        access = tenant,
        errors = [NOT_FOUND],
        params = r#"{"tx": "0x7777777777777777777777777777777777777777777777777777777777777777"}"#,
        result = r#"{
            "tx": "0x7777777777777777777777777777777777777777777777777777777777777777",
            "height": 4,
            "blockHash": "0x1111111111111111111111111111111111111111111111111111111111111111",
            "private": true,
            "contract": "0x8888888888888888888888888888888888888888888888888888888888888888",
            "status": "ok",
            "result": "7",
            "error": null,
            "events": [],
            "gasUsed": 9120
        }"#
    )]
    async fn receipt(
        &self,
        ctx: Self::Context,
        /// The transaction; of a private one its marker.
        tx: Text<Hash>,
    ) -> Result<Receipt, Error>;
}
