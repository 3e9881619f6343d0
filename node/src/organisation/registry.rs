//! The tenants of a node in a file of its data folder: whose private states they are, their secrets, from which block on they are there, what was changed of them and when. Not here: their private states
//! (`state`), what of them is on the chain (`node`). Invariants: what the chain cannot give back of a tenant is here, so that a node that has lost all but its key store and this file comes to
//! the same roots again; a tenant that is in it stays in it; a change lasts when it is answered. The file is sealed under the secret of the node, and replaced as a whole.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chacha20poly1305::aead::Aead;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use coffer_abi::{AccountId, Decode, Encode, Height, codec};
use coffer_chain::Psi;
use tokio::sync::watch;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::key_store::{KeyStore, Origin};
use crate::durable::write_whole;
use crate::tenant::Limits;

/// Name of the file in a data folder.
pub const FILE: &str = "tenants";
const MAGIC: &[u8] = b"coffer-tenants-1\n";
const KEY: &str = "coffer v1 tenant registry";
const NONCE: usize = 24;
/// Changes of one tenant that are kept; no more are made.
pub const MAX_CHANGES: usize = 1_000;
/// Accounts that act for one tenant.
pub const MAX_ACCOUNTS: usize = 64;

/// Why the registry cannot be used or changed.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The file system refused.
    #[error("registry of tenants {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// It is not what this node wrote.
    #[error(
        "the registry of tenants {path} does not open: it is damaged, or that of another node; put it back from a backup: without it the private states of this node are lost"
    )]
    DoesNotOpen {
        /// The file.
        path: PathBuf,
    },
    /// The folder has a chain, and the registry is gone.
    #[error(
        "{path} is missing, but the folder holds a chain already; put the file back from a backup: without it the private states of this node are lost"
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// There is a tenant of that name. One name has one tenant over all time.
    #[error("private state `{0}` has a tenant on this node already; names are not used again")]
    Known(Psi),
    /// There is none.
    #[error("this node has no tenant `{0}`")]
    Unknown(Psi),
    /// A tenant that is closed stays so.
    #[error("tenant `{0}` is closed, which is for good")]
    Closed(Psi),
    /// It is in that state already.
    #[error("tenant `{psi}` is {standing} already")]
    Already {
        /// Which.
        psi: Psi,
        /// In which state.
        standing: Standing,
    },
    /// [`MAX_CHANGES`] are kept.
    #[error("tenant `{0}` was changed {MAX_CHANGES} times, which is the most that this node keeps")]
    Full(Psi),
}

/// What a tenant may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Standing {
    /// Everything.
    Active,
    /// Nothing until it is resumed: it is neither read nor takes calls, and goes on with the chain all the same.
    Suspended,
    /// Nothing for good.
    Closed,
}

impl std::fmt::Display for Standing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Closed => "closed",
        })
    }
}

/// What was changed of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Change {
    /// What it may do.
    Standing(Standing),
    /// The newest of its encryption keys.
    Epoch(u32),
    /// Who acts for it.
    Accounts(Vec<AccountId>),
    /// What it may take; all of them anew.
    Limits(Limits),
}

#[derive(Clone, Encode, Decode, Zeroize, ZeroizeOnDrop)]
struct Entry {
    #[zeroize(skip)]
    psi: String,
    secret: [u8; 32],
    #[zeroize(skip)]
    joined: Height,
    #[zeroize(skip)]
    changes: Vec<(Height, Change)>,
}

#[derive(Clone, Encode, Decode, Zeroize, ZeroizeOnDrop)]
struct Content {
    /// A chain was begun with it: what it says of the first block stays.
    #[zeroize(skip)]
    is_settled: bool,
    #[zeroize(skip)]
    capacity: u32,
    #[zeroize(skip)]
    grown: Vec<(Height, u32)>,
    tenants: Vec<Entry>,
}

