//! What is assigned to whom, and what that means for disabling a user.

use budget::{AssignmentPage, Error, ItemType, NewItem, NewProject, Resource};
use coffer_test::prelude::*;
use permission::Intent;

use crate::given::*;
use crate::world::World;

/// Nothing is assigned to her but by a test.
const DORA: &str = "Acme/dora";

fn with_dora(test: &Test) -> World<'_> {
    let mut world = World::new(test);
    world.user(DORA);
    world
}

fn disable(world: &mut World<'_>, user: &str) -> Result<u32, permission::Error> {
    world.test.advance(1, 1_000);
    world.permission.as_account(world.test.account(ROOT)).disable_user(user.to_owned(), None)
}

fn still(open: u32) -> Result<u32, permission::Error> {
    Err(permission::Error::StillAssigned { user: DORA.to_owned(), open })
}

#[track_caller]
fn assigned(world: &mut World<'_>, reader: &str, to: &str) -> Vec<Resource> {
    let page = world.look(reader, |budget| budget.assignments(to.to_owned(), None, 50)).expect("may be seen");
    assert_eq!((page.left_out, page.next), (0, None));
    page.assignments
}

/// Rule: disable a user: refused while it has open assignments (T)
#[coffer_test]
fn a_user_is_not_disabled_while_something_open_is_assigned_to_it(test: &Test) {
    let mut world = with_dora(test);
    let a = world.item(ROOT, NewItem { assignee: Some(DORA.into()), ..new_item("a") });
    let (p, s) = (project("p"), subproject("p", "s"));
    for resource in [&p, &s] {
        world.ok(ROOT, |budget| budget.assign(resource.clone(), DORA.into(), None));
    }
    assert_eq!(disable(&mut world, DORA), still(3));
    // Closed, and assigned to somebody else.
    world.grant(DORA, &all_intents(), &p);
    world.ok(DORA, |budget| budget.close(a.clone(), None, None));
    assert_eq!(disable(&mut world, DORA), still(2));
    for resource in [&p, &s] {
        world.ok(ROOT, |budget| budget.assign(resource.clone(), BOB.into(), None));
    }
    assert_eq!(assigned(&mut world, ROOT, BOB), [p.clone(), s.clone()]);
    assert!(disable(&mut world, DORA).is_ok());
    // What parties open again may be a disabled user's: its next disabling waits until that is somebody else's.
    world.reopen(&a);
    assert_eq!(assigned(&mut world, ROOT, DORA), vec![a.clone()]);
    world.rights(ROOT, |permission| permission.enable_user(DORA.into(), None));
    assert_eq!(disable(&mut world, DORA), still(1));
    world.ok(ROOT, |budget| budget.assign(a, BOB.into(), None));
    assert!(disable(&mut world, DORA).is_ok());
}

/// Rule: an assignment of a group is not one of its members' (T)
#[coffer_test]
fn a_member_of_an_assigned_group_can_be_disabled(test: &Test) {
    let mut world = with_dora(test);
    world.group("crew", &[DORA, BOB]);
    let a = world.item(ROOT, NewItem { assignee: Some("crew".into()), ..new_item("a") });
    let own = world.look(DORA, |budget| budget.assignments("crew".to_owned(), None, 50));
    assert_eq!(own, Ok(AssignmentPage { assignments: vec![], left_out: 1, next: None }), "she may not see the item");
    assert_eq!(assigned(&mut world, BOB, "crew"), [a]);
    assert!(disable(&mut world, DORA).is_ok());
}

/// Rule: list assignments: one's own, and with `global.listAssignments` those of others (T)
#[coffer_test]
fn assignments_are_listed_by_oneself_and_with_the_right_to(test: &Test) {
    let mut world = with_dora(test);
    let a = world.item(ROOT, NewItem { assignee: Some(DORA.into()), ..new_item("a") });
    let list = |reader: &str, world: &mut World<'_>| {
        world.look(reader, |budget| budget.assignments(DORA.to_owned(), None, 50))
    };
    let intent = Intent::GlobalListAssignments.name().to_owned();
    assert_eq!(list(BOB, &mut world), Err(Error::NotAllowed { intent, resource: Resource::Global }));
    world.grant(BOB, &[Intent::GlobalListAssignments], &Resource::Global);
    let seen = |assignments: &[&Resource], left_out| {
        Ok(AssignmentPage {
            assignments: assignments.iter().map(|seen| (*seen).clone()).collect(),
            left_out,
            next: None,
        })
    };
    assert_eq!(list(BOB, &mut world), seen(&[&a], 0));
    assert_eq!(list(DORA, &mut world), seen(&[], 1), "it is hers, and she has no right on it");
    world.grant(DORA, &[Intent::WorkflowitemViewDetails], &project("p"));
    assert_eq!(list(DORA, &mut world), seen(&[&a], 0));
    let hidden = NewItem { assignee: Some(DORA.into()), item_type: ItemType::Restricted, ..new_item("b") };
    world.item(ROOT, hidden);
    assert_eq!(list(BOB, &mut world), seen(&[&a], 1));
    assert_eq!(world.look(BOB, |budget| budget.assignments("nobody".into(), None, 50)), seen(&[], 0));
}

/// Rule: Every list is indexed and paged: assignments (+)
#[coffer_test]
fn assignments_come_in_pages(test: &Test) {
    let mut world = with_dora(test);
    let mut expected = Vec::new();
    for number in 0..7 {
        let new = NewProject { assignee: Some(DORA.into()), ..new_project(&format!("q{number}")) };
        expected.push(project(&world.ok(ROOT, |budget| budget.project_create(new))));
    }
    let (mut found, mut after, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = world.look(ROOT, |budget| budget.assignments(DORA.into(), after, 3)).expect("may be seen");
        found.extend(page.assignments);
        (after, pages) = (page.next, pages + 1);
        if after.is_none() {
            break;
        }
    }
    assert_eq!((found, pages), (expected, 3));
}

/// Rule: how much is assigned to somebody is told to the linked permission contract alone (+)
#[coffer_test]
fn nobody_but_the_permission_contract_is_told_how_much_is_assigned(test: &Test) {
    let mut world = with_dora(test);
    world.item(ROOT, NewItem { assignee: Some(DORA.into()), ..new_item("a") });
    assert_eq!(world.look(ROOT, |budget| budget.open_assignments(DORA.into())), None);
    let permission = world.permission.contract_id();
    assert_eq!(world.look(BOB, |budget| budget.through(permission).open_assignments(DORA.into())), Some(1));
}
