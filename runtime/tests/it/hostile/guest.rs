//! The hostile contract: each of its methods does one thing a node must survive. Its data holds the ids and names the calls need.
//! Invariant: a method's name says what it does, and the table of attacks in the parent says how it must end.

use std::fmt::Write as _;

use coffer_abi::host::{HOST_FUNCTIONS, HostFunction};
use coffer_abi::{CodeHash, ContractId};

use crate::pointers::rows;
use crate::support::imports;

/// The hostile contract, a second instance of it, and one that behaves.
pub const HOSTILE: ContractId = ContractId([0xaa; 32]);
pub const ACCOMPLICE: ContractId = ContractId([0xbb; 32]);
pub const HONEST: ContractId = ContractId([0xcc; 32]);
/// Hash under which the code of the hostile contract is stored.
pub const CODE: CodeHash = CodeHash([0xdd; 32]);

/// Names of methods, each in 16 bytes of data.
const NAMES: [&str; 11] =
    ["inc", "ping", "dive", "trap", "endless", "write_and_fail", "hoard", "sink", "fan", "leave", "spoil"];
const NAMES_AT: usize = 256;
/// Where replies and results go.
const SCRATCH: usize = 1_024;

fn name(of: &str) -> String {
    let index = NAMES.iter().position(|name| *name == of).unwrap_or_else(|| panic!("{of} is not among the names"));
    format!("(i32.const {}) (i32.const {})", NAMES_AT + 16 * index, of.len())
}

fn id(of: ContractId) -> String {
    let at = match of {
        HOSTILE => 0,
        ACCOMPLICE => 32,
        _ => 64,
    };
    format!("(i32.const {at}) (i32.const 32)")
}

/// Calls a method without arguments; leaves the length of the reply on the stack.
fn call(how: &str, contract: ContractId, method: &str, gas: &str) -> String {
    format!(
        "(call ${how} {} {} (i32.const 0) (i32.const 0) (i64.const {gas}) (i32.const {SCRATCH}) (i32.const 4096))",
        id(contract),
        name(method)
    )
}

/// Makes another instance of its own code, with the salt at 128; leaves the length of the reply on the stack.
fn create() -> String {
    format!(
        "(call $create (i32.const 96) (i32.const 32) (i32.const 128) (i32.const 32) (i32.const 0) (i32.const 0) (i64.const -1)
            (i32.const {SCRATCH}) (i32.const 4096))"
    )
}

/// Answers with the reply of the call before, whose length is on the stack.
fn answer(reply: &str) -> String {
    format!("(local.set $len (i32.wrap_i64 {reply})) (call $output (i32.const {SCRATCH}) (local.get $len))")
}

const OUTPUT: &str = "(call $output (i32.const 0) (i32.const 4))";

/// `count` times `body`, with `$i` counting from 0.
fn repeat(count: u32, body: &str) -> String {
    format!(
        "(local.set $i (i32.const 0))
         (loop $again {body}
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $i) (i32.const {count}))))"
    )
}

/// Grows memory to its bound and writes to every page of 4 KiB.
fn hoard() -> String {
    "(loop $grow (br_if $grow (i32.ge_s (memory.grow (i32.const 1)) (i32.const 0))))
     (local.set $i (i32.const 4096))
     (loop $touch
        (i32.store (local.get $i) (i32.const -1))
        (local.set $i (i32.add (local.get $i) (i32.const 4096)))
        (br_if $touch (i32.lt_u (local.get $i) (i32.shl (memory.size) (i32.const 16)))))"
        .into()
}

