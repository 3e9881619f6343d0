//! `finite-wasm`, an implementation by others of the same idea, as oracle. Given the same prices, it must find the same operand depth for
//! every function, the same gas for every basic block, and, when its own instrumented modules run, the same gas for the whole run.
//!
//! It charges more finely than we do: before every operator that may trap, since it wants to be exact after each of them, where we charge
//! a basic block as a whole. So several of its charges make up one of ours, and after a trap it has charged less. Where else we differ is
//! set straight here: it forgets that `call_indirect` takes the index from the operand stack, so behind each of them it finds one operand
//! too many; our frames have room for the operands of code that never runs, as the validator counts them; it charges code behind a block
//! that never ends, which we leave out (nothing runs there); and it cannot charge growth by page.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use coffer_abi::export::GAS_GLOBAL;
use coffer_runtime::meter::{SourceMap, instrument_mapped};
use coffer_runtime::{Caps, Report, validate};
use finite_parser::{VisitOperator, VisitSimdOperator};
use finite_wasm::gas::InstrumentationKind;
use finite_wasm::max_stack::SizeConfig;
use finite_wasm::prefix_sum_vec::PrefixSumVec;
use finite_wasm::wasmparser as finite_parser;
use finite_wasm::{Analysis, AnalysisOutcome, Fee};
use wasmparser::{Operator, Parser, Payload};
use wasmtime::{Caller, Error, Module, Store, Trap};

use super::machine::{End, PRICES, Prepared, engine, instrumented, plain_linker};

/// Our prices, told a second time. `simple` can be set wrong, to see that the comparison notices.
#[derive(Clone, Copy)]
struct Model {
    simple: u32,
}

const RIGHT: Model = Model { simple: PRICES.simple };

impl Model {
    fn fee(self, operator: &str) -> Fee {
        let constant = match operator.strip_prefix("visit_").unwrap_or(operator) {
            "block" | "else" | "end" | "nop" | "unreachable" => 0,
            "loop" | "if" | "br" | "br_if" | "return" => PRICES.branch,
            "br_table" => PRICES.br_table,
            "call" => PRICES.call,
            "call_indirect" => PRICES.call_indirect,
            "global_get" | "global_set" => PRICES.global,
            "memory_grow" => PRICES.grow,
            "memory_copy" | "memory_fill" => {
                return Fee { constant: PRICES.bulk.into(), linear: PRICES.bulk_word.into() };
            }
            "memory_size" => PRICES.memory,
            name if name.contains("_load") || name.contains("_store") => PRICES.memory,
            name if name.contains("_div_") || name.contains("_rem_") => PRICES.division,
            _ => self.simple,
        };
        Fee::constant(constant.into())
    }
}

macro_rules! fees {
    ($( @$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
        $(fn $visit(&mut self $($(, _: $argty)*)?) -> Fee { self.fee(stringify!($visit)) })*
    };
}

impl<'a> VisitOperator<'a> for Model {
    type Output = Fee;

    fn simd_visitor(&mut self) -> Option<&mut dyn VisitSimdOperator<'a, Output = Fee>> {
        Some(self)
    }

    finite_parser::for_each_visit_operator!(fees);
}

impl<'a> VisitSimdOperator<'a> for Model {
    finite_parser::for_each_visit_simd_operator!(fees);
}

/// Every value takes eight bytes of logical stack, a frame 64 besides.
struct Sizes;

impl SizeConfig for Sizes {
    fn size_of_value(&self, _: finite_parser::ValType) -> u8 {
        8
    }

    fn size_of_function_activation(&self, locals: &PrefixSumVec<finite_parser::ValType, u32>) -> u64 {
        64 + 8 * locals.max_index().map_or(0, |last| u64::from(*last) + 1)
    }
}

/// What it finds, with the operand depths set straight: ours, where it may be wrong and ours explains what it found.
fn analysis(wasm: &[u8], report: &Report, model: Model) -> AnalysisOutcome {
    let mut outcome = Analysis::new().with_stack(Sizes).with_gas(model).analyze(wasm).unwrap();
    let indirect = indirect_calls(wasm);
    for (index, depth) in outcome.function_operand_stack_sizes.iter_mut().enumerate() {
        let ours = u64::from(8 * report.frames[index].operand_depth);
        let has_dead_code = outcome.gas_kinds[index].contains(&InstrumentationKind::Unreachable);
        let least = if has_dead_code { 0 } else { ours };
        if (least..=ours + 8 * indirect[index]).contains(depth) {
            *depth = ours;
        }
    }
    outcome
}

/// How many indirect calls each function has.
fn indirect_calls(wasm: &[u8]) -> Vec<u64> {
    let bodies = Parser::new(0).parse_all(wasm).filter_map(|payload| match payload.unwrap() {
        Payload::CodeSectionEntry(body) => Some(body),
        _ => None,
    });
    let is_indirect = |operator: &Operator<'_>| matches!(operator, Operator::CallIndirect { .. });
    let count = |operators: wasmparser::OperatorsReader<'_>| {
        operators.into_iter().map(Result::unwrap).filter(is_indirect).count() as u64
    };
    bodies.map(|body| count(body.get_operators_reader().unwrap())).collect()
}

