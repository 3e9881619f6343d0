//! Commits: check and compute what a change leaves. Not here: how that becomes lasting and visible (`group`), what
//! writes come to (`writes`), re-applying the log at start (`recover`).
//! Invariant: whatever was answered with `Ok` is there after a crash at any later moment; after an error nothing more
//! is accepted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use coffer_abi::{ContractId, Decode, Encode, Hash, Height};
use coffer_chain::{Block, Certificate, Members, Psi, Receipt};
use parity_scale_codec::{Error as ScaleError, Input, Output};

use super::blocks::{put_block, put_receipts};
use super::columns::{Key, Kind, PsiTrieRecord, RootRecord, StateRecord, StoredBlock, TxReceipt, behind};
use super::db::{Batch, Records};
use super::error::Error;
use super::group::{Entry, Outcome};
use super::history::Layer;
use super::log::FrameKind;
use super::one::{OneState, Prepared};
use super::scope::SEAL;
use super::size;
use super::threads::side_by_side;
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
    /// Height up to which private states were done when it was stored: what they will not read again.
    pub finished: u64,
}

/// Payload of a log frame of a private state, and of an import of either.
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

/// The sealed part of a [`PrivateFrame`]. The members of new contracts, and of those that get others, stand behind all else, and nothing stands there if there are none, as in frames of
/// format 6.
pub(super) struct PrivateContent {
    pub writes: StateWrites,
    pub receipts: Vec<TxReceipt>,
}

impl Encode for PrivateContent {
    fn encode_to<T: Output + ?Sized>(&self, dest: &mut T) {
        (&self.writes, &self.receipts).encode_to(dest);
        let created = self.writes.created.iter();
        let created = created.filter_map(|(id, new)| new.members.as_ref().map(|members| (id, members)));
        let members: BTreeMap<_, _> = created.chain(&self.writes.members).collect();
        if !members.is_empty() {
            members.encode_to(dest);
        }
    }
}

impl Decode for PrivateContent {
    fn decode<I: Input>(input: &mut I) -> Result<Self, ScaleError> {
        let (mut writes, receipts): (StateWrites, _) = Decode::decode(input)?;
        for (id, members) in behind::<I, BTreeMap<ContractId, Members>>(input)?.unwrap_or_default() {
            match writes.created.get_mut(&id) {
                Some(new) => new.members = Some(members),
                None => drop(writes.members.insert(id, members)),
            }
        }
        Ok(Self { writes, receipts })
    }
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
        let finished = self.private_finished().0;
        let frame = BlockFrame { stored: StoredBlock { block, certificate, receipts }, writes, finished };
        self.inner.apply_block(frame, None)
    }

    /// Stores what one block did to a private state, and gives its new root. One commit per state and block.
    ///
    /// # Errors
    /// [`Error::NotConfigured`], [`Error::Unusable`], [`Error::NotNext`], [`Error::NoContract`], [`Error::ContractExists`]:
    /// nothing was stored. [`Error::Io`], [`Error::Database`]: the state takes no further change; stop the node.
    pub fn commit_private(&self, commit: PrivateCommit) -> Result<Hash, Error> {
        let only = self.commit_privates(vec![commit]).pop();
        only.unwrap_or_else(|| Err(Error::Failed("a private change got no answer".into())))
    }

    /// Stores what a block did to several private states, and gives each one's new root, in the order given. They are
    /// computed side by side and share one sync of the log; one that cannot be stored keeps no other from it.
    ///
    /// # Errors
    /// Of each, as [`State::commit_private`]; [`Error::NotNext`] also for the second commit of one state.
    pub fn commit_privates(&self, commits: Vec<PrivateCommit>) -> Vec<Result<Hash, Error>> {
        self.inner.apply_privates(commits)
    }
}

