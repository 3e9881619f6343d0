//! Where native code comes from: the cache, else the compiler; once per key at a time. Not here: validating, keeping code in memory.
//! Invariant: what is deserialised came from the cache, which vouches for it, or from the compiler just now.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use wasmtime::{Engine, Module};

use super::cache::{CodeCache, CodeKey};
use super::compile::{CompileError, CompileRequest, Compiler, Target};
use super::flights::Flights;
use super::machine::{Machine, Machines};
use super::slots::Lane;
use super::{Backend, Purpose};
use crate::error::Fault;

/// What a module is known by in here.
pub(super) struct Instrumented {
    pub(super) bytes: Box<[u8]>,
    pub(super) hash: [u8; 32],
}

impl Instrumented {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self { hash: *blake3::hash(&bytes).as_bytes(), bytes: bytes.into() }
    }
}

/// Native code on its engine, and the bytes it takes.
#[derive(Clone)]
pub(super) struct Loaded {
    pub(super) module: Module,
    pub(super) bytes: u64,
}

/// Who wants it, and how soon.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    pub(super) purpose: Purpose,
    pub(super) backend: Backend,
    pub(super) lane: Lane,
    pub(super) background: bool,
}

/// What loading has come to; a snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadStats {
    /// Modules compiled.
    pub compiled: u64,
    /// Modules found in the cache.
    pub cached: u64,
    /// Modules that could not be compiled.
    pub failed: u64,
    /// Bytes of code in memory now: native code and the instrumented modules it was made from.
    pub resident_bytes: u64,
}

impl LoadStats {
    /// Modules loaded, wherever from.
    pub fn loaded(&self) -> u64 {
        self.compiled + self.cached
    }
}

pub(super) struct Loader {
    machines: Arc<Machines>,
    compiler: Arc<dyn Compiler>,
    cache: Arc<dyn CodeCache>,
    flights: Flights<CodeKey, Result<Loaded, CompileError>>,
    compiled: AtomicU64,
    cached: AtomicU64,
    failed: AtomicU64,
    resident: Arc<AtomicU64>,
}

impl Loader {
    pub(super) fn new(machines: Arc<Machines>, compiler: Arc<dyn Compiler>, cache: Arc<dyn CodeCache>) -> Self {
        let zero = AtomicU64::default;
        let flights = Flights::default();
        let (compiled, cached, failed, resident) = (zero(), zero(), zero(), Arc::default());
        Self { machines, compiler, cache, flights, compiled, cached, failed, resident }
    }

    pub(super) fn machine(&self, wanted: &Wanted) -> Result<&Machine, Fault> {
        self.machines.get(wanted.purpose, wanted.backend)
    }

    /// Native code of a module, into `place` if nothing is there yet. Compiles it if the cache has none; waits if it is being compiled
    /// already.
    pub(super) fn load(
        &self,
        module: &Instrumented,
        wanted: &Wanted,
        place: &OnceLock<Loaded>,
    ) -> Result<Loaded, Fault> {
        let machine = self.machine(wanted)?;
        let &Wanted { purpose, backend, .. } = wanted;
        let key = CodeKey { module: module.hash, purpose, backend, engine: machine.fingerprint };
        let loaded = self.flights.join(&key, || match place.get() {
            // Who looked before it was there and takes off after it landed.
            Some(loaded) => Ok(loaded.clone()),
            None => {
                let loaded = self.find_or_make(&machine.engine, module, wanted, &key)?;
                Ok(place.get_or_init(|| loaded).clone())
            }
        })?;
        // The flight may have been for another handle on the same module.
        Ok(place.get_or_init(|| loaded).clone())
    }

    fn find_or_make(
        &self,
        engine: &Engine,
        module: &Instrumented,
        wanted: &Wanted,
        key: &CodeKey,
    ) -> Result<Loaded, CompileError> {
        if let Some(code) = self.cache.get(key) {
            match deserialise(engine, &code) {
                Ok(loaded) => {
                    self.cached.fetch_add(1, Ordering::Relaxed);
                    return Ok(loaded);
                }
                Err(error) => self.cache.reject(key, &error),
            }
        }
        let made = self.make(module, wanted).and_then(|code| {
            let loaded = deserialise(engine, &code).map_err(CompileError::Crashed)?;
            self.cache.put(key, &code);
            Ok(loaded)
        });
        let counter = if made.is_ok() { &self.compiled } else { &self.failed };
        counter.fetch_add(1, Ordering::Relaxed);
        made
    }

    fn make(&self, module: &Instrumented, wanted: &Wanted) -> Result<Vec<u8>, CompileError> {
        let &Wanted { purpose, backend, lane, background } = wanted;
        let target = Target { purpose, backend, tuning: self.machines.config().tuning };
        self.compiler.compile(&CompileRequest { module: &module.bytes, target, lane, background })
    }

    /// Counts bytes as being in memory until what it returns is dropped.
    pub(super) fn hold(&self, bytes: u64) -> Held {
        self.resident.fetch_add(bytes, Ordering::Relaxed);
        Held { bytes, resident: Arc::clone(&self.resident) }
    }

    pub(super) fn stats(&self) -> LoadStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        LoadStats {
            compiled: read(&self.compiled),
            cached: read(&self.cached),
            failed: read(&self.failed),
            resident_bytes: read(&self.resident),
        }
    }
}

/// Bytes in memory.
pub(super) struct Held {
    bytes: u64,
    resident: Arc<AtomicU64>,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.resident.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Native code from the bytes a compiler made.
fn deserialise(engine: &Engine, code: &[u8]) -> Result<Loaded, String> {
    // SAFETY: the bytes are the unchanged output of wasmtime's own compiler: just made by the node's compiler, which is this program, or
    // from the cache, which answers only with what it was given under its own secret. The engine checks version and settings itself.
    #[allow(unsafe_code)]
    let module = unsafe { Module::deserialize(engine, code) };
    let module = module.map_err(|e| format!("the engine does not take the compiled code: {e:#}"))?;
    Ok(Loaded { module, bytes: code.len() as u64 })
}
