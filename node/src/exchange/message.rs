//! What nodes say to each other about payloads. Not here: what is done about it (`accept`, `give`), bounds of the bodies (`network`). Invariant: a body has one form; lists in it are bounded when it is read.

use coffer_abi::{AccountId, Decode, Encode, Hash, Height, codec};
use coffer_chain::Signature;
use coffer_chain::members::MAX_CALL_PARTIES;

/// A party that a payload is to be kept for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Place {
    /// The party.
    pub party: AccountId,
    /// Where it stands among the parties of the call, which is the place of its wrap and of its slot.
    pub place: u8,
}

/// A payload that is handed over.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Delivery {
    /// Id of the marker.
    pub(super) marker: Hash,
    /// For whom.
    pub(super) places: Vec<Place>,
    /// The payload.
    pub(super) payload: Vec<u8>,
}

impl Delivery {
    /// Reads one; `None` if it is none, or for nobody, or for somebody twice.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let delivery: Self = codec::decode(bytes).ok()?;
        let places = &delivery.places;
        let is_first = |(at, one): (usize, &Place)| !places[..at].iter().any(|other| other.party == one.party);
        let is_valid = (1..=MAX_CALL_PARTIES).contains(&places.len()) && places.iter().enumerate().all(is_first);
        is_valid.then_some(delivery)
    }
}

/// The answer to a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) enum Answer {
    /// It is kept: the signatures of the custody receipts, one for each party, in their order.
    Kept(Vec<Signature>),
    /// It is not.
    Refused(Refusal),
}

/// Why a payload is not kept. It tells nothing that the sender did not send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, thiserror::Error)]
pub enum Refusal {
    /// Its bytes are no delivery, or its payload none.
    #[error("it takes the bytes for no payload")]
    NoPayload,
    /// It is for another chain or marker than its header says.
    #[error("the payload is for another chain or marker than it was handed over for")]
    OtherMarker,
    /// It is past, or too far ahead. Carries the next height of the node that was asked.
    #[error("its marker may not be in block {0}, the next one there, or is valid for longer than a transaction may be")]
    Validity(Height),
    /// The node neither serves the party nor is one of its custodians.
    #[error("it neither serves the party {0} nor is a custodian of it")]
    NotHere(AccountId),
    /// Its wrap does not open for the party, or the text not under the key.
    #[error("the payload does not open for the party {0}; its encryption key may have been replaced: send again")]
    NotOpened(AccountId),
    /// The party stands elsewhere in the call, or not at all.
    #[error("the party {0} does not stand at that place of the call, or the call is not signed as it must be")]
    OtherPlace(AccountId),
    /// The sender has too much there that no marker of the chain names. Carries how long it may take, milliseconds.
    #[error("it keeps too much of this node already that no block has a marker for; try again in {0} ms")]
    OverQuota(u32),
    /// The node has too much to do. Carries when to try again, milliseconds.
    #[error("it is busy; try again in {0} ms")]
    Busy(u32),
    /// The node could not keep it.
    #[error("it could not keep the payload")]
    Failed,
}

/// The answer to an acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) enum Taken {
    /// It is, or was.
    Yes,
    /// It is not, and will not be.
    No,
    /// Not yet: the calls are not all executed there.
    Later,
}

/// A payload that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Asked {
    /// Its hash.
    pub(super) payload: Hash,
    /// The transaction of its marker.
    pub(super) tx: Hash,
    /// The party for which it is asked.
    pub(super) party: AccountId,
}

#[cfg(test)]
mod tests {
    use coffer_chain::envelope;

    use super::*;
    use crate::network::Question;

    fn place(n: u8) -> Place {
        Place { party: AccountId([n; 32]), place: n }
    }

    fn delivery(places: Vec<Place>, bytes: usize) -> Vec<u8> {
        Delivery { marker: Hash([1; 32]), places, payload: vec![7; bytes] }.encode()
    }

    #[test]
    fn the_largest_delivery_fits_and_one_for_nobody_or_somebody_twice_is_none() {
        let all: Vec<_> = (0..MAX_CALL_PARTIES as u8).map(place).collect();
        let largest = delivery(all.clone(), envelope::MAX_BYTES);
        assert!(largest.len() <= Question::Deliver.max_question());
        assert_eq!(Delivery::read(&largest).unwrap().places, all);
        assert_eq!(Delivery::read(&delivery(vec![], 9)), None);
        assert_eq!(Delivery::read(&delivery(vec![place(1), place(2), place(1)], 9)), None);
        let many: Vec<_> = (0..=MAX_CALL_PARTIES as u8).map(place).collect();
        assert_eq!(Delivery::read(&delivery(many, 9)), None);
        for length in 0..largest.len().min(200) {
            assert_eq!(Delivery::read(&largest[..length]), None);
        }
        let longer = [delivery(vec![place(1)], 9), vec![0]].concat();
        assert_eq!(Delivery::read(&longer), None);
    }

    #[test]
    fn answers_and_questions_fit_into_their_bounds() {
        let kept = Answer::Kept(vec![Signature([1; 64]); MAX_CALL_PARTIES]).encode();
        let refused = Answer::Refused(Refusal::NotHere(AccountId([1; 32]))).encode();
        assert!(kept.len().max(refused.len()) <= Question::Deliver.max_answer());
        let asked = Asked { payload: Hash([1; 32]), tx: Hash([2; 32]), party: AccountId([3; 32]) };
        assert!(asked.encode().len() <= Question::Fetch.max_question());
    }
}
