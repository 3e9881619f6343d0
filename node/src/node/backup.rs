//! What a node needs to be the same again elsewhere, in one sealed file: written beside a node that runs, put back into a new folder. Not here: the sealing (`organisation::sealed_file`), what the files mean. Invariants: a
//! backup of a node that runs is as if it had been killed then; one that is put back is whole, or nothing is there; the record of what a validator signed is left out, so that one that
//! is put back late follows before it votes.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use coffer_abi::{AccountId, Decode, Encode, Hash, Time, codec};

use super::{DEV_SECRET, StartError, genesis, given_secret, key_secret, missing, recoveries};
use crate::config::Config;
use crate::exchange;
use crate::organisation::key_store::{FILE as KEYS_FILE, Origin};
use crate::organisation::sealed_file::{Opening, Sealing};
use crate::organisation::{KeyStore, registry};
use crate::privacy::{acknowledged, given_keys, payloads, transfer, voids};
use crate::sources::{Sources, now};
use crate::state;

const MAGIC: &[u8] = b"coffer-backup-1\n";
const VERSION: u16 = 1;
/// Name of the entry that says what the others are of.
const ABOUT: &str = "about";
/// Bytes of that entry at most.
const MAX_ABOUT: u64 = 1024;

/// What is in it besides the chain. ORDER: after the log, so that what its markers name is there.
const FILES: [&str; 10] = [
    payloads::FILE,
    acknowledged::FILE,
    exchange::FILE,
    exchange::OUTBOX_FILE,
    voids::FILE,
    recoveries::FILE,
    registry::FILE,
    genesis::FILE,
    DEV_SECRET,
    KEYS_FILE,
];
/// Those of them that a node may do without: they come with what they are for.
const OPTIONAL: [&str; 6] =
    [acknowledged::FILE, exchange::FILE, exchange::OUTBOX_FILE, voids::FILE, recoveries::FILE, DEV_SECRET];

/// Why there is no backup, or none is put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The folder.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A file.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is there already.
    #[error("{0} is there already; name another, so that nothing is lost")]
    There(PathBuf),
    /// It is no backup.
    #[error("{0} is no backup of a Coffer node")]
    NoBackup(PathBuf),
    /// It does not open.
    #[error("{path}: {why}; nothing was put back")]
    DoesNotOpen {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Nobody gave the secret.
    #[error(
        "a backup opens with the secret of the node's key store: set the environment variable {variable} to it; of a node for tests it is the content of its file {DEV_SECRET}",
        variable = super::KEY_SECRET
    )]
    NoSecret,
}

/// What a backup is of.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct About {
    version: u16,
    /// The chain.
    pub chain_id: Hash,
    /// The node.
    pub node: AccountId,
    /// When it was made, milliseconds.
    pub time: Time,
    /// Whether the block log is in it.
    pub has_chain: bool,
}

/// What was written, or put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackedUp {
    /// What it is of.
    pub about: About,
    /// Files in it.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
}

/// Writes a backup of the node of a folder, which may run. `progress` is told each file and the bytes so far.
///
/// # Errors
/// [`BackupError`]; no file is left behind.
pub fn backup(
    config: &Config,
    to: &Path,
    with_chain: bool,
    progress: &mut dyn FnMut(&str, u64),
) -> Result<BackedUp, BackupError> {
    if let Some(path) = missing(config) {
        return Err(StartError::NotInitialised { path }.into());
    }
    if to.exists() {
        return Err(BackupError::There(to.to_owned()));
    }
    let sources = Sources::system().map_err(StartError::from)?;
    let secret = key_secret(&config.data, config, &sources)?;
    // Opened as well to see that the secret is the right one, now rather than when it is needed.
    let keys =
        KeyStore::open_or_create(&config.data, &secret, Origin::Random(&sources), &[]).map_err(StartError::from)?;
    let path = config.data.join(genesis::FILE);
    let chain_id = genesis::read(&path)?.ok_or(StartError::NotInitialised { path })?.chain_id();
    let about = About { version: VERSION, chain_id, node: keys.node_key(), time: now(), has_chain: with_chain };
    let mut fresh = to.to_owned().into_os_string();
    fresh.push(".new");
    let fresh = PathBuf::from(fresh);
    // What is there already is another backup under way, or what one left that was killed; nothing of it is lost here.
    if fresh.exists() {
        return Err(BackupError::There(fresh));
    }
    let written = write(&config.data, &fresh, &secret, about, progress);
    let done = written.and_then(|done| {
        std::fs::rename(&fresh, to).map_err(failed(to))?;
        sync(to.parent())?;
        Ok(done)
    });
    done.inspect_err(|_| drop(std::fs::remove_file(&fresh)))
}

