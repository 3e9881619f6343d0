//! The contract on both engines: one file for each part. Here: the vault that the tests have, and how they call it.

mod access;
mod entries;
mod epochs;

use super::*;
use coffer_sdk::native::{MemoryHost, with_host};
use coffer_test::Emitted;
use coffer_test::prelude::*;

pub const ALICE: AccountId = AccountId([1; 32]);
pub const BOB: AccountId = AccountId([2; 32]);
pub const CAROL: AccountId = AccountId([3; 32]);
pub const DAVE: AccountId = AccountId([4; 32]);

/// What stands for sealed bytes: 40 of them and more.
pub fn sealed(n: u8) -> Vec<u8> {
    vec![n; 40 + usize::from(n)]
}

pub fn id() -> VaultId {
    VaultId { founder: ALICE, name: "acme".into() }
}

/// Alice owns, Bob writes, Carol reads; Dave is nobody.
pub fn access() -> Access {
    Access { owners: vec![ALICE], writers: vec![BOB], readers: Readers::Only(vec![CAROL]) }
}

/// What the tests call.
pub type Contract = ClientOf<Vault>;

/// BLAKE3 of some bytes.
pub fn hash(bytes: &[u8]) -> Hash {
    with_host(MemoryHost::default(), || crypto::blake3(bytes)).0
}

/// A chain with the contract.
pub struct Chain<'t> {
    test: &'t Test,
    contract: Contract,
}

impl<'t> Chain<'t> {
    /// No vault yet, at the time 1,000.
    pub fn empty(test: &'t Test) -> Self {
        test.travel_to(1_000);
        // A test may have several, one after the other.
        let contract = test.contract::<Vault>(&format!("vault-{}", test.height()));
        Self { test, contract }
    }

    /// With the vault `acme` of Alice.
    pub fn with_vault(test: &'t Test) -> Self {
        let mut chain = Self::empty(test);
        chain.by(ALICE, |contract| contract.create("acme".into(), access(), vec![9; 16])).unwrap();
        chain.events();
        chain
    }

    /// Calls the contract by a transaction that `account` signed.
    pub fn by<T>(&mut self, account: AccountId, call: impl FnOnce(&Contract) -> T) -> T {
        call(&self.contract.as_account(account))
    }

    /// The same through somebody in between.
    pub fn through<T>(&mut self, caller: AccountId, origin: AccountId, call: impl FnOnce(&Contract) -> T) -> T {
        call(&self.contract.as_account(origin).through(ContractId(caller.0)))
    }

    /// Asks the contract.
    pub fn ask<T>(&self, account: AccountId, view: impl FnOnce(&Contract) -> T) -> T {
        view(&self.contract.as_account(account))
    }

    pub fn put(&mut self, by: AccountId, entry: &str, bytes: Vec<u8>, epoch: u32, seen: u32) -> Result<u32, Error> {
        self.by(by, |contract| contract.put(id(), entry.into(), bytes, epoch, seen))
    }

    pub fn remove(&mut self, by: AccountId, entry: &str, seen: u32) -> Result<u32, Error> {
        self.by(by, |contract| contract.remove(id(), entry.into(), seen))
    }

    pub fn about(&self) -> VaultRecord {
        self.ask(ALICE, |contract| contract.about(id())).unwrap()
    }

    /// The events since the last look.
    pub fn events(&mut self) -> Vec<Emitted> {
        let events = self.test.emitted();
        self.test.forget_events();
        events
    }
}
