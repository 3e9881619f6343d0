//! Granting, denying, revoking and roles: who may, what it changes, and what is told.

use super::*;
use crate::event::{Denied, Granted, Revoked, RoleDefined};

/// Rule: grant and revoke are idempotent (T)
#[coffer_test]
fn granting_and_revoking_again_succeed_without_effect(test: &Test) {
    let mut programme = Programme::with_tree(test);
    let list = &[Intent::ProjectList, Intent::ProjectList, Intent::ProjectViewDetails];
    assert_eq!(programme.revoke(ALICE, "acme/bob", list, project()), Ok(1), "there was nothing");
    assert!(programme.events().is_empty());
    assert_eq!(programme.grant(ALICE, "acme/bob", list, project()), Ok(2));
    let granted = Granted {
        principal: "acme/bob".into(),
        intents: vec![Intent::ProjectList, Intent::ProjectViewDetails],
        resource: project(),
        inheritable: true,
        until: None,
        by: "acme/alice".into(),
        version: 2,
    };
    assert_eq!(programme.events()[0].read(), Some(granted.clone()));
    assert_eq!(programme.grant(ALICE, "acme/bob", list, project()), Ok(2));
    assert!(programme.events().is_empty());
    assert_eq!(programme.deny(ALICE, "acme/bob", &list[..1], project()), Ok(3));
    assert_eq!(programme.deny(ALICE, "acme/bob", &list[..1], project()), Ok(3));
    let Granted { principal, resource, inheritable, until, by, .. } = granted;
    let denied = Denied {
        principal: principal.clone(),
        intents: vec![Intent::ProjectList],
        resource: resource.clone(),
        inheritable,
        until,
        by: by.clone(),
        version: 3,
    };
    assert_eq!(programme.events().iter().filter_map(Emitted::read).collect::<Vec<Denied>>(), [denied]);
    assert_eq!(programme.revoke(ALICE, "acme/bob", list, project()), Ok(4));
    assert_eq!(programme.revoke(ALICE, "acme/bob", list, project()), Ok(4));
    let intents = vec![Intent::ProjectList, Intent::ProjectViewDetails];
    let revoked = Revoked { principal, intents, resource, by, version: 4 };
    assert_eq!(programme.events().iter().filter_map(Emitted::read).collect::<Vec<Revoked>>(), [revoked]);
}

/// Rule: to grant one needs `<level>.intent.grantPermission` there (T)
#[coffer_test]
fn granting_needs_the_right_to_grant_on_the_resource(test: &Test) {
    let mut programme = Programme::with_tree(test);
    programme.new_group(ALICE, "auditors", &[]).unwrap();
    let user = Resource::User { user: "donor/carol".into() };
    let cases = [
        (Resource::Global, Intent::GlobalCreateProject, "global.grantPermission"),
        (user, Intent::UserList, "user.intent.grantPermission"),
        (group("auditors"), Intent::GroupAddUser, "group.administer"),
        (project(), Intent::ProjectList, "project.intent.grantPermission"),
        (subproject(), Intent::SubprojectList, "subproject.intent.grantPermission"),
        (item(), Intent::WorkflowitemList, "workflowitem.intent.grantPermission"),
    ];
    for (resource, intent, right) in cases {
        let to_grant = resource.level().right_to_grant();
        assert_eq!(to_grant.name(), right);
        programme.grant(ALICE, "acme/bob", &[intent], resource.clone()).unwrap();
        assert_eq!(programme.grant(BOB, "donor/dave", &[intent], resource.clone()), lacks(to_grant, resource.clone()));
        programme.grant(ALICE, "acme/bob", &[to_grant], resource.clone()).unwrap();
        assert!(programme.grant(BOB, "donor/dave", &[intent], resource.clone()).is_ok());
        assert!(programme.can(DAVE, intent, &resource));
    }
}

