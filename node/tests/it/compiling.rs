//! Compiler processes: what they make runs like what is made here; whatever becomes of one, the next call works. Programs that misbehave are
//! shell scripts in the place of `coffer`.

use std::fs::{self, File, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use coffer::compile::{COMMAND, ChildLimits, ChildProcess};
use coffer_abi::export::MethodKind;
use coffer_abi::{AccountId, ContractId, Gas, Hash, StateId, Status};
use coffer_runtime::engine::{CompileError, Lane, NoCache, Share};
use coffer_runtime::{Backend, BlockContext, Call, Code, Config, Executed, Fault, MemoryState, Runtime};
use rustix::process::{Pid, Signal, kill_process};

const COFFER: &str = env!("CARGO_BIN_EXE_coffer");
/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

const LIMITS: ChildLimits = ChildLimits { memory: 1 << 30, seconds: 100, at_once: 2 };

struct Setup {
    compiler: Arc<ChildProcess>,
    runtime: Runtime,
}

fn with(program: &Path, limits: ChildLimits, backend: Backend) -> Setup {
    let compiler = Arc::new(ChildProcess::new(program.to_owned(), limits));
    let queries = Share { slots: 1, lane_slots: 1, deep: 1 };
    let config = Config { backend, slots: 1, deep: 1, queries, query_limit: PATIENCE, ..Config::default() };
    let runtime = Runtime::with(config, Arc::<ChildProcess>::clone(&compiler), Arc::new(NoCache)).unwrap();
    Setup { compiler, runtime }
}

/// A module with this many functions of its own; its method adds them up.
fn module(functions: u32) -> Vec<u8> {
    let bodies: String = (0..functions)
        .map(|n| {
            format!(
                "(func $f{n} (param i32) (result i32) (i32.add (i32.mul (local.get 0) (i32.const {n})) (i32.const 7)))"
            )
        })
        .collect();
    let calls: String =
        (0..functions.min(100)).map(|n| format!("(local.set $x (call $f{n} (local.get $x)))")).collect();
    wat::parse_str(format!(
        r#"(module
            (import "coffer_1" "output" (func $output (param i32 i32)))
            (memory (export "memory") 1)
            {bodies}
            (func $work (local $x i32)
                {calls} (i32.store (i32.const 0) (local.get $x)) (call $output (i32.const 0) (i32.const 4)))
            (func (export "call go") (call $work))
            (func (export "view go") (call $work)))"#
    ))
    .unwrap()
}

fn call(kind: MethodKind) -> Call<'static> {
    Call {
        kind,
        method: "go",
        input: b"",
        contract: ContractId([1; 32]),
        state_id: StateId([2; 32]),
        caller: AccountId([3; 32]),
        origin: AccountId([3; 32]),
        block: BlockContext::default(),
        seed: Hash::default(),
        gas_limit: Gas(100_000_000),
    }
}

fn execute(runtime: &Runtime, code: &Code) -> Result<Executed, Fault> {
    runtime.execute(code, &call(MethodKind::Call), &MemoryState::default())
}

/// A program that does this instead of compiling; `$COFFER` is the real one.
fn script(folder: &Path, body: &str) -> PathBuf {
    let path = folder.join("program");
    let mut file = File::create(&path).unwrap();
    write!(file, "#!/bin/sh\nCOFFER='{COFFER}'\n{body}\n").unwrap();
    drop(file);
    fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    path
}

