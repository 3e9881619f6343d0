//! Who takes how much of this node: one meter for each tenant, one for all who are no tenant here. Not here: the numbers (`tenant`), where they last (`organisation`), where it is asked (`rpc`, `invoke`) and told
//! (`executor`). Invariants: only what begins is refused, never what the chain ordered, so no limit changes what comes of a call; no tenant's meter is another's; there are no more meters than
//! the node has tenants. All of it is forgotten at a stop but the limits.

mod bucket;
mod meter;

pub use meter::{Meter, Reserved, Used, Work};

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use coffer_abi::{Gas, Hash};
use coffer_chain::Psi;

use crate::metrics;
use crate::tenant::{Limit, Limits, TenantContext};

/// Transactions of one tenant that are counted; with or without a limit, no more are taken.
const MAX_PENDING: u64 = 1 << 16;

/// What all who are no tenant of a node may take together, unless its settings say otherwise.
pub const STRANGERS: Limits = Limits {
    gas_per_second: Some(1_000_000_000),
    requests_per_second: Some(1_000),
    concurrent: Some(256),
    subscriptions: Some(256),
    pending: Some(1_000),
    payload_bytes_per_day: None,
    storage_bytes: None,
};

/// A limit is reached. Retryable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("over the limit of {limit}")]
pub struct OverLimit {
    /// Which.
    pub limit: Limit,
    /// When there is room again: exact for what is counted by the second or day if nothing else begins, else when it is worth asking again.
    pub retry_after: Duration,
}

impl OverLimit {
    fn new(limit: Limit, retry_after: Duration) -> Self {
        let refusals = match limit {
            Limit::GasPerSecond => &metrics::OVER_GAS,
            Limit::RequestsPerSecond => &metrics::OVER_REQUESTS,
            Limit::Concurrent => &metrics::OVER_CONCURRENT,
            Limit::Subscriptions => &metrics::OVER_SUBSCRIPTIONS,
            Limit::Pending => &metrics::OVER_PENDING,
            Limit::PayloadBytesPerDay => &metrics::OVER_PAYLOADS,
            Limit::StorageBytes => &metrics::OVER_STORAGE,
        };
        refusals.add(1);
        Self { limit, retry_after }
    }
}

/// What a node's settings say of limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Defaults {
    /// Of a tenant, where nothing is said for it alone.
    pub tenant: Limits,
    /// Of all together who are no tenant here.
    pub strangers: Limits,
}

impl Default for Defaults {
    fn default() -> Self {
        Self { tenant: Limits::default(), strangers: STRANGERS }
    }
}

/// The meters of a node.
#[derive(Debug)]
pub struct Quotas {
    defaults: Defaults,
    tenants: RwLock<HashMap<Psi, Arc<Meter>>>,
    strangers: Arc<Meter>,
}

impl Quotas {
    /// Meters with these limits, and others for some tenants.
    pub fn new(defaults: Defaults, own: impl IntoIterator<Item = (Psi, Limits)>) -> Self {
        let tenants = own.into_iter().map(|(psi, limits)| (psi, Arc::new(Meter::new(limits.or(defaults.tenant)))));
        Self { defaults, tenants: RwLock::new(tenants.collect()), strangers: Arc::new(Meter::new(defaults.strangers)) }
    }

    /// The meter of whoever asks.
    pub fn of(&self, tenant: &TenantContext) -> Arc<Meter> {
        if tenant.is_configured() { self.meter(tenant.psi()) } else { Arc::clone(&self.strangers) }
    }

    /// Gives a tenant its own limits as they are now, at once. What it has taken counts on.
    pub fn set(&self, psi: &Psi, own: impl FnOnce() -> Limits) {
        let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
        // ORDER: read under the lock, so that of two who change them at once the last one's count.
        let limits = own().or(self.defaults.tenant);
        let meter = tenants.entry(psi.clone()).or_insert_with(|| Arc::new(Meter::new(limits)));
        meter.set(limits, tokio::time::Instant::now());
    }

    /// A private state has executed what a marker orders. If this node sent it since its start, it does not wait any more, and its gas counts.
    pub fn executed(&self, psi: &Psi, marker: &Hash, gas: Gas) {
        // Who has no meter has sent nothing.
        let meter = self.tenants.read().unwrap_or_else(PoisonError::into_inner).get(psi).map(Arc::clone);
        if let Some(meter) = meter
            && meter.settled(marker)
        {
            meter.used_gas(gas, tokio::time::Instant::now());
        }
    }

