//! Opening the data folder: checks that it is this node's, brings the database up to the log without executing
//! anything, and makes the trie of private states. Invariant: a state that opens has exactly the blocks that were
//! acknowledged, or says what is wrong.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use arc_swap::ArcSwap;
use coffer_abi::codec::decode;
use coffer_abi::{Hash, Height};
use coffer_chain::trie::{self, TrieError};
use coffer_chain::{Block, Certificate};
use tokio::sync::watch;

use super::columns::{BlockPlace, FORMAT, Key, Kind, Meta, StateRecord, StoredBlock};
use super::commit::{BlockFrame, PrivateContent, PrivateFrame};
use super::db::{Batch, Db, Records};
use super::error::{Error, REBUILD};
use super::folder::Folder;
use super::group::{Group, Outcome};
use super::log::{FrameKind, HEADER, Log};
use super::one::OneState;
use super::private::PsiTrie;
use super::recovery::Recoveries;
use super::scope::Scope;
use super::system::System;
use super::threads::side_by_side;
use super::writes::StateWrites;
use super::{Archive, Head, Inner, State, StateOptions, Tenant, TenantKeys, Tenants};

impl State {
    /// Opens a data folder, or makes it: locks it, drops a torn last log frame, re-applies what the database lacks.
    ///
    /// # Errors
    /// [`Error::InUse`], [`Error::OtherChain`], [`Error::Format`], [`Error::Duplicate`], [`Error::Capacity`],
    /// [`Error::OtherKey`]; [`Error::Damaged`] and [`Error::RootMismatch`] when log and database do not hold together;
    /// [`Error::Io`], [`Error::Database`].
    pub fn open(dir: &Path, options: StateOptions) -> Result<Self, Error> {
        Self::open_in(Folder::open(dir)?, options, || Ok(StateWrites::default()))
    }

    /// The same in a folder that is locked already, for a node that keeps other files there too. `first` gives what block 0 writes, and is
    /// asked only while the folder holds no block.
    ///
    /// # Errors
    /// As [`State::open`], but [`Error::InUse`]; and what `first` says. [`Error::RootMismatch`] when it comes to another root than the genesis names.
    pub fn open_in<E: From<Error>>(
        folder: Folder,
        options: StateOptions,
        first: impl FnOnce() -> Result<StateWrites, E>,
    ) -> Result<Self, E> {
        let (inner, finished) = Inner::recover(folder, &options)?;
        if let Some(height) = inner.import_under_way()? {
            return Err(Error::Unfinished(Height(height)).into());
        }
        if inner.is_empty() {
            let header = options.genesis.header();
            let certificate =
                Certificate { height: header.height, round: 0, block: header.hash(), signatures: Vec::new() };
            let block = Block { header, transactions: Vec::new() };
            let stored = StoredBlock { block, certificate, receipts: Vec::new() };
            inner.apply_block(BlockFrame { stored, writes: first()?, finished: 0 }, None)?;
        }
        Ok(inner.ready(&options, finished)?)
    }
}

