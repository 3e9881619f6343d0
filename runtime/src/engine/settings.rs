//! THE wasmtime configuration; every setting has its reason. The WebAssembly features that are on are the validator's, no others; a
//! test feeds the engine a probe module for each of the rest. Invariant: nothing here can change an outcome or gas; where wasmtime's own limits could, ours are reached first.

use std::num::NonZeroUsize;

use wasmtime::{
    Config as Settings, Enabled, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig, Strategy,
    WasmBacktraceDetails, WasmFeatures,
};

use super::compile::Target;
use super::config::NESTED;
use super::{Backend, Config, Purpose};
use crate::validate::FEATURES;

/// Bytes of native stack the engine lets a call use. The logical limit (256 KiB, counted in the code itself) is reached long before; if
/// this one ever is, that is a fault of the node.
pub(super) const MAX_WASM_STACK: usize = 8 * 1024 * 1024;

/// Bytes of one WebAssembly page.
const PAGE: usize = 64 * 1024;

/// Bytes of address space for one memory. With 4 GiB and a guard behind it, no 32-bit address can leave the reservation, so loads and
/// stores need no bounds check: the page fault is the check.
const RESERVATION: u64 = 4 << 30;
/// Bytes of guard behind it, for the constant offset of a load or store.
const GUARD: u64 = 32 << 20;

/// Bytes of a memory slot that are kept and wiped in place after a call, instead of given back to the system and faulted in again
/// (2.3 us a page, and a lock that threads queue for). What a call touched beyond is given back, so a node keeps at most this times its slots.
const KEEP_SCANNED: usize = 2 << 20;
/// The same where the kernel cannot say which pages were touched: all of it is wiped after each call, so less is kept.
const KEEP_UNSCANNED: usize = 128 << 10;

/// Settings of an engine that runs code.
pub(super) fn settings(config: &Config, target: &Target) -> Settings {
    let mut settings = for_code(target);
    if target.tuning.pooling {
        settings.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(config, target.purpose)));
    }
    settings
}

/// All that decides what native code looks like: an engine made with these compiles for one made with [`settings`].
pub(super) fn for_code(target: &Target) -> Settings {
    let mut settings = Settings::new();

    // Off by name, all of them, also those wasmtime adds later; then on again what the validator allows.
    settings.wasm_features(WasmFeatures::all(), false);
    settings.wasm_features(FEATURES, true);
    // For the metering pass alone: host functions return the gas left beside their result. The validator refuses it to contracts.
    settings.wasm_multi_value(true);

    match target.backend {
        Backend::Winch => settings.strategy(Strategy::Winch),
        Backend::Cranelift => settings.strategy(Strategy::Cranelift).cranelift_opt_level(OptLevel::Speed),
    };
    // A deployment waits for its compilation.
    settings.parallel_compilation(target.tuning.parallel);

    // Gas and stack are counted by instrumented code, identically on every engine; wasmtime's own counters are not consensus measures.
    settings.consume_fuel(false);
    // A limit of wall-clock time is for queries alone: what the chain ordered must end alike on every node.
    settings.epoch_interruption(target.purpose == Purpose::Query);
    settings.max_wasm_stack(MAX_WASM_STACK);
    // Unused, since nothing here is async, but the engine wants it no smaller than the stack above.
    settings.async_stack_size(MAX_WASM_STACK);

    // Out of bounds, division by zero and the like raise a signal instead of being checked in code. Winch knows no other way.
    settings.signals_based_traps(true);
    // A trap's kind is all an outcome keeps; collecting frames makes a trap five times as dear.
    settings.wasm_backtrace_max_frames(if target.tuning.backtraces { NonZeroUsize::new(64) } else { None });
    settings.wasm_backtrace_details(WasmBacktraceDetails::Disable);
    // Needed by debuggers and profilers only, and it costs a global lock per compiled module.
    settings.native_unwind_info(cfg!(windows)).debug_info(false);

    // Memory is reserved whole and never moves: its base is a constant, growth is one `mprotect`.
    settings.memory_reservation(RESERVATION).memory_guard_size(GUARD).memory_may_move(false);
    // A fresh memory maps the module's data copy-on-write instead of copying it.
    settings.memory_init_cow(target.tuning.copy_on_write);
    // Table entries are made when first used: most calls use none.
    settings.table_lazy_init(true);
    settings
}

fn pool(config: &Config, purpose: Purpose) -> PoolingAllocationConfig {
    let share = config.share(purpose);
    let outermost = share.slots.max(1);
    let slots = outermost.saturating_add(share.deep.max(1).saturating_mul(NESTED));
    let scan = PoolingAllocationConfig::is_pagemap_scan_available();
    let keep = if scan { KEEP_SCANNED } else { KEEP_UNSCANNED };
    let mut pool = PoolingAllocationConfig::new();
    // One memory, one table and one instance for each call that may run, nested ones included: `Slots` lets no more of them in.
    pool.total_core_instances(slots).total_memories(slots).total_tables(slots);
    pool.max_memories_per_module(1).max_tables_per_module(1);
    pool.max_memory_size(config.caps.max_pages as usize * PAGE);
    pool.table_elements(config.caps.table_elements as usize);
    pool.linear_memory_keep_resident(keep).table_keep_resident(keep);
    // Ask the kernel which pages a call touched and wipe only those.
    pool.pagemap_scan(if scan { Enabled::Yes } else { Enabled::No });
    // A contract gets the slot it had before, or else one nobody had: taking over another contract's slot maps its memory anew, which
    // contracts called in turn would pay at every call. As many keep their memory as calls may run, those below them not counted.
    pool.max_unused_warm_slots(outermost);
    pool
}

#[cfg(test)]
mod tests;
