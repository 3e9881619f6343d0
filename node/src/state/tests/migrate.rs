//! Data of older formats: what they become, wherever it was broken off, and what is said of those that become nothing.

use coffer_abi::Encode;
use coffer_chain::hash::code_hash;
use coffer_chain::network::{contract as network_contract, validators_key};
use coffer_chain::{CallParties, Members, PrivacyFlag};

use super::columns::{FORMAT, Kind};
use super::db::{Batch, Db, Records};
use super::scope::Scope;
use super::*;
use crate::state::migrate::{Old, STEPS, Step, Table};
use crate::state::segments;

/// A validator set of one key.
fn set_of(n: u8) -> ValidatorSet {
    ValidatorSet::new(vec![Validator { key: AccountId([n; 32]), power: 1 }]).unwrap()
}

/// A chain of several segments whose validators change with blocks 3 and 5.
fn chain(dir: &FsPath) -> State {
    let state = open(dir);
    state.inner.log.lock().unwrap().set_segment(600);
    for height in 1..=8u8 {
        let mut writes = deploy(height + 10, height.into(), &[(b"\0a", &[height; 40])]);
        let (wasm, id) = (vec![height; 50], contract(height + 10));
        let code = code_hash(&wasm);
        writes.codes = BTreeMap::from([(code, wasm)]);
        writes.created.get_mut(&id).unwrap().code_hash = code;
        if height == 1 {
            let path_key = public_path_key(&network_contract());
            let created = NewContract { code_hash: code, path_key, ..new_contract(1, 1) };
            writes.created.insert(network_contract(), created);
        }
        let turned = matches!(height, 3 | 5).then(|| set_of(height));
        if let Some(set) = &turned {
            let value = set.validators().to_vec().encode();
            writes.slots.insert(network_contract(), BTreeMap::from([(validators_key(), Some(value))]));
        }
        let mut commit = block_of(&state, vec![(marker(&state, height), Vec::new())], writes);
        let header = &mut commit.block.header;
        header.validators = state.validators(header.height).unwrap().hash();
        header.next_validators = turned.map_or(header.validators, |set| set.hash());
        commit.certificate.block = header.hash();
        state.commit_block(commit).unwrap();
        assert!(state.finish_private(Height(height.into())).unwrap());
    }
    state
}

fn handovers(state: &State) -> Vec<coffer_proof::ProvenBlock> {
    state.handovers(Height(u64::MAX), 0, 100).unwrap()
}

/// Makes the folder one of format 5, by hand: that had no handovers.
fn make_format_5(dir: &FsPath) {
    let (db, scope) = (Db::open(&dir.join("db")).unwrap(), Arc::new(Scope::public()));
    let mut batch = Batch::default();
    for number in 0..2u64 {
        batch.remove(&scope, Kind::Handover, &[&number.to_le_bytes()]);
    }
    batch.remove(&scope, Kind::HandoverCount, &[]);
    batch.put_bytes(&scope, Kind::Meta, &[], with_number(&first_record(&db), 5));
    Old { dir }.store(db, batch).unwrap();
    number_log(dir, 5);
}

fn first_record(db: &Db) -> Vec<u8> {
    Records::new(db, &Arc::new(Scope::public())).bytes(Kind::Meta, &[]).unwrap().unwrap()
}

fn with_number(record: &[u8], number: u16) -> Vec<u8> {
    [&number.to_le_bytes()[..], &record[2..]].concat()
}

fn number_log(dir: &FsPath, number: u16) {
    for segment in segments::files(dir).unwrap() {
        segments::set_format(&segment, number).unwrap();
    }
}

fn refusal(dir: &FsPath) -> String {
    State::open(dir, options(&["PS1", "PS2"])).err().unwrap().to_string()
}

