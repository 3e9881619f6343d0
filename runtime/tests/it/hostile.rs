//! Contracts that mean harm. Whatever one does, the call ends with an outcome both backends share, never a fault; the next call of a
//! contract that behaves works as if nothing had been; and the memory of the process comes back to where it was.
//! Invariant: no guest here is trusted to end by itself; each call has its gas.

pub mod guest;

use std::collections::BTreeMap;
use std::sync::{Barrier, OnceLock};

use coffer_abi::export::MethodKind;
use coffer_abi::host::{HOST_FUNCTIONS, WasmType};
use coffer_abi::{Decode, Gas, Refused, Status, TrapKind};
use coffer_runtime::{Call, Config, Executed, MemoryWorld, Runtime};

use crate::pointers;
use crate::support::{PLENTY, call, imports, runtimes};
use guest::{ACCOMPLICE, CODE, HONEST, HOSTILE, honest, hostile, method_names, sequence};

/// How an attack must end.
pub enum End {
    Ok,
    OutOfGas,
    Trap(TrapKind),
    Panicked,
    Failed(u32),
    /// The hostile contract answers with what became of the contract it called.
    CalleeEnds(Status),
    /// Each call answers with what became of the one below it, so many times, and then this.
    Nested(usize, Status),
}

const SHORT: u64 = 10_000_000;

/// Every attack by the name of its method, with its gas.
pub fn attacks() -> Vec<(&'static str, u64, End)> {
    use End::{CalleeEnds, Failed, Nested, Ok, OutOfGas, Panicked, Trap};
    let refused = |refused| CalleeEnds(Status::Refused(refused));
    vec![
        ("endless", SHORT, OutOfGas),
        ("recursion", SHORT, Trap(TrapKind::StackExhausted)),
        ("memory_touched", SHORT, Ok),
        ("memory_filled", 5 * SHORT, Ok),
        ("memory_copied", 5 * SHORT, OutOfGas),
        ("growth", SHORT, OutOfGas),
        ("storage_large", 5 * SHORT, OutOfGas),
        ("storage_many", SHORT, OutOfGas),
        ("storage_kept", 5 * SHORT, Ok),
        ("storage_churned", 8 * SHORT, Ok),
        ("storage_scanned", 5 * SHORT, OutOfGas),
        ("events_flood", PLENTY, Trap(TrapKind::LimitExceeded)),
        ("events_kept", PLENTY, Ok),
        ("log_flood", PLENTY, Ok),
        ("replies", SHORT, OutOfGas),
        ("output_then_trap", SHORT, Trap(TrapKind::Unreachable)),
        ("output_then_endless", SHORT, OutOfGas),
        ("output_then_panic", SHORT, Panicked),
        ("output_then_output", SHORT, Trap(TrapKind::DoubleOutput)),
        ("output_then_error", SHORT, Trap(TrapKind::DoubleOutput)),
        ("error_then_output", SHORT, Trap(TrapKind::DoubleOutput)),
        ("output_then_writes", SHORT, Ok),
        ("output_too_long", SHORT, Trap(TrapKind::LimitExceeded)),
        ("panic_of_no_text", SHORT, Panicked),
        ("nothing", SHORT, Trap(TrapKind::NoOutput)),
        ("divide", SHORT, Trap(TrapKind::DivisionByZero)),
        ("overflow", SHORT, Trap(TrapKind::IntegerOverflow)),
        ("wild_load", SHORT, Trap(TrapKind::MemoryOutOfBounds)),
        ("wild_store", SHORT, Trap(TrapKind::MemoryOutOfBounds)),
        ("wild_fill", 2 * PLENTY * 10, Trap(TrapKind::MemoryOutOfBounds)),
        ("wild_call", SHORT, Trap(TrapKind::TableOutOfBounds)),
        ("null_call", SHORT, Trap(TrapKind::IndirectCallToNull)),
        ("other_call", SHORT, Trap(TrapKind::BadSignature)),
        ("itself", SHORT, refused(Refused::ReEntered)),
        ("in_a_ring", SHORT, Nested(1, Status::Refused(Refused::ReEntered))),
        ("ping", SHORT, refused(Refused::ReEntered)),
        ("nobody", SHORT, refused(Refused::NoSuchContract)),
        ("callee_traps", SHORT, CalleeEnds(Status::Trapped(TrapKind::Unreachable))),
        ("callee_is_endless", SHORT, CalleeEnds(Status::OutOfGas)),
        ("callee_is_endless_within_a_bound", SHORT, CalleeEnds(Status::OutOfGas)),
        ("callee_without_gas", SHORT, CalleeEnds(Status::OutOfGas)),
        ("callee_writes_and_fails", SHORT, CalleeEnds(Status::Failed { code: 7, data: vec![0xaa; 2] })),
        ("callee_leaves_memory", SHORT, CalleeEnds(Status::Trapped(TrapKind::MemoryOutOfBounds))),
        ("trap_after_a_callee_wrote", SHORT, Trap(TrapKind::Unreachable)),
        ("view_that_calls", SHORT, CalleeEnds(Status::Trapped(TrapKind::ReadOnly))),
        ("dive", SHORT, Nested(15, Status::Refused(Refused::TooDeep))),
        ("sink", SHORT, Nested(15, Status::Refused(Refused::TooDeep))),
        ("drown", SHORT, Nested(8, Status::Trapped(TrapKind::StackExhausted))),
        ("hoard", 2 * PLENTY, Nested(15, Status::Refused(Refused::TooDeep))),
        ("fan", SHORT, Ok),
        ("children", PLENTY, Ok),
        ("children_then_trap", PLENTY, Trap(TrapKind::Unreachable)),
        ("the_same_child_twice", SHORT, refused(Refused::ContractExists)),
        ("trap", SHORT, Trap(TrapKind::Unreachable)),
        ("write_and_fail", SHORT, Failed(7)),
        ("leave", SHORT, Trap(TrapKind::MemoryOutOfBounds)),
    ]
}

