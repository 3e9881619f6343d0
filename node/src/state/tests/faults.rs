//! Faults, one at every place where one can be: each write and sync of the log is once the last, the power goes while
//! what was never synced is lost in part, a bit of any file flips, the disk is full, a process is killed while it
//! commits or recovers. Whatever happens, what was answered is there, and nothing wrong is ever proved.
//!
//! Few rounds here; `docs/TESTING.md` has the commands of the long forms and what they last printed.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use coffer_proof::{Answer, Asked, TrustedBlock};

use super::super::log::Medium;
use super::random::{Random, number};
use super::*;

/// Numbers of a test. The seed is another for each run, and printed.
fn seeded(test: &str) -> Random {
    let seed = number("COFFER_SEED", u64::from(std::process::id()));
    println!("{test}: COFFER_SEED={seed}");
    Random::new(seed, test)
}

const STATES: [&str; 3] = ["public", "PS1", "PS2"];
const KEYS: u8 = 24;

fn key(n: u8) -> Vec<u8> {
    vec![n % 2, n]
}

/// What the block at a height writes to a state: about six keys, now and then removed.
fn writes(state: &str, height: u64) -> StateWrites {
    let mut numbers = blake3::Hasher::new().update(state.as_bytes()).update(&height.to_le_bytes()).finalize_xof();
    let mut bytes = [0; 12];
    numbers.fill(&mut bytes);
    let (pairs, _) = bytes.as_chunks::<2>();
    let slots = pairs.iter().map(|[n, value]| (key(n % KEYS), (value % 4 > 0).then(|| vec![*value; 40]))).collect();
    let mut writes = StateWrites { slots: BTreeMap::from([(contract(1), slots)]), ..StateWrites::default() };
    if height == 1 {
        writes.created = deploy(1, 1, &[]).created;
    }
    writes
}

/// What a state holds after the block at a height.
fn content(state: &str, height: u64) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut content = BTreeMap::new();
    for height in 1..=height {
        for (key, value) in &writes(state, height).slots[&contract(1)] {
            match value {
                Some(value) => content.insert(key.clone(), value.clone()),
                None => content.remove(key),
            };
        }
    }
    content
}

/// Goes on from wherever the state is until the block at `to` is done in every state.
fn advance(state: &State, to: u64) -> Result<(), Error> {
    loop {
        let height = state.head().height;
        for name in &STATES[1..] {
            if state.private_head(&psi(name)) < height {
                let writes = writes(name, height.0);
                state.commit_private(PrivateCommit { psi: psi(name), height, writes, receipts: Vec::new() })?;
            }
        }
        assert!(state.finish_private(height)?);
        if height.0 >= to {
            return Ok(());
        }
        state.commit_block(block_of(state, Vec::new(), writes(STATES[0], height.0 + 1)))?;
    }
}

/// Every root of a chain to which nothing happens.
fn undisturbed(to: u64) -> Vec<(Hash, Hash, Hash, Hash)> {
    let dir = tempfile::tempdir().unwrap();
    let state = open(dir.path());
    advance(&state, to).unwrap();
    all_roots(&state)
}

/// A state opened after a fault has what was answered, and goes on as if nothing had been.
fn check_recovered(dir: &FsPath, answered: u64, roots: &[(Hash, Hash, Hash, Hash)]) {
    let state = open(dir);
    let head = state.head().height.0;
    assert!(head >= answered, "{answered} answered, {head} there");
    let there = all_roots(&state);
    assert_eq!(there[..], roots[..there.len()]);
    let to = roots.len() as u64 - 1;
    advance(&state, to).unwrap();
    assert_eq!(all_roots(&state), roots);
    for name in STATES {
        let view = if name == "public" { state.public() } else { state.private(&psi(name)).unwrap() };
        let content = content(name, to);
        for n in 0..KEYS {
            assert_eq!(view.value(&contract(1), &key(n)).unwrap(), content.get(&key(n)).cloned(), "{name} {n}");
        }
    }
}