#[test]
fn a_store_of_format_5_becomes_one_of_this_format_wherever_it_is_broken_off() {
    let dir = tempfile::tempdir().unwrap();
    let state = chain(dir.path());
    let (head, expected, roots) = (state.head(), handovers(&state), all_roots(&state));
    assert_eq!(expected.iter().map(|one| one.header.height.0).collect::<Vec<_>>(), [3, 5]);
    drop(state);
    assert!(segments::files(dir.path()).unwrap().len() > 2, "several segments");
    make_format_5(dir.path());
    let told = refusal(dir.path());
    assert!(told.contains("has format 5, this program reads format 7"), "{told}");
    assert!(told.contains("`coffer db migrate` brings it there"), "{told}");

    let plan = migration(&Folder::open(dir.path()).unwrap()).unwrap();
    assert_eq!((plan.found, plan.format, plan.steps.len()), (5, 7, 2));
    assert!(plan.free > plan.room && plan.room > 16 * 1024 * 1024, "{plan:?}");
    assert!(refusal(dir.path()).contains("format 5"), "a plan changes nothing");

    let mut copies = Vec::new();
    let table = Table { steps: STEPS, format: FORMAT };
    table.migrate(dir.path(), &mut |_, _| copies.push(copy(dir.path()))).unwrap();
    assert!(copies.len() > 4, "one before, one for each segment, one at the end");
    for (n, killed) in copies.iter().chain([&dir]).enumerate() {
        let is_done = n + 2 > copies.len();
        if !is_done {
            assert!(refusal(killed.path()).contains("coffer db migrate"), "killed at {n}");
        }
        let again = migrate(&Folder::open(killed.path()).unwrap(), &mut |_, _| {}).unwrap();
        assert_eq!(again.steps.is_empty(), is_done, "killed at {n}");
        let state = open(killed.path());
        assert_eq!(
            (state.head(), handovers(&state), all_roots(&state)),
            (head.clone(), expected.clone(), roots.clone())
        );
        assert_eq!(state.verify(&mut |_, _| {}).unwrap().findings, Vec::<String>::new(), "killed at {n}");
    }
}

#[test]
fn what_the_log_of_format_5_alone_has_becomes_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let state = chain(dir.path());
    let (head, expected) = (state.head(), handovers(&state));
    drop(state);
    number_log(dir.path(), 5);
    std::fs::remove_dir_all(dir.path().join("db")).unwrap();
    let done = migrate(&Folder::open(dir.path()).unwrap(), &mut |_, _| {}).unwrap();
    assert_eq!((done.found, done.steps.len()), (5, 2));
    let state = open(dir.path());
    assert_eq!((state.head(), handovers(&state)), (head, expected));
}

fn none(_: &Old<'_>) -> Result<u64, Error> {
    Ok(0)
}

/// Adds a letter to a file of the folder, and fails after that where the test wants it.
fn letter(old: &Old<'_>, letter: &str) -> Result<(), Error> {
    let file = old.dir.join("letters");
    let before = std::fs::read_to_string(&file).unwrap_or_default();
    if !before.ends_with(letter) {
        std::fs::write(&file, before + letter).unwrap();
    }
    let fails = old.dir.join("fails").exists();
    if fails { Err(Error::Asked("the test breaks it off".into())) } else { Ok(()) }
}

const TWO: &[Step] = &[
    Step { from: 7, what: "the first letter", room: none, apply: |old| letter(old, "a") },
    Step { from: 8, what: "the second letter", room: none, apply: |old| letter(old, "b") },
];

#[test]
fn steps_follow_each_other_and_what_failed_is_done_again() {
    let dir = tempfile::tempdir().unwrap();
    drop(chain(dir.path()));
    let table = Table { steps: TWO, format: 9 };
    std::fs::write(dir.path().join("fails"), "").unwrap();
    assert!(table.migrate(dir.path(), &mut |_, _| {}).is_err());
    assert_eq!(table.plan(dir.path()).unwrap().found, 7, "the number is the last that is written");
    std::fs::remove_file(dir.path().join("fails")).unwrap();
    let mut copies = Vec::new();
    let done = table.migrate(dir.path(), &mut |_, _| copies.push(copy(dir.path()))).unwrap();
    assert_eq!((done.found, done.format, done.steps.len()), (7, 9, 2));
    for killed in copies.iter().chain([&dir]) {
        table.migrate(killed.path(), &mut |_, _| {}).unwrap();
        assert_eq!(std::fs::read_to_string(killed.path().join("letters")).unwrap(), "ab");
        assert_eq!(table.plan(killed.path()).unwrap().found, 9);
    }
    let told = refusal(dir.path());
    assert!(told.contains("has format 9") && told.contains("a newer program wrote it"), "{told}");
    let newer = migrate(&Folder::open(dir.path()).unwrap(), &mut |_, _| {});
    assert!(matches!(newer, Err(Error::Format { found: 9, supported: 7, .. })), "{newer:?}");
}

