//! Random blocks against plain maps and a root function that follows the hash rules word by word, at every height.

use coffer_abi::limits::{KEY_ORDERED, KEY_PLAIN};
use coffer_chain::trie::path::{ContractLeaf, RESERVED, RESERVED_PATH_KEY, contract_path, slot_path};
use coffer_chain::trie::{leaf_hash, node_hash, value_hash};
use coffer_proof::{Answer, Asked, PrivateTrust, ProvenBlock, Statement, TrustedBlock};
use coffer_runtime::{MemoryState, StateRead};
use proptest::prelude::*;

use super::*;

/// One state as plain maps.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    contracts: BTreeMap<ContractId, NewContract>,
    changes: BTreeMap<ContractId, Vec<ChangedContract>>,
    slots: BTreeMap<ContractId, BTreeMap<Vec<u8>, Vec<u8>>>,
}

/// Where code and authority change together with a slot.
const CHANGING_KEY: u8 = 33;

/// State (0 public, 1 and 2 private), contract (0 reserved), key, ordered or not, value or removal.
pub(super) type Write = (u8, u8, u8, bool, Option<u8>);

fn naive(leaves: &[(Path, Hash)], depth: usize) -> Hash {
    match leaves {
        [] => Hash::ZERO,
        [(path, value)] => leaf_hash(path, value),
        _ => {
            let side = |bit: u8| -> Vec<_> {
                leaves.iter().copied().filter(|(path, _)| path[depth / 8] >> (7 - depth % 8) & 1 == bit).collect()
            };
            node_hash(&naive(&side(0), depth + 1), &naive(&side(1), depth + 1))
        }
    }
}

impl Model {
    pub(super) fn apply(&mut self, writes: &StateWrites) {
        self.contracts.extend(writes.created.clone());
        for (id, changed) in &writes.changed {
            self.changes.entry(*id).or_default().push(changed.clone());
        }
        for (id, changes) in &writes.slots {
            let slots = self.slots.entry(*id).or_default();
            for (key, value) in changes {
                match value {
                    Some(value) => slots.insert(key.clone(), value.clone()),
                    None => slots.remove(key),
                };
            }
        }
    }

    fn storage_root(&self, id: &ContractId, path_key: &[u8; 32]) -> Hash {
        let slots = self.slots.get(id).into_iter().flatten();
        naive(&slots.map(|(key, value)| (slot_path(path_key, key), value_hash(value))).collect::<Vec<_>>(), 0)
    }

    /// The code that a contract had when the transaction at a place ran.
    fn code_at(&self, id: &ContractId, place: Place) -> CodeHash {
        let changes = self.changes.get(id).into_iter().flatten();
        let mut codes =
            changes.flat_map(|c| c.codes.iter().map(|(index, code)| (Place { height: c.height, index: *index }, code)));
        codes.rfind(|(since, _)| *since <= place).map_or(self.contracts[id].code_hash, |(_, code)| *code)
    }

    pub(super) fn root(&self) -> Hash {
        let mut leaves = Vec::new();
        for (id, new) in &self.contracts {
            let storage_root = self.storage_root(id, &new.path_key);
            let (deployer, height) = (new.deployer, new.height);
            let code_hash = self.code_at(id, END);
            let last = self.changes.get(id).and_then(|changes| changes.last());
            let (authority, revision) = last.map_or((&new.authority, 0), |c| (&c.authority, c.revision));
            let leaf = ContractLeaf {
                code_hash,
                storage_root,
                deployer,
                height,
                authority: authority.clone(),
                revision,
                members: None,
            };
            leaves.push((contract_path(id), value_hash(&leaf.value())));
        }
        let storage_root = self.storage_root(&RESERVED, &RESERVED_PATH_KEY);
        if storage_root != Hash::ZERO {
            let (code_hash, deployer, height) = (CodeHash::default(), AccountId::ANONYMOUS, Height(0));
            let authority = Authority::None;
            let leaf =
                ContractLeaf { code_hash, storage_root, deployer, height, authority, revision: 0, members: None };
            leaves.push((contract_path(&RESERVED), value_hash(&leaf.value())));
        }
        naive(&leaves, 0)
    }

    fn memory(&self) -> MemoryState {
        let mut memory = MemoryState::default();
        for (id, slots) in &self.slots {
            memory.apply(*id, &slots.iter().map(|(key, value)| (key.clone(), Some(value.clone()))).collect());
        }
        memory
    }

    /// What the writes of a block to state number `state` are, given which contracts there are.
    pub(super) fn writes(&self, state: u8, height: u64, writes: &[Write]) -> StateWrites {
        let mut all = StateWrites::default();
        for &(_, n, key, ordered, value) in writes.iter().filter(|write| write.0 == state) {
            let id = contract(n);
            if n != 0 && !self.contracts.contains_key(&id) {
                all.created.entry(id).or_insert_with(|| new_contract(n, height));
            }
            if n != 0 && key >= CHANGING_KEY {
                let before = self.changes.get(&id).map_or(0, |changes| changes.len() as u64);
                let authority = if ordered { Authority::None } else { Authority::Account(AccountId([key; 32])) };
                let (codes, revision) = (BTreeMap::new(), before + 1);
                let new = ChangedContract { height: Height(height), codes, authority, revision };
                let changed = all.changed.entry(id).or_insert(new);
                changed.codes.extend(value.map(|value| (u32::from(key), CodeHash([value; 32]))));
            }
            let mut name = vec![if ordered { KEY_ORDERED } else { KEY_PLAIN }];
            name.extend_from_slice(format!("{}/{key}", key % 3).as_bytes());
            all.slots.entry(id).or_default().insert(name, value.map(|v| vec![v; usize::from(v)]));
        }
        all
    }
}

