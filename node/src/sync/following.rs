//! How far a node is behind the others, block by block. Not here: fetching blocks, which the consensus engine does. Invariant: shown, never decided by.

use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use coffer_abi::Height;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use super::progress::Rate;
use crate::state::State;

/// How often the head is looked at.
const ROUND: Duration = Duration::from_secs(1);
/// Looks from one line in the log to the next.
const TOLD: u32 = 5;
/// Blocks that a node may be behind before the log tells.
const BEHIND: u64 = 16;

/// How far a node is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Its head.
    pub head: Height,
    /// The highest head that a connected node told; `None` while none has.
    pub target: Option<Height>,
    /// Blocks a second, over the last ten seconds.
    pub blocks_per_second: u64,
    /// Seconds until it has caught up; `None` while nobody can tell.
    pub seconds_left: Option<u64>,
}

/// What is known of it. Cheap to read at any time.
#[derive(Debug, Default)]
pub struct Following {
    inner: Mutex<(Standing, Rate)>,
}

impl Following {
    /// How far it was when it was last looked at.
    pub fn standing(&self) -> Standing {
        self.lock().0
    }

    /// Looks at the head and at what the others told until `stop` turns true.
    ///
    /// # Errors
    /// None.
    pub async fn run(
        &self,
        state: State,
        target: impl Fn() -> Option<Height>,
        mut stop: watch::Receiver<bool>,
    ) -> Result<(), Infallible> {
        let mut round = tokio::time::interval(ROUND);
        round.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut looks = 0u32;
        loop {
            tokio::select! {
                biased;
                // A closed channel means that the node is gone: stop as well.
                _ = stop.wait_for(|stop| *stop) => return Ok(()),
                _ = round.tick() => {}
            }
            self.note(Instant::now(), state.head().height, target());
            looks = looks.wrapping_add(1);
            let Standing { head, target, blocks_per_second, seconds_left } = self.standing();
            let behind = target.map_or(0, |target| target.0.saturating_sub(head.0));
            if behind > BEHIND && looks.is_multiple_of(TOLD) {
                tracing::info!(%head, behind, blocks_per_second, seconds_left, "catching up");
            }
        }
    }

    fn note(&self, now: Instant, head: Height, target: Option<Height>) {
        let mut inner = self.lock();
        inner.1.note(now, head.0);
        let rate = inner.1.per_second();
        let left = target.map(|target| target.0.saturating_sub(head.0));
        let seconds_left = left.and_then(|left| match left {
            0 => Some(0),
            // The cast saturates.
            _ => (rate > 0.0).then(|| (left as f64 / rate).ceil() as u64),
        });
        inner.0 = Standing { head, target, blocks_per_second: rate.round() as u64, seconds_left };
    }

    fn lock(&self) -> MutexGuard<'_, (Standing, Rate)> {
        // Every change is whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_it_takes_follows_from_what_is_left_and_how_fast_it_was() {
        let (begun, following) = (Instant::now(), Following::default());
        let at = |seconds| begun + Duration::from_secs(seconds);
        following.note(at(0), Height(100), None);
        assert_eq!(following.standing().seconds_left, None);
        following.note(at(1), Height(150), Some(Height(1_150)));
        let expected =
            Standing { head: Height(150), target: Some(Height(1_150)), blocks_per_second: 50, seconds_left: Some(20) };
        assert_eq!(following.standing(), expected);
        following.note(at(2), Height(1_150), Some(Height(1_150)));
        assert_eq!(following.standing().seconds_left, Some(0));
    }
}
