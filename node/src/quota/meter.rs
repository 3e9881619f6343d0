//! What one tenant takes of its node now. Not here: which tenant. Invariants: what is counted by guards is given back when they are dropped, whatever ended them; nothing waits under the lock; a transaction that was
//! sent counts until it was executed or cannot be any more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use coffer_abi::{Gas, Hash, Height};
use tokio::time::Instant;

use super::bucket::{BY_DAY, BY_SECOND, Bucket};
use super::{MAX_PENDING, OverLimit};
use crate::tenant::{Limit, Limits};

/// When it is worth asking again for what ends by itself: a request that is answered.
const SOON: Duration = Duration::from_millis(100);
/// The same for a block or a subscription.
const LATER: Duration = Duration::from_secs(1);
/// The same for what ends only if somebody does something.
const MUCH_LATER: Duration = Duration::from_secs(60);

/// How much a tenant takes now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    /// Gas that has not worn off; nothing without a limit.
    pub gas: u64,
    /// Requests that have not worn off; nothing without a limit.
    pub requests: u64,
    /// Requests at work.
    pub concurrent: u64,
    /// Subscriptions that are open.
    pub subscriptions: u64,
    /// Transactions that have not settled, or are about to be sent.
    pub pending: u64,
    /// Payload bytes that have not worn off; nothing without a limit.
    pub payload_bytes: u64,
    /// Bytes in the private state.
    pub storage_bytes: u64,
}

/// The meter of one tenant.
#[derive(Debug)]
pub struct Meter(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    limits: Limits,
    gas: Bucket,
    requests: Bucket,
    payloads: Bucket,
    concurrent: u64,
    subscriptions: u64,
    /// Transactions that are about to be sent.
    reserved: u64,
    /// Those that were sent, each with the last height of a block that may have it.
    pending: HashMap<Hash, Height>,
}

impl Inner {
    fn over(&self, limit: Limit, used: u64, retry_after: Duration) -> Result<(), OverLimit> {
        if self.limits.get(limit).is_some_and(|most| used >= most) {
            return Err(OverLimit::new(limit, retry_after));
        }
        Ok(())
    }
}

/// What ends when it is dropped.
#[derive(Clone, Copy, Debug)]
enum Counted {
    Concurrent,
    Subscription,
}

/// A request at work or an open subscription. It counts until it is dropped.
#[derive(Debug)]
pub struct Work {
    meter: Arc<Meter>,
    counted: Counted,
}

impl Drop for Work {
    fn drop(&mut self) {
        let mut inner = self.meter.lock();
        let count = match self.counted {
            Counted::Concurrent => &mut inner.concurrent,
            Counted::Subscription => &mut inner.subscriptions,
        };
        *count = count.saturating_sub(1);
    }
}

/// Room for a transaction that is about to be sent. It is given back when it is dropped.
#[derive(Debug)]
pub struct Reserved {
    meter: Arc<Meter>,
}

impl Reserved {
    /// The transaction is about to be in the pool: it counts until it was executed, or no block may have it any more. Say so before anybody can execute it.
    pub fn sent(self, tx: Hash, valid_until: Height) {
        self.meter.lock().pending.insert(tx, valid_until);
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        let mut inner = self.meter.lock();
        inner.reserved = inner.reserved.saturating_sub(1);
    }
}

impl Meter {
    pub(super) fn new(limits: Limits) -> Self {
        Self(Mutex::new(Inner {
            limits,
            gas: Bucket::new(BY_SECOND),
            requests: Bucket::new(BY_SECOND),
            payloads: Bucket::new(BY_DAY),
            concurrent: 0,
            subscriptions: 0,
            reserved: 0,
            pending: HashMap::new(),
        }))
    }

    pub(super) fn set(&self, limits: Limits, now: Instant) {
        let mut inner = self.lock();
        let before = inner.limits;
        inner.gas.settle(before.gas_per_second, now);
        inner.requests.settle(before.requests_per_second, now);
        inner.payloads.settle(before.payload_bytes_per_day, now);
        inner.limits = limits;
    }

