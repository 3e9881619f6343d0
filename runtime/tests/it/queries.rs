//! Queries: same outcomes as execution, a limit of wall-clock time that is no outcome, and engines that share nothing with execution. Also
//! how lanes share the slots.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use coffer_abi::export::MethodKind;
use coffer_abi::{CodeHash, ContractId, Gas, StateId, Status};
use coffer_runtime::engine::{Lane, Share};
use coffer_runtime::{
    Backend, Code, Config, Fault, MemoryState, MemoryWorld, QueryError, Runtime, ScanEntry, StateRead, World,
};

use crate::support::{CONTRACT, call, module};

fn runtime(backend: Backend, limit: Duration) -> Runtime {
    let queries = Share { slots: 2, lane_slots: 1, deep: 1 };
    let config = Config { backend, slots: 2, lane_slots: 1, deep: 1, queries, query_limit: limit, ..Config::default() };
    Runtime::new(config).expect("an engine")
}

const LOOPS: &str = r#"
    (func (export "view spin") (loop $again (br $again)))
    (func (export "view deep") (call $spin))
    (func $spin (call $spin_more))
    (func $spin_more (loop $again (br $again)))
    (func (export "view get") (drop (call $storage_get (i32.const 0) (i32.const 1) (i32.const 9) (i32.const 4)))
        (call $output (i32.const 9) (i32.const 4)))
    (func (export "view write") (call $storage_set (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1)))"#;

#[test]
fn a_query_that_takes_too_long_is_stopped_and_is_no_outcome() {
    for backend in [Backend::Winch, Backend::Cranelift] {
        let runtime = runtime(backend, Duration::from_millis(300));
        let code = runtime.prepare(&wat::parse_str(module(LOOPS)).unwrap()).expect("a valid contract");
        let state = MemoryState::default();
        for method in ["spin", "deep"] {
            let mut endless = call(MethodKind::View, method, b"");
            endless.gas_limit = Gas(u64::MAX);
            let stopped = runtime.query(&code, &endless, &state).map(|executed| executed.status);
            assert!(matches!(&stopped, Err(QueryError::TooSlow(limit)) if limit.as_millis() == 300), "{stopped:?}");
        }
        // The next one works, with the whole of its own time.
        let next = runtime.query(&code, &call(MethodKind::View, "get", b""), &state).expect("no fault");
        assert_eq!(next.status, Status::Ok(vec![0; 4]), "{backend:?}");
    }
}

#[test]
fn a_query_gives_what_execution_gives_and_the_gas_limit_holds() {
    for backend in [Backend::Winch, Backend::Cranelift] {
        let runtime = runtime(backend, Duration::from_secs(600));
        let code = runtime.prepare(&wat::parse_str(module(LOOPS)).unwrap()).expect("a valid contract");
        let state = MemoryState::default();
        for method in ["get", "write", "spin", "none"] {
            let mut view = call(MethodKind::View, method, b"");
            view.gas_limit = Gas(5_000_000);
            let executed = runtime.execute(&code, &view, &state).expect("no fault");
            assert_eq!(runtime.query(&code, &view, &state).expect("in time"), executed, "{backend:?} {method}");
        }
        let refused = runtime.query(&code, &call(MethodKind::Call, "get", b""), &state).expect("in time");
        assert!(refused.status.is_ok(), "whatever kind is named, it runs as a view");
    }
}

#[test]
fn code_for_queries_is_compiled_when_the_first_one_comes() {
    let runtime = runtime(Backend::Winch, Duration::from_secs(600));
    let code = runtime.prepare(&wat::parse_str(module(LOOPS)).unwrap()).expect("a valid contract");
    assert_eq!(runtime.stats().compiled, 1);
    for _ in 0..2 {
        runtime.query(&code, &call(MethodKind::View, "get", b""), &MemoryState::default()).expect("in time");
    }
    assert_eq!(runtime.stats().compiled, 2);
}

/// A world whose readers say that they are there and wait until they may go on.
struct Held {
    world: MemoryWorld,
    there: Sender<()>,
    go: Mutex<Receiver<()>>,
}

impl StateRead for Held {
    fn get(&self, _: &ContractId, _: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        self.there.send(()).unwrap();
        self.go.lock().unwrap().recv().unwrap();
        Ok(None)
    }

    fn scan(&self, _: &ContractId, _: &[u8], _: &[u8], _: usize) -> Result<Vec<ScanEntry>, Fault> {
        Ok(Vec::new())
    }
}

impl World for Held {
    fn contract(&self, contract: &ContractId) -> Result<Option<Code>, Fault> {
        self.world.contract(contract)
    }

    fn code(&self, hash: &CodeHash) -> Result<Option<Code>, Fault> {
        self.world.code(hash)
    }

    fn created_id(&self, creator: &ContractId, code: &CodeHash, salt: &[u8; 32]) -> ContractId {
        self.world.created_id(creator, code, salt)
    }

    fn public(&self) -> Option<(StateId, &dyn World)> {
        None
    }
}

