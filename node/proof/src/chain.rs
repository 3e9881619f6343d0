//! A proof that a block is of the chain that a genesis begins. Not here: what the block's state holds (`public`), the steps by themselves
//! (`way`). Invariant: nobody is believed but the validators of the genesis and whoever they handed over to.

use alloc::vec::Vec;

use coffer_abi::Hash;
use coffer_abi::codec::{Decode, Encode};
use coffer_chain::Header;

use crate::block::ProvenBlock;
use crate::invalid::{Invalid, Unreadable};
use crate::way::Way;
use crate::{VERSION, from_bytes};

/// Handovers in one answer of a node. A longer way is asked for in parts, each on from where the one before ended.
pub const MAX_HANDOVERS: usize = 128;

/// That a block was decided by those to whom the handovers lead.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ChainProof {
    /// [`VERSION`].
    pub version: u8,
    /// The blocks after which another validator set decides, in the order of their heights.
    pub handovers: Vec<ProvenBlock>,
    /// The block that is proved.
    pub block: ProvenBlock,
}

/// A block of a chain, found by a [`ChainProof`] that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedBlock {
    hash: Hash,
    header: Header,
}

impl VerifiedBlock {
    /// Its hash: what a proof about the state after it is checked with ([`crate::TrustedBlock::Block`]).
    pub fn hash(&self) -> &Hash {
        &self.hash
    }

    /// Its header.
    pub fn header(&self) -> &Header {
        &self.header
    }
}

impl ChainProof {
    /// The proof with these parts.
    pub fn new(handovers: Vec<ProvenBlock>, block: ProvenBlock) -> Self {
        Self { version: VERSION, handovers, block }
    }

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

    /// Checks the proof for somebody who has the genesis: the chain id, and the hash of its first validator set.
    ///
    /// # Errors
    /// [`Invalid`] when it proves nothing to them.
    pub fn verify(self, chain_id: &Hash, validators: &Hash) -> Result<VerifiedBlock, Invalid> {
        self.follow(&mut Way::new(*chain_id, *validators))
    }

    /// Checks the proof for somebody who has come so far on the way, and takes them on past its handovers. For a way in several parts.
    ///
    /// # Errors
    /// [`Invalid`]; the way stays where it is.
    pub fn follow(self, way: &mut Way) -> Result<VerifiedBlock, Invalid> {
        if self.version != VERSION {
            return Err(Invalid::Version(self.version));
        }
        let mut on = way.clone();
        self.handovers.iter().try_for_each(|handover| on.pass(handover))?;
        let hash = on.verify(&self.block)?;
        *way = on;
        Ok(VerifiedBlock { hash, header: self.block.header })
    }
}