/// Bodies of the methods, by name.
fn methods() -> Vec<(&'static str, String)> {
    // A key of 5 bytes at 512 with the counter in it.
    let key = "(i32.store (i32.const 513) (local.get $i))";
    let set =
        |len: u32| format!("{key} (call $storage_set (i32.const 512) (i32.const 5) (i32.const 0) (i32.const {len}))");
    let event = "(call $event (i32.const 256) (i32.const 3) (i32.const 0) (i32.const 1024))";
    let new_salt = "(i32.store (i32.const 128) (local.get $i))";
    let create = format!("(drop {})", create());
    vec![
        ("endless", "(loop $again (br $again))".into()),
        ("recursion", "(call $down)".into()),
        ("memory_touched", format!("{} {OUTPUT}", hoard())),
        ("memory_filled", format!("(drop (memory.grow (i32.const 255))) {} {OUTPUT}", repeat(4, "(memory.fill (i32.const 4096) (i32.const 255) (i32.const 16773120))"))),
        ("memory_copied", "(drop (memory.grow (i32.const 255))) (loop $again (memory.copy (i32.const 65536) (i32.const 65537) (i32.const 16700000)) (br $again))".into()),
        ("growth", "(loop $again (drop (memory.grow (i32.const 0))) (drop (memory.grow (i32.const -1))) (br $again))".into()),
        ("storage_large", repeat(u32::MAX, &set(65_536))),
        ("storage_many", repeat(u32::MAX, &set(1))),
        ("storage_kept", format!("{} {OUTPUT}", repeat(50, &set(65_536)))),
        ("storage_churned", format!("{} {OUTPUT}", repeat(300, "(call $storage_set (i32.const 512) (i32.const 5) (i32.const 0) (i32.const 4000)) (drop (call $storage_remove (i32.const 512) (i32.const 5)))"))),
        ("storage_scanned", format!("{} (loop $again (drop (call $storage_scan (i32.const 512) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 256) (i32.const {SCRATCH}) (i32.const 60000))) (br $again))", repeat(300, &set(100)))),
        ("events_flood", repeat(u32::MAX, event)),
        ("events_kept", format!("{} {OUTPUT}", repeat(1_024, event))),
        ("log_flood", format!("{} {OUTPUT}", repeat(5_000, "(call $log (i32.const 0) (i32.const 4096))"))),
        ("replies", format!("(loop $again (drop (call $random (i32.const 1024) (i32.const {SCRATCH}) (i32.const 0))) (br $again))")),
        ("output_then_trap", format!("{} {OUTPUT} unreachable", set(9).replace("(local.get $i)", "(i32.const 1)"))),
        ("output_then_endless", format!("{OUTPUT} (loop $again (br $again))")),
        ("output_then_panic", format!("{OUTPUT} (call $panic (i32.const 256) (i32.const 65000))")),
        ("output_then_output", format!("{OUTPUT} {OUTPUT}")),
        ("output_then_error", format!("{OUTPUT} (call $error (i32.const 1) (i32.const 0) (i32.const 4))")),
        ("error_then_output", format!("(call $error (i32.const 1) (i32.const 0) (i32.const 4)) {OUTPUT}")),
        ("output_then_writes", format!("{OUTPUT} {} {event} (drop {})", set(9), call("call", HONEST, "inc", "-1"))),
        ("output_too_long", "(drop (memory.grow (i32.const 2))) (call $output (i32.const 0) (i32.const 65537))".into()),
        ("panic_of_no_text", "(memory.fill (i32.const 2048) (i32.const 255) (i32.const 2000)) (call $panic (i32.const 2048) (i32.const 2000))".into()),
        ("nothing", String::new()),
        ("divide", "(drop (i32.div_u (i32.const 1) (i32.const 0)))".into()),
        ("overflow", "(drop (i64.div_s (i64.const 0x8000000000000000) (i64.const -1)))".into()),
        ("wild_load", "(drop (i64.load offset=4294967295 (i32.const -1)))".into()),
        ("wild_store", "(i64.store (i32.const -4) (i64.const -1))".into()),
        ("wild_fill", "(memory.fill (i32.const 60000) (i32.const 1) (i32.const -1))".into()),
        ("wild_call", "(call_indirect (type $none) (i32.const -1))".into()),
        ("null_call", "(call_indirect (type $none) (i32.const 0))".into()),
        ("other_call", "(drop (call_indirect (type $one) (i32.const 1)))".into()),
        // From contract to contract.
        ("itself", answer(&call("call", HOSTILE, "ping", "-1"))),
        ("in_a_ring", answer(&call("call", ACCOMPLICE, "ping", "-1"))),
        ("ping", answer(&call("call", HOSTILE, "ping", "-1"))),
        ("nobody", answer(&format!("(call $call (i32.const 300) (i32.const 32) {} (i32.const 0) (i32.const 0) (i64.const -1) (i32.const {SCRATCH}) (i32.const 4096))", name("ping")))),
        ("callee_traps", answer(&call("call", ACCOMPLICE, "trap", "-1"))),
        ("callee_is_endless", answer(&call("call", ACCOMPLICE, "endless", "-1"))),
        ("callee_is_endless_within_a_bound", answer(&call("call", ACCOMPLICE, "endless", "100000"))),
        ("callee_without_gas", answer(&call("call", ACCOMPLICE, "ping", "0"))),
        ("callee_writes_and_fails", answer(&call("call", ACCOMPLICE, "write_and_fail", "-1"))),
        ("callee_leaves_memory", answer(&call("call", ACCOMPLICE, "leave", "1000000"))),
        ("trap_after_a_callee_wrote", format!("(drop {}) unreachable", call("call", HONEST, "inc", "-1"))),
        ("view_that_calls", answer(&call("view", ACCOMPLICE, "spoil", "-1"))),
        ("dive", answer(&call("call", HOSTILE, "dive", "-1"))),
        ("sink", "(call $hold (i32.const 80))".into()),
        ("drown", "(call $hold (i32.const 1000))".into()),
        ("hoard", format!("{} {}", hoard(), answer(&call("call", HOSTILE, "hoard", "-1")))),
        ("fan", format!("(drop {0}) (drop {0}) {1}", call("call", HOSTILE, "fan", "-1"), OUTPUT)),
        ("children", format!("{} {OUTPUT}", repeat(40, &format!("{new_salt} {create}")))),
        ("children_then_trap", format!("{} unreachable", repeat(40, &format!("{new_salt} {create}")))),
        ("the_same_child_twice", format!("{create} {}", answer(&self::create()))),
        ("trap", "unreachable".into()),
        ("write_and_fail", format!("{} (call $error (i32.const 7) (i32.const 0) (i32.const 2))", set(9))),
        ("leave", "(drop (i32.load (i32.const -4)))".into()),
    ]
}

