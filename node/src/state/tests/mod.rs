//! The state as a whole: against a plain model at every height, over restarts and crashes, and what it leaves on disk.

mod begin;
mod crash;
mod export;
mod faults;
mod handover;
mod heads;
mod long;
mod many;
mod migrate;
mod model;
mod sealed;
mod size;
mod small;
mod system;
mod random;
mod snapshots;
mod upkeep;

use std::collections::BTreeMap;
use std::path::Path as FsPath;

use coffer_abi::{AccountId, CodeHash, ContractId, Event, Gas, Hash, Height, Status, Time};
use coffer_chain::block::{receipts_root, transactions_root};
use coffer_chain::hash::public_path_key;
use coffer_chain::slots::SLOT;
use coffer_chain::tx::{Kind as TxKind, Transaction, TxBody};
use coffer_chain::{
    Authority, Block, Certificate, Genesis, Header, Marker, PROTOCOL_VERSION, Parameters, Psi, Receipt, SigningKey,
    Slots, SystemContracts, Validator, ValidatorSet,
};
use zeroize::Zeroizing;

use super::*;

fn node_key() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

fn genesis(salt: u8) -> Genesis {
    let validators = ValidatorSet::new(vec![Validator { key: node_key().account(), power: 1 }]).unwrap();
    let (salt, parameters) = ([salt; 32], Parameters::default());
    let system = SystemContracts::default();
    let (organisations, state_root) = (vec![], Hash::ZERO);
    let (version, time) = (PROTOCOL_VERSION, Time(1_000));
    Genesis {
        version,
        salt,
        time,
        validators,
        parameters,
        system,
        organisations,
        parties: coffer_chain::party::FirstParties::default(),
        state_root,
    }
}

fn psi(name: &str) -> Psi {
    name.parse().unwrap()
}

fn keys(name: &str) -> TenantKeys {
    let key = |what: &str| Zeroizing::new(*blake3::hash(format!("{name} {what}").as_bytes()).as_bytes());
    TenantKeys { psi: psi(name), storage_key: key("storage"), trie_secret: key("trie"), joined: Height(0) }
}

fn options(tenants: &[&str]) -> StateOptions {
    StateOptions {
        genesis: genesis(1),
        tenants: tenants.iter().map(|name| keys(name)).collect(),
        node_secret: Zeroizing::new([5; 32]),
        history: 4,
        archive: Archive::Off,
        psi_capacity: 8,
        psi_grown: Vec::new(),
        memory: Memory::default(),
        recoveries: Vec::new(),
    }
}

fn open(dir: &FsPath) -> State {
    State::open(dir, options(&["PS1", "PS2"])).unwrap()
}

fn marker(state: &State, nonce: u8) -> Transaction {
    let body = TxBody {
        version: PROTOCOL_VERSION,
        chain_id: state.chain_id(),
        nonce: [nonce; 16],
        valid_until: Height(10),
        gas_limit: Gas(0),
        sender: node_key().account(),
        kind: TxKind::Marker(Marker {
            id: Hash([nonce; 32]),
            payload: Hash([nonce; 32]),
            ephemeral: [nonce; 32],
            slots: Slots::new(vec![[nonce; SLOT]; 4]).unwrap(),
        }),
    };
    body.sign(&node_key())
}

fn receipt(tx: Hash, events: Vec<Event>) -> Receipt {
    Receipt { tx, status: Status::Ok(Vec::new()), gas_used: Gas(7), contract: None, events }
}

