//! A network as its genesis gives it.

use super::*;

#[coffer_test]
fn a_network_begins_with_the_organisations_nodes_and_parameters_of_its_genesis(test: &Test) {
    let net = Net::nothing(test);
    let first = organisation(1, Access::Trusted, vec![new_node(1, Role::Validator), new_node(2, Role::Follower)]);
    let second =
        organisation(2, Access::Managed, vec![NewNode { access: Access::Managed, ..new_node(3, Role::Follower) }]);
    test.measured("begin a network of 2 organisations and 3 nodes", || {
        net.ask().init(vec![first, second], parameters(), 1, nobody()).unwrap();
    });
    let since = net.height();
    let known = |i: u8, access, nodes| Organisation {
        name: format!("Org{i}"),
        key: org(i),
        access,
        suspended: false,
        nodes,
        since,
    };
    let all = [known(1, Access::Trusted, 2), known(2, Access::Managed, 1)];
    assert_eq!(net.ask().organisations(String::new(), 100), all);
    assert_eq!(net.ask().organisation("Org2".to_owned()), Some(all[1].clone()));
    let nodes = net.ask().nodes(None, 100);
    let told: Vec<_> = nodes.iter().map(|node| (node.key, &*node.organisation, node.access, node.role)).collect();
    let expected = [
        (node(1), "Org1", Access::Trusted, Role::Validator),
        (node(2), "Org1", Access::Trusted, Role::Follower),
        (node(3), "Org2", Access::Managed, Role::Follower),
    ];
    assert_eq!(told, expected);
    assert_eq!((nodes[0].addresses.clone(), nodes[0].since), (address(1), since));
    assert_eq!(net.ask().parameters(), Some(parameters()));
    assert_eq!(net.ask().versions(), [Version { version: 1, since: 0 }]);
    assert_eq!(net.set(), [(1, POWER)]);
}

#[coffer_test]
fn a_genesis_that_cannot_be_is_refused_with_what_is_wrong(test: &Test) {
    let refused = |organisations| Net::nothing(test).ask().init(organisations, parameters(), 1, nobody()).unwrap_err();
    let follower = || vec![new_node(1, Role::Follower)];
    let nobody = refused(vec![organisation(1, Access::Trusted, follower())]);
    assert!(matches!(nobody, Error::Invalid { field, .. } if field == "organisations"), "no validator");
    assert!(matches!(refused(vec![]), Error::Invalid { .. }));
    let managed = vec![NewNode { access: Access::Managed, ..new_node(1, Role::Validator) }];
    assert_eq!(refused(vec![organisation(1, Access::Trusted, managed)]), Error::NodeNotTrusted { node: node(1) });
    let untrusted = refused(vec![organisation(1, Access::Managed, vec![new_node(1, Role::Validator)])]);
    assert_eq!(untrusted, Error::NotTrusted { organisation: "Org1".to_owned() });
    let one = || organisation(1, Access::Trusted, vec![new_node(1, Role::Validator)]);
    assert_eq!(refused(vec![one(), one()]), Error::NameTaken { name: "Org1".to_owned() });
    let twice = organisation(2, Access::Trusted, follower());
    let taken = |key, organisation: &str| Error::KeyTaken { key, organisation: organisation.to_owned() };
    assert_eq!(refused(vec![one(), twice]), taken(node(1), "Org1"));
    let own = NewOrganisation { key: node(1), ..one() };
    assert_eq!(refused(vec![own]), taken(node(1), "Org1"), "the organisation key is never a node's");
    for name in ["", "a b", "a/b", &"x".repeat(49)] {
        let error = refused(vec![NewOrganisation { name: name.to_owned(), ..one() }]);
        assert!(matches!(error, Error::Invalid { field, .. } if field == "name"), "{name:?}");
    }
}

#[coffer_test]
fn pages_go_on_where_the_last_one_ended(test: &Test) {
    let net = Net::of(test, 3);
    let names = |after: &str, limit| -> Vec<String> {
        net.ask().organisations(after.to_owned(), limit).into_iter().map(|one| one.name).collect()
    };
    assert_eq!((names("", 2), names("Org2", 2)), (vec!["Org1".to_owned(), "Org2".to_owned()], vec!["Org3".to_owned()]));
    assert_eq!((names("", 0), names(&"x".repeat(300), 9), names("Org3", 9)), (vec![], vec![], vec![]));
    let keys =
        |after, limit| -> Vec<u8> { net.ask().nodes(after, limit).into_iter().map(|node| node.key.0[0]).collect() };
    assert_eq!((keys(None, 2), keys(Some(node(2)), 2)), (vec![1, 2], vec![3]));
    assert_eq!(net.ask().organisation("x".repeat(300)), None);
    assert_eq!(net.ask().node(node(9)), None);
}

