//! What a unit of gas costs where a state on the disk is read and written: a contract reads, writes, removes and emits by the thousand,
//! through a running node, so that trie, log, sealing and database are all in it. The counterpart of the runtime's benchmark
//! `calibration`, whose state is in memory. `cargo bench -p coffer --bench commit`

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints its table and stops at the first surprise"
)]

mod dev;

use std::time::Instant;

use base64::Engine;
use dev::Dev;
use serde_json::json;

/// Operations of one call.
const BATCH: u32 = 1_000;
/// Entries in the state when it is measured.
const ENTRIES: u32 = 100_000;
const ROUNDS: usize = 15;

/// A key is 33 bytes at 0: plain, a number, filling. The number of entries is stored under a short key at 40 and read to 48.
const CONTRACT: &str = r#"(module
    (import "coffer_1" "storage_get" (func $get (param i32 i32 i32 i32) (result i64)))
    (import "coffer_1" "storage_set" (func $set (param i32 i32 i32 i32)))
    (import "coffer_1" "storage_remove" (func $remove (param i32 i32) (result i32)))
    (import "coffer_1" "event" (func $event (param i32 i32 i32 i32)))
    (import "coffer_1" "output" (func $output (param i32 i32)))
    (memory (export "memory") 1)
    (data (i32.const 1) "0000kkkkkkkkkkkkkkkkkkkkkkkkkkkk")
    (data (i32.const 40) "\00n")
    (data (i32.const 60) "Moved")
    (data (i32.const 128) "valuevaluevaluevaluevaluevaluevaluevaluevaluevaluevaluevaluevalu")
    (func $entries (result i32)
        (drop (call $get (i32.const 40) (i32.const 2) (i32.const 48) (i32.const 4))) (i32.load (i32.const 48)))
    (func $finish (param $entries i32)
        (i32.store (i32.const 48) (local.get $entries))
        (call $set (i32.const 40) (i32.const 2) (i32.const 48) (i32.const 4))
        (call $output (i32.const 0) (i32.const 0)))
    (func $key (param $n i32) (i32.store (i32.const 1) (local.get $n)) (i32.store (i32.const 128) (local.get $n)))
    (func $some (param $n i32) (param $entries i32)
        (call $key (i32.rem_u (i32.add (i32.mul (local.get $n) (i32.const 7919)) (i32.load (i32.const 52))) (local.get $entries))))
    (func (export "call nothing") (call $finish (call $entries)))
    (func (export "call write") (local $n i32) (local $e i32) (local.set $e (call $entries))
        (loop $l (call $key (i32.add (local.get $e) (local.get $n)))
            (call $set (i32.const 0) (i32.const 33) (i32.const 128) (i32.const 32))
            (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const BATCH))))
        (call $finish (i32.add (local.get $e) (i32.const BATCH))))
    (func (export "call write_again") (local $n i32) (local $e i32) (local.set $e (call $entries))
        (loop $l (call $some (local.get $n) (local.get $e)) (i32.store (i32.const 132) (local.get $n))
            (call $set (i32.const 0) (i32.const 33) (i32.const 128) (i32.const 32))
            (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const BATCH))))
        (call $finish (local.get $e)))
    (func (export "call read") (local $n i32) (local $e i32) (local.set $e (call $entries))
        (loop $l (call $some (local.get $n) (local.get $e))
            (if (i64.ne (call $get (i32.const 0) (i32.const 33) (i32.const 256) (i32.const 64)) (i64.const 32)) (then unreachable))
            (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const BATCH))))
        (call $finish (local.get $e)))
    (func (export "call read_nothing") (local $n i32) (local $e i32) (local.set $e (call $entries))
        (loop $l (call $key (i32.add (local.get $e) (local.get $n)))
            (if (i64.ge_s (call $get (i32.const 0) (i32.const 33) (i32.const 256) (i32.const 64)) (i64.const 0)) (then unreachable))
            (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const BATCH))))
        (call $finish (local.get $e)))
    (func (export "call remove") (local $n i32) (local $e i32) (local.set $e (i32.sub (call $entries) (i32.const BATCH)))
        (loop $l (call $key (i32.add (local.get $e) (local.get $n)))
            (if (i32.eqz (call $remove (i32.const 0) (i32.const 33))) (then unreachable))
            (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const BATCH))))
        (call $finish (local.get $e)))
    (func (export "call emit") (local $n i32)
        (loop $l (call $event (i32.const 60) (i32.const 5) (i32.const 128) (i32.const 64))
            (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const BATCH))))
        (call $finish (call $entries))))"#;

fn main() {
    let wasm = wat::parse_str(CONTRACT.replace("BATCH", &BATCH.to_string())).unwrap();
    let wasm = base64::engine::general_purpose::STANDARD.encode(wasm);
    let folder = tempfile::tempdir().unwrap();
    let dev = Dev::start(folder.path());
    println!(
        "{ENTRIES} entries, {BATCH} operations a call and block; fastest of {ROUNDS}; less a call that does nothing\n"
    );
    println!("| operation | state | us | gas | ns/gas |\n|---|---|---:|---:|---:|");
    for private in [false, true] {
        let mut client = dev.client();
        let contract = client.ask("contract_deploy", json!({"wasm": wasm, "private": private}))["contract"].take();
        let mut run = |method: &str| {
            let begun = Instant::now();
            let called =
                client.ask("contract_call", json!({"contract": contract, "method": method, "private": private}));
            (begun.elapsed().as_secs_f64() * 1e6, called["gasUsed"].as_f64().unwrap())
        };
        (0..ENTRIES / BATCH).for_each(|_| _ = run("write"));
        let state = if private { "private" } else { "public" };
        let names = ["nothing", "read", "read_nothing", "write_again", "write", "remove", "emit"];
        let mut least = [(f64::MAX, 0.0); 7];
        for _ in 0..ROUNDS {
            for (name, least) in names.iter().zip(&mut least) {
                let (microseconds, gas) = run(name);
                *least = (least.0.min(microseconds), gas);
            }
        }
        for (name, (microseconds, gas)) in names.iter().zip(least).skip(1) {
            let each = |total: f64, none: f64| (total - none) / f64::from(BATCH);
            let (us, gas) = (each(microseconds, least[0].0), each(gas, least[0].1));
            println!("| {name} | {state} | {us:.2} | {gas:.0} | {:.3} |", us * 1e3 / gas);
        }
        println!("| nothing, the whole call | {state} | {:.0} | {:.0} | |", least[0].0, least[0].1);
    }
}
