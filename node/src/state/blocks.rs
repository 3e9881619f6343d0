//! Blocks, receipts and events: the records a commit adds beside the state, and how they are found again. Never changed
//! once written.
//! Invariant: a private receipt or event is found only through its own state's scope.

use std::collections::BTreeMap;

use coffer_abi::{ContractId, Hash, Height};
use coffer_chain::Psi;
use coffer_chain::block::receipts_root;

use super::State;
use super::columns::{BlockPlace, EventRecord, Kind, Place, StoredBlock, TxReceipt};
use super::db::{Batch, Records};
use super::error::Error;

/// Which block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockId {
    /// By distance from genesis.
    Height(Height),
    /// By hash.
    Hash(Hash),
}

/// Events of a contract in the order of their emission.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventPage {
    /// The events, from the cursor on.
    pub events: Vec<EventRecord>,
    /// Cursor behind the last of them; asking again with it gives what came later.
    pub next: u64,
}

/// Adds a block, found by hash and by height.
pub(super) fn put_block(batch: &mut Batch, records: Records, stored: &StoredBlock) {
    let hash = stored.block.header.hash();
    batch.put(records.scope, Kind::Block, &[hash.as_ref()], stored);
    let header = &stored.block.header;
    let place = BlockPlace { hash, state_root: header.state_root, time: header.time };
    batch.put(records.scope, Kind::BlockAt, &[&header.height.0.to_le_bytes()], &place);
}

/// Adds receipts, found by transaction, and their events, found by contract and number.
pub(super) fn put_receipts(batch: &mut Batch, records: Records, receipts: &[TxReceipt]) -> Result<(), Error> {
    let mut counts: BTreeMap<ContractId, u64> = BTreeMap::new();
    for TxReceipt { height, index, receipt } in receipts {
        let parts: [&[u8]; 1] = [receipt.tx.as_ref()];
        if records.scope.psi().is_some() {
            let stored = TxReceipt { height: *height, index: *index, receipt: receipt.clone() };
            batch.put(records.scope, Kind::Receipt, &parts, &stored);
        } else {
            batch.put(records.scope, Kind::Receipt, &parts, &Place { height: *height, index: *index });
        }
        for event in &receipt.events {
            let count = match counts.entry(event.contract) {
                std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::btree_map::Entry::Vacant(entry) => {
                    entry.insert(event_count(records, &event.contract)?)
                }
            };
            let (number, tx) = (*count, receipt.tx);
            *count += 1;
            let record = EventRecord { number, height: *height, tx, index: *index, event: event.clone() };
            let parts = [event.contract.as_ref(), &number.to_le_bytes()[..]];
            batch.put(records.scope, Kind::Event, &parts, &record);
        }
    }
    for (contract, count) in counts {
        batch.put(records.scope, Kind::EventCount, &[contract.as_ref()], &count);
    }
    Ok(())
}

pub(super) fn event_count(records: Records, contract: &ContractId) -> Result<u64, Error> {
    Ok(records.get(Kind::EventCount, &[contract.as_ref()])?.unwrap_or(0))
}

impl StoredBlock {
    /// True if transactions, receipts and certificate are those of the header. Whether the votes count is another question.
    pub(super) fn holds_together(&self) -> bool {
        let header = &self.block.header;
        self.certificate.block == header.hash()
            && self.receipts.len() == self.block.transactions.len()
            && self.block.holds_together()
            && header.receipts_root == receipts_root(&self.receipts)
    }

    /// Its receipts, each with where it stands.
    pub(super) fn tx_receipts(&self) -> Vec<TxReceipt> {
        let height = self.block.header.height;
        let receipts = self.receipts.iter().zip(0..);
        receipts.map(|(receipt, index)| TxReceipt { height, index, receipt: receipt.clone() }).collect()
    }
}

impl State {
    /// A block with its certificate and receipts, or `None` if there is none of that height or hash.
    ///
    /// # Errors
    /// [`Error::Pruned`] for a height before the first block this node has; [`Error::Database`], [`Error::Damaged`].
    pub fn block(&self, id: BlockId) -> Result<Option<StoredBlock>, Error> {
        let records = self.public_records();
        let hash = match id {
            BlockId::Hash(hash) => Some(hash),
            BlockId::Height(height) if height < self.first() => {
                return Err(Error::Pruned { height, oldest: self.first() });
            }
            BlockId::Height(height) => self.inner.block_at(height.0)?.map(|place| place.hash),
        };
        hash.map_or(Ok(None), |hash| records.get(Kind::Block, &[hash.as_ref()]))
    }

    /// The receipt of a transaction: in the public chain (`None`), or in a private state. `None` if that state has none
    /// of it.
    ///
    /// # Errors
    /// [`Error::Unusable`], [`Error::Database`], [`Error::Damaged`].
    pub fn receipt(&self, psi: Option<&Psi>, tx: &Hash) -> Result<Option<TxReceipt>, Error> {
        let Some(psi) = psi else {
            return self.public_receipt(tx);
        };
        match self.inner.tenant(psi) {
            Some(tenant) => {
                tenant.one.check_usable()?;
                self.inner.records(&tenant.one).get(Kind::Receipt, &[tx.as_ref()])
            }
            None => Ok(None),
        }
    }

    fn public_receipt(&self, tx: &Hash) -> Result<Option<TxReceipt>, Error> {
        let Some(place) = self.public_records().get::<Place>(Kind::Receipt, &[tx.as_ref()])? else {
            return Ok(None);
        };
        let block = self.block(BlockId::Height(place.height))?;
        let receipt = block.and_then(|mut stored| {
            let at = place.index as usize;
            (at < stored.receipts.len()).then(|| stored.receipts.swap_remove(at))
        });
        let receipt = receipt.ok_or_else(|| Error::Damaged(format!("the block of transaction {tx} is missing")))?;
        Ok(Some(TxReceipt { height: place.height, index: place.index, receipt }))
    }

    /// At most `limit` events of a contract from number `cursor` on, in the public state (`None`) or a private one.
    ///
    /// # Errors
    /// [`Error::Unusable`], [`Error::Database`], [`Error::Damaged`].
    pub fn events(
        &self,
        psi: Option<&Psi>,
        contract: &ContractId,
        cursor: u64,
        limit: usize,
    ) -> Result<EventPage, Error> {
        let one = match psi {
            None => self.inner.public.clone(),
            Some(psi) => match self.inner.tenant(psi) {
                Some(tenant) => tenant.one.clone(),
                None => {
                    return Ok(EventPage { events: Vec::new(), next: cursor });
                }
            },
        };
        one.check_usable()?;
        let records = self.inner.records(&one);
        let count = event_count(records, contract)?;
        let end = count.min(cursor.saturating_add(limit as u64));
        let mut page = EventPage { events: Vec::new(), next: cursor };
        for number in cursor..end {
            let event = records.get(Kind::Event, &[contract.as_ref(), &number.to_le_bytes()])?;
            let event =
                event.ok_or_else(|| Error::Damaged(format!("event {number} of contract {contract} is missing")))?;
            page.events.push(event);
            page.next = number + 1;
        }
        Ok(page)
    }

    pub(super) fn public_records(&self) -> Records<'_> {
        self.inner.records(&self.inner.public)
    }
}
