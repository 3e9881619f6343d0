//! A chain with a network contract: what block 0 holds, and validator sets that change. The contract here keeps what it is told to, so that sets can be
//! tried that the real one would not make.

use std::collections::BTreeMap;

use coffer_abi::AccountId;
use coffer_chain::certificate::{CertificateError, POWER_PER_ORGANISATION};
use coffer_chain::{SystemContract, Validator, ValidatorSet, network};

use super::*;

/// Keeps the set of its data segment when it begins, and from then on what `put` is given.
fn module(first: &[Validator]) -> Vec<u8> {
    let text = |bytes: &[u8]| bytes.iter().map(|byte| format!("\\{byte:02x}")).collect::<String>();
    let (key, set) = (network::validators_key(), first.to_vec().encode());
    let wat = format!(
        r#"(module
            (import "coffer_1" "input" (func $input (param i32 i32) (result i64)))
            (import "coffer_1" "output" (func $output (param i32 i32)))
            (import "coffer_1" "storage_set" (func $set (param i32 i32 i32 i32)))
            (memory (export "memory") 1)
            (data (i32.const 0) "{}")
            (data (i32.const 64) "{}")
            (func (export "init")
                (call $set (i32.const 0) (i32.const {len}) (i32.const 64) (i32.const {size}))
                (call $output (i32.const 0) (i32.const 0)))
            (func (export "call put") (local $given i32)
                (local.set $given (i32.wrap_i64 (call $input (i32.const 1024) (i32.const 1024))))
                (call $set (i32.const 0) (i32.const {len}) (i32.const 1024) (local.get $given))
                (call $output (i32.const 0) (i32.const 0))))"#,
        text(&key),
        text(&set),
        len = key.len(),
        size = set.len(),
    );
    wat::parse_str(wat).unwrap()
}

fn with(folder: &Path, code: Vec<u8>) -> Config {
    let contract = SystemContract { name: "network".into(), code, in_private_states: false };
    Config { system: SystemContracts::new(vec![contract]).unwrap(), ..config(folder) }
}

/// The key that the seed of these tests gives the node.
fn own_key() -> AccountId {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).ledger.proposer
}

fn alone(key: AccountId) -> Vec<Validator> {
    vec![Validator { key, power: POWER_PER_ORGANISATION }]
}

fn put(opened: &Opened, set: Vec<u8>, nonce: u8) {
    let kind = Kind::Call { contract: network::contract(), method: "put".into(), input: set };
    opened.ledger.pool.insert(tx(opened, kind, nonce)).unwrap();
}

fn validators(opened: &Opened, height: u64) -> ValidatorSet {
    opened.ledger.validators(Height(height)).unwrap()
}

#[test]
fn block_0_holds_what_the_network_contract_began_with() {
    let folder = tempfile::tempdir().unwrap();
    let config = with(folder.path(), module(&alone(own_key())));
    let opened = Opened::open(&config).unwrap();
    let genesis = opened.ledger.genesis.clone();
    let state = &opened.ledger.state;
    assert_ne!(genesis.state_root, Hash::ZERO);
    assert_eq!((state.head().height, state.head().state_root), (Height(0), genesis.state_root));
    let record = state.public().contract(&network::contract()).unwrap().unwrap();
    assert_eq!(record.code_hash, genesis.network().unwrap().code_hash());
    assert_eq!((record.authority, record.height), (Authority::None, Height(0)));
    assert_eq!(validators(&opened, 0), genesis.validators);
    assert_eq!(validators(&opened, 1), genesis.validators);
    assert!(opened.ledger.validators(Height(2)).is_err(), "the block after the next is not known yet");
    drop(opened);

    let log = folder.path().join(state::LOG_FOLDER);
    let again = Opened::open(&config).unwrap();
    assert_eq!(again.ledger.state.head().state_root, genesis.state_root);
    drop(again);
    assert!(log.exists());
    std::fs::remove_dir_all(folder.path().join("db")).unwrap();
    let rebuilt = Opened::open(&config).unwrap();
    assert_eq!(rebuilt.ledger.state.head().state_root, genesis.state_root);
    assert_eq!(validators(&rebuilt, 1), genesis.validators);
}

