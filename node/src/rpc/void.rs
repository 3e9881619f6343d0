//! Namespace `privacy`, voids. Not here: signing them (`invoke`). Invariant: a marker that names somebody else and one that does not exist look the same.

use coffer_abi::Hash;
use coffer_api::Error;
use coffer_api::types::Text;
use coffer_api::void::{VoidApi, VoidReceipt};

use super::error::from_invoke;
use super::methods::Handlers;
use super::outcome::word;
use crate::tenant::TenantContext;

impl VoidApi for Handlers {
    type Context = TenantContext;

    async fn void(&self, ctx: TenantContext, tx: Text<Hash>) -> Result<VoidReceipt, Error> {
        let done = self.invoker.void(&ctx, tx.0).await.map_err(from_invoke)?;
        let (void, settled) = done.ok_or_else(|| Error::not_found("transaction", tx.0))?;
        Ok(VoidReceipt {
            tx: Text(settled.receipt.tx),
            height: settled.height.0,
            marker: tx,
            marker_height: void.height.0,
            place: void.place,
            status: word(&settled.receipt.status),
        })
    }
}
