//! One probe module for each WebAssembly proposal that contracts may not use: the engine itself must refuse it, whatever the
//! validator says. Floats belong to WebAssembly 1.0; they are refused here as well, by the same list of features.

use wasmtime::{Engine, Module};

use super::super::Share;
use super::*;

const PROBES: &[(&str, &str)] = &[
    ("floats", "(module (func (drop (f64.add (f64.const 1) (f64.const 2)))))"),
    ("float parameters", "(module (func (param f32)))"),
    (
        "saturating float to int",
        "(module (func (param i32) (drop (i32.trunc_sat_f32_s (f32.reinterpret_i32 (local.get 0))))))",
    ),
    (
        "bulk memory: memory.init",
        "(module (memory 1) (data \"a\") (func (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 1))))",
    ),
    (
        "bulk memory: table.copy",
        "(module (table 1 funcref) (func (table.copy (i32.const 0) (i32.const 0) (i32.const 1))))",
    ),
    ("bulk memory: passive segments", "(module (memory 1) (data \"a\"))"),
    ("reference types", "(module (func (result externref) (ref.null extern)))"),
    (
        "reference types: table.grow",
        "(module (table 1 funcref) (func (drop (table.grow (ref.null func) (i32.const 1)))))",
    ),
    ("reference types: two tables", "(module (table 1 funcref) (table 1 funcref))"),
    ("simd", "(module (func (drop (v128.const i64x2 1 2))))"),
    ("relaxed simd", "(module (func (param v128) (drop (i8x16.relaxed_swizzle (local.get 0) (local.get 0)))))"),
    ("threads: shared memory", "(module (memory 1 1 shared))"),
    ("threads: atomics", "(module (memory 1) (func (drop (i32.atomic.load (i32.const 0)))))"),
    ("shared-everything threads", "(module (global (shared mut i32) (i32.const 0)))"),
    ("tail calls", "(module (func $f (return_call $f)))"),
    ("multi-memory", "(module (memory 1) (memory 1))"),
    ("exceptions", "(module (tag $e) (func (throw $e)))"),
    ("exceptions: try_table", "(module (func (block $b (try_table (catch_all $b)))))"),
    ("memory64", "(module (memory i64 1))"),
    ("extended constants", "(module (global i32 (i32.add (i32.const 1) (i32.const 2))))"),
    ("function references", "(module (type $t (func)) (func (param (ref $t)) (call_ref $t (local.get 0))))"),
    ("gc", "(module (type (struct (field i32))))"),
    ("gc: i31", "(module (func (drop (ref.i31 (i32.const 1)))))"),
    ("custom page sizes", "(module (memory 1 (pagesize 1)))"),
    ("stack switching", "(module (type $f (func)) (type $c (cont $f)))"),
    ("wide arithmetic", "(module (func (param i64) (drop (drop (i64.mul_wide_u (local.get 0) (local.get 0))))))"),
    ("components", "(component)"),
];

const ALLOWED: &[(&str, &str)] = &[
    ("multi-value, for the metering pass alone", "(module (func (result i32 i64) (i32.const 1) (i64.const 2)))"),
    ("integers, memory, tables", "(module (memory 1) (table 1 funcref) (func (drop (i64.load (i32.const 0)))))"),
    ("mutable globals", "(module (global (export \"g\") (mut i32) (i32.const 0)))"),
    ("sign extension", "(module (func (drop (i32.extend8_s (i32.const 1)))))"),
    (
        "memory.copy and memory.fill",
        "(module (memory 1) (func (memory.copy (i32.const 0) (i32.const 1) (i32.const 2)) (memory.fill (i32.const 0) (i32.const 1) (i32.const 2))))",
    ),
];

const ENGINES: [(Purpose, Backend); 4] = [
    (Purpose::Execute, Backend::Winch),
    (Purpose::Execute, Backend::Cranelift),
    (Purpose::Query, Backend::Winch),
    (Purpose::Query, Backend::Cranelift),
];

fn engine(purpose: Purpose, backend: Backend) -> Engine {
    let queries = Share { slots: 1, lane_slots: 1, deep: 1 };
    let config = Config { slots: 1, deep: 1, queries, ..Config::default() };
    Engine::new(&settings(&config, &Target { purpose, backend, tuning: config.tuning })).unwrap()
}

#[test]
fn every_proposal_that_contracts_may_not_use_is_refused_by_the_engine_itself() {
    for (purpose, backend) in ENGINES {
        let engine = engine(purpose, backend);
        for (name, text) in PROBES {
            let wasm = wat::parse_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(Module::new(&engine, wasm).is_err(), "{backend:?} accepts {name}");
        }
        for (name, text) in ALLOWED {
            let wasm = wat::parse_str(text).unwrap();
            Module::new(&engine, wasm).unwrap_or_else(|error| panic!("{backend:?} refuses {name}: {error:?}"));
        }
        let overlong = overlong_table_index();
        Module::new(&engine, overlong)
            .unwrap_or_else(|error| panic!("{backend:?} refuses over-long indices: {error:?}"));
    }
}

/// A `call_indirect` whose table index 0 takes five bytes, as rustc's linker writes it.
fn overlong_table_index() -> Vec<u8> {
    let short =
        wat::parse_str("(module (type (func)) (table 1 funcref) (func (call_indirect (type 0) (i32.const 0))))")
            .unwrap();
    // The body is: size, no locals, i32.const 0, call_indirect 0 0, end.
    let body = [0x07, 0x00, 0x41, 0x00, 0x11, 0x00, 0x00, 0x0b];
    let at = short.windows(body.len()).position(|window| window == body).unwrap();
    let mut long = short[..at].to_vec();
    // The size of the code section stands two bytes before the body.
    long[at - 2] += 4;
    long.extend_from_slice(&[0x0b, 0x00, 0x41, 0x00, 0x11, 0x00, 0x80, 0x80, 0x80, 0x80, 0x00, 0x0b]);
    long.extend_from_slice(&short[at + body.len()..]);
    long
}
