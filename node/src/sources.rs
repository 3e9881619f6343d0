//! Where randomness and time come from: the operating system, or in dev mode a seed that fixes both, so that two nodes fed the same calls
//! make the same chain. Nothing else in the node draws random bytes or reads the clock for something that is signed or hashed.
//! Invariant: bytes are never drawn twice by one process; after a restart a seeded source starts from the head it finds.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use coffer_abi::{Encode, Hash, Height, Time};
use zeroize::Zeroizing;

const CONTEXT: &str = "coffer v1 local random bytes";
const CONTEXT_LABEL: &str = "coffer v1 dev seed";

/// Milliseconds since 1970 of block 0 of a seeded chain: 2026-01-01.
pub const SEEDED_GENESIS: Time = Time(1_767_225_600_000);
/// Milliseconds between the blocks of a seeded chain.
const SEEDED_STEP: u64 = 1_000;

/// Randomness and time of one node.
pub struct Sources {
    key: Zeroizing<[u8; 32]>,
    drawn: AtomicU64,
    seeded: bool,
}

impl std::fmt::Debug for Sources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sources(…)")
    }
}

impl Sources {
    /// From the operating system.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn system() -> Result<Self, getrandom::Error> {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *key)?;
        Ok(Self { key, drawn: AtomicU64::new(0), seeded: false })
    }

    /// From a seed and the head the node starts at. For development only: who knows the seed knows every key.
    pub fn seeded(seed: u64, head: &Hash) -> Self {
        let key = blake3::derive_key(CONTEXT_LABEL, &(seed, "run", head).encode());
        Self { key: Zeroizing::new(key), drawn: AtomicU64::new(0), seeded: true }
    }

    /// `N` fresh bytes. `N` is any length; bytes come from BLAKE3's output stream.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let count = self.drawn.fetch_add(1, Ordering::Relaxed);
        let mut bytes = [0; N];
        let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
        hasher.update(&*self.key).update(&count.to_le_bytes());
        hasher.finalize_xof().fill(&mut bytes);
        bytes
    }

    /// Time for a block: not before its parent's. Of a seeded chain it follows from the height alone.
    pub fn block_time(&self, parent: Time, height: Height) -> Time {
        let now = if self.seeded {
            Time(SEEDED_GENESIS.0.saturating_add(height.0.saturating_mul(SEEDED_STEP)))
        } else {
            now()
        };
        now.max(parent)
    }

    /// Highest block time this node accepts from others, in milliseconds.
    pub fn latest_block_time(&self) -> u64 {
        if self.seeded { u64::MAX } else { now().0.saturating_add(coffer_chain::rules::MAX_CLOCK_LEAD) }
    }

    /// How long it is until this node's clock shows a time; `None` where no clock runs, in a seeded chain.
    pub fn until(&self, time: Time) -> Option<Duration> {
        (!self.seeded).then(|| Duration::from_millis(time.0.saturating_sub(now().0)))
    }

    /// Time a view sees: the head's, or this node's clock where that is later.
    pub fn view_time(&self, head: Time) -> Time {
        if self.seeded { head } else { now().max(head) }
    }
}

/// A key that follows from a dev seed and a label, the same at every start.
pub fn seeded_key(seed: u64, label: &str) -> [u8; 32] {
    blake3::derive_key(CONTEXT_LABEL, &(seed, label).encode())
}

/// The clock, milliseconds since 1970-01-01 UTC; 0 for a clock before that.
pub fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_never_come_twice() {
        let sources = Sources::system().unwrap();
        assert_ne!(sources.bytes::<32>(), sources.bytes::<32>());
    }

    #[test]
    fn a_time_that_is_past_is_now_and_a_seeded_chain_waits_for_none() {
        let sources = Sources::system().unwrap();
        assert_eq!(sources.until(Time(1)), Some(Duration::ZERO));
        let ahead = sources.until(Time(now().0 + 60_000)).unwrap();
        assert!(ahead > Duration::from_secs(50) && ahead <= Duration::from_secs(60), "{ahead:?}");
        assert_eq!(Sources::seeded(7, &Hash::ZERO).until(Time(1)), None);
    }

    #[test]
    fn a_seed_and_a_head_fix_everything() {
        let (a, b) = (Sources::seeded(7, &Hash::ZERO), Sources::seeded(7, &Hash::ZERO));
        assert_eq!(a.bytes::<16>(), b.bytes::<16>());
        assert_eq!(a.block_time(Time(0), Height(3)), b.block_time(Time(0), Height(3)));
        assert_ne!(Sources::seeded(7, &Hash([1; 32])).bytes::<16>(), Sources::seeded(7, &Hash::ZERO).bytes::<16>());
        assert_ne!(seeded_key(7, "node"), seeded_key(8, "node"));
    }
}
