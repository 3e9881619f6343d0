//! Commits: check, compute, append to the log (from then on it lasts), publish to readers, store. Not here: what a
//! change comes to (`writes`), re-applying the log at start (`recover`).
//! Invariant: whatever was answered with `Ok` is there after a crash at any later moment; after an error nothing more
//! is accepted.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use coffer_abi::{Decode, Encode, Hash, Height};
use coffer_chain::{Block, Certificate, Psi, Receipt};

use super::blocks::{put_block, put_receipts};
use super::columns::{FORMAT, Key, Kind, Meta, PsiTrieRecord, RootRecord, StateRecord, StoredBlock, TxReceipt};
use super::db::{Batch, Records};
use super::error::Error;
use super::history::Layer;
use super::log::FrameKind;
use super::one::OneState;
use super::writes::{Roots, StateWrites};
use super::{Head, Inner, State, Tenant};

/// A decided block and what followed from executing it.
#[derive(Clone, Debug)]
pub struct BlockCommit {
    /// The block.
    pub block: Block,
    /// That it was decided.
    pub certificate: Certificate,
    /// One receipt per transaction, in order.
    pub receipts: Vec<Receipt>,
    /// What it wrote to the public state.
    pub writes: StateWrites,
}

/// What one block did to one private state.
#[derive(Clone, Debug)]
pub struct PrivateCommit {
    /// Whose state.
    pub psi: Psi,
    /// The block.
    pub height: Height,
    /// What it wrote.
    pub writes: StateWrites,
    /// Receipts, each with the position of its marker in the block.
    pub receipts: Vec<(u32, Receipt)>,
}

/// Payload of a log frame of a block.
#[derive(Encode, Decode)]
pub(super) struct BlockFrame {
    pub stored: StoredBlock,
    pub writes: StateWrites,
}

/// Payload of a log frame of a private state.
#[derive(Encode, Decode)]
pub(super) struct PrivateFrame {
    /// Whose, as only the tenant's storage key can tell.
    pub tag: Key,
    pub height: u64,
    /// Root after it. Not sealed: it stays when the tenant is erased.
    pub root: Hash,
    /// [`PrivateContent`].
    pub sealed: Vec<u8>,
}

/// The sealed part of a [`PrivateFrame`].
#[derive(Encode, Decode)]
pub(super) struct PrivateContent {
    pub writes: StateWrites,
    pub receipts: Vec<TxReceipt>,
}

/// Whether a change is new, or read back from the log.
pub(super) enum Source<'a> {
    Append(FrameKind, &'a [u8]),
    /// The frame's end.
    Replay(u64),
}

/// Moments in a commit at which tests pull the plug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    BeforeLog,
    Logged,
    Published,
    Stored,
}

impl State {
    /// Stores a decided block: when this returns, it lasts and the head has moved on.
    ///
    /// # Errors
    /// [`Error::NotNext`], [`Error::RootMismatch`], [`Error::NoContract`], [`Error::ContractExists`]: nothing was
    /// stored. [`Error::Io`], [`Error::Database`]: the state takes no further change; stop the node.
    pub fn commit_block(&self, commit: BlockCommit) -> Result<(), Error> {
        let BlockCommit { block, certificate, receipts, writes } = commit;
        let frame = BlockFrame { stored: StoredBlock { block, certificate, receipts }, writes };
        let payload = frame.encode();
        self.inner.apply_block(frame, Source::Append(FrameKind::Block, &payload))
    }

    /// Stores what one block did to a private state, and gives its new root. One commit per state and block.
    ///
    /// # Errors
    /// [`Error::NotConfigured`], [`Error::Held`], [`Error::NotNext`], [`Error::NoContract`], [`Error::ContractExists`]:
    /// nothing was stored. [`Error::Io`], [`Error::Database`]: the state takes no further change; stop the node.
    pub fn commit_private(&self, commit: PrivateCommit) -> Result<Hash, Error> {
        let PrivateCommit { psi, height, writes, receipts } = commit;
        let tenant = self.inner.private.get(&psi).ok_or(Error::NotConfigured(psi))?;
        let receipts = receipts.into_iter().map(|(index, receipt)| TxReceipt { height, index, receipt }).collect();
        self.inner.apply_private(tenant, height.0, PrivateContent { writes, receipts }, None)
    }