/// The next block with these transactions, their events, and writes.
fn block_of(state: &State, transactions: Vec<(Transaction, Vec<Event>)>, writes: StateWrites) -> BlockCommit {
    let head = state.head();
    let receipts: Vec<_> = transactions.iter().map(|(tx, events)| receipt(tx.body.id(), events.clone())).collect();
    let signed: Vec<_> = transactions.iter().map(|(tx, _)| tx.signed_hash()).collect();
    let validators = genesis(1).validators.hash();
    let header = Header {
        version: PROTOCOL_VERSION,
        chain_id: state.chain_id(),
        height: head.height.next().unwrap(),
        parent: head.hash,
        proposer: node_key().account(),
        time: Time(head.time.0 + 1),
        transactions_root: transactions_root(&signed),
        receipts_root: receipts_root(&receipts),
        state_root: state.public().root_after(&writes).unwrap(),
        gas_used: Gas(0),
        validators,
        next_validators: validators,
    };
    let certificate = Certificate { height: header.height, round: 0, block: header.hash(), signatures: Vec::new() };
    let transactions = transactions.into_iter().map(|(tx, _)| tx).collect();
    BlockCommit { block: Block { header, transactions }, certificate, receipts, writes }
}

fn commit_empty(state: &State) -> Height {
    let commit = block_of(state, Vec::new(), StateWrites::default());
    state.commit_block(commit).unwrap();
    state.head().height
}

fn contract(n: u8) -> ContractId {
    ContractId([n; 32])
}

fn new_contract(n: u8, height: u64) -> NewContract {
    let (code_hash, deployer) = (CodeHash([n; 32]), AccountId([n; 32]));
    let authority = Authority::Account(deployer);
    let path_key = public_path_key(&contract(n));
    NewContract { code_hash, path_key, deployer, height: Height(height), authority, members: None }
}

/// One contract with some slots.
fn deploy(n: u8, height: u64, slots: &[(&[u8], &[u8])]) -> StateWrites {
    let slots = slots.iter().map(|(key, value)| (key.to_vec(), Some(value.to_vec()))).collect();
    StateWrites {
        created: BTreeMap::from([(contract(n), new_contract(n, height))]),
        codes: BTreeMap::from([(CodeHash([n; 32]), vec![n; 100])]),
        slots: BTreeMap::from([(contract(n), slots)]),
        ..StateWrites::default()
    }
}

fn set(n: u8, key: &[u8], value: Option<&[u8]>) -> StateWrites {
    let slots = BTreeMap::from([(key.to_vec(), value.map(<[u8]>::to_vec))]);
    StateWrites { slots: BTreeMap::from([(contract(n), slots)]), ..StateWrites::default() }
}

fn private(state: &State, name: &str, height: Height, writes: StateWrites) -> Hash {
    state.commit_private(PrivateCommit { psi: psi(name), height, writes, receipts: Vec::new() }).unwrap()
}

/// A copy of a data folder while its node runs, as a crash would leave it: the database first, because it never is
/// ahead of the log. (Below 64 MB the database only appends to its own log, so a copy is some prefix of it.)
fn copy(from: &FsPath) -> tempfile::TempDir {
    fn copy_into(from: &FsPath, to: &FsPath) {
        std::fs::create_dir_all(to).unwrap();
        let mut entries: Vec<_> = std::fs::read_dir(from).unwrap().map(Result::unwrap).collect();
        entries.sort_by_key(|entry| (!entry.file_type().unwrap().is_dir(), entry.file_name()));
        for entry in entries {
            let target = to.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                copy_into(&entry.path(), &target);
            } else if entry.file_name() != "lock" {
                std::fs::copy(entry.path(), target).unwrap();
            }
        }
    }
    // `db` comes before `log`.
    let to = tempfile::tempdir().unwrap();
    copy_into(from, to.path());
    to
}

/// The segments of a log, in order.
fn segments(dir: &FsPath) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(dir.join("log")).unwrap();
    let mut segments: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    segments.sort();
    segments
}

/// Every root at every height.
fn all_roots(state: &State) -> Vec<(Hash, Hash, Hash, Hash)> {
    let psi_root = |name: &str, height| state.psi_root(&psi(name), height).unwrap().root;
    (0..=state.private_finished().0)
        .map(Height)
        .map(|height| {
            let trie = state.psi_trie_root(height).unwrap();
            assert!(trie.sealed);
            let (one, two) = (psi_root("PS1", height), psi_root("PS2", height));
            (state.state_root(height).unwrap(), one, two, trie.root)
        })
        .collect()
}

