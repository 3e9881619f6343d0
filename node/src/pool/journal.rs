//! The file of the transactions that were submitted here and wait for a block, so that a restart loses none. Layout: magic line, then records
//! of length (4 bytes, little-endian), 8 bytes of BLAKE3, and the encoded transaction. Not here: which of them are still wanted.
//! Invariant: a record that was appended is there after a kill; of a power cut the last second may be gone. A torn end is cut off.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use coffer_chain::tx::MAX_BYTES;

const MAGIC: &[u8] = b"coffer-pool-1\n";
const HEADER: usize = 12;
/// Bytes from which on a file is written anew once less than half of it is wanted.
const WORTH_REWRITING: u64 = 8 << 20;

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file system refused.
    #[error("file of waiting transactions {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// Not such a file of this version.
    #[error(
        "{0} is no file of waiting transactions; move it away, which forgets transactions that are in no block yet"
    )]
    NotAJournal(PathBuf),
}

/// The open file.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    len: u64,
    dirty: bool,
}

fn checksum(bytes: &[u8]) -> [u8; 8] {
    let mut sum = [0; 8];
    sum.copy_from_slice(&blake3::hash(bytes).as_bytes()[..8]);
    sum
}

fn record(bytes: &[u8]) -> Vec<u8> {
    // A transaction is far shorter than 4 GiB.
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    [&length.to_le_bytes()[..], &checksum(bytes), bytes].concat()
}

impl Journal {
    /// Opens or makes the file and gives each whole record to `take`; what is torn behind them is cut off.
    ///
    /// # Errors
    /// [`JournalError`]; the file is as it was.
    pub(super) fn open(path: &Path, mut take: impl FnMut(&[u8])) -> Result<Self, JournalError> {
        let failed = |source| JournalError::Io { path: path.into(), source };
        let mut options = OpenOptions::new();
        let file =
            options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path).map_err(failed)?;
        let on_disk = file.metadata().map_err(failed)?.len();
        let mut journal = Self { path: path.into(), file, len: MAGIC.len() as u64, dirty: false };
        let mut reader = BufReader::new(&journal.file);
        let mut magic = Vec::new();
        reader.by_ref().take(MAGIC.len() as u64).read_to_end(&mut magic).map_err(failed)?;
        if !MAGIC.starts_with(&magic) {
            return Err(JournalError::NotAJournal(path.into()));
        }
        let mut whole = 0;
        while let Some(bytes) = next(&mut reader).map_err(failed)? {
            whole += (HEADER + bytes.len()) as u64;
            take(&bytes);
        }
        drop(reader);
        journal.len += whole;
        if on_disk < MAGIC.len() as u64 {
            journal.file.write_all_at(MAGIC, 0).map_err(failed)?;
        } else if on_disk > journal.len {
            tracing::warn!(file = %path.display(), bytes = on_disk - journal.len, "the torn end of the waiting transactions was cut off");
        }
        journal.file.set_len(journal.len).map_err(failed)?;
        journal.file.sync_all().map_err(failed)?;
        Ok(journal)
    }

    /// Adds a transaction. On the disk after the next sync; safe from a kill at once.
    ///
    /// # Errors
    /// What the file system says; nothing was added.
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let record = record(bytes);
        // A part that was written before an error is overwritten by the next record.
        self.file.write_all_at(&record, self.len)?;
        self.len += record.len() as u64;
        self.dirty = true;
        Ok(())
    }

    /// Forgets everything but `wanted`, if that is worth it: at once when nothing is wanted, else when most of a large file is not.
    ///
    /// # Errors
    /// What the file system says; the file is as it was.
    pub(super) fn forget_all_but<'a>(
        &mut self,
        bytes: u64,
        wanted: impl Iterator<Item = Vec<u8>> + 'a,
    ) -> io::Result<()> {
        if bytes == 0 && self.len > MAGIC.len() as u64 {
            self.len = MAGIC.len() as u64;
            self.dirty = true;
            return self.file.set_len(self.len);
        }
        if self.len < WORTH_REWRITING || self.len / 2 < bytes {
            return Ok(());
        }
        self.rewrite(wanted)
    }

    /// Puts a file with exactly `wanted` in its place.
    ///
    /// # Errors
    /// What the file system says; the file is as it was.
    pub(super) fn rewrite(&mut self, wanted: impl Iterator<Item = Vec<u8>>) -> io::Result<()> {
        let fresh = self.path.with_extension("new");
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        let mut text = MAGIC.to_vec();
        wanted.for_each(|bytes| text.extend_from_slice(&record(&bytes)));
        file.write_all_at(&text, 0)?;
        file.sync_all()?;
        std::fs::rename(&fresh, &self.path)?;
        if let Some(folder) = self.path.parent() {
            File::open(folder)?.sync_all()?;
        }
        (self.file, self.len, self.dirty) = (file, text.len() as u64, false);
        Ok(())
    }

    /// What brings everything appended so far to the disk, if anything is new; to be called without holding up those who append.
    pub(super) fn unsynced(&mut self) -> io::Result<Option<File>> {
        if !std::mem::take(&mut self.dirty) {
            return Ok(None);
        }
        self.file.try_clone().map(Some)
    }
}

