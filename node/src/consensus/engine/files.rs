//! The engine's files in a data folder, and what they allow: whether this node may vote at once. Not here: what stands in them (`log`, `last_signed`). Invariant: a node that cannot know
//! what it said at a height does not vote there.

use std::path::Path;
use std::sync::Arc;

use super::Error;
use super::host::FollowsTo;
use super::last_signed::{LastSigned, Mark};
use super::log::EngineLog;

/// The engine's files in a data folder, opened.
pub struct Files {
    pub(super) log: EngineLog,
    pub(super) record: Option<Arc<LastSigned>>,
    pub(super) is_alone: bool,
}

impl Files {
    /// Opens them, or makes what is not there but the record of the last signed round. A node that is alone syncs none of them: nothing it
    /// says reaches anybody, and what it decided is in the block log.
    ///
    /// # Errors
    /// [`Error::Log`], [`Error::Record`].
    pub fn open(folder: &Path, is_alone: bool) -> Result<Self, Error> {
        let log = EngineLog::open(folder, !is_alone).map_err(Error::Log)?;
        let record = LastSigned::open(folder, !is_alone).map_err(Error::Record)?.map(Arc::new);
        Ok(Self { log, record, is_alone })
    }

    /// Makes the record for a node key that never signed anything. Call it before such a key is stored.
    ///
    /// # Errors
    /// [`Error::Record`].
    pub fn begin(folder: &Path) -> Result<(), Error> {
        LastSigned::create(folder, Mark::default(), true).map(drop).map_err(Error::Record)
    }

    /// Until when the node must not vote, given its head. `is_single` tells that nobody else decides the next block.
    pub(super) fn follows_to(&self, head: u64, is_single: bool) -> Option<FollowsTo> {
        let next = head + 1;
        let Some(mark) = self.record.as_ref().map(|record| record.mark()) else {
            // With nobody to hear it, nothing is said twice.
            return (!self.is_alone).then_some(FollowsTo::PastPeers(0));
        };
        // What left in a round on record has an entry in the log, and a log of a later height was begun when that was decided.
        let has_log = self.log.height() > mark.height || self.log.height() == mark.height && self.log.has_entries();
        match mark {
            _ if self.is_alone || mark == Mark::default() => None,
            // Nothing was said above the head: it would be on record.
            _ if mark.height == head => None,
            // Only blocks are lost.
            _ if has_log => (mark.height > next).then_some(FollowsTo::Height(mark.height)),
            // Nobody else can decide this height; of a lower one than it spoke at it has lost what it decided.
            _ if is_single && mark.height == next => None,
            // The record can be an old one, put back with the key.
            _ => Some(FollowsTo::PastPeers(mark.height)),
        }
    }
}