fn failure(setup: &Setup) -> CompileError {
    let code = setup.runtime.read(&module(3)).unwrap();
    match execute(&setup.runtime, &code) {
        Err(Fault::Compiler(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn code_from_a_process_runs_like_code_made_here() {
    let wasm = module(20);
    for backend in [Backend::Winch, Backend::Cranelift] {
        let here = Runtime::new(Config { backend, slots: 1, deep: 1, ..Config::default() }).unwrap();
        let Setup { runtime, compiler } = with(Path::new(COFFER), LIMITS, backend);
        let (code, expected) = (runtime.prepare(&wasm).unwrap(), here.prepare(&wasm).unwrap());
        let expected = execute(&here, &expected).unwrap();
        assert!(matches!(&expected.status, Status::Ok(sum) if sum.len() == 4));
        assert_eq!(execute(&runtime, &code).unwrap(), expected, "{backend:?}");
        let asked = runtime.query(&code, &call(MethodKind::View), &MemoryState::default()).unwrap();
        assert_eq!((asked.status, asked.gas_used), (expected.status, expected.gas_used), "{backend:?}");
        assert_eq!((compiler.started(), runtime.stats().compiled), (2, 2));
    }
}

#[test]
fn a_process_that_is_killed_once_is_started_again() {
    let folder = tempfile::tempdir().unwrap();
    let body = r#"if [ -e "$0.ran" ]; then exec "$COFFER" "$@"; fi; : > "$0.ran"; read -r line; kill -9 $$"#;
    let setup = with(&script(folder.path(), body), LIMITS, Backend::Winch);
    let code = setup.runtime.prepare(&module(3)).unwrap();
    assert!(execute(&setup.runtime, &code).unwrap().status.is_ok());
    assert_eq!((setup.compiler.started(), setup.runtime.stats().failed), (2, 0));
}

#[test]
fn a_process_that_is_killed_in_the_middle_of_its_work_is_started_again() {
    // A bound that no other test gives, by which the process can be told from theirs.
    let limits = ChildLimits { memory: (1 << 30) - 4_711, ..LIMITS };
    let setup = with(Path::new(COFFER), limits, Backend::Cranelift);
    let mark = limits.memory.to_string();
    std::thread::scope(|scope| {
        let compiled = scope.spawn(|| setup.runtime.prepare(&module(3_000)));
        let started = Instant::now();
        let pid = loop {
            assert!(started.elapsed() < PATIENCE && !compiled.is_finished(), "no process to kill");
            if let Some(pid) = child_with(&mark) {
                break pid;
            }
            std::thread::yield_now();
        };
        kill_process(pid, Signal::KILL).unwrap();
        assert!(compiled.join().unwrap().is_ok());
    });
    assert_eq!((setup.compiler.started(), setup.runtime.stats().failed), (2, 0));
}

/// The process with this word among its arguments, once it is the program it is to be.
fn child_with(word: &str) -> Option<Pid> {
    fs::read_dir("/proc").unwrap().flatten().find_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let words = fs::read(entry.path().join("cmdline")).ok()?;
        words.split(|byte| *byte == 0).any(|found| found == word.as_bytes()).then(|| Pid::from_raw(pid))?
    })
}

#[test]
fn a_process_that_always_dies_is_a_fault_with_its_cause_and_the_next_call_works() {
    let folder = tempfile::tempdir().unwrap();
    let body = r#"if [ -e "$0.well" ]; then exec "$COFFER" "$@"; fi; echo 'the sky fell' >&2; kill -9 $$"#;
    let program = script(folder.path(), body);
    let setup = with(&program, LIMITS, Backend::Winch);
    let error = failure(&setup);
    assert!(
        matches!(&error, CompileError::Crashed(why) if why.contains("signal: 9") && why.contains("the sky fell")),
        "{error}"
    );
    assert_eq!((setup.compiler.started(), setup.runtime.stats().failed), (2, 1), "tried twice");
    File::create(program.with_extension("well")).unwrap();
    let code = setup.runtime.prepare(&module(3)).unwrap();
    assert!(execute(&setup.runtime, &code).unwrap().status.is_ok());
}

#[test]
fn a_process_that_does_not_come_to_an_end_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    let limits = ChildLimits { seconds: 1, ..LIMITS };
    let setup = with(&script(folder.path(), "while :; do :; done"), limits, Backend::Winch);
    assert_eq!(failure(&setup), CompileError::TooSlow(1));
    assert_eq!(setup.compiler.started(), 1, "what was too slow once is not tried again");
    assert!(child_with(folder.path().to_str().unwrap()).is_none());
}

#[test]
fn a_process_that_needs_too_much_memory_is_ended() {
    let limits = ChildLimits { memory: 24 << 20, ..LIMITS };
    let setup = with(Path::new(COFFER), limits, Backend::Cranelift);
    let refused = setup.runtime.prepare(&module(5_000)).map(|_| ()).unwrap_err();
    let expected = CompileError::TooLarge(24 << 20).to_string();
    assert_eq!(refused.to_string(), expected);
    assert_eq!(setup.compiler.started(), 1);
}

#[test]
fn another_program_in_its_place_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let silent = with(&script(folder.path(), "exit 0"), LIMITS, Backend::Winch);
    let talks = tempfile::tempdir().unwrap();
    let talks = with(&script(talks.path(), "cat; echo Usage: something"), LIMITS, Backend::Winch);
    for setup in [silent, talks, with(Path::new("/nowhere/coffer"), LIMITS, Backend::Winch)] {
        let error = failure(&setup);
        // One that ends while it is being written to may be killed before it is asked how it ended.
        assert!(matches!(error, CompileError::Unavailable(_) | CompileError::Crashed(_)), "{error}");
    }
}

