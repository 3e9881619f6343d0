//! Every rule of the validator with a module that breaks it, every cap with a module at it and one above it.

mod refusals;

use std::fmt::Write as _;

use coffer_abi::export::MethodKind;

use super::{Caps, Interface, LimitUse, Report, Rule, Violation, validate, validate_as};

/// A module with a memory, a method `call f` and some more fields.
fn module(fields: &str) -> String {
    format!(r#"(module (memory (export "memory") 1) {fields} (func $f (export "call f")))"#)
}

fn check(wat: &str) -> Result<Report, Violation> {
    validate(&wat::parse_str(wat).unwrap(), &Caps::default())
}

fn refused(wat: &str) -> Violation {
    match check(wat) {
        Ok(_) => panic!("accepted: {wat}"),
        Err(violation) => violation,
    }
}

fn feature(wat: &str) -> (&'static str, String) {
    match refused(wat).rule {
        Rule::Feature { feature, operation } => (feature, operation),
        rule => panic!("{rule:?}"),
    }
}

#[test]
fn a_module_of_the_allowed_features_is_accepted_and_described() {
    let report = check(
        r#"(module
            (import "coffer_1" "log" (func $log (param i32 i32)))
            (import "coffer_1" "storage_get" (func (param i32 i32 i32 i32) (result i64)))
            (memory (export "memory") 2)
            (table 3 funcref)
            (elem (i32.const 1) $log $add)
            (global $sp (mut i32) (i32.const 65536))
            (global (export "__data_end") i32 (i32.const 1024))
            (global (export "__heap_base") i32 (i32.const 1024))
            (data (i32.const 16) "hello")
            (func $add (param i64 i64) (result i64) (local i32)
                local.get 0 local.get 1 i64.add)
            (func (export "init") i32.const 16 i32.const 5 call $log)
            (func (export "call add")
                (block (loop (br_if 1 (i32.eqz (i32.extend8_s (i32.const 7)))) (br 0)))
                (memory.copy (i32.const 0) (i32.const 16) (i32.const 5))
                (memory.fill (i32.const 0) (i32.const 0) (i32.const 5)))
            (func (export "view value"))
            (func (export "migrate")))"#,
    )
    .unwrap();
    let exports = [
        (MethodKind::Init, "init"),
        (MethodKind::Call, "add"),
        (MethodKind::View, "value"),
        (MethodKind::Migrate, "migrate"),
    ];
    assert_eq!(report.exports, exports.map(|(kind, name)| (kind, name.to_owned())));
    assert_eq!(report.imports, ["log", "storage_get"]);
    assert_eq!(report.initial_pages, 2);
    let depths: Vec<_> = report.frames.iter().map(|f| (f.params, f.locals, f.operand_depth)).collect();
    assert_eq!(depths, [(2, 1, 2), (0, 0, 2), (0, 0, 3), (0, 0, 0), (0, 0, 0)]);
    let used = |name: &str| report.limits.iter().find(|limit| limit.name == name).unwrap().used;
    assert_eq!(used("functions"), 7);
    assert_eq!(used("locals of a function, parameters included"), 3);
    assert_eq!(used("blocks of a function"), 5);
    let text = report.to_string();
    assert!(text.contains("call add") && text.contains("storage_get") && text.contains("functions"), "{text}");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["exports"][1], "call add");
    assert_eq!(json["limits"][0]["allowed"], 1024 * 1024);
}

#[test]
fn over_long_table_indices_as_the_linker_writes_them_are_accepted() {
    let padded =
        wat::parse_str(module("(table 1 funcref) (type $t (func)) (func (call_indirect (type $t) (i32.const 0)))"));
    let mut padded = padded.unwrap();
    // The call is `11 00 00`; written as `11 80 80 80 80 00 80 80 80 80 00` both indices take five bytes.
    let at = padded.windows(5).position(|w| w == [0x41, 0, 0x11, 0, 0]).unwrap() + 3;
    padded.splice(at..at + 2, [0x80, 0x80, 0x80, 0x80, 0, 0x80, 0x80, 0x80, 0x80, 0]);
    let body = at - 5;
    assert_eq!(padded[body], 7);
    padded[body] += 8;
    let section = (0..body).rev().find(|i| padded[*i] == 0x0a).unwrap();
    padded[section + 1] += 8;
    validate(&padded, &Caps::default()).unwrap();
}

