//! Handovers: the blocks after which another validator set decides, and the first block behind each recovery, each with the votes for it,
//! numbered from the genesis on. They lead whoever knows the genesis to those who decided any later block, and the proof that is made of them. Not
//! here: that way itself (`coffer_proof::Way`). Invariant: of a chain that is here all of them are, also those before its first block.

use coffer_abi::Height;
use coffer_proof::{ChainProof, MAX_HANDOVERS, ProvenBlock};

use super::columns::Kind;
use super::db::Batch;
use super::error::{Error, REBUILD};
use super::{BlockId, Inner, State};

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

    /// The proof that a block is of this chain, for whoever has the genesis and is past the first `from` handovers; `None` if there is no such block. What the
    /// votes are worth was checked when they came here, and is not checked again.
    ///
    /// # Errors
    /// [`Error::Asked`] for block 0, which nobody decided, and for more handovers than lead there; [`Error::TooManyHandovers`], [`Error::Pruned`],
    /// [`Error::Database`], [`Error::Damaged`].
    pub fn prove_chain(&self, block: BlockId, from: u64) -> Result<Option<ChainProof>, Error> {
        let Some(stored) = self.block(block)? else { return Ok(None) };
        let header = stored.block.header;
        let height = header.height;
        if height == Height(0) {
            let why =
                "block 0 is the genesis, which nobody decided: whoever has it needs no proof; ask for a later block";
            return Err(Error::Asked(why.into()));
        }
        // One more than an answer has is where the next part begins.
        let mut handovers = self.handovers(height, from, MAX_HANDOVERS + 1)?;
        if handovers.len() > MAX_HANDOVERS {
            let next = handovers.pop().map_or(height, |handover| handover.header.height);
            return Err(Error::TooManyHandovers { height, from, next });
        }
        // The last one that the asker claims to be past must be on the way.
        if let Some(last) = from.checked_sub(1)
            && self.handovers(height, last, 1)?.is_empty()
        {
            return Err(Error::Asked(format!("fewer than {from} handovers lead to block {height}")));
        }
        let validators = self.validator_set(&header.validators)?;
        Ok(Some(ChainProof::new(handovers, ProvenBlock::new(header, validators, stored.certificate))))
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
