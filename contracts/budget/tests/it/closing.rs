//! Closing, rejecting, and what stands in the way.

use budget::{AmountType, Enforcement, Error, Field, Mode, NewItem, NewProject, NewSubproject, Policies, Resource};

use coffer_test::prelude::*;

use crate::given::*;
use crate::world::World;

fn close(world: &mut World, user: &str, what: &Resource) -> Result<Vec<String>, Error> {
    world.run(user, |budget| budget.close(what.clone(), None, None))
}

fn with_policies(test: &Test, policies: Policies) -> World<'_> {
    let mut world = World::new(test);
    if policies != Policies::default() {
        world.ok(ROOT, |budget| budget.policies_set("p".into(), policies, None));
    }
    world
}

/// Rule: open -> closed, terminal (T)
#[coffer_test]
fn a_closed_thing_cannot_be_changed(test: &Test) {
    let mut world = World::new(test);
    let a = world.item(ROOT, new_item("a"));
    world.close(&a);
    let (s, p) = (subproject("p", "s"), project("p"));
    world.close(&s);
    world.close(&p);
    for what in [&a, &s, &p] {
        let closed = Error::Closed { resource: what.clone() };
        let name = vec![Field::Name("other".to_owned())];
        assert_eq!(world.refused(ROOT, |budget| budget.update(what.clone(), name, None)), closed);
        assert_eq!(world.refused(ROOT, |budget| budget.assign(what.clone(), BOB.into(), None)), closed);
    }
}

/// Rule: Rejected = closed with a non-empty reason (T)
#[coffer_test]
fn an_item_is_rejected_with_a_reason(test: &Test) {
    let mut world = World::new(test);
    // Its amount is not complete: what is rejected needs none.
    let a = world.item(ROOT, NewItem { amount_type: AmountType::Disbursed, ..new_item("a") });
    let error = world.refused(ROOT, |budget| budget.close(a.clone(), Some(" ".into()), None));
    assert!(is_missing(&error, "rejected"), "{error:?}");
    world.ok(ROOT, |budget| budget.close(a.clone(), Some("no invoice".into()), None));
    let closing = world.thing(&a).closing.expect("closed");
    assert_eq!((closing.rejected.as_deref(), closing.by.as_str()), (Some("no invoice"), ROOT));
    let error = world.refused(ROOT, |budget| budget.close(subproject("p", "s"), Some("no".into()), None));
    assert!(is_invalid(&error, "rejected"), "only items are rejected: {error:?}");
}

/// Rule: Closing the closed is a success without effect (T)
#[coffer_test]
fn closing_the_closed_is_a_success_without_effect(test: &Test) {
    let mut world = World::new(test);
    let a = world.item(ROOT, new_item("a"));
    world.close(&a);
    let (thing, events) = (world.thing(&a), world.event_count());
    assert_eq!(close(&mut world, ROOT, &a), Ok(vec![]));
    // Not even the version that was seen matters, nor that it is rejected now.
    world.ok(ROOT, |budget| budget.close(a.clone(), Some("no".into()), Some(1)));
    assert_eq!((world.thing(&a), world.event_count()), (thing, events));
}

/// Rule: To close a workflow item the closer is in the resolved assignee (T)
#[coffer_test]
fn only_somebody_in_the_assignee_closes(test: &Test) {
    let mut world = World::new(test);
    world.group("outer", &[]);
    world.group("inner", &[CAROL]);
    world.rights(ROOT, |permission| permission.add_member("outer".into(), "inner".into(), None));
    for what in [item("p", "s", "a"), subproject("p", "s"), project("p")] {
        if matches!(what, Resource::Item { .. }) {
            world.item(ROOT, new_item("a"));
        }
        world.ok(ROOT, |budget| budget.assign(what.clone(), "outer".into(), None));
        for user in [BOB, ROOT] {
            assert_eq!(close(&mut world, user, &what), Err(Error::NotAssignee { assignee: "outer".to_owned() }));
        }
        close(&mut world, CAROL, &what).expect("in the group in the group");
    }
}

/// Rule: if a validator is set the closer is the validator (T)
#[coffer_test]
fn with_a_validator_only_the_validator_closes_items(test: &Test) {
    let mut world = World::with_subproject(test, NewSubproject { validator: Some(BOB.into()), ..new_subproject("s") });
    let a = world.item(ROOT, NewItem { assignee: Some(CAROL.into()), ..new_item("a") });
    assert_eq!(close(&mut world, CAROL, &a), Err(Error::NotValidator { validator: BOB.to_owned() }));
    assert_eq!(close(&mut world, BOB, &a), Err(Error::NotAssignee { assignee: CAROL.to_owned() }));
    world.ok(ROOT, |budget| budget.assign(a.clone(), BOB.into(), None));
    close(&mut world, BOB, &a).unwrap();
}

