//! Namespace `psi`: the caller's private state and the trie of all private states. Not here: what is in a private state.
//! Invariant: nothing here tells one tenant anything of another; the trie root is the operator's.

use coffer_abi::{AccountId, ContractId, Hash};
use coffer_api_macros::api;
use coffer_proof::json::{Hex, PrivateJson};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::limits::TenantTaken;
use crate::state::AskedContract;
use crate::types::{Number, Text};

/// The private state a request is resolved to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Current {
    /// Its identifier.
    pub psi: String,
    /// False if this node does not have it: then it reads as empty and takes no writes.
    pub configured: bool,
    /// The party as which its calls are sent, and by which others name it; `null` if this node does not have it.
    pub party: Option<Text<AccountId>>,
}

/// Root of a private state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PsiRoot {
    /// The private state.
    pub psi: String,
    /// Height of the public block.
    pub height: u64,
    /// Hash of the public block.
    pub block_hash: Text<Hash>,
    /// Root of the private state after it.
    pub root: Text<Hash>,
}

/// Root of the trie of private states.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PsiTrieRoot {
    /// Height of the public block.
    pub height: u64,
    /// Hash of the public block.
    pub block_hash: Text<Hash>,
    /// Root of the trie after it.
    pub root: Text<Hash>,
    /// True once every private state has executed the block; the root does not change any more.
    pub sealed: bool,
}

/// The root of the trie of private states that this node put on the chain last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PsiAnchor {
    /// The node.
    pub node: Text<AccountId>,
    /// Height of the block after which it was the root: ask for a proof of this height.
    pub height: u64,
    /// Hash of that block.
    pub block_hash: Text<Hash>,
    /// The root.
    pub root: Text<Hash>,
    /// Height since which it is on the chain.
    pub at: u64,
    /// The network contract, which keeps it.
    pub contract: Text<ContractId>,
    /// Its storage key there, for `state_proof`.
    pub key: Hex,
}

/// How a private call stands at a party.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum TxStanding {
    /// It is not executed there, or the party has not said so yet.
    Pending,
    /// It succeeded.
    Ok,
    /// It failed.
    Failed,
    /// The payload is not there, as this node knows.
    Missing,
    /// The party voided it, and never executes it.
    Voided,
    /// It ended otherwise there than here, upon the same contents: one of the two is wrong.
    Differs,
}

/// A party of a private call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TxParty {
    /// The party.
    pub party: Text<AccountId>,
    /// How the call stands there.
    pub status: TxStanding,
    /// Whether the contracts that the call touched were the same there as here before it; `null` while the party has said nothing. With the flags 0 and 2 they may differ.
    pub same_before: Option<bool>,
}

/// How a private call stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TxStatus {
    /// The marker's transaction.
    pub tx: Text<Hash>,
    /// Height of its block.
    pub height: u64,
    /// How it stands in the caller's private state.
    pub status: TxStanding,
    /// Its other parties, in the order of their keys; none of a call that is for the caller's party alone, is not executed here, or is more than 1,000 blocks old.
    pub parties: Vec<TxParty>,
}

/// How a private state stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PsiStatus {
    /// The private state.
    pub psi: String,
    /// The block up to which it is done with the chain; it is read as of that one.
    pub head: u64,
    /// Blocks by which it trails the chain.
    pub lag: u64,
    /// What it waits for; `null` if it waits for nothing.
    pub held: Option<PsiHold>,
    /// Why it is neither read nor changed, and how it is repaired; `null` if nothing is wrong with it.
    pub unusable: Option<String>,
    /// What it may take of this node, and takes now; `null` if this node does not have it.
    pub limits: Option<TenantTaken>,
    /// What its party voided: the contracts concerned may differ from what the other parties have. By the markers' heights, the first 1,000.
    pub voids: Vec<PsiVoid>,
}

/// What a private state waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PsiHold {
    /// Height of the block that it does not execute.
    pub height: u64,
    /// The marker it waits at; `null` if it waits for no payload or void but because this node failed.
    pub marker: Option<Text<Hash>>,
    /// What it waits for.
    pub reason: String,
}

/// A marker that a party voided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PsiVoid {
    /// The marker's transaction.
    pub marker: Text<Hash>,
    /// Height of its block.
    pub height: u64,
    /// Height of the block with the void.
    pub voided: u64,
    /// True if this private state executed it all the same, as its node lost its file of voids: it differs from what the chain says.
    pub executed: bool,
}

