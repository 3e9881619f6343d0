//! The pass that makes a module count its own gas and stack, so that neither depends on the engine. It trusts its input: only a module
//! [`crate::validate()`] accepted may come here. Invariant: same module + schedule + caps = same bytes, on every machine.
//!
//! Two globals are added behind the module's own and exported ([`coffer_abi::export::GAS_GLOBAL`], [`coffer_abi::export::STACK_GLOBAL`]). Both start at 0: the host sets them
//! before the first call. A function counts gas in a local of its own and writes it back to the global where somebody else may look:
//! before calls of the module's own functions, on return, and before what may trap. Host functions take the gas left as one more argument
//! and return it as one more result, so around them no global is touched.
//!
//! After a call, gas below zero means out of gas, however the call ended; otherwise stack below zero means the logical stack ran out. The
//! count is exact after every end but a load or store outside of memory: then the whole limit of the frame is used.
//!
//! No index shifts: types, globals and functions that are added stand behind the module's own. The memory's maximum becomes the host's, so
//! that `memory.grow` answers alike everywhere. Of the custom sections only the names stay.

mod schedule;
mod cost;
mod flow;
mod source_map;
mod layout;
mod section;
mod function;
mod operator;

#[cfg(test)]
mod tests;

pub use schedule::Schedule;
pub use source_map::SourceMap;

use wasm_encoder::{Encode, Instruction};
use wasmparser::{Parser, Payload};

use crate::error::{CodeError, Fault};
use crate::validate::{Caps, FEATURES, Report, Rule, Violation};
use layout::Layout;
use section::Sections;

pub use coffer_abi::caps::PASS_VERSION;

/// Adds the counting of gas and stack to a validated module.
///
/// # Errors
/// [`CodeError::Refused`] if the result is above its size cap or the module counts already; [`CodeError::Fault`] if `report` is not
/// the validator's report of this module.
pub fn instrument(wasm: &[u8], report: &Report, schedule: &Schedule, caps: &Caps) -> Result<Vec<u8>, CodeError> {
    Ok(rewrite(wasm, report, schedule, caps, false)?.0)
}

/// The same bytes as [`instrument`], and where each operator comes from. For traces; it takes more time and memory.
///
/// # Errors
/// As [`instrument`].
pub fn instrument_mapped(
    wasm: &[u8],
    report: &Report,
    schedule: &Schedule,
    caps: &Caps,
) -> Result<(Vec<u8>, SourceMap), CodeError> {
    rewrite(wasm, report, schedule, caps, true)
}

fn rewrite(
    wasm: &[u8],
    report: &Report,
    schedule: &Schedule,
    caps: &Caps,
    mapped: bool,
) -> Result<(Vec<u8>, SourceMap), CodeError> {
    let allowed = caps.instrumented(wasm.len());
    let layout = Layout::of(wasm)?;
    let mut sections = Sections::new(&layout, caps.max_pages, mapped);
    let mut frames = report.frames.iter();
    let mut parser = Parser::new(0);
    parser.set_features(FEATURES);
    for payload in parser.parse_all(wasm) {
        let payload = payload.map_err(broken)?;
        if let Payload::CodeSectionEntry(body) = &payload {
            let frame = frames.next().ok_or_else(|| mismatch("function"))?;
            let mut code = function::instrument(wasm, body, frame, schedule, &layout, mapped)?;
            size(sections.function(&mut code), allowed)?;
        } else {
            sections.payload(wasm, payload)?;
        }
    }
    if frames.len() > 0 {
        return Err(mismatch("entry of the report"));
    }
    let (out, map) = sections.finish();
    size(out.len() as u64, allowed)?;
    Ok((out, map))
}

fn size(used: u64, allowed: u64) -> Result<(), Violation> {
    if used > allowed {
        return Err(Violation::new(Rule::Cap { name: INSTRUMENTED, used, allowed }, 0));
    }
    Ok(())
}

/// Name of the cap on the result, as a [`Rule::Cap`] tells it.
pub(crate) const INSTRUMENTED: &str = "instrumented module in bytes";

/// What the validator accepted cannot be read: the report is of another module.
fn broken(error: impl std::fmt::Display) -> CodeError {
    CodeError::Fault(Fault::Instrumentation(format!("not the module that was validated: {error}")))
}

fn mismatch(what: &str) -> CodeError {
    broken(format_args!("one {what} too many"))
}

fn emit(out: &mut Vec<u8>, instructions: &[Instruction<'_>]) {
    for instruction in instructions {
        instruction.encode(out);
    }
}
