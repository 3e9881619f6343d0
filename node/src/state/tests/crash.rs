//! Crashes: at every moment of a commit, at every byte of the last frame, and damage that no crash makes.

use std::io;

use coffer_abi::Encode;

use super::super::commit::{Moment, PrivateContent, PrivateFrame};
use super::super::log::{FrameKind, HEADER, Medium};
use super::*;

const LOG: &str = "log/0000000000000000.log";

/// A few blocks with both kinds of state; the last change is private.
fn sample(dir: &FsPath) -> State {
    let state = open(dir);
    for n in 1..=3u8 {
        let writes = deploy(n, u64::from(n), &[(b"\x01key", &[n; 40]), (b"\0key", &[n; 4])]);
        state.commit_block(block_of(&state, Vec::new(), writes.clone())).unwrap();
        let height = Height(n.into());
        private(&state, if n % 2 == 0 { "PS2" } else { "PS1" }, height, writes);
        assert!(state.finish_private(height).unwrap());
    }
    state
}

fn log_length(dir: &FsPath) -> u64 {
    std::fs::metadata(dir.join(LOG)).unwrap().len()
}

fn cut(dir: &FsPath, length: u64) {
    std::fs::OpenOptions::new().write(true).open(dir.join(LOG)).unwrap().set_len(length).unwrap();
}

/// The log alone, in a folder that has none yet or an older one.
fn copy_log(from: &FsPath, to: &FsPath) {
    std::fs::create_dir_all(to.join("log")).unwrap();
    std::fs::copy(from.join(LOG), to.join(LOG)).unwrap();
}

fn damage(dir: &FsPath, at: u64) {
    let mut log = std::fs::read(dir.join(LOG)).unwrap();
    log[at as usize] ^= 0x10;
    std::fs::write(dir.join(LOG), log).unwrap();
}

/// As a crash right after the log was synced would leave it, before the database had anything.
fn without_database(dir: &FsPath) -> tempfile::TempDir {
    let copy = copy(dir);
    std::fs::remove_dir_all(copy.path().join("db")).unwrap();
    copy
}

fn finish(state: &State) {
    assert!(state.finish_private(state.head().height).unwrap());
}

#[test]
fn the_log_alone_gives_everything_back() {
    let dir = tempfile::tempdir().unwrap();
    let state = sample(dir.path());
    let again = without_database(dir.path());
    let again = open(again.path());
    finish(&again);
    assert_eq!(all_roots(&again), all_roots(&state));
    let value = |state: &State| state.private(&psi("PS1")).unwrap().value(&contract(3), b"\x01key").unwrap();
    assert_eq!(value(&again), Some(vec![3; 40]));
    assert_eq!(value(&again), value(&state));
}

#[test]
fn a_folder_copied_from_a_running_node_opens_with_all_that_was_answered() {
    let dir = tempfile::tempdir().unwrap();
    let state = sample(dir.path());
    let crashed = copy(dir.path());
    let crashed = open(crashed.path());
    assert_eq!(crashed.head(), state.head());
    finish(&crashed);
    assert_eq!(all_roots(&crashed), all_roots(&state));
    let height = commit_empty(&crashed);
    assert!(matches!(
        crashed.commit_private(PrivateCommit {
            psi: psi("PS1"),
            height: Height(height.0 - 1),
            writes: StateWrites::default(),
            receipts: vec![]
        }),
        Err(Error::NotNext(_))
    ));
}

#[test]
fn a_torn_last_frame_is_dropped_wherever_it_was_torn() {
    let dir = tempfile::tempdir().unwrap();
    let state = sample(dir.path());
    let before = log_length(dir.path());
    let roots = all_roots(&state);
    commit_empty(&state);
    let after = log_length(dir.path());
    let whole = without_database(dir.path());
    assert!(after - before > 200);
    for length in before..after {
        // Opening is slow beside the log itself; most lengths are tried on the log alone, some on a whole node.
        if length % 97 == 0 || length == before || length == after - 1 {
            let torn = copy(whole.path());
            cut(torn.path(), length);
            let torn = open(torn.path());
            assert_eq!(torn.head().height, Height(3));
            finish(&torn);
            assert_eq!(all_roots(&torn), roots);
            commit_empty(&torn);
        }
        let torn = tempfile::tempdir().unwrap();
        copy_log(whole.path(), torn.path());
        cut(torn.path(), length);
        drop(Log::open(torn.path(), &state.chain_id(), None).unwrap());
        assert_eq!(log_length(torn.path()), before);
    }
}