#[test]
fn floats_are_refused_wherever_they_stand_and_the_operation_is_named() {
    let (name, operation) = feature(&module("(func (drop (f64.add (f64.const 1) (f64.const 2))))"));
    assert_eq!((name, operation.as_str()), ("floats", "f64.const"));
    for field in [
        "(func (param f32))",
        "(func (result f64) unreachable)",
        "(func (local f64))",
        "(global f32 (f32.const 0))",
        "(func (drop (f32.load (i32.const 0))))",
        "(func (drop (i32.trunc_sat_f32_s (f32.const 0))))",
        "(func (drop (i64.reinterpret_f64 (unreachable))))",
        "(func (block (result f64) unreachable) drop)",
    ] {
        let violation = refused(&module(field));
        assert!(matches!(violation.rule, Rule::Feature { feature: "floats", .. }), "{field}: {violation}");
        assert!(violation.hint().unwrap().contains("integers"), "{violation}");
    }
}

#[test]
fn every_feature_outside_of_the_list_is_refused_by_name() {
    let shared = r#"(module (memory (export "memory") 1 1 shared) (func (drop (i32.atomic.load (i32.const 0)))))"#;
    for (wat, expected) in [
        (module("(func (drop (v128.const i64x2 0 0)))"), "vector (SIMD) operations"),
        (module("(func (drop (i32x4.relaxed_trunc_f32x4_s (v128.const i64x2 0 0))))"), "vector (SIMD) operations"),
        (module("(func (param v128))"), "vector (SIMD) operations"),
        (shared.to_owned(), "threads and atomics"),
        (module("(func atomic.fence)"), "threads and atomics"),
        (module("(func return_call $f)"), "tail calls"),
        (module("(type (struct (field i32)))"), "garbage collected types"),
        (module("(type (array i8))"), "garbage collected types"),
        (module("(func (drop (ref.i31 (i32.const 0))))"), "garbage collected types"),
        (module("(tag)"), "exceptions"),
        (module("(func throw 0)"), "exceptions"),
        (module("(func (block (try_table (catch_all 0))))"), "exceptions"),
        (r#"(module (memory (export "memory") i64 1))"#.to_owned(), "64-bit memories"),
        (module("(memory 1)"), "multiple memories"),
        (module("(func (block (param i32) (i32.const 0) drop drop))"), "multiple values"),
        (module("(func (block (result i32 i32) unreachable) drop drop)"), "multiple values"),
        (module("(func (result i32 i32) unreachable)"), "multiple values"),
        (module("(func (drop (ref.null func)))"), "reference types"),
        (module("(func (param funcref))"), "reference types"),
        (module("(table 1 externref)"), "reference types"),
        (module("(table 1 funcref) (func (drop (table.grow (ref.null func) (i32.const 1))))"), "reference types"),
        (module("(table 1 funcref) (table 1 funcref)"), "multiple tables"),
        (module("(func (drop (select (result i32) (i32.const 0) (i32.const 0) (i32.const 0))))"), "reference types"),
        (module("(global i32 (i32.add (i32.const 1) (i32.const 2)))"), "extended constant expressions"),
        (module("(type $t (func)) (func (call_ref $t (unreachable)))"), "typed function references"),
        (
            module("(func (drop (i64.add128 (i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0))))"),
            "wide arithmetic",
        ),
        (r#"(module (memory (export "memory") 1 (pagesize 1)))"#.to_owned(), "custom page sizes"),
        ("(component)".to_owned(), "components"),
    ] {
        let violation = refused(&wat);
        let Rule::Feature { feature, .. } = violation.rule else { panic!("{wat}: {violation}") };
        assert_eq!(feature, expected, "{wat}: {violation}");
        assert!(violation.to_string().contains("wasm32v1-none"), "{violation}");
    }
}

#[test]
fn of_bulk_memory_only_copy_and_fill_are_allowed() {
    let bulk = "bulk memory other than memory.copy and memory.fill";
    for (field, operation) in [
        (r#"(data $d "x") (func (memory.init $d (i32.const 0) (i32.const 0) (i32.const 1)))"#, "memory.init"),
        (r#"(data $d (i32.const 0) "x") (func (data.drop $d))"#, "data.drop"),
        ("(table 1 funcref) (elem $e (i32.const 0) func) (func (elem.drop $e))", "elem.drop"),
        ("(table 1 funcref) (func (table.copy (i32.const 0) (i32.const 0) (i32.const 0)))", "table.copy"),
    ] {
        assert_eq!(feature(&module(field)), (bulk, operation.to_owned()), "{field}");
    }
    assert_eq!(feature(&module(r#"(data "passive")"#)).0, bulk);
    assert_eq!(feature(&module("(elem func $f)")).0, bulk);
    assert_eq!(feature(&module("(elem declare func $f)")).0, bulk);
}

#[test]
fn a_data_count_section_is_accepted_beside_copy_and_fill() {
    let mut wasm = wat::parse_str(module(r#"(data (i32.const 0) "x")"#)).unwrap();
    let code = wasm.windows(6).position(|w| w == [0x0a, 4, 1, 2, 0, 0x0b]).unwrap();
    wasm.splice(code..code, [0x0c, 1, 1]);
    validate(&wasm, &Caps::default()).unwrap();
    wasm[code + 2] = 2;
    let violation = validate(&wasm, &Caps::default()).unwrap_err();
    assert!(matches!(violation.rule, Rule::Malformed { .. }), "{violation}");
}

#[test]
fn a_start_function_is_refused() {
    let violation = refused(&module("(start $f)"));
    assert_eq!(violation.rule, Rule::StartFunction);
    assert!(violation.hint().unwrap().contains("init"));
}

#[test]
fn only_functions_of_the_host_with_their_exact_type_are_imported() {
    for (field, named) in [
        (r#"(import "env" "abort" (func))"#, r#"function "env" "abort""#),
        (r#"(import "coffer_1" "sleep" (func))"#, r#"function "coffer_1" "sleep""#),
        (r#"(import "coffer_2" "log" (func (param i32 i32)))"#, r#"function "coffer_2" "log""#),
        (r#"(import "env" "memory" (memory 1))"#, r#"memory "env" "memory""#),
        (r#"(import "env" "t" (table 1 funcref))"#, r#"table "env" "t""#),
        (r#"(import "coffer_1" "log" (global i32))"#, r#"global "coffer_1" "log""#),
    ] {
        let violation = refused(&format!(r#"(module {field})"#));
        assert_eq!(violation.rule, Rule::UnknownImport { import: named.to_owned() }, "{field}");
        assert!(violation.hint().is_some());
    }
    let violation = refused(r#"(module (import "coffer_1" "caller" (func (param i32) (result i32))))"#);
    assert_eq!(
        violation.to_string(),
        "offset 0x13: host function caller has type (i32, i32) -> i64, imported as (i32) -> i32 \
        (build with the coffer-sdk of this ABI version)"
    );
}

#[test]
fn only_methods_the_memory_and_the_linkers_globals_are_exported() {
    for field in [
        r#"(func (export "main"))"#,
        r#"(func (export "call Bad"))"#,
        r#"(func (export "memory2"))"#,
        r#"(export "backup" (memory 0))"#,
        r#"(table (export "__indirect_function_table") 1 funcref)"#,
        r#"(global (export "__stack_pointer") i32 (i32.const 0))"#,
        r#"(global (export "call g") i32 (i32.const 0))"#,
        r#"(func (export "__heap_base"))"#,
    ] {
        let violation = refused(&module(field));
        assert!(matches!(violation.rule, Rule::UnknownExport { .. }), "{field}: {violation}");
    }
    let violation = refused(&module(r#"(func (export "call g") (param i32) (result i32) unreachable)"#));
    assert_eq!(violation.rule, Rule::MethodType { name: "call g".into(), found: "(i32) -> i32".into() });
    let violation = refused(&module(r#"(global (export "__heap_base") (mut i32) (i32.const 0))"#));
    assert_eq!(violation.rule, Rule::MutableExport { name: "__heap_base" });
    for name in ["coffer:gas", "coffer:stack"] {
        let violation = refused(&module(&format!(r#"(global (export "{name}") (mut i64) (i64.const 0))"#)));
        assert_eq!(violation.rule, Rule::ReservedExport { name });
    }
}

#[test]
fn without_the_interface_of_a_contract_features_caps_and_reserved_names_still_hold() {
    let any = |wat: &str| validate_as(&wat::parse_str(wat).unwrap(), &Caps::default(), Interface::Any);
    let report = any(r#"(module
        (import "spectest" "print_i32" (func $print (param i32)))
        (import "spectest" "global_i32" (global $g i32))
        (import "spectest" "table" (table 10 20 funcref))
        (import "spectest" "memory" (memory 1 2))
        (elem (global.get $g) $print $main) (data (i32.const 65536) "x")
        (func $main (export "any name") (param i32) (result i32) local.get 0)
        (func $go) (start $go))"#)
    .unwrap();
    assert_eq!((report.frames.len(), report.initial_pages), (2, 1));
    assert!(report.exports.is_empty() && report.imports.is_empty());
    any("(module)").unwrap();
    assert!(matches!(any("(module (func (param f32)))").unwrap_err().rule, Rule::Feature { feature: "floats", .. }));
    assert!(matches!(any(r#"(module (import "a" "b" (memory 65)))"#).unwrap_err().rule, Rule::Cap { used: 65, .. }));
    assert!(matches!(any(r#"(module (import "a" "b" (table 4097 funcref)))"#).unwrap_err().rule, Rule::Cap { .. }));
    assert!(any(r#"(module (import "a" "b" (memory 1)) (memory 1))"#).is_err());
    let reserved = any(r#"(module (global (export "coffer:gas") i64 (i64.const 0)))"#).unwrap_err();
    assert_eq!(reserved.rule, Rule::ReservedExport { name: "coffer:gas" });
}

#[test]
fn there_is_one_memory_and_it_is_exported() {
    assert_eq!(refused("(module)").rule, Rule::NoMemory);
    assert_eq!(refused("(module (memory 1))").rule, Rule::MemoryNotExported);
    assert!(matches!(refused(r#"(module (func (export "memory")))"#).rule, Rule::UnknownExport { .. }));
}

#[test]
fn a_segment_that_would_trap_at_instantiation_is_refused() {
    check(&module(r#"(data (i32.const 65535) "x")"#)).unwrap();
    let violation = refused(&module(r#"(data (i32.const 65536) "x")"#));
    assert_eq!(violation.rule, Rule::SegmentOutOfBounds { segment: "data", end: 65537, allowed: 65536 });
    let violation = refused(&module(r#"(data (i32.const -1) "x")"#));
    assert_eq!(violation.rule, Rule::SegmentOutOfBounds { segment: "data", end: 1 << 32, allowed: 65536 });
    check(&module("(table 2 funcref) (elem (i32.const 1) $f)")).unwrap();
    let violation = refused(&module("(table 2 funcref) (elem (i32.const 2) $f)"));
    assert_eq!(violation.rule, Rule::SegmentOutOfBounds { segment: "element", end: 3, allowed: 2 });
}

#[test]
fn a_refusal_names_the_function_from_the_name_section_and_the_byte() {
    let violation = refused(&module("(func $fine) (func $tokens::rate (drop (f64.const 1)))"));
    let function = violation.function.clone().unwrap();
    assert_eq!((function.index, function.name.as_deref()), (1, Some("tokens::rate")));
    let text = violation.to_string();
    assert!(text.starts_with("function 1 \"tokens::rate\", offset 0x"), "{text}");
    assert!(text.contains("floats not allowed: f64.const"), "{text}");
    let bytes = wat::parse_str(module("(func $fine) (func $tokens::rate (drop (f64.const 1)))")).unwrap();
    assert_eq!(bytes[violation.offset], 0x44);
    let json = serde_json::to_value(&violation).unwrap();
    assert_eq!((&json["rule"]["kind"], &json["function"]["index"]), (&"feature".into(), &1.into()));
    assert!(json["hint"].as_str().unwrap().contains("fixed point") && json["message"] == text);
}

#[test]
fn bytes_that_are_no_module_are_refused_with_what_is_wrong() {
    for (bytes, expected) in [
        (&b""[..], "unexpected end"),
        (b"hello world", "magic header"),
        (b"\0asm\x02\0\0\0", "unknown binary version"),
        (b"\0asm\x01\0\0\0\x01\xff\xff\xff\xff\x0f", "unexpected end"),
        (b"\0asm\x01\0\0\0\x01\x05\xff\xff\xff\xff\x0f", "function types: 4294967295 used, 1024 allowed"),
    ] {
        let violation = validate(bytes, &Caps::default()).unwrap_err();
        assert!(violation.to_string().contains(expected), "{violation}");
    }
    let violation = refused(&module("(func (result i32) (i64.const 0))"));
    assert!(violation.to_string().contains("type mismatch"), "{violation}");
    assert_eq!(violation.function.unwrap().index, 0);
}

#[test]
fn a_module_cut_off_at_any_byte_is_refused_without_a_panic() {
    let whole = wat::parse_str(
        r#"(module (import "coffer_1" "log" (func (param i32 i32))) (memory (export "memory") 1) (table 2 funcref)
            (elem (i32.const 0) $f) (data (i32.const 0) "abc") (func $f (export "call f"))
            (func $g (param i32) (local i64) (block (br_table 0 0 (local.get 0))) (loop (br_if 0 (local.get 0)))))"#,
    )
    .unwrap();
    let report = validate(&whole, &Caps::default()).unwrap();
    for end in 0..whole.len() {
        match validate(&whole[..end], &Caps::default()) {
            Err(violation) => assert!(violation.offset <= whole.len(), "{violation}"),
            // Cut between custom sections at the end.
            Ok(part) => assert_eq!(part.frames, report.frames),
        }
    }
}

fn repeat(part: &str, times: u32) -> String {
    part.repeat(times as usize)
}

/// A function of exactly so much compile work, at least 140.
fn of_work(work: u32) -> String {
    // The function and its end, one value put on the stack and dropped.
    let mut left = work - 128 - 2 - 4;
    // A block with one local alive is 3, its end 2; everything else is even.
    let odd = left % 2;
    left -= 5 * odd;
    let (divisions, nops) = (left / 34, left % 34 / 2);
    let body = [repeat("i32.const 7 i32.div_u ", divisions), repeat("nop ", nops)].concat();
    format!("(func (param i32) {} local.get 0 {body} drop)", repeat("(block)", odd))
}

/// `per` locals, blocks or units of work in each function, `total` in all.
fn spread(total: u32, per: u32, function: impl Fn(u32) -> String) -> String {
    let mut left = total;
    let mut fields = String::new();
    while left > 0 {
        let some = left.min(per);
        fields += &function(some);
        left -= some;
    }
    module(&fields)
}

#[test]
fn a_module_at_a_cap_is_accepted_and_one_above_it_refused() {
    let locals = |n: u32| format!("(func (local {}))", repeat("i32 ", n));
    let blocks = |n: u32| format!("(func {})", repeat("(block)", n));
    type Case = (&'static str, u32, Box<dyn Fn(u32) -> String>);
    let d = Caps::default();
    let cases: Vec<Case> = vec![
        ("functions", d.functions, Box::new(|n| module(&repeat("(func)", n - 1)))),
        (
            "function types",
            d.types,
            Box::new(|n| {
                // `call f` is of the first type; all types are different.
                let mut fields = String::from("(type (func))");
                for i in 1..n {
                    let bits: String = (0..11).map(|b| if i >> b & 1 == 1 { "i32 " } else { "i64 " }).collect();
                    write!(fields, "(type (func (param {bits})))").unwrap();
                }
                module(&fields)
            }),
        ),
        ("parameters of a function", d.params, Box::new(|n| module(&format!("(func (param {}))", repeat("i64 ", n))))),
        (
            "locals of a function, parameters included",
            d.locals,
            Box::new(move |n| module(&format!("(func (param i32) (local {}))", repeat("i64 ", n - 1)))),
        ),
        ("locals of all functions", d.locals_all, Box::new(move |n| spread(n, 500, locals))),
        ("function body in bytes", d.body_bytes, Box::new(|n| module(&format!("(func {})", repeat("nop ", n - 2))))),
        ("blocks of a function", d.blocks, Box::new(|n| module(&format!("(func {})", repeat("(block)", n))))),
        ("blocks of all functions", d.blocks_all, Box::new(move |n| spread(n, 500, blocks))),
        ("compile work of a function", d.work, Box::new(|n| module(&of_work(n)))),
        (
            "compile work of all functions",
            // `module` adds a function that does nothing.
            d.work_all - 130,
            Box::new(|n| spread(n, 500_000, of_work)),
        ),
        (
            "operand stack of a function",
            d.operand_depth,
            Box::new(|n| module(&format!("(func {} {})", repeat("i32.const 0 ", n), repeat("drop ", n)))),
        ),
        (
            "targets of a br_table",
            d.br_table_targets,
            Box::new(|n| module(&format!("(func (block (br_table {} 0 (i32.const 0))))", repeat("0 ", n)))),
        ),
        (
            "targets of all br_tables",
            d.br_table_targets_all,
            Box::new(|n| {
                spread(n, 1_024, |n| format!("(func (block (br_table {} 0 (i32.const 0))))", repeat("0 ", n)))
            }),
        ),
        ("globals", d.globals, Box::new(|n| module(&repeat("(global i32 (i32.const 0))", n)))),
        (
            "imports",
            d.imports,
            Box::new(|n| {
                let import = r#"(import "coffer_1" "log" (func (param i32 i32)))"#;
                format!(r#"(module {} (memory (export "memory") 1))"#, repeat(import, n))
            }),
        ),
        (
            "exports",
            d.exports,
            Box::new(|n| {
                let exports: String = (2..n).map(|i| format!(r#"(export "view v{i}" (func $f))"#)).collect();
                module(&exports)
            }),
        ),
        (
            "initial memory in pages of 64 KiB",
            d.initial_pages,
            Box::new(|n| format!(r#"(module (memory (export "memory") {n}))"#)),
        ),
        ("table entries", d.table_elements, Box::new(|n| module(&format!("(table {n} funcref)")))),
        (
            "entries of all element segments",
            d.segment_elements,
            Box::new(|n| {
                let half = n / 2;
                let segment = |n| format!("(elem (i32.const 0) {})", repeat("$f ", n));
                module(&format!("(table 4096 funcref) {} {}", segment(half), segment(n - half)))
            }),
        ),
        (
            "data and element segments",
            d.segments,
            Box::new(|n| {
                module(&format!(
                    r#"(table 1 funcref) (elem (i32.const 0)) {}"#,
                    repeat(r#"(data (i32.const 0) "")"#, n - 1)
                ))
            }),
        ),
        (
            "custom sections",
            d.custom_sections,
            Box::new(|n| {
                // One is the name section.
                module(&repeat(r#"(@custom "x" "y")"#, n - 1))
            }),
        ),
    ];
    for (name, cap, build) in cases {
        let report = check(&build(cap)).unwrap_or_else(|violation| panic!("{name}: {violation}"));
        let limit = report.limits.iter().find(|limit| limit.name == name).unwrap();
        assert_eq!(limit.used, limit.allowed, "{name}");
        let violation = refused(&build(cap + 1));
        let Rule::Cap { name: refused, used, allowed } = violation.rule else { panic!("{name}: {violation}") };
        assert_eq!((refused, allowed), (name, limit.allowed));
        assert!(used > allowed);
        assert!(violation.to_string().contains(&format!("{used} used, {allowed} allowed")));
    }
}

#[test]
fn whatever_makes_a_compiler_begin_a_basic_block_counts_as_one() {
    let caps = Caps { blocks: 3, ..Caps::default() };
    for operator in [
        "(block)",
        "(loop)",
        "(if (i32.const 0) (then))",
        "(br_if 0 (i32.const 0))",
        "(call_indirect (type $t) (i32.const 0))",
        "(drop (memory.grow (i32.const 0)))",
        "(memory.copy (i32.const 0) (i32.const 0) (i32.const 0))",
        "(memory.fill (i32.const 0) (i32.const 0) (i32.const 0))",
    ] {
        let of = |times| {
            let fields = format!("(type $t (func)) (table 1 funcref) (func {})", repeat(operator, times));
            validate(&wat::parse_str(module(&fields)).unwrap(), &caps)
        };
        of(3).unwrap();
        let violation = of(4).unwrap_err();
        assert_eq!(violation.rule, Rule::Cap { name: "blocks of a function", used: 4, allowed: 3 }, "{operator}");
    }
}

#[test]
fn sizes_in_bytes_count_up_to_the_cap_too() {
    let wasm = wat::parse_str(module(r#"(@custom "x" "0123456789")"#)).unwrap();
    let exact = Caps { module_bytes: wasm.len() as u32, ..Caps::default() };
    validate(&wasm, &exact).unwrap();
    let one_less = Caps { module_bytes: wasm.len() as u32 - 1, ..Caps::default() };
    assert!(matches!(validate(&wasm, &one_less).unwrap_err().rule, Rule::Cap { name: "module size in bytes", .. }));
    let custom: u64 = validate(&wasm, &exact).unwrap().custom_sections.iter().map(|c| u64::from(c.bytes)).sum();
    let exact = Caps { custom_bytes: custom as u32, ..Caps::default() };
    validate(&wasm, &exact).unwrap();
    let one_less = Caps { custom_bytes: custom as u32 - 1, ..Caps::default() };
    assert!(matches!(validate(&wasm, &one_less).unwrap_err().rule, Rule::Cap { name: "custom sections in bytes", .. }));
}

#[test]
fn a_function_type_has_at_most_one_result() {
    let caps = Caps { results: 0, ..Caps::default() };
    let wasm = wat::parse_str(module("(func (result i32) (i32.const 0))")).unwrap();
    validate(&wasm, &Caps::default()).unwrap();
    assert!(matches!(validate(&wasm, &caps).unwrap_err().rule, Rule::Cap { name: "results of a function", .. }));
}

#[test]
fn a_refusal_stays_short_whatever_names_the_module_has() {
    let long = "x".repeat(90_000);
    for fields in [
        format!(r#"(@custom "{long}" "") (export "memory" (memory 0))"#),
        format!(r#"(export "call f{long}" (func $f))"#),
        format!("(func ${long} (drop (f64.const 1)))"),
        format!("(func (export \"{}\"))", r"view a\0a\1b[31m"),
    ] {
        let text = refused(&module(&fields)).to_string();
        assert!(text.len() < 800, "{} bytes: {text}", text.len());
        assert!(!text.contains(char::is_control), "{text}");
    }
    let text = refused(&format!(r#"(module (import "{long}" "{long}" (func)))"#)).to_string();
    assert!(text.len() < 800, "{text}");
    let report = check(&module(&format!(r#"(@custom "{long}" "")"#))).unwrap();
    assert!(report.to_string().len() < 4_000);
}

#[test]
fn every_cap_that_can_be_passed_says_what_mends_it() {
    let report = check(&module("")).unwrap();
    let silent: Vec<_> = report.limits.iter().filter(|limit| super::usage::hint(limit.name).is_none()).collect();
    let silent: Vec<_> = silent.iter().map(|limit| limit.name).collect();
    assert_eq!(silent, ["largest memory in pages of 64 KiB"]);
}

#[test]
fn every_cap_has_a_name_of_its_own() {
    let report = check(&module("")).unwrap();
    let mut names: Vec<_> = report.limits.iter().map(|limit: &LimitUse| limit.name).collect();
    assert_eq!(names.len(), 25);
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 25);
    let limits = super::limits(&Caps::default());
    assert_eq!(limits.len(), 27);
    assert!(names.iter().all(|name| limits.iter().any(|(limit, _)| limit == name)));
}
