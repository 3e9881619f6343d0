//! The engines that oracles compare, behind one trait: wasmtime with each of its compilers, on the settings the runtime itself uses, and
//! wasmi, an interpreter by other authors. Also the way a module takes to them: validated and metered as an upload is, but for the rules
//! on a contract's interface. Invariant: what a test sees of a run names no engine, so that runs can be compared as they are.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use coffer_abi::TrapKind;
use coffer_abi::export::{GAS_GLOBAL, STACK_GLOBAL};
use coffer_runtime::engine::wasmtime_settings;
use coffer_runtime::meter::{Schedule, instrument};
use coffer_runtime::validate::{Interface, validate_as};
use coffer_runtime::{Backend, Caps, CodeError, Config, STACK_LIMIT};

/// Instances that all machines of one engine together can hold.
const INSTANCES: u32 = 512;

/// An engine and the way it compiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// wasmtime's compiler of one pass.
    Winch,
    /// wasmtime's optimising compiler, as the runtime uses it.
    Cranelift,
    /// The same with its optimisations off: the largest native frames.
    CraneliftUnoptimised,
    /// The interpreter.
    Wasmi,
}

impl Kind {
    /// The engines every oracle asks.
    pub const ALL: [Self; 3] = [Self::Winch, Self::Cranelift, Self::Wasmi];
}

/// A WebAssembly value without floats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    I32(i32),
    I64(i64),
}

/// Why code did not return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    Trap(TrapKind),
    /// The counted gas ran out.
    OutOfGas,
    /// The engine's own stack ran out: what the logical limit must prevent.
    EngineStack,
    /// The engine's own measure of work ran out, where a test has switched it on.
    EngineFuel,
    /// The engine refused the module or its imports.
    Refused(String),
}

/// What a metered call came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    pub result: Result<Option<Value>, Stop>,
    pub gas_left: i64,
    pub stack_left: i32,
}

/// One engine with the modules and instances it holds, both numbered from 0.
pub trait Machine {
    /// Compiles a module.
    fn compile(&mut self, wasm: &[u8]) -> Result<usize, Stop>;
    /// Makes an instance of a module; its imports are found among the registered instances.
    fn instantiate(&mut self, module: usize) -> Result<usize, Stop>;
    /// Offers the exports of an instance to those made later.
    fn register(&mut self, name: &str, instance: usize);
    /// Calls an exported function. The engine's own reason, counters are not looked at.
    fn call(&mut self, instance: usize, export: &str, args: &[Value]) -> Result<Option<Value>, Stop>;
    /// An exported global.
    fn global(&mut self, instance: usize, export: &str) -> Option<Value>;
    /// Sets an exported global, which must exist, be mutable and of that type.
    fn set_global(&mut self, instance: usize, export: &str, value: Value);
    /// An exported memory.
    fn memory(&mut self, instance: usize, export: &str) -> Option<&[u8]>;
}

impl dyn Machine {
    /// Compiles a module and makes an instance of it.
    pub fn load(&mut self, wasm: &[u8]) -> Result<usize, Stop> {
        let module = self.compile(wasm)?;
        self.instantiate(module)
    }

    /// Calls a function of a metered instance with `gas` and a whole logical stack.
    pub fn run(&mut self, instance: usize, export: &str, args: &[Value], gas: i64) -> Run {
        self.run_on_stack(instance, export, args, gas, STACK_LIMIT)
    }

    /// Sets the counters of a metered instance.
    pub fn refill(&mut self, instance: usize, gas: i64, stack: i32) {
        self.set_global(instance, GAS_GLOBAL, Value::I64(gas));
        self.set_global(instance, STACK_GLOBAL, Value::I32(stack));
    }

