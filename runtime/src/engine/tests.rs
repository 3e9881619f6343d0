//! The runtime as a whole: what is refused without running, waiting for a slot, small threads, limits of the engine.

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};

use coffer_abi::export::MethodKind;
use coffer_abi::limits::MAX_INPUT;
use coffer_abi::{AccountId, CodeHash, ContractId, Gas, Hash, Height, Refused, StateId, Status, Time, TrapKind};

use super::*;
use crate::call::BlockContext;
use crate::state::{MemoryState, ScanEntry, StateRead};

fn call<'a>(kind: MethodKind, method: &'a str, input: &'a [u8]) -> Call<'a> {
    Call {
        kind,
        method,
        input,
        contract: ContractId([1; 32]),
        state_id: StateId([2; 32]),
        caller: AccountId([3; 32]),
        origin: AccountId([3; 32]),
        block: BlockContext { height: Height(1), time: Time(1), chain_id: Hash([4; 32]) },
        seed: Hash([5; 32]),
        gas_limit: Gas(4_000_000_000),
    }
}

fn runtime(backend: Backend, slots: u32) -> Runtime {
    Runtime::new(Config { backend, slots, ..Config::default() }).unwrap()
}

fn code(runtime: &Runtime, body: &str) -> Code {
    let text = format!(
        r#"(module
            (import "coffer_1" "output" (func $output (param i32 i32)))
            (import "coffer_1" "storage_get" (func $storage_get (param i32 i32 i32 i32) (result i64)))
            (memory (export "memory") 1)
            (func $deep (param i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get 0))))
            (func (export "call go") {body} (call $output (i32.const 0) (i32.const 0))))"#
    );
    runtime.prepare(&wat::parse_str(text).unwrap()).unwrap()
}

#[test]
fn what_cannot_run_is_refused_without_gas() {
    let runtime = runtime(Backend::Winch, 1);
    let code = code(&runtime, "");
    let state = MemoryState::default();
    let large = vec![0; MAX_INPUT + 1];
    let cases = [
        (call(MethodKind::Call, "none", b""), Status::Refused(Refused::NoSuchMethod)),
        (call(MethodKind::View, "go", b""), Status::Refused(Refused::NoSuchMethod)),
        (call(MethodKind::Migrate, "migrate", b""), Status::Refused(Refused::NoSuchMethod)),
        (call(MethodKind::Init, "init", b"x"), Status::Refused(Refused::NoInit)),
        (call(MethodKind::Init, "init", b""), Status::Ok(vec![])),
        (call(MethodKind::Call, "go", &large), Status::Refused(Refused::InputTooLarge)),
    ];
    for (call, status) in cases {
        let executed = runtime.execute(&code, &call, &state).unwrap();
        assert_eq!((executed.status, executed.gas_used), (status, Gas(0)), "{} {}", call.method, call.input.len());
    }
}

/// A state whose readers wait inside their calls for each other, two by two, and count how many are there.
struct Gate<'a> {
    inside: &'a Barrier,
    running: &'a AtomicUsize,
    most: &'a AtomicUsize,
}

impl World for Gate<'_> {
    fn contract(&self, _: &ContractId) -> Result<Option<Code>, Fault> {
        Ok(None)
    }

    fn code(&self, _: &CodeHash) -> Result<Option<Code>, Fault> {
        Ok(None)
    }

    fn created_id(&self, _: &ContractId, _: &CodeHash, _: &[u8; 32]) -> ContractId {
        ContractId::default()
    }

    fn public(&self) -> Option<(StateId, &dyn World)> {
        None
    }
}

impl StateRead for Gate<'_> {
    fn get(&self, _: &ContractId, _: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(running, Ordering::SeqCst);
        self.inside.wait();
        self.running.fetch_sub(1, Ordering::SeqCst);
        Ok(None)
    }

    fn scan(&self, _: &ContractId, _: &[u8], _: &[u8], _: usize) -> Result<Vec<ScanEntry>, Fault> {
        Ok(Vec::new())
    }
}