    /// That of a tenant of this node.
    pub fn meter(&self, psi: &Psi) -> Arc<Meter> {
        // Replaced at once, so a panic under the lock leaves it whole.
        if let Some(meter) = self.tenants.read().unwrap_or_else(PoisonError::into_inner).get(psi) {
            return Arc::clone(meter);
        }
        let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
        let made = tenants.entry(psi.clone()).or_insert_with(|| Arc::new(Meter::new(self.defaults.tenant)));
        Arc::clone(made)
    }
}

impl Default for Quotas {
    fn default() -> Self {
        Self::new(Defaults::default(), [])
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    fn tenant(name: &str, configured: bool) -> TenantContext {
        TenantContext::new(name.parse().unwrap(), configured)
    }

    #[test]
    fn one_tenant_at_its_limit_keeps_nobody_else_from_anything_and_strangers_share_one_meter() {
        let strangers = Limits { requests_per_second: Some(1), ..Limits::default() };
        let own = Limits { concurrent: Some(1), ..Limits::default() };
        let defaults = Defaults { tenant: Limits::default(), strangers };
        let quotas = Quotas::new(defaults, [("PS1".parse().unwrap(), own)]);
        let now = Instant::now();
        let held = quotas.of(&tenant("PS1", true)).begin(now).unwrap();
        let over = quotas.of(&tenant("PS1", true)).begin(now).unwrap_err();
        assert_eq!(over.limit, Limit::Concurrent);
        let others: Vec<_> = (0..100).map(|_| quotas.of(&tenant("PS2", true)).begin(now).unwrap()).collect();
        drop((held, others));
        quotas.of(&tenant("PS1", true)).begin(now).unwrap();
        // Names that nobody has come to one meter, which has five seconds' worth, and no tenant is concerned.
        for number in 0..5 {
            quotas.of(&tenant(&format!("made up {number}"), false)).begin(now).unwrap();
        }
        let over = quotas.of(&tenant("PS1", false)).begin(now).unwrap_err();
        assert_eq!((over.limit, over.retry_after), (Limit::RequestsPerSecond, Duration::from_secs(1)));
        assert_eq!(quotas.tenants.read().unwrap().len(), 2, "strangers have no meters of their own");
    }

    #[test]
    fn limits_that_are_set_count_at_once_and_the_defaults_where_nothing_is_said() {
        let defaults = Defaults { tenant: Limits { pending: Some(1), ..Limits::default() }, strangers: STRANGERS };
        let quotas = Quotas::new(defaults, []);
        let (psi, now): (Psi, _) = ("PS1".parse().unwrap(), Instant::now());
        let meter = quotas.meter(&psi);
        let first = meter.reserve(coffer_abi::Height(1)).unwrap();
        assert_eq!(meter.reserve(coffer_abi::Height(1)).unwrap_err().limit, Limit::Pending);
        quotas.set(&psi, || Limits { pending: Some(2), concurrent: Some(1), ..Limits::default() });
        let second = meter.reserve(coffer_abi::Height(1)).unwrap();
        let work = meter.begin(now).unwrap();
        assert_eq!(meter.begin(now).unwrap_err().limit, Limit::Concurrent);
        quotas.set(&psi, Limits::default);
        meter.begin(now).unwrap();
        assert_eq!(meter.reserve(coffer_abi::Height(1)).unwrap_err().limit, Limit::Pending, "the node's default again");
        drop((first, second, work));
        assert_eq!(meter.used(now, 7).pending, 0);
    }

    #[test]
    fn gas_counts_for_what_this_node_sent_and_for_nothing_else() {
        let quotas = Quotas::new(Defaults::default(), []);
        let (psi, now): (Psi, _) = ("PS1".parse().unwrap(), Instant::now());
        quotas.set(&psi, || Limits { gas_per_second: Some(10), ..Limits::default() });
        let (mine, other) = (Hash([1; 32]), Hash([2; 32]));
        let meter = quotas.meter(&psi);
        meter.reserve(coffer_abi::Height(1)).unwrap().sent(mine, coffer_abi::Height(9));
        quotas.executed(&psi, &other, Gas(1_000));
        assert!(meter.check_gas(now).is_ok());
        quotas.executed(&psi, &mine, Gas(1_000));
        quotas.executed(&psi, &mine, Gas(1_000));
        let over = meter.check_gas(now).unwrap_err();
        assert_eq!(over.limit, Limit::GasPerSecond);
        // 1,000 of it, once; 50 may be open.
        assert!(over.retry_after >= Duration::from_secs(95) && over.retry_after <= Duration::from_secs(96), "{over:?}");
    }
}
