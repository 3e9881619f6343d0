//! Events: one for each change.

use budget::*;

use coffer_test::prelude::*;

use crate::given::*;
use crate::world::World;

/// Rule: One event per change, typed, with actor, resource, old and new version (+)
#[coffer_test]
fn every_change_has_one_event_with_actor_resource_and_versions(test: &Test) {
    let mut world = World::new(test);
    let (p, s, a) = (project("p"), subproject("p", "s"), item("p", "s", "a"));
    let hash = coffer_sdk::Hash([7; 32]);
    let mut count = world.event_count();
    let mut expect = |world: &World, names: &[&str]| {
        assert_eq!(world.events_since(count), names);
        count = world.event_count();
    };
    world.item(ROOT, paid("a", AmountType::Allocated, "1"));
    expect(&world, &["Created"]);
    world.ok(BOB, |budget| budget.update(a.clone(), vec![amount("2")], None));
    expect(&world, &["Updated"]);
    let event: Updated = world.last_event().expect("an update");
    assert_eq!(
        event,
        Updated { actor: BOB.into(), resource: a.clone(), old: 1, new: 2, fields: vec!["amount".into()] }
    );
    world.ok(ROOT, |budget| budget.document_add(a.clone(), crate::documents::file("d", 7), None));
    expect(&world, &["DocumentAdded"]);
    world.ok(ROOT, |budget| budget.document_validate(a.clone(), "d".into(), hash, None));
    expect(&world, &["DocumentValidated"]);
    world.ok(ROOT, |budget| budget.document_delete(a.clone(), "d".into(), None));
    expect(&world, &["DocumentDeleted"]);
    world.ok(ROOT, |budget| budget.assign(s.clone(), BOB.into(), None));
    expect(&world, &["Assigned"]);
    world.ok(ROOT, |budget| budget.reorder("p".into(), "s".into(), vec!["a".into()], None));
    expect(&world, &["Reordered"]);
    world.ok(ROOT, |budget| budget.budget_set(p.clone(), projected("Acme", "1", "EUR"), None));
    expect(&world, &["BudgetSet"]);
    world.ok(ROOT, |budget| budget.budget_delete(p.clone(), "Acme".into(), "EUR".into(), None));
    expect(&world, &["BudgetDeleted"]);
    let policies = Policies { four_eyes: Enforcement::Warn, ..Policies::default() };
    world.ok(ROOT, |budget| budget.policies_set("p".into(), policies, None));
    expect(&world, &["PoliciesSet"]);
    world.close(&a);
    expect(&world, &["Closed"]);
    let event: Closed = world.last_event().expect("a closing");
    assert_eq!((event.old, event.new, event.warnings.len()), (5, 6, 1));
    let c = world.item(ROOT, NewItem { corrects: Some("a".into()), ..paid("c", AmountType::Allocated, "-1") });
    world.close(&c);
    // Two things changed: the correction, and what it corrects.
    expect(&world, &["Created", "Closed", "Corrected"]);
    let r = world.item(ROOT, new_item("r"));
    world.reject(&r);
    expect(&world, &["Created", "Rejected"]);
    world.reopen(&r);
    expect(&world, &["ReopeningVoted", "ReopeningVoted", "Reopened"]);
}

/// Rule: a refused command tells nothing (+)
#[coffer_test]
fn a_refused_command_tells_nothing_and_a_repeated_closing_neither(test: &Test) {
    let mut world = World::new(test);
    let a = world.item(ROOT, new_item("a"));
    world.close(&a);
    let count = world.event_count();
    world.close(&a);
    world.refused(ROOT, |budget| budget.update(a, vec![], None));
    assert_eq!(world.events_since(count), Vec::<String>::new());
}