/// Rule: to grant one needs the intent itself: no self-escalation (+)
#[coffer_test]
fn nobody_grants_a_right_that_it_does_not_have(test: &Test) {
    let mut programme = Programme::with_tree(test);
    programme.grant(ALICE, "acme/bob", &[Intent::ProjectGrantPermission, Intent::ProjectList], project()).unwrap();
    for to in ["acme/bob", "donor/carol", "acme", "donor"] {
        let refused = programme.grant(BOB, to, &[Intent::ProjectList, Intent::ProjectClose], project());
        assert_eq!(refused, lacks(Intent::ProjectClose, project()), "{to}");
    }
    assert!(!programme.can(BOB, Intent::ProjectClose, &project()));
    assert!(!programme.can(CAROL, Intent::ProjectList, &project()), "all or nothing");
}

/// Rule: nobody grants a right for longer, or further down, than it has it (+)
#[coffer_test]
fn nobody_grants_more_of_a_right_than_it_has(test: &Test) {
    let mut programme = Programme::with_tree(test);
    let (grant, list) = (Intent::ProjectGrantPermission, Intent::SubprojectList);
    programme.grant(ALICE, "acme/bob", &[grant], project()).unwrap();
    programme.grant_as(ALICE, "acme/bob", &[list], project(), until(5_000)).unwrap();
    let beyond = || Err(Error::BeyondOwn { right: list.name().into(), resource: project() });
    assert_eq!(programme.grant(BOB, "acme/bob", &[list], project()), beyond(), "itself, without an end");
    assert_eq!(programme.grant_as(BOB, "donor/carol", &[list], project(), until(5_001)), beyond());
    assert!(programme.grant_as(BOB, "donor/carol", &[list], project(), until(5_000)).is_ok());
    let here = Terms { inheritable: false, until: None };
    programme.grant_as(ALICE, "acme/bob", &[list], project(), here.clone()).unwrap();
    assert_eq!(programme.grant(BOB, "donor/dave", &[list], project()), beyond(), "not inheritable");
    assert!(programme.grant_as(BOB, "donor/dave", &[list], project(), here).is_ok());
}

/// Rule: grantees must exist (+)
#[coffer_test]
fn a_grantee_that_does_not_exist_is_refused(test: &Test) {
    let mut programme = Programme::with_tree(test);
    let nobody = |name: &str| Err(Error::NoIdentity { name: name.into() });
    assert_eq!(programme.grant(ALICE, "acme/eve", &[Intent::ProjectList], project()), nobody("acme/eve"));
    assert_eq!(programme.deny(ALICE, "nowhere", &[Intent::ProjectList], project()), nobody("nowhere"));
    assert_eq!(programme.revoke(ALICE, "", &[Intent::ProjectList], project()), nobody(""));
    let other = Resource::Project { project: "none".into() };
    let refused = programme.grant(ALICE, "acme/bob", &[Intent::ProjectList], other.clone());
    assert_eq!(refused, Err(Error::NoResource { resource: other }));
}

/// Rule: an intent is granted on its own level or above it (+)
#[coffer_test]
fn an_intent_of_another_level_is_refused(test: &Test) {
    let mut programme = Programme::with_tree(test);
    let wrong = |right: Intent, resource| Err(Error::WrongLevel { right: right.name().into(), resource });
    let refused = programme.grant(ALICE, "acme/bob", &[Intent::ProjectClose], subproject());
    assert_eq!(refused, wrong(Intent::ProjectClose, subproject()));
    let refused = programme.deny(ALICE, "acme/bob", &[Intent::UserList], item());
    assert_eq!(refused, wrong(Intent::UserList, item()));
    let own = Resource::User { user: "acme/alice".into() };
    let refused = programme.grant(ALICE, "acme/bob", &[Intent::GroupAddUser], own.clone());
    assert_eq!(refused, wrong(Intent::GroupAddUser, own));
    let refused = programme.grant(ALICE, "acme/bob", &[], project());
    assert_eq!(refused, Err(Error::NoIntents { resource: project() }));
}

