//! The second version of the counter, natively and as Wasm.

use super::*;
use coffer_test::prelude::*;

/// A counter as its first version left it.
fn upgraded(test: &Test, value: u64) -> ClientOf<Counter> {
    let counter = test.contract::<Counter>("counter");
    counter.init(0);
    test.store(&counter, "value", &value);
    counter
}

#[coffer_test]
fn the_count_of_the_first_version_is_brought_into_its_new_form(test: &Test) {
    let counter = upgraded(test, 7);
    test.advance(4, 0);
    assert_eq!(counter.migrate(10), Ok(70));
    assert_eq!((counter.value(), counter.since()), (70, Some(5)));
    assert_eq!(counter.add(1), Ok(71));
    assert_eq!(test.events::<Migrated>(), [Migrated { value: 70 }]);
}

#[coffer_test]
fn a_migration_that_would_lose_the_count_is_refused(test: &Test) {
    assert_eq!(upgraded(test, 7).migrate(0), Err(Error::NoFactor));
}
