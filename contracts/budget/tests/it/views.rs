//! What readers see and what they do not.

use std::cell::RefCell;

use budget::{Details, Error, NewItem, Page, Redacted, Resource, Row};
use coffer_sdk::AccountId;
use coffer_test::prelude::*;
use coffer_test::{Engines, here, run_untraced};
use permission::Intent;

use crate::given::*;
use crate::world::World;

const READER: &str = "Acme/reader";

/// A world with somebody who has no rights.
fn with_reader(test: &Test) -> World<'_> {
    let mut world = World::new(test);
    world.user(READER);
    world
}

fn list(world: &mut World, user: &str, parent: &Resource) -> Result<Page, Error> {
    world.look(user, |budget| budget.list(parent.clone(), None, 50))
}

fn full(page: Page) -> Vec<String> {
    let id = |row| match row {
        Row::Full { id, .. } => Some(id),
        Row::Redacted(_) => None,
    };
    page.rows.into_iter().filter_map(id).collect()
}

/// Rule: Visibility: project and subproject by `list` or `viewDetails`; otherwise absent from lists and refused on get (T)
#[coffer_test]
fn a_project_and_a_subproject_are_seen_with_list_or_details_and_else_not_at_all(test: &Test) {
    let rights = [
        (project("p"), [Intent::ProjectList, Intent::ProjectViewDetails], Resource::Global),
        (subproject("p", "s"), [Intent::SubprojectList, Intent::SubprojectViewDetails], project("p")),
    ];
    for (what, intents, parent) in rights {
        for intent in intents {
            let mut world = with_reader(test);
            if what != project("p") {
                world.grant(READER, &[Intent::ProjectList], &parent);
            }
            let before = full(list(&mut world, READER, &parent).unwrap());
            assert_eq!(before, Vec::<String>::new());
            let refused = world.look(READER, |budget| budget.get(what.clone()));
            let names = intents.map(Intent::name).join(" or ");
            assert_eq!(refused, Err(Error::NotAllowed { intent: names, resource: what.clone() }));
            let below = list(&mut world, READER, &what);
            assert!(matches!(below, Err(Error::NotAllowed { .. })), "{below:?}");

            world.grant(READER, &[intent], &what);
            assert_eq!(full(list(&mut world, READER, &parent).unwrap()).len(), 1);
            assert!(matches!(world.look(READER, |budget| budget.get(what.clone())), Ok(Details::Full { .. })));
        }
    }
}

/// Rule: Items without `list` are returned redacted: id, parent, created, status and closing time only (+)
#[coffer_test]
fn an_item_that_may_not_be_listed_is_redacted(test: &Test) {
    let mut world = with_reader(test);
    let a = world.item(ROOT, NewItem { fields: vec![budget::Field::Tags(vec!["secret".into()])], ..new_item("a") });
    world.item(ROOT, new_item("b"));
    world.reject(&a);
    world.grant(READER, &[Intent::SubprojectList], &subproject("p", "s"));
    let closed = world.thing(&a).closing.unwrap().at;
    let created = world.thing(&a).created;
    let expected =
        Redacted { id: "a".into(), parent: subproject("p", "s"), created, open: false, closed: Some(closed) };
    let page = list(&mut world, READER, &subproject("p", "s")).unwrap();
    assert_eq!(page.rows[0], Row::Redacted(expected.clone()));
    assert!(matches!(&page.rows[1], Row::Redacted(Redacted { open: true, closed: None, .. })));
    assert_eq!(world.look(READER, |budget| budget.get(a.clone())), Ok(Details::Redacted(expected)));
    world.grant(READER, &[Intent::WorkflowitemList], &a);
    let page = list(&mut world, READER, &subproject("p", "s")).unwrap();
    assert!(matches!((&page.rows[0], &page.rows[1]), (Row::Full { .. }, Row::Redacted(_))));
}

