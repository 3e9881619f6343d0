//! The public state from other nodes, for a node that joins a long chain and does not execute all of it: asked for in chunks, each proved by itself, and
//! given to whoever asks. Not here: blocks, which the consensus engine fetches; private states. Invariant: nothing of a peer is believed that is not proved from
//! the genesis on, and whoever says something else is named and asked no more.
//!
//! `message` is what is asked and answered, `serve` the answering node, `join` the joining one, `progress` how far it is; `following` how
//! far a node is behind whose chain has begun.

mod following;
mod join;
mod message;
mod peers;
mod progress;
mod serve;

pub use following::{Following, Standing};
pub use join::{Error, join};
pub use message::{Answer, Ask, Offer, answer};
pub use peers::Peers;
pub use progress::{Progress, Rate, Snapshot};
pub use serve::serve;

use std::time::Duration;

/// How long things take at most.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Until somebody is asked again when nobody could be.
    pub pause: Duration,
    /// How long all connected nodes may say that they do not have a height any more, before another one is taken.
    pub gone: Duration,
    /// How long a height is kept for a node that asked for a part of it.
    pub kept: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self { pause: Duration::from_millis(500), gone: Duration::from_secs(10), kept: Duration::from_secs(60) }
    }
}

#[cfg(test)]
mod tests;
