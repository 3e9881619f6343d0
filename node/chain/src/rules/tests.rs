//! Tests of the block rules.

use coffer_abi::{Gas, Time};

use super::*;
use crate::PROTOCOL_VERSION;
use crate::block::receipts_root;
use crate::certificate::Validator;
use crate::genesis::Genesis;
use crate::sign::SigningKey;
use crate::tx::{Transaction, TxBody};

const NOW: u64 = 1_000_000;

fn key() -> SigningKey {
    SigningKey::from_seed(&[7; 32])
}

fn genesis() -> Genesis {
    let validator = Validator { key: key().account(), power: 1 };
    Genesis {
        version: PROTOCOL_VERSION,
        salt: [1; 32],
        time: Time(5),
        validators: ValidatorSet::new(vec![validator]).unwrap(),
        parameters: Parameters {
            max_tx_gas: Gas(100),
            max_block_gas: Gas(150),
            max_tx_bytes: 1_000,
            max_block_bytes: 2_000,
            tick_ms: 1_000,
        },
        system: crate::SystemContracts::default(),
        organisations: vec![],
        parties: crate::party::FirstParties::default(),
        state_root: Hash::ZERO,
    }
}

fn call(nonce: u8, gas: u64, valid_until: u64) -> Transaction {
    TxBody {
        version: PROTOCOL_VERSION,
        chain_id: genesis().chain_id(),
        nonce: [nonce; 16],
        valid_until: Height(valid_until),
        gas_limit: Gas(gas),
        sender: key().account(),
        kind: Kind::Call { contract: ContractId([3; 32]), method: "add".into(), input: vec![] },
    }
    .sign(&key())
}

fn block(transactions: Vec<Transaction>) -> Block {
    let parent = genesis().header();
    let signed: Vec<Hash> = transactions.iter().map(crate::Transaction::signed_hash).collect();
    let header = Header {
        height: Height(1),
        parent: parent.hash(),
        proposer: key().account(),
        time: Time(6),
        transactions_root: transactions_root(&signed),
        receipts_root: receipts_root(&[]),
        ..parent
    };
    Block { header, transactions }
}

fn check(block: &Block) -> Result<Vec<CheckedTx>, InvalidBlock> {
    let genesis = genesis();
    check_block(block, &genesis.header(), &genesis.validators, &genesis.rules(), NOW, |_| None)
}

#[test]
fn a_block_that_follows_the_rules_passes() {
    assert_eq!(check(&block(vec![call(1, 100, 1), call(2, 50, 1_001)])).unwrap().len(), 2);
}

#[test]
fn every_header_field_is_checked() {
    type Change = fn(&mut Header);
    let changes: [(&str, Change); 9] = [
        ("version", |h| h.version += 1),
        ("chain id", |h| h.chain_id.0[0] ^= 1),
        ("height", |h| h.height.0 += 1),
        ("parent", |h| h.parent.0[0] ^= 1),
        ("time", |h| h.time.0 = 4),
        ("time", |h| h.time.0 = NOW + 1),
        ("validator set", |h| h.validators.0[0] ^= 1),
        ("proposer", |h| h.proposer.0[0] ^= 1),
        ("transactions root", |h| h.transactions_root.0[0] ^= 1),
    ];
    for (field, change) in changes {
        let mut bad = block(vec![call(1, 10, 1)]);
        change(&mut bad.header);
        assert_eq!(check(&bad), Err(InvalidBlock::Header(field)));
    }
}

#[test]
fn a_transaction_is_valid_from_a_thousand_blocks_before_its_last_height() {
    assert_eq!(check_window(Height(1_005), Height(5)), Ok(()));
    assert_eq!(check_window(Height(5), Height(5)), Ok(()));
    assert!(matches!(check_window(Height(1_006), Height(5)), Err(NotIncludable::TooFarAhead { .. })));
    assert!(matches!(check_window(Height(4), Height(5)), Err(NotIncludable::Expired { .. })));
    assert!(matches!(check(&block(vec![call(1, 10, 0)])), Err(InvalidBlock::Window { index: 0, .. })));
}

#[test]
fn what_was_checked_before_is_believed_for_that_very_transaction_alone() {
    let (genesis, good) = (genesis(), call(1, 10, 1));
    let mut forged = good.clone();
    forged.signature.0[0] ^= 1;
    let checked = good.clone().check(&genesis.chain_id()).unwrap();
    let check = |tx: &Transaction| {
        let block = block(vec![tx.clone()]);
        check_block(&block, &genesis.header(), &genesis.validators, &genesis.rules(), NOW, |_| Some(checked.clone()))
    };
    assert_eq!(check(&good).unwrap(), std::slice::from_ref(&checked));
    assert_eq!(check(&forged), Err(InvalidBlock::Transaction { index: 0, error: TxError::BadSignature }));
    assert_eq!(check(&call(2, 10, 1)).unwrap()[0].transaction(), &call(2, 10, 1));
}

#[test]
fn a_block_is_bounded_in_bytes_and_holds_a_transaction_once() {
    let many = (0..20).map(|i| call(i, 1, 1)).collect();
    assert_eq!(check(&block(many)), Err(InvalidBlock::TooLarge("bytes")));
    let tx = call(1, 10, 1);
    assert_eq!(check(&block(vec![tx.clone(), tx.clone()])), Err(InvalidBlock::Twice(tx.body.id())));
}

