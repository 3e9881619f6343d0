//! A contract whose values stand together in one record and then apart: nobody who reads can tell.

use super::random::Random;
use super::*;

const KEYS: u64 = 60;

fn key(n: u64) -> Vec<u8> {
    vec![n as u8 % 2, n as u8]
}

fn assert_reads(view: &View, expected: &BTreeMap<Vec<u8>, Vec<u8>>) {
    let found: BTreeMap<_, _> =
        (0..KEYS).filter_map(|n| Some((key(n), view.value(&contract(1), &key(n)).unwrap()?))).collect();
    assert_eq!(&found, expected, "at height {}", view.height());
    let entries: BTreeMap<_, _> = view.entries(&contract(1), b"\x01", b"", 100).unwrap().into_iter().collect();
    let ordered = expected.iter().filter(|(key, _)| key[0] == 1).map(|(key, value)| (key.clone(), value.clone()));
    assert_eq!(entries, ordered.collect(), "at height {}", view.height());
}

/// Some blocks that write few keys, then many, then remove all.
fn grown(archive: Archive, seed: u64) {
    println!("seed {seed}");
    let dir = tempfile::tempdir().unwrap();
    let open = || State::open(dir.path(), StateOptions { archive, history: 6, ..options(&["PS1", "PS2"]) }).unwrap();
    let (mut state, mut random) = (open(), Random::new(seed, "small contracts"));
    let mut heights = vec![BTreeMap::new()];
    for block in 1..=40u64 {
        let mut values: BTreeMap<Vec<u8>, Vec<u8>> = heights[block as usize - 1].clone();
        let mut writes = StateWrites::default();
        if block == 1 {
            let new = NewContract { code_hash: CodeHash::default(), ..new_contract(1, 1) };
            writes.created.insert(contract(1), new);
        }
        let slots = writes.slots.entry(contract(1)).or_default();
        for _ in 0..=random.below(4) {
            let (key, length) = (key(random.below(if block < 15 { 12 } else { KEYS })), random.below(120));
            let value = (random.below(5) > 0).then(|| vec![block as u8; length as usize]);
            slots.insert(key, value);
        }
        if block % 13 == 0 {
            *slots = values.keys().map(|key| (key.clone(), None)).collect();
        }
        for (key, value) in slots.iter() {
            match value {
                Some(value) => values.insert(key.clone(), value.clone()),
                None => values.remove(key),
            };
        }
        heights.push(values);
        state.commit_block(block_of(&state, Vec::new(), writes.clone())).unwrap();
        private(&state, "PS1", Height(block), writes);
        assert!(state.finish_private(Height(block)).unwrap());
        if random.below(4) == 0 {
            drop(state);
            state = open();
        }
        let oldest = if archive == Archive::On && block % 20 == 0 { 1 } else { block.saturating_sub(6).max(1) };
        for height in oldest..=block {
            let expected = &heights[height as usize];
            assert_reads(&state.public_at(Height(height)).unwrap(), expected);
            assert_reads(&state.private_at(&psi("PS1"), Height(height)).unwrap(), expected);
        }
    }
    let checked = state.verify(&mut |_, _| {}).unwrap();
    assert_eq!(checked.findings, Vec::<String>::new());
}

#[test]
fn values_that_stand_together_and_then_apart_read_the_same_at_every_height() {
    for seed in 1..=3 {
        grown(Archive::Off, seed);
    }
}

#[test]
fn values_that_stand_together_and_then_apart_read_the_same_in_an_archive() {
    grown(Archive::On, 4);
}