    /// A request begins; it is at work until what comes back is dropped.
    ///
    /// # Errors
    /// [`Limit::RequestsPerSecond`], [`Limit::Concurrent`]; it does not count then.
    pub fn begin(self: &Arc<Self>, now: Instant) -> Result<Work, OverLimit> {
        let mut inner = self.lock();
        inner.over(Limit::Concurrent, inner.concurrent, SOON)?;
        let limit = inner.limits.requests_per_second;
        inner.requests.settle(limit, now);
        inner.requests.check(limit).map_err(|wait| OverLimit::new(Limit::RequestsPerSecond, wait))?;
        inner.requests.take(limit, 1);
        inner.concurrent += 1;
        Ok(Work { meter: Arc::clone(self), counted: Counted::Concurrent })
    }

    /// A subscription begins; it is open until what comes back is dropped.
    ///
    /// # Errors
    /// [`Limit::Subscriptions`].
    pub fn subscribe(self: &Arc<Self>) -> Result<Work, OverLimit> {
        let mut inner = self.lock();
        inner.over(Limit::Subscriptions, inner.subscriptions, LATER)?;
        inner.subscriptions += 1;
        Ok(Work { meter: Arc::clone(self), counted: Counted::Subscription })
    }

    /// Whether something that takes gas may begin.
    ///
    /// # Errors
    /// [`Limit::GasPerSecond`].
    pub fn check_gas(&self, now: Instant) -> Result<(), OverLimit> {
        let mut inner = self.lock();
        let limit = inner.limits.gas_per_second;
        inner.gas.settle(limit, now);
        inner.gas.check(limit).map_err(|wait| OverLimit::new(Limit::GasPerSecond, wait))
    }

    /// Whether what makes a private state larger that has so many bytes may be sent.
    ///
    /// # Errors
    /// [`Limit::StorageBytes`].
    pub fn check_storage(&self, stored: u64) -> Result<(), OverLimit> {
        self.lock().over(Limit::StorageBytes, stored, MUCH_LATER)
    }

    /// Whether a private call may be sealed.
    ///
    /// # Errors
    /// [`Limit::PayloadBytesPerDay`].
    pub fn check_payload(&self, now: Instant) -> Result<(), OverLimit> {
        let mut inner = self.lock();
        let limit = inner.limits.payload_bytes_per_day;
        inner.payloads.settle(limit, now);
        inner.payloads.check(limit).map_err(|wait| OverLimit::new(Limit::PayloadBytesPerDay, wait))
    }

    /// Room for a transaction. `done` is the height up to which those are done that were sent before.
    ///
    /// # Errors
    /// [`Limit::Pending`].
    pub fn reserve(self: &Arc<Self>, done: Height) -> Result<Reserved, OverLimit> {
        let mut inner = self.lock();
        let most = inner.limits.pending.unwrap_or(MAX_PENDING).min(MAX_PENDING);
        let is_full = |inner: &Inner| inner.pending.len() as u64 + inner.reserved >= most;
        if is_full(&inner) {
            // What no block may have any more.
            inner.pending.retain(|_, valid_until| *valid_until > done);
        }
        if is_full(&inner) {
            return Err(OverLimit::new(Limit::Pending, LATER));
        }
        inner.reserved += 1;
        Ok(Reserved { meter: Arc::clone(self) })
    }

    /// A transaction does not wait any more. `true` if it did.
    pub fn settled(&self, tx: &Hash) -> bool {
        self.lock().pending.remove(tx).is_some()
    }

    /// Something took gas.
    pub fn used_gas(&self, gas: Gas, now: Instant) {
        let mut inner = self.lock();
        let limit = inner.limits.gas_per_second;
        inner.gas.settle(limit, now);
        inner.gas.take(limit, gas.0);
    }

    /// A sealed payload of so many bytes was kept.
    pub fn used_payload(&self, bytes: usize, now: Instant) {
        let mut inner = self.lock();
        let limit = inner.limits.payload_bytes_per_day;
        inner.payloads.settle(limit, now);
        inner.payloads.take(limit, bytes as u64);
    }

    /// The limits that count.
    pub fn limits(&self) -> Limits {
        self.lock().limits
    }

