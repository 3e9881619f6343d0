//! The counter, natively and as Wasm.

use super::*;
use coffer_test::prelude::*;

#[coffer_test]
fn counting_is_remembered_and_told(test: &Test) {
    let bob = test.account("bob");
    let counter = test.contract::<Counter>("counter");
    counter.init(5);
    assert_eq!(counter.as_account(bob).add(2), Ok(7));
    assert_eq!(counter.value(), 7);
    assert_eq!(counter.added_by(bob), 2);
    assert_eq!(test.events::<Added>(), [Added { who: bob, value: 7 }]);
}

#[coffer_test]
fn a_count_that_does_not_fit_is_refused(test: &Test) {
    let counter = test.contract::<Counter>("counter");
    counter.init(u64::MAX);
    assert_eq!(counter.add(1), Err(Error::Overflow));
    assert_eq!(counter.value(), u64::MAX);
}
