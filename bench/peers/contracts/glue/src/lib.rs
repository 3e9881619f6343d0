//! One function `run(u32, u32) -> u32` as a contract of Coffer, of CosmWasm or of Soroban. Not a toolkit: it does what a measurement
//! needs and no more. Invariant: beside a few instructions of glue, the three modules hold the same code.
#![no_std]

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;

/// Memory is never given back: every call has an instance of its own.
struct Bump(Cell<usize>);

// SAFETY: a contract has one thread.
unsafe impl Sync for Bump {}

#[global_allocator]
static ALLOCATOR: Bump = Bump(Cell::new(0));

unsafe extern "C" {
    static __heap_base: u8;
}

// SAFETY: `alloc` hands out each byte once, aligned, from memory that exists.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let next = if self.0.get() == 0 { &raw const __heap_base as usize } else { self.0.get() };
        let start = next.next_multiple_of(layout.align());
        let end = start + layout.size();
        let have = core::arch::wasm32::memory_size(0) << 16;
        if end > have && core::arch::wasm32::memory_grow(0, (end - have).div_ceil(1 << 16)) == usize::MAX {
            return core::ptr::null_mut();
        }
        self.0.set(end);
        start as *mut u8
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// Coffer: `call run`, the two numbers as its input, the result as its output, little-endian.
#[macro_export]
macro_rules! coffer {
    ($run:path) => {
        #[link(wasm_import_module = "coffer_1")]
        unsafe extern "C" {
            fn input(out: *mut u8, cap: usize) -> i64;
            fn output(ptr: *const u8, len: usize);
        }

        #[unsafe(export_name = "call run")]
        extern "C" fn call_run() {
            let mut both = [0; 8];
            // SAFETY: the host writes at most 8 bytes.
            assert!(unsafe { input(both.as_mut_ptr(), 8) } == 8);
            let both = u64::from_le_bytes(both);
            let result = $run(both as u32, (both >> 32) as u32).to_le_bytes();
            // SAFETY: the host reads 4 bytes.
            unsafe { output(result.as_ptr(), 4) };
        }
    };
}

/// CosmWasm: `execute`, the two numbers as its message, the result as its data in hexadecimal.
#[macro_export]
macro_rules! cosmwasm {
    ($run:path) => {
        extern crate alloc;
        use alloc::boxed::Box;
        use alloc::format;
        use alloc::vec::Vec;

        #[repr(C)]
        struct Region {
            offset: u32,
            capacity: u32,
            length: u32,
        }

        fn region(bytes: Vec<u8>) -> *mut Region {
            let (capacity, length) = (bytes.capacity() as u32, bytes.len() as u32);
            let offset = bytes.leak().as_ptr() as u32;
            Box::leak(Box::new(Region { offset, capacity, length }))
        }

        #[unsafe(no_mangle)]
        extern "C" fn interface_version_8() {}

        #[unsafe(no_mangle)]
        extern "C" fn allocate(size: usize) -> *mut Region {
            region(Vec::with_capacity(size))
        }

        #[unsafe(no_mangle)]
        extern "C" fn deallocate(_: *mut Region) {}

        #[unsafe(no_mangle)]
        extern "C" fn instantiate(_: *mut Region, _: *mut Region, _: *mut Region) -> *mut Region {
            let answer = br#"{"ok":{"messages":[],"attributes":[],"events":[],"data":null}}"#.to_vec();
            region(answer)
        }

        #[unsafe(no_mangle)]
        extern "C" fn execute(_: *mut Region, _: *mut Region, message: *mut Region) -> *mut Region {
            // SAFETY: the host made the region and wrote the 8 bytes of the message into it.
            let both = unsafe { (((*message).offset as usize) as *const u64).read_unaligned() };
            let result = $run(both as u32, (both >> 32) as u32);
            let answer =
                format!(r#"{{"ok":{{"messages":[],"attributes":[],"events":[],"data":"{result:08x}"}}}}"#).into_bytes();
            region(answer)
        }
    };
}

/// Soroban: `run`, both numbers and the result as its 32-bit values.
#[macro_export]
macro_rules! soroban {
    ($run:path) => {
        /// Which interface of the host this needs: kind 0, protocol 25, no pre-release.
        #[unsafe(link_section = "contractenvmetav0")]
        #[used]
        static META: [u8; 12] = [0, 0, 0, 0, 0, 0, 0, 25, 0, 0, 0, 0];

        /// The tag of a 32-bit number; the number stands in the upper half.
        const U32: u64 = 4;

        #[unsafe(no_mangle)]
        extern "C" fn run(which: u64, n: u64) -> u64 {
            (($run((which >> 32) as u32, (n >> 32) as u32) as u64) << 32) | U32
        }
    };
}
