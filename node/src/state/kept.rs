//! Heights that stay readable longer than the settings say, because another node is fetching the state as of one of them. Not here: who fetches, and
//! until when (`sync`). Invariant: however long somebody fetches, what is kept for it in memory is bounded, in heights and in bytes.

use std::sync::atomic::Ordering;

use coffer_abi::Height;

use super::{Inner, State};

/// Heights below the head that are kept for others at most.
const HEIGHTS: u64 = 4_096;
/// Bytes of overwritten values in memory above which nothing is kept for others.
const BYTES: usize = 256 << 20;
/// Stands for no height.
pub(super) const NONE: u64 = u64::MAX;

impl State {
    /// Keeps the public state readable from a height on that it has, for as long as the bounds allow; `None`: no longer.
    pub fn keep_from(&self, height: Option<Height>) {
        self.inner.kept.store(height.map_or(NONE, |height| height.0), Ordering::Relaxed);
    }

    /// The oldest height at which the public state can be read in memory.
    pub fn oldest_kept(&self) -> Height {
        Height(self.inner.public.history.layers().floor())
    }
}

impl Inner {
    /// The height from which on the public state stays readable once `head` is committed.
    pub(super) fn kept_from(&self, head: u64) -> u64 {
        let ordinary = head.saturating_sub(self.history);
        let kept = self.kept.load(Ordering::Relaxed).max(head.saturating_sub(HEIGHTS));
        if kept < ordinary && self.public.history.now().bytes() <= BYTES { kept } else { ordinary }
    }
}
