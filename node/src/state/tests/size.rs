//! How much a private state holds: what is counted with each commit is what a walk finds, after every restart, from the log alone, and where a record has no count.

use std::collections::BTreeSet;

use coffer_abi::Encode;
use coffer_chain::hash::code_hash;

use super::super::size::walked;
use super::columns::{Kind, StateRecord};
use super::db::{Batch, Records};
use super::*;

fn found(state: &State, name: &str) -> u64 {
    let tenant = state.inner.tenant(&psi(name)).unwrap();
    walked(Records::new(&state.inner.db, &tenant.one.scope)).unwrap()
}

/// Writes of one block to PS1, by its number: contracts with modules, values that come, grow, shrink and go.
fn written(n: u8) -> StateWrites {
    let long = vec![n; 300 * usize::from(n % 4)];
    match n {
        1 | 5 => {
            let wasm = vec![n; 50];
            let mut writes = deploy(n, u64::from(n), &[(b"\0plain", b"a"), (b"\x01one", b"b"), (b"\0long", &long)]);
            writes.codes = BTreeMap::from([(code_hash(&wasm), wasm.clone())]);
            writes.created.get_mut(&contract(n)).unwrap().code_hash = code_hash(&wasm);
            writes
        }
        _ if n.is_multiple_of(5) => set(1, b"\x01one", None),
        _ if n.is_multiple_of(2) => set(1, b"\0long", Some(&long)),
        _ => set(1, &[1, n], Some(b"x")),
    }
}

#[test]
fn what_is_counted_with_each_commit_is_what_a_walk_finds() {
    let dir = tempfile::tempdir().unwrap();
    let open = || State::open(dir.path(), options(&["PS1", "PS2"])).unwrap();
    let mut state = open();
    assert_eq!((state.private_bytes(&psi("PS1")), state.private_bytes(&psi("PS9"))), (0, 0));
    let mut sizes = BTreeSet::new();
    for n in 1..=40u8 {
        state.commit_block(block_of(&state, Vec::new(), StateWrites::default())).unwrap();
        private(&state, "PS1", Height(u64::from(n)), written(n));
        let bytes = state.private_bytes(&psi("PS1"));
        assert_eq!(bytes, found(&state, "PS1"), "block {n}");
        sizes.insert(bytes);
        if n % 10 == 0 {
            assert!(state.finish_private(Height(u64::from(n))).unwrap());
            drop(state);
            if n == 20 {
                std::fs::remove_dir_all(dir.path().join("db")).unwrap();
            }
            state = open();
            assert_eq!(state.private_bytes(&psi("PS1")), bytes, "started after block {n}");
        }
    }
    assert!(sizes.len() > 20, "{sizes:?}");
    assert_eq!(state.private_bytes(&psi("PS2")), 0);
}

#[test]
fn a_module_counts_once_and_a_contract_its_share() {
    let dir = tempfile::tempdir().unwrap();
    let state = State::open(dir.path(), options(&["PS1"])).unwrap();
    for n in 1..=2u8 {
        state.commit_block(block_of(&state, Vec::new(), StateWrites::default())).unwrap();
        let wasm = vec![7; 1_000];
        let mut writes = deploy(n, u64::from(n), &[(b"\0ab", b"cdef")]);
        writes.codes = BTreeMap::from([(code_hash(&wasm), wasm.clone())]);
        writes.created.get_mut(&contract(n)).unwrap().code_hash = code_hash(&wasm);
        private(&state, "PS1", Height(u64::from(n)), writes);
    }
    assert_eq!(state.private_bytes(&psi("PS1")), 1_000 + 2 * (256 + 7));
}

#[test]
fn a_record_of_before_there_were_counts_is_read_and_counted() {
    let old = StateRecord { height: 4, root: Hash([1; 32]), changes: 2, held: Some("x".into()), bytes: None };
    assert_eq!(old.encode(), (4u64, Hash([1; 32]), 2u64, Some("x".to_owned())).encode());
    let new = StateRecord { bytes: Some(9), ..old.clone() };
    for record in [old, new] {
        assert_eq!(coffer_abi::codec::decode::<StateRecord>(&record.encode()).unwrap(), record);
    }

    let dir = tempfile::tempdir().unwrap();
    let state = State::open(dir.path(), options(&["PS1"])).unwrap();
    state.commit_block(block_of(&state, Vec::new(), StateWrites::default())).unwrap();
    private(&state, "PS1", Height(1), written(1));
    let bytes = state.private_bytes(&psi("PS1"));
    drop(state);
    let state = State::open(dir.path(), options(&["PS1"])).unwrap();
    let tenant = state.inner.tenant(&psi("PS1")).unwrap();
    let standing = StateRecord { bytes: None, ..StateRecord::clone(&tenant.one.standing()) };
    let mut batch = Batch::default();
    batch.put(&tenant.one.scope, Kind::State, &[], &standing);
    state.inner.db.commit(batch).unwrap();
    state.inner.db.settle().unwrap();
    drop((tenant, state));
    let state = State::open(dir.path(), options(&["PS1"])).unwrap();
    assert_eq!(state.private_bytes(&psi("PS1")), bytes);
    // From its next change on the record has it.
    state.commit_block(block_of(&state, Vec::new(), StateWrites::default())).unwrap();
    private(&state, "PS1", Height(2), written(2));
    assert_eq!(state.private_bytes(&psi("PS1")), found(&state, "PS1"));
    assert!(bytes > 0);
}