#[test]
fn calls_beyond_the_pool_wait_and_all_succeed() {
    const CALLS: usize = 6;
    let runtime = runtime(Backend::Winch, 2);
    let code = code(&runtime, "(drop (call $storage_get (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 0)))");
    let inside = Barrier::new(2);
    let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let calls: Vec<_> = (0..CALLS)
            .map(|_| {
                let gate = Gate { inside: &inside, running: &running, most: &most };
                let (runtime, code) = (&runtime, &code);
                scope.spawn(move || runtime.execute(code, &call(MethodKind::Call, "go", b""), &gate).unwrap().status)
            })
            .collect();
        for call in calls {
            assert_eq!(call.join().unwrap(), Status::Ok(vec![]));
        }
    });
    assert_eq!(most.load(Ordering::SeqCst), 2);
}

#[test]
fn recursion_ends_at_the_logical_limit_on_a_thread_with_a_small_stack() {
    for backend in [Backend::Winch, Backend::Cranelift] {
        let runtime = runtime(backend, 1);
        let code = code(&runtime, "(drop (call $deep (i32.const 0)))");
        let small = std::thread::Builder::new().stack_size(256 * 1024);
        let executed = small
            .spawn(move || runtime.execute(&code, &call(MethodKind::Call, "go", b""), &MemoryState::default()).unwrap())
            .unwrap()
            .join()
            .unwrap();
        assert_eq!(executed.status, Status::Trapped(TrapKind::StackExhausted), "{backend:?}");
    }
}

#[test]
fn growth_beyond_the_bound_says_so_to_the_contract_and_nothing_of_the_machine() {
    for backend in [Backend::Winch, Backend::Cranelift] {
        let runtime = runtime(backend, 1);
        // Grows within the bound, then beyond it, then beyond what a memory can have at all; writes the last page it got.
        let code = code(
            &runtime,
            "(if (i32.ne (memory.grow (i32.const 1)) (i32.const 1)) (then unreachable))
             (if (i32.ne (memory.grow (i32.const 255)) (i32.const -1)) (then unreachable))
             (if (i32.ne (memory.grow (i32.const 65535)) (i32.const -1)) (then unreachable))
             (if (i32.ne (memory.grow (i32.const 254)) (i32.const 2)) (then unreachable))
             (i32.store8 (i32.const 16777215) (i32.const 1))",
        );
        let executed = runtime.execute(&code, &call(MethodKind::Call, "go", b""), &MemoryState::default()).unwrap();
        assert_eq!(executed.status, Status::Ok(vec![]), "{backend:?}");
    }
}

#[test]
fn a_fresh_call_finds_memory_and_globals_as_the_module_says() {
    let runtime = runtime(Backend::Cranelift, 1);
    let dirty = code(&runtime, "(memory.fill (i32.const 0) (i32.const 255) (i32.const 65536))");
    let clean = code(&runtime, "(if (i64.ne (i64.load (i32.const 4096)) (i64.const 0)) (then unreachable))");
    let state = MemoryState::default();
    for _ in 0..3 {
        for code in [&dirty, &clean] {
            let executed = runtime.execute(code, &call(MethodKind::Call, "go", b""), &state).unwrap();
            assert_eq!(executed.status, Status::Ok(vec![]));
        }
    }
}

struct Broken;

impl World for Broken {
    fn contract(&self, _: &ContractId) -> Result<Option<Code>, Fault> {
        Ok(None)
    }

    fn code(&self, _: &CodeHash) -> Result<Option<Code>, Fault> {
        Ok(None)
    }

    fn created_id(&self, _: &ContractId, _: &CodeHash, _: &[u8; 32]) -> ContractId {
        ContractId::default()
    }

    fn public(&self) -> Option<(StateId, &dyn World)> {
        None
    }
}

impl StateRead for Broken {
    fn get(&self, _: &ContractId, _: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        Err(Fault::State("the disk is gone".into()))
    }

    fn scan(&self, _: &ContractId, _: &[u8], _: &[u8], _: usize) -> Result<Vec<ScanEntry>, Fault> {
        Err(Fault::State("the disk is gone".into()))
    }
}

#[test]
fn a_state_that_cannot_be_read_is_a_fault_and_never_an_outcome() {
    let runtime = runtime(Backend::Winch, 1);
    let code = code(&runtime, "(drop (call $storage_get (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 0)))");
    let result = runtime.execute(&code, &call(MethodKind::Call, "go", b""), &Broken);
    assert!(matches!(result, Err(Fault::State(cause)) if cause == "the disk is gone"));
}
