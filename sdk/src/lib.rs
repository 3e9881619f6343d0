//! Write deterministic Coffer contracts in Rust: `#[contract]` on a struct gives storage, `#[contract]` on its `impl` gives methods.
//! Not here: the host (`coffer-runtime`) and the agreement with it (`coffer-abi`). Invariant: a contract sees the world only through
//! the host functions, and the only `unsafe` of a contract is in the module `guest`.
//!
//! # A contract
//! ```
//! # mod lines {
//! use coffer_sdk::prelude::*;
//!
//! /// Counts.
//! #[contract]
//! pub struct Counter { value: Item<u64> }
//!
//! #[contract]
//! impl Counter {
//!     pub fn init(&mut self, start: u64) { self.value.set(&start) }
//!     pub fn add(&mut self, by: u64) { self.value.set(&(self.value() + by)) }
//!     pub fn value(&self) -> u64 { self.value.get_or_default() }
//! }
//! # }
//! ```
//! The receiver decides: `&self` is a view and only reads, `&mut self` is a call and may write. `init` runs once at deployment,
//! `migrate` once at an upgrade. A method that is not `pub` is an ordinary function.
//!
//! # With a map, a role, an error and an event
//! ```
//! # mod lines {
//! use coffer_sdk::prelude::*;
//!
//! #[contract]
//! pub struct Counter { owner: Item<AccountId>, value: Item<u64>, by_user: Map<AccountId, u64> }
//! #[event]
//! pub struct Added { pub who: AccountId, pub value: u64 }
//! #[error]
//! pub enum Error { NotOwner, Overflow { by: u64 } }
//!
//! #[contract]
//! impl Counter {
//!     pub fn init(&mut self) { self.owner.set(&caller()) }
//!     pub fn add(&mut self, by: u64) -> Result<u64, Error> {
//!         if Some(caller()) != self.owner.get() { return Err(Error::NotOwner) }
//!         let value = self.value.get_or_default().checked_add(by).ok_or(Error::Overflow { by })?;
//!         self.value.set(&value);
//!         self.by_user.set(&caller(), &(self.by_user.get_or_default(&caller()) + by));
//!         emit(Added { who: caller(), value });
//!         Ok(value)
//!     }
//! }
//! # }
//! ```
//!
//! # Building one
//! `cargo build --release --target wasm32v1-none`. The crate is a `cdylib` and starts with `#![no_std]`: that target has no standard
//! library, and only the crate itself can say so. The prelude brings `String`, `Vec`, `format!` and their like back; the panic handler
//! and the allocator come with this crate. Nothing has to process the Wasm afterwards: the spec is inside.
//! A build is smaller and faster to start with the profile and the linker flag of the repository's `contracts/` workspace
//! (`contracts/Cargo.toml` and `contracts/.cargo/config.toml`), which a workspace of your own takes over by copying them.
//!
//! # Calling others
//! See the module [`call`]: a client of another contract is made by [`import_contract!`] from its module or its spec, or by
//! [`#[interface]`](macro@interface) from a trait. A contract in the middle of a call is not entered again but by a method with `#[reentrant]`
//! above it; such a method finds the storage as the call before it has left it, so write what must hold before you call.
//!
//! # Testing
//! With the crate `coffer-test`: one test body runs natively and as Wasm, with equal results, events and state. Below it, the module `native`
//! runs methods against a host in memory and nothing else.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

pub mod contract;
pub mod storage;
pub mod event;
pub mod call;

pub mod context;
pub mod crypto;
mod log;
mod value;
mod guest;
#[cfg(not(target_arch = "wasm32"))]
pub mod native;

pub use coffer_abi::{AccountId, CodeHash, ContractId, Hash, StateId};
pub use coffer_sdk_macros::{contract, contract_type, error, event, import_contract, interface};
pub use log::log;

/// Everything a contract needs, in one line.
pub mod prelude {
    pub use crate::call::{CallError, ContractClient as _, NewContract};
    pub use crate::context::{block_height, block_time, caller, chain_id, origin, own_id, state_id};
    pub use crate::contract::ContractState;
    pub use crate::event::emit;
    pub use crate::storage::{Item, LookupMap, Map, Set, stored_as};
    pub use crate::{
        AccountId, CodeHash, ContractId, Hash, StateId, contract, contract_type, crypto, error, event, import_contract,
        interface, log,
    };
    pub use alloc::borrow::ToOwned;
    pub use alloc::boxed::Box;
    pub use alloc::collections::{BTreeMap, BTreeSet};
    pub use alloc::string::{String, ToString};
    pub use alloc::vec::Vec;
    pub use alloc::{format, vec};
}

/// For the macros; not part of the interface.
#[doc(hidden)]
pub mod __private {
    pub use crate::call::{call, create, view};
    pub use crate::contract::{Contract, ContractState, Entry, describe, error_of, run, type_of, value_of};
    pub use crate::event::Event;
    #[cfg(not(target_arch = "wasm32"))]
    pub use crate::native::{Client, Recipient, Tested, send};
    pub use crate::storage::StorageType;
    pub use alloc::{
        boxed::Box,
        collections::{BTreeMap, BTreeSet},
        string::String,
        vec::Vec,
    };
    pub use coffer_abi::export::MethodKind;
    pub use coffer_abi::spec::describe::{
        ContractDesc, ContractError, Describe, EventDesc, FieldDesc, MethodDesc, NamedTy, Returns, ShapeDesc,
        StorageDesc, Ty, VariantDesc,
    };
    pub use coffer_abi::spec::emit;
    pub use coffer_abi::{AccountId, ContractId, Hash};
    pub use parity_scale_codec as codec;
}
