//! Bounds on everything that crosses between guest and host. Chain parameters: a change is a network upgrade.
//! Caps on a module are in [`crate::caps`].

/// Bytes of a storage key, the kind byte included.
pub const MAX_KEY: usize = 256;
/// Bytes of a storage value.
pub const MAX_VALUE: usize = 64 * 1024;
/// Bytes of a call's arguments.
pub const MAX_INPUT: usize = 256 * 1024;
/// Bytes of a call's result, and of a contract error's data.
pub const MAX_OUTPUT: usize = 64 * 1024;
/// Bytes of one event's data.
pub const MAX_EVENT: usize = 16 * 1024;
/// Bytes of an event's name.
pub const MAX_EVENT_NAME: usize = 64;
/// Events of one call.
pub const MAX_EVENTS: usize = 1_024;
/// Bytes of a panic's text that reach the receipt; the rest is cut at a character boundary.
pub const MAX_PANIC: usize = 1_024;
/// Bytes of one debug-log line; the rest is cut.
pub const MAX_LOG: usize = 1_024;
/// Entries of one page of a prefix scan.
pub const MAX_SCAN: u32 = 256;
/// Bytes after which a page of a prefix scan ends early (it always holds one entry if there is one).
pub const MAX_SCAN_BYTES: usize = 64 * 1024;
/// Contracts that can be in the middle of a call at once: the one a transaction names and those it calls in turn.
pub const MAX_DEPTH: usize = 16;
/// Bytes that one request to the seeded generator gives at most.
pub const MAX_RANDOM: u32 = 1_024;
/// Bytes of a method's name.
pub const MAX_METHOD: usize = 64;

/// First byte of a storage key that is found only by asking for it.
pub const KEY_PLAIN: u8 = 0;
/// First byte of a storage key that prefix scans visit, in the byte order of the keys. Costs an index entry.
pub const KEY_ORDERED: u8 = 1;
