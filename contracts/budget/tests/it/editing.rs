//! Updating and assigning.

use std::collections::BTreeMap;

use budget::{Budget, Details, Error, Field, ItemType, NewItem, Resource};
use coffer_sdk::ContractId;
use permission::Intent;

use coffer_test::prelude::*;

use crate::given::*;
use crate::world::World;

/// Rule: Update: only while open; at least one change (T)
#[coffer_test]
fn an_update_changes_at_least_one_field_of_something_open(test: &Test) {
    let mut world = World::new(test);
    let a = world.item(ROOT, new_item("a"));
    for what in [a.clone(), subproject("p", "s"), project("p")] {
        let same = vec![Field::Name(world.thing(&what).name)];
        for fields in [vec![], same] {
            let error = world.refused(ROOT, |budget| budget.update(what.clone(), fields, None));
            assert_eq!(error, Error::NoChange { resource: what.clone() });
        }
        let version = world.thing(&what).version;
        let fields = vec![Field::Name("other".to_owned()), Field::Markdown("*x*".to_owned())];
        let new = world.ok(ROOT, |budget| budget.update(what.clone(), fields, None));
        assert_eq!((new, world.thing(&what).name.as_str()), (version + 1, "other"));
    }
    world.close(&a);
    let error = world.refused(ROOT, |budget| budget.update(a.clone(), vec![Field::Name("x".into())], None));
    assert_eq!(error, Error::Closed { resource: a });
}

