//! Going on without organisations that are lost.

use super::*;

const NODES: AccountId = AccountId([0; 32]);
const PARENT: Hash = Hash([8; 32]);
const STATEMENT: Hash = Hash([9; 32]);

fn names(numbers: &[u8]) -> Vec<String> {
    numbers.iter().map(|i| format!("Org{i}")).collect()
}

#[coffer_test]
fn a_recovery_takes_the_lost_out_of_the_set_and_is_on_record(test: &Test) {
    let net = Net::of(test, 3);
    net.add_validator(3, 13);
    test.forget_events();
    test.measured("recover", || net.by(NODES).recover(names(&[2, 3]), PARENT, STATEMENT).unwrap());
    assert_eq!(net.set(), [(1, POWER)]);
    for i in [2, 3] {
        assert!(net.ask().organisation(format!("Org{i}")).unwrap().suspended);
    }
    assert_eq!(net.ask().node(node(13)).unwrap().role, Role::Follower);
    let validators = vec![Validator { key: node(1), power: POWER }];
    let height = net.height();
    let record = Recovery { height, parent: PARENT, lost: names(&[2, 3]), validators, statement: STATEMENT };
    assert_eq!(net.ask().recoveries(0, 10), [record]);
    assert_eq!(net.ask().recoveries(height, 10), []);
    assert_eq!(test.events::<Recovered>(), [Recovered { lost: names(&[2, 3]), statement: STATEMENT }]);
}

#[coffer_test]
fn nobody_who_signs_recovers(test: &Test) {
    let net = Net::of(test, 2);
    for account in [org(1), org(2), node(1), AccountId([7; 32])] {
        assert!(not_allowed(net.by(account).recover(names(&[2]), PARENT, STATEMENT)));
    }
    assert_eq!(net.set(), [(1, POWER), (2, POWER)]);
    assert_eq!(net.ask().recoveries(0, 10), []);
}

#[coffer_test]
fn a_recovery_leaves_a_validator_and_knows_whom_it_names(test: &Test) {
    let net = Net::of(test, 2);
    let all = net.by(NODES).recover(names(&[1, 2]), PARENT, STATEMENT);
    assert!(matches!(all, Err(Error::LastValidator { .. })), "{all:?}");
    let unknown = net.by(NODES).recover(names(&[9]), PARENT, STATEMENT);
    assert_eq!(unknown, Err(Error::NoOrganisation { name: "Org9".to_owned() }));
    assert!(!net.ask().organisation("Org1".to_owned()).unwrap().suspended, "nothing was changed");
}

#[coffer_test]
fn votes_of_the_lost_count_for_nothing_and_those_who_are_left_can_resume_them(test: &Test) {
    let net = Net::of(test, 2);
    let change = || Change::Join { organisation: organisation(3, Access::Trusted, vec![]) };
    assert_eq!(net.by(org(2)).vote(change()), Ok(false));
    net.by(NODES).recover(names(&[2]), PARENT, STATEMENT).unwrap();
    assert_eq!(net.by(org(2)).vote(change()), Err(Error::Suspended { organisation: "Org2".to_owned() }));
    assert_eq!(net.by(org(1)).vote(change()), Ok(true));
    assert_eq!(net.by(org(1)).vote(Change::Resume { organisation: "Org2".to_owned() }), Ok(false));
    assert_eq!(net.by(org(3)).vote(Change::Resume { organisation: "Org2".to_owned() }), Ok(true));
    assert_eq!(net.set(), [(1, POWER)], "its nodes follow until they activate themselves");
}
