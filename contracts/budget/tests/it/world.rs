//! A programme for tests: permission and budget beside each other in a private state, natively and as Wasm, with named users.

use budget::{Budget, Details, Error, Kind, NewItem, NewSubproject, Page, Resource, Row, Thing, Work};
use coffer_sdk::__private::codec::Decode;
use coffer_sdk::event::Event;
use coffer_test::Saved;
use coffer_test::prelude::*;
use permission::{Intent, Permission, Terms};

use crate::given::*;

pub struct World<'t> {
    pub test: &'t Test,
    pub permission: ClientOf<Permission>,
    pub budget: ClientOf<Budget>,
}

impl<'t> World<'t> {
    fn of(test: &'t Test, state: &str) -> Self {
        let state = test.private(state);
        let (permission, budget) = (state.contract::<Permission>("permission"), state.contract::<Budget>("budget"));
        Self { test, permission, budget }
    }

    /// The programme of a test that began with one and was then saved.
    pub fn again(test: &'t Test, saved: &Saved) -> Self {
        test.go_back(saved);
        Self::of(test, "programme 1")
    }

    /// A programme of the parties Acme, Umbrella and Ministry with nothing in it, in a private state of its own.
    pub fn empty(test: &'t Test) -> Self {
        let mut world = Self::of(test, &format!("programme {}", test.height()));
        world.rights(ROOT, |permission| permission.init(new_user(ROOT, test.account(ROOT))));
        let parties = ["Acme", "Umbrella", "Ministry"].map(str::to_owned).to_vec();
        let permission = world.permission.contract_id();
        world.ok(ROOT, |budget| budget.init(permission, parties));
        let budget = world.budget.contract_id();
        world.rights(ROOT, |permission| permission.link(budget));
        for user in [ALICE, BOB, CAROL] {
            world.user(user);
        }
        world
    }

    /// The same with a project `p`, a subproject `s` in it, and users who may see and do everything there.
    pub fn new(test: &'t Test) -> Self {
        Self::with_subproject(test, new_subproject("s"))
    }

    /// The same with another subproject `s`.
    pub fn with_subproject(test: &'t Test, new: NewSubproject) -> Self {
        let mut world = Self::empty(test);
        world.ok(ROOT, |budget| budget.project_create(new_project("p")));
        for user in [ALICE, BOB, CAROL] {
            world.grant(user, &[Intent::GlobalCreateProject], &Resource::Global);
            world.grant(user, &all_intents(), &project("p"));
        }
        world.ok(ROOT, |budget| budget.subproject_create("p".to_owned(), new, None));
        world
    }

    /// Runs a command in a block of its own.
    pub fn run<T>(
        &mut self,
        user: &str,
        command: impl FnOnce(&ClientOf<Budget>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.test.advance(1, 1_000);
        command(&self.budget.as_account(self.test.account(user)))
    }

    /// Runs a command that succeeds.
    #[track_caller]
    pub fn ok<T>(&mut self, user: &str, command: impl FnOnce(&ClientOf<Budget>) -> Result<T, Error>) -> T {
        match self.run(user, command) {
            Ok(value) => value,
            Err(error) => panic!("refused: {error:?}"),
        }
    }

    /// Runs a command that is refused.
    #[track_caller]
    pub fn refused<T>(&mut self, user: &str, command: impl FnOnce(&ClientOf<Budget>) -> Result<T, Error>) -> Error {
        match self.run(user, command) {
            Ok(_) => panic!("not refused"),
            Err(error) => error,
        }
    }

    /// Looks at something.
    pub fn look<T>(&mut self, user: &str, view: impl FnOnce(&ClientOf<Budget>) -> T) -> T {
        view(&self.budget.as_account(self.test.account(user)))
    }

    /// Changes rights.
    #[track_caller]
    pub fn rights<T>(
        &mut self,
        user: &str,
        change: impl FnOnce(&ClientOf<Permission>) -> Result<T, permission::Error>,
    ) -> T {
        self.test.advance(1, 1_000);
        match change(&self.permission.as_account(self.test.account(user))) {
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
    #[track_caller]
    pub fn user(&mut self, user: &str) {
        let account = self.test.account(user);
        self.rights(ROOT, |permission| permission.create_user(new_user(user, account)));
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

    /// Rejects an item.
    #[track_caller]
    pub fn reject(&mut self, resource: &Resource) {
        self.ok(ROOT, |budget| budget.close(resource.clone(), Some("no".to_owned()), None));
    }

    /// Opens something again by the votes of two of the three parties.
    #[track_caller]
    pub fn reopen(&mut self, resource: &Resource) {
        for user in [BOB, CAROL] {
            self.ok(user, |budget| budget.reopen(resource.clone(), true, None));
        }
    }

    /// A thing as root sees it.
    #[track_caller]
    pub fn thing(&mut self, resource: &Resource) -> Thing {
        match self.look(ROOT, |budget| budget.get(resource.clone())) {
            Ok(Details::Full { thing, .. }) => *thing,
            other => panic!("root sees everything: {other:?}"),
        }
    }

    /// The record of an item as root sees it.
    #[track_caller]
    pub fn work(&mut self, resource: &Resource) -> Work {
        match self.thing(resource).kind {
            Kind::Workflowitem(work) => work,
            other => panic!("no item: {other:?}"),
        }
    }

    /// Ids of a list, as root sees it.
    #[track_caller]
    pub fn ids(&mut self, parent: &Resource) -> Vec<String> {
        let page: Page = self.look(ROOT, |budget| budget.list(parent.clone(), None, 50)).expect("root may");
        page.rows
            .into_iter()
            .map(|row| match row {
                Row::Full { id, .. } => id,
                Row::Redacted(redacted) => redacted.id,
            })
            .collect()
    }

    /// How many events there are.
    pub fn event_count(&self) -> usize {
        self.test.emitted().len()
    }

    /// Names of the budget's events since there were so many events in all.
    pub fn events_since(&self, count: usize) -> Vec<String> {
        let own = self.budget.contract_id();
        let new = self.test.emitted().into_iter().skip(count);
        new.filter(|event| event.contract == own).map(|event| event.name).collect()
    }

    /// The last event, if it is an `E`.
    pub fn last_event<E: Event + Decode>(&self) -> Option<E> {
        self.test.emitted().last().and_then(|event| event.read())
    }
}
