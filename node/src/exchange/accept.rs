//! Taking a payload over: looking at it, keeping it, signing for it. Not here: when (`serve`). Invariants: who serves a party looks before it signs, so that what it signed for executes or fails at all parties alike; a
//! receipt is signed after the disk has the payload and for whom it is kept.

use coffer_abi::{AccountId, Encode, Height};
use coffer_chain::envelope::payload_hash;
use coffer_chain::rules::MAX_VALIDITY;
use coffer_chain::{Custody, Envelope, Signature};

use super::Exchange;
use super::kept::Record;
use super::message::{Answer, Delivery, Place, Refusal};
use super::opened::Standing;
use crate::metrics;
use crate::state;

/// When to try again who sent more than its share: some blocks later.
const LATER: u32 = 5_000;

/// Why a delivery is not taken.
enum Stop {
    Refused(Refusal),
    Failed(String),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<state::Error> for Stop {
    fn from(error: state::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl Exchange {
    /// Answers a delivery; `None` if it is none. May block.
    pub(super) fn take(&self, from: &AccountId, question: &[u8]) -> Option<Vec<u8>> {
        let delivery = Delivery::read(question)?;
        let answer = match self.keep(from, &delivery) {
            Ok(signatures) => {
                metrics::PAYLOADS_TAKEN.add(1);
                Answer::Kept(signatures)
            }
            Err(Stop::Refused(refusal)) => {
                metrics::PAYLOADS_REFUSED.add(1);
                tracing::debug!(%from, %refusal, "a payload was not taken");
                Answer::Refused(refusal)
            }
            Err(Stop::Failed(error)) => {
                tracing::error!(%from, error, "a payload could not be taken");
                Answer::Refused(Refusal::Failed)
            }
        };
        Some(answer.encode())
    }

    /// The signatures of the receipts, one for each place: of a party that it serves the node has looked at the wrap, and its receipt for another one says nothing of that.
    fn keep(&self, from: &AccountId, delivery: &Delivery) -> Result<Vec<Signature>, Stop> {
        let parts = &self.parts;
        let Delivery { marker, places, payload } = delivery;
        let envelope = Envelope::decode(payload).map_err(|_| Refusal::NoPayload)?;
        if envelope.header.chain_id != parts.chain_id || envelope.header.marker != *marker {
            return Err(Refusal::OtherMarker.into());
        }
        let (head, valid_until) = (parts.state.head().height, envelope.header.valid_until);
        let next = Height(head.0.saturating_add(1));
        if valid_until < next || valid_until.0 - next.0 > MAX_VALIDITY {
            return Err(Refusal::Validity(next).into());
        }
        let hash = payload_hash(payload);
        if !parts.kept.has_room(from, &hash, payload.len()) {
            return Err(Refusal::OverQuota(LATER).into());
        }
        let view = parts.state.public();
        for place in places {
            match self.standing(&view, &place.party, next)? {
                Standing::Served(epochs) => self.look(&envelope, place, &epochs)?,
                Standing::Custodian => {}
                Standing::Elsewhere => return Err(Refusal::NotHere(place.party).into()),
            }
        }
        let failed = |error: &dyn std::fmt::Display| Stop::Failed(error.to_string());
        let parties = places.iter().map(|place| place.party).collect();
        let bytes = u32::try_from(payload.len()).map_err(|_| Refusal::NoPayload)?;
        // ORDER: for whom, then what: a private state that is told of the payload may be asked for it.
        let record = Record { payload: hash, from: *from, bytes, valid_until, at: head, parties };
        parts.kept.add(&record).map_err(|error| failed(&error))?;
        parts.payloads.put(&hash, payload).map_err(|error| failed(&error))?;
        // ORDER: the receipt says that both are on the disk.
        let sign = |place: &Place| Custody::sign(&parts.signer, &parts.chain_id, marker, &hash, &place.party).signature;
        Ok(places.iter().map(sign).collect())
    }

    /// What who serves a party can see before anybody is bound by it.
    fn look(&self, envelope: &Envelope, at: &Place, epochs: &[u32]) -> Result<(), Refusal> {
        let Place { party, place } = *at;
        let text = self.opened(envelope, usize::from(place), &party, epochs).ok_or(Refusal::NotOpened(party))?;
        let call = &text.call;
        let stands = call.body.parties.place(&party) == Some(usize::from(place));
        let is_signed = call.is_authentic(&self.parts.chain_id);
        if stands && is_signed { Ok(()) } else { Err(Refusal::OtherPlace(party)) }
    }
}
