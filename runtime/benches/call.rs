//! What one call costs: `token.transfer` on an in-memory state, a fresh instance each time, on both backends, split into its parts and
//! beside bare wasmtime (same module without metering, same pool) in the same run. Invariant: every timed call is checked to succeed.
//!
//! `cd contracts && cargo build --release --target wasm32v1-none -p token`, then `cargo bench -p coffer-runtime`.
//! `COFFER_TOKEN_WASM` names another file.
#![allow(clippy::print_stdout, clippy::print_stderr, missing_docs)]

mod bare;

use std::path::PathBuf;
use std::time::Instant;

use coffer_abi::export::MethodKind;
use coffer_abi::{AccountId, ContractId, Encode, Gas, Hash, Height, StateId, Status, Time};
use coffer_runtime::meter::instrument;
use coffer_runtime::{Backend, BlockContext, Call, Code, Config, MemoryState, Runtime, validate};

const CONTRACT: ContractId = ContractId([0xc0; 32]);
const ACCOUNTS: u64 = 1_000;
const ROUNDS: usize = 9;
const CALLS: u64 = 10_000;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let path = std::env::var_os("COFFER_TOKEN_WASM").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../contracts/target/wasm32v1-none/release/token.wasm")),
        PathBuf::from,
    );
    let Ok(wasm) = std::fs::read(&path) else {
        eprintln!(
            "{} is not there: build it with\n  (cd contracts && cargo build --release --target wasm32v1-none -p token)\nor set COFFER_TOKEN_WASM",
            path.display()
        );
        std::process::exit(2);
    };
    println!("token.wasm: {} bytes; median of {ROUNDS} rounds (fastest in brackets)", wasm.len());
    from_upload_to_code(&wasm)?;
    for backend in [Backend::Winch, Backend::Cranelift] {
        calls(backend, &wasm)?;
    }
    Ok(())
}

fn from_upload_to_code(wasm: &[u8]) -> Result<(), Failure> {
    println!("\nfrom upload to code");
    let config = Config::default();
    let report = validate(wasm, &config.caps)?;
    row("validate", 20, |n| (0..n).for_each(|_| drop(std::hint::black_box(validate(wasm, &config.caps)))));
    row("instrument", 20, |n| {
        (0..n).for_each(|_| drop(std::hint::black_box(instrument(wasm, &report, &config.schedule, &config.caps))))
    });
    let metered = instrument(wasm, &report, &config.schedule, &config.caps)?;
    println!("  {:<58} {:>10} bytes", "instrumented module", metered.len());
    for backend in [Backend::Winch, Backend::Cranelift] {
        let runtime = Runtime::new(Config { backend, ..Config::default() })?;
        row(&format!("validate + instrument + compile, {backend:?}"), 2, |n| {
            (0..n).for_each(|_| drop(std::hint::black_box(runtime.prepare(wasm))));
        });
    }
    Ok(())
}

fn calls(backend: Backend, wasm: &[u8]) -> Result<(), Failure> {
    println!("\n{backend:?}");
    let runtime = Runtime::new(Config { backend, ..Config::default() })?;
    let token = runtime.prepare(wasm)?;
    let mut bench = Token::new(&runtime, &token)?;
    let gas = bench.run(1).0;
    let metered = row("token.transfer: fresh instance, result applied to the state", CALLS, |n| {
        bench.run(n);
    });
    println!("  {:<58} {:>10.0} calls/s, {gas} gas each", "", 1e9 / metered);
    let bare = bare::Bare::new(backend)?;
    let code = bare.compile(wasm)?;
    let method = code.method("call transfer")?;
    let storage = bench.state.entries(&CONTRACT).map(|(key, value)| (key.to_vec(), value.to_vec())).collect();
    let mut host = Some(Box::new(bare::Host::new(storage)));
    let unmetered = row("  the same on bare wasmtime, no metering, no bounds", CALLS, |n| {
        for i in 0..n {
            let Some(mut sent) = host.take() else { panic!("the host is gone") };
            let (from, args) = transfer(i);
            (sent.caller, sent.input) = (from.0, args);
            host = bare.call(&code, &method, sent).ok();
            assert!(host.as_ref().is_some_and(|host| host.output.is_some()));
        }
    });
    println!("  {:<58} {:>10.2}", "  ratio", metered / unmetered);
    let state = bench.state.clone();
    row("token.total_supply (a view)", CALLS, |n| {
        for _ in 0..n {
            let executed = runtime.execute(&token, &call(MethodKind::View, "total_supply", &[], account(0)), &state);
            assert!(executed.is_ok_and(|executed| executed.status.is_ok()));
        }
    });

    let empty = runtime.prepare(&module("")?)?;
    let floor = row("fresh instance of a one-page module, method only answers", CALLS, |n| go(&runtime, &empty, n));
    let other = runtime.prepare(&module("")?)?;
    row("  two such modules in turn", CALLS, |n| {
        (0..n / 2).for_each(|_| {
            go(&runtime, &empty, 1);
            go(&runtime, &other, 1);
        });
    });
    for (name, body) in [
        ("block_height", "(drop (call $block_height))"),
        ("caller (32 bytes)", "(drop (call $caller (i32.const 64) (i32.const 32)))"),
        (
            "storage_get, nothing there",
            "(drop (call $storage_get (i32.const 0) (i32.const 33) (i32.const 64) (i32.const 64)))",
        ),
        (
            "storage_set, 16 bytes, the same key",
            "(call $storage_set (i32.const 0) (i32.const 33) (i32.const 64) (i32.const 16))",
        ),
        (
            "hash_blake3 of 64 bytes",
            "(drop (call $hash_blake3 (i32.const 0) (i32.const 64) (i32.const 64) (i32.const 32)))",
        ),
        ("none, only the loop around it", "(drop (local.get $i))"),
    ] {
        let code = runtime.prepare(&module(body)?)?;
        let (total, least) = median(|n| go(&runtime, &code, n), 200);
        let each = |nanoseconds: f64| (nanoseconds - floor) / 1_000.0;
        println!("  {:<58} {:>10.1} ns  [{:.1}]", format!("host function: {name}"), each(total), each(least));
    }

    let threads = std::thread::available_parallelism()?.get();
    let begun = Instant::now();
    std::thread::scope(|scope| -> Result<(), Failure> {
        let spawn = |_| {
            let mut bench = Token { state: bench.state.clone(), ..bench };
            std::thread::Builder::new().stack_size(16 << 20).spawn_scoped(scope, move || {
                bench.run(5 * CALLS);
            })
        };
        let running = (0..threads).map(spawn).collect::<Result<Vec<_>, _>>()?;
        running.into_iter().for_each(|thread| assert!(thread.join().is_ok()));
        Ok(())
    })?;
    let all = (threads as u64 * 5 * CALLS) as f64 / begun.elapsed().as_secs_f64();
    println!("  {:<58} {all:>10.0} calls/s", format!("token.transfer on {threads} threads, a state each"));
    Ok(())
}

