//! Accounts: whose they are, and for which parties they act.

use super::parties::{Asked, asked, ready};
use super::*;

/// A network with the party `party` of `Org1` and `party2` of `Org2`.
fn with_parties(test: &Test) -> Net<'_> {
    let net = ready(test, 3);
    asked().register(&net).unwrap();
    let other =
        Asked { party: "party2", organisation: "Org2", key: "seal2", by: ["seal2", "node1", "org2"], ..asked() };
    other.register(&net).unwrap();
    test.forget_events();
    net
}

#[coffer_test]
fn an_account_is_of_one_organisation_which_gives_it_its_role(test: &Test) {
    let net = with_parties(test);
    let [one, two, user] = ["org1", "org2", "user"].map(|name| test.account(name));
    let since = net.height();
    net.by(one).set_account(user, AccountRole::Transact).unwrap();
    let record = |role, suspended| {
        let (account, organisation) = (user, "Org1".to_owned());
        Some(Account { account, organisation, role, suspended, since })
    };
    assert_eq!(net.ask().account(user), record(AccountRole::Transact, false));
    test.advance(1, 1);
    assert!(matches!(net.by(one).set_account(user, AccountRole::Transact), Err(Error::NoChange { .. })));
    let taken = Err(Error::KeyTaken { key: user, organisation: "Org1".to_owned() });
    assert_eq!(net.by(two).set_account(user, AccountRole::Deploy), taken, "for good");
    let other = Err(Error::OtherOrganisation { account: user, organisation: "Org1".to_owned() });
    assert_eq!((net.by(two).suspend_account(user), net.by(two).resume_account(user)), (other.clone(), other));
    for stranger in ["user", "party", "node1", "nobody"] {
        let by = net.by(test.account(stranger));
        assert!(not_allowed(by.set_account(user, AccountRole::Administer)), "{stranger}");
        assert!(not_allowed(by.suspend_account(user)) && not_allowed(by.resume_account(user)), "{stranger}");
    }
    assert!(matches!(net.by(one).resume_account(user), Err(Error::NoChange { .. })));
    net.by(one).suspend_account(user).unwrap();
    assert!(matches!(net.by(one).suspend_account(user), Err(Error::NoChange { .. })));
    net.by(one).set_account(user, AccountRole::Administer).unwrap();
    assert_eq!(net.ask().account(user), record(AccountRole::Administer, true), "another role resumes nobody");
    net.by(one).resume_account(user).unwrap();
    assert_eq!(net.ask().account(user), record(AccountRole::Administer, false));
    let told: Vec<_> = test.events::<AccountChanged>().into_iter().map(|told| (told.role, told.suspended)).collect();
    let [transact, administer] = [AccountRole::Transact, AccountRole::Administer];
    assert_eq!(told, [(transact, false), (transact, true), (administer, true), (administer, false)]);
    let unknown = Err(Error::NoAccount { account: test.account("nobody") });
    assert_eq!(net.by(one).suspend_account(test.account("nobody")), unknown);
    assert_eq!(net.ask().account(test.account("nobody")), None);
}

#[coffer_test]
fn what_seals_or_has_other_rights_is_no_account(test: &Test) {
    let net = with_parties(test);
    for (key, of) in [("org2", "Org2"), ("node1", "Org1"), ("seal2", "Org2"), ("tag3", "Org3")] {
        let taken = Err(Error::KeyTaken { key: test.account(key), organisation: of.to_owned() });
        assert_eq!(net.by(test.account("org1")).set_account(test.account(key), AccountRole::Transact), taken);
    }
    let nobody = net.by(test.account("org1")).set_account(AccountId::ANONYMOUS, AccountRole::Transact);
    assert!(matches!(nobody, Err(Error::Invalid { field, .. }) if field == "account"));
    // An organisation that says so of a key that is not its own keeps it from nothing.
    net.by(test.account("org1")).set_account(test.account("party3"), AccountRole::Transact).unwrap();
    let other =
        Asked { party: "party3", organisation: "Org3", key: "seal3", by: ["seal3", "node1", "org3"], ..asked() };
    assert_eq!(other.register(&net), Ok(()));
}

