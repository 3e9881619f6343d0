//! Namespace `tx`: what came of a transaction, and how far it is. Not here: sending (`contract`). Invariant: a caller sees the receipts of the public
//! state and of its own private state, and of nothing else.

use coffer_abi::{ContractId, Hash};
use coffer_api_macros::api;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Error;
use crate::table::Items;
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

/// How far a transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ProgressStatus {
    /// This node knows of none of that id, or may not tell the caller.
    Unknown,
    /// It waits for a block; `validUntil` is the last one it can be in.
    Waiting,
    /// The marker of a private transaction of the caller's is in a block, which the caller's private state has not executed yet.
    Ordered,
    /// It is in a block, and `receipt` says what came of it.
    Final,
    /// It waited, and can be in no block any more.
    Expired,
}

/// How far a transaction is. What a status does not have is `null`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Progress {
    /// The transaction; of a private one its marker.
    pub tx: Text<Hash>,
    /// How far it is.
    pub status: ProgressStatus,
    /// True if nothing follows: the subscription has ended.
    pub last: bool,
    /// Height of the last block it can be, or could have been, in; while it waits and when it expired.
    pub valid_until: Option<u64>,
    /// Height of its block.
    pub height: Option<u64>,
    /// Its position in the block, from 0.
    pub index: Option<u32>,
    /// Hash of its block.
    pub block_hash: Option<Text<Hash>>,
    /// What the caller's private state waits for before it executes it; while it is ordered, and `null` if it waits for nothing.
    pub held: Option<String>,
    /// What came of it, as `tx_receipt` gives it; when it is final.
    pub receipt: Option<Receipt>,
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

    /// Sends how far a transaction is: at once, and then whenever that changed, until it is final or expired.
    ///
    /// WebSocket only. A reader who is slow misses what has passed meanwhile, never the last item. An unknown transaction is followed until it comes,
    /// for ten minutes at most: then `unknown` comes once more, with `last`. What expired before it was asked for is unknown. `last` with any
    /// other status means that this node cannot read on, and `tx_receipt` says why. That a marker waits or expired is told to the parties that this
    /// node knows alone; to everybody else it is unknown until it is in a block, and then `final` with its public receipt. So is, to its party too, one that the party voided.
    #[subscription(
        access = tenant,
        unsubscribe = "unsubscribe",
        errors = [UNUSABLE, TOO_MANY_SUBSCRIPTIONS],
        params = r#"{"tx": "0x7777777777777777777777777777777777777777777777777777777777777777"}"#,
        result = r#"{
            "tx": "0x7777777777777777777777777777777777777777777777777777777777777777",
            "status": "waiting",
            "last": false,
            "validUntil": 107,
            "height": null,
            "index": null,
            "blockHash": null,
            "held": null,
            "receipt": null
        }"#
    )]
    async fn subscribe(
        &self,
        ctx: Self::Context,
        /// The transaction; of a private one its marker.
        tx: Text<Hash>,
    ) -> Result<Items<Progress>, Error>;
}
