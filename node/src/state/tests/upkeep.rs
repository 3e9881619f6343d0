//! The commands for a node that does not run, on what they work on: damage is found and named, old heights go, figures are
//! right.

use coffer_chain::hash::code_hash;
use coffer_chain::trie;
use coffer_chain::trie::path::{contract_path, slot_path};

use super::batch::Content;
use super::columns::{Column, Kind};
use super::db::{Batch, Records};
use super::slot::Slots;
use super::*;

/// A contract with a module, storage of both kinds, events, and another code later; in the public state and in PS1.
fn filled(dir: &FsPath, history: u64) -> State {
    let state = State::open(dir, StateOptions { history, ..options(&["PS1", "PS2"]) }).unwrap();
    let wasm = vec![1; 50];
    let mut writes = deploy(1, 1, &[(b"\0plain", b"a"), (b"\x01one", b"b"), (b"\x01two", b"c")]);
    writes.codes = BTreeMap::from([(code_hash(&wasm), wasm.clone())]);
    writes.created.get_mut(&contract(1)).unwrap().code_hash = code_hash(&wasm);
    let event = Event { contract: contract(1), name: "E".into(), data: vec![1] };
    let transactions = vec![(marker(&state, 1), vec![event])];
    state.commit_block(block_of(&state, transactions, writes.clone())).unwrap();
    private(&state, "PS1", Height(1), writes);
    for n in 2..=12u8 {
        let writes = set(1, b"\x01one", (n % 3 > 0).then_some(&[n][..]));
        state.commit_block(block_of(&state, Vec::new(), writes.clone())).unwrap();
        private(&state, "PS1", Height(u64::from(n)), writes);
    }
    assert!(state.finish_private(Height(12)).unwrap());
    state
}

fn findings(state: &State) -> String {
    let checked = state.verify(&mut |_, _| {}).unwrap();
    assert_eq!(checked.damages == 0, checked.findings.is_empty());
    checked.findings.join("\n")
}

#[test]
fn what_is_whole_has_no_findings() {
    let dir = tempfile::tempdir().unwrap();
    let state = filled(dir.path(), 4);
    let checked = state.verify(&mut |_, _| {}).unwrap();
    assert_eq!((checked.damages, &checked.findings[..]), (0, &[][..]));
    assert_eq!((checked.blocks, checked.contracts, checked.codes, checked.heights), (13, 2, 2, 16));
    // Genesis, twelve blocks, twelve changes of a private state.
    assert_eq!((checked.frames, checked.trie_records), (25, 4));
}

#[test]
fn every_kind_of_record_that_is_lost_or_changed_is_found_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let state = filled(dir.path(), 4);
    // One whose values do not fit into one record.
    let mut large = deploy(2, 13, &[(b"\0large", &[1; 5000]), (b"\0small", b"a")]);
    large.created.get_mut(&contract(2)).unwrap().code_hash = CodeHash::default();
    state.commit_block(block_of(&state, Vec::new(), large.clone())).unwrap();
    private(&state, "PS1", Height(13), large);
    assert!(state.finish_private(Height(13)).unwrap());
    let (height, hash) = (7u64.to_le_bytes(), state.block(BlockId::Height(Height(7))).unwrap().unwrap());
    let hash = hash.block.header.hash();
    let id = contract(1);
    let (apart, slot) = (contract(2), slot_path(&public_path_key(&contract(2)), b"\0small"));
    let code = code_hash(&[1; 50]);
    let tx = marker(&state, 1).body.id();
    let (path, page, zero) = (contract_path(&id), 0u64.to_le_bytes(), 0u64.to_le_bytes());
    let cases: Vec<(Kind, Vec<&[u8]>, bool, &str)> = vec![
        (Kind::Slot, vec![apart.as_ref(), &slot], true, "a value is missing"),
        (Kind::Bundle, vec![id.as_ref()], true, "a value is missing"),
        (Kind::Contract, vec![&path], true, "is missing"),
        (Kind::Trie, vec![&[]], true, "is missing"),
        (Kind::Trie, vec![id.as_ref()], true, "is missing"),
        (Kind::Page, vec![id.as_ref(), &page], true, "the ordered keys of contract"),
        (Kind::Code, vec![code.as_ref()], true, "module 0x"),
        (Kind::RootAt, vec![&zero], false, "the root"),
        (Kind::Block, vec![hash.as_ref()], false, "block 7 is missing"),
        (Kind::BlockAt, vec![&height], false, "block 7 is missing"),
        (Kind::PsiTrie, vec![hash.as_ref()], false, "the private root of block 7"),
        (Kind::Receipt, vec![tx.as_ref()], false, "is not found by its id"),
        (Kind::Event, vec![id.as_ref(), &zero], false, "event 0 of contract"),
    ];
    for (kind, parts, in_private, expected) in cases {
        let one = if in_private || kind == Kind::RootAt {
            state.inner.tenant(&psi("PS1")).unwrap().one.clone()
        } else {
            state.inner.public.clone()
        };
        let records = Records::new(&state.inner.db, &one.scope);
        let key = match kind {
            Kind::Trie => records.trie(parts[0]).key(&trie::RecordKey::ROOT),
            Kind::Slot => Slots::of(&one.scope, &apart).key(&slot),
            _ => one.scope.key(kind, &parts),
        };
        let before = records.at(kind, &key).unwrap().unwrap_or_else(|| panic!("{kind:?} is not there"));
        let change = |content: Option<Vec<u8>>| {
            let mut batch = Batch::default();
            batch.push(&one.scope, kind, key, content.map(|bytes| Content::Bytes(bytes.into())));
            state.inner.db.commit(batch).unwrap();
        };
        change(None);
        let found = findings(&state);
        assert!(found.contains(expected) && found.contains("remove the folder `db`"), "{kind:?} lost: {found}");
        let mut changed = before.clone();
        // Of a contract's record a byte of its code; the end of it, since when it has that code, is under no root.
        // The same goes for the older roots of the trie of private states; their block is checked.
        let at = match kind {
            Kind::Contract => 40,
            Kind::PsiTrie => 10,
            _ => changed.len() - 1,
        };
        changed[at] ^= 1;
        change(Some(changed));
        assert!(!findings(&state).is_empty(), "{kind:?} changed");
        change(Some(before));
        assert_eq!(findings(&state), "", "{kind:?} put back");
    }
}

