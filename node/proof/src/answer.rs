//! What a proof was found to say. Not here: finding out. Invariant: these values are made by a successful check only, so
//! to hold one is to know.

use coffer_abi::{AccountId, ContractId, Hash, Height, Time};
use coffer_chain::Header;
use coffer_chain::trie::path::ContractLeaf;

use crate::claim::{ContractClaim, StateClaims};

/// What is known of a contract or a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer<T> {
    /// The proof does not say.
    NotAsked,
    /// There is none.
    Absent,
    /// It is this.
    Present(T),
}

/// Claims that were proved for the state after a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    pub(crate) block: Hash,
    pub(crate) header: Header,
    pub(crate) claims: StateClaims,
}

/// Claims that were proved for a private state after a block, on the word of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedPrivate {
    pub(crate) state: Verified,
    pub(crate) node: AccountId,
    pub(crate) root: Hash,
    pub(crate) trie_root: Hash,
}

impl Verified {
    /// Hash of the block.
    pub fn block(&self) -> &Hash {
        &self.block
    }

    /// Its header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Its height. Whether that is recent enough is for the client to say.
    pub fn height(&self) -> Height {
        self.header.height
    }

    /// Its time, milliseconds since 1970-01-01 UTC.
    pub fn time(&self) -> Time {
        self.header.time
    }

    /// Everything that was proved, in the order of ids and keys.
    pub fn contracts(&self) -> &[ContractClaim] {
        &self.claims.contracts
    }

    /// What the state knows of a contract.
    pub fn contract(&self, contract: &ContractId) -> Answer<&ContractLeaf> {
        self.find(contract).map_or(Answer::NotAsked, |claim| present(claim.leaf.as_ref()))
    }

    /// The value under a key of a contract.
    pub fn value(&self, contract: &ContractId, key: &[u8]) -> Answer<&[u8]> {
        let Some(claim) = self.find(contract) else { return Answer::NotAsked };
        match claim.slots.binary_search_by(|slot| slot.key.as_slice().cmp(key)) {
            Ok(at) => present(claim.slots[at].value.as_deref()),
            Err(_) => Answer::NotAsked,
        }
    }

    fn find(&self, contract: &ContractId) -> Option<&ContractClaim> {
        let at = self.claims.contracts.binary_search_by_key(contract, |claim| claim.contract).ok()?;
        self.claims.contracts.get(at)
    }
}

impl VerifiedPrivate {
    /// The claims and the block.
    pub fn state(&self) -> &Verified {
        &self.state
    }

    /// The node whose word it is.
    pub fn node(&self) -> &AccountId {
        &self.node
    }

    /// Root of the private state.
    pub fn root(&self) -> &Hash {
        &self.root
    }

    /// Root of the node's trie of private states.
    pub fn trie_root(&self) -> &Hash {
        &self.trie_root
    }
}

fn present<T>(value: Option<T>) -> Answer<T> {
    value.map_or(Answer::Absent, Answer::Present)
}
