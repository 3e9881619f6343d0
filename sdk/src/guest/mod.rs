//! The host functions as safe functions, made from the host function table. On Wasm they call the host; on every other target they go
//! to the host that `native` holds for this thread. Not here: what they are good for (`storage`, `context`, ...).
//! Invariant: a slice given to the host is valid for the length of the call, and the host keeps no pointer.

#[cfg(target_arch = "wasm32")]
mod allocator;
#[cfg(not(target_arch = "wasm32"))]
mod local;
#[cfg(target_arch = "wasm32")]
mod panic;
#[cfg(target_arch = "wasm32")]
mod text;
#[cfg(target_arch = "wasm32")]
mod wasm;

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use local::*;
#[cfg(target_arch = "wasm32")]
pub(crate) use wasm::*;

/// Ends the call with a text made of `parts`. Formatting machinery would cost a small contract more than everything else it does.
#[cfg(target_arch = "wasm32")]
#[cold]
#[inline(never)]
pub(crate) fn fail(parts: &[&[u8]]) -> ! {
    let mut text = text::Text::new();
    for part in parts {
        text.push(part);
    }
    panic::end(&text)
}

/// Ends the call with a text made of `parts`.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn fail(parts: &[&[u8]]) -> ! {
    core::panic!("{}", String::from_utf8_lossy(&parts.concat()))
}