#[test]
fn a_damaged_last_frame_is_dropped_only_if_the_database_does_not_know_better() {
    let dir = tempfile::tempdir().unwrap();
    let state = sample(dir.path());
    let before = log_length(dir.path());
    commit_empty(&state);
    let chain = state.chain_id();
    let whole = without_database(dir.path());
    for at in before..log_length(dir.path()) {
        let damaged = tempfile::tempdir().unwrap();
        copy_log(whole.path(), damaged.path());
        damage(damaged.path(), at);
        drop(Log::open(damaged.path(), &chain, None).unwrap());
        assert_eq!(log_length(damaged.path()), before);
    }
    drop(state);
    cut(dir.path(), before);
    let error = State::open(dir.path(), options(&["PS1", "PS2"])).unwrap_err();
    assert!(error.to_string().contains("shorter than the database says"), "{error}");
}

#[test]
fn damage_before_a_whole_frame_refuses_to_start() {
    let dir = tempfile::tempdir().unwrap();
    let state = sample(dir.path());
    let middle = log_length(dir.path()) / 2;
    commit_empty(&state);
    let damaged = without_database(dir.path());
    damage(damaged.path(), middle);
    let error = State::open(damaged.path(), options(&["PS1", "PS2"])).unwrap_err();
    assert!(matches!(error, Error::Damaged(_)) && error.to_string().contains("is whole"), "{error}");
}

#[test]
fn a_crash_at_any_moment_of_a_commit_keeps_what_was_logged() {
    for private_change in [false, true] {
        for moment in [Moment::BeforeLog, Moment::Logged, Moment::Published, Moment::Stored] {
            let dir = tempfile::tempdir().unwrap();
            let state = sample(dir.path());
            if private_change {
                commit_empty(&state);
            }
            *state.inner.pulled.lock().unwrap() = Some(moment);
            let writes = set(1, b"\x01key", Some(b"later"));
            let height = Height(4);
            let failed = if private_change {
                let commit = PrivateCommit { psi: psi("PS1"), height, writes: writes.clone(), receipts: vec![] };
                state.commit_private(commit).map(drop)
            } else {
                state.commit_block(block_of(&state, Vec::new(), writes.clone()))
            };
            assert!(failed.is_err());
            *state.inner.pulled.lock().unwrap() = None;
            let poisoned = state.commit_block(block_of(&state, Vec::new(), StateWrites::default()));
            assert!(matches!(poisoned, Err(Error::Failed(_))), "a failed state takes no more");
            for crashed in [copy(dir.path()), without_database(dir.path())] {
                let crashed = open(crashed.path());
                let lasted = moment != Moment::BeforeLog;
                let expected = if lasted { b"later".to_vec() } else { vec![1; 40] };
                let view = if private_change { crashed.private(&psi("PS1")).unwrap() } else { crashed.public() };
                assert_eq!(view.value(&contract(1), b"\x01key").unwrap(), Some(expected), "{moment:?}");
                assert_eq!(view.entries(&contract(1), b"\x01", b"", 9).unwrap().len(), 1);
                if private_change && !lasted {
                    private(&crashed, "PS1", height, writes.clone());
                }
                finish(&crashed);
                commit_empty(&crashed);
            }
        }
    }
}

/// A disk that takes only so many bytes, or does not sync.
struct Failing {
    room: usize,
    to: std::fs::File,
}

impl Medium for Failing {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let part = &bytes[..self.room.min(bytes.len())];
        self.room -= part.len();
        self.to.append(part)?;
        if part.len() < bytes.len() { Err(io::Error::from(io::ErrorKind::StorageFull)) } else { Ok(()) }
    }

    fn sync(&mut self) -> io::Result<()> {
        Err(io::Error::other("no sync"))
    }
}

#[test]
fn a_full_disk_or_a_failed_sync_stops_the_state_and_loses_nothing_answered() {
    for room in [0, 1, 100, usize::MAX] {
        let dir = tempfile::tempdir().unwrap();
        let state = sample(dir.path());
        let to = std::fs::OpenOptions::new().append(true).open(dir.path().join(LOG)).unwrap();
        state.inner.log.lock().unwrap().set_medium(Box::new(Failing { room, to }));
        let error = state.commit_block(block_of(&state, Vec::new(), StateWrites::default())).unwrap_err();
        assert!(matches!(error, Error::Io { .. }), "{error}");
        assert_eq!(state.head().height, Height(3));
        let again = state.commit_block(block_of(&state, Vec::new(), StateWrites::default()));
        assert!(matches!(again, Err(Error::Failed(_))));
        let roots = all_roots(&state);
        drop(state);
        let state = open(dir.path());
        assert_eq!(all_roots(&state)[..4], roots);
        commit_empty(&state);
    }
}