/// Rule: to revoke or deny one needs `<level>.intent.revokePermission` there (T)
#[coffer_test]
fn revoking_and_denying_need_the_right_to_revoke(test: &Test) {
    let mut programme = Programme::with_tree(test);
    let close = &[Intent::ProjectClose];
    programme.grant(ALICE, "donor/carol", close, project()).unwrap();
    programme.grant(ALICE, "acme/bob", &[Intent::ProjectGrantPermission, Intent::ProjectClose], project()).unwrap();
    let refused = lacks(Intent::ProjectRevokePermission, project());
    assert_eq!(programme.revoke(BOB, "donor/carol", close, project()), refused);
    assert_eq!(programme.deny(BOB, "donor/carol", close, project()), refused);
    // Putting an end to what another has is taking away, too.
    assert_eq!(programme.grant_as(BOB, "donor/carol", close, project(), until(2_000)), refused);
    programme.grant(ALICE, "acme/bob", &[Intent::ProjectRevokePermission], project()).unwrap();
    assert!(programme.grant_as(BOB, "donor/carol", close, project(), until(2_000)).is_ok());
    assert!(programme.revoke(BOB, "donor/carol", close, project()).is_ok());
    assert!(!programme.can(CAROL, Intent::ProjectClose, &project()));
}

/// Rule: who lifts a denial needs what granting the right needs (+)
#[coffer_test]
fn nobody_lifts_a_denial_of_what_it_may_not_grant(test: &Test) {
    let mut programme = Programme::with_tree(test);
    let close = &[Intent::SubprojectClose];
    let rights = &[Intent::SubprojectGrantPermission, Intent::SubprojectRevokePermission, Intent::SubprojectClose];
    programme.grant(ALICE, "acme/bob", rights, project()).unwrap();
    programme.deny(ALICE, "acme/bob", close, subproject()).unwrap();
    let at = subproject();
    let because = Absence::Denied { principal: "acme/bob".into(), at };
    let refused = Err(Error::NotAllowed { right: "subproject.close".into(), resource: subproject(), because });
    assert_eq!(programme.revoke(BOB, "acme/bob", close, subproject()), refused, "its own");
    assert_eq!(programme.grant(BOB, "acme/bob", close, subproject()), refused);
    assert_eq!(
        programme.by(BOB, |contract| contract.deny(
            "acme/bob".into(),
            close.to_vec(),
            subproject(),
            until(1_001),
            None
        )),
        refused
    );
    assert_eq!(programme.grant(BOB, "donor/carol", close, subproject()), refused, "it does not have it any more");
    assert!(programme.revoke(ALICE, "acme/bob", close, subproject()).is_ok());
    assert!(programme.can(BOB, Intent::SubprojectClose, &subproject()));
}

/// Rule: grants may have an end by the time of blocks (+)
#[coffer_test]
fn a_grant_and_a_denial_end_by_the_time_of_blocks(test: &Test) {
    let mut programme = Programme::with_tree(test);
    let (list, close) = (Intent::ProjectList, Intent::ProjectClose);
    programme.grant_as(ALICE, "acme/bob", &[list], project(), until(2_000)).unwrap();
    programme.grant(ALICE, "acme/bob", &[close], project()).unwrap();
    programme.new_group(ALICE, "auditors", &["acme/bob"]).unwrap();
    programme
        .by(ALICE, |contract| contract.deny("auditors".into(), vec![close], project(), until(2_000), None))
        .unwrap();
    programme.at(1_999);
    assert!(programme.can(BOB, list, &project()) && !programme.can(BOB, close, &project()));
    programme.at(2_000);
    assert!(!programme.can(BOB, list, &project()) && programme.can(BOB, close, &project()));
    let expired = Err(Error::Expired { until: 2_000, now: 2_000 });
    assert_eq!(programme.grant_as(ALICE, "acme/bob", &[list], project(), until(2_000)), expired);
    assert!(programme.grant_as(ALICE, "acme/bob", &[list], project(), until(2_001)).is_ok());
    assert!(programme.can(BOB, list, &project()));
}

