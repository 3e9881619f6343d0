//! Prefix scans: the state's entries and the call's own writes merged into pages in byte order of the keys.
//! Invariant: the pages of a scan, laid end to end, are what a scan of the state after the call would give.

use std::ops::Bound;
use std::vec::IntoIter;

use coffer_abi::ContractId;
use coffer_abi::limits::{MAX_SCAN, MAX_SCAN_BYTES};

use crate::error::Fault;
use crate::state::{Changes, ScanEntry, StateRead, scan_start};

/// Entries read from the state at a time. Values are up to 64 KiB, so this bounds what is read in vain when a page ends early.
const BATCH: usize = 32;

/// One page of a scan.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    /// The entries as the table's row `storage_scan` says; empty if none is left.
    pub(super) bytes: Vec<u8>,
    /// Entries passed over because the call itself has removed them: work that the bytes of the page do not pay for.
    pub(super) skipped: u64,
}

/// A page of at most `limit` entries (never more than [`MAX_SCAN`]) and [`MAX_SCAN_BYTES`] bytes; it holds one if there is one.
pub(super) fn page(
    state: &impl StateRead,
    contract: &ContractId,
    journal: &Changes,
    prefix: &[u8],
    after: &[u8],
    limit: u32,
) -> Result<Page, Fault> {
    let limit = limit.min(MAX_SCAN) as usize;
    let mut page = Page { bytes: Vec::new(), skipped: 0 };
    let mut below = Below { state, contract, prefix, last: after.to_vec(), batch: Vec::new().into_iter(), done: false };
    let mut next_below = below.next(limit)?;
    let mut own = journal
        .range::<[u8], _>((scan_start(prefix, after), Bound::Unbounded))
        .take_while(|(key, _)| key.starts_with(prefix))
        .peekable();
    let mut count = 0;
    while count < limit {
        let own_first = match (own.peek(), &next_below) {
            (None, None) => break,
            (Some((own, _)), Some((below, _))) => own.as_slice() <= below.as_slice(),
            (own, _) => own.is_some(),
        };
        let fits = if own_first {
            let Some((key, value)) = own.next() else { break };
            if next_below.as_ref().is_some_and(|(below, _)| below == key) {
                next_below = below.next(limit)?;
            }
            let Some(value) = value else {
                page.skipped += 1;
                continue;
            };
            page.push(key, value)
        } else {
            let Some((key, value)) = next_below.take() else { break };
            let fits = page.push(&key, &value);
            next_below = if fits { below.next(limit)? } else { None };
            fits
        };
        if !fits {
            break;
        }
        count += 1;
    }
    Ok(page)
}

impl Page {
    /// Adds an entry; false, and nothing added, if the page is full.
    fn push(&mut self, key: &[u8], value: &[u8]) -> bool {
        if !self.bytes.is_empty() && self.bytes.len() + 8 + key.len() + value.len() > MAX_SCAN_BYTES {
            return false;
        }
        for part in [key, value] {
            // Keys and values are far shorter than 4 GiB: `Storage::set` bounds both.
            self.bytes.extend_from_slice(&(part.len() as u32).to_le_bytes());
            self.bytes.extend_from_slice(part);
        }
        true
    }
}

/// The state's entries one by one, read in batches.
struct Below<'a, S> {
    state: &'a S,
    contract: &'a ContractId,
    prefix: &'a [u8],
    last: Vec<u8>,
    batch: IntoIter<ScanEntry>,
    done: bool,
}

impl<S: StateRead> Below<'_, S> {
    fn next(&mut self, limit: usize) -> Result<Option<ScanEntry>, Fault> {
        if self.batch.len() == 0 && !self.done {
            let size = limit.min(BATCH);
            let batch = self.state.scan(self.contract, self.prefix, &self.last, size)?;
            self.done = batch.len() < size;
            if let Some((key, _)) = batch.last() {
                self.last.clone_from(key);
            }
            self.batch = batch.into_iter();
        }
        Ok(self.batch.next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::MemoryState;
    use proptest::prelude::*;

    const CONTRACT: ContractId = ContractId([1; 32]);

    fn entries(page: &[u8]) -> Vec<ScanEntry> {
        let mut rest = page;
        let mut take = || {
            let (len, tail) = rest.split_at(4);
            let (part, tail) = tail.split_at(u32::from_le_bytes(len.try_into().unwrap()) as usize);
            rest = tail;
            part.to_vec()
        };
        let mut found = Vec::new();
        let mut left = page.len();
        while left > 0 {
            let entry = (take(), take());
            left -= 8 + entry.0.len() + entry.1.len();
            found.push(entry);
        }
        found
    }

    fn all(state: &MemoryState, journal: &Changes, prefix: &[u8], limit: u32) -> Vec<ScanEntry> {
        let mut found: Vec<ScanEntry> = Vec::new();
        loop {
            let after = found.last().map_or(Vec::new(), |(key, _)| key.clone());
            let page = page(state, &CONTRACT, journal, prefix, &after, limit).unwrap();
            if page.bytes.is_empty() {
                return found;
            }
            let page = entries(&page.bytes);
            assert!(page.len() <= limit as usize);
            found.extend(page);
        }
    }

    proptest! {
        #[test]
        fn a_scan_sees_what_the_state_will_be_after_the_call(
            below in prop::collection::btree_map(prop::collection::vec(0u8..3, 0..4), prop::collection::vec(any::<u8>(), 0..3), 0..90),
            own in prop::collection::btree_map(prop::collection::vec(0u8..3, 0..4), prop::option::of(prop::collection::vec(any::<u8>(), 0..3)), 0..40),
            prefix in prop::collection::vec(0u8..3, 0..3),
            limit in 1u32..60,
        ) {
            let ordered = |key: Vec<u8>| [&[1][..], &key].concat();
            let mut state = MemoryState::default();
            state.apply(CONTRACT, &below.into_iter().map(|(k, v)| (ordered(k), Some(v))).collect());
            let journal: Changes = own.into_iter().map(|(k, v)| (ordered(k), v)).collect();
            let mut after = state.clone();
            after.apply(CONTRACT, &journal);
            let prefix = ordered(prefix);
            let expected = after.scan(&CONTRACT, &prefix, b"", usize::MAX).unwrap();
            prop_assert_eq!(all(&state, &journal, &prefix, limit), expected);
        }
    }

    #[test]
    fn a_page_ends_before_its_byte_bound_but_never_empty() {
        let mut state = MemoryState::default();
        let value = vec![9; 40_000];
        state.apply(CONTRACT, &(0..3u8).map(|i| (vec![1, i], Some(value.clone()))).collect());
        let first = page(&state, &CONTRACT, &Changes::new(), &[1], b"", 256).unwrap();
        assert_eq!(entries(&first.bytes).len(), 1);
        assert_eq!(all(&state, &Changes::new(), &[1], 256).len(), 3);
    }

    #[test]
    fn removed_entries_are_counted_as_work() {
        let mut state = MemoryState::default();
        state.apply(CONTRACT, &(0..100u8).map(|i| (vec![1, i], Some(vec![]))).collect());
        let journal: Changes = (0..99u8).map(|i| (vec![1, i], None)).collect();
        let page = page(&state, &CONTRACT, &journal, &[1], b"", 1).unwrap();
        assert_eq!((entries(&page.bytes), page.skipped), (vec![(vec![1, 99], vec![])], 99));
    }
}
