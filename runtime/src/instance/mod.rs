//! One call in one instance: made fresh, run, read out, dropped. With `engine` the only place that names wasmtime.
//! Where things are: `linker` host functions behind the imports, `memory` guest pointers and gas, `ending` what an end means,
//! `growth` the bound on memory, `scope` the state of the running call.
//! Invariant: gas is charged before anything runs, and what was not used is exact however the call ends.

mod ending;
mod growth;
mod linker;
mod memory;
mod scope;

pub(crate) use linker::link as linker;

use coffer_abi::export::{GAS_GLOBAL, MEMORY, STACK_GLOBAL};
use coffer_abi::{Gas, Status};
use wasmtime::{Engine, Extern, Global, Instance, InstancePre, Linker, Module, ModuleExport, Store, Val};

use crate::call::{Call, Executed};
use crate::engine::Config;
use crate::error::Fault;
use crate::host::{Ended, Frame, Halt};
use crate::state::StateRead;
use growth::Growth;
use memory::Guest;
use scope::Scoped;

/// Bytes of logical stack one call may use, frames counted as the meter says. Every engine's own stack holds many times as much.
pub const STACK_LIMIT: i32 = 256 * 1024;

/// Gas of making and dropping an instance, the memory's pages apart: about 4 us on the reference machine. A call that cannot pay it
/// is out of gas before it begins.
pub const INSTANCE_GAS: u64 = 20_000;

/// What a store carries: the frame the host functions work on, and how it ended if a host function ended it.
pub(crate) struct Invocation {
    frame: Frame<Scoped>,
    guest: Option<Guest>,
    halt: Option<Halt>,
    growth: Growth,
}

/// What all instances of one module are made from.
pub(crate) struct Template {
    pre: InstancePre<Invocation>,
    memory: ModuleExport,
    gas: ModuleExport,
    stack: ModuleExport,
    pages: u32,
}

impl Template {
    pub(crate) fn new(linker: &Linker<Invocation>, module: &Module) -> Result<Self, Fault> {
        let export = |name: &str| {
            module.get_export_index(name).ok_or_else(|| Fault::Instrumentation(format!("export `{name}` is missing")))
        };
        let ty = module.get_export(MEMORY).and_then(|ty| ty.memory().cloned());
        let pages = ty.and_then(|ty| u32::try_from(ty.minimum()).ok());
        Ok(Self {
            pre: linker.instantiate_pre(module).map_err(Fault::engine)?,
            memory: export(MEMORY)?,
            gas: export(GAS_GLOBAL)?,
            stack: export(STACK_GLOBAL)?,
            pages: pages.ok_or_else(|| Fault::Instrumentation(format!("export `{MEMORY}` is no memory")))?,
        })
    }
}

/// Runs `method` of a fresh instance.
pub(crate) fn run(
    engine: &Engine,
    config: &Config,
    template: &Template,
    method: &ModuleExport,
    call: &Call<'_>,
    state: &dyn StateRead,
) -> Result<Executed, Fault> {
    // Gas is an i64 in the code: a higher limit than that is as good as none.
    let limit = call.gas_limit.0.min(i64::MAX as u64);
    let entry = INSTANCE_GAS.saturating_add(config.schedule.initial_memory(template.pages));
    let frame = Frame::new(call, Scoped);
    let Some(gas) = limit.checked_sub(entry) else {
        return Ok(frame.finish(Ended::Stopped(Status::OutOfGas), call.gas_limit));
    };
    let growth = Growth::up_to(config.caps.max_pages);
    let mut store = Store::new(engine, Invocation { frame, guest: None, halt: None, growth });
    store.limiter(|invocation| &mut invocation.growth);

    let (result, left) = scope::enter(state, || -> Result<_, Fault> {
        let instance = match template.pre.instantiate(&mut store) {
            Ok(instance) => instance,
            Err(error) => return Ok((Err(error), ending::Left { gas: gas as i64, stack: STACK_LIMIT })),
        };
        let globals = Globals::of(&instance, template, &mut store)?;
        globals.gas.set(&mut store, Val::I64(gas as i64)).map_err(Fault::engine)?;
        globals.stack.set(&mut store, Val::I32(STACK_LIMIT)).map_err(Fault::engine)?;
        let method = match instance.get_module_export(&mut store, method) {
            Some(Extern::Func(method)) => method.typed::<(), ()>(&store).map_err(Fault::engine)?,
            _ => return Err(Fault::Instrumentation("a method is no function".into())),
        };
        let result = method.call(&mut store, ());
        Ok((result, globals.left(&mut store)?))
    })?;

    let Invocation { frame, halt, .. } = store.into_data();
    let ended = ending::of(result, halt, &left)?;
    let gas_used = match &ended {
        Ended::Stopped(Status::OutOfGas) => call.gas_limit,
        _ => Gas(limit - left.gas.max(0) as u64),
    };
    Ok(frame.finish(ended, gas_used))
}

/// The globals the meter added.
struct Globals {
    gas: Global,
    stack: Global,
}

impl Globals {
    /// Finds them, and tells the host functions where gas and memory are.
    fn of(instance: &Instance, template: &Template, store: &mut Store<Invocation>) -> Result<Self, Fault> {
        let mut export = |index| instance.get_module_export(&mut *store, index);
        match (export(&template.gas), export(&template.stack), export(&template.memory)) {
            (Some(Extern::Global(gas)), Some(Extern::Global(stack)), Some(Extern::Memory(memory))) => {
                store.data_mut().guest = Some(Guest { memory, gas });
                Ok(Self { gas, stack })
            }
            _ => Err(Fault::Instrumentation("gas, stack or memory is not exported as such".into())),
        }
    }

    fn left(&self, store: &mut Store<Invocation>) -> Result<ending::Left, Fault> {
        match (self.gas.get(&mut *store), self.stack.get(&mut *store)) {
            (Val::I64(gas), Val::I32(stack)) => Ok(ending::Left { gas, stack }),
            _ => Err(Fault::Instrumentation("gas or stack has another type".into())),
        }
    }
}
