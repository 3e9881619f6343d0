//! Who calls, where and when. Invariant: within one call every one of these gives the same answer each time.

use coffer_abi::{AccountId, ContractId, Hash, StateId};

use crate::guest;

fn id(ask: fn(&mut [u8]) -> Option<usize>) -> [u8; 32] {
    let mut id = [0; 32];
    ask(&mut id);
    id
}

/// The account or contract that made this call; all zeros ([`AccountId::ANONYMOUS`]) in a view that nobody signed.
pub fn caller() -> AccountId {
    AccountId(id(guest::caller))
}

/// The account that signed the transaction. Use [`caller`] to decide who may do something: a contract in between can be anybody's.
pub fn origin() -> AccountId {
    AccountId(id(guest::origin))
}

/// This contract's own id.
pub fn own_id() -> ContractId {
    ContractId(id(guest::own_id))
}

/// The state this contract lives in: the public one or a private one; the same at every party.
pub fn state_id() -> StateId {
    StateId(id(guest::state_id))
}

/// The chain: the hash of its genesis.
pub fn chain_id() -> Hash {
    Hash(id(guest::chain_id))
}

/// Height of the block the transaction is in; genesis is 0.
pub fn block_height() -> u64 {
    guest::block_height()
}

/// Time of that block, in milliseconds since 1970-01-01 UTC.
pub fn block_time() -> u64 {
    guest::block_time()
}
