//! A programme for tests: permission and budget beside each other on a host in memory, with named users. What a failed command did is undone,
//! as the node undoes it.

use budget::{AmountType, Kind, Policies};
use budget::{Budget, Details, Error, Field, NewItem, NewProject, NewSubproject, Page, Resource, Row, Thing, Work};
use coffer_sdk::native::{MemoryHost, with_host};
use coffer_sdk::prelude::*;
use permission::{Intent, NewUser, Permission, Terms};

pub const PERMISSION: ContractId = ContractId([1; 32]);
pub const BUDGET: ContractId = ContractId([2; 32]);

/// Has all rights there are.
pub const ROOT: &str = "Acme/root";
/// Users without any right but those that a test gives them.
pub const ALICE: &str = "Acme/alice";
pub const BOB: &str = "Umbrella/bob";
pub const CAROL: &str = "Ministry/carol";

#[derive(Clone)]
pub struct World {
    pub host: MemoryHost,
    /// As it was before the last command.
    pub before: MemoryHost,
}

/// The account of a user: its name.
pub fn account(user: &str) -> AccountId {
    let mut account = [0; 32];
    account[..user.len()].copy_from_slice(user.as_bytes());
    AccountId(account)
}

pub fn project(project: &str) -> Resource {
    Resource::Project { project: project.to_owned() }
}

pub fn subproject(project: &str, subproject: &str) -> Resource {
    Resource::Subproject { project: project.to_owned(), subproject: subproject.to_owned() }
}

pub fn item(project: &str, subproject: &str, item: &str) -> Resource {
    Resource::Item { project: project.to_owned(), subproject: subproject.to_owned(), item: item.to_owned() }
}

/// The resource as the permission contract's crate has it.
pub fn there(resource: &Resource) -> permission::Resource {
    use permission::Resource as There;
    match resource.clone() {
        Resource::Global => There::Global,
        Resource::User { user } => There::User { user },
        Resource::Group { group } => There::Group { group },
        Resource::Project { project } => There::Project { project },
        Resource::Subproject { project, subproject } => There::Subproject { project, subproject },
        Resource::Item { project, subproject, item } => There::Item { project, subproject, item },
    }
}

pub fn new_project(id: &str) -> NewProject {
    NewProject {
        id: Some(id.to_owned()),
        name: format!("Project {id}"),
        assignee: None,
        projected: Vec::new(),
        policies: Policies::default(),
        fields: Vec::new(),
    }
}

pub fn new_subproject(id: &str) -> NewSubproject {
    NewSubproject {
        id: Some(id.to_owned()),
        name: format!("Subproject {id}"),
        currency: "EUR".to_owned(),
        assignee: None,
        validator: None,
        item_type: None,
        mode: budget::Mode::Ordered,
        projected: Vec::new(),
        fields: Vec::new(),
    }
}

/// An item that is not about money.
pub fn new_item(id: &str) -> NewItem {
    NewItem {
        id: Some(id.to_owned()),
        name: format!("Item {id}"),
        amount_type: AmountType::NotApplicable,
        assignee: None,
        item_type: budget::ItemType::General,
        corrects: None,
        fields: Vec::new(),
        documents: Vec::new(),
    }
}

pub fn amount(value: &str) -> Field {
    Field::Amount(Some(value.to_owned()))
}

pub fn currency(code: &str) -> Field {
    Field::Currency(Some(code.to_owned()))
}

pub fn rate(value: &str) -> budget::Rate {
    budget::Rate { value: value.to_owned(), source: "European Central Bank".to_owned(), date: 5 }
}

/// An item of an amount in euros.
pub fn paid(id: &str, amount_type: AmountType, value: &str) -> NewItem {
    NewItem { amount_type, fields: vec![amount(value), currency("EUR")], ..new_item(id) }
}

pub fn projected(organisation: &str, value: &str, currency: &str) -> budget::NewProjected {
    budget::NewProjected {
        organisation: organisation.to_owned(),
        value: value.to_owned(),
        currency: currency.to_owned(),
    }
}

impl World {
    /// A programme of the parties Acme, Umbrella and Ministry with nothing in it.
    pub fn empty() -> Self {
        let mut host = MemoryHost::default().with::<Permission>(PERMISSION).with::<Budget>(BUDGET);
        host.time = 1_000;
        let mut world = Self { host, before: MemoryHost::default() };
        world.rights(ROOT, |permission| permission.init(new_user(ROOT)));
        world.rights(ROOT, |permission| permission.link(BUDGET));
        let parties = ["Acme", "Umbrella", "Ministry"].map(str::to_owned).to_vec();
        world.ok(ROOT, |budget| budget.init(PERMISSION, parties));
        for user in [ALICE, BOB, CAROL] {
            world.rights(ROOT, |permission| permission.create_user(new_user(user)));
        }
        world
    }

    /// The same with a project `p`, a subproject `s` in it, and users who may see and do everything there.
    pub fn new() -> Self {
        Self::with_subproject(new_subproject("s"))
    }

    /// The same with another subproject `s`.
    pub fn with_subproject(new: NewSubproject) -> Self {
        let mut world = Self::empty();
        world.ok(ROOT, |budget| budget.project_create(new_project("p")));
        for user in [ALICE, BOB, CAROL] {
            world.grant(user, &[Intent::GlobalCreateProject], &Resource::Global);
            world.grant(user, &all_intents(), &project("p"));
        }
        world.ok(ROOT, |budget| budget.subproject_create("p".to_owned(), new, None));
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

    /// Runs a command that is refused.
    #[track_caller]
    pub fn refused<T>(&mut self, user: &str, command: impl FnOnce(&mut Budget) -> Result<T, Error>) -> Error {
        match self.run(user, command) {
            Ok(_) => panic!("not refused"),
            Err(error) => error,
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
        self.rights(ROOT, |permission| permission.create_user(new_user(user)));
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

    /// Names of the budget's events since there were so many events in all.
    pub fn events_since(&self, count: usize) -> Vec<String> {
        let new = self.host.events.iter().skip(count);
        new.filter(|event| event.contract == BUDGET).map(|event| event.name.clone()).collect()
    }
}

/// Every intent that is about a project or something in it.
pub fn all_intents() -> Vec<Intent> {
    let below = |intent: &Intent| {
        ["project.", "subproject.", "workflowitem."].iter().any(|level| intent.name().starts_with(level))
    };
    Intent::ALL.iter().copied().filter(below).collect()
}

pub fn new_user(user: &str) -> NewUser {
    let (organisation, id) = user.split_once('/').expect("organisation/id");
    NewUser {
        organisation: organisation.to_owned(),
        id: id.to_owned(),
        account: account(user),
        display: Hash::default(),
    }
}

/// True for a refusal of a value of this field.
pub fn is_invalid(error: &Error, name: &str) -> bool {
    matches!(error, Error::Invalid { field, .. } if field == name)
}

/// True for a refusal because this field is missing.
pub fn is_missing(error: &Error, name: &str) -> bool {
    matches!(error, Error::Missing { field, .. } if field == name)
}
