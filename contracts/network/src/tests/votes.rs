//! Changes of organisations, by votes.

use super::*;

fn join(i: u8) -> Change {
    Change::Join { organisation: organisation(i, Access::Trusted, vec![new_node(i, Role::Validator)]) }
}

fn suspend(i: u8) -> Change {
    Change::Suspend { organisation: format!("Org{i}") }
}

fn resume(i: u8) -> Change {
    Change::Resume { organisation: format!("Org{i}") }
}

fn access(i: u8, access: Access) -> Change {
    Change::Access { organisation: format!("Org{i}"), access }
}

#[coffer_test]
fn a_new_organisation_takes_the_votes_of_more_than_half(test: &Test) {
    let net = Net::of(test, 4);
    for i in 1..=2 {
        assert_eq!(net.by(org(i)).vote(join(9)), Ok(false), "half is not enough");
    }
    assert_eq!(net.ask().organisation("Org9".to_owned()), None);
    let open = net.ask().proposals(String::new(), 9);
    assert_eq!((open.len(), &open[0].change, open[0].votes.join(" ")), (1, &join(9), "Org1 Org2".to_owned()));
    assert_eq!(net.by(org(2)).vote(join(9)), Err(Error::VotedAlready { organisation: "Org2".to_owned() }));
    assert_eq!(net.by(org(3)).vote(join(9)), Ok(true));
    let told: Vec<_> = test.events::<VoteCast>().into_iter().map(|vote| (vote.by, vote.votes, vote.needed)).collect();
    assert_eq!(told, [("Org1".to_owned(), 1, 3), ("Org2".to_owned(), 2, 3), ("Org3".to_owned(), 3, 3)]);
    assert_eq!(net.ask().proposals(String::new(), 9), []);
    assert_eq!(net.ask().organisation("Org9".to_owned()).map(|one| (one.key, one.nodes)), Some((org(9), 1)));
    let first = net.ask().node(node(9)).unwrap();
    assert_eq!(first.role, Role::Follower, "whatever was voted for, a node begins as a follower");
    assert_eq!(net.by(org(1)).vote(join(9)), Err(Error::NameTaken { name: "Org9".to_owned() }));
    net.by(node(9)).activate(net.height()).unwrap();
    assert_eq!(net.set().len(), 5);
}

#[coffer_test]
fn a_vote_is_for_one_change_and_nothing_else(test: &Test) {
    let net = Net::of(test, 3);
    net.by(org(1)).vote(join(9)).unwrap();
    let other = NewOrganisation { key: org(50), ..organisation(9, Access::Trusted, vec![]) };
    let refused = Err(Error::OtherProposal { organisation: "Org9".to_owned() });
    assert_eq!(net.by(org(2)).vote(Change::Join { organisation: other.clone() }), refused);
    net.by(org(1)).withdraw("Org9".to_owned()).unwrap();
    assert_eq!(net.ask().proposals(String::new(), 9), []);
    assert_eq!(net.by(org(2)).withdraw("Org9".to_owned()), Err(Error::NoVote { organisation: "Org9".to_owned() }));
    assert_eq!(net.by(org(2)).vote(Change::Join { organisation: other.clone() }), Ok(false));
    assert_eq!(net.by(org(3)).vote(Change::Join { organisation: other }), Ok(true));
}

#[coffer_test]
fn nodes_strangers_and_those_without_trust_have_no_vote(test: &Test) {
    let net = Net::of(test, 1);
    net.by(org(1)).vote(Change::Join { organisation: organisation(2, Access::Managed, vec![]) }).unwrap();
    let managed = net.by(org(2)).vote(join(9));
    assert_eq!(managed, Err(Error::NotTrusted { organisation: "Org2".to_owned() }));
    for nobody in [node(1), AccountId([77; 32]), AccountId::ANONYMOUS] {
        assert!(matches!(net.by(nobody).vote(join(9)), Err(Error::NotAllowed { .. })));
    }
}