#[test]
fn a_writer_that_fails_stops_the_state_and_loses_nothing_answered() {
    let dir = tempfile::tempdir().unwrap();
    let state = sample(dir.path());
    let writes = set(1, b"\x01key", Some(b"later"));
    state.commit_block(block_of(&state, Vec::new(), writes)).unwrap();
    state.inner.db.break_off();
    assert!(state.failure().unwrap().contains("breaks"));
    let refused = state.commit_block(block_of(&state, Vec::new(), StateWrites::default()));
    assert!(matches!(refused, Err(Error::Failed(_))));
    assert_eq!(state.head().height, Height(4));
    assert_eq!(state.public().value(&contract(1), b"\x01key").unwrap().unwrap(), b"later");
    drop(state);
    let state = open(dir.path());
    assert_eq!(state.head().height, Height(4));
    assert_eq!(state.public().value(&contract(1), b"\x01key").unwrap().unwrap(), b"later");
    commit_empty(&state);
}

#[test]
fn a_public_mismatch_refuses_to_start_and_a_private_one_holds_that_state() {
    let dir = tempfile::tempdir().unwrap();
    let state = sample(dir.path());
    let height = commit_empty(&state);
    // A log that says something else than the database: the same folder with its log from another run.
    let other = tempfile::tempdir().unwrap();
    let mut log = Log::open(other.path(), &state.chain_id(), None).unwrap();
    let mut offset = HEADER;
    let last = loop {
        let frame = state.inner.log.lock().unwrap().read(offset).unwrap().unwrap();
        if log_length(dir.path()) == frame.end {
            break frame;
        }
        offset = frame.end;
        log.append(&[(frame.kind, &frame.payload)]).unwrap();
    };
    drop(last);
    let tenant = &state.inner.tenant(&psi("PS1")).unwrap();
    let scope = &tenant.one.scope;
    let key = scope.key(Kind::Frame, &[&3u64.to_le_bytes()]);
    let content = PrivateContent { writes: set(1, b"\0key", Some(b"x")), receipts: vec![] };
    let sealed = scope.seal(Kind::Frame, &key, content.encode()).unwrap();
    let frame = PrivateFrame { tag: scope.tag(), height: 3, root: Hash([9; 32]), sealed };
    log.append(&[(FrameKind::Private, &frame.encode())]).unwrap();
    drop((log, state));
    let held = open(other.path());
    assert!(height > held.head().height);
    let check = |held: &State| {
        assert!(matches!(held.private(&psi("PS1")), Err(Error::Unusable { .. })));
        assert!(matches!(held.receipt(Some(&psi("PS1")), &Hash::ZERO), Err(Error::Unusable { .. })));
        assert!(held.private(&psi("PS2")).is_ok());
        let height = commit_empty(held);
        private(held, "PS2", height, deploy(u8::try_from(10 + height.0).unwrap(), height.0, &[]));
        assert!(!held.finish_private(height).unwrap(), "the trie stays open while a state is held");
        assert!(!held.psi_trie_root(height).unwrap().sealed);
    };
    check(&held);
    let again = copy(other.path());
    drop(held);
    check(&open(other.path()));
    check(&open(again.path()));
}

#[test]
fn a_tenant_that_missed_a_change_is_held_when_it_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    drop(sample(dir.path()));
    let log_only = without_database(dir.path());
    let without = State::open(log_only.path(), options(&["PS2"])).unwrap();
    assert_eq!(without.psi_root(&psi("PS1"), Height(0)).unwrap().root, Hash::ZERO);
    drop(without);
    let back = open(log_only.path());
    assert!(matches!(back.private(&psi("PS1")), Err(Error::Unusable { .. })));
    assert!(back.private(&psi("PS2")).is_ok());
}

#[test]
fn a_flipped_bit_anywhere_in_the_log_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let state = sample(dir.path());
    let length = log_length(dir.path());
    let mut last = HEADER;
    while let Some(frame) = state.inner.log.lock().unwrap().read(last).unwrap().filter(|frame| frame.end < length) {
        last = frame.end;
    }
    let damaged = tempfile::tempdir().unwrap();
    for at in 0..length {
        copy_log(dir.path(), damaged.path());
        damage(damaged.path(), at);
        match Log::open(damaged.path(), &state.chain_id(), None) {
            Ok(_) => assert!(at >= last && log_length(damaged.path()) == last, "byte {at}"),
            Err(Error::Damaged(_) | Error::Format { .. } | Error::OtherChain { .. }) => assert!(at < last, "byte {at}"),
            Err(error) => panic!("byte {at}: {error}"),
        }
    }
}