/// The world of the attacks, once for each backend.
fn worlds() -> [MemoryWorld; 2] {
    static WORLDS: OnceLock<[MemoryWorld; 2]> = OnceLock::new();
    let worlds = WORLDS.get_or_init(|| {
        let [hostile, honest] = [hostile(), honest()].map(|text| wat::parse_str(text).expect("sound text"));
        runtimes().each_ref().map(|runtime| {
            let code = |wasm: &[u8]| runtime.prepare(wasm).expect("a valid contract");
            let mut world = MemoryWorld::default();
            world.add(HOSTILE, CODE, code(&hostile));
            world.contracts.insert(ACCOMPLICE, CODE);
            world.add(HONEST, coffer_abi::CodeHash([0xee; 32]), code(&honest));
            world
        })
    });
    worlds.clone()
}

/// Executes a call on both backends.
fn execute(worlds: &[MemoryWorld; 2], call: &Call<'_>) -> Executed {
    let [winch, cranelift] = [0, 1].map(|i| {
        let code = &worlds[i].codes[&worlds[i].contracts[&call.contract]];
        let executed = runtimes()[i].execute(code, call, &worlds[i]);
        executed.unwrap_or_else(|fault| panic!("{} {}: a fault: {fault}", call.kind.name(), call.method))
    });
    assert_eq!(winch, cranelift, "the backends differ: {} {}", call.kind.name(), call.method);
    winch
}

fn attack(worlds: &[MemoryWorld; 2], method: &str, gas: u64) -> Executed {
    execute(worlds, &Call { contract: HOSTILE, gas_limit: Gas(gas), ..call(MethodKind::Call, method, b"") })
}

/// Status of a callee, from the reply its caller answered with.
fn callee(status: &Status) -> Status {
    let Status::Ok(reply) = status else { panic!("no reply: {status:?}") };
    Status::decode(&mut &reply[..]).expect("an encoded status")
}

fn assert_end(method: &str, status: &Status, end: End) {
    match end {
        End::Ok => assert!(status.is_ok(), "{method}: {status:?}"),
        End::OutOfGas => assert_eq!(*status, Status::OutOfGas, "{method}"),
        End::Trap(kind) => assert_eq!(*status, Status::Trapped(kind), "{method}"),
        End::Panicked => assert!(matches!(status, Status::Panicked(_)), "{method}: {status:?}"),
        End::Failed(expected) => {
            assert!(matches!(status, Status::Failed { code, .. } if *code == expected), "{method}: {status:?}");
        }
        End::CalleeEnds(expected) => assert_eq!(callee(status), expected, "{method}"),
        End::Nested(depth, expected) => {
            let mut status = status.clone();
            let mut found = 0;
            while let Status::Ok(_) = status {
                status = callee(&status);
                found += 1;
            }
            assert_eq!((found, status), (depth + 1, expected), "{method}");
        }
    }
}

/// One call of the contract that behaves; its count goes up by one and its gas is what it was at first.
fn assert_honest_call_works(worlds: &mut [MemoryWorld; 2], count: u64, after: &str) {
    let executed = execute(worlds, &Call { contract: HONEST, ..call(MethodKind::Call, "inc", b"") });
    assert_eq!(executed.status, Status::Ok(count.to_le_bytes().to_vec()), "after {after}");
    for world in worlds {
        world.apply(&executed);
    }
}

