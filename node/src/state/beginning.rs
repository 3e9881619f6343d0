//! A chain begun in its middle: the block it begins with, why that is believed, and the public state that is taken over as of it. Not here: the chunks
//! of that state (`chunk`, `import`), where they come from. Invariant: nothing of a folder is written before the block was shown to be decided by those
//! to whom the way from the genesis leads.

use std::sync::atomic::Ordering;

use coffer_abi::{Decode, Encode, Hash, Height};
use coffer_chain::{Recovery, ValidatorSet};
use coffer_proof::{Invalid, ProvenBlock, Way};

use super::blocks::{put_block, put_receipts};
use super::columns::{Kind, StoredBlock};
use super::db::Batch;
use super::error::Error;
use super::folder::{Folder, sync_folder};
use super::import::{Importing, Step};
use super::{BlockId, Head, Inner, LOG_FOLDER, State, StateOptions};

/// A block that a chain can begin with, and what shows that it was decided.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Beginning {
    /// The block with its votes and receipts.
    pub stored: StoredBlock,
    /// Who decided it.
    pub validators: ValidatorSet,
    /// All handovers before it, from the genesis on.
    pub handovers: Vec<ProvenBlock>,
}

/// Why a block begins no chain here. Permanent: get another one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoBeginning {
    /// Every node begins there by itself.
    #[error("block 0 is the genesis, where every node begins by itself")]
    Genesis,
    /// Nothing shows that it was decided.
    #[error("block {height} was not decided by this chain's validators: {why}")]
    NotDecided {
        /// Its height.
        height: Height,
        /// Why.
        why: Invalid,
    },
    /// Transactions, receipts or votes of another block.
    #[error("block {0} is not what its header says")]
    NotWhole(Height),
}

impl Beginning {
    /// Checks it for whoever knows the chain and the hash of its first validator set, and accepts these recoveries of it.
    ///
    /// # Errors
    /// [`NoBeginning`].
    pub fn check(&self, chain_id: &Hash, first: &Hash, recoveries: &[Recovery]) -> Result<(), NoBeginning> {
        let header = &self.stored.block.header;
        let height = header.height;
        if height == Height(0) {
            return Err(NoBeginning::Genesis);
        }
        let mut way = Way::new(*chain_id, *first).over(recoveries.iter().cloned());
        let block = ProvenBlock::new(header.clone(), self.validators.clone(), self.stored.certificate.clone());
        let walked = self.handovers.iter().try_for_each(|handover| way.pass(handover));
        let verified = walked.and_then(|()| way.verify(&block));
        verified.map_err(|why| NoBeginning::NotDecided { height, why })?;
        if self.stored.holds_together() { Ok(()) } else { Err(NoBeginning::NotWhole(height)) }
    }
}

/// A folder that a chain is to begin in.
pub enum Entered {
    /// It holds nothing of it.
    Empty(Empty),
    /// A public state is being taken over into it.
    UnderWay(PublicImport),
}

/// A folder without anything of the chain, locked and opened.
pub struct Empty {
    inner: Inner,
    options: StateOptions,
}

/// The import of a public state under way. Dropping it leaves it as it is; [`State::enter`] goes on with it.
pub struct PublicImport {
    pub(super) inner: Inner,
    pub(super) options: StateOptions,
    pub(super) progress: Importing,
}

impl State {
    /// What a block that is here shows to a node that begins with it.
    ///
    /// # Errors
    /// [`Error::Future`], [`Error::Pruned`] before the first block this node has; [`Error::Database`], [`Error::Damaged`].
    pub fn beginning(&self, height: Height) -> Result<Beginning, Error> {
        let head = self.head().height;
        let stored = self.block(BlockId::Height(height))?.ok_or(Error::Future { height, head })?;
        let validators = self.validator_set(&stored.block.header.validators)?;
        let handovers = self.handovers(height, 0, usize::MAX)?;
        Ok(Beginning { stored, validators, handovers })
    }

    /// Opens a folder that a chain is to begin in, or goes on beginning.
    ///
    /// # Errors
    /// [`Error::Import`] when it holds a chain already; else as [`State::open_in`].
    pub fn enter(folder: Folder, options: StateOptions) -> Result<Entered, Error> {
        let (inner, _) = Inner::recover(folder, &options)?;
        if let Some(progress) = inner.importing(&inner.public)? {
            return Ok(Entered::UnderWay(PublicImport { inner, options, progress }));
        }
        if !inner.is_empty() {
            let why = "the folder holds a chain already; name one that holds none";
            return Err(Error::Import(why.into()));
        }
        Ok(Entered::Empty(Empty { inner, options }))
    }