    /// Says that all private states are done with the blocks up to `height`: their trie's root after each is sealed.
    /// Doing it again changes nothing. `false` if a held private state keeps them open.
    ///
    /// # Errors
    /// [`Error::Future`], [`Error::Database`], [`Error::Damaged`].
    pub fn finish_private(&self, height: Height) -> Result<bool, Error> {
        let head = self.head().height;
        if height > head {
            return Err(Error::Future { height, head });
        }
        if self.inner.private.values().any(|tenant| tenant.one.check_held().is_err()) {
            return Ok(false);
        }
        self.inner.check_failed()?;
        let mut trie = self.inner.psi_trie();
        let mut finish = || {
            let mut batch = Batch::default();
            while trie.finished() < height.0 {
                let (height, root) = trie.finish_next()?;
                self.inner.put_psi_root(&mut batch, height, root)?;
            }
            self.inner.db.commit(batch)
        };
        // The trie in memory may be ahead of the stored roots after an error, so no change may follow.
        finish().inspect_err(|error| self.inner.fail(error))?;
        Ok(true)
    }
}

impl Inner {
    /// Applies a block, new or from the log.
    pub(super) fn apply_block(&self, frame: BlockFrame, source: Source) -> Result<(), Error> {
        let BlockFrame { stored, writes } = frame;
        let header = &stored.block.header;
        let (height, hash) = (header.height.0, header.hash());
        let mut prepared = self.public.change();
        self.check_next(&stored, &hash)?;
        let records = self.records(&self.public);
        let roots = prepared.take(records, &writes)?;
        if roots.root != header.state_root {
            let (expected, computed) = (header.state_root, roots.root);
            return Err(Error::RootMismatch { height: header.height, expected, computed });
        }
        let (mut batch, layer) = roots.into_changes(records, height, &writes)?;
        put_block(&mut batch, records, &stored)?;
        let receipts = stored.receipts.iter().zip(0..);
        let receipts: Vec<_> = receipts
            .map(|(receipt, index)| TxReceipt { height: header.height, index, receipt: receipt.clone() })
            .collect();
        put_receipts(&mut batch, records, &receipts)?;
        batch.put(records.scope, Kind::Undo, &[&height.to_le_bytes()], &layer)?;
        let standing = StateRecord { height, root: header.state_root, changes: 0, held: None };
        // What private states still have to read stays readable, however far behind they are.
        let floor = height.saturating_sub(self.history).min(self.psi_trie().finished());
        self.store(&self.public, source, batch, Some(layer), standing, floor)?;
        let head = Head { height: header.height, hash, state_root: header.state_root, time: header.time };
        self.head.send_replace(head);
        Ok(())
    }

    /// Applies a private state's change: new (`replay` is `None`), or from the log with the frame's end and the root it
    /// must give.
    pub(super) fn apply_private(
        &self,
        tenant: &Tenant,
        height: u64,
        content: PrivateContent,
        replay: Option<(u64, Hash)>,
    ) -> Result<Hash, Error> {
        let one = &*tenant.one;
        let mut prepared = one.change();
        one.check_held()?;
        let before = one.standing();
        if replay.is_none() {
            self.check_private(&before, height)?;
        }
        let records = self.records(one);
        let roots = prepared.take(records, &content.writes)?;
        let root = roots.root;
        if let Some((_, expected)) = replay
            && expected != root
        {
            return Err(Error::RootMismatch { height: Height(height), expected, computed: root });
        }
        let changed = root != before.root;
        let (batch, standing, layer) = self.private_changes(records, roots, height, &content, &before)?;
        let floor = height.saturating_sub(self.history);
        match replay {
            Some((end, _)) => self.store(one, Source::Replay(end), batch, layer, standing, floor)?,
            None => {
                let key = one.scope.key(Kind::Frame, &[&height.to_le_bytes()]);
                let sealed = one.scope.seal(Kind::Frame, &key, content.encode())?;
                let payload = PrivateFrame { tag: one.scope.tag(), height, root, sealed }.encode();
                let source = Source::Append(FrameKind::Private, &payload);
                self.store(one, source, batch, layer, standing, floor)?;
                if changed {
                    self.psi_trie().note(height, tenant.path, root);
                }
            }
        }
        Ok(root)
    }

    fn private_changes(
        &self,
        records: Records,
        roots: Roots,
        height: u64,
        content: &PrivateContent,
        before: &StateRecord,
    ) -> Result<(Batch, StateRecord, Option<Layer>), Error> {
        let mut standing = StateRecord { height, root: roots.root, changes: before.changes, held: None };
        let (mut batch, layer) = roots.into_changes(records, height, &content.writes)?;
        put_receipts(&mut batch, records, &content.receipts)?;
        if standing.root == before.root {
            return Ok((batch, standing, None));
        }
        let number = standing.changes.to_le_bytes();
        batch.put(records.scope, Kind::RootAt, &[&number], &RootRecord { height, root: standing.root })?;
        batch.put(records.scope, Kind::Undo, &[&height.to_le_bytes()], &layer)?;
        standing.changes += 1;
        Ok((batch, standing, Some(layer)))
    }

