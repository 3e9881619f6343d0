//! Namespace `privacy`, voids: that a party never executes what a marker orders for it. Not here: how a private state stands (`psi`). Invariant: only a party's own tenant voids for it.

use coffer_abi::Hash;
use coffer_api_macros::api;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::tx::TxStatus;
use crate::types::Text;

/// A void that is in the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VoidReceipt {
    /// The void's transaction.
    pub tx: Text<Hash>,
    /// Height of its block.
    pub height: u64,
    /// The marker's transaction.
    pub marker: Text<Hash>,
    /// Height of the marker's block.
    pub marker_height: u64,
    /// The place of the party's slot, from 0.
    pub place: u8,
    /// How it ended.
    pub status: TxStatus,
}

/// Voids.
#[api(namespace = "privacy")]
pub trait VoidApi {
    /// Voids a private transaction that the caller's private state has not executed: its party signs that it never does.
    ///
    /// For a private state that is held at a marker whose payload is lost for good. From the first moment on this node never executes it, whatever arrives; the private state
    /// goes on once the void is in a block. Other parties execute it all the same, so the contracts that it concerned differ from then on. It cannot be taken back. Asked again it is sent
    /// again, for one that no block took in time.
    #[method(
        access = tenant,
        errors = [NOT_FOUND, UNCONFIGURED],
        params = r#"{"tx": "0x7777777777777777777777777777777777777777777777777777777777777777"}"#,
        result = r#"{
            "tx": "0x8888888888888888888888888888888888888888888888888888888888888888",
            "height": 47,
            "marker": "0x7777777777777777777777777777777777777777777777777777777777777777",
            "markerHeight": 42,
            "place": 1,
            "status": "ok"
        }"#
    )]
    async fn void(
        &self,
        ctx: Self::Context,
        /// The marker's transaction.
        tx: Text<Hash>,
    ) -> Result<VoidReceipt, Error>;
}