/// Golden modules, loops from a compiler, and two contracts of the kind people write.
fn modules() -> Vec<(String, Vec<u8>)> {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut modules = crate::golden::corpus();
    modules.push(("kernels".into(), wat::parse_file(crate_folder.join("benches/metering/kernels.wat")).unwrap()));
    for name in ["token", "counter"] {
        let path = crate_folder.join("tests/it/metering").join(name).with_extension("wasm");
        modules.push((name.into(), std::fs::read(path).unwrap()));
    }
    modules
}

/// A charge: the offset in the original of what it stands before, and its gas.
type Charge = (usize, u64);

/// What the pass made of one function, read off its output.
struct Metered {
    charges: Vec<Charge>,
    /// Offsets in the original of the operators that are still there.
    kept: BTreeSet<usize>,
}

fn metered(wasm: &[u8], report: &Report) -> Vec<Metered> {
    let caps = Caps { instrumented_factor: 20, ..Caps::default() };
    let (metered, map) = instrument_mapped(wasm, report, &PRICES, &caps).unwrap();
    let mut gas_global = None;
    let mut functions = Vec::new();
    for payload in Parser::new(0).parse_all(&metered) {
        match payload.unwrap() {
            Payload::ExportSection(exports) => {
                let gas = exports.into_iter().map(Result::unwrap).find(|export| export.name == GAS_GLOBAL);
                gas_global = gas.map(|export| export.index);
            }
            Payload::CodeSectionEntry(body) if functions.len() < report.frames.len() => {
                let frame = &report.frames[functions.len()];
                functions.push(function(&body, &map, gas_global.unwrap(), frame.params + frame.locals));
            }
            _ => {}
        }
    }
    functions
}

fn function(body: &wasmparser::FunctionBody<'_>, map: &SourceMap, global: u32, local: u32) -> Metered {
    let operators: Vec<_> = body.get_operators_reader().unwrap().into_iter_with_offsets().map(Result::unwrap).collect();
    let mut charges = Vec::new();
    for window in operators.windows(4) {
        let [(from, at), (Operator::I64Const { value }, _), (Operator::I64Sub, _), (to, _)] = window else { continue };
        let from_gas = matches!(from, Operator::LocalGet { local_index } if *local_index == local)
            || matches!(from, Operator::GlobalGet { global_index } if *global_index == global);
        let to_gas = matches!(to, Operator::LocalSet { local_index } | Operator::LocalTee { local_index } if *local_index == local)
            || matches!(to, Operator::GlobalSet { global_index } if *global_index == global);
        if from_gas && to_gas {
            charges.push((map.original(*at).unwrap(), u64::try_from(*value).unwrap()));
        }
    }
    Metered { charges, kept: operators.iter().filter_map(|(_, at)| map.original(*at)).collect() }
}

/// Compares a module function by function; `Err` tells the first difference.
fn compare(name: &str, wasm: &[u8], model: Model) -> Result<usize, String> {
    let report = validate(wasm, &Caps::default()).unwrap();
    let outcome = analysis(wasm, &report, model);
    let mut compared = 0;
    for (index, (frame, metered)) in report.frames.iter().zip(metered(wasm, &report)).enumerate() {
        let at = |what: &str| format!("{name}, function {index}: {what}");
        let depth = outcome.function_operand_stack_sizes[index];
        if depth != u64::from(8 * frame.operand_depth) {
            return Err(at(&format!("operand depth {depth} bytes, we say {}", frame.operand_depth)));
        }
        let fixed = outcome.function_frame_sizes[index];
        if fixed != u64::from(64 + 8 * (frame.params + frame.locals)) {
            return Err(at(&format!("frame of {fixed} bytes")));
        }
        // Theirs, each under the charge of ours that it is part of.
        let ours: BTreeMap<usize, u64> = metered.charges.iter().copied().collect();
        assert_eq!(ours.len(), metered.charges.len(), "{name}: one place is charged twice");
        let mut theirs: BTreeMap<usize, u64> = ours.keys().map(|offset| (*offset, 0)).collect();
        let entry = *ours.keys().next().ok_or_else(|| at("entering is free"))?;
        *theirs.get_mut(&entry).unwrap() +=
            u64::from(PRICES.frame) + u64::from(PRICES.frame_word) * (depth + fixed) / 8;
        let points = outcome.gas_offsets[index].iter().zip(&outcome.gas_costs[index]).zip(&outcome.gas_kinds[index]);
        for ((offset, fee), kind) in points {
            if *kind != InstrumentationKind::Unreachable && metered.kept.contains(offset) {
                let (_, sum) =
                    theirs.range_mut(..=*offset).next_back().ok_or_else(|| at("a charge before the first"))?;
                *sum += fee.constant;
            }
        }
        if ours != theirs {
            return Err(at(&format!("charges\n{ours:?}\ntheirs\n{theirs:?}")));
        }
        compared += ours.len();
    }
    Ok(compared)
}

