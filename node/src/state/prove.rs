//! Proofs of what a state holds, at every height that is kept. Not here: their form and their check (`coffer_proof`).
//! Invariant: a proof that leaves here was made from one height: the tries of an older one are made anew in memory from
//! what later blocks overwrote, and compared with the root of that height; and the proof is checked as its reader will.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

use coffer_abi::codec::decode;
use coffer_abi::{ContractId, Hash, Height};
use coffer_chain::Psi;
use coffer_chain::trie::path::{RESERVED, contract_path, slot_path};
use coffer_chain::trie::proof::{Proved, TrieProof};
use coffer_chain::trie::{self, NodeReader, Path, Record, RecordKey, TrieError, value_hash};
use coffer_proof::{
    Asked, ContractClaim, KnownContract, MakeError, PathKey, PrivateProof, ProvenBlock, PublicProof, Source,
    StateClaims, Statement, VERSION,
};

use super::columns::ContractRecord;
use super::db::{Records, TrieRecords};
use super::error::Error;
use super::history::Layers;
use super::one::OneState;
use super::slot::slot;
use super::writes::leaf;
use super::{BlockId, State, View};

impl State {
    /// What the public state holds of `asked` after the block at `height`, with the proof.
    ///
    /// # Errors
    /// [`Error::Asked`], [`Error::Future`], [`Error::Pruned`], [`Error::Database`], [`Error::Damaged`].
    pub fn prove_public(&self, height: Height, asked: &Asked) -> Result<PublicProof, Error> {
        let claims = self.public_at(height)?.prove(asked)?;
        Ok(PublicProof::new(self.proven_block(height)?, claims))
    }

    /// What a private state holds of `asked` after the block at `height`, with the proof up to the root of the trie of
    /// private states, for which `word` is the node's. The newest such block is [`State::private_finished`].
    ///
    /// # Errors
    /// [`Error::NotConfigured`], [`Error::Future`] also when not all private states are done with the block; else as
    /// [`State::prove_public`], and [`Error::Unusable`].
    pub fn prove_private(
        &self,
        psi: &Psi,
        height: Height,
        asked: &Asked,
        word: impl FnOnce(&ProvenBlock, Hash) -> Statement,
    ) -> Result<PrivateProof, Error> {
        let tenant = self.inner.tenant(psi).ok_or_else(|| Error::NotConfigured(psi.clone()))?;
        let sealed = self.psi_trie_root(height)?;
        if !sealed.sealed {
            return Err(Error::Future { height, head: self.private_finished() });
        }
        let view = self.private_at(psi, height)?;
        let state = view.prove(asked)?;
        let mut roots = BTreeMap::new();
        for tenant in self.inner.tenants().values() {
            let is_there = tenant.joined <= height.0;
            let root = is_there.then(|| tenant.one.root_at(&self.inner.db, height.0)).transpose()?;
            roots.insert(tenant.path, root.map(|root| value_hash(&root.0)));
        }
        let path = tenant.path;
        let proof = self.inner.psi_trie().prove(height.0, &roots, &sealed.root, &path)?.ok_or_else(|| {
            Error::Asked(format!("this node had other private states at block {height}; ask for a newer one"))
        })?;
        let block = self.proven_block(height)?;
        let statement = word(&block, sealed.root);
        Ok(PrivateProof { version: VERSION, block, statement, path, root: view.root(), proof, state })
    }

    fn proven_block(&self, height: Height) -> Result<ProvenBlock, Error> {
        let stored = self.block(BlockId::Height(height))?;
        let stored = stored.ok_or_else(|| Error::Damaged(format!("block {height} is missing")))?;
        let validators = self.validator_set(&stored.block.header.validators)?;
        Ok(ProvenBlock::new(stored.block.header, validators, stored.certificate))
    }
}

impl View {
    /// What this state holds of `asked` at this height, with the proof under its root.
    ///
    /// # Errors
    /// [`Error::Asked`], [`Error::Pruned`], [`Error::Database`], [`Error::Damaged`].
    pub fn prove(&self, asked: &Asked) -> Result<StateClaims, Error> {
        let Some(one) = &self.one else { return Err(Error::Asked("the state is not on this node".into())) };
        // While this is held no commit reaches the database: values and tries are of one height.
        let _pages = one.pages.read().unwrap_or_else(PoisonError::into_inner);
        let layers = one.history.layers();
        self.check_kept(layers.floor())?;
        let source = AtHeight { view: self, one, records: self.records(one), layers };
        let claims = StateClaims::make(&source, asked).map_err(|error| match error {
            MakeError::Asked => Error::Asked(error.to_string()),
            MakeError::Source(error) => error,
            MakeError::Disagree => Error::Damaged(error.to_string()),
        })?;
        // What a client will do. Cheap, and a record that lies is found here rather than there.
        let given = |claim: &ContractClaim| match claim.path_key {
            PathKey::Given(key) => Some((claim.contract, key)),
            _ => None,
        };
        let checked = match one.scope.psi() {
            None => claims.verify_public(&self.root()),
            Some(_) => {
                claims.verify_private(&self.root(), &claims.contracts.iter().filter_map(given).collect::<Vec<_>>())
            }
        };
        checked.map(|()| claims).map_err(|error| Error::Damaged(format!("a proof does not hold: {error}")))
    }
}