/// Methods that may be entered again while they run.
const REENTRANT: [&str; 4] = ["dive", "sink", "hoard", "fan"];

/// Names of the methods, without the views and `init`.
pub fn method_names() -> Vec<&'static str> {
    methods().into_iter().map(|(name, _)| name).collect()
}

/// What memory holds at first: ids, the hash of the code, a salt, names, an ordered key.
fn data() -> Vec<u8> {
    let mut data = [[0xaa; 32], [0xbb; 32], [0xcc; 32], [0xdd; 32]].concat();
    data.resize(NAMES_AT, 0);
    for name in NAMES {
        let mut padded = name.as_bytes().to_vec();
        padded.resize(16, 0);
        data.extend(padded);
    }
    data.resize(512, 0);
    // The kind of a key that scans visit.
    data.push(1);
    data
}

fn escaped(data: &[u8]) -> String {
    data.iter().map(|byte| format!("\\{byte:02x}")).collect()
}

/// The hostile contract as text.
pub fn hostile() -> String {
    let mut text = format!(
        r#"(module {} (memory (export "memory") 1) (type $none (func)) (type $one (func (result i32)))
        (table 2 funcref) (elem (i32.const 1) $down)
        (func $down (call $down))
        ;; Holds as many frames as it is told while it calls its contract again, and answers with the reply.
        (func $hold (param $frames i32) (local $len i32)
            (if (local.get $frames)
                (then (call $hold (i32.sub (local.get $frames) (i32.const 1))))
                (else {})))
        "#,
        imports(),
        answer(&call("call", HOSTILE, "sink", "-1"))
    );
    writeln!(text, r#"(data (i32.const 0) "{}")"#, escaped(&data())).expect("text");
    for (name, body) in methods() {
        writeln!(text, r#"(func $m_{name} (export "call {name}") (local $i i32) (local $len i32) {body})"#)
            .expect("text");
        if REENTRANT.contains(&name) {
            writeln!(text, r#"(export "reentrant call {name}" (func $m_{name}))"#).expect("text");
        }
    }
    writeln!(
        text,
        r#"(func (export "view spoil") (drop {}) {OUTPUT})
        (func (export "init") (i32.store (i32.const 128) (i32.const 77)) (drop {}) {OUTPUT}))"#,
        call("call", HONEST, "inc", "-1"),
        create()
    )
    .expect("text");
    text
}

/// A sound value for a parameter of a host function, by its name; lengths belong to their pointers.
fn sound(function: &HostFunction, param: &str, choice: usize) -> i64 {
    let among = |values: &[i64]| values[choice % values.len()];
    match (function.name, param) {
        ("verify_ed25519", "key_len") => 32,
        ("reply_read", "len") => 0,
        (_, "contract") => among(&[0, 32, 64]),
        (_, "method") => NAMES_AT as i64 + 16 * among(&[0, 0, 1, 2, 4]),
        (_, "method_len") => among(&[3, 4]),
        (_, "code") => 96,
        (_, "salt") => among(&[0, 64, 128]),
        (_, "contract_len" | "code_len" | "salt_len") => 32,
        (_, "signature_len") => 64,
        (_, "key" | "prefix" | "after") => 512,
        (_, "key_len") => among(&[1, 2, 3, 5]),
        (_, "prefix_len") => 1,
        (_, "after_len") => among(&[0, 2]),
        (_, "name" | "text" | "ptr" | "message") => NAMES_AT as i64,
        (_, "out") => SCRATCH as i64,
        (_, "cap") => among(&[0, 4_096]),
        (_, "limit") => among(&[1, 256]),
        (_, "gas") => among(&[-1, 1_000_000, 50_000, 0]),
        (_, "from") => 0,
        _ => among(&[0, 1, 4, 16]),
    }
}

/// A contract whose `call go` makes random calls of host functions. Its memory holds the ids and names of the hostile one.
pub fn sequence(number: u64) -> String {
    let mut bytes = vec![0; 4_096];
    blake3::Hasher::new().update(&number.to_le_bytes()).finalize_xof().fill(&mut bytes);
    let mut bytes = bytes.into_iter();
    let rows = rows();
    let mut below = move |bound: usize| usize::from(bytes.next().expect("bytes enough")) % bound;
    let mut body = String::new();
    for _ in 0..4 + below(12) {
        // What ends a call at once is rare, so that calls get somewhere.
        let function = loop {
            let function = &HOST_FUNCTIONS[below(HOST_FUNCTIONS.len())];
            let ends = matches!(function.name, "panic" | "error" | "output");
            if !ends || below(6) == 0 {
                break function;
            }
        };
        let row = rows.iter().find(|row| row.name == function.name).expect("a row");
        let mut arguments = String::new();
        for (name, _) in row.params {
            // One in 120 is wild.
            let choice = below(120);
            let value =
                if choice == 0 { [0, 65_535, u32::MAX as i64, -1][below(4)] } else { sound(function, name, choice) };
            let ty = if *name == "gas" { "i64" } else { "i32" };
            write!(arguments, "({ty}.const {value}) ").expect("text");
        }
        let drop = if function.result.is_some() { "drop" } else { "" };
        writeln!(body, "(call ${} {arguments}) {drop}", function.name).expect("text");
    }
    if below(3) > 0 {
        body += OUTPUT;
    }
    if below(10) == 0 {
        body += "(loop $again (br $again))";
    }
    let data = escaped(&data());
    format!(
        r#"(module {} (memory (export "memory") 1) (data (i32.const 0) "{data}")
        (func $go (export "call go") {body}) (export "reentrant call go" (func $go))
        (func (export "call dive") {body}) (func (export "init") {OUTPUT}) (func (export "view ping") {OUTPUT}))"#,
        imports()
    )
}

/// A contract that counts: `call inc` answers with the new count.
pub fn honest() -> String {
    format!(
        r#"(module {} (memory (export "memory") 1)
        (func (export "call inc") (local $len i32)
            (drop (call $storage_get (i32.const 0) (i32.const 1) (i32.const 8) (i32.const 8)))
            (i64.store (i32.const 8) (i64.add (i64.load (i32.const 8)) (i64.const 1)))
            (call $storage_set (i32.const 0) (i32.const 1) (i32.const 8) (i32.const 8))
            (call $output (i32.const 8) (i32.const 8))))"#,
        imports()
    )
}
