//! A piece of one state with the proof that it is whole: contracts and their storage in the order of their paths, from a
//! position on. Not here: reading it from a state (`export`), storing it (`import`). Invariant: what [`Chunk::verify`]
//! accepts stands in the state of the given root, and nothing else does between the chunk's ends; nothing is taken on
//! trust but the path key of a private contract without storage.
//!
//! Each chunk is proved by itself, so chunks can be fetched and checked in any order and from anybody; they are stored in
//! one order, so that how far an import is is one position and a whole import has no gaps.

use coffer_abi::codec::decode;
use coffer_abi::limits::{MAX_KEY, MAX_VALUE};
use coffer_abi::{ContractId, Decode, Encode, Hash};
use coffer_chain::hash::public_path_key;
use coffer_chain::trie::path::{ContractLeaf, RESERVED, RESERVED_PATH_KEY, contract_path, slot_path};
use coffer_chain::trie::proof::{ProofError, TrieProof};
use coffer_chain::trie::{Path, value_hash};

/// Version of the form.
pub const CHUNK_VERSION: u8 = 2;
/// Bytes of a chunk at most, encoded. A larger one is refused before it is read.
pub const MAX_CHUNK_BYTES: usize = 4 << 20;
/// Bytes of contracts and storage after which an exporter ends a chunk: with one more entry and the proofs far below
/// [`MAX_CHUNK_BYTES`].
pub const CHUNK_TARGET: usize = 1 << 20;
const FIRST: Path = [0; 32];
const LAST: Path = [0xff; 32];

/// A place in a state: all that stands before it is in the chunks before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Position {
    /// Path of a contract in the state's trie.
    pub contract: Path,
    /// Path in that contract's storage.
    pub slot: Path,
}

/// Up to where a chunk goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum End {
    /// To the end of the state.
    State,
    /// To the end of its last contract.
    Contract,
    /// To the last slot of its last contract, which may have more.
    Slot,
}

/// One contract, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Part {
    /// Its id.
    pub contract: ContractId,
    /// What the state's trie holds of it.
    pub leaf: ContractLeaf,
    /// Key of its storage paths.
    pub path_key: [u8; 32],
    /// Keys and values, in the order of the keys' paths.
    pub slots: Vec<(Vec<u8>, Vec<u8>)>,
    /// That these are all its slots between the ends of the part.
    pub proof: TrieProof,
}

/// A piece of a state.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Chunk {
    /// [`CHUNK_VERSION`].
    pub version: u8,
    /// Where it begins.
    pub from: Position,
    /// Where it ends.
    pub end: End,
    /// The contracts, in the order of their paths.
    pub contracts: Vec<Part>,
    /// That these are all contracts between its ends.
    pub proof: TrieProof,
}

/// Why a chunk is refused. Permanent: get it from somewhere else.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// Too long.
    #[error("the chunk has {0} bytes; at most {MAX_CHUNK_BYTES} are allowed")]
    Bytes(usize),
    /// Not the bytes of a chunk.
    #[error("the bytes are no chunk: {0}")]
    Malformed(String),
    /// Of another version.
    #[error("the chunk has version {0}; this program reads version {CHUNK_VERSION}")]
    Version(u8),
    /// It begins elsewhere.
    #[error("the chunk begins at {found:?}, but {expected:?} is next", found = Place(.found), expected = Place(.expected))]
    From {
        /// Where it begins.
        found: Box<Position>,
        /// Where it should.
        expected: Box<Position>,
    },
    /// Its end is that of a contract or slot it does not have, or that no other can follow.
    #[error("the chunk ends at the end of a contract or slot it does not have")]
    End,
    /// Contracts that do not prove to be those of the state.
    #[error("the contracts of the chunk are not those of the state: {0}")]
    Contracts(ProofError),
    /// A contract with a path key that is not its own.
    #[error("contract {0} of the chunk has a path key that is not its own")]
    PathKey(ContractId),
    /// A key that cannot be in a state.
    #[error("contract {contract} of the chunk has a key of {bytes} bytes; it must have 1 to {MAX_KEY}")]
    Key {
        /// The contract.
        contract: ContractId,
        /// Length of the key.
        bytes: usize,
    },
    /// A value that cannot be in a state.
    #[error("contract {contract} of the chunk has a value of {bytes} bytes; at most {MAX_VALUE} are allowed")]
    Value {
        /// The contract.
        contract: ContractId,
        /// Length of the value.
        bytes: usize,
    },
    /// Storage that does not prove to be the contract's.
    #[error("the storage of contract {contract} in the chunk is not that of the state: {error}")]
    Storage {
        /// The contract.
        contract: ContractId,
        /// Why.
        error: ProofError,
    },
}

impl Chunk {
    /// Reads a chunk, without checking what it says.
    ///
    /// # Errors
    /// [`ChunkError::Bytes`], [`ChunkError::Malformed`], [`ChunkError::Version`].
    pub fn read(bytes: &[u8]) -> Result<Self, ChunkError> {
        if bytes.len() > MAX_CHUNK_BYTES {
            return Err(ChunkError::Bytes(bytes.len()));
        }
        match bytes.first() {
            Some(&CHUNK_VERSION) | None => decode(bytes).map_err(|error| ChunkError::Malformed(error.to_string())),
            Some(&version) => Err(ChunkError::Version(version)),
        }
    }

