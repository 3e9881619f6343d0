//! The contract on both engines: one file for each part. Here: the programme that the tests play in, and how they call it.

mod bounds;
mod budget;
mod decision;
mod granting;
mod groups;
mod guard;
mod identities;
mod matrix;
mod sequences;
mod views;

use super::*;
use coffer_test::Emitted;
use coffer_test::prelude::*;

pub const ALICE: AccountId = AccountId([1; 32]);
pub const BOB: AccountId = AccountId([2; 32]);
pub const CAROL: AccountId = AccountId([3; 32]);
pub const DAVE: AccountId = AccountId([4; 32]);
pub const STRANGER: AccountId = AccountId([99; 32]);
pub const BUDGET: ContractId = ContractId([200; 32]);

pub const FOREVER: Terms = Terms { inheritable: true, until: None };

/// What the tests call.
pub type Contract = ClientOf<Permission>;

pub fn until(until: u64) -> Terms {
    Terms { inheritable: true, until: Some(until) }
}

pub fn project() -> Resource {
    Resource::Project { project: "road".into() }
}

pub fn subproject() -> Resource {
    Resource::Subproject { project: "road".into(), subproject: "bridge".into() }
}

pub fn item() -> Resource {
    Resource::Item { project: "road".into(), subproject: "bridge".into(), item: "steel".into() }
}

pub fn group(name: &str) -> Resource {
    Resource::Group { group: name.into() }
}

/// A programme that tests play in.
pub struct Programme<'t> {
    test: &'t Test,
    contract: Contract,
}

impl<'t> Programme<'t> {
    /// A contract that has not begun, at the time 1,000.
    pub fn nothing(test: &'t Test) -> Self {
        test.travel_to(1_000);
        // A test may have several, one after the other.
        let contract = test.contract::<Permission>(&format!("permission-{}", test.height()));
        Self { test, contract }
    }

    /// A programme of two organisations: Alice of `acme` is the first administrator, then there are Bob of `acme`, Carol of `donor` and
    /// Dave of `donor`. Only Alice has more than the rights on herself.
    pub fn new(test: &'t Test) -> Self {
        let mut programme = Self::nothing(test);
        let administrator = user("acme", "alice", ALICE);
        programme.by(ALICE, |contract| contract.init(administrator)).unwrap();
        for (organisation, id, account) in [("acme", "bob", BOB), ("donor", "carol", CAROL), ("donor", "dave", DAVE)] {
            let new = user(organisation, id, account);
            programme.by(ALICE, |contract| contract.create_user(new)).unwrap();
        }
        programme.by(ALICE, |contract| contract.link(BUDGET)).unwrap();
        programme.events();
        programme
    }

    /// The same with a project, a subproject and a workflow item, all created by Alice.
    pub fn with_tree(test: &'t Test) -> Self {
        let mut programme = Self::new(test);
        for resource in [project(), subproject(), item()] {
            programme.created(ALICE, resource, None).unwrap();
        }
        programme.events();
        programme
    }

    /// Calls the contract by a transaction that `account` signed.
    pub fn by<T>(&mut self, account: AccountId, call: impl FnOnce(&Contract) -> T) -> T {
        call(&self.contract.as_account(account))
    }

    /// The same through a contract in between.
    pub fn through<T>(&mut self, contract: ContractId, account: AccountId, call: impl FnOnce(&Contract) -> T) -> T {
        call(&self.contract.as_account(account).through(contract))
    }

    /// Asks the contract.
    pub fn ask<T>(&self, account: AccountId, view: impl FnOnce(&Contract) -> T) -> T {
        view(&self.contract.as_account(account))
    }

    pub fn created(&mut self, by: AccountId, resource: Resource, restricted_to: Option<&str>) -> Result<(), Error> {
        self.through(BUDGET, by, |contract| contract.resource_created(resource, restricted_to.map(Into::into)))
    }

    pub fn grant(&mut self, by: AccountId, to: &str, intents: &[Intent], on: Resource) -> Result<u32, Error> {
        self.grant_as(by, to, intents, on, FOREVER)
    }

    pub fn grant_as(
        &mut self,
        by: AccountId,
        to: &str,
        intents: &[Intent],
        on: Resource,
        terms: Terms,
    ) -> Result<u32, Error> {
        self.by(by, |contract| contract.grant(to.into(), intents.to_vec(), on, terms, None))
    }

    pub fn deny(&mut self, by: AccountId, to: &str, intents: &[Intent], on: Resource) -> Result<u32, Error> {
        self.by(by, |contract| contract.deny(to.into(), intents.to_vec(), on, FOREVER, None))
    }

    pub fn revoke(&mut self, by: AccountId, of: &str, intents: &[Intent], on: Resource) -> Result<u32, Error> {
        self.by(by, |contract| contract.revoke(of.into(), intents.to_vec(), on, None))
    }

    pub fn new_group(&mut self, by: AccountId, name: &str, members: &[&str]) -> Result<(), Error> {
        let members = members.iter().map(|member| (*member).to_owned()).collect();
        self.by(by, |contract| contract.create_group(name.into(), members))
    }

    pub fn join(&mut self, by: AccountId, name: &str, member: &str) -> Result<u32, Error> {
        self.by(by, |contract| contract.add_member(name.into(), member.into(), None))
    }

    pub fn leave(&mut self, by: AccountId, name: &str, member: &str) -> Result<u32, Error> {
        self.by(by, |contract| contract.remove_member(name.into(), member.into(), None))
    }

    pub fn disable(&mut self, by: AccountId, user: &str) -> Result<u32, Error> {
        self.by(by, |contract| contract.disable_user(user.into(), None))
    }

    pub fn can(&self, account: AccountId, intent: Intent, on: &Resource) -> bool {
        let asked = vec![(intent, on.clone())];
        self.ask(account, |contract| contract.check(account, asked)) == [Verdict::Allowed]
    }

    pub fn time(&self) -> u64 {
        self.test.time()
    }

    pub fn at(&mut self, time: u64) {
        self.test.travel_to(time);
    }

    /// The events since the last look.
    pub fn events(&mut self) -> Vec<Emitted> {
        let events = self.test.emitted();
        self.test.forget_events();
        events
    }
}

pub fn user(organisation: &str, id: &str, account: AccountId) -> NewUser {
    NewUser { organisation: organisation.into(), id: id.into(), account, display: Hash([7; 32]) }
}

/// The refusal for want of a right that nothing grants.
pub fn lacks<T>(right: Intent, resource: Resource) -> Result<T, Error> {
    Err(Error::NotAllowed { right: right.name().into(), resource, because: Absence::NotGranted })
}

pub fn last_holder<T>(right: Intent, resource: Resource) -> Result<T, Error> {
    Err(Error::LastHolder { right: right.name().into(), resource })
}
