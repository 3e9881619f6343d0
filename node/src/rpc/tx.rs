//! Namespace `tx`. Invariant: a subscription ends with an item that says so.

use coffer_abi::Hash;
use coffer_api::Error;
use coffer_api::error::Ran;
use coffer_api::table::Items;
use coffer_api::tx::{Progress, ProgressStatus, Receipt, TxApi};
use coffer_api::types::Text;
use futures::StreamExt;
use serde_json::Value;

use super::error::from_invoke;
use super::methods::Handlers;
use super::outcome::{Reader, events, word};
use crate::invoke::{self, Asked, Emitters, Follower, Found, Scope, Step};
use crate::state::Place;
use crate::tenant::TenantContext;

impl TxApi for Handlers {
    type Context = TenantContext;

    async fn receipt(&self, ctx: TenantContext, tx: Text<Hash>) -> Result<Receipt, Error> {
        let found = self.invoker.receipt(&ctx, tx.0).await.map_err(from_invoke)?;
        let found = found.ok_or_else(|| Error::not_found("transaction", tx.0))?;
        self.receipt_of(&ctx, &found).await
    }

    async fn subscribe(&self, ctx: TenantContext, tx: Text<Hash>) -> Result<Items<Progress>, Error> {
        let follower = self.invoker.follow(&ctx, tx.0).await.map_err(from_invoke)?;
        let suspended = self.invoker.until_suspended(ctx.psi());
        let followed = Followed { handlers: self.clone(), ctx, tx, follower };
        Ok(Box::pin(futures::stream::unfold(followed, Followed::step).take_until(suspended)))
    }
}

impl Handlers {
    async fn receipt_of(&self, ctx: &TenantContext, found: &Found) -> Result<Receipt, Error> {
        let place = Place { height: found.receipt.height, index: found.receipt.index };
        let events = &found.receipt.receipt.events;
        let emitters = self.invoker.emitters(ctx, found.scope, place, events).await.map_err(from_invoke)?;
        Ok(shown(found, &emitters))
    }
}

/// Where a subscription stands.
struct Followed {
    handlers: Handlers,
    ctx: TenantContext,
    tx: Text<Hash>,
    follower: Follower,
}

impl Followed {
    async fn step(mut self) -> Option<(Progress, Self)> {
        let Step { progress, is_last } = self.follower.next().await?;
        let mut item = Progress {
            tx: self.tx,
            status: ProgressStatus::Unknown,
            last: is_last,
            valid_until: None,
            height: None,
            index: None,
            block_hash: None,
            held: None,
            receipt: None,
        };
        match progress {
            invoke::Progress::Unknown => {}
            invoke::Progress::Waiting { valid_until } => {
                (item.status, item.valid_until) = (ProgressStatus::Waiting, Some(valid_until.0));
            }
            invoke::Progress::Expired { valid_until } => {
                (item.status, item.valid_until) = (ProgressStatus::Expired, Some(valid_until.0));
            }
            invoke::Progress::Ordered { place, block_hash, hold } => {
                item.status = ProgressStatus::Ordered;
                item.held = hold.map(|hold| hold.to_string());
                put(&mut item, place, block_hash);
            }
            invoke::Progress::Final(found) => {
                let place = Place { height: found.receipt.height, index: found.receipt.index };
                item.status = ProgressStatus::Final;
                put(&mut item, place, found.block_hash);
                // Without a receipt the item still says where it is; `tx_receipt` says what is the matter.
                item.receipt = self.handlers.receipt_of(&self.ctx, &found).await.ok();
            }
        }
        Some((item, self))
    }
}

fn put(item: &mut Progress, place: Place, block_hash: Hash) {
    let Place { height, index } = place;
    (item.height, item.index, item.block_hash) = (Some(height.0), Some(index), Some(Text(block_hash)));
}

fn shown(found: &Found, emitters: &Emitters) -> Receipt {
    let Found { scope, receipt: place, block_hash, asked } = found;
    let receipt = &place.receipt;
    let reader = match asked {
        Asked::Method(method, spec) => Reader::new(spec.as_deref(), method),
        Asked::Authority | Asked::Members | Asked::Sealed | Asked::Void => Reader { spec: None, method: None },
    };
    let tx = receipt.tx;
    let ran = Ran { tx: Some(tx.to_string()), height: Some(place.height.0), gas_used: receipt.gas_used.0 };
    let (result, error) = match reader.result(&receipt.status, ran) {
        Ok(result) => (result, Value::Null),
        Err(error) => (Value::Null, error.data()),
    };
    Receipt {
        tx: Text(tx),
        height: place.height.0,
        block_hash: Text(*block_hash),
        private: *scope == Scope::Private,
        contract: receipt.contract.map(Text),
        status: word(&receipt.status),
        result,
        error,
        events: events(&receipt.events, emitters),
        gas_used: receipt.gas_used.0,
    }
}