fn write(
    data: &Path,
    to: &Path,
    secret: &[u8],
    about: About,
    progress: &mut dyn FnMut(&str, u64),
) -> Result<BackedUp, BackupError> {
    let out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to).map_err(failed(to))?;
    let mut out = Sealing::begin(BufWriter::new(out), MAGIC, secret).map_err(failed(to))?;
    let (mut files, mut bytes) = (0, 0);
    put(&mut out, ABOUT, &mut about.encode().as_slice(), about.encoded_size() as u64).map_err(failed(to))?;
    let log = if about.has_chain { segments(data)? } else { Vec::new() };
    let transfers = transfer::files(data).map_err(failed(&data.join(transfer::FOLDER)))?;
    let given = given_keys::files(data).map_err(failed(&data.join(given_keys::FOLDER)))?;
    let named = log.iter().chain(&transfers).chain(&given).map(String::as_str);
    for name in named.chain(FILES) {
        let path = data.join(name);
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound && OPTIONAL.contains(&name) => continue,
            Err(error) => return Err(failed(&path)(error)),
        };
        progress(name, bytes);
        // What is appended meanwhile is not in it.
        let length = file.metadata().map_err(failed(&path))?.len();
        put(&mut out, name, &mut file, length).map_err(failed(&path))?;
        (files, bytes) = (files + 1, bytes + length);
    }
    let ended = out.write_all(&0u16.to_le_bytes()).and_then(|()| out.finish());
    let file = ended.and_then(|out| out.into_inner().map_err(io::Error::from)).map_err(failed(to))?;
    file.sync_all().map_err(failed(to))?;
    Ok(BackedUp { about, files, bytes })
}

/// The segments of the log that are there, in their order.
fn segments(data: &Path) -> Result<Vec<String>, BackupError> {
    let folder = data.join(state::LOG_FOLDER);
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(&folder)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(failed(&folder))?.file_name();
        names.extend(name.to_str().map(|name| format!("{}/{name}", state::LOG_FOLDER)).filter(|name| is_segment(name)));
    }
    names.sort_unstable();
    Ok(names)
}

fn is_segment(name: &str) -> bool {
    let begin = name.strip_prefix(state::LOG_FOLDER).and_then(|name| name.strip_prefix('/')?.strip_suffix(".log"));
    begin.is_some_and(|begin| begin.len() == 16 && begin.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Adds an entry: length of its name, name, length, content.
fn put(out: &mut impl Write, name: &str, content: &mut impl Read, length: u64) -> io::Result<()> {
    out.write_all(&u16::try_from(name.len()).map_err(io::Error::other)?.to_le_bytes())?;
    out.write_all(name.as_bytes())?;
    out.write_all(&length.to_le_bytes())?;
    if io::copy(&mut content.take(length), out)? == length {
        return Ok(());
    }
    Err(io::Error::other("the file got shorter while it was read"))
}

/// Puts a backup back into a folder that is not there, or empty. The node starts there as any other.
///
/// # Errors
/// [`BackupError`]; nothing is left behind.
pub fn restore(from: &Path, data: &Path, progress: &mut dyn FnMut(&str, u64)) -> Result<BackedUp, BackupError> {
    let is_empty = match std::fs::read_dir(data) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(error) => return Err(failed(data)(error)),
    };
    if !is_empty {
        return Err(BackupError::There(data.to_owned()));
    }
    let secret = given_secret().ok_or(BackupError::NoSecret)?;
    let input = BufReader::new(File::open(from).map_err(failed(from))?);
    let opening = Opening::begin(input, MAGIC, &secret).map_err(failed(from))?;
    let mut opening = opening.ok_or_else(|| BackupError::NoBackup(from.to_owned()))?;
    let mut fresh = data.to_owned().into_os_string();
    fresh.push(".restoring");
    let fresh = PathBuf::from(fresh);
    match std::fs::remove_dir_all(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(&fresh)(error)),
        _ => {}
    }
    let done = read(&mut opening, from, &fresh, progress).and_then(|done| {
        // It is empty.
        match std::fs::remove_dir(data) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(data)(error)),
            _ => {}
        }
        std::fs::rename(&fresh, data).map_err(failed(data))?;
        sync(data.parent())?;
        Ok(done)
    });
    done.inspect_err(|_| drop(std::fs::remove_dir_all(&fresh)))
}

