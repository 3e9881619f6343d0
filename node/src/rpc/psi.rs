//! Namespace `psi`: the caller's private state and the trie of all. Not here: which private state a request is for (`resolution`).

use coffer_abi::{Hash, Height};
use coffer_api::Error;
use coffer_api::psi::{
    Current, PsiAnchor, PsiApi, PsiHold, PsiRoot, PsiStatus, PsiTrieRoot, PsiVoid, TxParty, TxStanding, TxStatus,
};
use coffer_api::state::{AskedContract, asked};
use coffer_api::types::{Number, Text};
use coffer_chain::network::{self, AnchorRecord};
use coffer_proof::Statement;
use coffer_proof::json::{Hex, PrivateJson};

use super::error::from_invoke;
use super::methods::Handlers;
use super::tenant::shown_taken;
use crate::invoke::{CallOutcome, PartyOutcome, PartyStanding, PrivateStanding, VoidedMarker};
use crate::tenant::TenantContext;

impl PsiApi for Handlers {
    type Context = TenantContext;

    async fn current(&self, ctx: TenantContext) -> Result<Current, Error> {
        let party = self.invoker.party_of(ctx.psi()).map(Text);
        Ok(Current { psi: ctx.psi().to_string(), configured: ctx.is_configured(), party })
    }

    async fn status(&self, ctx: TenantContext) -> Result<PsiStatus, Error> {
        let PrivateStanding { head, chain, hold, unusable, taken, voids } =
            self.invoker.standing(&ctx).await.map_err(from_invoke)?;
        let held = hold.map(|hold| PsiHold {
            height: hold.height.0,
            marker: hold.marker().map(Text),
            reason: hold.to_string(),
        });
        let shown = |VoidedMarker { marker, height, voided, is_executed }| PsiVoid {
            marker: Text(marker),
            height: height.0,
            voided: voided.0,
            executed: is_executed,
        };
        Ok(PsiStatus {
            psi: ctx.psi().to_string(),
            head: head.0,
            lag: chain.0.saturating_sub(head.0),
            held,
            unusable,
            limits: taken.map(|(limits, used)| shown_taken(&limits, &used)),
            voids: voids.into_iter().map(shown).collect(),
        })
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

    async fn tx_status(&self, ctx: TenantContext, tx: Text<Hash>) -> Result<TxStatus, Error> {
        let found = self.invoker.outcome(&ctx, tx.0).await.map_err(from_invoke)?;
        let hint = "a private call is known to its parties alone, once its marker is in a block".to_owned();
        let none = || Error::NotFound { what: "private call", id: tx.0.to_string(), hint };
        let CallOutcome { height, own, others } = found.ok_or_else(none)?;
        let shown = |PartyOutcome { party, standing, is_same_before }| TxParty {
            party: Text(party),
            status: standing_of(standing),
            same_before: is_same_before,
        };
        let parties = others.into_iter().map(shown).collect();
        Ok(TxStatus { tx, height: height.0, status: standing_of(own), parties })
    }

    async fn anchor(&self, _ctx: TenantContext) -> Result<PsiAnchor, Error> {
        let node = self.invoker.node_signer().account();
        let found = self.read(move |state| state.public().anchor(&node)).await?;
        let hint = "this node puts no root on the chain, or has not yet: its operator sets `anchor_every`".to_owned();
        let none = || Error::NotFound { what: "anchor", id: node.to_string(), hint };
        let AnchorRecord { node, height, block, root, at } = found.ok_or_else(none)?;
        Ok(PsiAnchor {
            node: Text(node),
            height: height.0,
            block_hash: Text(block),
            root: Text(root),
            at: at.0,
            contract: Text(network::contract()),
            key: Hex(network::anchor_key(&node)),
        })
    }

    async fn proof(
        &self,
        ctx: TenantContext,
        contracts: Vec<AskedContract>,
        height: Option<Number>,
    ) -> Result<PrivateJson, Error> {
        let (psi, invoker) = (ctx.psi().clone(), self.invoker.clone());
        let proof = self.read(move |state| {
            let height = height.map_or_else(|| state.private_finished(), |h| Height(h.0));
            state.prove_private(&psi, height, &asked(contracts), |block, root| {
                Statement::sign(&invoker.node_signer(), block, root)
            })
        });
        PrivateJson::try_from(&proof.await?).map_err(|error| Error::Internal(error.to_string()))
    }
}

fn standing_of(standing: PartyStanding) -> TxStanding {
    match standing {
        PartyStanding::Pending => TxStanding::Pending,
        PartyStanding::Ok => TxStanding::Ok,
        PartyStanding::Failed => TxStanding::Failed,
        PartyStanding::Missing => TxStanding::Missing,
        PartyStanding::Voided => TxStanding::Voided,
        PartyStanding::Differs => TxStanding::Differs,
    }
}