/// A disk of which the n-th operation is the last: a write that stops in the middle, or a sync that does not happen.
struct Ending {
    to: File,
    left: u64,
    /// Bytes of the last write that reach the file.
    part: u64,
    /// Bytes of the file that were synced.
    synced: Arc<AtomicU64>,
}

impl Ending {
    fn is_last(&mut self) -> bool {
        let last = self.left == 0;
        self.left = self.left.saturating_sub(1);
        last
    }
}

impl Medium for Ending {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.is_last() {
            self.to.append(&bytes[..(self.part as usize).min(bytes.len())])?;
            return Err(io::Error::other("the power is gone"));
        }
        self.to.append(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.is_last() {
            return Err(io::Error::other("the power is gone"));
        }
        self.to.sync()?;
        self.synced.store(self.to.metadata()?.len(), Relaxed);
        Ok(())
    }
}

/// What the loss of power leaves of a file whose first `synced` bytes were synced: a part of the rest, some of it zeros.
fn lose(path: &FsPath, synced: u64, numbers: &mut Random) {
    let mut bytes = std::fs::read(path).unwrap();
    let kept = synced + numbers.below(bytes.len() as u64 + 1 - synced);
    bytes.truncate(kept as usize);
    for sector in bytes[synced as usize..].chunks_mut(512) {
        if numbers.below(3) == 0 {
            sector.fill(0);
        }
    }
    std::fs::write(path, bytes).unwrap();
}

/// What the database is after the power went. It lags behind the log, however far.
fn database_after(dir: &FsPath, older: Option<&FsPath>, numbers: &mut Random) -> &'static str {
    let db = dir.join("db");
    match numbers.below(4) {
        0 => {
            std::fs::remove_dir_all(&db).unwrap();
            "gone"
        }
        1 if older.is_some() => {
            std::fs::remove_dir_all(&db).unwrap();
            let older = copy(older.unwrap());
            std::fs::rename(older.path().join("db"), &db).unwrap();
            "an older one"
        }
        2 => {
            // Its own log loses its end.
            for entry in std::fs::read_dir(&db).unwrap().map(Result::unwrap) {
                if entry.file_name().to_string_lossy().starts_with("log") {
                    lose(&entry.path(), 0, numbers);
                }
            }
            "without the end of its log"
        }
        _ => "as it was",
    }
}

#[test]
fn every_write_and_every_sync_of_the_log_may_be_the_last() {
    let mut numbers = seeded("every_write_and_every_sync");
    let to = number("COFFER_FAULT_BLOCKS", 3);
    let roots = undisturbed(to);
    let mut faults = 0;
    for n in 0.. {
        let dir = tempfile::tempdir().unwrap();
        let state = open(dir.path());
        let first = segments(dir.path()).remove(0);
        let older = copy(dir.path());
        let part = numbers.below(400);
        let append = std::fs::OpenOptions::new().append(true).open(&first).unwrap();
        let synced = Arc::new(AtomicU64::new(append.metadata().unwrap().len()));
        let ending = Ending { to: append, left: n, part, synced: Arc::clone(&synced) };
        state.inner.log.lock().unwrap().set_medium(Box::new(ending));
        let mut answered = 0;
        let failed = loop {
            match advance(&state, answered + 1) {
                Ok(()) => answered += 1,
                Err(error) => break Some(error),
            }
            if answered == to {
                break None;
            }
        };
        if failed.is_none() {
            assert!(faults > to, "only {faults} operations in {to} blocks");
            break;
        }
        faults += 1;
        let again = advance(&state, to).unwrap_err();
        assert!(matches!(again, Error::Failed(_)), "{again}");
        for power in [false, true] {
            let crashed = copy(dir.path());
            let mut what = "as it was";
            if power {
                lose(&segments(crashed.path()).remove(0), synced.load(Relaxed), &mut numbers);
                what = database_after(crashed.path(), Some(older.path()), &mut numbers);
            }
            println!("operation {n}, {part} bytes of it, power lost: {power}, database {what}");
            check_recovered(crashed.path(), answered, &roots);
        }
    }
    println!("{faults} faults, each recovered from twice");
}

