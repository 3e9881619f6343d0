//! How much memory the state takes beside what it must: records held for the next block, changes that wait for the database. Not here: the
//! heights kept for reading, whose size follows from what the blocks change. Invariant: none of it changes what is read or computed.

use std::ops::RangeInclusive;

/// Bytes, for all states together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Records held after they were read or written, so that a block finds them in memory.
    pub cache: usize,
    /// Changes that gather before they are written to the database; as many again gather meanwhile, then commits wait.
    pub waiting: usize,
}

impl Memory {
    /// What [`Self::cache`] may be, 1 MiB to 64 GiB.
    pub const CACHE: RangeInclusive<u64> = 1 << 20..=64 << 30;
    /// What [`Self::waiting`] may be, 1 MiB to 4 GiB.
    pub const WAITING: RangeInclusive<u64> = 1 << 20..=4 << 30;
}

impl Default for Memory {
    fn default() -> Self {
        Self { cache: 64 << 20, waiting: 128 << 20 }
    }
}