#[test]
fn a_fresh_folder_starts_at_genesis() {
    let dir = tempfile::tempdir().unwrap();
    let state = open(&dir.path().join("a/b"));
    let head = state.head();
    assert_eq!((head.height, head.state_root, head.hash), (Height(0), Hash::ZERO, genesis(1).header().hash()));
    assert_eq!(state.block(BlockId::Height(Height(0))).unwrap().unwrap().block.header, genesis(1).header());
    assert_eq!(state.block(BlockId::Hash(head.hash)).unwrap().unwrap().block.header.height, Height(0));
    assert!(state.block(BlockId::Height(Height(1))).unwrap().is_none());
    assert!(state.psi_trie_root(Height(0)).unwrap().sealed);
    assert_eq!(state.private(&psi("PS1")).unwrap().root(), Hash::ZERO);
}

#[test]
fn a_second_node_on_the_same_folder_is_told_who_holds_it() {
    let dir = tempfile::tempdir().unwrap();
    let state = open(dir.path());
    let error = State::open(dir.path(), options(&[])).unwrap_err().to_string();
    let pid = std::process::id();
    assert!(error.contains("is in use by another node") && error.contains(&format!("pid {pid}")), "{error}");
    drop(state);
    open(dir.path());
}

#[test]
fn a_folder_of_another_chain_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    let other = || StateOptions { genesis: genesis(2), ..options(&[]) };
    let error = State::open(dir.path(), other()).unwrap_err();
    assert!(error.to_string().contains("belongs to another chain"), "{error}");
    std::fs::remove_dir_all(dir.path().join("db")).unwrap();
    assert!(matches!(State::open(dir.path(), other()), Err(Error::OtherChain { .. })));
}

#[test]
fn tenants_are_checked_before_anything_is_touched() {
    let dir = tempfile::tempdir().unwrap();
    let error = |options| State::open(dir.path(), options).unwrap_err();
    assert!(matches!(error(options(&["A", "A"])), Error::Duplicate(_)));
    let many: Vec<_> = (0..9).map(|n| format!("T{n}")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    assert!(matches!(error(options(&many)), Error::Capacity { tenants: 9, capacity: 8 }));
    drop(open(dir.path()));
    let mut changed = options(&["PS1"]);
    changed.tenants[0].storage_key = Zeroizing::new([1; 32]);
    assert!(matches!(error(changed), Error::OtherKey(_)));
}

#[test]
fn nobody_comes_before_the_block_from_which_on_somebody_else_is_there() {
    // As in a folder that was put back without its chain: the registry knows what the chain will be.
    let dir = tempfile::tempdir().unwrap();
    let late = TenantKeys { joined: Height(50), ..keys("PS2") };
    let with = |more: Vec<(Height, usize)>| StateOptions {
        tenants: vec![keys("PS1"), late.clone()],
        psi_grown: more,
        ..options(&[])
    };
    let state = State::open(dir.path(), with(Vec::new())).unwrap();
    let behind = |latest| move |error: Error| matches!(error, Error::Behind { head: Height(0), latest: Height(at) } if at == latest);
    let join =
        |state: &State| state.join(|_| Err::<TenantKeys, Error>(Error::Failed("asked for keys".into()))).unwrap_err();
    assert!(behind(50)(join(&state)));
    assert!(behind(50)(state.grow(16, |_| Err(Error::Failed("asked".into()))).unwrap_err()));
    drop(state);
    let state = State::open(dir.path(), with(vec![(Height(70), 16)])).unwrap();
    assert!(behind(70)(join(&state)));
    drop(state);
    // Without those to come it may come at once.
    let state = State::open(dir.path(), options(&["PS1"])).unwrap();
    assert!(matches!(join(&state), Error::Failed(_)));
}

#[test]
fn what_does_not_follow_the_head_is_refused_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let state = open(dir.path());
    let stale = state.public();
    let first = block_of(&state, Vec::new(), deploy(1, 1, &[(b"\0k", b"v")]));
    let mut wrong = first.clone();
    wrong.block.header.state_root = Hash([9; 32]);
    wrong.certificate.block = wrong.block.header.hash();
    assert!(matches!(state.commit_block(wrong), Err(Error::RootMismatch { .. })));
    let mut uncertified = first.clone();
    uncertified.certificate.block = Hash([9; 32]);
    assert!(matches!(state.commit_block(uncertified), Err(Error::NotNext(_))));
    state.commit_block(first.clone()).unwrap();
    assert!(matches!(state.commit_block(first), Err(Error::NotNext(_))));
    let again = state.public().root_after(&deploy(1, 2, &[]));
    assert!(matches!(again, Err(Error::ContractExists(id)) if id == contract(1)));
    let unknown = state.public().root_after(&set(2, b"\0k", Some(b"v")));
    assert!(matches!(unknown, Err(Error::NoContract(id)) if id == contract(2)));
    assert!(matches!(stale.root_after(&StateWrites::default()), Err(Error::Stale { .. })));
    let early = PrivateCommit { psi: psi("PS1"), height: Height(2), writes: StateWrites::default(), receipts: vec![] };
    assert!(matches!(state.commit_private(early.clone()), Err(Error::NotNext(_))));
    let unknown = PrivateCommit { psi: psi("PS3"), height: Height(1), ..early };
    assert!(matches!(state.commit_private(unknown), Err(Error::NotConfigured(_))));
    assert!(state.finish_private(Height(2)).is_err());
    commit_empty(&state);
}

