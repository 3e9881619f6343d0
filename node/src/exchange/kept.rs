//! Which payloads this node took from others, from whom and for which parties: a custodian cannot open what it keeps, so it must know who may fetch it. An append-only file beside the payload store, synced before a receipt
//! is signed. Record: u32 length of what follows, little-endian; the record; 32-byte BLAKE3 of it. A file of its own, because the frames of the payload store have one form since the first version and are most often the node's own. Not here:
//! the payloads. Invariants: what `add` acknowledged is there after any crash; what no marker of the chain names yet is bounded for each node that sent it.

use std::collections::{BTreeSet, HashMap};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use coffer_abi::{AccountId, Decode, Encode, Hash, Height, codec};

/// Name of the file in a data folder.
pub const FILE: &str = "kept";
/// Payloads of one node that no marker names.
const PAYLOADS: usize = 1024;
/// Bytes of these.
const BYTES: u64 = 64 << 20;
/// Bytes of one node that no marker ever named, in one run of this node: they stay on the disk, as nothing can be taken out of the payload store.
const NEVER: u64 = 1 << 30;
/// Blocks whose markers are remembered for payloads that come after them.
pub(super) const LATELY: u64 = 1024;
/// Payloads of these that are remembered.
const REMEMBERED: usize = 1 << 16;
const SUM: usize = 32;
const LENGTH: usize = 4;
/// Bytes of the longest record: 32 parties.
const MAX_RECORD: usize = 2048;

/// Why a file of the exchange cannot be used, or takes nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file system refused.
    #[error("file {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// Something in it does not match its checksum.
    #[error(
        "file {path} is damaged at byte {offset}; restore it from a backup, or remove it and see in docs/OPERATIONS.md what is lost"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the record begins.
        offset: usize,
    },
    /// A write failed before; the file may end in half a record. Restart the node.
    #[error("the file of kept payloads stopped after a failed write")]
    Poisoned,
}

/// One payload that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Record {
    /// Its hash.
    pub payload: Hash,
    /// Who sent it.
    pub from: AccountId,
    /// Its size.
    pub bytes: u32,
    /// Until when its marker is valid.
    pub valid_until: Height,
    /// The head when it came.
    pub at: Height,
    /// For whom it is kept.
    pub parties: Vec<AccountId>,
}

/// A payload that no marker names yet.
#[derive(Clone, Copy, Debug)]
struct Unnamed {
    from: AccountId,
    bytes: u32,
    valid_until: Height,
    at: Height,
}

#[derive(Default)]
struct Inner {
    parties: HashMap<Hash, BTreeSet<AccountId>>,
    unnamed: HashMap<Hash, Unnamed>,
    /// How many, and bytes, of each sender.
    shares: HashMap<AccountId, (usize, u64)>,
    /// Bytes of each sender that no marker named in time.
    never: HashMap<AccountId, u64>,
    /// Payloads that markers of the last blocks name, with their heights.
    lately: HashMap<Hash, u64>,
    poisoned: bool,
}

/// What is kept for whom. Calls block on the disk.
pub struct Kept {
    path: PathBuf,
    file: File,
    inner: Mutex<Inner>,
}

