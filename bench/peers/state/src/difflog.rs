//! One file to which every block's changes are appended and synced, for contestants whose database is not on the disk when a commit
//! returns. Invariant: a block that was appended is found again after a crash; a torn last one is not.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::Failure;
use crate::work::{Block, Write};

const CHECKSUM: usize = 16;

/// The open file.
pub struct DiffLog {
    file: File,
    end: u64,
}

impl DiffLog {
    /// Opens the file of a folder. Gives the blocks at and behind `from`, which the database may lack, each with the offset behind it.
    pub fn open(folder: &Path, from: u64) -> Result<(Self, Vec<(Block, u64)>), Failure> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join("diffs.log");
        let file = OpenOptions::new().create(true).read(true).append(true).open(&path)?;
        let mut bytes = vec![0; usize::try_from(file.metadata()?.len().saturating_sub(from))?];
        file.read_exact_at(&mut bytes, from)?;
        let (mut blocks, mut rest) = (Vec::new(), &bytes[..]);
        while let Some((length, behind)) = rest.split_first_chunk::<4>() {
            let length = u32::from_le_bytes(*length) as usize;
            let Some((frame, behind)) = behind.split_at_checked(length + CHECKSUM) else { break };
            let (body, sum) = frame.split_at(length);
            if checksum(body) != sum {
                break;
            }
            rest = behind;
            blocks.push((decode(body)?, from + (bytes.len() - rest.len()) as u64));
        }
        let end = from + (bytes.len() - rest.len()) as u64;
        file.set_len(end)?;
        File::open(folder)?.sync_all()?;
        Ok((Self { file, end }, blocks))
    }

    /// Appends a block and syncs the file. Gives the offset behind it.
    pub fn append(&mut self, block: &Block) -> Result<u64, Failure> {
        let mut frame = vec![0; 4];
        for Write { trie, key, value } in block {
            frame.extend_from_slice(&trie.to_le_bytes());
            frame.extend_from_slice(key);
            frame.extend_from_slice(&u16::try_from(value.len())?.to_le_bytes());
            frame.extend_from_slice(value);
        }
        let length = u32::try_from(frame.len() - 4)?;
        frame[..4].copy_from_slice(&length.to_le_bytes());
        let sum = checksum(&frame[4..]);
        frame.extend_from_slice(&sum);
        self.file.write_all(&frame)?;
        self.file.sync_data()?;
        self.end += frame.len() as u64;
        Ok(self.end)
    }
}

fn decode(mut bytes: &[u8]) -> Result<Block, Failure> {
    let mut block = Vec::new();
    while let Some((trie, rest)) = bytes.split_first_chunk::<4>() {
        let (key, rest) = rest.split_first_chunk::<32>().ok_or("a short change")?;
        let (length, rest) = rest.split_first_chunk::<2>().ok_or("a short change")?;
        let length = u16::from_le_bytes(*length).into();
        let (value, rest) = rest.split_at_checked(length).ok_or("a short change")?;
        block.push(Write { trie: u32::from_le_bytes(*trie), key: *key, value: value.to_vec() });
        bytes = rest;
    }
    Ok(block)
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM] {
    let mut sum = [0; CHECKSUM];
    sum.copy_from_slice(&blake3::hash(bytes).as_bytes()[..CHECKSUM]);
    sum
}