#[test]
fn a_private_state_this_node_does_not_have_is_empty() {
    let dir = tempfile::tempdir().unwrap();
    let state = open(dir.path());
    let view = state.private(&psi("PS9")).unwrap();
    assert_eq!((view.root(), view.value(&contract(1), b"\0k").unwrap()), (Hash::ZERO, None));
    assert!(view.contract(&contract(1)).unwrap().is_none() && view.code(&CodeHash([1; 32])).unwrap().is_none());
    assert_eq!(view.entries(&contract(1), b"\x01", b"", 9).unwrap(), []);
    assert_eq!(view.root_after(&StateWrites::default()).unwrap(), Hash::ZERO);
    assert!(view.root_after(&deploy(1, 1, &[])).is_err());
    assert_eq!(state.psi_root(&psi("PS9"), Height(0)).unwrap().root, Hash::ZERO);
    assert!(state.psi_root(&psi("PS9"), Height(1)).is_err());
}

#[test]
fn the_trie_of_private_states_is_sealed_when_all_are_done_with_a_block() {
    let dir = tempfile::tempdir().unwrap();
    let state = open(dir.path());
    let before = state.psi_trie_root(Height(0)).unwrap().root;
    let (one, two) = (commit_empty(&state), commit_empty(&state));
    private(&state, "PS1", two, deploy(1, 2, &[(b"\0k", b"v")]));
    let open = state.psi_trie_root(two).unwrap();
    assert_eq!((open.sealed, open.root), (false, before));
    assert_eq!(state.private_head(&psi("PS1")), two);
    assert_eq!(state.private_head(&psi("PS2")), Height(0));
    assert!(matches!(state.psi_root(&psi("PS2"), one), Err(Error::Future { .. })));
    assert!(state.finish_private(two).unwrap());
    assert!(state.finish_private(one).unwrap());
    assert_eq!(state.psi_trie_root(one).unwrap().root, before);
    let after = state.psi_trie_root(two).unwrap();
    assert!(after.sealed && after.root != before);
    assert_eq!(after.block_hash, state.head().hash);
    assert_eq!(state.private_head(&psi("PS2")), two);
    let late = PrivateCommit { psi: psi("PS2"), height: two, writes: StateWrites::default(), receipts: vec![] };
    assert!(matches!(state.commit_private(late), Err(Error::NotNext(_))));
}

