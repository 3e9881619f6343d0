//! The contract against a host in memory: one file for each part. Here: the vault that the tests have, and how they call it.

mod access;
mod entries;
mod epochs;

use super::*;
use coffer_sdk::native::{Emitted, MemoryHost, with_host};

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

/// A chain with the contract. A call that fails changes nothing.
#[derive(Clone)]
pub struct Chain {
    host: MemoryHost,
}

impl Chain {
    /// No vault yet.
    pub fn empty() -> Self {
        let mut host = MemoryHost::called_by(ALICE);
        host.time = 1_000;
        Self { host }
    }

    /// With the vault `acme` of Alice.
    pub fn with_vault() -> Self {
        let mut chain = Self::empty();
        chain.by(ALICE, |contract| contract.create("acme".into(), access(), vec![9; 16])).unwrap();
        chain.host.events.clear();
        chain
    }

    /// Calls the contract by a transaction that `account` signed.
    pub fn by<T>(&mut self, account: AccountId, call: impl FnOnce(&mut Vault) -> Result<T, Error>) -> Result<T, Error> {
        self.through(account, account, call)
    }

    /// The same through somebody in between.
    pub fn through<T>(
        &mut self,
        caller: AccountId,
        origin: AccountId,
        call: impl FnOnce(&mut Vault) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut host = self.host.clone();
        (host.caller, host.origin) = (caller, origin);
        let (result, host) = with_host(host, || call(&mut Vault::open()));
        if result.is_ok() {
            self.host = host;
        }
        result
    }

    /// Asks the contract without changing anything.
    pub fn ask<T>(&self, account: AccountId, view: impl FnOnce(&Vault) -> T) -> T {
        let mut host = self.host.clone();
        (host.caller, host.origin, host.read_only) = (account, account, true);
        with_host(host, || view(&Vault::open())).0
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
        core::mem::take(&mut self.host.events)
    }
}