fn read(
    opening: &mut impl Read,
    from: &Path,
    to: &Path,
    progress: &mut dyn FnMut(&str, u64),
) -> Result<BackedUp, BackupError> {
    let closed = |error: io::Error| BackupError::DoesNotOpen { path: from.to_owned(), why: error.to_string() };
    let strange = |what: &str| BackupError::DoesNotOpen {
        path: from.to_owned(),
        why: format!("{what}, which this program does not know: take that of the node it was made of, or a newer one"),
    };
    let (name, length) = entry(opening).map_err(closed)?.ok_or_else(|| BackupError::NoBackup(from.to_owned()))?;
    if name != ABOUT || length > MAX_ABOUT {
        return Err(BackupError::NoBackup(from.to_owned()));
    }
    let mut about = Vec::new();
    opening.take(length).read_to_end(&mut about).map_err(closed)?;
    let about: About = codec::decode(&about).map_err(|_| strange("it begins otherwise"))?;
    if about.version != VERSION {
        return Err(strange(&format!("its version is {}", about.version)));
    }
    let log = to.join(state::LOG_FOLDER);
    let folders = [transfer::FOLDER, given_keys::FOLDER].map(|name| to.join(name));
    std::fs::create_dir_all(if about.has_chain { &log } else { to }).map_err(failed(to))?;
    let (mut files, mut bytes) = (0, 0);
    while let Some((name, length)) = entry(opening).map_err(closed)? {
        // A folder of files that are named by hashes.
        let folder =
            Path::new(&name).parent().and_then(|folder| folders.iter().find(|known| **known == to.join(folder)));
        let folder = folder.filter(|_| name.rsplit('/').next().is_some_and(transfer::is_name));
        let is_known = FILES.contains(&name.as_str()) || about.has_chain && is_segment(&name);
        if !is_known && folder.is_none() {
            return Err(strange(&format!("it has a file {name:?}")));
        }
        if let Some(folder) = folder {
            std::fs::create_dir_all(folder).map_err(failed(folder))?;
        }
        progress(&name, bytes);
        let path = to.join(&name);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let mut file = BufWriter::new(file.map_err(failed(&path))?);
        copy(opening, &mut file, length).map_err(|error| match error {
            Copied::Read(error) => closed(error),
            Copied::Written(error) => failed(&path)(error),
        })?;
        let file = file.into_inner().map_err(|error| failed(&path)(error.into_error()))?;
        file.sync_all().map_err(failed(&path))?;
        (files, bytes) = (files + 1, bytes + length);
    }
    // To the end, which shows that nothing was cut off.
    if opening.read(&mut [0]).map_err(closed)? > 0 {
        return Err(strange("something follows its end"));
    }
    for folder in folders.iter().map(PathBuf::as_path).chain([log.as_path(), to]) {
        if folder.is_dir() {
            sync(Some(folder))?;
        }
    }
    Ok(BackedUp { about, files, bytes })
}

/// Name and length of the next entry; `None` at the end.
fn entry(opening: &mut impl Read) -> io::Result<Option<(String, u64)>> {
    let mut length = [0; 2];
    opening.read_exact(&mut length)?;
    let length = usize::from(u16::from_le_bytes(length));
    if length == 0 {
        return Ok(None);
    }
    let (mut name, mut size) = (vec![0; length], [0; 8]);
    opening.read_exact(&mut name)?;
    opening.read_exact(&mut size)?;
    let name = String::from_utf8(name).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    Ok(Some((name, u64::from_le_bytes(size))))
}

enum Copied {
    Read(io::Error),
    Written(io::Error),
}

fn copy(from: &mut impl Read, to: &mut impl Write, mut length: u64) -> Result<(), Copied> {
    let mut buffer = vec![0; 1 << 16];
    while length > 0 {
        // The cast holds: the smaller of both.
        let part = length.min(buffer.len() as u64) as usize;
        from.read_exact(&mut buffer[..part]).map_err(Copied::Read)?;
        to.write_all(&buffer[..part]).map_err(Copied::Written)?;
        length -= part as u64;
    }
    to.flush().map_err(Copied::Written)
}

fn sync(folder: Option<&Path>) -> Result<(), BackupError> {
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed(folder))
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> BackupError + use<'_> {
    move |source| BackupError::Io { path: path.to_owned(), source }
}