/// A state at the height of a view, while no commit reaches the database.
pub(super) struct AtHeight<'a> {
    pub view: &'a View,
    pub one: &'a OneState,
    pub records: Records<'a>,
    pub layers: Arc<Layers>,
}

impl AtHeight<'_> {
    pub fn record(&self, contract: &ContractId) -> Result<Option<ContractRecord>, Error> {
        self.view.stored(contract)
    }

    /// Writes that turn the trie of today into that of the height.
    fn undo(&self, storage: Option<&ContractId>) -> Result<BTreeMap<Path, Option<Hash>>, Error> {
        let mut writes = BTreeMap::new();
        let overwritten = self.layers.overwritten(self.view.height().0, storage);
        let Some(contract) = storage else {
            for ((contract, _), old) in overwritten.iter().filter(|((_, key), _)| key.is_empty()) {
                let damaged = |e| Error::Damaged(format!("an old record of contract {contract}: {e}"));
                let old = old.as_ref().map(|bytes| decode::<ContractRecord>(bytes)).transpose().map_err(damaged)?;
                writes.insert(contract_path(contract), old.map(|record| value_hash(&leaf(&record).value())));
            }
            return Ok(writes);
        };
        if let Some(record) = self.record(contract)? {
            for ((_, key), old) in overwritten.iter().filter(|((_, key), _)| !key.is_empty()) {
                writes.insert(slot_path(&record.path_key, key), old.as_deref().map(value_hash));
            }
        }
        Ok(writes)
    }

    /// The trie of a contract's storage, or the state's own, as it was at the height.
    ///
    /// # Errors
    /// [`Error::Damaged`] also when it comes to another root than it had.
    pub fn trie<'b>(&'b self, storage: Option<&'b ContractId>) -> Result<Replaced<TrieRecords<'b>>, Error> {
        let trie = self.records.trie(storage.map_or(&[][..], AsRef::as_ref));
        let (height, expected) = (self.view.height(), self.root(storage)?);
        let changed = Replaced::new(trie, &self.undo(storage)?, &expected).map_err(trie_error)?;
        changed.ok_or_else(|| Error::Damaged(format!("a trie comes to another root than it had at height {height}")))
    }

    fn root(&self, storage: Option<&ContractId>) -> Result<Hash, Error> {
        match storage {
            None => Ok(self.view.root()),
            Some(contract) => Ok(self.record(contract)?.map_or(Hash::ZERO, |record| record.storage_root)),
        }
    }
}

impl Source for AtHeight<'_> {
    type Error = Error;

    fn contract(&self, contract: &ContractId) -> Result<Option<KnownContract>, Error> {
        let is_fixed = self.one.scope.psi().is_none() || *contract == RESERVED;
        Ok(self.record(contract)?.map(|record| KnownContract {
            leaf: leaf(&record),
            path_key: record.path_key,
            told: if is_fixed { PathKey::Fixed } else { PathKey::Given(record.path_key) },
        }))
    }

    fn value(&self, contract: &ContractId, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let overwritten = self.layers.at(self.view.height().0, contract, key).cloned();
        overwritten.map_or_else(|| slot(self.records, contract, key), Ok)
    }

    fn prove(&self, storage: Option<&ContractId>, paths: &BTreeSet<Path>) -> Result<Proved, Error> {
        TrieProof::make(&self.trie(storage)?, paths).map_err(trie_error)
    }
}

pub(super) fn trie_error(error: TrieError<Error>) -> Error {
    match error {
        TrieError::Read(error) => error,
        corrupt => Error::Damaged(corrupt.to_string()),
    }
}

/// A trie with some of its records replaced.
pub(super) struct Replaced<R> {
    reader: R,
    records: BTreeMap<RecordKey, Option<Arc<Record>>>,
}

impl<R: NodeReader> Replaced<R> {
    /// A trie after `writes`; `None` if its root is then not `expected`.
    pub fn new(
        reader: R,
        writes: &BTreeMap<Path, Option<Hash>>,
        expected: &Hash,
    ) -> Result<Option<Self>, TrieError<R::Error>> {
        let updated = trie::update(&reader, writes)?;
        let is_right = updated.root == *expected;
        Ok(is_right.then(|| Self { reader, records: updated.records.into_iter().collect() }))
    }
}

impl<R: NodeReader> NodeReader for Replaced<R> {
    type Error = R::Error;

    fn load(&self, key: &RecordKey) -> Result<Option<Arc<Record>>, TrieError<R::Error>> {
        self.records.get(key).map_or_else(|| self.reader.load(key), |record| Ok(record.clone()))
    }
}

/// What stands at `paths` in a trie after `writes`, with the proof; `None` if its root is then not `expected`.
pub(super) fn prove_changed<R: NodeReader>(
    reader: R,
    writes: &BTreeMap<Path, Option<Hash>>,
    expected: &Hash,
    paths: &BTreeSet<Path>,
) -> Result<Option<Proved>, TrieError<R::Error>> {
    let changed = Replaced::new(reader, writes, expected)?;
    changed.map(|trie| TrieProof::make(&trie, paths)).transpose()
}