#[test]
fn nothing_is_done_to_what_is_current_too_old_or_without_room() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(migration(&Folder::open(dir.path()).unwrap()), Err(Error::Asked(_))), "no chain");
    drop(chain(dir.path()));
    let done = migrate(&Folder::open(dir.path()).unwrap(), &mut |_, _| panic!("nothing is done")).unwrap();
    assert_eq!((done.found, done.format, done.steps), (7, 7, vec![]));
    open(dir.path());

    let huge = [Step { room: |_| Ok(u64::MAX), ..TWO[0] }];
    let told = Table { steps: &huge, format: 8 }.migrate(dir.path(), &mut |_, _| panic!("nothing is done"));
    assert!(told.unwrap_err().to_string().contains("make room"));

    number_log(dir.path(), 4);
    let told = refusal(dir.path());
    assert!(told.contains("has format 4") && told.contains("this program knows no way from there"), "{told}");
    let old = migrate(&Folder::open(dir.path()).unwrap(), &mut |_, _| {});
    assert!(matches!(old, Err(Error::Format { found: 4, .. })), "{old:?}");
}

#[test]
fn the_steps_of_this_program_lead_to_its_format() {
    let last = STEPS.last().map(|step| step.from + 1);
    assert_eq!(last, Some(FORMAT), "a new format brings a step");
    assert!(STEPS.windows(2).all(|pair| pair[0].from + 1 == pair[1].from));
}

/// A private state with two contracts: the first without members, as before format 7, the second with some.
fn with_members(dir: &FsPath) -> State {
    let state = open(dir);
    let commit = block_of(&state, vec![], StateWrites::default());
    let height = commit.block.header.height;
    state.commit_block(commit).unwrap();
    let mut writes = deploy(1, height.0, &[(b"\0a", b"value")]);
    writes.created.extend(deploy(2, height.0, &[]).created);
    let parties = CallParties::new(vec![AccountId([1; 32]), AccountId([2; 32])]).unwrap();
    let members = Members::first(&parties, PrivacyFlag::MandatoryRecipients, &[AccountId([2; 32])]).unwrap();
    writes.created.get_mut(&contract(2)).unwrap().members = Some(members);
    private(&state, "PS1", height, writes);
    assert!(state.finish_private(height).unwrap());
    state
}

fn records(state: &State) -> Vec<ContractRecord> {
    let view = state.private(&psi("PS1")).unwrap();
    (1..=2).map(|n| view.contract(&contract(n)).unwrap().unwrap()).collect()
}

#[test]
fn members_come_back_from_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let state = with_members(dir.path());
    let (expected, root) = (records(&state), state.private(&psi("PS1")).unwrap().root());
    assert!(expected[0].members.is_none() && expected[1].members.is_some());
    drop(state);
    std::fs::remove_dir_all(dir.path().join("db")).unwrap();
    let state = open(dir.path());
    assert_eq!((records(&state), state.private(&psi("PS1")).unwrap().root()), (expected, root));
}

#[test]
fn a_contract_of_format_6_becomes_one_without_members_under_the_same_root() {
    let dir = tempfile::tempdir().unwrap();
    let state = with_members(dir.path());
    let (expected, root) = (records(&state), state.private(&psi("PS1")).unwrap().root());
    drop(state);
    number_log(dir.path(), 6);
    {
        let (db, scope) = (Db::open(&dir.path().join("db")).unwrap(), Arc::new(Scope::public()));
        let mut batch = Batch::default();
        batch.put_bytes(&scope, Kind::Meta, &[], with_number(&first_record(&db), 6));
        Old { dir: dir.path() }.store(db, batch).unwrap();
    }
    assert!(refusal(dir.path()).contains("has format 6"));
    let done = migrate(&Folder::open(dir.path()).unwrap(), &mut |_, _| {}).unwrap();
    assert_eq!((done.found, done.format, done.steps.len()), (6, 7, 1));
    let state = open(dir.path());
    assert_eq!((records(&state), state.private(&psi("PS1")).unwrap().root()), (expected, root));
}

#[test]
fn a_record_without_members_has_the_bytes_of_format_6() {
    let dir = tempfile::tempdir().unwrap();
    let state = with_members(dir.path());
    let [without, with] = <[_; 2]>::try_from(records(&state)).unwrap();
    let old = |record: &ContractRecord| {
        let ContractRecord { id, code_hash, path_key, deployer, height, .. } = record.clone();
        let rest = (record.storage_root, &record.authority, record.revision, record.since);
        let mut bytes = (id, code_hash, path_key, deployer, height, rest).encode();
        bytes.extend(record.members.iter().flat_map(Encode::encode));
        bytes
    };
    assert_eq!((without.encode(), with.encode()), (old(&without), old(&with)));
}
