//! The host functions as safe functions, made from the host function table. On Wasm they call the host; on every other target they go
//! to the host that `native` holds for this thread. Not here: what they are good for (`storage`, `context`, ...).
//! Invariant: a slice given to the host is valid for the length of the call, and the host keeps no pointer.

use alloc::string::String;
use alloc::vec;

#[cfg(target_arch = "wasm32")]
mod allocator;
#[cfg(not(target_arch = "wasm32"))]
mod local;
#[cfg(target_arch = "wasm32")]
mod panic;
#[cfg(target_arch = "wasm32")]
mod wasm;

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use local::*;
#[cfg(target_arch = "wasm32")]
pub(crate) use wasm::*;

/// Bytes of a reply that need no allocation: an account and an amount, with room to spare.
const SMALL: usize = 64;

/// Calls a host function that replies with bytes and hands them to `read`; `None` if the host has nothing there.
pub(crate) fn with_reply<T>(
    call: impl FnOnce(&mut [u8]) -> Option<usize>,
    read: impl FnOnce(&[u8]) -> T,
) -> Option<T> {
    let mut small = [0; SMALL];
    let length = call(&mut small)?;
    let mut large;
    let reply = match small.get(..length) {
        Some(fits) => fits,
        None => {
            large = vec![0; length];
            reply_read(0, &mut large);
            &large
        }
    };
    Some(read(reply))
}

/// Ends the call with a text made of `parts`. Formatting machinery would cost a small contract more than everything else it does.
#[cold]
#[inline(never)]
pub(crate) fn fail(parts: &[&str]) -> ! {
    let mut text = String::new();
    for part in parts {
        text.push_str(part);
    }
    end(&text)
}

#[cfg(target_arch = "wasm32")]
fn end(text: &str) -> ! {
    panic(text.as_bytes());
    core::arch::wasm32::unreachable()
}

#[cfg(not(target_arch = "wasm32"))]
fn end(text: &str) -> ! {
    core::panic!("{text}")
}
