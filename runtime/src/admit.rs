//! From an uploaded module to what a compiler gets: validated, instrumented, reported. Node, command line and harness come through here,
//! so that they refuse the same modules with the same words. Not here: compiling. Invariant: same module + caps + schedule = same bytes,
//! same report, same refusal, on every machine.

use coffer_abi::Caps;

use crate::error::CodeError;
use crate::meter::{self, Schedule};
use crate::validate::{Report, validate};

/// A module that keeps all rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// Every limit with its use, the size after instrumentation among them.
    pub report: Report,
    /// The module with the counting of gas and stack in it.
    pub instrumented: Vec<u8>,
}

/// Validates and instruments a contract module.
///
/// # Errors
/// [`CodeError::Refused`] names the rule the module breaks, alike on every node; [`CodeError::Fault`] would be an error of this program.
pub fn admit(wasm: &[u8], caps: &Caps, schedule: &Schedule) -> Result<Admitted, CodeError> {
    let mut report = validate(wasm, caps)?;
    let instrumented = meter::instrument(wasm, &report, schedule, caps)?;
    report.note_instrumented(instrumented.len(), caps.instrumented(wasm.len()));
    Ok(Admitted { report, instrumented })
}
