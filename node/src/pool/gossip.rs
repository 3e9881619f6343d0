//! Transactions between this node's pool and those of others. What was submitted here is sent to all; what comes from others is checked like
//! what is submitted here, before it is passed on. Invariant: a node passes on no message with a transaction that can be in no block.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use coffer_chain::Transaction;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::MissedTickBehavior;

use super::admission::{Admission, NotAdmitted};
use super::message::{pack, unpack};
use super::{Pool, PoolError};
use crate::network::{Event, Network, REPEATED_AFTER, Topic, Verdict};

/// Messages of peers that wait to be checked. More are dropped; who sent them sends them again.
pub const MAILBOX: usize = 256;
/// Messages that are checked in one go.
const BATCH: usize = 32;
/// Transactions that are sent again in one go.
const REPEATED: usize = 256;
/// Time from one look at what is to be sent again, or brought to the disk, to the next.
const ROUND: Duration = Duration::from_secs(1);
/// Time until a transaction is sent again that is still in no block.
const AGAIN: Duration = REPEATED_AFTER.saturating_add(Duration::from_secs(5));

/// What it works with.
pub struct Gossip {
    /// The pool.
    pub pool: Arc<Pool>,
    /// What a transaction must satisfy.
    pub admission: Arc<Admission>,
    /// The other nodes.
    pub network: Network,
}

type Received = (Bytes, oneshot::Sender<Verdict>);

impl Gossip {
    /// Runs until `stop` turns true; then everything that waits is on the disk.
    ///
    /// # Errors
    /// When what was submitted cannot be brought to the disk at the end.
    pub async fn run(self, mut events: mpsc::Receiver<Event>, mut stop: watch::Receiver<bool>) -> std::io::Result<()> {
        let mut round = tokio::time::interval(ROUND);
        round.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // A node without a network has nobody who sends.
        let mut open = true;
        loop {
            tokio::select! {
                // A closed channel means that the node is gone.
                () = async { drop(stop.wait_for(|stop| *stop).await) } => return self.pool.sync(),
                () = self.pool.submitted() => self.publish(self.pool.unsent(REPEATED)).await,
                event = events.recv(), if open => match event {
                    Some(Event::Message { body, verdict, .. }) => self.take((body, verdict), &mut events).await,
                    // It has missed what waits.
                    Some(Event::Connected(_)) => self.pool.send_again(),
                    Some(_) => {}
                    None => open = false,
                },
                _ = round.tick() => {
                    let pool = Arc::clone(&self.pool);
                    let synced = tokio::task::spawn_blocking(move || pool.sync()).await;
                    if let Ok(Err(error)) = synced {
                        tracing::warn!(%error, "waiting transactions could not be brought to the disk");
                    }
                    self.publish(self.pool.due(AGAIN, REPEATED)).await;
                }
            }
        }
    }

    async fn publish(&self, transactions: Vec<Vec<u8>>) {
        for message in pack(transactions) {
            self.network.publish(Topic::Transactions, message).await;
        }
    }

    /// Takes a message of a peer, and those that came right behind it.
    async fn take(&self, first: Received, events: &mut mpsc::Receiver<Event>) {
        let mut batch = vec![first];
        while batch.len() < BATCH {
            match events.try_recv() {
                Ok(Event::Message { body, verdict, .. }) => batch.push((body, verdict)),
                Ok(Event::Connected(_)) => self.pool.send_again(),
                Ok(_) => {}
                Err(_) => break,
            }
        }
        let (pool, admission) = (Arc::clone(&self.pool), Arc::clone(&self.admission));
        let judged = tokio::task::spawn_blocking(move || {
            for (body, verdict) in batch {
                let judged = judge(&pool, &admission, &body);
                // The message may be forgotten by now.
                let _ = verdict.send(judged);
            }
        });
        if let Err(error) = judged.await {
            tracing::error!(%error, "transactions of peers could not be checked");
        }
    }
}

/// Takes the transactions of a message. One is enough to pass it on, and junk among them enough not to.
pub(super) fn judge(pool: &Pool, admission: &Admission, message: &[u8]) -> Verdict {
    let Some(transactions) = unpack(message) else { return Verdict::Reject };
    let mut verdict = Verdict::Ignore;
    for tx in transactions {
        match judge_one(pool, admission, &tx) {
            Verdict::Accept => verdict = Verdict::Accept,
            Verdict::Ignore => {}
            Verdict::Reject => return Verdict::Reject,
        }
    }
    verdict
}

fn judge_one(pool: &Pool, admission: &Admission, tx: &[u8]) -> Verdict {
    // One that waits here already came again because others may not have it.
    if Transaction::decode_bounded(tx).is_ok_and(|tx| pool.checked(&tx).is_some()) {
        return Verdict::Accept;
    }
    match admission.check(tx).map(|tx| pool.insert_foreign(tx)) {
        Ok(Ok(()) | Err(PoolError::Known)) => Verdict::Accept,
        Ok(Err(PoolError::Full { .. } | PoolError::NotKept(_)))
        | Err(NotAdmitted::Window(_) | NotAdmitted::Included) => Verdict::Ignore,
        Err(NotAdmitted::Junk(error)) => {
            tracing::debug!(%error, "a peer sent junk for a transaction");
            Verdict::Reject
        }
    }
}
