//! The runtimes that are measured. Invariant: every timed unit of work is checked to have succeeded, and for its result where it has one.

mod bare;
mod cosmwasm;
mod ours;
mod soroban;
mod wasmer;
mod wasmi;

use coffer_runtime::Backend;
use serde_json::Value;

use crate::Failure;
use crate::work::Work;

/// One runtime with everything it needs.
pub trait Peer {
    /// Versions, settings, sizes, gas: what a reader of the figures asks.
    fn facts(&self) -> Value;

    /// Does `n` units of work; false if this runtime has no such thing.
    fn run(&mut self, work: Work, n: u64) -> Result<bool, Failure>;

    /// One that shares engine and code but has a state of its own, for another thread.
    fn fork(&self) -> Option<Box<dyn Peer + Send>> {
        None
    }
}

/// Which runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    OursBaseline,
    OursOptimised,
    BareBaseline,
    BareOptimised,
    Wasmi,
    WasmiFuel,
    Wasmer,
    Cosmwasm,
    Soroban,
    SorobanAuth,
}

impl Kind {
    pub const ALL: [Self; 10] = [
        Self::BareOptimised,
        Self::BareBaseline,
        Self::OursOptimised,
        Self::OursBaseline,
        Self::Wasmi,
        Self::WasmiFuel,
        Self::Wasmer,
        Self::Soroban,
        Self::SorobanAuth,
        Self::Cosmwasm,
    ];

    /// Name on the command line and in the JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OursBaseline => "coffer-winch",
            Self::OursOptimised => "coffer-cranelift",
            Self::BareBaseline => "bare-winch",
            Self::BareOptimised => "bare-cranelift",
            Self::Wasmi => "wasmi",
            Self::WasmiFuel => "wasmi-fuel",
            Self::Wasmer => "wasmer",
            Self::Cosmwasm => "cosmwasm",
            Self::Soroban => "soroban",
            Self::SorobanAuth => "soroban-auth",
        }
    }

    /// Name in the tables.
    pub const fn title(self) -> &'static str {
        match self {
            Self::OursBaseline => "coffer-runtime, Winch",
            Self::OursOptimised => "coffer-runtime, Cranelift",
            Self::BareBaseline => "bare wasmtime, Winch",
            Self::BareOptimised => "bare wasmtime, Cranelift (the floor)",
            Self::Wasmi => "bare wasmi",
            Self::WasmiFuel => "wasmi with fuel",
            Self::Wasmer => "wasmer singlepass, metered",
            Self::Cosmwasm => "cosmwasm-vm, cw20-base",
            Self::Soroban => "soroban-env-host",
            Self::SorobanAuth => "soroban-env-host, with auth",
        }
    }

    pub fn make(self) -> Result<Box<dyn Peer>, Failure> {
        Ok(match self {
            Self::OursBaseline => Box::new(ours::Ours::new(Backend::Winch)?),
            Self::OursOptimised => Box::new(ours::Ours::new(Backend::Cranelift)?),
            Self::BareBaseline => Box::new(bare::Floor::new(Backend::Winch)?),
            Self::BareOptimised => Box::new(bare::Floor::new(Backend::Cranelift)?),
            Self::Wasmi => Box::new(wasmi::Wasmi::new(false)?),
            Self::WasmiFuel => Box::new(wasmi::Wasmi::new(true)?),
            Self::Wasmer => Box::new(wasmer::Wasmer::new()?),
            Self::Cosmwasm => Box::new(cosmwasm::Cosmwasm::new()?),
            Self::Soroban => Box::new(soroban::Soroban::new(false)?),
            Self::SorobanAuth => Box::new(soroban::Soroban::new(true)?),
        })
    }
}

/// Fails unless a runtime computed what it should.
fn expect<T: PartialEq + std::fmt::Debug>(what: &str, got: T, want: T) -> Result<(), Failure> {
    if got == want { Ok(()) } else { Err(format!("{what}: got {got:?}, want {want:?}").into()) }
}
