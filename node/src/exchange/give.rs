//! Giving a payload to a node that may have it. Not here: when (`serve`). Invariant: a payload that is not here and one that the asker may not have are one answer, byte for byte: none.

use coffer_abi::{AccountId, codec};
use coffer_chain::Envelope;

use super::Exchange;
use super::message::Asked;
use crate::metrics;
use crate::privacy::marking::Shown;
use crate::state::{BlockId, Error, View};

/// Keys of a party that are tried at most for a payload of the past.
const EPOCHS: usize = 64;

impl Exchange {
    /// Answers a question for a payload: its bytes, or nothing. `None` if the question is none. May block.
    pub(super) fn give(&self, from: &AccountId, question: &[u8]) -> Option<Vec<u8>> {
        let asked: Asked = codec::decode(question).ok()?;
        Some(match self.find(from, &asked) {
            Ok(found) => {
                if found.is_some() {
                    metrics::PAYLOADS_GIVEN.add(1);
                }
                found.unwrap_or_default()
            }
            Err(error) => {
                tracing::warn!(%from, error, "a payload that was asked for could not be read");
                Vec::new()
            }
        })
    }

    fn find(&self, from: &AccountId, asked: &Asked) -> Result<Option<Vec<u8>>, String> {
        let parts = &self.parts;
        let text = |error: Error| error.to_string();
        let Some(found) = parts.state.receipt(None, &asked.tx).map_err(text)? else { return Ok(None) };
        let Some(stored) = parts.state.block(BlockId::Height(found.height)).map_err(text)? else { return Ok(None) };
        let Some(tx) = stored.block.transactions.get(found.index as usize) else { return Ok(None) };
        let Some(shown) = Shown::of(&tx.body).filter(|shown| shown.marker.payload == asked.payload) else {
            return Ok(None);
        };
        let (now, then) = (parts.state.public(), parts.state.public_at(found.height));
        let serves = |view: &View| {
            let serving = view.serving(&asked.party, view.height())?;
            let before = |serving: &crate::state::Serving| serving.before.is_some_and(|before| before.node == *from);
            Ok::<_, Error>(serving.is_some_and(|serving| serving.node == *from || before(&serving)))
        };
        let served_then = || then.as_ref().map_or(Ok(false), serves);
        if !serves(&now).map_err(text)? && !served_then().map_err(text)? {
            return Ok(None);
        }
        let Some(payload) = parts.payloads.get(&asked.payload).map_err(|error| error.to_string())? else {
            return Ok(None);
        };
        if parts.kept.is_for(&asked.payload, &asked.party) {
            return Ok(Some(payload));
        }
        let Ok(envelope) = Envelope::decode(&payload) else { return Ok(None) };
        for (place, party) in parts.residents.all_addressed(&shown) {
            let Some(newest) = now.party(&party).map_err(text)?.map(|record| record.epoch) else { continue };
            let epochs: Vec<u32> = (0..=newest).rev().take(EPOCHS).collect();
            if let Some(text) = self.opened(&envelope, place, &party, &epochs) {
                let is_party = text.call.body.parties.place(&asked.party).is_some();
                return Ok(is_party.then_some(payload));
            }
        }
        Ok(None)
    }
}
