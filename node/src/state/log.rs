//! The block log: an append-only file of checksummed frames. A frame that was appended and synced is what
//! "acknowledged" means; the database follows from it. Not here: what a frame means (`recover`). Invariant: a frame is
//! returned by [`Log::read`] exactly as it was appended, or the log refuses.
//!
//! File: header (8 bytes magic, u16 format, chain id), then frames: magic (4), u32 length of the payload, kind (1),
//! payload, first 16 bytes of BLAKE3 over the frame's offset, length, kind and payload. All integers little-endian.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use coffer_abi::Hash;

use super::columns::FORMAT;
use super::error::Error;
use super::folder::sync_folder;

/// Name of the log in a data folder.
pub const FILE: &str = "blocks.log";
const FILE_MAGIC: &[u8; 8] = b"coffrlog";
const FRAME_MAGIC: &[u8; 4] = b"\xc0ffr";
/// Bytes before the first frame.
pub(super) const HEADER: u64 = 8 + 2 + 32;
const FRAME_HEADER: u64 = 4 + 4 + 1;
const CHECKSUM: usize = 16;
/// Bytes of one frame's payload at most: far above a block's bound, far below what memory holds.
const MAX_PAYLOAD: u32 = 256 * 1024 * 1024;

/// What a frame holds. The number stands in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameKind {
    /// A public block and what followed from it.
    Block = 1,
    /// A private state's change, sealed.
    Private = 2,
}

/// A frame as read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub kind: FrameKind,
    pub payload: Vec<u8>,
    /// Offset behind it.
    pub end: u64,
}

/// Where frames go. Called by the one writer, on its thread; an error stops the node. A test puts its own in place.
pub(super) trait Medium: Send {
    /// Appends bytes at the end.
    fn append(&mut self, bytes: &[u8]) -> std::io::Result<()>;
    /// Returns once everything appended lasts.
    fn sync(&mut self) -> std::io::Result<()>;
}

impl Medium for File {
    fn append(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> std::io::Result<()> {
        self.sync_data()
    }
}

/// The open log.
pub(super) struct Log {
    path: PathBuf,
    file: File,
    medium: Box<dyn Medium>,
    end: u64,
}

impl Log {
    /// Opens the log of a chain, or makes it. The end is where the valid frames from `from` on end; a torn last frame
    /// is dropped.
    ///
    /// # Errors
    /// [`Error::OtherChain`], [`Error::Format`]; [`Error::Damaged`] when valid frames follow a broken one, or the log
    /// ends before `from`.
    pub fn open(dir: &Path, chain_id: &Hash, from: Option<u64>) -> Result<Self, Error> {
        let path = dir.join(FILE);
        let what = format!("cannot open {}", path.display());
        let mut options = OpenOptions::new();
        let file = options.create(true).read(true).append(true).open(&path).map_err(Error::io(what.clone()))?;
        let medium = Box::new(file.try_clone().map_err(Error::io(what))?);
        let mut log = Self { path, file, medium, end: 0 };
        let length = log.length()?;
        if length < HEADER {
            // A crash before the header was synced; nothing was acknowledged, unless the database knows better.
            if from.is_some() {
                return Err(log.damaged("it is shorter than the database says"));
            }
            log.create(dir, chain_id)?;
        } else {
            log.check_header(dir, chain_id)?;
            log.find_end(from.unwrap_or(HEADER), length)?;
        }
        Ok(log)
    }

    /// Appends frames and syncs them all at once: when this returns, they last. Returns the offset behind each.
    pub fn append(&mut self, frames: &[(FrameKind, &[u8])]) -> Result<Vec<u64>, Error> {
        let bytes = frames.iter().map(|(_, payload)| payload.len() + 32).sum();
        let mut group = Vec::with_capacity(bytes);
        let mut ends = Vec::with_capacity(frames.len());
        for (kind, payload) in frames {
            let length = u32::try_from(payload.len()).ok().filter(|length| *length <= MAX_PAYLOAD);
            let length = length.ok_or_else(|| Error::Failed(format!("a log frame of {} bytes", payload.len())))?;
            let from = group.len();
            group.extend_from_slice(FRAME_MAGIC);
            group.extend_from_slice(&length.to_le_bytes());
            group.push(*kind as u8);
            group.extend_from_slice(payload);
            let sum = checksum(self.end + from as u64, &group[from + 4..]);
            group.extend_from_slice(&sum);
            ends.push(self.end + group.len() as u64);
        }
        let what = || format!("cannot write {}", self.path.display());
        self.medium.append(&group).map_err(Error::io(what()))?;
        self.medium.sync().map_err(Error::io(what()))?;
        self.end += group.len() as u64;
        Ok(ends)
    }

    /// The frame at an offset, or `None` at the end.
    pub fn read(&self, offset: u64) -> Result<Option<Frame>, Error> {
        if offset == self.end {
            return Ok(None);
        }
        match self.frame_at(offset, self.end)? {
            Some(frame) => Ok(Some(frame)),
            None => Err(self.damaged(&format!("there is no whole frame at offset {offset}"))),
        }
    }