/// Behind every transaction.
const END: Place = Place { height: Height(u64::MAX), index: u32::MAX };

/// Places around those where codes change in a block.
fn places(height: u64) -> impl Iterator<Item = Place> {
    [0, 33, 34, 36, 39, 40].into_iter().map(move |index| Place { height: Height(height), index })
}

pub(super) fn check(view: &View, model: &Model) {
    assert_eq!(view.root(), model.root());
    let memory = model.memory();
    for n in 0..3 {
        let id = contract(n);
        for ordered in [KEY_PLAIN, KEY_ORDERED] {
            for key in 0..40u8 {
                let name = [&[ordered][..], format!("{}/{key}", key % 3).as_bytes()].concat();
                assert_eq!(view.get(&id, &name).unwrap(), memory.get(&id, &name).unwrap());
            }
        }
        for (prefix, after, limit) in [
            (&b"\x01"[..], &b""[..], 1000),
            (b"\x011/", b"", 3),
            (b"\x011/", b"\x011/19", 4),
            (b"\x01", b"\x010/9", 7),
            (b"\x012/", b"\x01", 100),
            (b"\x010/", b"\x013", 100),
            (b"\x01", b"", 0),
        ] {
            let (found, expected) = (view.scan(&id, prefix, after, limit), memory.scan(&id, prefix, after, limit));
            assert_eq!(found.unwrap(), expected.unwrap());
        }
        let record = view.contract(&id).unwrap();
        let created = model.contracts.get(&id);
        if n == 0 {
            continue;
        }
        assert_eq!(record.as_ref().map(|r| r.height), created.map(|c| c.height));
        for place in created.map(|c| [c.height.0, view.height().0]).into_iter().flatten().flat_map(places) {
            assert_eq!(view.code_at(&id, place).unwrap(), Some(model.code_at(&id, place)));
        }
        assert_eq!(record.as_ref().map(|r| r.code_hash), created.map(|_| model.code_at(&id, END)));
        let storage_root = created.map(|c| model.storage_root(&id, &c.path_key));
        assert_eq!(record.map(|r| r.storage_root), storage_root);
    }
}

/// Proofs of everything that could be there, and of a contract that is not, say what the model says.
fn check_proof(state: &State, which: usize, height: Height, model: &Model) {
    let name = |ordered: u8, key: u8| [&[ordered][..], format!("{}/{key}", key % 3).as_bytes()].concat();
    let keys =
        || [KEY_PLAIN, KEY_ORDERED].into_iter().flat_map(move |ordered| (0..40).map(move |key| name(ordered, key)));
    let asked: Asked = (0..4).map(|n| (contract(n), keys().collect())).collect();
    let block = TrustedBlock::Block(state.block(BlockId::Height(height)).unwrap().unwrap().block.header.hash());
    let verified = if which == 0 {
        state.prove_public(height, &asked).unwrap().verify(&block).unwrap()
    } else {
        let psi = psi(&format!("PS{which}"));
        let word = |block: &ProvenBlock, root| Statement::sign(&node_key(), block, root);
        let proof = state.prove_private(&psi, height, &asked, word).unwrap();
        let path_keys: Vec<_> = model.contracts.iter().map(|(id, new)| (*id, new.path_key)).collect();
        let (nodes, path) = ([node_key().account()], state.inner.tenant(&psi).unwrap().path);
        let trust = PrivateTrust { block, nodes: &nodes, path, path_keys: &path_keys };
        proof.verify(&trust).unwrap().state().clone()
    };
    let memory = model.memory();
    for (id, keys) in &asked {
        let there = verified.contract(id) != Answer::Absent;
        assert_eq!(there, model.contracts.contains_key(id) || *id == RESERVED && there);
        for key in keys {
            let value = memory.get(id, key).unwrap();
            assert_eq!(verified.value(id, key), value.as_deref().map_or(Answer::Absent, Answer::Present));
        }
    }
}

