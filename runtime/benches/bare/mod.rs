//! The floor: a contract's module on wasmtime itself, over a [`Host`] that only does the work. `bench/peers` measures with this
//! file too. Invariant: the engine is set as the runtime sets it, compiler and pool, so that the difference is ours.
#![allow(dead_code)] // Each of the two benchmarks uses a part.

pub mod host;

use coffer_runtime::engine::wasmtime_settings;
use coffer_runtime::{Backend, Config};
use wasmtime::{Caller, Engine, Extern, InstancePre, Linker, Memory, Result, Store};

pub use host::Host;
pub use wasmtime::{Module, ModuleExport};

/// An engine without metering.
#[derive(Clone)]
pub struct Bare {
    engine: Engine,
    linker: Linker<Guest>,
}

/// A module that is ready to run.
#[derive(Clone)]
pub struct Code {
    pub module: Module,
    pre: InstancePre<Guest>,
    memory: ModuleExport,
}

/// What a store holds.
struct Guest {
    host: Box<Host>,
    memory: Option<Memory>,
}

impl Bare {
    pub fn new(backend: Backend) -> Result<Self> {
        let config = Config { backend, ..Config::default() };
        let engine = Engine::new(&wasmtime_settings(&config))?;
        Ok(Self { linker: linker(&engine)?, engine })
    }

    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    pub fn compile(&self, wasm: &[u8]) -> Result<Code> {
        self.load(Module::new(&self.engine, wasm)?)
    }

    /// Links a compiled module. Functions the [`Host`] lacks trap.
    pub fn load(&self, module: Module) -> Result<Code> {
        let mut linker = self.linker.clone();
        linker.define_unknown_imports_as_traps(&module)?;
        let pre = linker.instantiate_pre(&module)?;
        Ok(Code { memory: export(&module, "memory")?, module, pre })
    }

    /// One call in a fresh store and instance. The host comes back, also with what it was asked to store.
    pub fn call(&self, code: &Code, method: &ModuleExport, mut host: Box<Host>) -> Result<Box<Host>> {
        host.output = None;
        let mut store = Store::new(&self.engine, Guest { host, memory: None });
        let instance = code.pre.instantiate(&mut store)?;
        let memory = instance.get_module_export(&mut store, &code.memory).and_then(Extern::into_memory);
        store.data_mut().memory = memory;
        let method = instance.get_module_export(&mut store, method).and_then(Extern::into_func);
        let method = method.ok_or_else(|| wasmtime::Error::msg("no such method"))?;
        method.typed::<(), ()>(&store)?.call(&mut store, ())?;
        Ok(store.into_data().host)
    }
}

impl Code {
    pub fn method(&self, name: &str) -> Result<ModuleExport> {
        export(&self.module, name)
    }
}

fn export(module: &Module, name: &str) -> Result<ModuleExport> {
    module.get_export_index(name).ok_or_else(|| wasmtime::Error::msg(format!("no export `{name}`")))
}

fn linker(engine: &Engine) -> Result<Linker<Guest>> {
    let mut linker = Linker::new(engine);
    macro_rules! link {
        ($($name:ident($($arg:ident: $ty:ty),*) -> $result:ty;)*) => {$(
            linker.func_wrap(
                coffer_abi::host::MODULE,
                stringify!($name),
                |mut guest: Caller<'_, Guest>, $($arg: $ty),*| -> Result<$result> {
                    let memory = guest.data().memory.ok_or_else(|| wasmtime::Error::msg("no memory"))?;
                    let (memory, guest) = memory.data_and_store_mut(&mut guest);
                    let done = guest.host.$name(memory, $($arg),*);
                    done.ok_or_else(|| wasmtime::Error::msg("out of bounds"))
                },
            )?;
        )*};
    }
    host::host_functions!(link);
    Ok(linker)
}
