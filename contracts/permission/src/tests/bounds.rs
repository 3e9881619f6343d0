//! Bounds, and that a check costs the same however many users there are.

use super::*;
use crate::group::{MAX_AROUND, MAX_BENEATH, MAX_MEMBERSHIPS};
use crate::place::MAX_PRINCIPALS;

fn too_many<T>(what: &str, most: usize) -> Result<T, Error> {
    Err(Error::TooMany { what: what.into(), most: most as u32 })
}

/// Rule: nesting of groups is bounded (+)
#[coffer_test]
fn a_chain_of_groups_ends_at_the_bound(test: &Test) {
    let mut programme = Programme::new(test);
    for n in 0..=MAX_AROUND {
        programme.new_group(ALICE, &format!("g{n}"), &[]).unwrap();
        if n > 0 {
            programme.join(ALICE, &format!("g{n}"), &format!("g{}", n - 1)).unwrap();
        }
    }
    programme.new_group(ALICE, "outermost", &[]).unwrap();
    let last = format!("g{MAX_AROUND}");
    assert_eq!(programme.join(ALICE, "outermost", &last), too_many("groups around a group", MAX_AROUND));
    programme.new_group(ALICE, "innermost", &[]).unwrap();
    assert_eq!(programme.join(ALICE, "g0", "innermost"), too_many("groups around a group", MAX_AROUND));
    programme.join(ALICE, "g0", "acme/bob").unwrap();
    assert!(programme.ask(BOB, |contract| contract.in_identity(BOB, last)));
}

/// Rule: sizes of groups are bounded (+)
#[coffer_test]
fn memberships_and_subgroups_end_at_their_bounds(test: &Test) {
    let mut programme = Programme::new(test);
    for n in 0..=MAX_MEMBERSHIPS {
        programme.new_group(ALICE, &format!("g{n}"), &[]).unwrap();
    }
    for n in 0..MAX_MEMBERSHIPS {
        programme.join(ALICE, &format!("g{n}"), "acme/bob").unwrap();
    }
    let refused = programme.join(ALICE, &format!("g{MAX_MEMBERSHIPS}"), "acme/bob");
    assert_eq!(refused, too_many("groups that one user or group is in itself", MAX_MEMBERSHIPS));
    programme.new_group(ALICE, "all", &[]).unwrap();
    for n in 0..MAX_BENEATH {
        programme.new_group(ALICE, &format!("s{n}"), &[]).unwrap();
        programme.join(ALICE, "all", &format!("s{n}")).unwrap();
    }
    assert_eq!(programme.join(ALICE, "all", "g0"), too_many("groups in a group", MAX_BENEATH));
    programme.leave(ALICE, "all", "s0").unwrap();
    assert!(programme.join(ALICE, "all", "g0").is_ok());
    let many = vec!["acme/bob"; 101];
    assert_eq!(programme.new_group(ALICE, "many", &many), too_many("members of a new group", 100));
}

/// Rule: the principals with rights on one resource are bounded (+)
#[coffer_test]
fn a_resource_has_a_bounded_number_of_principals(test: &Test) {
    let mut programme = Programme::with_tree(test);
    let name = |n: u32| format!("g{n}");
    for n in 0..MAX_PRINCIPALS {
        programme.new_group(ALICE, &name(n), &[]).unwrap();
    }
    // Alice is one of them.
    for n in 1..MAX_PRINCIPALS {
        programme.grant(ALICE, &name(n), &[Intent::ProjectList], project()).unwrap();
    }
    let what = "users, groups and organisations with rights on one resource";
    let refused = programme.grant(ALICE, &name(0), &[Intent::ProjectList], project());
    assert_eq!(refused, too_many(what, MAX_PRINCIPALS as usize));
    programme.revoke(ALICE, &name(1), &[Intent::ProjectList], project()).unwrap();
    assert!(programme.grant(ALICE, &name(0), &[Intent::ProjectList], project()).is_ok());
}
