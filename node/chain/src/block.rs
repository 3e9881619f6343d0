//! Blocks and receipts. A header holds the public state root AFTER its block; private roots are never in a header.
//! Invariant: the hash of the header is the hash of the block.

use alloc::vec::Vec;

use coffer_abi::{AccountId, ContractId, Decode, Encode, Event, Gas, Hash, Height, Status, Time};

use crate::hash::{Domain, hash_of, list_root};
use crate::tx::Transaction;

/// What a block commits to.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Header {
    /// Version of the protocol at this height ([`crate::versions`]).
    pub version: u16,
    /// The chain: hash of its genesis.
    pub chain_id: Hash,
    /// Distance from genesis.
    pub height: Height,
    /// Hash of the block before; zeros for genesis.
    pub parent: Hash,
    /// Key of the node that proposed it.
    pub proposer: AccountId,
    /// Milliseconds since 1970-01-01 UTC, not before the parent's.
    pub time: Time,
    /// List root of the signed transactions, in order.
    pub transactions_root: Hash,
    /// List root of the receipts, in the same order.
    pub receipts_root: Hash,
    /// Root of the public state after this block.
    pub state_root: Hash,
    /// Gas of all its transactions.
    pub gas_used: Gas,
    /// Hash of the validator set that decides this block.
    pub validators: Hash,
    /// Hash of the validator set that decides the next block.
    pub next_validators: Hash,
}

impl Header {
    /// Hash of the block.
    pub fn hash(&self) -> Hash {
        hash_of(Domain::Header, self)
    }
}

/// A block: header and transactions in the order of execution.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Block {
    /// Header.
    pub header: Header,
    /// Transactions.
    pub transactions: Vec<Transaction>,
}

impl Block {
    /// True if the transactions are those of the header, signatures included.
    pub fn holds_together(&self) -> bool {
        let signed: Vec<Hash> = self.transactions.iter().map(Transaction::signed_hash).collect();
        self.header.transactions_root == transactions_root(&signed)
    }
}

/// What came of a transaction. Of a marker the public receipt says nothing but that it was ordered.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Receipt {
    /// Id of the transaction on the public chain; of the marker for a private call.
    pub tx: Hash,
    /// How it ended.
    pub status: Status,
    /// Gas used.
    pub gas_used: Gas,
    /// The contract deployed, if this was a deployment that succeeded; else the contract called or changed.
    pub contract: Option<ContractId>,
    /// Events in the order of emission.
    pub events: Vec<Event>,
}

/// Root over transactions with their signatures ([`Transaction::signed_hash`]), so that a header vouches for every byte of its block.
pub fn transactions_root(signed: &[Hash]) -> Hash {
    list_root(signed)
}

/// Root over receipts.
pub fn receipts_root(receipts: &[Receipt]) -> Hash {
    let hashes: Vec<Hash> = receipts.iter().map(|r| hash_of(Domain::Receipt, r)).collect();
    list_root(&hashes)
}