#[test]
fn a_transaction_is_within_the_parameters_of_its_block() {
    let error = NotIncludable::Gas { asked: Gas(101), max: Gas(100) };
    assert_eq!(check(&block(vec![call(1, 101, 1)])), Err(InvalidBlock::Window { index: 0, error }));
    let (genesis, good) = (genesis(), block(vec![call(1, 100, 1)]));
    let with = |change: fn(&mut BlockRules)| {
        let mut rules = genesis.rules();
        change(&mut rules);
        check_block(&good, &genesis.header(), &genesis.validators, &rules, NOW, |_| None)
    };
    let bytes = good.transactions[0].encoded_size();
    let short = with(|rules| rules.parameters.max_tx_bytes = 10);
    let error = NotIncludable::Bytes { bytes, max: 10 };
    assert_eq!(short, Err(InvalidBlock::Window { index: 0, error }));
    assert!(with(|rules| rules.parameters.max_tx_gas = Gas(101)).is_ok());
    assert_eq!(with(|rules| rules.version += 1), Err(InvalidBlock::Header("version")), "another version is in force");
}

#[test]
fn a_block_is_empty_only_after_a_tick_in_which_something_ended() {
    let genesis = genesis();
    let parent = genesis.header();
    let at = |time, next_end, tick_ms| {
        let mut rules = genesis.rules();
        (rules.next_end, rules.parameters.tick_ms) = (next_end, tick_ms);
        let mut empty = block(vec![]);
        empty.header.time = Time(time);
        check_block(&empty, &parent, &genesis.validators, &rules, NOW, |_| None).map(|txs| txs.len())
    };
    let (begun, refused) = (parent.time.0, Err(InvalidBlock::Empty));
    let ends = |after| Some(Time(begun + after));
    assert_eq!(at(begun + 5_000, None, 1_000), refused, "nothing ends");
    assert_eq!(at(begun + 999, ends(10), 1_000), refused, "something ended, but the tick is not over");
    assert_eq!(at(begun + 1_000, ends(10), 1_000), Ok(0));
    assert_eq!(at(begun + 1_999, ends(2_000), 1_000), refused, "the tick is over, but nothing ended");
    assert_eq!(at(begun + 2_000, ends(2_000), 1_000), Ok(0));
    assert_eq!(at(begun + 9_000, ends(0), 1_000), refused, "what ended with the block before makes no second one");
    assert_eq!(at(begun + 9_000, ends(10), 0), refused, "a chain without a tick has none");
    assert_eq!(
        at(NOW + 1, ends(10), 1_000),
        Err(InvalidBlock::Header("time")),
        "ahead of the clock it is like any other"
    );
    assert_eq!(
        tick_time(Time(u64::MAX - 1), &BlockRules { next_end: Some(Time(u64::MAX)), ..genesis.rules() }),
        Some(Time(u64::MAX))
    );
}

#[test]
fn a_forged_transaction_makes_the_block_invalid() {
    let mut tx = call(1, 10, 1);
    tx.signature.0[0] ^= 1;
    let error = TxError::BadSignature;
    assert_eq!(check(&block(vec![tx])), Err(InvalidBlock::Transaction { index: 0, error }));
}

#[test]
fn included_keys_sort_by_the_height_they_expire_at() {
    let keys: Vec<_> = [1, 255, 256, 70_000].map(|h| included_key(Height(h), &Hash([9; 32]))).into();
    assert!(keys.is_sorted());
    assert!(keys[1].starts_with(&included_prefix(Height(255))));
}

#[test]
fn behind_a_recovery_the_set_that_it_names_decides_and_no_other() {
    let parent = genesis().header();
    let left = ValidatorSet::new(vec![Validator { key: key().account(), power: 9 }]).unwrap();
    let (chain_id, height, validators) = (parent.chain_id, parent.height, left.hash());
    let accepted = Recovery { chain_id, height, block: parent.hash(), round: 0, lost: vec!["B".into()], validators };
    let check = |block: &Block, set: &ValidatorSet, recovery: Option<&Recovery>| {
        let rules = BlockRules { recovery: recovery.cloned(), ..genesis().rules() };
        check_block(block, &parent, set, &rules, NOW, |_| None).map(drop)
    };
    let wrong = |what| Err(InvalidBlock::Header(what));
    let mut recovered = block(vec![call(1, 10, 1)]);
    recovered.header.validators = validators;
    assert_eq!(check(&recovered, &left, Some(&accepted)), Ok(()));
    assert_eq!(check(&recovered, &left, None), wrong("validator set"), "nobody accepted it here");
    let before = block(vec![call(1, 10, 1)]);
    assert_eq!(check(&before, &genesis().validators, Some(&accepted)), wrong("validator set"), "the old set is out");
    assert_eq!(check(&recovered, &genesis().validators, Some(&accepted)), wrong("validator set"));
    let elsewhere = Recovery { height: Height(1), ..accepted.clone() };
    assert_eq!(check(&recovered, &left, Some(&elsewhere)), wrong("place behind the recovery"));
    let of_another = Recovery { block: Hash([9; 32]), ..accepted };
    assert_eq!(check(&recovered, &left, Some(&of_another)), wrong("place behind the recovery"));
}
