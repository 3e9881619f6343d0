//! A text of bounded length on the stack, for messages that end a call. Invariant: nothing here allocates or panics, because memory may be
//! what ran out and a panic may be what is being told.

use core::fmt;

use coffer_abi::limits::MAX_PANIC;

/// A text that stops growing at [`MAX_PANIC`] bytes.
pub struct Text {
    bytes: [u8; MAX_PANIC],
    len: usize,
}

impl Text {
    /// No text.
    pub const fn new() -> Self {
        Self { bytes: [0; MAX_PANIC], len: 0 }
    }

    /// Appends what fits of `part`. The host cuts at a character boundary if this did not.
    pub fn push(&mut self, part: &[u8]) {
        for &byte in part {
            if let Some(place) = self.bytes.get_mut(self.len) {
                *place = byte;
                self.len = self.len.wrapping_add(1);
            }
        }
    }

    /// Appends a number in decimal digits, without the formatting of `core`.
    pub fn push_number(&mut self, n: u32) {
        if n > 9 {
            self.push_number(n / 10);
        }
        self.push(&[b'0' | (n % 10) as u8]);
    }

    /// The text so far.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&self.bytes)
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        self.push(part.as_bytes());
        Ok(())
    }
}
