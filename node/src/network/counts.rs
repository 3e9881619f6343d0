//! What happened on the network since the start, in numbers. Invariant: a count only grows.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Counters of the running network.
        #[derive(Debug, Default)]
        pub(super) struct Counters { $(pub(super) $name: AtomicU64,)* }

        /// What happened since the start.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Counts { $($(#[$doc])* pub $name: u64,)* }

        impl Counters {
            /// As they are now.
            pub(super) fn read(&self) -> Counts {
                Counts { $($name: self.$name.load(Ordering::Relaxed),)* }
            }
        }
    };
}

counts! {
    /// Dials of strangers that were refused.
    strangers,
    /// Gossiped messages and questions that found their reader's mailbox full.
    dropped,
    /// Gossiped messages that turned out to be junk.
    rejected,
    /// Own messages that could not be sent: too large, or every peer's queue full.
    unsent,
    /// Nodes that were cut for what they sent.
    cuts,
}

/// Adds one.
pub(super) fn bump(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
