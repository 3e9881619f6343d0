//! The hot set: one validation and one compilation for all who ask, refusals, eviction, going on after failures, tier-up.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU32};

use coffer_abi::export::MethodKind;
use coffer_abi::{AccountId, ContractId, Hash, StateId, Status};

use super::*;
use crate::call::{BlockContext, Call, Executed};
use crate::engine::{CompileError, CompileRequest, Compiler, Config, InProcess, Lane, NoCache, Share};
use crate::state::MemoryState;

/// Compiles in process, counts, and fails where it is told to.
#[derive(Default)]
struct Counting {
    winch: AtomicU32,
    cranelift: AtomicU32,
    no_winch: AtomicBool,
    no_cranelift: AtomicBool,
}

impl Compiler for Counting {
    fn compile(&self, request: &CompileRequest<'_>) -> Result<Vec<u8>, CompileError> {
        let (count, fails) = match request.target.backend {
            Backend::Winch => (&self.winch, &self.no_winch),
            Backend::Cranelift => (&self.cranelift, &self.no_cranelift),
        };
        count.fetch_add(1, Ordering::SeqCst);
        if fails.load(Ordering::SeqCst) {
            return Err(CompileError::Crashed("signal 9".into()));
        }
        InProcess.compile(request)
    }
}

/// A hot set over a small runtime whose compiler counts.
fn codes(limits: HotLimits) -> (Codes, Runtime, Arc<Counting>) {
    let compiler = Arc::new(Counting::default());
    let queries = Share { slots: 1, lane_slots: 1, deep: 1 };
    let config = Config { slots: 4, lane_slots: 4, deep: 1, queries, ..Config::default() };
    let runtime = Runtime::with(config, Arc::<Counting>::clone(&compiler), Arc::new(NoCache)).unwrap();
    (Codes::new(runtime.clone(), limits).unwrap(), runtime, compiler)
}

const WIDE: HotLimits = HotLimits { bytes: u64::MAX, tier_up: None };

/// A contract that counts to a thousand and answers; `number` makes modules differ.
fn module(number: u32) -> (CodeHash, Vec<u8>) {
    let text = format!(
        r#"(module
            (import "coffer_1" "output" (func $output (param i32 i32)))
            (memory (export "memory") 1)
            (func (export "call go") (local $i i32)
                (loop $again
                    (local.set $i (i32.add (local.get $i) (i32.const 1)))
                    (br_if $again (i32.lt_u (local.get $i) (i32.const 1000))))
                (i32.store (i32.const 0) (i32.add (local.get $i) (i32.const {number})))
                (call $output (i32.const 0) (i32.const 4))))"#
    );
    let mut hash = [0; 32];
    hash[..4].copy_from_slice(&number.to_le_bytes());
    (CodeHash(hash), wat::parse_str(text).unwrap())
}

fn execute(runtime: &Runtime, code: &Code) -> Result<Executed, Fault> {
    let call = Call {
        kind: MethodKind::Call,
        method: "go",
        input: b"",
        contract: ContractId([1; 32]),
        state_id: StateId([2; 32]),
        caller: AccountId([3; 32]),
        origin: AccountId([3; 32]),
        block: BlockContext::default(),
        seed: Hash::default(),
        gas_limit: Gas(100_000_000),
    };
    runtime.execute(code, &call, &MemoryState::default())
}

#[test]
fn threads_that_ask_for_one_code_at_once_share_one_validation_and_one_compilation() {
    const THREADS: usize = 8;
    let (codes, runtime, compiler) = codes(WIDE);
    let (hash, wasm) = module(1);
    let start = Barrier::new(THREADS);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                start.wait();
                let code = codes.prepare(&hash, &wasm).unwrap().unwrap();
                assert_eq!(execute(&runtime, &code).unwrap().status, Status::Ok(1001_u32.to_le_bytes().into()));
            });
        }
    });
    assert_eq!((codes.stats().misses, codes.stats().load.compiled), (1, 1));
    assert_eq!(compiler.winch.load(Ordering::SeqCst), 1);
}

#[test]
fn a_refusal_is_found_out_once_and_refusals_are_bounded() {
    let (codes, ..) = codes(WIDE);
    let hash = CodeHash([9; 32]);
    let first = codes.prepare(&hash, b"not WebAssembly").unwrap().map(|_| ()).unwrap_err();
    let second = codes.prepare(&hash, b"not WebAssembly").unwrap().map(|_| ()).unwrap_err();
    assert!(Arc::ptr_eq(&first, &second));
    assert_eq!((codes.stats().misses, codes.stats().hits, codes.stats().refusals), (1, 1, 1));
    for number in 0..2 * MAX_REFUSALS as u32 {
        assert!(codes.prepare(&module(number).0, b"nothing").unwrap().is_err());
    }
    assert_eq!(codes.stats().refusals, MAX_REFUSALS as u64);
    assert!(codes.get(&hash).is_none(), "the oldest is forgotten");
}

