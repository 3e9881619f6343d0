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
    let open = net.ask().proposals(0, 9);
    assert_eq!((open.len(), &open[0].change, open[0].votes.join(" ")), (1, &join(9), "Org1 Org2".to_owned()));
    assert_eq!(net.by(org(2)).vote(join(9)), Err(Error::VotedAlready { organisation: "Org2".to_owned() }));
    assert_eq!(net.by(org(3)).vote(join(9)), Ok(true));
    let told: Vec<_> = test.events::<VoteCast>().into_iter().map(|vote| (vote.by, vote.votes, vote.needed)).collect();
    assert_eq!(told, [("Org1".to_owned(), 1, 3), ("Org2".to_owned(), 2, 3), ("Org3".to_owned(), 3, 3)]);
    assert_eq!(net.ask().proposals(0, 9), []);
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
    assert_eq!(net.by(org(2)).vote(Change::Join { organisation: other.clone() }), Ok(false), "another proposal");
    let numbers =
        |net: &Net| net.ask().proposals(0, 9).iter().map(|open| (open.number, open.votes.len())).collect::<Vec<_>>();
    assert_eq!(numbers(&net), [(1, 1), (2, 1)]);
    assert_eq!(net.by(org(2)).withdraw(1), Err(Error::NoVote { organisation: "Org2".to_owned() }));
    net.by(org(1)).withdraw(1).unwrap();
    assert_eq!((numbers(&net), net.ask().proposal(1)), (vec![(2, 1)], None));
    assert_eq!(net.by(org(1)).withdraw(1), Err(Error::NoProposal { number: 1 }));
    assert_eq!(net.by(org(3)).vote(Change::Join { organisation: other }), Ok(true));
    assert_eq!(numbers(&net), []);
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
    assert_eq!(net.by(org(1)).vote(access(1, Access::Managed)), Ok(false), "it may vote on its own access");
    assert_eq!(net.by(org(2)).vote(access(1, Access::Managed)), last);
    net.by(org(1)).withdraw(1).unwrap();
    assert_eq!((net.ask().proposals(0, 9), net.set()), (vec![], vec![(1, POWER)]));
}

#[coffer_test]
fn none_suspends_another_alone(test: &Test) {
    let net = Net::of(test, 2);
    let alone = Err(Error::OneVote { organisation: "Org2".to_owned() });
    assert_eq!(net.by(org(1)).vote(suspend(2)), alone);
    assert_eq!((net.set().len(), net.ask().proposals(0, 9)), (2, vec![]));
    net.by(org(1)).vote(join(3)).unwrap();
    net.by(org(2)).vote(join(3)).unwrap();
    assert_eq!(net.by(org(1)).vote(suspend(2)), Ok(false));
    assert_eq!(net.by(org(3)).vote(suspend(2)), Ok(true), "two of three are enough");
}

fn named(i: u8) -> Change {
    let key = AccountId([i; 32]);
    let organisation = NewOrganisation { name: format!("new{i}"), key, access: Access::Managed, nodes: vec![] };
    Change::Join { organisation }
}

#[coffer_test]
fn one_organisation_has_at_most_4_open_proposals_and_keeps_no_other_from_proposing(test: &Test) {
    let net = Net::of(test, 3);
    for i in 10..14 {
        net.by(org(1)).vote(named(i)).unwrap();
    }
    let most = Err(Error::TooMany { what: "open proposals of one organisation".to_owned(), most: 4 });
    assert_eq!(net.by(org(1)).vote(named(20)), most);
    assert_eq!(net.by(org(2)).vote(named(20)), Ok(false), "another one proposes");
    assert_eq!(net.by(org(1)).vote(named(20)), Ok(true), "and the one votes for it");
    assert_eq!(net.by(org(2)).vote(named(10)), Ok(true));
    assert_eq!(net.by(org(1)).vote(named(21)), Ok(false), "what is done counts no longer");
}

#[coffer_test]
fn a_proposal_ends_by_itself_after_30_days_and_is_cleared_by_who_proposes_next(test: &Test) {
    let net = Net::of(test, 3);
    for i in 10..14 {
        net.by(org(1)).vote(named(i)).unwrap();
    }
    let day = 24 * 60 * 60 * 1_000;
    test.advance(1, 30 * day - 1);
    assert_eq!(net.by(org(1)).withdraw(4), Ok(()), "it is open to the last moment");
    test.advance(1, 1);
    assert_eq!(net.by(org(1)).withdraw(1), Err(Error::NoProposal { number: 1 }));
    assert_eq!(net.by(org(2)).vote(named(10)), Ok(false), "a vote for one that is over is the first for a new one");
    assert_eq!(net.ask().proposals(0, 9).len(), 4, "nobody but who proposed clears");
    assert_eq!(net.by(org(1)).vote(named(14)), Ok(false));
    let left: Vec<_> = net.ask().proposals(0, 9).iter().map(|open| (open.number, open.by.clone())).collect();
    assert_eq!(left, [(5, "Org2".to_owned()), (6, "Org1".to_owned())]);
    let cleared: Vec<_> = test.events::<ProposalCleared>().into_iter().map(|told| (told.proposal, told.by)).collect();
    assert_eq!(cleared, [1, 2, 3].map(|number| (number, "Org1".to_owned())), "the fourth was withdrawn");
}

