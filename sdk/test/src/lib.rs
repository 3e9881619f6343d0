//! Tests of Coffer contracts: one body runs natively and as Wasm, without a node, a server or a download.
//!
//! A test is a function over a [`Test`], with `#[coffer_test]` above it. It runs twice: as Wasm on the node's runtime, then natively on the same host
//! functions. Every call must end alike on both, tell the same events, write the same values and make the same contracts; at the end the states must
//! have the same roots. Gas is that of Wasm.
//!
//! In the contract's `Cargo.toml`:
//!
//! ```toml
//! [dev-dependencies]
//! coffer-test = { path = "../sdk/test" } # wherever the SDK is
//! ```
//!
//! In its source, behind `#[cfg(test)] mod tests;`:
//!
//! ```ignore
//! use super::*;
//! use coffer_test::prelude::*;
//!
//! #[coffer_test]
//! fn counting_is_remembered_and_told(test: &Test) {
//!     let bob = test.account("bob");
//!     let counter = test.contract::<Counter>("counter"); // named; it is there after its `init`
//!     counter.init(5);                                   // signed by `alice` unless the test says otherwise
//!     assert_eq!(counter.as_account(bob).add(2), Ok(7)); // the signer of this call
//!     assert_eq!(counter.value(), 7);
//!     assert_eq!(counter.as_account(bob).add(u64::MAX), Err(Error::Overflow));
//!     assert_eq!(test.events::<Added>(), [Added { who: bob, value: 7 }]);
//! }
//! ```
//!
//! A client has the contract's methods with `&self`, and each returns what the method returns. A call that panics, traps or is refused fails the test;
//! [`Test::stops`] waits for that instead. `as_account` chooses who signs, and `through(id)` puts a contract in between, as the caller. The functions
//! of a test take a client as `&ClientOf<Counter>`.
//!
//! # More than one contract
//! Contracts that call each other are other crates. A contract is a `cdylib`, which no crate can depend on, so a contract that others test against has
//! a second manifest beside it that builds the same source as a library, `native/Cargo.toml`:
//!
//! ```toml
//! [package]
//! name = "token-native" # the contract's package and `-native`
//! version = "0.1.0"
//! edition = "2024"
//!
//! [lib]
//! name = "token" # the contract's own name: its Wasm is found by it
//! path = "../src/lib.rs"
//! test = false
//! doctest = false
//!
//! [dependencies]
//! coffer-sdk = { workspace = true }
//! ```
//!
//! It stands in the workspace's `members` and not in its `default-members`. The test's crate names it: `token = { package = "token-native", path =
//! "../token/native" }` under `[dev-dependencies]`. Then `test.contract::<token::Token>("gold")` is the real one, on both engines.
//!
//! # States, time, doubles
//! Contracts are in the private state `PS1`, beside which there is [`Test::public`]; [`Test::private`] makes others. [`Test::advance`] and
//! [`Test::travel_to`] move height and time, which stand still otherwise. [`Test::double`] answers by closures in the place of a contract.
//!
//! # What is kept beside the source
//! [`Test::snapshot`] compares what is stored with a committed text, by the names of fields, contracts and accounts. [`Test::measured`] compares gas
//! with a committed table, `gas.txt`; [`spec_is_current`] the spec of a contract, which another one imports, with that of its Wasm. `BLESS=1 cargo test`
//! writes them anew; look at the difference before you commit it.
//!
//! # Random sequences
//! [`Sequences`] tries random commands on both engines, prints its seed, and makes what fails as small as it can. Without code of your own:
//!
//! ```ignore
//! #[test]
//! fn whatever_is_called_the_balances_add_up() {
//!     Sequences::new(here!(whatever_is_called)).sequences(2_000).run_contract::<Token>(deployed, |test, token| {
//!         let held: u128 = token.holders(None, 100).iter().map(|(_, amount)| amount).sum();
//!         assert_eq!(held, token.total_supply());
//!     });
//! }
//! ```
//!
//! With commands of your own, several contracts, or users with roles, write an enum with `#[derive(Clone, Debug)]`, a strategy for it ([`any_of`] makes
//! values of any type of an interface), and a body: `Sequences::new(here!(name)).run(strategy, |test, commands| { .. })`. The body begins with an empty
//! chain each time, and panics when something does not hold.
//!
//! # Going back
//! [`Test::save`] and [`Test::go_back`] begin many times where a test stopped; [`prepared`] makes such a beginning for sequences, which otherwise begin
//! with an empty chain each time.
//!
//! # The Wasm
//! The first test of a process that needs a contract's Wasm builds it: `cargo build --release --target wasm32v1-none` in the contract's workspace,
//! unless no source is newer than the last build. `cargo test` and nextest hold no lock while tests run, so the build waits for none; processes that
//! come at once wait for the first. What the engine compiled is kept in `target/coffer-test`. Both are found again by the next process.
//!
//! Where things are: `test` what a body can say, `chain` carrying calls out, `history` comparing the engines, `native` and `wasm` the engines,
//! `modules` building the Wasm, `readable` and `tree` how it looks.
//! Invariant: a test that passes did the same on both engines.

#![cfg_attr(not(feature = "wasm"), allow(dead_code, reason = "gas and the building of Wasm are for the other engine"))]

mod chain;
mod double;
mod gas;
mod here;
mod history;
mod keys;
mod ledger;
mod modules;
mod names;
mod native;
mod quiet;
mod readable;
mod run;
mod saved;
mod sequences;
mod snapshot;
mod spec;
mod strategy;
mod test;
mod tree;
#[cfg(feature = "wasm")]
mod wasm;
#[cfg(not(feature = "wasm"))]
#[path = "no_wasm.rs"]
mod wasm;

pub use chain::Engine;
pub use coffer_abi::{Refused, Status, TrapKind};
pub use coffer_sdk::native::{Client, Emitted, Tested};
pub use coffer_sdk_macros::coffer_test;
pub use double::Double;
pub use here::Here;
pub use proptest;
pub use run::{Engines, Failure, check, run, run_untraced};
pub use saved::{Saved, prepared};
pub use sequences::{Command, Sequences};
pub use spec::spec_is_current;
pub use strategy::{Pool, any_of};
pub use test::{State, Test};

/// The client of a contract, for the types of a test's own functions.
pub type ClientOf<C> = <C as Tested>::Client;

/// What most tests need, in one line.
pub mod prelude {
    pub use crate::{Client as _, ClientOf, Engine, Refused, Status, Test, TrapKind, coffer_test};
}
