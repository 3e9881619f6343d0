//! What a contract (guest) and the node (host) agree on: identifiers, the canonical codec, THE host function table, the spec
//! model, outcomes and their codes. Not here: execution (`coffer-runtime`), chain rules (`coffer-chain`).
//! Invariant: nothing in this crate depends on the machine it runs on; a change of an encoding here is a network upgrade.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod id;
pub mod codec;
pub mod limits;
pub mod caps;
pub mod host;
pub mod export;
pub mod outcome;
pub mod spec;

pub use caps::{Caps, Features};
pub use codec::{Decode, Encode};
pub use id::{AccountId, CodeHash, ContractId, Gas, Hash, Height, StateId, Time};
pub use outcome::{Event, Refused, Status, TrapKind};

/// Version of the agreement between guest and host. It is the number in [`host::MODULE`] and stands in every spec.
pub const ABI_VERSION: u16 = 1;
