//! One state, public or private: whose it is, where it stands, and the locks its readers and its one writer agree on.
//! Not here: what is in it. Invariant: `standing` moves only after the database commit it tells of, under `changing`.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use arc_swap::ArcSwap;
use coffer_abi::{Encode, Hash, Height};

use super::Archive;
use super::archive;
use super::columns::{Kind, RootRecord, StateRecord};
use super::db::{Db, Records};
use super::error::Error;
use super::history::{History, Layer};
use super::scope::Scope;
use super::writes::{Roots, StateWrites};

/// One state of the node.
pub(super) struct OneState {
    pub scope: Arc<Scope>,
    pub history: History,
    /// Held by whoever computes a root or commits: the tries are overwritten in place. ORDER: before the log's lock.
    pub changing: Mutex<Prepared>,
    /// Written while a commit reaches the database, read while a scan walks pages. ORDER: the last lock taken.
    pub pages: RwLock<()>,
    standing: ArcSwap<StateRecord>,
}

/// The last root computed, kept because a commit of the same writes usually follows.
#[derive(Default)]
pub(super) struct Prepared(Option<(blake3::Hash, Roots)>);

impl OneState {
    /// Loads where a state stands and its last heights. `floor` is the oldest height to be read from memory, given the
    /// state's own; `archive`: whether all older ones are kept on disk.
    pub fn load(
        db: &Db,
        scope: Arc<Scope>,
        archive: Archive,
        floor: impl FnOnce(&StateRecord) -> u64,
    ) -> Result<Self, Error> {
        let records = Records::new(db, &scope);
        let standing: StateRecord = records.get(Kind::State, &[])?.unwrap_or_default();
        archive::begin(db, &scope, archive, standing.height)?;
        let mut floor = floor(&standing);
        let mut layers = VecDeque::new();
        let heights: Vec<u64> = if scope.psi().is_none() {
            (floor + 1..=standing.height).rev().collect()
        } else {
            let mut heights = Vec::new();
            for change in (0..standing.changes).rev() {
                let height = root_change(records, change)?.height;
                if height <= floor {
                    break;
                }
                heights.push(height);
            }
            heights
        };
        for height in heights {
            match records.get::<Layer>(Kind::Undo, &[&height.to_le_bytes()])? {
                Some(layer) => layers.push_front(Arc::new(layer)),
                None => {
                    // Not kept by an earlier run with a shorter history.
                    floor = height;
                    break;
                }
            }
        }
        Ok(Self {
            history: History::new(floor, layers),
            changing: Mutex::default(),
            pages: RwLock::new(()),
            standing: ArcSwap::from_pointee(standing),
            scope,
        })
    }

    /// Waits until no one else changes this state.
    pub fn change(&self) -> MutexGuard<'_, Prepared> {
        self.changing.lock().unwrap_or_else(|poisoned: PoisonError<_>| {
            // A panic under this lock leaves no half-made state (that is what the log is for), at most a root half
            // prepared.
            self.changing.clear_poison();
            let mut guard = poisoned.into_inner();
            guard.0 = None;
            guard
        })
    }

    /// Oldest height that can be read.
    pub fn oldest(&self) -> u64 {
        let floor = self.history.layers().floor();
        self.scope.archived().map_or(floor, |since| since.min(floor))
    }

    pub fn standing(&self) -> Arc<StateRecord> {
        self.standing.load_full()
    }

    pub fn set_standing(&self, standing: StateRecord) {
        self.standing.store(Arc::new(standing));
    }

    /// An error if reads and changes of this state are to be refused.
    pub fn check_usable(&self) -> Result<(), Error> {
        match (&self.standing().held, self.scope.psi()) {
            (Some(reason), Some(psi)) => Err(Error::Unusable { psi: psi.clone(), reason: reason.clone() }),
            _ => Ok(()),
        }
    }

    /// Root of a private state after the block at `height`: that of its last change up to there.
    pub fn root_at(&self, db: &Db, height: u64) -> Result<Hash, Error> {
        let standing = self.standing();
        if standing.height <= height {
            return Ok(standing.root);
        }
        let records = Records::new(db, &self.scope);
        let (mut low, mut high) = (0, standing.changes);
        let mut root = Hash::ZERO;
        while low < high {
            let middle = low + (high - low) / 2;
            let change = root_change(records, middle)?;
            if change.height <= height {
                root = change.root;
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(root)
    }

    /// Heights and roots of the changes after `height`, newest first.
    pub fn changes_after(&self, db: &Db, height: u64) -> Result<Vec<RootRecord>, Error> {
        let records = Records::new(db, &self.scope);
        let mut changes = Vec::new();
        for number in (0..self.standing().changes).rev() {
            let change = root_change(records, number)?;
            if change.height <= height {
                break;
            }
            changes.push(change);
        }
        Ok(changes)
    }
}

fn root_change(records: Records, number: u64) -> Result<RootRecord, Error> {
    let change = records.get(Kind::RootAt, &[&number.to_le_bytes()])?;
    change.ok_or_else(|| Error::Damaged(format!("change {number} of a private state's root is missing")))
}

impl Prepared {
    /// The roots of `writes`, computed now unless they were the last ones computed.
    pub fn roots(&mut self, records: Records, writes: &StateWrites) -> Result<&Roots, Error> {
        let digest = writes.using_encoded(blake3::hash);
        if self.0.as_ref().is_none_or(|(known, _)| *known != digest) {
            self.0 = None;
            let roots = Roots::of(records, writes)?;
            return Ok(&self.0.insert((digest, roots)).1);
        }
        match &self.0 {
            Some((_, roots)) => Ok(roots),
            None => Err(Error::Failed("the roots just computed are gone".into())),
        }
    }

    /// As [`Self::roots`], for good: the state is about to change, so nothing prepared before holds afterwards.
    pub fn take(&mut self, records: Records, writes: &StateWrites) -> Result<Roots, Error> {
        if self.0.is_none() {
            return Roots::of(records, writes);
        }
        self.roots(records, writes)?;
        match self.0.take() {
            Some((_, roots)) => Ok(roots),
            None => Err(Error::Failed("the roots just computed are gone".into())),
        }
    }
}

/// `height` if it can be read: neither above the head nor below what is kept.
pub(super) fn check_kept(height: Height, floor: u64, head: u64) -> Result<(), Error> {
    if height.0 > head {
        return Err(Error::Future { height, head: Height(head) });
    }
    if height.0 < floor {
        return Err(Error::Pruned { height, oldest: Height(floor) });
    }
    Ok(())
}
