//! Totals: of what a reader may see.

use budget::{AmountType, Field, NewItem, NewProject, NewSubproject, Resource, Total, Totals};
use permission::Intent;

use coffer_test::prelude::*;

use crate::given::*;
use crate::world::World;

/// All of a total.
fn totals(world: &mut World, user: &str, scope: &Resource) -> Totals {
    whole(|so_far| world.look(user, |budget| budget.totals(scope.clone(), so_far)).expect("may be seen"))
}

fn total(organisation: &str, funding: Option<&str>, currency: &str, sums: [&str; 3]) -> Total {
    let [projected, allocated, disbursed] = sums.map(str::to_owned);
    let (organisation, funding) = (organisation.to_owned(), funding.map(str::to_owned));
    Total { organisation, funding, currency: currency.to_owned(), projected, allocated, disbursed }
}

/// Rule: the reference's own numbers: budgets 200000 / 100000 / 50000 / 10000 give 50 %, 50 %, 20 % (T)
#[coffer_test]
fn the_reference_numbers_give_the_reference_percentages(test: &Test) {
    let mut world = World::empty(test);
    let budgets = |value: &str| vec![projected("Acme", value, "EUR")];
    world.ok(ROOT, |b| b.project_create(NewProject { projected: budgets("200000"), ..new_project("p") }));
    let new = NewSubproject { projected: budgets("100000"), ..new_subproject("s") };
    world.ok(ROOT, |budget| budget.subproject_create("p".into(), new, None));
    for (id, amount_type, value) in [("a", AmountType::Allocated, "50000"), ("d", AmountType::Disbursed, "10000")] {
        let item = world.item(ROOT, paid(id, amount_type, value));
        world.close(&item);
    }
    let of_project = totals(&mut world, ROOT, &project("p"));
    let of_subproject = totals(&mut world, ROOT, &subproject("p", "s"));
    assert_eq!(of_project.totals, [total("Acme", None, "EUR", ["200000", "50000", "10000"])]);
    assert_eq!(of_subproject.totals, [total("Acme", None, "EUR", ["100000", "50000", "10000"])]);
    let percent = |part: &str, of: &str| part.parse::<u64>().unwrap() * 100 / of.parse::<u64>().unwrap();
    let (above, own) = (&of_project.totals[0], &of_subproject.totals[0]);
    assert_eq!(percent(&own.projected, &above.projected), 50);
    assert_eq!(percent(&own.allocated, &own.projected), 50);
    assert_eq!(percent(&own.disbursed, &own.allocated), 20);
}

/// Rule: Totals: disbursed and allocated from closed, non-rejected items (T)
#[coffer_test]
fn only_closed_items_that_were_not_rejected_count(test: &Test) {
    let mut world = World::new(test);
    let [a, b, _] = ["a", "b", "c"].map(|id| world.item(ROOT, paid(id, AmountType::Disbursed, "10.10")));
    world.close(&a);
    world.reject(&b);
    let totals = totals(&mut world, ROOT, &subproject("p", "s"));
    assert_eq!(totals.totals, [total("Acme", None, "EUR", ["0", "0", "10.1"])]);
}

