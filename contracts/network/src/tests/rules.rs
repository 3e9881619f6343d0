//! Parameters and versions, by votes.

use super::*;

fn set(change: impl FnOnce(&mut Parameters)) -> Change {
    let mut parameters = parameters();
    change(&mut parameters);
    Change::Parameters { parameters }
}

fn protocol(version: u16, height: u64) -> Change {
    Change::Protocol { version, height }
}

#[coffer_test]
fn parameters_take_the_votes_of_more_than_half(test: &Test) {
    let net = Net::of(test, 3);
    let more = || set(|all| all.max_block_gas += 1);
    assert_eq!(net.by(org(1)).vote(more()), Ok(false));
    assert_eq!(net.by(org(2)).vote(set(|all| all.max_block_gas += 2)), Ok(false), "another proposal");
    assert_eq!(net.ask().parameters(), Some(parameters()));
    assert_eq!(net.by(org(3)).vote(more()), Ok(true));
    let now = Parameters { max_block_gas: parameters().max_block_gas + 1, ..parameters() };
    assert_eq!(net.ask().parameters(), Some(now.clone()));
    assert_eq!(test.events::<ParametersChanged>(), [ParametersChanged { parameters: now }]);
    assert!(matches!(net.by(org(1)).vote(more()), Err(Error::NoChange { .. })));
}

#[coffer_test]
fn no_vote_gives_the_chain_parameters_that_it_could_not_live_with(test: &Test) {
    let net = Net::of(test, 1);
    type Alter = fn(&mut Parameters);
    let wrong: [(&str, Alter); 10] = [
        ("max_tx_gas", |all| all.max_tx_gas = 249_999_999),
        ("max_tx_gas", |all| all.max_tx_gas = u64::MAX),
        ("max_block_gas", |all| all.max_block_gas = all.max_tx_gas - 1),
        ("max_block_gas", |all| all.max_block_gas = 4_000_000_001),
        ("max_tx_bytes", |all| all.max_tx_bytes = 65_535),
        ("max_tx_bytes", |all| all.max_tx_bytes = 1_314_817),
        ("max_block_bytes", |all| all.max_block_bytes = all.max_tx_bytes - 1),
        ("max_block_bytes", |all| all.max_block_bytes = (3 << 20) + 1),
        ("tick_ms", |all| all.tick_ms = 999),
        ("tick_ms", |all| all.tick_ms = 86_400_001),
    ];
    for (name, change) in wrong {
        let refused = net.by(org(1)).vote(set(change));
        assert!(matches!(&refused, Err(Error::Invalid { field, .. }) if field == name), "{name}: {refused:?}");
    }
    let least = Parameters {
        max_tx_gas: 250_000_000,
        max_block_gas: 250_000_000,
        max_tx_bytes: 65_536,
        max_block_bytes: 65_536,
        tick_ms: 1_000,
    };
    let most = Parameters {
        max_tx_gas: 4_000_000_000,
        max_block_gas: 4_000_000_000,
        max_tx_bytes: 1_314_816,
        max_block_bytes: 3 << 20,
        tick_ms: 86_400_000,
    };
    let never = Parameters { tick_ms: 0, ..least.clone() };
    for parameters in [least, most, never] {
        assert_eq!(net.by(org(1)).vote(Change::Parameters { parameters }), Ok(true));
    }
    let wrong = Parameters { max_tx_bytes: 0, ..parameters() };
    let one = organisation(1, Access::Trusted, vec![new_node(1, Role::Validator)]);
    let refused = Net::nothing(test).ask().init(vec![one], wrong, 1, nobody());
    assert!(matches!(refused, Err(Error::Invalid { field, .. }) if field == "max_tx_bytes"), "nor does a genesis");
}

#[coffer_test]
fn a_version_takes_the_votes_of_more_than_two_thirds_and_some_blocks_of_notice(test: &Test) {
    let net = Net::of(test, 4);
    let height = net.height() + 10;
    for i in 1..=2 {
        assert_eq!(net.by(org(i)).vote(protocol(2, height)), Ok(false), "more than half would be 3, too");
    }
    assert_eq!(net.by(org(3)).vote(protocol(2, height)), Ok(true));
    let (one, two) = (Version { version: 1, since: 0 }, Version { version: 2, since: height });
    assert_eq!(net.ask().versions(), [one.clone(), two]);
    assert_eq!(test.events::<ProtocolChanges>(), [ProtocolChanges { version: 2, height }]);

    let net = Net::of(test, 6);
    let height = net.height() + 10;
    for i in 1..=4 {
        assert_eq!(net.by(org(i)).vote(protocol(2, height)), Ok(false), "4 of 6 are not more than two thirds");
    }
    test.advance(1, 1_000);
    let late = net.by(org(5)).vote(protocol(2, height));
    assert_eq!(late, Err(Error::Height { height, least: height + 1, most: height - 9 + 1_000_000 }));
    assert_eq!(net.ask().versions(), [one]);
}

#[coffer_test]
fn a_version_is_put_off_until_it_begins_and_none_is_left_out(test: &Test) {
    let net = Net::of(test, 1);
    let vote = |version, height| net.by(org(1)).vote(protocol(version, height));
    let start = net.height();
    for version in [0, 1, 3, u16::MAX] {
        assert!(matches!(vote(version, start + 20), Err(Error::Invalid { field, .. }) if field == "version"));
    }
    for height in [0, start, start + 9, start + 1_000_001, u64::MAX] {
        assert!(matches!(vote(2, height), Err(Error::Height { .. })), "{height}");
    }
    assert_eq!(vote(2, start + 20), Ok(true));
    assert!(matches!(vote(2, start + 20), Err(Error::NoChange { .. })));
    assert_eq!(vote(2, start + 15), Ok(true));
    test.advance(13, 1_000);
    assert_eq!(vote(2, start + 30), Ok(true), "not begun yet");
    test.advance(16, 1_000);
    assert!(matches!(vote(2, start + 60), Err(Error::Invalid { .. })), "the next block is the first one of it");
    assert_eq!(vote(3, start + 60), Ok(true));
    let all: Vec<_> = net.ask().versions().iter().map(|known| (known.version, known.since)).collect();
    assert_eq!(all, [(1, 0), (2, start + 30), (3, start + 60)]);
}
