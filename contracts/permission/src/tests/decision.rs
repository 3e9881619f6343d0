//! What a grant means: inheritance, denials, organisations.

use super::*;

/// Rule: a creator gets all intents of the level on what it creates (T), and inheritable those of the levels below (+)
#[coffer_test]
fn a_creator_has_all_intents_of_the_level_and_those_below(test: &Test) {
    let mut programme = Programme::with_tree(test);
    programme.grant(ALICE, "acme/bob", &[Intent::ProjectCreateSubproject], project()).unwrap();
    let other = Resource::Subproject { project: "road".into(), subproject: "tunnel".into() };
    programme.created(BOB, other.clone(), None).unwrap();
    for &intent in Intent::ALL {
        assert_eq!(programme.can(ALICE, intent, &project()), Level::Project.holds(intent.level()), "{intent:?}");
        assert_eq!(programme.can(BOB, intent, &other), Level::Subproject.holds(intent.level()), "{intent:?}");
        let granted = intent == Intent::ProjectCreateSubproject;
        assert_eq!(programme.can(BOB, intent, &project()), granted, "{intent:?}");
        assert!(!programme.can(BOB, intent, &subproject()), "{intent:?}");
    }
}

/// Rule: inheritance is live (+)
#[coffer_test]
fn what_is_granted_above_holds_below_at_once_for_what_is_there_and_what_comes(test: &Test) {
    let mut programme = Programme::with_tree(test);
    let list = Intent::WorkflowitemList;
    assert!(!programme.can(BOB, list, &item()));
    programme.grant(ALICE, "acme/bob", &[list], project()).unwrap();
    assert!(programme.can(BOB, list, &item()) && programme.can(BOB, list, &subproject()));
    let later = Resource::Item { project: "road".into(), subproject: "bridge".into(), item: "cement".into() };
    programme.created(ALICE, later.clone(), None).unwrap();
    assert!(programme.can(BOB, list, &later));
    programme.revoke(ALICE, "acme/bob", &[list], project()).unwrap();
    assert!(!programme.can(BOB, list, &item()) && !programme.can(BOB, list, &later));
    let elsewhere = Resource::Project { project: "school".into() };
    programme.created(ALICE, elsewhere.clone(), None).unwrap();
    programme.grant(ALICE, "acme/bob", &[list], elsewhere).unwrap();
    assert!(!programme.can(BOB, list, &item()), "another project");
}

/// Rule: a grant on an ancestor counts where it is inheritable (+)
#[coffer_test]
fn a_grant_that_is_not_inheritable_holds_where_it_stands_only(test: &Test) {
    let mut programme = Programme::with_tree(test);
    let here = Terms { inheritable: false, until: None };
    programme.grant_as(ALICE, "acme/bob", &[Intent::SubprojectList], project(), here.clone()).unwrap();
    assert!(
        programme.can(BOB, Intent::SubprojectList, &project())
            && !programme.can(BOB, Intent::SubprojectList, &subproject())
    );
    programme.grant_as(ALICE, "acme/bob", &[Intent::SubprojectList], subproject(), here).unwrap();
    assert!(programme.can(BOB, Intent::SubprojectList, &subproject()));
}

/// Rule: a deny at a lower level wins (+)
#[coffer_test]
fn the_nearest_resource_that_says_anything_decides(test: &Test) {
    let mut programme = Programme::with_tree(test);
    let update = &[Intent::WorkflowitemUpdate];
    let expect = |programme: &Programme, allowed: [bool; 3]| {
        let now = [project(), subproject(), item()].map(|resource| programme.can(BOB, update[0], &resource));
        assert_eq!(now, allowed);
    };
    programme.grant(ALICE, "acme/bob", update, project()).unwrap();
    expect(&programme, [true, true, true]);
    programme.deny(ALICE, "acme/bob", update, subproject()).unwrap();
    expect(&programme, [true, false, false]);
    programme.grant(ALICE, "acme/bob", update, item()).unwrap();
    expect(&programme, [true, false, true]);
    programme.deny(ALICE, "acme/bob", update, item()).unwrap();
    programme.revoke(ALICE, "acme/bob", update, subproject()).unwrap();
    expect(&programme, [true, true, false]);
}