#[test]
fn a_loss_of_power_at_any_moment_loses_nothing_that_was_answered() {
    let mut numbers = seeded("a_loss_of_power");
    let to = 12;
    let roots = undisturbed(to);
    for round in 0..number("COFFER_POWER_ROUNDS", 6) {
        let dir = tempfile::tempdir().unwrap();
        let state = open(dir.path());
        state.inner.log.lock().unwrap().set_segment(500 + numbers.below(3_000));
        let (before, after) = (numbers.below(to), 1 + numbers.below(to));
        advance(&state, before.min(after)).unwrap();
        let older = copy(dir.path());
        let answered = before.max(after);
        advance(&state, answered).unwrap();
        let crashed = copy(dir.path());
        // A segment that was just begun, or a group that was being written.
        let (last, synced) = {
            let last = segments(crashed.path()).pop().unwrap();
            let length = std::fs::metadata(&last).unwrap().len();
            (last, length)
        };
        let rest: Vec<u8> = (0..numbers.below(2_000)).map(|n| n as u8).collect();
        std::fs::OpenOptions::new().append(true).open(&last).unwrap().append(&rest).unwrap();
        lose(&last, synced, &mut numbers);
        let what = database_after(crashed.path(), Some(older.path()), &mut numbers);
        println!("round {round}: {answered} answered, database {what}");
        check_recovered(crashed.path(), answered, &roots);
    }
}

/// Every file of a folder.
fn files(dir: &FsPath) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
        match entry.file_type().unwrap().is_dir() {
            true => found.extend(files(&entry.path())),
            false => found.push(entry.path()),
        }
    }
    found.sort();
    found
}

/// Hash of the last block of the undisturbed chain.
fn chain_of(to: u64) -> Hash {
    let dir = tempfile::tempdir().unwrap();
    let state = open(dir.path());
    advance(&state, to).unwrap();
    state.head().hash
}

/// What can be proved of a state that was damaged is so. True if a value came out other than it should be, without
/// proof.
fn check_nothing_wrong_is_proved(state: &State, block: Hash, height: u64) -> bool {
    let keys: BTreeSet<_> = (0..KEYS).map(key).collect();
    let asked: Asked = BTreeMap::from([(contract(1), keys.clone())]);
    let mut wrong = false;
    for name in STATES {
        let content = content(name, height);
        let view = match name {
            "public" => Ok(state.public()),
            _ => state.private(&psi(name)),
        };
        let Ok(view) = view else { continue };
        for key in &keys {
            if let Ok(value) = view.value(&contract(1), key) {
                let right = value.as_ref() == content.get(key);
                // What is sealed cannot come out changed; it can be missing.
                assert!(right || name == "public" || value.is_none(), "{name}: {key:?}");
                wrong |= !right;
            }
        }
        if name == "public"
            && let Ok(proof) = state.prove_public(Height(height), &asked)
            && let Ok(verified) = proof.verify(&TrustedBlock::Block(block))
        {
            for key in &keys {
                let expected = content.get(key).map_or(Answer::Absent, |value| Answer::Present(&value[..]));
                assert_eq!(verified.value(&contract(1), key), expected, "{name}: {key:?}");
            }
        }
    }
    wrong
}

const DAMAGED: &str = "COFFER_DAMAGED_FOLDER";
/// Blocks of the chain in a folder to damage.
const DAMAGED_BLOCKS: u64 = 4;
/// The signal for an address in a mapped file that is behind its end.
const BUS: i32 = 7;

/// Not a test by itself: what [`a_flipped_bit_in_any_file_is_an_error_or_proves_nothing_wrong`] runs as a process of its own.
#[test]
fn child_that_checks_a_damaged_folder() {
    let Ok(dir) = std::env::var(DAMAGED) else { return };
    let verdict = match State::open(FsPath::new(&dir), options(&["PS1", "PS2"])) {
        Err(error) => {
            assert!(!error.to_string().is_empty());
            "refused"
        }
        Ok(state) => {
            // Damage never looks like a torn last frame: the database has seen them all.
            assert_eq!(state.head().height.0, DAMAGED_BLOCKS, "blocks are gone without a word");
            let block = chain_of(DAMAGED_BLOCKS);
            if check_nothing_wrong_is_proved(&state, block, DAMAGED_BLOCKS) { "unproved" } else { "harmless" }
        }
    };
    println!("verdict {verdict}");
}

