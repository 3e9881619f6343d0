//! Putting claims and proofs together from whatever holds a state. Not here: walking tries (the source does), blocks.
//! Invariant: values and tries that disagree give an error, never a proof.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use coffer_abi::ContractId;
use coffer_abi::limits::MAX_KEY;
use coffer_chain::trie::path::{ContractLeaf, contract_path, slot_path};
use coffer_chain::trie::proof::{Claim, Proved, TrieProof};
use coffer_chain::trie::{Path, value_hash};

use crate::claim::{ContractClaim, PathKey, SlotClaim, StateClaims};
use crate::{MAX_CONTRACTS, MAX_KEYS};

/// Contracts and keys to be proved.
pub type Asked = BTreeMap<ContractId, BTreeSet<Vec<u8>>>;

/// A contract as a [`Source`] knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownContract {
    /// What stands in its state's trie.
    pub leaf: ContractLeaf,
    /// Key of its storage paths.
    pub path_key: [u8; 32],
    /// What a proof says of that key.
    pub told: PathKey,
}

/// One state at one height. Called while a proof is made, on that thread; may fail; must not change meanwhile.
pub trait Source {
    /// Why it cannot be read.
    type Error;

    /// A contract, or `None` if the state has none of that id.
    ///
    /// # Errors
    /// Whatever keeps the source from answering.
    fn contract(&self, contract: &ContractId) -> Result<Option<KnownContract>, Self::Error>;

    /// The value under a key of a contract.
    ///
    /// # Errors
    /// Whatever keeps the source from answering.
    fn value(&self, contract: &ContractId, key: &[u8]) -> Result<Option<Vec<u8>>, Self::Error>;

    /// What stands at some paths of a trie, in their order, and the proof: of a contract's storage, or with `None` of the
    /// state.
    ///
    /// # Errors
    /// Whatever keeps the source from answering.
    fn prove(&self, storage: Option<&ContractId>, paths: &BTreeSet<Path>) -> Result<Proved, Self::Error>;
}

/// Why there is no proof.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MakeError<E> {
    /// Too much or nothing was asked for. Permanent.
    #[error("a proof is about 1 to 256 contracts and at most 1,024 keys of 1 to 256 bytes")]
    Asked,
    /// The state cannot be read.
    #[error("the state could not be read: {0}")]
    Source(E),
    /// The values in the state are not those its trie was made of. Permanent: the records are damaged.
    #[error("the state's values and trie disagree")]
    Disagree,
}

impl StateClaims {
    /// What a state holds of what was asked for, with the proof under its root.
    ///
    /// # Errors
    /// [`MakeError`].
    pub fn make<S: Source>(source: &S, asked: &Asked) -> Result<Self, MakeError<S::Error>> {
        let keys = || asked.values().flatten();
        let few = (1..=MAX_CONTRACTS).contains(&asked.len()) && keys().count() <= MAX_KEYS;
        if !few || !keys().all(|key| (1..=MAX_KEY).contains(&key.len())) {
            return Err(MakeError::Asked);
        }
        let contracts = asked.iter().map(|(id, keys)| contract(source, id, keys)).collect::<Result<Vec<_>, _>>()?;
        let leaf = |claim: &ContractClaim| claim.leaf.as_ref().map(|leaf| value_hash(&leaf.value()));
        let claims = contracts.iter().map(|claim| Claim { path: contract_path(&claim.contract), value: leaf(claim) });
        let proof = prove(source, None, claims.collect())?;
        Ok(Self { contracts, proof })
    }
}

fn contract<S: Source>(
    source: &S,
    id: &ContractId,
    keys: &BTreeSet<Vec<u8>>,
) -> Result<ContractClaim, MakeError<S::Error>> {
    let Some(known) = source.contract(id).map_err(MakeError::Source)? else {
        let slots = keys.iter().map(|key| SlotClaim { key: key.clone(), value: None }).collect();
        return Ok(ContractClaim { contract: *id, leaf: None, path_key: PathKey::Fixed, slots, proof: None });
    };
    let leaf = Some(known.leaf);
    if keys.is_empty() {
        return Ok(ContractClaim { contract: *id, leaf, path_key: PathKey::Fixed, slots: Vec::new(), proof: None });
    }
    let mut slots = Vec::with_capacity(keys.len());
    for key in keys {
        slots.push(SlotClaim { key: key.clone(), value: source.value(id, key).map_err(MakeError::Source)? });
    }
    let claim = |slot: &SlotClaim| Claim {
        path: slot_path(&known.path_key, &slot.key),
        value: slot.value.as_deref().map(value_hash),
    };
    let proof = prove(source, Some(id), slots.iter().map(claim).collect())?;
    Ok(ContractClaim { contract: *id, leaf, path_key: known.told, slots, proof: Some(proof) })
}

/// The proof of claims, if the trie says the same.
fn prove<S: Source>(
    source: &S,
    storage: Option<&ContractId>,
    mut claims: Vec<Claim>,
) -> Result<TrieProof, MakeError<S::Error>> {
    claims.sort_unstable();
    let paths = claims.iter().map(|claim| claim.path).collect();
    let (found, proof) = source.prove(storage, &paths).map_err(MakeError::Source)?;
    if found == claims { Ok(proof) } else { Err(MakeError::Disagree) }
}