#[coffer_test]
fn a_party_says_which_accounts_of_its_organisation_act_for_it(test: &Test) {
    let net = with_parties(test);
    let [party, party2, user, user2] = ["party", "party2", "user", "user2"].map(|name| test.account(name));
    assert_eq!(net.by(party).authorise(user), Err(Error::NoAccount { account: user }));
    net.by(test.account("org1")).set_account(user, AccountRole::ReadOnly).unwrap();
    net.by(test.account("org2")).set_account(user2, AccountRole::Transact).unwrap();
    let foreign = Err(Error::OtherOrganisation { account: user2, organisation: "Org2".to_owned() });
    assert_eq!(net.by(party).authorise(user2), foreign);
    for stranger in ["org1", "user", "node1"] {
        let unknown = Err(Error::NoParty { party: test.account(stranger) });
        assert_eq!(net.by(test.account(stranger)).authorise(user), unknown);
    }
    assert!(matches!(net.by(party).revoke(user), Err(Error::NoChange { .. })));
    net.by(party).authorise(user).unwrap();
    assert!(matches!(net.by(party).authorise(user), Err(Error::NoChange { .. })));
    let acts = |party, user| net.ask().acts_for(party, user);
    assert_eq!(
        (acts(party, user), acts(party2, user), acts(party, user2), acts(user, user)),
        (true, false, false, false)
    );
    assert_eq!(net.ask().accounts_of(party, None, 9), [user]);
    assert_eq!((net.ask().accounts_of(party, Some(user), 9), net.ask().accounts_of(party2, None, 9)), (vec![], vec![]));
    net.by(test.account("org1")).suspend_account(user).unwrap();
    assert!(!acts(party, user));
    net.by(test.account("org1")).resume_account(user).unwrap();
    assert!(acts(party, user));
    for i in [2, 3] {
        let change = Change::Suspend { organisation: "Org1".to_owned() };
        net.by(test.account(&format!("org{i}"))).vote(change).unwrap();
    }
    assert!(!acts(party, user), "nor while its organisation is suspended");
    let suspended = Err(Error::Suspended { organisation: "Org1".to_owned() });
    assert_eq!((net.by(party).revoke(user), net.by(party).authorise(user)), (suspended.clone(), suspended.clone()));
    assert_eq!(net.by(test.account("org1")).set_account(user, AccountRole::Deploy), suspended);
    for i in [2, 3] {
        let change = Change::Resume { organisation: "Org1".to_owned() };
        net.by(test.account(&format!("org{i}"))).vote(change).unwrap();
    }
    assert!(acts(party, user));
    net.by(party).revoke(user).unwrap();
    assert!(!acts(party, user));
    net.by(party).authorise(user).unwrap();
    net.by(party).retire_party().unwrap();
    assert!(!acts(party, user), "nor for a retired party");
    assert_eq!(net.ask().accounts_of(party, None, 9), [user]);
    assert_eq!(test.events::<AccountAuthorised>().len(), 2);
    assert_eq!(test.events::<AccountRevoked>(), [AccountRevoked { party, account: user }]);
}

#[coffer_test]
fn accounts_that_act_for_a_party_are_bounded(test: &Test) {
    let net = with_parties(test);
    let (organisation, party) = (net.by(test.account("org1")), net.by(test.account("party")));
    let key = |i: u16| {
        let mut key = [201; 32];
        key[..2].copy_from_slice(&i.to_be_bytes());
        AccountId(key)
    };
    for i in 0..1_001 {
        organisation.set_account(key(i), AccountRole::Transact).unwrap();
    }
    for i in 0..1_000 {
        party.authorise(key(i)).unwrap();
    }
    let most = Err(Error::TooMany { what: "accounts that act for a party".to_owned(), most: 1_000 });
    assert_eq!(party.authorise(key(1_000)), most);
    party.revoke(key(7)).unwrap();
    assert_eq!(party.authorise(key(1_000)), Ok(()), "one that is taken back makes room");
    let page = net.ask().accounts_of(test.account("party"), Some(key(6)), 2);
    assert_eq!(page, [key(8), key(9)]);
}
