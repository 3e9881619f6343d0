//! Namespace `chain`. Invariant: a subscription tells every block once, in order, however slowly it is read.

use coffer_abi::{Hash, Height};
use coffer_api::Error;
use coffer_api::chain::{Block, ChainApi, Head, Limit, Parameters};
use coffer_api::table::Items;
use coffer_api::types::{Number, Text};
use coffer_chain::versions::Meaning;
use coffer_proof::json::ChainJson;
use coffer_runtime::validate::limits;
use tokio::sync::watch;

use super::error::{from_state, no_block};
use super::methods::Handlers;
use crate::executor::Known;
use crate::state::{self, BlockId, State};

fn shown(head: &state::Head) -> Head {
    Head { height: head.height.0, hash: Text(head.hash), state_root: Text(head.state_root), time: head.time.0 }
}

impl ChainApi for Handlers {
    async fn head(&self) -> Result<Head, Error> {
        Ok(shown(&self.invoker.state().head()))
    }

    async fn block(&self, height: Option<Number>, hash: Option<Text<Hash>>) -> Result<Block, Error> {
        let (id, head) = self.named(height, hash)?;
        let found = self.read(move |state| state.block(id)).await?;
        found.map(|stored| Block::from(&stored.block)).ok_or_else(|| missing(id, head))
    }

    async fn proof(
        &self,
        height: Option<Number>,
        hash: Option<Text<Hash>>,
        from: Option<Number>,
    ) -> Result<ChainJson, Error> {
        let (id, head) = self.named(height, hash)?;
        let from = from.map_or(0, |from| from.0);
        let proof = match self.read(move |state| Ok(state.prove_chain(id, from))).await? {
            Err(state::Error::Asked(reason)) => {
                return Err(Error::invalid(if from > 0 { "from" } else { "height" }, reason));
            }
            found => found.map_err(from_state)?.ok_or_else(|| missing(id, head))?,
        };
        ChainJson::try_from(&proof).map_err(|error| Error::Internal(error.to_string()))
    }

    async fn parameters(&self) -> Result<Parameters, Error> {
        let invoker = self.invoker.clone();
        let (now, versions) = self.read(move |_| Ok((invoker.parameters()?, invoker.versions()?))).await?;
        let meaning = Known::of_program().meaning(versions.next).map_err(|error| Error::Internal(error.to_string()))?;
        let Meaning { pass_version, schedule_version, caps } = meaning;
        let limit = |(name, allowed): (&str, u64)| Limit { name: name.into(), allowed };
        Ok(Parameters {
            chain_id: Text(*self.invoker.chain_id()),
            version: versions.next.version,
            max_tx_gas: now.max_tx_gas.0,
            max_block_gas: now.max_block_gas.0,
            max_tx_bytes: now.max_tx_bytes,
            max_block_bytes: now.max_block_bytes,
            tick_ms: now.tick_ms,
            pass_version,
            schedule_version,
            features: caps.features.names().into_iter().map(Into::into).collect(),
            limits: limits(&caps).into_iter().map(limit).collect(),
        })
    }

    async fn subscribe_heads(&self) -> Result<Items<Head>, Error> {
        let heads = self.invoker.state().watch();
        let next = heads.borrow().height;
        let follower = Follower { state: self.invoker.state().clone(), heads, next };
        Ok(Box::pin(futures::stream::unfold(follower, Follower::step)))
    }
}

impl Handlers {
    /// The block that a request names, the newest one if none, and the height of that.
    fn named(&self, height: Option<Number>, hash: Option<Text<Hash>>) -> Result<(BlockId, Height), Error> {
        let head = self.invoker.state().head();
        let id = match (height, hash) {
            (Some(_), Some(_)) => return Err(Error::invalid("hash", "give `height` or `hash`, not both")),
            (Some(height), None) => BlockId::Height(Height(height.0)),
            (None, Some(hash)) => BlockId::Hash(hash.0),
            (None, None) => BlockId::Hash(head.hash),
        };
        Ok((id, head.height))
    }
}

fn missing(id: BlockId, head: Height) -> Error {
    match id {
        BlockId::Height(height) => no_block(height, head),
        BlockId::Hash(hash) => Error::not_found("block", hash),
    }
}

/// Where a subscription stands.
struct Follower {
    state: State,
    heads: watch::Receiver<state::Head>,
    next: Height,
}

impl Follower {
    /// The next head and the follower after it; `None` when the node stops or cannot read.
    async fn step(mut self) -> Option<(Head, Self)> {
        let newest = self.heads.wait_for(|head| head.height >= self.next).await.ok()?.clone();
        let head = if newest.height == self.next { shown(&newest) } else { self.stored().await? };
        self.next = self.next.next()?;
        Some((head, self))
    }

    /// A head that the watch has passed over, since it keeps only the newest.
    async fn stored(&self) -> Option<Head> {
        let (state, id) = (self.state.clone(), BlockId::Height(self.next));
        let read = tokio::task::spawn_blocking(move || state.block(id)).await;
        let stored = read.ok()?.ok()??;
        Some(Head::from(&stored.block.header))
    }
}
