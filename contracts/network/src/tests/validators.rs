//! Who validates, and how a node comes to it.

use super::*;

#[coffer_test]
fn a_node_becomes_a_validator_by_its_own_signature_alone(test: &Test) {
    let net = Net::of(test, 1);
    net.by(org(1)).approve(node(9), Access::Trusted, address(9)).unwrap();
    let until = net.height();
    assert_eq!(net.by(org(1)).activate(until), Err(Error::NoNode { node: org(1) }), "its organisation cannot do it");
    test.measured("activate a validator", || net.by(node(9)).activate(until).unwrap());
    assert_eq!(test.events::<ValidatorJoined>(), [ValidatorJoined { node: node(9), organisation: "Org1".to_owned() }]);
    assert_eq!(net.set(), [(1, POWER / 2), (9, POWER / 2)]);
    assert!(matches!(net.by(node(9)).activate(until), Err(Error::NoChange { .. })));
    assert_eq!(net.by(node(8)).activate(until), Err(Error::NoNode { node: node(8) }));
}

#[coffer_test]
fn an_activation_holds_for_the_next_blocks_only(test: &Test) {
    let net = Net::of(test, 1);
    net.by(org(1)).approve(node(9), Access::Trusted, vec![]).unwrap();
    test.advance(10, 1_000);
    let height = net.height();
    for until in [0, height - 1, height + 3, u64::MAX] {
        assert_eq!(net.by(node(9)).activate(until), Err(Error::Window { until, height }));
    }
    assert_eq!(net.set(), [(1, POWER)]);
    net.by(node(9)).activate(height + 2).unwrap();
    net.by(node(9)).deactivate(node(9)).unwrap();
    net.by(node(9)).activate(height).unwrap();
}

#[coffer_test]
fn organisations_have_equal_power_and_what_is_left_over_goes_to_the_lowest_key(test: &Test) {
    let net = Net::of(test, 2);
    for key in [11, 10] {
        net.add_validator(2, key);
    }
    let third = POWER / 3;
    assert_eq!(net.set(), [(1, POWER), (2, third + 1), (10, third), (11, third)]);
    net.by(node(2)).deactivate(node(2)).unwrap();
    assert_eq!(net.set(), [(1, POWER), (10, POWER / 2), (11, POWER / 2)]);
    assert_eq!(test.events::<ValidatorLeft>(), [ValidatorLeft { node: node(2), organisation: "Org2".to_owned() }]);
}

#[coffer_test]
fn a_validator_is_deactivated_by_itself_or_its_organisation_but_for_the_last_one(test: &Test) {
    let net = Net::of(test, 2);
    assert!(not_allowed(net.by(org(1)).deactivate(node(2))));
    assert!(not_allowed(net.by(node(1)).deactivate(node(2))));
    net.by(org(2)).deactivate(node(2)).unwrap();
    assert_eq!(net.by(org(2)).deactivate(node(2)), Err(Error::NoValidator { node: node(2) }));
    let last = Err(Error::LastValidator { node: node(1) });
    assert_eq!((net.by(node(1)).deactivate(node(1)), net.by(org(1)).deactivate(node(1))), (last.clone(), last.clone()));
    assert_eq!(net.by(org(1)).approve(node(1), Access::Managed, vec![]), last, "with managed access it could not stay");
    assert_eq!(net.set(), [(1, POWER)]);
}

#[coffer_test]
fn only_trusted_nodes_of_trusted_organisations_validate(test: &Test) {
    let net = Net::of(test, 1);
    net.by(org(1)).approve(node(9), Access::Managed, vec![]).unwrap();
    assert_eq!(net.by(node(9)).activate(net.height()), Err(Error::NodeNotTrusted { node: node(9) }));
    net.by(org(1)).approve(node(9), Access::Trusted, vec![]).unwrap();
    net.by(node(9)).activate(net.height()).unwrap();
    net.by(org(1)).approve(node(9), Access::Managed, vec![]).unwrap();
    assert_eq!(net.set(), [(1, POWER)], "less access ends it");

    let managed = organisation(2, Access::Managed, vec![]);
    assert_eq!(net.by(org(1)).vote(Change::Join { organisation: managed }), Ok(true));
    let refused = Err(Error::NotTrusted { organisation: "Org2".to_owned() });
    assert_eq!(net.by(org(2)).approve(node(12), Access::Trusted, vec![]), refused);
    net.by(org(2)).approve(node(12), Access::Managed, vec![]).unwrap();
    assert_eq!(net.by(node(12)).activate(net.height()), refused);
}

#[coffer_test]
fn validators_are_bounded_for_one_organisation_and_for_all(test: &Test) {
    let net = Net::of(test, 13);
    let key = |org: u8, i: u8| AccountId([org, i].repeat(16).try_into().unwrap());
    let seat = |i: u8, n: u8| {
        net.by(org(i)).approve(key(100 + i, n), Access::Trusted, vec![]).unwrap();
        net.by(key(100 + i, n)).activate(net.height())
    };
    for i in 1..=12 {
        assert!((1..=7).all(|n| seat(i, n) == Ok(())));
    }
    let most = Err(Error::TooMany { what: "validators of one organisation".to_owned(), most: 8 });
    assert_eq!(seat(1, 8), most);
    assert!((1..=3).all(|n| seat(13, n) == Ok(())));
    assert_eq!(seat(13, 4), Err(Error::TooMany { what: "validators".to_owned(), most: 100 }));
    assert_eq!(net.ask().validators().iter().map(|one| one.power).sum::<u64>(), 13 * POWER);
}
