//! What a chain holds at some moment, to go back to: for tests that begin many times where another one stopped. Not here: what was called and told so
//! far, which stays. Invariant: a test that went back finds states, height, time and names as they were.

use std::cell::RefCell;

use coffer_abi::AccountId;
use coffer_runtime::BlockContext;

use crate::here::Here;
use crate::ledger::Ledger;
use crate::names::Names;
use crate::run::{Engines, run};
use crate::test::Test;

/// What a chain held when it was saved. Any test of the same thread can go there, whatever engine it is on.
#[derive(Clone)]
pub struct Saved {
    ledger: Ledger,
    names: Names,
    block: BlockContext,
    signer: AccountId,
}

impl Test {
    /// Saves all states with their contracts, height, time and who signs. It takes as long as copying all that is stored.
    pub fn save(&self) -> Saved {
        Saved {
            ledger: self.chain.ledger.borrow().clone(),
            names: self.chain.names.borrow().clone(),
            block: self.chain.block.get(),
            signer: self.chain.signer.get(),
        }
    }

    /// Goes back to what was saved. Clients of contracts that were there then stay good; what was told since then stays told.
    pub fn go_back(&self, saved: &Saved) {
        self.chain.ledger.borrow_mut().clone_from(&saved.ledger);
        self.chain.names.borrow_mut().clone_from(&saved.names);
        self.chain.block.set(saved.block);
        self.chain.signer.set(saved.signer);
    }
}

/// Runs `prepare` once on both engines, as a test of its own, and saves what it leaves.
///
/// # Panics
/// As [`run`].
pub fn prepared(here: Here, prepare: impl Fn(&Test)) -> Saved {
    let left = RefCell::new(None);
    run(here, Engines::Both, |test| {
        prepare(test);
        left.replace(Some(test.save()));
    });
    left.into_inner().unwrap_or_else(|| panic!("`{}` did not run", here.name))
}