#[test]
fn every_attack_ends_as_it_must_and_the_next_call_works() {
    let mut worlds = worlds();
    let attacks = attacks();
    for name in method_names() {
        assert!(attacks.iter().any(|(attack, ..)| *attack == name), "{name} is not among the attacks");
    }
    for (count, (method, gas, end)) in (1..).zip(attacks) {
        let executed = attack(&worlds, method, gas);
        assert_end(method, &executed.status, end);
        if !executed.status.is_ok() {
            assert!(
                executed.changes.is_empty() && executed.events.is_empty() && executed.created.is_empty(),
                "{method}"
            );
        }
        assert!(executed.gas_used.0 <= gas, "{method}");
        assert_honest_call_works(&mut worlds, count, method);
    }
}

#[test]
fn a_callee_that_fails_costs_its_caller_no_more_than_the_bound() {
    let worlds = worlds();
    for method in ["callee_is_endless_within_a_bound", "callee_leaves_memory"] {
        let executed = attack(&worlds, method, SHORT);
        assert!(executed.gas_used.0 < 1_200_000, "{method}: {}", executed.gas_used);
    }
    let executed = attack(&worlds, "callee_writes_and_fails", SHORT);
    assert!(executed.changes.is_empty());
}

#[test]
fn calls_nested_to_the_bound_wait_for_each_other_and_all_end() {
    const CALLS: usize = 6;
    let runtime = Runtime::new(Config { slots: 3, deep: 1, ..Config::default() }).expect("an engine");
    let mut world = MemoryWorld::default();
    world.add(
        HOSTILE,
        CODE,
        runtime.prepare(&wat::parse_str(hostile()).expect("sound text")).expect("a valid contract"),
    );
    let begin = Barrier::new(CALLS);
    let statuses: Vec<_> = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..CALLS)
            .map(|_| {
                let (runtime, world, begin) = (&runtime, &world, &begin);
                scope.spawn(move || {
                    begin.wait();
                    let call =
                        Call { contract: HOSTILE, gas_limit: Gas(PLENTY), ..call(MethodKind::Call, "sink", b"") };
                    runtime.execute(&world.codes[&CODE], &call, world).expect("no fault").status
                })
            })
            .collect();
        calls.into_iter().map(|call| call.join().expect("no panic")).collect()
    });
    for status in statuses {
        assert_end("sink", &status, End::Nested(15, Status::Refused(Refused::TooDeep)));
    }
}

