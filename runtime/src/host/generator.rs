//! The seeded generator: bytes that every replica computes alike, from BLAKE3's extendable output (BLAKE3 paper, section 2.6).
//! Invariant: no two requests of one transaction get the same stream.

use coffer_abi::host::GENERATOR_CONTEXT;

/// The generator of one transaction.
#[derive(Default)]
pub(super) struct Generator {
    seed: [u8; 32],
    requests: u64,
}

impl Generator {
    pub(super) fn new(seed: [u8; 32]) -> Self {
        Self { seed, requests: 0 }
    }

    /// The next `len` bytes. A nested call that is undone does not give its bytes back.
    pub(super) fn draw(&mut self, len: usize, out: &mut Vec<u8>) {
        let mut hasher = blake3::Hasher::new_derive_key(GENERATOR_CONTEXT);
        hasher.update(&self.seed).update(&self.requests.to_le_bytes());
        self.requests += 1;
        out.clear();
        out.resize(len, 0);
        hasher.finalize_xof().fill(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_one_sequence_and_no_stream_twice() {
        let draw = |generator: &mut Generator, len| {
            let mut out = vec![1; 3];
            generator.draw(len, &mut out);
            out
        };
        let (mut one, mut same, mut other) =
            (Generator::new([1; 32]), Generator::new([1; 32]), Generator::new([2; 32]));
        let first = draw(&mut one, 64);
        assert_eq!(first, draw(&mut same, 64));
        assert_ne!(first, draw(&mut one, 64));
        assert_ne!(first, draw(&mut other, 64));
        assert!(draw(&mut one, 0).is_empty());
    }
}
