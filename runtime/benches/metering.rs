//! What counting gas costs: tight loops without metering, with pass version 1 (a global updated in every basic block) and with the pass
//! as it is, on both backends, in one run. `metering/kernels.rs` is the source, `metering/kernels.wat` what the compiler made of it,
//! `metering/kernels.v1.wat` what version 1 of the pass made of that. Invariant: all three compute the same, which is checked.
//!
//! `cargo bench -p coffer-runtime --bench metering`
#![allow(clippy::print_stdout, missing_docs)]

use std::time::Instant;

use coffer_abi::export::{GAS_GLOBAL, STACK_GLOBAL};
use coffer_runtime::meter::{Schedule, instrument};
use coffer_runtime::{Caps, validate};
use wasmtime::{Config, Engine, Instance, Module, Store, Strategy, TypedFunc, Val};

const PLAIN: &str = include_str!("metering/kernels.wat");
const VERSION_1: &str = include_str!("metering/kernels.v1.wat");
const ROUNDS: usize = 101;
const GAS: i64 = 1 << 60;

type Failure = Box<dyn std::error::Error>;

/// One module in one store.
struct Kernels {
    store: Store<()>,
    instance: Instance,
}

impl Kernels {
    fn new(engine: &Engine, wasm: &[u8]) -> Result<Self, Failure> {
        let mut store = Store::new(engine, ());
        let instance = Instance::new(&mut store, &Module::new(engine, wasm)?, &[])?;
        let mut kernels = Self { store, instance };
        kernels.set(GAS)?;
        Ok(kernels)
    }

    fn set(&mut self, gas: i64) -> Result<(), Failure> {
        if let Some(global) = self.instance.get_global(&mut self.store, GAS_GLOBAL) {
            global.set(&mut self.store, Val::I64(gas))?;
        }
        if let Some(global) = self.instance.get_global(&mut self.store, STACK_GLOBAL) {
            global.set(&mut self.store, Val::I32(256 * 1024))?;
        }
        Ok(())
    }

    fn gas(&mut self) -> Option<i64> {
        let global = self.instance.get_global(&mut self.store, GAS_GLOBAL)?;
        global.get(&mut self.store).i64()
    }

    fn kernel(&mut self, name: &str) -> Result<TypedFunc<(), ()>, Failure> {
        Ok(self.instance.get_typed_func(&mut self.store, name)?)
    }

    /// Nanoseconds of one call.
    fn time(&mut self, kernel: &TypedFunc<(), ()>) -> Result<f64, Failure> {
        let begun = Instant::now();
        kernel.call(&mut self.store, ())?;
        Ok(begun.elapsed().as_nanos() as f64)
    }

    fn memory(&mut self) -> Result<Vec<u8>, Failure> {
        let memory = self.instance.get_memory(&mut self.store, "memory").ok_or("no memory")?;
        Ok(memory.data(&self.store).to_vec())
    }
}

fn main() -> Result<(), Failure> {
    let plain = wat::parse_str(PLAIN)?;
    let report = validate(&plain, &Caps::default())?;
    let metered = instrument(&plain, &report, &Schedule::V1, &Caps::default())?;
    let modules = [plain, wat::parse_str(VERSION_1)?, metered];
    println!("kernels: {} bytes, version 1 {}, now {}", modules[0].len(), modules[1].len(), modules[2].len());
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    for strategy in [Strategy::Cranelift, Strategy::Winch] {
        println!("\n{strategy:?}; us of the fastest of {ROUNDS} rounds, and its ratio to the module without metering");
        println!(
            "  {:<10}{:>10}{:>12}{:>8}{:>12}{:>8}{:>14}{:>12}",
            "", "without", "version 1", "", "now", "", "gas", "ns / gas"
        );
        let engine = Engine::new(Config::new().strategy(strategy).wasm_backtrace_max_frames(None))?;
        for (kind, name) in &report.exports {
            if only.as_ref().is_none_or(|only| name.contains(only)) {
                compare(&engine, &modules, &kind.export(name), name)?;
            }
        }
    }
    Ok(())
}

fn compare(engine: &Engine, modules: &[Vec<u8>; 3], export: &str, name: &str) -> Result<(), Failure> {
    let mut variants = Vec::new();
    for module in modules {
        let mut kernels = Kernels::new(engine, module)?;
        let kernel = kernels.kernel(export)?;
        variants.push((kernels, kernel, Vec::with_capacity(ROUNDS)));
    }
    // In turn, so that what else the machine does meets all alike.
    for _ in 0..ROUNDS {
        for (kernels, kernel, times) in &mut variants {
            times.push(kernels.time(kernel)?);
        }
    }
    let mut gas = 0;
    let mut memories = Vec::new();
    for (kernels, kernel, _) in &mut variants {
        kernels.set(GAS)?;
        kernels.time(kernel)?;
        gas = GAS - kernels.gas().unwrap_or(GAS);
        memories.push(kernels.memory()?);
    }
    assert!(memories.iter().all(|memory| *memory == memories[0]), "{name}: the variants differ");
    let least = |variant: usize| variants[variant].2.iter().copied().fold(f64::INFINITY, f64::min);
    let ratio = |variant: usize| least(variant) / least(0);
    println!(
        "  {name:<10}{:>10.1}{:>12.1}{:>8.2}{:>12.1}{:>8.2}{gas:>14}{:>12.3}",
        least(0) / 1_000.0,
        least(1) / 1_000.0,
        ratio(1),
        least(2) / 1_000.0,
        ratio(2),
        least(2) / gas as f64,
    );
    Ok(())
}
