//! Settings of deciding blocks: how long a round waits. Not here: what is decided, and by whom. Invariant: local choices; nodes of one chain
//! should have about the same.

use std::time::Duration;

use serde::Deserialize;

use crate::consensus::engine::Timeouts;

/// Milliseconds that a setting may have.
const BOUNDS: std::ops::RangeInclusive<u64> = 10..=60_000;

/// `[consensus]`, in milliseconds.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConsensusFile {
    propose: Option<u64>,
    vote: Option<u64>,
    growth: Option<u64>,
}

impl ConsensusFile {
    /// Lays what is given over `timeouts`.
    pub(super) fn lay(&self, timeouts: &mut Timeouts, offences: &mut Vec<String>) {
        for (name, given, setting) in [
            ("propose", self.propose, &mut timeouts.propose),
            ("vote", self.vote, &mut timeouts.vote),
            ("growth", self.growth, &mut timeouts.growth),
        ] {
            match given {
                Some(value) if BOUNDS.contains(&value) => *setting = Duration::from_millis(value),
                Some(value) => {
                    let (least, most) = (BOUNDS.start(), BOUNDS.end());
                    offences.push(format!("consensus.{name} = {value}: must be from {least} to {most} milliseconds"));
                }
                None => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_is_taken_and_what_is_out_of_bounds_is_named() {
        let mut timeouts = Timeouts::default();
        let mut offences = Vec::new();
        let file = ConsensusFile { propose: Some(1_000), vote: None, growth: Some(60_001) };
        file.lay(&mut timeouts, &mut offences);
        assert_eq!(timeouts, Timeouts { propose: Duration::from_secs(1), ..Timeouts::default() });
        assert_eq!(offences, ["consensus.growth = 60001: must be from 10 to 60000 milliseconds"]);
    }
}