#[test]
fn operand_depths_frames_and_block_costs_are_those_that_finite_wasm_finds() {
    let mut compared = 0;
    for (name, wasm) in modules() {
        compared += compare(&name, &wasm, RIGHT).unwrap_or_else(|difference| panic!("{difference}"));
    }
    println!("{compared} basic blocks");
    assert!(compared > 1_000, "{compared} basic blocks");
}

#[test]
fn a_wrong_price_is_noticed_wherever_something_has_it() {
    let wrong = Model { simple: PRICES.simple + 1 };
    let mut noticed = 0;
    for (name, wasm) in modules() {
        let report = validate(&wasm, &Caps::default()).unwrap();
        let costs = |model| analysis(&wasm, &report, model).gas_costs;
        if costs(wrong) != costs(RIGHT) {
            assert!(compare(&name, &wasm, wrong).is_err(), "{name}");
            noticed += 1;
        }
    }
    assert!(noticed > 50, "{noticed} modules");
}

/// What the host of a module instrumented by `finite-wasm` has counted.
#[derive(Default)]
struct Tally {
    gas: u64,
}

/// Runs `call main` as `finite-wasm` instruments it; the gas it counts, growth by page excepted.
fn run_finite(wasm: &[u8]) -> (End, u64) {
    let outcome = analysis(wasm, &validate(wasm, &Caps::default()).unwrap(), RIGHT);
    let instrumented = outcome.instrument("finite", wasm).unwrap();
    let module = Module::new(engine(), instrumented).unwrap();
    let mut linker = plain_linker::<Tally>(&module, |tally, base| tally.gas += base);
    let spend = |caller: &mut Caller<'_, Tally>, gas: u64| -> wasmtime::Result<()> {
        caller.data_mut().gas += gas;
        if caller.data().gas > ENOUGH { Err(Error::msg("enough")) } else { Ok(()) }
    };
    linker
        .func_wrap("finite", "finite_wasm_gas", move |mut caller: Caller<'_, Tally>, gas: u64| spend(&mut caller, gas))
        .unwrap();
    for name in ["memory_copy", "memory_fill", "memory_init", "table_copy", "table_fill", "table_init"] {
        let bulk = move |mut caller: Caller<'_, Tally>, length: u32, word: u64, base: u64| {
            spend(&mut caller, base + word * u64::from(length).div_ceil(8))?;
            Ok(length)
        };
        linker.func_wrap("finite", &format!("finite_wasm_{name}"), bulk).unwrap();
    }
    let enter = move |mut caller: Caller<'_, Tally>, operands: u64, frame: u64| {
        spend(&mut caller, u64::from(PRICES.frame) + u64::from(PRICES.frame_word) * (operands + frame) / 8)
    };
    linker.func_wrap("finite", "finite_wasm_stack", enter).unwrap();
    linker.func_wrap("finite", "finite_wasm_unstack", |_: u64, _: u64| ()).unwrap();
    let mut store = Store::new(engine(), Tally::default());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let main = instance.get_typed_func::<(), ()>(&mut store, "call main").unwrap();
    let end = match main.call(&mut store, ()) {
        Ok(()) => End::Returned,
        Err(error) => error.downcast_ref::<Trap>().map_or(End::Host, |trap| End::Trapped(*trap)),
    };
    (end, store.data().gas)
}

/// Gas after which a run is stopped.
const ENOUGH: u64 = 5_000_000;

/// Golden modules that let memory grow, and by how many pages in all, refused or not.
const GROWN: [(&str, u64); 4] =
    [("memory_grow", 11), ("memory_grow_in_loop", 10), ("memory_grow_refused", 3), ("memory_maximum_cut", 256)];

#[test]
fn whole_runs_use_the_gas_that_finite_wasm_counts() {
    let mut equal = 0;
    for (name, wasm) in crate::golden::corpus() {
        if validate(&wasm, &Caps::default()).unwrap().exports.is_empty() {
            continue;
        }
        let ours = Prepared::new(&instrumented(&wasm)).run(ENOUGH.cast_signed());
        let used = ENOUGH - ours.gas_left.max(0).cast_unsigned();
        let pages = GROWN.iter().find(|(grown, _)| *grown == name).map_or(0, |(_, pages)| *pages);
        let (end, theirs) = run_finite(&wasm);
        let theirs = theirs + pages * u64::from(PRICES.page);
        if ours.end == End::Returned && !ours.is_out_of_gas() {
            assert_eq!((end, theirs), (End::Returned, used), "{name}");
            equal += 1;
        } else if !ours.is_out_of_gas() && ours.stack_left >= 0 && ours.end != End::Trapped(Trap::MemoryOutOfBounds) {
            // The rest of the basic block.
            assert!(end == ours.end && theirs <= used && used - theirs < 100, "{name}: {theirs} of {used}, {end:?}");
        }
    }
    assert!(equal >= 40, "{equal} runs");
}
