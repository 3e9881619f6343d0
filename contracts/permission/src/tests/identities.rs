//! Users and organisations, names, and who acts.

use super::*;
use crate::event::{UserCreated, UserSwitched};

/// Rule: ids of users and groups share one namespace: letters (Unicode allowed), digits, `_` and `-`, at most 64 characters (T)
#[coffer_test]
fn names_have_letters_of_any_script_digits_underscores_and_hyphens_and_at_most_64_characters(test: &Test) {
    let mut programme = Programme::new(test);
    let long = "ü".repeat(64);
    for (n, id) in ["Müller-Lüdenscheidt_2", "Ελένη", "देव", "李", &long].into_iter().enumerate() {
        let new = user("Österreich", id, AccountId([50 + n as u8; 32]));
        assert_eq!(programme.by(ALICE, |contract| contract.create_user(new)), Ok(format!("Österreich/{id}")));
        assert_eq!(programme.new_group(ALICE, id, &[]), Ok(()));
    }
    let too_long = "ü".repeat(65);
    for bad in ["", " ", "a b", "a/b", "a.b", "a\n", "a\u{202e}b", "😀", &too_long] {
        let new = [user("acme", bad, STRANGER), user(bad, "eve", STRANGER)];
        for new in new {
            let refused = programme.by(ALICE, |contract| contract.create_user(new));
            assert!(matches!(refused, Err(Error::BadName { .. })), "{bad:?}: {refused:?}");
        }
        let refused = programme.new_group(ALICE, bad, &[]);
        assert!(matches!(refused, Err(Error::BadName { .. })), "{bad:?}: {refused:?}");
    }
    let refused = programme.new_group(ALICE, "a/b", &[]);
    let why = "it may have letters, the digits 0-9, `_` and `-`, and has `/`".to_owned();
    assert_eq!(refused, Err(Error::BadName { field: "group".into(), name: "a/b".into(), why }));
}

/// Rule: ids of users and groups share one namespace (T), and organisations share it too (+)
#[coffer_test]
fn a_name_stands_for_one_user_or_group_or_organisation(test: &Test) {
    let mut programme = Programme::new(test);
    assert_eq!(programme.new_group(ALICE, "finance", &[]), Ok(()));
    let taken = |name: &str| Err(Error::NameTaken { name: name.into() });
    assert_eq!(programme.new_group(ALICE, "finance", &[]), taken("finance"));
    assert_eq!(programme.new_group(ALICE, "acme", &[]), taken("acme"), "an organisation");
    let new = user("acme", "bob", STRANGER);
    let refused = programme.by(ALICE, |contract| contract.create_user(new));
    assert_eq!(refused.map(drop), taken("acme/bob"));
    let new = user("finance", "eve", STRANGER);
    let refused = programme.by(ALICE, |contract| contract.create_user(new));
    assert_eq!(refused.map(drop), taken("finance"), "a group");
}

/// Rule: `root` is not special: there is no super-user (+)
#[coffer_test]
fn nobody_has_a_right_that_was_not_granted_not_even_root_or_the_deployer(test: &Test) {
    let mut programme = Programme::with_tree(test);
    let root = user("acme", "root", STRANGER);
    programme.by(ALICE, |contract| contract.create_user(root)).unwrap();
    let everything = [Resource::Global, group("x"), project(), subproject(), item()];
    for intent in Intent::ALL {
        assert!(everything.iter().all(|resource| !programme.can(STRANGER, *intent, resource)), "{intent:?}");
    }
    // The deployer made the first administrator and has what was granted since; what Bob creates is not among it.
    programme.grant(ALICE, "acme/bob", &[Intent::GlobalCreateProject], Resource::Global).unwrap();
    let other = Resource::Project { project: "school".into() };
    programme.created(BOB, other.clone(), None).unwrap();
    assert!(Intent::ALL.iter().all(|intent| !programme.can(ALICE, *intent, &other)));
}

/// Rule: the first administrator is named at deployment and gets the global intents (+)
#[coffer_test]
fn the_first_administrator_has_the_global_intents_and_those_on_itself_and_no_others(test: &Test) {
    let programme = Programme::new(test);
    let own = Resource::User { user: "acme/alice".into() };
    for &intent in Intent::ALL {
        assert_eq!(programme.can(ALICE, intent, &Resource::Global), intent.level() == Level::Global, "{intent:?}");
        assert_eq!(programme.can(ALICE, intent, &own), intent.level() == Level::User, "{intent:?}");
        assert!(!programme.can(BOB, intent, &Resource::Global));
    }
}