impl Inner {
    /// Opens log and database and brings the one up to the other. Gives also the height up to which private states were done.
    pub(super) fn recover(folder: Folder, options: &StateOptions) -> Result<(Self, Option<u64>), Error> {
        check_tenants(options)?;
        let dir = &folder.path().to_owned();
        super::compact::settle(folder.path())?;
        let db = Db::open_with(&folder.path().join("db"), &options.memory)?;
        super::folder::sync_folder(folder.path())?;
        let chain_id = options.genesis.chain_id();
        let public_scope = Arc::new(Scope::public());
        let meta = check_meta(&db, &public_scope, dir, &chain_id)?;
        let log = Log::open(folder.path(), &chain_id, meta.as_ref().map(|meta| meta.log_offset))?;
        let finished: Option<u64> = Records::new(&db, &public_scope).get(Kind::Finished, &[])?;
        let first: Option<u64> = Records::new(&db, &public_scope).get(Kind::First, &[])?;
        let done = finished.unwrap_or(0);
        let history = options.history.max(1);
        let public = OneState::load(&db, public_scope, options.archive, |standing| {
            standing.height.saturating_sub(history).min(done)
        })?;
        let mut private = Tenants::default();
        let load = |tenant| {
            let loaded = load_tenant(&db, &public.scope, tenant, history, options.archive);
            loaded.map(|loaded| (tenant, loaded))
        };
        for loaded in side_by_side(options.tenants.iter().collect(), 64, load) {
            let (keys, one) = loaded?;
            private.insert(keys.psi.clone(), Arc::new(Tenant::new(private.len(), keys, one)));
        }
        let header = options.genesis.header();
        let genesis =
            Head { height: header.height, hash: header.hash(), state_root: header.state_root, time: header.time };
        let inner = Inner {
            psi_trie: Mutex::new(PsiTrie::new(BTreeMap::new(), &options.node_secret, 0, &[], done)?),
            head: watch::Sender::new(genesis),
            sealed: watch::Sender::new(Height(done)),
            public: Arc::new(public),
            private: ArcSwap::from_pointee(private),
            history,
            first: AtomicU64::new(first.unwrap_or(0)),
            kept: AtomicU64::new(super::kept::NONE),
            told: AtomicU64::new(done),
            chain_id,
            system: System::of(&options.genesis.system),
            validators: options.genesis.validators.clone(),
            recoveries: Recoveries::new(options.recoveries.clone()),
            group: Group::default(),
            log: Mutex::new(log),
            tip: Mutex::default(),
            failed: OnceLock::new(),
            #[cfg(test)]
            pulled: Mutex::new(None),
            db,
            _folder: folder,
        };
        if meta.is_some() {
            inner.check_stored()?;
            inner.set_head()?;
        }
        inner.replay(meta.map_or(HEADER, |meta| meta.log_offset))?;
        Ok((inner, finished))
    }

    /// The state, once it has its first block.
    pub(super) fn ready(self, options: &StateOptions, finished: Option<u64>) -> Result<State, Error> {
        self.make_psi_trie(options, finished)?;
        self.keep_next_validators()?;
        self.count_private()?;
        self.tenants().values().for_each(|tenant| self.keep_open(&tenant.one));
        let told = Height(self.told.load(Ordering::Relaxed)).min(self.head.borrow().height);
        let state = State { inner: Arc::new(self) };
        // What they did is in the log before that, so nobody has to ask again whom those blocks name, and that may not be readable any more.
        if told > state.private_finished() {
            state.finish_private(told)?;
        }
        Ok(state)
    }

