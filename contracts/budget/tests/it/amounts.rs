//! Amounts of workflow items with their currencies, rates and dates.

use budget::{AmountType, Error, Field, NewItem, Rate};
use coffer_sdk::prelude::*;

use coffer_test::prelude::*;

use crate::given::*;
use crate::world::World;

fn create(world: &mut World, new: NewItem) -> Result<String, Error> {
    world.run(ROOT, |budget| budget.item_create("p".into(), "s".into(), new, None))
}

fn with(amount_type: AmountType, fields: Vec<Field>) -> NewItem {
    NewItem { amount_type, fields, id: None, ..new_item("x") }
}

/// Rule: N/A forbids amount, currency, rate and billing date (T)
#[coffer_test]
fn an_item_without_an_amount_type_has_no_amount_currency_rate_and_billing_date(test: &Test) {
    let mut world = World::new(test);
    for field in [amount("1"), currency("EUR"), Field::Rate(Some(rate("1"))), Field::BillingDate(Some(1))] {
        let error = create(&mut world, with(AmountType::NotApplicable, vec![field.clone()])).unwrap_err();
        assert!(is_invalid(&error, "amount_type"), "{error:?}");
        let id = create(&mut world, with(AmountType::NotApplicable, vec![])).unwrap();
        let error = world.refused(ROOT, |budget| budget.update(item("p", "s", &id), vec![field], None));
        assert!(is_invalid(&error, "amount_type"), "{error:?}");
    }
}

/// Rule: changing to N/A clears them (T)
#[coffer_test]
fn changing_to_no_amount_type_clears_the_four(test: &Test) {
    let mut world = World::new(test);
    let a = world.item(
        ROOT,
        NewItem {
            fields: vec![amount("5"), currency("EUR"), Field::BillingDate(Some(7)), Field::DueDate(Some(9))],
            ..paid("a", AmountType::Allocated, "5")
        },
    );
    let change = vec![Field::AmountType(AmountType::NotApplicable)];
    world.ok(ROOT, |budget| budget.update(a.clone(), change, None));
    let work = world.work(&a);
    assert_eq!((work.amount, work.currency, work.rate, work.billing_date), (None, None, None, None));
    assert_eq!(work.due_date, Some(9), "the due date is none of the four");
}

/// Rule: While open the four are optional (T)
#[coffer_test]
fn while_an_item_is_open_the_four_are_optional(test: &Test) {
    let mut world = World::new(test);
    for fields in [vec![], vec![amount("5")], vec![currency("EUR")], vec![Field::BillingDate(Some(1))]] {
        create(&mut world, with(AmountType::Disbursed, fields)).unwrap();
    }
}

/// Rule: to close with another type all four are required (T)
#[coffer_test]
fn an_item_with_an_amount_type_closes_only_with_amount_currency_and_rate(test: &Test) {
    let mut world = World::new(test);
    let a = world.item(ROOT, with(AmountType::Allocated, vec![]));
    let close = |world: &mut World| world.run(ROOT, |budget| budget.close(a.clone(), None, None));
    let set = |world: &mut World, field: Field| world.ok(ROOT, |budget| budget.update(a.clone(), vec![field], None));
    assert!(is_missing(&close(&mut world).unwrap_err(), "amount"));
    set(&mut world, amount("10"));
    assert!(is_missing(&close(&mut world).unwrap_err(), "currency"));
    set(&mut world, currency("EUR"));
    close(&mut world).unwrap();
}

/// Rule: Rate defaults to 1 when currency equals the subproject's (T)
#[coffer_test]
fn the_rate_of_the_subprojects_own_currency_is_1(test: &Test) {
    let mut world = World::new(test);
    let a = world.item(ROOT, paid("a", AmountType::Allocated, "5"));
    assert_eq!(world.work(&a).rate.map(|rate| rate.value).as_deref(), Some("1"));
    let other = vec![Field::Rate(Some(rate("1.1")))];
    assert!(is_invalid(&world.refused(ROOT, |budget| budget.update(a.clone(), other, None)), "rate"));
    // From a foreign currency back to the own one the foreign rate is forgotten.
    let foreign = vec![currency("USD"), Field::Rate(Some(rate("0.9")))];
    world.ok(ROOT, |budget| budget.update(a.clone(), foreign, None));
    assert_eq!(world.work(&a).rate, Some(rate("0.9")));
    world.ok(ROOT, |budget| budget.update(a.clone(), vec![currency("EUR")], None));
    assert_eq!(world.work(&a).rate.map(|rate| rate.value).as_deref(), Some("1"));
}

/// Rule: Rate must be given otherwise, also when an update leaves N/A (+)
#[coffer_test]
fn a_foreign_currency_needs_a_rate_also_when_an_update_brings_it(test: &Test) {
    let mut world = World::new(test);
    let usd = || vec![amount("5"), currency("USD")];
    assert!(is_missing(&create(&mut world, with(AmountType::Allocated, usd())).unwrap_err(), "rate"));
    let none = world.item(ROOT, with(AmountType::NotApplicable, vec![]));
    let leave = |rate: Option<Rate>| {
        let mut fields = usd();
        fields.push(Field::AmountType(AmountType::Allocated));
        fields.extend(rate.map(|rate| Field::Rate(Some(rate))));
        fields
    };
    let error = world.refused(ROOT, |budget| budget.update(none.clone(), leave(None), None));
    assert!(is_missing(&error, "rate"), "{error:?}");
    world.ok(ROOT, |budget| budget.update(none.clone(), leave(Some(rate("0.9"))), None));
    // Another foreign currency needs another rate, and the rate cannot be taken away alone.
    let error = world.refused(ROOT, |budget| budget.update(none.clone(), vec![currency("KES")], None));
    assert!(is_missing(&error, "rate"), "{error:?}");
    let error = world.refused(ROOT, |budget| budget.update(none.clone(), vec![Field::Rate(None)], None));
    assert!(is_missing(&error, "rate"), "{error:?}");
}

