//! Namespace `chain`: the public chain. Not here: anything of a private state. Invariant: every node answers alike at one height.

use coffer_abi::{AccountId, Hash};
use coffer_api_macros::api;
use coffer_chain::block::{Block as ChainBlock, Header};
use coffer_chain::tx::Kind;
use coffer_proof::json::ChainJson;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::table::Items;
use crate::types::{Number, Text};

/// The newest block in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Head {
    /// Height of the block; genesis is 0.
    pub height: u64,
    /// Hash of the block.
    pub hash: Text<Hash>,
    /// Root of the public state after the block.
    pub state_root: Text<Hash>,
    /// Milliseconds since 1970-01-01 UTC.
    pub time: u64,
}

impl From<&Header> for Head {
    fn from(header: &Header) -> Self {
        Self {
            height: header.height.0,
            hash: Text(header.hash()),
            state_root: Text(header.state_root),
            time: header.time.0,
        }
    }
}

/// What a transaction does, as far as everybody sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum TransactionKind {
    /// Makes a public contract.
    Deploy,
    /// Calls a public contract.
    Call,
    /// Orders a private transaction; its text is with its parties.
    Marker,
    /// Gives a public contract new code.
    Upgrade,
    /// Gives a public contract another authority.
    SetAuthority,
    /// Says that a party never executes a private transaction.
    Void,
}

/// A transaction of a block in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BlockTransaction {
    /// Its id.
    pub tx: Text<Hash>,
    /// What it does.
    pub kind: TransactionKind,
    /// Who signed it; of a marker the relay key of a node.
    pub sender: Text<AccountId>,
}

/// A block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Block {
    /// Height; genesis is 0.
    pub height: u64,
    /// Hash.
    pub hash: Text<Hash>,
    /// Hash of the block before; zeros for genesis.
    pub parent: Text<Hash>,
    /// Milliseconds since 1970-01-01 UTC.
    pub time: u64,
    /// Key of the node that proposed it.
    pub proposer: Text<AccountId>,
    /// Root of the public state after the block.
    pub state_root: Text<Hash>,
    /// Root over the signed transactions.
    pub transactions_root: Text<Hash>,
    /// Root over the receipts.
    pub receipts_root: Text<Hash>,
    /// Gas of all transactions.
    pub gas_used: u64,
    /// Protocol version.
    pub version: u16,
    /// Transactions in the order of execution.
    pub transactions: Vec<BlockTransaction>,
}

impl From<&ChainBlock> for Block {
    fn from(block: &ChainBlock) -> Self {
        let header = &block.header;
        let transactions = block.transactions.iter().map(|tx| BlockTransaction {
            tx: Text(tx.body.id()),
            kind: match tx.body.kind {
                Kind::Deploy { .. } => TransactionKind::Deploy,
                Kind::Call { .. } => TransactionKind::Call,
                Kind::Marker { .. } => TransactionKind::Marker,
                Kind::Upgrade { .. } => TransactionKind::Upgrade,
                Kind::SetAuthority { .. } => TransactionKind::SetAuthority,
                Kind::Void(_) => TransactionKind::Void,
            },
            sender: Text(tx.body.sender),
        });
        Self {
            height: header.height.0,
            hash: Text(header.hash()),
            parent: Text(header.parent),
            time: header.time.0,
            proposer: Text(header.proposer),
            state_root: Text(header.state_root),
            transactions_root: Text(header.transactions_root),
            receipts_root: Text(header.receipts_root),
            gas_used: header.gas_used.0,
            version: header.version,
            transactions: transactions.collect(),
        }
    }
}

/// A cap on contract modules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Limit {
    /// What is limited, with its unit; refusals and the reports of `coffer contract check` use the same name.
    pub name: String,
    /// The largest value allowed.
    pub allowed: u64,
}

/// The rules all nodes of the chain share, as they hold for the next block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Parameters {
    /// Hash of the genesis.
    pub chain_id: Text<Hash>,
    /// Version of the protocol.
    pub version: u16,
    /// Gas one public transaction or one private call may use.
    pub max_tx_gas: u64,
    /// Gas of one block: a public transaction may ask for what those before it in the block left.
    pub max_block_gas: u64,
    /// Bytes of one transaction.
    pub max_tx_bytes: u32,
    /// Bytes of the transactions of one block.
    pub max_block_bytes: u32,
    /// Milliseconds after a block from which on the next one may be empty, if something ended by its time since; 0: never.
    pub tick_ms: u32,
    /// Version of the pass that makes modules count their gas.
    pub pass_version: u32,
    /// Version of the table of what computation costs.
    pub schedule_version: u32,
    /// WebAssembly features a contract may use beyond the core of version 1.0, which has no floats here.
    pub features: Vec<String>,
    /// Caps on contract modules.
    pub limits: Vec<Limit>,
}

