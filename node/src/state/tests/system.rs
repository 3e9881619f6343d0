//! What every state of a chain has from its genesis on.

use coffer_chain::SystemContract;
use coffer_chain::hash::code_hash;
use coffer_chain::system::system_contract_id;
use coffer_proof::Asked;

use super::export::chunks;
use super::*;

const KEY: &[u8] = b"\0k";

fn cell() -> Vec<u8> {
    vec![7; 90]
}

/// A chain that has `cell` in every private state, and `free` in none.
fn options_with(tenants: &[&str]) -> StateOptions {
    let contract = |name: &str, code, in_private_states| SystemContract { name: name.into(), code, in_private_states };
    let contracts = vec![contract("cell", cell(), true), contract("free", vec![8; 90], false)];
    let system = SystemContracts::new(contracts).unwrap();
    StateOptions { genesis: Genesis { system, ..genesis(1) }, ..options(tenants) }
}

fn open_with(dir: &FsPath) -> State {
    State::open(dir, options_with(&["PS1", "PS2"])).unwrap()
}

/// The first write to `cell` in a private state, as the executor makes it.
fn first_write(view: &View, value: &[u8]) -> StateWrites {
    let id = system_contract_id("cell");
    let record = view.unwritten(&id).unwrap().unwrap();
    let ContractRecord { code_hash, deployer, height, authority, .. } = record;
    let new = NewContract { code_hash, path_key: [3; 32], deployer, height, authority, members: None };
    let slots = BTreeMap::from([(KEY.to_vec(), Some(value.to_vec()))]);
    StateWrites { created: BTreeMap::from([(id, new)]), slots: BTreeMap::from([(id, slots)]), ..StateWrites::default() }
}

fn asked(id: ContractId) -> Asked {
    BTreeMap::from([(id, [KEY.to_vec()].into())])
}

#[test]
fn a_private_state_has_its_system_contracts_without_a_record_and_with_the_root_of_an_empty_one() {
    let dir = tempfile::tempdir().unwrap();
    let state = open_with(dir.path());
    let (id, hash) = state.system().instance_of("cell").unwrap();
    assert_eq!((id, hash), (system_contract_id("cell"), code_hash(&cell())));
    assert_eq!(state.system().instance_of("free"), None);
    assert_eq!(state.system().code_of("free"), Some(code_hash(&[8; 90])));
    for name in ["PS1", "PS2", "PS9"] {
        let view = state.private(&psi(name)).unwrap();
        assert_eq!(view.root(), Hash::ZERO, "{name}");
        let record = view.contract(&id).unwrap().unwrap();
        assert_eq!((record.code_hash, record.authority, record.revision), (hash, Authority::None, 0), "{name}");
        assert_eq!(view.code_at(&id, Place { height: Height(5), index: 0 }).unwrap(), Some(hash), "{name}");
        assert_eq!(view.value(&id, KEY).unwrap(), None, "{name}");
        assert!(view.unwritten(&id).unwrap().is_some() && view.unwritten(&contract(1)).unwrap().is_none(), "{name}");
    }
    // Its code is in every state, and the instance in private ones alone.
    let views = [state.public(), state.private(&psi("PS1")).unwrap()];
    for view in &views {
        assert_eq!(view.code(&hash).unwrap(), Some(cell()));
        assert!(view.has_code(&hash).unwrap() && !view.has_code(&CodeHash([1; 32])).unwrap());
    }
    assert!(views[0].contract(&id).unwrap().is_none() && views[0].unwritten(&id).unwrap().is_none());
    let stats = state.stats(&mut |_, _| {}).unwrap();
    assert!(stats.states.iter().all(|one| (one.contracts, one.values, one.bytes) == (0, 0, 0)), "{stats:?}");
    let codes = stats.columns.iter().find(|column| column.name == "code").unwrap();
    assert_eq!(codes.records, 0, "code of the genesis is in no state's store");
}

#[test]
fn an_instance_is_in_the_trie_from_its_first_write_on_and_proved_so() {
    let dir = tempfile::tempdir().unwrap();
    let state = open_with(dir.path());
    let id = system_contract_id("cell");
    for _ in 1..=2 {
        let height = commit_empty(&state);
        let view = state.private(&psi("PS1")).unwrap();
        let writes = match height {
            Height(1) => first_write(&view, b"one"),
            _ => StateWrites {
                slots: BTreeMap::from([(id, BTreeMap::from([(KEY.to_vec(), Some(b"two".to_vec()))]))]),
                ..StateWrites::default()
            },
        };
        private(&state, "PS1", height, writes);
        assert!(state.finish_private(height).unwrap());
    }
    let check = |state: &State| {
        let at = |height| state.private_at(&psi("PS1"), Height(height)).unwrap();
        let values = [0, 1, 2].map(|height| at(height).value(&id, KEY).unwrap());
        assert_eq!(values, [None, Some(b"one".to_vec()), Some(b"two".to_vec())]);
        assert_eq!([0, 1, 2].map(|height| at(height).unwritten(&id).unwrap().is_some()), [true, false, false]);
        assert_eq!(at(0).contract(&id).unwrap().unwrap().path_key, [0; 32]);
        let record = at(2).contract(&id).unwrap().unwrap();
        assert_eq!((record.path_key, record.height, record.authority), ([3; 32], Height(0), Authority::None));
        // What the trie does not have is proved not to be there, although it can be called.
        let proved = |height| at(height).prove(&asked(id)).unwrap().contracts[0].leaf.clone();
        assert!(proved(0).is_none());
        assert_eq!(proved(2).unwrap().code_hash, code_hash(&cell()));
        let other = state.private(&psi("PS2")).unwrap();
        assert_eq!((other.root(), other.value(&id, KEY).unwrap()), (Hash::ZERO, None));
        let checked = state.verify(&mut |_, _| {}).unwrap();
        assert_eq!((checked.damages, checked.codes), (0, 1), "{checked:?}");
    };
    check(&state);
    check(&State::open(copy(dir.path()).path(), options_with(&["PS1", "PS2"])).unwrap());
}

#[test]
fn a_state_taken_over_needs_no_code_that_the_genesis_has() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (from, to) = (open_with(one.path()), open_with(two.path()));
    let height = commit_empty(&from);
    commit_empty(&to);
    private(&from, "PS1", height, first_write(&from.private(&psi("PS1")).unwrap(), b"one"));
    assert!(from.finish_private(height).unwrap());
    let view = from.private(&psi("PS1")).unwrap();
    let mut import = to.import(&psi("PS2"), height, view.root()).unwrap();
    for chunk in chunks(&view, CHUNK_TARGET) {
        import.chunk(&coffer_abi::Encode::encode(&chunk)).unwrap();
    }
    assert!(import.codes().is_empty());
    import.finish().unwrap();
    let found = to.private(&psi("PS2")).unwrap();
    assert_eq!(found.root(), view.root());
    let id = system_contract_id("cell");
    assert_eq!((found.value(&id, KEY).unwrap(), found.unwritten(&id).unwrap()), (Some(b"one".to_vec()), None));
}

#[test]
fn a_chain_with_other_system_contracts_is_another_chain() {
    let dir = tempfile::tempdir().unwrap();
    drop(open_with(dir.path()));
    assert!(matches!(State::open(dir.path(), options(&["PS1"])), Err(Error::OtherChain { .. })));
}