/// Rule: exchange rate a positive decimal with source and date (+)
#[coffer_test]
fn a_rate_is_a_positive_decimal_with_its_source_and_date(test: &Test) {
    let mut world = World::new(test);
    let try_rate = |world: &mut World, rate: Rate| {
        create(world, with(AmountType::Allocated, vec![amount("1"), currency("USD"), Field::Rate(Some(rate))]))
    };
    for wrong in ["0", "-1", "0.0", "x", "1,1", "0.0000000000000000001", "1000000000000000000"] {
        let error = try_rate(&mut world, rate(wrong)).unwrap_err();
        assert!(is_invalid(&error, "rate"), "{wrong}: {error:?}");
    }
    let error = try_rate(&mut world, Rate { source: " ".to_owned(), ..rate("1") }).unwrap_err();
    assert!(is_missing(&error, "rate.source"), "{error:?}");
    let id = try_rate(&mut world, rate("1.50")).unwrap();
    let kept = world.work(&item("p", "s", &id)).rate.unwrap();
    assert_eq!((kept.value.as_str(), kept.source.as_str(), kept.date), ("1.5", "European Central Bank", 5));
}

/// Rule: Billing date defaults to the closing block's time (T)
#[coffer_test]
fn the_billing_date_is_the_time_of_closing_unless_it_was_given(test: &Test) {
    let mut world = World::new(test);
    let a = world.item(ROOT, paid("a", AmountType::Allocated, "5"));
    let b = world.item(
        ROOT,
        NewItem {
            fields: vec![amount("5"), currency("EUR"), Field::BillingDate(Some(77))],
            ..paid("b", AmountType::Allocated, "5")
        },
    );
    world.close(&a);
    let closed = world.thing(&a).closing.unwrap().at;
    assert_eq!(world.work(&a).billing_date, Some(closed));
    world.close(&b);
    assert_eq!(world.work(&b).billing_date, Some(77));
}

/// Rule: A disbursed or allocated amount x rate = amount in the subproject's currency (T)
#[coffer_test]
fn amount_times_rate_is_the_amount_in_the_subprojects_currency(test: &Test) {
    let mut world = World::new(test);
    let fields = vec![amount("1500.25"), currency("USD"), Field::Rate(Some(rate("1.0837")))];
    let a = world.item(ROOT, NewItem { fields, ..paid("a", AmountType::Allocated, "1") });
    world.close(&a);
    let totals = world.look(ROOT, |budget| budget.totals(subproject("p", "s"), None)).unwrap();
    assert_eq!((totals.totals[0].allocated.as_str(), totals.totals[0].currency.as_str()), ("1625.820925", "EUR"));
}

/// Rule: money is exact: what would have to be rounded is refused (+)
#[coffer_test]
fn an_item_whose_amount_would_have_to_be_rounded_does_not_close(test: &Test) {
    let mut world = World::new(test);
    let fields = vec![amount("0.0000000001"), currency("USD"), Field::Rate(Some(rate("0.0000000001")))];
    let a = world.item(ROOT, NewItem { fields, ..paid("a", AmountType::Allocated, "1") });
    let error = world.refused(ROOT, |budget| budget.close(a.clone(), None, None));
    assert!(matches!(error, Error::NotExact { .. }), "{error:?}");
    assert!(world.thing(&a).is_open());
    for wrong in ["1e3", "1,000", "12.3456789012345678901", "1000000000000000000", "", "½"] {
        let error = create(&mut world, with(AmountType::Allocated, vec![amount(wrong)])).unwrap_err();
        assert!(is_invalid(&error, "amount"), "{wrong}: {error:?}");
    }
}

/// Rule: ISO 4217 codes everywhere; unknown refused (+)
#[coffer_test]
fn every_currency_is_one_of_iso_4217(test: &Test) {
    let mut world = World::new(test);
    for wrong in ["EURO", "eur", "ZZZ", ""] {
        let error = create(&mut world, with(AmountType::Allocated, vec![currency(wrong)])).unwrap_err();
        assert!(is_invalid(&error, "currency"), "{wrong}: {error:?}");
        let error = world.refused(ROOT, |budget| budget.budget_set(project("p"), projected("Acme", "1", wrong), None));
        assert!(is_invalid(&error, "projected.currency"), "{wrong}: {error:?}");
    }
    let known = world.look(BOB, |budget| budget.currencies());
    assert_eq!((known.len(), known[0].as_str()), (179, "AED"), "whoever asks");
    assert!(known.is_sorted() && known.contains(&"EUR".to_owned()) && !known.contains(&"ZZZ".to_owned()));
}
