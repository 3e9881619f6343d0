//! Reads the parts that every encoding is made of. Invariant: a length is read only in its shortest spelling and never trusted: what
//! it announces is read piece by piece.

use parity_scale_codec::{Compact, Decode};

/// The bytes not read yet.
pub(super) struct Reader<'b> {
    rest: &'b [u8],
}

impl<'b> Reader<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn rest(&self) -> &'b [u8] {
        self.rest
    }

    pub(super) fn take(&mut self, len: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*taken)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    /// 0 or 1: a bool, or the first byte of an option or a result.
    pub(super) fn flag(&mut self) -> Option<bool> {
        match self.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// Number of members or bytes of what follows.
    pub(super) fn length(&mut self) -> Option<usize> {
        let Compact(length) = Compact::<u32>::decode(&mut self.rest).ok()?;
        usize::try_from(length).ok()
    }

    /// Length and bytes.
    pub(super) fn bytes(&mut self) -> Option<&'b [u8]> {
        let length = self.length()?;
        self.take(length)
    }
}
