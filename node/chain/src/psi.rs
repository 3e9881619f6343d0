//! The private state identifier. Invariant: a [`Psi`] is 1 to 64 bytes of UTF-8 without `/` and control characters, compared exactly.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use coffer_abi::{Decode, Encode};

/// Name of the private state a request is for when it names none.
pub const DEFAULT: &str = "private";
/// Name reserved for the public state; no tenant may have it.
pub const PUBLIC: &str = "public";
/// Bytes of the longest identifier.
pub const MAX_BYTES: usize = 64;

/// Identifier of a private state.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Encode)]
pub struct Psi(String);

/// Why a text is no private state identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PsiError {
    /// No character at all.
    #[error("a private state identifier has at least one character")]
    Empty,
    /// Longer than [`MAX_BYTES`].
    #[error("a private state identifier has at most 64 bytes, this one has {0}")]
    TooLong(usize),
    /// `/` or a control character.
    #[error("a private state identifier has no `/` and no control characters, this one has {0:?}")]
    Character(char),
    /// [`PUBLIC`].
    #[error("`public` names the public state, not a private one")]
    Reserved,
}

impl Psi {
    /// The private state of requests that name none.
    pub fn default_state() -> Self {
        Self(DEFAULT.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Psi {
    type Err = PsiError;

    fn from_str(text: &str) -> Result<Self, PsiError> {
        match text {
            "" => return Err(PsiError::Empty),
            PUBLIC => return Err(PsiError::Reserved),
            _ => {}
        }
        if text.len() > MAX_BYTES {
            return Err(PsiError::TooLong(text.len()));
        }
        match text.chars().find(|c| *c == '/' || c.is_control()) {
            Some(c) => Err(PsiError::Character(c)),
            None => Ok(Self(text.into())),
        }
    }
}

impl Decode for Psi {
    fn decode<I: coffer_abi::codec::Input>(input: &mut I) -> Result<Self, parity_scale_codec::Error> {
        let text = String::decode(input)?;
        text.parse().map_err(|_| "not a private state identifier".into())
    }
}

impl fmt::Display for Psi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Psi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_short_printable_text_without_a_slash() {
        for good in ["PS1", "private", "Ministère", &"x".repeat(64)] {
            assert_eq!(good.parse::<Psi>().unwrap().as_str(), good);
        }
        assert_eq!("".parse::<Psi>(), Err(PsiError::Empty));
        assert_eq!("a/b".parse::<Psi>(), Err(PsiError::Character('/')));
        assert_eq!("a\n".parse::<Psi>(), Err(PsiError::Character('\n')));
        assert_eq!("public".parse::<Psi>(), Err(PsiError::Reserved));
        assert_eq!("x".repeat(65).parse::<Psi>(), Err(PsiError::TooLong(65)));
        assert_ne!("ps1".parse::<Psi>(), "PS1".parse::<Psi>());
    }
}
