//! What the pass refuses and what it leaves alone. What instrumented code does when it runs is tested with the engine.

use super::{Schedule, function, instrument};
use crate::error::{CodeError, Fault};
use crate::validate::{Caps, Report, Rule, validate};

fn checked(wat: &str) -> (Vec<u8>, Report) {
    let wasm = wat::parse_str(wat).unwrap();
    let report = validate(&wasm, &Caps::default()).unwrap();
    (wasm, report)
}

fn instrumented(wat: &str) -> String {
    let (wasm, report) = checked(wat);
    let out = instrument(&wasm, &report, &Schedule::V1, &Caps::default()).unwrap();
    wasmprinter::print_bytes(out).unwrap()
}

#[test]
fn the_frame_of_a_function_is_64_bytes_and_8_for_each_parameter_local_and_operand() {
    let (_, report) = checked(
        r#"(module (memory (export "memory") 1)
            (func (param i32 i64) (local i32) (drop (i32.add (i32.const 1) (i32.const 2)))) (func))"#,
    );
    let frames: Vec<_> = report.frames.iter().map(function::frame_bytes).collect();
    assert_eq!(frames, [64 + 8 * (2 + 1 + 2), 64]);
}

#[test]
fn a_long_body_takes_an_eighth_of_what_is_above_256_bytes_more() {
    let (_, report) = checked(r#"(module (memory (export "memory") 1) (func (param i32)))"#);
    let stack = |body| function::stack_bytes(&report.frames[0], body);
    assert_eq!([0, 256, 257, 264, 265, 128 * 1024].map(stack), [72, 72, 73, 73, 74, 72 + 16 * 1024 - 32]);
}

#[test]
fn the_memory_gets_the_hosts_maximum_unless_its_own_is_lower() {
    for (declared, maximum) in
        [("1", "1 256"), ("1 7", "1 7"), ("1 256", "1 256"), ("1 257", "1 256"), ("1 65536", "1 256")]
    {
        let text = instrumented(&format!(r#"(module (memory (export "memory") {declared}))"#));
        assert!(text.contains(&format!("(memory (;0;) {maximum})")), "{declared}: {text}");
    }
}

#[test]
fn a_result_above_its_cap_is_refused_and_one_at_it_is_not() {
    let (wasm, report) = checked(
        r#"(module (memory (export "memory") 1) (func (export "call f") (local i32)
            (block (br_if 0 (local.get 0)) (br_if 0 (local.get 0)) (br_if 0 (local.get 0)) (br_if 0 (local.get 0)))))"#,
    );
    let of = |caps: Caps| instrument(&wasm, &report, &Schedule::V1, &caps);
    let len = of(Caps::default()).unwrap().len() as u32;
    of(Caps { instrumented_bytes: len, ..Caps::default() }).unwrap();
    for caps in [
        Caps { instrumented_bytes: len - 1, ..Caps::default() },
        Caps { instrumented_bytes: 10, ..Caps::default() },
        Caps { instrumented_factor: 1, ..Caps::default() },
    ] {
        let CodeError::Refused(violation) = of(caps).unwrap_err() else { panic!("a fault") };
        assert!(matches!(violation.rule, Rule::Cap { name: super::INSTRUMENTED, .. }), "{violation}");
        assert!(violation.hint().is_some());
    }
}

#[test]
fn names_of_functions_and_locals_stay_and_other_custom_sections_go() {
    let text = instrumented(
        r#"(module (@custom "coffer_spec" "x") (memory (export "memory") 1)
            (func $token::pay (param $sum i64) (local $left i64) (block $label (br $label)))
            (@custom "producers" "y"))"#,
    );
    for name in ["$token::pay", "$sum", "$left"] {
        assert!(text.contains(name), "{text}");
    }
    for name in ["@custom", "coffer_spec", "producers", "$label"] {
        assert!(!text.contains(name), "{name}: {text}");
    }
}

#[test]
fn names_that_cannot_be_read_are_left_out() {
    let (mut wasm, _) = checked(r#"(module (memory (export "memory") 1) (func (export "call f")))"#);
    wasm.extend([0, 9, 4, b'n', b'a', b'm', b'e', 1, 200, 1, 7]);
    let report = validate(&wasm, &Caps::default()).unwrap();
    let out = instrument(&wasm, &report, &Schedule::V1, &Caps::default()).unwrap();
    assert!(wasmparser::Validator::new().validate_all(&out).is_ok());
}

#[test]
fn a_report_of_another_module_is_a_fault_of_the_caller() {
    let (one, _) = checked(r#"(module (memory (export "memory") 1) (func (export "call f")))"#);
    let (_, none) = checked(r#"(module (memory (export "memory") 1))"#);
    let result = instrument(&one, &none, &Schedule::V1, &Caps::default());
    assert!(matches!(result, Err(CodeError::Fault(Fault::Instrumentation(_)))));
}

#[test]
fn reserved_names_are_refused_even_without_the_validator() {
    let (wasm, report) = checked(r#"(module (memory (export "memory") 1) (func (export "call f")))"#);
    let once = instrument(&wasm, &report, &Schedule::V1, &Caps::default()).unwrap();
    let twice = instrument(&once, &report, &Schedule::V1, &Caps::default());
    let Err(CodeError::Refused(violation)) = twice else { panic!("{twice:?}") };
    assert_eq!(violation.rule, Rule::ReservedExport { name: "coffer:gas" });
}

#[test]
fn an_operator_that_could_run_forever_is_not_free() {
    let schedule = Schedule::V1;
    let prices = [
        schedule.simple,
        schedule.division,
        schedule.global,
        schedule.memory,
        schedule.branch,
        schedule.br_table,
        schedule.call,
        schedule.call_indirect,
        schedule.frame_word,
        schedule.bulk,
        schedule.bulk_word,
        schedule.grow,
        schedule.page,
    ];
    assert!(prices.iter().all(|price| *price > 0));
    assert_eq!(schedule.initial_memory(17), 17 * u64::from(schedule.page));
}
