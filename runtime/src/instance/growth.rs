//! The bound on linear memory, and the difference between "more than allowed" (-1 to the contract, alike on every node) and "this
//! machine has no more" (a fault). Invariant: `memory.grow` never tells a contract how much memory this machine has.

use wasmtime::ResourceLimiter;

/// Bytes of one WebAssembly page.
const PAGE: usize = 64 * 1024;

/// What wasmtime (exactly the version this crate pins) says when a size is above what a 32-bit memory can have. Every other failure after
/// [`Growth::memory_growing`] agreed comes from the operating system. A test holds the pinned version to it.
const ABOVE_TYPE: &str = "memory growth exceeds memory type's limits";

/// The memory bound of one call.
pub(super) struct Growth {
    max_bytes: usize,
}

impl Growth {
    pub(super) fn up_to(pages: u32) -> Self {
        Self { max_bytes: pages as usize * PAGE }
    }
}

impl ResourceLimiter for Growth {
    fn memory_growing(&mut self, _: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= self.max_bytes && maximum.is_none_or(|maximum| desired <= maximum))
    }

    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        if error.to_string() == ABOVE_TYPE { Ok(()) } else { Err(error) }
    }

    fn table_growing(&mut self, _: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        // Tables have no instruction to grow; this is asked once, when one is made.
        Ok(maximum.is_none_or(|maximum| desired <= maximum))
    }
}
