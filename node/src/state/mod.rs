//! What the node remembers: the public state, one private state per tenant, blocks, receipts, events, and their roots
//! at every height. Not here: execution, and who may ask. All of it is synchronous: call it from a thread that may
//! block.
//! Invariant: a block or private change answered with `Ok` is there after any crash, with the same roots.
//!
//! `log` lasts, `db` follows from it, behind what `waiting` holds; `history` serves the last heights from memory. Each state is one `one::OneState`;
//! reads go through a [`View`], changes through `commit`, and `recover` puts it all together again at start.

mod archive;
mod batch;
mod beginning;
mod blocks;
mod bundle;
mod cache;
mod chunk;
mod columns;
mod commit;
mod compact;
mod contents;
mod db;
mod error;
mod export;
mod exported;
mod folder;
mod group;
mod handover;
mod heads;
mod history;
mod import;
mod joined;
mod kept;
mod log;
mod memory;
mod migrate;
mod network;
mod one;
mod ordered;
mod parties;
mod private;
mod prove;
mod prune;
mod recover;
mod recovery;
mod scope;
mod segments;
mod size;
mod slot;
mod snapshot;
mod stats;
mod system;
mod threads;
mod validators;
mod verify;
mod voids;
mod waiting;
mod writes;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use arc_swap::ArcSwap;
use coffer_abi::{Hash, Height, Time};
use coffer_chain::trie::Path;
use coffer_chain::{Genesis, Psi, SignedRecovery, ValidatorSet};
use foldhash::fast::RandomState;
use indexmap::IndexMap;
use tokio::sync::watch;
use zeroize::Zeroizing;

pub use beginning::{Beginning, Empty, Entered, NoBeginning, PublicImport};
pub use blocks::{BlockId, EventPage};
pub use chunk::{CHUNK_TARGET, CHUNK_VERSION, Chunk, ChunkError, End, MAX_CHUNK_BYTES, Part, Position};
pub use columns::{ContractRecord, EventRecord, Place, StoredBlock, TxReceipt};
pub use commit::{BlockCommit, PrivateCommit};
pub use compact::NAME as DATABASE_FOLDER;
pub use compact::{Compacted, bytes_of, compact};
pub use contents::Entries;
pub use error::Error;
pub use exported::{Expected, Exported, check as check_export};
pub use folder::Folder;
pub use import::{Import, Importer};
pub use memory::Memory;
pub use migrate::{Migration, MigrationStep, migrate, migration};
pub use parties::{Serving, Why};
pub use prune::forget_archive;
pub use scope::Sealer;
pub use segments::FOLDER as LOG_FOLDER;
pub use size::grows;
pub use snapshot::View;
pub use stats::{ColumnStats, OneStats, Stats};
pub use system::System;
pub use validators::Tip;
pub use verify::Checked;
pub use writes::{ChangedContract, NewContract, StateWrites};

use columns::{BlockPlace, Kind, PsiTrieRecord};
use db::{Db, Records};
use group::Group;
use log::Log;
use one::{OneState, check_kept};
use private::PsiTrie;
use recovery::Recoveries;

/// Heights kept for reading when the configuration says nothing.
pub const DEFAULT_HISTORY: u64 = 128;
/// Leaves of the trie of private states when the configuration says nothing.
pub const DEFAULT_PSI_CAPACITY: usize = 64;

/// How to open the state.
#[derive(Clone)]
pub struct StateOptions {
    /// Start of the chain; its hash is the chain id.
    pub genesis: Genesis,
    /// Private states of this node.
    pub tenants: Vec<TenantKeys>,
    /// From which the dummy leaves of the trie of private states are made.
    pub node_secret: Zeroizing<[u8; 32]>,
    /// Heights below the head that stay readable; at least 1.
    pub history: u64,
    /// Whether every height is kept from now on.
    pub archive: Archive,
    /// Leaves that the trie of private states began with, dummies included; with those of `psi_grown` at least the number of tenants.
    pub psi_capacity: usize,
    /// From which block on it has had how many more.
    pub psi_grown: Vec<(Height, usize)>,
    /// Bounds of caches and buffers.
    pub memory: Memory,
    /// Recoveries of the chain that the operator accepted.
    pub recoveries: Vec<SignedRecovery>,
}

/// Whether older values are kept for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Archive {
    /// No. What was kept is no longer asked for, and `forget_archive` removes it.
    Off,
    /// Yes, from when it was first switched on.
    On,
    /// As the node that last had the folder did.
    AsItWas,
}

/// A tenant's secrets as far as its state needs them.
#[derive(Clone)]
pub struct TenantKeys {
    /// Whose.
    pub psi: Psi,
    /// Everything of its state on disk is sealed under this. Never changes; without it the state is lost.
    pub storage_key: Zeroizing<[u8; 32]>,
    /// Makes its path in the trie of private states. Never changes.
    pub trie_secret: Zeroizing<[u8; 32]>,
    /// Height of the first block it is there for: before that a dummy leaf stands in its place.
    pub joined: Height,
}

impl fmt::Debug for TenantKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantKeys").field("psi", &self.psi).finish_non_exhaustive()
    }
}