#[coffer_test]
fn who_joins_takes_its_keys_from_whoever_approved_them_without_having_them(test: &Test) {
    let net = Net::of(test, 3);
    for key in [org(9), node(9)] {
        net.by(org(3)).approve(key, Access::Trusted, vec![]).unwrap();
    }
    net.by(org(1)).vote(join(9)).unwrap();
    assert_eq!(net.by(org(2)).vote(join(9)), Ok(true));
    assert_eq!(net.ask().node(node(9)).map(|node| node.organisation), Some("Org9".to_owned()));
    assert_eq!((net.ask().node(org(9)), net.ask().organisation("Org3".to_owned()).unwrap().nodes), (None, 1));
    assert!(matches!(net.by(org(3)).approve(node(9), Access::Trusted, vec![]), Err(Error::KeyTaken { .. })));

    // A key that showed itself here stays where it is.
    let taken = |key| Err(Error::KeyTaken { key, organisation: "Org3".to_owned() });
    net.by(org(3)).approve(node(8), Access::Trusted, vec![]).unwrap();
    net.by(node(8)).set_addresses(node(8), vec![]).unwrap();
    assert_eq!(net.by(org(1)).vote(join(8)), taken(node(8)));
    let of_3 = organisation(8, Access::Trusted, vec![new_node(3, Role::Follower)]);
    assert_eq!(net.by(org(1)).vote(Change::Join { organisation: of_3 }), taken(node(3)));
    let twice = organisation(8, Access::Trusted, vec![new_node(7, Role::Follower), new_node(7, Role::Follower)]);
    net.by(org(1)).vote(Change::Join { organisation: twice.clone() }).unwrap();
    net.by(org(2)).vote(Change::Join { organisation: twice.clone() }).unwrap();
    let refused = net.by(org(3)).vote(Change::Join { organisation: twice });
    assert!(matches!(refused, Err(Error::KeyTaken { .. })), "a node stands twice");
}

#[coffer_test]
fn the_dearest_vote_takes_a_part_of_the_gas_that_a_transaction_always_has(test: &Test) {
    let first = organisation(1, Access::Trusted, vec![new_node(1, Role::Validator)]);
    let key = |i: u16, kind: u8| {
        let mut key = [kind; 32];
        key[..2].copy_from_slice(&i.to_be_bytes());
        AccountId(key)
    };
    let name = |i: u16| format!("{i:a>48}");
    let others =
        (2..=256u16).map(|i| NewOrganisation { name: name(i), key: key(i, 3), access: Access::Trusted, nodes: vec![] });
    let net = Net::nothing(test);
    net.ask().init([first].into_iter().chain(others).collect(), parameters(), 1, nobody()).unwrap();
    let change = Change::Parameters { parameters: Parameters { max_tx_bytes: 70_000, ..parameters() } };
    for i in 2..=129 {
        assert_eq!(net.by(key(i, 3)).vote(change.clone()), Ok(false));
    }
    test.measured("the deciding vote of 256 organisations", || net.by(org(1)).vote(change.clone()).unwrap());
}

#[coffer_test]
fn an_organisation_with_all_the_nodes_it_can_have_loses_its_trust_within_the_gas_of_a_transaction(test: &Test) {
    let net = Net::of(test, 3);
    let key = |i: u16| {
        let mut key = [200; 32];
        key[..2].copy_from_slice(&i.to_be_bytes());
        AccountId(key)
    };
    for i in 0..255 {
        net.by(org(3)).approve(key(i), Access::Trusted, vec![]).unwrap();
        if i < 7 {
            net.by(key(i)).activate(net.height()).unwrap();
        }
    }
    net.by(org(1)).vote(access(3, Access::Managed)).unwrap();
    test.measured("the vote that takes the trust of 256 nodes", || {
        net.by(org(2)).vote(access(3, Access::Managed)).unwrap();
    });
    assert_eq!(net.set(), [(1, POWER), (2, POWER)]);
}