/// Rule: a new user gets its own user intents (T)
#[coffer_test]
fn a_new_user_has_its_own_user_intents_and_so_has_its_creator(test: &Test) {
    let mut programme = Programme::new(test);
    let own = Resource::User { user: "acme/bob".into() };
    for intent in Intent::of(Level::User) {
        assert!(programme.can(BOB, intent, &own) && programme.can(ALICE, intent, &own), "{intent:?}");
        assert!(!programme.can(CAROL, intent, &own));
    }
    let new = user("fund", "eve", STRANGER);
    assert_eq!(
        programme.by(BOB, |contract| contract.create_user(new.clone())).map(drop),
        lacks(Intent::GlobalCreateUser, Resource::Global)
    );
    assert_eq!(programme.by(ALICE, |contract| contract.create_user(new)), Ok("fund/eve".to_owned()));
    let created = UserCreated { user: "fund/eve".into(), account: STRANGER, by: Some("acme/alice".into()) };
    assert_eq!(programme.events().iter().filter_map(Emitted::read).collect::<Vec<UserCreated>>(), [created]);
    let who = programme.ask(BOB, |contract| contract.who(STRANGER)).unwrap();
    assert_eq!((who.user.as_str(), who.organisation.as_str(), who.enabled), ("fund/eve", "fund", true));
    assert_eq!(programme.ask(BOB, |contract| contract.who_is("fund/eve".to_owned())), Some(who.clone()));
    assert_eq!(programme.ask(STRANGER, |contract| contract.who_asks()), Some(who));
    assert_eq!(programme.ask(AccountId([98; 32]), |contract| contract.who_asks()), None);
    for other in ["fund", "fund/adam", ""] {
        assert_eq!(programme.ask(BOB, |contract| contract.who_is(other.to_owned())), None, "{other:?}");
    }
}

/// Rule: an account belongs to one user (+)
#[coffer_test]
fn an_account_that_belongs_to_a_user_is_refused_to_another(test: &Test) {
    let mut programme = Programme::new(test);
    let taken = Err(Error::AccountTaken { user: "acme/bob".into() });
    let new = user("acme", "eve", BOB);
    assert_eq!(programme.by(ALICE, |contract| contract.create_user(new)), taken);
    let changes = UserChanges { account: Some(BOB), display: None };
    assert_eq!(
        programme
            .by(CAROL, |contract| contract.update_user("donor/carol".into(), changes, None))
            .map(|_| String::new()),
        taken
    );
}

/// Rule: a user replaces its own key; others need `user.changePassword` (T)
#[coffer_test]
fn a_replaced_account_acts_as_the_user_and_the_old_one_as_nobody(test: &Test) {
    let mut programme = Programme::new(test);
    let own = Resource::User { user: "donor/carol".into() };
    let change = |account| UserChanges { account: Some(account), display: None };
    let replace = |programme: &mut Programme, by, account| {
        programme.by(by, |contract| contract.update_user("donor/carol".into(), change(account), None))
    };
    assert_eq!(replace(&mut programme, BOB, STRANGER), lacks(Intent::UserChangePassword, own.clone()));
    assert_eq!(replace(&mut programme, CAROL, STRANGER), Ok(2));
    assert!(programme.ask(BOB, |contract| contract.who(CAROL)).is_none());
    assert!(programme.can(STRANGER, Intent::UserList, &own) && !programme.can(CAROL, Intent::UserList, &own));
    programme.revoke(STRANGER, "acme/alice", &[Intent::UserChangePassword], own.clone()).unwrap();
    assert_eq!(replace(&mut programme, ALICE, CAROL), lacks(Intent::UserChangePassword, own));
    let new = user("donor", "eve", CAROL);
    let left = Err(Error::AccountTaken { user: "donor/carol".into() });
    assert_eq!(programme.by(ALICE, |contract| contract.create_user(new)), left, "an account that a user has left");
    assert_eq!(replace(&mut programme, STRANGER, CAROL), Ok(3), "its own again");
}