/// The last public block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its height.
    pub height: Height,
    /// Its hash.
    pub hash: Hash,
    /// Root of the public state after it.
    pub state_root: Hash,
    /// Its time, milliseconds.
    pub time: Time,
}

/// Root of a private state after a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PsiRoot {
    /// Height of the block.
    pub height: Height,
    /// Its hash.
    pub block_hash: Hash,
    /// The root.
    pub root: Hash,
}

/// Root of the trie of private states after a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PsiTrieRoot {
    /// Height of the block.
    pub height: Height,
    /// Its hash.
    pub block_hash: Hash,
    /// The root; while not sealed, that of the last sealed block.
    pub root: Hash,
    /// True once all private states are done with the block: the root stays as it is.
    pub sealed: bool,
}

/// The state of this node. A cheap handle; the folder is given back when the last one and the last [`View`] are gone.
#[derive(Clone)]
pub struct State {
    inner: Arc<Inner>,
}

/// Dropped in this order: the database before the lock on the folder.
struct Inner {
    public: Arc<OneState>,
    /// Replaced as a whole under the lock of `psi_trie`; none ever leaves, so that their numbers stay.
    private: ArcSwap<Tenants>,
    psi_trie: Mutex<PsiTrie>,
    head: watch::Sender<Head>,
    /// Height up to which the trie of private states is sealed.
    sealed: watch::Sender<Height>,
    history: u64,
    /// Height of the first block that is kept; settled before anyone reads.
    first: AtomicU64,
    /// Height from which on the public state is kept for another node; `kept::NONE` for no one.
    kept: AtomicU64,
    /// Height up to which the log says that all private states are done.
    told: AtomicU64,
    chain_id: Hash,
    system: System,
    /// Who decides the first block: the set of the genesis.
    validators: ValidatorSet,
    recoveries: Recoveries,
    /// ORDER: after a state's `changing`, before the log and its `pages`.
    group: Group,
    log: Mutex<Log>,
    /// The head block as the next one needs it; of another block once there is one, and read anew then.
    tip: Mutex<Option<Arc<Tip>>>,
    failed: OnceLock<String>,
    #[cfg(test)]
    pulled: Mutex<Option<commit::Moment>>,
    db: Db,
    _folder: Folder,
}

type Tenants = IndexMap<Psi, Arc<Tenant>, RandomState>;

struct Tenant {
    /// In the order in which this run of the node came to know them.
    number: usize,
    one: Arc<OneState>,
    /// Height of the first block it is there for.
    joined: u64,
    /// In the trie of private states.
    path: Path,
}

impl State {
    /// The last public block.
    pub fn head(&self) -> Head {
        self.inner.head.borrow().clone()
    }

    /// Tells of every new head; a slow receiver sees the last one only.
    pub fn watch(&self) -> watch::Receiver<Head> {
        self.inner.head.subscribe()
    }

    /// Tells how far the trie of private states is sealed, whenever that changes.
    pub fn watch_private(&self) -> watch::Receiver<Height> {
        self.inner.sealed.subscribe()
    }

    /// Why the state takes no change any more, if it does not.
    pub fn failure(&self) -> Option<String> {
        self.inner.failed.get().cloned().or_else(|| self.inner.db.failure().map(Into::into))
    }

    /// The chain: hash of its genesis.
    pub fn chain_id(&self) -> Hash {
        self.inner.chain_id
    }

    /// The system contracts of the chain.
    pub fn system(&self) -> &System {
        &self.inner.system
    }

    /// Private states of this node, in the order of their names.
    pub fn tenants(&self) -> Vec<Psi> {
        let mut names: Vec<Psi> = self.inner.tenants().keys().cloned().collect();
        names.sort_unstable();
        names
    }

    /// The public state at its head.
    pub fn public(&self) -> View {
        let head = self.head();
        View::new(self.inner.clone(), Some(self.inner.public.clone()), head.height, head.state_root)
    }

    /// The public state after the block at `height`.
    ///
    /// # Errors
    /// [`Error::Future`], [`Error::Pruned`], [`Error::Database`], [`Error::Damaged`].
    pub fn public_at(&self, height: Height) -> Result<View, Error> {
        let one = &self.inner.public;
        check_kept(height, one.oldest(), self.head().height.0)?;
        Ok(View::new(self.inner.clone(), Some(one.clone()), height, self.state_root(height)?))
    }

    /// A private state as far as it has come; an empty one if this node has no such tenant.
    ///
    /// # Errors
    /// [`Error::Unusable`].
    pub fn private(&self, psi: &Psi) -> Result<View, Error> {
        let Some(tenant) = self.inner.tenant(psi) else {
            return Ok(View::new(self.inner.clone(), None, self.head().height, Hash::ZERO));
        };
        tenant.one.check_usable()?;
        let (height, root) = self.inner.private_head(&tenant);
        Ok(View::new(self.inner.clone(), Some(tenant.one.clone()), Height(height), root))
    }