/// A tenant as the registry has it.
#[derive(Clone)]
pub struct Registered {
    /// Its private state.
    pub psi: Psi,
    /// From which all its keys derive.
    pub secret: Zeroizing<[u8; 32]>,
    /// Height of the first block it is there for.
    pub joined: Height,
    /// What it may do.
    pub standing: Standing,
    /// Head of the chain when that was settled; that of `joined` if nothing was changed.
    pub since: Height,
    /// The newest of its encryption keys.
    pub epoch: u32,
    /// Who acts for it; `None` if that was never said.
    pub accounts: Option<Vec<AccountId>>,
    /// What it may take; where nothing is said, what the node's settings say.
    pub limits: Limits,
}

/// Leaves of the trie of private states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// It began with so many.
    pub first: usize,
    /// From which block on it has had how many more.
    pub grown: Vec<(Height, usize)>,
}

/// The registry of a node.
pub struct Registry {
    path: PathBuf,
    cipher: XChaCha20Poly1305,
    content: Mutex<Content>,
    changed: watch::Sender<u64>,
}

impl Registry {
    /// Opens the registry of a data folder. One that is not there is made, with the tenants that an older key store names; they are there from the first block on. `capacity` counts as long as no chain was begun with it. It is never made
    /// beside a key store of today in a folder that has a chain.
    ///
    /// # Errors
    /// [`RegistryError::Io`], [`RegistryError::DoesNotOpen`], [`RegistryError::Missing`].
    pub fn open_or_create(
        folder: &Path,
        keys: &KeyStore,
        capacity: usize,
        has_chain: bool,
    ) -> Result<Self, RegistryError> {
        let path = folder.join(FILE);
        let key = Zeroizing::new(blake3::derive_key(KEY, &*keys.node_secret()));
        let cipher = XChaCha20Poly1305::new(&(*key).into());
        if let Some(content) = read(&path, &cipher)? {
            let registry = Self { path, cipher, content: Mutex::new(content), changed: watch::Sender::default() };
            if !registry.is_settled() {
                registry.begin_with(capacity)?;
            }
            return Ok(registry);
        }
        let older = match keys.older_tenants() {
            None if has_chain => return Err(RegistryError::Missing { path }),
            older => older.unwrap_or_default(),
        };
        let entry = |(psi, secret): (Psi, Zeroizing<[u8; 32]>)| Entry {
            psi: psi.to_string(),
            secret: *secret,
            joined: Height(0),
            changes: Vec::new(),
        };
        let capacity = u32::try_from(capacity).unwrap_or(u32::MAX);
        let tenants = older.into_iter().map(entry).collect();
        let registry = Self {
            path,
            cipher,
            content: Mutex::new(Content { is_settled: has_chain, capacity, grown: Vec::new(), tenants }),
            changed: watch::Sender::default(),
        };
        registry.write(&registry.lock())?;
        Ok(registry)
    }

    /// Tells of each change.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// All tenants, in the order in which they came.
    pub fn tenants(&self) -> Vec<Registered> {
        self.lock().tenants.iter().filter_map(registered).collect()
    }

    /// One of them.
    pub fn get(&self, psi: &Psi) -> Option<Registered> {
        self.lock().tenants.iter().find(|entry| entry.psi == psi.as_str()).and_then(registered)
    }

    /// What was changed of one, with the heads of the chain then, the oldest first.
    pub fn changes(&self, psi: &Psi) -> Vec<(Height, Change)> {
        let found =
            self.lock().tenants.iter().find(|entry| entry.psi == psi.as_str()).map(|entry| entry.changes.clone());
        found.unwrap_or_default()
    }