#[coffer_test]
fn a_suspended_organisation_has_no_rights_and_no_validators_until_it_is_resumed(test: &Test) {
    let net = Net::of(test, 3);
    assert_eq!(net.by(org(3)).vote(suspend(3)), Err(Error::NoVote { organisation: "Org3".to_owned() }));
    assert_eq!(net.by(org(1)).vote(suspend(3)), Ok(false), "the target is not counted: it takes both others");
    assert_eq!(net.by(org(2)).vote(suspend(3)), Ok(true));
    assert_eq!(net.set(), [(1, POWER), (2, POWER)]);
    assert!(net.ask().organisation("Org3".to_owned()).unwrap().suspended);
    let suspended = || Error::Suspended { organisation: "Org3".to_owned() };
    assert_eq!(net.by(org(3)).approve(node(9), Access::Trusted, vec![]), Err(suspended()));
    assert_eq!(net.by(node(3)).activate(net.height()), Err(suspended()));
    assert_eq!(net.by(node(3)).set_addresses(node(3), vec![]), Err(suspended()));
    assert_eq!(net.by(org(3)).vote(join(9)), Err(suspended()));
    assert_eq!(net.by(org(1)).vote(suspend(3)), Err(suspended()));

    assert_eq!(net.by(org(1)).vote(resume(3)), Ok(false));
    assert_eq!(net.by(org(2)).vote(resume(3)), Ok(true));
    assert_eq!(net.set().len(), 2, "its node follows until it activates itself");
    net.by(node(3)).activate(net.height()).unwrap();
    assert_eq!(net.set(), [(1, POWER), (2, POWER), (3, POWER)]);
    assert!(matches!(net.by(org(1)).vote(resume(3)), Err(Error::NoChange { .. })));
}

#[coffer_test]
fn an_organisation_that_loses_trust_keeps_its_nodes_as_managed_followers(test: &Test) {
    let net = Net::of(test, 3);
    for i in 1..=2 {
        net.by(org(i)).vote(access(3, Access::Managed)).unwrap();
    }
    let known = net.ask().node(node(3)).unwrap();
    assert_eq!((known.access, known.role), (Access::Managed, Role::Follower));
    assert_eq!(net.set(), [(1, POWER), (2, POWER)]);
    assert!(matches!(net.by(org(1)).vote(access(3, Access::Managed)), Err(Error::NoChange { .. })));
    // Two are left to vote, and half of them is not enough.
    assert_eq!(net.by(org(1)).vote(access(3, Access::Trusted)), Ok(false));
    assert_eq!(net.by(org(2)).vote(access(3, Access::Trusted)), Ok(true));
    net.by(org(3)).approve(node(3), Access::Trusted, vec![]).unwrap();
    net.by(node(3)).activate(net.height()).unwrap();
    assert_eq!(net.set().len(), 3);
}

#[coffer_test]
fn votes_of_those_who_lost_their_vote_do_not_count(test: &Test) {
    let net = Net::of(test, 5);
    for i in 4..=5 {
        net.by(org(i)).vote(join(9)).unwrap();
    }
    for i in 1..=3 {
        net.by(org(i)).vote(suspend(5)).unwrap();
    }
    // Four are left; of the two votes one counts.
    assert_eq!(net.by(org(1)).vote(join(9)), Ok(false));
    assert_eq!(net.by(org(2)).vote(join(9)), Ok(true));
}

#[coffer_test]
fn no_vote_takes_the_last_validator_away(test: &Test) {
    let net = Net::of(test, 2);
    net.by(node(2)).deactivate(node(2)).unwrap();
    let last = Err(Error::LastValidator { node: node(1) });
    assert_eq!(net.by(org(2)).vote(suspend(1)), last);
    assert_eq!(net.by(org(1)).vote(access(1, Access::Managed)), Ok(false), "it may vote on its own access");
    assert_eq!(net.by(org(2)).vote(access(1, Access::Managed)), last);
    net.by(org(1)).withdraw("Org1".to_owned()).unwrap();
    assert_eq!((net.ask().proposals(String::new(), 9), net.set()), (vec![], vec![(1, POWER)]));
}

#[coffer_test]
fn open_votes_are_bounded(test: &Test) {
    let net = Net::of(test, 2);
    let named = |i: u8| {
        let key = AccountId([i; 32]);
        Change::Join {
            organisation: NewOrganisation { name: format!("new{i}"), key, access: Access::Managed, nodes: vec![] },
        }
    };
    for i in 10..74 {
        net.by(org(1)).vote(named(i)).unwrap();
    }
    let most = Err(Error::TooMany { what: "changes that are voted on at once".to_owned(), most: 64 });
    assert_eq!(net.by(org(1)).vote(named(90)), most);
    assert_eq!(net.by(org(2)).vote(named(10)), Ok(true));
    assert_eq!(net.by(org(1)).vote(named(90)), Ok(false));
}