impl Inner {
    /// Applies a block: a new one, or with `replayed` one that stands in the log up to there.
    pub(super) fn apply_block(&self, frame: BlockFrame, replayed: Option<u64>) -> Result<(), Error> {
        let payload = if replayed.is_none() { frame.encode() } else { Vec::new() };
        let BlockFrame { stored, writes, finished } = frame;
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
        put_block(&mut batch, records, &stored);
        self.put_validators(&mut batch, &stored, &writes)?;
        put_receipts(&mut batch, records, &stored.tx_receipts())?;
        let layer = Arc::new(layer);
        batch.put_layer(records.scope, &layer);
        let standing = StateRecord { height, root: header.state_root, ..StateRecord::default() };
        // What private states still have to read stays readable, however far behind they are.
        let floor = self.kept_from(height).min(finished);
        let outcome = Outcome::new(&self.public, batch, Some(layer), standing, floor);
        match replayed {
            Some(end) => self.publish([outcome], end)?,
            None => self.store(vec![Entry { kind: FrameKind::Block, payload, outcome }])?,
        }
        let head = Head { height: header.height, hash, state_root: header.state_root, time: header.time };
        self.head.send_replace(head);
        self.told.fetch_max(finished, Ordering::Relaxed);
        Ok(())
    }

    fn apply_privates(&self, commits: Vec<PrivateCommit>) -> Vec<Result<Hash, Error>> {
        let mut answers: Vec<_> = commits.iter().map(|commit| Err(Error::NotConfigured(commit.psi.clone()))).collect();
        // ORDER: the states by name, whoever commits several at once.
        let mut jobs: BTreeMap<usize, (usize, Arc<Tenant>, u64, PrivateContent)> = BTreeMap::new();
        for (at, PrivateCommit { psi, height, writes, receipts }) in commits.into_iter().enumerate() {
            let Some(tenant) = self.tenant(&psi) else { continue };
            if jobs.contains_key(&tenant.number) {
                answers[at] = Err(Error::NotNext(format!("a second private change at height {height}")));
                continue;
            }
            let receipts = receipts.into_iter().map(|(index, receipt)| TxReceipt { height, index, receipt }).collect();
            jobs.insert(tenant.number, (at, tenant, height.0, PrivateContent { writes, receipts }));
        }
        let jobs: Vec<_> = jobs.into_values().collect();
        let tenants: Vec<Arc<Tenant>> = jobs.iter().map(|(_, tenant, ..)| tenant.clone()).collect();
        let mut guards: Vec<_> = tenants.iter().map(|tenant| tenant.one.change()).collect();
        let work: Vec<_> = guards.iter_mut().map(|guard| &mut **guard).zip(jobs).collect();
        let (mut entries, mut changed) = (Vec::new(), Vec::new());
        let done = side_by_side(work, 1, |(prepared, (at, tenant, height, content))| {
            let prepared = self.prepare_private(prepared, &tenant, height, &content);
            (at, tenant, height, prepared)
        });
        for (at, tenant, height, prepared) in done {
            answers[at] = prepared.map(|(entry, is_changed)| {
                let root = entry.outcome.standing.root;
                entries.push(entry);
                changed.push((at, is_changed.then_some((height, tenant.path, root))));
                root
            });
        }
        if let Err(error) = self.store(entries) {
            let text = error.to_string();
            let mut first = Some(error);
            for (at, _) in changed {
                answers[at] = Err(first.take().unwrap_or_else(|| Error::Failed(text.clone())));
            }
            return answers;
        }
        let mut trie = self.psi_trie();
        for (height, path, root) in changed.into_iter().filter_map(|(_, noted)| noted) {
            trie.note(height, path, root);
        }
        answers
    }

    /// What a new private change comes to, and whether it changes the root.
    fn prepare_private(
        &self,
        prepared: &mut Prepared,
        tenant: &Tenant,
        height: u64,
        content: &PrivateContent,
    ) -> Result<(Entry, bool), Error> {
        let one = &tenant.one;
        one.check_usable()?;
        let before = one.standing();
        self.check_private(one, &before, height)?;
        let outcome = self.private_outcome(one, prepared, height, content, &before)?;
        let root = outcome.standing.root;
        let key = one.scope.key(Kind::Frame, &[&height.to_le_bytes()]);
        let mut bytes = Vec::with_capacity(content.encoded_size() + SEAL);
        content.encode_to(&mut bytes);
        let sealed = one.scope.seal(Kind::Frame, &key, bytes)?;
        let payload = PrivateFrame { tag: one.scope.tag(), height, root, sealed }.encode();
        Ok((Entry { kind: FrameKind::Private, payload, outcome }, root != before.root))
    }

