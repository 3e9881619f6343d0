//! Nodes, and who may change them.

use super::*;

#[coffer_test]
fn an_organisation_lets_its_own_nodes_in_and_nobody_elses(test: &Test) {
    let net = Net::of(test, 2);
    net.by(org(1)).approve(node(9), Access::Trusted, address(9)).unwrap();
    let known = net.ask().node(node(9)).unwrap();
    assert_eq!((&*known.organisation, known.role, known.addresses), ("Org1", Role::Follower, address(9)));
    assert_eq!(net.ask().organisation("Org1".to_owned()).unwrap().nodes, 2);
    let told =
        NodeApproved { node: node(9), organisation: "Org1".to_owned(), access: Access::Trusted, addresses: address(9) };
    assert_eq!(test.events::<NodeApproved>(), [told]);

    let taken = Err(Error::KeyTaken { key: node(9), organisation: "Org1".to_owned() });
    assert_eq!(net.by(org(2)).approve(node(9), Access::Trusted, vec![]), taken, "another organisation's");
    assert!(not_allowed(net.by(node(1)).approve(node(8), Access::Trusted, vec![])), "a node is no organisation");
    assert!(not_allowed(net.by(AccountId([77; 32])).approve(node(8), Access::Trusted, vec![])));
    let own = Err(Error::KeyTaken { key: org(1), organisation: "Org1".to_owned() });
    assert_eq!(net.by(org(1)).approve(org(1), Access::Trusted, vec![]), own);
    assert_eq!(net.set(), [(1, POWER), (2, POWER)], "an approval makes no validator");
}

#[coffer_test]
fn addresses_are_changed_by_the_node_or_its_organisation(test: &Test) {
    let net = Net::of(test, 2);
    net.by(node(1)).set_addresses(node(1), address(7)).unwrap();
    assert_eq!(net.ask().node(node(1)).unwrap().addresses, address(7));
    net.by(org(1)).set_addresses(node(1), vec![]).unwrap();
    assert_eq!(net.ask().node(node(1)).unwrap().addresses, [""; 0]);
    assert!(not_allowed(net.by(org(2)).set_addresses(node(1), vec![])));
    assert!(not_allowed(net.by(node(2)).set_addresses(node(1), vec![])));
    assert_eq!(net.by(org(1)).set_addresses(node(9), vec![]), Err(Error::NoNode { node: node(9) }));
    for good in ["a:1", "10.0.0.1:65535", "[2001:db8::1]:7000", "node-1.example.org:7000"] {
        assert_eq!(net.by(node(1)).set_addresses(node(1), vec![good.to_owned()]), Ok(()), "{good}");
    }
    for bad in
        ["", "a", "a:", ":1", "a:0", "a:65536", "a:+1", "a b:1", "/ip4/1.2.3.4/tcp/1", "::1:7000", &"x".repeat(400)]
    {
        let error = net.by(node(1)).set_addresses(node(1), vec![bad.to_owned()]);
        assert!(matches!(error, Err(Error::Invalid { field, .. }) if field == "addresses"), "{bad}");
    }
    let five = vec!["a:1".to_owned(); 5];
    assert!(matches!(net.by(node(1)).set_addresses(node(1), five), Err(Error::TooMany { most: 4, .. })));
}

#[coffer_test]
fn a_declined_node_is_listed_until_it_is_approved(test: &Test) {
    let net = Net::of(test, 2);
    net.by(org(1)).decline(node(9)).unwrap();
    net.by(org(1)).decline(node(9)).unwrap();
    net.by(org(1)).decline(node(8)).unwrap();
    assert_eq!(test.events::<NodeDeclined>().len(), 2, "again changes nothing");
    let listed = |i: u8, after| net.ask().declined(format!("Org{i}"), after, 9);
    assert_eq!(
        (listed(1, None), listed(1, Some(node(8))), listed(2, None)),
        (vec![node(8), node(9)], vec![node(9)], vec![])
    );
    let member = Err(Error::KeyTaken { key: node(2), organisation: "Org2".to_owned() });
    assert_eq!(net.by(org(1)).decline(node(2)), member, "a node of the network is removed, not declined");
    assert!(not_allowed(net.by(node(1)).decline(node(7))));
    net.by(org(1)).approve(node(9), Access::Managed, vec![]).unwrap();
    assert_eq!(listed(1, None), [node(8)]);
}

