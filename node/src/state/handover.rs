//! Handovers: the blocks after which another validator set decides, each with the votes for it, numbered from the genesis on. They lead whoever knows
//! the genesis to those who decided any later block. Not here: that way itself (`coffer_proof::Way`). Invariant: of a chain that is here all of them are, also
//! those before its first block.

use coffer_abi::Height;
use coffer_proof::ProvenBlock;

use super::columns::Kind;
use super::db::Batch;
use super::error::{Error, REBUILD};
use super::{Inner, State};

impl State {
    /// At most `limit` handovers before the block at `height`, in their order, from number `from` on.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::Damaged`].
    pub fn handovers(&self, before: Height, from: u64, limit: usize) -> Result<Vec<ProvenBlock>, Error> {
        let mut found = Vec::new();
        for number in from..self.inner.handover_count()? {
            let handover = self.inner.handover(number)?;
            if handover.header.height >= before || found.len() >= limit {
                break;
            }
            found.push(handover);
        }
        Ok(found)
    }
}

impl Inner {
    fn handover_count(&self) -> Result<u64, Error> {
        Ok(self.records(&self.public).get(Kind::HandoverCount, &[])?.unwrap_or(0))
    }

    fn handover(&self, number: u64) -> Result<ProvenBlock, Error> {
        let found = self.records(&self.public).get(Kind::Handover, &[&number.to_le_bytes()])?;
        found.ok_or_else(|| Error::Damaged(format!("handover {number} is missing; {REBUILD}")))
    }

    /// Adds the next one.
    pub(super) fn put_handover(&self, batch: &mut Batch, handover: ProvenBlock) -> Result<(), Error> {
        let count = self.handover_count()?;
        self.put_handovers(batch, count, &[handover]);
        Ok(())
    }

    /// Adds some, the first of them with number `from`.
    pub(super) fn put_handovers(&self, batch: &mut Batch, from: u64, handovers: &[ProvenBlock]) {
        let scope = &self.public.scope;
        for (number, handover) in (from..).zip(handovers) {
            batch.put(scope, Kind::Handover, &[&number.to_le_bytes()], handover);
        }
        batch.put(scope, Kind::HandoverCount, &[], &from.saturating_add(handovers.len() as u64));
    }
}
