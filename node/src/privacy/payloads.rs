//! The store of sealed payloads: an append-only file, synced before a marker is submitted, because the chain holds only hashes and
//! could never give a payload back. Frame: u32 length of what follows the head, little-endian; the same with all bits inverted, so that
//! a damaged length never swallows good frames; payload; 32-byte BLAKE3 of it. A payload is no single tenant's: whose it is say its marker's slots.
//! Invariant: what `put` acknowledged is there after any crash; a torn last frame is cut at the next start.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use coffer_abi::Hash;
use coffer_chain::EnvelopeHeader;
use coffer_chain::envelope::{self, payload_hash};
use tokio::sync::watch;

use super::given_keys::{FOLDER, GivenKeys};
use super::resident::TenantSecret;
use super::wraps::ContentKey;

/// Name of the store in a data folder.
pub const FILE: &str = "payloads";
const HASH: usize = 32;
const HEAD: usize = 8;

/// Why the store cannot be used or go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file system refused.
    #[error("payload store {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// A frame in the middle does not match its checksum.
    #[error("payload store {path} is damaged at byte {offset}; restore it from a backup")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the frame begins.
        offset: u64,
    },
    /// A write failed before; the file may end in half a frame. Restart the node.
    #[error("the payload store stopped after a failed write")]
    Poisoned,
    /// Above the largest payload.
    #[error("a payload has at most {max} bytes, this one has {0}", max = envelope::MAX_BYTES)]
    TooLarge(usize),
}

struct Inner {
    end: u64,
    /// Payloads that last.
    index: HashMap<Hash, (u64, usize)>,
    /// Frames that wait for the next sync, their payloads with places, and the number of that sync.
    waiting: Vec<u8>,
    named: Vec<(Hash, (u64, usize))>,
    next: u64,
    /// Syncs that came to an end.
    synced: u64,
    /// One of those who wait writes for all.
    is_led: bool,
    poisoned: bool,
}

/// The store. Calls block on the disk.
pub struct Payloads {
    path: PathBuf,
    file: File,
    inner: Mutex<Inner>,
    turned: Condvar,
    arrived: watch::Sender<u64>,
    given: GivenKeys,
}

