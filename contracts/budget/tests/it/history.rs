//! Histories: who changed what and when.

use budget::{ChangeKind, Error, Field, FieldChange, HistoryFilter, Resource};
use permission::Intent;

use coffer_test::prelude::*;

use crate::given::*;
use crate::world::World;

fn history(world: &mut World, user: &str, of: &Resource, filter: HistoryFilter) -> Result<Vec<u32>, Error> {
    let page = world.look(user, |budget| budget.history(of.clone(), filter, 0, 100))?;
    assert_eq!(page.next, None);
    Ok(page.changes.into_iter().map(|(version, _)| version).collect())
}

/// Rule: History: needs viewDetails or viewHistory (T)
#[coffer_test]
fn a_history_is_seen_with_details_or_history(test: &Test) {
    let mut world = World::new(test);
    let a = world.item(ROOT, new_item("a"));
    let levels = [
        (project("p"), [Intent::ProjectViewDetails, Intent::ProjectViewHistory], Intent::ProjectList),
        (subproject("p", "s"), [Intent::SubprojectViewDetails, Intent::SubprojectViewHistory], Intent::SubprojectList),
        (a, [Intent::WorkflowitemViewDetails, Intent::WorkflowitemViewHistory], Intent::WorkflowitemList),
    ];
    for (level, (what, intents, list)) in levels.into_iter().enumerate() {
        for (number, intent) in intents.into_iter().enumerate() {
            let reader = format!("Acme/reader{level}{number}");
            world.user(&reader);
            world.grant(&reader, &[list], &what);
            let missing = intents.map(Intent::name).join(" or ");
            let refused = Error::NotAllowed { intent: missing, resource: what.clone() };
            assert_eq!(history(&mut world, &reader, &what, HistoryFilter::default()), Err(refused));
            world.grant(&reader, &[intent], &what);
            assert_eq!(history(&mut world, &reader, &what, HistoryFilter::default()), Ok(vec![1]));
        }
    }
}

/// Rule: field-level differences with old and new value (+)
#[coffer_test]
fn a_history_has_each_field_with_its_old_and_new_value(test: &Test) {
    let mut world = World::new(test);
    let a = world.item(
        ROOT,
        budget::NewItem {
            fields: vec![amount("100.0"), currency("EUR")],
            ..paid("a", budget::AmountType::Allocated, "1")
        },
    );
    let fields = vec![
        amount("90"),
        Field::Description("three pumps".into()),
        Field::Additional([("k".to_owned(), Some("v".to_owned()))].into()),
        Field::Tags(vec!["x".into(), "y".into()]),
    ];
    world.ok(BOB, |budget| budget.update(a.clone(), fields, None));
    world.ok(ROOT, |budget| budget.assign(a.clone(), CAROL.into(), None));
    world.ok(CAROL, |budget| budget.close(a.clone(), None, None));
    let page = world.look(ROOT, |budget| budget.history(a.clone(), HistoryFilter::default(), 0, 10)).unwrap();
    let change = |field: &str, old: Option<&str>, new: Option<&str>| FieldChange {
        field: field.to_owned(),
        old: old.map(str::to_owned),
        new: new.map(str::to_owned),
    };
    let kinds: Vec<ChangeKind> = page.changes.iter().map(|(_, change)| change.kind).collect();
    assert_eq!(kinds, [ChangeKind::Created, ChangeKind::Updated, ChangeKind::Assigned, ChangeKind::Closed]);
    let created = &page.changes[0].1.fields;
    assert!(created.contains(&change("amount", None, Some("100"))), "{created:?}");
    assert!(created.contains(&change("amount_type", None, Some("allocated"))));
    assert!(created.contains(&change("name", None, Some("Item a"))));
    assert_eq!(
        page.changes[1].1.fields,
        [
            change("tags", None, Some("x, y")),
            change("description", None, Some("three pumps")),
            change("additional.k", None, Some("v")),
            change("amount", Some("100"), Some("90")),
        ]
    );
    assert_eq!((page.changes[1].0, page.changes[1].1.publisher.as_str()), (2, BOB));
    assert_eq!(page.changes[2].1.fields, [change("assignee", Some(ROOT), Some(CAROL))]);
    let closed = &page.changes[3].1;
    assert_eq!(closed.fields, [change("billing_date", None, Some(&closed.at.to_string()))]);
}