/// Private states.
#[api(namespace = "psi")]
pub trait PsiApi {
    /// The private state this request is resolved to.
    ///
    /// In this order: URL parameter `?PSI=`, header `PSI`, header `Quorum-PSI`, else `private`.
    #[method(access = tenant, errors = [], params = r#"{}"#, result = r#"{
        "psi": "PS1",
        "configured": true,
        "party": "0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"
    }"#)]
    async fn current(&self, ctx: Self::Context) -> Result<Current, Error>;

    /// How far the caller's private state is, what it waits for, and what its party voided.
    ///
    /// While it is held it is read as of its head, and takes no calls. It goes on by itself once what it waits for has come.
    #[method(
        access = tenant,
        errors = [],
        params = r#"{}"#,
        result = r#"{
            "psi": "PS1",
            "head": 41,
            "lag": 3,
            "held": {
                "height": 42,
                "marker": "0x7777777777777777777777777777777777777777777777777777777777777777",
                "reason": "block 42 orders a call for it by marker 0x7777777777777777777777777777777777777777777777777777777777777777, but its payload is not on this node; it goes on by itself once that has come"
            },
            "unusable": null,
            "limits": {
                "gasPerSecond": {"limit": 500000000, "used": 1200},
                "requestsPerSecond": {"limit": null, "used": 0},
                "concurrent": {"limit": null, "used": 1},
                "subscriptions": {"limit": null, "used": 0},
                "pending": {"limit": 100, "used": 0},
                "payloadBytesPerDay": {"limit": null, "used": 0},
                "storageBytes": {"limit": 1073741824, "used": 20480}
            },
            "voids": []
        }"#
    )]
    async fn status(&self, ctx: Self::Context) -> Result<PsiStatus, Error>;

    /// Root of the caller's private state after a public block.
    #[method(
        access = tenant,
        errors = [NOT_FOUND, PRUNED],
        params = r#"{}"#,
        result = r#"{
            "psi": "PS1",
            "height": 4,
            "blockHash": "0x1111111111111111111111111111111111111111111111111111111111111111",
            "root": "0x2222222222222222222222222222222222222222222222222222222222222222"
        }"#
    )]
    async fn root(
        &self,
        ctx: Self::Context,
        /// Height of the public block; the newest if left out.
        height: Option<Number>,
    ) -> Result<PsiRoot, Error>;

    /// Root of this node's trie of private states after a public block.
    ///
    /// It is kept by the hash of the public block. Open to every tenant of a node in development mode.
    #[method(
        access = operator,
        errors = [NOT_FOUND, PRUNED],
        params = r#"{}"#,
        result = r#"{
            "height": 4,
            "blockHash": "0x1111111111111111111111111111111111111111111111111111111111111111",
            "root": "0x2222222222222222222222222222222222222222222222222222222222222222",
            "sealed": true
        }"#
    )]
    async fn trie_root(
        &self,
        ctx: Self::Context,
        /// Height of the public block; the newest if left out.
        height: Option<Number>,
    ) -> Result<PsiTrieRoot, Error>;

    /// How a private call of the caller's ended at each of its parties.
    ///
    /// The parties tell each other once they have executed it, signed, for 1,000 blocks. `differs` means that a party began with the same contents and ended with others: docs/OPERATIONS.md, "When parties differ".
    #[method(
        access = tenant,
        errors = [NOT_FOUND],
        params = r#"{"tx": "0x7777777777777777777777777777777777777777777777777777777777777777"}"#,
        result = r#"{
            "tx": "0x7777777777777777777777777777777777777777777777777777777777777777",
            "height": 4,
            "status": "ok",
            "parties": [
                {"party": "0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee", "status": "ok", "sameBefore": true},
                {"party": "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "status": "pending", "sameBefore": null}
            ]
        }"#
    )]
    async fn tx_status(
        &self,
        ctx: Self::Context,
        /// The marker's transaction.
        tx: Text<Hash>,
    ) -> Result<TxStatus, Error>;

    /// The root of the trie of private states that this node put on the chain last.
    ///
    /// With a proof of what the network contract has under `key`, a private proof for `height` rests on what everybody is shown, and not on the node's word to one client alone. A node anchors if its
    /// operator lets it (`anchor_every`).
    #[method(
        access = tenant,
        errors = [NOT_FOUND],
        params = r#"{}"#,
        result = r#"{
            "node": "0xcccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc",
            "height": 100,
            "blockHash": "0x1111111111111111111111111111111111111111111111111111111111111111",
            "root": "0x2222222222222222222222222222222222222222222222222222222222222222",
            "at": 101,
            "contract": "0x8888888888888888888888888888888888888888888888888888888888888888",
            "key": "0x0007616e63686f7273cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
        }"#
    )]
    async fn anchor(&self, ctx: Self::Context) -> Result<PsiAnchor, Error>;

    /// What the caller's private state holds of some contracts and storage keys after a public block, with the proof.
    ///
    /// It leads to the root of the node's trie of private states, which the node signs, and tells nothing of other private states. The
    /// form and how to check it: docs/PROTOCOL.md, "Proofs". It shows the path keys of the contracts: keep it among those who may know.
    #[method(
        access = tenant,
        errors = [NOT_FOUND, PRUNED, UNCONFIGURED],
        params = r#"{
            "contracts": [{
                "contract": "0x8888888888888888888888888888888888888888888888888888888888888888",
                "keys": ["0x00636f756e74"]
            }]
        }"#,
        result = r#"{
            "version": 1,
            "kind": "private",
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
                "votes": null
            },
            "statement": {
                "node": "0x9999999999999999999999999999999999999999999999999999999999999999",
                "root": "0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                "signature": "0xbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
            },
            "path": "0xcccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc",
            "root": "0xdddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd",
            "proof": {"steps": "0x40", "siblings": [], "others": []},
            "state": {
                "contracts": [{
                    "contract": "0x8888888888888888888888888888888888888888888888888888888888888888",
                    "leaf": null,
                    "pathKey": "fixed",
                    "slots": [{"key": "0x00636f756e74", "value": null}],
                    "proof": null
                }],
                "proof": {"steps": "0x00", "siblings": [], "others": []}
            }
        }"#
    )]
    async fn proof(
        &self,
        ctx: Self::Context,
        /// Contracts and keys.
        contracts: Vec<AskedContract>,
        /// Height of the public block; the newest that all private states are done with if left out.
        height: Option<Number>,
    ) -> Result<PrivateJson, Error>;
}
