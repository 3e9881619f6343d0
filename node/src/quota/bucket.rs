//! What counts against a number for a while and wears off evenly. Pure: it reads no clock. Not here: who asks. Invariants: what was taken wears off at the limit, neither faster nor slower; what is refused takes nothing; the time
//! that a refusal names is enough.

use std::time::Duration;

use tokio::time::Instant;

/// How much may be open before more is refused, and over what time the limit counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// The limit is for so long.
    pub per: Duration,
    /// So many times the limit may be open.
    pub burst: u64,
}

/// By the second, with five seconds' worth at once.
pub(super) const BY_SECOND: Shape = Shape { per: Duration::from_secs(1), burst: 5 };
/// By the day, all of it at once if need be.
pub(super) const BY_DAY: Shape = Shape { per: Duration::from_secs(86_400), burst: 1 };

/// What is open of one limit. Something is taken as long as less than the full measure is open, however much it turns out to be: what is above is waited for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    shape: Shape,
    /// Units times the nanoseconds of `shape.per`, so that nothing is lost to rounding.
    open: u128,
    at: Option<Instant>,
}

impl Bucket {
    pub const fn new(shape: Shape) -> Self {
        Self { shape, open: 0, at: None }
    }

    /// Lets wear off what has since the last time; without a limit everything has.
    pub fn settle(&mut self, limit: Option<u64>, now: Instant) {
        let Some(limit) = limit else {
            (self.open, self.at) = (0, Some(now));
            return;
        };
        let since = self.at.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        self.open = self.open.saturating_sub(since.as_nanos().saturating_mul(u128::from(limit)));
        // Never back: who comes late with an earlier moment finds nothing twice.
        self.at = Some(self.at.map_or(now, |at| at.max(now)));
    }

    /// An error says after what time there is room. Settle first.
    pub fn check(&self, limit: Option<u64>) -> Result<(), Duration> {
        let Some(limit) = limit else { return Ok(()) };
        let full = u128::from(limit).saturating_mul(u128::from(self.shape.burst)).saturating_mul(self.unit());
        // A whole unit must fit, so that what takes one each never opens more than the full measure.
        let above = (self.open + self.unit()).saturating_sub(full);
        if above == 0 || self.open == 0 {
            return Ok(());
        }
        let nanoseconds = above.div_ceil(u128::from(limit.max(1)));
        Err(Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX)))
    }

    /// Counts so many units. Settle first.
    pub fn take(&mut self, limit: Option<u64>, units: u64) {
        if limit.is_some() {
            self.open = self.open.saturating_add(u128::from(units).saturating_mul(self.unit()));
        }
    }

    /// Units that are open, rounded up. Settle first.
    pub fn open(&self) -> u64 {
        u64::try_from(self.open.div_ceil(self.unit())).unwrap_or(u64::MAX)
    }

    fn unit(&self) -> u128 {
        self.shape.per.as_nanos().max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_as_the_limit_says_get_through_and_the_hint_is_exact() {
        let (mut bucket, begun) = (Bucket::new(BY_SECOND), Instant::now());
        let limit = Some(7);
        let mut take = |now: Instant| {
            bucket.settle(limit, now);
            let checked = bucket.check(limit);
            if checked.is_ok() {
                bucket.take(limit, 1);
            }
            checked
        };
        // Five seconds' worth at once, then one each time the hint says so, over ten seconds no more than ten seconds' worth.
        let mut now = begun;
        let mut taken = 0;
        while take(now).is_ok() {
            taken += 1;
        }
        assert_eq!(taken, 35);
        let mut later = 0;
        while now < begun + Duration::from_secs(10) {
            let wait = take(now).unwrap_err();
            assert!(take(now + wait - Duration::from_nanos(1)).is_err(), "not before");
            now += wait;
            take(now).unwrap();
            later += 1;
        }
        assert_eq!(later, 70);
    }

    #[test]
    fn what_was_taken_above_the_limit_is_waited_for() {
        let (mut bucket, now) = (Bucket::new(BY_SECOND), Instant::now());
        bucket.settle(Some(10), now);
        bucket.check(Some(10)).unwrap();
        bucket.take(Some(10), 1_000);
        assert_eq!(bucket.check(Some(10)), Err(Duration::from_millis(95_100)));
        bucket.settle(Some(10), now + Duration::from_millis(95_100));
        assert_eq!((bucket.check(Some(10)), bucket.open()), (Ok(()), 49));
        // An hour without anything leaves nothing behind, and saves nothing up.
        bucket.settle(Some(10), now + Duration::from_secs(3_600));
        assert_eq!(bucket.open(), 0);
    }

    #[test]
    fn a_day_is_a_day_and_what_is_larger_than_all_of_it_goes_alone() {
        let (mut bucket, now) = (Bucket::new(BY_DAY), Instant::now());
        let limit = Some(1_000);
        bucket.settle(limit, now);
        bucket.take(limit, 1_000);
        assert_eq!(bucket.check(limit), Err(Duration::from_millis(86_400)));
        bucket.settle(limit, now + Duration::from_secs(86_400));
        bucket.check(limit).unwrap();
        bucket.take(limit, 3_000);
        assert!(bucket.check(limit).unwrap_err() > Duration::from_secs(2 * 86_400));
        bucket.settle(None, now + Duration::from_secs(86_401));
        assert_eq!((bucket.check(None), bucket.open()), (Ok(()), 0));
        // The largest numbers do not overflow.
        bucket.take(Some(u64::MAX), u64::MAX);
        bucket.take(Some(u64::MAX), u64::MAX);
        bucket.settle(Some(u64::MAX), now + Duration::from_secs(1 << 40));
    }

    #[test]
    fn a_moment_of_before_gives_nothing_and_takes_nothing() {
        let (mut bucket, now) = (Bucket::new(BY_SECOND), Instant::now() + Duration::from_secs(10));
        bucket.settle(Some(1), now);
        bucket.take(Some(1), 5);
        bucket.settle(Some(1), now - Duration::from_secs(5));
        bucket.settle(Some(1), now);
        assert_eq!(bucket.open(), 5);
    }
}