#[test]
fn a_lane_that_floods_leaves_slots_to_others_and_to_queries() {
    let runtime = runtime(Backend::Winch, Duration::from_secs(600));
    let code = runtime.prepare(&wat::parse_str(module(LOOPS)).unwrap()).expect("a valid contract");
    let (flood, quiet) = (runtime.in_lane(Lane(1)), runtime.in_lane(Lane(2)));
    let (there, arrived) = channel();
    let view = call(MethodKind::View, "get", b"");
    std::thread::scope(|scope| {
        let mut gates = Vec::new();
        let mut threads = Vec::new();
        for _ in 0..4 {
            let (go, may_go) = channel();
            gates.push(go);
            let held = Held { world: MemoryWorld::default(), there: there.clone(), go: Mutex::new(may_go) };
            let (flood, code, view) = (&flood, &code, &view);
            threads.push(scope.spawn(move || flood.execute(code, view, &held).unwrap().status));
        }
        // One of them runs and the others wait, in whatever order they came.
        arrived.recv().unwrap();
        let state = MemoryState::default();
        for _ in 0..3 {
            assert!(quiet.execute(&code, &view, &state).unwrap().status.is_ok(), "another lane runs meanwhile");
            assert!(flood.query(&code, &view, &state).unwrap().status.is_ok(), "and so does a query of the same lane");
        }
        assert!(arrived.try_recv().is_err(), "the flood has one slot at a time");
        gates.iter().for_each(|gate| gate.send(()).unwrap());
        assert!(threads.into_iter().all(|thread| thread.join().unwrap().is_ok()));
    });
}

/// `nest` calls `spin` and `hold` calls `look` of the contract that the input names.
const CALLER: &str = r#"
    (data (i32.const 0) "spinlook")
    (func (export "view spin") (loop $again (br $again)))
    (func (export "view look") (drop (call $storage_get (i32.const 32) (i32.const 1) (i32.const 9) (i32.const 4)))
        (call $output (i32.const 9) (i32.const 4)))
    (func (export "view nest") (call $ask (i32.const 0)))
    (func (export "view hold") (call $ask (i32.const 4)))
    (func $ask (param i32)
        (drop (call $input (i32.const 64) (i32.const 32)))
        (drop (call $view (i32.const 64) (i32.const 32) (local.get 0) (i32.const 4) (i32.const 0) (i32.const 0)
            (i64.const -1) (i32.const 128) (i32.const 64)))
        (call $output (i32.const 128) (i32.const 1)))"#;

#[test]
fn the_time_of_a_query_runs_on_in_the_calls_it_makes() {
    let runtime = runtime(Backend::Winch, Duration::from_millis(300));
    let other = ContractId([0xee; 32]);
    let code = runtime.prepare(&wat::parse_str(module(CALLER)).unwrap()).expect("a valid contract");
    let mut world = MemoryWorld::default();
    world.add(CONTRACT, CodeHash([1; 32]), code.clone());
    world.add(other, CodeHash([1; 32]), code.clone());
    let mut nested = call(MethodKind::View, "nest", &other.0);
    // With little gas the callee is out of gas, which the caller is told.
    nested.gas_limit = Gas(1_000_000);
    let told = runtime.query(&code, &nested, &world).expect("in time").status;
    assert!(told.is_ok(), "{told:?}");
    nested.gas_limit = Gas(u64::MAX);
    let stopped = runtime.query(&code, &nested, &world).map(|executed| executed.status);
    assert!(matches!(stopped, Err(QueryError::TooSlow(_))), "{stopped:?}");
}

#[test]
fn a_query_does_not_wait_longer_for_room_to_nest_than_it_may_run() {
    let runtime = runtime(Backend::Winch, Duration::from_millis(300));
    let other = ContractId([0xee; 32]);
    let code = runtime.prepare(&wat::parse_str(module(CALLER)).unwrap()).expect("a valid contract");
    let mut world = MemoryWorld::default();
    world.add(other, CodeHash([1; 32]), code.clone());
    let ((there, arrived), (go, may_go)) = (channel(), channel());
    let held = Held { world: world.clone(), there, go: Mutex::new(may_go) };
    let nested = call(MethodKind::View, "hold", &other.0);
    std::thread::scope(|scope| {
        let (first, code, nested) = (runtime.in_lane(Lane(1)), &code, &nested);
        let first = scope.spawn(move || first.query(code, nested, &held).map(|_| ()));
        arrived.recv().unwrap();
        // The only room for nested calls of queries is taken, and stays so until the second query has given up.
        let second = runtime.in_lane(Lane(2)).query(code, nested, &world).map(|executed| executed.status);
        assert!(matches!(second, Err(QueryError::TooSlow(_))), "{second:?}");
        let status = runtime.execute(code, nested, &world).expect("no fault").status;
        assert!(status.is_ok(), "execution has room of its own: {status:?}");
        go.send(()).unwrap();
        // How the first one ends is a matter of the clock.
        let _ = first.join().unwrap();
    });
}
