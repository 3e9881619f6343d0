//! Corrections of closed items, and opening again by a vote of the parties.

use budget::{AmountType, Enforcement, Error, Mode, NewItem, NewSubproject, Policies, Resource};

use coffer_test::prelude::*;

use crate::given::*;
use crate::world::World;

fn correction(id: &str, of: &str, value: &str) -> NewItem {
    NewItem { corrects: Some(of.to_owned()), ..paid(id, AmountType::Allocated, value) }
}

fn sums(world: &mut World) -> (String, String) {
    let totals = world.look(ROOT, |budget| budget.totals(subproject("p", "s"), None)).unwrap();
    let total = totals.totals.into_iter().find(|total| total.currency == "EUR").expect("one in euros");
    (total.allocated, total.disbursed)
}

/// Rule: Negative amounts only as typed corrections that point to the item they correct (+)
#[coffer_test]
fn only_a_correction_has_a_negative_amount(test: &Test) {
    let mut world = World::new(test);
    let create = |world: &mut World, new: NewItem| {
        world.run(ROOT, |budget| budget.item_create("p".into(), "s".into(), new, None))
    };
    let error = create(&mut world, paid("a", AmountType::Allocated, "-1")).unwrap_err();
    assert!(is_invalid(&error, "amount"), "{error:?}");
    let a = world.item(ROOT, paid("a", AmountType::Allocated, "100"));
    assert_eq!(create(&mut world, correction("b", "a", "-1")), Err(Error::Open { resource: a.clone() }));
    world.close(&a);
    let error = create(&mut world, NewItem { amount_type: AmountType::Disbursed, ..correction("b", "a", "-1") });
    assert!(is_invalid(&error.unwrap_err(), "corrects"), "another type");
    let missing = create(&mut world, correction("b", "x", "-1"));
    assert_eq!(missing, Err(Error::NotFound { resource: item("p", "s", "x") }));
    let rejected = world.item(ROOT, paid("r", AmountType::Allocated, "100"));
    world.reject(&rejected);
    assert!(is_invalid(&create(&mut world, correction("b", "r", "-1")).unwrap_err(), "corrects"), "rejected");

    let b = world.item(ROOT, correction("b", "a", "-30"));
    world.close(&b);
    assert_eq!(sums(&mut world).0, "70");
    assert_eq!(world.thing(&a).version, 3, "that it was corrected is a change of it");
}

/// Rule: a correction takes back no more than there is (+)
#[coffer_test]
fn corrections_take_back_no_more_than_the_item_has(test: &Test) {
    let mut world = World::new(test);
    let a = world.item(ROOT, paid("a", AmountType::Allocated, "100"));
    world.close(&a);
    let b = world.item(ROOT, correction("b", "a", "-60"));
    world.close(&b);
    let c = world.item(ROOT, correction("c", "a", "-40.01"));
    let error = world.refused(ROOT, |budget| budget.close(c.clone(), None, None));
    assert!(is_invalid(&error, "amount"), "{error:?}");
    world.ok(ROOT, |budget| budget.update(c.clone(), vec![amount("-40")], None));
    world.close(&c);
    assert_eq!(sums(&mut world).0, "0");
    let d = world.item(ROOT, correction("d", "a", "5"));
    world.close(&d);
    assert_eq!(sums(&mut world).0, "5", "a correction can add, too");
}

/// Rule: a correction points to what it corrects, not to another correction (+)
#[coffer_test]
fn corrections_are_not_corrected_and_not_opened_while_others_rest_on_them(test: &Test) {
    let mut world = World::new(test);
    let a = world.item(ROOT, paid("a", AmountType::Allocated, "100"));
    world.close(&a);
    let up = world.item(ROOT, correction("up", "a", "50"));
    world.close(&up);
    let twice = correction("x", "up", "-1");
    let error = world.refused(ROOT, |budget| budget.item_create("p".into(), "s".into(), twice, None));
    assert!(is_invalid(&error, "corrects"), "{error:?}");
    let down = world.item(ROOT, correction("down", "a", "-120"));
    world.close(&down);
    assert_eq!(sums(&mut world).0, "30");
    world.ok(BOB, |budget| budget.reopen(up.clone(), true, None));
    let error = world.refused(CAROL, |budget| budget.reopen(up.clone(), true, None));
    assert!(is_invalid(&error, "amount"), "{error:?}");
    world.reopen(&down);
    world.reopen(&up);
    assert_eq!(sums(&mut world).0, "100");
}