    /// Calls a function of a metered instance with `gas` and `stack` bytes of logical stack.
    pub fn run_on_stack(&mut self, instance: usize, export: &str, args: &[Value], gas: i64, stack: i32) -> Run {
        self.refill(instance, gas, stack);
        let result = self.call(instance, export, args);
        let (gas_left, stack_left) = match (self.global(instance, GAS_GLOBAL), self.global(instance, STACK_GLOBAL)) {
            (Some(Value::I64(gas)), Some(Value::I32(stack))) => (gas, stack),
            counters => panic!("counters of a metered module: {counters:?}"),
        };
        let result = result.map_err(|stop| match stop {
            Stop::Trap(TrapKind::Unreachable) if gas_left < 0 => Stop::OutOfGas,
            Stop::Trap(TrapKind::Unreachable) if stack_left < 0 => Stop::Trap(TrapKind::StackExhausted),
            stop => stop,
        });
        Run { result, gas_left, stack_left }
    }
}

/// Validates and meters a module that need not be a contract.
pub fn metered(wasm: &[u8], caps: &Caps) -> Result<Vec<u8>, CodeError> {
    let report = validate_as(wasm, caps, Interface::Any)?;
    instrument(wasm, &report, &Schedule::V1, caps)
}

/// Runs `work` on a thread whose stack holds all an engine may use of it.
pub fn on_a_large_stack<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    const STACK: usize = 16 * 1024 * 1024;
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).expect("a thread");
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// A machine without instances. Engines are shared by all tests.
pub fn machine(kind: Kind) -> Box<dyn Machine> {
    match kind {
        Kind::Wasmi => Box::new(WasmiMachine::new(wasmi_engine())),
        kind => Box::new(WasmtimeMachine::new(wasmtime_engine(kind))),
    }
}

/// A machine for code that is not metered: it stops by itself after a generous amount of work.
pub fn unmetered() -> Box<dyn Machine> {
    const FUEL: u64 = 50_000_000;
    static ENGINE: OnceLock<wasmi::Engine> = OnceLock::new();
    let engine = ENGINE.get_or_init(|| {
        let mut settings = wasmi_settings();
        settings.consume_fuel(true);
        wasmi::Engine::new(&settings)
    });
    let mut machine = WasmiMachine::new(engine);
    machine.store.set_fuel(FUEL).expect("fuel is on");
    Box::new(machine)
}

fn wasmtime_engine(kind: Kind) -> &'static wasmtime::Engine {
    static ENGINES: OnceLock<BTreeMap<Kind, wasmtime::Engine>> = OnceLock::new();
    let engines = ENGINES.get_or_init(|| {
        let engine = |kind| {
            let backend = if kind == Kind::Winch { Backend::Winch } else { Backend::Cranelift };
            let caps = wide_caps();
            let mut settings = wasmtime_settings(&Config { backend, slots: INSTANCES, caps, ..Config::default() });
            if kind == Kind::CraneliftUnoptimised {
                settings.cranelift_opt_level(wasmtime::OptLevel::None);
            }
            (kind, wasmtime::Engine::new(&settings).expect("an engine"))
        };
        BTreeMap::from([Kind::Winch, Kind::Cranelift, Kind::CraneliftUnoptimised].map(engine))
    });
    &engines[&kind]
}

/// Caps wide enough for test suites that are not about size.
pub fn wide_caps() -> Caps {
    Caps {
        locals: 2_000,
        initial_pages: 65_536,
        max_pages: 65_536,
        table_elements: 65_536,
        segment_elements: 65_536,
        br_table_targets: 50_000,
        br_table_targets_all: 50_000,
        custom_sections: 64,
        instrumented_factor: 30,
        ..Caps::default()
    }
}

fn wasmi_settings() -> wasmi::Config {
    let mut settings = wasmi::Config::default();
    settings.floats(false).wasm_multi_memory(false).wasm_tail_call(false).wasm_extended_const(false);
    // Its own limits, far above the logical one.
    settings.set_max_recursion_depth(100_000).set_max_stack_height(64 << 20);
    settings
}

fn wasmi_engine() -> &'static wasmi::Engine {
    static ENGINE: OnceLock<wasmi::Engine> = OnceLock::new();
    ENGINE.get_or_init(|| wasmi::Engine::new(&wasmi_settings()))
}

struct WasmtimeMachine {
    store: wasmtime::Store<()>,
    linker: wasmtime::Linker<()>,
    modules: Vec<wasmtime::Module>,
    instances: Vec<wasmtime::Instance>,
}

