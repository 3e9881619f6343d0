//! A programme on a host in memory, for tests that need copies of one: of every cell of a table, before every command. It runs natively alone; the
//! rules are tested on both engines (`world`). What a failed command did is undone, as the node undoes it.

use budget::{Budget, Details, Error, NewItem, Resource, Thing};
use coffer_sdk::native::{MemoryHost, with_host};
use coffer_sdk::prelude::*;
use permission::{Intent, Permission, Terms};

use crate::given::*;

const PERMISSION: ContractId = ContractId([1; 32]);
const BUDGET: ContractId = ContractId([2; 32]);

#[derive(Clone)]
pub struct World {
    pub host: MemoryHost,
    /// As it was before the last command.
    pub before: MemoryHost,
}

/// The account of a user: its name.
fn account(user: &str) -> AccountId {
    let mut account = [0; 32];
    account[..user.len()].copy_from_slice(user.as_bytes());
    AccountId(account)
}

impl World {
    /// A programme of the parties Acme, Umbrella and Ministry with nothing in it.
    pub fn empty() -> Self {
        let mut host = MemoryHost::default().with::<Permission>(PERMISSION).with::<Budget>(BUDGET);
        host.time = 1_000;
        let mut world = Self { host, before: MemoryHost::default() };
        world.rights(ROOT, |permission| permission.init(new_user(ROOT, account(ROOT))));
        world.rights(ROOT, |permission| permission.link(BUDGET));
        let parties = ["Acme", "Umbrella", "Ministry"].map(str::to_owned).to_vec();
        world.ok(ROOT, |budget| budget.init(PERMISSION, parties));
        for user in [ALICE, BOB, CAROL] {
            world.rights(ROOT, |permission| permission.create_user(new_user(user, account(user))));
        }
        world
    }

    fn enter<T>(&mut self, user: &str, contract: ContractId, body: impl FnOnce() -> T) -> T {
        let mut host = std::mem::take(&mut self.host);
        (host.caller, host.origin) = (account(user), account(user));
        host.time += 1_000;
        host.height += 1;
        let (value, host) = with_host(host.at(contract), body);
        self.host = host;
        value
    }

    /// Runs a command. What it did stays only if it succeeds.
    pub fn run<T>(&mut self, user: &str, command: impl FnOnce(&mut Budget) -> Result<T, Error>) -> Result<T, Error> {
        self.before.clone_from(&self.host);
        let done = self.enter(user, BUDGET, || command(&mut Budget::open()));
        if done.is_err() {
            let time = (self.host.time, self.host.height);
            self.host.clone_from(&self.before);
            (self.host.time, self.host.height) = time;
        }
        done
    }

    /// Runs a command that succeeds.
    #[track_caller]
    pub fn ok<T>(&mut self, user: &str, command: impl FnOnce(&mut Budget) -> Result<T, Error>) -> T {
        match self.run(user, command) {
            Ok(value) => value,
            Err(error) => panic!("refused: {error:?}"),
        }
    }

    /// Looks at something; a write would trap.
    pub fn look<T>(&mut self, user: &str, view: impl FnOnce(&Budget) -> T) -> T {
        self.host.read_only = true;
        let seen = self.enter(user, BUDGET, || view(&Budget::open()));
        self.host.read_only = false;
        seen
    }

    /// Changes rights.
    #[track_caller]
    pub fn rights<T>(&mut self, user: &str, change: impl FnOnce(&mut Permission) -> Result<T, permission::Error>) -> T {
        match self.enter(user, PERMISSION, || change(&mut Permission::open())) {
            Ok(value) => value,
            Err(error) => panic!("refused: {error:?}"),
        }
    }

    /// Grants rights there and below.
    #[track_caller]
    pub fn grant(&mut self, principal: &str, intents: &[Intent], resource: &Resource) {
        let terms = Terms { inheritable: true, until: None };
        let (principal, intents, resource) = (principal.to_owned(), intents.to_vec(), there(resource));
        self.rights(ROOT, |permission| permission.grant(principal, intents, resource, terms, None));
    }

    /// Grants rights there and below until some time.
    pub fn grant_until(&mut self, principal: &str, intents: &[Intent], resource: &Resource, until: u64) {
        let terms = Terms { inheritable: true, until: Some(until) };
        let (principal, intents, resource) = (principal.to_owned(), intents.to_vec(), there(resource));
        self.rights(ROOT, |permission| permission.grant(principal, intents, resource, terms, None));
    }

    /// Denies rights there and below.
    pub fn deny(&mut self, principal: &str, intents: &[Intent], resource: &Resource) {
        let terms = Terms { inheritable: true, until: None };
        let (principal, intents, resource) = (principal.to_owned(), intents.to_vec(), there(resource));
        self.rights(ROOT, |permission| permission.deny(principal, intents, resource, terms, None));
    }

    /// A new user without rights.
    pub fn user(&mut self, user: &str) {
        self.rights(ROOT, |permission| permission.create_user(new_user(user, account(user))));
    }

    /// A new group.
    pub fn group(&mut self, group: &str, members: &[&str]) {
        let members = members.iter().map(|member| (*member).to_owned()).collect();
        self.rights(ROOT, |permission| permission.create_group(group.to_owned(), members));
    }

    /// Creates an item in `s` and returns its resource.
    #[track_caller]
    pub fn item(&mut self, user: &str, new: NewItem) -> Resource {
        let id = self.ok(user, |budget| budget.item_create("p".to_owned(), "s".to_owned(), new, None));
        item("p", "s", &id)
    }

    /// Closes something, as its creator and assignee root.
    #[track_caller]
    pub fn close(&mut self, resource: &Resource) {
        self.ok(ROOT, |budget| budget.close(resource.clone(), None, None));
    }

    /// A thing as root sees it.
    #[track_caller]
    pub fn thing(&mut self, resource: &Resource) -> Thing {
        match self.look(ROOT, |budget| budget.get(resource.clone())) {
            Ok(Details::Full { thing, .. }) => *thing,
            other => panic!("root sees everything: {other:?}"),
        }
    }
}