/// A deployed token whose accounts all have a balance.
struct Token<'a> {
    runtime: &'a Runtime,
    code: &'a Code,
    state: MemoryState,
}

impl<'a> Token<'a> {
    fn new(runtime: &'a Runtime, code: &'a Code) -> Result<Self, Failure> {
        let mut token = Self { runtime, code, state: MemoryState::default() };
        let supply = ("Coffer", "COF", 2u8, 1u128 << 100).encode();
        token.execute(&call(MethodKind::Init, "init", &supply, account(0)));
        for i in 1..ACCOUNTS {
            let args = (account(i), 1u128 << 60).encode();
            token.execute(&call(MethodKind::Call, "transfer", &args, account(0)));
        }
        Ok(token)
    }

    fn execute(&mut self, call: &Call<'_>) -> Gas {
        match self.runtime.execute(self.code, call, &self.state) {
            Ok(executed) if executed.status.is_ok() => {
                for (contract, changes) in &executed.changes {
                    self.state.apply(*contract, changes);
                }
                executed.gas_used
            }
            other => panic!("{} did not succeed: {other:?}", call.method),
        }
    }

    /// `n` transfers between changing accounts; gas of the last.
    fn run(&mut self, n: u64) -> Gas {
        let mut gas = Gas(0);
        for i in 0..n {
            let (from, args) = transfer(i);
            gas = self.execute(&call(MethodKind::Call, "transfer", &args, from));
        }
        gas
    }
}

/// Sender and arguments of transfer `i`.
fn transfer(i: u64) -> (AccountId, Vec<u8>) {
    let to = account((i * 7 + 1) % ACCOUNTS);
    (account(i % ACCOUNTS), (to, 1u128).encode())
}

fn account(i: u64) -> AccountId {
    let mut id = [0x5a; 32];
    id[..8].copy_from_slice(&i.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
    AccountId(id)
}

fn call<'a>(kind: MethodKind, method: &'a str, input: &'a [u8], caller: AccountId) -> Call<'a> {
    Call {
        kind,
        method,
        input,
        contract: CONTRACT,
        state_id: StateId([1; 32]),
        caller,
        origin: caller,
        block: BlockContext { height: Height(1), time: Time(1), chain_id: Hash([2; 32]) },
        seed: Hash([3; 32]),
        gas_limit: Gas(100_000_000),
    }
}

/// A module whose method does something a thousand times.
fn module(body: &str) -> Result<Vec<u8>, Failure> {
    let text = format!(
        r#"(module
            (import "coffer_1" "output" (func $output (param i32 i32)))
            (import "coffer_1" "block_height" (func $block_height (result i64)))
            (import "coffer_1" "caller" (func $caller (param i32 i32) (result i64)))
            (import "coffer_1" "storage_get" (func $storage_get (param i32 i32 i32 i32) (result i64)))
            (import "coffer_1" "storage_set" (func $storage_set (param i32 i32 i32 i32)))
            (import "coffer_1" "hash_blake3" (func $hash_blake3 (param i32 i32 i32 i32) (result i64)))
            (memory (export "memory") 1)
            (func (export "call go") (local $i i32)
                {}
                (call $output (i32.const 0) (i32.const 0))))"#,
        if body.is_empty() {
            String::new()
        } else {
            format!(
                "(loop $again {body} (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))"
            )
        }
    );
    Ok(wat::parse_str(text)?)
}

fn go(runtime: &Runtime, code: &Code, n: u64) {
    let state = MemoryState::default();
    for _ in 0..n {
        let executed = runtime.execute(code, &call(MethodKind::Call, "go", &[], account(0)), &state);
        assert!(executed.is_ok_and(|executed| executed.status == Status::Ok(vec![])));
    }
}

/// Nanoseconds of one, median and least of the rounds.
fn median(mut work: impl FnMut(u64), n: u64) -> (f64, f64) {
    let mut times: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let begun = Instant::now();
            work(n);
            begun.elapsed().as_nanos() as f64 / n as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    (times[ROUNDS / 2], times[0])
}

fn row(name: &str, n: u64, work: impl FnMut(u64)) -> f64 {
    let (median, least) = median(work, n);
    println!("  {name:<58} {:>10.2} us  [{:.2}]", median / 1_000.0, least / 1_000.0);
    median
}
