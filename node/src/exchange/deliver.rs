//! Handing a payload over to another node for a receipt. Not here: to whom (`invoke`), what the other does (`accept`). Invariant: what is taken for a receipt is one, of that node for that payload.

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
    pub async fn deliver(&self, node: AccountId, parcel: &Parcel, places: Vec<Place>) -> Result<Custody, NotDelivered> {
        let Parcel { marker, payload, .. } = parcel;
        let body = Bytes::from(Delivery { marker: *marker, places, payload: payload.clone() }.encode());
        let until = Instant::now() + PATIENCE;
        loop {
            let asked = tokio::time::timeout_at(until, self.hand_over(node, parcel, body.clone()));
            let wait = match asked.await.map_err(|_| NotDelivered::Late)? {
                Err(NotDelivered::Refused(Refusal::Busy(wait))) => Duration::from_millis(wait.into()),
                ended => return ended,
            };
            if Instant::now() + wait >= until {
                return Err(NotDelivered::Refused(Refusal::Busy(u32::try_from(wait.as_millis()).unwrap_or(u32::MAX))));
            }
            tokio::time::sleep(wait).await;
        }
    }

    async fn hand_over(&self, node: AccountId, parcel: &Parcel, body: Bytes) -> Result<Custody, NotDelivered> {
        let network = self.network().ok_or(AskError::NotConnected(node))?;
        let Parcel { marker, hash, .. } = parcel;
        let answered = network.ask(node, Question::Deliver, body).await?;
        match codec::decode::<Answer>(&answered) {
            Ok(Answer::Kept(signature)) => {
                let custody = Custody { node, signature };
                if custody.holds(&self.parts.chain_id, marker, hash) {
                    metrics::PAYLOADS_DELIVERED.add(1);
                    return Ok(custody);
                }
            }
            Ok(Answer::Refused(refusal)) => return Err(NotDelivered::Refused(refusal)),
            Err(_) => {}
        }
        network.misbehaved(node, Misbehaviour::WrongAnswer);
        Err(NotDelivered::NoReceipt)
    }

    /// This node's own receipt for a payload that is in its store.
    pub fn receipt(&self, parcel: &Parcel) -> Custody {
        Custody::sign(&self.parts.signer, &self.parts.chain_id, &parcel.marker, &parcel.hash)
    }
}
