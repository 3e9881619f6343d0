//! What a version of the protocol means: the one table of it. Not here: from which height on a chain has a version, which its network contract says. Invariants: a meaning
//! never changes once a chain ran by it; versions are numbered from 1 without a gap.
//!
//! Forms (of transactions, inner calls, consents, headers) are those of [`crate::PROTOCOL_VERSION`] in all versions that are here: what was signed before a
//! version begins is good after it.

use coffer_abi::caps::{PASS_VERSION, SCHEDULE_VERSION};
use coffer_abi::{Caps, Height};

use crate::network::VersionRecord;

/// The newest version in the table: new chains begin with it.
pub const NEWEST: u16 = 1;

/// What blocks of a version are executed by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// Version of the pass that makes modules count their gas.
    pub pass_version: u32,
    /// Version of the gas schedule, which says what computation costs.
    pub schedule_version: u32,
    /// What contract modules may hold and how large they may be.
    pub caps: Caps,
}

/// What a version means; `None` if it is not in the table.
pub fn meaning(version: u16) -> Option<Meaning> {
    match version {
        1 => Some(Meaning { pass_version: PASS_VERSION, schedule_version: SCHEDULE_VERSION, caps: Caps::default() }),
        _ => None,
    }
}

/// The version of the block at a height, by what the network contract keeps; `None` if it keeps none.
pub fn at(versions: &[VersionRecord], height: Height) -> Option<u16> {
    versions.iter().rev().find(|known| known.since <= height).map(|known| known.version)
}

/// The version that is decided and begins after a height.
pub fn after(versions: &[VersionRecord], height: Height) -> Option<VersionRecord> {
    versions.iter().find(|known| known.since > height).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_every_version_from_1_to_the_newest() {
        for version in 1..=NEWEST {
            assert!(meaning(version).is_some_and(|meaning| meaning.caps.contradiction().is_none()), "{version}");
        }
        assert_eq!((meaning(0), meaning(NEWEST + 1)), (None, None));
    }

    #[test]
    fn all_versions_are_executed_alike_as_long_as_a_node_has_one_engine() {
        // A version that differs here needs an executor with an engine for each.
        assert!((1..=NEWEST).all(|version| meaning(version) == meaning(1)));
    }

    #[test]
    fn a_version_is_in_force_from_its_height_on() {
        let versions =
            [(1, 0), (2, 30), (3, 60)].map(|(version, since)| VersionRecord { version, since: Height(since) });
        let told: Vec<_> = [0, 29, 30, 59, 60, u64::MAX].map(|height| at(&versions, Height(height))).into();
        assert_eq!(told, [1, 1, 2, 2, 3, 3].map(Some));
        assert_eq!(after(&versions, Height(29)), Some(versions[1]));
        assert_eq!(after(&versions, Height(30)), Some(versions[2]));
        assert_eq!((after(&versions, Height(60)), at(&[], Height(1))), (None, None));
    }
}
