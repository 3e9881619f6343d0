//! The guest's memory: a bump allocator. A call is short and its memory is reset afterwards, so nothing is freed but the newest block,
//! which makes temporary buffers and growing vectors free. Invariant: blocks handed out do not overlap, and lie above `__heap_base`.
#![allow(unsafe_code)]

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::{memory_grow, memory_size};
use core::cell::Cell;

const PAGE: usize = 64 * 1024;

unsafe extern "C" {
    /// First byte after the statics and the stack, placed by the linker.
    static __heap_base: u8;
}

struct Bump {
    /// First free byte; 0 before the first allocation.
    next: Cell<usize>,
}

// SAFETY: a contract has one thread.
unsafe impl Sync for Bump {}

#[global_allocator]
static BUMP: Bump = Bump { next: Cell::new(0) };

impl Bump {
    fn next(&self) -> usize {
        match self.next.get() {
            0 => (&raw const __heap_base) as usize,
            next => next,
        }
    }

    /// Makes the byte `size` behind `start` the first free one, and grows the memory to it. Ends the call if it cannot: the message of
    /// `alloc` for that would bring the formatting of numbers into every contract.
    fn reserve(&self, start: usize, size: usize) {
        let end = start.saturating_add(size);
        let have = memory_size(0).wrapping_mul(PAGE);
        // A memory of all 65,536 pages has a size of 0 here; it is far above what the host gives.
        if end > have && memory_grow(0, end.wrapping_sub(have).div_ceil(PAGE)) == usize::MAX {
            super::fail(&[b"the contract is out of memory"]);
        }
        self.next.set(end);
    }
}

// SAFETY: `alloc` returns memory from `next` on, aligned up, and moves `next` behind it, so that blocks do not overlap; `dealloc` and
// `realloc` move `next` back or on only for the block that ends at it.
unsafe impl GlobalAlloc for Bump {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // An alignment is a power of two.
        let mask = layout.align().wrapping_sub(1);
        let start = self.next().wrapping_add(mask) & !mask;
        self.reserve(start, layout.size());
        // SAFETY: memory starts with the stack and the statics, so a block never starts at 0.
        unsafe { core::hint::assert_unchecked(start != 0) };
        start as *mut u8
    }

    #[inline(never)]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if (block as usize).wrapping_add(layout.size()) == self.next.get() {
            self.next.set(block as usize);
        }
    }

    #[inline(never)]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let start = block as usize;
        if start.wrapping_add(layout.size()) == self.next.get() {
            self.reserve(start, size);
            return block;
        }
        if size <= layout.size() {
            return block;
        }
        // SAFETY: the new size is above the old one, which was not zero, and the alignment is the old one.
        let new = unsafe { self.alloc(Layout::from_size_align_unchecked(size, layout.align())) };
        // SAFETY: both blocks are this allocator's, do not overlap, and have at least the old size.
        unsafe { core::ptr::copy_nonoverlapping(block, new, layout.size()) };
        new
    }
}
