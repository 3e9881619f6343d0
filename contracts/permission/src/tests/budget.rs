//! What the budget contract calls, and nobody else.

use super::*;
use crate::event::ResourceCreated;

fn other() -> Resource {
    Resource::Item { project: "road".into(), subproject: "bridge".into(), item: "survey".into() }
}

/// Rule: the budget contract is linked once, by the deployer (+)
#[coffer_test]
fn the_deployer_links_the_budget_contract_once(test: &Test) {
    let mut programme = Programme::nothing(test);
    programme.by(ALICE, |contract| contract.init(user("acme", "alice", ALICE))).unwrap();
    let created = programme.through(BUDGET, ALICE, |contract| contract.resource_created(project(), None));
    assert_eq!(created, Err(Error::NotTheBudget { caller: AccountId(BUDGET.0) }), "it is not linked yet");
    let refused = programme.by(BOB, |contract| contract.link(BUDGET));
    assert_eq!(refused, Err(Error::NotTheDeployer { deployer: ALICE }));
    assert_eq!(programme.by(ALICE, |contract| contract.link(BUDGET)), Ok(()));
    let again = programme.by(ALICE, |contract| contract.link(ContractId([201; 32])));
    assert_eq!(again, Err(Error::AlreadyLinked { budget: BUDGET }));
    assert_eq!(programme.ask(BOB, |contract| contract.linked()), Some(BUDGET));
}

/// Rule: only the linked budget contract announces resources (+)
#[coffer_test]
fn nobody_but_the_budget_contract_announces_resources(test: &Test) {
    let mut programme = Programme::new(test);
    for caller in [ContractId([201; 32]), ContractId(ALICE.0)] {
        let refused = Err(Error::NotTheBudget { caller: AccountId(caller.0) });
        let created = programme.through(caller, ALICE, |contract| contract.resource_created(project(), None));
        assert_eq!(created, refused);
        let assigned =
            programme.through(caller, ALICE, |contract| contract.resource_assigned(item(), None, "acme/bob".into()));
        assert_eq!(assigned.map(drop), refused);
    }
    assert_eq!(programme.created(ALICE, project(), None), Ok(()));
    let told = ResourceCreated { resource: project(), by: "acme/alice".into(), restricted_to: None };
    assert_eq!(programme.events()[0].read(), Some(told));
}

#[coffer_test]
fn a_resource_that_cannot_be_there_is_refused(test: &Test) {
    let mut programme = Programme::new(test);
    assert_eq!(programme.created(ALICE, subproject(), None), Err(Error::NoResource { resource: project() }));
    programme.created(ALICE, project(), None).unwrap();
    let bad = |resource: Resource| Err(Error::BadResource { resource });
    assert_eq!(programme.created(ALICE, project(), None), bad(project()), "again");
    assert_eq!(programme.created(ALICE, Resource::Global, None), bad(Resource::Global));
    let user = Resource::User { user: "acme/eve".into() };
    assert_eq!(programme.created(ALICE, user.clone(), None), bad(user));
    assert_eq!(
        programme.created(ALICE, subproject(), Some("acme/bob")),
        bad(subproject()),
        "only items are restricted"
    );
    assert!(programme.created(STRANGER, subproject(), None).is_err());
}

/// Rule: restricted item: on create all intents go to the assignee and leave the issuer except `list` (T)
#[coffer_test]
fn a_restricted_item_belongs_to_its_assignee_and_inherits_nothing(test: &Test) {
    let mut programme = Programme::with_tree(test);
    programme.grant(ALICE, "donor/carol", &[Intent::WorkflowitemList], project()).unwrap();
    programme.created(ALICE, other(), Some("acme/bob")).unwrap();
    for intent in Intent::of(Level::Item) {
        assert!(programme.can(BOB, intent, &other()), "{intent:?}");
        assert_eq!(programme.can(ALICE, intent, &other()), intent == Intent::WorkflowitemList, "{intent:?}");
        assert!(!programme.can(CAROL, intent, &other()), "{intent:?}");
    }
    assert!(programme.can(CAROL, Intent::WorkflowitemList, &item()), "the others are as before");
    let organisation = programme.created(ALICE, item(), Some("donor"));
    assert_eq!(organisation, Err(Error::BadResource { resource: item() }), "it is there");
}

/// Rule: restricted item: on assign all intents go to the assignee and leave the issuer except `list`; needs grantPermission (T)
#[coffer_test]
fn a_restricted_item_that_is_assigned_goes_to_the_new_assignee(test: &Test) {
    let mut programme = Programme::with_tree(test);
    programme.created(ALICE, other(), Some("acme/bob")).unwrap();
    programme.new_group(ALICE, "donors", &["donor/carol", "donor/dave"]).unwrap();
    let assign = |programme: &mut Programme, by, from: &str, to: &str, resource| {
        let from = Some(from.to_owned());
        programme.through(BUDGET, by, |contract| contract.resource_assigned(resource, from, to.into()))
    };
    let refused = lacks(Intent::WorkflowitemGrantPermission, other());
    assert_eq!(assign(&mut programme, ALICE, "acme/bob", "donors", other()), refused, "she has only list");
    assert_eq!(
        assign(&mut programme, ALICE, "acme/alice", "donors", item()),
        Err(Error::BadResource { resource: item() })
    );
    assert_eq!(assign(&mut programme, BOB, "acme/bob", "donors", other()), Ok(2));
    for intent in Intent::of(Level::Item) {
        assert!(programme.can(CAROL, intent, &other()) && programme.can(DAVE, intent, &other()), "{intent:?}");
        assert_eq!(programme.can(BOB, intent, &other()), intent == Intent::WorkflowitemList, "{intent:?}");
    }
    // One of the group assigns: the group loses the rights too.
    assert_eq!(assign(&mut programme, CAROL, "donors", "acme/alice", other()), Ok(3));
    assert!(programme.can(ALICE, Intent::WorkflowitemClose, &other()));
    for account in [BOB, CAROL, DAVE] {
        assert!(
            !programme.can(account, Intent::WorkflowitemClose, &other())
                && programme.can(account, Intent::WorkflowitemList, &other())
        );
    }
}

/// Rule: a restricted item always has a holder (+)
#[coffer_test]
fn a_restricted_item_is_never_given_to_nobody(test: &Test) {
    let mut programme = Programme::with_tree(test);
    programme.new_group(ALICE, "empty", &[]).unwrap();
    let right = Intent::WorkflowitemGrantPermission;
    assert_eq!(programme.created(ALICE, other(), Some("empty")), last_holder(right, other()));
    programme.disable(ALICE, "donor/dave").unwrap();
    assert_eq!(programme.created(ALICE, other(), Some("donor/dave")), last_holder(right, other()));
    programme.created(ALICE, other(), Some("acme/bob")).unwrap();
    assert_eq!(programme.disable(ALICE, "acme/bob"), last_holder(right, other()));
    assert_eq!(programme.revoke(BOB, "acme/bob", &[right], other()), last_holder(right, other()));
    programme.grant(BOB, "donor/carol", &[right], other()).unwrap();
    assert!(programme.disable(ALICE, "acme/bob").is_ok());
}
