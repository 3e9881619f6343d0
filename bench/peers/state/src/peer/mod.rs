//! The contestants. Invariant: a block is on the disk when [`Peer::block`] returns, for each of them.

mod coffer;
mod flat;
mod jmt;
mod nomt;

use std::path::Path;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::Failure;
use crate::work::{Block, Key, Shape, World, Write};

pub use self::coffer::idle;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    Coffer,
    Nomt,
    JmtParity,
    JmtRocks,
    Flat,
}

/// A block's way to the disk.
pub struct Took {
    pub milliseconds: f64,
    pub root: Option<[u8; 32]>,
}

/// Proofs of one key each, made and checked one after the other.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Proofs {
    pub make_us: f64,
    pub check_us: f64,
    /// As its maker writes it, without the value.
    pub bytes: f64,
}

pub trait Peer {
    /// Stores a block and computes the new roots. The clock runs from when the changes are in the form the contestant takes until they are
    /// on the disk.
    fn block(&mut self, block: Block) -> Result<Took, Failure>;

    /// Reads keys one by one and hands on what it finds.
    fn read(&self, keys: &[(u32, Key)], found: &mut dyn FnMut(Option<&[u8]>)) -> Result<(), Failure>;

    /// Proves each of these; `None` if the contestant has no proofs.
    fn prove(&self, asked: &Block) -> Result<Option<Proofs>, Failure>;

    /// Compares roots with those made anew from what the world holds, of the tries named; `None` if that cannot be done.
    fn check_roots(&self, world: &World, tries: &[u32]) -> Result<Option<()>, Failure>;
}

impl Kind {
    #[cfg(feature = "rocksdb")]
    pub const ALL: &[Self] = &[Self::Coffer, Self::Nomt, Self::JmtParity, Self::JmtRocks, Self::Flat];
    #[cfg(not(feature = "rocksdb"))]
    pub const ALL: &[Self] = &[Self::Coffer, Self::Nomt, Self::JmtParity, Self::Flat];

    pub fn name(self) -> &'static str {
        match self {
            Self::Coffer => "coffer",
            Self::Nomt => "nomt",
            Self::JmtParity => "jmt-parity",
            Self::JmtRocks => "jmt-rocks",
            Self::Flat => "flat",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Coffer => "coffer",
            Self::Nomt => "NOMT",
            Self::JmtParity => "jmt on parity-db",
            Self::JmtRocks => "jmt on RocksDB",
            Self::Flat => "parity-db, no trie (floor)",
        }
    }

    pub fn open(self, folder: &Path, shape: Shape) -> Result<Box<dyn Peer>, Failure> {
        Ok(match self {
            Self::Coffer => Box::new(coffer::Coffer::open(folder, shape)?),
            Self::Nomt => Box::new(nomt::Nomt::open(folder, shape)?),
            Self::JmtParity => {
                let (store, missing) = crate::store::Parity::open(folder)?;
                Box::new(jmt::Jmt::open(store, shape, missing)?)
            }
            #[cfg(feature = "rocksdb")]
            Self::JmtRocks => Box::new(jmt::Jmt::open(crate::store::Rocks::open(folder)?, shape, Vec::new())?),
            #[cfg(not(feature = "rocksdb"))]
            Self::JmtRocks => return Err("RocksDB is not in this build: it wants --features rocksdb".into()),
            Self::Flat => Box::new(flat::Flat::open(folder)?),
        })
    }
}

fn since(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1e3
}

/// Times `make` and then `check` over all of `asked`.
fn time_proofs<P>(
    asked: &Block,
    make: impl Fn(&Write) -> Result<P, Failure>,
    check: impl Fn(&Write, &P) -> Result<(), Failure>,
    size: impl Fn(&Write, &P) -> usize,
) -> Result<Option<Proofs>, Failure> {
    let begun = Instant::now();
    let proofs = asked.iter().map(make).collect::<Result<Vec<_>, _>>()?;
    let made = since(begun);
    let begun = Instant::now();
    for (write, proof) in asked.iter().zip(&proofs) {
        check(write, proof)?;
    }
    let checked = since(begun);
    let bytes: usize = asked.iter().zip(&proofs).map(|(write, proof)| size(write, proof)).sum();
    let each = 1.0 / asked.len() as f64;
    Ok(Some(Proofs { make_us: made * 1e3 * each, check_us: checked * 1e3 * each, bytes: bytes as f64 * each }))
}