/// Rule: ordered mode: every earlier item is closed (T)
#[coffer_test]
fn in_an_ordered_subproject_items_close_one_after_the_other(test: &Test) {
    let mut world = World::new(test);
    let [a, b] = ["a", "b"].map(|id| world.item(ROOT, new_item(id)));
    assert_eq!(close(&mut world, ROOT, &b), Err(Error::NotFirst { first: "a".to_owned() }));
    let reject = world.run(ROOT, |budget| budget.close(b.clone(), Some("no".into()), None));
    assert_eq!(reject, Err(Error::NotFirst { first: "a".to_owned() }));
    world.reject(&a);
    close(&mut world, ROOT, &b).unwrap();

    let mut world = World::with_subproject(test, NewSubproject { mode: Mode::Unordered, ..new_subproject("s") });
    let [_, b] = ["a", "b"].map(|id| world.item(ROOT, new_item(id)));
    close(&mut world, ROOT, &b).unwrap();
}

/// Rule: four eyes: closer is not creator; as warn or block: set per project (+)
#[coffer_test]
fn with_four_eyes_nobody_closes_what_it_created(test: &Test) {
    for (four_eyes, blocked, warned) in
        [(Enforcement::Off, false, 0), (Enforcement::Warn, false, 1), (Enforcement::Block, true, 0)]
    {
        let mut world = with_policies(test, Policies { four_eyes, ..Policies::default() });
        let a = world.item(ROOT, new_item("a"));
        match close(&mut world, ROOT, &a) {
            Err(Error::Policy { policy, .. }) => assert!(blocked && policy == "four_eyes"),
            done => assert_eq!(done.map(|warnings| warnings.len()), Ok(warned)),
        }
        if blocked {
            let reject = world.run(ROOT, |budget| budget.close(a.clone(), Some("no".into()), None));
            assert!(matches!(reject, Err(Error::Policy { .. })), "rejecting is closing");
            world.ok(ROOT, |budget| budget.assign(a.clone(), BOB.into(), None));
            assert_eq!(close(&mut world, BOB, &a), Ok(vec![]));
        }
    }
}

/// Rule: documents validated; as warn or block: set per project (+)
#[coffer_test]
fn with_documents_validated_an_item_closes_once_all_its_documents_are(test: &Test) {
    for (documents_validated, blocked, warned) in
        [(Enforcement::Off, false, 0), (Enforcement::Warn, false, 1), (Enforcement::Block, true, 0)]
    {
        let mut world = with_policies(test, Policies { documents_validated, ..Policies::default() });
        let a = world.item(ROOT, NewItem { documents: vec![crate::documents::file("d", 7)], ..new_item("a") });
        match close(&mut world, ROOT, &a) {
            Err(Error::Policy { policy, .. }) => assert!(blocked && policy == "documents_validated"),
            done => assert_eq!(done.map(|warnings| warnings.len()), Ok(warned)),
        }
        if blocked {
            let hash = coffer_sdk::Hash([7; 32]);
            world.ok(ROOT, |budget| budget.document_validate(a.clone(), "d".into(), hash, None));
            assert_eq!(close(&mut world, ROOT, &a), Ok(vec![]));
        }
    }
    let mut world = with_policies(test, Policies { documents_validated: Enforcement::Block, ..Policies::default() });
    let a = world.item(ROOT, NewItem { documents: vec![crate::documents::file("d", 7)], ..new_item("a") });
    world.reject(&a);
}

/// Rule: disbursed <= allocated <= projected as warn or block: set per project (+)
#[coffer_test]
fn ceilings_keep_disbursed_below_allocated_below_projected(test: &Test) {
    for (ceilings, blocks) in [(Enforcement::Off, false), (Enforcement::Warn, false), (Enforcement::Block, true)] {
        let mut world = with_policies(test, Policies { ceilings, ..Policies::default() });
        let s = subproject("p", "s");
        let warns = usize::from(ceilings == Enforcement::Warn);
        let check = |done: Result<Vec<String>, Error>, text: &str| match done {
            Err(Error::Policy { policy, why }) => {
                assert!(blocks && policy == "ceilings" && why.contains(text), "{why}")
            }
            done => assert_eq!(done.map(|warnings| warnings.len()), Ok(warns), "{text}"),
        };
        world.ok(ROOT, |budget| budget.budget_set(s.clone(), projected("Acme", "60", "EUR"), None));
        world.ok(ROOT, |budget| budget.budget_set(s.clone(), projected("Umbrella", "40", "EUR"), None));
        world.ok(ROOT, |budget| budget.budget_set(s.clone(), projected("Acme", "1000", "USD"), None));
        // Exactly at the ceiling is not above it.
        let a = world.item(ROOT, paid("a", AmountType::Allocated, "100"));
        assert_eq!(close(&mut world, ROOT, &a), Ok(vec![]));
        let b = world.item(ROOT, paid("b", AmountType::Disbursed, "100.01"));
        check(close(&mut world, ROOT, &b), "disbursed is above allocated: 100.01 > 100");
        let lower = world.run(ROOT, |budget| budget.budget_set(s.clone(), projected("Acme", "59", "EUR"), None));
        check(lower, "allocated is above projected: 100 > 99");
        let delete = world.run(ROOT, |budget| budget.budget_delete(s.clone(), "Umbrella".into(), "EUR".into(), None));
        check(delete, "allocated is above projected");
        // A budget in another currency is under no ceiling of this one.
        let other = world.run(ROOT, |budget| budget.budget_delete(s.clone(), "Acme".into(), "USD".into(), None));
        assert_eq!(other, Ok(vec![]));
    }
}

