//! The round this node last signed in, in a small file beside the node key. Not here: what was signed. It is for the day on which the key
//! is still there and the store is not: what the node said in that round is then unknown, and saying something else would be voting twice.
//! Invariant: nothing leaves this node in a round that the file does not name, or a later one.
//!
//! It is written when something leaves, and the engine's log before that. So the log has all that was said in the round on record, unless it
//! was lost, and a node whose power was cut goes on at once.
//! Two slots are written in turn, so that a torn write loses the newer one only, whose round nothing left in.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use crate::metrics;

/// Name of the file in a data folder.
pub const FILE: &str = "last-signed";
const SLOT: usize = 32;
const CHECKSUM: usize = 8;
const CONTEXT: &[u8] = b"coffer last signed 1";

/// A round of a height.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// The height.
    pub height: u64,
    /// The round.
    pub round: u32,
}

/// The last round that an operator can name: a chain whose rounds take the longest reaches it after weeks of standing still.
const MAX_ROUND: u32 = 100_000;

/// Why some text is no [`Mark`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no round of a height; write HEIGHT:ROUND, as in 1200:3, the round at most {MAX_ROUND}")]
pub struct NoMark(String);

impl FromStr for Mark {
    type Err = NoMark;

    fn from_str(text: &str) -> Result<Self, NoMark> {
        let parts = text.split_once(':').and_then(|(height, round)| Some((height.parse().ok()?, round.parse().ok()?)));
        let mark = parts.map(|(height, round)| Self { height, round });
        mark.filter(|mark| mark.height > 0 && mark.round <= MAX_ROUND).ok_or_else(|| NoMark(text.into()))
    }
}

/// The record.
pub struct LastSigned {
    path: PathBuf,
    file: File,
    /// Whether a write is synced before anything is signed.
    is_synced: bool,
    state: Mutex<State>,
}

#[derive(Clone, Copy, Default)]
struct State {
    /// Number of the newest record; it stands in slot `number % 2`.
    number: u64,
    mark: Mark,
}

impl LastSigned {
    /// The record of a data folder; `None` if there is none. With `is_synced`, a mark lasts before [`LastSigned::note`] returns.
    ///
    /// # Errors
    /// When the file cannot be read, or has no slot that is whole.
    pub fn open(folder: &Path, is_synced: bool) -> io::Result<Option<Self>> {
        let path = folder.join(FILE);
        let file = match OpenOptions::new().read(true).write(true).open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(e),
        };
        let mut bytes = [0; 2 * SLOT];
        let there = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX).min(bytes.len());
        file.read_exact_at(&mut bytes[..there], 0)?;
        let newest = bytes.chunks(SLOT).filter_map(decode).max_by_key(|state| state.number);
        let state = newest.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no record in it is whole"))?;
        Ok(Some(Self { path, file, is_synced, state: Mutex::new(state) }))
    }

    /// Makes the record of a node that never signed below `mark`, or replaces it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn create(folder: &Path, mark: Mark, is_synced: bool) -> io::Result<Self> {
        let path = folder.join(FILE);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        let state = State { number: 0, mark };
        file.write_all_at(&encode(state), 0)?;
        file.sync_all()?;
        File::open(folder)?.sync_all()?;
        Ok(Self { path, file, is_synced, state: Mutex::new(state) })
    }

    /// The newest mark.
    pub fn mark(&self) -> Mark {
        self.lock().mark
    }

    /// True if the round, or a later one, is on record.
    pub fn covers(&self, mark: Mark) -> bool {
        self.mark() >= mark
    }

    /// Puts a round on record, unless it or a later one is.
    ///
    /// # Errors
    /// When the file cannot be written; nothing may be signed then.
    pub fn note(&self, mark: Mark) -> io::Result<()> {
        let mut state = self.lock();
        if state.mark >= mark {
            return Ok(());
        }
        let next = State { number: state.number + 1, mark };
        let at = (next.number % 2) * SLOT as u64;
        let written = self.file.write_all_at(&encode(next), at);
        let written = written
            .and_then(|()| if self.is_synced { metrics::LAST_SIGNED.time(|| self.file.sync_data()) } else { Ok(()) });
        written.map_err(|e| io::Error::new(e.kind(), format!("{}: {e}", self.path.display())))?;
        *state = next;
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // The state is replaced as a whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM] {
    let mut sum = [0; CHECKSUM];
    blake3::Hasher::new().update(CONTEXT).update(bytes).finalize_xof().fill(&mut sum);
    sum
}

fn encode(State { number, mark }: State) -> [u8; SLOT] {
    let mut slot = [0; SLOT];
    slot[..8].copy_from_slice(&number.to_le_bytes());
    slot[8..16].copy_from_slice(&mark.height.to_le_bytes());
    slot[16..20].copy_from_slice(&mark.round.to_le_bytes());
    let sum = checksum(&slot[..SLOT - CHECKSUM]);
    slot[SLOT - CHECKSUM..].copy_from_slice(&sum);
    slot
}

fn decode(slot: &[u8]) -> Option<State> {
    let (body, sum) = slot.split_at_checked(SLOT - CHECKSUM)?;
    if sum != checksum(body) {
        return None;
    }
    let number = u64::from_le_bytes(body[..8].try_into().ok()?);
    let height = u64::from_le_bytes(body[8..16].try_into().ok()?);
    let round = u32::from_le_bytes(body[16..20].try_into().ok()?);
    Some(State { number, mark: Mark { height, round } })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(height: u64, round: u32) -> Mark {
        Mark { height, round }
    }

    #[test]
    fn the_last_round_signed_in_survives_a_restart_and_never_goes_back() {
        let folder = tempfile::tempdir().unwrap();
        assert!(LastSigned::open(folder.path(), true).unwrap().is_none());
        let record = LastSigned::create(folder.path(), Mark::default(), true).unwrap();
        for step in [mark(1, 0), mark(1, 2), mark(7, 0), mark(2, 9)] {
            record.note(step).unwrap();
        }
        drop(record);
        let record = LastSigned::open(folder.path(), true).unwrap().unwrap();
        assert_eq!(record.mark(), mark(7, 0));
        assert!(record.covers(mark(6, 9)) && record.covers(mark(7, 0)) && !record.covers(mark(7, 1)));
    }

    #[test]
    fn a_torn_write_leaves_the_round_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let record = LastSigned::create(folder.path(), Mark::default(), false).unwrap();
        record.note(mark(1, 0)).unwrap();
        record.note(mark(2, 0)).unwrap();
        let path = folder.path().join(FILE);
        let mut bytes = std::fs::read(&path).unwrap();
        // The second mark stands in the first slot.
        bytes[9] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(LastSigned::open(folder.path(), false).unwrap().unwrap().mark(), mark(1, 0));
        bytes[SLOT] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert!(LastSigned::open(folder.path(), false).is_err());
    }
}