#[test]
fn the_validators_of_a_height_are_those_that_the_block_before_left() {
    let folder = tempfile::tempdir().unwrap();
    let own = own_key();
    let config = with(folder.path(), module(&alone(own)));
    let opened = Opened::open(&config).unwrap();
    let first = validators(&opened, 1);
    let second = vec![Validator { key: own, power: 3 }, Validator { key: AccountId([9; 32]), power: 1 }];
    put(&opened, second.encode(), 1);
    let block = step(&opened).unwrap();
    let second = ValidatorSet::new(second).unwrap();
    assert_eq!((block.header.validators, block.header.next_validators), (first.hash(), second.hash()));
    assert_eq!((validators(&opened, 1), validators(&opened, 2)), (first.clone(), second.clone()));

    // A block that writes elsewhere leaves the set as it is.
    opened.ledger.pool.insert(deploy(&opened)).unwrap();
    let block = step(&opened).unwrap();
    assert_eq!((block.header.validators, block.header.next_validators), (second.hash(), second.hash()));

    // From now on this node's vote is not enough.
    let third = vec![Validator { key: own, power: 1 }, Validator { key: AccountId([9; 32]), power: 1 }];
    put(&opened, third.encode(), 2);
    step(&opened).unwrap();
    put(&opened, alone(own).encode(), 3);
    let block = opened.ledger.propose().unwrap().unwrap();
    opened.ledger.execute(&block, Standing::Proposed).unwrap();
    let refused = opened.ledger.decide(certificate(&opened, &block), &|_, _| false).unwrap_err();
    assert!(matches!(refused, Rejected::NotDecided(CertificateError::Power { signed: 1, total: 2 })), "{refused}");
    let third = ValidatorSet::new(third).unwrap();
    let all = [first.clone(), first, second.clone(), second, third];
    let seen = |opened: &Opened| -> Vec<_> { (0..5).map(|height| validators(opened, height)).collect() };
    assert_eq!(seen(&opened), all);
    drop(opened);
    assert_eq!(seen(&Opened::open(&config).unwrap()), all);
    std::fs::remove_dir_all(folder.path().join("db")).unwrap();
    assert_eq!(seen(&Opened::open(&config).unwrap()), all, "made anew from the log");
}

#[test]
fn what_is_no_validator_set_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let opened = Opened::open(&with(folder.path(), module(&alone(own_key())))).unwrap();
    let first = validators(&opened, 1);
    for (nonce, junk) in [vec![], vec![1, 2, 3], Vec::<Validator>::new().encode()].into_iter().enumerate() {
        put(&opened, junk, nonce as u8);
        let block = step(&opened).unwrap();
        assert_eq!(block.header.next_validators, first.hash());
    }
    assert_eq!(validators(&opened, 4), first);
}

#[test]
fn a_genesis_whose_state_comes_out_otherwise_is_refused_with_both_roots() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { seed: None, ..with(folder.path(), module(&alone(own_key()))) };
    let first = tempfile::tempdir().unwrap();
    // The keys of the seed, without its clock.
    let seeded = Config { data: folder.path().into(), ..with(first.path(), module(&alone(own_key()))) };
    drop(Opened::open(&seeded).unwrap());
    let path = folder.path().join(genesis::FILE);
    let mut genesis: Genesis = codec::decode(&std::fs::read(&path).unwrap()).unwrap();
    let right = std::mem::replace(&mut genesis.state_root, Hash([7; 32]));
    std::fs::write(&path, genesis.encode()).unwrap();
    let remove = || ["db", state::LOG_FOLDER].map(|part| std::fs::remove_dir_all(folder.path().join(part)).unwrap());
    remove();
    let payloads = folder.path().join(payloads::FILE);
    let kept = std::fs::read(&payloads).unwrap();
    let refused = Opened::open(&config).err().unwrap().to_string();
    assert!(refused.contains(&right.to_string()) && refused.contains(&Hash([7; 32]).to_string()), "{refused}");
    for made in ["db", state::LOG_FOLDER] {
        assert!(!folder.path().join(made).exists(), "{made} is left of a start that failed");
    }
    assert_eq!(std::fs::read(&payloads).unwrap(), kept, "what was there before stays");
    genesis.state_root = right;
    std::fs::write(&path, genesis.encode()).unwrap();
    assert_eq!(Opened::open(&config).unwrap().ledger.state.head().state_root, right);
}

#[test]
fn a_contract_that_keeps_other_validators_than_the_genesis_names_begins_no_chain() {
    let folder = tempfile::tempdir().unwrap();
    let refused = Opened::open(&with(folder.path(), module(&alone(AccountId([9; 32]))))).err().unwrap();
    assert!(matches!(&refused, StartError::First { .. }), "{refused}");
    assert!(refused.to_string().contains("has other validators than it names"), "{refused}");
    assert!(!folder.path().join(genesis::FILE).exists(), "nothing is begun");
}

#[test]
fn without_the_contract_the_validators_of_the_genesis_may_connect_and_stay() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path());
    let known = BTreeMap::from([(AccountId([9; 32]), vec!["a:1".to_owned()])]);
    let allowed = opened.ledger.state.allowed_nodes(known.clone()).unwrap();
    assert_eq!(allowed.get(&opened.ledger.proposer), Some(&Vec::new()));
    assert_eq!((allowed.len(), allowed.get(&AccountId([9; 32]))), (2, known.get(&AccountId([9; 32]))));
    assert_eq!(opened.ledger.state.public().network_parameters().unwrap(), None);
    assert_eq!(opened.ledger.genesis.state_root, Hash::ZERO);
}