fn check_kept(state: &State, models: &[[Model; 3]]) {
    let head = state.head().height.0;
    let view = |which: usize, height| match which {
        0 => state.public_at(height),
        n => state.private_at(&psi(&format!("PS{n}")), height),
    };
    for (height, at) in models.iter().enumerate().map(|(height, at)| (height as u64, at)) {
        for (which, model) in at.iter().enumerate() {
            match view(which, Height(height)) {
                Ok(view) => {
                    check(&view, model);
                    check_proof(state, which, Height(height), model);
                }
                Err(Error::Pruned { oldest, .. }) => {
                    assert!(height < oldest.0 && oldest.0 + 4 <= head, "{which} at {height} of {head}: {oldest}");
                }
                Err(error) => panic!("{error}"),
            }
        }
        let height = Height(height);
        assert_eq!(state.state_root(height).unwrap(), at[0].root());
        assert_eq!(state.psi_root(&psi("PS1"), height).unwrap().root, at[1].root());
        assert_eq!(state.psi_root(&psi("PS2"), height).unwrap().root, at[2].root());
    }
}

fn write() -> impl Strategy<Value = Write> {
    let value = prop_oneof![3 => (0u8..4).prop_map(Some), 2 => Just(None)];
    (0u8..3, 0u8..3, 0u8..40, any::<bool>(), value)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn any_chain_reads_like_plain_maps_at_every_height_and_after_a_restart(
        blocks in prop::collection::vec(prop::collection::vec(write(), 0..60), 1..7),
        reopen in any::<u16>(),
        lag in 0u64..3,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut state = open(dir.path());
        let mut models = vec![<[Model; 3]>::default()];
        let mut views: Vec<View> = Vec::new();
        for (number, writes) in blocks.iter().enumerate() {
            let height = number as u64 + 1;
            let mut next = models.last().unwrap().clone();
            let of: [_; 3] = std::array::from_fn(|n| next[n].writes(n as u8, height, writes));
            let commit = block_of(&state, Vec::new(), of[0].clone());
            state.commit_block(commit).unwrap();
            for (n, writes) in of.iter().enumerate() {
                next[n].apply(writes);
                if n > 0 && writes.slots.values().any(|changes| !changes.is_empty()) {
                    let expected = state.private(&psi(&format!("PS{n}"))).unwrap().root_after(writes).unwrap();
                    let root = private(&state, &format!("PS{n}"), Height(height), writes.clone());
                    prop_assert_eq!(root, expected);
                    prop_assert_eq!(root, next[n].root());
                }
            }
            models.push(next);
            if height > lag {
                prop_assert!(state.finish_private(Height(height - lag)).unwrap());
            }
            check(&state.public(), &models.last().unwrap()[0]);
            views.push(state.public());
            for view in &views {
                match view.value(&contract(1), b"\0x") {
                    Ok(_) => check(view, &models[view.height().0 as usize][0]),
                    Err(Error::Pruned { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
            if reopen >> number & 1 == 1 {
                views.clear();
                let roots = all_roots(&state);
                drop(state);
                state = open(dir.path());
                prop_assert_eq!(all_roots(&state), roots);
            }
        }
        let head = state.head().height;
        prop_assert!(state.finish_private(head).unwrap());
        check_kept(&state, &models);
        let roots = all_roots(&state);
        let crashed = copy(dir.path());
        drop((state, views));
        check_kept(&open(dir.path()), &models);
        let crashed = open(crashed.path());
        prop_assert!(crashed.finish_private(head).unwrap());
        prop_assert_eq!(all_roots(&crashed), roots);
        check_kept(&crashed, &models);
    }
}

#[test]
fn readers_see_one_height_while_blocks_are_committed() {
    let dir = tempfile::tempdir().unwrap();
    let state = State::open(dir.path(), StateOptions { history: 1000, ..options(&["PS1"]) }).unwrap();
    let keys: Vec<Vec<u8>> = (0..20u8).map(|n| vec![KEY_ORDERED, n]).collect();
    let writes = |height: u64| {
        let mut writes = if height == 1 { deploy(1, 1, &[]) } else { StateWrites::default() };
        let number = height.to_le_bytes().to_vec();
        let slots = keys.iter().enumerate().map(|(n, key)| {
            // A different part of the keys is there at every height.
            (key.clone(), (!(n as u64 + height).is_multiple_of(3)).then(|| number.clone()))
        });
        writes.slots.insert(contract(1), slots.collect());
        writes
    };
    let done = std::sync::atomic::AtomicBool::new(false);
    let reads = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut reads = 0u64;
                    while !done.load(Ordering::Acquire) {
                        let view = state.public();
                        let expected: Vec<_> = if view.height() == Height(0) {
                            Vec::new()
                        } else {
                            let slots = writes(view.height().0).slots.remove(&contract(1)).unwrap();
                            slots.into_iter().filter_map(|(key, value)| value.map(|value| (key, value))).collect()
                        };
                        assert_eq!(view.scan(&contract(1), &[KEY_ORDERED], b"", 100).unwrap(), expected);
                        for key in &keys {
                            let value = expected.iter().find(|(k, _)| k == key).map(|(_, v)| v.clone());
                            assert_eq!(view.get(&contract(1), key).unwrap(), value);
                        }
                        reads += 1;
                    }
                    reads
                })
            })
            .collect();
        for height in 1..=150 {
            state.commit_block(block_of(&state, Vec::new(), writes(height))).unwrap();
        }
        done.store(true, Ordering::Release);
        readers.into_iter().map(|reader| reader.join().unwrap()).sum::<u64>()
    });
    assert!(reads > 0);
}
