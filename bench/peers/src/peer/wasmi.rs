//! wasmi: the same modules, interpreted, over the floor's host; with fuel or without. Invariant: translated when compiled, not when
//! first called, so that a call pays for nothing else.

use serde_json::{Value, json};
use wasmi::{Caller, CompilationMode, Config, Engine, Error, ExternType, Linker, Memory, Module, Store};

use super::{Peer, expect};
use crate::Failure;
use crate::engine::host::{Host, host_functions};
use crate::modules::{self, Small, compute, large};
use crate::tokens::Tokens;
use crate::work::Work;

pub struct Wasmi {
    vm: Vm,
    token: Code,
    compute: Code,
    answer: Code,
    crossing: Code,
    no_crossing: Code,
    tokens: Tokens,
}

struct Vm {
    engine: Engine,
    fuel: bool,
}

struct Code {
    module: Module,
    linker: Linker<Guest>,
}

struct Guest {
    host: Box<Host>,
    memory: Option<Memory>,
}

impl Vm {
    fn compile(&self, wasm: &[u8]) -> Result<Code, Failure> {
        let module = Module::new(&self.engine, wasm)?;
        let mut linker = Linker::new(&self.engine);
        // What the host lacks traps; what it has goes over it.
        linker.allow_shadowing(true);
        for import in module.imports() {
            if let ExternType::Func(ty) = import.ty() {
                let trap = |_: Caller<'_, Guest>, _: &[_], _: &mut [_]| Err(Error::new("not in this host"));
                linker.func_new(import.module(), import.name(), ty.clone(), trap)?;
            }
        }
        macro_rules! link {
            ($($name:ident($($arg:ident: $ty:ty),*) -> $result:ty;)*) => {$(
                linker.func_wrap(
                    coffer_abi::host::MODULE,
                    stringify!($name),
                    |mut guest: Caller<'_, Guest>, $($arg: $ty),*| -> Result<$result, Error> {
                        let memory = guest.data().memory.ok_or_else(|| Error::new("no memory"))?;
                        let (memory, guest) = memory.data_and_store_mut(&mut guest);
                        guest.host.$name(memory, $($arg),*).ok_or_else(|| Error::new("out of bounds"))
                    },
                )?;
            )*};
        }
        host_functions!(link);
        Ok(Code { module, linker })
    }

    fn call(&self, code: &Code, method: &str, mut host: Box<Host>) -> Result<Box<Host>, Failure> {
        host.output = None;
        let mut store = Store::new(&self.engine, Guest { host, memory: None });
        if self.fuel {
            store.set_fuel(1 << 50)?;
        }
        let instance = code.linker.instantiate_and_start(&mut store, &code.module)?;
        store.data_mut().memory = instance.get_memory(&store, "memory");
        instance.get_typed_func::<(), ()>(&store, method)?.call(&mut store, ())?;
        Ok(store.into_data().host)
    }

    fn run_method(&self, code: &Code, input: &[u8], want: &[u8]) -> Result<(), Failure> {
        let host = Box::new(Host::with_input(input));
        let host = self.call(code, "call run", host)?;
        expect("the answer", host.output.as_deref(), Some(want))
    }
}

impl Wasmi {
    pub fn new(fuel: bool) -> Result<Self, Failure> {
        let mut config = Config::default();
        config.consume_fuel(fuel).compilation_mode(CompilationMode::Eager);
        let vm = Vm { engine: Engine::new(&config), fuel };
        let small = Small::new()?;
        let token = vm.compile(modules::TOKEN)?;
        Ok(Self {
            compute: vm.compile(compute::COFFER)?,
            answer: vm.compile(&small.answer)?,
            crossing: vm.compile(&small.crossing)?,
            no_crossing: vm.compile(&small.no_crossing)?,
            tokens: Tokens::deploy(|method, host| vm.call(&token, method, host))?,
            token,
            vm,
        })
    }
}

impl Peer for Wasmi {
    fn facts(&self) -> Value {
        json!({ "metered": self.vm.fuel, "token_bytes": modules::TOKEN.len(), "large_bytes": large::COFFER.len() })
    }

    fn run(&mut self, work: Work, n: u64) -> Result<bool, Failure> {
        let vm = &self.vm;
        for _ in 0..n {
            match work {
                Work::Transfer => self.tokens.transfer(|host| vm.call(&self.token, "call transfer", host))?,
                Work::Answer => vm.run_method(&self.answer, &[], &[])?,
                Work::Loop(which) => vm.run_method(&self.compute, &which.input(), &which.result().to_le_bytes())?,
                Work::Crossing => vm.run_method(&self.crossing, &[], &[])?,
                Work::NoCrossing => vm.run_method(&self.no_crossing, &[], &[])?,
                Work::Check => Module::validate(&vm.engine, large::COFFER)?,
                Work::Cold => {
                    let code = vm.compile(large::COFFER)?;
                    vm.run_method(&code, &large::INPUT, &large::RESULT.to_le_bytes())?;
                }
                // It has no form of compiled code to keep.
                Work::Warm | Work::TransferOn(_) => return Ok(false),
            }
        }
        Ok(true)
    }
}
