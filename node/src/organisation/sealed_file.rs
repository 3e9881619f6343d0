//! A file of any length under a secret: Argon2id makes the key, XChaCha20-Poly1305 seals chunk by chunk, each under its number and whether it is the last (the STREAM construction of Hoang, Reyhanitabar, Rogaway and
//! Vizár, 2015). Not here: what is in it. Invariant: what is read was written so, in this order and to the end, or reading fails.

use std::io::{self, Read, Write};

use chacha20poly1305::aead::Aead;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use zeroize::{Zeroize, Zeroizing};

use super::key_store::derive;

const SALT: usize = 16;
const PREFIX: usize = 16;
/// Bytes of a chunk before it is sealed.
const CHUNK: usize = 1 << 20;
const TAG: usize = 16;

struct Chunks {
    cipher: XChaCha20Poly1305,
    prefix: [u8; PREFIX],
    number: u64,
}

impl Chunks {
    fn new(secret: &[u8], head: &[u8; SALT + PREFIX]) -> io::Result<Self> {
        let (salt, rest) = head.split_at(SALT);
        let key = derive(secret, salt).map_err(io::Error::other)?;
        let mut prefix = [0; PREFIX];
        prefix.copy_from_slice(rest);
        Ok(Self { cipher: XChaCha20Poly1305::new(&(*key).into()), prefix, number: 0 })
    }

    fn nonce(&mut self, is_last: bool) -> XNonce {
        let mut nonce = [0; PREFIX + 8];
        nonce[..PREFIX].copy_from_slice(&self.prefix);
        // 2^56 chunks are 2^76 bytes.
        nonce[PREFIX..].copy_from_slice(&((self.number << 8) | u64::from(is_last)).to_be_bytes());
        self.number += 1;
        XNonce::from(nonce)
    }
}

/// Writes such a file. What was written counts once [`Sealing::finish`] returned.
pub struct Sealing<W> {
    out: W,
    chunks: Chunks,
    chunk: Vec<u8>,
}

impl<W: Write> Sealing<W> {
    /// Begins one, behind a head that says what it is.
    ///
    /// # Errors
    /// When it cannot be written, or the system gives no random bytes.
    pub fn begin(mut out: W, magic: &[u8], secret: &[u8]) -> io::Result<Self> {
        let mut head = [0; SALT + PREFIX];
        getrandom::fill(&mut head).map_err(io::Error::other)?;
        let chunks = Chunks::new(secret, &head)?;
        out.write_all(magic)?;
        out.write_all(&head)?;
        Ok(Self { out, chunks, chunk: Vec::with_capacity(CHUNK) })
    }

    /// Ends it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.seal(true)?;
        Ok(self.out)
    }

    fn seal(&mut self, is_last: bool) -> io::Result<()> {
        let nonce = self.chunks.nonce(is_last);
        let sealed = self.chunks.cipher.encrypt(&nonce, self.chunk.as_slice());
        let sealed = sealed.map_err(|_| io::Error::other("a chunk is too large to be sealed"))?;
        self.chunk.zeroize();
        let length = u32::try_from(sealed.len()).map_err(io::Error::other)?;
        self.out.write_all(&length.to_le_bytes())?;
        self.out.write_all(&sealed)
    }
}

impl<W: Write> Write for Sealing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.chunk.len() == CHUNK {
            self.seal(false)?;
        }
        let taken = bytes.len().min(CHUNK - self.chunk.len());
        self.chunk.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Reads such a file.
pub struct Opening<R> {
    input: R,
    chunks: Chunks,
    chunk: Zeroizing<Vec<u8>>,
    read: usize,
    is_last: bool,
}

