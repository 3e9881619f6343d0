//! Roots that nodes anchor.

use super::*;

fn anchor(i: u8, height: u64, at: u64) -> Anchor {
    Anchor { node: node(i), height, block: Hash([height as u8; 32]), root: Hash([i; 32]), at }
}

#[coffer_test]
fn a_node_anchors_its_own_root_for_ever_higher_blocks_of_before(test: &Test) {
    let net = Net::of(test, 2);
    test.advance(5, 1);
    let put = |i: u8, height: u64| net.by(node(i)).anchor(height, Hash([height as u8; 32]), Hash([i; 32]));
    let at = net.height();
    assert_eq!(net.ask().anchor_of(node(1)), None);
    put(1, at - 3).unwrap();
    put(2, at - 3).unwrap();
    assert_eq!(net.ask().anchor_of(node(1)), Some(anchor(1, at - 3, at)));
    for (height, least) in [(at - 3, true), (at - 4, true), (at, false), (at + 1, false), (u64::MAX, false)] {
        let refused = put(1, height);
        let Err(Error::Invalid { field, value, why }) = refused else { panic!("{height}: {refused:?}") };
        assert_eq!((field.as_str(), value), ("height", height.to_string()), "{least}");
        assert!(why.contains(&format!("above {}", at - 3)) && why.contains(&format!("below {at}")), "{why}");
    }
    put(1, at - 1).unwrap();
    assert_eq!(net.ask().anchor_of(node(1)), Some(anchor(1, at - 1, at)));
    assert_eq!(net.ask().anchor_of(node(2)), Some(anchor(2, at - 3, at)), "another node's stays");
    let told: Vec<_> = test.events::<RootAnchored>().into_iter().map(|told| (told.node, told.height)).collect();
    assert_eq!(told, [(node(1), at - 3), (node(2), at - 3), (node(1), at - 1)]);
}

#[coffer_test]
fn nobody_but_a_node_of_an_active_organisation_anchors(test: &Test) {
    let net = Net::of(test, 3);
    test.advance(5, 1);
    let by = |who: AccountId| net.by(who).anchor(1, Hash([1; 32]), Hash([2; 32]));
    for who in [org(1), node(9)] {
        assert!(by(who).is_err(), "{who}");
        assert_eq!(net.ask().anchor_of(who), None);
    }
    for i in [1, 2] {
        net.by(org(i)).vote(Change::Suspend { organisation: "Org3".to_owned() }).unwrap();
    }
    assert!(matches!(by(node(3)), Err(Error::Suspended { .. })));
    by(node(1)).unwrap();
}
