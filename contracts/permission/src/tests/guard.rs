//! The last holder of a right to grant.

use super::*;

const GRANT: Intent = Intent::GlobalGrantPermission;

/// Rule: the last holder of grantPermission on a resource cannot lose it (T)
#[coffer_test]
fn the_last_holder_of_the_right_to_grant_on_a_project_cannot_lose_it(test: &Test) {
    let mut programme = Programme::with_tree(test);
    let rights =
        [Intent::ProjectGrantPermission, Intent::SubprojectGrantPermission, Intent::WorkflowitemGrantPermission];
    for right in rights {
        let refused = programme.revoke(ALICE, "acme/alice", &[right], project());
        assert_eq!(refused, last_holder(right, project()));
        let refused = programme.grant_as(ALICE, "acme/alice", &[right], project(), until(5_000));
        assert_eq!(refused, last_holder(right, project()), "an end");
    }
    let here = Terms { inheritable: false, until: None };
    let refused = programme.grant_as(ALICE, "acme/alice", &[rights[1]], project(), here.clone());
    assert_eq!(refused, last_holder(rights[1], project()), "no longer for what is below");
    assert!(programme.grant_as(ALICE, "acme/alice", &[rights[0]], project(), here).is_ok());
    // A holder with an end is none: it would go by itself.
    programme.grant_as(ALICE, "acme/bob", &[rights[0]], project(), until(5_000)).unwrap();
    let refused = programme.revoke(ALICE, "acme/alice", &[rights[0]], project());
    assert_eq!(refused, last_holder(rights[0], project()));
    programme.grant(ALICE, "donor/carol", &rights, project()).unwrap();
    assert!(programme.revoke(ALICE, "acme/alice", &rights, project()).is_ok());
    assert!(programme.can(CAROL, rights[2], &item()) && !programme.can(ALICE, rights[0], &project()));
}

/// Rule: below a project there is always a holder, who inherits the right (+)
#[coffer_test]
fn on_a_subproject_the_holders_of_the_project_are_left(test: &Test) {
    let mut programme = Programme::with_tree(test);
    let right = Intent::SubprojectGrantPermission;
    assert!(programme.revoke(ALICE, "acme/alice", &[right], subproject()).is_ok());
    assert!(programme.can(ALICE, right, &subproject()), "inherited");
    let refused = programme.deny(ALICE, "acme/alice", &[right], subproject());
    assert_eq!(refused, Err(Error::CannotDeny { right: right.name().into() }));
}

/// Rule: the last holder of grantPermission globally cannot lose it (+)
#[coffer_test]
fn the_last_global_holder_cannot_lose_the_right_to_grant(test: &Test) {
    let mut programme = Programme::new(test);
    assert_eq!(programme.revoke(ALICE, "acme/alice", &[GRANT], Resource::Global), last_holder(GRANT, Resource::Global));
    programme.grant(ALICE, "donor/carol", &[GRANT], Resource::Global).unwrap();
    assert!(programme.revoke(ALICE, "acme/alice", &[GRANT], Resource::Global).is_ok());
}

/// Rule: the last holder of the right to administer a group cannot lose it (+)
#[coffer_test]
fn the_last_administrator_of_a_group_cannot_lose_the_right(test: &Test) {
    let mut programme = Programme::new(test);
    programme.new_group(ALICE, "clerks", &[]).unwrap();
    let (right, clerks) = (Intent::GroupAdminister, group("clerks"));
    assert_eq!(programme.revoke(ALICE, "acme/alice", &[right], clerks.clone()), last_holder(right, clerks.clone()));
    // A group that nobody is in is no holder.
    programme.grant(ALICE, "clerks", &[right], clerks.clone()).unwrap();
    assert_eq!(programme.revoke(ALICE, "acme/alice", &[right], clerks.clone()), last_holder(right, clerks.clone()));
    programme.join(ALICE, "clerks", "acme/bob").unwrap();
    assert!(programme.revoke(ALICE, "acme/alice", &[right], clerks.clone()).is_ok());
    programme.grant(BOB, "clerks", &[Intent::GroupAdminister], clerks).unwrap();
}

