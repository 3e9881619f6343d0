//! The block log: checksummed frames, only ever appended. A frame that was appended and synced is what "acknowledged"
//! means; the database follows from it. Not here: what a frame means (`recover`), the files (`segments`). Invariant: a
//! frame is returned by [`Log::read`] exactly as it was appended, or the log refuses.
//!
//! Frame: magic (4), u32 length of the payload, kind (1), payload, first 16 bytes of BLAKE3 over the frame's offset,
//! length, kind and payload. All integers little-endian. A frame lies in one segment.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use coffer_abi::Hash;

use super::error::Error;
pub(super) use super::segments::HEADER;
use super::segments::Segments;

const FRAME_MAGIC: &[u8; 4] = b"\xc0ffr";
const FRAME_HEADER: u64 = 4 + 4 + 1;
const CHECKSUM: usize = 16;
/// Bytes of one frame's payload at most: far above a block's bound, far below what memory holds.
const MAX_PAYLOAD: u32 = 256 * 1024 * 1024;
/// Bytes after which a segment takes no further group of frames.
const SEGMENT: u64 = 64 * 1024 * 1024;

/// What a frame holds. The number stands in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameKind {
    /// A public block and what followed from it.
    Block = 1,
    /// A private state's change, sealed.
    Private = 2,
    /// A step of the import of a state, sealed if it is private.
    Import = 3,
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
    segments: Segments,
    medium: Box<dyn Medium>,
    end: u64,
    /// [`SEGMENT`], but in tests.
    segment: u64,
}

impl Log {
    /// Opens the log of a chain, or makes it. The end is where the valid frames from `from` on end; a torn last frame
    /// is dropped.
    ///
    /// # Errors
    /// [`Error::OtherChain`], [`Error::Format`]; [`Error::Damaged`] when valid frames follow a broken one, the log
    /// ends before `from`, or it no longer begins with the chain and `from` is not known.
    pub fn open(dir: &Path, chain_id: &Hash, from: Option<u64>) -> Result<Self, Error> {
        let mut segments = Segments::open(dir, chain_id)?;
        let (last, end) = segments.last().unwrap_or_default();
        if end - last < HEADER {
            // A crash before the header was synced: the segment holds nothing, unless the database knows better.
            if from.is_some_and(|from| from > last) || (last == 0 && from.is_some()) {
                return Err(damaged(&segments, last, "it is shorter than the database says"));
            }
            segments.create(last)?;
        }
        let first = segments.first().unwrap_or_default().0;
        if first > 0 && from.is_none_or(|from| from < first) {
            let why = "the segments before it are gone, so the database cannot be made from it; put them back";
            return Err(damaged(&segments, first, why));
        }
        let medium = Box::new(segments.appending()?);
        let end = segments.last().unwrap_or_default().1;
        let mut log = Self { segments, medium, end, segment: SEGMENT };
        log.find_end(from.unwrap_or(HEADER))?;
        Ok(log)
    }

    /// Appends frames and syncs them all at once: when this returns, they last. Returns the offset behind each.
    pub fn append(&mut self, frames: &[(FrameKind, &[u8])]) -> Result<Vec<u64>, Error> {
        if self.end - self.last() >= self.segment {
            self.segments.create(self.end)?;
            self.medium = Box::new(self.segments.appending()?);
            self.end += HEADER;
        }
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
        let written = self.medium.append(&group).and_then(|()| self.medium.sync());
        let path = self.segments.path(self.last());
        written.map_err(Error::io(format!("cannot write {}", path.display())))?;
        self.end += group.len() as u64;
        self.segments.grown(self.end);
        Ok(ends)
    }

    /// Offset of the first frame that is here.
    pub fn start(&self) -> u64 {
        self.segments.first().unwrap_or_default().0 + HEADER
    }