/// Rule: who does not see the subproject sees nothing of its items (+)
#[coffer_test]
fn without_its_subproject_an_item_is_not_even_redacted(test: &Test) {
    let mut world = with_reader(test);
    let a = world.item(ROOT, new_item("a"));
    let refused = world.look(READER, |budget| budget.get(a.clone()));
    assert!(matches!(refused, Err(Error::NotAllowed { ref resource, .. }) if *resource == subproject("p", "s")));
    let refused = world.look(READER, |budget| budget.documents(a.clone(), None, 10));
    assert!(matches!(refused, Err(Error::NotAllowed { .. })), "{refused:?}");
    // Nobody, in a view that no account asked for.
    let seen = world.budget.as_account(AccountId::ANONYMOUS).list(Resource::Global, None, 50);
    assert_eq!(seen.map(|page| page.rows.len()), Ok(0));
}

/// Rule: Every list is indexed and paged (+)
#[coffer_test]
fn lists_come_in_pages_that_join_without_gap(test: &Test) {
    let mut world = World::new(test);
    for number in 0..120 {
        world.item(ROOT, new_item(&format!("i{number:03}")));
    }
    world.close(&item("p", "s", "i000"));
    world.ok(ROOT, |budget| budget.reorder("p".into(), "s".into(), vec!["i119".into()], None));
    let (mut seen, mut after, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = world.look(ROOT, |budget| budget.list(subproject("p", "s"), after, 1_000)).unwrap();
        assert!(page.rows.len() <= 50);
        after = page.next;
        seen.extend(full(page));
        pages += 1;
        if after.is_none() {
            break;
        }
    }
    let mut expected: Vec<String> = (1..119).map(|number| format!("i{number:03}")).collect();
    expected.splice(0..0, ["i000".to_owned(), "i119".to_owned()]);
    assert_eq!((seen, pages), (expected, 3));
}

/// Rule: a page shows only what the caller may see, however much lies between (+)
#[coffer_test]
fn projects_that_a_reader_may_not_see_make_no_page_empty_for_good(test: &Test) {
    let mut world = with_reader(test);
    for number in 0..230 {
        world.ok(ROOT, |budget| budget.project_create(new_project(&format!("q{number}"))));
    }
    world.grant(READER, &[Intent::ProjectList], &project("q225"));
    let (mut found, mut after, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = world.look(READER, |budget| budget.list(Resource::Global, after, 50)).unwrap();
        after = page.next;
        found.extend(full(page));
        pages += 1;
        if after.is_none() {
            break;
        }
    }
    assert_eq!((found, pages), (vec!["q225".to_owned()], 2));
}

/// Rule: a page fits into a result whatever its texts are (+)
#[coffer_test]
fn a_page_of_long_names_is_shorter(test: &Test) {
    use coffer_sdk::__private::codec::Encode;
    let mut world = World::new(test);
    let long = || "😀".repeat(250);
    for number in 0..60 {
        let fields = vec![budget::Field::Funding(Some(long()))];
        world.item(ROOT, NewItem { name: long(), fields, ..new_item(&format!("i{number}")) });
    }
    let page = list(&mut world, ROOT, &subproject("p", "s")).unwrap();
    assert!(page.rows.len() > 10 && page.rows.len() < 50 && page.next.is_some(), "{}", page.rows.len());
    assert!(page.encode().len() < 64 * 1024);
}

/// Rule: a page of 50 out of 100,000 items costs the same gas as out of 100 (+)
#[test]
fn a_page_of_many_items_costs_what_a_page_of_few_does() {
    let here = here!(a_page_of_many_items_costs_what_a_page_of_few_does);
    let (saved, gas) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
    // Items are made natively, which is faster; what counts is the gas of a page as Wasm. docs/PERFORMANCE.md has it for 100,000.
    run_untraced(here, Engines::Native, |test| {
        let mut world = World::new(test);
        for number in 0..3_000 {
            world.item(ROOT, new_item(&format!("i{number:04}")));
            if matches!(number, 99 | 2_999) {
                saved.borrow_mut().push(test.save());
            }
        }
    });
    for saved in saved.into_inner() {
        run_untraced(here, Engines::Wasm, |test| {
            let mut world = World::again(test, &saved);
            let page = list(&mut world, ROOT, &subproject("p", "s")).unwrap();
            assert_eq!((page.rows.len(), page.next.is_some()), (50, true));
            gas.borrow_mut().push(test.gas().expect("as Wasm"));
        });
    }
    let (few, many) = (gas.borrow()[0], gas.borrow()[1]);
    assert!(few.abs_diff(many) < few / 100, "{few} and {many}");
}
