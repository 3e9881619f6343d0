//! Calls from contract to contract: typed through a client made by [`import_contract!`](crate::import_contract) or
//! [`#[interface]`](macro@crate::interface), untyped through [`call_raw`], [`view_raw`] and [`create_raw`].
//! Not here: what the host makes of a call (gas, depth, re-entry). Invariant: whatever the callee does, the caller goes on, with a value or
//! a [`CallError`]; of a callee that failed nothing is left but the gas it used.
//!
//! ```
//! # mod lines {
//! use coffer_sdk::prelude::*;
//!
//! /// Why a vault does not pay.
//! #[error]
//! pub enum VaultError { Empty { has: u64 }, Closed }
//!
//! /// What is called of a vault. From a module there is `import_contract!(pub mod vault = "vault.wasm")`.
//! #[interface]
//! pub trait Vault {
//!     fn pay(&mut self, to: AccountId, amount: u64) -> Result<u64, VaultError>;
//!     fn holds(&self) -> u64;
//! }
//!
//! #[contract]
//! pub struct Shop { vault: Item<ContractId> }
//! #[error]
//! pub enum Error { Vault { has: u64 }, VaultBroken }
//!
//! #[contract]
//! impl Shop {
//!     pub fn init(&mut self, vault: ContractId) { self.vault.set(&vault) }
//!
//!     pub fn refund(&mut self, to: AccountId, amount: u64) -> Result<u64, Error> {
//!         let mut vault = Vault::at(self.vault.get_or_default()).with_gas(20_000_000);
//!         vault.pay(to, amount).map_err(|error| match error {
//!             CallError::Failed(VaultError::Empty { has }) => Error::Vault { has },
//!             _ => Error::VaultBroken,
//!         })
//!     }
//!
//!     pub fn can_refund(&self, amount: u64) -> bool {
//!         Vault::at(self.vault.get_or_default()).holds().is_ok_and(|holds| holds >= amount)
//!     }
//! }
//! # }
//! ```

mod arguments;
mod client;
mod error;
mod reply;

#[doc(hidden)]
pub use arguments::Arguments;
pub use client::{Callee, ContractClient, NewContract};
pub use coffer_abi::spec::describe::Never;
pub use coffer_abi::{Refused, TrapKind};
pub use error::{CallError, RawError};

use alloc::vec::Vec;

use coffer_abi::ContractId;
use coffer_abi::spec::describe::Returns;

use crate::guest;
use reply::{Reply, owned, typed};

/// What a method that returns `R` gives to another contract: its value, or why there is none.
pub type Outcome<R> = Result<<R as Returns>::Value, CallError<<R as Returns>::Error>>;

/// Calls a method of kind `call` with encoded arguments, and returns its encoded result. `gas` bounds what the callee may use; without it,
/// it is all but a 64th of what the caller has left. Traps in a view.
///
/// # Errors
/// Why there is no result; of a contract error the code and the encoding.
pub fn call_raw(
    contract: &ContractId,
    method: &str,
    arguments: &[u8],
    gas: Option<u64>,
) -> Result<Vec<u8>, CallError<RawError>> {
    owned(ask_call(&Callee::new(*contract, gas), method, arguments).read())
}

/// Calls a method of kind `view`, in this state or, from a private one, in the public state. Otherwise as [`call_raw`].
///
/// # Errors
/// As [`call_raw`].
pub fn view_raw(
    contract: &ContractId,
    method: &str,
    arguments: &[u8],
    gas: Option<u64>,
) -> Result<Vec<u8>, CallError<RawError>> {
    owned(ask_view(&Callee::new(*contract, gas), method, arguments).read())
}

/// Makes a contract of code that this state holds, and runs its `init` with encoded arguments. Traps in a view.
///
/// # Errors
/// Why there is no new contract: [`Refused::NoSuchCode`], [`Refused::ContractExists`] for code and salt used before, or what came of `init`.
pub fn create_raw(new: &NewContract, arguments: &[u8]) -> Result<ContractId, CallError<RawError>> {
    let reply = ask_create(new, arguments);
    let (status, contract) = reply.read_created();
    owned(status).map(|_| contract)
}

/// Runs a method of kind `call`; for the clients that macros make.
#[doc(hidden)]
pub fn call<R: Returns>(callee: &Callee, method: &str, arguments: &Arguments) -> Outcome<R> {
    typed::<R>(ask_call(callee, method, arguments.bytes()).read())
}

/// Runs a method of kind `view`; for the clients that macros make.
#[doc(hidden)]
pub fn view<R: Returns>(callee: &Callee, method: &str, arguments: &Arguments) -> Outcome<R> {
    typed::<R>(ask_view(callee, method, arguments.bytes()).read())
}

/// Makes a contract; for the clients that macros make.
#[doc(hidden)]
pub fn create<R: Returns>(new: &NewContract, arguments: &Arguments) -> Result<Callee, CallError<R::Error>> {
    let reply = ask_create(new, arguments.bytes());
    let (status, contract) = reply.read_created();
    typed::<R>(status).map(|_| Callee::new(contract, None))
}

// One of each in a contract, however many methods it calls.

#[inline(never)]
fn ask_call(callee: &Callee, method: &str, input: &[u8]) -> Reply {
    Reply::of(|out| guest::call(&callee.contract.0, method.as_bytes(), input, callee.gas, out))
}

#[inline(never)]
fn ask_view(callee: &Callee, method: &str, input: &[u8]) -> Reply {
    Reply::of(|out| guest::view(&callee.contract.0, method.as_bytes(), input, callee.gas, out))
}

#[inline(never)]
fn ask_create(new: &NewContract, input: &[u8]) -> Reply {
    Reply::of(|out| guest::create(&new.code.0, &new.salt, input, new.gas, out))
}
