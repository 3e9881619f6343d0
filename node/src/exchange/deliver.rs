//! Handing a payload over to another node for a receipt. Not here: to whom (`invoke`), what the other does (`accept`). Invariant: what is taken for a receipt is one, of that node for that payload.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use coffer_abi::{AccountId, Encode, Hash, codec};
use coffer_chain::Custody;
use tokio::time::Instant;

use super::Exchange;
use super::message::{Answer, Delivery, Place, Refusal};
use crate::metrics;
use crate::network::{AskError, Misbehaviour, Question};

/// How long a node may take to answer, times when it asked to be asked again later included.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long it waits at least before it asks a busy one again, whatever that says.
const LEAST_WAIT: Duration = Duration::from_millis(200);

/// A sealed payload that is on its way.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// Id of its marker.
    pub marker: Hash,
    /// Its hash.
    pub hash: Hash,
    /// The payload.
    pub payload: Vec<u8>,
}

impl NotDelivered {
    /// True if the node will say so tomorrow, too: it has seen the payload, or knows that it is not for it.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Refused(Refusal::OverQuota(_) | Refusal::Busy(_) | Refusal::Failed) => false,
            Self::Refused(_) => true,
            Self::Silent(_) | Self::Late | Self::NoReceipt => false,
        }
    }
}

/// Why a node gave no receipt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotDelivered {
    /// It was not reached, or gave no answer.
    #[error(transparent)]
    Silent(#[from] AskError),
    /// It did not answer in time.
    #[error("it did not answer within {} s", PATIENCE.as_secs())]
    Late,
    /// It does not keep it.
    #[error(transparent)]
    Refused(Refusal),
    /// What it gave is no receipt.
    #[error("it gave something that is no receipt")]
    NoReceipt,
}

impl Exchange {
    /// Hands a payload over to a node for parties that it serves or is a custodian of, and waits for its receipt, for a bounded time. A node that is busy is asked again when it said.
    ///
    /// # Errors
    /// [`NotDelivered`]; the node may have the payload all the same.
    pub async fn deliver(
        &self,
        node: AccountId,
        parcel: &Parcel,
        places: Vec<Place>,
    ) -> Result<BTreeMap<AccountId, Custody>, NotDelivered> {
        let Parcel { marker, payload, .. } = parcel;
        let parties: Vec<_> = places.iter().map(|place| place.party).collect();
        let body = Bytes::from(Delivery { marker: *marker, places, payload: payload.clone() }.encode());
        let until = Instant::now() + PATIENCE;
        loop {
            let asked = tokio::time::timeout_at(until, self.hand_over(node, parcel, &parties, body.clone()));
            let wait = match asked.await.map_err(|_| NotDelivered::Late)? {
                Err(NotDelivered::Refused(Refusal::Busy(wait))) => Duration::from_millis(wait.into()).max(LEAST_WAIT),
                // It had no room even for the question.
                Err(NotDelivered::Silent(AskError::Refused(..))) => LEAST_WAIT,
                ended => return ended,
            };
            if Instant::now() + wait >= until {
                return Err(NotDelivered::Refused(Refusal::Busy(u32::try_from(wait.as_millis()).unwrap_or(u32::MAX))));
            }
            tokio::time::sleep(wait).await;
        }
    }

    async fn hand_over(
        &self,
        node: AccountId,
        parcel: &Parcel,
        parties: &[AccountId],
        body: Bytes,
    ) -> Result<BTreeMap<AccountId, Custody>, NotDelivered> {
        let network = self.network().ok_or(AskError::NotConnected(node))?;
        let Parcel { marker, hash, .. } = parcel;
        let _turn = self.turn(node).await;
        let answered = network.ask(node, Question::Deliver, body).await?;
        match codec::decode::<Answer>(&answered) {
            Ok(Answer::Kept(signatures)) if signatures.len() == parties.len() => {
                let receipts = parties.iter().zip(signatures);
                let receipts: BTreeMap<_, _> =
                    receipts.map(|(party, signature)| (*party, Custody { node, signature })).collect();
                let chain_id = &self.parts.chain_id;
                if receipts.iter().all(|(party, custody)| custody.holds(chain_id, marker, hash, party)) {
                    metrics::PAYLOADS_DELIVERED.add(1);
                    return Ok(receipts);
                }
            }
            Ok(Answer::Refused(refusal)) => return Err(NotDelivered::Refused(refusal)),
            Ok(Answer::Kept(_)) | Err(_) => {}
        }
        network.misbehaved(node, Misbehaviour::WrongAnswer);
        Err(NotDelivered::NoReceipt)
    }

    /// This node's own receipt for a payload that is in its store, for a party.
    pub fn receipt(&self, parcel: &Parcel, party: &AccountId) -> Custody {
        Custody::sign(&self.parts.signer, &self.parts.chain_id, &parcel.marker, &parcel.hash, party)
    }
}