#[test]
fn each_block_forgets_one_height_and_a_shorter_history_the_rest_on_request() {
    let dir = tempfile::tempdir().unwrap();
    let state = filled(dir.path(), 6);
    let kept = |state: &State, name: Option<&str>| -> Vec<u64> {
        let one = name.map_or(state.inner.public.clone(), |name| state.inner.tenant(&psi(name)).unwrap().one.clone());
        let records = Records::new(&state.inner.db, &one.scope);
        (0..40).filter(|height: &u64| records.contains(Kind::Undo, &[&height.to_le_bytes()]).unwrap()).collect()
    };
    for height in 13..=20u64 {
        let before = kept(&state, None);
        commit_empty(&state);
        private(&state, "PS1", Height(height), set(1, b"\0plain", Some(&[height as u8])));
        assert!(state.finish_private(Height(height)).unwrap());
        // One record comes and one goes, however long the chain is.
        let expected: Vec<u64> = (height - 5..=height).collect();
        assert_eq!((kept(&state, None), kept(&state, Some("PS1"))), (expected.clone(), expected));
        assert!(height == 13 || before[1..] == kept(&state, None)[..5]);
    }
    assert_eq!(state.prune(2, &mut |_, _| {}).unwrap(), 8);
    assert_eq!((kept(&state, None), kept(&state, Some("PS1"))), (vec![19, 20], vec![19, 20]));
    assert!(matches!(state.public_at(Height(17)), Err(Error::Pruned { oldest: Height(18), .. })));
    assert_eq!(state.public_at(Height(18)).unwrap().value(&contract(1), b"\0plain").unwrap(), Some(b"a".to_vec()));
    assert_eq!(state.prune(2, &mut |_, _| {}).unwrap(), 0);
    drop(state);
    let state = State::open(dir.path(), StateOptions { history: 6, ..options(&["PS1", "PS2"]) }).unwrap();
    assert!(matches!(state.private_at(&psi("PS1"), Height(17)), Err(Error::Pruned { oldest: Height(18), .. })));
    assert_eq!(findings(&state), "");
}

#[test]
fn the_figures_count_what_is_there() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 4));
    // Opened again, so that all of it is in the columns.
    let state = open(dir.path());
    let stats = state.stats(&mut |_, _| {}).unwrap();
    assert_eq!((stats.head, stats.private_finished, stats.columns.len()), (12, 12, Column::ALL.len()));
    let column = |name: &str| stats.columns.iter().find(|column| column.name == name).unwrap().records;
    // Height and hash of each block and the one validator set; a contract and its values, which stand together, in two states.
    assert_eq!((column("block"), column("code"), column("hist")), (27, 2, 0));
    let (public, private, empty) = (&stats.states[0], &stats.states[1], &stats.states[2]);
    assert_eq!((public.contracts, public.values, public.ordered), (1, 2, 1));
    assert_eq!((private.psi.as_ref(), private.values, private.oldest), (Some(&psi("PS1")), 2, 8));
    assert_eq!((empty.contracts, empty.bytes), (0, 0));
    assert_eq!(column("flat"), 2 * 2);
}

#[test]
fn a_compacted_database_is_the_same_state() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 4));
    let state = open(dir.path());
    let (roots, stats) = (all_roots(&state), state.stats(&mut |_, _| {}).unwrap());
    drop(state);
    let done = compact(&Folder::open(dir.path()).unwrap(), &mut |_, _| {}).unwrap();
    let records: u64 = stats.columns.iter().map(|column| column.records).sum();
    assert_eq!(done.records, records);
    let state = open(dir.path());
    assert_eq!(all_roots(&state), roots);
    assert_eq!(findings(&state), "");
    commit_empty(&state);
}
