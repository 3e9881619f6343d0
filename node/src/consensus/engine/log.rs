//! The engine's log: what was said and heard at the height that is being decided, and the bodies of the blocks that were proposed there, in
//! one file. Not here: decided blocks, which stand in the block log. Invariant: what a vote of this node rests on is in the file, and synced,
//! before the vote leaves; what ends before it is whole is cut off at the next start.
//!
//! A frame is: bytes of the payload (`u32`), kind, height (`u64`), checksum (8 bytes), payload. The file begins anew with every height, so the
//! frames of one height stand in it, and at most torn ends of an older one behind them.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::metrics;

/// Name of the file in a data folder.
pub const FILE: &str = "engine-log";
const HEAD: usize = 21;
const CHECKSUM: usize = 8;
const CONTEXT: &[u8] = b"coffer engine log 1";
/// Bytes of a frame's payload; a proposed block is the largest.
const MAX_PAYLOAD: usize = 8 * 1024 * 1024;

/// Checksums that are computed to find out whether frames stand behind an end that is not whole.
const MAX_LOOKED_AT: usize = 64;

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing but that its height began.
    Begin = 0,
    /// An entry of the engine.
    Entry = 1,
    /// The body of a proposal.
    Body = 2,
}

/// The open log.
pub struct EngineLog {
    path: PathBuf,
    /// Whether a flush syncs. A node that sends nothing to anybody says nothing that a power cut could make it say differently.
    is_synced: bool,
    inner: Mutex<Inner>,
}

struct Inner {
    file: File,
    height: u64,
    end: u64,
    is_dirty: bool,
    is_failed: bool,
    is_mute: bool,
    found: Vec<(Kind, Vec<u8>)>,
}

impl Inner {
    fn add(&mut self, kind: Kind, payload: &[u8]) -> io::Result<()> {
        let frame = frame(kind, self.height, payload);
        self.file.write_all_at(&frame, self.end)?;
        self.end += frame.len() as u64;
        Ok(())
    }
}

