//! Transactions that wait for a block, and those who wait for what comes of them. Not here: making transactions, choosing a block's
//! content by execution. Invariant: bounded in count, bytes and per sender; a transaction stands here once; one that was submitted here is in
//! a file before anybody is told so.

mod admission;
mod board;
mod gossip;
mod journal;
mod message;
mod settled;
mod waiting;

pub use admission::{Admission, NotAdmitted};
pub use gossip::{Gossip, MAILBOX};
pub use journal::JournalError;
pub use settled::{Settled, Waiters};
pub use waiting::Waiting;

use std::collections::{HashMap, VecDeque};
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use coffer_abi::{AccountId, Encode, Hash, Height};
use coffer_chain::{CheckedTx, Parameters, Transaction, rules};
use indexmap::IndexMap;
use tokio::sync::{Notify, oneshot, watch};

use board::Board;
use journal::Journal;

/// Name of the file in a data folder.
pub const FILE: &str = "pool";

/// What the pool holds at most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Transactions.
    pub count: usize,
    /// Their encoded bytes.
    pub bytes: usize,
    /// Transactions of one sender.
    pub per_sender: usize,
}

impl Default for Limits {
    /// A block's worth a hundred times over; a relay key sends for all tenants of its node, so one sender may fill half.
    fn default() -> Self {
        Self { count: 8_192, bytes: 64 * 1024 * 1024, per_sender: 4_096 }
    }
}

/// Why a transaction is not taken in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// It is waiting already. Nothing to do.
    #[error("the transaction is waiting for a block already")]
    Known,
    /// No room. Retry later.
    #[error(
        "{most} {what} wait for a block already, which is all there is room for: wait for receipts before sending more, or have the node's operator raise `pool.{setting}`"
    )]
    Full {
        /// What there is too much of.
        what: &'static str,
        /// The most there may be.
        most: usize,
        /// The setting that bounds it.
        setting: &'static str,
    },
    /// It could not be written down, so a restart would lose it. Retry when the disk is well again.
    #[error("the transaction could not be written to the file of waiting transactions: {0}")]
    NotKept(String),
}

/// Where a transaction comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// It is submitted here.
    Here,
    /// It was, before a restart.
    Recalled,
    /// Another node sent it.
    Elsewhere,
}

struct Entry {
    tx: CheckedTx,
    bytes: usize,
    /// Submitted here: this node keeps it and sends it to others.
    local: bool,
    /// When it was sent to others last.
    sent: Option<Instant>,
}

#[derive(Default)]
struct Inner {
    /// In the order they came in.
    entries: IndexMap<Hash, Entry>,
    by_sender: HashMap<AccountId, usize>,
    bytes: usize,
    /// Those submitted here that were not sent to others yet.
    unsent: VecDeque<Hash>,
    journal: Option<Journal>,
}

/// The pool.
pub struct Pool {
    limits: Limits,
    inner: Mutex<Inner>,
    /// How many came in.
    came: watch::Sender<u64>,
    submitted: Notify,
    awaited: Board<Waiting>,
}

impl Pool {
    /// An empty pool that forgets everything at a restart.
    pub fn new(limits: Limits) -> Self {
        let (came, submitted) = (watch::Sender::new(0), Notify::new());
        Self { limits, inner: Mutex::default(), came, submitted, awaited: Board::default() }
    }