#[test]
fn a_flipped_bit_in_any_file_is_an_error_or_proves_nothing_wrong() {
    let mut numbers = seeded("a_flipped_bit_in_any_file");
    let dir = tempfile::tempdir().unwrap();
    advance(&open(dir.path()), DAMAGED_BLOCKS).unwrap();
    // Until it was opened once more, all is in the database's own log; after, it is in its tables.
    drop(open(dir.path()));
    // Where something stands, in each file.
    let filled = |file: &FsPath| -> Vec<usize> {
        let bytes = std::fs::read(file).unwrap();
        let pages = bytes.chunks(4096).enumerate().filter(|(_, page)| page.iter().any(|byte| *byte != 0));
        pages
            .flat_map(|(n, page)| page.iter().enumerate().map(move |(at, byte)| (n * 4096 + at, *byte)))
            .filter(|(_, byte)| *byte != 0)
            .map(|(at, _)| at)
            .collect()
    };
    let all: Vec<_> = files(dir.path()).into_iter().filter(|file| !file.ends_with("lock")).collect();
    let all: Vec<_> =
        all.into_iter().map(|file| (filled(&file), file)).filter(|(filled, _)| !filled.is_empty()).collect();
    let (mut refused, mut harmless, mut unproved, mut ended, mut flips) = (0, 0, 0, 0, 0);
    for _ in 0..number("COFFER_FLIP_ROUNDS", 1) {
        for (filled, file) in &all {
            let mut bytes = std::fs::read(file).unwrap();
            // Mostly where something stands.
            let at = match numbers.below(8) {
                0 => numbers.below(bytes.len() as u64) as usize,
                _ => filled[numbers.below(filled.len() as u64) as usize],
            };
            let damaged = copy(dir.path());
            let name = file.strip_prefix(dir.path()).unwrap();
            bytes[at] ^= 1 << numbers.below(8);
            std::fs::write(damaged.path().join(name), bytes).unwrap();
            flips += 1;
            // A process of its own: the database maps its files into memory, and an address behind the end of one ends it.
            let checking = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "--nocapture", "state::tests::faults::child_that_checks_a_damaged_folder"])
                .env(DAMAGED, damaged.path())
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&checking.stdout);
            let verdicts = [("refused", &mut refused), ("harmless", &mut harmless), ("unproved", &mut unproved)];
            let verdict = verdicts.into_iter().find(|(verdict, _)| said.contains(&format!("verdict {verdict}")));
            match (verdict, checking.status.signal()) {
                (Some((_, count)), None) if checking.status.success() => *count += 1,
                (None, Some(BUS)) => ended += 1,
                _ => panic!("{} byte {at}: {} {said}", name.display(), String::from_utf8_lossy(&checking.stderr)),
            }
        }
    }
    println!(
        "{flips} flips: {refused} refused at start, {harmless} harmless, {unproved} wrong without proof, {ended} ended the process"
    );
}

const CHILD: &str = "COFFER_FAULT_CHILD";

/// Not a test by itself: what the tests below run as a process of its own.
#[test]
fn child_that_commits_for_ever() {
    let Ok(dir) = std::env::var(CHILD) else { return };
    let state = match State::open(FsPath::new(&dir), options(&["PS1", "PS2"])) {
        Ok(state) => state,
        Err(error) => return println!("stopped {error}"),
    };
    println!("opened");
    for height in state.head().height.0.. {
        if let Err(error) = advance(&state, height) {
            let again = advance(&state, height + 1).unwrap_err();
            assert!(matches!(again, Error::Failed(_)), "{again}");
            return println!("stopped {error}");
        }
        println!("answered {height}");
    }
}

