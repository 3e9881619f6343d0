//! How far an import is, told on the error output while a person watches. Not here: what it does. Invariant: a terminal gets one line that is written
//! over; anything else gets nothing until the end.

use std::cell::Cell;
use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use crate::cli::print::remark;

/// How often the line is written.
const OFTEN: Duration = Duration::from_millis(200);

/// Rows done of all that have something to do.
pub(super) struct Progress {
    all: usize,
    done: Cell<usize>,
    skipped: Cell<usize>,
    began: Instant,
    told: Cell<Option<Instant>>,
    is_watched: bool,
}

impl Progress {
    /// Begins to count.
    pub(super) fn of(all: usize) -> Self {
        let is_watched = stderr().is_terminal();
        Self {
            all,
            done: Cell::new(0),
            skipped: Cell::new(0),
            began: Instant::now(),
            told: Cell::new(None),
            is_watched,
        }
    }

    /// One row more is done, as well as it could be.
    pub(super) fn done(&self) {
        self.done.set(self.done.get() + 1);
        if self.is_watched && self.told.get().is_none_or(|told| told.elapsed() > OFTEN) {
            self.told.set(Some(Instant::now()));
            remark(format_args!("\r\x1b[K{}", self.line()));
        }
    }

    /// Some rows are not even tried.
    pub(super) fn skip(&self, rows: usize) {
        self.skipped.set(self.skipped.get() + rows);
    }

    /// Rows that were not tried, or of which a part was refused before.
    pub(super) fn skipped(&self) -> usize {
        self.skipped.get()
    }

    /// Takes the line away. Returns how long it took.
    pub(super) fn end(&self) -> Duration {
        if self.is_watched && self.told.get().is_some() {
            remark(format_args!("\r\x1b[K"));
        }
        self.began.elapsed()
    }

    fn line(&self) -> String {
        told(self.done.get() + self.skipped.get(), self.all, self.began.elapsed())
    }
}

fn told(done: usize, all: usize, since: Duration) -> String {
    let millis = since.as_millis().max(1);
    let rate = (done as u128 * 1_000) / millis;
    let left = (all.saturating_sub(done) as u128 * millis) / (done.max(1) as u128 * 1_000);
    format!("{done} of {all} rows, {rate} a second, about {left} s left")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_how_many_how_fast_and_how_long() {
        assert_eq!(told(500, 2_000, Duration::from_secs(5)), "500 of 2000 rows, 100 a second, about 15 s left");
        assert_eq!(told(0, 3, Duration::ZERO), "0 of 3 rows, 0 a second, about 0 s left");
    }
}