    /// Adds tenants with secrets of their own, which are there from the block at `joined` on, and who acts for them, if that is said. All of them or none.
    ///
    /// # Errors
    /// [`RegistryError::Known`], [`RegistryError::Io`].
    pub fn add(
        &self,
        names: &[Psi],
        accounts: Option<&[AccountId]>,
        origin: Origin<'_>,
        joined: Height,
    ) -> Result<(), RegistryError> {
        self.edit(|content| {
            for psi in names {
                if content.tenants.iter().any(|entry| entry.psi == psi.as_str()) {
                    return Err(RegistryError::Known(psi.clone()));
                }
                let secret = origin.key(&format!("tenant {psi}"));
                let changes =
                    accounts.map(|accounts| (joined, Change::Accounts(accounts.to_vec()))).into_iter().collect();
                content.tenants.push(Entry { psi: psi.to_string(), secret, joined, changes });
            }
            Ok(())
        })
    }

    /// Changes a tenant, at a head of the chain.
    ///
    /// # Errors
    /// [`RegistryError`]; nothing was changed then.
    pub fn change(&self, psi: &Psi, head: Height, change: Change) -> Result<(), RegistryError> {
        self.edit(|content| {
            let entry = content.tenants.iter_mut().find(|entry| entry.psi == psi.as_str());
            let entry = entry.ok_or_else(|| RegistryError::Unknown(psi.clone()))?;
            let Some(Registered { standing, .. }) = registered(entry) else {
                return Err(RegistryError::Unknown(psi.clone()));
            };
            match &change {
                Change::Standing(asked) if *asked == standing => {
                    return Err(RegistryError::Already { psi: psi.clone(), standing });
                }
                _ if standing == Standing::Closed => return Err(RegistryError::Closed(psi.clone())),
                _ => {}
            }
            // The last place is for the last change.
            let is_last = change == Change::Standing(Standing::Closed);
            if entry.changes.len() >= MAX_CHANGES - usize::from(!is_last) {
                return Err(RegistryError::Full(psi.clone()));
            }
            entry.changes.push((head, change));
            Ok(())
        })
    }

    /// Leaves of the trie of private states.
    pub fn capacity(&self) -> Capacity {
        let content = self.lock();
        let grown = content.grown.iter().map(|(height, capacity)| (*height, *capacity as usize)).collect();
        Capacity { first: content.capacity as usize, grown }
    }

    /// Has more leaves in that trie from the block at `since` on.
    ///
    /// # Errors
    /// [`RegistryError::Io`].
    pub fn grow(&self, since: Height, capacity: usize) -> Result<(), RegistryError> {
        self.edit(|content| {
            content.grown.push((since, u32::try_from(capacity).unwrap_or(u32::MAX)));
            Ok(())
        })
    }

    /// True once a chain was begun with it: another capacity, and further tenants, count from a later block on.
    pub fn is_settled(&self) -> bool {
        self.lock().is_settled
    }

    /// Says that a chain was begun with it.
    ///
    /// # Errors
    /// [`RegistryError::Io`].
    pub fn settle(&self) -> Result<(), RegistryError> {
        if self.is_settled() {
            return Ok(());
        }
        self.edit(|content| {
            content.is_settled = true;
            Ok(())
        })
    }

    /// Nothing was made of the capacity yet, so it can be another.
    fn begin_with(&self, capacity: usize) -> Result<(), RegistryError> {
        if self.capacity().first == capacity {
            return Ok(());
        }
        self.edit(|content| {
            content.capacity = u32::try_from(capacity.max(content.tenants.len())).unwrap_or(u32::MAX);
            Ok(())
        })
    }

    fn edit(&self, edit: impl FnOnce(&mut Content) -> Result<(), RegistryError>) -> Result<(), RegistryError> {
        let mut content = self.lock();
        let mut changed = content.clone();
        edit(&mut changed)?;
        self.write(&changed)?;
        *content = changed;
        self.changed.send_modify(|changes| *changes += 1);
        Ok(())
    }