    fn check_next(&self, stored: &StoredBlock, hash: &Hash) -> Result<(), Error> {
        let header = &stored.block.header;
        let head = self.head.borrow().clone();
        let refuse = |why: String| Err(Error::NotNext(why));
        if header.chain_id != self.chain_id {
            return refuse(format!("block {} is of chain {}", header.height, header.chain_id));
        }
        let is_first = header.height == Height(0) && *hash == head.hash && self.is_empty();
        if !is_first && (Some(header.height) != head.height.next() || header.parent != head.hash) {
            return refuse(format!("block {} on {}, head {} {}", header.height, header.parent, head.height, head.hash));
        }
        if stored.certificate.block != *hash {
            return refuse(format!("the certificate is for block {}, not {hash}", stored.certificate.block));
        }
        if stored.receipts.len() != stored.block.transactions.len() {
            let (receipts, transactions) = (stored.receipts.len(), stored.block.transactions.len());
            return refuse(format!("{receipts} receipts for {transactions} transactions"));
        }
        let ids: BTreeSet<_> = stored.receipts.iter().map(|receipt| receipt.tx).collect();
        if ids.len() != stored.receipts.len() {
            return refuse("a transaction stands twice".into());
        }
        Ok(())
    }

    fn check_private(&self, before: &StateRecord, height: u64) -> Result<(), Error> {
        let (head, done) = (self.head.borrow().height.0, before.height.max(self.psi_trie().finished()));
        if height > head || height <= done {
            let why = format!("private change at height {height}, done up to {done}, public head {head}");
            return Err(Error::NotNext(why));
        }
        Ok(())
    }

    /// The one way into log and database.
    pub(super) fn store(
        &self,
        one: &OneState,
        source: Source,
        mut batch: Batch,
        layer: Option<Layer>,
        standing: StateRecord,
        floor: u64,
    ) -> Result<(), Error> {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        self.check_failed()?;
        let write = || {
            self.moment(Moment::BeforeLog)?;
            let log_offset = match source {
                Source::Append(kind, payload) => log.append(kind, payload)?,
                Source::Replay(end) => end,
            };
            self.moment(Moment::Logged)?;
            let meta = Meta { format: FORMAT, chain_id: self.chain_id, log_offset };
            batch.put(&self.public.scope, Kind::Meta, &[], &meta)?;
            batch.put(&one.scope, Kind::State, &[], &standing)?;
            // ORDER: readers know what is about to be overwritten before it is.
            for height in one.history.publish(layer.map(Into::into), floor) {
                batch.remove(&one.scope, Kind::Undo, &[&height.to_le_bytes()]);
            }
            self.moment(Moment::Published)?;
            let _pages = one.pages.write().unwrap_or_else(PoisonError::into_inner);
            self.db.commit(std::mem::take(&mut batch))?;
            self.moment(Moment::Stored)
        };
        write().inspect_err(|error| self.fail(error))?;
        one.set_standing(standing);
        Ok(())
    }

    /// Adds the root of the trie of private states after a block.
    pub(super) fn put_psi_root(&self, batch: &mut Batch, height: u64, root: Hash) -> Result<(), Error> {
        let place = self.block_at(height)?.ok_or_else(|| Error::Damaged(format!("block {height} is missing")))?;
        let record = PsiTrieRecord { height, state_root: place.state_root, root };
        batch.put(&self.public.scope, Kind::PsiTrie, &[place.hash.as_ref()], &record)?;
        batch.put(&self.public.scope, Kind::Finished, &[], &height)
    }

    /// Refuses all further changes.
    pub(super) fn fail(&self, error: &Error) {
        tracing::error!(%error, "the state failed; it takes no further change");
        // The first failure is the one to tell.
        let _ = self.failed.set(error.to_string());
    }

    pub(super) fn check_failed(&self) -> Result<(), Error> {
        self.failed.get().map_or(Ok(()), |why| Err(Error::Failed(why.clone())))
    }

    #[cfg(not(test))]
    fn moment(&self, _: Moment) -> Result<(), Error> {
        Ok(())
    }

    #[cfg(test)]
    fn moment(&self, moment: Moment) -> Result<(), Error> {
        if *self.pulled.lock().unwrap() == Some(moment) {
            return Err(Error::Failed(format!("the test pulls the plug: {moment:?}")));
        }
        Ok(())
    }
}
