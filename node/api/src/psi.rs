//! Namespace `psi`: the caller's private state and the trie of all private states. Not here: what is in a private state.
//! Invariant: nothing here tells one tenant anything of another; the trie root is the operator's.

use coffer_abi::Hash;
use coffer_api_macros::api;
use coffer_proof::json::PrivateJson;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;
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

/// Private states.
#[api(namespace = "psi")]
pub trait PsiApi {
    /// The private state this request is resolved to.
    ///
    /// In this order: URL parameter `?PSI=`, header `PSI`, header `Quorum-PSI`, else `private`.
    #[method(access = tenant, errors = [], params = r#"{}"#, result = r#"{"psi": "PS1", "configured": true}"#)]
    async fn current(&self, ctx: Self::Context) -> Result<Current, Error>;

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
