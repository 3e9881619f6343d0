//! The files of the block log: segments in one folder, named by the offset at which they begin, each with a header of
//! its own. Offsets count the bytes of all segments, headers included. Not here: the frames in them (`log`).
//! Invariant: the segments follow each other without a gap, and only the last one changes.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use coffer_abi::Hash;

use super::columns::FORMAT;
use super::error::Error;
use super::folder::sync_folder;

/// Name of the log's folder in a data folder.
pub const FOLDER: &str = "log";
const ENDING: &str = ".log";
const MAGIC: &[u8; 8] = b"coffrlog";
/// Bytes of a segment before its first frame: magic, format, chain id, offset at which it begins.
pub(super) const HEADER: u64 = 8 + 2 + 32 + 8;

/// The segments of one log.
pub(super) struct Segments {
    dir: PathBuf,
    folder: PathBuf,
    chain_id: Hash,
    /// Begin and end of each.
    ends: BTreeMap<u64, u64>,
    /// The one read last.
    opened: Option<(u64, File)>,
}

impl Segments {
    /// The segments of a chain's log in a data folder, or none yet.
    ///
    /// # Errors
    /// [`Error::OtherChain`], [`Error::Format`], [`Error::Damaged`] when they do not follow each other.
    pub fn open(dir: &Path, chain_id: &Hash) -> Result<Self, Error> {
        let folder = dir.join(FOLDER);
        let what = || format!("cannot open {}", folder.display());
        if !folder.is_dir() {
            std::fs::create_dir(&folder).map_err(Error::io(what()))?;
            sync_folder(dir)?;
        }
        let mut ends = BTreeMap::new();
        for entry in std::fs::read_dir(&folder).map_err(Error::io(what()))? {
            let entry = entry.map_err(Error::io(what()))?;
            let name = entry.file_name();
            let begin = name.to_str().and_then(|name| u64::from_str_radix(name.strip_suffix(ENDING)?, 16).ok());
            if let Some(begin) = begin.filter(|begin| *name == *file_name(*begin)) {
                ends.insert(begin, begin + entry.metadata().map_err(Error::io(what()))?.len());
            }
        }
        let mut segments = Self { dir: dir.to_owned(), folder, chain_id: *chain_id, ends, opened: None };
        segments.check()?;
        Ok(segments)
    }

    fn check(&mut self) -> Result<(), Error> {
        let mut expected = None;
        for (begin, end) in self.ends.clone() {
            if expected.is_some_and(|expected| expected != begin) {
                return Err(self.damaged(begin, "the segment before it ends elsewhere"));
            }
            expected = Some(end);
            if end - begin >= HEADER {
                self.check_header(begin)?;
            } else if self.ends.last_key_value() != Some((&begin, &end)) {
                return Err(self.damaged(begin, "it has no whole header"));
            }
        }
        Ok(())
    }

    fn check_header(&mut self, begin: u64) -> Result<(), Error> {
        let header = self.bytes(begin, HEADER)?;
        let (magic, rest) = header.split_at(8);
        if magic != MAGIC {
            return Err(self.damaged(begin, "it does not begin as a segment of a block log"));
        }
        let found = u16::from_le_bytes([rest[0], rest[1]]);
        if found != FORMAT {
            return Err(Error::Format { dir: self.dir.clone(), found, supported: FORMAT });
        }
        let mut found = Hash::ZERO;
        found.0.copy_from_slice(&rest[2..34]);
        if found != self.chain_id {
            return Err(Error::OtherChain { dir: self.dir.clone(), found, expected: self.chain_id });
        }
        if rest[34..] != begin.to_le_bytes() {
            return Err(self.damaged(begin, "its header says that it begins elsewhere"));
        }
        Ok(())
    }

    /// Begin and end of the first segment.
    pub fn first(&self) -> Option<(u64, u64)> {
        self.ends.first_key_value().map(|(begin, end)| (*begin, *end))
    }

    /// Begin and end of the last segment.
    pub fn last(&self) -> Option<(u64, u64)> {
        self.ends.last_key_value().map(|(begin, end)| (*begin, *end))
    }

    /// Begin and end of the segment with the byte at `offset`.
    pub fn at(&self, offset: u64) -> Option<(u64, u64)> {
        let (begin, end) = self.ends.range(..=offset).next_back()?;
        (offset < *end).then_some((*begin, *end))
    }