    /// A private state after the block at `height`; an empty one if this node has no such tenant.
    ///
    /// # Errors
    /// [`Error::Unusable`], [`Error::Future`], [`Error::Pruned`], [`Error::Database`], [`Error::Damaged`].
    pub fn private_at(&self, psi: &Psi, height: Height) -> Result<View, Error> {
        let Some(tenant) = self.inner.tenant(psi) else {
            check_kept(height, 0, self.head().height.0)?;
            return Ok(View::new(self.inner.clone(), None, height, Hash::ZERO));
        };
        tenant.one.check_usable()?;
        check_kept(height, tenant.one.oldest(), self.inner.private_head(&tenant).0)?;
        let root = tenant.one.root_at(&self.inner.db, height.0)?;
        Ok(View::new(self.inner.clone(), Some(tenant.one.clone()), height, root))
    }

    /// Height up to which a private state is done with the chain. The head for a tenant this node does not have.
    pub fn private_head(&self, psi: &Psi) -> Height {
        match self.inner.tenant(psi) {
            Some(tenant) => Height(self.inner.private_head(&tenant).0),
            None => self.head().height,
        }
    }

    /// Height up to which all private states are done with the chain and their trie is sealed.
    pub fn private_finished(&self) -> Height {
        Height(self.inner.psi_trie().finished())
    }

    /// Height of the first block this node has: 0, or that of the block whose state it took over.
    pub fn first(&self) -> Height {
        Height(self.inner.first())
    }

    /// Root of the public state after the block at `height`, however old.
    ///
    /// # Errors
    /// [`Error::Future`], [`Error::Pruned`] before the first block this node has, [`Error::Database`], [`Error::Damaged`].
    pub fn state_root(&self, height: Height) -> Result<Hash, Error> {
        Ok(self.block_place(height)?.state_root)
    }

    /// Root of a private state after the block at `height`, however old. Zeros for a tenant this node does not have.
    ///
    /// # Errors
    /// [`Error::Future`] also when that state is not done with the block; [`Error::Pruned`] before the first block this
    /// node has; [`Error::Database`], [`Error::Damaged`].
    pub fn psi_root(&self, psi: &Psi, height: Height) -> Result<PsiRoot, Error> {
        let root = match self.inner.tenant(psi) {
            Some(tenant) => {
                check_kept(height, 0, self.inner.private_head(&tenant).0)?;
                tenant.one.root_at(&self.inner.db, height.0)?
            }
            None => Hash::ZERO,
        };
        Ok(PsiRoot { height, block_hash: self.block_place(height)?.hash, root })
    }

    /// Root of the trie of private states after the block at `height`, however old.
    ///
    /// # Errors
    /// [`Error::Future`], [`Error::Pruned`] before the first block this node has, [`Error::Database`], [`Error::Damaged`].
    pub fn psi_trie_root(&self, height: Height) -> Result<PsiTrieRoot, Error> {
        let block_hash = self.block_place(height)?.hash;
        let (finished, last) = {
            let trie = self.inner.psi_trie();
            (trie.finished(), trie.root())
        };
        if height.0 > finished {
            return Ok(PsiTrieRoot { height, block_hash, root: last, sealed: false });
        }
        let record = self.public_records().get::<PsiTrieRecord>(Kind::PsiTrie, &[block_hash.as_ref()])?;
        let missing = || Error::Damaged(format!("the private root of block {height} is missing"));
        Ok(PsiTrieRoot { height, block_hash, root: record.ok_or_else(missing)?.root, sealed: true })
    }

    fn block_place(&self, height: Height) -> Result<BlockPlace, Error> {
        check_kept(height, self.inner.first(), self.head().height.0)?;
        self.inner.block_at(height.0)?.ok_or_else(|| Error::Damaged(format!("block {height} is missing")))
    }
}

impl Inner {
    fn records<'a>(&'a self, one: &'a OneState) -> Records<'a> {
        Records::new(&self.db, &one.scope)
    }

    fn psi_trie(&self) -> MutexGuard<'_, PsiTrie> {
        self.psi_trie.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Height of the first block that is kept.
    fn first(&self) -> u64 {
        self.first.load(Ordering::Relaxed)
    }

    fn block_at(&self, height: u64) -> Result<Option<BlockPlace>, Error> {
        self.records(&self.public).get(Kind::BlockAt, &[&height.to_le_bytes()])
    }

    /// The private states as they are now.
    fn tenants(&self) -> Arc<Tenants> {
        self.private.load_full()
    }

    fn tenant(&self, psi: &Psi) -> Option<Arc<Tenant>> {
        self.private.load().get(psi).cloned()
    }

    /// The one of a state; `None` for the public state.
    fn tenant_of(&self, one: &OneState) -> Option<Arc<Tenant>> {
        self.tenant(one.scope.psi()?)
    }

    /// Height and root a private state has come to.
    fn private_head(&self, tenant: &Tenant) -> (u64, Hash) {
        // ORDER: the heads first, so that a change committed in between is seen with its height.
        let head = self.psi_trie().heads.of(tenant.number);
        let standing = tenant.one.standing();
        (standing.height.max(head), standing.root)
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("head", &self.head()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
