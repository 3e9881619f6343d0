//! An export as a folder of files: what it is of, its chunks, the modules of its contracts. Not here: the chunks themselves.
//! Invariant: each file is there whole or not at all, so an export that was broken off goes on where it was; nothing of a
//! folder is used before it was checked.
//!
//! `export.json` says of which chain, state, height and root; `chunk-00000000` and so on are the chunks in their order;
//! `code-HASH.wasm` are the modules; `block`, of the public state only, is the block with its votes and receipts and
//! what shows that it was decided. Readable by their owner only: a private state is in them in the clear.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use coffer_abi::codec::decode;
use coffer_abi::{CodeHash, Encode, Hash, Height};
use coffer_chain::Psi;
use coffer_chain::hash::code_hash;
use serde::{Deserialize, Serialize};

use super::beginning::Beginning;
use super::chunk::{CHUNK_TARGET, Chunk, MAX_CHUNK_BYTES, Position};
use super::error::Error;
use super::folder::Folder;
use super::import::Importer;
use super::{BlockId, State, StateOptions, View};
use crate::durable;

const MANIFEST: &str = "export.json";
const BLOCK: &str = "block";
const VERSION: u32 = 2;
/// Bytes of the manifest at most.
const MAX_MANIFEST: u64 = 64 * 1024;
/// Bytes of a module at most, far above what a chain's caps allow.
const MAX_CODE: u64 = 64 << 20;
/// Bytes of a block with its receipts and the handovers before it at most, far above what a chain's caps allow.
const MAX_BLOCK: u64 = 256 << 20;

/// What an export is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    version: u32,
    chain_id: String,
    psi: Option<String>,
    height: u64,
    block: String,
    root: String,
}

/// What an export must be of, as far as its reader knows: an export says it of itself, but nothing in it proves the height.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// Height of the block.
    pub height: Option<Height>,
    /// The root after it.
    pub root: Option<Hash>,
}

/// What is in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The private state; `None` for the public one.
    pub psi: Option<Psi>,
    /// Height of the block it was taken after.
    pub height: Height,
    /// The root all of it was checked against.
    pub root: Hash,
    /// Chunks.
    pub chunks: u64,
    /// Bytes of all chunks.
    pub bytes: u64,
    /// Modules.
    pub codes: u64,
}

impl State {
    /// Writes a state (`None`: the public one) as of a height that is kept into a folder, or goes on with doing so.
    ///
    /// # Errors
    /// [`Error::Asked`] when the folder holds another export or a file that does not belong to it, or this node has no such
    /// state; [`Error::Future`], [`Error::Pruned`], [`Error::Unusable`], [`Error::Io`], [`Error::Database`], [`Error::Damaged`].
    pub fn export(
        &self,
        psi: Option<&Psi>,
        height: Option<Height>,
        folder: &Path,
        progress: &mut dyn FnMut(&str, u64),
    ) -> Result<Exported, Error> {
        let view = match (psi, height) {
            (None, None) => self.public(),
            (None, Some(height)) => self.public_at(height)?,
            (Some(psi), _) if self.inner.tenant(psi).is_none() => {
                return Err(Error::NotConfigured(psi.clone()));
            }
            (Some(psi), None) => self.private(psi)?,
            (Some(psi), Some(height)) => self.private_at(psi, height)?,
        };
        let block = self.beginning(view.height())?;
        let manifest = Manifest {
            version: VERSION,
            chain_id: self.chain_id().to_string(),
            psi: psi.map(ToString::to_string),
            height: view.height().0,
            block: block.stored.block.header.hash().to_string(),
            root: view.root().to_string(),
        };
        write(&view, &manifest, &block, folder, progress)
    }

    /// Takes a private state over from a folder, or goes on with doing so.
    ///
    /// # Errors
    /// As [`check`] and [`State::import`].
    pub fn import_folder(
        &self,
        psi: &Psi,
        folder: &Path,
        expected: Expected,
        progress: &mut dyn FnMut(&str, u64),
    ) -> Result<Exported, Error> {
        let checked = check(folder, expected, progress)?;
        let manifest = read_manifest(folder)?;
        if manifest.chain_id != self.chain_id().to_string() {
            return Err(Error::Import(format!(
                "it is of chain {}, this node is on {}",
                manifest.chain_id,
                self.chain_id()
            )));
        }
        if manifest.psi.is_none() {
            return Err(Error::Import("it is of the public state, not of a private one".into()));
        }
        let expected =
            self.block(BlockId::Height(checked.height))?.map(|stored| stored.block.header.hash().to_string());
        if expected.as_ref().is_some_and(|hash| *hash != manifest.block) {
            return Err(Error::Import(format!("it is of another block {} than this node's", checked.height)));
        }
        let mut import = self.import(psi, checked.height, checked.root)?;
        fill(&mut import, folder, checked.chunks, progress)?;
        import.finish()?;
        Ok(checked)
    }

