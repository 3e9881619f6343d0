//! What is left after each kind of end. A trap costs what was executed up to it, the rest of its basic block included; only a load or
//! store outside of memory leaves no count.

use coffer_runtime::{Caps, validate};
use wasmtime::Trap;

use super::machine::{End, PLENTY, PRICES, prepare_text, run_text};

/// Runs into a trap and returns it with the gas used.
fn trap(definitions: &str) -> (Trap, i64) {
    let run = run_text(definitions, PLENTY);
    let End::Trapped(trap) = run.end else { panic!("{:?}", run.end) };
    assert!(run.stack_left > 0 && run.gas_left > 0, "{trap:?}: {} {}", run.gas_left, run.stack_left);
    (trap, PLENTY - run.gas_left)
}

/// Where a trap can happen: at once, after other blocks, in a loop, below a call and after one, after a host call. `TRAP` is put in; what
/// the operators around it cost is told with it, and which functions are entered.
const PLACES: [(&str, i64, &[usize]); 7] = [
    (r#"(func (export "call main") TRAP)"#, 0, &[0]),
    (r#"(func (export "call main") (if (i32.const 1) (then TRAP)))"#, 1 + 2, &[0]),
    // Three passes.
    (
        r#"(func (export "call main") (local i32)
            (loop (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 3)))) TRAP)"#,
        3 * (2 + 6 + 2),
        &[0],
    ),
    (r#"(func $f TRAP) (func (export "call main") (call $f) (call $f))"#, 8 + 8, &[0, 1]),
    (r#"(func $f) (func (export "call main") (call $f) TRAP)"#, 8, &[0, 1]),
    (r#"(func (export "call main") (drop (call $block_height)) TRAP)"#, 8 + 100 + 1, &[0]),
    (
        r#"(func (export "call main") (block (br_if 0 (i32.const 0)) (drop (call $block_height)) TRAP))"#,
        1 + 2 + 8 + 100 + 1,
        &[0],
    ),
];

const TABLE: &str =
    "(type $t (func)) (type $other (func (param i64))) (table 2 2 funcref) (elem (i32.const 1) $g) (func $g)";

/// Gas of entering some functions, counted from the one behind that of [`TABLE`].
fn frames(definitions: &str, entered: &[usize]) -> i64 {
    let wasm = wat::parse_str(crate::support::module(definitions)).unwrap();
    let frames = validate(&wasm, &Caps::default()).unwrap().frames;
    let gas = |function: &usize| {
        let frame = &frames[function + 1];
        PRICES.frame + PRICES.frame_word * (8 + frame.params + frame.locals + frame.operand_depth)
    };
    entered.iter().map(gas).sum::<u32>().into()
}

#[test]
fn the_count_is_exact_after_every_trap_but_one() {
    let traps = [
        // Code, trap, gas of its operators.
        ("(unreachable)", Trap::UnreachableCodeReached, 0),
        ("(drop (i32.div_u (i32.const 1) (i32.load (i32.const 0))))", Trap::IntegerDivisionByZero, 29),
        ("(drop (i32.div_s (i32.const 1) (i32.load (i32.const 0))))", Trap::IntegerDivisionByZero, 29),
        ("(drop (i32.rem_u (i32.const 1) (i32.load (i32.const 0))))", Trap::IntegerDivisionByZero, 29),
        ("(drop (i32.rem_s (i32.const 1) (i32.load (i32.const 0))))", Trap::IntegerDivisionByZero, 29),
        ("(drop (i64.div_u (i64.const 1) (i64.load (i32.const 0))))", Trap::IntegerDivisionByZero, 29),
        ("(drop (i64.div_s (i64.const 1) (i64.load (i32.const 0))))", Trap::IntegerDivisionByZero, 29),
        ("(drop (i64.rem_u (i64.const 1) (i64.load (i32.const 0))))", Trap::IntegerDivisionByZero, 29),
        ("(drop (i64.rem_s (i64.const 1) (i64.load (i32.const 0))))", Trap::IntegerDivisionByZero, 29),
        ("(drop (i32.div_s (i32.const 1) (i32.const 0)))", Trap::IntegerDivisionByZero, 27),
        ("(drop (i64.rem_u (i64.const 1) (i64.const 0)))", Trap::IntegerDivisionByZero, 27),
        ("(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))", Trap::IntegerOverflow, 27),
        ("(drop (i64.div_s (i64.const 0x8000000000000000) (i64.const -1)))", Trap::IntegerOverflow, 27),
        ("(call_indirect (type $t) (i32.const 0))", Trap::IndirectCallToNull, 17),
        ("(call_indirect (type $t) (i32.const 2))", Trap::TableOutOfBounds, 17),
        ("(call_indirect (type $t) (i32.const -1))", Trap::TableOutOfBounds, 17),
        ("(call_indirect (type $other) (i64.const 0) (i32.const 1))", Trap::BadSignature, 18),
    ];
    for (code, kind, gas) in traps {
        for (place, around, entered) in PLACES {
            let definitions = format!("{TABLE} {}", place.replace("TRAP", code));
            assert_eq!(trap(&definitions), (kind, frames(&definitions, entered) + around + gas), "{code} in {place}");
        }
    }
}

#[test]
fn a_remainder_by_minus_one_is_zero_and_not_an_overflow() {
    let run = run_text(
        r#"(func (export "call main") (drop (i32.rem_s (i32.const 0x80000000) (i32.const -1)))
            (drop (i64.rem_s (i64.const 0x8000000000000000) (i64.const -1))))"#,
        PLENTY,
    );
    assert_eq!(run.end, End::Returned);
}

#[test]
fn a_trap_without_gas_is_out_of_gas() {
    for code in ["(unreachable)", "(drop (i32.div_u (i32.const 1) (i32.load (i32.const 0))))"] {
        let definitions = format!(r#"(func (export "call main") (local i32) (block (br_if 0 (local.get 0)) {code}))"#);
        let (_, used) = trap(&definitions);
        let prepared = prepare_text(&definitions);
        assert!(!prepared.run(used).is_out_of_gas());
        for less in 1..=used {
            assert!(prepared.run(used - less).is_out_of_gas(), "{code}: {less} less");
        }
    }
}

#[test]
fn what_ended_a_run_can_be_told_from_the_counters() {
    let endless = run_text(r#"(func (export "call main") (loop (br 0)))"#, 1_000_000);
    assert!(endless.gas_left < 0 && endless.stack_left > 0, "{endless:?}");
    let deep = run_text(r#"(func $down (export "call main") (call $down))"#, PLENTY);
    assert!(deep.gas_left > 0 && deep.stack_left < 0, "{deep:?}");
    let own = run_text(r#"(func (export "call main") unreachable)"#, PLENTY);
    assert!(own.gas_left > 0 && own.stack_left > 0, "{own:?}");
    for run in [&endless, &deep, &own] {
        assert_eq!(run.end, End::Trapped(Trap::UnreachableCodeReached));
    }
    let host = run_text(r#"(func (export "call main") (drop (call $block_height)))"#, 100);
    assert_eq!((host.end, host.gas_left < 0), (End::Host, true));
    let quiet =
        run_text(r#"(func (export "call main") (block (br_if 0 (i32.const 0)) (nop)) (drop (i32.const 1)))"#, 17);
    assert_eq!((quiet.end, quiet.gas_left < 0), (End::Returned, true), "found by whoever reads the counter");
}

#[test]
fn a_frame_that_does_not_fit_is_not_paid() {
    // 4096 frames of 64 bytes fit; each costs 12 for the frame and 8 for the call.
    let run = run_text(r#"(func $down (export "call main") (call $down))"#, PLENTY);
    assert_eq!(PLENTY - run.gas_left, 4096 * 20);
    assert_eq!(run.stack_left, -64);
    // The same with a leaf at the end.
    let leaf = run_text(r#"(func $leaf) (func $down (export "call main") (call $leaf) (call $down))"#, PLENTY);
    assert_eq!(PLENTY - leaf.gas_left, 4095 * (12 + 8 + 12 + 8) + 12 + 16);
    assert_eq!(leaf.stack_left, -64);
}

#[test]
fn a_load_outside_of_memory_traps_as_such() {
    for code in [
        "(drop (i32.load (i32.const 65536)))",
        "(i64.store offset=4294967295 (i32.const -1) (i64.const 0))",
        "(memory.fill (i32.const 65535) (i32.const 0) (i32.const 2))",
        "(memory.copy (i32.const 0) (i32.const 65535) (i32.const 2))",
    ] {
        let run = run_text(&format!(r#"(func (export "call main") {code})"#), PLENTY);
        assert_eq!(run.end, End::Trapped(Trap::MemoryOutOfBounds), "{code}");
    }
}
