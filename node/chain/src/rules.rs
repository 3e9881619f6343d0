//! What makes a transaction includable and a block valid, apart from what only execution can tell (roots, gas, receipts).
//! Invariant: pure; every node that asks with the same arguments gets the same answer.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use coffer_abi::export::is_method_name;
use coffer_abi::{ContractId, Encode, Gas, Hash, Height, Time, limits};

use crate::block::{Block, Header, transactions_root};
use crate::certificate::ValidatorSet;
use crate::genesis::Parameters;
use crate::recovery::Recovery;
use crate::tx::{CheckedTx, Kind, Transaction, TxError};

/// Blocks ahead that `valid_until` may lie; bounds the set of ids that replay protection keeps.
pub const MAX_VALIDITY: u64 = 1_000;
/// Milliseconds a header's time may lie ahead of a validator's clock.
pub const MAX_CLOCK_LEAD: u64 = 10_000;
/// Reserved contract of the public state: ids of included transactions until they expire. No code, no calls.
pub const INCLUDED: ContractId = ContractId([0; 32]);

/// Storage key of an included transaction under [`INCLUDED`]: ordered by the height it expires at, so a block drops a bucket by prefix.
pub fn included_key(valid_until: Height, tx: &Hash) -> Vec<u8> {
    let mut key = included_prefix(valid_until);
    key.extend_from_slice(&tx.0);
    key
}

/// Prefix of the keys of all transactions that expire at a height.
pub fn included_prefix(valid_until: Height) -> Vec<u8> {
    let mut key = Vec::with_capacity(41);
    key.push(limits::KEY_ORDERED);
    key.extend_from_slice(&valid_until.0.to_be_bytes());
    key
}

/// Why a transaction may not be in the block at a height.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotIncludable {
    /// Too late. Permanent.
    #[error("the transaction was valid until height {valid_until}, the block has height {height}")]
    Expired {
        /// Last valid height.
        valid_until: Height,
        /// Height of the block.
        height: Height,
    },
    /// Too early. May pass later.
    #[error("the transaction is valid until height {valid_until}, more than {MAX_VALIDITY} ahead of {height}")]
    TooFarAhead {
        /// Last valid height.
        valid_until: Height,
        /// Height of the block.
        height: Height,
    },
    /// More gas than one transaction may use now. May pass later.
    #[error("a transaction may use at most {max} gas, this one asks for {asked}")]
    Gas {
        /// What it asks for.
        asked: Gas,
        /// The most allowed.
        max: Gas,
    },
    /// Longer than one transaction may be now. May pass later.
    #[error("a transaction has at most {max} bytes now, this one has {bytes}")]
    Bytes {
        /// How long it is.
        bytes: usize,
        /// The most allowed.
        max: u32,
    },
}

/// What the network contract says, after the block before, of the next block; and what this node was told of a recovery behind that block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockRules {
    /// Version of the protocol.
    pub version: u16,
    /// The parameters.
    pub parameters: Parameters,
    /// The first time after the block before at which something ends that the network contract keeps, if anything will.
    pub next_end: Option<Time>,
    /// The recovery that was accepted behind the block before.
    pub recovery: Option<Recovery>,
}

/// The first time that an empty block behind one of time `parent` may have; `None` if there may be none at all. It is at least `tick_ms` later and
/// something ends in between, which then lies behind it: each end makes one empty block at most.
pub fn tick_time(parent: Time, rules: &BlockRules) -> Option<Time> {
    let tick = u64::from(rules.parameters.tick_ms);
    let end = rules.next_end.filter(|end| tick > 0 && *end > parent)?;
    Some(end.max(Time(parent.0.saturating_add(tick))))
}

/// Checks gas and size of a transaction by the parameters of a block.
///
/// # Errors
/// [`NotIncludable`].
pub fn check_limits(tx: &Transaction, parameters: &Parameters) -> Result<(), NotIncludable> {
    let (asked, max) = (tx.body.gas_limit, parameters.max_tx_gas);
    if asked > max {
        return Err(NotIncludable::Gas { asked, max });
    }
    let (bytes, max) = (tx.encoded_size(), parameters.max_tx_bytes);
    if bytes > max as usize {
        return Err(NotIncludable::Bytes { bytes, max });
    }
    Ok(())
}

/// Checks the validity window at the height of a block: h <= valid_until <= h + 1,000.
///
/// # Errors
/// [`NotIncludable`].
pub fn check_window(valid_until: Height, height: Height) -> Result<(), NotIncludable> {
    if valid_until < height {
        return Err(NotIncludable::Expired { valid_until, height });
    }
    if valid_until.0 - height.0 > MAX_VALIDITY {
        return Err(NotIncludable::TooFarAhead { valid_until, height });
    }
    Ok(())
}