/// Rule: a history begins with all that something was created with (+)
#[coffer_test]
fn a_history_begins_with_all_that_a_thing_was_created_with(test: &Test) {
    let mut world = World::with_subproject(
        test,
        budget::NewSubproject {
            validator: Some(BOB.to_owned()),
            projected: vec![projected("Acme", "10.0", "EUR")],
            ..new_subproject("s")
        },
    );
    let documents = vec![crate::documents::file("d", 7)];
    let a = world.item(ROOT, budget::NewItem { documents, ..new_item("a") });
    let mut first = |of: Resource| -> Vec<(String, String)> {
        let page = world.look(ROOT, |budget| budget.history(of, HistoryFilter::default(), 0, 1)).unwrap();
        let fields = page.changes.into_iter().flat_map(|(_, change)| change.fields);
        fields.map(|change| (change.field, change.new.unwrap_or_default())).collect()
    };
    let of_s = first(subproject("p", "s"));
    for (field, value) in [("currency", "EUR"), ("validator", BOB), ("mode", "ordered"), ("projected.Acme.EUR", "10")] {
        assert!(of_s.contains(&(field.to_owned(), value.to_owned())), "{field}: {of_s:?}");
    }
    let of_a = first(a);
    assert!(of_a.iter().any(|(field, value)| field == "document.d" && value.starts_with("d.pdf: ")), "{of_a:?}");
}

/// Rule: History: filters by publisher, time, type; cursor paging (+)
#[coffer_test]
fn a_history_is_filtered_and_paged(test: &Test) {
    let mut world = World::new(test);
    let p = project("p");
    for round in 0..6 {
        let user = [ALICE, BOB][round % 2];
        world.ok(user, |budget| budget.update(p.clone(), vec![Field::Name(format!("name {round}"))], None));
        world.ok(user, |budget| budget.budget_set(p.clone(), projected("Acme", &round.to_string(), "EUR"), None));
    }
    let all = history(&mut world, ROOT, &p, HistoryFilter::default()).unwrap();
    assert_eq!(all, (1..=13).collect::<Vec<u32>>());
    let filter = HistoryFilter { publisher: Some(BOB.into()), ..HistoryFilter::default() };
    assert_eq!(history(&mut world, ROOT, &p, filter), Ok(vec![4, 5, 8, 9, 12, 13]));
    let filter = HistoryFilter { kinds: Some(vec![ChangeKind::BudgetSet]), ..HistoryFilter::default() };
    assert_eq!(history(&mut world, ROOT, &p, filter.clone()), Ok(vec![3, 5, 7, 9, 11, 13]));
    let page = world.look(ROOT, |budget| budget.history(p.clone(), HistoryFilter::default(), 4, 3)).unwrap();
    let times: Vec<u64> = page.changes.iter().map(|(_, change)| change.at).collect();
    assert_eq!((page.changes[0].0, page.changes.len(), page.next), (5, 3, Some(7)));
    let filter = HistoryFilter { from: Some(times[0]), until: Some(times[2]), ..HistoryFilter::default() };
    assert_eq!(history(&mut world, ROOT, &p, filter), Ok(vec![5, 6, 7]));
    // Pages of a filtered history join, too.
    let filter = || HistoryFilter { publisher: Some(ALICE.into()), ..HistoryFilter::default() };
    let first = world.look(ROOT, |budget| budget.history(p.clone(), filter(), 0, 4)).unwrap();
    let after = first.next.expect("more");
    let second = world.look(ROOT, |budget| budget.history(p.clone(), filter(), after, 4)).unwrap();
    let versions: Vec<u32> = first.changes.iter().chain(&second.changes).map(|(version, _)| *version).collect();
    assert_eq!((versions, second.next), (vec![2, 3, 6, 7, 10, 11], None));
}

/// Rule: a history entry is bounded (+)
#[coffer_test]
fn an_update_of_too_much_text_at_once_is_refused_and_in_two_steps_it_is_not(test: &Test) {
    let mut world = World::new(test);
    let text = |letter: &str| letter.repeat(4_000);
    let set =
        |world: &mut World, fields: Vec<Field>| world.run(ROOT, |budget| budget.update(project("p"), fields, None));
    set(&mut world, vec![Field::Description(text("😀")), Field::Markdown(text("😀"))]).unwrap();
    let both = vec![Field::Description(text("😁")), Field::Markdown(text("😁"))];
    assert!(matches!(set(&mut world, both), Err(Error::TooMuch { most: 60_000, .. })));
    set(&mut world, vec![Field::Description(text("😁"))]).unwrap();
    set(&mut world, vec![Field::Markdown(text("😁"))]).unwrap();
    let first = world.look(ROOT, |budget| budget.history(project("p"), HistoryFilter::default(), 0, 10)).unwrap();
    assert_eq!((first.changes.len(), first.next), (2, Some(2)), "a page fits into a result");
}
