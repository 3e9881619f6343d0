//! Many readers beside one writer: whatever is read at once is of one height.

use std::sync::atomic::{AtomicBool, Ordering};

use coffer_abi::limits::KEY_ORDERED;

use super::random::Random;
use super::*;

const ACCOUNTS: u64 = 24;
const TOTAL: u64 = ACCOUNTS * 100;

fn key(account: u64) -> Vec<u8> {
    vec![KEY_ORDERED, account as u8]
}

fn balance(value: Option<&[u8]>) -> u64 {
    value.map_or(0, |bytes| u64::from_le_bytes(bytes.try_into().unwrap()))
}

/// Amounts moved between accounts; one without any has no entry.
fn moved(view: &View, random: &mut Random) -> StateWrites {
    let mut slots = BTreeMap::new();
    for _ in 0..1 + random.below(4) {
        let (from, to) = (key(random.below(ACCOUNTS)), key(random.below(ACCOUNTS)));
        if from == to || slots.contains_key(&from) || slots.contains_key(&to) {
            continue;
        }
        let of = |key: &[u8]| balance(view.value(&contract(1), key).unwrap().as_deref());
        let (a, b) = (of(&from), of(&to));
        let amount = if random.below(2) == 0 { a } else { random.below(a + 1) };
        let entry = |balance: u64| (balance > 0).then(|| balance.to_le_bytes().to_vec());
        slots.insert(from, entry(a - amount));
        slots.insert(to, entry(b + amount));
    }
    StateWrites { slots: BTreeMap::from([(contract(1), slots)]), ..StateWrites::default() }
}

/// Reads everything twice, in pages and one by one: the sum is what it always is, and both are the same.
fn read(view: &View, page: usize) -> Result<(), Error> {
    let (mut after, mut entries) = (Vec::new(), Vec::new());
    loop {
        let found = view.entries(&contract(1), &[KEY_ORDERED], &after, page)?;
        let Some((last, _)) = found.last() else { break };
        assert!(found.len() <= page && found[0].0 > after);
        after.clone_from(last);
        entries.extend(found);
    }
    let sum: u64 = entries.iter().map(|(_, value)| balance(Some(value))).sum();
    assert_eq!(sum, TOTAL, "at height {}", view.height());
    let mut found = BTreeMap::new();
    for account in 0..ACCOUNTS {
        if let Some(value) = view.value(&contract(1), &key(account))? {
            found.insert(key(account), value);
        }
    }
    assert_eq!(found, entries.into_iter().collect(), "at height {}", view.height());
    Ok(())
}

fn many_readers(archive: Archive) {
    let dir = tempfile::tempdir().unwrap();
    let state = State::open(dir.path(), StateOptions { archive, history: 6, ..options(&["PS1"]) }).unwrap();
    let first: Vec<_> = (0..ACCOUNTS).map(|account| (key(account), 100u64.to_le_bytes().to_vec())).collect();
    let first: Vec<_> = first.iter().map(|(key, value)| (&key[..], &value[..])).collect();
    let height = commit_first(&state, deploy(1, 1, &first));
    private(&state, "PS1", height, deploy(1, 1, &first));
    assert!(state.finish_private(height).unwrap());
    let done = AtomicBool::new(false);
    let reads = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..4)
            .map(|number| {
                let (state, done) = (&state, &done);
                scope.spawn(move || {
                    let mut random = Random::new(number, "reader");
                    let mut reads = 0u64;
                    while !done.load(Ordering::Acquire) {
                        let head = state.private_head(&psi("PS1")).0;
                        let back = random.below(if archive == Archive::On { head } else { head.min(6) });
                        let at = Height(head - back);
                        let view = match random.below(4) {
                            0 => Ok(state.public()),
                            1 => state.private(&psi("PS1")),
                            2 => state.public_at(at),
                            _ => state.private_at(&psi("PS1"), at),
                        };
                        match view.and_then(|view| read(&view, 1 + random.below(9) as usize)) {
                            Ok(()) => reads += 1,
                            Err(Error::Pruned { .. }) if archive == Archive::Off => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                    reads
                })
            })
            .collect();
        let mut random = Random::new(3, "writer");
        for _ in 0..120 {
            let writes = moved(&state.public(), &mut random);
            let height = commit_first(&state, writes.clone());
            private(&state, "PS1", height, writes);
            assert!(state.finish_private(height).unwrap());
        }
        done.store(true, Ordering::Release);
        readers.into_iter().map(|reader| reader.join().unwrap()).sum::<u64>()
    });
    assert!(reads > 0);
    println!("{reads} snapshots read beside 120 blocks");
}

fn commit_first(state: &State, writes: StateWrites) -> Height {
    state.commit_block(block_of(state, Vec::new(), writes)).unwrap();
    state.head().height
}

#[test]
fn many_readers_see_whole_states_while_blocks_are_committed() {
    many_readers(Archive::Off);
}

#[test]
fn many_readers_of_an_archive_see_whole_states_of_any_height() {
    many_readers(Archive::On);
}