fn child(dir: &FsPath, mut command: Command) -> std::process::Child {
    command
        .args(["--exact", "--nocapture", "state::tests::faults::child_that_commits_for_ever"])
        .env(CHILD, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// What a process says while it lives.
#[derive(Default)]
struct Said {
    opened: bool,
    /// The last height it answered.
    answered: Option<u64>,
    /// Why it stopped by itself.
    stopped: Option<String>,
}

impl Said {
    /// Takes note of lines until `enough`, or to the end.
    fn listen(&mut self, lines: &mut impl Iterator<Item = io::Result<String>>, enough: impl Fn(&Self) -> bool) {
        for line in lines.map_while(Result::ok) {
            self.opened |= line.ends_with("opened");
            if let Some((_, height)) = line.split_once("answered ") {
                self.answered = height.parse().ok().or(self.answered);
            }
            if let Some((_, why)) = line.split_once("stopped ") {
                self.stopped = Some(why.to_owned());
            }
            if enough(self) {
                break;
            }
        }
    }
}

#[test]
#[allow(clippy::disallowed_methods, reason = "the moment of a kill is to be without a meaning; nothing waits for it")]
fn killed_while_it_commits_or_recovers_a_process_loses_nothing_it_answered() {
    let mut numbers = seeded("killed_while_it_commits_or_recovers");
    let dir = tempfile::tempdir().unwrap();
    let (mut answered, mut in_recovery) = (0, 0);
    let rounds = number("COFFER_KILL_ROUNDS", 10);
    for round in 0..rounds {
        let mut process = child(dir.path(), Command::new(std::env::current_exe().unwrap()));
        let mut lines = io::BufReader::new(process.stdout.take().unwrap()).lines();
        let mut said = Said::default();
        if round % 2 == 0 {
            said.listen(&mut lines, |said| said.answered.is_some());
        }
        // A moment without a meaning: in the odd rounds most are before it is open.
        std::thread::sleep(std::time::Duration::from_micros(2_000 + numbers.below(40_000)));
        process.kill().unwrap();
        said.listen(&mut lines, |_| false);
        process.wait().unwrap();
        assert_eq!(said.stopped, None);
        in_recovery += u64::from(!said.opened);
        answered = said.answered.unwrap_or(answered).max(answered);
    }
    let state = open(dir.path());
    let head = state.head().height.0;
    assert!(head >= answered, "{answered} answered, {head} there");
    println!("{rounds} kills, {in_recovery} of them before it was open, {answered} blocks answered, {head} there");
    advance(&state, head).unwrap();
    let roots = undisturbed(head);
    assert_eq!(all_roots(&state), roots);
    drop(state);
    check_recovered(dir.path(), head, &roots);
}

#[test]
fn a_disk_that_fills_up_stops_the_state_with_a_reason_and_loses_nothing_answered() {
    // Files of a process may have so many blocks of 512 bytes: the same error as a full disk gives, without one.
    let sizes = [16u64, 256, 1_500, 4_000, 9_000].into_iter().take(number("COFFER_DISK_ROUNDS", 3) as usize);
    let mut stopped = Vec::new();
    for blocks in sizes {
        let dir = tempfile::tempdir().unwrap();
        drop(open(dir.path()));
        let mut shell = Command::new("sh");
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        shell.args(["-c", &script]).arg(std::env::current_exe().unwrap());
        let mut process = child(dir.path(), shell);
        let mut said = Said::default();
        said.listen(&mut io::BufReader::new(process.stdout.take().unwrap()).lines(), |_| false);
        let status = process.wait().unwrap();
        println!("{blocks} blocks: {:?} answered, {:?}", said.answered, said.stopped);
        assert!(status.success(), "{status}");
        let why = said.stopped.unwrap();
        assert!(why.contains("too large"), "{why}");
        stopped.push((dir, said.answered.unwrap_or(0)));
    }
    let heads: Vec<_> = stopped.iter().map(|(dir, _)| open(dir.path()).head().height.0).collect();
    let roots = undisturbed(heads.iter().max().unwrap() + 2);
    for ((dir, answered), head) in stopped.into_iter().zip(heads) {
        check_recovered(dir.path(), answered, &roots[..head as usize + 3]);
    }
}