    /// The frame at an offset, or `None` at the end.
    pub fn read(&mut self, offset: u64) -> Result<Option<Frame>, Error> {
        // A frame's end may be where the next segment begins.
        let offset =
            if self.segments.at(offset).is_some_and(|(begin, _)| begin == offset) { offset + HEADER } else { offset };
        if offset == self.end {
            return Ok(None);
        }
        let (begin, end) = self.segments.at(offset).unwrap_or_default();
        match self.frame_at(offset, end)? {
            Some(frame) => Ok(Some(frame)),
            None => Err(damaged(&self.segments, begin, &format!("there is no whole frame at offset {offset}"))),
        }
    }

    /// Begin of the last segment.
    fn last(&self) -> u64 {
        self.segments.last().unwrap_or_default().0
    }

    /// Walks the frames from `from`; cuts off what a crash left half-written at the end.
    fn find_end(&mut self, from: u64) -> Result<(), Error> {
        let whole = self.end;
        if from > whole || from < HEADER {
            return Err(damaged(&self.segments, self.last(), "it is shorter than the database says"));
        }
        let mut at = from;
        while at < whole {
            let (begin, end) = self.segments.at(at).unwrap_or_default();
            at = at.max(begin + HEADER);
            while let Some(frame) = self.frame_at(at, end)? {
                at = frame.end;
            }
            if at < end {
                let later = if end < whole { Some(end) } else { self.frame_after(at + 1, end)? };
                if let Some(later) = later {
                    let why = format!("the frame at offset {at} is broken, but one at {later} is whole");
                    return Err(damaged(&self.segments, begin, &why));
                }
                tracing::warn!(
                    offset = at,
                    bytes = end - at,
                    "the last frame of the block log was never finished; it is dropped"
                );
                self.segments.cut(at)?;
                break;
            }
        }
        self.end = at;
        Ok(())
    }

    /// A whole and valid frame at `offset` in a segment up to `end`, or `None`.
    fn frame_at(&mut self, offset: u64, end: u64) -> Result<Option<Frame>, Error> {
        if end.saturating_sub(offset) < FRAME_HEADER + CHECKSUM as u64 {
            return Ok(None);
        }
        let header = self.segments.bytes(offset, FRAME_HEADER)?;
        let size = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
        let behind = offset + FRAME_HEADER + u64::from(size) + CHECKSUM as u64;
        let kind = match header[8] {
            1 => FrameKind::Block,
            2 => FrameKind::Private,
            3 => FrameKind::Import,
            _ => return Ok(None),
        };
        if &header[..4] != FRAME_MAGIC || size > MAX_PAYLOAD || behind > end {
            return Ok(None);
        }
        let mut body = self.segments.bytes(offset + 4, behind - offset - 4)?;
        let checked = body.split_off(body.len() - CHECKSUM);
        if checksum(offset, &body)[..] != checked[..] {
            return Ok(None);
        }
        body.drain(..5);
        Ok(Some(Frame { kind, payload: body, end: behind }))
    }

    /// Offset of the first whole frame at or behind `offset` in a segment up to `end`.
    fn frame_after(&mut self, offset: u64, end: u64) -> Result<Option<u64>, Error> {
        const WINDOW: u64 = 1 << 20;
        let mut start = offset;
        while start < end {
            let window = self.segments.bytes(start, (WINDOW + 3).min(end - start))?;
            for at in 0..window.len().saturating_sub(3) {
                let place = start + at as u64;
                if window[at..].starts_with(FRAME_MAGIC) && self.frame_at(place, end)?.is_some() {
                    return Ok(Some(place));
                }
            }
            start += WINDOW;
        }
        Ok(None)
    }

    #[cfg(test)]
    pub fn set_medium(&mut self, medium: Box<dyn Medium>) {
        self.medium = medium;
    }

    #[cfg(test)]
    pub fn set_segment(&mut self, bytes: u64) {
        self.segment = bytes;
    }
}

fn damaged(segments: &Segments, begin: u64, why: &str) -> Error {
    Error::Damaged(format!("block log {}: {why}", segments.path(begin).display()))
}

fn checksum(offset: u64, frame: &[u8]) -> [u8; CHECKSUM] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&offset.to_le_bytes()).update(frame);
    let mut sum = [0; CHECKSUM];
    hasher.finalize_xof().fill(&mut sum);
    sum
}