    /// True until the first block is stored.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self.block_at(self.first()), Ok(None))
    }

    /// Compares the first trie record of every state with the root the state stands at, so that a database with files lost or put
    /// back from elsewhere is found at start. What lies deeper shows when it is read.
    fn check_stored(&self) -> Result<(), Error> {
        let public = self.records(&self.public);
        if public.get::<StateRecord>(Kind::State, &[])?.is_none() {
            return Err(Error::Damaged(format!("the public state has lost its own record; {REBUILD}")));
        }
        self.check_root(&self.public)?;
        for tenant in self.tenants().values() {
            match self.check_root(&tenant.one) {
                Err(Error::Damaged(reason)) => {
                    tracing::error!(reason, "a private state cannot be used");
                    let standing = StateRecord::clone(&tenant.one.standing());
                    tenant.one.set_standing(StateRecord { held: Some(reason), ..standing });
                }
                checked => checked?,
            }
        }
        Ok(())
    }

    fn check_root(&self, one: &OneState) -> Result<(), Error> {
        let found = trie::root(&self.records(one).trie(&[])).map_err(|error| match error {
            TrieError::Read(error) => error,
            corrupt => Error::Damaged(format!("its trie: {corrupt}; {REBUILD}")),
        });
        let ((found, _), expected) = (found?, one.standing().root);
        if found == expected {
            return Ok(());
        }
        Err(Error::Damaged(format!("its trie has root {found}, but it stands at {expected}; {REBUILD}")))
    }

    /// The head is the block the public state stands after: both came with one commit.
    fn set_head(&self) -> Result<(), Error> {
        let height = self.public.standing().height;
        let damaged = || Error::Damaged(format!("the head block, {height}, is missing from the database; {REBUILD}"));
        let BlockPlace { hash, state_root, time } = self.block_at(height)?.ok_or_else(damaged)?;
        self.head.send_replace(Head { height: Height(height), hash, state_root, time });
        Ok(())
    }

    /// Applies the log frames from `offset` on.
    fn replay(&self, mut offset: u64) -> Result<(), Error> {
        let mut frames = 0u64;
        let tenants = self.tenants();
        let tags: HashMap<Key, &Arc<Tenant>> =
            tenants.values().map(|tenant| (tenant.one.scope.tag(), tenant)).collect();
        loop {
            self.db.wait_for_room();
            let frame = self.log.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).read(offset)?;
            let Some(frame) = frame else { break };
            let unreadable = |e| Error::Damaged(format!("the log frame at offset {offset}: {e}"));
            match frame.kind {
                FrameKind::Block => {
                    let block: BlockFrame = decode(&frame.payload).map_err(unreadable)?;
                    self.apply_block(block, Some(frame.end))?;
                }
                FrameKind::Private | FrameKind::Import => {
                    let private: PrivateFrame = decode(&frame.payload).map_err(unreadable)?;
                    match tags.get(&private.tag) {
                        None if private.tag == self.public.scope.tag() => {
                            self.replay_import(&self.public, private, frame.end)?;
                        }
                        None => {
                            tracing::warn!(
                                offset,
                                "a log frame belongs to a private state that is not configured; it is passed over"
                            );
                            self.pass_over(Some((private.tag, offset)), frame.end)?;
                        }
                        Some(tenant) if frame.kind == FrameKind::Private => {
                            self.replay_private(tenant, private, frame.end)?;
                        }
                        Some(tenant) => {
                            if !self.replay_import(&tenant.one, private, frame.end)? {
                                self.pass_over(None, frame.end)?;
                            }
                        }
                    }
                }
            }
            offset = frame.end;
            frames += 1;
        }
        if frames > 0 {
            tracing::info!(frames, head = %self.head.borrow().height, "re-applied the end of the block log");
        }
        Ok(())
    }

    fn replay_private(&self, tenant: &Tenant, frame: PrivateFrame, end: u64) -> Result<(), Error> {
        let one = &tenant.one;
        if one.check_usable().is_err() {
            return self.pass_over(None, end);
        }
        let key = one.scope.key(Kind::Frame, &[&frame.height.to_le_bytes()]);
        let applied = one.scope.open(Kind::Frame, &key, frame.sealed).and_then(|content| {
            let content: PrivateContent =
                decode(&content).map_err(|e| Error::Damaged(format!("its log frame: {e}")))?;
            self.replay_change(tenant, frame.height, &content, end, frame.root)
        });
        match applied {
            Ok(()) => Ok(()),
            // The database or the disk: nobody's state in particular.
            Err(error @ (Error::Database(_) | Error::Io { .. } | Error::Failed(_))) => Err(error),
            Err(error) => {
                self.check_failed()?;
                let reason = format!("its change at height {} could not be applied again: {error}", frame.height);
                tracing::error!(height = frame.height, %error, "a private state cannot be used");
                let mut standing = StateRecord::clone(&one.standing());
                standing.held = Some(reason);
                let (batch, floor) = (Batch::default(), one.history.layers().floor());
                self.publish([Outcome::new(one, batch, None, standing, floor)], end)
            }
        }
    }

    /// Moves past a frame, noting it if its tenant may come back.
    fn pass_over(&self, missed: Option<(Key, u64)>, end: u64) -> Result<(), Error> {
        let mut batch = Batch::default();
        let scope = &self.public.scope;
        if let Some((tag, offset)) = missed
            && self.records(&self.public).bytes(Kind::Missed, &[&tag])?.is_none()
        {
            batch.put(scope, Kind::Missed, &[&tag], &offset);
        }
        let meta = Meta { format: FORMAT, chain_id: self.chain_id, log_offset: end };
        batch.put(scope, Kind::Meta, &[], &meta);
        self.db.commit(batch)
    }

    fn make_psi_trie(&self, options: &StateOptions, finished: Option<u64>) -> Result<(), Error> {
        let done = finished.unwrap_or(self.first());
        let (mut roots, mut later, mut joining) = (BTreeMap::new(), Vec::new(), Vec::new());
        for tenant in self.tenants().values() {
            let root = tenant.one.root_at(&self.db, done)?;
            // Of one that was taken over from elsewhere: where it has its root.
            let imported: u64 = self.records(&tenant.one).get(Kind::Joined, &[])?.unwrap_or(0);
            if tenant.joined > done {
                joining.push((tenant.joined, tenant.path));
            }
            if imported.max(tenant.joined) > done {
                roots.extend((tenant.joined <= done).then_some((tenant.path, Hash::ZERO)));
                later.push((imported.max(tenant.joined), tenant.path, root));
            } else {
                roots.insert(tenant.path, root);
            }
            for change in tenant.one.changes_after(&self.db, done)?.into_iter().rev() {
                later.push((change.height.max(imported), tenant.path, change.root));
            }
        }
        let mut trie = PsiTrie::new(roots, &options.node_secret, options.psi_capacity, &options.psi_grown, done)?;
        // The dummy leaves give way in the order in which the private states come.
        joining.sort_unstable();
        for (height, path) in joining {
            trie.join(height, path);
        }
        for (height, path, root) in later {
            trie.note(height, path, root);
        }
        if finished.is_none() {
            let mut batch = Batch::default();
            self.put_psi_root(&mut batch, done, trie.root())?;
            self.db.commit(batch)?;
        }
        *self.psi_trie() = trie;
        self.sealed.send_replace(Height(done));
        Ok(())
    }
}