fn tag(key: u8) -> FirstTagKey {
    FirstTagKey { node: node(1), key: AccountId([key; 32]) }
}

fn party(party: u8, key: u8, accounts: Vec<AccountId>) -> FirstParty {
    let (party, key) = (AccountId([party; 32]), AccountId([key; 32]));
    FirstParty { party, organisation: "Org1".to_owned(), node: node(1), key, accounts }
}

fn user(account: u8) -> FirstAccount {
    let organisation = "Org1".to_owned();
    FirstAccount { account: AccountId([account; 32]), organisation, role: AccountRole::Deploy }
}

#[coffer_test]
fn a_network_begins_with_parties_that_act_at_once(test: &Test) {
    let one = || vec![organisation(1, Access::Trusted, vec![new_node(1, Role::Validator)])];
    let net = Net::nothing(test);
    let acting = vec![AccountId([61; 32])];
    let first =
        FirstParties { tag_keys: vec![tag(31)], accounts: vec![user(61)], parties: vec![party(41, 51, acting)] };
    net.ask().init(one(), parameters(), 1, first).unwrap();
    assert_eq!(net.ask().tag_key(node(1)).unwrap().epoch, 0);
    assert_eq!(net.ask().account(AccountId([61; 32])).unwrap().role, AccountRole::Deploy);
    let known = net.ask().party(AccountId([41; 32])).unwrap();
    assert_eq!((known.node, known.epoch, known.custodians), (node(1), 0, vec![]));
    assert_eq!(net.ask().party_at(AccountId([41; 32]), 0).unwrap().key, AccountId([51; 32]));
    assert!(net.ask().acts_for(AccountId([41; 32]), AccountId([61; 32])));
    // It goes on as any other: the party takes back what the genesis gave.
    net.by(AccountId([41; 32])).revoke(AccountId([61; 32])).unwrap();
    assert!(!net.ask().acts_for(AccountId([41; 32]), AccountId([61; 32])));
}

#[coffer_test]
fn first_parties_keep_the_rules_for_keys_nodes_and_organisations(test: &Test) {
    let refused = |first| {
        let one = vec![organisation(1, Access::Trusted, vec![new_node(1, Role::Validator)])];
        Net::nothing(test).ask().init(one, parameters(), 1, first).unwrap_err()
    };
    let taken = |key: u8| Error::KeyTaken { key: AccountId([key; 32]), organisation: "Org1".to_owned() };
    let stranger = FirstTagKey { node: node(9), ..tag(31) };
    assert!(matches!(refused(FirstParties { tag_keys: vec![stranger], ..nobody() }), Error::NoNode { .. }));
    assert!(matches!(refused(FirstParties { tag_keys: vec![tag(31), tag(32)], ..nobody() }), Error::NoChange { .. }));
    assert_eq!(refused(FirstParties { accounts: vec![user(61), user(61)], ..nobody() }), taken(61));
    let unknown = FirstAccount { organisation: "Org9".to_owned(), ..user(61) };
    assert!(matches!(refused(FirstParties { accounts: vec![unknown], ..nobody() }), Error::NoOrganisation { .. }));
    let without = FirstParties { parties: vec![party(41, 51, vec![])], ..nobody() };
    assert_eq!(refused(without), Error::NoTagKey { node: node(1) });
    let with = |parties| FirstParties { tag_keys: vec![tag(31)], parties, ..nobody() };
    assert_eq!(refused(with(vec![party(41, 31, vec![])])), taken(31), "the tag key");
    assert_eq!(refused(with(vec![party(41, 41, vec![])])), taken(41), "the party's own");
    assert_eq!(refused(with(vec![party(41, 51, vec![]), party(41, 52, vec![])])), taken(41), "twice");
    let acts = with(vec![party(41, 51, vec![AccountId([61; 32])])]);
    assert_eq!(refused(acts), Error::NoAccount { account: AccountId([61; 32]) });
}