    fn write(&self, content: &Content) -> Result<(), RegistryError> {
        let failed = |source| RegistryError::Io { path: self.path.clone(), source };
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|error| failed(io::Error::other(error)))?;
        let text = Zeroizing::new(content.encode());
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), text.as_slice());
        let sealed = sealed.map_err(|_| failed(io::Error::other("it is too large to be sealed")))?;
        write_whole(&self.path, &[MAGIC, &nonce, &sealed].concat()).map_err(failed)
    }

    fn lock(&self) -> MutexGuard<'_, Content> {
        // Replaced at once, so a panic under the lock leaves it whole.
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn registered(entry: &Entry) -> Option<Registered> {
    let psi = entry.psi.parse().ok()?;
    let (mut standing, mut since, mut epoch, mut accounts) = (Standing::Active, entry.joined, 0, None);
    let mut limits = Limits::default();
    for (height, change) in &entry.changes {
        match change {
            Change::Standing(now) => (standing, since) = (*now, *height),
            Change::Epoch(now) => epoch = *now,
            Change::Accounts(now) => accounts = Some(now.clone()),
            Change::Limits(now) => limits = *now,
        }
    }
    let (secret, joined) = (Zeroizing::new(entry.secret), entry.joined);
    Some(Registered { psi, secret, joined, standing, since, epoch, accounts, limits })
}

