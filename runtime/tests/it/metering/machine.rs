//! Runs instrumented code on the engine itself, without the runtime around it: both backends, a host that only counts.
//! Invariant: what comes out is what both backends computed alike.

use std::sync::OnceLock;

use coffer_abi::export::{GAS_GLOBAL, STACK_GLOBAL};
use coffer_abi::host::{HOST_FUNCTIONS, MODULE};
use coffer_runtime::meter::{Schedule, instrument};
use coffer_runtime::{Caps, validate};
use wasmtime::{Caller, Engine, Error, ImportType, Linker, Module, Store, Strategy, Trap, Val};

/// Logical stack a run starts with.
pub const STACK: i32 = 256 * 1024;
/// Gas no run uses up.
pub const PLENTY: i64 = 1 << 40;
/// The schedule of every run.
pub const PRICES: Schedule = Schedule::V1;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The method returned.
    Returned,
    /// The code trapped.
    Trapped(Trap),
    /// A host function found no gas left.
    Host,
}

/// What a run left behind.
#[derive(Debug, PartialEq, Eq)]
pub struct Run {
    pub end: End,
    pub gas_left: i64,
    pub stack_left: i32,
    /// Gas left at each host call, before it was paid.
    pub seen: Vec<i64>,
    pub memory: Vec<u8>,
}

impl Run {
    /// Whether the gas ran out, by whatever end that shows.
    pub fn is_out_of_gas(&self) -> bool {
        self.gas_left < 0
    }
}

/// The optimising one of the two.
pub fn engine() -> &'static Engine {
    &engines()[0]
}

fn engines() -> &'static [Engine; 2] {
    static ENGINES: OnceLock<[Engine; 2]> = OnceLock::new();
    ENGINES.get_or_init(|| {
        [Strategy::Cranelift, Strategy::Winch]
            .map(|strategy| Engine::new(wasmtime::Config::new().strategy(strategy)).unwrap())
    })
}

/// A module, compiled by both backends.
pub struct Prepared {
    modules: [Module; 2],
    metered: bool,
}

impl Prepared {
    pub fn new(wasm: &[u8]) -> Self {
        let modules = engines().each_ref().map(|engine| Module::new(engine, wasm).unwrap());
        let metered = modules[0].exports().any(|export| export.name() == GAS_GLOBAL);
        Self { modules, metered }
    }

    /// Runs `call main`.
    pub fn run(&self, gas: i64) -> Run {
        let [cranelift, winch] = self.modules.each_ref().map(|module| run_on(module, self.metered, gas));
        assert_eq!(cranelift, winch, "the backends differ");
        cranelift
    }
}

struct Host {
    seen: Vec<i64>,
    left: Option<i64>,
}

fn run_on(module: &Module, metered: bool, gas: i64) -> Run {
    let mut store = Store::new(module.engine(), Host { seen: Vec::new(), left: None });
    let linker = if metered { metered_linker(module) } else { plain_linker(module, |_, _| {}) };
    let instance = linker.instantiate(&mut store, module).unwrap();
    let counters = instance.get_global(&mut store, GAS_GLOBAL).zip(instance.get_global(&mut store, STACK_GLOBAL));
    if let Some((gas_left, stack_left)) = counters {
        gas_left.set(&mut store, Val::I64(gas)).unwrap();
        stack_left.set(&mut store, Val::I32(STACK)).unwrap();
    }
    let main = instance.get_typed_func::<(), ()>(&mut store, "call main").unwrap();
    let end = match main.call(&mut store, ()) {
        Ok(()) => End::Returned,
        Err(error) => error.downcast_ref::<Trap>().map_or(End::Host, |trap| End::Trapped(*trap)),
    };
    let memory = instance.get_memory(&mut store, "memory").unwrap();
    let in_global = counters.map_or(gas, |(left, _)| left.get(&mut store).unwrap_i64());
    Run {
        end,
        gas_left: store.data().left.unwrap_or(in_global),
        stack_left: counters.map_or(STACK, |(_, left)| left.get(&mut store).unwrap_i32()),
        seen: store.data().seen.clone(),
        memory: memory.data(&store).to_vec(),
    }
}

/// Host functions with gas, which cost their base and answer with zeros.
fn metered_linker(module: &Module) -> Linker<Host> {
    let mut linker = Linker::new(module.engine());
    for (import, base) in host_imports(module) {
        let ty = import.ty().unwrap_func().clone();
        let answer = move |mut caller: Caller<'_, Host>, params: &[Val], results: &mut [Val]| {
            results.iter_mut().zip(ty.results()).for_each(|(result, ty)| *result = Val::default_for_ty(&ty).unwrap());
            let gas = params.last().unwrap().unwrap_i64();
            caller.data_mut().seen.push(gas);
            let left = gas - i64::try_from(base).unwrap();
            if left < 0 {
                caller.data_mut().left = Some(left);
                return Err(Error::msg("out of gas"));
            }
            *results.last_mut().unwrap() = Val::I64(left);
            Ok(())
        };
        linker.func_new(MODULE, import.name(), import.ty().unwrap_func().clone(), answer).unwrap();
    }
    linker
}

/// Host functions as contracts import them: `pay` is told their base, and they answer with zeros.
pub fn plain_linker<T: 'static>(module: &Module, pay: fn(&mut T, u64)) -> Linker<T> {
    let mut linker = Linker::new(module.engine());
    for (import, base) in host_imports(module) {
        let ty = import.ty().unwrap_func().clone();
        let answer = move |mut caller: Caller<'_, T>, _: &[Val], results: &mut [Val]| {
            results.iter_mut().zip(ty.results()).for_each(|(result, ty)| *result = Val::default_for_ty(&ty).unwrap());
            pay(caller.data_mut(), base);
            Ok(())
        };
        linker.func_new(MODULE, import.name(), import.ty().unwrap_func().clone(), answer).unwrap();
    }
    linker
}

fn host_imports(module: &Module) -> impl Iterator<Item = (ImportType<'_>, u64)> {
    let known = |import: &ImportType<'_>| HOST_FUNCTIONS.iter().find(|host| host.name == import.name());
    module.imports().filter(|import| import.module() == MODULE).map(move |import| {
        let base = known(&import).unwrap().gas_base;
        (import, base)
    })
}

/// The module with metering.
pub fn instrumented(wasm: &[u8]) -> Vec<u8> {
    let caps = Caps { instrumented_factor: 20, ..Caps::default() };
    let report = validate(wasm, &caps).unwrap();
    instrument(wasm, &report, &PRICES, &caps).unwrap()
}

/// Runs a module with one page of memory and all host functions by their names.
pub fn run_text(definitions: &str, gas: i64) -> Run {
    prepare_text(definitions).run(gas)
}

/// The same, compiled once for many runs.
pub fn prepare_text(definitions: &str) -> Prepared {
    Prepared::new(&instrumented(&wat::parse_str(crate::support::module(definitions)).unwrap()))
}

/// Gas that a run to the end uses.
pub fn gas_of(definitions: &str) -> i64 {
    let run = run_text(definitions, PLENTY);
    assert_eq!((run.end, run.stack_left), (End::Returned, STACK));
    PLENTY - run.gas_left
}
