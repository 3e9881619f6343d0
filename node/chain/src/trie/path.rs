//! The paths of the three levels of trie and the leaf value of a contract: storage slots, contracts, private states.
//! Not here: the hashes of the trie itself. Invariant: all of it is protocol; parties compare roots made from these
//! functions.

use alloc::vec::Vec;

use coffer_abi::{AccountId, CodeHash, ContractId, Hash, Height};
use parity_scale_codec::{Decode, Encode};

use super::Path;
use crate::authority::Authority;
use crate::members::Members;

const CONTRACT_KEY: [u8; 32] = *b"coffer trie, version 1: contract";
const PSI_CONTEXT: [u8; 4] = *b"psi:";

/// Path key of [`RESERVED`] in any state. Contracts have keys of their own.
pub const RESERVED_PATH_KEY: [u8; 32] = *b"coffer trie, version 1: reserved";

/// The contract id under which a state keeps what belongs to no contract (the ids of executed transactions).
/// It stands in the trie exactly while it has a slot.
pub const RESERVED: ContractId = ContractId([0; 32]);

/// Path of a contract in its state's trie.
pub fn contract_path(contract: &ContractId) -> Path {
    *blake3::keyed_hash(&CONTRACT_KEY, contract.as_ref()).as_bytes()
}

/// Path of a storage key in its contract's trie, under that contract's path key.
pub fn slot_path(path_key: &[u8; 32], key: &[u8]) -> Path {
    *blake3::keyed_hash(path_key, key).as_bytes()
}

/// Path of a private state in the trie of private states, under a secret of its tenant, so that a proof for one tenant
/// names no other.
pub fn psi_path(trie_secret: &[u8; 32], psi: &str) -> Path {
    let mut hasher = blake3::Hasher::new_keyed(trie_secret);
    hasher.update(&PSI_CONTEXT);
    hasher.update(psi.as_bytes());
    *hasher.finalize().as_bytes()
}

/// What a state's trie says of a contract.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ContractLeaf {
    /// Its code.
    pub code_hash: CodeHash,
    /// Root of its storage trie.
    pub storage_root: Hash,
    /// Who deployed it.
    pub deployer: AccountId,
    /// Block that deployed it.
    pub height: Height,
    /// Who may change its code and authority.
    pub authority: Authority,
    /// How often code or authority were changed.
    pub revision: u64,
    /// Who it is for: of a private contract, unless it is for the party of its state alone.
    pub members: Option<Members>,
}

impl ContractLeaf {
    /// The leaf's value: all that stands before the members encoded, and behind it the members if there are any. So a contract without members has
    /// the leaf that it had before there were members.
    pub fn value(&self) -> Vec<u8> {
        let Self { code_hash, storage_root, deployer, height, authority, revision, members } = self;
        let mut bytes = (code_hash, storage_root, deployer, height, authority, revision).encode();
        if let Some(members) = members {
            members.encode_to(&mut bytes);
        }
        bytes
    }
}