impl Payloads {
    /// Opens or creates the file and reads its index; cuts a torn last frame.
    ///
    /// # Errors
    /// [`Error::Io`], or [`Error::Damaged`] when a frame that others follow is broken.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(FILE);
        let failed = |source| Error::Io { path: path.clone(), source };
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).truncate(false).open(&path).map_err(failed)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        let mut index = HashMap::new();
        let mut offset = 0;
        loop {
            match read_frame(&bytes[offset..]) {
                Frame::Whole { payload, total } => {
                    let at = (offset + HEAD) as u64;
                    index.insert(payload_hash(payload), (at, payload.len()));
                    offset += total;
                }
                Frame::End | Frame::Torn => break,
                Frame::Damaged => {
                    return Err(Error::Damaged { path, offset: offset as u64 });
                }
            }
        }
        if offset < bytes.len() {
            tracing::warn!(path = %path.display(), cut = bytes.len() - offset, "cut a torn frame off the payload store");
            file.set_len(offset as u64).map_err(failed)?;
        }
        file.sync_all().map_err(failed)?;
        File::open(folder).and_then(|d| d.sync_all()).map_err(failed)?;
        let inner = Inner {
            end: offset as u64,
            index,
            waiting: Vec::new(),
            named: Vec::new(),
            next: 1,
            synced: 0,
            is_led: false,
            poisoned: false,
        };
        Ok(Self {
            path,
            file,
            inner: Mutex::new(inner),
            turned: Condvar::new(),
            arrived: watch::Sender::new(0),
            given: GivenKeys::of_folder(folder),
        })
    }

    /// Stores a payload under its [`payload_hash`]; returns once it is on the disk. Those who come while another's sync is under way share the next one.
    ///
    /// # Errors
    /// [`Error::Io`]: nothing was stored. After a failed write or sync the store takes no more until it is opened anew; reading goes on.
    pub fn put(&self, name: &Hash, payload: &[u8]) -> Result<(), Error> {
        if payload.len() > envelope::MAX_BYTES {
            return Err(Error::TooLarge(payload.len()));
        }
        let length = (payload.len() + HASH) as u32;
        let mut frame = Vec::with_capacity(HEAD + payload.len() + HASH);
        frame.extend_from_slice(&length.to_le_bytes());
        frame.extend_from_slice(&(!length).to_le_bytes());
        frame.extend_from_slice(payload);
        let sum = *blake3::hash(&frame[HEAD..]).as_bytes();
        frame.extend_from_slice(&sum);
        let mut inner = self.lock();
        if inner.poisoned {
            return Err(Error::Poisoned);
        }
        if inner.index.contains_key(name) {
            return Ok(());
        }
        // Twice at a time is harmless: the same bytes under the same name.
        let at = inner.end + (inner.waiting.len() + HEAD) as u64;
        inner.waiting.extend_from_slice(&frame);
        inner.named.push((*name, (at, payload.len())));
        let mine = inner.next;
        while inner.synced < mine {
            if inner.poisoned {
                return Err(Error::Poisoned);
            }
            if inner.is_led {
                inner = self.turned.wait(inner).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            inner.is_led = true;
            inner = self.write(inner)?;
        }
        Ok(())
    }

    /// Writes and syncs all that waits, while others gather for the next time.
    fn write<'a>(&'a self, mut inner: MutexGuard<'a, Inner>) -> Result<MutexGuard<'a, Inner>, Error> {
        let (frames, named) = (std::mem::take(&mut inner.waiting), std::mem::take(&mut inner.named));
        inner.next += 1;
        inner.end += frames.len() as u64;
        drop(inner);
        let written = (&self.file).write_all(&frames).and_then(|()| self.file.sync_data());
        let mut inner = self.lock();
        inner.is_led = false;
        self.turned.notify_all();
        if let Err(source) = written {
            inner.poisoned = true;
            return Err(Error::Io { path: self.path.clone(), source });
        }
        inner.synced += 1;
        inner.index.extend(named);
        self.arrived.send_modify(|number| *number = number.wrapping_add(1));
        Ok(inner)
    }

    /// The payload with this hash, if this node has it.
    ///
    /// # Errors
    /// [`Error::Io`], or [`Error::Damaged`] when the bytes on the disk changed.
    pub fn get(&self, wanted: &Hash) -> Result<Option<Vec<u8>>, Error> {
        let Some(&(at, length)) = self.lock().index.get(wanted) else {
            return Ok(None);
        };
        let mut bytes = vec![0; length];
        let read = self.file.read_exact_at(&mut bytes, at);
        read.map_err(|source| Error::Io { path: self.path.clone(), source })?;
        if payload_hash(&bytes) != *wanted {
            return Err(Error::Damaged { path: self.path.clone(), offset: at });
        }
        Ok(Some(bytes))
    }

    /// Keeps the content key of a payload that a co-party gave to a tenant; it is on the disk when this returns. Told as an arrival.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn put_key(&self, secret: &TenantSecret, payload: &Hash, key: &ContentKey) -> Result<(), Error> {
        let failed = |source| Error::Io { path: self.path.with_file_name(FOLDER), source };
        self.given.put(secret, payload, key).map_err(failed)?;
        self.arrived.send_modify(|number| *number = number.wrapping_add(1));
        Ok(())
    }

    /// The content key of a payload that a co-party gave to a tenant.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn key(
        &self,
        secret: &TenantSecret,
        payload: &Hash,
        header: &EnvelopeHeader,
    ) -> Result<Option<ContentKey>, Error> {
        let failed = |source| Error::Io { path: self.path.with_file_name(FOLDER), source };
        self.given.get(secret, payload, header).map_err(failed)
    }

    /// How many payloads and keys came since the start.
    pub fn count(&self) -> u64 {
        *self.arrived.borrow()
    }

    /// Tells that payloads came which are on the disk now.
    pub fn arrivals(&self) -> watch::Receiver<u64> {
        self.arrived.subscribe()
    }

    /// True if the payload with this hash is here.
    pub fn contains(&self, wanted: &Hash) -> bool {
        self.lock().index.contains_key(wanted)
    }

    /// Why the store takes nothing any more, if it does not.
    pub fn failure(&self) -> Option<String> {
        self.lock().poisoned.then(|| Error::Poisoned.to_string())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // The index is changed last and at once, so a panic under the lock leaves it whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Frame<'a> {
    End,
    /// The last write did not finish: too short, or a length without its bytes.
    Torn,
    Damaged,
    Whole {
        payload: &'a [u8],
        total: usize,
    },
}