/// Rule: nobody of another organisation replaces what a user signs with (+)
#[coffer_test]
fn another_organisation_cannot_take_over_a_user_that_it_created(test: &Test) {
    let mut programme = Programme::new(test);
    let replace = |programme: &mut Programme, by, user: &str, account| {
        let changes = UserChanges { account, display: Some(Hash([8; 32])) };
        programme.by(by, |contract| contract.update_user(user.into(), changes, None))
    };
    let refused = Err(Error::OtherOrganisation { organisation: "donor".into() });
    assert_eq!(replace(&mut programme, ALICE, "donor/carol", Some(STRANGER)), refused);
    assert_eq!(replace(&mut programme, ALICE, "donor/carol", None), Ok(2), "the display commitment");
    assert_eq!(replace(&mut programme, ALICE, "acme/bob", Some(STRANGER)), Ok(2), "of her own organisation");
    let own = Resource::User { user: "donor/carol".into() };
    programme.grant(CAROL, "donor/dave", &[Intent::UserChangePassword], own).unwrap();
    assert_eq!(
        replace(&mut programme, DAVE, "donor/carol", Some(BOB)),
        Err(Error::AccountTaken { user: "acme/bob".into() })
    );
    assert_eq!(replace(&mut programme, DAVE, "donor/carol", Some(AccountId([98; 32]))), Ok(3));
}

/// Rule: a disabled user has no rights (T)
#[coffer_test]
fn a_disabled_user_can_do_nothing_until_it_is_enabled_again(test: &Test) {
    let mut programme = Programme::with_tree(test);
    programme.grant(ALICE, "donor/carol", &[Intent::ProjectList], project()).unwrap();
    programme.new_group(ALICE, "auditors", &["donor/carol"]).unwrap();
    assert_eq!(programme.disable(BOB, "donor/carol"), lacks(Intent::GlobalDisableUser, Resource::Global));
    programme.events();
    assert_eq!(programme.disable(ALICE, "donor/carol"), Ok(2));
    let told = UserSwitched { user: "donor/carol".into(), enabled: false, by: "acme/alice".into(), version: 2 };
    assert_eq!(programme.events()[0].read(), Some(told));
    let asked = vec![(Intent::ProjectList, project())];
    let verdicts = programme.ask(BOB, |contract| contract.check(CAROL, asked));
    let missing = Verdict::Missing { right: "project.list".into(), resource: project(), because: Absence::Disabled };
    assert_eq!(verdicts, [missing]);
    assert!(!programme.ask(BOB, |contract| contract.in_identity(CAROL, "auditors".into())));
    assert!(!programme.ask(BOB, |contract| contract.who(CAROL)).unwrap().enabled);
    assert!(matches!(
        programme.new_group(CAROL, "mine", &[]),
        Err(Error::NotAllowed { because: Absence::Disabled, .. })
    ));
    assert_eq!(
        programme.by(BOB, |contract| contract.enable_user("donor/carol".into(), None)),
        lacks(Intent::GlobalEnableUser, Resource::Global)
    );
    assert_eq!(programme.by(ALICE, |contract| contract.enable_user("donor/carol".into(), None)), Ok(3));
    assert_eq!(
        programme.by(ALICE, |contract| contract.enable_user("donor/carol".into(), None)),
        Ok(3),
        "again, without effect"
    );
    assert!(programme.can(CAROL, Intent::ProjectList, &project()));
    assert!(programme.ask(BOB, |contract| contract.in_identity(CAROL, "auditors".into())));
}

/// Rule: the account that signed the transaction decides, nothing else (+)
#[coffer_test]
fn a_contract_in_between_gives_nobody_rights(test: &Test) {
    let mut programme = Programme::with_tree(test);
    let anybodys = ContractId([77; 32]);
    let create = |contract: &Contract| contract.create_group("x".into(), vec![]);
    assert_eq!(programme.through(anybodys, BOB, create), lacks(Intent::GlobalCreateGroup, Resource::Global));
    assert_eq!(programme.through(anybodys, ALICE, create), Ok(()));
    let nobody = programme.by(STRANGER, create);
    let because = Absence::NotAUser { account: STRANGER };
    let right = "global.createGroup".to_owned();
    assert_eq!(nobody, Err(Error::NotAllowed { right, resource: Resource::Global, because }));
}