impl<R: Read> Opening<R> {
    /// Opens one that has this head; `None` if it has another.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn begin(mut input: R, magic: &[u8], secret: &[u8]) -> io::Result<Option<Self>> {
        let (mut found, mut head) = (vec![0; magic.len()], [0; SALT + PREFIX]);
        match input.read_exact(&mut found).and_then(|()| input.read_exact(&mut head)) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        }
        if found != magic {
            return Ok(None);
        }
        let chunks = Chunks::new(secret, &head)?;
        Ok(Some(Self { input, chunks, chunk: Zeroizing::default(), read: 0, is_last: false }))
    }

    fn next(&mut self) -> io::Result<()> {
        let closed =
            || io::Error::new(io::ErrorKind::InvalidData, "the secret is another, or the file is damaged or cut");
        let cut = |error: io::Error| if error.kind() == io::ErrorKind::UnexpectedEof { closed() } else { error };
        let mut length = [0; 4];
        self.input.read_exact(&mut length).map_err(cut)?;
        let length = u32::from_le_bytes(length) as usize;
        if !(TAG..=CHUNK + TAG).contains(&length) {
            return Err(closed());
        }
        let mut sealed = vec![0; length];
        self.input.read_exact(&mut sealed).map_err(cut)?;
        // A chunk that is not full is the last one; a full one may be.
        let kinds: &[bool] = if length == CHUNK + TAG { &[false, true] } else { &[true] };
        let number = self.chunks.number;
        for is_last in kinds {
            self.chunks.number = number;
            let nonce = self.chunks.nonce(*is_last);
            if let Ok(chunk) = self.chunks.cipher.decrypt(&nonce, sealed.as_slice()) {
                if *is_last && self.input.read(&mut [0])? > 0 {
                    return Err(closed());
                }
                (self.chunk, self.read, self.is_last) = (Zeroizing::new(chunk), 0, *is_last);
                return Ok(());
            }
        }
        Err(closed())
    }
}

impl<R: Read> Read for Opening<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.read == self.chunk.len() {
            if self.is_last {
                return Ok(0);
            }
            self.next()?;
        }
        let taken = into.len().min(self.chunk.len() - self.read);
        into[..taken].copy_from_slice(&self.chunk[self.read..self.read + taken]);
        self.read += taken;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAGIC: &[u8] = b"test\n";

    fn sealed(bytes: &[u8]) -> Vec<u8> {
        let mut sealing = Sealing::begin(Vec::new(), MAGIC, b"secret").unwrap();
        sealing.write_all(bytes).unwrap();
        sealing.finish().unwrap()
    }

    fn opened(file: &[u8], secret: &[u8]) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        Opening::begin(file, MAGIC, secret)?.expect("the head").read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    #[test]
    fn what_was_written_is_read_whatever_its_length() {
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK] {
            let bytes: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
            assert_eq!(opened(&sealed(&bytes), b"secret").unwrap(), bytes, "{length}");
        }
        assert!(opened(&sealed(b"text"), b"other").is_err());
        assert!(Opening::begin(&b"else\n"[..], MAGIC, b"secret").unwrap().is_none());
    }

    #[test]
    fn a_file_that_was_changed_cut_or_put_together_otherwise_is_refused() {
        let bytes = vec![7; 2 * CHUNK + 5];
        let file = sealed(&bytes);
        let begin = MAGIC.len() + SALT + PREFIX;
        let full = 4 + CHUNK + TAG;
        for at in [MAGIC.len(), begin, begin + 4, begin + full - 1, begin + full + 9, file.len() - 1] {
            let mut changed = file.clone();
            changed[at] ^= 1;
            assert!(opened(&changed, b"secret").is_err(), "byte {at}");
        }
        assert!(opened(&[&file[..], &[0]].concat(), b"secret").is_err());
        for end in [file.len() - 1, begin + 2 * full, begin + full, begin + 2, begin] {
            assert!(opened(&file[..end], b"secret").is_err(), "cut at {end}");
        }
        let (first, second) = (&file[begin..begin + full], &file[begin + full..begin + 2 * full]);
        let swapped = [&file[..begin], second, first, &file[begin + 2 * full..]].concat();
        assert!(opened(&swapped, b"secret").is_err());
    }
}
