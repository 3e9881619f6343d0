//! Receipts do not depend on how an engine is set up: both compilers, both purposes, copy-on-write images, pooling and parallel compilation
//! on and off, code compiled now and code from a store. Also that none of these can be told apart by gas or by a trap.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use coffer_abi::export::MethodKind;
use coffer_abi::{Gas, Status};
use coffer_runtime::engine::{CodeCache, CodeKey, CompileError, CompileRequest, Compiler, InProcess, Share, Tuning};
use coffer_runtime::{Backend, Config, Executed, MemoryState, Runtime};

use crate::golden;
use crate::support::{call, going, module};

/// Enough for every module of the corpus that ends.
const GAS: u64 = 3_000_000;

/// Modules that end in every way: those of the golden corpus, and hostile ones.
fn modules() -> Vec<(String, &'static str, Vec<u8>)> {
    let mut modules: Vec<_> = golden::corpus().into_iter().map(|(name, wasm)| (name, "main", wasm)).collect();
    let hostile = [
        ("endless loop", going("(loop $again (br $again))")),
        ("memory bomb", going("(loop $again (drop (memory.grow (i32.const 1))) (br $again))")),
        (
            "every page",
            going("(drop (memory.grow (i32.const 200))) (memory.fill (i32.const 0) (i32.const 7) (i32.const 1000000))"),
        ),
        ("data and a far access", module(DATA)),
        ("recursion", module(RECURSION)),
        ("writes and events", module(WRITES)),
    ];
    modules.extend(hostile.map(|(name, text)| (name.into(), "go", wat::parse_str(text).expect("sound text"))));
    modules
}

const DATA: &str = r#"(data (i32.const 10) "abc") (data (i32.const 65530) "end")
    (func (export "call go") (i32.store (i32.const 12) (i32.load (i32.const 10))) (drop (i32.load (i32.const 65533))))"#;
const RECURSION: &str = r#"(func $down (param i32) (result i32) (i32.add (i32.const 1) (call $down (local.get 0))))
    (func (export "call go") (drop (call $down (i32.const 0))))"#;
const WRITES: &str = r#"(data (i32.const 0) "\00Eboom")
    (func (export "call go")
        (call $storage_set (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 4))
        (call $event (i32.const 1) (i32.const 1) (i32.const 0) (i32.const 2))
        (call $output (i32.const 1) (i32.const 1)))"#;

/// What every module does on a runtime.
fn receipts(runtime: &Runtime) -> Vec<(String, Executed)> {
    let run = |(name, method, wasm): (String, &str, Vec<u8>)| {
        let code = runtime.prepare(&wasm).unwrap_or_else(|e| panic!("{name}: {e}"));
        let mut call = call(MethodKind::Call, method, b"the input");
        call.gas_limit = Gas(GAS);
        let executed = runtime.execute(&code, &call, &MemoryState::default());
        (name.clone(), executed.unwrap_or_else(|e| panic!("{name}: {e}")))
    };
    modules().into_iter().map(run).collect()
}

fn assert_same(found: &[(String, Executed)], expected: &[(String, Executed)], how: &str) {
    assert_eq!(found.len(), expected.len());
    for ((name, found), (_, expected)) in found.iter().zip(expected) {
        assert_eq!(found, expected, "{name} with {how}");
    }
}

fn small(backend: Backend, tuning: Tuning) -> Config {
    let queries = Share { slots: 1, lane_slots: 1, deep: 1 };
    Config { backend, slots: 2, deep: 1, queries, tuning, ..Config::default() }
}