/// Rule: A subproject closes by a member of its assignee once all items are closed (T)
#[coffer_test]
fn a_subproject_closes_once_all_its_items_are_closed(test: &Test) {
    let mut world = World::new(test);
    let (a, s) = (world.item(ROOT, new_item("a")), subproject("p", "s"));
    assert_eq!(close(&mut world, ROOT, &s), Err(Error::OpenBelow { resource: s.clone(), open: 1 }));
    world.reject(&a);
    close(&mut world, ROOT, &s).unwrap();
}

/// Rule: a project closes likewise over subprojects; no cascade (T)
#[coffer_test]
fn a_project_closes_once_all_its_subprojects_are_closed_and_takes_none_with_it(test: &Test) {
    let mut world = World::new(test);
    let p = project("p");
    assert_eq!(close(&mut world, ROOT, &p), Err(Error::OpenBelow { resource: p.clone(), open: 1 }));
    assert!(world.thing(&subproject("p", "s")).is_open());
    world.close(&subproject("p", "s"));
    close(&mut world, ROOT, &p).unwrap();
}

/// Rule: Closed means closed: no create under, assign, budget change, reorder or update of a closed thing or under a closed parent (+)
#[coffer_test]
fn nothing_is_done_to_the_closed_nor_below_it(test: &Test) {
    let mut world = World::new(test);
    let (s, p) = (subproject("p", "s"), project("p"));
    world.close(&s);
    let closed = Error::Closed { resource: s.clone() };
    let ss = || s.clone();
    let refusals = [
        world.refused(ROOT, |budget| budget.item_create("p".into(), "s".into(), new_item("a"), None)),
        world.refused(ROOT, |budget| budget.assign(ss(), BOB.into(), None)),
        world.refused(ROOT, |budget| budget.budget_set(ss(), projected("Acme", "1", "EUR"), None)),
        world.refused(ROOT, |budget| budget.budget_delete(ss(), "Acme".into(), "EUR".into(), None)),
        world.refused(ROOT, |budget| budget.reorder("p".into(), "s".into(), vec![], None)),
        world.refused(ROOT, |budget| budget.update(ss(), vec![Field::Name("x".into())], None)),
    ];
    assert!(refusals.iter().all(|error| *error == closed), "{refusals:?}");
    world.close(&p);
    let error = world.refused(ROOT, |budget| budget.subproject_create("p".into(), new_subproject("t"), None));
    assert_eq!(error, Error::Closed { resource: p.clone() });
    let error = world.refused(ROOT, |budget| budget.policies_set("p".into(), Policies::default(), None));
    assert_eq!(error, Error::Closed { resource: p });
}

/// Rule: permissions of the closed may change (+)
#[coffer_test]
fn rights_on_the_closed_may_change(test: &Test) {
    let mut world = World::new(test);
    world.close(&subproject("p", "s"));
    world.user("Acme/late");
    let see = |world: &mut World| world.look("Acme/late", |budget| budget.get(subproject("p", "s"))).is_ok();
    assert!(!see(&mut world));
    world.grant("Acme/late", &[permission::Intent::SubprojectViewDetails], &subproject("p", "s"));
    assert!(see(&mut world));
}

/// Rule: policies are set per project (+)
#[coffer_test]
fn policies_can_be_given_when_a_project_is_created(test: &Test) {
    let mut world = World::empty(test);
    let policies = Policies { four_eyes: Enforcement::Block, ..Policies::default() };
    world.ok(ROOT, |budget| budget.project_create(NewProject { policies: policies.clone(), ..new_project("p") }));
    let same = world.refused(ROOT, |budget| budget.policies_set("p".into(), policies, None));
    assert_eq!(same, Error::NoChange { resource: project("p") });
}