    /// How much is taken now, of a private state of so many bytes.
    pub fn used(&self, now: Instant, storage_bytes: u64) -> Used {
        let mut inner = self.lock();
        let limits = inner.limits;
        inner.gas.settle(limits.gas_per_second, now);
        inner.requests.settle(limits.requests_per_second, now);
        inner.payloads.settle(limits.payload_bytes_per_day, now);
        Used {
            gas: inner.gas.open(),
            requests: inner.requests.open(),
            concurrent: inner.concurrent,
            subscriptions: inner.subscriptions,
            pending: inner.pending.len() as u64 + inner.reserved,
            payload_bytes: inner.payloads.open(),
            storage_bytes,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Numbers that are changed at once; a panic under the lock leaves them whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter(limits: Limits) -> Arc<Meter> {
        Arc::new(Meter::new(limits))
    }

    #[test]
    fn each_limit_refuses_with_its_name_and_a_hint_after_which_there_is_room() {
        let now = Instant::now();
        let all = Limits {
            gas_per_second: Some(10),
            requests_per_second: Some(1),
            concurrent: Some(9),
            subscriptions: Some(1),
            pending: Some(1),
            payload_bytes_per_day: Some(86_400),
            storage_bytes: Some(50),
        };
        let meter = meter(all);
        let works: Vec<_> = (0..5).map(|_| meter.begin(now).unwrap()).collect();
        let over = meter.begin(now).unwrap_err();
        assert_eq!(over.limit, Limit::RequestsPerSecond);
        let again = meter.begin(now + over.retry_after).unwrap();
        drop((works, again));

        meter.check_gas(now).unwrap();
        meter.used_gas(Gas(80), now);
        let over = meter.check_gas(now).unwrap_err();
        assert_eq!(over.limit, Limit::GasPerSecond);
        meter.check_gas(now + over.retry_after).unwrap();

        meter.check_payload(now).unwrap();
        meter.used_payload(90_000, now);
        let over = meter.check_payload(now).unwrap_err();
        assert_eq!(over.limit, Limit::PayloadBytesPerDay);
        meter.check_payload(now + over.retry_after).unwrap();
        meter.check_storage(49).unwrap();
        let over = meter.check_storage(50).unwrap_err();
        assert_eq!((over.limit, over.retry_after), (Limit::StorageBytes, MUCH_LATER));

        let open = meter.subscribe().unwrap();
        assert_eq!(meter.subscribe().unwrap_err().limit, Limit::Subscriptions);
        drop(open);
        meter.subscribe().unwrap();
    }

    #[test]
    fn a_transaction_counts_until_it_was_executed_or_no_block_may_have_it() {
        let meter = meter(Limits { pending: Some(2), ..Limits::default() });
        let tx = |n| Hash([n; 32]);
        meter.reserve(Height(1)).unwrap().sent(tx(1), Height(10));
        meter.reserve(Height(1)).unwrap().sent(tx(2), Height(11));
        assert_eq!(meter.reserve(Height(9)).unwrap_err().limit, Limit::Pending);
        assert!(meter.settled(&tx(1)) && !meter.settled(&tx(1)));
        let unsent = meter.reserve(Height(9)).unwrap();
        assert_eq!(meter.reserve(Height(9)).unwrap_err().limit, Limit::Pending);
        drop(unsent);
        meter.reserve(Height(9)).unwrap().sent(tx(3), Height(12));
        // The second one ended without a word.
        assert!(meter.reserve(Height(10)).is_err());
        meter.reserve(Height(11)).unwrap();
        assert_eq!(meter.used(Instant::now(), 0).pending, 1);
    }

    #[test]
    fn without_limits_all_is_let_through_and_memory_is_bounded() {
        let (meter, now) = (meter(Limits::default()), Instant::now());
        meter.used_gas(Gas(u64::MAX), now);
        meter.used_payload(usize::MAX, now);
        meter.check_gas(now).unwrap();
        meter.check_payload(now).unwrap();
        meter.check_storage(u64::MAX).unwrap();
        for number in 0..MAX_PENDING {
            let mut id = [0; 32];
            id[..8].copy_from_slice(&number.to_le_bytes());
            meter.reserve(Height(0)).unwrap().sent(Hash(id), Height(5));
        }
        assert_eq!(meter.reserve(Height(4)).unwrap_err().limit, Limit::Pending);
        meter.reserve(Height(5)).unwrap();
        assert_eq!(meter.lock().pending.len(), 0);
    }
}