#[test]
fn receipts_and_events_are_found_in_their_own_state_only() {
    let dir = tempfile::tempdir().unwrap();
    let state = open(dir.path());
    let event = |n: u8| Event { contract: contract(1), name: format!("E{n}"), data: vec![n] };
    let (call, hidden) = (marker(&state, 1), marker(&state, 2));
    let (call_id, hidden_id) = (call.body.id(), hidden.body.id());
    let transactions = vec![(call, vec![event(0), event(1)]), (hidden, vec![])];
    state.commit_block(block_of(&state, transactions, deploy(1, 1, &[]))).unwrap();
    let receipts = vec![(1, receipt(hidden_id, vec![event(9)]))];
    let commit = PrivateCommit { psi: psi("PS1"), height: Height(1), writes: deploy(1, 1, &[]), receipts };
    state.commit_private(commit).unwrap();
    let third = marker(&state, 3);
    state.commit_block(block_of(&state, vec![(third, vec![event(2)])], StateWrites::default())).unwrap();
    let names = |scope: Option<&Psi>, cursor, limit| {
        let page = state.events(scope, &contract(1), cursor, limit).unwrap();
        (page.events.iter().map(|e| e.event.name.clone()).collect::<Vec<_>>().join(" "), page.next)
    };
    let check = |state: &State| {
        assert_eq!(state.receipt(None, &call_id).unwrap().unwrap().index, 0);
        assert_eq!(state.receipt(None, &hidden_id).unwrap().unwrap().receipt.events, []);
        let private = state.receipt(Some(&psi("PS1")), &hidden_id).unwrap().unwrap();
        assert_eq!((private.index, private.height, &private.receipt.events[..]), (1, Height(1), &[event(9)][..]));
        assert!(state.receipt(Some(&psi("PS1")), &call_id).unwrap().is_none());
        assert!(state.receipt(Some(&psi("PS2")), &hidden_id).unwrap().is_none());
    };
    check(&state);
    assert_eq!(names(None, 0, 2), ("E0 E1".into(), 2));
    assert_eq!(names(None, 2, 2), ("E2".into(), 3));
    assert_eq!(names(None, 3, 2), (String::new(), 3));
    assert_eq!(names(Some(&psi("PS1")), 0, 9), ("E9".into(), 1));
    assert_eq!(names(Some(&psi("PS2")), 0, 9), (String::new(), 0));
    let again = state.private(&psi("PS1")).unwrap();
    assert_eq!(again.contract(&contract(1)).unwrap().unwrap().deployer, AccountId([1; 32]));
    assert_eq!(again.code(&CodeHash([1; 32])).unwrap(), Some(vec![1; 100]));
    assert!(state.private(&psi("PS2")).unwrap().contract(&contract(1)).unwrap().is_none());
    let crashed = copy(dir.path());
    check(&open(crashed.path()));
}

#[test]
fn the_head_watch_tells_of_a_block() {
    let dir = tempfile::tempdir().unwrap();
    let state = open(dir.path());
    let mut watch = state.watch();
    assert!(!watch.has_changed().unwrap());
    commit_empty(&state);
    assert!(watch.has_changed().unwrap());
    assert_eq!(*watch.borrow_and_update(), state.head());
}

#[test]
fn a_tenant_can_be_added_later_and_the_roots_before_stay() {
    let dir = tempfile::tempdir().unwrap();
    let state = State::open(dir.path(), options(&["PS1"])).unwrap();
    let height = commit_empty(&state);
    private(&state, "PS1", height, deploy(1, 1, &[]));
    assert!(state.finish_private(height).unwrap());
    let roots = all_roots(&state);
    drop(state);
    let state = open(dir.path());
    assert_eq!(all_roots(&state), roots);
    assert_eq!(state.tenants(), [psi("PS1"), psi("PS2")]);
    let height = commit_empty(&state);
    private(&state, "PS2", height, deploy(2, 2, &[]));
    assert!(state.finish_private(height).unwrap());
    assert_eq!(state.psi_root(&psi("PS1"), height).unwrap().root, roots[1].1);
    assert_eq!(all_roots(&state)[..2], roots);
}
