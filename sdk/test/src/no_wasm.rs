//! What stands in the place of the Wasm engine in a build without it. Invariant: nothing of it is ever run, because no test is then on Wasm.

use coffer_abi::spec::Spec;
use coffer_runtime::{Call, Fault};

use crate::chain::Outcome;
use crate::ledger::{Ledger, Program};
use crate::modules::Source;

/// Code that cannot be.
#[derive(Clone)]
pub(crate) enum Code {}

impl Code {
    pub(crate) fn spec(&self) -> Option<&Spec> {
        match *self {}
    }
}

/// Code for a test that asks for Wasm.
///
/// # Panics
/// Always.
pub(crate) fn code(source: &Source) -> Code {
    panic!("`{}` cannot run as Wasm: `coffer-test` is built without its feature `wasm`", source.name)
}

/// As [`code`].
///
/// # Panics
/// Always.
pub(crate) fn nothing() -> Code {
    code(&Source { manifest: "", package: "", name: "a double" })
}

/// Refuses to run Wasm.
///
/// # Errors
/// Always.
pub(crate) fn carry_out(_: &Ledger, _: usize, _: &Program, _: &Call<'_>, _: bool) -> Result<Outcome, Fault> {
    Err(Fault::State("there is no Wasm engine in this build".into()))
}