/// Rule: every command may carry the version it saw and is refused if the thing changed (+)
#[coffer_test]
fn a_command_for_another_version_is_refused(test: &Test) {
    let mut programme = Programme::with_tree(test);
    programme.new_group(ALICE, "auditors", &[]).unwrap();
    let changed = |seen, version| Err(Error::Changed { seen, version });
    let bob = || "acme/bob".to_owned();
    let list = || vec![Intent::ProjectList];
    assert_eq!(programme.by(ALICE, |contract| contract.disable_user(bob(), Some(7))), changed(7, 1));
    assert_eq!(programme.by(ALICE, |contract| contract.disable_user(bob(), Some(1))), Ok(2));
    assert_eq!(programme.by(ALICE, |contract| contract.enable_user(bob(), Some(1))), changed(1, 2));
    let changes = UserChanges { account: None, display: Some(Hash([9; 32])) };
    assert_eq!(programme.by(ALICE, |contract| contract.update_user(bob(), changes, Some(1))), changed(1, 2));
    assert_eq!(programme.by(ALICE, |contract| contract.add_member("auditors".into(), bob(), Some(2))), changed(2, 1));
    assert_eq!(programme.by(ALICE, |contract| contract.add_member("auditors".into(), bob(), Some(1))), Ok(2));
    assert_eq!(
        programme.by(ALICE, |contract| contract.remove_member("auditors".into(), bob(), Some(1))),
        changed(1, 2)
    );
    assert_eq!(programme.by(ALICE, |contract| contract.grant(bob(), list(), project(), FOREVER, Some(1))), Ok(2));
    assert_eq!(
        programme.by(ALICE, |contract| contract.grant(bob(), list(), project(), FOREVER, Some(1))),
        changed(1, 2)
    );
    assert_eq!(
        programme.by(ALICE, |contract| contract.deny(bob(), list(), project(), FOREVER, Some(1))),
        changed(1, 2)
    );
    assert_eq!(programme.by(ALICE, |contract| contract.revoke(bob(), list(), project(), Some(1))), changed(1, 2));
    assert_eq!(programme.by(ALICE, |contract| contract.define_role("r".into(), list(), Some(1))), changed(1, 0));
    assert_eq!(programme.by(ALICE, |contract| contract.define_role("r".into(), list(), Some(0))), Ok(1));
    assert_eq!(
        programme.by(ALICE, |contract| contract.remove_role("r".into(), Some(2))),
        changed(2, 1).map(drop::<u32>)
    );
}

/// Rule: disable a user: refused while it has open assignments (T)
#[coffer_test]
fn a_user_is_not_disabled_while_the_budget_says_that_something_is_assigned_to_it(test: &Test) {
    let mut programme = Programme::nothing(test);
    programme.by(ALICE, |contract| contract.init(user("acme", "alice", ALICE))).unwrap();
    programme.by(ALICE, |contract| contract.create_user(user("acme", "bob", BOB))).unwrap();
    let answer = |(user,): (String,)| -> Option<u32> { (user == "acme/bob").then_some(2) };
    let budget = test.double("budget").answers("open_assignments", answer);
    programme.by(ALICE, |contract| contract.link(budget.contract_id())).unwrap();
    let refused = Err(Error::StillAssigned { user: "acme/bob".into(), open: 2 });
    assert_eq!(programme.disable(ALICE, "acme/bob"), refused);
    let enabled = programme.by(ALICE, |contract| contract.enable_user("acme/bob".into(), None));
    assert_eq!(enabled, Ok(1), "nothing was changed, and enabling asks nobody");
    assert_eq!(budget.asked::<(String,)>("open_assignments").len(), 1);
}

/// Rule: nobody is disabled while the budget does not say whether something is assigned to it (+)
#[coffer_test]
fn a_user_is_not_disabled_while_the_budget_does_not_answer(test: &Test) {
    for (number, answer) in [Some(None), None, Some(Some(0))].into_iter().enumerate() {
        let mut programme = Programme::nothing(test);
        programme.by(ALICE, |contract| contract.init(user("acme", "alice", ALICE))).unwrap();
        programme.by(ALICE, |contract| contract.create_user(user("acme", "bob", BOB))).unwrap();
        let double = test.double(&format!("budget {number}"));
        let double = match answer {
            Some(answer) => double.answers("open_assignments", move |_: (String,)| -> Option<u32> { answer }),
            None => double,
        };
        let budget = double.contract_id();
        programme.by(ALICE, |contract| contract.link(budget)).unwrap();
        let expected = match answer {
            Some(Some(_)) => Ok(2),
            Some(None) => {
                Err(Error::NoBudgetContract { budget, because: "it is linked with another permission contract".into() })
            }
            None => Err(Error::NoBudgetContract { budget, because: "it cannot be called".into() }),
        };
        assert_eq!(programme.disable(ALICE, "acme/bob"), expected);
    }
}
