//! Who calls, where and when, and bytes that every node draws alike. Invariant: within one call every one of these but [`random`] gives the
//! same answer each time.

use coffer_abi::limits::MAX_RANDOM;
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

/// The next `N` bytes, at most 1,024, of a generator that starts from the transaction's id. Every node draws the same ones.
///
/// **For no secret and no lottery**: whoever knows the transaction can compute them, and its sender can try one transaction after the
/// other before sending the one that suits. They are good for spreading things evenly, such as the order in which equals are served.
///
/// ```
/// # coffer_sdk::native::with_host(coffer_sdk::native::MemoryHost::default(), || {
/// use coffer_sdk::context::random;
/// let first = u64::from_le_bytes(random()) % 5; // who of five comes first
/// # assert!(first < 5);
/// # });
/// ```
pub fn random<const N: usize>() -> [u8; N] {
    const { assert!(N <= MAX_RANDOM as usize, "the generator gives at most 1,024 bytes at once") }
    let mut bytes = [0; N];
    guest::random(N as u32, &mut bytes);
    bytes
}
