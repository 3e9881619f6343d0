//! The contract on both engines: one file for each part. Here: the network that the tests have, and how they call it.

mod accounts;
mod anchors;
mod beginning;
mod nodes;
mod parties;
mod recovery;
mod rules;
mod validators;
mod votes;

use super::*;
use coffer_test::prelude::*;
use coffer_test::{here, spec_is_current};

pub const POWER: u64 = 1 << 32;

/// What the tests call.
pub type Contract = ClientOf<Network>;

/// The key of an organisation.
pub fn org(i: u8) -> AccountId {
    AccountId([100 + i; 32])
}

/// The key of a node.
pub fn node(i: u8) -> AccountId {
    AccountId([i; 32])
}

pub fn address(i: u8) -> Vec<String> {
    vec![format!("node{i}.example.org:7000")]
}

pub fn new_node(i: u8, role: Role) -> NewNode {
    NewNode { key: node(i), access: Access::Trusted, addresses: address(i), role }
}

/// The organisation `Org<i>` with nodes.
pub fn organisation(i: u8, access: Access, nodes: Vec<NewNode>) -> NewOrganisation {
    NewOrganisation { name: format!("Org{i}"), key: org(i), access, nodes }
}

pub fn parameters() -> Parameters {
    Parameters {
        max_tx_gas: 1_000_000_000,
        max_block_gas: 2_000_000_000,
        max_tx_bytes: 1 << 20,
        max_block_bytes: 3 << 20,
        tick_ms: 60_000,
    }
}

/// A beginning without tag keys, accounts and parties.
pub fn nobody() -> FirstParties {
    FirstParties { tag_keys: Vec::new(), accounts: Vec::new(), parties: Vec::new() }
}

/// A network.
pub struct Net<'t> {
    test: &'t Test,
    contract: Contract,
}

impl<'t> Net<'t> {
    /// A contract that has not begun.
    pub fn nothing(test: &'t Test) -> Self {
        test.advance(1, 1_000);
        // A test may have several, one after the other.
        let contract = test.public().contract::<Network>(&format!("network-{}", test.height()));
        Self { test, contract }
    }

    /// `Org1` to `Org<n>`, all trusted, each with the validator of its number.
    pub fn of(test: &'t Test, n: u8) -> Self {
        let net = Self::nothing(test);
        let all = (1..=n).map(|i| organisation(i, Access::Trusted, vec![new_node(i, Role::Validator)]));
        net.contract.init(all.collect(), parameters(), 1, nobody()).unwrap();
        test.forget_events();
        net
    }

    /// What an account calls by a transaction of its own.
    pub fn by(&self, account: AccountId) -> Contract {
        self.contract.as_account(account)
    }

    /// What anybody asks.
    pub fn ask(&self) -> &Contract {
        &self.contract
    }

    pub fn height(&self) -> u64 {
        self.test.height()
    }

    /// A node of `Org<i>` is let in, and activates itself.
    pub fn add_validator(&self, i: u8, key: u8) {
        self.by(org(i)).approve(node(key), Access::Trusted, address(key)).unwrap();
        self.by(node(key)).activate(self.height()).unwrap();
    }

    /// Keys and powers of the set, by the number in the key.
    pub fn set(&self) -> Vec<(u8, u64)> {
        let set: Vec<_> =
            self.contract.validators().iter().map(|validator| (validator.key.0[0], validator.power)).collect();
        for (key, _) in &set {
            let known = self.contract.node(node(*key)).unwrap();
            assert_eq!(known.role, Role::Validator, "the set and the roles agree");
        }
        set
    }
}

pub fn not_allowed(error: Result<(), Error>) -> bool {
    matches!(error, Err(Error::NotAllowed { .. }))
}

#[test]
fn the_spec_of_the_contract_is_current() {
    spec_is_current::<Network>(here!(the_spec_of_the_contract_is_current), "network.spec");
}
