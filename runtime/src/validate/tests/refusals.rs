//! What a developer reads when a module is refused: one sample of each rule and of each cap, with the whole text, in `refusals.txt`.
//! `BLESS=1 cargo test -p coffer-runtime refusals` writes it anew; read it then.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use coffer_abi::Features;

use super::*;
use crate::admit::admit;
use crate::error::CodeError;
use crate::meter::Schedule;

/// Uses something of every cap.
const RICH: &str = r#"(module
    (import "coffer_1" "log" (func $log (param i32 i32)))
    (memory (export "memory") 1 300)
    (table 2 funcref)
    (elem (i32.const 0) $log $_ZN5token5Token8transfer17hc5ce71b01128e553E)
    (global $__stack_pointer (mut i32) (i32.const 65536))
    (data (i32.const 16) "hello")
    (func $_ZN5token5Token8transfer17hc5ce71b01128e553E (param i32 i64) (result i64) (local i32 i64)
        (block (loop (br_if 1 (local.get 0)) (br_table 0 1 (local.get 0))))
        local.get 1)
    (func (export "call f")))"#;

/// Every cap set so low that [`RICH`] passes it.
fn below(name: &str) -> Caps {
    let mut caps = Caps::default();
    let field = match name {
        "module size in bytes" => &mut caps.module_bytes,
        "functions" => &mut caps.functions,
        "function types" => &mut caps.types,
        "parameters of a function" => &mut caps.params,
        "results of a function" => &mut caps.results,
        "locals of a function, parameters included" => &mut caps.locals,
        "locals of all functions" => &mut caps.locals_all,
        "function body in bytes" => &mut caps.body_bytes,
        "blocks of a function" => &mut caps.blocks,
        "blocks of all functions" => &mut caps.blocks_all,
        "compile work of a function" => &mut caps.work,
        "compile work of all functions" => &mut caps.work_all,
        "operand stack of a function" => &mut caps.operand_depth,
        "targets of a br_table" => &mut caps.br_table_targets,
        "targets of all br_tables" => &mut caps.br_table_targets_all,
        "globals" => &mut caps.globals,
        "imports" => &mut caps.imports,
        "exports" => &mut caps.exports,
        "initial memory in pages of 64 KiB" => &mut caps.initial_pages,
        "table entries" => &mut caps.table_elements,
        "entries of all element segments" => &mut caps.segment_elements,
        "data and element segments" => &mut caps.segments,
        "custom sections" => &mut caps.custom_sections,
        "custom sections in bytes" => &mut caps.custom_bytes,
        "instrumented module in times its own size" => &mut caps.instrumented_factor,
        "instrumented module in bytes" => &mut caps.instrumented_bytes,
        _ => panic!("no sample for the cap {name:?}"),
    };
    *field = 1;
    if name != "instrumented module in times its own size" {
        *field = 0;
    }
    caps
}

/// A place in the list for each rule, so that a new one does not compile without a sample.
fn place(rule: &Rule) -> usize {
    match rule {
        Rule::Cap { .. } => 0,
        Rule::Feature { .. } => 1,
        Rule::Malformed { .. } => 2,
        Rule::StartFunction => 3,
        Rule::UnknownImport { .. } => 4,
        Rule::ImportType { .. } => 5,
        Rule::UnknownExport { .. } => 6,
        Rule::ReservedExport { .. } => 7,
        Rule::MethodType { .. } => 8,
        Rule::MutableExport { .. } => 9,
        Rule::NoMemory => 10,
        Rule::MemoryNotExported => 11,
        Rule::SegmentOutOfBounds { .. } => 12,
    }
}
const RULES: usize = 13;

fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let wat = |text: &str| wat::parse_str(text).unwrap();
    let plain = |field: &str| wat(&module(field));
    vec![
        ("floats", plain("(func $_ZN5token4rate17hc5ce71b01128e553E (drop (f64.add (f64.const 1) (f64.const 2))))")),
        ("floats, stripped", plain("(func (drop (f32.load (i32.const 0))))")),
        (
            "a float as a parameter",
            plain("(type (func)) (func $fine) (func $_ZN5token4rate17hc5ce71b01128e553E (param f32))"),
        ),
        ("vectors", plain("(func $sum (drop (v128.const i64x2 0 0)))")),
        ("threads", plain("(func $wait (drop (i32.atomic.load (i32.const 0))))")),
        ("multiple values", plain("(func $pair (result i32 i32) unreachable)")),
        ("reference types", plain("(func $f1 (drop (ref.null func)))")),
        ("bulk memory", plain(r#"(data $d "x") (func (memory.init $d (i32.const 0) (i32.const 0) (i32.const 1)))"#)),
        ("a component", wat("(component)")),
        ("64-bit memory", wat(r#"(module (memory (export "memory") i64 1))"#)),
        ("text instead of bytes", b"(module)".to_vec()),
        ("a file cut off", plain("")[..30].to_vec()),
        ("an empty file", Vec::new()),
        ("wrong types", plain("(func $f1 (result i32) (i64.const 0))")),
        ("a start function", plain("(start $f)")),
        ("an undefined function", wat(r#"(module (import "env" "sqlite3_open" (func)))"#)),
        ("wasm-bindgen", wat(r#"(module (import "__wbindgen_placeholder__" "__wbindgen_throw" (func)))"#)),
        ("WASI", wat(r#"(module (import "wasi_snapshot_preview1" "fd_write" (func)))"#)),
        ("a host function of the future", wat(r#"(module (import "coffer_1" "sleep" (func)))"#)),
        ("another ABI", wat(r#"(module (import "coffer_2" "log" (func)))"#)),
        ("an imported memory", wat(r#"(module (import "env" "memory" (memory 1)))"#)),
        ("an imported table", wat(r#"(module (import "env" "__indirect_function_table" (table 1 funcref)))"#)),
        ("an imported global", wat(r#"(module (import "env" "__stack_pointer" (global (mut i32))))"#)),
        ("an import of another type", wat(r#"(module (import "coffer_1" "caller" (func (param i32) (result i32))))"#)),
        ("an exported function", plain(r#"(func (export "allocate"))"#)),
        ("a program", plain(r#"(func (export "_start"))"#)),
        ("a method's name", plain(r#"(func (export "call Transfer"))"#)),
        ("an exported table", plain(r#"(table (export "__indirect_function_table") 1 funcref)"#)),
        ("a second name of the memory", plain(r#"(export "backup" (memory 0))"#)),
        ("an exported global", plain(r#"(global (export "__tls_base") i32 (i32.const 0))"#)),
        ("a reserved name", plain(r#"(global (export "coffer:gas") i64 (i64.const 0))"#)),
        ("a method with parameters", plain(r#"(func (export "call g") (param i32) (result i32) unreachable)"#)),
        ("a mutable global", plain(r#"(global (export "__heap_base") (mut i32) (i32.const 0))"#)),
        ("no memory", wat("(module)")),
        ("a memory not exported", wat("(module (memory 1))")),
        ("data beyond the memory", plain(r#"(data (i32.const 65536) "x")"#)),
        ("elements beyond the table", plain("(table 2 funcref) (elem (i32.const 2) $f)")),
    ]
}

fn text_of(sample: &str, violation: &Violation) -> String {
    format!("== {sample}\n{violation}\n")
}

#[test]
fn every_rule_and_every_cap_has_a_sample_and_refusals_read_as_written() {
    let mut text = String::new();
    let mut rules = BTreeSet::new();
    for (name, wasm) in samples() {
        let violation = validate(&wasm, &Caps::default()).expect_err(name);
        rules.insert(place(&violation.rule));
        text += &text_of(name, &violation);
    }
    let rich = wat::parse_str(RICH).unwrap();
    for (feature, wat) in [
        (Features::SIGN_EXTENSION, "(func $f1 (drop (i32.extend8_s (i32.const 7))))"),
        (Features::COPY_AND_FILL, "(func $f1 (memory.copy (i32.const 0) (i32.const 16) (i32.const 5)))"),
    ] {
        let caps = Caps { features: Features::ALL.without(feature), ..Caps::default() };
        let wasm = wat::parse_str(module(wat)).unwrap();
        text += &text_of("a feature that this chain leaves out", &validate(&wasm, &caps).unwrap_err());
    }
    for (name, _) in super::super::limits(&Caps::default()) {
        // The pass lowers a maximum above the chain's: nothing to refuse.
        if name == "largest memory in pages of 64 KiB" {
            validate(&rich, &Caps { max_pages: 2, ..Caps::default() }).unwrap();
            continue;
        }
        let refused = admit(&rich, &below(name), &Schedule::default());
        let Err(CodeError::Refused(mut violation)) = refused else { panic!("{name}: {refused:?}") };
        let Rule::Cap { name: told, used, allowed } = &mut violation.rule else { panic!("{name}: {violation}") };
        assert!(*used > *allowed && (*told == name || name.starts_with("instrumented")), "{name}: {told}");
        if name.starts_with("instrumented") {
            // The text stays as it is when the pass changes.
            *used = *allowed + 1;
        }
        rules.insert(place(&violation.rule));
        text += &text_of(&format!("above a cap: {name}"), &violation);
    }
    assert_eq!(rules.len(), RULES, "a rule without a sample: {rules:?}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/validate/tests/refusals.txt");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let mut wrong = String::new();
    for (now, then) in text.lines().zip(written.lines()).filter(|(now, then)| now != then) {
        let _ = writeln!(wrong, "now:  {now}\nthen: {then}");
    }
    assert!(text == written, "refusals.txt is out of date: run BLESS=1 cargo test -p coffer-runtime refusals\n{wrong}");
}
