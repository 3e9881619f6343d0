//! What a panic of a contract becomes: a text that always arrives at the caller, with the place in the source, and the end of the call.

use core::fmt::Write;
use core::panic::PanicInfo;

use super::text::Text;

#[panic_handler]
fn panicked(info: &PanicInfo<'_>) -> ! {
    let mut text = Text::new();
    let message = info.message();
    match message.as_str() {
        Some(message) => text.push(message.as_bytes()),
        None => {
            let _ = write!(text, "{message}");
        }
    }
    if let Some(place) = info.location() {
        text.push(b" (");
        text.push(place.file().as_bytes());
        text.push(b":");
        text.push_number(place.line());
        text.push(b")");
    }
    end(&text)
}

/// Ends the call with a text.
pub fn end(text: &Text) -> ! {
    super::panic(text.bytes());
    core::arch::wasm32::unreachable()
}
