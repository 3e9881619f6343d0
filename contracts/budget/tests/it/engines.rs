//! Random calls, and the other contract's spec. Random commands that mean something are in `sequences`.

use budget::Budget;
use coffer_test::{Sequences, here, spec_is_current};
use permission::Permission;

use crate::given::*;
use crate::world::World;

const USERS: [&str; 4] = [ROOT, ALICE, BOB, CAROL];

/// Rule: the budget knows the permission contract as it is (+)
#[test]
fn the_spec_of_the_permission_contract_is_current() {
    spec_is_current::<Permission>(here!(the_spec_of_the_permission_contract_is_current), "permission.spec");
}

/// Rule: whatever is called by whomever, both engines do the same (+)
#[test]
fn whatever_is_called_both_engines_do_the_same() {
    let sequences = Sequences::new(here!(whatever_is_called_both_engines_do_the_same)).sequences(20);
    sequences.signers(&USERS).run_contract::<Budget>(
        |test| World::new(test).budget,
        |_, budget| assert!(budget.about().is_some_and(|about| about.parties.len() == 3)),
    );
}
