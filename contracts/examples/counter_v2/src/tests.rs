//! The second version of the counter against a host in memory.

use super::*;
use coffer_sdk::native::{MemoryHost, with_host};

const ALICE: AccountId = AccountId([1; 32]);

#[test]
fn the_count_of_the_first_version_is_brought_into_its_new_form() {
    let ((), host) = with_host(MemoryHost::called_by(ALICE), || {
        let mut first: Item<u64> = stored_as("value");
        first.set(&7);
        let mut counter = Counter::open();
        assert_eq!(counter.migrate(10), Ok(70));
        assert_eq!((counter.value(), counter.since().is_some()), (70, true));
        assert_eq!(counter.add(1), Ok(71));
    });
    let told: Vec<Migrated> = host.events.iter().filter_map(|event| event.read()).collect();
    assert_eq!(told, [Migrated { value: 70 }]);
}

#[test]
fn a_migration_that_would_lose_the_count_is_refused() {
    with_host(MemoryHost::called_by(ALICE), || {
        assert_eq!(Counter::open().migrate(0), Err(Error::NoFactor));
    });
}