fn check_tenants(options: &StateOptions) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    for tenant in &options.tenants {
        if !seen.insert(&tenant.psi) {
            return Err(Error::Duplicate(tenant.psi.clone()));
        }
    }
    let capacity = options.psi_grown.iter().map(|(_, capacity)| *capacity).fold(options.psi_capacity, usize::max);
    if seen.len() > capacity {
        return Err(Error::Capacity { tenants: seen.len(), capacity });
    }
    Ok(())
}

fn check_meta(db: &Db, scope: &Arc<Scope>, dir: &Path, chain_id: &Hash) -> Result<Option<Meta>, Error> {
    let Some(bytes) = Records::new(db, scope).bytes(Kind::Meta, &[])? else {
        return Ok(None);
    };
    let found = bytes.first_chunk::<2>().map_or(0, |bytes| u16::from_le_bytes(*bytes));
    if found != FORMAT {
        return Err(Error::Format { dir: dir.to_owned(), found, supported: FORMAT });
    }
    let meta: Meta = decode(&bytes).map_err(|e| Error::Damaged(format!("the first record: {e}")))?;
    if meta.chain_id != *chain_id {
        return Err(Error::OtherChain { dir: dir.to_owned(), found: meta.chain_id, expected: *chain_id });
    }
    Ok(Some(meta))
}

pub(super) fn load_tenant(
    db: &Db,
    public: &Arc<Scope>,
    keys: &TenantKeys,
    history: u64,
    archive: Archive,
) -> Result<OneState, Error> {
    let scope = Arc::new(Scope::private(keys.psi.clone(), &keys.storage_key));
    let (records, name, tag) = (Records::new(db, public), keys.psi.as_str().as_bytes(), scope.tag());
    match records.get::<Key>(Kind::Tenant, &[name])? {
        Some(known) if known != tag => return Err(Error::OtherKey(keys.psi.clone())),
        Some(_) => {}
        None => {
            let mut batch = Batch::default();
            batch.put(public, Kind::Tenant, &[name], &tag);
            db.commit(batch)?;
        }
    }
    let one = OneState::load(db, scope, archive, |standing| standing.height.saturating_sub(history))?;
    if records.bytes(Kind::Missed, &[&tag])?.is_some() {
        let mut standing = StateRecord::clone(&one.standing());
        standing.held = Some(format!(
            "it changed while this node's configuration did not name it; with the configuration that does, {REBUILD}"
        ));
        one.set_standing(standing);
    }
    Ok(one)
}