/// Rule: additional data merges top-level keys, null removes (+)
#[coffer_test]
fn additional_data_is_merged_by_key_and_nothing_removes_a_key(test: &Test) {
    let mut world = World::new(test);
    let mut set = |data: &[(&str, Option<&str>)]| {
        let data = data.iter().map(|(key, value)| ((*key).to_owned(), value.map(str::to_owned))).collect();
        world.ok(ROOT, |budget| budget.update(project("p"), vec![Field::Additional(data)], None));
        match world.look(ROOT, |budget| budget.get(project("p"))) {
            Ok(Details::Full { texts, .. }) => texts.additional,
            other => panic!("{other:?}"),
        }
    };
    let map = |data: &[(&str, &str)]| -> BTreeMap<String, String> {
        data.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    assert_eq!(set(&[("a", Some("1")), ("b", Some("{\"x\":2}"))]), map(&[("a", "1"), ("b", "{\"x\":2}")]));
    assert_eq!(set(&[("a", None), ("c", Some("3"))]), map(&[("b", "{\"x\":2}"), ("c", "3")]));
    assert_eq!(set(&[("c", Some("4"))]), map(&[("b", "{\"x\":2}"), ("c", "4")]));
    let much = [("d".to_owned(), Some("x".repeat(4_000))), ("e".to_owned(), Some("ü".repeat(3_000)))].into();
    let error = world.refused(ROOT, |budget| budget.update(project("p"), vec![Field::Additional(much)], None));
    assert!(matches!(error, Error::TooMuch { most: 8_192, .. }), "{error:?}");
}

/// Rule: Assign: identity exists, enabled (+), user or group at every level (+)
#[coffer_test]
fn everything_is_assigned_to_an_enabled_user_or_a_group(test: &Test) {
    let mut world = World::new(test);
    world.group("reviewers", &[BOB]);
    world.user("Acme/gone");
    world.rights(ROOT, |permission| permission.disable_user("Acme/gone".into(), None));
    let a = world.item(ROOT, new_item("a"));
    for what in [a, subproject("p", "s"), project("p")] {
        let mut assign = |to: &str| world.run(ROOT, |budget| budget.assign(what.clone(), to.to_owned(), None));
        let wrong = |error: Error, text: &str| matches!(error, Error::NoIdentity { why, .. } if why.contains(text));
        assert!(wrong(assign("Acme/nobody").unwrap_err(), "no such"));
        assert!(wrong(assign("Acme").unwrap_err(), "organisation"));
        assert!(wrong(assign("Acme/gone").unwrap_err(), "disabled"));
        assign(BOB).unwrap();
        assert_eq!(assign(BOB), Err(Error::NoChange { resource: what.clone() }));
        assign("reviewers").unwrap();
        assert_eq!(world.thing(&what).assignee, "reviewers");
    }
}

/// Rule: restricted item: on create all intents go to the assignee and leave the issuer except `list`; needs grantPermission (T)
#[coffer_test]
fn the_rights_on_a_restricted_item_are_its_assignees_alone(test: &Test) {
    let mut world = World::new(test);
    let restricted = || NewItem { item_type: ItemType::Restricted, assignee: Some(BOB.into()), ..new_item("a") };
    world.user("Acme/clerk");
    world.grant("Acme/clerk", &[Intent::SubprojectCreateWorkflowitem], &subproject("p", "s"));
    let error = world.refused("Acme/clerk", |budget| budget.item_create("p".into(), "s".into(), restricted(), None));
    let intent = "subproject.intent.grantPermission".to_owned();
    assert_eq!(error, Error::NotAllowed { intent, resource: subproject("p", "s") });

    let a = world.item(ROOT, restricted());
    let rename = |name: &str| vec![Field::Name(name.to_owned())];
    for user in [ROOT, CAROL] {
        let error = world.refused(user, |budget| budget.update(a.clone(), rename("mine"), None));
        assert!(matches!(error, Error::NotAllowed { .. }), "{user}: {error:?}");
    }
    world.ok(BOB, |budget| budget.update(a.clone(), rename("bob's"), None));
    assert!(matches!(world.look(ROOT, |budget| budget.get(a.clone())), Ok(Details::Full { .. })), "root lists it");
    assert!(matches!(world.look(CAROL, |budget| budget.get(a.clone())), Ok(Details::Redacted(_))));
}

/// Rule: a restricted item has somebody who can grant rights on it (+)
#[coffer_test]
fn a_restricted_item_is_not_for_an_empty_group(test: &Test) {
    let mut world = World::new(test);
    world.group("nobody", &[]);
    let new = NewItem { item_type: ItemType::Restricted, assignee: Some("nobody".into()), ..new_item("a") };
    let error = world.refused(ROOT, |budget| budget.item_create("p".into(), "s".into(), new, None));
    assert!(matches!(error, Error::NoIdentity { ref field, .. } if field == "assignee"), "{error:?}");
}

/// Rule: both contracts of a programme are linked (+)
#[coffer_test]
fn without_its_permission_contract_nothing_can_be_done(test: &Test) {
    let budget = test.contract::<Budget>("budget");
    assert_eq!(budget.init(ContractId([1; 32]), vec!["Acme".into()]), Ok(()));
    let done = budget.project_create(new_project("p"));
    assert_eq!(done, Err(Error::NoPermissionContract { why: "it cannot be called".into() }));
}

/// Rule: restricted item: on assign all intents go to the assignee and leave the issuer except `list`; needs grantPermission (T)
#[coffer_test]
fn assigning_a_restricted_item_hands_over_the_rights_on_it(test: &Test) {
    let mut world = World::new(test);
    let a = world.item(ROOT, NewItem { item_type: ItemType::Restricted, assignee: Some(BOB.into()), ..new_item("a") });
    let error = world.refused(ROOT, |budget| budget.assign(a.clone(), CAROL.into(), None));
    assert!(matches!(error, Error::NotAllowed { .. }), "{error:?}");
    world.ok(BOB, |budget| budget.assign(a.clone(), CAROL.into(), None));
    let name = || vec![Field::Name("other".to_owned())];
    let error = world.refused(BOB, |budget| budget.update(a.clone(), name(), None));
    assert!(matches!(error, Error::NotAllowed { .. }), "{error:?}");
    assert!(matches!(world.look(BOB, |budget| budget.get(a.clone())), Ok(Details::Full { .. })), "bob lists it");
    world.ok(CAROL, |budget| budget.update(a, name(), None));
}

/// Rule: Optimistic concurrency: every command may carry the version it saw and is refused if the thing changed (+)
#[coffer_test]
fn a_command_for_an_older_version_is_refused(test: &Test) {
    let mut world = World::new(test);
    let a = world.item(ROOT, NewItem { documents: vec![crate::documents::file("d", 7)], ..new_item("a") });
    let (s, p) = (subproject("p", "s"), project("p"));
    for what in [&a, &s, &p] {
        world.ok(ROOT, |budget| budget.update(what.clone(), vec![Field::Name("second".into())], Some(1)));
    }
    let old = Some(1);
    let (hash, d) = (coffer_sdk::Hash([7; 32]), || "d".to_owned());
    let name = || vec![Field::Name("third".to_owned())];
    let ps = || ("p".to_owned(), "s".to_owned());
    type Command<'a> = Box<dyn FnOnce(&ClientOf<Budget>) -> Result<(), Error> + 'a>;
    let euros = || projected("Acme", "1", "EUR");
    let commands: Vec<(&Resource, Command<'_>)> = vec![
        (&a, Box::new(|b| b.update(a.clone(), name(), old).map(drop))),
        (&a, Box::new(|b| b.assign(a.clone(), BOB.into(), old).map(drop))),
        (&a, Box::new(|b| b.close(a.clone(), None, old).map(drop))),
        (&a, Box::new(|b| b.document_add(a.clone(), crate::documents::file("e", 7), old))),
        (&a, Box::new(|b| b.document_validate(a.clone(), d(), hash, old))),
        (&a, Box::new(|b| b.document_delete(a.clone(), d(), old))),
        (&a, Box::new(|b| b.reopen(a.clone(), true, old).map(drop))),
        (&s, Box::new(|b| b.reorder(ps().0, ps().1, vec!["a".into()], old).map(drop))),
        (&s, Box::new(|b| b.item_create(ps().0, ps().1, new_item("b"), old).map(drop))),
        (&s, Box::new(|b| b.budget_set(s.clone(), euros(), old).map(drop))),
        (&s, Box::new(|b| b.budget_delete(s.clone(), "Acme".into(), "EUR".into(), old).map(drop))),
        (&p, Box::new(|b| b.subproject_create(ps().0, new_subproject("t"), old).map(drop))),
        (&p, Box::new(|b| b.policies_set(ps().0, budget::Policies::default(), old).map(drop))),
    ];
    for (number, (resource, command)) in commands.into_iter().enumerate() {
        let error = world.refused(ROOT, command);
        assert_eq!(error, Error::Changed { resource: resource.clone(), seen: 1, version: 2 }, "command {number}");
    }
    world.ok(ROOT, |budget| budget.close(a.clone(), None, Some(2)));
}
