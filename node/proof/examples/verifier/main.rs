//! The verifier as a Wasm module without imports, as a browser or another chain may run it. The host writes a question at
//! `input()`, calls `check` with its length, and reads as many bytes of verdict as that returns at `output()`.
//! Build it with `cargo build --release --target wasm32v1-none -p coffer-proof --example verifier`. Invariant: it is
//! given memory and bytes, nothing else.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

mod verdict;

use alloc::vec::Vec;
use core::sync::atomic::{AtomicU8, Ordering};

/// Bytes of the largest question, and of the longest verdict.
const SIZE: usize = 512 * 1024;

static INPUT: [AtomicU8; SIZE] = [const { AtomicU8::new(0) }; SIZE];
static OUTPUT: [AtomicU8; SIZE] = [const { AtomicU8::new(0) }; SIZE];

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// Where the question goes.
// SAFETY: the name is no one else's: a module without imports has no other symbols.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
pub extern "C" fn input() -> *const AtomicU8 {
    INPUT.as_ptr()
}

/// Where the verdict is.
// SAFETY: as `input`.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
pub extern "C" fn output() -> *const AtomicU8 {
    OUTPUT.as_ptr()
}

/// Checks the question of `length` bytes; gives the length of the verdict.
// SAFETY: as `input`.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
pub extern "C" fn check(length: usize) -> usize {
    let question: Vec<u8> = INPUT.iter().take(length).map(|byte| byte.load(Ordering::Relaxed)).collect();
    let verdict = verdict::verdict(&question);
    let bytes = verdict.bytes().zip(&OUTPUT);
    bytes.map(|(byte, to)| to.store(byte, Ordering::Relaxed)).count()
}