impl EngineLog {
    /// Opens the log of a data folder, or makes it. An end that is not whole is cut off: it was not synced, so nothing that left this node rests on
    /// it. If whole frames stand behind it the file was damaged; then it is put aside and the log begins empty.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn open(folder: &Path, is_synced: bool) -> io::Result<Self> {
        let path = folder.join(FILE);
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path)?;
        // INVARIANT: one writer. What is left of an engine of this process that was dropped lets go of the file in a moment.
        file.lock()?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        if bytes.is_empty() {
            File::open(folder)?.sync_all()?;
        }
        let (mut height, mut end, mut found) = (0, 0, Vec::new());
        while let Some(frame) = Frame::at(&bytes[end..]).filter(Frame::is_whole) {
            if !found.is_empty() && frame.height != height {
                break;
            }
            height = frame.height;
            end += HEAD + frame.payload.len();
            found.push((frame.kind, frame.payload.to_vec()));
        }
        if stands_in(bytes.get(end + 1..).unwrap_or_default(), height) {
            let aside = folder.join(format!("{FILE}.damaged"));
            tracing::error!(file = %path.display(), kept = %aside.display(), "the engine's log is damaged; it begins anew");
            std::fs::write(&aside, &bytes)?;
            (height, end) = (0, 0);
            found.clear();
        }
        file.set_len(end as u64)?;
        if end < bytes.len() {
            file.sync_all()?;
        }
        let inner = Inner { file, height, end: end as u64, is_dirty: false, is_failed: false, is_mute: false, found };
        Ok(Self { path, is_synced, inner: Mutex::new(inner) })
    }

    /// The height whose frames were found at the start, or that was begun since; 0 for none.
    pub fn height(&self) -> u64 {
        self.lock().height
    }

    /// True if entries of the engine were found at the start.
    pub fn has_entries(&self) -> bool {
        self.lock().found.iter().any(|(kind, _)| *kind == Kind::Entry)
    }

    /// Keeps the log empty, or no longer. That of a node which lost what it said must not look as if it had all of it, however often the node starts.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn mute(&self, is_mute: bool) -> io::Result<()> {
        self.change(|inner| {
            inner.is_mute = is_mute;
            if !is_mute {
                return Ok(());
            }
            inner.found.clear();
            (inner.height, inner.end) = (0, 0);
            inner.file.set_len(0)
        })
    }

    /// Bodies that were found at the start.
    pub fn bodies(&self) -> Vec<Vec<u8>> {
        self.of(Kind::Body)
    }

    /// Begins a height and gives the engine's entries of it that were found at the start. Those of another height are forgotten.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn begin(&self, height: u64) -> io::Result<Vec<Vec<u8>>> {
        if self.height() != height {
            self.restart(height)?;
        }
        Ok(self.of(Kind::Entry))
    }

    /// Begins a height and forgets all there is, also of this height.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn restart(&self, height: u64) -> io::Result<()> {
        self.restart_by(height, &[])
    }

    fn restart_by(&self, height: u64, by: &[u8]) -> io::Result<()> {
        self.change(|inner| {
            inner.found.clear();
            (inner.height, inner.end) = (height, 0);
            if inner.is_mute {
                inner.height = 0;
                return inner.file.set_len(0);
            }
            // Nothing of the new height is said yet, so the old one may come back after a power cut; its frames tell their height.
            inner.file.set_len(0)?;
            inner.add(Kind::Begin, by)
        })
    }

    /// Begins a height with these entries, as if they had been found at the start.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn begin_with(&self, height: u64, entries: Vec<Vec<u8>>) -> io::Result<()> {
        self.begin_by(height, &[], entries)
    }

    /// The same, with the name of what made it begin so.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn begin_by(&self, height: u64, by: &[u8], entries: Vec<Vec<u8>>) -> io::Result<()> {
        self.restart_by(height, by)?;
        for entry in &entries {
            self.append(Kind::Entry, entry)?;
        }
        let entries = entries.into_iter().map(|entry| (Kind::Entry, entry));
        self.lock().found = std::iter::once((Kind::Begin, by.to_vec())).chain(entries).collect();
        Ok(())
    }

    /// True if the log is of a height that was begun by something of that name, and has at least so many entries.
    pub fn is_begun_by(&self, height: u64, by: &[u8], entries: usize) -> bool {
        self.height() == height
            && self.of(Kind::Begin).iter().any(|name| name == by)
            && self.of(Kind::Entry).len() >= entries
    }

    /// Adds a frame of the height that was begun. It lasts after [`EngineLog::flush`].
    ///
    /// # Errors
    /// When the file cannot be written; then and ever after.
    pub fn append(&self, kind: Kind, payload: &[u8]) -> io::Result<()> {
        if payload.len() > MAX_PAYLOAD {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("a frame of {} bytes", payload.len())));
        }
        self.change(|inner| {
            if inner.is_mute {
                return Ok(());
            }
            inner.is_dirty = true;
            inner.add(kind, payload)
        })
    }

    /// True if a flush has something to do, which takes a disk's time.
    pub fn must_sync(&self) -> bool {
        let inner = self.lock();
        self.is_synced && (inner.is_dirty || inner.is_failed)
    }

    /// Makes all that was added last, where it matters.
    ///
    /// # Errors
    /// When the file cannot be synced; then and ever after.
    pub fn flush(&self) -> io::Result<()> {
        self.change(|inner| {
            if self.is_synced && inner.is_dirty {
                metrics::ENGINE_LOG.time(|| inner.file.sync_data())?;
            }
            inner.is_dirty = false;
            Ok(())
        })
    }

    fn of(&self, wanted: Kind) -> Vec<Vec<u8>> {
        let inner = self.lock();
        inner.found.iter().filter(|(kind, _)| *kind == wanted).map(|(_, payload)| payload.clone()).collect()
    }

    /// A log that failed once is not written again: what it holds then is not known.
    fn change(&self, change: impl FnOnce(&mut Inner) -> io::Result<()>) -> io::Result<()> {
        let mut inner = self.lock();
        if inner.is_failed {
            return Err(io::Error::other(format!("{}: an earlier write failed", self.path.display())));
        }
        change(&mut inner).map_err(|e| {
            inner.is_failed = true;
            io::Error::new(e.kind(), format!("{}: {e}", self.path.display()))
        })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic between two writes leaves a torn frame, as a kill would.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn checksum(head: &[u8], payload: &[u8]) -> [u8; CHECKSUM] {
    let mut sum = [0; CHECKSUM];
    blake3::Hasher::new().update(CONTEXT).update(head).update(payload).finalize_xof().fill(&mut sum);
    sum
}

fn frame(kind: Kind, height: u64, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(HEAD + payload.len());
    // Bounded by `MAX_PAYLOAD`.
    frame.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    frame.push(kind as u8);
    frame.extend_from_slice(&height.to_le_bytes());
    let sum = checksum(&frame, payload);
    frame.extend_from_slice(&sum);
    frame.extend_from_slice(payload);
    frame
}

/// A frame as it stands in the file.
struct Frame<'a> {
    kind: Kind,
    height: u64,
    /// What the checksum is of, beside the payload.
    fields: &'a [u8],
    sum: &'a [u8],
    payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The frame that begins here, if one does; it need not be whole.
    fn at(bytes: &'a [u8]) -> Option<Self> {
        let (head, rest) = bytes.split_at_checked(HEAD)?;
        let (fields, sum) = head.split_at(HEAD - CHECKSUM);
        let size = u32::from_le_bytes([fields[0], fields[1], fields[2], fields[3]]) as usize;
        let kind = match fields[4] {
            0 => Kind::Begin,
            1 => Kind::Entry,
            2 => Kind::Body,
            _ => return None,
        };
        let payload = rest.get(..size).filter(|_| size <= MAX_PAYLOAD)?;
        let height = fields[5..].try_into().map(u64::from_le_bytes).unwrap_or_default();
        Some(Self { kind, height, fields, sum, payload })
    }

    fn is_whole(&self) -> bool {
        checksum(self.fields, self.payload) == self.sum
    }
}