/// A chain whose log takes several segments, and its roots.
fn segmented(dir: &FsPath) -> (Hash, Vec<(Hash, Hash, Hash, Hash)>) {
    let state = open(dir);
    state.inner.log.lock().unwrap().set_segment(1500);
    for n in 1..=12u8 {
        let writes = deploy(n, u64::from(n), &[(b"\x01key", &[n; 40])]);
        state.commit_block(block_of(&state, Vec::new(), writes.clone())).unwrap();
        private(&state, "PS1", Height(n.into()), writes);
        assert!(state.finish_private(Height(n.into())).unwrap());
    }
    assert!(segments(dir).len() > 4);
    (state.chain_id(), all_roots(&state))
}

#[test]
fn a_log_of_several_segments_gives_everything_back() {
    let dir = tempfile::tempdir().unwrap();
    let (_, roots) = segmented(dir.path());
    for folder in [copy(dir.path()), without_database(dir.path())] {
        let state = open(folder.path());
        finish(&state);
        assert_eq!(all_roots(&state), roots);
        commit_empty(&state);
        drop(state);
        assert_eq!(open(folder.path()).head().height, Height(13));
    }
}

#[test]
fn a_segment_that_is_short_damaged_or_gone_is_found_unless_it_is_the_torn_last_one() {
    let dir = tempfile::tempdir().unwrap();
    let (chain, _) = segmented(dir.path());
    let count = segments(dir.path()).len();
    let change = |at: usize, change: &dyn Fn(&FsPath)| {
        let changed = without_database(dir.path());
        change(&segments(changed.path())[at]);
        Log::open(changed.path(), &chain, None).map(drop).map_err(|error| error.to_string())
    };
    let cut = |by: u64| {
        move |path: &FsPath| {
            let length = std::fs::metadata(path).unwrap().len();
            std::fs::OpenOptions::new().write(true).open(path).unwrap().set_len(length - by).unwrap();
        }
    };
    let flip = |path: &FsPath| {
        let mut bytes = std::fs::read(path).unwrap();
        let middle = bytes.len() - 30;
        bytes[middle] ^= 1;
        std::fs::write(path, bytes).unwrap();
    };
    let remove = |path: &FsPath| std::fs::remove_file(path).unwrap();
    let only_header = |path: &FsPath| {
        std::fs::OpenOptions::new().write(true).open(path).unwrap().set_len(20).unwrap();
    };
    for at in 0..count - 1 {
        assert!(change(at, &cut(1)).unwrap_err().contains("ends elsewhere"), "{at}");
        assert!(change(at, &flip).unwrap_err().contains("is broken"), "{at}");
        let gone = change(at, &remove).unwrap_err();
        assert!(gone.contains(if at == 0 { "are gone" } else { "ends elsewhere" }), "{at}: {gone}");
    }
    for torn in [&cut(1) as &dyn Fn(&FsPath), &flip, &only_header, &remove] {
        change(count - 1, torn).unwrap();
    }
}