    /// Checks that this is what stands in the state of `root` from `from` on, and gives the position behind it: `None` at
    /// the end of the state. `is_public`: the state is the public one, whose path keys follow from the contracts' ids.
    ///
    /// # Errors
    /// [`ChunkError`] with what is wrong.
    pub fn verify(&self, root: &Hash, is_public: bool, from: &Position) -> Result<Option<Position>, ChunkError> {
        if self.from != *from {
            return Err(ChunkError::From { found: Box::new(self.from), expected: Box::new(*from) });
        }
        let next = self.next()?;
        let mut leaves = Vec::with_capacity(self.contracts.len());
        for (at, part) in self.contracts.iter().enumerate() {
            let path = contract_path(&part.contract);
            leaves.push((path, value_hash(&part.leaf.value())));
            let is_last = at + 1 == self.contracts.len();
            let first = if at == 0 && path == from.contract { from.slot } else { FIRST };
            part.verify(is_public, &first, is_last && self.end == End::Slot)?;
        }
        let last = match self.end {
            End::State => LAST,
            End::Contract | End::Slot => leaves.last().map_or(FIRST, |(path, _)| *path),
        };
        self.proof.verify_range(root, &from.contract, &last, &leaves).map_err(ChunkError::Contracts)?;
        Ok(next)
    }

    /// The position behind it.
    fn next(&self) -> Result<Option<Position>, ChunkError> {
        let last = self.contracts.last();
        let contract = last.map(|part| contract_path(&part.contract));
        let next = match self.end {
            End::State => return Ok(None),
            End::Contract => contract.and_then(|path| after(&path)).map(|contract| Position { contract, slot: FIRST }),
            End::Slot => {
                let slot = last.and_then(|part| part.slots.last().map(|(key, _)| slot_path(&part.path_key, key)));
                let slot = slot.and_then(|path| after(&path));
                contract.zip(slot).map(|(contract, slot)| Position { contract, slot })
            }
        };
        next.map(Some).ok_or(ChunkError::End)
    }
}

impl Part {
    fn verify(&self, is_public: bool, first: &Path, ends_at_slot: bool) -> Result<(), ChunkError> {
        let contract = self.contract;
        let fixed = match contract {
            RESERVED => Some(RESERVED_PATH_KEY),
            _ if is_public => Some(public_path_key(&contract)),
            _ => None,
        };
        if fixed.is_some_and(|fixed| fixed != self.path_key) {
            return Err(ChunkError::PathKey(contract));
        }
        let mut leaves = Vec::with_capacity(self.slots.len());
        for (key, value) in &self.slots {
            if key.is_empty() || key.len() > MAX_KEY {
                return Err(ChunkError::Key { contract, bytes: key.len() });
            }
            if value.len() > MAX_VALUE {
                return Err(ChunkError::Value { contract, bytes: value.len() });
            }
            leaves.push((slot_path(&self.path_key, key), value_hash(value)));
        }
        let last = leaves.last().filter(|_| ends_at_slot).map_or(LAST, |(path, _)| *path);
        let verified = self.proof.verify_range(&self.leaf.storage_root, first, &last, &leaves);
        verified.map_err(|error| ChunkError::Storage { contract, error })
    }
}

/// The path after this one; `None` after the last.
pub(super) fn after(path: &Path) -> Option<Path> {
    let mut next = *path;
    for byte in next.iter_mut().rev() {
        let (sum, over) = byte.overflowing_add(1);
        *byte = sum;
        if !over {
            return Some(next);
        }
    }
    None
}

struct Place<'a>(&'a Position);

impl std::fmt::Debug for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", hex::encode(self.0.contract), hex::encode(self.0.slot))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_after_carries_over_and_ends() {
        let mut path = [0xff; 32];
        path[3] = 7;
        let mut next = [0; 32];
        next[..3].copy_from_slice(&[0xff; 3]);
        next[3] = 8;
        assert_eq!(after(&path), Some(next));
        assert_eq!(after(&LAST), None);
    }

    #[test]
    fn what_is_no_chunk_is_told_apart() {
        assert_eq!(Chunk::read(&vec![1; MAX_CHUNK_BYTES + 1]), Err(ChunkError::Bytes(MAX_CHUNK_BYTES + 1)));
        assert_eq!(Chunk::read(&[9, 9]), Err(ChunkError::Version(9)));
        assert!(matches!(Chunk::read(&[]), Err(ChunkError::Malformed(_))));
        assert!(matches!(Chunk::read(&[CHUNK_VERSION, 2, 3]), Err(ChunkError::Malformed(_))));
        let nothing = Chunk {
            version: CHUNK_VERSION,
            from: Position::default(),
            end: End::State,
            contracts: Vec::new(),
            proof: TrieProof { steps: vec![0], ..TrieProof::default() },
        };
        let at = |chunk: &Chunk| chunk.verify(&Hash::ZERO, true, &Position::default());
        assert_eq!(at(&nothing), Ok(None));
        assert_eq!(at(&Chunk { end: End::Slot, ..nothing.clone() }), Err(ChunkError::End));
        assert_eq!(at(&Chunk { end: End::Contract, ..nothing.clone() }), Err(ChunkError::End));
        let elsewhere = Position { contract: [1; 32], slot: [0; 32] };
        assert!(matches!(at(&Chunk { from: elsewhere, ..nothing.clone() }), Err(ChunkError::From { .. })));
        assert!(matches!(nothing.verify(&Hash([1; 32]), true, &Position::default()), Err(ChunkError::Contracts(_))));
    }
}