/// The next whole record.
fn next(reader: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut header = [0; HEADER];
    if let Err(error) = reader.read_exact(&mut header) {
        return if error.kind() == io::ErrorKind::UnexpectedEof { Ok(None) } else { Err(error) };
    }
    let [a, b, c, d, sum @ ..] = header;
    let length = u32::from_le_bytes([a, b, c, d]) as usize;
    if length == 0 || length > MAX_BYTES {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    reader.take(length as u64).read_to_end(&mut bytes)?;
    Ok((bytes.len() == length && checksum(&bytes) == sum).then_some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &Path) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        Journal::open(path, |bytes| found.push(bytes.to_vec())).unwrap();
        found
    }

    #[test]
    fn what_was_appended_is_there_again_and_a_torn_end_is_cut_at_every_byte() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pool");
        let mut journal = Journal::open(&path, |_| ()).unwrap();
        journal.append(&[1; 30]).unwrap();
        journal.append(&[2; 40]).unwrap();
        drop(journal);
        let bytes = std::fs::read(&path).unwrap();
        let first = MAGIC.len() + HEADER + 30;
        for cut in 0..bytes.len() {
            std::fs::write(&path, &bytes[..cut]).unwrap();
            let whole = usize::from(cut >= first);
            assert_eq!(read(&path).len(), whole, "cut at {cut}");
            let mut journal = Journal::open(&path, |_| ()).unwrap();
            journal.append(&[3; 5]).unwrap();
            drop(journal);
            assert_eq!(read(&path).len(), whole + 1, "cut at {cut}");
        }
        for flipped in MAGIC.len()..first {
            let mut damaged = bytes.clone();
            damaged[flipped] ^= 1;
            std::fs::write(&path, damaged).unwrap();
            assert!(read(&path).is_empty(), "byte {flipped}");
        }
    }

    #[test]
    fn a_file_of_something_else_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pool");
        std::fs::write(&path, b"something else of mine").unwrap();
        assert!(matches!(Journal::open(&path, |_| ()), Err(JournalError::NotAJournal(_))));
        assert_eq!(std::fs::read(&path).unwrap(), b"something else of mine");
    }

    #[test]
    fn it_is_emptied_when_nothing_is_wanted_and_rewritten_when_little_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pool");
        let mut journal = Journal::open(&path, |_| ()).unwrap();
        journal.append(&[1; 9]).unwrap();
        journal.forget_all_but(0, std::iter::empty()).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), MAGIC.len() as u64);
        let large = vec![2; 1 << 20];
        (0..9).for_each(|_| journal.append(&large).unwrap());
        journal.forget_all_but(5 << 20, std::iter::empty()).unwrap();
        assert_eq!(read(&path).len(), 9, "more than half is wanted");
        journal.forget_all_but(9, std::iter::once(vec![3; 9])).unwrap();
        journal.append(&[4]).unwrap();
        assert_eq!(read(&path), [vec![3; 9], vec![4]]);
    }
}