    /// Begins a chain in its middle with the public state of a folder, or goes on with doing so.
    ///
    /// # Errors
    /// As [`check`] and [`State::begin_at`].
    pub fn begin_from(
        at: Folder,
        options: StateOptions,
        folder: &Path,
        expected: Expected,
        progress: &mut dyn FnMut(&str, u64),
    ) -> Result<(Self, Exported), Error> {
        let checked = check(folder, expected, progress)?;
        if let Some(psi) = &checked.psi {
            return Err(Error::Import(format!("it is of private state `{psi}`, not of the public state")));
        }
        let mut import = Self::begin_at(at, options, read_block(folder)?)?;
        fill(&mut import, folder, checked.chunks, progress)?;
        Ok((import.finish()?, checked))
    }
}

/// Gives an import what it lacks.
fn fill(
    import: &mut impl Importer,
    folder: &Path,
    chunks: u64,
    progress: &mut dyn FnMut(&str, u64),
) -> Result<(), Error> {
    for number in 0..chunks {
        let bytes = read(&chunk_path(folder, number), MAX_CHUNK_BYTES as u64)?;
        // Chunks that an earlier run stored are passed over.
        if import.next() == Some(Chunk::read(&bytes)?.from) {
            import.chunk(&bytes)?;
            progress("chunks stored", number + 1);
        }
    }
    for code in import.codes().clone() {
        import.code(&read(&code_path(folder, &code), MAX_CODE)?)?;
    }
    Ok(())
}

/// Checks every file of an export against the root it says it has, and what it says against what is expected.
///
/// # Errors
/// [`Error::Asked`] naming the file and what is wrong with it, [`Error::Io`].
pub fn check(folder: &Path, expected: Expected, progress: &mut dyn FnMut(&str, u64)) -> Result<Exported, Error> {
    let manifest = read_manifest(folder)?;
    let mut exported = manifest.exported(folder)?;
    let (name, found) = (folder.display(), (exported.height, exported.root));
    if let Some(root) = expected.root.filter(|root| *root != found.1) {
        return Err(Error::Asked(format!("{name} is of root {}, not {root}", found.1)));
    }
    if let Some(height) = expected.height.filter(|height| *height != found.0) {
        return Err(Error::Asked(format!("{name} is of block {}, not {height}", found.0)));
    }
    let mut next = Some(Position::default());
    while let Some(from) = next {
        let path = chunk_path(folder, exported.chunks);
        let bytes = read(&path, MAX_CHUNK_BYTES as u64)?;
        let (chunk, after) = checked(&path, &bytes, &manifest, &exported.root, &from)?;
        next = after;
        for code in codes(&chunk) {
            let path = code_path(folder, &code);
            if code_hash(&read(&path, MAX_CODE)?) != code {
                return Err(wrong(&path, "is not the module its name says"));
            }
        }
        exported.chunks += 1;
        exported.bytes += bytes.len() as u64;
        progress("chunks checked", exported.chunks);
    }
    if manifest.psi.is_none() {
        let stored = read_block(folder)?.stored;
        let header = &stored.block.header;
        let is_it = (header.height, header.state_root) == (exported.height, exported.root)
            && header.hash().to_string() == manifest.block
            && stored.holds_together();
        if !is_it {
            return Err(wrong(&folder.join(BLOCK), "is not the block that the export was taken after"));
        }
    }
    exported.codes = count_codes(folder)?;
    Ok(exported)
}

impl Manifest {
    fn exported(&self, folder: &Path) -> Result<Exported, Error> {
        let path = folder.join(MANIFEST);
        if self.version != VERSION {
            return Err(wrong(&path, &format!("has version {}; this program reads version {VERSION}", self.version)));
        }
        let hash = |name: &str, text: &str| -> Result<Hash, Error> {
            text.parse().map_err(|error| wrong(&path, &format!("has a `{name}` that {error}")))
        };
        let root = hash("root", &self.root)?;
        hash("chainId", &self.chain_id)?;
        hash("block", &self.block)?;
        let psi = self.psi.as_ref().map(|psi| psi.parse::<Psi>());
        let psi = psi.transpose().map_err(|error| wrong(&path, &format!("has a `psi` that {error}")))?;
        let height = Height(self.height);
        Ok(Exported { psi, height, root, chunks: 0, bytes: 0, codes: 0 })
    }
}