#[test]
fn what_was_asked_for_longest_ago_is_evicted_and_what_is_in_use_stays() {
    let (codes, runtime, _) = codes(HotLimits { bytes: 1, tier_up: None });
    let in_use = codes.prepare(&module(0).0, &module(0).1).unwrap().unwrap();
    for number in 1..6 {
        let (hash, wasm) = module(number);
        let code = codes.prepare(&hash, &wasm).unwrap().unwrap();
        assert!(execute(&runtime, &code).unwrap().status.is_ok());
    }
    let stats = codes.stats();
    assert_eq!((stats.codes, stats.evicted), (2, 4), "the one in use and the newest");
    assert!(codes.get(&module(0).0).is_some() && codes.get(&module(4).0).is_none());
    assert!(execute(&runtime, &in_use).unwrap().status.is_ok(), "a code in use runs on");
    drop(in_use);
    let again = codes.prepare(&module(4).0, &module(4).1).unwrap().unwrap();
    assert!(execute(&runtime, &again).unwrap().status.is_ok(), "an evicted one is made again");
    drop((again, codes));
    assert_eq!(runtime.stats().resident_bytes, 0, "nothing of what is gone counts");
}

#[test]
fn within_the_bound_nothing_is_evicted() {
    let (codes, runtime, _) = codes(HotLimits { bytes: 64 << 20, tier_up: None });
    for number in 0..6 {
        let (hash, wasm) = module(number);
        execute(&runtime, &codes.prepare(&hash, &wasm).unwrap().unwrap()).unwrap();
    }
    assert_eq!((codes.stats().codes, codes.stats().evicted), (6, 0));
    assert!(runtime.stats().resident_bytes > 0);
}

#[test]
fn a_compiler_that_fails_is_a_fault_and_the_next_call_works() {
    let (codes, runtime, compiler) = codes(WIDE);
    let (hash, wasm) = module(1);
    compiler.no_winch.store(true, Ordering::SeqCst);
    let code = codes.prepare(&hash, &wasm).unwrap().unwrap();
    let failed = execute(&runtime, &code).unwrap_err();
    assert!(matches!(&failed, Fault::Compiler(CompileError::Crashed(cause)) if cause == "signal 9"), "{failed}");
    assert_eq!(codes.stats().load.failed, 1);
    compiler.no_winch.store(false, Ordering::SeqCst);
    assert!(execute(&runtime, &code).unwrap().status.is_ok());
}

#[test]
fn a_code_used_much_tiers_up_and_its_outcome_stays_the_same() {
    let (codes, runtime, compiler) = codes(HotLimits { bytes: u64::MAX, tier_up: Some(Gas(1)) });
    let (hash, wasm) = module(1);
    let slow = codes.prepare(&hash, &wasm).unwrap().unwrap();
    let before = execute(&runtime, &slow).unwrap();
    assert_eq!(slow.backend(Purpose::Execute), Backend::Winch);
    // Asking shows that it was used, which starts the other compiler.
    codes.get(&hash);
    codes.settle();
    let fast = codes.get(&hash).unwrap().unwrap();
    assert_eq!((fast.backend(Purpose::Execute), fast.backend(Purpose::Query)), (Backend::Cranelift, Backend::Winch));
    assert_eq!(execute(&runtime, &fast).unwrap(), before);
    assert_eq!(execute(&runtime, &slow).unwrap(), before, "who holds the old one goes on with it");
    codes.get(&hash);
    codes.settle();
    assert_eq!((codes.stats().tiered_up, codes.stats().tier_up_failed), (1, 0));
    assert_eq!(compiler.cranelift.load(Ordering::SeqCst), 1, "once");
}

#[test]
fn a_tier_up_that_fails_leaves_the_code_as_it_is() {
    let (codes, runtime, compiler) = codes(HotLimits { bytes: u64::MAX, tier_up: Some(Gas(1)) });
    compiler.no_cranelift.store(true, Ordering::SeqCst);
    let (hash, wasm) = module(1);
    let before = execute(&runtime, &codes.prepare(&hash, &wasm).unwrap().unwrap()).unwrap();
    for _ in 0..3 {
        let code = codes.get(&hash).unwrap().unwrap();
        codes.settle();
        assert_eq!(code.backend(Purpose::Execute), Backend::Winch);
        assert_eq!(execute(&runtime, &code).unwrap(), before);
    }
    assert_eq!((codes.stats().tiered_up, codes.stats().tier_up_failed), (0, 1), "and it is not tried for ever");
}

#[test]
fn compilations_carry_the_lane_of_who_asked_first() {
    struct Lanes(Mutex<Vec<(Lane, bool)>>);
    impl Compiler for Lanes {
        fn compile(&self, request: &CompileRequest<'_>) -> Result<Vec<u8>, CompileError> {
            self.0.lock().unwrap().push((request.lane, request.background));
            InProcess.compile(request)
        }
    }
    let lanes = Arc::new(Lanes(Mutex::default()));
    let config = Config { slots: 1, deep: 1, ..Config::default() };
    let runtime = Runtime::with(config, Arc::<Lanes>::clone(&lanes), Arc::new(NoCache)).unwrap();
    let codes = Codes::new(runtime.clone(), HotLimits { bytes: u64::MAX, tier_up: Some(Gas(1)) }).unwrap();
    let (hash, wasm) = module(1);
    execute(&runtime.in_lane(Lane(7)), &codes.prepare(&hash, &wasm).unwrap().unwrap()).unwrap();
    codes.get(&hash);
    codes.settle();
    assert_eq!(*lanes.0.lock().unwrap(), [(Lane(7), false), (Lane::BACKGROUND, true)]);
}
