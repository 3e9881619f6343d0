//! A tenant cannot tell a shared node from a node of its own: the same roots and receipts of the same chain. `COFFER_OWN_NODE_SEED` says which random chain.

use super::members::{Contracts, Web, counted};
use super::pipelines::{Dice, NAMES, take};
use super::*;
use coffer_chain::PrivacyFlag;

fn public(opened: &Opened, kind: Kind, nonce: u8) -> CheckedTx {
    let body = tx(opened, kind, nonce).body().clone();
    let valid_until = Height(opened.ledger.state.head().height.0 + 5);
    TxBody { valid_until, ..body }
        .sign(&SigningKey::from_seed(&[5; 32]))
        .check(opened.ledger.executor.chain_id())
        .unwrap()
}

#[test]
fn a_party_has_the_same_roots_and_receipts_on_a_shared_node_and_on_one_of_its_own() {
    let seed = std::env::var("COFFER_OWN_NODE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(3);
    let (mut shared, mut dice, mut contracts) = (Web::public_parties(), Dice(seed), Contracts::new());
    let open = deploy(&shared.opened);
    shared.public(&open);
    let made = shared.opened.ledger.state.receipt(None, &open.id()).unwrap().unwrap();
    let cell = made.receipt.contract.unwrap();
    let mut private = 0;
    for turn in 0..100u8 {
        let calls = shared.calls(&mut dice, &mut contracts, turn < 4);
        private += calls.len();
        shared.order(calls.iter().map(|(names, body)| (&names[..], body.clone())).collect());
        if dice.roll(5) == 0 {
            let kind = Kind::Call { contract: cell, method: "put".into(), input: vec![turn; 8] };
            let put = public(&shared.opened, kind, turn + 2);
            shared.public(&put);
        }
    }
    assert!(private >= 200, "{private} calls");
    let state = &shared.opened.ledger.state;
    let head = state.head().height;
    let mut of_several = 0;
    for name in NAMES {
        let folder = tempfile::tempdir().unwrap();
        let own = shared.of_one(folder.path(), name);
        assert_eq!(own.ledger.executor.chain_id(), shared.opened.ledger.executor.chain_id());
        for (block, calls) in &shared.blocks {
            calls.iter().filter(|call| call.names.contains(&name)).for_each(|call| call.deliver(&own));
            take(&own, block);
            if dice.roll(3) == 0 {
                own.pipelines.catch_up().unwrap();
            }
        }
        own.pipelines.catch_up().unwrap();
        let mine = &own.ledger.state;
        assert_eq!((mine.head().height, mine.private_finished()), (head, head));
        let mut changes = 0;
        for height in 0..=head.0 {
            let root = |state: &State, height| state.psi_root(&psi(name), Height(height)).unwrap().root;
            assert_eq!(root(mine, height), root(state, height), "seed {seed}, {name} at {height}");
            changes += usize::from(height > 0 && root(mine, height) != root(mine, height - 1));
        }
        assert!(changes > 30, "{name} changed {changes} times");
        for call in shared.blocks.iter().flat_map(|(_, calls)| calls) {
            let receipt = |state: &State| state.receipt(Some(&psi(name)), &call.tx.id()).unwrap();
            assert_eq!(receipt(mine), receipt(state), "seed {seed}, {name}");
            of_several += usize::from(call.names.len() > 1 && receipt(mine).is_some());
        }
    }
    assert!(of_several > 100, "{of_several} receipts of calls of several parties");
}

#[test]
fn each_party_counts_what_names_it_and_nothing_else() {
    let mut web = Web::new();
    let both: &[&'static str] = &["PS1", "PS2"];
    let contract = web.deploy(both, PrivacyFlag::Standard, &[]);
    let mut add = |names: &[&'static str], times: u64, from: u64| {
        for n in 1..=times {
            assert_eq!(web.ends(names, PrivacyFlag::Standard, contract, ("add", b"a")), counted(from + n));
        }
    };
    add(both, 1, 0);
    add(&["PS1"], 2, 1);
    add(&["PS2"], 3, 1);
    for (name, sum) in [("PS1", 3u64), ("PS2", 4)] {
        let view = web.opened.ledger.state.private(&psi(name)).unwrap();
        assert_eq!(view.value(&contract, b"\x01a").unwrap().as_deref(), Some(&sum.to_le_bytes()[..]), "{name}");
    }
    for name in ["PS3", "PS4"] {
        assert!(web.opened.ledger.state.private(&psi(name)).unwrap().contract(&contract).unwrap().is_none());
    }
}
