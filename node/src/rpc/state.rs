//! Namespace `state`.

use coffer_abi::Height;
use coffer_api::Error;
use coffer_api::state::{AskedContract, StateApi, StateRoot, asked};
use coffer_api::types::{Number, Text};
use coffer_proof::json::PublicJson;

use super::error::no_block;
use super::methods::Handlers;
use crate::state::BlockId;
use crate::tenant::TenantContext;

impl StateApi for Handlers {
    type Context = TenantContext;

    async fn root(&self, _ctx: TenantContext, height: Option<Number>) -> Result<StateRoot, Error> {
        let head = self.invoker.state().head();
        let Some(height) = height.map(|h| Height(h.0)).filter(|h| *h != head.height) else {
            return Ok(StateRoot { height: head.height.0, block_hash: Text(head.hash), root: Text(head.state_root) });
        };
        let stored = self.read(move |state| state.block(BlockId::Height(height))).await?;
        let header = stored.ok_or_else(|| no_block(height, head.height))?.block.header;
        Ok(StateRoot { height: height.0, block_hash: Text(header.hash()), root: Text(header.state_root) })
    }

    async fn proof(
        &self,
        _ctx: TenantContext,
        contracts: Vec<AskedContract>,
        height: Option<Number>,
    ) -> Result<PublicJson, Error> {
        let proof = self.read(move |state| {
            let height = height.map_or_else(|| state.head().height, |h| Height(h.0));
            state.prove_public(height, &asked(contracts))
        });
        PublicJson::try_from(&proof.await?).map_err(|error| Error::Internal(error.to_string()))
    }
}
