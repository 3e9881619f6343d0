//! A proof about one private state. Not here: the public state. Invariant: it rests on the word of one node, which the
//! client names, and shows neither names nor number of the node's other tenants.

use alloc::vec::Vec;

use coffer_abi::codec::{Decode, Encode};
use coffer_abi::{AccountId, ContractId, Hash, Height};
use coffer_chain::hash::{Domain, hash_of};
use coffer_chain::sign::verify;
use coffer_chain::trie::proof::{Claim, TrieProof};
use coffer_chain::trie::{Path, value_hash};
use coffer_chain::{Signature, SigningKey};

use crate::answer::{Verified, VerifiedPrivate};
use crate::block::{ProvenBlock, TrustedBlock};
use crate::claim::StateClaims;
use crate::invalid::{Invalid, Level, Unreadable};
use crate::{VERSION, from_bytes};

/// A node's signed word for the root of its trie of private states after a block, with all of them done with the block.
/// Two statements of one node about one block with different roots prove that it lied.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Statement {
    /// Key of the node.
    pub node: AccountId,
    /// The root.
    pub root: Hash,
    /// Its signature over height, block and root.
    pub signature: Signature,
}

/// That some contracts and keys are, or are not, in a private state after a block.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PrivateProof {
    /// [`VERSION`].
    pub version: u8,
    /// The block.
    pub block: ProvenBlock,
    /// The node's word for its trie of private states after that block.
    pub statement: Statement,
    /// Path of the private state in that trie. Known to its tenant; says nothing to others.
    pub path: Path,
    /// Root of the private state.
    pub root: Hash,
    /// The proof that this root stands at that path.
    pub proof: TrieProof,
    /// What is in that state.
    pub state: StateClaims,
}

/// What makes a client believe in a private proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrivateTrust<'a> {
    /// The block.
    pub block: TrustedBlock,
    /// Nodes whose statements count.
    pub nodes: &'a [AccountId],
    /// Path of the private state in the node's trie of private states.
    pub path: Path,
    /// Path keys known to be those contracts' own.
    pub path_keys: &'a [(ContractId, [u8; 32])],
}

impl Statement {
    /// What is signed, besides the chain id.
    fn digest(height: Height, block: &Hash, root: &Hash) -> Hash {
        hash_of(Domain::PrivateRoots, &(height, block, root))
    }

    /// A node's statement about the block with the header of `block`.
    pub fn sign(key: &SigningKey, block: &ProvenBlock, root: Hash) -> Self {
        let header = &block.header;
        let digest = Self::digest(header.height, &header.hash(), &root);
        let signature = key.sign(Domain::PrivateRoots, &header.chain_id, &digest);
        Self { node: key.account(), root, signature }
    }

    /// True if the node signed this for the block.
    fn holds(&self, block: &ProvenBlock, hash: &Hash) -> bool {
        let digest = Self::digest(block.header.height, hash, &self.root);
        verify(&self.node, Domain::PrivateRoots, &block.header.chain_id, &digest, &self.signature)
    }
}

impl PrivateProof {
    /// Reads the canonical bytes.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Unreadable> {
        from_bytes(bytes)
    }

    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.encode()
    }

    /// Checks the proof for somebody who believes in `trust`.
    ///
    /// # Errors
    /// [`Invalid`] when it proves nothing to them.
    pub fn verify(self, trust: &PrivateTrust<'_>) -> Result<VerifiedPrivate, Invalid> {
        if self.version != VERSION {
            return Err(Invalid::Version(self.version));
        }
        let block = self.block.verify(&trust.block)?;
        if !trust.nodes.contains(&self.statement.node) {
            return Err(Invalid::OtherNode(self.statement.node));
        }
        if !self.statement.holds(&self.block, &block) {
            return Err(Invalid::Statement(self.statement.node));
        }
        if self.path != trust.path {
            return Err(Invalid::OtherState);
        }
        let claim = Claim { path: self.path, value: Some(value_hash(&self.root.0)) };
        let verified = self.proof.verify(&self.statement.root, &[claim]);
        verified.map_err(|error| Invalid::Trie { level: Level::PrivateStates, error })?;
        self.state.verify_private(&self.root, trust.path_keys)?;
        let state = Verified { block, header: self.block.header, claims: self.state };
        Ok(VerifiedPrivate { state, node: self.statement.node, root: self.root, trie_root: self.statement.root })
    }
}
