//! A proof about the public state. Not here: private states. Invariant: nobody but the validators is believed.

use alloc::vec::Vec;

use coffer_abi::codec::{Decode, Encode};

use crate::answer::Verified;
use crate::block::{ProvenBlock, TrustedBlock};
use crate::claim::StateClaims;
use crate::invalid::{Invalid, Unreadable};
use crate::{VERSION, from_bytes};

/// That some contracts and keys are, or are not, in the public state after a block.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PublicProof {
    /// [`VERSION`].
    pub version: u8,
    /// The block.
    pub block: ProvenBlock,
    /// What is in the state whose root the header has.
    pub state: StateClaims,
}

impl PublicProof {
    /// The proof with these parts.
    pub fn new(block: ProvenBlock, state: StateClaims) -> Self {
        Self { version: VERSION, block, state }
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

    /// Checks the proof for somebody who believes in `trusted`.
    ///
    /// # Errors
    /// [`Invalid`] when it proves nothing to them.
    pub fn verify(self, trusted: &TrustedBlock) -> Result<Verified, Invalid> {
        if self.version != VERSION {
            return Err(Invalid::Version(self.version));
        }
        let block = self.block.verify(trusted)?;
        self.state.verify_public(&self.block.header.state_root)?;
        Ok(Verified { block, header: self.block.header, claims: self.state })
    }
}
