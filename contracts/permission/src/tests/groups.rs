//! Groups: members at once, nested, without loops.

use super::*;
use crate::event::{GroupCreated, MemberAdded, MemberRemoved};

/// Rule: a principal has what a group has that it is in, at once (+)
#[coffer_test]
fn a_right_of_a_group_comes_and_goes_with_membership_at_once(test: &Test) {
    let mut programme = Programme::with_tree(test);
    programme.new_group(ALICE, "clerks", &[]).unwrap();
    programme.grant(ALICE, "clerks", &[Intent::ProjectUpdate], project()).unwrap();
    assert!(!programme.can(BOB, Intent::ProjectUpdate, &project()));
    programme.events();
    assert_eq!(programme.join(ALICE, "clerks", "acme/bob"), Ok(2));
    assert_eq!(programme.join(ALICE, "clerks", "acme/bob"), Ok(2), "again, without effect");
    let (group, member, by) = ("clerks".to_owned(), "acme/bob".to_owned(), "acme/alice".to_owned());
    let added = MemberAdded { group: group.clone(), member: member.clone(), by: by.clone(), version: 2 };
    assert_eq!(programme.events().iter().filter_map(Emitted::read).collect::<Vec<MemberAdded>>(), [added]);
    assert!(programme.can(BOB, Intent::ProjectUpdate, &project()));
    assert_eq!(programme.leave(ALICE, "clerks", "acme/bob"), Ok(3));
    assert_eq!(programme.leave(ALICE, "clerks", "acme/bob"), Ok(3), "again, without effect");
    let removed = MemberRemoved { group, member, by, version: 3 };
    assert_eq!(programme.events().iter().filter_map(Emitted::read).collect::<Vec<MemberRemoved>>(), [removed]);
    assert!(!programme.can(BOB, Intent::ProjectUpdate, &project()));
}

/// Rule: groups are nested (+)
#[coffer_test]
fn a_right_of_a_group_reaches_through_groups_in_it(test: &Test) {
    let mut programme = Programme::with_tree(test);
    programme.new_group(ALICE, "bridge-team", &["donor/carol"]).unwrap();
    programme.new_group(ALICE, "builders", &["bridge-team"]).unwrap();
    programme.new_group(ALICE, "everybody", &["builders", "acme/bob"]).unwrap();
    programme.grant(ALICE, "everybody", &[Intent::ProjectList], project()).unwrap();
    programme.grant(ALICE, "bridge-team", &[Intent::ProjectUpdate], project()).unwrap();
    assert!(
        programme.can(CAROL, Intent::ProjectList, &project())
            && programme.can(CAROL, Intent::ProjectUpdate, &project())
    );
    assert!(
        programme.can(BOB, Intent::ProjectList, &project()) && !programme.can(BOB, Intent::ProjectUpdate, &project())
    );
    assert!(programme.ask(BOB, |contract| contract.in_identity(CAROL, "everybody".into())));
    assert!(!programme.ask(BOB, |contract| contract.in_identity(BOB, "builders".into())));
    programme.leave(ALICE, "everybody", "builders").unwrap();
    assert!(!programme.can(CAROL, Intent::ProjectList, &project()));
    assert!(programme.can(CAROL, Intent::ProjectUpdate, &project()));
}

/// Rule: nested groups are loop-safe (+)
#[coffer_test]
fn a_group_is_never_in_itself(test: &Test) {
    let mut programme = Programme::new(test);
    programme.new_group(ALICE, "a", &["acme/bob"]).unwrap();
    programme.new_group(ALICE, "b", &["a"]).unwrap();
    programme.new_group(ALICE, "c", &["b"]).unwrap();
    for (group, member) in [("a", "a"), ("a", "b"), ("a", "c"), ("b", "c")] {
        let refused = programme.join(ALICE, group, member);
        assert_eq!(refused, Err(Error::Loop { group: group.into(), member: member.into() }));
    }
    // Two ways into one group are no loop.
    assert!(programme.join(ALICE, "c", "a").is_ok());
    assert!(programme.ask(BOB, |contract| contract.in_identity(BOB, "c".into())));
    programme.leave(ALICE, "b", "a").unwrap();
    assert!(programme.ask(BOB, |contract| contract.in_identity(BOB, "c".into())), "the other way is left");
    programme.leave(ALICE, "c", "a").unwrap();
    assert!(!programme.ask(BOB, |contract| contract.in_identity(BOB, "c".into())));
}

/// Rule: group intents addUser, removeUser (T) and administer (+); `global.createGroup` (T)
#[coffer_test]
fn each_command_on_a_group_needs_its_own_right(test: &Test) {
    let mut programme = Programme::new(test);
    assert_eq!(programme.new_group(BOB, "clerks", &[]), lacks(Intent::GlobalCreateGroup, Resource::Global));
    programme.new_group(ALICE, "clerks", &["donor/carol"]).unwrap();
    let created = GroupCreated { group: "clerks".into(), by: "acme/alice".into() };
    assert_eq!(programme.events()[0].read(), Some(created));
    let clerks = || group("clerks");
    assert_eq!(programme.join(BOB, "clerks", "acme/bob"), lacks(Intent::GroupAddUser, clerks()));
    assert_eq!(programme.leave(BOB, "clerks", "donor/carol"), lacks(Intent::GroupRemoveUser, clerks()));
    let add = &[Intent::GroupAddUser];
    assert_eq!(programme.grant(BOB, "donor/dave", add, clerks()), lacks(Intent::GroupAdminister, clerks()));
    programme.grant(ALICE, "acme/bob", add, clerks()).unwrap();
    assert!(programme.join(BOB, "clerks", "acme/bob").is_ok());
    assert_eq!(programme.leave(BOB, "clerks", "donor/carol"), lacks(Intent::GroupRemoveUser, clerks()));
    programme.grant(ALICE, "acme/bob", &[Intent::GroupRemoveUser], clerks()).unwrap();
    assert!(programme.leave(BOB, "clerks", "donor/carol").is_ok());
    programme.grant(ALICE, "acme/bob", &[Intent::GroupAdminister], clerks()).unwrap();
    assert!(programme.grant(BOB, "donor/dave", add, clerks()).is_ok());
    assert!(programme.revoke(BOB, "acme/alice", add, clerks()).is_ok());
}

/// Rule: members of a group are users and groups (T)
#[coffer_test]
fn only_users_and_groups_that_exist_become_members(test: &Test) {
    let mut programme = Programme::new(test);
    let needed = "a user or a group".to_owned();
    let organisation = Err(Error::WrongKind { name: "donor".into(), needed });
    assert_eq!(programme.new_group(ALICE, "clerks", &["donor"]), organisation);
    assert_eq!(programme.new_group(ALICE, "clerks", &["acme/eve"]), Err(Error::NoIdentity { name: "acme/eve".into() }));
    programme.new_group(ALICE, "clerks", &["acme/bob", "acme/bob"]).unwrap();
    let members = programme.ask(BOB, |contract| contract.members("clerks".into(), None, 10)).unwrap();
    assert_eq!(members.len(), 1);
    let refused = programme.join(ALICE, "acme/bob", "donor/carol");
    assert_eq!(refused, lacks(Intent::GroupAddUser, group("acme/bob")));
}