/// True if a whole frame of a height begins anywhere in these bytes, or so much looks like one that it may.
fn stands_in(bytes: &[u8], height: u64) -> bool {
    let mut frames = (0..bytes.len()).filter_map(|at| Frame::at(&bytes[at..])).filter(|frame| frame.height == height);
    // A proposed block may be full of what looks like frames; each costs a checksum.
    let mut looked_at = 0;
    frames.any(|frame| {
        looked_at += 1;
        looked_at > MAX_LOOKED_AT || frame.is_whole()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(folder: &Path) -> EngineLog {
        EngineLog::open(folder, true).unwrap()
    }

    #[test]
    fn what_was_said_at_a_height_is_found_again_until_the_next_one_begins() {
        let folder = tempfile::tempdir().unwrap();
        let log = open(folder.path());
        assert!(log.begin(5).unwrap().is_empty());
        log.append(Kind::Entry, b"one").unwrap();
        log.append(Kind::Body, b"block").unwrap();
        log.append(Kind::Entry, b"two").unwrap();
        log.flush().unwrap();
        drop(log);
        let log = open(folder.path());
        assert_eq!((log.height(), log.bodies()), (5, vec![b"block".to_vec()]));
        assert_eq!(log.begin(5).unwrap(), [b"one".to_vec(), b"two".to_vec()]);
        log.append(Kind::Entry, b"three").unwrap();
        drop(log);
        let log = open(folder.path());
        assert_eq!(log.begin(5).unwrap().len(), 3);
        assert!(log.begin(6).unwrap().is_empty() && log.bodies().is_empty());
        drop(log);
        let log = open(folder.path());
        assert_eq!((log.height(), log.begin(6).unwrap().len()), (6, 0));
    }

    #[test]
    fn a_height_that_something_began_is_told_from_any_other_once_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let log = open(folder.path());
        log.begin(5).unwrap();
        log.append(Kind::Entry, b"old").unwrap();
        assert!(!log.is_begun_by(5, b"it", 1));
        log.begin_by(5, b"it", vec![b"one".to_vec(), b"two".to_vec()]).unwrap();
        drop(log);
        let whole = std::fs::read(folder.path().join(FILE)).unwrap();
        let log = open(folder.path());
        assert!(log.is_begun_by(5, b"it", 2));
        assert!(!log.is_begun_by(5, b"other", 2) && !log.is_begun_by(6, b"it", 2) && !log.is_begun_by(5, b"it", 3));
        assert_eq!(log.begin(5).unwrap(), [b"one".to_vec(), b"two".to_vec()], "the old entries are gone");
        log.append(Kind::Entry, b"three").unwrap();
        drop(log);
        assert!(open(folder.path()).is_begun_by(5, b"it", 2), "what is said afterwards changes nothing");
        std::fs::write(folder.path().join(FILE), &whole[..whole.len() - 1]).unwrap();
        assert!(!open(folder.path()).is_begun_by(5, b"it", 2));
    }

    #[test]
    fn a_torn_end_is_cut_off_and_a_damaged_log_begins_anew_for_good() {
        let folder = tempfile::tempdir().unwrap();
        let log = open(folder.path());
        log.begin(9).unwrap();
        log.append(Kind::Entry, b"whole").unwrap();
        let whole = std::fs::metadata(folder.path().join(FILE)).unwrap().len() as usize;
        log.append(Kind::Entry, b"torn").unwrap();
        drop(log);
        let bytes = std::fs::read(folder.path().join(FILE)).unwrap();
        for end in whole..bytes.len() {
            std::fs::write(folder.path().join(FILE), &bytes[..end]).unwrap();
            let log = open(folder.path());
            assert!(log.has_entries(), "{end}");
            assert_eq!(log.begin(9).unwrap(), [b"whole".to_vec()], "{end}");
        }
        // In the frame before the last one, wherever it is hit; in the last one it looks like a torn end.
        for at in HEAD..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            std::fs::write(folder.path().join(FILE), &damaged).unwrap();
            for _ in 0..2 {
                let log = open(folder.path());
                assert_eq!((log.height() == 9, log.has_entries()), (at >= whole, at >= whole), "{at}");
            }
        }
    }

    #[test]
    fn frames_of_an_older_height_behind_are_no_part_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut bytes = frame(Kind::Entry, 9, b"new");
        bytes.extend(frame(Kind::Entry, 8, b"old"));
        std::fs::write(folder.path().join(FILE), &bytes).unwrap();
        let log = open(folder.path());
        assert_eq!(log.begin(9).unwrap(), [b"new".to_vec()]);
    }
}