    /// A pool with what waited in `file` before, as far as `admission` still admits it.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn open(limits: Limits, file: &Path, admission: &Admission) -> Result<Self, JournalError> {
        let pool = Self::new(limits);
        let (mut found, mut kept) = (0usize, 0usize);
        let mut journal = Journal::open(file, |bytes| {
            found += 1;
            // It was acknowledged, so it stays unless no block can ever have it: also where this node has lost its blocks, or has less room by now.
            let tx = admission.recall(bytes).ok();
            kept += usize::from(tx.is_some_and(|tx| pool.take(tx, Origin::Recalled).is_ok()));
        })?;
        if kept < found {
            let wanted = pool.lock().local();
            let rewritten = journal.rewrite(wanted.into_iter());
            rewritten.map_err(|source| JournalError::Io { path: file.into(), source })?;
        }
        if found > 0 {
            tracing::info!(waiting = kept, settled_or_expired = found - kept, "transactions of before wait again");
        }
        pool.lock().journal = Some(journal);
        Ok(pool)
    }

    /// Takes in a transaction that was submitted here, and wakes the block producer. It outlives the process once this returns.
    ///
    /// # Errors
    /// [`PoolError`].
    pub fn insert(&self, tx: CheckedTx) -> Result<(), PoolError> {
        self.take(tx, Origin::Here)
    }

    /// Takes in a transaction of another node, and wakes the block producer.
    ///
    /// # Errors
    /// [`PoolError`].
    pub fn insert_foreign(&self, tx: CheckedTx) -> Result<(), PoolError> {
        self.take(tx, Origin::Elsewhere)
    }

    fn take(&self, tx: CheckedTx, origin: Origin) -> Result<(), PoolError> {
        let bytes = tx.transaction().encoded_size();
        let (id, sender) = (tx.id(), tx.body().sender);
        let local = origin != Origin::Elsewhere;
        let mut inner = self.lock();
        if let Some(entry) = inner.entries.get(&id) {
            if !local || entry.local {
                return Err(PoolError::Known);
            }
            // Another node sent it first. Whoever submits it here relies on this one.
            inner.keep(&tx)?;
            inner.entries[&id].local = true;
            drop(inner);
            self.submitted.notify_one();
            return Ok(());
        }
        if origin != Origin::Recalled {
            self.limits.check(&inner, bytes, &sender, origin)?;
        }
        if local {
            inner.keep(&tx)?;
        }
        let waiting = Waiting::from(&tx);
        *inner.by_sender.entry(sender).or_default() += 1;
        inner.bytes += bytes;
        inner.entries.insert(id, Entry { tx, bytes, local, sent: None });
        drop(inner);
        self.awaited.tell(&id, || waiting);
        self.came.send_modify(|came| *came = came.wrapping_add(1));
        if local {
            self.submitted.notify_one();
        }
        Ok(())
    }

    /// The oldest transactions whose bytes fit into one block at `height` together; how many of them its gas is enough for, execution tells.
    /// They stay in the pool until [`Pool::remove`].
    pub fn candidates(&self, height: Height, parameters: &Parameters) -> Vec<CheckedTx> {
        let inner = self.lock();
        let mut bytes = 0usize;
        let mut chosen = Vec::new();
        for entry in inner.entries.values() {
            let body = entry.tx.body();
            let is_within = rules::check_limits(entry.tx.transaction(), parameters).is_ok();
            if !is_within || rules::check_window(body.valid_until, height).is_err() {
                continue;
            }
            bytes += entry.bytes;
            if bytes > parameters.max_block_bytes as usize {
                break;
            }
            chosen.push(entry.tx.clone());
        }
        chosen
    }

    /// Forgets transactions that are in a block or can be in none after `head`; returns how many expired.
    pub fn remove(&self, included: &[Hash], head: Height) -> usize {
        let included: std::collections::HashSet<&Hash> = included.iter().collect();
        let mut inner = self.lock();
        let before = inner.entries.len();
        let mut gone = 0;
        inner.entries.retain(|id, entry| {
            let is_in = included.contains(id);
            gone += usize::from(is_in);
            !is_in && entry.tx.body().valid_until > head
        });
        let Inner { entries, by_sender, bytes, unsent, journal } = &mut *inner;
        *bytes = entries.values().map(|entry| entry.bytes).sum();
        by_sender.clear();
        for entry in entries.values() {
            *by_sender.entry(entry.tx.body().sender).or_default() += 1;
        }
        unsent.retain(|id| entries.contains_key(id));
        if let Some(journal) = journal {
            let local: u64 = entries.values().filter(|entry| entry.local).map(|entry| entry.bytes as u64).sum();
            let wanted = entries.values().filter(|entry| entry.local).map(|entry| entry.tx.transaction().encode());
            if let Err(error) = journal.forget_all_but(local, wanted) {
                // What is left over is found to be in a block at the next start.
                tracing::warn!(%error, "the file of waiting transactions could not be shortened");
            }
        }
        before - entries.len() - gone
    }

    /// The same transaction, signature included, as it waits here: checked.
    pub fn checked(&self, tx: &Transaction) -> Option<CheckedTx> {
        let inner = self.lock();
        inner.entries.get(&tx.body.id()).map(|entry| &entry.tx).filter(|known| known.transaction() == tx).cloned()
    }

    /// A transaction that waits here.
    pub fn waiting(&self, tx: &Hash) -> Option<Waiting> {
        self.lock().entries.get(tx).map(|entry| Waiting::from(&entry.tx))
    }

    /// Tells when a transaction comes that does not wait here yet. Register before asking whether it does, so that nothing is missed.
    pub fn arrival(&self, tx: Hash) -> oneshot::Receiver<Waiting> {
        self.awaited.register(tx)
    }

    /// True if nothing waits.
    pub fn is_empty(&self) -> bool {
        self.lock().entries.is_empty()
    }

    /// Returns once something waits. Cancel safe.
    pub async fn wait(&self) {
        let mut came = self.came.subscribe();
        while self.is_empty() {
            // The sender lives as long as this.
            let _ = came.changed().await;
        }
    }

    /// How many transactions came in so far.
    pub fn came(&self) -> u64 {
        *self.came.borrow()
    }

    /// Returns once another number of transactions came in than this one, which [`Pool::came`] gave. Cancel safe.
    pub async fn newer(&self, than: u64) {
        // The sender lives as long as this.
        let _ = self.came.subscribe().wait_for(|came| *came != than).await;
    }

    /// Returns once something was submitted here that was not sent to others. Cancel safe.
    async fn submitted(&self) {
        while self.lock().unsent.is_empty() {
            self.submitted.notified().await;
        }
    }

    /// What was submitted here and not sent to others yet, at most `most`; it counts as sent from now on.
    fn unsent(&self, most: usize) -> Vec<Vec<u8>> {
        let mut inner = self.lock();
        let most = most.min(inner.unsent.len());
        let ids: Vec<Hash> = inner.unsent.drain(..most).collect();
        ids.iter().filter_map(|id| Some(inner.entries.get_mut(id)?.send())).collect()
    }

    /// What was submitted here and sent to others `ago` or longer, at most `most`, oldest first; it counts as sent from now on.
    fn due(&self, ago: Duration, most: usize) -> Vec<Vec<u8>> {
        let mut inner = self.lock();
        let due = |entry: &&mut Entry| entry.local && entry.sent.is_some_and(|sent| sent.elapsed() >= ago);
        inner.entries.values_mut().filter(due).take(most).map(Entry::send).collect()
    }

    /// Has everything that was submitted here sent to others again: somebody is new.
    fn send_again(&self) {
        let mut inner = self.lock();
        inner.unsent = inner.entries.iter().filter(|(_, entry)| entry.local).map(|(id, _)| *id).collect();
        drop(inner);
        self.submitted.notify_one();
    }

    /// Brings what was submitted here to the disk.
    ///
    /// # Errors
    /// What the file system says.
    fn sync(&self) -> io::Result<()> {
        let file = match &mut self.lock().journal {
            Some(journal) => journal.unsynced()?,
            None => None,
        };
        // Not under the lock: nobody who submits waits for the disk.
        file.map_or(Ok(()), |file| file.sync_data())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic under the lock can only miscount; counts are made anew at every block.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Limits {
    /// Others fill no more than three quarters of it, so that who submits here finds room whatever they send.
    fn check(self, inner: &Inner, bytes: usize, sender: &AccountId, origin: Origin) -> Result<(), PoolError> {
        let full = |what, most, setting| Err(PoolError::Full { what, most, setting });
        let share = |most: usize| if origin == Origin::Elsewhere { most - most / 4 } else { most };
        if inner.entries.len() >= share(self.count) {
            return full("transactions", share(self.count), "transactions");
        }
        if inner.bytes + bytes > share(self.bytes) {
            return full("bytes of transactions", share(self.bytes), "bytes");
        }
        if inner.by_sender.get(sender).copied().unwrap_or_default() >= self.per_sender {
            return full("transactions of this sender", self.per_sender, "per_sender");
        }
        Ok(())
    }
}

impl Inner {
    /// Puts what is submitted here into the file, and among what is to be sent.
    fn keep(&mut self, tx: &CheckedTx) -> Result<(), PoolError> {
        if let Some(journal) = &mut self.journal {
            journal.append(&tx.transaction().encode()).map_err(|error| PoolError::NotKept(error.to_string()))?;
        }
        self.unsent.push_back(tx.id());
        Ok(())
    }

    /// What was submitted here, encoded.
    fn local(&self) -> Vec<Vec<u8>> {
        self.entries.values().filter(|entry| entry.local).map(|entry| entry.tx.transaction().encode()).collect()
    }
}

impl Entry {
    fn send(&mut self) -> Vec<u8> {
        self.sent = Some(Instant::now());
        self.tx.transaction().encode()
    }
}

#[cfg(test)]
mod tests;
