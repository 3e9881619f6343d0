//! What the pass refuses and what it leaves alone. What instrumented code does when it runs is tested with the engine.

use super::{Schedule, function, instrument, instrument_mapped};
use crate::error::{CodeError, Fault};
use crate::validate::{Caps, Interface, Report, Rule, validate, validate_as};

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

#[test]
fn host_functions_are_imported_with_gas_and_keep_their_type_in_tables() {
    let text = instrumented(
        r#"(module (type $t (func (result i64)))
            (import "coffer_1" "block_time" (func $time (type $t))) (import "coffer_1" "block_height" (func $height (type $t)))
            (import "coffer_1" "log" (func $log (param i32 i32)))
            (memory (export "memory") 1) (table 2 2 funcref) (elem (i32.const 0) $height $own)
            (func $own (type $t) (call $time)) (func (export "call f") (call $log (i32.const 0) (i32.const 0))))"#,
    );
    // The module's own types are 0 to 2, the functions it imports and defines 0 to 4.
    for line in [
        "(type (;3;) (func (param i64) (result i64 i64)))",
        "(type (;4;) (func (param i32 i32 i64) (result i64)))",
        r#"(import "coffer_1" "block_time" (func $time (;0;) (type 3)))"#,
        r#"(import "coffer_1" "block_height" (func $height (;1;) (type 3)))"#,
        r#"(import "coffer_1" "log" (func $log (;2;) (type 4)))"#,
        "(elem (;0;) (i32.const 0) func 5 $own)",
        "(func (;5;) (type $t) (result i64)\n    global.get 0\n    call $height\n    global.set 0\n  )",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn imports_of_others_keep_their_type_and_find_the_count_in_the_global() {
    let wasm = wat::parse_str(
        r#"(module (import "other" "f" (func $f (param i32))) (import "other" "g" (global i64))
            (func (export "run") (call $f (i32.const 1)) (block (br_if 0 (i32.const 0)) (call $f (i32.const 2)))))"#,
    );
    let wasm = wasm.unwrap();
    let report = validate_as(&wasm, &Caps::default(), Interface::Any).unwrap();
    let caps = Caps { instrumented_factor: 20, ..Caps::default() };
    let text = wasmprinter::print_bytes(instrument(&wasm, &report, &Schedule::V1, &caps).unwrap()).unwrap();
    for line in [
        r#"(import "other" "f" (func $f (;0;) (type 0)))"#,
        r#"(export "coffer:gas" (global 1))"#,
        // The first call is what the entry is charged for, the second comes behind a charge of its own.
        "i32.const 1\n    call $f",
        "i32.const 2\n      local.get 0\n      global.set 1\n      call $f",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn sections_the_module_lacks_are_added_where_they_belong() {
    for wat in [
        "(module)",
        r#"(module (func $start) (start $start))"#,
        r#"(module (memory 1) (data (i32.const 0) "x"))"#,
        r#"(module (import "coffer_1" "block_time" (func $t (result i64))) (table 1 1 funcref) (elem (i32.const 0) $t))"#,
        r#"(module (import "coffer_1" "block_time" (func $t (result i64))) (export "t" (func $t)) (memory 1) (data (i32.const 0) "x"))"#,
        r#"(module (global i32 (i32.const 1)) (func (drop (global.get 0))))"#,
        r#"(module (import "a" "t" (table 1 funcref)) (import "a" "m" (memory 1)) (import "a" "g" (global i32)) (elem (global.get 0) $f) (func $f))"#,
    ] {
        let wasm = wat::parse_str(wat).unwrap();
        let report = validate_as(&wasm, &Caps::default(), Interface::Any).unwrap();
        let caps = Caps { instrumented_factor: 50, ..Caps::default() };
        let out = instrument(&wasm, &report, &Schedule::V1, &caps).unwrap();
        let valid = wasmparser::Validator::new().validate_all(&out);
        assert!(valid.is_ok(), "{wat}: {}", valid.err().unwrap());
        let text = wasmprinter::print_bytes(out).unwrap();
        assert!(text.contains(r#"(export "coffer:stack""#), "{text}");
    }
}

#[test]
fn the_source_map_leads_from_every_operator_back_to_its_original() {
    let (wasm, report) = checked(
        r#"(module (import "coffer_1" "block_time" (func $t (result i64))) (memory (export "memory") 1)
            (table 1 1 funcref) (elem (i32.const 0) $t)
            (func $f (param i32) (result i32) (local i64)
                (loop (br_if 0 (i32.div_u (local.get 0) (i32.load (i32.const 8)))))
                (if (result i32) (local.get 0) (then (return (i32.const 1)) (drop (i32.const 7))) (else (call $f (i32.const 2)))))
            (func (export "call f") (drop (call $t)) (memory.fill (i32.const 0) (i32.const 1) (i32.const 2)) (drop (call $f (i32.const 3)))))"#,
    );
    let caps = Caps { instrumented_factor: 20, ..Caps::default() };
    let (out, map) = instrument_mapped(&wasm, &report, &Schedule::V1, &caps).unwrap();
    assert_eq!(out, instrument(&wasm, &report, &Schedule::V1, &caps).unwrap());
    let (originals, became) = (operators(&wasm), operators(&out));
    let mut kept = Vec::new();
    for (original, name) in &originals {
        let stands_for_it = |at: &usize| map.original(*at) == Some(*original);
        let here: Vec<_> = became.iter().filter(|(at, _)| stands_for_it(at)).map(|(_, name)| name.as_str()).collect();
        match name.as_str() {
            "Return" => assert!(here.iter().any(|name| name.starts_with("Br ")), "{here:?}"),
            // The dead code behind the return.
            "I32Const { value: 7 }" => assert!(here.is_empty(), "{here:?}"),
            "Drop" | "End" if here.is_empty() => {}
            _ => assert!(here.contains(&name.as_str()), "{name} became {here:?}"),
        }
        kept.extend(here);
    }
    // What is left stands at the entries of the functions, and in the wrapper, which comes from nowhere.
    let (_, last) = became.split_at(became.len() - 4);
    assert!(last.iter().all(|(at, _)| map.original(*at).is_none()), "{last:?}");
    let entry: Vec<_> = became
        .iter()
        .filter(|(at, _)| map.original(*at).is_some_and(|at| originals.iter().all(|(o, _)| *o != at)))
        .collect();
    assert_eq!(kept.len() + entry.len() + last.len(), became.len());
    assert!(map.original(0).is_none() && map.original(out.len()).is_none());
    assert!(!map.is_empty() && map.len() >= originals.len() - 2);
}

/// Offset and text of every operator.
fn operators(wasm: &[u8]) -> Vec<(usize, String)> {
    let mut all = Vec::new();
    for payload in wasmparser::Parser::new(0).parse_all(wasm) {
        if let wasmparser::Payload::CodeSectionEntry(body) = payload.unwrap() {
            let operators = body.get_operators_reader().unwrap().into_iter_with_offsets().map(Result::unwrap);
            all.extend(operators.map(|(operator, offset)| (offset, format!("{operator:?}"))));
        }
    }
    all
}
