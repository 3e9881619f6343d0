//! Recursion of every shape: the logical limit trips first, at the same depth and gas on every engine, never the engine's own stack.
//! That is a matter of native frames: a frame may take no more native bytes than its logical size times the ratio of the two limits. So the
//! corpus is made of what makes native frames large, and the margin left is measured by giving a call more logical stack than it may have.
//! Invariant: each function counts its depth in an exported global, so the depth compared is the one reached, not one computed.

use std::fmt::Write as _;

use coffer_abi::TrapKind;
use coffer_runtime::STACK_LIMIT;
use wasmparser::{Parser, Payload};

use crate::engines::{Kind, Stop, Value, machine, metered, on_a_large_stack, wide_caps};

/// Gas of one call, far more than recursion to the limit costs.
const GAS: i64 = 1 << 40;
/// Every engine and profile.
const KINDS: [Kind; 4] = [Kind::Winch, Kind::Cranelift, Kind::CraneliftUnoptimised, Kind::Wasmi];

/// Adds one to the depth.
const DEEPER: &str = "(global.set $depth (i64.add (global.get $depth) (i64.const 1)))";

fn module(definitions: &str) -> String {
    format!(r#"(module (memory 1) (global $depth (export "depth") (mut i64) (i64.const 0)) {definitions})"#)
}

/// `count` times what `each` writes.
fn many(count: u32, each: impl Fn(u32) -> String) -> String {
    (0..count).map(each).collect()
}

/// Calls itself with `params` parameters, and keeps `locals` values from memory in locals and `operands` on the stack meanwhile.
fn direct(params: u32, locals: u32, operands: u32) -> String {
    let types = "i64 ".repeat(params as usize);
    let declared = "i64 ".repeat(locals as usize);
    let fill = many(locals, |i| format!("(local.set {} (i64.load (i32.const {})))", params + i, i * 8));
    let push = many(operands, |i| format!("(i64.load (i32.const {}))", i * 8));
    let args = many(params, |i| format!("(local.get {i})"));
    let add = "i64.add ".repeat(operands as usize);
    let use_locals = many(locals, |i| format!("local.get {} i64.xor ", params + i));
    module(&format!(
        r#"(func $f (export "go") (param {types}) (result i64) (local {declared})
            {DEEPER} {fill} {push} (call $f {args}) {add} {use_locals})"#
    ))
}

/// Functions that call each other in a ring.
fn mutual(ring: u32) -> String {
    let functions = many(ring, |i| {
        let export = if i == 0 { r#"(export "go")"# } else { "" };
        let next = (i + 1) % ring;
        format!(
            "(func $f{i} {export} (param i64) (result i64) (local i64) {DEEPER}
                (local.set 1 (i64.load (i32.const {}))) (i64.add (local.get 1) (call $f{next} (local.get 0))))",
            i * 8
        )
    });
    module(&functions)
}

/// A function that reaches itself through the table.
fn indirect(params: u32) -> String {
    let types = "i64 ".repeat(params as usize);
    let args = many(params, |i| format!("(local.get {i})"));
    module(&format!(
        r#"(type $t (func (param {types}) (result i64))) (table 3 funcref) (elem (i32.const 1) $f $f)
        (func $f (export "go") (type $t) {DEEPER}
            (i64.add (i64.load (i32.const 0)) (call_indirect (type $t) {args} (i32.const 2))))"#
    ))
}

/// A call inside of nested blocks, each of which has a result that waits for it.
fn nested(blocks: u32) -> String {
    let open = many(blocks, |i| format!("(i64.add (i64.load (i32.const {})) (block (result i64) ", i * 8));
    let close = "))".repeat(blocks as usize);
    module(&format!(
        r#"(func $f (export "go") (param i64) (result i64) {DEEPER} {open} (call $f (local.get 0)) {close})"#
    ))
}

/// Computes the same `values` products before and after the call: an optimiser that remembers them keeps them all in its frame, though
/// neither locals nor operand stack show them.
fn remembered(values: u32) -> String {
    let sum = many(values, |i| format!("local.get 0 i64.const {} i64.mul i64.xor ", 3 + 2 * u64::from(i)));
    module(&format!(
        r#"(func $f (export "go") (param i64) (result i64)
            {DEEPER} local.get 0 {sum} call $f {sum})"#
    ))
}

/// Computes `values` products in a loop around the call that do not change in it: an optimiser moves them in front of the loop.
fn hoisted(values: u32) -> String {
    let sum = many(values, |i| format!("local.get 0 i64.const {} i64.mul i64.xor ", 3 + 2 * u64::from(i)));
    module(&format!(
        r#"(func $f (export "go") (param i64) (result i64) (local i64)
            {DEEPER}
            (loop $again
                local.get 1 {sum} call $f local.set 1
                (br_if $again (i64.ne (local.get 1) (i64.const 0))))
            local.get 1)"#
    ))
}