/// The frame at the start of `bytes`, which reach to the end of the file.
fn read_frame(bytes: &[u8]) -> Frame<'_> {
    if bytes.is_empty() {
        return Frame::End;
    }
    // A file system may grow the file before the data arrives: zeros up to the end are a torn write.
    let Some(head) = bytes.first_chunk::<HEAD>().filter(|_| bytes.iter().any(|b| *b != 0)) else {
        return Frame::Torn;
    };
    let length = u32::from_le_bytes([head[0], head[1], head[2], head[3]]);
    let inverted = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
    if length != !inverted || !(HASH..=envelope::MAX_BYTES + HASH).contains(&(length as usize)) {
        return Frame::Damaged;
    }
    let total = HEAD + length as usize;
    let Some(body) = bytes.get(HEAD..total) else {
        return Frame::Torn;
    };
    let (text, sum) = body.split_at(body.len() - HASH);
    match *blake3::hash(text).as_bytes() == *sum {
        true => Frame::Whole { payload: text, total },
        false if total == bytes.len() => Frame::Torn,
        false => Frame::Damaged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sealed {
        hash: Hash,
        bytes: Vec<u8>,
    }

    fn sealed(text: &[u8]) -> Sealed {
        Sealed { hash: payload_hash(text), bytes: text.to_vec() }
    }

    impl Payloads {
        fn put_sealed(&self, sealed: &Sealed) -> Result<(), Error> {
            self.put(&sealed.hash, &sealed.bytes)
        }
    }

    #[test]
    fn what_was_put_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let store = Payloads::open(folder.path()).unwrap();
        let (one, two) = (sealed(b"one"), sealed(b"twotwo"));
        store.put_sealed(&one).unwrap();
        store.put_sealed(&two).unwrap();
        store.put_sealed(&two).unwrap();
        drop(store);
        let store = Payloads::open(folder.path()).unwrap();
        assert_eq!(store.get(&one.hash).unwrap().unwrap(), one.bytes);
        assert_eq!(store.get(&two.hash).unwrap().unwrap(), two.bytes);
        assert_eq!(store.get(&Hash([9; 32])).unwrap(), None);
    }

    #[test]
    fn many_who_put_at_once_find_all_they_put() {
        let folder = tempfile::tempdir().unwrap();
        let store = Payloads::open(folder.path()).unwrap();
        let text = |thread: u8, n: u8| [thread, n].repeat(usize::from(n) + 1);
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let store = &store;
                scope.spawn(move || {
                    for n in 0..30 {
                        let sealed = sealed(&text(thread, n));
                        store.put_sealed(&sealed).unwrap();
                        assert_eq!(store.get(&sealed.hash).unwrap().unwrap(), sealed.bytes);
                    }
                });
            }
        });
        drop(store);
        let store = Payloads::open(folder.path()).unwrap();
        for (thread, n) in (0..8).flat_map(|thread| (0..30).map(move |n| (thread, n))) {
            let stored = store.get(&sealed(&text(thread, n)).hash).unwrap().unwrap();
            assert_eq!(stored, text(thread, n));
        }
    }

    #[test]
    fn a_failed_write_tells_all_who_wait() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Payloads::open(folder.path()).unwrap();
        store.put_sealed(&sealed(b"one")).unwrap();
        // A file that takes nothing.
        store.file = File::open(folder.path().join(FILE)).unwrap();
        let store = &store;
        std::thread::scope(|scope| {
            let failed: Vec<_> = (0..4u8).map(|n| scope.spawn(move || store.put_sealed(&sealed(&[n])))).collect();
            assert!(failed.into_iter().all(|thread| thread.join().unwrap().is_err()));
        });
        assert!(store.failure().is_some());
        assert!(store.get(&sealed(b"one").hash).unwrap().is_some());
    }

    #[test]
    fn a_file_torn_at_any_byte_of_the_last_frame_keeps_the_frames_before() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (sealed(b"one"), sealed(b"two"));
        let store = Payloads::open(folder.path()).unwrap();
        store.put_sealed(&one).unwrap();
        let first = std::fs::metadata(folder.path().join("payloads")).unwrap().len() as usize;
        store.put_sealed(&two).unwrap();
        drop(store);
        let whole = std::fs::read(folder.path().join("payloads")).unwrap();
        for length in first..whole.len() {
            std::fs::write(folder.path().join("payloads"), &whole[..length]).unwrap();
            let store = Payloads::open(folder.path()).unwrap();
            assert!(store.get(&one.hash).unwrap().is_some());
            assert!(store.get(&two.hash).unwrap().is_none());
            store.put_sealed(&two).unwrap();
            assert!(store.get(&two.hash).unwrap().is_some());
        }
    }

    #[test]
    fn a_changed_byte_before_the_last_frame_is_refused_at_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let store = Payloads::open(folder.path()).unwrap();
        store.put_sealed(&sealed(b"one")).unwrap();
        store.put_sealed(&sealed(b"two")).unwrap();
        drop(store);
        let path = folder.path().join("payloads");
        let mut bytes = std::fs::read(&path).unwrap();
        let first = bytes.len() / 2;
        for at in 0..first {
            bytes[at] ^= 0x10;
            std::fs::write(&path, &bytes).unwrap();
            assert!(matches!(Payloads::open(folder.path()), Err(Error::Damaged { offset: 0, .. })), "byte {at}");
            bytes[at] ^= 0x10;
        }
    }
}