    /// Makes the next segment, or the last one anew, with its header; it lasts.
    pub fn create(&mut self, begin: u64) -> Result<(), Error> {
        let path = self.path(begin);
        let write = || {
            let mut file = File::create(&path)?;
            file.write_all(&[&MAGIC[..], &FORMAT.to_le_bytes(), &self.chain_id.0, &begin.to_le_bytes()].concat())?;
            file.sync_all()
        };
        write().map_err(Error::io(format!("cannot write {}", path.display())))?;
        sync_folder(&self.folder)?;
        self.ends.insert(begin, begin + HEADER);
        self.opened = None;
        Ok(())
    }

    /// The last segment, to append to.
    pub fn appending(&self) -> Result<File, Error> {
        let path = self.path(self.last().unwrap_or_default().0);
        OpenOptions::new().append(true).open(&path).map_err(Error::io(format!("cannot open {}", path.display())))
    }

    /// Notes that the last segment reaches to `end` now.
    pub fn grown(&mut self, end: u64) {
        if let Some(mut last) = self.ends.last_entry() {
            *last.get_mut() = end;
        }
    }

    /// Cuts the last segment off at `end`.
    pub fn cut(&mut self, end: u64) -> Result<(), Error> {
        let Some((begin, _)) = self.last() else { return Ok(()) };
        let path = self.path(begin);
        let file = OpenOptions::new().write(true).open(&path);
        let cut = file.and_then(|file| file.set_len(end - begin).and_then(|()| file.sync_all()));
        cut.map_err(Error::io(format!("cannot cut {}", path.display())))?;
        self.grown(end);
        Ok(())
    }

    /// Bytes at an offset, of one segment.
    pub fn bytes(&mut self, offset: u64, length: u64) -> Result<Vec<u8>, Error> {
        let begin = self.ends.range(..=offset).next_back().map_or(0, |(begin, _)| *begin);
        let path = self.path(begin);
        let failed = |source| Error::Io { what: format!("cannot read {}", path.display()), source };
        let opened = self.opened.take().filter(|(opened, _)| *opened == begin);
        let file = opened.map_or_else(|| File::open(&path), |(_, file)| Ok(file)).map_err(failed)?;
        let mut bytes = vec![0; length as usize];
        file.read_exact_at(&mut bytes, offset - begin).map_err(failed)?;
        self.opened = Some((begin, file));
        Ok(bytes)
    }

    /// Where a segment is, for texts.
    pub fn path(&self, begin: u64) -> PathBuf {
        self.folder.join(file_name(begin))
    }

    fn damaged(&self, begin: u64, why: &str) -> Error {
        Error::Damaged(format!("block log {}: {why}", self.path(begin).display()))
    }
}

/// The files of the segments in a data folder, oldest first, whatever their format.
pub(super) fn files(dir: &Path) -> Result<Vec<PathBuf>, Error> {
    let folder = dir.join(FOLDER);
    let what = || format!("cannot read {}", folder.display());
    let mut files = Vec::new();
    if folder.is_dir() {
        for entry in std::fs::read_dir(&folder).map_err(Error::io(what()))? {
            let path = entry.map_err(Error::io(what()))?.path();
            if path.extension().is_some_and(|ending| ending == &ENDING[1..]) {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// The format in the header of a segment; `None` if a crash left it without one. In every format it stands there.
pub(super) fn format(segment: &Path) -> Result<Option<u16>, Error> {
    let what = || format!("cannot read {}", segment.display());
    let file = File::open(segment).map_err(Error::io(what()))?;
    if file.metadata().map_err(Error::io(what()))?.len() < HEADER {
        return Ok(None);
    }
    let mut start = [0; 10];
    file.read_exact_at(&mut start, 0).map_err(Error::io(what()))?;
    let [magic @ .., low, high] = start;
    if magic != *MAGIC {
        return Err(Error::Damaged(format!("{} does not begin as a segment of a block log", segment.display())));
    }
    Ok(Some(u16::from_le_bytes([low, high])))
}

/// Gives a segment that has a header another format; it lasts.
pub(super) fn set_format(segment: &Path, number: u16) -> Result<(), Error> {
    if format(segment)?.is_none() {
        return Ok(());
    }
    let write = || {
        let file = OpenOptions::new().write(true).open(segment)?;
        file.write_all_at(&number.to_le_bytes(), MAGIC.len() as u64)?;
        file.sync_all()
    };
    write().map_err(Error::io(format!("cannot write {}", segment.display())))
}

fn file_name(begin: u64) -> String {
    format!("{begin:016x}{ENDING}")
}
