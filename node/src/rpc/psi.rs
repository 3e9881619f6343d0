//! Namespace `psi`: the caller's private state and the trie of all. Not here: which private state a request is for (`resolution`).

use coffer_abi::Height;
use coffer_api::Error;
use coffer_api::psi::{Current, PsiApi, PsiRoot, PsiTrieRoot};
use coffer_api::types::{Number, Text};

use super::methods::Handlers;
use crate::tenant::TenantContext;

impl PsiApi for Handlers {
    type Context = TenantContext;

    async fn current(&self, ctx: TenantContext) -> Result<Current, Error> {
        Ok(Current { psi: ctx.psi().to_string(), configured: ctx.is_configured() })
    }

    async fn root(&self, ctx: TenantContext, height: Option<Number>) -> Result<PsiRoot, Error> {
        let psi = ctx.psi().clone();
        let found = self.read(move |state| {
            // The newest block this private state is done with: it may trail the chain's head.
            let height = height.map_or_else(|| state.private_head(&psi), |h| Height(h.0));
            state.psi_root(&psi, height)
        });
        let found = found.await?;
        Ok(PsiRoot {
            psi: ctx.psi().to_string(),
            height: found.height.0,
            block_hash: Text(found.block_hash),
            root: Text(found.root),
        })
    }

    async fn trie_root(&self, _ctx: TenantContext, height: Option<Number>) -> Result<PsiTrieRoot, Error> {
        let found = self.read(move |state| {
            let height = height.map_or_else(|| state.head().height, |h| Height(h.0));
            state.psi_trie_root(height)
        });
        let found = found.await?;
        Ok(PsiTrieRoot {
            height: found.height.0,
            block_hash: Text(found.block_hash),
            root: Text(found.root),
            sealed: found.sealed,
        })
    }
}