impl Kept {
    /// Opens or creates the file; cuts a torn last record. What was valid when it came counts as unnamed until [`Kept::named`] or [`Kept::passed`] say otherwise.
    ///
    /// # Errors
    /// [`Error::Io`], or [`Error::Damaged`] when a record that others follow is broken.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(FILE);
        let failed = |source| Error::Io { path: path.clone(), source };
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).truncate(false).open(&path).map_err(failed)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        let (mut inner, mut offset) = (Inner::default(), 0);
        while offset < bytes.len() {
            match read(&bytes[offset..]) {
                Found::Whole(record, total) => {
                    inner.take(&record);
                    offset += total;
                }
                Found::Torn => break,
                Found::Damaged => return Err(Error::Damaged { path, offset }),
            }
        }
        if offset < bytes.len() {
            tracing::warn!(path = %path.display(), cut = bytes.len() - offset, "cut a torn record off the file of kept payloads");
            file.set_len(offset as u64).map_err(failed)?;
        }
        file.sync_all().map_err(failed)?;
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
        Ok(Self { path, file, inner: Mutex::new(inner) })
    }

    /// For whom a payload is kept; none if it was not taken from another node.
    pub fn is_for(&self, payload: &Hash, party: &AccountId) -> bool {
        self.lock().parties.get(payload).is_some_and(|parties| parties.contains(party))
    }

    /// True if so much more of a sender may be kept. What is kept already takes no more room.
    pub fn has_room(&self, from: &AccountId, payload: &Hash, bytes: usize) -> bool {
        let inner = self.lock();
        let (count, used) = inner.shares.get(from).copied().unwrap_or_default();
        let never = inner.never.get(from).copied().unwrap_or_default();
        let fits = count < PAYLOADS && used.saturating_add(bytes as u64) <= BYTES;
        let is_known = inner.parties.contains_key(payload) || inner.lately.contains_key(payload);
        is_known || (fits && never.saturating_add(used).saturating_add(bytes as u64) <= NEVER)
    }

    /// Writes down a payload that is in the store; returns once that is on the disk. Again for the same parties does nothing.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Poisoned`]: it is not kept for anybody new.
    pub fn add(&self, record: &Record) -> Result<(), Error> {
        let mut inner = self.lock();
        if inner.poisoned {
            return Err(Error::Poisoned);
        }
        let known = inner.parties.get(&record.payload);
        if known.is_some_and(|known| record.parties.iter().all(|party| known.contains(party))) {
            return Ok(());
        }
        let content = record.encode();
        let length = u32::try_from(content.len() + SUM).unwrap_or(u32::MAX);
        let frame = [&length.to_le_bytes()[..], &content, blake3::hash(&content).as_bytes()].concat();
        let written = (&self.file).write_all(&frame).and_then(|()| self.file.sync_data());
        if let Err(source) = written {
            inner.poisoned = true;
            return Err(Error::Io { path: self.path.clone(), source });
        }
        inner.take(record);
        Ok(())
    }

    /// A marker of the block at a height names the payload: it takes no more of its sender's room, nor will it if it comes later.
    pub fn named(&self, payload: &Hash, height: Height) {
        let mut inner = self.lock();
        inner.release(payload);
        if inner.lately.len() >= REMEMBERED {
            inner.lately.retain(|_, at| at.saturating_add(LATELY) > height.0);
        }
        if inner.lately.len() < REMEMBERED {
            inner.lately.insert(*payload, height.0);
        }
    }

    /// Forgets what was valid until a height at most: whether a marker named it was found out in a former run.
    pub fn begin(&self, head: Height) {
        let mut inner = self.lock();
        for payload in inner.over(head) {
            inner.release(&payload);
        }
    }

    /// The chain has reached a height: markers that were valid until before it will not come.
    pub fn passed(&self, head: Height) {
        let mut inner = self.lock();
        for payload in inner.over(head) {
            if let Some(one) = inner.release(&payload) {
                let never = inner.never.entry(one.from).or_default();
                *never = never.saturating_add(u64::from(one.bytes));
            }
        }
    }

    /// The lowest height behind which a marker of something unnamed can be; `None` if nothing is unnamed.
    pub fn since(&self) -> Option<Height> {
        self.lock().unnamed.values().map(|one| one.at).min()
    }

    /// Why nothing is taken any more, if so.
    pub fn failure(&self) -> Option<String> {
        self.lock().poisoned.then(|| Error::Poisoned.to_string())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Changed at once, so a panic under the lock leaves it whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn take(&mut self, record: &Record) {
        let Record { payload, from, bytes, valid_until, at, parties } = record;
        let is_new = !self.parties.contains_key(payload);
        self.parties.entry(*payload).or_default().extend(parties);
        if is_new && !self.lately.contains_key(payload) {
            self.unnamed.insert(*payload, Unnamed { from: *from, bytes: *bytes, valid_until: *valid_until, at: *at });
            let share = self.shares.entry(*from).or_default();
            *share = (share.0 + 1, share.1.saturating_add(u64::from(*bytes)));
        }
    }

    /// What is unnamed and was valid until a height at most.
    fn over(&self, head: Height) -> Vec<Hash> {
        self.unnamed.iter().filter(|(_, one)| one.valid_until <= head).map(|(payload, _)| *payload).collect()
    }

    fn release(&mut self, payload: &Hash) -> Option<Unnamed> {
        let one = self.unnamed.remove(payload)?;
        if let Some(share) = self.shares.get_mut(&one.from) {
            *share = (share.0.saturating_sub(1), share.1.saturating_sub(u64::from(one.bytes)));
            if share.0 == 0 {
                self.shares.remove(&one.from);
            }
        }
        Some(one)
    }
}

enum Found {
    Whole(Record, usize),
    /// The last write did not finish.
    Torn,
    Damaged,
}