#[coffer_test]
fn an_organisation_removes_its_nodes_and_their_keys_are_free_again(test: &Test) {
    let net = Net::of(test, 2);
    net.by(org(1)).approve(node(9), Access::Trusted, vec![]).unwrap();
    assert!(not_allowed(net.by(org(2)).remove(node(9))));
    assert!(not_allowed(net.by(node(9)).remove(node(9))));
    net.by(org(1)).remove(node(9)).unwrap();
    assert_eq!(net.ask().node(node(9)), None);
    assert_eq!(net.ask().organisation("Org1".to_owned()).unwrap().nodes, 1);
    assert_eq!(net.by(org(1)).remove(node(9)), Err(Error::NoNode { node: node(9) }));
    assert_eq!(net.ask().declined("Org1".to_owned(), None, 9), [node(9)], "it is not wanted any more");
    net.by(org(2)).approve(node(9), Access::Trusted, vec![]).unwrap();
    net.by(org(1)).remove(node(1)).unwrap();
    assert_eq!(net.set(), [(2, POWER)], "a validator leaves with its record");
    assert_eq!(net.by(org(2)).remove(node(2)), Err(Error::LastValidator { node: node(2) }));
    assert_eq!(net.set(), [(2, POWER)]);
}

#[coffer_test]
fn nodes_of_an_organisation_are_bounded(test: &Test) {
    let net = Net::of(test, 1);
    let key = |i: u16| {
        let mut key = [200; 32];
        key[..2].copy_from_slice(&i.to_be_bytes());
        AccountId(key)
    };
    for i in 1..256 {
        net.by(org(1)).approve(key(i), Access::Managed, vec![]).unwrap();
    }
    let most = Err(Error::TooMany { what: "nodes of an organisation".to_owned(), most: 256 });
    assert_eq!(net.by(org(1)).approve(key(999), Access::Managed, vec![]), most);
}

#[coffer_test]
fn a_node_leaves_whoever_approved_it_for_good_and_another_can_approve_it(test: &Test) {
    let net = Net::of(test, 3);
    net.by(org(2)).approve(node(9), Access::Trusted, vec![]).unwrap();
    assert!(matches!(net.by(org(1)).approve(node(9), Access::Trusted, vec![]), Err(Error::KeyTaken { .. })));
    net.by(node(9)).leave().unwrap();
    assert_eq!((net.ask().node(node(9)), net.by(node(9)).leave()), (None, Err(Error::NoNode { node: node(9) })));
    let left = Err(Error::Left { node: node(9), organisation: "Org2".to_owned() });
    assert_eq!(net.by(org(2)).approve(node(9), Access::Trusted, vec![]), left);
    net.by(org(1)).approve(node(9), Access::Trusted, vec![]).unwrap();
    assert_eq!(net.ask().organisation("Org2".to_owned()).unwrap().nodes, 1);
    net.by(node(3)).leave().unwrap();
    assert_eq!(net.set(), [(1, POWER), (2, POWER)], "a validator leaves the set");
    net.by(node(2)).leave().unwrap();
    assert_eq!(net.by(node(1)).leave(), Err(Error::LastValidator { node: node(1) }));
}

#[coffer_test]
fn of_declined_nodes_the_oldest_makes_room(test: &Test) {
    let net = Net::of(test, 1);
    let key = |i: u16| {
        let mut key = [200; 32];
        key[..2].copy_from_slice(&(1_000 - i).to_be_bytes());
        AccountId(key)
    };
    for i in 0..256 {
        test.advance(1, 1);
        net.by(org(1)).decline(key(i)).unwrap();
    }
    net.by(org(1)).approve(node(9), Access::Trusted, vec![]).unwrap();
    test.advance(1, 1);
    net.by(org(1)).remove(node(9)).unwrap();
    let page = |after| net.ask().declined("Org1".to_owned(), after, 100);
    let (first, mut all) = (page(None), Vec::new());
    let mut next = first;
    while let Some(last) = next.last().copied() {
        all.extend(next);
        next = page(Some(last));
    }
    assert_eq!(all.len(), 256);
    assert!(all.contains(&node(9)) && all.contains(&key(1)) && !all.contains(&key(0)));
}