    /// Applies a private state's change that stands in the log up to `end` and must give the root `expected`.
    pub(super) fn replay_change(
        &self,
        tenant: &Tenant,
        height: u64,
        content: &PrivateContent,
        end: u64,
        expected: Hash,
    ) -> Result<(), Error> {
        let one = &tenant.one;
        let mut prepared = one.change();
        one.check_usable()?;
        let outcome = self.private_outcome(one, &mut prepared, height, content, &one.standing())?;
        let computed = outcome.standing.root;
        if computed != expected {
            return Err(Error::RootMismatch { height: Height(height), expected, computed });
        }
        self.publish([outcome], end)
    }

    fn private_outcome(
        &self,
        one: &Arc<OneState>,
        prepared: &mut Prepared,
        height: u64,
        content: &PrivateContent,
        before: &StateRecord,
    ) -> Result<Outcome, Error> {
        let records = self.records(one);
        let roots = prepared.take(records, &content.writes)?;
        let (batch, standing, layer) = self.private_changes(records, roots, height, content, before)?;
        Ok(Outcome::new(one, batch, layer, standing, height.saturating_sub(self.history)))
    }

    fn private_changes(
        &self,
        records: Records,
        roots: Roots,
        height: u64,
        content: &PrivateContent,
        before: &StateRecord,
    ) -> Result<(Batch, StateRecord, Option<Arc<Layer>>), Error> {
        let (root, changes) = (roots.root, before.changes);
        let (mut batch, layer) = roots.into_changes(records, height, &content.writes)?;
        let bytes = size::after(records, before, &content.writes, &layer)?;
        let mut standing = StateRecord { height, root, changes, held: None, bytes };
        put_receipts(&mut batch, records, &content.receipts)?;
        if standing.root == before.root {
            return Ok((batch, standing, None));
        }
        let number = standing.changes.to_le_bytes();
        batch.put(records.scope, Kind::RootAt, &[&number], &RootRecord { height, root: standing.root });
        let layer = Arc::new(layer);
        batch.put_layer(records.scope, &layer);
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

    fn check_private(&self, one: &OneState, before: &StateRecord, height: u64) -> Result<(), Error> {
        let tenant = self.tenant_of(one);
        let done = tenant.map_or(0, |tenant| self.psi_trie().heads.of(tenant.number)).max(before.height);
        let head = self.head.borrow().height.0;
        if height > head || height <= done {
            let why = format!("private change at height {height}, done up to {done}, public head {head}");
            return Err(Error::NotNext(why));
        }
        Ok(())
    }

    /// Adds the root of the trie of private states after a block.
    pub(super) fn put_psi_root(&self, batch: &mut Batch, height: u64, root: Hash) -> Result<(), Error> {
        let place = self.block_at(height)?.ok_or_else(|| Error::Damaged(format!("block {height} is missing")))?;
        let record = PsiTrieRecord { height, state_root: place.state_root, root };
        batch.put(&self.public.scope, Kind::PsiTrie, &[place.hash.as_ref()], &record);
        batch.put(&self.public.scope, Kind::Finished, &[], &height);
        Ok(())
    }

    /// Refuses all further changes.
    pub(super) fn fail(&self, error: &Error) {
        tracing::error!(%error, "the state failed; it takes no further change");
        // The first failure is the one to tell.
        let _ = self.failed.set(error.to_string());
    }

    pub(super) fn check_failed(&self) -> Result<(), Error> {
        let why = self.failed.get().map(String::as_str).or_else(|| self.db.failure());
        why.map_or(Ok(()), |why| Err(Error::Failed(why.into())))
    }

    #[cfg(not(test))]
    pub(super) fn moment(&self, _: Moment) -> Result<(), Error> {
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn moment(&self, moment: Moment) -> Result<(), Error> {
        if *self.pulled.lock().unwrap() == Some(moment) {
            return Err(Error::Failed(format!("the test pulls the plug: {moment:?}")));
        }
        Ok(())
    }
}
