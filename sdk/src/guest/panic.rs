//! What a panic of a contract becomes: a text that always arrives at the caller, with the place in the source, and the end of the call.
//! Invariant: nothing here allocates, because memory may be what ran out.

use core::fmt::{self, Write};
use core::panic::PanicInfo;

use coffer_abi::limits::MAX_PANIC;

/// A text that stops growing at its bound.
struct Text {
    bytes: [u8; MAX_PANIC],
    len: usize,
}

impl Write for Text {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let mut fits = part.len().min(self.bytes.len() - self.len);
        while !part.is_char_boundary(fits) {
            fits -= 1;
        }
        let (from, to) = (&part.as_bytes()[..fits], &mut self.bytes[self.len..]);
        to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
        self.len += fits;
        Ok(())
    }
}

impl Text {
    fn push(&mut self, part: &str) {
        let _ = self.write_str(part);
    }

    /// Decimal digits, without the formatting of `core`.
    fn push_number(&mut self, mut n: u32) {
        let mut digits = [0u8; 10];
        let mut at = digits.len();
        while at > 0 {
            at -= 1;
            digits[at] = b'0' + (n % 10) as u8;
            n /= 10;
            if n == 0 {
                break;
            }
        }
        self.push(core::str::from_utf8(&digits[at..]).unwrap_or_default());
    }
}

#[panic_handler]
fn panicked(info: &PanicInfo<'_>) -> ! {
    let mut text = Text { bytes: [0; MAX_PANIC], len: 0 };
    let message = info.message();
    match message.as_str() {
        Some(message) => text.push(message),
        None => {
            let _ = write!(text, "{message}");
        }
    }
    if let Some(place) = info.location() {
        text.push(" (");
        text.push(place.file());
        text.push(":");
        text.push_number(place.line());
        text.push(")");
    }
    super::panic(&text.bytes[..text.len]);
    core::arch::wasm32::unreachable()
}