/// Many short-lived values, each across a call of its own.
fn relay(calls: u32) -> String {
    let step = many(calls, |i| {
        format!(
            "(local.set 1 (i64.xor (i64.load (i32.const {})) (call $f (i64.add (local.get 0) (local.get 1)))))",
            i * 8
        )
    });
    module(&format!(r#"(func $f (export "go") (param i64) (result i64) (local i64) {DEEPER} {step} local.get 1)"#))
}

/// A window of `width` locals slides over the results of many calls: each is kept across the next `width` calls.
fn window(width: u32, calls: u32) -> String {
    let declared = "i64 ".repeat(width as usize);
    let step = many(calls, |i| {
        let place = 1 + i % width;
        format!(
            "(local.set {place} (i64.add (i64.rotl (local.get {place}) (i64.const {})) (call $f (local.get 0))))",
            i % 63
        )
    });
    let sum = many(width, |i| format!("local.get {} i64.xor ", 1 + i));
    module(&format!(
        r#"(func $f (export "go") (param i64) (result i64) (local {declared}) {DEEPER} {step} i64.const 0 {sum})"#
    ))
}

/// Folds the results of many calls into one value. An optimiser puts the folding off to where the value is used, and keeps all results
/// until then: 8 bytes of frame for 3 bytes of body, the most that any operators give.
fn folded(calls: u32) -> String {
    let fold = "call $f i64.xor ".repeat(calls as usize);
    module(&format!(r#"(func $f (export "go") (result i64) {DEEPER} call $f {fold})"#))
}

/// The same with what is read between calls.
fn sized(reads: u32) -> String {
    let fold = "memory.size i32.xor call $g i32.xor ".repeat(reads as usize);
    module(&format!(
        r#"(func $f (export "go") (result i32) {DEEPER} i32.const 0 {fold} call $f i32.xor)
           (func $g (result i32) (i32.load (i32.const 0)))"#
    ))
}

fn corpus() -> Vec<(String, String)> {
    let mut corpus = Vec::new();
    for (params, locals, operands) in [
        (0, 0, 0),
        (1, 0, 0),
        (32, 0, 0),
        (1, 8, 0),
        (1, 64, 0),
        (1, 500, 0),
        (1, 0, 8),
        (1, 0, 100),
        (1, 0, 1_000),
        (8, 200, 200),
    ] {
        corpus.push((format!("direct {params} {locals} {operands}"), direct(params, locals, operands)));
    }
    corpus.extend([2, 3, 17].map(|ring| (format!("mutual {ring}"), mutual(ring))));
    corpus.extend([1, 32].map(|params| (format!("indirect {params}"), indirect(params))));
    corpus.extend([5, 100].map(|blocks| (format!("nested {blocks}"), nested(blocks))));
    for values in [10, 100, 1_000] {
        corpus.push((format!("remembered {values}"), remembered(values)));
        corpus.push((format!("hoisted {values}"), hoisted(values)));
        corpus.push((format!("folded {values}"), folded(values)));
        corpus.push((format!("sized {values}"), sized(values)));
    }
    for (width, calls) in [(3, 300), (10, 1_000), (100, 1_000)] {
        corpus.push((format!("window {width} {calls}"), window(width, calls)));
    }
    corpus.extend([10, 300].map(|calls| (format!("relay {calls}"), relay(calls))));
    corpus
}

/// How a call of `go` ended, the depth it reached and the gas it used.
type Recursion = (Stop, i64, i64);

/// Recursion with the logical stack a call has, and with far more than the engine has.
fn recurse(kind: Kind, wasm: &[u8]) -> (Recursion, Recursion) {
    let mut machine = machine(kind);
    let module = machine.compile(wasm).expect("a valid module");
    let mut run = |stack| {
        let instance = machine.instantiate(module).expect("an instance");
        let run = machine.run_on_stack(instance, "go", &arguments(wasm), GAS, stack);
        let Some(Value::I64(depth)) = machine.global(instance, "depth") else { panic!("no depth") };
        (run.result.expect_err("endless recursion"), depth, GAS - run.gas_left)
    };
    (run(STACK_LIMIT), run(i32::MAX))
}

/// As many zeros as the first type, which is that of `go`, has parameters.
fn arguments(wasm: &[u8]) -> Vec<Value> {
    let types = Parser::new(0).parse_all(wasm).find_map(|payload| match payload {
        Ok(Payload::TypeSection(types)) => types.into_iter().next(),
        _ => None,
    });
    let first = types.expect("a type section").expect("a sound type").into_types().next().expect("a type");
    vec![Value::I64(0); first.unwrap_func().params().len()]
}

#[test]
fn the_logical_limit_trips_first_and_alike_on_every_engine_and_profile() {
    let table = on_a_large_stack(|| {
        let mut table =
            String::from("shape                      depth         gas   the engine's own limit, in depths\n");
        for (name, text) in corpus() {
            let wasm = metered(&wat::parse_str(&text).expect("sound text"), &wide_caps()).expect("a valid module");
            let runs = KINDS.map(|kind| recurse(kind, &wasm));
            for (kind, (run, _)) in KINDS.iter().zip(&runs) {
                assert_eq!(run.0, Stop::Trap(TrapKind::StackExhausted), "{name} on {kind:?} at depth {}", run.1);
                assert_eq!(*run, runs[0].0, "{name} on {kind:?}");
            }
            let (_, depth, gas) = runs[0].0;
            write!(table, "{name:<22}{depth:>10}{gas:>12}").unwrap();
            for (kind, (_, deepest)) in KINDS.iter().zip(&runs) {
                assert_eq!(deepest.0, Stop::EngineStack, "{name} on {kind:?}");
                write!(table, "  {kind:?} {:.1}", deepest.1 as f64 / depth as f64).unwrap();
            }
            table.push('\n');
        }
        table
    });
    println!("{table}");
}
