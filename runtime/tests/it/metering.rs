//! What instrumented code does when it runs, on the engine itself and with a host that only counts: it computes what the original
//! computes, gas is the sum of what was executed, and the stack is given back. Every run is made on both backends and must be alike.
//! Where things are: `machine` the runs, `ends` what is left after each kind of end, `programs` the oracle: an interpreter of generated
//! programs that knows operators and prices, not basic blocks, `finite` another oracle, made by others.

mod ends;
mod finite;
mod machine;
mod programs;

use machine::{End, PLENTY, STACK, gas_of, prepare_text, run_text};
use wasmtime::Trap;

#[test]
fn gas_is_the_sum_of_the_operators_executed_and_of_the_frames_entered() {
    // Frame: 4 + (64 + 8 x values) / 8.
    assert_eq!(gas_of(r#"(func (export "call main"))"#), 4 + 8);
    assert_eq!(gas_of(r#"(func (export "call main") (drop (i32.const 1)))"#), 4 + 9 + 2);
    let count = r#"(func (export "call main") (local i32)
        (loop (br_if 0 (i32.ne (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 10)))))"#;
    // Ten passes: loop 2, get, const, add, tee, const, ne 6, br_if 2.
    assert_eq!(gas_of(count), 4 + 8 + 1 + 2 + 10 * 10);
    let call = r#"(func $callee (param i64) (result i64) (local.get 0))
        (func (export "call main") (drop (call $callee (i64.const 5))))"#;
    assert_eq!(gas_of(call), (4 + 8 + 1 + 8 + 1 + 1) + (4 + 8 + 2 + 1));
    let copy = r#"(func (export "call main") (memory.copy (i32.const 0) (i32.const 9) (i32.const 17)))"#;
    assert_eq!(gas_of(copy), 4 + 8 + 3 + 3 + 16 + 3 * 2);
    let grow = r#"(func (export "call main") (drop (memory.grow (i32.const 3))))"#;
    assert_eq!(gas_of(grow), 4 + 8 + 1 + 2 + 500 + 3 * 30_000);
}

#[test]
fn a_host_function_gets_the_gas_left_and_gives_back_what_it_leaves() {
    let body = r#"(func (export "call main") (local i32)
        (loop (drop (call $block_height)) (br_if 0 (i32.ne (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 3)))))"#;
    // A pass: loop 2, call 8, drop, get, const, add, tee, const, ne 7, br_if 2.
    let entry = 4 + 11;
    let run = run_text(body, PLENTY);
    assert_eq!(run.seen, [0, 1, 2].map(|pass| PLENTY - entry - pass * (19 + 100) - 19));
    assert_eq!(PLENTY - run.gas_left, entry + 3 * (19 + 100));
}

#[test]
fn a_host_function_in_a_table_costs_what_it_costs_when_called() {
    let direct = r#"(func (export "call main") (drop (call $block_height)))"#;
    let indirect = r#"(type $t (func (result i64))) (table 1 1 funcref) (elem (i32.const 0) $block_height)
        (func (export "call main") (drop (call_indirect (type $t) (i32.const 0))))"#;
    // The index on the stack is already there as the result later; the call costs twice a direct one.
    assert_eq!(gas_of(indirect) - gas_of(direct), 1 + 8);
}

#[test]
fn exactly_enough_gas_suffices_and_one_less_runs_out() {
    let body = r#"(func $f (param i32) (result i32) (if (local.get 0) (then (return (i32.const 1)))) (i32.const 2))
        (func (export "call main") (drop (call $f (i32.const 1))) (drop (call $f (i32.const 0)))
            (memory.fill (i32.const 0) (i32.const 1) (i32.const 99)) (drop (call $block_time)))"#;
    let needed = gas_of(body);
    let prepared = prepare_text(body);
    let run = prepared.run(needed);
    assert_eq!((run.end, run.gas_left), (End::Returned, 0));
    for less in 1..=needed {
        let run = prepared.run(needed - less);
        assert!(run.is_out_of_gas() && run.stack_left >= 0, "{less} less: {run:?}");
    }
}

#[test]
fn the_depth_of_recursion_follows_from_the_frame_alone() {
    // Counts its calls in memory: 64 bytes a frame, 8 for the parameter, 16 for the operands.
    let body = r#"(func $down (param i64) (i64.store (i32.const 0) (local.get 0)) (call $down (i64.add (local.get 0) (i64.const 1))))
        (func (export "call main") (call $down (i64.const 1)))"#;
    let run = run_text(body, PLENTY);
    let calls = i64::from_le_bytes(run.memory[..8].try_into().unwrap());
    assert_eq!(calls, (i64::from(STACK) - 72) / 88);
    assert_eq!(run.end, End::Trapped(Trap::UnreachableCodeReached));
    assert!(run.stack_left < 0 && run.gas_left >= 0);
}

#[test]
fn a_function_that_calls_nothing_needs_its_frame_as_well() {
    // Main calls itself until its frame (64 + 8 for the local + 24 for the operands) or that of the leaf does not fit.
    for locals in [0, 8, 14, 500] {
        let body = format!(
            r#"(func $leaf (local {})) (func $main (export "call main") (local i32)
                (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1))) (call $leaf) (call $main))"#,
            "i64 ".repeat(locals)
        );
        let run = run_text(&body, PLENTY);
        assert!(run.stack_left < 0 && run.gas_left > 0, "{run:?}");
        let with_leaf = (STACK as usize - 64 - 8 * locals) / 96;
        let made = u32::from_le_bytes(run.memory[..4].try_into().unwrap());
        // The call whose leaf does not fit has counted itself, if its own frame did.
        assert_eq!(made as usize, (with_leaf + 1).min(STACK as usize / 96), "{locals} locals");
    }
}

