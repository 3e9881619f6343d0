//! One call in one instance: made fresh, run, read out, dropped. With `engine` the only place that names wasmtime.
//! Where things are: `linker` host functions behind the imports, `memory` guest pointers and gas, `ending` what an end means,
//! `growth` the bound on memory, `scope` what surrounds the running transaction.
//! Invariant: gas is charged before anything runs, and what was not used is exact unless the call left its memory.

mod ending;
mod growth;
mod linker;
mod memory;
mod scope;

pub(crate) use linker::link as linker;
pub(crate) use scope::{Scoped, enter};

use coffer_abi::Status;
use coffer_abi::export::{GAS_GLOBAL, MEMORY, MethodKind, STACK_GLOBAL};
use wasmtime::{
    Extern, Global, Instance, InstancePre, Linker, Memory, Module, ModuleExport, Store, Val, WasmBacktrace,
};

use crate::engine::Code;
use crate::error::Fault;
use crate::host::{Ended, Halt, Ran, Session, absent};
use growth::Growth;

/// What a store carries: the transaction while this call runs, and how the call ended if a host function ended it.
pub(crate) struct Invocation {
    session: Box<Session<Scoped>>,
    memory: Option<Memory>,
    stack: Option<Global>,
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

/// Runs a method of a fresh instance in the newest frame of the session.
pub(crate) fn run(
    mut session: Box<Session<Scoped>>,
    code: &Code,
    kind: MethodKind,
    method: &str,
) -> Result<Ran<Scoped>, Fault> {
    let Some(method) = code.method(kind, method) else {
        let status = absent(kind, session.arguments()?);
        return Ok((session, Ended::Stopped(status)));
    };
    let seat = scope::seat(code)?;
    let template = &seat.ready.template;
    let schedule = session.schedule();
    let entry = schedule.instance.saturating_add(schedule.initial_memory(template.pages));
    if session.pay(entry).is_err() {
        return Ok((session, Ended::Stopped(Status::OutOfGas)));
    }
    let before = session.gas;
    let growth = Growth::up_to(seat.max_pages);
    let invocation = Invocation { session, memory: None, stack: None, halt: None, growth };
    let mut store = Store::new(&seat.ready.engine, invocation);
    store.limiter(|invocation| &mut invocation.growth);
    if let Some(ticks) = seat.ticks {
        store.set_epoch_deadline(ticks);
    }
    let ended = match seat.ready.method(method) {
        Some(method) => call(&mut store, template, method),
        None => Err(Fault::Instrumentation("a method has no export".into())),
    };
    let session = store.into_data().session;
    code.used(seat.purpose, before.saturating_sub(session.gas.max(0)).max(0).cast_unsigned());
    Ok((session, ended?))
}

/// Makes the instance and calls its method; leaves in the session what gas is left.
fn call(store: &mut Store<Invocation>, template: &Template, method: &ModuleExport) -> Result<Ended, Fault> {
    let instance = match template.pre.instantiate(&mut *store) {
        Ok(instance) => instance,
        Err(error) => return Err(Fault::engine(error)),
    };
    let globals = Globals::of(&instance, template, store)?;
    let (gas, stack) = (store.data().session.gas, store.data().session.stack);
    globals.gas.set(&mut *store, Val::I64(gas)).map_err(Fault::engine)?;
    globals.stack.set(&mut *store, Val::I32(stack)).map_err(Fault::engine)?;
    let method = match instance.get_module_export(&mut *store, method) {
        Some(Extern::Func(method)) => method.typed::<(), ()>(&*store).map_err(Fault::engine)?,
        _ => return Err(Fault::Instrumentation("a method is no function".into())),
    };
    let result = method.call(&mut *store, ());
    if let (Err(error), Some(recorder)) = (&result, &mut store.data_mut().session.recorder)
        && let Some(backtrace) = error.downcast_ref::<WasmBacktrace>()
    {
        recorder.stopped_at(memory::spots(backtrace));
    }
    match store.data_mut().halt.take() {
        // The host function that ended the call had the gas; the instance did not get it back.
        Some(halt) => ending::of_halt(halt),
        None => {
            let left = globals.left(store, result.is_err())?;
            let ended = ending::of(result, &left)?;
            store.data_mut().session.gas = if ending::loses_gas(&ended) { 0 } else { left.gas };
            Ok(ended)
        }
    }
}

/// The globals the meter added.
struct Globals {
    gas: Global,
    stack: Global,
}

impl Globals {
    /// Finds them, and tells the host functions where stack and memory are.
    fn of(instance: &Instance, template: &Template, store: &mut Store<Invocation>) -> Result<Self, Fault> {
        let mut export = |index| instance.get_module_export(&mut *store, index);
        match (export(&template.gas), export(&template.stack), export(&template.memory)) {
            (Some(Extern::Global(gas)), Some(Extern::Global(stack)), Some(Extern::Memory(memory))) => {
                let invocation = store.data_mut();
                (invocation.memory, invocation.stack) = (Some(memory), Some(stack));
                Ok(Self { gas, stack })
            }
            _ => Err(Fault::Instrumentation("gas, stack or memory is not exported as such".into())),
        }
    }

    /// Reads them. The logical stack matters to a call that trapped alone.
    fn left(&self, store: &mut Store<Invocation>, trapped: bool) -> Result<ending::Left, Fault> {
        let stack = if trapped { self.stack.get(&mut *store) } else { Val::I32(0) };
        match (self.gas.get(&mut *store), stack) {
            (Val::I64(gas), Val::I32(stack)) => Ok(ending::Left { gas, stack }),
            _ => Err(Fault::Instrumentation("gas or stack has another type".into())),
        }
    }
}
