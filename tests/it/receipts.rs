//! The example contracts, run by the runtime in every way a node may be set up: both compilers, memory from a pool or not, images
//! copy-on-write or not, compiled on one core or all, now or from a store. Everything that makes a receipt is the same.
//! Not here: hand-made modules and hostile ones, which the runtime's own tests run in the same ways.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use coffer_abi::export::MethodKind;
use coffer_abi::{AccountId, CodeHash, ContractId, Encode, Gas, Hash, Height, StateId, Status, Time};
use coffer_runtime::engine::{CodeCache, CodeKey, CompileError, CompileRequest, Compiler, InProcess, Share, Tuning};
use coffer_runtime::{Backend, BlockContext, Call, Config, Executed, MemoryWorld, Runtime};
use coffer_tests::build;

const TOKEN: ContractId = ContractId([0x70; 32]);
const COUNTER: ContractId = ContractId([0xc0; 32]);
const ALICE: AccountId = AccountId([0xa1; 32]);
const BOB: AccountId = AccountId([0xb0; 32]);
const CAROL: AccountId = AccountId([0xca; 32]);

/// Who calls what with which arguments.
fn story() -> Vec<(AccountId, ContractId, MethodKind, &'static str, Vec<u8>)> {
    use MethodKind::{Call, Init, View};
    vec![
        (ALICE, TOKEN, Init, "init", ("Gold", "GLD", 2u8, 1_000u128).encode()),
        (ALICE, TOKEN, Call, "transfer", (BOB, 10u128).encode()),
        (BOB, TOKEN, Call, "transfer", (CAROL, 11u128).encode()),
        (ALICE, TOKEN, Call, "approve", (CAROL, 50u128).encode()),
        (CAROL, TOKEN, Call, "transfer_from", (ALICE, BOB, 20u128).encode()),
        (CAROL, TOKEN, Call, "transfer_from", (ALICE, BOB, 31u128).encode()),
        (BOB, TOKEN, Call, "mint", (BOB, 1u128).encode()),
        (ALICE, TOKEN, Call, "mint", (CAROL, 5u128).encode()),
        (ALICE, TOKEN, Call, "mint", (CAROL, u128::MAX).encode()),
        (ALICE, TOKEN, Call, "transfer", vec![1, 2, 3]),
        (ALICE, TOKEN, Call, "no_such_method", Vec::new()),
        (BOB, TOKEN, View, "balance_of", BOB.encode()),
        (BOB, TOKEN, View, "about", Vec::new()),
        (BOB, TOKEN, View, "holders", (None::<AccountId>, 10u32).encode()),
        (ALICE, COUNTER, Init, "init", 5u64.encode()),
        (BOB, COUNTER, Call, "add", 7u64.encode()),
        (BOB, COUNTER, Call, "add", u64::MAX.encode()),
        (CAROL, COUNTER, View, "added_by", BOB.encode()),
    ]
}

/// Plays the story on a runtime; the views again as queries. The gas of each call is all it can use but for those that get too little.
fn receipts(runtime: &Runtime) -> Vec<Executed> {
    let mut world = MemoryWorld::default();
    for (contract, name) in [(TOKEN, "token"), (COUNTER, "counter")] {
        let code = runtime.prepare(&build::contract(name)).expect("a valid contract");
        world.add(contract, CodeHash(contract.0), code);
    }
    let mut receipts = Vec::new();
    for (height, (caller, contract, kind, method, input)) in (1..).zip(story()) {
        for gas_limit in [0, 30_000, 60_000, 10_000_000].map(Gas) {
            let call = Call {
                kind,
                method,
                input: &input,
                contract,
                state_id: StateId([0x50; 32]),
                caller,
                origin: caller,
                block: BlockContext { height: Height(height), time: Time(height * 1_000), chain_id: Hash([0x1d; 32]) },
                seed: Hash([0x5e; 32]),
                gas_limit,
            };
            let code = &world.codes[&CodeHash(contract.0)];
            let executed = runtime.execute(code, &call, &world).expect("no fault");
            if kind.is_read_only() {
                assert_eq!(runtime.query(code, &call, &world).expect("in time"), executed, "{method} as a query");
            }
            if gas_limit.0 == 10_000_000 {
                world.apply(&executed);
            }
            receipts.push(executed);
        }
    }
    receipts
}

/// A store of compiled code in memory.
#[derive(Default)]
struct Store(Mutex<HashMap<CodeKey, Vec<u8>>>);

impl CodeCache for Store {
    fn get(&self, key: &CodeKey) -> Option<Vec<u8>> {
        self.0.lock().expect("no thread has panicked").get(key).cloned()
    }

    fn put(&self, key: &CodeKey, code: &[u8]) {
        self.0.lock().expect("no thread has panicked").insert(*key, code.to_vec());
    }

    fn reject(&self, _: &CodeKey, why: &str) {
        panic!("sound code is rejected: {why}");
    }
}

struct NoCompiler;

impl Compiler for NoCompiler {
    fn compile(&self, _: &CompileRequest<'_>) -> Result<Vec<u8>, CompileError> {
        Err(CompileError::Unavailable("all code is in the store".into()))
    }
}

#[test]
fn the_example_contracts_give_the_same_receipts_however_a_node_is_set_up() {
    let small = |backend, tuning| {
        let queries = Share { slots: 1, lane_slots: 1, deep: 1 };
        Config { backend, slots: 2, deep: 1, queries, tuning, ..Config::default() }
    };
    let expected = receipts(&Runtime::new(small(Backend::Winch, Tuning::default())).expect("an engine"));
    let ended = |wanted: fn(&Status) -> bool| expected.iter().filter(|executed| wanted(&executed.status)).count();
    println!(
        "{} receipts: {} ok, {} failed, {} out of gas",
        expected.len(),
        ended(Status::is_ok),
        ended(|status| matches!(status, Status::Failed { .. })),
        ended(|status| *status == Status::OutOfGas)
    );
    assert!(ended(Status::is_ok) >= 12 && ended(|status| matches!(status, Status::Failed { .. })) >= 5);
    for backend in [Backend::Winch, Backend::Cranelift] {
        for bits in 0..8 {
            let on = |bit: u32| bits & 1 << bit != 0;
            let tuning = Tuning { copy_on_write: on(0), pooling: on(1), parallel: on(2), ..Tuning::default() };
            let runtime = Runtime::new(small(backend, tuning)).expect("an engine");
            assert_eq!(receipts(&runtime), expected, "{backend:?} and {tuning:?}");
        }
        let store = Arc::new(Store::default());
        for (state, compiler) in [("cold", Arc::new(InProcess) as Arc<dyn Compiler>), ("warm", Arc::new(NoCompiler))] {
            let config = small(backend, Tuning::default());
            let runtime = Runtime::with(config, compiler, Arc::<Store>::clone(&store)).expect("an engine");
            assert_eq!(receipts(&runtime), expected, "{backend:?} and a {state} store");
        }
    }
}