/// Checks the sizes in what a transaction does.
///
/// # Errors
/// [`TxError::OutOfBounds`] with the field.
pub fn check_action_bounds(kind: &Kind) -> Result<(), TxError> {
    let input = match kind {
        Kind::Deploy { input, .. } | Kind::Upgrade { input, .. } => input,
        Kind::Call { method, input, .. } => {
            if !is_method_name(method) {
                return Err(TxError::OutOfBounds("method"));
            }
            input
        }
        // Slots, parties and consents are bounded by their types.
        Kind::Marker { .. } | Kind::SetAuthority { .. } => return Ok(()),
        Kind::Void(void) if void.is_in_bounds() => return Ok(()),
        Kind::Void(_) => return Err(TxError::OutOfBounds("place")),
    };
    if input.len() > limits::MAX_INPUT { Err(TxError::OutOfBounds("input")) } else { Ok(()) }
}

/// Why a block cannot follow its parent. Permanent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBlock {
    /// A header field is not what the parent and the chain demand.
    #[error("the block's {0} is wrong")]
    Header(&'static str),
    /// A transaction breaks a rule that holds at every height.
    #[error("transaction {index}: {error}")]
    Transaction {
        /// Its position.
        index: usize,
        /// The rule.
        error: TxError,
    },
    /// A transaction is outside of its validity window, or beyond what one may use.
    #[error("transaction {index}: {error}")]
    Window {
        /// Its position.
        index: usize,
        /// The rule.
        error: NotIncludable,
    },
    /// The same transaction stands twice.
    #[error("transaction {0} stands twice")]
    Twice(Hash),
    /// It has no transaction, and nothing ended that a block is made for, or it comes too early.
    #[error("the block is empty, which it may not be")]
    Empty,
    /// More than a block may hold.
    #[error("the block has more {0} than the chain allows")]
    TooLarge(&'static str),
}

/// Checks a block against its parent without executing it, and hands back its transactions checked. That its gas is enough for them only
/// execution can tell.
///
/// `validators` are those who decide it: those whom the parent names, or those of the recovery that was accepted behind it.
/// `latest_time` is the highest header time this node accepts, in milliseconds (its clock plus [`MAX_CLOCK_LEAD`]). `known` hands back a
/// transaction that this node has checked before, so that the signature is not checked again; of another than it was asked for, it is.
///
/// # Errors
/// The first [`InvalidBlock`] found.
pub fn check_block(
    block: &Block,
    parent: &Header,
    validators: &ValidatorSet,
    rules: &BlockRules,
    latest_time: u64,
    known: impl Fn(&Transaction) -> Option<CheckedTx>,
) -> Result<Vec<CheckedTx>, InvalidBlock> {
    let header = &block.header;
    let wrong = |field| Err(InvalidBlock::Header(field));
    let BlockRules { version, parameters, recovery, .. } = rules;
    if header.version != *version {
        return wrong("version");
    }
    if header.chain_id != parent.chain_id {
        return wrong("chain id");
    }
    if Some(header.height) != parent.height.next() {
        return wrong("height");
    }
    if header.parent != parent.hash() {
        return wrong("parent");
    }
    if header.time < parent.time || header.time.0 > latest_time {
        return wrong("time");
    }
    let deciding = match recovery {
        Some(accepted) if (accepted.height, accepted.block) != (parent.height, header.parent) => {
            return wrong("place behind the recovery");
        }
        Some(accepted) => accepted.validators,
        None => parent.next_validators,
    };
    if header.validators != deciding || header.validators != validators.hash() {
        return wrong("validator set");
    }
    if validators.power(&header.proposer) == 0 {
        return wrong("proposer");
    }
    if block.transactions.is_empty() && tick_time(parent.time, rules).is_none_or(|from| header.time < from) {
        return Err(InvalidBlock::Empty);
    }
    let mut bytes = 0usize;
    let mut seen = BTreeSet::new();
    let mut checked = Vec::with_capacity(block.transactions.len());
    for (index, tx) in block.transactions.iter().enumerate() {
        bytes = bytes.saturating_add(tx.encoded_size());
        if bytes > parameters.max_block_bytes as usize {
            return Err(InvalidBlock::TooLarge("bytes"));
        }
        let includable = check_window(tx.body.valid_until, header.height).and_then(|()| check_limits(tx, parameters));
        includable.map_err(|error| InvalidBlock::Window { index, error })?;
        let is_it = |known: &CheckedTx| known.transaction() == tx && tx.body.chain_id == header.chain_id;
        let tx = match known(tx).filter(is_it) {
            Some(known) => known,
            None => tx.clone().check(&header.chain_id).map_err(|error| InvalidBlock::Transaction { index, error })?,
        };
        if !seen.insert(tx.id()) {
            return Err(InvalidBlock::Twice(tx.id()));
        }
        checked.push(tx);
    }
    let signed: Vec<Hash> = checked.iter().map(CheckedTx::signed_hash).collect();
    if header.transactions_root != transactions_root(&signed) {
        return wrong("transactions root");
    }
    Ok(checked)
}

#[cfg(test)]
mod tests;
