//! Work of one commit on several threads. Not here: what is done, and threads that last.
//! Invariant: results come in the order of the items, as if one thread had done all.

use std::num::NonZero;
use std::sync::LazyLock;

/// Threads that one commit uses: as many as there are processors, a few at most.
pub(super) fn threads() -> usize {
    static THREADS: LazyLock<usize> =
        LazyLock::new(|| std::thread::available_parallelism().map_or(1, NonZero::get).min(8));
    *THREADS
}

/// Does `work` on each item, on several threads if each of them gets at least `least` items.
pub(super) fn side_by_side<T: Send, U: Send>(items: Vec<T>, least: usize, work: impl Fn(T) -> U + Sync) -> Vec<U> {
    split(items, least, threads(), work)
}

fn split<T: Send, U: Send>(items: Vec<T>, least: usize, threads: usize, work: impl Fn(T) -> U + Sync) -> Vec<U> {
    let size = items.len().div_ceil(threads).max(least);
    if items.len() <= size {
        return items.into_iter().map(work).collect();
    }
    let (mut items, mut parts, work) = (items.into_iter(), Vec::new(), &work);
    while !items.as_slice().is_empty() {
        parts.push(items.by_ref().take(size).collect::<Vec<_>>());
    }
    std::thread::scope(|scope| {
        let run = |part: Vec<T>| scope.spawn(move || part.into_iter().map(work).collect::<Vec<_>>());
        let running: Vec<_> = parts.into_iter().map(run).collect();
        let done = running.into_iter().map(|thread| thread.join());
        done.flat_map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_stand_in_the_order_of_the_items() {
        for count in 0..40 {
            for (least, threads) in [(1, 1), (1, 2), (1, 7), (5, 3), (100, 4)] {
                let doubled: Vec<_> = (0..count).map(|n| n * 2).collect();
                assert_eq!(split((0..count).collect(), least, threads, |n| n * 2), doubled);
            }
        }
    }

    #[test]
    #[should_panic(expected = "the third")]
    fn a_panic_of_one_is_a_panic_of_all() {
        split(vec![1, 2, 3], 1, 3, |n| assert!(n < 3, "the third"));
    }
}