/// Rule: on one resource a denial wins over a grant (+)
#[coffer_test]
fn of_a_grant_and_a_denial_on_one_resource_the_denial_wins(test: &Test) {
    let mut programme = Programme::with_tree(test);
    let update = &[Intent::ProjectUpdate];
    programme.new_group(ALICE, "clerks", &["acme/bob"]).unwrap();
    programme.grant(ALICE, "acme/bob", update, project()).unwrap();
    for principal in ["clerks", "acme"] {
        programme.deny(ALICE, principal, update, project()).unwrap();
        let asked = vec![(update[0], project())];
        let because = Absence::Denied { principal: principal.into(), at: project() };
        let missing = Verdict::Missing { right: "project.update".into(), resource: project(), because };
        assert_eq!(programme.ask(BOB, |contract| contract.check(BOB, asked)), [missing]);
        programme.revoke(ALICE, principal, update, project()).unwrap_or_else(|_| {
            // Alice is of the organisation, so the denial is hers too: she cannot lift it.
            assert_eq!(principal, "acme");
            0
        });
    }
}

/// Rule: an organisation as a principal stands for all its users (+)
#[coffer_test]
fn what_an_organisation_has_each_of_its_users_has(test: &Test) {
    let mut programme = Programme::with_tree(test);
    let list = Intent::ProjectList;
    programme.grant(ALICE, "donor", &[list], project()).unwrap();
    assert!(
        programme.can(CAROL, list, &project())
            && programme.can(DAVE, list, &project())
            && !programme.can(BOB, list, &project())
    );
    let eve = user("donor", "eve", STRANGER);
    programme.by(ALICE, |contract| contract.create_user(eve)).unwrap();
    assert!(programme.can(STRANGER, list, &project()), "who comes later");
    assert!(programme.ask(BOB, |contract| contract.in_identity(STRANGER, "donor".into())));
    assert!(!programme.ask(BOB, |contract| contract.in_identity(STRANGER, "acme".into())));
    programme.revoke(ALICE, "donor", &[list], project()).unwrap();
    assert!(!programme.can(CAROL, list, &project()));
}

/// Rule: an intent holds on resources of its level and above only (+)
#[coffer_test]
fn an_intent_of_a_higher_level_is_never_held_below(test: &Test) {
    let programme = Programme::with_tree(test);
    assert!(programme.can(ALICE, Intent::ProjectUpdate, &project()));
    assert!(!programme.can(ALICE, Intent::ProjectUpdate, &subproject()));
    assert!(!programme.can(ALICE, Intent::GlobalCreateProject, &project()));
    assert!(!programme.can(ALICE, Intent::UserList, &project()));
}

/// Rule: intents (T, complete): every name of the reference
#[coffer_test]
fn every_intent_has_the_name_of_the_reference(test: &Test) {
    let of_level = |level: &str, names: &str| -> Vec<String> {
        names.split_whitespace().map(|name| format!("{level}.{name}")).collect()
    };
    let granting = "intent.listPermissions intent.grantPermission intent.revokePermission";
    let things = "list viewDetails viewHistory assign update close";
    let mut expected = [
        of_level("global", "listPermissions grantPermission grantAllPermissions revokePermission createProject createUser enableUser disableUser listAssignments createGroup"),
        of_level("network", "registerNode list listActive voteForPermission approveNewOrganization approveNewNodeForExistingOrganization declineNode"),
        of_level("provisioning", "start end get"),
        of_level("user", &format!("list authenticate changePassword {granting}")),
        of_level("group", "addUser removeUser administer"),
        of_level("project", &format!("{granting} {things} createSubproject budget.updateProjected budget.deleteProjected")),
        of_level("subproject", &format!("{granting} {things} createWorkflowitem reorderWorkflowitems budget.updateProjected budget.deleteProjected")),
        of_level("workflowitem", &format!("{granting} {things} validateDocument")),
    ]
    .concat();
    let programme = Programme::new(test);
    let listed = programme.ask(STRANGER, |contract| contract.intents());
    let mut names: Vec<String> = listed.iter().map(|intent| intent.name.clone()).collect();
    expected.sort();
    names.sort();
    assert_eq!(names, expected);
    let levels = ["global", "user", "group", "project", "subproject", "workflowitem"];
    for IntentName { intent, name } in listed {
        let first = name.split('.').next().unwrap();
        let level = levels[intent.level() as usize];
        assert!(first == level || level == "global" && matches!(first, "network" | "provisioning"), "{name}");
    }
}
