//! The floor: the same modules on bare wasmtime, with the file the runtime's own benchmark uses. Invariant: no metering, no bounds,
//! no journal; the pool is set as the runtime sets it.

use std::sync::Arc;

use coffer_runtime::Backend;
use serde_json::{Value, json};

use super::{Peer, expect};
use crate::Failure;
use crate::engine::host::Host;
use crate::engine::{Bare, Code, Module, ModuleExport};
use crate::modules::{self, Small, compute, large};
use crate::tokens::Tokens;
use crate::work::Work;

#[derive(Clone)]
pub struct Floor {
    bare: Bare,
    codes: Arc<Codes>,
    tokens: Tokens,
    /// Compiled code of the large module.
    stored: Arc<tempfile::NamedTempFile>,
}

struct Codes {
    token: (Code, ModuleExport),
    compute: (Code, ModuleExport),
    answer: (Code, ModuleExport),
    crossing: (Code, ModuleExport),
    no_crossing: (Code, ModuleExport),
}

impl Floor {
    pub fn new(backend: Backend) -> Result<Self, Failure> {
        let bare = Bare::new(backend)?;
        let small = Small::new()?;
        let ready = |wasm: &[u8], method: &str| -> Result<(Code, ModuleExport), Failure> {
            let code = bare.compile(wasm)?;
            let method = code.method(method)?;
            Ok((code, method))
        };
        let codes = Codes {
            token: ready(modules::TOKEN, "call transfer")?,
            compute: ready(compute::COFFER, "call run")?,
            answer: ready(&small.answer, "call run")?,
            crossing: ready(&small.crossing, "call run")?,
            no_crossing: ready(&small.no_crossing, "call run")?,
        };
        let stored = tempfile::NamedTempFile::new()?;
        std::fs::write(&stored, bare.compile(large::COFFER)?.module.serialize()?)?;
        let tokens = Tokens::deploy(|method, host| {
            let method = codes.token.0.method(method)?;
            Ok(bare.call(&codes.token.0, &method, host)?)
        })?;
        Ok(Self { bare, codes: Arc::new(codes), tokens, stored: Arc::new(stored) })
    }

    fn run_method(&self, (code, method): &(Code, ModuleExport), input: &[u8], want: &[u8]) -> Result<(), Failure> {
        let host = Box::new(Host::with_input(input));
        let host = self.bare.call(code, method, host)?;
        expect("the answer", host.output.as_deref(), Some(want))
    }

    fn first_call(&self, code: Code) -> Result<(), Failure> {
        let method = code.method("call run")?;
        self.run_method(&(code, method), &large::INPUT, &large::RESULT.to_le_bytes())
    }
}

impl Peer for Floor {
    fn facts(&self) -> Value {
        json!({ "metered": false, "token_bytes": modules::TOKEN.len(), "large_bytes": large::COFFER.len() })
    }

    fn run(&mut self, work: Work, n: u64) -> Result<bool, Failure> {
        for _ in 0..n {
            match work {
                Work::Transfer => {
                    let (code, method) = &self.codes.token;
                    self.tokens.transfer(|host| Ok(self.bare.call(code, method, host)?))?;
                }
                Work::Answer => self.run_method(&self.codes.answer, &[], &[])?,
                Work::Loop(which) => {
                    self.run_method(&self.codes.compute, &which.input(), &which.result().to_le_bytes())?;
                }
                Work::Crossing => self.run_method(&self.codes.crossing, &[], &[])?,
                Work::NoCrossing => self.run_method(&self.codes.no_crossing, &[], &[])?,
                Work::Check => Module::validate(self.bare.engine(), large::COFFER)?,
                Work::Cold => self.first_call(self.bare.compile(large::COFFER)?)?,
                Work::Warm => {
                    // SAFETY: this process wrote the file with the same engine, and nobody else knows its name.
                    #[allow(unsafe_code)]
                    let module = unsafe { Module::deserialize_file(self.bare.engine(), self.stored.path())? };
                    self.first_call(self.bare.load(module)?)?;
                }
                Work::TransferOn(_) => return Ok(false),
            }
        }
        Ok(true)
    }

    fn fork(&self) -> Option<Box<dyn Peer + Send>> {
        Some(Box::new(self.clone()))
    }
}
