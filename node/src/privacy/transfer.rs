//! What members of a contract hand over to a party that joins it: how the change ended at them, signed by each of those who decide on it, and the contracts themselves, sealed for the party. One file each, at the node that serves the member and at the one that serves the
//! party: part of the record of either, because the chain gives none of it back. Not here: how it travels (`exchange`), what changes (`executor`). Invariants: a file is written before the change is committed whose outcome it tells, once, and never changed;
//! what a party goes by is signed by all who decide, equal, and is what was signed.

use std::fs::File;
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt};
use std::path::{Path, PathBuf};

use coffer_abi::{AccountId, CodeHash, Decode, Encode, Hash, Height, codec};
use coffer_chain::hash::{Domain, hash_of};
use coffer_chain::sign::verify;
use coffer_chain::{MembershipChange, Signature, SigningKey};
use tokio::sync::watch;
use zeroize::Zeroizing;

use super::directory::PublishedKey;
use super::handed::{Content, Handed};
use super::keys::EncryptionKey;
use super::resident::TenantSecret;
use super::wraps::{open_transfer, seal_transfer};
use crate::durable::write_whole;

/// Name of the folder in a data folder.
pub const FOLDER: &str = "transfers";
/// Bytes of a file at most: what may go over, its keys and lengths beside it, and a module more than it counts.
pub const MAX_BYTES: u64 = 96 << 20;

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("transfer {path}: {source}")]
pub struct Error {
    /// The file.
    pub path: PathBuf,
    /// What the file system said.
    pub source: io::Error,
}

/// Which one: who hands over to whom, by which change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Name {
    /// The marker's transaction.
    pub tx: Hash,
    /// The member.
    pub from: AccountId,
    /// The party that joins.
    pub to: AccountId,
}

impl Name {
    fn file(&self) -> String {
        hash_of(Domain::Transfer, self).to_string()
    }
}

/// How a change ended at a member.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct Statement {
    height: Height,
    /// What stands for each contract; `None` if the change did not count.
    contracts: Option<Vec<Hash>>,
    signature: Signature,
}

/// A transfer, opened and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    contracts: Option<Vec<Hash>>,
    content: Content,
}

impl Transfer {
    /// What goes over.
    pub fn content(&self) -> &Content {
        &self.content
    }
}

fn digest(name: &Name, height: Height, contracts: &Option<Vec<Hash>>) -> Hash {
    hash_of(Domain::Transfer, &(name, height, contracts))
}

/// The bytes of a file: what a member says of a change, and what it hands over, for a party by its published key. `None` if that key is none.
pub fn seal(
    (chain_id, name, height): (&Hash, &Name, Height),
    content: Option<&Content>,
    (signer, to): (&SigningKey, &PublishedKey),
) -> Option<Vec<u8>> {
    let contracts = content.map(Content::hashes);
    let signature = signer.sign(Domain::Transfer, chain_id, &digest(name, height, &contracts));
    let statement = Statement { height, contracts, signature };
    let text = Zeroizing::new((statement, content.unwrap_or(&Content::default())).encode());
    let key = EncryptionKey::new(&to.key.0)?;
    let sealed = seal_transfer(&key, &text, &associated(chain_id, name, to.epoch)).ok()?;
    Some((to.epoch, sealed).encode())
}

fn associated(chain_id: &Hash, name: &Name, epoch: u32) -> Vec<u8> {
    (chain_id, name, epoch).encode()
}

/// Opens the bytes of a file as the party; `None` if it does not open, the member did not sign it, or what it hands over is not what it signed or not whole.
pub fn open(
    (chain_id, name, height): (&Hash, &Name, Height),
    bytes: &[u8],
    secret: &TenantSecret,
    is_system: impl Fn(&CodeHash) -> bool,
) -> Option<Transfer> {
    let (epoch, sealed): (u32, Vec<u8>) = codec::decode(bytes).ok()?;
    let text = open_transfer(&secret.encryption(epoch), &sealed, &associated(chain_id, name, epoch)).ok()?;
    let (statement, content): (Statement, Content) = codec::decode(&text).ok()?;
    let Statement { height: said, contracts, signature } = statement;
    let is_signed =
        said == height && verify(&name.from, Domain::Transfer, chain_id, &digest(name, height, &contracts), &signature);
    let is_whole = || match &contracts {
        Some(hashes) => *hashes == content.hashes() && content.has_codes(&is_system),
        None => content == Content::default(),
    };
    (is_signed && is_whole()).then_some(Transfer { contracts, content })
}

/// What a party that joins is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// To wait for what these members say.
    Wait(Vec<AccountId>),
    /// To wait: members say different things, and one of them is wrong.
    Disagree,
    /// To go by this.
    Go(Handed),
}

