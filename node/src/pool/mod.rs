//! Transactions that wait for a block, and those who wait for what comes of them. Not here: making transactions, choosing a block's
//! content by execution. Invariant: bounded in count, bytes and per sender; a transaction stands here once.

mod settled;

pub use settled::{Settled, Waiters};

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use coffer_abi::{AccountId, Encode, Hash, Height};
use coffer_chain::{CheckedTx, Parameters, rules};
use tokio::sync::Notify;

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
    #[error("the transaction pool is full ({0}); try again later")]
    Full(&'static str),
}

#[derive(Default)]
struct Inner {
    queue: VecDeque<(CheckedTx, usize)>,
    by_sender: HashMap<AccountId, usize>,
    bytes: usize,
}

/// The pool.
pub struct Pool {
    limits: Limits,
    inner: Mutex<Inner>,
    arrived: Notify,
}

impl Pool {
    /// An empty pool.
    pub fn new(limits: Limits) -> Self {
        Self { limits, inner: Mutex::default(), arrived: Notify::new() }
    }

    /// Takes a transaction in and wakes the block producer.
    ///
    /// # Errors
    /// [`PoolError`].
    pub fn insert(&self, tx: CheckedTx) -> Result<(), PoolError> {
        let bytes = tx.transaction().encoded_size();
        let mut inner = self.lock();
        if inner.queue.iter().any(|(known, _)| known.id() == tx.id()) {
            return Err(PoolError::Known);
        }
        if inner.queue.len() >= self.limits.count {
            return Err(PoolError::Full("count"));
        }
        if inner.bytes + bytes > self.limits.bytes {
            return Err(PoolError::Full("bytes"));
        }
        let of_sender = inner.by_sender.entry(tx.body().sender).or_default();
        if *of_sender >= self.limits.per_sender {
            return Err(PoolError::Full("transactions of this sender"));
        }
        *of_sender += 1;
        inner.bytes += bytes;
        inner.queue.push_back((tx, bytes));
        drop(inner);
        self.arrived.notify_one();
        Ok(())
    }

    /// The oldest transactions that fit into one block at `height` together. They stay in the pool until [`Pool::remove`].
    pub fn candidates(&self, height: Height, parameters: &Parameters) -> Vec<CheckedTx> {
        let inner = self.lock();
        let (mut bytes, mut gas) = (0usize, 0u64);
        let mut chosen = Vec::new();
        for (tx, size) in &inner.queue {
            if rules::check_window(tx.body().valid_until, height).is_err() {
                continue;
            }
            bytes += size;
            gas = gas.saturating_add(tx.body().gas_limit.0);
            if bytes > parameters.max_block_bytes as usize || gas > parameters.max_block_gas.0 {
                break;
            }
            chosen.push(tx.clone());
        }
        chosen
    }

    /// Forgets transactions that are in a block or can be in none after `head`; returns how many expired.
    pub fn remove(&self, included: &[Hash], head: Height) -> usize {
        let included: std::collections::HashSet<&Hash> = included.iter().collect();
        let mut inner = self.lock();
        let before = inner.queue.len();
        let mut gone = 0;
        let kept: VecDeque<_> = inner
            .queue
            .drain(..)
            .filter(|(tx, _)| {
                let is_in = included.contains(&tx.id());
                gone += usize::from(is_in);
                !is_in && tx.body().valid_until > head
            })
            .collect();
        inner.bytes = kept.iter().map(|(_, size)| size).sum();
        inner.by_sender.clear();
        for (tx, _) in &kept {
            *inner.by_sender.entry(tx.body().sender).or_default() += 1;
        }
        let expired = before - kept.len() - gone;
        inner.queue = kept;
        expired
    }

    /// True if nothing waits.
    pub fn is_empty(&self) -> bool {
        self.lock().queue.is_empty()
    }

    /// Returns once something waits. Cancel safe.
    pub async fn wait(&self) {
        while self.is_empty() {
            self.arrived.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic under the lock can only miscount; counts are made anew at every block.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use coffer_abi::{ContractId, Gas};
    use coffer_chain::{Kind, PROTOCOL_VERSION, SigningKey, TxBody};

    use super::*;

    fn tx(sender: u8, nonce: u8, gas: u64, valid_until: u64) -> CheckedTx {
        let key = SigningKey::from_seed(&[sender; 32]);
        let body = TxBody {
            version: PROTOCOL_VERSION,
            chain_id: Hash::ZERO,
            nonce: [nonce; 16],
            valid_until: Height(valid_until),
            gas_limit: Gas(gas),
            sender: key.account(),
            kind: Kind::Call { contract: ContractId([1; 32]), method: "add".into(), input: vec![] },
        };
        body.sign(&key).check(&Hash::ZERO, Gas(u64::MAX)).unwrap()
    }

    fn pool() -> Pool {
        Pool::new(Limits { count: 3, bytes: 10_000, per_sender: 2 })
    }

    #[test]
    fn a_transaction_is_taken_once_and_within_the_bounds() {
        let pool = pool();
        pool.insert(tx(1, 1, 1, 9)).unwrap();
        assert_eq!(pool.insert(tx(1, 1, 1, 9)), Err(PoolError::Known));
        pool.insert(tx(1, 2, 1, 9)).unwrap();
        assert_eq!(pool.insert(tx(1, 3, 1, 9)), Err(PoolError::Full("transactions of this sender")));
        pool.insert(tx(2, 1, 1, 9)).unwrap();
        assert_eq!(pool.insert(tx(3, 1, 1, 9)), Err(PoolError::Full("count")));
    }

    #[test]
    fn a_block_gets_the_oldest_that_fit_and_the_rest_stays() {
        let pool = pool();
        let parameters = Parameters { max_block_gas: Gas(10), ..Parameters::default() };
        let all = [tx(1, 1, 6, 9), tx(1, 2, 4, 9), tx(2, 1, 1, 9)];
        all.iter().for_each(|tx| pool.insert(tx.clone()).unwrap());
        let chosen = pool.candidates(Height(5), &parameters);
        assert_eq!(chosen, all[..2]);
        let ids: Vec<Hash> = chosen.iter().map(CheckedTx::id).collect();
        assert_eq!(pool.remove(&ids, Height(5)), 0);
        assert_eq!(pool.candidates(Height(6), &parameters), all[2..]);
    }

    #[test]
    fn what_can_be_in_no_later_block_is_dropped() {
        let pool = pool();
        pool.insert(tx(1, 1, 6, 5)).unwrap();
        assert!(pool.candidates(Height(6), &Parameters::default()).is_empty());
        assert_eq!(pool.remove(&[], Height(5)), 1);
        assert!(pool.is_empty());
    }
}