/// Rule: no reopening but by a vote of the parties: more than half of them (+)
#[coffer_test]
fn more_than_half_of_the_parties_open_a_closed_thing_again(test: &Test) {
    let mut world = World::new(test);
    let a = world.item(ROOT, paid("a", AmountType::Allocated, "100"));
    let vote = |world: &mut World, user: &str, agrees: bool| world.run(user, |b| b.reopen(a.clone(), agrees, None));
    assert_eq!(vote(&mut world, BOB, true), Err(Error::Open { resource: a.clone() }));
    world.close(&a);
    assert_eq!(sums(&mut world).0, "100");
    let one = vote(&mut world, BOB, true).unwrap();
    assert_eq!((one.parties, one.needed), (vec!["Umbrella".to_owned()], 2));
    // A party has one voice, however many of its users vote, and can take it back.
    vote(&mut world, BOB, true).unwrap();
    assert!(!world.thing(&a).is_open());
    assert_eq!(vote(&mut world, BOB, false).unwrap().parties, Vec::<String>::new());
    vote(&mut world, CAROL, true).unwrap();
    assert_eq!(world.look(ROOT, |b| b.reopening(a.clone())).unwrap().parties, ["Ministry"]);
    assert!(!world.thing(&a).is_open());
    vote(&mut world, ALICE, true).unwrap();
    let thing = world.thing(&a);
    assert!(thing.is_open() && thing.version == 3);
    let left = world.look(ROOT, |budget| budget.totals(subproject("p", "s"), None)).unwrap();
    assert!(left.totals.is_empty(), "its amount is taken back: {left:?}");
    world.close(&a);
    assert_eq!(world.look(ROOT, |b| b.reopening(a.clone())).unwrap().parties, Vec::<String>::new());
}

/// Rule: who votes belongs to a party and may close the thing (+)
#[coffer_test]
fn only_users_of_parties_with_the_right_to_close_vote(test: &Test) {
    let mut world = World::new(test);
    let a = world.item(ROOT, new_item("a"));
    world.close(&a);
    world.user("Guest/gil");
    let vote = |world: &mut World, user: &str| world.run(user, |budget| budget.reopen(a.clone(), true, None));
    let missing = Error::NotAllowed { intent: "workflowitem.close".into(), resource: a.clone() };
    assert_eq!(vote(&mut world, "Guest/gil"), Err(missing));
    world.grant("Guest/gil", &[permission::Intent::WorkflowitemClose], &a);
    assert_eq!(vote(&mut world, "Guest/gil"), Err(Error::NotAParty { organisation: "Guest".into() }));
}

/// Rule: nothing open is under something closed: what is above is opened first (+)
#[coffer_test]
fn what_is_above_is_opened_before_what_is_below(test: &Test) {
    let mut world = World::new(test);
    let (a, s, p) = (world.item(ROOT, new_item("a")), subproject("p", "s"), project("p"));
    for what in [&a, &s, &p] {
        world.close(what);
    }
    let vote = |world: &mut World, what: &Resource| world.run(BOB, |budget| budget.reopen(what.clone(), true, None));
    assert_eq!(vote(&mut world, &a), Err(Error::Closed { resource: s.clone() }));
    assert_eq!(vote(&mut world, &s), Err(Error::Closed { resource: p.clone() }));
    for what in [&p, &s, &a] {
        world.reopen(what);
    }
    assert!(world.thing(&a).is_open());
    let error = world.refused(ROOT, |budget| budget.close(s.clone(), None, None));
    assert_eq!(error, Error::OpenBelow { resource: s, open: 1 });
}

/// Rule: what was corrected is opened again after its corrections (+)
#[coffer_test]
fn a_corrected_item_is_opened_after_its_corrections(test: &Test) {
    let mut world = World::with_subproject(test, NewSubproject { mode: Mode::Unordered, ..new_subproject("s") });
    let a = world.item(ROOT, paid("a", AmountType::Allocated, "100"));
    world.close(&a);
    let b = world.item(ROOT, correction("b", "a", "-30"));
    world.close(&b);
    let error = world.refused(BOB, |budget| budget.reopen(a.clone(), true, None));
    assert_eq!(error, Error::Corrected { corrections: 1 });
    world.reopen(&b);
    assert_eq!(sums(&mut world).0, "100");
    world.reopen(&a);
    // The correction waits until there is something to correct again.
    let error = world.refused(ROOT, |budget| budget.close(b.clone(), None, None));
    assert_eq!(error, Error::Open { resource: a.clone() });
    world.close(&a);
    world.close(&b);
    assert_eq!(sums(&mut world).0, "70");
}

/// Rule: ceilings hold when something is opened again (+)
#[coffer_test]
fn a_reopening_that_breaks_a_ceiling_is_refused(test: &Test) {
    let mut world = World::new(test);
    let ceilings = Policies { ceilings: Enforcement::Block, ..Policies::default() };
    world.ok(ROOT, |budget| budget.policies_set("p".into(), ceilings, None));
    world.ok(ROOT, |budget| budget.budget_set(subproject("p", "s"), projected("Acme", "100", "EUR"), None));
    let a = world.item(ROOT, paid("a", AmountType::Allocated, "100"));
    let b = world.item(ROOT, paid("b", AmountType::Disbursed, "50"));
    world.close(&a);
    world.close(&b);
    world.ok(BOB, |budget| budget.reopen(a.clone(), true, None));
    let error = world.refused(CAROL, |budget| budget.reopen(a.clone(), true, None));
    assert!(matches!(error, Error::Policy { ref policy, .. } if policy == "ceilings"), "{error:?}");
    world.reopen(&b);
    world.reopen(&a);
    assert!(world.thing(&a).is_open());
}
