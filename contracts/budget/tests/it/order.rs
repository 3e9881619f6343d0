//! The order of workflow items.

use budget::{Error, Mode, NewSubproject};

use coffer_test::prelude::*;

use crate::given::*;
use crate::world::World;

fn unordered(test: &Test) -> World<'_> {
    World::with_subproject(test, NewSubproject { mode: Mode::Unordered, ..new_subproject("s") })
}

fn reorder(world: &mut World, items: &[&str]) -> Result<u32, Error> {
    let items = items.iter().map(|id| (*id).to_owned()).collect();
    world.run(ROOT, |budget| budget.reorder("p".into(), "s".into(), items, None))
}

/// Rule: Order: closed items by closing time, then open items by the order list, then the rest by creation (T)
#[coffer_test]
fn closed_items_come_first_then_the_order_list_then_the_rest_as_created(test: &Test) {
    let mut world = unordered(test);
    for id in ["a", "b", "c", "d", "e", "f"] {
        world.item(ROOT, new_item(id));
    }
    let s = subproject("p", "s");
    assert_eq!(world.ids(&s), ["a", "b", "c", "d", "e", "f"]);
    world.close(&item("p", "s", "d"));
    world.reject(&item("p", "s", "b"));
    reorder(&mut world, &["f", "a"]).unwrap();
    world.item(ROOT, new_item("g"));
    assert_eq!(world.ids(&s), ["d", "b", "f", "a", "c", "e", "g"]);
    let list = |world: &mut World, user| world.look(user, |budget| budget.ordered("p".into(), "s".into()));
    assert_eq!(list(&mut world, ROOT), Ok(vec!["f".to_owned(), "a".to_owned()]));
    world.user("Acme/reader");
    assert!(matches!(list(&mut world, "Acme/reader"), Err(Error::NotAllowed { .. })));
    world.close(&item("p", "s", "a"));
    assert_eq!(world.ids(&s), ["d", "b", "a", "f", "c", "e", "g"]);
    assert_eq!(list(&mut world, ROOT), Ok(vec!["f".to_owned()]), "the closed are in no list");
}

/// Rule: Reordering replaces the list; every id must belong to the subproject and be open (+)
#[coffer_test]
fn an_order_list_replaces_the_one_before_and_has_open_items_of_the_subproject_only(test: &Test) {
    let mut world = unordered(test);
    for id in ["a", "b", "c", "d"] {
        world.item(ROOT, new_item(id));
    }
    let s = subproject("p", "s");
    reorder(&mut world, &["d", "c"]).unwrap();
    let version = reorder(&mut world, &["c"]).unwrap();
    assert_eq!(world.ids(&s), ["c", "a", "b", "d"], "d is no longer in the list");
    assert_eq!(reorder(&mut world, &["c"]), Err(Error::NoChange { resource: s.clone() }));
    assert_eq!(world.thing(&s).version, version);
    world.close(&item("p", "s", "b"));
    assert_eq!(reorder(&mut world, &["b", "a"]), Err(Error::Closed { resource: item("p", "s", "b") }));
    assert_eq!(reorder(&mut world, &["x"]), Err(Error::NotFound { resource: item("p", "s", "x") }));
    assert!(is_invalid(&reorder(&mut world, &["a", "a"]).unwrap_err(), "items"));
    assert_eq!(world.ids(&s), ["b", "c", "a", "d"], "a refused list changes nothing");
    let many: Vec<String> = (0..501).map(|number| format!("i{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(matches!(reorder(&mut world, &many), Err(Error::TooMuch { most: 500, .. })));
    reorder(&mut world, &[]).unwrap();
    assert_eq!(world.ids(&s), ["b", "a", "c", "d"]);
}

/// Rule: ordered mode: every earlier item is closed, in the order of the list (T)
#[coffer_test]
fn in_an_ordered_subproject_the_order_list_says_what_closes_first(test: &Test) {
    let mut world = World::new(test);
    for id in ["a", "b", "c"] {
        world.item(ROOT, new_item(id));
    }
    reorder(&mut world, &["c"]).unwrap();
    let error = world.refused(ROOT, |budget| budget.close(item("p", "s", "a"), None, None));
    assert_eq!(error, Error::NotFirst { first: "c".to_owned() });
    for id in ["c", "a", "b"] {
        world.close(&item("p", "s", id));
    }
    world.reopen(&item("p", "s", "b"));
    world.reopen(&item("p", "s", "c"));
    // What is open again stands by its creation, behind what is still closed.
    assert_eq!(world.ids(&subproject("p", "s")), ["a", "b", "c"]);
    world.close(&item("p", "s", "b"));
}