/// Rule: the last holder is not disabled (+)
#[coffer_test]
fn a_user_who_is_the_last_holder_anywhere_cannot_be_disabled(test: &Test) {
    let mut programme = Programme::with_tree(test);
    let all = programme.by(ALICE, |contract| contract.grant_all("acme/bob".into(), None));
    assert!(all.is_ok());
    let right = Intent::ProjectGrantPermission;
    assert_eq!(programme.disable(BOB, "acme/alice"), last_holder(right, project()));
    let rights = [right, Intent::SubprojectGrantPermission, Intent::WorkflowitemGrantPermission];
    programme.grant(ALICE, "donor/carol", &rights, project()).unwrap();
    assert!(programme.disable(BOB, "acme/alice").is_ok());
    assert_eq!(programme.disable(BOB, "acme/bob"), last_holder(GRANT, Resource::Global), "itself");
    // Carol is not the only one named, but the only one enabled.
    assert_eq!(programme.disable(BOB, "donor/carol"), last_holder(right, project()));
    programme.by(BOB, |contract| contract.enable_user("acme/alice".into(), None)).unwrap();
    assert!(programme.disable(BOB, "donor/carol").is_ok());
}

/// Rule: the last holder does not leave the group that makes it one (+)
#[coffer_test]
fn the_last_user_cannot_be_taken_out_of_a_group_that_is_the_last_holder(test: &Test) {
    let mut programme = Programme::with_tree(test);
    let rights =
        [Intent::ProjectGrantPermission, Intent::SubprojectGrantPermission, Intent::WorkflowitemGrantPermission];
    programme.new_group(ALICE, "inner", &["acme/bob", "donor/carol"]).unwrap();
    programme.new_group(ALICE, "outer", &["inner"]).unwrap();
    programme.grant(ALICE, "outer", &rights, project()).unwrap();
    programme.revoke(ALICE, "acme/alice", &rights, project()).unwrap();
    let refused = last_holder(rights[0], project());
    assert_eq!(programme.leave(ALICE, "outer", "inner"), refused, "a group");
    assert!(programme.leave(ALICE, "inner", "acme/bob").is_ok());
    assert_eq!(programme.leave(ALICE, "inner", "donor/carol"), refused);
    assert_eq!(programme.disable(ALICE, "donor/carol"), refused);
    programme.join(ALICE, "outer", "donor/dave").unwrap();
    assert!(programme.leave(ALICE, "outer", "inner").is_ok());
    assert_eq!(programme.disable(ALICE, "donor/dave"), refused);
}

/// Rule: the last user of an organisation that is the last holder is not disabled (+)
#[coffer_test]
fn an_organisation_keeps_an_enabled_user_while_it_is_the_last_holder(test: &Test) {
    let mut programme = Programme::with_tree(test);
    let rights =
        [Intent::ProjectGrantPermission, Intent::SubprojectGrantPermission, Intent::WorkflowitemGrantPermission];
    programme.grant(ALICE, "donor", &rights, project()).unwrap();
    programme.revoke(ALICE, "acme/alice", &rights, project()).unwrap();
    assert!(programme.disable(ALICE, "donor/carol").is_ok());
    assert_eq!(programme.disable(ALICE, "donor/dave"), last_holder(rights[0], project()));
    programme.by(ALICE, |contract| contract.enable_user("donor/carol".into(), None)).unwrap();
    assert!(programme.disable(ALICE, "donor/dave").is_ok());
}

/// Rule: a user keeps the right to grant on itself (+)
#[coffer_test]
fn a_user_has_the_right_to_grant_on_itself_for_good(test: &Test) {
    let mut programme = Programme::new(test);
    let own = Resource::User { user: "acme/bob".into() };
    let right = Intent::UserGrantPermission;
    assert_eq!(programme.revoke(ALICE, "acme/bob", &[right], own.clone()), last_holder(right, own.clone()));
    let refused = programme.grant_as(BOB, "acme/bob", &[right], own.clone(), until(9_000));
    assert_eq!(refused, last_holder(right, own.clone()));
    assert!(programme.revoke(BOB, "acme/alice", &[right], own).is_ok());
    assert!(programme.disable(ALICE, "acme/bob").is_ok());
}
