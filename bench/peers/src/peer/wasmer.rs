//! wasmer with the compiler and the kind of metering CosmWasm uses: the same modules over the floor's host. Invariant: every call has
//! a store and an instance of its own.

use std::sync::Arc;

use serde_json::{Value, json};
use wasmer::sys::{CompilerConfig, EngineBuilder, Features, Singlepass};
use wasmer::{
    Engine, ExternType, Function, FunctionEnv, FunctionEnvMut, Imports, Instance, Memory, Module, RuntimeError, Store,
};
use wasmer_middlewares::Metering;

use super::{Peer, expect};
use crate::Failure;
use crate::engine::host::{Host, host_functions};
use crate::modules::{self, Small, compute, large};
use crate::tokens::Tokens;
use crate::work::Work;

pub struct Wasmer {
    token: Code,
    compute: Code,
    answer: Code,
    crossing: Code,
    no_crossing: Code,
    tokens: Tokens,
    /// Compiled code of the large module.
    stored: tempfile::NamedTempFile,
}

/// A metering counts for one module only, so each has an engine.
struct Code {
    engine: Engine,
    module: Module,
}

struct Guest {
    host: Box<Host>,
    memory: Option<Memory>,
}

macro_rules! functions {
    ($($name:ident($($arg:ident: $ty:ty),*) -> $result:ty;)*) => {
        mod functions {
            use super::{FunctionEnvMut, Guest, RuntimeError};
            $(pub fn $name(mut guest: FunctionEnvMut<'_, Guest>, $($arg: $ty),*) -> Result<$result, RuntimeError> {
                let (guest, store) = guest.data_and_store_mut();
                let view = guest.memory.as_ref().ok_or_else(|| RuntimeError::new("no memory"))?.view(&store);
                // SAFETY: the instance stands still during a host call, and the slice ends with it.
                #[allow(unsafe_code)]
                let memory = unsafe { view.data_unchecked_mut() };
                guest.host.$name(memory, $($arg),*).ok_or_else(|| RuntimeError::new("out of bounds"))
            })*
        }

        fn define(imports: &mut Imports, store: &mut Store, env: &FunctionEnv<Guest>) {
            $(imports.define(
                coffer_abi::host::MODULE,
                stringify!($name),
                Function::new_typed_with_env(store, env, functions::$name),
            );)*
        }
    };
}
host_functions!(functions);

impl Code {
    fn engine() -> Engine {
        let metering = Arc::new(Metering::new(u64::MAX / 2, |_| 1));
        let mut compiler = Singlepass::new();
        compiler.canonicalize_nans(true);
        compiler.push_middleware(metering);
        EngineBuilder::new(compiler).set_features(Some(Features::default())).engine().into()
    }

    fn compile(wasm: &[u8]) -> Result<Self, Failure> {
        let engine = Self::engine();
        let module = Module::new(&engine, wasm)?;
        Ok(Self { engine, module })
    }

    fn call(&self, method: &str, mut host: Box<Host>) -> Result<Box<Host>, Failure> {
        host.output = None;
        let mut store = Store::new(self.engine.clone());
        let env = FunctionEnv::new(&mut store, Guest { host, memory: None });
        let mut imports = Imports::new();
        define(&mut imports, &mut store, &env);
        for import in self.module.imports() {
            if let ExternType::Function(ty) = import.ty()
                && imports.get_export(import.module(), import.name()).is_none()
            {
                let trap = Function::new(&mut store, ty, |_| Err(RuntimeError::new("not in this host")));
                imports.define(import.module(), import.name(), trap);
            }
        }
        let instance = Instance::new(&mut store, &self.module, &imports)?;
        env.as_mut(&mut store).memory = Some(instance.exports.get_memory("memory")?.clone());
        instance.exports.get_typed_function::<(), ()>(&store, method)?.call(&mut store)?;
        Ok(std::mem::take(&mut env.as_mut(&mut store).host))
    }

    fn run_method(&self, input: &[u8], want: &[u8]) -> Result<(), Failure> {
        let host = Box::new(Host::with_input(input));
        let host = self.call("call run", host)?;
        expect("the answer", host.output.as_deref(), Some(want))
    }
}

impl Wasmer {
    pub fn new() -> Result<Self, Failure> {
        let small = Small::new()?;
        let token = Code::compile(modules::TOKEN)?;
        let stored = tempfile::NamedTempFile::new()?;
        Code::compile(large::COFFER)?.module.serialize_to_file(stored.path())?;
        Ok(Self {
            compute: Code::compile(compute::COFFER)?,
            answer: Code::compile(&small.answer)?,
            crossing: Code::compile(&small.crossing)?,
            no_crossing: Code::compile(&small.no_crossing)?,
            tokens: Tokens::deploy(|method, host| token.call(method, host))?,
            token,
            stored,
        })
    }
}

impl Peer for Wasmer {
    fn facts(&self) -> Value {
        json!({ "metered": true, "token_bytes": modules::TOKEN.len(), "large_bytes": large::COFFER.len() })
    }

    fn run(&mut self, work: Work, n: u64) -> Result<bool, Failure> {
        for _ in 0..n {
            match work {
                Work::Transfer => self.tokens.transfer(|host| self.token.call("call transfer", host))?,
                Work::Answer => self.answer.run_method(&[], &[])?,
                Work::Loop(which) => self.compute.run_method(&which.input(), &which.result().to_le_bytes())?,
                Work::Crossing => self.crossing.run_method(&[], &[])?,
                Work::NoCrossing => self.no_crossing.run_method(&[], &[])?,
                Work::Check => Module::validate(&self.token.engine, large::COFFER)?,
                Work::Cold => {
                    Code::compile(large::COFFER)?.run_method(&large::INPUT, &large::RESULT.to_le_bytes())?;
                }
                Work::Warm => {
                    let engine = Code::engine();
                    // SAFETY: this process wrote the file with the same settings, and nobody else knows its name.
                    #[allow(unsafe_code)]
                    let module = unsafe { Module::deserialize_from_file(&engine, self.stored.path())? };
                    Code { engine, module }.run_method(&large::INPUT, &large::RESULT.to_le_bytes())?;
                }
                Work::TransferOn(_) => return Ok(false),
            }
        }
        Ok(true)
    }
}
