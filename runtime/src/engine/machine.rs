//! The engines: one for each purpose and compiler, each with a pool of its own, so that what runs on one cannot use up what another needs.
//! Invariant: native code runs on the machine of its purpose and compiler, and on no other.

use std::hash::{Hash, Hasher};
use std::sync::OnceLock;

use wasmtime::{Engine, Linker};

use super::compile::Target;
use super::settings;
use super::{Backend, Config, Purpose};
use crate::error::Fault;
use crate::instance::{self, Invocation};

/// One engine with the host functions linked.
pub(crate) struct Machine {
    pub(super) engine: Engine,
    pub(super) linker: Linker<Invocation>,
    /// Names all that native code for it depends on besides the module.
    pub(super) fingerprint: [u8; 32],
}

/// All of them, each made when first used: one that is never used costs nothing.
pub(super) struct Machines {
    config: Config,
    made: [[OnceLock<Machine>; 2]; 2],
}

impl Machines {
    pub(super) fn new(config: Config) -> Self {
        Self { config, made: Default::default() }
    }

    /// # Errors
    /// [`Fault::Engine`] when this machine cannot give what the settings ask for, such as address space.
    pub(super) fn get(&self, purpose: Purpose, backend: Backend) -> Result<&Machine, Fault> {
        let made = &self.made[purpose as usize][backend as usize];
        if let Some(machine) = made.get() {
            return Ok(machine);
        }
        let machine = Machine::new(&self.config, purpose, backend)?;
        // Two threads may have made one: the second is dropped, nothing has run on it.
        Ok(made.get_or_init(|| machine))
    }

    /// The engines of a purpose that there are by now.
    pub(super) fn engines(&self, purpose: Purpose) -> impl Iterator<Item = &Engine> {
        self.made[purpose as usize].iter().filter_map(OnceLock::get).map(|machine| &machine.engine)
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }
}

impl Machine {
    fn new(config: &Config, purpose: Purpose, backend: Backend) -> Result<Self, Fault> {
        let target = Target { purpose, backend, tuning: config.tuning };
        let engine = Engine::new(&settings::settings(config, &target)).map_err(Fault::engine)?;
        let linker = instance::linker(&engine)?;
        let fingerprint = fingerprint(&engine);
        Ok(Self { engine, linker, fingerprint })
    }
}

fn fingerprint(engine: &Engine) -> [u8; 32] {
    /// The standard hashers are not promised to stay the same from one compiler of Rust to the next.
    struct Blake(blake3::Hasher);

    impl Hasher for Blake {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }

        fn finish(&self) -> u64 {
            let mut first = [0; 8];
            first.copy_from_slice(&self.0.finalize().as_bytes()[..8]);
            u64::from_le_bytes(first)
        }
    }

    let mut hasher = Blake(blake3::Hasher::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    *hasher.0.finalize().as_bytes()
}
