//! Settings of what tenants and others may take: `[limits]` and `[limits.strangers]`. Not here: what one tenant has for itself, which is set while the node runs. Invariant: a limit that is set is not 0.

use serde::Deserialize;

use super::execution::Check;
use crate::quota::Defaults;
use crate::tenant::MAX_LIMIT;

/// `[limits]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LimitsFile {
    gas_per_second: Option<u64>,
    requests_per_second: Option<u64>,
    concurrent: Option<u64>,
    subscriptions: Option<u64>,
    pending: Option<u64>,
    payload_bytes_per_day: Option<u64>,
    storage_bytes: Option<u64>,
    #[serde(default)]
    strangers: StrangersFile,
}

/// `[limits.strangers]`: they have no private state, and send no payloads.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct StrangersFile {
    gas_per_second: Option<u64>,
    requests_per_second: Option<u64>,
    concurrent: Option<u64>,
    subscriptions: Option<u64>,
    pending: Option<u64>,
}

impl LimitsFile {
    pub(super) fn lay(&self, defaults: &mut Defaults, offences: &mut Vec<String>) {
        let (tenant, strangers, others) = (&mut defaults.tenant, &mut defaults.strangers, &self.strangers);
        let mut check = Check { section: "limits", offences };
        let lay = |check: &mut Check<'_>, name, given: Option<u64>, unit, place: &mut Option<u64>| {
            let mut number = 0;
            check.number(name, given, (1, MAX_LIMIT, unit), &mut number);
            if number > 0 {
                *place = Some(number);
            }
        };
        lay(&mut check, "gas_per_second", self.gas_per_second, "gas", &mut tenant.gas_per_second);
        lay(&mut check, "requests_per_second", self.requests_per_second, "requests", &mut tenant.requests_per_second);
        lay(&mut check, "concurrent", self.concurrent, "requests", &mut tenant.concurrent);
        lay(&mut check, "subscriptions", self.subscriptions, "subscriptions", &mut tenant.subscriptions);
        lay(&mut check, "pending", self.pending, "transactions", &mut tenant.pending);
        let payloads = &mut tenant.payload_bytes_per_day;
        lay(&mut check, "payload_bytes_per_day", self.payload_bytes_per_day, "bytes", payloads);
        lay(&mut check, "storage_bytes", self.storage_bytes, "bytes", &mut tenant.storage_bytes);
        check.section = "limits.strangers";
        lay(&mut check, "gas_per_second", others.gas_per_second, "gas", &mut strangers.gas_per_second);
        let requests = &mut strangers.requests_per_second;
        lay(&mut check, "requests_per_second", others.requests_per_second, "requests", requests);
        lay(&mut check, "concurrent", others.concurrent, "requests", &mut strangers.concurrent);
        lay(&mut check, "subscriptions", others.subscriptions, "subscriptions", &mut strangers.subscriptions);
        lay(&mut check, "pending", others.pending, "transactions", &mut strangers.pending);
    }
}
