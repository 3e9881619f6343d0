//! The counter against a host in memory.

use super::*;
use coffer_sdk::native::{MemoryHost, with_host};

const ALICE: AccountId = AccountId([1; 32]);

#[test]
fn counting_is_remembered_and_told() {
    let ((), host) = with_host(MemoryHost::called_by(ALICE), || {
        let mut counter = Counter::open();
        counter.init(5);
        assert_eq!(counter.add(2), Ok(7));
        assert_eq!(counter.value(), 7);
        assert_eq!(counter.added_by(ALICE), 2);
    });
    let told: Vec<Added> = host.events.iter().filter_map(|event| event.read()).collect();
    assert_eq!(told, [Added { who: ALICE, value: 7 }]);
}

#[test]
fn a_count_that_does_not_fit_is_refused() {
    with_host(MemoryHost::called_by(ALICE), || {
        let mut counter = Counter::open();
        counter.init(u64::MAX);
        assert_eq!(counter.add(1), Err(Error::Overflow));
        assert_eq!(counter.value(), u64::MAX);
    });
}