impl WasmtimeMachine {
    fn new(engine: &wasmtime::Engine) -> Self {
        let mut linker = wasmtime::Linker::new(engine);
        linker.allow_shadowing(true);
        Self { store: wasmtime::Store::new(engine, ()), linker, modules: Vec::new(), instances: Vec::new() }
    }
}

fn wasmtime_stop(error: wasmtime::Error) -> Stop {
    use wasmtime::Trap;
    match error.downcast_ref::<Trap>() {
        Some(Trap::UnreachableCodeReached) => Stop::Trap(TrapKind::Unreachable),
        Some(Trap::MemoryOutOfBounds) => Stop::Trap(TrapKind::MemoryOutOfBounds),
        Some(Trap::TableOutOfBounds) => Stop::Trap(TrapKind::TableOutOfBounds),
        Some(Trap::IndirectCallToNull) => Stop::Trap(TrapKind::IndirectCallToNull),
        Some(Trap::BadSignature) => Stop::Trap(TrapKind::BadSignature),
        Some(Trap::IntegerOverflow) => Stop::Trap(TrapKind::IntegerOverflow),
        Some(Trap::IntegerDivisionByZero) => Stop::Trap(TrapKind::DivisionByZero),
        Some(Trap::StackOverflow) => Stop::EngineStack,
        _ => Stop::Refused(format!("{error:#}")),
    }
}

impl Machine for WasmtimeMachine {
    fn compile(&mut self, wasm: &[u8]) -> Result<usize, Stop> {
        self.modules.push(wasmtime::Module::new(self.store.engine(), wasm).map_err(wasmtime_stop)?);
        Ok(self.modules.len() - 1)
    }

    fn instantiate(&mut self, module: usize) -> Result<usize, Stop> {
        let instance = self.linker.instantiate(&mut self.store, &self.modules[module]).map_err(wasmtime_stop)?;
        self.instances.push(instance);
        Ok(self.instances.len() - 1)
    }

    fn register(&mut self, name: &str, instance: usize) {
        self.linker.instance(&mut self.store, name, self.instances[instance]).expect("names may be taken over");
    }

    fn call(&mut self, instance: usize, export: &str, args: &[Value]) -> Result<Option<Value>, Stop> {
        use wasmtime::Val;
        let function = self.instances[instance].get_func(&mut self.store, export).expect("an exported function");
        let args: Vec<_> = args
            .iter()
            .map(|value| match *value {
                Value::I32(value) => Val::I32(value),
                Value::I64(value) => Val::I64(value),
            })
            .collect();
        let mut results = vec![Val::I32(0); function.ty(&self.store).results().len()];
        function.call(&mut self.store, &args, &mut results).map_err(wasmtime_stop)?;
        Ok(results.first().map(|value| match value {
            Val::I32(value) => Value::I32(*value),
            Val::I64(value) => Value::I64(*value),
            value => panic!("a result {value:?}"),
        }))
    }

    fn global(&mut self, instance: usize, export: &str) -> Option<Value> {
        let global = self.instances[instance].get_global(&mut self.store, export)?;
        match global.get(&mut self.store) {
            wasmtime::Val::I32(value) => Some(Value::I32(value)),
            wasmtime::Val::I64(value) => Some(Value::I64(value)),
            value => panic!("a global {value:?}"),
        }
    }

    fn set_global(&mut self, instance: usize, export: &str, value: Value) {
        let global = self.instances[instance].get_global(&mut self.store, export).expect("an exported global");
        let value = match value {
            Value::I32(value) => wasmtime::Val::I32(value),
            Value::I64(value) => wasmtime::Val::I64(value),
        };
        global.set(&mut self.store, value).expect("a mutable global of that type");
    }

    fn memory(&mut self, instance: usize, export: &str) -> Option<&[u8]> {
        let memory = self.instances[instance].get_memory(&mut self.store, export)?;
        Some(memory.data(&self.store))
    }
}

struct WasmiMachine {
    store: wasmi::Store<()>,
    linker: wasmi::Linker<()>,
    modules: Vec<wasmi::Module>,
    instances: Vec<wasmi::Instance>,
}

