//! Reading a state in chunks, each with its proof, at a height that is kept. Not here: the chunk (`chunk`), files of chunks
//! (the command line). Invariant: a chunk of one height and position is the same bytes whenever it is
//! asked for, so an export can be broken off and gone on with.
//!
//! A chunk of a private state holds its keys, values and path keys in the clear: it is for the parties of that state only.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;

use coffer_abi::{ContractId, Encode};
use coffer_chain::trie::path::{RESERVED, contract_path, slot_path};
use coffer_chain::trie::proof::TrieProof;
use coffer_chain::trie::{self, Path, TrieError, value_hash};

use super::View;
use super::chunk::{CHUNK_TARGET, CHUNK_VERSION, Chunk, End, Part, Position};
use super::columns::{ContractRecord, Kind};
use super::error::Error;
use super::prove::{AtHeight, trie_error};
use super::slot::slot_at;
use super::writes::leaf;

/// Bytes a contract takes in a chunk beside its storage, at least.
const CONTRACT_BYTES: usize = 128;

impl View {
    /// The chunk from `from` on, ended after about `target` bytes, at most [`CHUNK_TARGET`]; it always goes on by one contract or slot. The whole state
    /// is the chunk from [`Position::default`], then from where each ends. Costs what the chunk holds and what later blocks
    /// overwrote.
    ///
    /// # Errors
    /// [`Error::Asked`] for a state that is not on this node, [`Error::Pruned`], [`Error::Database`], [`Error::Damaged`].
    pub fn chunk(&self, from: &Position, target: usize) -> Result<Chunk, Error> {
        let Some(one) = &self.one else { return Err(Error::Asked("the state is not on this node".into())) };
        // While this is held no commit reaches the database: values and tries are of one height.
        let _pages = one.pages.read().unwrap_or_else(PoisonError::into_inner);
        let layers = one.history.layers();
        self.check_kept(layers.floor())?;
        let target = target.min(CHUNK_TARGET);
        let at = AtHeight { view: self, one, records: self.records(one), layers };
        let mut found = Vec::new();
        let state = at.trie(None)?;
        trie::leaves(&state, &from.contract, &mut |path, value| {
            found.push((*path, *value));
            // More are looked at only if these leave room.
            Ok(found.len() * CONTRACT_BYTES <= target)
        })
        .map_err(trie_error)?;
        let more_contracts = found.len() * CONTRACT_BYTES > target;
        let mut chunk = Chunk {
            version: CHUNK_VERSION,
            from: *from,
            end: End::State,
            contracts: Vec::new(),
            proof: TrieProof::default(),
        };
        let (count, mut bytes) = (found.len(), 0);
        for (at_number, (path, value)) in found.iter().enumerate() {
            let first = if *path == from.contract { from.slot } else { [0; 32] };
            let record = at.contract_at(path)?;
            if value_hash(&leaf(&record).value()) != *value {
                return Err(Error::Damaged(format!("the record of contract {} is not what its trie says", record.id)));
            }
            let (part, is_whole) = at.part(&record, &first, target.saturating_sub(bytes))?;
            bytes += part.encoded_size();
            chunk.contracts.push(part);
            let is_last = at_number + 1 == count && !more_contracts;
            if !is_whole {
                chunk.end = End::Slot;
                break;
            }
            if bytes >= target && !is_last {
                chunk.end = End::Contract;
                break;
            }
        }
        let last = match chunk.end {
            End::State => [0xff; 32],
            _ => chunk.contracts.last().map_or([0; 32], |part| contract_path(&part.contract)),
        };
        let paths = chunk.contracts.iter().map(|part| contract_path(&part.contract));
        chunk.proof = prove(&state, paths, &from.contract, &last)?;
        chunk
            .verify(&self.root(), one.scope.psi().is_none(), from)
            .map_err(|error| Error::Damaged(format!("what was read does not hold together: {error}")))?;
        Ok(chunk)
    }
}

