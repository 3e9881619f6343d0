//! Contracts on the machine they are tested on: a host for the current thread, behind the same functions that call the node's host on
//! Wasm. Not here: gas, transactions. Invariant: a host is current only inside of [`with_host`] or [`run`].
//!
//! ```
//! # mod lines {
//! # use coffer_sdk::prelude::*;
//! # #[contract]
//! # pub struct Counter { value: Item<u64> }
//! # #[contract]
//! # impl Counter {
//! #     pub fn add(&mut self, by: u64) -> u64 { let value = self.value() + by; self.value.set(&value); value }
//! #     pub fn value(&self) -> u64 { self.value.get_or_default() }
//! # }
//! # pub fn test() {
//! use coffer_sdk::native::{MemoryHost, with_host};
//!
//! with_host(MemoryHost::default(), || {
//!     let mut counter = Counter::open();
//!     counter.add(2);
//!     assert_eq!(counter.value(), 2);
//! });
//! # }
//! # }
//! # lines::test();
//! ```
//! Contracts that call each other stand side by side in one host, the real ones or doubles written for the test:
//! ```
//! # mod lines {
//! # use coffer_sdk::prelude::*;
//! # #[interface] pub trait Oracle { fn price(&self) -> u64; }
//! # #[contract] pub struct Shop {}
//! # #[contract] impl Shop {
//! #     pub fn total(&self, oracle: ContractId, pieces: u64) -> u64 { Oracle::at(oracle).price().unwrap_or_default() * pieces }
//! # }
//! # pub fn test() {
//! use coffer_sdk::native::{MemoryHost, with_host};
//!
//! #[contract]
//! pub struct Fixed {}
//! #[contract]
//! impl Fixed { pub fn price(&self) -> u64 { 7 } }
//!
//! let (shop, oracle) = (ContractId([1; 32]), ContractId([2; 32]));
//! with_host(MemoryHost::default().with::<Fixed>(oracle).at(shop), || {
//!     assert_eq!(Shop::open().total(oracle, 3), 21);
//! });
//! # }
//! # }
//! # lines::test();
//! ```

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;

use coffer_abi::host::HostFunctions;
use coffer_abi::outcome::TrapKind;

mod client;
mod memory;
mod nested;

#[doc(hidden)]
pub use client::send;
pub use client::{Client, Driver, Recipient, Stopped, Tested};
pub use memory::{Emitted, MemoryHost};

use crate::contract::Contract;

/// Why a call could not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Halt {
    /// It trapped.
    Trapped(TrapKind),
    /// It panicked; carries the text.
    Panicked(String),
    /// The host says otherwise, in its own words.
    Other(String),
}

impl fmt::Display for Halt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trapped(kind) => write!(f, "the call trapped: {kind}"),
            Self::Panicked(text) => write!(f, "the contract panicked: {text}"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Halt {}

type Current = Rc<RefCell<dyn HostFunctions<Halt = Halt>>>;

thread_local! {
    /// The innermost host is last.
    static HOSTS: RefCell<Vec<Current>> = const { RefCell::new(Vec::new()) };
}

/// Makes a host current until it is dropped, also by a panic.
struct Entered;

impl Entered {
    fn new(host: Current) -> Self {
        HOSTS.with_borrow_mut(|hosts| hosts.push(host));
        Self
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        HOSTS.with_borrow_mut(Vec::pop);
    }
}

/// Runs `body` with `host` behind the host functions of this thread, and returns what it returned, and the host.
///
/// # Panics
/// If `body` panics, or the host ends the call.
pub fn with_host<H, T>(host: H, body: impl FnOnce() -> T) -> (T, H)
where
    H: HostFunctions<Halt = Halt> + 'static,
{
    let (ended, host) = caught(host, body);
    match ended {
        Ok(value) => (value, host),
        Err(payload) => match payload.downcast::<Halt>() {
            Ok(halt) => panic!("{halt}"),
            Err(payload) => resume_unwind(payload),
        },
    }
}

/// Runs the export `name` of a contract (`"call add"`, `"view value"`, `"init"`) as the node does: arguments from the host's input, the
/// result into its output. A panic of the contract is caught and returned as its text.
///
/// # Errors
/// Why the call could not go on. A contract error is none: it is in the host, like a result.
///
/// # Panics
/// If the contract has no such export.
pub fn run<C: Contract, H>(host: H, name: &str) -> (Result<(), Halt>, H)
where
    H: HostFunctions<Halt = Halt> + 'static,
{
    let entry = C::ENTRIES.iter().find(|(export, _)| *export == name);
    let Some((_, entry)) = entry else { panic!("the contract {} has no export `{name}`", C::DESC.name) };
    enter(host, *entry)
}

/// Runs what an export runs ([`Contract::ENTRIES`]), for hosts that look the export up themselves.
///
/// # Errors
/// As [`run`].
pub fn enter<H>(host: H, entry: fn()) -> (Result<(), Halt>, H)
where
    H: HostFunctions<Halt = Halt> + 'static,
{
    let (ended, host) = caught(host, entry);
    let ended = ended.map_err(|payload| match payload.downcast::<Halt>() {
        Ok(halt) => *halt,
        Err(payload) => Halt::Panicked(text_of(payload.as_ref())),
    });
    (ended, host)
}

fn caught<H, T>(host: H, body: impl FnOnce() -> T) -> (Result<T, Box<dyn Any + Send>>, H)
where
    H: HostFunctions<Halt = Halt> + 'static,
{
    let host = Rc::new(RefCell::new(host));
    let ended = {
        let _entered = Entered::new(host.clone());
        // The host is looked at afterwards: that is what a test of a failed call wants, and no invariant of ours spans the call.
        catch_unwind(AssertUnwindSafe(body))
    };
    match Rc::try_unwrap(host) {
        Ok(host) => (ended, host.into_inner()),
        Err(_) => unreachable!("nothing else keeps a host once it is no longer current"),
    }
}

fn text_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default()
}

/// Calls the current host; a halt unwinds to whoever made the host current.
pub(crate) fn with_current<T>(call: impl FnOnce(&mut dyn HostFunctions<Halt = Halt>) -> Result<T, Halt>) -> T {
    let host = HOSTS.with_borrow(|hosts| hosts.last().cloned());
    let Some(host) = host else {
        panic!("no host: a contract runs inside of `coffer_sdk::native::with_host` when it is not Wasm")
    };
    let result = call(&mut *host.borrow_mut());
    drop(host);
    result.unwrap_or_else(|halt| resume_unwind(Box::new(halt)))
}
