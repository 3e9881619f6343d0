//! Many private states beside each other: the roots are those of each by itself, and one that rests costs next to nothing. `COFFER_TENANTS`
//! says how many there are (2,000).

use super::super::private::PsiTrie;
use super::random::number;
use super::*;

fn tenants() -> usize {
    number("COFFER_TENANTS", 2_000) as usize
}

fn open_many(dir: &FsPath, tenants: usize) -> State {
    let names: Vec<_> = (0..tenants).map(|n| format!("T{n}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    State::open(dir, StateOptions { psi_capacity: tenants, ..options(&names) }).unwrap()
}

fn commit(n: usize, height: Height, writes: StateWrites) -> PrivateCommit {
    PrivateCommit { psi: psi(&format!("T{n}")), height, writes, receipts: Vec::new() }
}

/// The trie of private states made anew from the states' roots.
fn made_anew(state: &State, capacity: usize) -> Hash {
    let roots = state.inner.tenants().values().map(|tenant| (tenant.path, tenant.one.standing().root)).collect();
    PsiTrie::new(roots, &[5; 32], capacity, &[], 0).unwrap().root()
}

#[test]
fn many_private_states_have_the_roots_that_each_has_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let tenants = tenants();
    let state = open_many(dir.path(), tenants);
    let height = commit_empty(&state);
    let first = |n: usize| commit(n, height, deploy(1, height.0, &[(b"\0n", &n.to_le_bytes()), (b"\x01k", b"v")]));
    let answers = state.commit_privates((0..tenants).map(first).collect());
    let mut roots: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert!(state.finish_private(height).unwrap());
    for round in 0..5 {
        let height = commit_empty(&state);
        let touched: Vec<_> = (0..50)
            .map(|n| (n * 37 + round * 11) % tenants)
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect();
        let change = |n: &usize| commit(*n, height, set(1, b"\0round", Some(&[round as u8, *n as u8])));
        let answers = state.commit_privates(touched.iter().map(change).collect());
        for (n, answer) in touched.iter().zip(answers) {
            roots[*n] = answer.unwrap();
        }
        assert!(state.finish_private(height).unwrap());
        assert_eq!(state.psi_trie_root(height).unwrap().root, made_anew(&state, tenants));
    }
    let height = state.head().height;
    let sealed = state.psi_trie_root(height).unwrap();
    drop(state);
    let state = open_many(dir.path(), tenants);
    assert_eq!(state.psi_trie_root(height).unwrap(), sealed);
    for (n, root) in roots.iter().enumerate() {
        assert_eq!(state.psi_root(&psi(&format!("T{n}")), height).unwrap().root, *root, "T{n}");
    }
    let alone = tempfile::tempdir().unwrap();
    let alone = open_many(alone.path(), 8);
    let first_height = commit_empty(&alone);
    let writes = deploy(1, first_height.0, &[(b"\0n", &7usize.to_le_bytes()), (b"\x01k", b"v")]);
    let before = alone.commit_private(commit(7, first_height, writes)).unwrap();
    assert_eq!(before, state.psi_root(&psi("T7"), first_height).unwrap().root);
}

/// Bytes in the files of a folder that are not part of a hole.
fn used(dir: &FsPath) -> usize {
    let mut used = 0;
    for entry in std::fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            used += self::used(&entry.path());
        } else {
            let bytes = std::fs::read(entry.path()).unwrap();
            used += bytes.chunks(32).filter(|chunk| chunk.iter().any(|byte| *byte != 0)).count() * 32;
        }
    }
    used
}

#[test]
fn a_private_state_that_rests_takes_less_than_a_kilobyte_on_disk() {
    let tenants = tenants();
    let size = |tenants: usize| {
        let dir = tempfile::tempdir().unwrap();
        drop(open_many(dir.path(), tenants));
        used(dir.path())
    };
    let each = (size(tenants) - size(0)) / tenants;
    assert!((32..1024).contains(&each), "{each} bytes");
}
