//! Numbers for tests: random ones that follow from a seed, and those a developer sets. Invariant: same seed, same numbers; a variable
//! that is no number ends the test instead of being passed over.

use coffer_abi::Encode;

/// Numbers that follow from a seed.
pub(super) struct Random(blake3::OutputReader);

impl Random {
    pub fn new(seed: u64, of: &str) -> Self {
        Self(blake3::Hasher::new().update(&(seed, of).encode()).finalize_xof())
    }

    /// From 0 to `end` - 1.
    pub fn below(&mut self, end: u64) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes) % end
    }
}

/// What the variable says, or else `otherwise`.
pub(super) fn number(name: &str, otherwise: u64) -> u64 {
    let number = std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text}")));
    number.unwrap_or(otherwise)
}