fn read(path: &Path, cipher: &XChaCha20Poly1305) -> Result<Option<Content>, RegistryError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(RegistryError::Io { path: path.to_owned(), source }),
    };
    let opened = || {
        let (nonce, sealed) = bytes.strip_prefix(MAGIC)?.split_first_chunk::<NONCE>()?;
        let text = Zeroizing::new(cipher.decrypt(&XNonce::from(*nonce), sealed).ok()?);
        codec::decode::<Content>(&text).ok()
    };
    opened().map(Some).ok_or_else(|| RegistryError::DoesNotOpen { path: path.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn psi(name: &str) -> Psi {
        name.parse().unwrap()
    }

    fn open(folder: &Path) -> Result<Registry, RegistryError> {
        let keys = KeyStore::open_or_create(folder, b"secret", Origin::Seed(7), &[]).unwrap();
        Registry::open_or_create(folder, &keys, 8, false)
    }

    #[test]
    fn what_was_registered_and_changed_is_there_at_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let registry = open(folder.path()).unwrap();
        registry.add(&[psi("PS2"), psi("PS1")], None, Origin::Seed(7), Height(0)).unwrap();
        registry.add(&[psi("PS3")], None, Origin::Seed(7), Height(5)).unwrap();
        let accounts = vec![AccountId([4; 32])];
        registry.change(&psi("PS1"), Height(6), Change::Standing(Standing::Suspended)).unwrap();
        registry.change(&psi("PS1"), Height(7), Change::Epoch(1)).unwrap();
        registry.change(&psi("PS3"), Height(8), Change::Accounts(accounts.clone())).unwrap();
        let limits = Limits { pending: Some(4), storage_bytes: Some(1 << 30), ..Limits::default() };
        registry.change(&psi("PS1"), Height(8), Change::Limits(Limits { concurrent: Some(1), ..limits })).unwrap();
        registry.change(&psi("PS1"), Height(9), Change::Limits(limits)).unwrap();
        registry.grow(Height(9), 64).unwrap();
        let again = open(folder.path()).unwrap();
        let names: Vec<_> = again.tenants().into_iter().map(|tenant| (tenant.psi.to_string(), tenant.joined)).collect();
        let expected = [("PS2", 0), ("PS1", 0), ("PS3", 5)].map(|(name, height)| (name.to_owned(), Height(height)));
        assert_eq!(names, expected);
        let one = again.get(&psi("PS1")).unwrap();
        assert_eq!((one.standing, one.since, one.epoch, one.accounts), (Standing::Suspended, Height(6), 1, None));
        assert_eq!(one.secret, registry.get(&psi("PS1")).unwrap().secret);
        assert_ne!(one.secret, again.get(&psi("PS2")).unwrap().secret);
        assert_eq!(again.get(&psi("PS3")).unwrap().accounts, Some(accounts));
        assert_eq!(again.capacity(), Capacity { first: 8, grown: vec![(Height(9), 64)] });
        assert_eq!((one.limits, again.get(&psi("PS2")).unwrap().limits), (limits, Limits::default()));
        assert_eq!(again.changes(&psi("PS1")).len(), 4);
    }

    #[test]
    fn a_name_is_used_once_and_what_is_closed_stays_so() {
        let folder = tempfile::tempdir().unwrap();
        let registry = open(folder.path()).unwrap();
        registry.add(&[psi("PS1")], None, Origin::Seed(7), Height(0)).unwrap();
        let two = registry.add(&[psi("PS2"), psi("PS1")], None, Origin::Seed(7), Height(1));
        assert!(matches!(two, Err(RegistryError::Known(_))));
        assert!(registry.get(&psi("PS2")).is_none(), "all of them or none");
        let to = |standing| registry.change(&psi("PS1"), Height(1), Change::Standing(standing));
        assert!(matches!(to(Standing::Active), Err(RegistryError::Already { .. })));
        to(Standing::Closed).unwrap();
        assert!(matches!(to(Standing::Active), Err(RegistryError::Closed(_))));
        assert!(matches!(to(Standing::Closed), Err(RegistryError::Already { .. })));
        assert!(matches!(registry.change(&psi("PS9"), Height(1), Change::Epoch(1)), Err(RegistryError::Unknown(_))));
    }

    #[test]
    fn it_is_not_made_anew_beside_a_chain() {
        let folder = tempfile::tempdir().unwrap();
        let keys = KeyStore::open_or_create(folder.path(), b"secret", Origin::Seed(7), &[]).unwrap();
        let made = Registry::open_or_create(folder.path(), &keys, 8, true);
        assert!(matches!(made, Err(RegistryError::Missing { .. })));
        assert!(!folder.path().join(FILE).exists());
    }

    #[test]
    fn changes_are_bounded_and_closing_is_possible_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let registry = open(folder.path()).unwrap();
        registry.add(&[psi("PS1")], None, Origin::Seed(7), Height(0)).unwrap();
        registry
            .edit(|content| {
                content.tenants[0].changes = vec![(Height(1), Change::Epoch(1)); MAX_CHANGES - 1];
                Ok(())
            })
            .unwrap();
        let change = |change| registry.change(&psi("PS1"), Height(2), change);
        assert!(matches!(change(Change::Epoch(2)), Err(RegistryError::Full(_))));
        change(Change::Standing(Standing::Closed)).unwrap();
    }

    #[test]
    fn nothing_of_it_is_readable_and_a_changed_byte_or_another_node_does_not_open_it() {
        let folder = tempfile::tempdir().unwrap();
        let registry = open(folder.path()).unwrap();
        registry.add(&[psi("Ministry of Works")], None, Origin::Seed(7), Height(0)).unwrap();
        let path = folder.path().join(FILE);
        let mut bytes = std::fs::read(&path).unwrap();
        let name = b"Ministry of Works";
        assert!(!bytes.windows(name.len()).any(|window| window == name));
        for at in 0..bytes.len() {
            bytes[at] ^= 4;
            std::fs::write(&path, &bytes).unwrap();
            assert!(matches!(open(folder.path()), Err(RegistryError::DoesNotOpen { .. })), "byte {at}");
            bytes[at] ^= 4;
        }
        let other = tempfile::tempdir().unwrap();
        std::fs::write(other.path().join(FILE), &bytes).unwrap();
        let keys = KeyStore::open_or_create(other.path(), b"secret", Origin::Seed(8), &[]).unwrap();
        assert!(matches!(
            Registry::open_or_create(other.path(), &keys, 8, false),
            Err(RegistryError::DoesNotOpen { .. })
        ));
    }
}
