//! Namespace `tx`.

use coffer_abi::Hash;
use coffer_api::Error;
use coffer_api::error::Ran;
use coffer_api::tx::{Receipt, TxApi};
use coffer_api::types::Text;
use serde_json::Value;

use super::error::from_invoke;
use super::methods::Handlers;
use super::outcome::{Reader, events, word};
use crate::invoke::{Asked, Emitters, Found, Scope};
use crate::state::Place;
use crate::tenant::TenantContext;

impl TxApi for Handlers {
    type Context = TenantContext;

    async fn receipt(&self, ctx: TenantContext, tx: Text<Hash>) -> Result<Receipt, Error> {
        let found = self.invoker.receipt(&ctx, tx.0).await.map_err(from_invoke)?;
        let found = found.ok_or_else(|| Error::not_found("transaction", tx.0))?;
        let place = Place { height: found.receipt.height, index: found.receipt.index };
        let events = &found.receipt.receipt.events;
        let emitters = self.invoker.emitters(&ctx, found.scope, place, events).await.map_err(from_invoke)?;
        Ok(shown(&found, &emitters))
    }
}

fn shown(found: &Found, emitters: &Emitters) -> Receipt {
    let Found { scope, receipt: place, block_hash, asked } = found;
    let receipt = &place.receipt;
    let reader = match asked {
        Asked::Method(method, spec) => Reader::new(spec.as_deref(), method),
        Asked::Authority | Asked::Sealed => Reader { spec: None, method: None },
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