impl View {
    /// At most `limit` contracts that stand in the trie, in the order of their paths, behind that of `after`. What belongs to no contract is left out.
    ///
    /// # Errors
    /// [`Error::Pruned`], [`Error::Database`], [`Error::Damaged`].
    pub fn contracts(&self, after: Option<&ContractId>, limit: usize) -> Result<Vec<ContractRecord>, Error> {
        let Some(one) = &self.one else { return Ok(Vec::new()) };
        // While this is held no commit reaches the database: records and tries are of one height.
        let _pages = one.pages.read().unwrap_or_else(PoisonError::into_inner);
        let layers = one.history.layers();
        self.check_kept(layers.floor())?;
        let at = AtHeight { view: self, one, records: self.records(one), layers };
        let (state, after) = (at.trie(None)?, after.map(contract_path));
        let mut paths = Vec::new();
        trie::leaves(&state, &after.unwrap_or_default(), &mut |path, _| {
            if Some(*path) != after && *path != contract_path(&RESERVED) {
                paths.push(*path);
            }
            Ok(paths.len() < limit)
        })
        .map_err(trie_error)?;
        paths.iter().map(|path| at.contract_at(path)).collect()
    }
}

impl AtHeight<'_> {
    /// The record of the contract at a path of the state's trie.
    fn contract_at(&self, path: &Path) -> Result<ContractRecord, Error> {
        let missing = || Error::Damaged(format!("the contract at path {} has no record", hex::encode(path)));
        let id = if *path == contract_path(&RESERVED) {
            RESERVED
        } else {
            self.records.get::<ContractRecord>(Kind::Contract, &[path])?.ok_or_else(missing)?.id
        };
        self.record(&id)?.ok_or_else(missing)
    }

    /// The storage of a contract from `first` on, until it has `room` bytes, and whether that is all of it.
    fn part(&self, record: &ContractRecord, first: &Path, room: usize) -> Result<(Part, bool), Error> {
        let id = record.id;
        let overwritten = self.layers.overwritten(self.view.height().0, Some(&id));
        let old: BTreeMap<Path, _> = overwritten
            .into_iter()
            .filter(|((_, key), _)| !key.is_empty())
            .map(|((_, key), old)| (slot_path(&record.path_key, &key), (key, old)))
            .collect();
        let storage = self.trie(Some(&id))?;
        let (mut slots, mut paths, mut bytes, mut is_whole) = (Vec::new(), Vec::new(), 0, true);
        let mut add = |path: &Path, hash: &coffer_abi::Hash| -> Result<bool, Error> {
            if bytes >= room && !paths.is_empty() {
                is_whole = false;
                return Ok(false);
            }
            let (key, value) = self.slot(&id, path, &old)?;
            if value_hash(&value) != *hash {
                return Err(Error::Damaged(format!("a value of contract {id} is not what its trie says")));
            }
            bytes += key.len() + value.len();
            slots.push((key, value));
            paths.push(*path);
            Ok(true)
        };
        trie::leaves(&storage, first, &mut |path, hash| add(path, hash).map_err(TrieError::Read))
            .map_err(trie_error)?;
        let last = paths.last().filter(|_| !is_whole).copied().unwrap_or([0xff; 32]);
        let proof = prove(&storage, paths.into_iter(), first, &last)?;
        Ok((Part { contract: id, leaf: leaf(record), path_key: record.path_key, slots, proof }, is_whole))
    }

    fn slot(
        &self,
        contract: &ContractId,
        path: &Path,
        old: &BTreeMap<Path, (Vec<u8>, Option<Vec<u8>>)>,
    ) -> Result<(Vec<u8>, Vec<u8>), Error> {
        let found = match old.get(path) {
            Some((key, value)) => value.clone().map(|value| (key.clone(), value)),
            None => slot_at(self.records, contract, path)?.map(|slot| (slot.key, slot.value)),
        };
        found.ok_or_else(|| Error::Damaged(format!("a value of contract {contract} is missing")))
    }
}

fn prove<R: trie::NodeReader<Error = Error>>(
    reader: &R,
    paths: impl Iterator<Item = Path>,
    first: &Path,
    last: &Path,
) -> Result<TrieProof, Error> {
    let paths: BTreeSet<Path> = paths.chain([*first, *last]).collect();
    TrieProof::make(reader, &paths).map(|(_, proof)| proof).map_err(trie_error)
}
