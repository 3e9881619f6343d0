//! Settings of running and compiling contract code: how much at once, for how long, in how much memory. Invariant: every bound is checked
//! here, with the setting's name; what passes can be reserved on a machine with 47 bits of address space.

use std::time::Duration;

use coffer_abi::Gas;
use coffer_runtime::codes::HotLimits;
use coffer_runtime::engine::Share;
use serde::Deserialize;

use crate::compile;

/// How contract code is run and compiled on this node. Nothing here changes what comes of a call.
#[derive(Clone, Debug)]
pub struct Execution {
    /// What the chain ordered.
    pub calls: Share,
    /// What somebody asks.
    pub queries: Share,
    /// How long a query may run.
    pub query_limit: Duration,
    /// Gas of a query that names none, and the most one may use.
    pub query_gas: Gas,
    /// Code in memory.
    pub hot: HotLimits,
    /// Compiling, and compiled code on the disk.
    pub compile: compile::Settings,
}

impl Default for Execution {
    fn default() -> Self {
        let engine = coffer_runtime::Config::default();
        Self {
            calls: Share { slots: engine.slots, lane_slots: engine.lane_slots, deep: engine.deep },
            queries: engine.queries,
            query_limit: engine.query_limit,
            query_gas: Gas(200_000_000),
            hot: HotLimits::default(),
            compile: compile::Settings::default(),
        }
    }
}

/// `[execution]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallsFile {
    slots: Option<u32>,
    tenant_slots: Option<u32>,
    deep: Option<u32>,
}

/// `[queries]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QueriesFile {
    slots: Option<u32>,
    tenant_slots: Option<u32>,
    deep: Option<u32>,
    seconds: Option<u64>,
    gas: Option<u64>,
}

/// `[code]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeFile {
    cache: Option<u64>,
    hot: Option<u64>,
    tier_up_gas: Option<u64>,
    compilers: Option<u32>,
    compile_memory: Option<u64>,
    compile_seconds: Option<u64>,
}

/// Checks one number and puts it in its place.
pub(super) struct Check<'a> {
    pub(super) section: &'static str,
    pub(super) offences: &'a mut Vec<String>,
}

impl Check<'_> {
    pub(super) fn number(
        &mut self,
        name: &str,
        given: Option<u64>,
        (least, most, unit): (u64, u64, &str),
        place: &mut u64,
    ) {
        let Some(value) = given else { return };
        if (least..=most).contains(&value) {
            *place = value;
        } else {
            let section = self.section;
            self.offences.push(format!("{section}.{name} = {value}: must be from {least} to {most} {unit}"));
        }
    }

    fn count(&mut self, name: &str, given: Option<u32>, most: u32, unit: &str, place: &mut u32) {
        let mut value = u64::from(*place);
        self.number(name, given.map(u64::from), (1, u64::from(most), unit), &mut value);
        *place = u32::try_from(value).unwrap_or(u32::MAX);
    }

    fn share(&mut self, slots: Option<u32>, tenant_slots: Option<u32>, deep: Option<u32>, share: &mut Share) {
        self.count("slots", slots, 512, "calls at the same time", &mut share.slots);
        // Fewer slots than a tenant may have by default are no mistake.
        share.lane_slots = share.lane_slots.min(share.slots);
        self.count("tenant_slots", tenant_slots, share.slots, "calls, no more than `slots`", &mut share.lane_slots);
        self.count("deep", deep, 64, "calls that call on", &mut share.deep);
    }
}

impl Execution {
    pub(super) fn lay(
        &mut self,
        calls: &CallsFile,
        queries: &QueriesFile,
        code: &CodeFile,
        offences: &mut Vec<String>,
    ) {
        let mut check = Check { section: "execution", offences };
        check.share(calls.slots, calls.tenant_slots, calls.deep, &mut self.calls);

        check.section = "queries";
        check.share(queries.slots, queries.tenant_slots, queries.deep, &mut self.queries);
        let mut seconds = self.query_limit.as_secs();
        check.number("seconds", queries.seconds, (1, 60, "seconds"), &mut seconds);
        if queries.seconds.is_some() {
            self.query_limit = Duration::from_secs(seconds);
        }
        check.number("gas", queries.gas, (1, i64::MAX as u64, "gas"), &mut self.query_gas.0);

        check.section = "code";
        const TERABYTE: u64 = 1 << 40;
        let compile::Settings { cache, limits, .. } = &mut self.compile;
        check.number("cache", code.cache, (0, TERABYTE, "bytes; 0 keeps nothing on the disk"), cache);
        check.number("hot", code.hot, (16 << 20, TERABYTE, "bytes"), &mut self.hot.bytes);
        let mut tier_up = self.hot.tier_up.map_or(0, |gas| gas.0);
        check.number("tier_up_gas", code.tier_up_gas, (0, u64::MAX, "gas; 0 is never"), &mut tier_up);
        self.hot.tier_up = (tier_up > 0).then_some(Gas(tier_up));
        check.count("compilers", code.compilers, 64, "processes at the same time", &mut limits.at_once);
        check.number("compile_memory", code.compile_memory, (128 << 20, TERABYTE, "bytes"), &mut limits.memory);
        check.number("compile_seconds", code.compile_seconds, (1, 600, "seconds"), &mut limits.seconds);
    }
}