/// What members said of a change, as far as it is here.
pub fn decide(
    change: &MembershipChange,
    sender: &AccountId,
    mut of: impl FnMut(&AccountId) -> Result<Option<Transfer>, Error>,
) -> Result<Decision, Error> {
    let (mut missing, mut said) = (Vec::new(), Vec::new());
    for member in change.deciding(sender) {
        match of(&member)? {
            Some(transfer) => said.push(transfer),
            None => missing.push(member),
        }
    }
    if !missing.is_empty() {
        return Ok(Decision::Wait(missing));
    }
    // Nobody decides on a change that may not be made, and such a one is refused before.
    let Some(first) = said.first() else { return Ok(Decision::Go(Handed::Nothing)) };
    if said.iter().any(|other| other.contracts != first.contracts) {
        return Ok(Decision::Disagree);
    }
    let is_of = first.contracts.is_some() && first.content.is_of(change);
    let content = said.swap_remove(0).content;
    Ok(Decision::Go(if is_of { Handed::Content(Box::new(content)) } else { Handed::Nothing }))
}

/// The files of a node. Calls block on the disk.
pub struct Transfers {
    folder: PathBuf,
    arrived: watch::Sender<u64>,
}

impl Transfers {
    /// Those in a data folder.
    pub fn open(data: &Path) -> Self {
        Self { folder: data.join(FOLDER), arrived: watch::Sender::new(0) }
    }

    /// Keeps what a member of this node hands over; it is on the disk when this returns. One that is there already stays as it is.
    ///
    /// # Errors
    /// [`Error`].
    pub fn put(&self, name: &Name, bytes: &[u8]) -> Result<(), Error> {
        if self.contains(name) { Ok(()) } else { self.put_fetched(name, bytes) }
    }

    /// Keeps what opened for the party; what is there already did not, and goes.
    ///
    /// # Errors
    /// [`Error`].
    pub fn put_fetched(&self, name: &Name, bytes: &[u8]) -> Result<(), Error> {
        let path = self.path(name);
        let failed = |source| Error { path: path.clone(), source };
        if !self.folder.exists() {
            let made = std::fs::DirBuilder::new().mode(0o700).recursive(true).create(&self.folder);
            let parent = self.folder.parent().unwrap_or(Path::new("."));
            made.and_then(|()| File::open(parent)?.sync_all()).map_err(failed)?;
        }
        write_whole(&path, bytes).map_err(failed)?;
        self.arrived.send_modify(|number| *number = number.wrapping_add(1));
        Ok(())
    }

    /// True if it is here.
    pub fn contains(&self, name: &Name) -> bool {
        self.path(name).exists()
    }

    /// One of them, if it is here.
    ///
    /// # Errors
    /// [`Error`].
    pub fn get(&self, name: &Name) -> Result<Option<Vec<u8>>, Error> {
        let path = self.path(name);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error { path, source }),
        }
    }

    /// Its length and at most `most` bytes from `from` on, if it is here.
    ///
    /// # Errors
    /// [`Error`].
    pub fn part(&self, name: &Name, from: u64, most: usize) -> Result<Option<(u64, Vec<u8>)>, Error> {
        let path = self.path(name);
        let failed = |source| Error { path: path.clone(), source };
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(failed(source)),
        };
        let length = file.metadata().map_err(failed)?.len();
        let rest = usize::try_from(length.saturating_sub(from)).unwrap_or(most).min(most);
        let mut bytes = vec![0; rest];
        file.read_exact_at(&mut bytes, from).map_err(failed)?;
        Ok(Some((length, bytes)))
    }

    /// How many came since the start.
    pub fn count(&self) -> u64 {
        *self.arrived.borrow()
    }

    /// Tells that some came.
    pub fn arrivals(&self) -> watch::Receiver<u64> {
        self.arrived.subscribe()
    }

    fn path(&self, name: &Name) -> PathBuf {
        self.folder.join(name.file())
    }
}

/// Names of the files of a data folder, for a backup.
///
/// # Errors
/// What the file system says.
pub fn files(data: &Path) -> io::Result<Vec<String>> {
    files_in(data, FOLDER)
}

pub(super) fn files_in(data: &Path, folder: &str) -> io::Result<Vec<String>> {
    let entries = match std::fs::read_dir(data.join(folder)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        if let Some(name) = name.to_str().filter(|name| is_name(name)) {
            names.push(format!("{folder}/{name}"));
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// True for what a file of the folder is named; half of one that is written is not.
pub fn is_name(name: &str) -> bool {
    name.parse::<Hash>().is_ok()
}