/// Rule: Totals per project, subproject, organisation, funding organisation, currency (+)
#[coffer_test]
fn totals_are_by_organisation_funding_organisation_and_currency(test: &Test) {
    let mut world = World::new(test);
    let kes = NewSubproject { currency: "KES".into(), ..new_subproject("k") };
    world.ok(ROOT, |budget| budget.subproject_create("p".into(), kes, None));
    world.ok(ROOT, |budget| budget.project_create(new_project("q")));
    world.ok(ROOT, |budget| budget.budget_set(project("q"), projected("Acme", "7", "EUR"), None));
    world.ok(ROOT, |budget| budget.budget_set(project("p"), projected("Umbrella", "8", "EUR"), None));
    let mut pay = |user: &str, sub: &str, id: &str, value: &str, code: &str, funding: Option<&str>| {
        let mut fields = vec![amount(value), currency(code)];
        fields.extend(funding.map(|funding| Field::Funding(Some(funding.to_owned()))));
        let new = NewItem { fields, ..paid(id, AmountType::Allocated, "1") };
        world.ok(user, |budget| budget.item_create("p".into(), sub.into(), new, None));
        world.ok(user, |budget| budget.close(item("p", sub, id), None, None));
    };
    pay(ROOT, "s", "a", "1", "EUR", None);
    pay(ROOT, "s", "b", "2", "EUR", Some("World Bank"));
    pay(BOB, "s", "c", "4", "EUR", Some("World Bank"));
    pay(BOB, "k", "d", "100", "KES", None);
    let sorted = |mut totals: Totals| {
        assert_eq!(totals.left_out, 0);
        totals.totals.sort_by_key(|total| (total.organisation.clone(), total.funding.clone(), total.currency.clone()));
        totals.totals
    };
    let of_p = [
        total("Acme", None, "EUR", ["0", "1", "0"]),
        total("Acme", Some("World Bank"), "EUR", ["0", "2", "0"]),
        total("Umbrella", None, "EUR", ["8", "0", "0"]),
        total("Umbrella", None, "KES", ["0", "100", "0"]),
        total("Umbrella", Some("World Bank"), "EUR", ["0", "4", "0"]),
    ];
    assert_eq!(sorted(totals(&mut world, ROOT, &project("p"))), of_p);
    assert_eq!(
        sorted(totals(&mut world, ROOT, &subproject("p", "k"))),
        [total("Umbrella", None, "KES", ["0", "100", "0"])]
    );
    let mut of_all = of_p.clone();
    of_all[0] = total("Acme", None, "EUR", ["7", "1", "0"]);
    assert_eq!(sorted(totals(&mut world, ROOT, &Resource::Global)), of_all);
}

/// Rule: Totals only over what the caller may see, and it says when something was left out (+)
#[coffer_test]
fn totals_leave_out_what_the_reader_may_not_see_and_say_so(test: &Test) {
    let mut world = World::new(test);
    for (id, value) in [("a", "1"), ("b", "2"), ("c", "4")] {
        let item = world.item(ROOT, paid(id, AmountType::Disbursed, value));
        world.close(&item);
    }
    let reader = "Acme/reader";
    world.user(reader);
    world.grant(reader, &[Intent::SubprojectList, Intent::WorkflowitemList], &subproject("p", "s"));
    world.deny(reader, &[Intent::WorkflowitemList], &item("p", "s", "b"));
    let seen = totals(&mut world, reader, &subproject("p", "s"));
    assert_eq!((seen.totals[0].disbursed.as_str(), seen.left_out), ("5", 1));
    assert!(world.look(reader, |budget| budget.totals(project("p"), None)).is_err(), "the project is not seen");
    let seen = totals(&mut world, reader, &Resource::Global);
    assert_eq!((seen.totals[0].disbursed.as_str(), seen.left_out), ("5", 2), "the project and an item");
    // Items of a subproject that the reader does not see do not count, even if it may list them.
    world.deny(reader, &[Intent::SubprojectList], &subproject("p", "s"));
    let seen = totals(&mut world, reader, &Resource::Global);
    assert_eq!((seen.totals, seen.left_out), (vec![], 4));
}

/// Rule: totals of many items come in steps (+)
#[coffer_test]
fn totals_of_many_items_are_added_up_in_steps(test: &Test) {
    let mut world = World::new(test);
    for number in 0..230 {
        let item = world.item(ROOT, paid(&format!("i{number}"), AmountType::Disbursed, "0.01"));
        world.close(&item);
    }
    let first = world.look(ROOT, |budget| budget.totals(subproject("p", "s"), None)).unwrap();
    assert!(first.next.is_some() && first.totals[0].disbursed == "1");
    assert_eq!(totals(&mut world, ROOT, &project("p")).totals[0].disbursed, "2.3");
    assert_eq!(totals(&mut world, ROOT, &Resource::Global).totals[0].disbursed, "2.3");
}
