//! What a proof says of contracts and their storage below one state root. Not here: whose state it is and which block's.
//! Invariant: one set of claims has one form: contracts in the order of their ids, keys in the order of their bytes,
//! nothing that is not needed to check them.

use alloc::vec::Vec;

use coffer_abi::codec::{Decode, Encode};
use coffer_abi::limits::{MAX_KEY, MAX_VALUE};
use coffer_abi::{ContractId, Hash};
use coffer_chain::hash::{private_contract_id, private_path_key, public_path_key};
use coffer_chain::trie::path::{ContractLeaf, RESERVED, RESERVED_PATH_KEY, contract_path, slot_path};
use coffer_chain::trie::proof::{Claim, TrieProof};
use coffer_chain::trie::value_hash;

use crate::invalid::{Invalid, Level};
use crate::{MAX_CONTRACTS, MAX_KEYS};

/// What is said of one storage key.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SlotClaim {
    /// The key as the contract wrote it, kind byte included: 1 to 256 bytes.
    pub key: Vec<u8>,
    /// Its value, or `None` for nothing: at most 64 KiB.
    pub value: Option<Vec<u8>>,
}

/// Where the key of a contract's storage paths comes from. SECRET: who is shown a private contract's path key can test
/// guesses about other keys of that contract whose paths a proof shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum PathKey {
    /// From the contract's id, by a rule; or none is needed, since no slot is claimed.
    #[codec(index = 0)]
    Fixed,
    /// This one, on the prover's word. Values are proved all the same; absence only to somebody who knows the path key.
    #[codec(index = 1)]
    Given([u8; 32]),
    /// From the inner call that made the contract, of which the contract's id is a hash too.
    #[codec(index = 2)]
    InnerCall(Hash),
}

/// What is said of one contract.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ContractClaim {
    /// The contract.
    pub contract: ContractId,
    /// What the state knows of it; `None` if it has no such contract, which then has no slots either.
    pub leaf: Option<ContractLeaf>,
    /// Of what its storage paths are made.
    pub path_key: PathKey,
    /// Some of its storage, in the order of the keys.
    pub slots: Vec<SlotClaim>,
    /// The proof of the slots under the storage root in `leaf`; `None` without slots or without the contract.
    pub proof: Option<TrieProof>,
}

/// What is said of one state.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct StateClaims {
    /// Contracts in the order of their ids, at least one.
    pub contracts: Vec<ContractClaim>,
    /// The proof of them under the root of the state.
    pub proof: TrieProof,
}

impl StateClaims {
    /// Checks the claims under the root of a public state.
    ///
    /// # Errors
    /// [`Invalid`].
    pub fn verify_public(&self, root: &Hash) -> Result<(), Invalid> {
        self.verify(root, |claim| match claim.path_key {
            PathKey::Fixed => Ok(public_key(&claim.contract)),
            _ => Err(Invalid::Form("a public contract has a fixed path key")),
        })
    }

    /// Checks the claims under the root of a private state. `known` are path keys that are known to be those contracts'.
    ///
    /// # Errors
    /// [`Invalid`].
    pub fn verify_private(&self, root: &Hash, known: &[(ContractId, [u8; 32])]) -> Result<(), Invalid> {
        self.verify(root, |claim| private_key(claim, known))
    }

    fn verify(
        &self,
        root: &Hash,
        path_key: impl Fn(&ContractClaim) -> Result<[u8; 32], Invalid>,
    ) -> Result<(), Invalid> {
        self.check_form()?;
        let mut leaves = Vec::with_capacity(self.contracts.len());
        for claim in &self.contracts {
            claim.verify_slots(&path_key)?;
            let value = claim.leaf.as_ref().map(|leaf| value_hash(&leaf.value()));
            leaves.push(Claim { path: contract_path(&claim.contract), value });
        }
        leaves.sort_unstable();
        let verified = self.proof.verify(root, &leaves);
        verified.map_err(|error| Invalid::Trie { level: Level::State, error })
    }

