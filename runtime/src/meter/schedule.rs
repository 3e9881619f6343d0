//! What execution costs in gas, everything that is not in the table of host functions (`coffer_abi::host`). One unit is about a fifth
//! of a nanosecond; the benchmark `calibration` measures it and decision 0013 tells what is outside of it. Invariant: a number here never changes;
//! another price is another schedule version.

/// A gas schedule. Costs are in gas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Version, a chain parameter.
    pub version: u32,
    /// Constants, locals, integer arithmetic, comparison, conversion, `drop`, `select`.
    pub simple: u32,
    /// Division and remainder.
    pub division: u32,
    /// `global.get`, `global.set`.
    pub global: u32,
    /// Loads and stores, `memory.size`.
    pub memory: u32,
    /// `br`, `br_if`, `if`, `return`, and each pass over a `loop`'s head.
    pub branch: u32,
    /// `br_table`.
    pub br_table: u32,
    /// `call`, on top of the callee's frame.
    pub call: u32,
    /// `call_indirect`, on top of the callee's frame.
    pub call_indirect: u32,
    /// Entry of a function.
    pub frame: u32,
    /// Each 8 bytes of a function's frame, on entry: its parameters, locals and operands.
    pub frame_word: u32,
    /// `memory.copy`, `memory.fill`, on top of their length.
    pub bulk: u32,
    /// Each 8 bytes a bulk operation moves, rounded up.
    pub bulk_word: u32,
    /// `memory.grow`, on top of its pages.
    pub grow: u32,
    /// Each page (64 KiB) of memory, at instantiation and when it grows. Its cost lies between wiping a page that stays resident (2 us)
    /// and 16 first touches of 4 KiB (13 us together).
    pub page: u32,
    /// Making and dropping an instance, the memory's pages apart: 3 to 4 us. A call that cannot pay it is out of gas before it begins.
    pub instance: u64,
    /// Each entry that a scan passes over because the transaction has removed it: without it, scanning many of them again and again
    /// would be work nobody pays.
    pub scan_skip: u64,
}

impl Schedule {
    /// Version 1.
    pub const V1: Self = Self {
        version: 1,
        simple: 1,
        division: 24,
        global: 1,
        memory: 2,
        branch: 2,
        br_table: 4,
        call: 8,
        call_indirect: 16,
        frame: 4,
        frame_word: 1,
        bulk: 16,
        bulk_word: 2,
        grow: 500,
        page: 30_000,
        instance: 15_000,
        scan_skip: 100,
    };

    /// The schedule of a version, or `None` if this node does not know it.
    pub const fn of(version: u32) -> Option<Self> {
        match version {
            1 => Some(Self::V1),
            _ => None,
        }
    }

    /// Gas of the memory a module starts with. The host charges it before a call begins, since the pass cannot see instantiation.
    pub const fn initial_memory(&self, pages: u32) -> u64 {
        self.page as u64 * pages as u64
    }
}

impl Default for Schedule {
    fn default() -> Self {
        Self::V1
    }
}