#[test]
fn nothing_of_the_nodes_environment_reaches_a_process() {
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some(), "the test runner sets it");
    let folder = tempfile::tempdir().unwrap();
    let body = r#"if [ -n "$CARGO_MANIFEST_DIR$HOME" ]; then echo leaked >&2; exit 1; fi; exec "$COFFER" "$@""#;
    let setup = with(&script(folder.path(), body), LIMITS, Backend::Winch);
    assert!(setup.runtime.prepare(&module(3)).is_ok());
}

/// The row of `/proc/PID/limits` that starts with these words, split into numbers.
#[cfg(target_os = "linux")]
fn limit(pid: u32, row: &str) -> Option<String> {
    let table = fs::read_to_string(format!("/proc/{pid}/limits")).ok()?;
    let line = table.lines().find_map(|line| line.strip_prefix(row))?;
    Some(line.split_whitespace().next()?.to_owned())
}

#[test]
#[cfg(target_os = "linux")]
fn a_process_has_its_bounds_before_it_reads_the_module() {
    let order = ["execute", "winch", "268435456", "9", "true", "true", "true", "true"];
    let mut command = Command::new(COFFER);
    command.arg(COMMAND).args(order).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let started = Instant::now();
    // The last one that is set.
    while limit(child.id(), "Max data size").as_deref() != Some("268435456") {
        assert!(started.elapsed() < PATIENCE && child.try_wait().unwrap().is_none(), "no bounds were set");
        std::thread::yield_now();
    }
    for (row, expected) in
        [("Max cpu time", "9"), ("Max file size", "0"), ("Max core file size", "0"), ("Max open files", "0")]
    {
        assert_eq!(limit(child.id(), row).as_deref(), Some(expected), "{row}");
    }
    let plain = wat::parse_str("(module (func))").unwrap();
    child.stdin.take().unwrap().write_all(&plain).unwrap();
    let mut answer = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut answer).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(answer.starts_with(b"coffer code v1") && answer.len() > 1_000);
}

#[test]
fn a_person_who_calls_the_command_is_told_so() {
    let output = Command::new(COFFER).args([COMMAND, "please"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("not by people"), "{said}");
    let help = Command::new(COFFER).arg("--help").output().unwrap();
    assert!(!String::from_utf8_lossy(&help.stdout).contains(COMMAND));
}

#[test]
fn a_lane_that_floods_the_compiler_leaves_a_process_to_others() {
    let folder = tempfile::tempdir().unwrap();
    // Compiles for who waits at once, and for the flood when it may.
    let body = r#"if [ "$3" = 536870912 ]; then while [ ! -e "$0.go" ]; do :; done; fi; exec "$COFFER" "$@""#;
    let program = script(folder.path(), body);
    let limits = ChildLimits { memory: 536_870_912, ..LIMITS };
    let Setup { runtime, compiler } = with(&program, limits, Backend::Winch);
    let quick = with(Path::new(COFFER), LIMITS, Backend::Winch);
    drop(quick);
    std::thread::scope(|scope| {
        let flood: Vec<_> = (0..3)
            .map(|n| {
                let runtime = runtime.in_lane(Lane(1));
                scope.spawn(move || runtime.prepare(&module(n + 1)).is_ok())
            })
            .collect();
        let other = scope.spawn(|| runtime.in_lane(Lane(2)).prepare(&module(9)).is_ok());
        let started = Instant::now();
        // One of the flood and the other lane's: both processes run, the rest of the flood waits.
        while compiler.started() < 2 {
            assert!(started.elapsed() < PATIENCE);
            std::thread::yield_now();
        }
        File::create(program.with_extension("go")).unwrap();
        assert!(other.join().unwrap() && flood.into_iter().all(|one| one.join().unwrap()));
    });
}
