//! What tests are written with: names of users, resources, things to be created. Not here: the programme they are created in (`world`).

use budget::{AmountType, Error, Field, NewItem, NewProject, NewSubproject, Policies, Resource, Totals};
use coffer_sdk::prelude::*;
use permission::{Intent, NewUser};

/// Has all rights there are.
pub const ROOT: &str = "Acme/root";
/// Users without any right but those that a test gives them.
pub const ALICE: &str = "Acme/alice";
pub const BOB: &str = "Umbrella/bob";
pub const CAROL: &str = "Ministry/carol";

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

/// Every intent that is about a project or something in it.
pub fn all_intents() -> Vec<Intent> {
    let below = |intent: &Intent| {
        ["project.", "subproject.", "workflowitem."].iter().any(|level| intent.name().starts_with(level))
    };
    Intent::ALL.iter().copied().filter(below).collect()
}

pub fn new_user(user: &str, account: AccountId) -> NewUser {
    let (organisation, id) = user.split_once('/').expect("organisation/id");
    NewUser { organisation: organisation.to_owned(), id: id.to_owned(), account, display: Hash::default() }
}

/// True for a refusal of a value of this field.
pub fn is_invalid(error: &Error, name: &str) -> bool {
    matches!(error, Error::Invalid { field, .. } if field == name)
}

/// True for a refusal because this field is missing.
pub fn is_missing(error: &Error, name: &str) -> bool {
    matches!(error, Error::Missing { field, .. } if field == name)
}

/// A total, asked for until it is whole.
pub fn whole(mut ask: impl FnMut(Option<Totals>) -> Totals) -> Totals {
    let mut so_far = None;
    loop {
        let answer = ask(so_far);
        if answer.next.is_none() {
            return answer;
        }
        so_far = Some(answer);
    }
}
