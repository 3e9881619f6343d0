//! Private states that go on beside each other while one of them is behind: crashes at every moment of every commit leave what was answered, and the roots that everybody would have had on time.

use super::super::commit::Moment;
use super::*;

/// Whom the blocks from 1 on name.
const NAMED: [&[&str]; 6] = [&["PS1", "PS2"], &["PS1", "PS2"], &["PS1"], &["PS2"], &["PS1", "PS2"], &[]];
/// Empty blocks behind them, more than are kept for reading by themselves.
const BEHIND: u64 = 8;

fn blocks(state: &State) {
    for n in 0..NAMED.len() as u64 + BEHIND {
        let writes = if n == 0 { deploy(1, 1, &[(b"\0n", b"1")]) } else { set(1, b"\0n", Some(&n.to_le_bytes())) };
        state.commit_block(block_of(state, Vec::new(), writes)).unwrap();
    }
}

fn named(height: u64) -> &'static [&'static str] {
    NAMED.get(height as usize - 1).copied().unwrap_or_default()
}

fn read(state: &State) {
    while state.private_read() < state.head().height {
        let height = state.private_read().next().unwrap();
        let names: Vec<_> = named(height.0).iter().map(|name| psi(name)).collect();
        state.private_named(height, &names).unwrap();
    }
    state.seal_private().unwrap();
}

/// Executes what is left for a private state in blocks up to one; before the commit of number `pull` the plug is pulled.
fn execute(state: &State, name: &str, upto: u64, pull: &mut Option<(usize, Moment)>) -> Result<(), Error> {
    let heights: Vec<_> = (1..=state.head().height.0).filter(|height| named(*height).contains(&name)).collect();
    for (at, height) in heights.iter().enumerate() {
        if *height <= state.private_head(&psi(name)).0 || *height > upto {
            continue;
        }
        if let Some((left, moment)) = pull {
            if *left == 0 {
                *state.inner.pulled.lock().unwrap() = Some(*moment);
            }
            *left = left.wrapping_sub(1);
        }
        let writes = match height {
            1 => deploy(1, 1, &[(b"\0n", name.as_bytes())]),
            _ => set(1, b"\0n", Some(&[name.as_bytes(), &height.to_le_bytes()].concat())),
        };
        let commit = PrivateCommit { psi: psi(name), height: Height(*height), writes, receipts: Vec::new() };
        state.commit_private(commit)?;
        state.private_done(&psi(name), heights.get(at + 1).map(|next| Height(next - 1)));
    }
    state.seal_private().map(drop)
}

fn on_time() -> Vec<(Hash, Hash, Hash, Hash)> {
    let dir = tempfile::tempdir().unwrap();
    let state = open(dir.path());
    blocks(&state);
    read(&state);
    execute(&state, "PS1", u64::MAX, &mut None).unwrap();
    execute(&state, "PS2", u64::MAX, &mut None).unwrap();
    assert_eq!(state.private_finished(), state.head().height);
    all_roots(&state)
}

#[test]
fn a_private_state_that_is_behind_keeps_the_trie_open_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let state = open(dir.path());
    blocks(&state);
    let head = state.head().height;
    let names = [psi("PS1")];
    assert!(matches!(state.private_named(Height(2), &names), Err(Error::NotNext(_))), "blocks are read in order");
    assert!(matches!(state.private_named(Height(head.0 + 1), &names), Err(Error::Future { .. })));
    read(&state);
    assert_eq!((state.private_read(), state.private_finished()), (head, Height(0)));
    execute(&state, "PS1", u64::MAX, &mut None).unwrap();
    execute(&state, "PS2", 1, &mut None).unwrap();
    assert_eq!((state.private_head(&psi("PS1")), state.private_head(&psi("PS2"))), (head, Height(1)));
    assert_eq!(state.private_finished(), Height(1));
    assert!(state.psi_trie_root(Height(1)).unwrap().sealed && !state.psi_trie_root(Height(2)).unwrap().sealed);
    // Read as of its head; what lies behind it is not there yet.
    assert_eq!(state.private(&psi("PS2")).unwrap().height(), Height(1));
    assert!(matches!(state.private_at(&psi("PS2"), Height(2)), Err(Error::Future { .. })));
    assert!(state.private_at(&psi("PS1"), head).is_ok());
    // What it has still to read is kept, however long ago.
    assert!(head.0 - 1 > 4 && state.public_at(Height(1)).is_ok());
    for later in 2..=2 + BEHIND {
        assert!(state.public_at(Height(later)).is_ok(), "{later}");
    }
    execute(&state, "PS2", u64::MAX, &mut None).unwrap();
    assert_eq!(all_roots(&state), on_time());
    commit_empty(&state);
    assert!(matches!(state.public_at(Height(1)), Err(Error::Pruned { .. })), "nobody needs it any more");
}

#[test]
fn a_crash_at_any_moment_while_one_is_behind_leads_to_the_roots_of_a_run_on_time() {
    let expected = on_time();
    for moment in [Moment::BeforeLog, Moment::Logged, Moment::Published, Moment::Stored] {
        // Four commits of PS1 and the first of PS2 before it is behind, then what it catches up with.
        for pulled in 0..8 {
            let dir = tempfile::tempdir().unwrap();
            let state = open(dir.path());
            blocks(&state);
            read(&state);
            let mut pull = Some((pulled, moment));
            let run = execute(&state, "PS2", 1, &mut pull)
                .and_then(|()| execute(&state, "PS1", u64::MAX, &mut pull))
                .and_then(|()| execute(&state, "PS2", u64::MAX, &mut pull));
            assert!(run.is_err(), "{moment:?} {pulled}");
            let crashed = copy(dir.path());
            let crashed = open(crashed.path());
            read(&crashed);
            execute(&crashed, "PS1", u64::MAX, &mut None).unwrap();
            execute(&crashed, "PS2", u64::MAX, &mut None).unwrap();
            assert_eq!(crashed.private_finished(), crashed.head().height);
            assert_eq!(all_roots(&crashed), expected, "{moment:?} {pulled}");
        }
    }
}
