//! What hostile contracts leave behind is the same however an engine is set up: nested calls, children, floods and traps on both
//! compilers, with pooling, copy-on-write images and parallel compilation on and off, compiled now or taken from a store.
//! `tuning` shows the same for the golden corpus, the tests of the whole for the example contracts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use coffer_abi::export::MethodKind;
use coffer_abi::{CodeHash, Gas};
use coffer_runtime::engine::{CodeCache, CodeKey, Compiler, InProcess, Share, Tuning};
use coffer_runtime::{Backend, Call, Config, Executed, MemoryWorld, Runtime};

use crate::hostile::attacks;
use crate::hostile::guest::{ACCOMPLICE, CODE, HONEST, HOSTILE, honest, hostile, sequence};
use crate::support::call;
use crate::tuning::NoCompiler;

/// Sequences of random host calls.
const SEQUENCES: u64 = 10;
/// Gas that lets the costly attacks get far and ends the others.
const GAS: u64 = 3_000_000;

/// Everything each attack came to, and then each sequence, whose changes stay.
fn receipts(runtime: &Runtime) -> Vec<(String, Executed)> {
    let code = |text: String| {
        let wasm = wat::parse_str(text).expect("sound text");
        runtime.prepare(&wasm).expect("a valid contract")
    };
    let mut world = MemoryWorld::default();
    world.add(HOSTILE, CODE, code(hostile()));
    world.contracts.insert(ACCOMPLICE, CODE);
    world.add(HONEST, CodeHash([0xee; 32]), code(honest()));
    let execute = |world: &MemoryWorld, method: &str| {
        let call = Call { contract: HOSTILE, gas_limit: Gas(GAS), ..call(MethodKind::Call, method, b"") };
        runtime.execute(&world.codes[&CODE], &call, world).expect("no fault")
    };
    let mut receipts: Vec<_> =
        attacks().into_iter().map(|(method, ..)| (method.to_owned(), execute(&world, method))).collect();
    for number in 0..SEQUENCES {
        world.add(HOSTILE, CODE, code(sequence(number)));
        let executed = execute(&world, "go");
        world.apply(&executed);
        receipts.push((format!("sequence {number}"), executed));
    }
    receipts
}

fn assert_same(found: &[(String, Executed)], expected: &[(String, Executed)], how: &str) {
    assert_eq!(found.len(), expected.len());
    for ((name, found), (_, expected)) in found.iter().zip(expected) {
        assert_eq!(found, expected, "{name} with {how}");
    }
}

/// A store of compiled code in memory.
#[derive(Default)]
struct Store(Mutex<HashMap<CodeKey, Vec<u8>>>);

impl CodeCache for Store {
    fn get(&self, key: &CodeKey) -> Option<Vec<u8>> {
        self.0.lock().unwrap().get(key).cloned()
    }

    fn put(&self, key: &CodeKey, code: &[u8]) {
        self.0.lock().unwrap().insert(*key, code.to_vec());
    }

    fn reject(&self, _: &CodeKey, why: &str) {
        panic!("sound code is rejected: {why}");
    }
}

#[test]
fn hostile_contracts_give_the_same_receipts_however_an_engine_is_set_up() {
    let small = |backend, tuning| {
        let queries = Share { slots: 1, lane_slots: 1, deep: 1 };
        Config { backend, slots: 2, deep: 1, queries, tuning, ..Config::default() }
    };
    let expected = receipts(&Runtime::new(small(Backend::Winch, Tuning::default())).expect("an engine"));
    for backend in [Backend::Winch, Backend::Cranelift] {
        for bits in 0..8 {
            let on = |bit: u32| bits & 1 << bit != 0;
            let tuning = Tuning { copy_on_write: on(0), pooling: on(1), parallel: on(2), ..Tuning::default() };
            let runtime = Runtime::new(small(backend, tuning)).expect("an engine");
            assert_same(&receipts(&runtime), &expected, &format!("{backend:?} and {tuning:?}"));
        }
        let store = Arc::new(Store::default());
        for (state, compiler) in [("cold", Arc::new(InProcess) as Arc<dyn Compiler>), ("warm", Arc::new(NoCompiler))] {
            let config = small(backend, Tuning::default());
            let runtime = Runtime::with(config, compiler, Arc::<Store>::clone(&store)).expect("an engine");
            assert_same(&receipts(&runtime), &expected, &format!("{backend:?} and a {state} store"));
        }
    }
}