/// The public chain.
#[api(namespace = "chain")]
pub trait ChainApi {
    /// The newest block in short.
    #[method(
        access = public,
        errors = [],
        params = r#"{}"#,
        result = r#"{
            "height": 7,
            "hash": "0x1111111111111111111111111111111111111111111111111111111111111111",
            "stateRoot": "0x2222222222222222222222222222222222222222222222222222222222222222",
            "time": 1700000000000
        }"#
    )]
    async fn head(&self) -> Result<Head, Error>;

    /// A block with its transactions in short.
    ///
    /// Name it by `height` or by `hash`; with neither it is the newest one.
    #[method(
        access = public,
        errors = [NOT_FOUND],
        params = r#"{"height": 1}"#,
        result = r#"{
            "height": 1,
            "hash": "0x1111111111111111111111111111111111111111111111111111111111111111",
            "parent": "0x3333333333333333333333333333333333333333333333333333333333333333",
            "time": 1700000000000,
            "proposer": "0x4444444444444444444444444444444444444444444444444444444444444444",
            "stateRoot": "0x2222222222222222222222222222222222222222222222222222222222222222",
            "transactionsRoot": "0x5555555555555555555555555555555555555555555555555555555555555555",
            "receiptsRoot": "0x6666666666666666666666666666666666666666666666666666666666666666",
            "gasUsed": 0,
            "version": 1,
            "transactions": [{
                "tx": "0x7777777777777777777777777777777777777777777777777777777777777777",
                "kind": "marker",
                "sender": "0x4444444444444444444444444444444444444444444444444444444444444444"
            }]
        }"#
    )]
    async fn block(
        &self,
        /// Height of the block.
        height: Option<Number>,
        /// Hash of the block.
        hash: Option<Text<Hash>>,
    ) -> Result<Block, Error>;

    /// The rules all nodes of the chain share: gas limits, versions, and what contract modules may hold.
    #[method(
        access = public,
        errors = [],
        params = r#"{}"#,
        result = r#"{
            "chainId": "0x1111111111111111111111111111111111111111111111111111111111111111",
            "version": 1,
            "maxTxGas": 1000000000,
            "maxBlockGas": 2000000000,
            "maxTxBytes": 1314816,
            "maxBlockBytes": 3145728,
            "tickMs": 60000,
            "passVersion": 2,
            "scheduleVersion": 1,
            "features": ["sign extension", "memory.copy and memory.fill"],
            "limits": [{"name": "module size in bytes", "allowed": 1048576}]
        }"#
    )]
    async fn parameters(&self) -> Result<Parameters, Error>;

    /// What shows, to somebody who has the genesis and nothing else, that a block is of this chain: the handovers on the way to those who decided it, and the
    /// block with the votes for it.
    ///
    /// The form and how to check it: docs/PROTOCOL.md, "Proofs". At most 128 handovers.
    #[method(
        access = public,
        errors = [NOT_FOUND, PRUNED, TOO_MANY_HANDOVERS],
        params = r#"{"height": 4}"#,
        result = r#"{
            "version": 1,
            "kind": "chain",
            "handovers": [],
            "block": {
                "header": {
                    "version": 1,
                    "chainId": "0x1111111111111111111111111111111111111111111111111111111111111111",
                    "height": 4,
                    "parent": "0x2222222222222222222222222222222222222222222222222222222222222222",
                    "proposer": "0x3333333333333333333333333333333333333333333333333333333333333333",
                    "time": 1700000000000,
                    "transactionsRoot": "0x4444444444444444444444444444444444444444444444444444444444444444",
                    "receiptsRoot": "0x5555555555555555555555555555555555555555555555555555555555555555",
                    "stateRoot": "0x6666666666666666666666666666666666666666666666666666666666666666",
                    "gasUsed": 21000,
                    "validators": "0x7777777777777777777777777777777777777777777777777777777777777777",
                    "nextValidators": "0x7777777777777777777777777777777777777777777777777777777777777777"
                },
                "votes": {
                    "validators": [{
                        "key": "0x3333333333333333333333333333333333333333333333333333333333333333",
                        "power": 1
                    }],
                    "round": 0,
                    "signatures": [{
                        "key": "0x3333333333333333333333333333333333333333333333333333333333333333",
                        "signature": "0x88888888888888888888888888888888888888888888888888888888888888888888888888888888888888888888888888888888888888888888888888888888"
                    }]
                }
            }
        }"#
    )]
    async fn proof(
        &self,
        /// Height of the block.
        height: Option<Number>,
        /// Hash of the block; the newest one if height and hash are left out.
        hash: Option<Text<Hash>>,
        /// Handovers that the asker is past already; 0 if left out.
        from: Option<Number>,
    ) -> Result<ChainJson, Error>;

    /// Sends every new block in short, in order of height and without gaps.
    ///
    /// WebSocket only. The first item is the block that is newest when the subscription starts.
    #[subscription(
        access = public,
        unsubscribe = "unsubscribeHeads",
        errors = [TOO_MANY_SUBSCRIPTIONS],
        params = r#"{}"#,
        result = r#"{
            "height": 8,
            "hash": "0x1111111111111111111111111111111111111111111111111111111111111111",
            "stateRoot": "0x2222222222222222222222222222222222222222222222222222222222222222",
            "time": 1700000001000
        }"#
    )]
    async fn subscribe_heads(&self) -> Result<Items<Head>, Error>;
}
