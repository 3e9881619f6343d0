//! Every figure the node keeps about its own work, in one list, as `GET /metrics` shows them. Not here: what is counted where.
//! Invariant: counting costs two reads of the clock and two additions, waits for nobody, and changes nothing that is agreed on.
//!
//! The figures are of the process: two nodes in one process, as tests have them, share them.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How often something was done since the start, and how long it took together.
#[derive(Debug)]
pub struct Timer {
    name: &'static str,
    help: &'static str,
    count: AtomicU64,
    nanoseconds: AtomicU64,
}

impl Timer {
    const fn new(name: &'static str, help: &'static str) -> Self {
        Self { name, help, count: AtomicU64::new(0), nanoseconds: AtomicU64::new(0) }
    }

    /// How often it was done.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Does something and counts it.
    pub fn time<T>(&self, work: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let done = work();
        self.add(begun.elapsed());
        done
    }

    /// Counts something that took so long.
    pub fn add(&self, took: Duration) {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.nanoseconds.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

/// How much there is of something now.
#[derive(Debug)]
pub struct Gauge {
    name: &'static str,
    help: &'static str,
    value: AtomicU64,
}

impl Gauge {
    const fn new(name: &'static str, help: &'static str) -> Self {
        Self { name, help, value: AtomicU64::new(0) }
    }

    /// Says how much there is.
    pub fn set(&self, value: u64) {
        self.value.store(value, Ordering::Relaxed);
    }
}

/// How much there was of something since the start.
#[derive(Debug)]
pub struct Counter(Gauge);

impl Counter {
    const fn new(name: &'static str, help: &'static str) -> Self {
        Self(Gauge::new(name, help))
    }

    /// Counts so many more.
    pub fn add(&self, more: u64) {
        self.0.value.fetch_add(more, Ordering::Relaxed);
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.0.value.load(Ordering::Relaxed)
    }
}

macro_rules! values {
    ($kind:ident, $all:ident: $($name:ident = $text:literal: $help:literal;)*) => {
        $(#[doc = $help] pub static $name: $kind = $kind::new($text, $help);)*
        const $all: &[&$kind] = &[$(&$name),*];
    };
}

values! {
    Gauge, GAUGES:
    PIPELINES = "private_pipelines": "Private states with work, those that are held included.";
    HELD = "private_held": "Private states that wait for something.";
    PAYLOADS_WAITING = "payloads_waiting": "Payloads that wait to be handed over to nodes that were away.";
    PAYLOADS_WANTED = "payloads_wanted": "Payloads that are asked for at other nodes.";
    PRIVATE_LAG = "private_lag_blocks": "Blocks by which the private state that is furthest behind trails the chain.";
}

values! {
    Counter, COUNTERS:
    PRIVATE_CALLS = "private_calls_total": "Private calls executed.";
    OVER_GAS = "over_gas_per_second_total": "What was refused because a tenant had taken its gas.";
    OVER_REQUESTS = "over_requests_per_second_total": "Requests refused because a tenant had sent its number.";
    OVER_CONCURRENT = "over_concurrent_total": "Requests refused because a tenant had its number at work.";
    OVER_SUBSCRIPTIONS = "over_subscriptions_total": "Subscriptions refused because a tenant had its number open.";
    OVER_PENDING = "over_pending_total": "Transactions refused because a tenant had its number waiting.";
    OVER_PAYLOADS = "over_payload_bytes_per_day_total": "Private calls refused because a tenant had sent its bytes.";
    OVER_STORAGE = "over_storage_bytes_total": "Private calls refused because a tenant had stored its bytes.";
    PAYLOADS_DELIVERED = "payloads_delivered_total": "Receipts that other nodes gave for payloads of this one.";
    PAYLOADS_TAKEN = "payloads_taken_total": "Receipts that this node gave for payloads of others.";
    PAYLOADS_REFUSED = "payloads_refused_total": "Payloads of others that this node did not take.";
    PAYLOADS_GIVEN = "payloads_given_total": "Payloads that this node gave to nodes that asked for them.";
    ACKNOWLEDGED = "acknowledgements_total": "Calls of which another party said how they ended there.";
    DIFFERENCES = "differences_total": "Calls that ended otherwise at another party, upon the same contents. One is too many.";
    PAYLOADS_FETCHED = "payloads_fetched_total": "Payloads that came from other nodes because private states waited for them.";
}

macro_rules! timers {
    ($($name:ident = $text:literal: $help:literal;)*) => {
        $(#[doc = $help] pub static $name: Timer = Timer::new($text, $help);)*
        const TIMERS: &[&Timer] = &[$(&$name),*];
    };
}

timers! {
    HEIGHT = "height": "From the moment at which a height is worked on to its committed block; not the time without work.";
    BLOCK_RULES = "block_rules": "Checking a proposed or decided block by its header and its transactions' signatures.";
    BLOCK_EXECUTION = "block_execution": "Executing a block and computing the root after it.";
    BLOCK_COMMIT = "block_commit": "Committing a decided block, the sync of the block log included.";
    BLOCK_LOG = "block_log": "Writing and syncing changes into the block log, of private states too.";
    ENGINE_LOG = "engine_log": "Syncs of the consensus engine's log.";
    LAST_SIGNED = "last_signed": "Syncs of the record of the last signed round.";
    CERTIFICATE = "certificate": "Checking the signatures of a certificate.";
    BALLOTS = "ballots": "Signing and checking votes and proposals.";
    PRIVATE_EXECUTION = "private_execution": "Executing what a block orders for one private state.";
    CATCH_UP = "catch_up": "Executing and committing a block of a peer while the consensus engine rests.";
    SIGN = "sign": "Signing what a caller sends.";
    ADMISSION = "admission": "Checking a transaction that was submitted here or came from a peer.";
}

/// All of it in the text form of Prometheus; times in seconds.
pub fn text() -> String {
    let mut text = String::new();
    for Timer { name, help, count, nanoseconds } in TIMERS {
        let (count, seconds) = (count.load(Ordering::Relaxed), nanoseconds.load(Ordering::Relaxed) as f64 / 1e9);
        let name = format!("coffer_{name}_seconds");
        // Writing to a string cannot fail.
        let _ =
            writeln!(text, "# HELP {name} {help}\n# TYPE {name} summary\n{name}_sum {seconds}\n{name}_count {count}");
    }
    let gauges = GAUGES.iter().map(|gauge| (*gauge, "gauge"));
    let counters = COUNTERS.iter().map(|counter| (&counter.0, "counter"));
    for (Gauge { name, help, value }, kind) in gauges.chain(counters) {
        let value = value.load(Ordering::Relaxed);
        let _ = writeln!(text, "# HELP coffer_{name} {help}\n# TYPE coffer_{name} {kind}\ncoffer_{name} {value}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_counted_with_its_time() {
        static WORK: Timer = Timer::new("work", "Work.");
        assert_eq!(WORK.time(|| 7), 7);
        WORK.add(Duration::from_millis(3));
        assert_eq!(WORK.count.load(Ordering::Relaxed), 2);
        assert!(WORK.nanoseconds.load(Ordering::Relaxed) >= 3_000_000);
    }

    #[test]
    fn every_figure_is_shown_once_and_explained() {
        let text = text();
        for timer in TIMERS {
            let line = format!("\ncoffer_{}_seconds_count ", timer.name);
            assert_eq!(text.matches(&line).count(), 1, "{}", timer.name);
            assert!(timer.help.ends_with('.'), "{}", timer.name);
        }
        for Gauge { name, help, .. } in GAUGES.iter().copied().chain(COUNTERS.iter().map(|counter| &counter.0)) {
            assert_eq!(text.matches(&format!("\ncoffer_{name} ")).count(), 1, "{name}");
            assert!(help.ends_with('.'), "{name}");
        }
    }
}