/// The record at the start of `bytes`, which reach to the end of the file.
fn read(bytes: &[u8]) -> Found {
    // A file system may grow the file before the data arrives: zeros up to the end are a torn write.
    let Some(head) = bytes.first_chunk::<LENGTH>().filter(|_| bytes.iter().any(|byte| *byte != 0)) else {
        return Found::Torn;
    };
    let length = u32::from_le_bytes(*head) as usize;
    if !(SUM..=MAX_RECORD).contains(&length) {
        return Found::Damaged;
    }
    let Some(body) = bytes.get(LENGTH..LENGTH + length) else { return Found::Torn };
    let (content, sum) = body.split_at(length - SUM);
    let record = (*blake3::hash(content).as_bytes() == *sum).then(|| codec::decode(content).ok()).flatten();
    match record {
        Some(record) => Found::Whole(record, LENGTH + length),
        None if LENGTH + length == bytes.len() => Found::Torn,
        None => Found::Damaged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(n: u8, from: u8, parties: &[u8]) -> Record {
        Record {
            payload: Hash([n; 32]),
            from: AccountId([from; 32]),
            bytes: 1 << 20,
            valid_until: Height(100),
            at: Height(10),
            parties: parties.iter().map(|party| AccountId([*party; 32])).collect(),
        }
    }

    #[test]
    fn for_whom_a_payload_is_kept_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::open(folder.path()).unwrap();
        kept.add(&record(1, 9, &[1])).unwrap();
        kept.add(&record(1, 9, &[2])).unwrap();
        let size = || std::fs::metadata(folder.path().join(FILE)).unwrap().len();
        let before = size();
        kept.add(&record(1, 9, &[1, 2])).unwrap();
        assert_eq!(size(), before, "nothing new");
        for kept in [kept, Kept::open(folder.path()).unwrap()] {
            let is_for = |party| kept.is_for(&Hash([1; 32]), &AccountId([party; 32]));
            assert!(is_for(1) && is_for(2) && !is_for(3));
            assert!(!kept.is_for(&Hash([2; 32]), &AccountId([1; 32])));
        }
    }

    #[test]
    fn what_no_marker_names_is_bounded_for_each_sender_and_room_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::open(folder.path()).unwrap();
        let room = |kept: &Kept, from: u8| kept.has_room(&AccountId([from; 32]), &Hash([200; 32]), 1 << 20);
        for n in 0..64 {
            assert!(room(&kept, 9));
            kept.add(&record(n, 9, &[1])).unwrap();
        }
        assert!(!room(&kept, 9) && room(&kept, 8), "each has its own");
        assert!(kept.has_room(&AccountId([9; 32]), &Hash([3; 32]), 1 << 20), "what is here is here");
        let kept = Kept::open(folder.path()).unwrap();
        assert!(!room(&kept, 9), "after a restart too");
        assert_eq!(kept.since(), Some(Height(10)));
        kept.named(&Hash([0; 32]), Height(11));
        kept.named(&Hash([0; 32]), Height(11));
        assert!(room(&kept, 9));
        kept.add(&record(100, 9, &[1])).unwrap();
        assert!(!room(&kept, 9), "once, not twice");
        kept.passed(Height(99));
        assert!(!room(&kept, 9));
        kept.passed(Height(100));
        assert!(room(&kept, 9));
        assert_eq!(kept.since(), None);
    }

    #[test]
    fn what_no_marker_ever_names_is_bounded_too_and_what_comes_after_its_marker_is_no_such_thing() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::open(folder.path()).unwrap();
        let sender = AccountId([9; 32]);
        let large = |n: u64| Record { bytes: BYTES as u32, valid_until: Height(n + 1), ..record(n as u8, 9, &[1]) };
        let room = || kept.has_room(&sender, &Hash([200; 32]), BYTES as usize);
        for n in 0..NEVER / BYTES {
            assert!(room(), "{n}");
            kept.add(&large(n)).unwrap();
            kept.passed(Height(n + 1));
        }
        assert!(!room(), "the room comes back, and the disk does not");
        assert!(kept.has_room(&AccountId([8; 32]), &Hash([200; 32]), 1));
        kept.named(&Hash([200; 32]), Height(40));
        assert!(room(), "its marker is in the chain");
        kept.add(&large(200)).unwrap();
        assert_eq!(kept.since(), None);
        // Of what a former run took nobody knows any more whether a marker named it.
        let kept = Kept::open(folder.path()).unwrap();
        kept.begin(Height(300));
        assert!(kept.has_room(&sender, &Hash([201; 32]), BYTES as usize));
    }

    #[test]
    fn a_torn_last_record_is_cut_and_a_changed_one_before_it_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let kept = Kept::open(folder.path()).unwrap();
        kept.add(&record(1, 9, &[1])).unwrap();
        let first = std::fs::metadata(&path).unwrap().len() as usize;
        kept.add(&record(2, 9, &[1])).unwrap();
        drop(kept);
        let whole = std::fs::read(&path).unwrap();
        for length in first..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let kept = Kept::open(folder.path()).unwrap();
            let is_for = |n| kept.is_for(&Hash([n; 32]), &AccountId([1; 32]));
            assert!(is_for(1) && !is_for(2), "{length}");
            assert_eq!(std::fs::metadata(&path).unwrap().len() as usize, first);
        }
        for at in 0..first {
            let mut changed = whole.clone();
            changed[at] ^= 0x40;
            std::fs::write(&path, &changed).unwrap();
            assert!(Kept::open(folder.path()).is_err(), "byte {at}");
        }
    }
}