impl WasmiMachine {
    fn new(engine: &wasmi::Engine) -> Self {
        let mut linker = wasmi::Linker::new(engine);
        linker.allow_shadowing(true);
        Self { store: wasmi::Store::new(engine, ()), linker, modules: Vec::new(), instances: Vec::new() }
    }
}

fn wasmi_stop(error: wasmi::Error) -> Stop {
    use wasmi::TrapCode;
    use wasmi::errors::{ErrorKind, InstantiationError};
    if let ErrorKind::Instantiation(InstantiationError::ElementSegmentDoesNotFit { .. }) = error.kind() {
        return Stop::Trap(TrapKind::TableOutOfBounds);
    }
    match error.as_trap_code() {
        Some(TrapCode::UnreachableCodeReached) => Stop::Trap(TrapKind::Unreachable),
        Some(TrapCode::MemoryOutOfBounds) => Stop::Trap(TrapKind::MemoryOutOfBounds),
        Some(TrapCode::TableOutOfBounds) => Stop::Trap(TrapKind::TableOutOfBounds),
        Some(TrapCode::IndirectCallToNull) => Stop::Trap(TrapKind::IndirectCallToNull),
        Some(TrapCode::BadSignature) => Stop::Trap(TrapKind::BadSignature),
        Some(TrapCode::IntegerOverflow) => Stop::Trap(TrapKind::IntegerOverflow),
        Some(TrapCode::IntegerDivisionByZero) => Stop::Trap(TrapKind::DivisionByZero),
        Some(TrapCode::StackOverflow) => Stop::EngineStack,
        Some(TrapCode::OutOfFuel) => Stop::EngineFuel,
        _ => Stop::Refused(error.to_string()),
    }
}

impl Machine for WasmiMachine {
    fn compile(&mut self, wasm: &[u8]) -> Result<usize, Stop> {
        self.modules.push(wasmi::Module::new(self.store.engine(), wasm).map_err(wasmi_stop)?);
        Ok(self.modules.len() - 1)
    }

    fn instantiate(&mut self, module: usize) -> Result<usize, Stop> {
        let module = &self.modules[module];
        let instance = self.linker.instantiate_and_start(&mut self.store, module).map_err(wasmi_stop)?;
        self.instances.push(instance);
        Ok(self.instances.len() - 1)
    }

    fn register(&mut self, name: &str, instance: usize) {
        self.linker.instance(&mut self.store, name, self.instances[instance]).expect("names may be taken over");
    }

    fn call(&mut self, instance: usize, export: &str, args: &[Value]) -> Result<Option<Value>, Stop> {
        use wasmi::Val;
        let function = self.instances[instance].get_func(&self.store, export).expect("an exported function");
        let args: Vec<_> = args
            .iter()
            .map(|value| match *value {
                Value::I32(value) => Val::I32(value),
                Value::I64(value) => Val::I64(value),
            })
            .collect();
        let ty = function.ty(&self.store);
        let mut results: Vec<_> = ty.results().iter().map(|ty| Val::default(*ty)).collect();
        function.call(&mut self.store, &args, &mut results).map_err(wasmi_stop)?;
        Ok(results.first().map(|value| match value.clone() {
            Val::I32(value) => Value::I32(value),
            Val::I64(value) => Value::I64(value),
            value => panic!("a result {value:?}"),
        }))
    }

    fn global(&mut self, instance: usize, export: &str) -> Option<Value> {
        let global = self.instances[instance].get_global(&self.store, export)?;
        match global.get(&self.store) {
            wasmi::Val::I32(value) => Some(Value::I32(value)),
            wasmi::Val::I64(value) => Some(Value::I64(value)),
            value => panic!("a global {value:?}"),
        }
    }

    fn set_global(&mut self, instance: usize, export: &str, value: Value) {
        let global = self.instances[instance].get_global(&self.store, export).expect("an exported global");
        let value = match value {
            Value::I32(value) => wasmi::Val::I32(value),
            Value::I64(value) => wasmi::Val::I64(value),
        };
        global.set(&mut self.store, value).expect("a mutable global of that type");
    }

    fn memory(&mut self, instance: usize, export: &str) -> Option<&[u8]> {
        let memory = self.instances[instance].get_memory(&self.store, export)?;
        Some(memory.data(&self.store))
    }
}