    fn check_form(&self) -> Result<(), Invalid> {
        let contracts = &self.contracts;
        if contracts.is_empty() || contracts.len() > MAX_CONTRACTS {
            return Err(Invalid::Form("a proof is about 1 to 256 contracts"));
        }
        if contracts.windows(2).any(|pair| pair[0].contract >= pair[1].contract) {
            return Err(Invalid::Form("contracts stand in the order of their ids, each once"));
        }
        let slots = || contracts.iter().flat_map(|claim| &claim.slots);
        if slots().count() > MAX_KEYS {
            return Err(Invalid::Form("a proof is about at most 1,024 keys"));
        }
        let fits = |slot: &SlotClaim| {
            (1..=MAX_KEY).contains(&slot.key.len()) && slot.value.as_ref().is_none_or(|value| value.len() <= MAX_VALUE)
        };
        if !slots().all(fits) {
            return Err(Invalid::Form("a key has 1 to 256 bytes, a value at most 64 KiB"));
        }
        if contracts.iter().any(|claim| claim.slots.windows(2).any(|pair| pair[0].key >= pair[1].key)) {
            return Err(Invalid::Form("keys stand in the order of their bytes, each once"));
        }
        Ok(())
    }
}

impl ContractClaim {
    fn verify_slots(&self, path_key: impl Fn(&Self) -> Result<[u8; 32], Invalid>) -> Result<(), Invalid> {
        let (leaf, proof) = match (&self.leaf, &self.proof) {
            (Some(leaf), Some(proof)) if !self.slots.is_empty() => (leaf, proof),
            (_, Some(_)) => return Err(Invalid::Form("a storage proof without slots or without the contract")),
            (Some(_), None) if !self.slots.is_empty() => return Err(Invalid::Form("slots without a storage proof")),
            (_, None) if self.path_key != PathKey::Fixed => {
                return Err(Invalid::Form("a path key that nothing needs"));
            }
            (_, None) if self.slots.iter().any(|slot| slot.value.is_some()) => {
                return Err(Invalid::Form("a value of a contract that is not there"));
            }
            (_, None) => return Ok(()),
        };
        let path_key = path_key(self)?;
        let claim = |slot: &SlotClaim| Claim {
            path: slot_path(&path_key, &slot.key),
            value: slot.value.as_deref().map(value_hash),
        };
        let mut claims: Vec<Claim> = self.slots.iter().map(claim).collect();
        claims.sort_unstable();
        let verified = proof.verify(&leaf.storage_root, &claims);
        verified.map_err(|error| Invalid::Trie { level: Level::Storage(self.contract), error })
    }
}

fn public_key(contract: &ContractId) -> [u8; 32] {
    if *contract == RESERVED { RESERVED_PATH_KEY } else { public_path_key(contract) }
}

fn private_key(claim: &ContractClaim, known: &[(ContractId, [u8; 32])]) -> Result<[u8; 32], Invalid> {
    let contract = claim.contract;
    let known = known.iter().find(|(id, _)| *id == contract).map(|(_, key)| *key);
    let key = match claim.path_key {
        PathKey::Fixed if contract == RESERVED => return Ok(RESERVED_PATH_KEY),
        _ if contract == RESERVED => return Err(Invalid::Form("what belongs to no contract has a fixed path key")),
        PathKey::Fixed => return Err(Invalid::Form("slots of a private contract need a path key")),
        PathKey::InnerCall(call) if private_contract_id(&call) == contract => return Ok(private_path_key(&call)),
        PathKey::InnerCall(_) => return Err(Invalid::OtherPathKey(contract)),
        PathKey::Given(key) => key,
    };
    match known {
        Some(known) if known != key => Err(Invalid::OtherPathKey(contract)),
        // Under a path key made up by the prover, any key can be shown to be absent.
        None if claim.slots.iter().any(|slot| slot.value.is_none()) => Err(Invalid::PathKey(contract)),
        _ => Ok(key),
    }
}