#[test]
fn every_way_to_set_up_an_engine_gives_the_same_receipts() {
    let expected = receipts(&Runtime::new(small(Backend::Winch, Tuning::default())).expect("an engine"));
    let ends = |wanted: fn(&Status) -> bool| expected.iter().any(|(_, executed)| wanted(&executed.status));
    assert!(ends(Status::is_ok) && ends(|s| *s == Status::OutOfGas) && ends(|s| matches!(s, Status::Trapped(_))));
    for backend in [Backend::Winch, Backend::Cranelift] {
        for bits in 0..8 {
            let on = |bit: u32| bits & 1 << bit != 0;
            let tuning = Tuning { copy_on_write: on(0), pooling: on(1), parallel: on(2), ..Tuning::default() };
            let runtime = Runtime::new(small(backend, tuning)).expect("an engine");
            assert_same(&receipts(&runtime), &expected, &format!("{backend:?} and {tuning:?}"));
        }
    }
}

/// A store in memory that can be told to hand out what belongs to another key.
#[derive(Default)]
struct Store {
    kept: Mutex<HashMap<CodeKey, Vec<u8>>>,
    rejected: AtomicU32,
}

impl CodeCache for Store {
    fn get(&self, key: &CodeKey) -> Option<Vec<u8>> {
        self.kept.lock().unwrap().get(key).cloned()
    }

    fn put(&self, key: &CodeKey, code: &[u8]) {
        self.kept.lock().unwrap().insert(*key, code.to_vec());
    }

    fn reject(&self, key: &CodeKey, _: &str) {
        self.rejected.fetch_add(1, Ordering::SeqCst);
        self.kept.lock().unwrap().remove(key);
    }
}

/// For code that is in the store already.
pub struct NoCompiler;

impl Compiler for NoCompiler {
    fn compile(&self, _: &CompileRequest<'_>) -> Result<Vec<u8>, CompileError> {
        Err(CompileError::Unavailable("there is none in this test".into()))
    }
}

#[test]
fn code_from_a_store_gives_the_same_receipts_and_needs_no_compiler() {
    for backend in [Backend::Winch, Backend::Cranelift] {
        let store = Arc::new(Store::default());
        let with = |compiler: Arc<dyn Compiler>| {
            Runtime::with(small(backend, Tuning::default()), compiler, Arc::<Store>::clone(&store)).expect("an engine")
        };
        let cold = with(Arc::new(InProcess));
        let expected = receipts(&cold);
        let modules = expected.len() as u64;
        assert_eq!((cold.stats().compiled, cold.stats().cached), (modules, 0));
        let warm = with(Arc::new(NoCompiler));
        assert_same(&receipts(&warm), &expected, "a warm store");
        assert_eq!((warm.stats().compiled, warm.stats().cached), (0, modules));
    }
}

#[test]
fn code_that_the_engine_does_not_take_is_compiled_again() {
    let store = Arc::new(Store::default());
    let with = |backend| {
        let store = Arc::<Store>::clone(&store);
        Runtime::with(small(backend, Tuning::default()), Arc::new(InProcess), store).expect("an engine")
    };
    let wasm = wat::parse_str(module(WRITES)).expect("sound text");
    let winch = with(Backend::Winch);
    let code = winch.prepare(&wasm).expect("a valid contract");
    let expected = winch.execute(&code, &call(MethodKind::Call, "go", b""), &MemoryState::default()).expect("no fault");
    // The key of the other compiler's code gets this one's, sound but for another engine.
    let cranelift = with(Backend::Cranelift);
    cranelift.prepare(&wasm).expect("a valid contract");
    {
        let mut kept = store.kept.lock().unwrap();
        let from = kept.iter().find(|(key, _)| key.backend == Backend::Winch).map(|(_, code)| code.clone()).unwrap();
        *kept.iter_mut().find(|(key, _)| key.backend == Backend::Cranelift).unwrap().1 = from;
    }
    let again = with(Backend::Cranelift);
    let code = again.prepare(&wasm).expect("a valid contract");
    assert_eq!((again.stats().compiled, again.stats().cached), (1, 0));
    assert_eq!(store.rejected.load(Ordering::SeqCst), 1);
    let executed = again.execute(&code, &call(MethodKind::Call, "go", b""), &MemoryState::default()).expect("no fault");
    assert_eq!(executed, expected);
}
