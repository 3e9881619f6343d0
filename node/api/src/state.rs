//! Namespace `state`: roots of the public state. Not here: private states (`psi`). Invariant: a root is that of the state after the
//! block it is given with.

use coffer_abi::Hash;
use coffer_api_macros::api;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::types::{Number, Text};

/// Root of the public state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StateRoot {
    /// Height of the block.
    pub height: u64,
    /// Hash of the block.
    pub block_hash: Text<Hash>,
    /// Root of the public state after it.
    pub root: Text<Hash>,
}

/// The public state.
#[api(namespace = "state")]
pub trait StateApi {
    /// Root of the public state after a block.
    #[method(
        access = tenant,
        errors = [NOT_FOUND, PRUNED],
        params = r#"{"height": 4}"#,
        result = r#"{
            "height": 4,
            "blockHash": "0x1111111111111111111111111111111111111111111111111111111111111111",
            "root": "0x2222222222222222222222222222222222222222222222222222222222222222"
        }"#
    )]
    async fn root(
        &self,
        ctx: Self::Context,
        /// Height of the block; the newest if left out.
        height: Option<Number>,
    ) -> Result<StateRoot, Error>;
}
