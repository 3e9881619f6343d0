//! Namespace `psi`: the caller's private state and the trie of all private states. Not here: what is in a private state.
//! Invariant: nothing here tells one tenant anything of another; the trie root is the operator's.

use coffer_abi::Hash;
use coffer_api_macros::api;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;
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
}
