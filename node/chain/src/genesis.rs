//! The document a chain starts from. Its hash is the chain id. Invariant: two chains never share a genesis (`salt`).

use coffer_abi::caps::{PASS_VERSION, SCHEDULE_VERSION};
use coffer_abi::{AccountId, Caps, Decode, Encode, Gas, Hash, Height, Time};

use crate::block::{Header, receipts_root, transactions_root};
use crate::certificate::ValidatorSet;
use crate::hash::{Domain, hash_of};
use crate::system::SystemContracts;

/// Rules every node of a chain shares. A change is a network upgrade.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Parameters {
    /// Gas one public transaction or one private call may use.
    pub max_tx_gas: Gas,
    /// Gas the public transactions of one block may ask for together.
    pub max_block_gas: Gas,
    /// Bytes of the transactions of one block.
    pub max_block_bytes: u32,
    /// Version of the pass that makes modules count their gas. A node that does not have it cannot follow the chain.
    pub pass_version: u32,
    /// Version of the gas schedule, which says what computation costs.
    pub schedule_version: u32,
    /// What contract modules may hold and how large they may be.
    pub caps: Caps,
}

impl Default for Parameters {
    /// A transaction at its limit takes about a second of one core; a block holds two of them and any two of the largest transactions.
    fn default() -> Self {
        Self {
            max_tx_gas: Gas(1_000_000_000),
            max_block_gas: Gas(2_000_000_000),
            max_block_bytes: 3 * 1024 * 1024,
            pass_version: PASS_VERSION,
            schedule_version: SCHEDULE_VERSION,
            caps: Caps::default(),
        }
    }
}

/// The start of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Genesis {
    /// [`crate::PROTOCOL_VERSION`] at the start.
    pub version: u16,
    /// Random, so that no two chains are one by accident.
    pub salt: [u8; 32],
    /// Time of block 0, milliseconds since 1970-01-01 UTC.
    pub time: Time,
    /// Who decides block 1.
    pub validators: ValidatorSet,
    /// The shared rules.
    pub parameters: Parameters,
    /// Contracts that come with the chain. A change is a network upgrade.
    pub system: SystemContracts,
}

impl Genesis {
    /// Identity of the chain.
    pub fn chain_id(&self) -> Hash {
        hash_of(Domain::Genesis, self)
    }

    /// Header of block 0: no transactions, the empty state.
    pub fn header(&self) -> Header {
        Header {
            version: self.version,
            chain_id: self.chain_id(),
            height: Height(0),
            parent: Hash::ZERO,
            proposer: AccountId::ANONYMOUS,
            time: self.time,
            transactions_root: transactions_root(&[]),
            receipts_root: receipts_root(&[]),
            state_root: Hash::ZERO,
            gas_used: Gas(0),
            validators: self.validators.hash(),
            next_validators: self.validators.hash(),
        }
    }
}
