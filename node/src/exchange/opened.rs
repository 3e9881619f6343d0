//! What of a payload this node can open with the keys of its tenants. Not here: executing it (`executor`). Invariant: what opens is used to decide who may have the payload, and goes nowhere else.

use coffer_abi::{AccountId, Height};
use coffer_chain::{Envelope, Text};

use super::Exchange;
use crate::privacy::envelope::{content_key, open};
use crate::privacy::wraps::ContentKey;
use crate::state::{Error, View};

/// How a party stands to this node.
pub(super) enum Standing {
    /// This node serves it, and has its keys of these epochs.
    Served(Vec<u32>),
    /// This node is one of its custodians.
    Custodian,
    /// Neither.
    Elsewhere,
}

impl Exchange {
    /// How a party stands to this node by the public state, for what is ordered at `height` or soon after.
    pub(super) fn standing(&self, view: &View, party: &AccountId, height: Height) -> Result<Standing, Error> {
        let Some(serving) = view.serving(party, height)? else { return Ok(Standing::Elsewhere) };
        let me = self.me();
        let is_served = serving.node == me || serving.before.is_some_and(|before| before.node == me);
        if is_served && self.parts.residents.of_party(party).is_some() {
            let epochs = [serving.epoch].into_iter().chain(serving.before.map(|before| before.epoch));
            return Ok(Standing::Served(epochs.collect()));
        }
        let is_custodian = serving.custodians.contains(&me);
        Ok(if is_custodian { Standing::Custodian } else { Standing::Elsewhere })
    }

    /// The text of a payload, by the wrap of a party of this node.
    pub(super) fn opened(&self, envelope: &Envelope, place: usize, party: &AccountId, epochs: &[u32]) -> Option<Text> {
        self.opened_with(envelope, place, party, epochs).map(|(_, text)| text)
    }

    /// The same with the content key.
    pub(super) fn opened_with(
        &self,
        envelope: &Envelope,
        place: usize,
        party: &AccountId,
        epochs: &[u32],
    ) -> Option<(ContentKey, Text)> {
        let residents = &self.parts.residents;
        let secret = residents.secret(&residents.of_party(party)?)?;
        let key = |epoch: &u32| content_key(envelope, place, party, *epoch, &secret.encryption(*epoch)).ok();
        let key = epochs.iter().find_map(key)?;
        let text = open(envelope, &key).ok()?;
        Some((key, text))
    }
}