    fn create(&mut self, dir: &Path, chain_id: &Hash) -> Result<(), Error> {
        let what = || format!("cannot write {}", self.path.display());
        let header = [&FILE_MAGIC[..], &FORMAT.to_le_bytes(), &chain_id.0].concat();
        self.file.set_len(0).map_err(Error::io(what()))?;
        self.medium.append(&header).map_err(Error::io(what()))?;
        self.file.sync_all().map_err(Error::io(what()))?;
        self.end = HEADER;
        sync_folder(dir)
    }

    fn check_header(&self, dir: &Path, chain_id: &Hash) -> Result<(), Error> {
        let header = self.bytes(0, HEADER)?;
        let (magic, rest) = header.split_at(8);
        if magic != FILE_MAGIC {
            return Err(self.damaged("it does not begin as a block log"));
        }
        let found = u16::from_le_bytes([rest[0], rest[1]]);
        if found != FORMAT {
            return Err(Error::Format { dir: dir.to_owned(), found, supported: FORMAT });
        }
        let mut found = Hash::ZERO;
        found.0.copy_from_slice(&rest[2..]);
        if found != *chain_id {
            return Err(Error::OtherChain { dir: dir.to_owned(), found, expected: *chain_id });
        }
        Ok(())
    }

    /// Walks the frames from `from`; cuts off what a crash left half-written at the end.
    fn find_end(&mut self, from: u64, length: u64) -> Result<(), Error> {
        if from > length || from < HEADER {
            return Err(self.damaged("it is shorter than the database says"));
        }
        self.end = from;
        while let Some(frame) = self.frame_at(self.end, length)? {
            self.end = frame.end;
        }
        if self.end == length {
            return Ok(());
        }
        if let Some(later) = self.frame_after(self.end + 1, length)? {
            return Err(
                self.damaged(&format!("the frame at offset {} is broken, but one at {later} is whole", self.end))
            );
        }
        tracing::warn!(
            offset = self.end,
            bytes = length - self.end,
            "the last frame of the block log was never finished; it is dropped"
        );
        let what = || format!("cannot cut {}", self.path.display());
        self.file.set_len(self.end).map_err(Error::io(what()))?;
        self.file.sync_all().map_err(Error::io(what()))
    }

    /// A whole and valid frame at `offset`, or `None`.
    fn frame_at(&self, offset: u64, length: u64) -> Result<Option<Frame>, Error> {
        if length.saturating_sub(offset) < FRAME_HEADER + CHECKSUM as u64 {
            return Ok(None);
        }
        let header = self.bytes(offset, FRAME_HEADER)?;
        let size = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
        let end = offset + FRAME_HEADER + u64::from(size) + CHECKSUM as u64;
        let kind = match header[8] {
            1 => FrameKind::Block,
            2 => FrameKind::Private,
            _ => return Ok(None),
        };
        if &header[..4] != FRAME_MAGIC || size > MAX_PAYLOAD || end > length {
            return Ok(None);
        }
        let mut body = self.bytes(offset + 4, end - offset - 4)?;
        let checked = body.split_off(body.len() - CHECKSUM);
        if checksum(offset, &body)[..] != checked[..] {
            return Ok(None);
        }
        body.drain(..5);
        Ok(Some(Frame { kind, payload: body, end }))
    }

    /// Offset of the first whole frame at or behind `offset`.
    fn frame_after(&self, offset: u64, length: u64) -> Result<Option<u64>, Error> {
        const WINDOW: u64 = 1 << 20;
        let mut start = offset;
        while start < length {
            let window = self.bytes(start, (WINDOW + 3).min(length - start))?;
            for at in 0..window.len().saturating_sub(3) {
                let place = start + at as u64;
                if window[at..].starts_with(FRAME_MAGIC) && self.frame_at(place, length)?.is_some() {
                    return Ok(Some(place));
                }
            }
            start += WINDOW;
        }
        Ok(None)
    }

    fn length(&self) -> Result<u64, Error> {
        let what = format!("cannot read {}", self.path.display());
        self.file.metadata().map(|meta| meta.len()).map_err(Error::io(what))
    }

    fn bytes(&self, offset: u64, length: u64) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![0; length as usize];
        let what = || format!("cannot read {}", self.path.display());
        self.file.read_exact_at(&mut bytes, offset).map_err(Error::io(what()))?;
        Ok(bytes)
    }

    fn damaged(&self, why: &str) -> Error {
        Error::Damaged(format!("block log {}: {why}", self.path.display()))
    }

    #[cfg(test)]
    pub fn set_medium(&mut self, medium: Box<dyn Medium>) {
        self.medium = medium;
    }
}

fn checksum(offset: u64, frame: &[u8]) -> [u8; CHECKSUM] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&offset.to_le_bytes()).update(frame);
    let mut sum = [0; CHECKSUM];
    hasher.finalize_xof().fill(&mut sum);
    sum
}