#[test]
fn a_bulk_operation_is_paid_before_it_runs() {
    let run =
        run_text(r#"(func (export "call main") (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)))"#, 4_000);
    assert!(run.is_out_of_gas(), "{run:?}");
    assert!(run.memory.iter().all(|byte| *byte == 0));
    let huge =
        run_text(r#"(func (export "call main") (memory.fill (i32.const 0) (i32.const 1) (i32.const -1)))"#, 4_000);
    assert!(huge.is_out_of_gas() && huge.gas_left > -(1 << 32), "{}", huge.gas_left);
    let grown = run_text(r#"(func (export "call main") (drop (memory.grow (i32.const -1))))"#, 4_000);
    assert!(grown.is_out_of_gas() && grown.memory.len() == 65536);
}

#[test]
fn little_is_done_unpaid() {
    // Straight on, without a loop or a call: 1500 stores in blocks of their own, each behind the other.
    let blocks: String = (0..1500)
        .map(|i| format!("(block (br_if 0 (i32.load (i32.const 60000))) (i32.store8 (i32.const {i}) (i32.const 1)))"))
        .collect();
    let body = format!(r#"(func (export "call main") {blocks})"#);
    let whole = gas_of(&body);
    for gas in [100, 1_000, 5_000, 10_000] {
        let run = run_text(&body, gas);
        let stores = run.memory.iter().filter(|byte| **byte == 1).count() as i64;
        let each = whole / 1500;
        assert!(run.end == End::Trapped(Trap::UnreachableCodeReached) && run.is_out_of_gas());
        assert!((-1_100..0).contains(&run.gas_left), "{gas} gas: {} left", run.gas_left);
        assert!(stores * each <= gas + 1_100, "{gas} gas: {stores} stores");
    }
}

#[test]
fn a_value_below_a_charge_stays_on_the_operand_stack() {
    let body = r#"(func $f (param i64) (result i64)
            (i64.add (local.get 0) (block (result i64) (drop (br_if 0 (i64.const 5) (i32.const 1))) (i64.const 7))))
        (func (export "call main") (i64.store (i32.const 8) (call $f (i64.const 37))))"#;
    let run = run_text(body, PLENTY);
    assert_eq!((run.end, run.memory[8]), (End::Returned, 42));
}

#[test]
fn what_never_runs_is_left_out_and_leaves_every_stack_valid() {
    for body in [
        "(drop (loop (result i32) (br 0)))",
        "(drop (i32.add (block (result i32) (return)) (i32.const 1)))",
        "(drop (i32.add (block (result i32) (unreachable)) (block (result i32) (i32.const 1))))",
        "(drop (i32.add (if (result i32) (i32.load (i32.const 0)) (then (return)) (else (return))) (call $f (i32.const 1))))",
        "(return) (drop (call $block_height)) (loop (block (br_table 0 1 2 (i32.const 0))))",
        "(block (br 0) (if (i32.const 1) (then (nop)) (else (memory.fill (i32.const 0) (i32.const 1) (i32.const 2)))))",
        "(block (br 0) (loop (br 0)) (drop (loop (result i64) (i64.const 1))))",
        "(if (i32.const 1) (then (return) (drop (i32.const 1))) (else (br 0) (nop)))",
    ] {
        let definitions =
            format!(r#"(func $f (param i32) (result i32) (local.get 0)) (func (export "call main") {body})"#);
        let gas = if body.starts_with("(drop (loop") { 10_000 } else { PLENTY };
        let run = run_text(&definitions, gas);
        assert!(run.stack_left >= 0, "{body}: {run:?}");
    }
}