    /// Begins a chain in its middle, in a folder that holds none of it: takes the public state over as it was after a block, or
    /// goes on with doing so. That the block was decided is checked, so its state root needs no trust but in the validators.
    ///
    /// # Errors
    /// [`Error::Import`] when the folder holds a chain already or an import at another block; [`Error::Beginning`]; else as [`State::open_in`].
    pub fn begin_at(folder: Folder, options: StateOptions, beginning: Beginning) -> Result<PublicImport, Error> {
        match Self::enter(folder, options)? {
            Entered::Empty(empty) => empty.begin(beginning),
            Entered::UnderWay(import) => {
                let (at, under_way) = (import.height(), import.inner.head.borrow().hash);
                if under_way != beginning.stored.block.header.hash() {
                    let why = format!("one of block {at}, {under_way}, is under way; finish it first");
                    return Err(Error::Import(why));
                }
                Ok(import)
            }
        }
    }
}

impl Empty {
    /// Begins the chain with a block.
    ///
    /// # Errors
    /// [`Error::Beginning`]: nothing was stored. Else as a commit.
    pub fn begin(self, beginning: Beginning) -> Result<PublicImport, Error> {
        let Self { inner, options } = self;
        let recoveries: Vec<_> = inner.recoveries().collect();
        beginning.check(&inner.chain_id, &inner.validators.hash(), &recoveries)?;
        let header = &beginning.stored.block.header;
        let progress = Importing::new(header.height.0, header.state_root);
        let progress = inner.import_step(&inner.public, &progress, Step::Begin(Box::new(beginning)), None)?;
        Ok(PublicImport { inner, options, progress })
    }
}

impl PublicImport {
    /// Height of the block.
    pub fn height(&self) -> Height {
        Height(self.progress.height)
    }

    /// Root of the state after it.
    pub fn root(&self) -> Hash {
        self.progress.root
    }

    /// Gives the state, which goes on from its first block, once all is here.
    ///
    /// # Errors
    /// As [`super::Import::finish`].
    pub fn finish(mut self) -> Result<State, Error> {
        self.step(Step::Finish(self.progress.height))?;
        self.inner.ready(&self.options, None)
    }

    /// Removes all that was taken over, for a beginning with another block. Broken off at any moment, the import is under way or the folder is empty.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn abandon(self) -> Result<Folder, Error> {
        let Inner { db, _folder: folder, log, .. } = self.inner;
        drop((db, log));
        // ORDER: the log last; as long as it is there, the database follows from it.
        for name in ["db", LOG_FOLDER] {
            let path = folder.path().join(name);
            std::fs::remove_dir_all(&path).map_err(Error::io(format!("cannot remove {}", path.display())))?;
            sync_folder(folder.path())?;
        }
        Ok(folder)
    }

    pub(super) fn step(&mut self, step: Step) -> Result<(), Error> {
        self.progress = self.inner.import_step(&self.inner.public, &self.progress, step, None)?;
        Ok(())
    }
}

impl Inner {
    /// Adds the first block this node has, and what leads to it.
    pub(super) fn put_first(&self, batch: &mut Batch, beginning: &Beginning) -> Result<(), Error> {
        let Beginning { stored, validators, handovers } = beginning;
        let records = self.records(&self.public);
        let height = stored.block.header.height;
        batch.put(records.scope, Kind::First, &[], &height.0);
        put_block(batch, records, stored);
        self.put_validator_set(batch, &self.validators);
        self.put_validator_set(batch, validators);
        self.put_handovers(batch, 0, handovers);
        put_receipts(batch, records, &stored.tx_receipts())
    }

    /// Moves the head to the first block this node has.
    pub(super) fn begin_with(&self, beginning: &Beginning) {
        let header = &beginning.stored.block.header;
        self.first.store(header.height.0, Ordering::Relaxed);
        let (height, hash) = (header.height, header.hash());
        self.head.send_replace(Head { height, hash, state_root: header.state_root, time: header.time });
    }
}