#[test]
fn changes_of_several_states_share_one_sync_and_stand_in_the_log_each() {
    struct Counting(std::fs::File, Arc<std::sync::atomic::AtomicUsize>);
    impl Medium for Counting {
        fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
            self.0.append(bytes)
        }

        fn sync(&mut self) -> io::Result<()> {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.sync()
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let state = sample(dir.path());
    let height = commit_empty(&state);
    let to = std::fs::OpenOptions::new().append(true).open(dir.path().join(LOG)).unwrap();
    let syncs = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    state.inner.log.lock().unwrap().set_medium(Box::new(Counting(to, Arc::clone(&syncs))));
    let commit = |name: &str, n: u8| {
        let writes = deploy(n, height.0, &[(b"\0k", name.as_bytes())]);
        PrivateCommit { psi: psi(name), height, writes, receipts: Vec::new() }
    };
    let commits = vec![commit("PS2", 20), commit("PS9", 21), commit("PS1", 22), commit("PS2", 23)];
    let answers = state.commit_privates(commits);
    assert_eq!(syncs.load(Ordering::Relaxed), 1);
    assert!(matches!(&answers[..], [Ok(_), Err(Error::NotConfigured(_)), Ok(_), Err(Error::NotNext(_))]));
    assert_eq!(answers[0].as_ref().unwrap(), &state.private(&psi("PS2")).unwrap().root());
    finish(&state);
    let crashed = without_database(dir.path());
    let crashed = open(crashed.path());
    finish(&crashed);
    assert_eq!(all_roots(&crashed), all_roots(&state));
    let value = crashed.private(&psi("PS1")).unwrap().value(&contract(22), b"\0k").unwrap();
    assert_eq!(value.as_deref(), Some(&b"PS1"[..]));
}

const CHILD: &str = "COFFER_STATE_TEST_DIR";

/// Not a test by itself: what [`a_killed_process_loses_nothing_it_answered`] runs as a process of its own.
#[test]
fn child_that_commits_until_it_is_killed() {
    let Ok(dir) = std::env::var(CHILD) else { return };
    let state = open(FsPath::new(&dir));
    let writes = |height: u64| {
        let key = [b"\x01", &height.to_be_bytes()[..]].concat();
        let mut writes = set(1, &key, Some(&[7; 50]));
        if height == 1 {
            writes.created = deploy(1, 1, &[]).created;
        }
        writes
    };
    let private_part = |height: u64| {
        if height % 2 == 1 && state.private_head(&psi("PS1")).0 < height {
            private(&state, "PS1", Height(height), writes(height));
        }
        assert!(state.finish_private(Height(height)).unwrap());
    };
    private_part(state.head().height.0);
    loop {
        let height = state.head().height.0 + 1;
        state.commit_block(block_of(&state, Vec::new(), writes(height))).unwrap();
        private_part(height);
        println!("answered {height}");
    }
}

#[test]
fn a_killed_process_loses_nothing_it_answered() {
    use std::io::BufRead;
    let dir = tempfile::tempdir().unwrap();
    let mut roots = Vec::new();
    for round in 1..=4u64 {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture", "state::tests::crash::child_that_commits_until_it_is_killed"])
            .env(CHILD, dir.path())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let lines = io::BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let answered = lines.filter_map(|line| line.split_once("answered ")?.1.parse::<u64>().ok());
        let answered = answered.take(20).last().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let state = open(dir.path());
        let head = state.head().height.0;
        assert!(head >= answered && answered >= 20 * round, "{answered} answered, {head} there");
        let entries = state.public().entries(&contract(1), b"\x01", b"", 10_000).unwrap();
        assert_eq!(entries.len() as u64, head);
        let odd = answered.div_ceil(2);
        let entries = state.private(&psi("PS1")).unwrap().entries(&contract(1), b"\x01", b"", 10_000).unwrap();
        assert!(entries.len() as u64 >= odd, "{} of {odd}", entries.len());
        let now = all_roots(&state);
        assert_eq!(now[..roots.len()], roots[..]);
        // What was sealed before the kill stays; what came after the last seal is sealed by the next run.
        roots = now;
    }
}

#[test]
fn pipelines_beside_the_public_chain_give_the_roots_of_one_after_the_other() {
    const BLOCKS: u64 = 40;
    let writes = |name: &str, height: u64| {
        let n = name.as_bytes()[2];
        let mut writes = set(n, &[b"\x01", &height.to_be_bytes()[..]].concat(), Some(&[n; 30]));
        if height == 1 {
            writes.created = deploy(n, 1, &[]).created;
        }
        writes
    };
    let (one_by_one, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let one_by_one = open(one_by_one.path());
    for height in 1..=BLOCKS {
        commit_empty(&one_by_one);
        for name in ["PS1", "PS2"] {
            private(&one_by_one, name, Height(height), writes(name, height));
        }
    }
    finish(&one_by_one);
    let beside = open(folder.path());
    std::thread::scope(|scope| {
        for name in ["PS1", "PS2"] {
            let (state, writes) = (beside.clone(), &writes);
            scope.spawn(move || {
                for height in 1..=BLOCKS {
                    while state.head().height.0 < height {
                        std::thread::yield_now();
                    }
                    let expected = state.private(&psi(name)).unwrap().root_after(&writes(name, height)).unwrap();
                    assert_eq!(private(&state, name, Height(height), writes(name, height)), expected);
                }
            });
        }
        for height in 1..=BLOCKS {
            commit_empty(&beside);
            if height % 10 == 0 {
                // The database may be anywhere between what each of the three committed.
                let crashed = copy(folder.path());
                assert!(open(crashed.path()).head().height.0 >= height);
            }
        }
    });
    finish(&beside);
    assert_eq!(all_roots(&beside), all_roots(&one_by_one));
    drop(beside);
    let beside = open(folder.path());
    assert_eq!(all_roots(&beside), all_roots(&one_by_one));
    commit_empty(&beside);
}
