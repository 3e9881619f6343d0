//! Projected budgets.

use budget::{Details, Error, NewProject, NewSubproject, Projected};

use coffer_test::prelude::*;

use crate::given::*;
use crate::world::World;

fn budgets(world: &mut World, of: &budget::Resource) -> Vec<(String, String, String)> {
    match world.look(ROOT, |budget| budget.get(of.clone())) {
        Ok(Details::Full { projected, .. }) => projected
            .into_iter()
            .map(|Projected { organisation, currency, value }| (organisation, currency, value))
            .collect(),
        other => panic!("{other:?}"),
    }
}

fn row(organisation: &str, currency: &str, value: &str) -> (String, String, String) {
    (organisation.to_owned(), currency.to_owned(), value.to_owned())
}

/// Rule: (organisation, currency) is unique in a list of projected budgets: a duplicate at creation is refused (T)
#[coffer_test]
fn two_projected_budgets_of_one_organisation_and_currency_are_refused_at_creation(test: &Test) {
    let mut world = World::empty(test);
    let with = |budgets: &[(&str, &str)]| NewProject {
        projected: budgets.iter().map(|(whose, code)| projected(whose, "5", code)).collect(),
        ..new_project("p")
    };
    let error = world.refused(ROOT, |budget| budget.project_create(with(&[("Acme", "EUR"), ("Acme", "EUR")])));
    assert!(is_invalid(&error, "projected"), "{error:?}");
    world.ok(ROOT, |budget| budget.project_create(with(&[("Acme", "EUR"), ("Acme", "USD"), ("Umbrella", "EUR")])));
    assert_eq!(budgets(&mut world, &project("p")).len(), 3);
    let new = NewSubproject { projected: vec![projected("Acme", "1", "EUR"); 2], ..new_subproject("s") };
    let error = world.refused(ROOT, |budget| budget.subproject_create("p".into(), new, None));
    assert!(is_invalid(&error, "projected"), "{error:?}");
}

/// Rule: an update of a projected budget overwrites, deleting an absent pair is a no-op (T)
#[coffer_test]
fn setting_a_projected_budget_overwrites_it_and_deleting_an_absent_one_does_nothing(test: &Test) {
    let mut world = World::new(test);
    let p = project("p");
    world.ok(ROOT, |budget| budget.budget_set(p.clone(), projected("Acme", "200000", "EUR"), None));
    world.ok(ROOT, |budget| budget.budget_set(p.clone(), projected("Acme", "100000.50", "EUR"), None));
    assert_eq!(budgets(&mut world, &p), [row("Acme", "EUR", "100000.5")]);
    let events = world.event_count();
    world.ok(ROOT, |budget| budget.budget_delete(p.clone(), "Umbrella".into(), "EUR".into(), None));
    assert_eq!(world.events_since(events), Vec::<String>::new());
    let version = world.thing(&p).version;
    world.ok(ROOT, |budget| budget.budget_delete(p.clone(), "Acme".into(), "EUR".into(), None));
    assert_eq!(budgets(&mut world, &p), []);
    assert_eq!(world.thing(&p).version, version + 1);
}

/// Rule: projected budgets are of projects and subprojects, and not below 0 (+)
#[coffer_test]
fn a_projected_budget_is_not_negative_and_no_items(test: &Test) {
    let mut world = World::new(test);
    let s = subproject("p", "s");
    let error = world.refused(ROOT, |budget| budget.budget_set(s.clone(), projected("Acme", "-1", "EUR"), None));
    assert!(is_invalid(&error, "projected.value"), "{error:?}");
    let error = world.refused(ROOT, |budget| budget.budget_set(s.clone(), projected("", "1", "EUR"), None));
    assert!(is_missing(&error, "projected.organisation"), "{error:?}");
    let a = world.item(ROOT, new_item("a"));
    let error = world.refused(ROOT, |budget| budget.budget_set(a.clone(), projected("Acme", "1", "EUR"), None));
    assert_eq!(error, Error::NotFound { resource: a });
}