/// Rule: role templates: named sets of intents granted at once (+)
#[coffer_test]
fn a_role_grants_its_intents_at_once_where_they_fit(test: &Test) {
    let mut programme = Programme::with_tree(test);
    let viewer = vec![Intent::ProjectList, Intent::SubprojectList, Intent::WorkflowitemList, Intent::ProjectList];
    let define = |programme: &mut Programme, by, intents: Vec<Intent>| {
        programme.by(by, |contract| contract.define_role("viewer".into(), intents, None))
    };
    assert_eq!(define(&mut programme, BOB, viewer.clone()), lacks(Intent::GlobalGrantPermission, Resource::Global));
    assert_eq!(define(&mut programme, ALICE, viewer.clone()), Ok(1));
    assert_eq!(define(&mut programme, ALICE, viewer.clone()), Ok(1), "again, without effect");
    let intents = viewer[..3].to_vec();
    let defined = RoleDefined { role: "viewer".into(), intents, by: "acme/alice".into(), version: 1 };
    assert_eq!(programme.events()[0].read(), Some(defined));
    let give = |programme: &mut Programme, to: &str, role: &str, on| {
        programme.by(ALICE, |contract| contract.grant_role(to.into(), role.into(), on, FOREVER, None))
    };
    assert_eq!(give(&mut programme, "acme/bob", "viewer", project()), Ok(2));
    assert!(
        programme.can(BOB, Intent::ProjectList, &project()) && programme.can(BOB, Intent::WorkflowitemList, &item())
    );
    // On a subproject the right to list projects does not fit.
    assert_eq!(give(&mut programme, "donor/carol", "viewer", subproject()), Ok(2));
    assert!(
        programme.can(CAROL, Intent::SubprojectList, &subproject())
            && !programme.can(CAROL, Intent::ProjectList, &project())
    );
    let own = Resource::User { user: "acme/alice".into() };
    assert_eq!(give(&mut programme, "donor/carol", "viewer", own.clone()), Err(Error::NoIntents { resource: own }));
    assert_eq!(give(&mut programme, "acme/bob", "none", project()), Err(Error::NoRole { role: "none".into() }));
    // A role is a template: what it granted stays as it was.
    assert_eq!(define(&mut programme, ALICE, vec![Intent::ProjectClose]), Ok(2));
    programme.by(ALICE, |contract| contract.remove_role("viewer".into(), None)).unwrap();
    assert!(
        programme.can(BOB, Intent::ProjectList, &project()) && !programme.can(BOB, Intent::ProjectClose, &project())
    );
    assert_eq!(programme.ask(BOB, |contract| contract.roles(None, 10)), []);
}

/// Rule: a role grants nothing that its granter lacks (+)
#[coffer_test]
fn a_role_is_no_way_around_the_rules_of_granting(test: &Test) {
    let mut programme = Programme::with_tree(test);
    programme.grant(ALICE, "acme/bob", &[Intent::ProjectGrantPermission, Intent::ProjectList], project()).unwrap();
    let all = vec![Intent::ProjectList, Intent::ProjectUpdate];
    programme.by(ALICE, |contract| contract.define_role("editor".into(), all, None)).unwrap();
    let refused =
        programme.by(BOB, |contract| contract.grant_role("acme/bob".into(), "editor".into(), project(), FOREVER, None));
    assert_eq!(refused, lacks(Intent::ProjectUpdate, project()));
}

/// Rule: `global.grantAllPermissions` grants all global intents at once (T)
#[coffer_test]
fn all_global_rights_are_granted_at_once_by_who_has_them_all(test: &Test) {
    let mut programme = Programme::new(test);
    let all =
        |programme: &mut Programme, by, to: &str| programme.by(by, |contract| contract.grant_all(to.into(), None));
    let right = Intent::GlobalGrantAllPermissions;
    assert_eq!(all(&mut programme, BOB, "acme/bob"), lacks(right, Resource::Global));
    programme.grant(ALICE, "acme/bob", &[right], Resource::Global).unwrap();
    assert_eq!(all(&mut programme, BOB, "acme/bob"), lacks(Intent::GlobalListPermissions, Resource::Global));
    assert_eq!(all(&mut programme, ALICE, "donor/carol"), Ok(3));
    assert!(Intent::of(Level::Global).all(|intent| programme.can(CAROL, intent, &Resource::Global)));
    assert!(!programme.can(CAROL, Intent::ProjectList, &project()));
}
