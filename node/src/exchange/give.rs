//! Giving a payload, or its content key, to a node that may have it. Not here: when (`serve`). Invariant: a payload that is not here and one that the asker may not have are one answer, byte for byte: none.

use coffer_abi::{AccountId, codec};
use coffer_chain::{Envelope, Text, TxBody};

use super::Exchange;
use super::message::Asked;
use crate::metrics;
use crate::privacy::marking::Shown;
use crate::privacy::wraps::ContentKey;
use crate::state::{BlockId, Error, Serving, View};

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

    /// Answers a question for a content key: its bytes, or nothing. `None` if the question is none. May block.
    pub(super) fn give_key(&self, from: &AccountId, question: &[u8]) -> Option<Vec<u8>> {
        let asked: Asked = codec::decode(question).ok()?;
        Some(match self.find_key(from, &asked) {
            Ok(key) => key.map(|key| key.bytes().to_vec()).unwrap_or_default(),
            Err(error) => {
                tracing::warn!(%from, error, "a content key that was asked for could not be read");
                Vec::new()
            }
        })
    }

    /// The marker that is asked about, if the asker serves the party now, or did at its height.
    fn marker(&self, from: &AccountId, asked: &Asked) -> Result<Option<TxBody>, String> {
        let parts = &self.parts;
        let text = |error: Error| error.to_string();
        let Some(found) = parts.state.receipt(None, &asked.tx).map_err(text)? else { return Ok(None) };
        let Some(mut stored) = parts.state.block(BlockId::Height(found.height)).map_err(text)? else {
            return Ok(None);
        };
        let index = found.index as usize;
        if index >= stored.block.transactions.len() {
            return Ok(None);
        }
        let body = stored.block.transactions.swap_remove(index).body;
        if Shown::of(&body).is_none_or(|shown| shown.marker.payload != asked.payload) {
            return Ok(None);
        }
        let (now, then) = (parts.state.public(), parts.state.public_at(found.height));
        let serves = |view: &View| {
            let serving = view.serving(&asked.party, view.height())?;
            let before = |serving: &Serving| serving.before.is_some_and(|before| before.node == *from);
            Ok::<_, Error>(serving.is_some_and(|serving| serving.node == *from || before(&serving)))
        };
        let served_then = || then.as_ref().map_or(Ok(false), serves);
        let is_served = serves(&now).map_err(text)? || served_then().map_err(text)?;
        Ok(is_served.then_some(body))
    }

    fn find(&self, from: &AccountId, asked: &Asked) -> Result<Option<Vec<u8>>, String> {
        let parts = &self.parts;
        let Some(body) = self.marker(from, asked)? else { return Ok(None) };
        let Some(payload) = parts.payloads.get(&asked.payload).map_err(|error| error.to_string())? else {
            return Ok(None);
        };
        if parts.kept.is_for(&asked.payload, &asked.party) {
            return Ok(Some(payload));
        }
        let is_party = |(_, text): (ContentKey, Text)| text.call.body.parties.place(&asked.party).is_some();
        Ok(self.read(&body, &payload)?.is_some_and(is_party).then_some(payload))
    }

    fn find_key(&self, from: &AccountId, asked: &Asked) -> Result<Option<ContentKey>, String> {
        let Some(body) = self.marker(from, asked)? else { return Ok(None) };
        let Some(payload) = self.parts.payloads.get(&asked.payload).map_err(|error| error.to_string())? else {
            return Ok(None);
        };
        let read = self.read(&body, &payload)?;
        let read = read.filter(|(_, text)| text.call.body.parties.place(&asked.party).is_some());
        Ok(read.map(|(key, _)| key))
    }

    /// What a payload says to the parties of this node that its marker is addressed to.
    fn read(&self, body: &TxBody, payload: &[u8]) -> Result<Option<(ContentKey, Text)>, String> {
        let (parts, now) = (&self.parts, self.parts.state.public());
        let (Some(shown), Ok(envelope)) = (Shown::of(body), Envelope::decode(payload)) else { return Ok(None) };
        for (place, party) in parts.residents.all_addressed(&shown) {
            let record = now.party(&party).map_err(|error| error.to_string())?;
            let Some(newest) = record.map(|record| record.epoch) else { continue };
            let epochs: Vec<u32> = (0..=newest).rev().take(EPOCHS).collect();
            if let Some(read) = self.opened_with(&envelope, place, &party, &epochs) {
                return Ok(Some(read));
            }
        }
        Ok(None)
    }
}
