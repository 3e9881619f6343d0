//! The peer: the same module on wasmtime itself, without metering, bounds on keys, journal or rollback, over a map of its own.
//! Invariant: the same compiler and the same pool as the runtime, so that the difference is ours.

use std::collections::HashMap;

use coffer_abi::AccountId;
use coffer_runtime::{Backend, MemoryState};
use wasmtime::{
    Caller, Config, Enabled, Engine, Extern, InstanceAllocationStrategy, InstancePre, Linker, Memory, Module,
    ModuleExport, PoolingAllocationConfig, Store, Strategy,
};

use crate::{CONTRACT, Failure, transfer};

/// All the host has.
pub struct Host {
    storage: HashMap<Vec<u8>, Vec<u8>>,
    caller: AccountId,
    input: Vec<u8>,
    reply: Vec<u8>,
    answered: bool,
    events: usize,
    memory: Option<Memory>,
}

/// The token on bare wasmtime.
pub struct Token {
    engine: Engine,
    pre: InstancePre<Box<Host>>,
    method: ModuleExport,
    memory: ModuleExport,
    storage: HashMap<Vec<u8>, Vec<u8>>,
}

type Guest<'a> = Caller<'a, Box<Host>>;

impl Token {
    pub fn new(backend: Backend, wasm: &[u8], state: &MemoryState) -> Result<Self, Failure> {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_core_instances(64)
            .total_memories(64)
            .total_tables(64)
            .max_memory_size(16 << 20)
            .table_elements(4096);
        pool.linear_memory_keep_resident(2 << 20).table_keep_resident(2 << 20).max_unused_warm_slots(64);
        let scan = PoolingAllocationConfig::is_pagemap_scan_available();
        pool.pagemap_scan(if scan { Enabled::Yes } else { Enabled::No });
        let mut config = Config::new();
        config.strategy(match backend {
            Backend::Winch => Strategy::Winch,
            Backend::Cranelift => Strategy::Cranelift,
        });
        config.wasm_backtrace_max_frames(None).allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        let engine = Engine::new(&config)?;
        let module = Module::new(&engine, wasm)?;
        let mut linker = linker(&engine)?;
        linker.define_unknown_imports_as_traps(&module)?;
        let export = |name| module.get_export_index(name).ok_or("no such export");
        let storage = state.entries(&CONTRACT).map(|(key, value)| (key.to_vec(), value.to_vec())).collect();
        Ok(Self {
            pre: linker.instantiate_pre(&module)?,
            method: export("call transfer")?,
            memory: export("memory")?,
            engine,
            storage,
        })
    }

    /// A host with the storage of the token.
    pub fn host(&self) -> Box<Host> {
        Box::new(Host {
            storage: self.storage.clone(),
            caller: AccountId::default(),
            input: Vec::new(),
            reply: Vec::new(),
            answered: false,
            events: 0,
            memory: None,
        })
    }

    /// `n` transfers, each in a fresh store and instance.
    pub fn run(&self, mut host: Box<Host>, n: u64) -> Box<Host> {
        for i in 0..n {
            (host.caller, host.input) = transfer(i);
            (host.answered, host.memory) = (false, None);
            let mut store = Store::new(&self.engine, host);
            host = match self.one(&mut store) {
                Ok(()) => store.into_data(),
                Err(error) => panic!("bare transfer failed: {error}"),
            };
            assert!(host.answered);
        }
        host
    }

    fn one(&self, store: &mut Store<Box<Host>>) -> Result<(), Failure> {
        let instance = self.pre.instantiate(&mut *store)?;
        let memory = instance.get_module_export(&mut *store, &self.memory).and_then(Extern::into_memory);
        store.data_mut().memory = memory;
        let method =
            instance.get_module_export(&mut *store, &self.method).and_then(Extern::into_func).ok_or("no method")?;
        Ok(method.typed::<(), ()>(&*store)?.call(&mut *store, ())?)
    }
}

fn parts<'a>(guest: &'a mut Guest<'_>) -> wasmtime::Result<(&'a mut [u8], &'a mut Host)> {
    let memory = guest.data().memory.ok_or_else(|| wasmtime::Error::msg("no memory"))?;
    let (bytes, host) = memory.data_and_store_mut(guest);
    Ok((bytes, host))
}

fn slice(bytes: &[u8], at: u32, len: u32) -> wasmtime::Result<&[u8]> {
    let tail = bytes.get(at as usize..).and_then(|tail| tail.get(..len as usize));
    tail.ok_or_else(|| wasmtime::Error::msg("out of bounds"))
}

fn reply(bytes: &mut [u8], host: &Host, out: u32, cap: u32) -> i64 {
    let len = host.reply.len();
    if len <= cap as usize {
        bytes[out as usize..][..len].copy_from_slice(&host.reply);
    }
    len as i64
}

fn linker(engine: &Engine) -> wasmtime::Result<Linker<Box<Host>>> {
    let mut linker = Linker::new(engine);
    let module = coffer_abi::host::MODULE;
    linker.func_wrap(module, "input", |mut guest: Guest<'_>, out: u32, cap: u32| {
        let (bytes, host) = parts(&mut guest)?;
        host.reply.clone_from(&host.input);
        Ok(reply(bytes, host, out, cap))
    })?;
    linker.func_wrap(module, "caller", |mut guest: Guest<'_>, out: u32, cap: u32| {
        let (bytes, host) = parts(&mut guest)?;
        host.reply.clear();
        host.reply.extend_from_slice(host.caller.as_bytes());
        Ok(reply(bytes, host, out, cap))
    })?;
    linker.func_wrap(module, "reply_read", |mut guest: Guest<'_>, from: u32, out: u32, len: u32| {
        let (bytes, host) = parts(&mut guest)?;
        bytes[out as usize..][..len as usize].copy_from_slice(slice(&host.reply, from, len)?);
        Ok(())
    })?;
    linker.func_wrap(module, "storage_get", |mut guest: Guest<'_>, key: u32, key_len: u32, out: u32, cap: u32| {
        let (bytes, host) = parts(&mut guest)?;
        match host.storage.get(slice(bytes, key, key_len)?) {
            None => Ok(-1),
            Some(value) => {
                host.reply.clone_from(value);
                Ok(reply(bytes, host, out, cap))
            }
        }
    })?;
    linker.func_wrap(
        module,
        "storage_set",
        |mut guest: Guest<'_>, key: u32, key_len: u32, value: u32, value_len: u32| {
            let (bytes, host) = parts(&mut guest)?;
            host.storage.insert(slice(bytes, key, key_len)?.to_vec(), slice(bytes, value, value_len)?.to_vec());
            Ok(())
        },
    )?;
    linker.func_wrap(module, "storage_remove", |mut guest: Guest<'_>, key: u32, key_len: u32| {
        let (bytes, host) = parts(&mut guest)?;
        Ok(u32::from(host.storage.remove(slice(bytes, key, key_len)?).is_some()))
    })?;
    linker.func_wrap(module, "event", |mut guest: Guest<'_>, name: u32, name_len: u32, data: u32, data_len: u32| {
        let (bytes, host) = parts(&mut guest)?;
        let event = (slice(bytes, name, name_len)?.to_vec(), slice(bytes, data, data_len)?.to_vec());
        host.events += std::hint::black_box(event).1.len();
        Ok(())
    })?;
    linker.func_wrap(module, "output", |mut guest: Guest<'_>, ptr: u32, len: u32| {
        let (bytes, host) = parts(&mut guest)?;
        host.answered = slice(bytes, ptr, len).is_ok();
        Ok(())
    })?;
    Ok(linker)
}