fn write(
    view: &View,
    manifest: &Manifest,
    block: &Beginning,
    folder: &Path,
    progress: &mut dyn FnMut(&str, u64),
) -> Result<Exported, Error> {
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(Error::io(format!("cannot create {}", folder.display())))?;
    let path = folder.join(MANIFEST);
    if path.exists() {
        if read_manifest(folder)? != *manifest {
            return Err(wrong(&path, "is of another export; name another folder"));
        }
    } else {
        // What was begun of the first file is no reason to refuse.
        let begun = path.with_extension("new");
        let entries = std::fs::read_dir(folder).map_err(Error::io(format!("cannot read {}", folder.display())))?;
        if entries.flatten().any(|entry| entry.path() != begun) {
            return Err(Error::Asked(format!("{} is not empty and holds no export; name another", folder.display())));
        }
        let text = serde_json::to_vec_pretty(manifest).map_err(|error| Error::Failed(error.to_string()))?;
        write_whole(&path, &text)?;
    }
    if manifest.psi.is_none() && !folder.join(BLOCK).exists() {
        write_whole(&folder.join(BLOCK), &block.encode())?;
    }
    let mut exported = manifest.exported(folder)?;
    let mut next = Some(Position::default());
    while let Some(from) = next {
        let path = chunk_path(folder, exported.chunks);
        let bytes = if path.exists() {
            read(&path, MAX_CHUNK_BYTES as u64)?
        } else {
            let bytes = view.chunk(&from, CHUNK_TARGET)?.encode();
            write_whole(&path, &bytes)?;
            bytes
        };
        let (chunk, after) = checked(&path, &bytes, manifest, &exported.root, &from)?;
        next = after;
        for code in codes(&chunk) {
            let path = code_path(folder, &code);
            if !path.exists() {
                let wasm = view.code(&code)?.ok_or_else(|| Error::Damaged(format!("module {code} is missing")))?;
                write_whole(&path, &wasm)?;
            }
        }
        exported.chunks += 1;
        exported.bytes += bytes.len() as u64;
        progress("chunks written", exported.chunks);
    }
    exported.codes = count_codes(folder)?;
    Ok(exported)
}

fn checked(
    path: &Path,
    bytes: &[u8],
    manifest: &Manifest,
    root: &Hash,
    from: &Position,
) -> Result<(Chunk, Option<Position>), Error> {
    let chunk = Chunk::read(bytes).map_err(|error| wrong(path, &format!("is refused: {error}")))?;
    let next = chunk.verify(root, manifest.psi.is_none(), from);
    next.map(|next| (chunk, next)).map_err(|error| wrong(path, &format!("is refused: {error}")))
}

/// Modules of the contracts of a chunk.
fn codes(chunk: &Chunk) -> impl Iterator<Item = CodeHash> {
    let codes = chunk.contracts.iter().map(|part| part.leaf.code_hash);
    codes.filter(|code| *code != CodeHash::default())
}

fn count_codes(folder: &Path) -> Result<u64, Error> {
    let entries = std::fs::read_dir(folder).map_err(Error::io(format!("cannot read {}", folder.display())))?;
    Ok(entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with("code-")).count() as u64)
}

fn chunk_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("chunk-{number:08}"))
}

fn code_path(folder: &Path, code: &CodeHash) -> PathBuf {
    folder.join(format!("code-{}.wasm", hex::encode(code.0)))
}

fn read_block(folder: &Path) -> Result<Beginning, Error> {
    let path = folder.join(BLOCK);
    decode(&read(&path, MAX_BLOCK)?).map_err(|error| wrong(&path, &format!("cannot be read: {error}")))
}

fn read_manifest(folder: &Path) -> Result<Manifest, Error> {
    let path = folder.join(MANIFEST);
    serde_json::from_slice(&read(&path, MAX_MANIFEST)?)
        .map_err(|error| wrong(&path, &format!("cannot be read: {error}")))
}

fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    // Before it is opened: opening a pipe waits for someone to write to it.
    let is_file = std::fs::metadata(path).map(|found| found.is_file());
    if !is_file.map_err(Error::io(format!("cannot read {}", path.display())))? {
        return Err(wrong(path, "is no file"));
    }
    let mut bytes = Vec::new();
    let done = File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes));
    done.map_err(Error::io(format!("cannot read {}", path.display())))?;
    if bytes.len() as u64 > limit {
        return Err(wrong(path, &format!("has more than {limit} bytes")));
    }
    Ok(bytes)
}

fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    durable::write_whole(path, bytes).map_err(Error::io(format!("cannot write {}", path.display())))
}

fn wrong(path: &Path, what: &str) -> Error {
    Error::Asked(format!("{} {what}", path.display()))
}