/// A contract with a method of each kind for each host function, which takes the arguments from the input: 8 bytes for each.
fn prodding() -> String {
    let methods: String = HOST_FUNCTIONS
        .iter()
        .map(|f| {
            let arguments: String = (0..)
                .zip(f.params)
                .map(|(i, ty)| {
                    let load = if *ty == WasmType::I32 { "i32.load" } else { "i64.load" };
                    format!("({load} (i32.const {}))", 8 * i)
                })
                .collect();
            let prod = format!("(call ${} {arguments})", f.name);
            let prod = if f.result.is_some() { format!("(drop {prod})") } else { prod };
            let text = format!("(drop (call $input (i32.const 0) (i32.const 256))) {prod}");
            format!(r#"(func (export "call {0}") {text}) (func (export "view {0}") {text})"#, f.name)
        })
        .collect();
    format!(r#"(module {} (memory (export "memory") 1) {methods})"#, imports())
}

/// Numbers at the edges of memory, of ids and of integers.
const NUMBERS: [u64; 16] = [
    0,
    1,
    8,
    31,
    32,
    64,
    65_504,
    65_535,
    65_536,
    65_537,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_0000,
    0xffff_ffff,
    0xffff_ffff_ffff,
    u64::MAX,
];

#[test]
fn no_arguments_of_a_host_function_do_harm() {
    const TRIES: usize = 120;
    let mut worlds = worlds();
    let wasm = wat::parse_str(prodding()).expect("sound text");
    for (world, runtime) in worlds.iter_mut().zip(runtimes()) {
        world.add(HOSTILE, CODE, runtime.prepare(&wasm).expect("a valid contract"));
    }
    let (mut random, mut calls, mut bad) = (0x0c0f_fee0_u64, 0, 0);
    for (f, row) in HOST_FUNCTIONS.iter().zip(pointers::rows()) {
        assert_eq!(f.name, row.name);
        let mut tries: Vec<Vec<u64>> = Vec::new();
        // One argument at a time at an edge, the others harmless; then all of them at edges.
        for at in 0..f.params.len() {
            for number in NUMBERS {
                let mut arguments = vec![8; f.params.len()];
                arguments[at] = number;
                tries.push(arguments);
            }
        }
        for _ in 0..TRIES {
            tries.push(
                f.params
                    .iter()
                    .map(|_| {
                        random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
                        NUMBERS[(random >> 60) as usize]
                    })
                    .collect(),
            );
        }
        for arguments in tries {
            let value = |name: &str| {
                let at = row.params.iter().position(|(param, _)| *param == name).expect("a parameter");
                u64::from(arguments[at] as u32)
            };
            let outside = row.slices.iter().any(|(ptr, len)| value(ptr) + value(len) > 65_536);
            let input: Vec<u8> = arguments.iter().flat_map(|argument| argument.to_le_bytes()).collect();
            for kind in [MethodKind::Call, MethodKind::View] {
                let executed = execute(&worlds, &Call { contract: HOSTILE, ..call(kind, f.name, &input) });
                let is_bad = executed.status == Status::Trapped(TrapKind::BadPointer);
                assert!(!outside || is_bad, "{} {arguments:?}: {:?}", f.name, executed.status);
                calls += 1;
                bad += u32::from(is_bad);
            }
        }
    }
    println!("{calls} calls of {} host functions, {bad} with a bad pointer", HOST_FUNCTIONS.len());
    assert_honest_call_works(&mut worlds, 1, "all of them");
}

/// Random calls of host functions, one after the other, with arguments that are mostly sound: writes, scans, nested calls, children,
/// answers, in any order. What comes of them is the same on both backends, and nothing is left of what fails.
#[test]
fn host_functions_in_any_order_do_no_harm() {
    const SEQUENCES: u64 = 150;
    let mut worlds = worlds();
    let mut endings = BTreeMap::new();
    for number in 0..SEQUENCES {
        let wasm = wat::parse_str(sequence(number)).expect("sound text");
        for (world, runtime) in worlds.iter_mut().zip(runtimes()) {
            world.add(HOSTILE, CODE, runtime.prepare(&wasm).expect("a valid contract"));
        }
        let executed = attack(&worlds, "go", SHORT);
        let nothing_left = executed.changes.is_empty() && executed.events.is_empty() && executed.created.is_empty();
        assert!(executed.status.is_ok() || nothing_left, "sequence {number}: {:?}", executed.status);
        let ending = match &executed.status {
            Status::Trapped(kind) => kind.name(),
            Status::Ok(_) => "ok",
            Status::Failed { .. } => "failed",
            Status::Panicked(_) => "panicked",
            Status::OutOfGas => "outOfGas",
            Status::Refused(refused) => refused.name(),
        };
        *endings.entry(ending).or_insert(0) += 1;
        if executed.status.is_ok() {
            worlds.iter_mut().for_each(|world| world.apply(&executed));
        }
    }
    println!("{endings:?}");
    for ending in ["ok", "panicked", "doubleOutput", "noOutput", "outOfGas"] {
        assert!(endings.contains_key(ending), "no sequence ended as {ending}: {endings:?}");
    }
}

/// Bytes of physical memory this process holds.
#[cfg(target_os = "linux")]
fn resident() -> u64 {
    const PAGE: u64 = 4_096;
    let statm = std::fs::read_to_string("/proc/self/statm").expect("a process table");
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).expect("a number of pages") * PAGE
}

/// Variable that tells this binary to be the process whose memory is measured.
const MEASURED: &str = "COFFER_HOSTILE_MEASURED";

/// In a process of its own, since the memory of all tests is one.
#[cfg(target_os = "linux")]
#[test]
fn the_memory_of_the_process_comes_back_to_where_it_was() {
    const ROUNDS: u64 = 5;
    const BOUND: u64 = 48 << 20;
    if std::env::var_os(MEASURED).is_none() {
        let mut again = std::process::Command::new(std::env::current_exe().expect("this binary"));
        again.args(["--exact", "--nocapture", "--test-threads=1"]);
        again.arg("hostile::the_memory_of_the_process_comes_back_to_where_it_was").env(MEASURED, "1");
        let output = again.output().expect("a process");
        let text = String::from_utf8_lossy(&output.stdout);
        println!("{text}");
        assert!(output.status.success() && text.contains("MiB"), "{}", String::from_utf8_lossy(&output.stderr));
        return;
    }
    let worlds = worlds();
    let round = || {
        for (method, gas, _) in attacks() {
            attack(&worlds, method, gas);
        }
    };
    // Slots keep memory for the next call, allocators keep some too: what counts is that it does not become more.
    round();
    round();
    let before = resident();
    (0..ROUNDS).for_each(|_| round());
    let after = resident();
    println!("{} attacks {ROUNDS} times: {} MiB before, {} MiB after", attacks().len(), before >> 20, after >> 20);
    assert!(after < before + BOUND);
}
